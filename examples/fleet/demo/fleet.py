"""The services as processes: starts them, reloads them, reads what they log, and always ends them."""

from __future__ import annotations

import contextlib
import copy
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import wiresign

import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER = Path(__file__).resolve().parent.parent
# So long that a busy machine does it too.
START_SECONDS = 120
RELOAD_SECONDS = 60
STARTS = 3

_PR_SET_PDEATHSIG = 1


# What a Java service wants of the JVM: to start at once.
JAVA = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar"]
INTERPRETERS = {
    "Python": [sys.executable],
    "Node": ["node"],
    "Go": [],
    "Rust": [],
    "Java": [str(Path(os.environ.get("JAVA_HOME", "/usr"), "bin/java")), *JAVA],
}


@dataclass(frozen=True)
class Program:
    """How a service is started."""

    language: str
    file: str
    receives: bool = True

    def command(self) -> list[str]:
        """Give the command line."""
        return [*INTERPRETERS[self.language], str(FOLDER / self.file)]


PROGRAMS = {
    "auth-service": Program("Node", "services/auth-service/server.mjs"),
    "lego-projects-api": Program("Node", "services/lego-projects-api/server.mjs"),
    "notifications-service": Program("Node", "services/notifications-service/server.mjs"),
    "image-service": Program("Python", "services/image-service/app.py"),
    "stock-service": Program("Go", "services/stock-service/build/stock-service"),
    "delivery-service": Program("Java", "services/delivery-service/target/delivery-service.jar"),
    "rewards-service": Program("Rust", "services/rewards-service/build/rewards-service"),
    "price-scraper": Program("Python", "services/price-scraper/scraper.py", receives=False),
}


@dataclass(frozen=True)
class Audit:
    """One audit record. The languages spell its fields in their own way, or leave out what is none; not here."""

    event: str
    service: str | None
    code: str | None
    key_id: str | None
    method: str
    path: str
    request_id: str | None
    duration_us: float

    @staticmethod
    def of(line: dict[str, Any]) -> Audit | None:
        """Read a log line, if it is an audit record."""
        event = str(line.get("event", ""))
        if event not in ("accepted", "refused", "public"):
            return None
        duration = line["durationUs"] if "durationUs" in line else line["duration_us"]
        request_id = line.get("requestId", line.get("request_id"))
        key = line.get("keyId", line.get("key_id"))
        return Audit(
            event, line.get("service"), line.get("code"), key, line["method"], line["path"], request_id, float(duration)
        )


class StartError(RuntimeError):
    """A service did not come up."""


