"""FastAPI: the verified caller as a dependency, shown in the API's documentation.

    auth = WiresignAuth(verifier)
    auth.install(app)

    @app.post("/images")
    async def process(caller: Annotated[Verified, Depends(auth.caller)]): ...

Put `wiresign.asgi.Middleware` in front, so that a request is verified before anything of it is parsed. Without it a
dependency verifies by itself, and answers the handshakes of webhooks that come to its routes.
"""

# FastAPI reads the annotations of a dependency at run time, so they must not become strings here.

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, HTTPException, Security
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from wiresign._errors import Refusal
from wiresign._gate import Begun, Gate, Handshake, Visit
from wiresign._requirements import check, require
from wiresign._wiresign import Verified, Verifier
from wiresign.asgi import SCOPE_KEY, SCOPE_VERIFIER_KEY, remember, visit_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from wiresign._gate import Options

__all__ = ["Caller", "WiresignAuth"]

_POLICY_VIOLATION = 1008
_DESCRIPTION = (
    "A request signed by a known service. Besides X-Signature it carries X-Timestamp, X-Request-ID, the id of the "
    "caller, and under service-hmac-v2 X-Target-Service. The signature covers the raw body."
)


class WiresignAuth:
    """Dependencies that yield the verified caller.

    `caller` yields the `Verified` of any known service; `requires(...)` only that of the named ones, or of those that
    have a permission. Both refuse a request that came in through a public route: whoever depends on a caller must get
    one.

    `scopes` says which service holds which scopes. Then `Security(auth.caller, scopes=["invoices:write"])` lets only
    the services through that hold all of those.
    """

    def __init__(
        self, verifier: Verifier, *, scopes: Mapping[str, Iterable[str]] | None = None, **options: "Unpack[Options]"
    ) -> None:
        self._gate = Gate(verifier, **options)
        self._scopes = {service: frozenset(held) for service, held in (scopes or {}).items()}
        self.caller = Caller(self._gate, (), self._scopes)

    def requires(self, *services: str, permission: str | None = None) -> Callable[[Verified], Awaitable[Verified]]:
        """Give a dependency that yields the caller where it is one of these services, and refuses all others.

        With `permission`, a pattern as in `POST /invoices/**`, it refuses whom the config or the request's token does
        not allow all of that. The documentation of the API shows both among the scopes of the route.
        """
        if not services and permission is None:
            msg = "name at least one service or a permission, or depend on `caller`"
            raise ValueError(msg)
        check(permission)
        judge = Caller(self._gate, services, self._scopes, permission)

        async def required(caller: Annotated[Verified, Security(judge, scopes=judge.shown)]) -> Verified:
            return caller

        return required

    def install(self, app: FastAPI) -> None:
        """Let the app answer every Refusal with exactly the bytes that `refusal.response` holds, and handshakes too.

        Without this a refused request gets the same status in FastAPI's own error format.
        """
        app.add_exception_handler(Refusal, _respond)  # type: ignore[arg-type]  # serves WebSockets too


class Caller(SecurityBase):
    """A dependency of `WiresignAuth`."""

    def __init__(
        self,
        gate: Gate,
        services: tuple[str, ...],
        scopes: Mapping[str, frozenset[str]],
        permission: str | None = None,
    ) -> None:
        self.model = APIKey.model_validate({"in": APIKeyIn.header, "name": "X-Signature", "description": _DESCRIPTION})
        self.scheme_name = "Wiresign"
        self._gate = gate
        self._services = services
        self._scopes = scopes
        self._permission = permission
        # What is required, as the documentation shows it. Nobody holds it as a scope.
        self.shown = (["service:" + "|".join(services)] if services else []) + ([permission] if permission else [])

    async def __call__(self, connection: HTTPConnection, needed: SecurityScopes) -> Verified:
        """Give the verified caller, or raise."""
        try:
            verified = self._from_middleware(connection) or await self._verify(connection)
            return self._permit(connection, verified, [scope for scope in needed.scopes if scope not in self.shown])
        except Refusal as refusal:
            # Whether `install` was called.
            if Refusal in getattr(connection.scope.get("app"), "exception_handlers", {}):
                raise
            response = refusal.response
            headers = {name: value for name, value in response.headers if not name.startswith("content-")}
            raise HTTPException(response.status, json.loads(response.body), headers) from None

    def _from_middleware(self, connection: HTTPConnection) -> Verified | None:
        # A result of another verifier says nothing about what this one demands.
        if connection.scope.get(SCOPE_VERIFIER_KEY) is not self._gate.verifier:
            return None
        verified = connection.scope.get(SCOPE_KEY)
        return verified if isinstance(verified, Verified) else None

    async def _verify(self, connection: HTTPConnection) -> Verified:
        visit = visit_of(self._gate, connection.scope)
        try:
            await visit.identify_async()
            begun = visit.begin(answers=isinstance(connection, Request))
            if begun.needs_body and isinstance(connection, Request):
                await _read(begun, connection, visit)
            verified = await visit.finish_async(begun)
        except Handshake:
            # The application has to know how to answer this, and nothing tells it of dependencies at its start.
            handlers, _ = connection.scope["starlette.exception_handlers"]
            handlers.setdefault(Handshake, _answer)
            raise
        except Refusal as refusal:
            visit.refused(refusal)
            raise
        visit.accepted(verified)
        remember(connection.scope, verified, self._gate.verifier)
        return verified

    def _permit(self, connection: HTTPConnection, verified: Verified, needed: list[str]) -> Verified:
        try:
            require(verified, self._services, self._permission)
            if needed:
                holders = [service for service, held in self._scopes.items() if held.issuperset(needed)]
                # Nobody has this id, so that scopes which nobody holds let nobody in.
                verified.require_service(*(holders or [""]))
        except Refusal as refusal:
            visit_of(self._gate, connection.scope).refused(refusal)
            raise
        return verified


async def _read(begun: Begun, request: Request, visit: Visit) -> None:
    """Read the body, and refuse it as soon as it is over the limit. What was read stays with the request."""
    pieces: list[bytes] = []
    try:
        async with aclosing(request.stream()) as stream:
            while piece := await visit.wait(anext(stream, b"")):
                begun.update(piece)
                pieces.append(piece)
    except RuntimeError as error:
        msg = (
            "the body was consumed before it could be verified (FastAPI parses forms first); "
            "add wiresign.asgi.Middleware to the application"
        )
        raise RuntimeError(msg) from error
    # Where Starlette itself keeps the body for whoever asks next.
    request._body = b"".join(pieces)


async def _answer(_: Request, handshake: Exception) -> Response:
    if not isinstance(handshake, Handshake):
        raise handshake
    return Response(handshake.body, handshake.status, dict(handshake.headers))


async def _respond(connection: HTTPConnection, refusal: Exception) -> Response | None:
    if not isinstance(refusal, Refusal):
        raise refusal
    if isinstance(connection, WebSocket) and "websocket.http.response" not in (
        connection.scope.get("extensions") or {}
    ):
        await connection.close(_POLICY_VIOLATION)
        return None
    response = refusal.response
    return Response(response.body, response.status, dict(response.headers))
