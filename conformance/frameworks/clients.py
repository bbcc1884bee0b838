"""The clients that send: real HTTP clients of each language, with the signer of its binding, one process each."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from servers import BUILT, ROOT, RUST, build_go, build_java, build_rust, group, java

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROGRAMS = Path(__file__).resolve().parent / "clients"
CLI = ROOT / "target/release/wiresign"
_SECONDS = 60


class Client(Protocol):
    """Sends what it is told, and says what came back: `status` and `body`, or `error`."""

    def send(self, told: dict[str, Any]) -> dict[str, Any]:
        """Send one request."""


def _python(name: str) -> list[str]:
    return [sys.executable, str(PROGRAMS / "python_client.py"), name]


def _node(name: str) -> list[str]:
    return ["node", str(PROGRAMS / "node_client.cjs"), name]


CLIENTS = {
    "Python httpx": _python("httpx"),
    "Python requests": _python("requests"),
    "Python aiohttp": _python("aiohttp"),
    "Python ServiceClient": _python("ServiceClient"),
    "Node fetch": _node("fetch"),
    "Node axios": _node("axios"),
    "Node undici": _node("undici"),
    "Node ServiceClient": _node("ServiceClient"),
    "Go Transport": [str(BUILT / "transport")],
    "Java java.net.http": ["java", "frameworks.Client", "java.net.http"],
    "Java RestClient": ["java", "frameworks.Client", "RestClient"],
    "Rust reqwest": [str(RUST / "rust_client")],
    "wiresign call": [str(CLI)],
}

_AS_IT_IS = "it would send bytes outside ASCII as they are, which no target may hold"
# The requests that a client refuses to send, by name, and why. Escaped, they are sent by all.
REFUSED = {
    ("Go Transport", "bytes outside ASCII"): _AS_IT_IS,
    ("Java java.net.http", "bytes outside ASCII"): _AS_IT_IS,
    ("Java RestClient", "bytes outside ASCII"): _AS_IT_IS,
    ("wiresign call", "bytes outside ASCII"): _AS_IT_IS,
}


def prepare(names: Iterable[str]) -> None:
    """Build the clients that are not run from their source."""
    chosen = set(names)
    if "Go Transport" in chosen:
        build_go("clients/transport", "transport")
    if any(CLIENTS[name][0] == "java" for name in chosen):
        build_java()
    if "Rust reqwest" in chosen:
        build_rust("rust_client")
    if "wiresign call" in chosen and not CLI.exists():
        raise SystemExit(f"{CLI} is missing: just http-matrix builds it")


@contextlib.contextmanager
def started(name: str) -> Iterator[Client]:
    """Start a client, and end it behind the block."""
    command = CLIENTS[name]
    if command[0] == str(CLI):
        yield _Command()
        return
    if command[0] == "java":
        command = [*java(), *command[1:]]
    with (
        tempfile.TemporaryFile() as log,
        group(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log) as process,
    ):
        yield _Lines(process, log)


class _Lines:
    """A program that answers lines."""

    def __init__(self, process: subprocess.Popen[bytes], log: Any) -> None:
        self._process = process
        self._log = log

    def send(self, told: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # A client that hangs is ended, and its line is then empty.
        timer = threading.Timer(_SECONDS, self._process.kill)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(told).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            timer.cancel()
        if not line:
            self._log.seek(0)
            return {"error": f"the client ended: {self._log.read().decode(errors='replace')[-1000:]}"}
        answer: dict[str, Any] = json.loads(line)
        return answer


class _Command:
    """The program `wiresign`, which sends one request each time."""

    def send(self, told: dict[str, Any]) -> dict[str, Any]:
        command = [str(CLI), "call", "--json", "--config", told["config"], "--target", "orders", "-X", told["method"]]
        body = None if told["body"] is None else base64.b64decode(told["body"])
        if body is not None:
            command += ["--body-file", "-", "-H", f"Content-Type: {told['type']}"]
        done = subprocess.run(
            [*command, told["url"] + told["target"]],
            input=body or b"",
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            return {"error": done.stderr.decode(errors="replace")}
        return answer
