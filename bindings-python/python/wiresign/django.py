"""Django: middleware for sync and async applications, and decorators for views.

    # settings.py
    MIDDLEWARE = ["wiresign.django.WiresignMiddleware", ...]  # the first that may read a body
    WIRESIGN = {"config": BASE_DIR / "wiresign.json"}

    # views.py
    @requires("billing")
    def invoice(request): return JsonResponse({"made_by": caller(request).service})

`WIRESIGN` takes `config` (a path, a document, a `Config` or a `Verifier`) and the options of every server adapter:
`on_decision`, `proxies`, `authority`, `identity_headers`, `replay`, `key_sets`, `aws`, `memory_bytes`.

Under ASGI, Django itself takes in the whole body before any middleware runs. To refuse a body before it was read, put
`wiresign.asgi.Middleware(get_asgi_application(), verifier())` around the application; this middleware takes its result.
"""

from __future__ import annotations

import os
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import setting_changed
from django.http import HttpResponse

from wiresign import asgi, wsgi
from wiresign._errors import Refusal
from wiresign._gate import Gate, Handshake, Visit
from wiresign._kept_body import PIECE
from wiresign._requirements import check, require
from wiresign._wiresign import Config, Verified, Verifier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from wiresign._errors import RefusalResponse
    from wiresign._gate import Begun
    from wiresign._kept_body import KeptBody

    View = Callable[..., Any]

__all__ = ["WiresignMiddleware", "caller", "requires", "verifier"]


class WiresignMiddleware:
    """Lets only verified requests, and those of public routes, through to the views."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._gate = _gate()
        self._gate.demand_store()
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        else:
            self._gate.refuse_async_store()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request."""
        return self._serve_async(request) if self._is_async else self._serve(request)

    def _serve(self, request: HttpRequest) -> HttpResponseBase:
        passage = _Passage(self._gate, request)
        try:
            passage.visit.identify()
            passage.let_in(passage.visit.finish(begun) if (begun := passage.begin()) else None)
        except (Handshake, Refusal, wsgi.ClientGoneError) as error:
            return passage.turn_away(error)
        return passage.end_with(self._get_response(request))

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        passage = _Passage(self._gate, request)
        try:
            await passage.visit.identify_async()
            passage.let_in(await passage.visit.finish_async(begun) if (begun := passage.begin()) else None)
        except (Handshake, Refusal, wsgi.ClientGoneError) as error:
            return passage.turn_away(error)
        return passage.end_with(await self._get_response(request))


class _Passage:
    """One request on its way through the middleware."""

    def __init__(self, gate: Gate, request: HttpRequest) -> None:
        self.visit = _visit(gate, request)
        self._gate = gate
        self._request = request
        self._kept = self.visit.keep_body()

    def begin(self) -> Begun | None:
        """Judge the head and read the body. None where a middleware around Django has done all of it."""
        if _result(self._request, self._gate.verifier) is not None:
            return None
        begun = self.visit.begin(answers=True)
        if begun.needs_body:
            _read(begun, self._kept, self._request, self.visit)
        return begun

    def let_in(self, verified: Verified | None) -> None:
        """Attach the caller, and put the verified body where Django looks for it."""
        request = cast("Any", self._request)
        if verified is None:
            known = cast("Verified", _result(request, self._gate.verifier))
            request.wiresign = known
            self._hide(known)
            return
        self.visit.accepted(verified)
        request.wiresign = verified
        self._hide(verified)
        if not isinstance(request, WSGIRequest):
            return
        if (self._kept.length or not verified.is_public) and not hasattr(request, "_body"):
            wsgi.give_back(request.environ, self._kept)
            request._stream = request.environ["wsgi.input"]

    def _hide(self, verified: Verified) -> None:
        request = cast("Any", self._request)
        wsgi.hide(self._gate, request.META, verified)
        # Made of META when somebody first asked for it.
        request.__dict__.pop("headers", None)
        if not isinstance(request, WSGIRequest):
            request.scope = {**request.scope, "headers": self.visit.visible_headers(verified, request.scope["headers"])}

    def turn_away(self, error: Exception) -> HttpResponse:
        """Give the answer to a request that does not come through."""
        self._kept.close()
        if isinstance(error, Handshake):
            return _response(error)
        if isinstance(error, Refusal):
            self.visit.refused(error)
            return _response(error.response)
        return HttpResponse(status=400)

    def end_with(self, response: HttpResponseBase) -> HttpResponseBase:
        """Let the kept body go when the answer is over."""
        response._resource_closers.append(self._kept.close)  # type: ignore[attr-defined]  # as Django's own code does
        return response


