"""A token endpoint and its clients over HTTP, from a key that only the issuer knows to the route that a token opens."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from aiohttp import ClientSession
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import FastAPI, Request, Response

import wiresign
import wiresign.aiohttp
from origin import Answer, origin, redirects
from support import ENV, NOW, serve
from wiresign.asgi import Middleware
from wiresign.httpx import TokenAuth
from wiresign.requests import TokenAuth as RequestsTokenAuth
from wiresign.tokens import AsyncTokenSource, TokenError, TokenSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from origin import Origin

PRIVATE = Ed25519PrivateKey.generate()
PRIVATE_PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC_PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
API_KEY = "k-8c1d7e5f3a2b4c6d8e9f0a1b2c3d4e5f"
ISSUER = "https://identity.internal"
PERMISSIONS = ["POST /token", "GET /invoices/**", "POST /invoices"]
SECRETS = ENV | {"API_KEY": API_KEY}


def identity(**jwt: Any) -> wiresign.Config:
    """Give the config of the service that has the endpoint."""
    rights = {"allowed_targets": ["identity", "orders"], "permissions": PERMISSIONS}
    document = {
        "service": "identity",
        "accept": ["service-hmac-v2", "api-key"],
        "services": {
            "identity": {"keys": [{"id": "2026", "algorithm": "ed25519", "private_key": f"literal:{PRIVATE_PEM}"}]},
            "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], **rights},
            "shop": {"api_keys": [{"secret": "env:API_KEY"}], **rights},
        },
        "jwt": {"issue": {"issuer": ISSUER}, **jwt},
    }
    return wiresign.Config.parse(document, env=SECRETS)


def orders() -> wiresign.Verifier:
    """Give the verifier of the resource service, which has no secret of its callers."""
    key = {"id": "2026", "algorithm": "ed25519", "public_key": f"literal:{PUBLIC_PEM}"}
    issuer = {"keys": [key], "type": "at+jwt", "permissions_claim": "permissions", "tenant_claim": "tenant"}
    document = {
        "service": "orders",
        "accept": ["jwt"],
        "services": {"billing": {}, "shop": {}},
        "jwt": {"issuers": {ISSUER: issuer}, "leeway": 0},
    }
    return wiresign.Verifier(wiresign.Config.parse(document))


def signer(service: str = "billing", **members: Any) -> wiresign.Signer:
    """Give what proves who asks: a key of HMAC, or an API key."""
    own: dict[str, Any] = {"keys": [{"secret": "env:BILLING_SECRET"}]} if service == "billing" else {}
    called = {} if service == "billing" else {"call_with": "env:API_KEY"}
    if service == "shop":
        members |= {"sign_with": "api-key"}
    document = {"service": service, "services": {service: own, "identity": called}, **members}
    return wiresign.Signer(wiresign.Config.parse(document, env=SECRETS), "identity")


class Endpoint:
    """The service `identity`, as FastAPI serves it."""

    def __init__(self, **jwt: Any) -> None:
        config = identity(**jwt)
        self.issuer = wiresign.TokenIssuer(config)
        self.asked = 0
        self.fault: Response | None = None
        self.delay = 0.0
        self.is_open = threading.Event()
        self.is_open.set()
        app = FastAPI()

        @app.post("/token")
        async def token(request: Request) -> Response:
            self.asked += 1
            await asyncio.sleep(self.delay)
            await asyncio.to_thread(self.is_open.wait)
            if self.fault is not None:
                return self.fault
            caller = request.state.wiresign.service
            answer = self.issuer.answer(caller, await request.body(), tenant="acme")
            return Response(answer.body, answer.status, dict(answer.headers))

        self.app = Middleware(app, wiresign.Verifier(config))


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint()


@pytest.fixture
def token_url(endpoint: Endpoint) -> Iterator[str]:
    with serve(endpoint.app) as url:
        yield f"{url}/token"


@pytest.fixture(scope="module")
def resource() -> Iterator[str]:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def any_path(request: Request) -> dict[str, object]:
        caller = request.state.wiresign
        return {"service": caller.service, "tenant": caller.tenant, "scheme": caller.scheme}

    with serve(Middleware(app, orders())) as url:
        yield url


def claims(token: str) -> Any:
    verified = orders().verify("GET", "/invoices/7", {"authorization": f"Bearer {token}"})
    return verified.claims


@pytest.mark.parametrize("service", ["billing", "shop"])
def test_a_key_becomes_a_token_that_opens_routes(token_url: str, resource: str, service: str) -> None:
    with (
        TokenSource(signer(service), token_url, "orders") as source,
        httpx.Client(base_url=resource, auth=TokenAuth(source, resource)) as client,
        requests.Session() as session,
    ):
        expected = {"service": service, "tenant": "acme", "scheme": "jwt"}
        assert client.get("/invoices/7").json() == expected
        assert client.post("/invoices", json={}).json() == expected
        assert client.get("/other").json()["code"] == "PERMISSION_DENIED"
        session.auth = RequestsTokenAuth(source, resource)
        assert session.get(f"{resource}/invoices/7").json() == expected
        assert httpx.get(f"{resource}/invoices/7").json()["code"] == "AUTHENTICATION_REQUIRED"
        said = claims(source.token())
    assert (said["iss"], said["sub"], said["aud"]) == (ISSUER, service, "orders")
    assert said["permissions"] == PERMISSIONS


def test_the_same_without_blocking(endpoint: Endpoint, token_url: str, resource: str) -> None:
    async def run() -> None:
        async with (
            AsyncTokenSource(signer(), token_url, "orders", scope="GET /invoices/7") as source,
            httpx.AsyncClient(base_url=resource, auth=TokenAuth(source, resource)) as client,
        ):
            answers = await asyncio.gather(*(client.get("/invoices/7") for _ in range(20)))
            assert {answer.json()["service"] for answer in answers} == {"billing"}
            assert (await client.get("/invoices/8")).json()["code"] == "PERMISSION_DENIED"

    asyncio.run(run())
    assert endpoint.asked == 1


def test_aiohttp_sends_tokens_to_their_service_only(endpoint: Endpoint, token_url: str, resource: str) -> None:
    async def run(other: str, third: str) -> None:
        async with AsyncTokenSource(signer(), token_url, "orders") as source:
            async with ClientSession(resource, middlewares=[wiresign.aiohttp.TokenAuth(source, resource)]) as session:
                async with session.get("/invoices/7") as answer:
                    assert (await answer.json())["service"] == "billing"
                async with session.get("/other") as answer:
                    assert (await answer.json())["code"] == "PERMISSION_DENIED"
                async with session.get(other) as answer:
                    await answer.read()
            async with (
                ClientSession(middlewares=[wiresign.aiohttp.TokenAuth(source, other)]) as session,
                session.get(f"{other}/out") as answer,
            ):
                assert str(answer.url.origin()) == third
        async with (
            AsyncTokenSource(signer(), token_url, "payroll") as source,
            ClientSession(middlewares=[wiresign.aiohttp.TokenAuth(source, other)]) as session,
        ):
            with pytest.raises(TokenError):
                await session.get(other)

    with origin() as other, origin() as third:
        other.behave = redirects({"/out": (307, third.url)})
        asyncio.run(run(other.url, third.url))
        assert [seen.header("authorization") is not None for seen in other.seen] == [False, True]
        assert [seen.header("authorization") for seen in third.seen] == [None]
    assert endpoint.asked == 2
    blocking: Any = TokenSource(signer(), token_url, "orders")
    with blocking, pytest.raises(TypeError, match="block"):
        wiresign.aiohttp.TokenAuth(blocking, resource)


def test_a_token_goes_to_its_service_only(token_url: str, resource: str) -> None:
    with TokenSource(signer(), token_url, "orders") as source, origin() as other, origin() as third:
        with httpx.Client(auth=TokenAuth(source, resource), follow_redirects=True) as client:
            client.get(other.url)
        with requests.Session() as session:
            session.auth = RequestsTokenAuth(source, resource)
            session.get(other.url)
        # A redirect out of the service takes nothing along.
        other.behave = redirects({"/out": (307, third.url)})
        with httpx.Client(auth=TokenAuth(source, other.url), follow_redirects=True) as client:
            client.get(f"{other.url}/out")
        with requests.Session() as session:
            session.auth = RequestsTokenAuth(source, other.url)
            session.get(f"{other.url}/out")
    assert [seen.header("authorization") is not None for seen in other.seen] == [False, False, True, True]
    assert [seen.header("authorization") for seen in third.seen] == [None, None]


def error_of(source: TokenSource) -> TokenError:
    with source, pytest.raises(TokenError) as caught:
        source.token()
    return caught.value


@pytest.mark.parametrize(
    ("options", "status", "error"),
    [
        ({"audience": "payroll"}, 400, "invalid_target"),
        ({"scope": "DELETE /**"}, 400, "invalid_scope"),
        ({"signer": "wrong key"}, 401, "INVALID_SIGNATURE"),
        ({"signer": "another scheme"}, 401, "SCHEME_NOT_ACCEPTED"),
    ],
)
def test_who_may_not_have_a_token_gets_none(token_url: str, options: Any, status: int, error: str) -> None:
    by = signer()
    if options.pop("signer", None) == "wrong key":
        document = {"service": "billing", "services": {"billing": {"keys": [{"secret": "env:SHOP_SECRET"}]}}}
        by = wiresign.Signer(wiresign.Config.parse(document, env=ENV), "identity")
    elif error == "SCHEME_NOT_ACCEPTED":
        by = signer(sign_with="service-hmac")
    failure = error_of(TokenSource(by, token_url, **({"audience": "orders"} | options)))
    assert (failure.status, failure.error) == (status, error)
    assert error in str(failure)


def test_nothing_is_sent_where_there_is_no_token(token_url: str) -> None:
    with TokenSource(signer(), token_url, "payroll") as source, origin() as other:
        with httpx.Client(auth=TokenAuth(source, other.url)) as client, pytest.raises(TokenError):
            client.get(other.url)
        with requests.Session() as session, pytest.raises(TokenError):
            session.get(other.url, auth=RequestsTokenAuth(source, other.url))
    assert other.seen == []


def test_several_threads_ask_once(endpoint: Endpoint, token_url: str) -> None:
    endpoint.delay = 0.2
    tokens: list[str] = []
    with TokenSource(signer(), token_url, "orders") as source:
        threads = [threading.Thread(target=lambda: tokens.append(source.token())) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert (len(tokens), len(set(tokens)), endpoint.asked) == (20, 1, 1)


def held_by(source: Any, **times: float) -> Any:
    """Give what a source holds, with these of its times changed: a machine that is busy keeps none."""
    assert source._held
    source._held = source._held._replace(**times)
    return source._held


def test_the_next_token_comes_before_the_last_has_ended() -> None:
    endpoint = Endpoint(lifetime=300)
    with serve(endpoint.app) as url, TokenSource(signer(), f"{url}/token", "orders") as source:
        tokens = set()
        for turn in range(1, 5):
            began = time.monotonic()
            tokens.add(source.token())
            ended = time.monotonic()
            assert source.token() in tokens
            assert len(tokens) == endpoint.asked == turn
            # A tenth to a fifth of the life is left when the next one comes, and a second for the clock.
            held = held_by(source)
            assert claims(held.text)["exp"] - claims(held.text)["iat"] == 300
            assert began + 299 <= held.ends <= ended + 299
            assert 29.9 <= held.ends - held.renew <= 59.8
            held_by(source, renew=time.monotonic())


def test_while_one_renews_the_others_go_on() -> None:
    endpoint = Endpoint(lifetime=300)
    with serve(endpoint.app) as url, TokenSource(signer(), f"{url}/token", "orders") as source:
        first = source.token()
        held_by(source, renew=time.monotonic())
        endpoint.is_open.clear()
        renewing = threading.Thread(target=source.token)
        renewing.start()
        deadline = time.monotonic() + 60
        while endpoint.asked < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for _ in range(20):
            assert source.token() == first
        assert renewing.is_alive()
        endpoint.is_open.set()
        renewing.join(60)
        assert source.token() != first
    assert endpoint.asked == 2


def test_a_renewal_that_fails_leaves_the_token_until_it_ends() -> None:
    endpoint = Endpoint(lifetime=300)
    with serve(endpoint.app) as url, TokenSource(signer(), f"{url}/token", "orders") as source:
        first = source.token()
        held_by(source, renew=time.monotonic())
        endpoint.fault = Response(b"", 503)
        # Between two attempts lies a pause: the next one comes when that is over.
        for attempts in (1, 2):
            began = time.monotonic()
            assert source.token() == first
            assert began <= source._failed_at <= time.monotonic()
            source._failed_at += 3600
            for _ in range(50):
                assert source.token() == first
            assert endpoint.asked == 1 + attempts
            source._failed_at = -math.inf
        held_by(source, ends=time.monotonic())
        with pytest.raises(TokenError) as caught:
            source.token()
        assert caught.value.status == 503
        source._failed_at += 3600
        for _ in range(50):
            with pytest.raises(TokenError):
                source.token()
        assert endpoint.asked == 4
        # After the pause of a second it is asked again.
        endpoint.fault = None
        source._failed_at -= 3600
        time.sleep(1.1)
        assert source.token() != first


def test_the_async_source_renews_and_fails_alike() -> None:
    endpoint = Endpoint(lifetime=300)

    async def run(url: str) -> None:
        async with AsyncTokenSource(signer(), f"{url}/token", "orders") as source:
            first = await source.token()
            held_by(source, renew=time.monotonic())
            endpoint.delay = 0.3
            tokens = await asyncio.gather(*(source.token() for _ in range(20)))
            assert sorted(tokens.count(token) for token in set(tokens)) == [1, 19]
            assert endpoint.asked == 2
            endpoint.delay, endpoint.fault = 0, Response(b"", 503)
            second = held_by(source, renew=time.monotonic()).text
            assert await source.token() == second != first
            held_by(source, ends=time.monotonic())
            # It has failed just now, so nobody asks again for a while.
            source._failed_at += 3600
            outcomes = await asyncio.gather(*(source.token() for _ in range(20)), return_exceptions=True)
            assert all(isinstance(outcome, TokenError) for outcome in outcomes)
            assert endpoint.asked == 3

    with serve(endpoint.app) as url:
        asyncio.run(run(url))


@pytest.fixture
def broken() -> Iterator[Origin]:
    with origin() as server:
        yield server


GOOD = {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 300}


def answering(**members: Any) -> Answer:
    content = {name: value for name, value in (GOOD | members).items() if value is not None}
    return Answer(body=json.dumps(content).encode())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(302, b"", {"location": "/token"}),
        Answer(500, b"oops"),
        Answer(body=b"[]"),
        Answer(body=b"\xff"),
        Answer(body=b"[" * 60_000),
        Answer(drop=True),
        answering(pad="x" * 65_536),
        answering(access_token=None),
        answering(access_token="a b"),
        answering(access_token="a\r\nX-Other: 1"),
        answering(access_token=""),
        answering(token_type="mac"),
        answering(expires_in=None),
        answering(expires_in="300"),
        answering(expires_in=True),
        answering(expires_in=0),
        answering(expires_in=10**9),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[-60:]!r}",
)
def test_an_endpoint_that_answers_nonsense_gives_no_token(broken: Origin, answer: Answer) -> None:
    broken.script(answer)
    assert str(error_of(TokenSource(signer(), f"{broken.url}/token", "orders")))
    assert len(broken.seen) == 1
    broken.script(answering())
    with TokenSource(signer(), f"{broken.url}/token", "orders") as source:
        assert source.token() == "a.b.c"
        assert "a.b.c" not in repr(source)


def test_sources_and_clients_that_do_not_go_together(token_url: str) -> None:
    async def run() -> None:
        async with AsyncTokenSource(signer(), token_url, "orders") as source:
            with pytest.raises(TypeError, match="async"):
                next(TokenAuth(source, token_url).sync_auth_flow(httpx.Request("GET", token_url)))
        with TokenSource(signer(), token_url, "orders") as blocking:
            async with httpx.AsyncClient(auth=TokenAuth(blocking, token_url)) as asynchronous:
                with pytest.raises(TypeError, match="block"):
                    await asynchronous.get(token_url)

    asyncio.run(run())


def test_an_issuer_takes_another_config() -> None:
    issuer = wiresign.TokenIssuer(identity(lifetime=60))
    issuer.replace(identity(lifetime=30))
    assert issuer.issue("billing", "orders").lifetime == 30
    with pytest.raises(wiresign.SigningError):
        issuer.replace(wiresign.Config.parse({"service": "a", "services": {"a": {}}}))
    assert issuer.issue("billing", "orders").lifetime == 30


def test_the_issuer_by_itself() -> None:
    issuer = wiresign.TokenIssuer(identity(lifetime=60))
    token = issuer.issue("billing", "orders", permissions=["GET /invoices/7"], tenant="acme", lifetime=30, now=NOW)
    assert (token.expires, token.lifetime, token.permissions) == (NOW + 30, 30, ("GET /invoices/7",))
    assert token.text not in repr(token)
    refused: list[Callable[[], object]] = [
        lambda: issuer.issue("nobody", "orders"),
        lambda: issuer.issue("billing", "payroll"),
        lambda: issuer.issue("billing", "orders", lifetime=61),
        lambda: issuer.issue("billing", "orders", permissions=["/**"]),
        lambda: issuer.issue("billing", "orders", id="short"),
        lambda: issuer.answer("billing", b"grant_type=client_credentials&audience=orders", tenant=""),
        lambda: wiresign.TokenIssuer(wiresign.Config.parse({"service": "a", "services": {"a": {}}})),
    ]
    for act in refused:
        with pytest.raises(wiresign.SigningError):
            act()
    text: Any = "GET /invoices/7"
    with pytest.raises(TypeError):
        issuer.issue("billing", "orders", permissions=text)
    with pytest.raises(TypeError):
        issuer.answer("billing", text)
    nobody = issuer.answer(None, b"grant_type=client_credentials&audience=orders")
    assert (nobody.status, json.loads(nobody.body)["error"]) == (401, "invalid_client")
    assert ("Cache-Control", "no-store") in nobody.headers
