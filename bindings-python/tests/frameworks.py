"""The same small service in every framework: it tells who called, and what it got."""

# FastAPI and Litestar read annotations at run time, so they must not become strings here.

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import django
import flask
import litestar
from aiohttp import web
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import re_path
from fastapi import Depends, FastAPI
from litestar.params import FromPath
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import wiresign
import wiresign.aiohttp
import wiresign.asgi
import wiresign.django
import wiresign.fastapi
import wiresign.flask
import wiresign.wsgi
from support import document, verifier

LIMIT = 300_000
MEMORY = 50_000
OPTIONS: Any = {"memory_bytes": MEMORY, "identity_headers": ["X-User-ID"]}
METHODS = ["GET", "POST", "PUT", "DELETE"]
AUDIT = "GET /audit"


def judge() -> wiresign.Verifier:
    routes = [{"match": "/open/**", "public": True}]
    services = document("orders")["services"]
    # So it may not do what AUDIT says; billing may do everything.
    services["shop"]["permissions"] = ["POST /**"]
    return verifier(routes=routes, services=services, limits={"body_bytes": LIMIT})


def seen(caller: Any, path: str, body: bytes, headers: Any) -> dict[str, Any]:
    claims = {name: headers.get(name) for name in ("x-service-id", "x-service-name", "x-user-id")}
    digest = hashlib.sha256(body).hexdigest()
    return {"service": caller.service, "path": path, "length": len(body), "sha256": digest, "claims": claims}


def plain_wsgi() -> Any:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        caller, path = environ["wiresign"], environ["PATH_INFO"]
        status, sent = 200, [("content-type", "application/json")]
        content = json.dumps(seen(caller, path, body, headers)).encode()
        try:
            if path == "/shop":
                caller.require_service("shop")
            if path == "/audit":
                caller.require_permission(AUDIT)
        except wiresign.Refusal as refusal:
            status, sent, content = refusal.status, refusal.response.headers, refusal.response.body
        start_response(f"{status} -", sent)
        return [content]

    return wiresign.wsgi.Middleware(app, judge(), **OPTIONS)


def flask_app() -> Any:
    auth = wiresign.flask.WiresignAuth(judge(), **OPTIONS)
    app = flask.Flask("orders")
    auth.install(app)

    @app.post("/shop")
    @auth.requires("shop")
    def shop() -> Any:
        return {"service": auth.caller().service}

    @app.post("/audit")
    @auth.requires(permission=AUDIT)
    def audit() -> Any:
        return {"service": auth.caller(permission=AUDIT).service}

    @app.route("/<path:path>", methods=METHODS)
    def any_path(path: str) -> Any:
        caller = flask.request.environ["wiresign"]
        return seen(caller, f"/{path}", flask.request.get_data(), flask.request.headers)

    return app


@wiresign.django.requires("shop")
def django_shop(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"service": wiresign.django.caller(request, "shop").service})


@wiresign.django.requires(permission=AUDIT)
def django_audit(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"service": wiresign.django.caller(request, permission=AUDIT).service})


def django_any(request: HttpRequest) -> JsonResponse:
    return JsonResponse(seen(request.wiresign, request.path, request.body, request.headers))  # type: ignore[attr-defined]


@wiresign.django.requires("shop")
async def django_shop_async(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"service": wiresign.django.caller(request, "shop").service})


async def django_any_async(request: HttpRequest) -> JsonResponse:
    return django_any(request)


urlpatterns = [
    re_path("^shop$", django_shop),
    re_path("^audit$", django_audit),
    re_path("^async/shop$", django_shop_async),
    re_path("^async/", django_any_async),
    re_path("^", django_any),
]


def django_setup() -> None:
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF="frameworks",
            ALLOWED_HOSTS=["*"],
            MIDDLEWARE=["wiresign.django.WiresignMiddleware", "django.middleware.common.CommonMiddleware"],
            WIRESIGN={"config": judge(), **OPTIONS},
            LOGGING_CONFIG=None,
        )
        django.setup()


def django_wsgi() -> Any:
    django_setup()
    return get_wsgi_application()


def django_asgi() -> Any:
    django_setup()
    return get_asgi_application()


def django_wrapped() -> Any:
    """Wrap Django, so that bodies are judged before Django takes them in."""
    return wiresign.asgi.Middleware(django_asgi(), wiresign.django.verifier(), **OPTIONS)


