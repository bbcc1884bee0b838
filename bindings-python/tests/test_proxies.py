from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiohttp import web

import wiresign.aiohttp
import wiresign.wsgi
from servers import aiohttp_server, free_port, nginx, werkzeug_server
from support import ENV, Asgi, Recorder, body_messages, http_scope, serve, verifier
from wiresign.asgi import Decision, Middleware
from wiresign.httpx import Auth
from wiresign.proxies import TrustedProxies, host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

INSIDE = "10.1.2.3"
OUTSIDE = "203.0.113.9"


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode()) for value in values]


@pytest.mark.parametrize(
    ("peer", "values", "client"),
    [
        (INSIDE, ["198.51.100.7"], "198.51.100.7"),
        (INSIDE, ["198.51.100.7, 10.9.9.9"], "198.51.100.7"),
        (INSIDE, ["198.51.100.7", "10.9.9.9"], "198.51.100.7"),
        (INSIDE, ["1.1.1.1, 198.51.100.7"], "198.51.100.7"),
        (INSIDE, ["2001:db8::7"], "2001:db8::7"),
        (INSIDE, [], INSIDE),
        (INSIDE, ["10.9.9.9"], None),
        (INSIDE, ["unknown"], None),
        (INSIDE, ["198.51.100.7, unknown, 10.9.9.9"], None),
        (INSIDE, ["198.51.100.7:1234"], None),
        (INSIDE, [""], None),
        (INSIDE, ["198.51.100.7, ::ffff:10.9.9.9"], "198.51.100.7"),
        (f"::ffff:{INSIDE}", ["198.51.100.7"], "198.51.100.7"),
        ("198.19.255.255", ["198.51.100.7"], "198.51.100.7"),
        ("198.20.0.0", ["198.51.100.7"], "198.20.0.0"),
        (OUTSIDE, ["198.51.100.7"], OUTSIDE),
        (OUTSIDE, ["unknown"], OUTSIDE),
        (None, ["198.51.100.7"], None),
        ("/run/app.sock", ["198.51.100.7"], "/run/app.sock"),
    ],
)
def test_only_trusted_proxies_name_the_client(peer: str | None, values: list[str], client: str | None) -> None:
    proxies = TrustedProxies(["10.0.0.0/8", "fd00::/8", "::ffff:198.18.0.0/111"])
    assert proxies.client(peer, forwarded(*values)) == client


def test_a_list_without_end_names_nobody() -> None:
    proxies = TrustedProxies(["10.0.0.0/8"])
    for hops, client in ((31, "198.51.100.7"), (32, None)):
        entries = ["198.51.100.7", *["10.9.9.9"] * hops]
        assert proxies.client(INSIDE, forwarded(", ".join(entries))) == client
        assert proxies.client(INSIDE, forwarded(*entries)) == client


def test_the_headers_are_those_of_the_config() -> None:
    proxies = TrustedProxies(["10.0.0.0/8"], client_header="CF-Connecting-IP", authority_header="X-Forwarded-Host")
    headers = [(b"host", b"inner"), (b"cf-connecting-ip", b"198.51.100.7"), (b"x-forwarded-for", b"1.1.1.1")]
    assert proxies.client(INSIDE, headers) == "198.51.100.7"
    assert proxies.authority(INSIDE, headers) == b"inner"
    named = [*headers, (b"x-forwarded-host", b"outer")]
    assert proxies.authority(INSIDE, named) == b"outer"
    assert proxies.authority(OUTSIDE, named) == b"inner"
    assert proxies.authority(INSIDE, [*named, (b"x-forwarded-host", b"other")]) is None
    assert proxies.authority(INSIDE, [(b"x-forwarded-host", b"a, b")]) is None
    assert TrustedProxies(["10.0.0.0/8"], client_header=None).client(INSIDE, headers) == INSIDE
    assert TrustedProxies(["10.0.0.0/8"]).authority(INSIDE, named) == b"inner"


def test_the_audit_record_has_the_client() -> None:
    headers = [(b"x-forwarded-for", b"203.0.113.9, 198.51.100.7")]
    decisions: list[Decision] = []
    for proxies in (None, TrustedProxies(["10.0.0.0/8"])):
        middleware = Middleware(Recorder(), verifier(), on_decision=decisions.append, proxies=proxies)
        Asgi(middleware, http_scope(headers=headers, client=(INSIDE, 1)), *body_messages(b""))
    assert [decision.client for decision in decisions] == [INSIDE, "198.51.100.7"]
    assert decisions[1].fields()["client"] == "198.51.100.7"


def test_a_host_that_is_there_twice_is_none() -> None:
    assert host([(b"host", b"a"), (b"host", b"b")]) is None
    assert host([]) is None


def test_proxies_have_networks() -> None:
    with pytest.raises(ValueError, match="at least one"):
        TrustedProxies([])
    with pytest.raises(ValueError, match="host bits"):
        TrustedProxies(["10.0.0.1/8"])


