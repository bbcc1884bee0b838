"""Real servers for the tests: each gives the address to reach it at, and ends with the block."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypercorn.asyncio
import hypercorn.config
from aiohttp import web
from werkzeug.serving import make_server

from support import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

TESTS = Path(__file__).parent


def free_port() -> int:
    """Give a port below those that the kernel gives to whoever names none, so that nobody gets it before it is used."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def wait_for_port(port: int, is_running: Callable[[], bool] = lambda: True) -> None:
    """Wait for a server, for so long that a busy machine has started it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and is_running():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    msg = f"nobody listens on port {port}"
    raise RuntimeError(msg)


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, *, folder: Path = TESTS, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that listens on a port, and end it with the block."""
    environment = os.environ | {"PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}", **(env or {})}
    with subprocess.Popen([sys.executable, "-m", *command], cwd=folder, env=environment) as process:
        try:
            wait_for_port(port, lambda: process.poll() is None)
            yield process
        finally:
            process.terminate()


@contextlib.contextmanager
def in_loop(start: Callable[[], Any]) -> Iterator[None]:
    """Run an asynchronous context manager in the event loop of another thread for the length of the block."""
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()
    failures: list[BaseException] = []

    async def run() -> None:
        async with start():
            ready.set()
            await stop.wait()

    def main() -> None:
        try:
            loop.run_until_complete(run())
        except BaseException as error:  # noqa: BLE001 - shown to the test
            failures.append(error)
        finally:
            ready.set()
            loop.close()

    thread = threading.Thread(target=main, daemon=True)
    thread.start()
    assert ready.wait(60)
    if failures:
        raise failures[0]
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)


@contextlib.contextmanager
def uvicorn(app: str) -> Iterator[str]:
    from frameworks import APPS

    with serve(APPS[app](), **({"lifespan": "off"} if "django" in app else {})) as url:
        yield url


@contextlib.contextmanager
def hypercorn_server(app: Any) -> Iterator[str]:
    from frameworks import APPS

    made = APPS[app]() if isinstance(app, str) else app
    port = free_port()
    config = hypercorn.config.Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.graceful_timeout = 1
    config.errorlog = None

    @contextlib.asynccontextmanager
    async def start() -> Any:
        stop = asyncio.Event()
        task = asyncio.create_task(hypercorn.asyncio.serve(made, config, shutdown_trigger=stop.wait))
        await asyncio.to_thread(wait_for_port, port)
        try:
            yield
        finally:
            stop.set()
            await task

    with in_loop(start):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def gunicorn(app: str) -> Iterator[str]:
    port = free_port()
    command = [
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--threads",
        "4",
        "--log-level",
        "critical",
        f"frameworks:{app}()",
    ]
    with running(command, port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def uwsgi(app: str) -> Iterator[str]:
    port = free_port()
    options = f"--http-socket 127.0.0.1:{port} --module frameworks:{app}() --master --threads 4 --die-on-term"
    with running(["uwsgi_server", *options.split(), "--logto", os.devnull], port):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def werkzeug(app: str) -> Iterator[str]:
    from frameworks import APPS

    with werkzeug_server(APPS[app]()) as url:
        yield url


@contextlib.contextmanager
def werkzeug_server(app: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(60)
        server.server_close()


@contextlib.contextmanager
def aiohttp_server(app: str | web.Application) -> Iterator[str]:
    from frameworks import APPS

    port = free_port()

    @contextlib.asynccontextmanager
    async def start() -> Any:
        made = APPS[app]() if isinstance(app, str) else app
        runner = web.AppRunner(made, auto_decompress=False, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield
        finally:
            await runner.cleanup()

    with in_loop(start):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def nginx(port: int, upstream: str) -> Iterator[None]:
    """Run a real nginx in front of a server. As it does unless told otherwise, it writes a Host of its own."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "nginx is missing: install the Debian package"
    with tempfile.TemporaryDirectory() as folder:
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        paths = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in kinds)
        forward = f"proxy_pass {upstream}; proxy_set_header X-Forwarded-Host $http_host;"
        Path(folder, "nginx.conf").write_text(
            f"daemon off; master_process off; pid {folder}/pid; events {{}} http {{ access_log off; {paths} "
            f"server {{ listen 127.0.0.1:{port}; location / {{ {forward} }} }} }}",
            "ascii",
        )
        with subprocess.Popen([program, "-e", "stderr", "-p", folder, "-c", "nginx.conf"]) as process:
            try:
                wait_for_port(port, lambda: process.poll() is None)
                yield
            finally:
                process.terminate()


SERVERS: dict[str, Callable[[str], contextlib.AbstractContextManager[str]]] = {
    "uvicorn": uvicorn,
    "hypercorn": hypercorn_server,
    "gunicorn": gunicorn,
    "uwsgi": uwsgi,
    "werkzeug": werkzeug,
    "aiohttp": aiohttp_server,
}
