"""Responses that are signed with their requests, and signatures that a response asks for, over HTTP."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature, algorithms

import wiresign
from support import ENV, NOW, code_of, config, serve
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

STANDARD: dict[str, Any] = {"accept": ["rfc9421"], "sign_with": "rfc9421"}
BODY = b'{"amount": 7}'


def ends(**members: Any) -> tuple[wiresign.Signer, wiresign.Verifier]:
    """Give the signer and the verifier of the calling side."""
    billing = config("billing", **STANDARD, **members)
    return wiresign.Signer(billing, "orders"), wiresign.Verifier(billing)


def app() -> FastAPI:
    """Give a service that verifies requests, asks for a signature where there is none, and signs its responses."""
    own = config("orders", **STANDARD)
    verifier, signer = wiresign.Verifier(own), wiresign.Signer(own)
    made = FastAPI()

    @made.middleware("http")
    async def sign(request: Request, call_next: Callable[[Request], Awaitable[Any]]) -> Response:
        target = request.scope["raw_path"] + (b"?" + request.scope["query_string"] if request.url.query else b"")
        head: dict[str, Any] = {"method": request.method, "target": target}
        headers = request.scope["headers"]
        try:
            verifier.verify(headers=headers, body=await request.body(), **head)
        except wiresign.Refusal as refusal:
            asking = {"accept-signature": verifier.accept_signature()}
            return Response(refusal.response.body, refusal.status, dict(refusal.response.headers) | asking)
        answer = await call_next(request)
        body = b"".join([piece async for piece in answer.body_iterator])
        signed = signer.sign_response(answer.status_code, answer.headers.raw, body, request_headers=headers, **head)
        return Response(body, answer.status_code, dict(answer.headers) | dict(signed))

    @made.post("/invoices", status_code=201)
    async def invoice(request: Request) -> Response:
        return Response(await request.body(), 201, {"x-made-by": "orders"})

    return made


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with serve(app()) as url:
        yield url


def verify(verifier: wiresign.Verifier, answer: httpx.Response, service: str = "orders", **changed: Any) -> Any:
    """Verify a response by the request that was really sent."""
    request = answer.request
    arguments: dict[str, Any] = {
        "status": answer.status_code,
        "headers": answer.headers.raw,
        "body": answer.content,
        "method": request.method,
        "target": request.url.raw_path,
        "request_headers": request.headers.raw,
    }
    return verifier.verify_response(service, **(arguments | changed))


def test_a_response_is_held_against_its_request(server: str) -> None:
    signer, verifier = ends()
    with httpx.Client(base_url=server, auth=Auth(signer)) as client:
        answer = client.post("/invoices?draft", content=BODY)
        other = client.post("/invoices?draft", content=BODY)
    assert answer.status_code == 201
    verified = verify(verifier, answer)
    assert (verified.service, verified.scheme) == ("orders", "rfc9421")

    def code(service: str = "orders", **changed: Any) -> str:
        return code_of(verify, verifier, answer, service, **changed)

    assert code() == "accepted"
    assert code(status=200) == "INVALID_SIGNATURE"
    assert code(body=BODY.replace(b"7", b"8")) == "DIGEST_MISMATCH"
    assert code(request_headers=other.request.headers.raw) == "INVALID_SIGNATURE"
    assert code(target=b"/other?draft") == "INVALID_SIGNATURE"
    assert code("shop") == "SERVICE_NOT_ALLOWED"
    assert code(now=NOW) == "TIMESTAMP_OUTSIDE_WINDOW"
    unsigned = [(name, value) for name, value in answer.headers.raw if not name.lower().startswith(b"signature")]
    assert code(headers=unsigned) == "MISSING_SIGNATURE"


class Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> bytes:
        return ENV["ORDERS_SECRET" if key_id.startswith("orders/") else "BILLING_SECRET"].encode()


def test_others_accept_the_signature_of_a_response(server: str) -> None:
    signer, _ = ends()
    with httpx.Client(base_url=server, auth=Auth(signer)) as client:
        answer = client.post("/invoices?draft", content=BODY)

    def seen(**changed: Any) -> Any:
        # Their package takes whatever looks like this.
        request = SimpleNamespace(
            method="POST", url=f"{server}/invoices?draft", headers=dict(answer.request.headers.items())
        )
        return SimpleNamespace(
            **({"status_code": 201, "headers": dict(answer.headers.items()), "request": request} | changed)
        )

    judge = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Keys())
    (result,) = judge.verify(seen(), expect_tag="wiresign", require_components=("@status",), body=BODY)
    assert str(result.parameters["keyid"]).startswith("orders/")
    with pytest.raises(InvalidSignature):
        judge.verify(seen(status_code=200), expect_tag="wiresign", body=BODY)


def test_a_signature_that_is_asked_for_is_made(server: str) -> None:
    signer, _ = ends()
    host = urlsplit(server).netloc
    with httpx.Client(base_url=server) as client:
        refused = client.post("/invoices", content=BODY)
        assert refused.json()["code"] == "AUTHENTICATION_REQUIRED"
        signed = signer.sign_as_asked(refused.headers.raw, "POST", "/invoices", {"host": host}, BODY)
        assert signed
        assert client.post("/invoices", content=BODY, headers=signed).status_code == 201
        assert client.post("/invoices", content=b"other", headers=signed).json()["code"] == "DIGEST_MISMATCH"
    assert signer.sign_as_asked([], "POST", "/invoices", {"host": host}, BODY) is None


def test_what_cannot_be_signed_or_read_is_an_error() -> None:
    signer, verifier = ends()
    request: dict[str, Any] = {"method": "POST", "target": "/invoices", "request_headers": [("host", "orders")]}
    with pytest.raises(wiresign.SigningError):
        signer.sign_response(200, [], b"", **request)
    with pytest.raises(wiresign.SigningError):
        signer.sign_as_asked({"accept-signature": "x=(((("}, "GET", "/", {"host": "orders"})
    for bad in ("text", [("name",)], [("name", 1)]):
        broken: Any = bad
        with pytest.raises(TypeError):
            signer.sign_response(200, broken, b"", **request)
        with pytest.raises(TypeError):
            verifier.verify_response("orders", 200, broken, b"", **request)
        with pytest.raises(TypeError):
            signer.sign_as_asked(broken, "GET", "/")
    with pytest.raises(ValueError, match="wire"):
        verifier.verify_response("orders", 200, [("name", "\u0100")], b"", **request)
    with pytest.raises(OverflowError):
        verifier.verify_response("orders", 65_536, [], b"", **request)
