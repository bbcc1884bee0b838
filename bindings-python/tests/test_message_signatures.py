"""Message signatures, over HTTP with `http-message-signatures`, which shares no code with this package."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fastapi import FastAPI, Request
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

import wiresign
from support import ENV, NONCE, serve
from wiresign.asgi import Middleware
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

    from wiresign.asgi import Receive, Scope, Send

OF_THEIRS: dict[str, Any] = {
    "hmac-sha256": algorithms.HMAC_SHA256,
    "ed25519": algorithms.ED25519,
    "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256,
    "ecdsa-p384-sha384": algorithms.ECDSA_P384_SHA384,
    "rsa-v1_5-sha256": algorithms.RSA_V1_5_SHA256,
    "rsa-pss-sha512": algorithms.RSA_PSS_SHA512,
}
# RSA keys only verify here.
OURS = [name for name in OF_THEIRS if not name.startswith("rsa-")]
PROFILE = ("@method", "@authority", "@path", "@query")
BODY = b'{"amount": 7}'


@functools.cache
def private_key(algorithm: str) -> Any:
    if algorithm == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("ecdsa"):
        return ec.generate_private_key(ec.SECP256R1() if "256" in algorithm else ec.SECP384R1())
    return rsa.generate_private_key(65537, 2048)


def key(algorithm: str, *, private: bool) -> dict[str, str]:
    """Give the member of a config for a key."""
    if algorithm == "hmac-sha256":
        return {"id": algorithm, "secret": "env:BILLING_SECRET"}
    own = private_key(algorithm)
    if private:
        pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return {"id": algorithm, "algorithm": algorithm, "private_key": f"literal:{pem.decode()}"}
    pem = own.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"id": algorithm, "algorithm": algorithm, "public_key": f"literal:{pem.decode()}"}


def signer(algorithm: str, **members: Any) -> wiresign.Signer:
    document = {
        "service": "billing",
        "sign_with": "rfc9421",
        "services": {"orders": {}, "billing": {"keys": [key(algorithm, private=True)]}},
        **members,
    }
    return wiresign.Signer(wiresign.Config.parse(document, env=ENV), "orders")


def verifier(**members: Any) -> wiresign.Verifier:
    keys = [key(algorithm, private=False) for algorithm in OF_THEIRS]
    document = {
        "service": "orders",
        "accept": ["rfc9421"],
        "services": {"orders": {}, "billing": {"keys": keys}},
        **members,
    }
    return wiresign.Verifier(wiresign.Config.parse(document, env=ENV))


class Keys(HTTPSignatureKeyResolver):
    """Finds a key for their side by the name that ours has."""

    def resolve_public_key(self, key_id: str) -> Any:
        _, _, name = key_id.rpartition("/")
        return ENV["BILLING_SECRET"].encode() if name == "hmac-sha256" else private_key(name).public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        _, _, name = key_id.rpartition("/")
        return ENV["BILLING_SECRET"].encode() if name == "hmac-sha256" else private_key(name)


@dataclass
class Message:
    """A request as their verifier takes it."""

    method: str
    url: str
    headers: MutableMapping[str, str] = field(default_factory=dict)


async def theirs(scope: Scope, receive: Receive, send: Send) -> None:
    """Verify what comes in with their verifier; the path says by which algorithm."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    target = scope["raw_path"].decode() + ("?" + scope["query_string"].decode() if scope["query_string"] else "")
    request = Message(scope["method"], f"http://{headers['host']}{target}", headers)
    judge = HTTPMessageVerifier(signature_algorithm=OF_THEIRS[scope["path"].removeprefix("/")], key_resolver=Keys())
    status, answer = 200, b""
    try:
        (result,) = judge.verify(request, expect_tag="wiresign", require_components=PROFILE, body=body)
        answer = str(result.parameters["keyid"]).encode()
    except InvalidSignature as refusal:
        status, answer = 401, str(refusal).encode()
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": answer})


@pytest.fixture(scope="module")
def their_server() -> Iterator[str]:
    with serve(theirs, lifespan="off") as url:
        yield url


def our_app(judge: wiresign.Verifier) -> Any:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def any_path(request: Request) -> dict[str, object]:
        caller = request.state.wiresign
        return {"service": caller.service, "key": caller.key_id, "length": len(await request.body())}

    return Middleware(app, judge)


@pytest.fixture(scope="module")
def our_server() -> Iterator[str]:
    with serve(our_app(verifier())) as url:
        yield url


def prepared(method: str, url: str, body: bytes | None = None) -> requests.PreparedRequest:
    request = requests.Request(method, url, data=body).prepare()
    # What the client would set after signing.
    request.headers["Host"] = url.split("/")[2]
    return request


def sign_theirs(request: requests.PreparedRequest, algorithm: str, **options: Any) -> requests.PreparedRequest:
    options = {"covered_component_ids": PROFILE, "tag": "wiresign", "nonce": NONCE} | options
    signing = HTTPMessageSigner(signature_algorithm=OF_THEIRS[algorithm], key_resolver=Keys())
    body: Any = request.body
    signing.sign(request, key_id=options.pop("key_id", f"billing/{algorithm}"), body=body, **options)
    return request


def code(answer: requests.Response) -> Any:
    return answer.json().get("code", "OK")


