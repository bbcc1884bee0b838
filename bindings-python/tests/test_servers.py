"""Every framework behind its real servers: the same verdicts, the same bytes, the same care with bodies."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

import wiresign
from frameworks import LIMIT, MEMORY
from servers import SERVERS
from support import ENV, signed, signer, verifier
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

COMBINATIONS = [
    ("plain_wsgi", "gunicorn"),
    ("flask_app", "gunicorn"),
    ("flask_app", "werkzeug"),
    ("django_wsgi", "gunicorn"),
    ("django_asgi", "uvicorn"),
    ("django_wrapped", "hypercorn"),
    ("starlette_app", "uvicorn"),
    ("starlette_app", "hypercorn"),
    ("fastapi_app", "uvicorn"),
    ("fastapi_app", "hypercorn"),
    ("litestar_app", "uvicorn"),
    ("litestar_app", "hypercorn"),
    ("aiohttp_app", "aiohttp"),
]


@pytest.fixture(scope="module", params=COMBINATIONS, ids="-".join)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    app, server = request.param
    with SERVERS[server](app) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, auth=Auth(signer()), timeout=20) as client:
        yield client


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def pieces(body: bytes, size: int = 10_000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize("size", [0, 1, 200, MEMORY, MEMORY + 1, LIMIT])
def test_the_application_gets_the_verified_bytes(client: httpx.Client, size: int) -> None:
    body = os.urandom(size)
    for content in (body, pieces(body)):
        response = client.post("/a/b?c=d", content=content)
        assert response.status_code == 200
        assert response.json() == {
            "service": "billing",
            "path": "/a/b",
            "length": size,
            "sha256": digest(body),
            "claims": {"x-service-id": "billing", "x-service-name": None, "x-user-id": None},
        }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("target", ["/a%20b", "/%C3%A9?x=%F0%9F%98%80&y=%2f", "/a?b=c&b=d+e", "/a?", "/a?b??"])
def test_targets_are_judged_as_they_were_sent(client: httpx.Client, method: str, target: str) -> None:
    assert client.request(method, target).status_code == 200


def test_a_compressed_body_is_verified_as_received(client: httpx.Client) -> None:
    body = gzip.compress(b"x" * 1000)
    response = client.post("/a", content=body, headers={"content-encoding": "gzip"})
    assert response.status_code == 200
    assert response.json()["sha256"] == digest(body)


def test_refusals_have_the_bytes_of_the_core(url: str) -> None:
    judge = verifier()
    cases: list[tuple[list[tuple[bytes, bytes]], bytes]] = [
        ([], b""),
        (signed("POST", "/a", b"{}"), b"{ }"),
        (signed("POST", "/b", b"{}"), b"{}"),
        ([(name, value) for name, value in signed("POST", "/a", b"") if name != b"x-timestamp"], b""),
    ]
    for headers, body in cases:
        answer = httpx.post(f"{url}/a", headers=headers, content=body)
        with pytest.raises(wiresign.Refusal) as caught:
            judge.verify("POST", "/a", headers, body)
        response = caught.value.response
        assert answer.status_code == response.status
        assert answer.content == response.body
        for name, value in response.headers:
            assert answer.headers.get_list(name) == [value]


def test_a_replay_is_refused(url: str) -> None:
    headers = signed("POST", "/a", b"{}")
    assert httpx.post(f"{url}/a", headers=headers, content=b"{}").status_code == 200
    assert httpx.post(f"{url}/a", headers=headers, content=b"{}").json()["code"] == "REPLAYED_REQUEST"


def test_a_route_for_one_service(url: str, client: httpx.Client) -> None:
    assert client.post("/shop").json()["code"] == "SERVICE_NOT_ALLOWED"
    with httpx.Client(base_url=url, auth=Auth(signer("shop"))) as shop:
        assert shop.post("/shop").json()["service"] == "shop"


def test_a_route_for_a_permission(url: str, client: httpx.Client) -> None:
    assert client.post("/audit").json()["service"] == "billing"
    with httpx.Client(base_url=url, auth=Auth(signer("shop"))) as shop:
        refused = shop.post("/audit")
        assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_DENIED")


def test_what_claims_an_identity_does_not_come_through(url: str, client: httpx.Client) -> None:
    forged = {"x-service-id": "billing", "x-service-name": "billing", "x-user-id": "root"}
    # Some applications take these for the same names.
    respelled = {"x_service_id": "billing", "x-service_name": "billing", "X_User_ID": "root"}
    opened = httpx.post(f"{url}/open/a", headers=forged | respelled, content=b"x" * 10).json()
    assert opened["claims"] == {"x-service-id": None, "x-service-name": None, "x-user-id": None}
    opened = httpx.post(f"{url}/open/a", headers=respelled, content=b"x" * 10).json()
    assert opened["claims"] == {"x-service-id": None, "x-service-name": None, "x-user-id": None}
    assert opened["service"] is None
    verified = client.post("/a", headers={"x-user-id": "root", "x-service-name": "shop"}).json()
    assert verified["claims"] == {"x-service-id": "billing", "x-service-name": None, "x-user-id": None}
    # Not even as who called: it is not for that.
    named = client.post("/a", headers={"x-user-id": "billing"}).json()
    assert named["claims"]["x-user-id"] is None


def test_public_routes_get_their_bodies(url: str) -> None:
    body = os.urandom(1000)
    assert httpx.post(f"{url}/open/a", content=body).json()["sha256"] == digest(body)


def test_bodies_over_the_limit_are_refused(client: httpx.Client, request: pytest.FixtureRequest) -> None:
    body = b"x" * (LIMIT + 1)
    for is_chunked in (False, True):
        response = None
        for _ in range(5):
            # A server that closes the connection on a client that still sends may lose the answer.
            with contextlib.suppress(httpx.TransportError):
                response = client.post("/a", content=pieces(body) if is_chunked else body)
                break
        if response is None:
            # Gunicorn mostly does.
            assert "gunicorn" in request.node.name
            continue
        assert response.status_code == 413
        assert response.json()["code"] == "BODY_TOO_LARGE"


def connect(url: str) -> socket.socket:
    address = urlsplit(url)
    assert address.hostname
    assert address.port
    return socket.create_connection((address.hostname, address.port), 60)


def test_a_client_that_leaves_in_the_middle_hurts_nobody(url: str, client: httpx.Client) -> None:
    for length in (b"content-length: 1000", b"transfer-encoding: chunked"):
        head = [b"POST /a HTTP/1.1", b"host: a", length]
        head += [name + b": " + value for name, value in signed("POST", "/a", b"x" * 1000)]
        with connect(url) as connection:
            connection.sendall(
                b"\r\n".join(head) + b"\r\n\r\n" + (b"" if b"length" in length else b"64\r\n") + b"x" * 100
            )
    for _ in range(5):
        assert client.post("/a", content=b"after").status_code == 200


def test_a_connection_carries_request_after_request(client: httpx.Client, request: pytest.FixtureRequest) -> None:
    if "werkzeug" in request.node.name:
        return  # which speaks HTTP/1.0
    ports = set()
    for size in (0, 1, MEMORY * 2, 1):
        response = client.post("/a", content=b"x" * size)
        assert response.status_code == 200
        ports.add(response.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_a_client_in_another_language(url: str) -> None:
    node = shutil.which("node")
    assert node
    script = str(Path(__file__).with_name("call.mjs"))

    def call(secret: str, *arguments: str) -> Any:
        env = os.environ | {"SECRET": ENV[secret], "CALLER": "billing", "TARGET": "orders"}
        done = subprocess.run([node, script, *arguments], env=env, capture_output=True, check=True, timeout=60)
        return json.loads(done.stdout)

    answer = call("BILLING_SECRET", "POST", f"{url}/a?b=c%20d", '{"ä": 1}')
    assert answer["status"] == 200
    assert answer["body"]["sha256"] == digest('{"ä": 1}'.encode())
    assert call("SHOP_SECRET", "POST", f"{url}/a", "{}")["body"]["code"] == "INVALID_SIGNATURE"


@pytest.mark.parametrize("app", ["plain_wsgi", "flask_app", "django_wsgi"])
def test_uwsgi(app: str) -> None:
    # It closes each connection and does not say so, which a client that keeps connections finds out too late.
    limits = httpx.Limits(max_keepalive_connections=0)
    with (
        SERVERS["uwsgi"](app) as url,
        httpx.Client(base_url=url, auth=Auth(signer()), timeout=20, limits=limits) as client,
    ):
        for size in (0, 1, MEMORY, MEMORY + 1, LIMIT):
            body = os.urandom(size)
            seen = client.post("/a/b?c=d", content=body).json()
            assert (seen["service"], seen["length"], seen["sha256"]) == ("billing", size, digest(body))
        for target in ("/a%20b", "/%C3%A9?x=%F0%9F%98%80&y=%2f", "/a?", "/a?b??"):
            assert client.get(target).status_code == 200
        headers = signed("POST", "/a", b"{}")
        assert httpx.post(f"{url}/a", headers=headers, content=b"{ }").json()["code"] == "INVALID_SIGNATURE"
        assert httpx.post(f"{url}/a", headers=headers, content=b"{}").status_code == 200
        assert httpx.post(f"{url}/a", headers=headers, content=b"{}").json()["code"] == "REPLAYED_REQUEST"
        assert client.post("/shop").json()["code"] == "SERVICE_NOT_ALLOWED"
        forged = {"x-service-id": "billing", "x-user-id": "root"}
        opened = httpx.post(f"{url}/open/a", headers=forged, content=b"x").json()
        assert (opened["service"], set(opened["claims"].values())) == (None, {None})
        # It resets a connection whose body nobody has read, so that the answer does not always arrive.
        with contextlib.suppress(httpx.TransportError):
            # It gives no length and no end to the body of a chunked request, which counts as empty.
            assert client.post("/a", content=pieces(b"x" * 100)).json()["code"] == "INVALID_SIGNATURE"
        with contextlib.suppress(httpx.TransportError):
            assert client.post("/a", content=b"x" * (LIMIT + 1)).status_code == 413


@pytest.mark.parametrize("app", ["starlette_app", "fastapi_app", "litestar_app", "django_wrapped"])
def test_http_2(app: str) -> None:
    with (
        SERVERS["hypercorn"](app) as url,
        httpx.Client(base_url=url, auth=Auth(signer()), http1=False, http2=True) as client,
    ):
        for size in (0, 1, MEMORY + 1, LIMIT):
            body = os.urandom(size)
            response = client.post("/a?b=c", content=body)
            assert response.http_version == "HTTP/2"
            assert response.json()["sha256"] == digest(body)
        assert client.post("/a", content=b"x" * (LIMIT + 1)).status_code == 413
        assert client.get("/a", auth=lambda request: request).status_code == 401
