"""P2: the CPU that our middleware adds to a request of a real FastAPI service, against that of a dependency by hand.

Reads the fleet that src/fleet.rs describes as JSON from stdin, and prints rows as JSON. Three services run under
uvicorn, each in a process of its own: bare, with `wiresign.asgi.Middleware`, and with a dependency that does the
same work with hmac. They take turns, and what their processes spent on the CPU is read from the kernel.
"""

# FastAPI reads the annotations of its dependencies, so they must not become strings here.

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wiresign import Config, Signer

SERVICES = ("bare", "ours", "by_hand")
BATCH = 500
ROUNDS = 12


def app() -> Any:
    """Make the service that the environment names. uvicorn calls this."""
    # What only the services need is not loaded by the load generator.
    from fastapi import Depends, FastAPI, HTTPException, Request

    from by_hand import ByHand, RefusedError

    described = json.loads(os.environ["FLEET"])
    kind = os.environ["SERVICE"]
    by_hand = ByHand(described["called"], described["secrets"])

    async def verify(request: Request) -> None:
        target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
        try:
            by_hand.verify(request.method, target, request.headers.raw, await request.body())
        except RefusedError as error:
            raise HTTPException(401) from error

    made = FastAPI()
    dependencies = [Depends(verify)] if kind == "by_hand" else []

    @made.api_route("/{path:path}", methods=["GET", "POST"], dependencies=dependencies)
    async def answer(path: str) -> dict[str, str]:
        return {"path": path}

    if kind == "ours":
        from wiresign import Verifier
        from wiresign.asgi import Middleware

        env = {f"SECRET_OF_{id_}": secret for id_, secret in described["secrets"].items()}
        verifier = Verifier(Config.parse(described["called_document"], env=env))
        made.add_middleware(Middleware, verifier=verifier)
    return made


class Service:
    """One of the services, and a connection to it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Connect as soon as it listens."""
        self._schedule = Path(f"/proc/{process.pid}/schedstat")
        deadline = time.monotonic() + 30
        while True:
            try:
                self._connection = socket.create_connection(("127.0.0.1", port))
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def spent(self, requests: list[bytes]) -> float:
        """Send requests one after the other, and give the nanoseconds of CPU that each took the service."""
        before = self._cpu()
        for request in requests:
            self._connection.sendall(request)
            answer = self._connection.recv(65_536)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer[:200])
            while not answer.endswith(b"}"):
                answer = self._connection.recv(65_536)
        return (self._cpu() - before) / len(requests)

    def _cpu(self) -> int:
        return int(self._schedule.read_text().split()[0])


@contextlib.contextmanager
def service(kind: str, fleet: str) -> Iterator[Service]:
    """Run one of the services for the length of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "added:app", "--port", str(port), "--log-level", "error"]
    env = os.environ | {"FLEET": fleet, "SERVICE": kind}
    with subprocess.Popen(command, cwd=Path(__file__).parent, env=env) as process:
        try:
            yield Service(process, port)
        finally:
            process.terminate()


def main() -> None:
    """Measure, and print the rows."""
    fleet = sys.stdin.read()
    described = json.loads(fleet)
    env = {f"SECRET_OF_{id_}": secret for id_, secret in described["secrets"].items()}
    signer = Signer(Config.parse(described["caller_document"], env=env), described["called"])
    method, target, body = described["method"], described["target"], b"x" * described["body_bytes"]

    def request() -> bytes:
        signed = signer.sign(method, target, (), body, nonce=str(uuid.uuid4()))
        fields = {**described["usual_headers"], "content-length": str(len(body)), **dict(signed)}
        head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    best = dict.fromkeys(SERVICES, float("inf"))
    with contextlib.ExitStack() as stack:
        services = {kind: stack.enter_context(service(kind, fleet)) for kind in SERVICES}
        for _ in range(ROUNDS):
            for kind, running in services.items():
                best[kind] = min(best[kind], running.spent([request() for _ in range(BATCH)]))
    ours, theirs = best["ours"] - best["bare"], best["by_hand"] - best["bare"]
    what = f"FastAPI under uvicorn, CPU added by the middleware ({ours:.0f} ns) against a dependency ({theirs:.0f} ns)"
    row: dict[str, object] = {"id": "P2"}
    if min(ours, theirs) > 0:
        row |= {"what": what, "measured": theirs / ours, "unit": "faster", "must": 2.0, "reach": 4.0}
    else:
        # Less than nothing is no measurement: other programs took turns with the services.
        row |= {"what": f"{what}: lost in noise, bare service", "measured": best["bare"], "unit": "nanoseconds"}
    json.dump([row], sys.stdout)


if __name__ == "__main__":
    main()
