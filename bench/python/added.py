"""P2: the CPU that our middleware adds to a request of a real FastAPI service, against that of a dependency by hand.

Reads the fleet that src/fleet.rs describes as JSON from stdin, and prints rows as JSON. Three services listen under
uvicorn: bare, with `wiresign.asgi.Middleware`, and with a dependency that does the same work with hmac. They take
turns, and what their process spends on the CPU is read from the kernel.

What is looked for is some microseconds beside the hundred that FastAPI takes itself. So requests come several at a
time, which spares sleeping and waking, and turns are short: each is a sample, and the median of many does not see those
that something else has disturbed. All services share one process, since no two processes have their memory laid out
alike; several are started, one after the other, and the middle one counts.
"""

# FastAPI reads the annotations of its dependencies, so they must not become strings here.

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from wiresign import Config, Signer

SERVICES = ("bare", "ours", "by_hand")
GENERATIONS = 5
WARM_UP = 20
ROUNDS = 80
BATCH = 50
# Requests that are sent before the first is answered.
AT_ONCE = 25


def app(kind: str, described: dict[str, Any]) -> Any:
    """Make one of the services."""
    # What only the services need is not loaded by the load generator.
    from fastapi import Depends, FastAPI, HTTPException, Request

    from by_hand import ByHand, RefusedError

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


async def serve_all(described: dict[str, Any]) -> None:
    """Run all services, and print their ports."""
    import uvicorn

    def server(kind: str) -> uvicorn.Server:
        return uvicorn.Server(uvicorn.Config(app(kind, described), log_level="error", access_log=False))

    listening = {kind: socket.create_server(("127.0.0.1", 0)) for kind in SERVICES}
    print(json.dumps([one.getsockname()[1] for one in listening.values()]), flush=True)
    await asyncio.gather(*(server(kind).serve(sockets=[one]) for kind, one in listening.items()))


class Service:
    """One of the services, and a connection to it."""

    def __init__(self, process: int, port: int) -> None:
        """Connect. It listens already."""
        self._schedule = Path(f"/proc/{process}/schedstat")
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def spent(self, requests: list[bytes]) -> float:
        """Send requests, and give the nanoseconds of CPU that each took the service."""
        groups = [b"".join(requests[at : at + AT_ONCE]) for at in range(0, len(requests), AT_ONCE)]
        before = self._cpu()
        for group in groups:
            self._connection.sendall(group)
            self._take_answers()
        return (self._cpu() - before) / len(requests)

    def _take_answers(self) -> None:
        """Read as many answers as requests were sent at once: good ones, each of which ends with its one brace."""
        text = b""
        while text.count(b"}") < AT_ONCE:
            piece = self._connection.recv(65_536)
            if not piece:
                raise RuntimeError(text)
            text += piece
        if text.count(b"HTTP/1.1 200 OK") != AT_ONCE:
            raise RuntimeError(text)

    def _cpu(self) -> int:
        return int(self._schedule.read_text().split()[0])


@contextlib.contextmanager
def services(fleet: str) -> Iterator[dict[str, Service]]:
    """Run all services in one process for the length of the block."""
    with subprocess.Popen(
        [sys.executable, __file__], env=os.environ | {"SERVED_FLEET": fleet}, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            ports = json.loads(process.stdout.readline())
            yield {kind: Service(process.pid, port) for kind, port in zip(SERVICES, ports, strict=True)}
        finally:
            process.kill()


def spent_by(fleet: str, request: Callable[[], bytes]) -> dict[str, float]:
    """Give what a request costs each service, in nanoseconds: the middle of many samples."""
    samples: dict[str, list[float]] = {kind: [] for kind in SERVICES}
    with services(fleet) as running:
        for turn in range(WARM_UP + ROUNDS):
            # Whoever comes after another finds its garbage: nobody always comes after the same one.
            for kind in SERVICES if turn % 2 == 0 else reversed(SERVICES):
                sample = running[kind].spent([request() for _ in range(BATCH)])
                if turn >= WARM_UP:
                    samples[kind].append(sample)
    return {kind: median(of_kind) for kind, of_kind in samples.items()}


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

    generations = [spent_by(fleet, request) for _ in range(GENERATIONS)]
    bare = median(spent["bare"] for spent in generations)
    ours, theirs = (median(spent[kind] - spent["bare"] for spent in generations) for kind in ("ours", "by_hand"))
    what = f"FastAPI under uvicorn, CPU added by the middleware ({ours:.0f} ns) against a dependency ({theirs:.0f} ns)"
    row: dict[str, object] = {"id": "P2"}
    if min(ours, theirs) > 0:
        row |= {"what": what, "measured": theirs / ours, "unit": "faster", "must": 2.0, "reach": 4.0}
    else:
        # Less than nothing is no measurement: other programs took turns with the services.
        row |= {"what": f"{what}: lost in noise, bare service", "measured": bare, "unit": "nanoseconds"}
    json.dump([row], sys.stdout)


if __name__ == "__main__":
    if served := os.environ.get("SERVED_FLEET"):
        asyncio.run(serve_all(json.loads(served)))
    else:
        main()
