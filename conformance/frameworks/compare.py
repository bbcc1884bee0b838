"""What servers and frameworks change or refuse before Wiresign sees a request, asked of running servers by raw sockets.

`compare.py --write` asks all of them and writes docs/framework-differences.md; `compare.py --check NAME...` asks these
and fails where their columns in that page say something else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote

import wiresign
from cases import CASES, HOST, Case, wire
from reasons import REASONS

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).resolve().parent / "apps"
GO = ROOT / "build/frameworks/nethttp"
PAGE = ROOT / "docs/framework-differences.md"
BIN = Path(sys.executable).parent


def python_server(program: str, *arguments: str) -> list[str]:
    """Return the command of a server that is installed beside this Python."""
    return [str(BIN / program), *arguments]


def node_server(framework: str) -> list[str]:
    """Return the command of an application of Node.js."""
    return ["node", str(APPS / "node_app.cjs"), framework, "{port}"]


SERVERS = {
    "FastAPI, uvicorn": python_server("uvicorn", "--port", "{port}", "--log-level", "error", "fastapi_app:app"),
    "FastAPI, hypercorn": python_server("hypercorn", "-b", "127.0.0.1:{port}", "fastapi_app:app"),
    "Flask, gunicorn": python_server("gunicorn", "-b", "127.0.0.1:{port}", "--log-level", "critical", "flask_app:app"),
    "Django, gunicorn": python_server("gunicorn", "-b", "127.0.0.1:{port}", "--log-level", "critical", "django_app"),
    "node:http": node_server("node"),
    "Express 4": node_server("express4"),
    "Express 5": node_server("express"),
    "Fastify": node_server("fastify"),
    "Go net/http": [str(GO), "127.0.0.1:{port}"],
}


SERVICES = {
    "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
    "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
    "shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "allowed_targets": ["orders"]},
}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Send the bytes, and read status and body of the answer; 0 where the connection ended without one."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request)
            while piece := connection.recv(65536):
                answer += piece
    except OSError:
        pass
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    if found and b"transfer-encoding: chunked" in head.lower():
        body = b"".join(re.findall(rb"[0-9a-fA-F]+\r\n(.*?)\r\n", body, re.DOTALL))
    return (int(found[1]) if found else 0), body


def said(case: Case, status: int, body: bytes) -> str:
    """Say what became of a request, in one cell."""
    if status == 0:
        return "connection closed"
    if status == 404:
        return "verified, 404 of the router"
    try:
        answer = json.loads(body)
    except ValueError:
        return f"{status} by the server"
    if status != 200 or not isinstance(answer, dict) or "path" not in answer:
        # A code of Wiresign stands beside the request's id; frameworks have codes of their own.
        is_ours = isinstance(answer, dict) and "requestId" in answer
        return f"{status} `{answer['code']}`" if is_ours else f"{status} by the framework"
    path, _, query = case.target.partition("?")
    changed = []
    if answer["path"] != path:
        changed.append("path decoded" if answer["path"] == unquote(path) else f"path `{answer['path']}`")
    if answer["query"] != query:
        changed.append(f"query `{answer['query']}`")
    if answer["body"] != case.body.hex():
        changed.append(f"body of {len(answer['body']) // 2} bytes")
    notes = [len(value) for name, value in case.extra if name == "X-Note"]
    if answer["notes"] != notes:
        changed.append(f"{len(answer['notes'])} of {len(notes)} values" if len(notes) > 1 else "value changed")
    return "200, " + ", ".join(changed) if changed else "200"


def ask(name: str) -> list[str]:
    """Start a server, and send it every case."""
    signer = wiresign.Signer(wiresign.Config.parse({"service": "billing", "services": SERVICES}), target="orders")
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "wiresign.json"
        config.write_text(json.dumps({"service": "orders", "services": SERVICES}))
        command = [part.replace("{port}", str(port)) for part in SERVERS[name]]
        environment = {**os.environ, "FRAMEWORKS_CONFIG": str(config)}
        with subprocess.Popen(
            command, cwd=APPS, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as server:
            try:
                wait_for(port, server)
                return [said(case, *exchange(port, wire(case, sign(signer, case)))) for case in CASES]
            finally:
                server.terminate()


def sign(signer: wiresign.Signer, case: Case) -> list[tuple[str, str]]:
    """Sign a case as it is sent; what cannot be signed so is signed as the case says."""
    target = case.target if case.signed_target is None else case.signed_target
    return [(str(name), str(value)) for name, value in signer.sign(case.method, target, [], case.body)]


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        if exchange(port, f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())[0]:
            return
        time.sleep(0.1)
    raise SystemExit(f"{server.args!r}: it does not answer")


def build_go() -> None:
    """Build the application of Go."""
    command = [str(ROOT / "bindings-c/go/scripts/with-library"), "go", "build", "-trimpath", "-o", str(GO), "."]
    subprocess.run(command, cwd=APPS / "nethttp", check=True)


def columns(names: list[str]) -> dict[str, list[str]]:
    """Ask several servers, two at a time."""
    if "Go net/http" in names:
        build_go()
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(ask, names), strict=True))


def without_reason(cells: dict[str, list[str]]) -> list[str]:
    """Return the cases that one accepts and another refuses, with no reason written."""
    found = []
    for at, case in enumerate(CASES):
        accepted = {cells[name][at].startswith(("200", "verified")) for name in cells}
        # What a server accepts by itself, nobody has verified.
        is_unasked = any(cells[name][at] == "200 by the server" for name in cells)
        if (len(accepted) == 2 or is_unasked) and case.name not in REASONS:
            found.append(case.name)
    return found


def versions() -> str:
    """Return what was asked."""
    packages = ["fastapi", "uvicorn", "h11", "hypercorn", "Flask", "Django", "gunicorn"]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    installed = [f"{name} {version(name)}" for name in packages]
    for name in ("express4", "express", "fastify"):
        found = json.loads((ROOT / "bindings-node/node_modules" / name / "package.json").read_text())
        installed.append(f"{found['name']} {found['version']}")
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
    installed.append(f"Go {go.removeprefix('go')}")
    return ", ".join([*installed, f"Node.js {node.removeprefix('v')}"])


def page(cells: dict[str, list[str]]) -> str:
    """Write the page."""
    text = (Path(__file__).resolve().parent / "page.md").read_text().replace("{versions}", versions())
    rows = [f"| request | {' | '.join(cells)} |", "|---" * (len(cells) + 1) + "|"]
    rows += [f"| {case.name} | {' | '.join(cells[name][at] for name in cells)} |" for at, case in enumerate(CASES)]
    differing = ["| request | why |", "|---|---|", *(f"| {name} | {reason} |" for name, reason in REASONS.items())]
    return text.replace("{table}", "\n".join(rows)).replace("{reasons}", "\n".join(differing))


def written() -> dict[str, list[str]]:
    """Read the columns of the page."""
    lines = [line.strip("|").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    start = next(at for at, line in enumerate(lines) if line[0].strip() == "request")
    header, rows = lines[start], lines[start + 1 : start + 1 + len(CASES)]
    return {name.strip(): [row[at].strip() for row in rows] for at, name in enumerate(header) if at}


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="ask all servers and write the page")
    parser.add_argument("--check", nargs="+", choices=list(SERVERS), help="ask these, and compare with the page")
    arguments = parser.parse_args()
    os.environ.update({name: wiresign.generate_secret() for name in ("ORDERS_SECRET", "BILLING_SECRET", "SHOP_SECRET")})
    if arguments.check:
        wrong = 0
        expected, got = written(), columns(arguments.check)
        for name in got:
            for case, old, new in zip(CASES, expected[name], got[name], strict=True):
                if old != new:
                    wrong += 1
                    print(f"{name}: {case.name}: the page says {old}, the server said {new}")
        print(f"{len(got) * len(CASES) - wrong} passed, {wrong} failed")
        return 1 if wrong else 0
    cells = columns(list(SERVERS))
    for name in without_reason(cells):
        at = [case.name for case in CASES].index(name)
        print(f"no reason is written: {name}: " + "; ".join(f"{server}: {cells[server][at]}" for server in cells))
    if arguments.write:
        PAGE.write_text(page(cells))
    return 1 if without_reason(cells) else 0


if __name__ == "__main__":
    sys.exit(main())
