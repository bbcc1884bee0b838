"""Large bodies take constant memory, on every way through the package."""

from __future__ import annotations

import asyncio
import io
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from support import Recorder, http_scope, signed, verifier
from wiresign import asgi, wsgi
from wiresign._kept_body import KeptBody

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = 40_000_000
PIECE = bytes(50_000)
OPTIONS: Any = {"memory_bytes": 100_000}


@pytest.fixture
def headers() -> Iterator[list[tuple[bytes, bytes]]]:
    """Give the headers of a large request, and look how much memory it took."""
    made = signed("POST", "/a", bytes(LARGE))
    tracemalloc.start()
    yield made
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000


class Endless(io.RawIOBase):
    """A client that sends zeros."""

    def __init__(self) -> None:
        self.left = LARGE

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= 65_536
        size = min(size, self.left)
        self.left -= size
        return bytes(size)


def fields(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give headers the way a WSGI server hands them over."""
    return {f"HTTP_{name.decode().replace('-', '_').upper()}": value.decode() for name, value in headers}


def test_wsgi(headers: Any) -> None:
    read = 0

    def app(environ: Any, start_response: Any) -> list[bytes]:
        nonlocal read
        while piece := environ["wsgi.input"].read(65_536):
            read += len(piece)
        start_response("200 OK", [])
        return [b"done"]

    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "RAW_URI": "/a", "wsgi.input": Endless()}
    environ["CONTENT_LENGTH"] = str(LARGE)
    environ |= fields(headers)
    middleware = wsgi.Middleware(app, verifier(limits={"body_bytes": LARGE}), **OPTIONS)
    answer: Any = middleware(environ, lambda *_: lambda _: None)
    assert list(answer) == [b"done"]
    answer.close()
    assert environ["wsgi.input"].closed
    assert read == LARGE


def test_asgi(headers: Any) -> None:
    read = 0
    left = LARGE

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal read
        more = True
        while more:
            message = await receive()
            read += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        nonlocal left
        left -= len(PIECE)
        return {"type": "http.request", "body": PIECE, "more_body": left > 0}

    async def send(message: Any) -> None:
        assert message["status"] == 200

    middleware = asgi.Middleware(app, verifier(limits={"body_bytes": LARGE}), **OPTIONS)
    asyncio.run(middleware(http_scope("POST", "/a", headers), receive, send))
    assert read == LARGE


@pytest.mark.parametrize("sizes", [[], [0], [5], [10], [11], [4, 4, 4], [0, 10, 0], [3, 7], [3, 8, 0]])
def test_a_kept_body_gives_the_bytes_back(sizes: list[int]) -> None:
    kept = KeptBody(10)
    whole = b""
    for turn, size in enumerate(sizes):
        kept.add(bytes([turn]) * size)
        whole += bytes([turn]) * size
    assert kept.length == len(whole)
    assert kept.in_memory == (len(whole) <= 10)
    assert kept.whole() == whole
    assert kept.file().read() == whole
    kept.rewind()
    if not kept.in_memory:
        assert b"".join(iter(kept.piece, b"")) == whole
    kept.close()


def test_wsgi_servers_that_say_too_little_get_refusals(caplog: pytest.LogCaptureFixture) -> None:
    statuses: list[str] = []
    middleware = wsgi.Middleware(lambda *_: [b"let in"], verifier())
    environ: dict[str, Any] = {"REQUEST_METHOD": "GET", "PATH_INFO": "/a", "wsgi.input": io.BytesIO()}
    environ |= fields(signed("GET", "/a"))
    for _ in range(2):
        list(middleware(dict(environ), lambda status, _: statuses.append(status)))  # type: ignore[arg-type,return-value]
        environ["REQUEST_URI"] = "/a"
    assert statuses == ["400 Bad Request"]
    assert "neither RAW_URI nor REQUEST_URI" in caplog.text


def test_a_wsgi_body_without_an_end_is_the_empty_one() -> None:
    class Forbidden(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise AssertionError

    seen: list[bytes] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        return []

    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "RAW_URI": "/a", "wsgi.input": Forbidden()}
    environ |= fields(signed("POST", "/a"))
    answer: Any = wsgi.Middleware(app, verifier())(environ, lambda *_: lambda _: None)
    answer.close()
    assert seen == [b""]


def test_a_head_request_is_refused_without_a_body() -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": "HEAD", "RAW_URI": "/a", "wsgi.input": io.BytesIO()}
    sent: list[Any] = []
    answer = wsgi.Middleware(lambda *_: [], verifier())(environ, lambda *said: sent.append(said))  # type: ignore[arg-type]
    assert list(answer) == []
    assert sent[0][0] == "401 Unauthorized"
    assert int(dict(sent[0][1])["content-length"]) > 0


def test_the_application_s_own_failure_lets_the_body_go() -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "RAW_URI": "/a", "wsgi.input": io.BytesIO()}
    environ |= fields(signed("POST", "/a"))

    def broken(environ: Any, start_response: Any) -> list[bytes]:
        raise LookupError

    with pytest.raises(LookupError):
        wsgi.Middleware(broken, verifier())(environ, lambda *_: lambda _: None)
    with pytest.raises(TypeError, match="list of names"):
        asgi.Middleware(Recorder(), verifier(), identity_headers="x-user")
