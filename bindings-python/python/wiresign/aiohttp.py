"""aiohttp, both sides: middleware that verifies what a server receives, or that signs what a client sends.

    app = web.Application(middlewares=[middleware(verifier)])

    async with ClientSession(url, middlewares=[Signing(signer, url)]) as session: ...
    async with ClientSession(url, middlewares=[TokenAuth(source, url)]) as session: ...

A server that is started with `web.run_app` decompresses bodies before anybody can verify them, so a body with
Content-Encoding is refused. `web.AppRunner(app, auto_decompress=False)` leaves them as they were signed.
"""

from __future__ import annotations

from asyncio import get_running_loop
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from aiohttp import ClientResponseError, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload
from yarl import URL

from wiresign._audit import Decision, log
from wiresign._errors import Refusal, SigningError
from wiresign._gate import Gate, Handshake, Visit
from wiresign._requirements import check, require
from wiresign._wiresign import Verified

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
    from typing_extensions import Unpack

    from wiresign._errors import RefusalResponse
    from wiresign._gate import Begun, Options
    from wiresign._kept_body import KeptBody
    from wiresign._signing import RequestSigner
    from wiresign._wiresign import Verifier
    from wiresign.tokens import AsyncTokenSource

    Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["CALLER", "Decision", "Signing", "TokenAuth", "caller", "middleware", "requires"]

CALLER = web.RequestKey("CALLER", Verified)
"""Where the request holds the `Verified`."""

_GATE = web.RequestKey("_GATE", Gate)
_BODY_LIMIT = 10 * 1024 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)


def middleware(verifier: Verifier, **options: Unpack[Options]) -> Callable[..., Awaitable[web.StreamResponse]]:
    """Give the middleware that lets only verified requests, and those of public routes, through to the handlers.

    The options are those of every server adapter: `on_decision`, `proxies`, `authority`, `identity_headers`,
    `replay`, `key_sets`, `aws`, `memory_bytes`.
    """
    gate = Gate(verifier, **options)
    gate.demand_store()

    @web.middleware
    async def verify(request: web.Request, handler: Handler) -> web.StreamResponse:
        visit = _visit(gate, request)
        kept = visit.keep_body()
        try:
            try:
                await visit.identify_async()
                begun = visit.begin(answers=True)
                if begun.needs_body:
                    await _read(begun, kept, request, visit)
                verified = await visit.finish_async(begun)
            except Handshake as handshake:
                return _response(handshake)
            except Refusal as refusal:
                visit.refused(refusal)
                return _response(refusal.response)
            visit.accepted(verified)
            return await handler(_let_in(gate, request, verified, kept))
        finally:
            kept.close()

    return verify


def caller(request: web.Request, *services: str, permission: str | None = None) -> Verified:
    """Give the verified caller of a request; raise a Refusal where it is none of `services`, if any are named.

    With `permission`, a pattern as in `POST /invoices/**`, also where it may not do all of that.
    """
    verified: Verified | None = request.get(CALLER)
    if verified is None:
        msg = "the request was not verified; add wiresign.aiohttp.middleware to the application"
        raise RuntimeError(msg)
    require(verified, services, permission)
    return verified


def requires(*services: str, permission: str | None = None) -> Callable[[Handler], Handler]:
    """Give a decorator that lets only these services through to a handler; without names, every known service.

    With `permission`, a pattern as in `POST /invoices/**`, only those that may do all of that.
    """
    check(permission)

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                caller(request, *services, permission=permission)
            except Refusal as refusal:
                _visit(request[_GATE], request).refused(refusal)
                return _response(refusal.response)
            return await handler(request)

        return guarded

    return decorate


