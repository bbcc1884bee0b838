"""The middleware, driven by hand: what it reads, what it answers, what it hands on."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

import wiresign
from support import ENV, Asgi, Recorder, body_messages, http_scope, signed, verifier
from wiresign.asgi import Decision, Middleware

GONE = {"type": "http.disconnect"}
PUBLIC = [{"match": "GET /health", "public": True}]


def test_the_application_gets_exactly_the_verified_body_once_and_then_the_disconnect() -> None:
    bodies = [(b"",), (b"{}",), (b"{", b"}"), (b"", b"a", b"", b"b", b""), (b"x" * 20_000, b"y" * 70_000, b"z")]
    for chunks in bodies:
        app = Recorder()
        seen: list[Any] = []

        async def reading(scope: Any, receive: Any, send: Any, app: Recorder = app, seen: Any = seen) -> None:
            await app(scope, receive, send)
            seen.append(await receive())

        body = b"".join(chunks)
        scope = http_scope(headers=signed(body=body))
        run = Asgi(Middleware(reading, verifier=verifier()), scope, *body_messages(*chunks), GONE)
        assert app.bodies == [body]
        assert seen == [GONE]
        assert run.status == 200
        assert run.body == body
        assert run.received == len(chunks) + 1


def test_the_caller_is_attached() -> None:
    app = Recorder()
    judge = verifier()
    state: dict[str, Any] = {"pool": "of the lifespan"}
    Asgi(Middleware(app, verifier=judge), http_scope(headers=signed(), state=state), *body_messages(b""))
    caller = app.scopes[0]["wiresign"]
    assert isinstance(caller, wiresign.Verified)
    assert caller.service == "billing"
    assert app.scopes[0]["state"] == {"pool": "of the lifespan", "wiresign": caller}


def test_an_early_refusal_reads_nothing() -> None:
    app = Recorder()
    run = Asgi(Middleware(app, verifier=verifier()), http_scope(headers=[]))
    assert run.received == 0
    assert run.status == 401
    assert app.scopes == []


def test_the_answer_is_exactly_the_response_of_the_refusal() -> None:
    for reveal in ("code", "uniform"):
        app = Recorder()
        headers = signed(body=b"{}")
        run = Asgi(
            Middleware(app, verifier=verifier(reveal=reveal)), http_scope(headers=headers), *body_messages(b"{ }")
        )
        with pytest.raises(wiresign.Refusal) as caught:
            verifier(reveal=reveal).verify("POST", "/invoices?draft=1", headers, b"{ }")
        response = caught.value.response
        assert run.sent == [
            {
                "type": "http.response.start",
                "status": response.status,
                "headers": [(name.encode(), value.encode()) for name, value in response.headers],
            },
            {"type": "http.response.body", "body": response.body, "more_body": False},
        ]
        assert app.scopes == []


def test_a_declared_length_over_the_limit_is_refused_before_a_byte_is_read() -> None:
    for length in (b"11", b"9999999999999999999", b"9" * 5000):
        app = Recorder()
        headers = [*signed(body=b"x" * 11), (b"content-length", length)]
        run = Asgi(Middleware(app, verifier=verifier(limits={"body_bytes": 10})), http_scope(headers=headers))
        assert run.received == 0
        assert run.status == 413
        assert json.loads(run.body)["code"] == "BODY_TOO_LARGE"
        assert app.scopes == []


def test_a_body_that_grows_over_the_limit_is_read_no_further() -> None:
    for headers in (signed(body=b"x" * 100), [*signed(body=b"x" * 100), (b"content-length", b"5")]):
        app = Recorder()
        run = Asgi(
            Middleware(app, verifier=verifier(limits={"body_bytes": 10})),
            http_scope(headers=headers),
            *body_messages(b"x" * 5, b"x" * 5, b"x", b"x" * 89),
        )
        assert run.received == 3
        assert run.status == 413
        assert app.scopes == []


def test_a_body_at_the_limit_passes() -> None:
    app = Recorder()
    headers = [*signed(body=b"x" * 10), (b"content-length", b"10")]
    Asgi(
        Middleware(app, verifier=verifier(limits={"body_bytes": 10})),
        http_scope(headers=headers),
        *body_messages(b"x" * 10),
    )
    assert app.bodies == [b"x" * 10]


def test_a_client_that_leaves_reaches_nobody() -> None:
    app = Recorder()
    run = Asgi(
        Middleware(app, verifier=verifier()),
        http_scope(headers=signed(body=b"ab")),
        {"type": "http.request", "body": b"a", "more_body": True},
        GONE,
    )
    assert run.sent == []
    assert app.scopes == []


def test_public_routes_are_not_buffered() -> None:
    order = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        order.append("app")
        assert scope["wiresign"].is_public
        while (await receive()).get("more_body"):
            order.append("chunk")
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    huge = [(b"content-length", b"99999999999"), (b"x-signature", b"ignored")]
    judge = verifier(routes=PUBLIC, limits={"body_bytes": 1})
    run = Asgi(Middleware(app, verifier=judge), http_scope("GET", "/health", huge), *body_messages(b"aa", b"bb"))
    assert order == ["app", "chunk"]
    assert run.status == 204


def test_the_raw_target_is_judged_and_no_decoded_path() -> None:
    for raw in ("/a%20b", "/%C3%A9", "/a;b=c,d", "/a?b=%2F&c=+", "/a??", "/a?b?c", "/api/v1/x?q=1"):
        app = Recorder()
        scope = http_scope(target=raw, headers=signed(target=raw), path="/something/else", root_path="/api")
        run = Asgi(Middleware(app, verifier=verifier()), scope, *body_messages(b""))
        assert run.status == 200, raw


def test_a_server_without_raw_path_gets_refusals() -> None:
    for members in ({"raw_path": None}, {}):
        scope = http_scope(headers=signed())
        del scope["raw_path"]
        scope |= members
        run = Asgi(Middleware(Recorder(), verifier=verifier(routes=[{"match": "/**", "public": True}])), scope)
        assert run.status == 400


def test_a_result_from_outside_does_not_survive() -> None:
    app = Recorder()
    scope = http_scope("GET", "/health", wiresign="forged", state={"wiresign": "forged"})
    Asgi(Middleware(app, verifier=verifier(routes=PUBLIC)), scope, *body_messages(b""))
    assert app.scopes[0]["wiresign"].is_public
    assert app.scopes[0]["state"]["wiresign"].is_public


def test_repeated_and_joined_credentials_are_refused() -> None:
    headers = signed()
    for name, value in headers:
        for second in [(name, value), (name.upper(), value), (name, b"")]:
            run = Asgi(Middleware(Recorder(), verifier=verifier()), http_scope(headers=[*headers, second]))
            assert run.status == 400
            assert json.loads(run.body)["code"] == "DUPLICATE_HEADER"


def test_other_spellings_of_identity_headers_prove_nothing() -> None:
    app = Recorder()
    odd = [(b"x_service_id", b"billing"), (b"x-service_name", b"billing"), (b"x_user-id", b"a"), (b"x_other", b"kept")]
    proven = signed()
    middleware = Middleware(app, verifier=verifier(), identity_headers=["X-User-ID"])
    Asgi(middleware, http_scope(headers=[*proven, *odd]), *body_messages(b""))
    assert app.scopes[0]["headers"] == [*proven, (b"x_other", b"kept")]


def test_a_name_of_many_parts_is_known_in_every_spelling() -> None:
    app = Recorder()
    name = b"x" + b"-part" * 60
    proven = signed()
    odd = [(spelling, b"root") for spelling in (name, name.replace(b"-", b"_"), name.replace(b"-", b"_", 7))]
    for option in (name, name.replace(b"-", b"_")):
        middleware = Middleware(app, verifier=verifier(), identity_headers=[option.decode()])
        Asgi(middleware, http_scope(headers=[*signed(), *odd]), *body_messages(b""))
    assert [len(scope["headers"]) for scope in app.scopes] == [len(proven), len(proven)]


def test_two_middlewares_take_out_what_each_of_them_names() -> None:
    # What stands between the two may take out headers as well, and a stranger's header must bring none of them back.
    class Between:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            headers = [(name, value) for name, value in scope["headers"] if name != b"x-internal"]
            await self.app({**scope, "headers": headers}, receive, send)

    forged = [(b"x-user", b"root"), (b"x-tenant", b"all"), (b"x-internal", b"1"), (b"accept", b"*/*")]
    for odd in ([], [(b"x_service_id", b"a")]):
        for names in (["X-User"], ["X-Tenant"]):
            app = Recorder()
            others = [name for name in ("X-User", "X-Tenant") if name not in names]
            inner = Middleware(app, verifier=verifier(routes=PUBLIC), identity_headers=others)
            outer = Middleware(Between(inner), verifier=verifier(routes=PUBLIC), identity_headers=names)
            Asgi(outer, http_scope("GET", "/health", [*forged, *odd]), *body_messages(b""))
            assert app.scopes[0]["headers"] == [(b"accept", b"*/*")]


def test_a_body_that_is_none_is_the_empty_one() -> None:
    app = Recorder()
    message = {"type": "http.request", "body": None}
    assert Asgi(Middleware(app, verifier=verifier()), http_scope(headers=signed()), message).status == 200
    assert app.bodies == [b""]


def test_a_refusal_ends_where_the_last_message_has_caused_it() -> None:
    # Over HTTP/2 the rest of a body is awaited, and here there is none: the next message is the client's farewell.
    for chunks, memory in [((b"1234", b"5"), 100), ((b"12345",), 4)]:
        middleware = Middleware(Recorder(), verifier=verifier(limits={"body_bytes": 4}), memory_bytes=memory)
        run = Asgi(middleware, http_scope(headers=signed(), http_version="2"), *body_messages(*chunks))
        assert run.status == 413
        assert run.sent[-1].get("more_body", False) is False


@pytest.mark.parametrize("reveal", ["code", "uniform"])
def test_who_fails_too_often_is_told_when_to_come_again(reveal: str) -> None:
    app = Middleware(Recorder(), verifier=verifier(reveal=reveal, limits={"failures_per_minute": 2}))
    # The minute of the clock may end in between, once.
    for _ in range(6):
        forged = [(name, value if name != b"x-signature" else b"v2=" + b"0" * 64) for name, value in signed()]
        run = Asgi(app, http_scope(headers=forged), *body_messages(b""))
        if run.status == 429:
            break
    assert run.status == 429
    assert 1 <= int(dict(run.sent[0]["headers"])[b"retry-after"]) <= 60


def test_lifespan_passes_and_unknown_scopes_do_not() -> None:
    app = Recorder()
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    run = Asgi(Middleware(app, verifier=verifier()), {"type": "lifespan"}, *messages)
    assert [message["type"] for message in run.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(RuntimeError, match="scope type"):
        Asgi(Middleware(app, verifier=verifier()), {"type": "tunnel"})


def websocket_scope(**members: Any) -> Any:
    scope = http_scope("GET", "/live", **members) | {"type": "websocket"}
    del scope["method"]
    return scope


def test_websocket_handshakes_are_verified() -> None:
    app = Recorder()
    run = Asgi(
        Middleware(app, verifier=verifier()),
        websocket_scope(headers=signed("GET", "/live")),
        {"type": "websocket.connect"},
    )
    assert run.sent == [{"type": "websocket.accept"}]
    assert app.scopes[0]["wiresign"].service == "billing"


def test_refused_handshakes_get_the_response_or_a_close() -> None:
    app = Recorder()
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    connect = {"type": "websocket.connect"}
    run = Asgi(Middleware(app, verifier=verifier()), websocket_scope(extensions=extensions), connect)
    assert run.sent[0]["type"] == "websocket.http.response.start"
    assert run.status == 401
    assert json.loads(run.body)["code"] == "AUTHENTICATION_REQUIRED"
    for members in ({}, {"extensions": None}):
        run = Asgi(Middleware(app, verifier=verifier()), websocket_scope(**members), connect)
        assert run.sent == [{"type": "websocket.close", "code": 1008}]
    run = Asgi(Middleware(app, verifier=verifier()), websocket_scope(), {"type": "websocket.disconnect"})
    assert run.sent == []
    assert app.scopes == []


def test_decisions_reach_the_hook_and_the_audit_log(caplog: pytest.LogCaptureFixture) -> None:
    decisions: list[Decision] = []
    app = Middleware(Recorder(), verifier=verifier(routes=PUBLIC), on_decision=decisions.append)
    headers = signed()
    with caplog.at_level(logging.INFO, "wiresign.audit"):
        Asgi(app, http_scope(headers=headers), *body_messages(b""))
        Asgi(app, http_scope(headers=headers), *body_messages(b""))
        Asgi(app, http_scope("GET", "/health"), *body_messages(b""))
        Asgi(app, http_scope("GET", "/a\nb\x1b[31m\xff?token=secret"), *body_messages(b""))
    accepted, replayed, public, malformed = [vars(record) for record in caplog.records]
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO", "WARNING"]
    assert caplog.messages == [
        "request accepted billing",
        "request refused billing REPLAYED_REQUEST",
        "request public",
        "request refused MALFORMED_REQUEST",
    ]
    assert accepted["event"] == "accepted"
    assert accepted["service"] == "billing"
    assert accepted["scheme"] == "service-hmac-v2"
    assert accepted["key_id"] == "1"
    assert accepted["method"] == "POST"
    assert accepted["path"] == "/invoices"
    assert 0 <= accepted["age"] <= 60
    assert accepted["client"] == replayed["client"] == "127.0.0.1"
    assert accepted["code"] is None
    assert accepted["request_id"] == dict(headers)[b"x-request-id"].decode()
    assert 0 <= accepted["duration_us"] < 1_000_000
    assert replayed["event"] == "refused"
    assert replayed["code"] == "REPLAYED_REQUEST"
    assert replayed["detail"]
    assert public["event"] == "public"
    assert malformed["code"] == "MALFORMED_REQUEST"
    assert malformed["path"] == "/a\\nb\\x1b[31m\\xc3\\xbf"
    assert len({frozenset(decision.fields()) for decision in decisions}) == 1
    assert [decision.refusal is None for decision in decisions] == [True, False, True, False]
    everything = caplog.text + repr([vars(record) for record in caplog.records])
    assert dict(headers)[b"x-signature"].decode() not in everything
    assert not any(secret in everything for secret in ENV.values())


def test_a_failing_hook_or_log_changes_no_decision(caplog: pytest.LogCaptureFixture) -> None:
    def hook(decision: Decision) -> None:
        raise LookupError(decision.path)

    class Failing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise LookupError(record.name)

    app = Recorder()
    middleware = Middleware(app, verifier=verifier(), on_decision=hook)
    failing = Failing()
    logging.getLogger("wiresign.audit").addHandler(failing)
    try:
        refused = Asgi(middleware, http_scope(), *body_messages(b""))
        assert refused.status == 401
        assert app.scopes == []
        accepted = Asgi(middleware, http_scope(headers=signed()), *body_messages(b""))
        assert accepted.status == 200
        logging.getLogger("wiresign").addHandler(failing)
        assert Asgi(middleware, http_scope(), *body_messages(b"")).status == 401
    finally:
        logging.getLogger("wiresign.audit").removeHandler(failing)
        logging.getLogger("wiresign").removeHandler(failing)
    assert "the on_decision hook failed" in caplog.text


def test_errors_of_the_application_come_through() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError("of the application")

    with pytest.raises(LookupError, match="of the application"):
        Asgi(Middleware(broken, verifier=verifier()), http_scope(headers=signed()), *body_messages(b""))


def test_an_application_that_raises_a_refusal_is_not_answered_for() -> None:
    async def refusing(scope: Any, receive: Any, send: Any) -> None:
        verifier().verify("GET", "/", [])

    with pytest.raises(wiresign.Refusal):
        Asgi(Middleware(refusing, verifier=verifier()), http_scope(headers=signed()), *body_messages(b""))
