"""A small fleet of services for the tests: billing calls orders."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn

import wiresign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wiresign.asgi import Receive, Scope, Send

ENV = {
    "ORDERS_SECRET": "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
    "BILLING_SECRET": "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "SHOP_SECRET": "7c3e9a1f5b8d2046e8f0a1c3b5d7f9e1023547698badcfe0123456789abcdef0",
}
NOW = 1_767_225_600
NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"


def document(service: str, **members: Any) -> dict[str, Any]:
    return {
        "service": service,
        "services": {
            "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
            "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
            "shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "url": "https://shop.internal:8443"},
        },
        **members,
    }


def config(service: str = "orders", **members: Any) -> wiresign.Config:
    return wiresign.Config.parse(document(service, **members), env=ENV)


def verifier(**members: Any) -> wiresign.Verifier:
    return wiresign.Verifier(config(**members))


def signer(service: str = "billing", target: str = "orders", **members: Any) -> wiresign.Signer:
    return wiresign.Signer(config(service, **members), target)


def signed(
    method: str = "POST", target: str = "/invoices?draft=1", body: bytes = b"", *, by: str = "billing", **options: Any
) -> list[tuple[bytes, bytes]]:
    """Give signed headers the way an ASGI server hands them over."""
    headers = signer(by).sign(method, target, (), body, **options)
    return [(name.lower().encode(), value.encode()) for name, value in headers]


def code_of(act: Callable[..., object], *arguments: Any, **options: Any) -> str:
    """Give the code that a call is refused with, or say that it was accepted."""
    try:
        act(*arguments, **options)
    except wiresign.Refusal as refusal:
        return refusal.code.value
    return "accepted"


@contextlib.contextmanager
def serve(app: Any, **options: Any) -> Iterator[str]:
    """Run an application under uvicorn, and give the address to reach it at."""
    options = {"lifespan": "on"} | options
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            msg = "uvicorn did not start"
            raise RuntimeError(msg)
        time.sleep(0.01)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


class Asgi:
    """Drives an ASGI application by hand: given messages in, sent messages out."""

    def __init__(self, app: Any, scope: dict[str, Any], *messages: dict[str, Any]) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received = 0
        self._messages = list(messages)
        asyncio.run(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        self.received += 1
        return self._messages.pop(0)

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def http_scope(method: str = "POST", target: str = "/invoices?draft=1", headers: Any = (), **members: Any) -> Any:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(headers),
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 80),
        **members,
    }


def body_messages(*chunks: bytes) -> list[dict[str, Any]]:
    last = len(chunks) - 1
    return [{"type": "http.request", "body": chunk, "more_body": at < last} for at, chunk in enumerate(chunks)]


class Recorder:
    """An application that answers with what it got."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.scopes: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while True:
                kind = (await receive())["type"]
                await send({"type": f"{kind}.complete"})
                if kind == "lifespan.shutdown":
                    return
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": body})
