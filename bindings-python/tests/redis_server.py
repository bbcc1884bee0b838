"""A real Redis for the tests, that can be killed and started again."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

from servers import free_port, wait_for_port

if TYPE_CHECKING:
    from collections.abc import Iterator


class RedisServer:
    def __init__(self, folder: str) -> None:
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program, "redis-server is missing: install the Debian package"
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
def redis_server() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(folder)
        server.start()
        try:
            yield server
        finally:
            server.kill()
