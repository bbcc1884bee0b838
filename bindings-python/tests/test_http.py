"""The adapters over real HTTP: uvicorn on one side, httpx or a plain socket on the other."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from support import Recorder, serve, signed, signer, verifier
from wiresign.asgi import Middleware
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 100_000


@pytest.fixture(scope="module")
def app() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def url(app: Recorder) -> Iterator[str]:
    judge = verifier(limits={"body_bytes": LIMIT}, routes=[{"match": "/public/**", "public": True}])
    with serve(Middleware(app, verifier=judge)) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, auth=Auth(signer())) as client:
        yield client


def test_keep_alive_carries_request_after_request(client: httpx.Client, app: Recorder) -> None:
    app.bodies.clear()
    ports = set()
    for size in (0, 1, 200, 16_384, LIMIT):
        response = client.post(f"/a?size={size}", content=b"x" * size)
        assert response.status_code == 200
        assert response.content == b"x" * size
        ports.add(response.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1
    assert [len(body) for body in app.bodies] == [0, 1, 200, 16_384, LIMIT]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get"])
def test_methods(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/a").status_code == 200


@pytest.mark.parametrize("target", ["/", "/a%20b", "/%C3%A9?x=%F0%9F%98%80", "/a?b=c&b=d+e", "/a?", "/a;b?c=/?", "/ü"])
def test_targets_are_signed_as_they_are_sent(client: httpx.Client, target: str) -> None:
    assert client.get(target).status_code == 200


def test_a_chunked_upload(client: httpx.Client, app: Recorder) -> None:
    def chunks() -> Iterator[bytes]:
        for index in range(50):
            yield bytes([index]) * 100

    response = client.post("/a", content=chunks())
    assert response.request.headers["transfer-encoding"] == "chunked"
    assert response.status_code == 200
    assert app.bodies[-1] == b"".join(bytes([index]) * 100 for index in range(50))


def test_json_forms_and_files(client: httpx.Client) -> None:
    assert client.post("/a", json={"ä": [1.0, None]}).status_code == 200
    assert client.post("/a", data={"a": "b c"}).status_code == 200
    assert client.post("/a", files={"f": b"content"}).status_code == 200


def test_an_unsigned_request_is_refused(url: str) -> None:
    response = httpx.get(f"{url}/a")
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/json"
    assert response.headers["www-authenticate"] == 'Wiresign realm="orders"'
    assert response.json() == {
        "code": "AUTHENTICATION_REQUIRED",
        "error": "Authentication is required.",
        "requestId": None,
    }


def test_wrong_signatures_are_refused(url: str) -> None:
    good = {name.decode(): value.decode() for name, value in signed("POST", "/a", b"{}")}
    for change, code in [
        ({"x-signature": "v2=" + "0" * 64}, "INVALID_SIGNATURE"),
        ({"x-signature": good["x-signature"].upper()}, "SCHEME_NOT_ACCEPTED"),
        ({"x-signature": good["x-signature"][:-1]}, "MALFORMED_SIGNATURE"),
        ({"x-service-id": "shop"}, "INVALID_SIGNATURE"),
        ({"x-service-id": "nobody"}, "UNKNOWN_SERVICE"),
        ({"x-timestamp": "1"}, "TIMESTAMP_OUTSIDE_WINDOW"),
        ({"x-request-id": "short"}, "INVALID_NONCE"),
    ]:
        response = httpx.post(f"{url}/a", headers=good | change, content=b"{}")
        assert response.status_code == 401
        assert response.json()["code"] == code
    assert httpx.post(f"{url}/a", headers=good, content=b"{}").status_code == 200
    assert httpx.post(f"{url}/a", headers=good, content=b"{}").json()["code"] == "REPLAYED_REQUEST"


def test_public_routes_need_nothing(url: str) -> None:
    assert httpx.post(f"{url}/public/a", content=b"x" * (LIMIT + 1)).content == b"x" * (LIMIT + 1)


def test_bodies_over_the_limit_are_refused(client: httpx.Client, app: Recorder) -> None:
    served = len(app.scopes)
    response = client.post("/a", content=b"x" * (LIMIT + 1))
    assert response.status_code == 413
    assert response.json()["code"] == "BODY_TOO_LARGE"

    def chunks() -> Iterator[bytes]:
        for _ in range(11):
            yield b"x" * (LIMIT // 10)

    assert client.post("/a", content=chunks()).status_code == 413
    assert len(app.scopes) == served


def exchange(url: str, request: bytes) -> bytes:
    """Send raw bytes, and give what comes back until the server closes or falls silent."""
    address = urlsplit(url)
    assert address.hostname
    assert address.port
    with socket.create_connection((address.hostname, address.port), 5) as connection:
        connection.settimeout(2)
        connection.sendall(request)
        answer = b""
        try:
            while piece := connection.recv(65_536):
                answer += piece
                head, blank, body = answer.partition(b"\r\n\r\n")
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                if blank and lengths and len(body) >= int(lengths[0].split(b":")[1]):
                    break
        except TimeoutError:
            pass
        return answer


def raw_request(method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1".encode(), b"host: localhost", b"connection: close"]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_repeated_headers_on_the_wire_are_refused(url: str) -> None:
    for name, value in signed("GET", "/a"):
        headers = [*signed("GET", "/a"), (name.title(), value)]
        answer = exchange(url, raw_request("GET", "/a", headers))
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "DUPLICATE_HEADER"


def test_an_early_refusal_comes_before_the_body_was_sent(url: str) -> None:
    headers = [(b"content-length", b"50000"), (b"expect", b"100-continue")]
    answer = exchange(url, raw_request("POST", "/a", headers))
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"100 Continue" not in answer
    oversize = [*signed("POST", "/a"), (b"content-length", b"1000001")]
    assert exchange(url, raw_request("POST", "/a", oversize)).startswith(b"HTTP/1.1 413 ")


def test_odd_targets_on_the_wire_are_refused(url: str) -> None:
    for target in ("/a/../public/x", "/%2e%2e/public/x", "//public/x", "/public%2f..%2fa", "/PUBLIC/x", "/a\\b"):
        answer = exchange(url, raw_request("GET", target, []))
        assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 401 ")), target


def test_requests_in_parallel(url: str) -> None:
    failures: list[Any] = []

    def run(worker: int) -> None:
        with httpx.Client(base_url=url, auth=Auth(signer("billing" if worker % 2 else "shop"))) as client:
            for turn in range(25):
                body = bytes([worker]) * (turn * 400)
                response = client.post(f"/a/{worker}?{turn}", content=body)
                if response.status_code != 200 or response.content != body:
                    failures.append(response)

    threads = [threading.Thread(target=run, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