def starlette_app() -> Any:
    async def any_path(request: Request) -> Response:
        return JSONResponse(seen(request.state.wiresign, request.url.path, await request.body(), request.headers))

    async def shop(request: Request) -> Response:
        try:
            request.state.wiresign.require_service("shop")
        except wiresign.Refusal as refusal:
            return Response(refusal.response.body, refusal.status, dict(refusal.response.headers))
        return JSONResponse({"service": "shop"})

    async def audit(request: Request) -> Response:
        try:
            request.state.wiresign.require_permission(AUDIT)
        except wiresign.Refusal as refusal:
            return Response(refusal.response.body, refusal.status, dict(refusal.response.headers))
        return JSONResponse({"service": request.state.wiresign.service})

    routes = [
        Route("/shop", shop, methods=["POST"]),
        Route("/audit", audit, methods=["POST"]),
        Route("/{path:path}", any_path, methods=METHODS),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(wiresign.asgi.Middleware, verifier=judge(), **OPTIONS)
    return app


def fastapi_app() -> Any:
    one = judge()
    auth = wiresign.fastapi.WiresignAuth(one, **OPTIONS)
    app = FastAPI()
    app.add_middleware(wiresign.asgi.Middleware, verifier=one, **OPTIONS)
    auth.install(app)

    @app.post("/shop")
    def shop(caller: Annotated[wiresign.Verified, Depends(auth.requires("shop"))]) -> Any:
        return {"service": caller.service}

    @app.post("/audit")
    def audit(caller: Annotated[wiresign.Verified, Depends(auth.requires(permission=AUDIT))]) -> Any:
        return {"service": caller.service}

    @app.api_route("/{path:path}", methods=METHODS)
    async def any_path(path: str, request: Request) -> Any:
        return seen(request.state.wiresign, f"/{path}", await request.body(), request.headers)

    return app


def litestar_app() -> Any:
    @litestar.route("/{path:path}", http_method=["GET", "POST", "PUT", "DELETE"], status_code=200)
    async def any_path(path: FromPath[str], request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        return seen(request.scope["wiresign"], path, await request.body(), request.headers)  # type: ignore[typeddict-item]

    @litestar.post("/shop", status_code=200)
    async def shop(request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        request.scope["wiresign"].require_service("shop")  # type: ignore[typeddict-item]
        return {"service": "shop"}

    @litestar.post("/audit", status_code=200)
    async def audit(request: litestar.Request[Any, Any, Any]) -> dict[str, Any]:
        caller = request.scope["wiresign"]  # type: ignore[typeddict-item]
        caller.require_permission(AUDIT)
        return {"service": caller.service}

    def refuse(_: Any, refusal: wiresign.Refusal) -> litestar.Response[bytes]:
        answer = refusal.response
        return litestar.Response(answer.body, status_code=answer.status, headers=dict(answer.headers))

    app = litestar.Litestar([any_path, shop, audit], exception_handlers={wiresign.Refusal: refuse}, openapi_config=None)
    return wiresign.asgi.Middleware(app, judge(), **OPTIONS)


def aiohttp_app() -> web.Application:
    @wiresign.aiohttp.requires("shop")
    async def shop(request: web.Request) -> web.StreamResponse:
        return web.json_response({"service": wiresign.aiohttp.caller(request).service})

    @wiresign.aiohttp.requires(permission=AUDIT)
    async def audit(request: web.Request) -> web.StreamResponse:
        return web.json_response({"service": wiresign.aiohttp.caller(request, permission=AUDIT).service})

    async def any_path(request: web.Request) -> web.StreamResponse:
        return web.json_response(
            seen(request[wiresign.aiohttp.CALLER], request.path, await request.read(), request.headers)
        )

    app = web.Application(middlewares=[wiresign.aiohttp.middleware(judge(), **OPTIONS)])
    app.router.add_post("/shop", shop)
    app.router.add_post("/audit", audit)
    app.router.add_route("*", "/{path:.*}", any_path)
    return app


APPS: dict[str, Callable[[], Any]] = {
    "plain_wsgi": plain_wsgi,
    "flask_app": flask_app,
    "django_wsgi": django_wsgi,
    "django_asgi": django_asgi,
    "django_wrapped": django_wrapped,
    "starlette_app": starlette_app,
    "fastapi_app": fastapi_app,
    "litestar_app": litestar_app,
    "aiohttp_app": aiohttp_app,
}