@pytest.mark.parametrize("algorithm", OURS)
def test_they_accept_what_we_sign(their_server: str, algorithm: str) -> None:
    with httpx.Client(base_url=their_server, auth=Auth(signer(algorithm))) as client:
        for answer in (
            client.get(f"/{algorithm}"),
            client.get(f"/{algorithm}?q=a%20b&q=c"),
            client.post(f"/{algorithm}?draft", json={"ä": 1}),
            client.post(f"/{algorithm}", content=b""),
        ):
            assert (answer.status_code, answer.text) == (200, f"billing/{algorithm}")


@pytest.mark.parametrize("algorithm", OURS)
def test_they_refuse_what_was_changed_after_we_signed(their_server: str, algorithm: str) -> None:
    host = their_server.removeprefix("http://")
    headers = {"host": host} | dict(signer(algorithm).sign("POST", f"/{algorithm}?a=b", {"host": host}, BODY))
    label, _, signature = headers["Signature"].partition("=:")
    changed = ("B" if signature[0] == "A" else "A") + signature[1:]
    with httpx.Client(base_url=their_server) as client:
        assert client.post(f"/{algorithm}?a=b", content=BODY, headers=headers).status_code == 200
        for answer in (
            client.post(f"/{algorithm}?a=c", content=BODY, headers=headers),
            client.put(f"/{algorithm}?a=b", content=BODY, headers=headers),
            client.post(f"/{algorithm}?a=b", content=BODY.replace(b"7", b"8"), headers=headers),
            client.post(f"/{algorithm}?a=b", content=BODY, headers=headers | {"Signature": f"{label}=:{changed}"}),
        ):
            assert answer.status_code == 401


@pytest.mark.parametrize("algorithm", OF_THEIRS)
def test_we_accept_what_they_sign(our_server: str, algorithm: str) -> None:
    with requests.Session() as session:
        for turn, request in enumerate(
            [
                prepared("GET", f"{our_server}/x"),
                prepared("GET", f"{our_server}/x/y?q=a%20b&q=c"),
                prepared("POST", f"{our_server}/x?draft", BODY),
            ]
        ):
            signed = sign_theirs(request, algorithm, nonce=f"the-nonce-of-{algorithm}-{turn}")
            answer = session.send(signed)
            expected = {"service": "billing", "key": algorithm, "length": len(request.body or b"")}
            assert answer.json() == expected
            assert code(session.send(signed)) == "REPLAYED_REQUEST"


@pytest.mark.parametrize("algorithm", OF_THEIRS)
def test_we_refuse_what_was_changed_after_they_signed(our_server: str, algorithm: str) -> None:
    def signed() -> requests.PreparedRequest:
        return sign_theirs(prepared("POST", f"{our_server}/x?a=b", BODY), algorithm)

    with requests.Session() as session:
        target, method, body, signature = signed(), signed(), signed(), signed()
        target.url = f"{our_server}/x?a=c"
        method.method = "PUT"
        body.body = BODY.replace(b"7", b"8")
        label, _, value = signature.headers["Signature"].partition("=:")
        signature.headers["Signature"] = f"{label}=:{'B' if value[0] == 'A' else 'A'}{value[1:]}"
        codes = [code(session.send(request)) for request in (target, method, body, signature)]
    assert codes == ["INVALID_SIGNATURE", "INVALID_SIGNATURE", "DIGEST_MISMATCH", "INVALID_SIGNATURE"]


def test_we_refuse_what_they_sign_too_little_of(our_server: str) -> None:
    def answer(**options: Any) -> Any:
        signed = sign_theirs(prepared("GET", f"{our_server}/x"), "ed25519", **options)
        return code(session.send(signed))

    with requests.Session() as session:
        assert answer(covered_component_ids=("@method", "@path")) == "INSUFFICIENT_COVERAGE"
        assert answer(nonce=None) == "MISSING_NONCE"
        assert answer(tag="other") == "SCHEME_NOT_ACCEPTED"
        assert answer(key_id="nobody/ed25519") == "UNKNOWN_SERVICE"


class OtherKeys(Keys):
    def resolve_private_key(self, key_id: str) -> Any:
        return b"0" * 32 if key_id.endswith("hmac-sha256") else ed25519.Ed25519PrivateKey.generate()


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "ed25519"])
def test_we_refuse_their_signature_with_another_key(our_server: str, algorithm: str) -> None:
    request = prepared("GET", f"{our_server}/x")
    signing = HTTPMessageSigner(signature_algorithm=OF_THEIRS[algorithm], key_resolver=OtherKeys())
    signing.sign(request, key_id=f"billing/{algorithm}", nonce=NONCE, tag="wiresign", covered_component_ids=PROFILE)
    with requests.Session() as session:
        assert code(session.send(request)) == "INVALID_SIGNATURE"


def test_their_own_coverage_is_accepted_where_the_config_says_so() -> None:
    covered = ["@method", "@target-uri", '"@query-param";name="q"']
    members = {"rfc9421": {"covered": covered, "tag": "app", "url_scheme": "http"}}
    with serve(our_app(verifier(**members))) as url, requests.Session() as session:

        def answer(*components: str) -> Any:
            signed = sign_theirs(
                prepared("GET", f"{url}/x?q=a%20b"), "ed25519", tag="app", key_id="ed25519",
                nonce=None, covered_component_ids=components,
            )  # fmt: skip
            return code(session.send(signed))

        assert answer(*covered) == "OK"
        assert answer("@target-uri", '"@query-param";name="q"') == "INSUFFICIENT_COVERAGE"
