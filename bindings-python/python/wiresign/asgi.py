"""Pure ASGI middleware: verifies a request, then hands the very same body bytes on.

    app = Middleware(app, verifier=Verifier(Config.from_file("wiresign.json")))

Behind it, `scope["wiresign"]` is the `Verified` of the request (`request.state.wiresign` in Starlette and FastAPI). A
request that is refused never reaches the application.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from wiresign._audit import Decision, log
from wiresign._errors import Refusal
from wiresign._gate import Gate, Handshake, Visit
from wiresign._kept_body import PIECE

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from wiresign._errors import RefusalResponse
    from wiresign._gate import Begun, Options
    from wiresign._kept_body import KeptBody
    from wiresign._wiresign import Verified, Verifier

__all__ = ["Decision", "Middleware"]

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
# Frameworks spell the types of its three arguments in their own ways.
App: TypeAlias = Callable[..., Awaitable[None]]

SCOPE_KEY = "wiresign"
"""Where the scope holds the `Verified`."""
SCOPE_VERIFIER_KEY = "wiresign.verifier"
"""Where the scope holds the verifier that made it."""

SCOPE_RECEIVED_KEY = "wiresign.received"
"""Where the scope holds the headers as they were received, if some of them are hidden from the application."""


class Middleware:
    """Lets only verified requests, and those of public routes, through to an ASGI application.

    The options are those of every server adapter: `on_decision`, `proxies`, `authority`, `identity_headers`,
    `replay`, `key_sets`, `aws`, `memory_bytes`.
    """

    def __init__(self, app: App, verifier: Verifier, **options: Unpack[Options]) -> None:
        self.app = app
        self._gate = Gate(verifier, **options)
        self._gate.demand_store()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        kind = scope["type"]
        if kind != "http":
            await self._otherwise(kind, scope, receive, send)
            return
        # Here and not in a coroutine of its own, which would cost something for each request.
        gate = self._gate
        visit = visit_of(gate, scope)
        kept: KeptBody | None = None
        try:
            try:
                if gate.aws is not None:
                    await visit.identify_async()
                begun = visit.begin(answers=True)
                last: bytes | None = None
                if begun.needs_body:
                    visit.pause()
                    try:
                        message = await receive()
                    finally:
                        visit.go_on()
                    last = _whole_body(message, gate.memory_bytes)
                    if last is None:
                        kept = visit.keep_body()
                        if not await _read(begun, kept, message, receive, visit):
                            return
                        receive = _replay(kept, receive)
                    else:
                        receive = _once(last, receive)
                verified = begun.finish() if last is None else begun._finish_with(last)
                if verified.replay_seconds is not None:
                    await visit.settle_async(verified)
            except Handshake as handshake:
                await _answer(send, "http", handshake)
                return
            except Refusal as refusal:
                visit.refused(refusal)
                # Where one connection carries many requests, servers may take it down when the rest of a body arrives
                # after the end of the answer.
                if scope.get("http_version") == "2":
                    rest = _once(b"", receive) if visit.has_all else receive
                    await _answer(send, "http", refusal.response, rest, gate.verifier.body_limit + PIECE)
                else:
                    await _answer(send, "http", refusal.response)
                return
            visit.accepted(verified)
            await self.app(self._let_in(scope, visit, verified), receive, send)
        finally:
            if kept is not None:
                kept.close()

    async def _otherwise(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        if kind == "websocket":
            await self._websocket(scope, receive, send)
        elif kind == "lifespan":
            await self.app(scope, receive, send)
        else:
            msg = f"the ASGI scope type {kind!r} cannot be verified"
            raise RuntimeError(msg)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        visit = visit_of(self._gate, scope)
        try:
            # The handshake is a GET request without a body (RFC 6455, section 4.1).
            await visit.identify_async()
            verified = await visit.finish_async(visit.begin())
        except Refusal as refusal:
            visit.refused(refusal)
            if (await receive())["type"] != "websocket.connect":
                return
            if "websocket.http.response" in (scope.get("extensions") or {}):
                await _answer(send, "websocket.http", refusal.response)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return
        visit.accepted(verified)
        await self.app(self._let_in(scope, visit, verified), receive, send)

    def _let_in(self, scope: Scope, visit: Visit, verified: Verified) -> Scope:
        """Give the scope as the application is to see it."""
        remember(scope, verified, self._gate.verifier)
        # Not those that were judged: whoever is in front may have taken some of them out.
        handed = scope["headers"]
        headers = visit.visible_headers(verified, handed)
        if headers is handed:
            return scope
        return {**scope, "headers": headers, SCOPE_RECEIVED_KEY: scope.get(SCOPE_RECEIVED_KEY) or handed}


def visit_of(gate: Gate, scope: Scope) -> Visit:
    """Give the request of an ASGI scope. A WebSocket has no method of its own: its handshake is a GET."""
    client = scope.get("client")
    peer: str | None = client[0] if client else None
    headers = scope.get(SCOPE_RECEIVED_KEY) or scope["headers"]
    return Visit(gate, scope.get("method", "GET"), raw_target(scope), headers, peer)


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


def remember(scope: Scope, verified: Verified, verifier: Verifier) -> None:
    """Attach the caller to the request."""
    scope[SCOPE_KEY] = verified
    scope[SCOPE_VERIFIER_KEY] = verifier
    state = scope.setdefault("state", {})
    if isinstance(state, dict):
        state[SCOPE_KEY] = verified


def _whole_body(message: Message, most: int) -> bytes | None:
    """Give the body where all of it is in the first message and may stay in memory, as most bodies are."""
    if message["type"] == "http.disconnect" or message.get("more_body", False):
        return None
    body = message.get("body") or b""
    # What is not `bytes` already is copied, because it could change before the application reads it.
    return bytes(body) if len(body) <= most else None


async def _read(begun: Begun, kept: KeptBody, message: Message, receive: Receive, visit: Visit) -> bool:
    """Read the body from its first message on, and refuse it as soon as it is over the limit.

    False when the client left before its end.
    """
    while True:
        if message["type"] == "http.disconnect":
            return False
        piece = message.get("body", b"")
        visit.has_all = not message.get("more_body", False)
        if piece:
            begun.update(piece)
            kept.add(bytes(piece))
        if visit.has_all:
            kept.rewind()
            return True
        message = await visit.wait(receive())


def _once(body: bytes, receive: Receive) -> Receive:
    """Give the body out once, then wait for what the server has to say, which is the disconnect."""
    is_given = False

    async def once() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


def _replay(kept: KeptBody, receive: Receive) -> Receive:
    """Do the same for a body that came in pieces, or is too large to be kept in memory."""
    if kept.in_memory:
        return _once(kept.whole(), receive)
    left = -1

    async def replay() -> Message:
        nonlocal left
        if left == 0:
            return await receive()
        piece = kept.piece()
        left = (kept.length if left < 0 else left) - len(piece)
        return {"type": "http.request", "body": piece, "more_body": left > 0}

    return replay


async def _answer(
    send: Send, prefix: str, response: RefusalResponse | Handshake, rest: Receive | None = None, most: int = 0
) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": f"{prefix}.response.start", "status": response.status, "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": response.body, "more_body": rest is not None})
    if rest is not None:
        await _drop(rest, most)
        await send({"type": f"{prefix}.response.body", "body": b"", "more_body": False})


async def _drop(rest: Receive, most: int) -> None:
    """Take in what the client still sends, and let it go."""
    dropped = 0
    while dropped <= most:
        message = await rest()
        dropped += len(message.get("body", b""))
        if not message.get("more_body", False):
            return
