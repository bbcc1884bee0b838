"""The servers that are asked: real frameworks in real servers, each with an application that says what reached it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cases import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROOT = Path(__file__).resolve().parents[2]
APPS = Path(__file__).resolve().parent / "apps"
BUILT = ROOT / "build/frameworks"
JAR = BUILT / "java/frameworks.jar"
MODULES = ROOT / "bindings-node/node_modules"
RUST = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/examples"
# Below the package, so that what is installed for its tests is found.
NEXT = ROOT / "bindings-node/build/frameworks/next"

_BIN = Path(sys.executable).parent
# What is built for the tests of Ruby.
_RUBY = ["ruby", "-I", str(ROOT / "build/ruby/lib")]
_START_SECONDS = 240
_END_SECONDS = 5


def java() -> list[str]:
    """Return the command that starts a program of Java's at once."""
    home = subprocess.run([ROOT / "scripts/java-home"], capture_output=True, text=True, check=True).stdout.strip()
    options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m", "--enable-native-access=ALL-UNNAMED"]
    return [str(Path(home, "bin/java")), *options, "-cp", str(JAR)]


def _python(program: str, *arguments: str) -> list[str]:
    """Return the command of a server that is installed beside this Python."""
    return [str(_BIN / program), *arguments]


def _node(framework: str) -> list[str]:
    """Return the command of an application of Node.js."""
    return ["node", str(APPS / "node_app.cjs"), framework, "{port}"]


# Each command as it is run in the folder of the applications, with the port to listen on in the place of {port}.
SERVERS = {
    "FastAPI, uvicorn": _python("uvicorn", "--port", "{port}", "--log-level", "error", "fastapi_app:app"),
    "FastAPI, hypercorn": _python("hypercorn", "-b", "127.0.0.1:{port}", "fastapi_app:app"),
    "Flask, gunicorn": _python("gunicorn", "-b", "127.0.0.1:{port}", "--log-level", "critical", "flask_app:app"),
    "Django, gunicorn": _python("gunicorn", "-b", "127.0.0.1:{port}", "--log-level", "critical", "django_app"),
    "node:http": _node("node"),
    "Express 4": _node("express4"),
    "Express 5": _node("express"),
    "Fastify": _node("fastify"),
    "Nest, Express": _node("nest-express"),
    "Nest, Fastify": _node("nest-fastify"),
    "Next": ["node", str(MODULES / "next/dist/bin/next"), "start", str(NEXT), "-H", "127.0.0.1", "-p", "{port}"],
    "Go net/http": [str(BUILT / "nethttp"), "127.0.0.1:{port}"],
    "Spring Boot, Tomcat": ["java", "frameworks.Server", "{port}"],
    "axum": [str(RUST / "axum_app"), "127.0.0.1:{port}"],
    "Rack, Puma": [*_RUBY, "-S", "puma", "-q", "-e", "production", "-b", "tcp://127.0.0.1:{port}", "rack_app.ru"],
}

# The same in HTTP/2: which of them, and what is said of it.
SERVERS_OF_HTTP2 = {
    "FastAPI, hypercorn": SERVERS["FastAPI, hypercorn"],
    "node:http2": _node("http2"),
    "Fastify": _node("fastify-http2"),
    "Go net/http": SERVERS["Go net/http"],
    "axum": SERVERS["axum"],
}

# Those that make one line of a header that is there twice, as WSGI asks for.
JOINING = {"Flask, gunicorn", "Django, gunicorn"}

_under_way: set[subprocess.Popen[Any]] = set()


def prepare(names: Iterable[str]) -> None:
    """Build the applications that are not run from their source."""
    if "Go net/http" in names:
        build_go("apps/nethttp", "nethttp")
    if "Next" in names:
        _build_next()
    if "Spring Boot, Tomcat" in names:
        build_java()
    if "axum" in names:
        build_rust("axum_app")


def build_go(folder: str, name: str) -> None:
    """Build a program of Go."""
    command = [
        str(ROOT / "bindings-c/go/scripts/with-library"),
        "go",
        "build",
        "-trimpath",
        "-o",
        str(BUILT / name),
        ".",
    ]
    subprocess.run(command, cwd=Path(__file__).resolve().parent / folder, check=True)


def build_rust(name: str) -> None:
    """Build a program of Rust, by dependencies with the features that the tests of all crates have them built with."""
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--workspace", "--example", name], cwd=ROOT, check=True)


