"""The signing half of wiresign.aiohttp; the verifying half is in test_servers.py."""

from __future__ import annotations

import asyncio
import gzip
import io
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientResponseError, ClientSession, FormData, web

import wiresign
import wiresign.aiohttp
from origin import Origin, origin, redirects
from servers import aiohttp_server
from support import signer, verifier
from wiresign.aiohttp import Signing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator


@pytest.fixture
def server() -> Iterator[Origin]:
    with origin() as made:
        yield made


def run(server: Origin, act: Callable[[ClientSession], Awaitable[None]]) -> None:
    async def main() -> None:
        signing = Signing(signer(), server.url, body_limit=100_000)
        async with ClientSession(middlewares=[signing]) as session:
            await act(session)

    asyncio.run(main())


def test_all_kinds_of_bodies(server: Origin) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b"):
            yield piece

    form = FormData({"a": "b c"})
    files = FormData()
    files.add_field("f", b"content", filename="name")

    async def act(session: ClientSession) -> None:
        url = f"{server.url}/x?y=z w&ä=%2f"
        bodies: list[dict[str, Any]] = [
            {"json": {"ä": 1}},
            {"data": form},
            {"data": files},
            {"data": "täxt"},
            {"data": b"bytes"},
            {"data": io.BytesIO(b"a file")},
            {"data": pieces()},
            {},
        ]
        for options in bodies:
            async with session.post(url, **options) as response:
                assert await response.json(content_type=None) == {"service": "billing"}, options
        async with session.get(url) as response:
            assert response.status == 200
        calls = [session.post(url, data=bytes([turn])) for turn in range(20)]
        for response in await asyncio.gather(*calls):
            assert response.status == 200
            await response.read()
            response.close()

    run(server, act)
    assert [seen.body for seen in server.seen[3:7]] == ["täxt".encode(), b"bytes", b"a file", b"ab"]
    assert {seen.verdict for seen in server.seen} == {"accepted"}


def test_what_cannot_be_signed_is_not_sent(server: Origin) -> None:
    async def act(session: ClientSession) -> None:
        with pytest.raises(wiresign.SigningError, match="100000 bytes"):
            await session.post(server.url, data=io.BytesIO(bytes(100_001)))
        with pytest.raises(wiresign.SigningError, match="compress"):
            await session.post(server.url, data=b"x", compress="gzip")

    run(server, act)
    assert server.seen == []


def test_redirects_inside_the_origin_are_signed_anew(server: Origin) -> None:
    server.behave = redirects({"/a": (307, "/b"), "/b": (303, f"{server.url}/c?d")})

    async def act(session: ClientSession) -> None:
        async with session.post(f"{server.url}/a", data=b"x") as response:
            assert response.status == 200

    run(server, act)
    assert [(seen.method, seen.target, seen.verdict) for seen in server.seen] == [
        ("POST", "/a", "accepted"),
        ("POST", "/b", "accepted"),
        ("GET", "/c?d", "accepted"),
    ]


def test_redirects_out_of_the_origin_are_errors(server: Origin) -> None:
    with origin() as elsewhere:
        server.behave = redirects({"/a": (307, f"{elsewhere.url}/a"), "/b": (302, "http://[bad")})

        async def act(session: ClientSession) -> None:
            for path in ("/a", "/b"):
                with pytest.raises(ClientResponseError, match="another origin"):
                    await session.post(f"{server.url}{path}", data=b"x")
            async with session.get(f"{elsewhere.url}/own") as response:
                assert response.status == 401

        run(server, act)
        assert [(seen.target, seen.is_signed) for seen in elsewhere.seen] == [("/own", False)]


def test_streams_and_multipart_are_given_on() -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        assert request.body_exists
        lines = [line async for line in request.content]
        return web.json_response({"lines": len(lines), "bytes": sum(map(len, lines)), "end": request.content.at_eof()})

    async def form(request: web.Request) -> web.StreamResponse:
        fields = await request.post()
        return web.json_response({name: len(value) for name, value in fields.items() if isinstance(value, str)})

    app = web.Application(middlewares=[wiresign.aiohttp.middleware(verifier(), memory_bytes=1000)])
    app.router.add_post("/stream", stream)
    app.router.add_post("/form", form)
    body = b"".join(b"%05d\n" % number for number in range(50_000))

    async def main(url: str) -> None:
        async with ClientSession(url, middlewares=[Signing(signer(), url)]) as session:
            for content in (body, body[:600]):
                async with session.post("/stream", data=content) as response:
                    assert await response.json() == {"lines": len(content) // 6, "bytes": len(content), "end": True}
            fields = FormData({"a": "x" * 70_000, "b": "y"})
            fields.add_field("c", "z", content_type="text/plain")
            async with session.post("/form", data=fields) as response:
                assert await response.json() == {"a": 70_000, "b": 1, "c": 1}

    with aiohttp_server(app) as url:
        asyncio.run(main(url))


def test_a_body_that_aiohttp_decompressed_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        runner = web.AppRunner(web.Application(middlewares=[wiresign.aiohttp.middleware(verifier())]))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        headers = {"content-encoding": "gzip"}
        async with (
            ClientSession(middlewares=[Signing(signer(), url)]) as session,
            session.post(url, data=gzip.compress(b"x" * 100), headers=headers) as response,
        ):
            assert (await response.json())["code"] == "INVALID_SIGNATURE"
        await runner.cleanup()

    asyncio.run(main())
    assert "auto_decompress=False" in caplog.text
