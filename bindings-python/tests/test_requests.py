from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import requests

import wiresign
from origin import SIGNED_NAMES, Origin, origin, redirects
from support import document, signer
from wiresign.requests import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[Origin]:
    with origin() as made:
        yield made


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = Auth(signer(), body_limit=100_000)
        yield session


def test_all_kinds_of_bodies(server: Origin, session: requests.Session) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"a", b"b")

    url = f"{server.url}/x?y=z w&ä=%2f"
    assert session.get(url).json() == {"service": "billing"}
    for options in (
        {"json": {"ä": 1}},
        {"data": {"a": "b c"}},
        {"data": "täxt"},
        {"data": b"bytes"},
        {"data": io.BytesIO(b"a file")},
        {"data": pieces()},
        {"files": {"f": ("name", b"content")}},
        {"params": {"q": "ü"}, "data": b""},
    ):
        assert session.post(url, **options).json() == {"service": "billing"}, options
    assert [seen.body for seen in server.seen[3:7]] == ["täxt".encode(), b"bytes", b"a file", b"ab"]
    assert {seen.verdict for seen in server.seen} == {"accepted"}


def test_a_stream_that_is_too_long_is_not_sent(server: Origin, session: requests.Session) -> None:
    with pytest.raises(wiresign.SigningError, match="100000 bytes"):
        session.post(server.url, data=io.BytesIO(bytes(100_001)))
    assert server.seen == []


def test_stale_credentials_are_replaced(server: Origin, session: requests.Session) -> None:
    stale = {"x-signature": "old", "X-SERVICE-ID": "shop"}
    assert session.get(server.url, headers=stale).json() == {"service": "billing"}


def test_a_redirect_inside_the_origin_is_signed_anew(server: Origin, session: requests.Session) -> None:
    server.behave = redirects({"/a": (307, "/b"), "/b": (308, f"{server.url}/c?d"), "/see": (303, "/c")})
    answer = session.post(f"{server.url}/a", data=b"x")
    assert answer.json() == {"service": "billing"}
    assert len({seen.header("x-request-id") for seen in server.seen if seen.is_signed}) == 2
    assert [(seen.target, seen.is_signed) for seen in server.seen] == [
        ("/a", True),
        ("/b", False),
        ("/c?d", False),
        ("/c?d", True),
    ]
    server.seen.clear()
    assert session.post(f"{server.url}/see", data=b"x").json() == {"service": "billing"}
    assert (server.seen[-1].method, server.seen[-1].body) == ("GET", b"")


def test_a_redirect_elsewhere_carries_no_credential(server: Origin, session: requests.Session) -> None:
    with origin() as elsewhere:
        server.behave = redirects({"/a": (307, f"{elsewhere.url}/a"), "/admin": (200, "")})
        assert session.post(f"{server.url}/a", data=b"x").status_code == 401
        assert [seen.is_signed for seen in elsewhere.seen] == [False]
        assert not SIGNED_NAMES & {name.decode() for name, _ in elsewhere.seen[0].headers}
        # Nor does the other place choose what is signed.
        elsewhere.behave = redirects({"/a": (307, f"{server.url}/b")})
        assert session.post(f"{server.url}/a", data=b"x").status_code == 401
        assert (server.seen[-1].target, server.seen[-1].is_signed) == ("/b", False)


def test_a_redirect_that_is_not_followed(server: Origin, session: requests.Session) -> None:
    server.behave = redirects({"/a": (307, "/b")})
    answer = session.get(f"{server.url}/a", allow_redirects=False)
    assert answer.status_code == 307
    assert answer.next is not None
    assert "x-signature" not in answer.next.headers


def test_a_refusal_is_not_tried_again(server: Origin) -> None:
    with requests.Session() as session:
        session.auth = Auth(signer("billing", "shop"))
        assert session.get(server.url).json()["code"] == "TARGET_NOT_ALLOWED"
    assert len(server.seen) == 1


@pytest.mark.parametrize("scheme", ["rfc9421", "aws-sigv4"])
def test_schemes_that_sign_the_host(scheme: str) -> None:
    services = document("orders")["services"]
    services["billing"]["aws_keys"] = [{"id": "AKIDBILLING000000001", "secret": "env:BILLING_SECRET"}]
    members: dict[str, Any] = {
        "services": services,
        "accept": [scheme],
        "sign_with": scheme,
        "rfc9421": {"url_scheme": "http"},
        "aws_sigv4": {"region": "eu-west-1", "service": "orders"},
    }
    with origin(**members) as server, requests.Session() as session:
        session.auth = Auth(signer(**members))
        assert session.post(f"{server.url}/a?b=1", data=b"x").json() == {"service": "billing"}
        assert server.seen[-1].header("host") == server.url.removeprefix("http://")
        named = session.get(server.url, headers={"Host": "orders.internal"})
        assert (named.json(), server.seen[-1].header("host")) == ({"service": "billing"}, "orders.internal")
        with origin() as elsewhere:
            server.behave = redirects({"/a": (307, f"{elsewhere.url}/a")})
            session.get(f"{server.url}/a")
            assert elsewhere.seen[0].header("host") == elsewhere.url.removeprefix("http://")
