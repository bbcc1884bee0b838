"""Handshakes of webhooks, answered by the middlewares of all frameworks over real sockets."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest
from aiohttp import web
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from fastapi import Depends, FastAPI, Request, Response

import frameworks
import wiresign
import wiresign.aiohttp
import wiresign.asgi
import wiresign.fastapi
import wiresign.flask
import wiresign.wsgi
from servers import aiohttp_server, werkzeug_server
from support import Recorder, serve, signer, verifier
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wiresign.asgi import Decision

SECRET = "3b9f6a1c8d2e4705b1c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9f1a3b5c7d9e1f3a5"
TOKEN = "a-token-of-our-own-choosing"
CHALLENGE = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"


def judge() -> wiresign.Verifier:
    key = {"keys": [{"secret": f"literal:{SECRET}"}]}
    return verifier(
        webhooks={
            "chat": {"scheme": "whatsapp", "verify_token": f"literal:{TOKEN}", **key},
            "work": {"scheme": "slack", **key},
        },
        routes=[
            {"match": "/hooks/chat", "accept": ["webhook:chat"]},
            {"match": "/hooks/work", "accept": ["webhook:work", "service-hmac-v2"]},
            {"match": "/hooks/maybe", "accept": ["webhook:work"], "optional": True},
            {"match": "/open", "public": True},
        ],
    )


def asgi(options: Any) -> Any:
    return serve(wiresign.asgi.Middleware(Recorder(), judge(), **options))


def plain_wsgi(options: Any) -> Any:
    def app(environ: Any, start_response: Callable[..., object]) -> Any:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))]

    return werkzeug_server(wiresign.wsgi.Middleware(app, judge(), **options))


def of_flask(options: Any) -> Any:
    app = flask.Flask("orders")
    wiresign.flask.WiresignAuth(judge(), **options).install(app)
    app.add_url_rule("/<path:path>", view_func=lambda path: flask.request.get_data(), methods=["GET", "POST"])
    return werkzeug_server(app)


def of_aiohttp(options: Any) -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=await request.read())

    app = web.Application(middlewares=[wiresign.aiohttp.middleware(judge(), **options)])
    app.router.add_route("*", "/{path:.*}", answer)
    return aiohttp_server(app)


@contextlib.contextmanager
def of_django(options: Any) -> Iterator[str]:
    frameworks.django_setup()
    with (
        override_settings(ROOT_URLCONF="hooks_of_django", WIRESIGN={"config": judge(), **options}),
        werkzeug_server(WSGIHandler()) as url,
    ):
        yield url


@contextlib.contextmanager
def of_django_async(options: Any) -> Iterator[str]:
    frameworks.django_setup()
    with (
        override_settings(ROOT_URLCONF="hooks_of_django", WIRESIGN={"config": judge(), **options}),
        serve(ASGIHandler(), lifespan="off") as url,
    ):
        yield url


def of_fastapi_alone(options: Any) -> Any:
    """Give a service whose dependencies verify, with no middleware in front."""
    return serve(fastapi_app(options, install=True))


def fastapi_app(options: Any, *, install: bool) -> FastAPI:
    auth = wiresign.fastapi.WiresignAuth(judge(), **options)
    app = FastAPI()
    if install:
        auth.install(app)

    @app.get("/open")
    def anybody() -> None:
        pass

    @app.api_route("/{path:path}", methods=["GET", "POST"], dependencies=[Depends(auth.caller)])
    async def protected(request: Request) -> Response:
        return Response(await request.body())

    return app


SERVERS = [asgi, plain_wsgi, of_flask, of_aiohttp, of_django, of_django_async, of_fastapi_alone]


def from_slack(content: Any, secret: str = SECRET) -> dict[str, Any]:
    body = json.dumps(content).encode()
    stamp = str(int(time.time()))
    mac = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mac}", "Content-Type": "application/json"}
    return {"content": body, "headers": headers}


@pytest.mark.parametrize("server", SERVERS)
def test_handshakes_are_answered_and_reach_nobody(server: Any) -> None:
    decisions: list[Decision] = []
    with server({"on_decision": decisions.append}) as url, httpx.Client(base_url=url, timeout=20) as client:
        asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": TOKEN}
        answer = client.get("/hooks/chat", params=asked)
        assert (answer.status_code, answer.text) == (200, "1158201444")
        assert (answer.headers["content-type"], answer.headers["content-length"]) == ("text/plain", "10")
        assert answer.headers["x-content-type-options"] == "nosniff"
        answer = client.post("/hooks/work", **from_slack({"type": "url_verification", "challenge": CHALLENGE}))
        assert (answer.status_code, answer.text) == (200, CHALLENGE)
        assert decisions == []

        refused = client.get("/hooks/chat", params=asked | {"hub.verify_token": "another"})
        assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_DENIED")
        forged = from_slack({"type": "url_verification", "challenge": CHALLENGE}, secret="0" * 64)
        assert client.post("/hooks/work", **forged).json()["code"] == "INVALID_SIGNATURE"
        # Nowhere else.
        assert client.get("/other", params=asked).json()["code"] == "AUTHENTICATION_REQUIRED"
        assert [decision.refusal and decision.refusal.code.value for decision in decisions] == [
            "PERMISSION_DENIED",
            "INVALID_SIGNATURE",
            "AUTHENTICATION_REQUIRED",
        ]


@pytest.mark.parametrize("server", SERVERS)
def test_other_requests_of_the_same_route_are_verified_as_ever(server: Any) -> None:
    with server({}) as url, httpx.Client(base_url=url, timeout=20) as client:
        for content in ({"type": "event_callback"}, {"type": "event_callback", "pad": "x" * 20_000}):
            event = from_slack(content)
            answer = client.post("/hooks/work", **event)
            assert (answer.status_code, answer.content) == (200, event["content"])
            assert client.post("/hooks/work", **event).json()["code"] == "REPLAYED_REQUEST"
            event["content"] += b" "
            assert client.post("/hooks/work", **event).json()["code"] == "INVALID_SIGNATURE"
        for body in (b"", b"short", bytes(100_000)):
            answer = client.post("/hooks/work", content=body, auth=Auth(signer()))
            assert (answer.status_code, answer.content) == (200, body)

        def pieces() -> Iterator[bytes]:
            for _ in range(5):
                yield bytes(7_000)

        if server is not plain_wsgi:
            # A plain WSGI server gives a chunked body no length.
            answer = client.post("/hooks/work", content=pieces(), auth=Auth(signer()))
            assert (answer.status_code, len(answer.content)) == (200, 35_000)
        long = from_slack({"type": "url_verification", "challenge": CHALLENGE, "pad": "x" * 20_000})
        assert client.post("/hooks/work", **long).content == long["content"]
        assert client.post("/hooks/work", content=b"{}").json()["code"] == "AUTHENTICATION_REQUIRED"
        assert client.get("/open").status_code == 200


@pytest.mark.parametrize("server", [server for server in SERVERS if server is not of_fastapi_alone])
def test_what_claims_nothing_keeps_its_body_on_an_optional_route(server: Any) -> None:
    with server({}) as url, httpx.Client(base_url=url, timeout=20) as client:
        for body in (b"", b"short", bytes(100_000)):
            answer = client.post("/hooks/maybe", content=body)
            assert (answer.status_code, answer.content) == (200, body)
        question = from_slack({"type": "url_verification", "challenge": CHALLENGE})
        assert client.post("/hooks/maybe", **question).text == CHALLENGE


def test_fastapi_needs_nothing_installed_to_answer() -> None:
    with serve(fastapi_app({}, install=False)) as url, httpx.Client(base_url=url, timeout=20) as client:
        question = {"type": "url_verification", "challenge": CHALLENGE}
        answer = client.post("/hooks/work", **from_slack(question))
        assert (answer.status_code, answer.text) == (200, CHALLENGE)
        forged = client.post("/hooks/work", **from_slack(question, secret="0" * 32))
        assert (forged.status_code, forged.json()["detail"]["code"]) == (401, "INVALID_SIGNATURE")