class Process:
    """One running program of the fleet, and its log."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                command,
                env=environment,
                cwd=FOLDER,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_as_a_child_of_ours if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads here
            )

    @property
    def ended(self) -> int | None:
        """The exit code, once it has ended."""
        return self._popen.poll()

    def hang_up(self) -> None:
        """Tell it to read the registry again."""
        self._popen.send_signal(signal.SIGHUP)

    def terminate(self) -> None:
        """Tell it to end."""
        if self.ended is None:
            self._popen.terminate()

    def wait(self, seconds: float) -> int:
        """Wait for its end, and give the exit code."""
        return self._popen.wait(seconds)

    def kill(self) -> None:
        """End it now, and whatever it has started."""
        if self.ended is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def mark(self) -> int:
        """Give the place in its log where the next line will be."""
        return self._log.stat().st_size if self._log.exists() else 0

    def text(self, since: int = 0) -> str:
        """Give its log from a place on."""
        with self._log.open("rb") as log:
            log.seek(since)
            return log.read().decode("utf-8", "replace")

    def lines(self, since: int = 0) -> Iterator[dict[str, Any]]:
        """Give the structured lines of its log, and leave out what is none, as the text of a crash."""
        for line in self.text(since).split("\n")[:-1]:
            with contextlib.suppress(ValueError):
                fields = json.loads(line)
                if isinstance(fields, dict):
                    yield fields

    def audits(self, since: int = 0) -> list[Audit]:
        """Give its audit records."""
        return [audit for line in self.lines(since) if (audit := Audit.of(line)) is not None]

    def wait_for(self, events: Iterable[str], since: int, seconds: float) -> str:
        """Wait until one of the events is in its log."""
        wanted = set(events)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for line in self.lines(since):
                if line.get("event") in wanted:
                    return str(line["event"])
            if self.ended is not None:
                break
            time.sleep(0.01)
        msg = f"{self.name} did not log {' or '.join(sorted(wanted))}:\n{self.text(since)[-2000:]}"
        raise StartError(msg)


class Fleet:
    """All services, with secrets and ports of their own, in a folder that is gone afterwards."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="wiresign-fleet-"))
        self.registry: dict[str, Any] = json.loads((FOLDER / "wiresign.json").read_text(encoding="utf-8"))
        self.secrets: dict[str, str] = {}
        self.processes: dict[str, Process] = {}
        self._all: list[Process] = []
        for entry in self.registry["services"].values():
            for key in entry["keys"]:
                self.new_secret(key["secret"].removeprefix("env:"))

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            process.terminate()
        end = time.monotonic() + 2
        for process in self._all:
            while process.ended is None and time.monotonic() < end:
                time.sleep(0.01)
            process.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start all services that receive, and wait until they answer."""
        for attempt in range(1, STARTS + 1):
            self._take_free_ports()
            self.write_registry()
            for name, program in PROGRAMS.items():
                if program.receives:
                    self.processes[name] = self.run(name, program.command())
            try:
                for name in self.processes:
                    self._wait_for_health(name)
            except StartError:
                # Between finding a port and listening on it, somebody else may have taken it.
                taken = any(
                    "EADDRINUSE" in p.text() or "address already in use" in p.text().lower()
                    for p in self.processes.values()
                )
                for process in self.processes.values():
                    process.kill()
                if attempt == STARTS or not taken:
                    raise
            else:
                return

    def run(self, service: str, command: list[str]) -> Process:
        """Run a program as one of the services."""
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        environment["WIRESIGN_REGISTRY"] = str(self._folder / "wiresign.json")
        environment["WIRESIGN_ENV_FILE"] = str(self._folder / f"{service}.env")
        environment["PYTHONPATH"] = str(FOLDER / "shared/python")
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        process = Process(service, command, environment, self._folder / f"{service}-{len(self._all)}.log")
        self._all.append(process)
        return process

    def address(self, service: str) -> wire.Address:
        """Say where a service listens."""
        host, _, port = self.registry["services"][service]["url"].removeprefix("http://").partition(":")
        return host, int(port)

    def secret_of(self, service: str, key: int = 0) -> str:
        """Give the secret of one of a service's keys."""
        reference: str = self.registry["services"][service]["keys"][key]["secret"]
        return self.secrets[reference.removeprefix("env:")]

    def new_secret(self, name: str) -> None:
        """Make a secret."""
        self.secrets[name] = wiresign.generate_secret()

    def write_registry(self, registry: dict[str, Any] | None = None) -> None:
        """Put the registry and the secrets where the services read them, each file at once."""
        registry = registry if registry is not None else self.registry
        self._write("wiresign.json", json.dumps(registry, indent=2))
        for service, program in PROGRAMS.items():
            entries = registry["services"].items()
            # Who only calls gets its own secrets and no others.
            keys = [key for name, entry in entries if program.receives or name == service for key in entry["keys"]]
            names = [key["secret"].removeprefix("env:") for key in keys]
            self._write(f"{service}.env", "".join(f"{name}={self.secrets[name]}\n" for name in names))

    def reload(self, processes: Iterable[Process]) -> list[str]:
        """Have processes read the registry again, one after the other; give what each says."""
        said = []
        for process in processes:
            mark = process.mark()
            process.hang_up()
            said.append(process.wait_for(["registry-loaded", "registry-refused"], mark, RELOAD_SECONDS))
        return said

    def logs(self) -> Iterator[tuple[str, str]]:
        """Give the name and the whole log of every program that ran."""
        for process in self._all:
            yield process.name, process.text()

    def all_lines(self) -> Iterator[dict[str, Any]]:
        """Give the structured lines of every program that ran."""
        for process in self._all:
            yield from process.lines()

    def copy_of_registry(self) -> dict[str, Any]:
        """Give a copy to change."""
        return copy.deepcopy(self.registry)

    def _write(self, name: str, text: str) -> None:
        new = self._folder / f"{name}.new"
        new.touch(mode=0o600)
        new.write_text(text, encoding="utf-8")
        new.replace(self._folder / name)

    def _take_free_ports(self) -> None:
        entries = [entry for entry in self.registry["services"].values() if "url" in entry]
        sockets = [_free_port() for _ in entries]
        for entry, found in zip(entries, sockets, strict=True):
            entry["url"] = f"http://127.0.0.1:{found.getsockname()[1]}"
        for found in sockets:
            found.close()

    def _wait_for_health(self, name: str) -> None:
        process = self.processes[name]
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and process.ended is None:
            try:
                if wire.send(self.address(name), b"GET /health HTTP/1.1\r\nHost: fleet.test\r\n\r\n")[0].ok:
                    return
            except (OSError, IndexError):  # noqa: PERF203 - the loop waits for the exception to stop
                time.sleep(0.05)
        msg = f"{name} does not answer:\n{process.text()[-2000:]}"
        raise StartError(msg)


def _free_port() -> socket.socket:
    """Take a port below those that the kernel gives to whoever names none, so that nobody gets it before it is used."""
    while True:
        with contextlib.suppress(OSError):
            return socket.create_server(("127.0.0.1", random.randrange(20_000, 32_000)))  # noqa: S311


def _as_a_child_of_ours() -> None:
    # Where it is ignored, as below nohup, a JVM would not hear it.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # Also when the demo is killed without a chance to clean up.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
