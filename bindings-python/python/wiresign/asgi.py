"""Pure ASGI middleware: verifies a request, then hands the very same body bytes on.

    app = Middleware(app, verifier=Verifier(Config.from_file("wiresign.json")))

Behind it, `scope["wiresign"]` is the `Verified` of the request (`request.state.wiresign` in Starlette and FastAPI). A
request that is refused never reaches the application.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from wiresign._audit import Decision, Stopwatch, decided, log
from wiresign._errors import Refusal

if TYPE_CHECKING:
    from wiresign._errors import RefusalResponse
    from wiresign._wiresign import BodyVerification, Verified, Verifier

__all__ = ["Decision", "Middleware"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

SCOPE_KEY = "wiresign"
"""Where the scope holds the `Verified`."""
SCOPE_VERIFIER_KEY = "wiresign.verifier"
"""Where the scope holds the verifier that made it."""


class Middleware:
    """Lets only verified requests, and those of public routes, through to an ASGI application.

    `on_decision` is called with a `Decision` after each one. What it raises is logged and changes nothing.
    """

    def __init__(
        self,
        app: App,
        verifier: Verifier,
        on_decision: Callable[[Decision], object] | None = None,
    ) -> None:
        self.app = app
        self._verifier = verifier
        self._on_decision = on_decision

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        kind = scope["type"]
        if kind == "http":
            await self._http(scope, receive, send)
        elif kind == "websocket":
            await self._websocket(scope, receive, send)
        elif kind == "lifespan":
            await self.app(scope, receive, send)
        else:
            msg = f"the ASGI scope type {kind!r} cannot be verified"
            raise RuntimeError(msg)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        clock = Stopwatch()
        target = raw_target(scope)
        try:
            # Whatever the head alone decides is decided before a byte of the body is read.
            begun = self._verifier.begin(scope["method"], target, scope["headers"], client=client_host(scope))
            if begun.needs_body:
                refuse_declared_length(begun)
                body = await _read(begun, receive, clock)
                if body is None:
                    return
                receive = _replay(body, receive)
            verified = begun.finish()
        except Refusal as refusal:
            self._decided(None, refusal, scope["method"], target, clock)
            await _answer(send, "http", refusal.response)
            return
        self._decided(verified, None, scope["method"], target, clock)
        remember(scope, verified, self._verifier)
        await self.app(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        clock = Stopwatch()
        target = raw_target(scope)
        try:
            # The handshake is a GET request without a body (RFC 6455, section 4.1).
            verified = self._verifier.verify("GET", target, scope["headers"], client=client_host(scope))
        except Refusal as refusal:
            self._decided(None, refusal, "GET", target, clock)
            if (await receive())["type"] != "websocket.connect":
                return
            if "websocket.http.response" in (scope.get("extensions") or {}):
                await _answer(send, "websocket.http", refusal.response)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        self._decided(verified, None, "GET", target, clock)
        remember(scope, verified, self._verifier)
        await self.app(scope, receive, send)

    def _decided(
        self, verified: Verified | None, refusal: Refusal | None, method: str, target: bytes, clock: Stopwatch
    ) -> None:
        decided(verified, refusal, method, target, clock.spent(), self._on_decision)


def raw_target(scope: Scope) -> bytes:
    """Give path and query exactly as the caller sent them.

    `raw_path` already holds `root_path` where the server or a mount knows of one, so nothing is added or cut here. A
    decoded path cannot be turned back into the bytes that were signed: without `raw_path` every request is refused.
    """
    path: bytes | None = scope.get("raw_path")
    if path is None:
        log.error("the ASGI server gives no raw_path, so no request can be verified")
        return b""
    query: bytes = scope.get("query_string", b"")
    return path + b"?" + query if query else path


def client_host(scope: Scope) -> str | None:
    """Give the address of the client, as the server and its proxy settings see it."""
    client = scope.get("client")
    return client[0] if client else None


def remember(scope: Scope, verified: Verified, verifier: Verifier) -> None:
    """Attach the caller to the request."""
    scope[SCOPE_KEY] = verified
    scope[SCOPE_VERIFIER_KEY] = verifier
    state = scope.setdefault("state", {})
    if isinstance(state, dict):
        state[SCOPE_KEY] = verified


def refuse_declared_length(begun: BodyVerification) -> None:
    """Raise the refusal of a body whose declared length is over the limit, before anything of it is read."""
    declared = begun._declared_length
    if declared is not None:
        begun.declare_length(declared)


async def _read(begun: BodyVerification, receive: Receive, clock: Stopwatch) -> bytes | None:
    """Read the body, and refuse it as soon as it is over the limit. None when the client left before its end."""
    first = b""
    rest: bytearray | None = None
    while True:
        message = await clock.wait(receive())
        if message["type"] == "http.disconnect":
            return None
        chunk = message.get("body", b"")
        if chunk:
            begun.update(chunk)
            if rest is not None:
                rest += chunk
            elif first:
                rest = bytearray(first + chunk)
            else:
                first = bytes(chunk)
        if not message.get("more_body", False):
            return first if rest is None else bytes(rest)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body out once, then wait for what the server has to say, which is the disconnect."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _answer(send: Send, prefix: str, response: RefusalResponse) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": f"{prefix}.response.start", "status": response.status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": response.body, "more_body": False})