class Signing:
    """Client middleware that signs what is sent to one origin, and nothing that goes elsewhere.

    A redirect inside the origin is signed anew. A redirect that leads out of it is an error, followed or not: whoever
    answers there could lead the client back to a place of its choice. A body that is a stream is read before it is
    signed, up to `body_limit` bytes; what is longer is not sent.
    """

    def __init__(self, signer: RequestSigner, origin: str | URL, body_limit: int = _BODY_LIMIT) -> None:
        self._signer = signer
        self._origin = URL(origin).origin()
        self._body_limit = body_limit

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Sign a request and send it."""
        if request.url.origin() != self._origin:
            return await handler(request)
        body = await self._body(request)
        headers = list(request.headers.items())
        for name, value in self._signer.sign(request.method, request.url.raw_path_qs, headers, body):
            request.headers[name] = value
        response = await handler(request)
        location = response.headers.get("Location")
        if response.status in _REDIRECTS and location is not None:
            self._stay(request, response, location)
        return response

    async def _body(self, request: ClientRequest) -> bytes:
        if not isinstance(request.body, Payload):
            return b""
        if request.compress:
            msg = "aiohttp would compress the body after it was signed; compress it yourself and set Content-Encoding"
            raise SigningError(msg)
        collected = _Collector(self._body_limit)
        await request.body.write(collected)
        body = bytes(collected.bytes)
        await request.update_body(body)
        return body

    def _stay(self, request: ClientRequest, response: ClientResponse, location: str) -> None:
        try:
            stays = request.url.join(URL(location)).origin() == self._origin
        except ValueError:
            stays = False
        if not stays:
            response.release()
            msg = "the answer redirects to another origin"
            raise ClientResponseError(
                response.request_info, response.history, status=response.status, message=msg, headers=response.headers
            )


class TokenAuth:
    """Client middleware that sends a token with each request to one origin, and with none that goes elsewhere."""

    def __init__(self, source: AsyncTokenSource, url: str | URL) -> None:
        """Take the source, and a URL of the service that its tokens are for."""
        if not iscoroutinefunction(source.token):
            msg = "aiohttp takes an AsyncTokenSource; this one would block"
            raise TypeError(msg)
        self._source = source
        self._origin = URL(url).origin()

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Set the header and send the request."""
        if request.url.origin() == self._origin:
            request.headers["Authorization"] = f"Bearer {await self._source.token()}"
        return await handler(request)


class _Collector(AbstractStreamWriter):
    """Takes what would be sent."""

    def __init__(self, limit: int) -> None:
        self.bytes = bytearray()
        self._limit = limit

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.bytes += chunk
        if len(self.bytes) > self._limit:
            msg = f"the body is longer than the {self._limit} bytes that are read for signing"
            raise SigningError(msg)

    async def write_eof(self, chunk: bytes = b"") -> None:
        await self.write(chunk)

    async def drain(self) -> None:
        """Do nothing, for nothing waits to be sent."""

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Do nothing, for only a writer to the wire compresses."""

    def enable_chunking(self) -> None:
        """Do nothing, for only a writer to the wire makes chunks."""

    async def write_headers(self, status_line: str, headers: object) -> None:
        """Ignore them, a body has none."""


class _Replay(StreamReader):
    """Gives a kept body out as if it came from the client."""

    __slots__ = ("_kept", "_left")

    def __init__(self, request: web.Request, kept: KeptBody) -> None:
        super().__init__(request.protocol, 2**16, loop=get_running_loop())
        self._kept = kept
        self._left = kept.length
        if kept.in_memory:
            self._give(kept.whole())

    async def _wait(self, func_name: str) -> None:
        # aiohttp calls this where it would wait for the client.
        self._give(self._kept.piece())

    def _give(self, piece: bytes) -> None:
        self._left -= len(piece)
        self.feed_data(piece)
        if self._left == 0 or not piece:
            self.feed_eof()


def _visit(gate: Gate, request: web.Request) -> Visit:
    transport = request.transport
    peer: Any = None if transport is None else transport.get_extra_info("peername")
    headers = [(name.lower(), value) for name, value in request.raw_headers]
    target = request.raw_path.encode("utf-8", "surrogateescape")
    # A socket in the file system has a path in this place, which is no address.
    return Visit(gate, request.method, target, headers, peer[0] if isinstance(peer, tuple) else None)


async def _read(begun: Begun, kept: KeptBody, request: web.Request, visit: Visit) -> None:
    if request._read_bytes is not None:
        msg = "the body was read before it could be verified; put wiresign.aiohttp.middleware first"
        raise RuntimeError(msg)
    source = request._payload
    while piece := await visit.wait(source.readany()):
        begun.update(piece)
        kept.add(piece)
    kept.rewind()
    if getattr(source, "total_compressed_bytes", None) is not None:
        log.error("aiohttp decompressed a body before it could be verified; serve with auto_decompress=False")


def _let_in(gate: Gate, request: web.Request, verified: Verified, kept: KeptBody) -> web.Request:
    raw = request.raw_headers
    if any(gate.hides(name.lower(), value, verified) for name, value in raw):
        names = {name.lower() for name, value in raw if gate.hides(name.lower(), value, verified)}
        visible = request.headers.copy()
        for name in names:
            visible.popall(name.decode("latin-1"), None)
        clone = request.clone(headers=visible)
        clone.update(request)
        request = clone
    if kept.length:
        request._payload = _Replay(request, kept)
    request[CALLER] = verified
    request[_GATE] = gate
    return request


def _response(response: RefusalResponse | Handshake) -> web.Response:
    return web.Response(body=response.body, status=response.status, headers=cast("Any", response.headers))
