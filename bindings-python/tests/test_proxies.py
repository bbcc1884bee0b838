from __future__ import annotations

from typing import Any

import pytest

from support import Asgi, Recorder, body_messages, http_scope, verifier
from wiresign.asgi import Decision, Middleware
from wiresign.proxies import TrustedProxies, host

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
        (f"::ffff:{INSIDE}", ["198.51.100.7"], "198.51.100.7"),
        (OUTSIDE, ["198.51.100.7"], OUTSIDE),
        (OUTSIDE, ["unknown"], OUTSIDE),
        (None, ["198.51.100.7"], None),
        ("/run/app.sock", ["198.51.100.7"], "/run/app.sock"),
    ],
)
def test_only_trusted_proxies_name_the_client(peer: str | None, values: list[str], client: str | None) -> None:
    assert TrustedProxies(["10.0.0.0/8", "fd00::/8"]).client(peer, forwarded(*values)) == client


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
    assert seen == [{"authority": b"inner", "client": INSIDE}, {"authority": b"outer", "client": "198.51.100.7"}]