def caller(request: HttpRequest, *services: str, permission: str | None = None) -> Verified:
    """Give the verified caller of a request; raise a Refusal where it is none of `services`, if any are named.

    With `permission`, a pattern as in `POST /invoices/**`, also where it may not do all of that.
    """
    verified = getattr(request, "wiresign", None)
    if not isinstance(verified, Verified):
        msg = "the request was not verified; add wiresign.django.WiresignMiddleware to MIDDLEWARE"
        raise ImproperlyConfigured(msg)
    require(verified, services, permission)
    return verified


def requires(*services: str, permission: str | None = None) -> Callable[[View], View]:
    """Give a decorator that lets only these services through to a view; without names, every known service.

    With `permission`, a pattern as in `POST /invoices/**`, only those that may do all of that.
    """
    check(permission)

    def refuse(request: HttpRequest) -> HttpResponse | None:
        try:
            caller(request, *services, permission=permission)
        except Refusal as refusal:
            _visit(_gate(), request).refused(refusal)
            return _response(refusal.response)
        return None

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def guarded_async(request: HttpRequest, *arguments: object, **named: object) -> object:
                return refuse(request) or await view(request, *arguments, **named)

            return guarded_async

        @wraps(view)
        def guarded(request: HttpRequest, *arguments: object, **named: object) -> object:
            return refuse(request) or view(request, *arguments, **named)

        return guarded

    return decorate


def verifier() -> Verifier:
    """Give the verifier of the settings, for `replace`, metrics, and a middleware around Django."""
    return _gate().verifier


@lru_cache(maxsize=1)
def _gate() -> Gate:
    options = dict(getattr(settings, "WIRESIGN", None) or {})
    if "config" not in options:
        msg = 'settings.WIRESIGN needs "config": a path, a document, a wiresign.Config or a wiresign.Verifier'
        raise ImproperlyConfigured(msg)
    source = options.pop("config")
    if isinstance(source, Verifier):
        return Gate(source, **options)
    if isinstance(source, (str, os.PathLike)):
        source = Config.from_file(source)
    return Gate(Verifier(source if isinstance(source, Config) else Config.parse(source)), **options)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "WIRESIGN":
        _gate.cache_clear()


setting_changed.connect(_forget, dispatch_uid="wiresign")


def _visit(gate: Gate, request: HttpRequest) -> Visit:
    if isinstance(request, WSGIRequest):
        return wsgi.visit_of(gate, request.environ)
    if isinstance(request, ASGIRequest):
        return asgi.visit_of(gate, cast("asgi.Scope", request.scope))
    msg = f"a {type(request).__name__} was not received over HTTP, so it cannot be verified"
    raise TypeError(msg)


def _result(request: HttpRequest, judge: Verifier) -> Verified | None:
    """Give what a middleware around Django found out. A result of another verifier does not count."""
    outer: Any = request.environ if isinstance(request, WSGIRequest) else getattr(request, "scope", {})
    verified = outer.get(wsgi.ENVIRON_KEY)
    mine = outer.get(wsgi.ENVIRON_VERIFIER_KEY) is judge
    return verified if mine and isinstance(verified, Verified) else None


def _read(begun: Begun, kept: KeptBody, request: HttpRequest, visit: Visit) -> None:
    source: Any = request
    if hasattr(source, "_body"):
        begun.update(source._body)
    elif source._read_started:
        msg = "the body was read before it could be verified; put WiresignMiddleware first in MIDDLEWARE"
        raise RuntimeError(msg)
    elif isinstance(request, WSGIRequest):
        wsgi.read(begun, kept, request.environ, visit)
    else:
        while piece := source._stream.read(PIECE):
            begun.update(piece)
        source._stream.seek(0)


def _response(response: RefusalResponse | Handshake) -> HttpResponse:
    return HttpResponse(response.body, status=response.status, headers=dict(response.headers))