def test_the_verifier_gets_what_the_proxies_say(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []
    judge = verifier()

    class Watched:
        _config = judge._config

        def _begin_direct(self, *arguments: Any) -> Any:
            seen.append({"client": arguments[3]})
            return judge._begin_direct(*arguments)

        def begin(self, *arguments: Any, **options: Any) -> Any:
            seen.append(options)
            return judge.begin(*arguments, **options)

        def handshakes_at(self, *arguments: Any) -> list[str]:
            return judge.handshakes_at(*arguments)

    headers = [(b"host", b"inner"), (b"x-forwarded-for", b"198.51.100.7"), (b"x-forwarded-host", b"outer")]
    scope = http_scope(headers=headers, client=(INSIDE, 1))
    proxies = TrustedProxies(["10.0.0.0/8"], authority_header="X-Forwarded-Host")
    for options in ({}, {"proxies": proxies}):
        Asgi(Middleware(Recorder(), Watched(), **options), scope, *body_messages(b""))  # type: ignore[arg-type]
    # Without proxies nobody but Host says what was called, and the extension reads that by itself.
    assert seen == [{"client": INSIDE}, {"authority": b"outer", "client": "198.51.100.7"}]


def signing_the_host(service: str, scheme: str) -> wiresign.Config:
    """Give the config of a service that signs and accepts by a scheme that covers the authority."""
    billing = {
        "keys": [{"secret": "env:BILLING_SECRET"}],
        "aws_keys": [{"id": "AKIAIOSFODNN7EXAMPLE", "secret": "literal:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}],
        "allowed_targets": ["orders"],
    }
    document = {
        "service": service,
        "accept": [scheme],
        "sign_with": scheme,
        "aws_sigv4": {"region": "eu-central-1", "service": "execute-api"},
        "services": {"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]}, "billing": billing},
    }
    return wiresign.Config.parse(document, env=ENV)


def asgi_host(judge: wiresign.Verifier, options: Any) -> AbstractContextManager[str]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": dict(scope["headers"])[b"host"]})

    return serve(Middleware(app, judge, **options), lifespan="off", proxy_headers=False)


def wsgi_host(judge: wiresign.Verifier, options: Any) -> AbstractContextManager[str]:
    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [environ["HTTP_HOST"].encode()]

    return werkzeug_server(wiresign.wsgi.Middleware(app, judge, **options))


def aiohttp_host(judge: wiresign.Verifier, options: Any) -> AbstractContextManager[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=request.headers["host"])

    app = web.Application(middlewares=[wiresign.aiohttp.middleware(judge, **options)])
    app.router.add_route("*", "/{path:.*}", answer)
    return aiohttp_server(app)


@pytest.mark.parametrize("start", [asgi_host, wsgi_host, aiohttp_host])
@pytest.mark.parametrize("scheme", ["rfc9421", "aws-sigv4"])
def test_behind_nginx_a_signature_is_for_the_host_that_was_called(start: Callable[..., Any], scheme: str) -> None:
    signer = wiresign.Signer(signing_the_host("billing", scheme), "orders")
    port = free_port()
    called, other = f"127.0.0.1:{port}", f"localhost:{port}"
    proxies = TrustedProxies(["127.0.0.0/8"], authority_header="X-Forwarded-Host")
    rules: list[tuple[dict[str, Any], dict[str, int]]] = [
        ({}, {called: 401, other: 401}),
        ({"authority": called}, {called: 200, other: 401}),
        ({"authority": called, "proxies": proxies}, {called: 200, other: 401}),
        ({"proxies": proxies}, {called: 200, other: 200}),
    ]
    for options, expected in rules:
        judge = wiresign.Verifier(signing_the_host("orders", scheme))
        with start(judge, options) as upstream, nginx(port, upstream), httpx.Client(auth=Auth(signer)) as client:
            found = {name: client.post(f"http://{name}/a?b=c", content=b"{}") for name in expected}
            assert {name: answer.status_code for name, answer in found.items()} == expected, options
            # The application sees what the proxy wrote.
            served = [answer.text for answer in found.values() if answer.status_code == 200]
            assert set(served) <= {upstream.removeprefix("http://")}


def test_nothing_is_judged_by_a_host_where_proxies_name_two() -> None:
    judge = signing_the_host("orders", "rfc9421")
    signer = wiresign.Signer(signing_the_host("billing", "rfc9421"), "orders")
    proxies = TrustedProxies(["10.0.0.0/8"], authority_header="X-Forwarded-Host")
    app = Recorder()
    for named, status in ([b"outer"], 200), ([b"outer", b"inner"], 401), ([b"outer, inner"], 401), ([], 401):
        signed = signer.sign("POST", "/a", [("Host", "outer")], b"")
        headers = [(b"host", b"inner"), *((name.lower().encode(), value.encode()) for name, value in signed)]
        headers += [(b"x-forwarded-host", name) for name in named]
        middleware = Middleware(app, wiresign.Verifier(judge), proxies=proxies)
        run = Asgi(middleware, http_scope("POST", "/a", headers, client=(INSIDE, 1)), *body_messages(b""))
        assert run.status == status, named
    assert [scope["headers"][0] for scope in app.scopes] == [(b"host", b"inner")]


@pytest.mark.parametrize("rules", [None, TrustedProxies(["10.0.0.0/8"])])
def test_a_request_is_judged_by_the_one_host_that_it_has(rules: TrustedProxies | None) -> None:
    signer = wiresign.Signer(signing_the_host("billing", "rfc9421"), "orders")
    app = Recorder()
    for hosts, status in (
        ([b"outer"], 200),
        ([b"inner"], 401),
        ([b"outer", b"outer"], 400),
        ([b"outer", b"inner"], 400),
        ([], 401),
    ):
        signed = signer.sign("POST", "/a", [("Host", "outer")], b"")
        headers = [(b"host", host) for host in hosts]
        headers += [(name.lower().encode(), value.encode()) for name, value in signed]
        middleware = Middleware(app, wiresign.Verifier(signing_the_host("orders", "rfc9421")), proxies=rules)
        run = Asgi(middleware, http_scope("POST", "/a", headers, client=(OUTSIDE, 1)), *body_messages(b""))
        assert run.status == status, hosts
