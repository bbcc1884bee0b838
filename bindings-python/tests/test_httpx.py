from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import wiresign
import wiresign.httpx
from support import signer, verifier
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

SIGNED_NAMES = {"x-service-id", "x-target-service", "x-timestamp", "x-request-id", "x-signature"}


class Origin:
    """A transport that judges what reaches it, and redirects when told to."""

    def __init__(self, redirects: dict[str, tuple[int, str]] | None = None) -> None:
        self.verifier = verifier()
        self.redirects = redirects or {}
        self.seen: list[tuple[str, str, bool]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.seen.append((request.method, url, "x-signature" in request.headers))
        if url in self.redirects:
            status, location = self.redirects[url]
            return httpx.Response(status, headers={"location": location})
        try:
            verified = self.verifier.verify(request.method, request.url.raw_path, request.headers.raw, request.content)
        except wiresign.Refusal as refusal:
            return httpx.Response(refusal.status, content=refusal.response.body)
        return httpx.Response(200, text=verified.service)


def client(origin: Origin, **options: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(origin), auth=Auth(signer()), **options)


def test_sync_and_async_clients_sign_what_they_send() -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"a", b"b")

    async def async_pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b"):
            yield piece

    origin = Origin()
    with client(origin) as sync:
        assert sync.get("https://a/x?y=z w").text == "billing"
        assert sync.post("https://a/x", json={"a": 1}).text == "billing"
        assert sync.post("https://a/x", content=pieces()).text == "billing"

    async def run() -> None:
        transport = httpx.MockTransport(origin)
        async with httpx.AsyncClient(transport=transport, auth=Auth(signer())) as client:
            assert (await client.get("https://a/x?y")).text == "billing"
            assert (await client.post("https://a/x", content=b"body")).text == "billing"
            assert (await client.post("https://a/x", content=async_pieces())).text == "billing"
            calls = [client.post("https://a/x", content=bytes([turn])) for turn in range(20)]
            assert {response.text for response in await asyncio.gather(*calls)} == {"billing"}

    asyncio.run(run())


def test_the_request_shows_its_signature() -> None:
    with client(Origin()) as sync:
        request = sync.get("https://a/x", headers={"x-other": "1"}).request
    headers = request.headers
    assert set(headers) >= SIGNED_NAMES | {"x-other", "host"}
    assert set(dict(headers.items())) == set(headers.keys()) == {name.lower() for name, _ in headers.multi_items()}
    assert len(headers) == len(headers.raw) == len(list(headers.values()))
    assert headers.get_list("X-Service-ID") == ["billing"]
    assert headers["x-service-id"] == "billing"
    assert headers.get("x-missing") is None
    assert "X-Signature" in headers
    # A copy is for another request.
    assert not SIGNED_NAMES & set(headers.copy())


def test_stale_credentials_are_replaced() -> None:
    with client(Origin()) as sync:
        stale = [("x-signature", "old"), ("X-SERVICE-ID", "shop"), ("x-service-id", "nobody")]
        assert sync.get("https://a/x", headers=stale).text == "billing"
        request = httpx.Request("POST", "https://a/x", content=b"x")
        assert sync.send(request).text == "billing"
        assert sync.send(request).text == "billing"


def test_a_redirect_to_another_origin_carries_no_credential() -> None:
    for elsewhere in ("https://evil/x", "http://a/x", "https://a:8443/x"):
        origin = Origin({"https://a/x": (307, elsewhere)})
        with client(origin, follow_redirects=True) as sync:
            assert sync.post("https://a/x", content=b"x").status_code == 401
        assert origin.seen == [("POST", "https://a/x", True), ("POST", elsewhere, False)]


def test_a_redirect_inside_the_origin_is_signed_anew() -> None:
    origin = Origin({"https://a/x": (308, "https://a/y"), "https://a/y": (308, "/z?q")})
    with client(origin, follow_redirects=True) as sync:
        assert sync.post("https://a/x", content=b"x").text == "billing"
    assert origin.seen[-1] == ("POST", "https://a/z?q", True)

    origin = Origin({"https://a/x": (303, "https://a/y")})
    with client(origin, follow_redirects=True) as sync:
        assert sync.post("https://a/x", content=b"x").text == "billing"
    assert origin.seen == [("POST", "https://a/x", True), ("GET", "https://a/y", False), ("GET", "https://a/y", True)]


def test_another_origin_cannot_choose_what_is_signed() -> None:
    origin = Origin({"https://a/x": (307, "https://evil/x"), "https://evil/x": (307, "https://a/admin")})
    with client(origin, follow_redirects=True) as sync:
        assert sync.post("https://a/x").status_code == 401
    assert ("POST", "https://a/admin", True) not in origin.seen


def test_redirects_in_a_circle_end() -> None:
    origin = Origin({"https://a/x": (307, "https://a/y"), "https://a/y": (307, "https://a/x")})
    with client(origin, follow_redirects=True, max_redirects=5) as sync, pytest.raises(httpx.TooManyRedirects):
        sync.get("https://a/x")


def test_redirects_that_are_not_followed_keep_the_credential_home() -> None:
    origin = Origin({"https://a/x": (307, "https://evil/x")})
    with client(origin) as sync:
        following = sync.get("https://a/x").next_request
    assert following
    assert not SIGNED_NAMES & set(following.headers)


def test_async_redirects() -> None:
    async def run(origin: Origin) -> int:
        transport = httpx.MockTransport(origin)
        async with httpx.AsyncClient(transport=transport, auth=Auth(signer()), follow_redirects=True) as client:
            return (await client.post("https://a/x", content=b"x")).status_code

    assert asyncio.run(run(Origin({"https://a/x": (307, "https://a/y")}))) == 200
    assert asyncio.run(run(Origin({"https://a/x": (307, "https://evil/y")}))) == 401


def test_a_target_that_stands_in_for_the_url_is_the_one_signed() -> None:
    seen: list[bytes] = []

    def judge(request: httpx.Request) -> httpx.Response:
        target = request.extensions["target"]
        seen.append(target)
        verifier().verify(request.method, target, request.headers.raw)
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(judge), auth=Auth(signer())) as sync:
        sync.get("https://a/x", extensions={"target": b"/raw%20target?x"})
    assert seen == [b"/raw%20target?x"]


def test_a_copying_httpx_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def copies(self: httpx.Headers, unsigned: httpx.Headers, signature: list[tuple[str, str]]) -> None:
        httpx.Headers.__init__(self, [*unsigned.raw, *((n.encode(), v.encode()) for n, v in signature)])

    monkeypatch.setattr(wiresign.httpx._OneHopHeaders, "__init__", copies)
    with pytest.raises(RuntimeError, match="redirected"):
        Auth(signer())


def test_what_cannot_be_signed_is_not_sent() -> None:
    origin = Origin()
    act: Callable[[], object] = lambda: client(origin).request("A" * 33, "https://a/x")  # noqa: E731
    with pytest.raises(wiresign.SigningError):
        act()
    assert origin.seen == []
