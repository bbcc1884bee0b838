"""Takes the programs of docs/kotlin into a project, and runs what was built: `documented.py take|run DOCS PROJECT`."""

import contextlib
import os
import random
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import wiresign

PORT = "8000"
BLOCK = re.compile(r"```(kotlin|json|text)\n(.*?)```", re.DOTALL)


def blocks(page: Path, kind: str) -> list[str]:
    """Give the blocks of a page in one language."""
    return [text for language, text in BLOCK.findall(page.read_text()) if language == kind]


def take(docs: Path, project: Path) -> None:
    """Write both programs into the project, and the config beside them, on a free port."""
    (project / "src").mkdir()
    port = str(free_port())
    for page in ("README.md", "ktor.md"):
        program = blocks(docs / page, "kotlin")[0]
        named = f'@file:JvmName("{Path(page).stem.lower()}")\n{program}'
        (project / "src" / program.split()[1]).write_text(named.replace(PORT, port))
    (project / "wiresign.json").write_text(blocks(docs / "ktor.md", "json")[0].replace(PORT, port))


def free_port() -> int:
    """Give a port below those that the kernel gives to whoever names none, so that nobody gets it before it is used."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def java(project: Path, main: str, *arguments: str) -> list[str]:
    """Give the command that starts one of the programs."""
    return ["java", "-cp", f"{project}/target/orders.jar:{project}/target/lib/*", main, *arguments]


def expect(said: object, expected: object) -> None:
    """Compare, and end where they differ."""
    if said != expected:
        print(f"expected {expected!r}\nsaid     {said!r}\n0 passed, 1 failed")
        sys.exit(1)


def wait_for(url: str, server: "subprocess.Popen[str]") -> None:
    """Wait until the server answers."""
    for _ in range(1200):
        try:
            expect(httpx.get(url).text, "up")
        except httpx.TransportError:
            expect(server.poll(), None)
            time.sleep(0.1)
        else:
            return
    expect("no answer", "an answer")


def run(docs: Path, project: Path) -> None:
    """Run what was built, and call the server in Kotlin and in Python."""
    printed = subprocess.run(java(project, "readme"), capture_output=True, text=True, check=False)
    expect(printed.stdout, blocks(docs / "README.md", "text")[0])

    env = {f"{service}_SECRET": secrets.token_hex(32) for service in ("ORDERS", "BILLING", "SHOP")}
    signers = {}
    config = (project / "wiresign.json").read_text()
    for service in ("billing", "shop"):
        signers[service] = wiresign.Signer(wiresign.Config.parse(config, env={**env, "SERVICE_ID": service}), "orders")
    server = subprocess.Popen(
        java(project, "ktor"),
        cwd=project,
        env={**os.environ, **env, "SERVICE_ID": "orders"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        base = re.search(r"http://[0-9.:]+", config)
        assert base is not None
        wait_for(f"{base[0]}/health", server)

        def call(service: str, path: str, body: bytes) -> httpx.Response:
            headers = signers[service].sign("POST", path, [], b"seven") if service else []
            return httpx.post(base[0] + path, content=body, headers=headers)

        expect(call("billing", "/invoices", b"seven").text, "billing sent seven")
        expect(call("billing", "/invoices", b"eight").json()["code"], "INVALID_SIGNATURE")
        expect(call("", "/invoices", b"seven").status_code, 401)
        expect(call("shop", "/refunds", b"seven").text, "refunded for shop")
        expect(call("billing", "/refunds", b"seven").json()["code"], "SERVICE_NOT_ALLOWED")
        caller = {**os.environ, **env, "SERVICE_ID": "billing"}
        called = subprocess.run(
            java(project, "ktor", "call"), cwd=project, env=caller, capture_output=True, text=True, check=False
        )
        expect(called.stdout, "billing sent seven\n")
    finally:
        server.send_signal(signal.SIGTERM)
        said, _ = server.communicate(timeout=120)
    outcomes = [line for line in said.splitlines() if not line.startswith("public ")]
    expect(
        outcomes,
        [
            "accepted billing", "refused INVALID_SIGNATURE", "refused AUTHENTICATION_REQUIRED", "accepted shop",
            "accepted billing", "refused SERVICE_NOT_ALLOWED", "accepted billing",
        ],
    )  # fmt: skip
    print("1 passed, 0 failed")


if __name__ == "__main__":
    {"take": take, "run": run}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