def build_java() -> None:
    """Build the programs of Java, unless they are younger than what they are made of."""
    subprocess.run([Path(__file__).resolve().parent / "java/build"], check=True)


def _build_next() -> None:
    """Build the application of Next, with a copy of the package in it, as an installation is."""
    shutil.rmtree(NEXT, ignore_errors=True)
    shutil.copytree(APPS / "next", NEXT)
    for part in ("dist", "prebuilds"):
        shutil.copytree(ROOT / "bindings-node" / part, NEXT / "node_modules/wiresign" / part)
    shutil.copy(ROOT / "bindings-node/package.json", NEXT / "node_modules/wiresign")
    command = ["node", str(MODULES / "next/dist/bin/next"), "build"]
    environment = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1", "NODE_ENV": "production"}
    done = subprocess.run(command, cwd=NEXT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"next build:\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def running(
    name: str, document: dict[str, Any], command: list[str] | None = None, ask: Callable[[int], int] | None = None
) -> Iterator[int]:
    """Run a server with this configuration as long as the block lasts, and give its port.

    `ask` returns what a server answers that is there, and 0 where none is.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "wiresign.json"
        config.write_text(json.dumps(document))
        parts = command or SERVERS[name]
        if parts[0] == "java":
            parts = [*java(), *parts[1:]]
        environment = {
            **os.environ,
            "FRAMEWORKS_CONFIG": str(config),
            "NODE_ENV": "production",
            "NEXT_TELEMETRY_DISABLED": "1",
        }
        log = Path(folder) / "log"
        with (
            log.open("wb") as out,
            group(
                [part.replace("{port}", str(port)) for part in parts], cwd=APPS, env=environment, stdout=out
            ) as server,
        ):
            if not _answers(port, server, ask or _ask):
                raise RuntimeError(f"{name} does not answer: {log.read_text(errors='replace')[-2000:]}")
            yield port


@contextlib.contextmanager
def group(command: list[str], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program in a process group of its own, and end all of the group behind the block."""
    options = {"stderr": subprocess.STDOUT, **options}
    process = subprocess.Popen(command, start_new_session=True, **options)
    _under_way.add(process)
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    """End a program, and whatever it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    _under_way.discard(process)


def end_all_when_told_to() -> None:
    """Leave nothing behind when this program is told to end."""

    def end(*_: object) -> None:
        for process in list(_under_way):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        os._exit(1)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def free_port() -> int:
    """Return a port below those that the kernel gives to whoever names none: nobody gets it before it is used."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


def _ask(port: int) -> int:
    """Return the status of an answer, or 0."""
    return exchange(port, f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())[0]


def _answers(port: int, server: subprocess.Popen[Any], ask: Callable[[int], int]) -> bool:
    """Wait until the server answers."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        if ask(port):
            return True
        time.sleep(0.1)
    return False


def exchange(port: int, request: bytes) -> tuple[int, bytes]:
    """Send the bytes, and read status and body of the answer; 0 where the connection ended without one."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.[01] (\d{3})", head)
    if found and b"transfer-encoding: chunked" in head.lower():
        body = b"".join(re.findall(rb"[0-9a-fA-F]+\r\n(.*?)\r\n", body, re.DOTALL))
    return (int(found[1]) if found else 0), body


def versions() -> str:
    """Return what was asked."""
    packages = ["fastapi", "uvicorn", "h11", "hypercorn", "h2", "Flask", "Django", "gunicorn"]
    installed = [f"{name} {version(name)}" for name in packages]
    for name in ("express4", "express", "fastify", "@nestjs/core", "next"):
        found = json.loads((MODULES / name / "package.json").read_text())
        installed.append(f"{found['name']} {found['version']}")
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
    installed.append(f"Go {go.removeprefix('go')}")
    for jar in ("spring-boot", "tomcat-embed-core"):
        (found,) = (JAR.parent / "lib").glob(f"{jar}-[0-9]*.jar")
        installed.append(found.stem.replace(f"{jar}-", f"{jar} "))
    lock = (ROOT / "Cargo.lock").read_text()
    for name in ("axum", "hyper"):
        (found,) = re.findall(rf'name = "{name}"\nversion = "(.*)"', lock)
        installed.append(f"{name} {found}")
    puma = subprocess.run(
        ["ruby", "-e", 'require "puma"; print "Puma #{Puma::Const::VERSION}, Ruby #{RUBY_VERSION}"'],
        capture_output=True,
        text=True,
        check=True,
    )
    installed.append(puma.stdout)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return ", ".join([*installed, f"Node.js {node.removeprefix('v')}"])
