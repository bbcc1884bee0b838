"""Requests of the standards with one mistake each: prints them as JSON, one per line.

The first line is the config of the receiver, each other one a request, and what an explanation must name first.
Signatures of AWS are made by botocore, message signatures by http-message-signatures, and both by hand where a mistake
is one that those do not make.
"""

from __future__ import annotations

import base64
import datetime
import gzip
import hashlib
import hmac
import json
import urllib.parse
from types import SimpleNamespace
from typing import Any
from unittest import mock

import httpx
import requests
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, utils
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver, algorithms
from requests.structures import CaseInsensitiveDict

NOW = 1_767_225_600
NONCE = "bxw_CmpVTI-dOw0PXBybEQ"
HOST = "orders.internal"
SECRET = "5f0c1a9be47d23868fd0b1c27e64a93d5816f2be70c94ad3e12b8f7605c3d94e"
OWN_SECRET = "c27be1940fa86d3571e8b204d96c3fa50b7d82e61f4395ca08d6e7b21a5f3c90"
OTHER_SECRET = "0b7d82e61f4395ca08d6e7b21a5f3c90c27be1940fa86d3571e8b204d96c3fa5"
AWS_KEY, AWS_SECRET = "AKIDBILLING000000001", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
OLD_KEY, OLD_SECRET = "AKIDBILLING000000000", "oldJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TEMPORARY_KEY, TEMPORARY_SECRET = "ASIDBILLING000000001", "tmpJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN"
OTHER_KEY, OTHER_AWS_SECRET = "AKIDREPORTS000000001", "othJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PAYLOAD = {"invoice": 7, "customer": "Zoë & Söhne", "lines": [{"sku": "a/b", "price": 12.5}]}

ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SECOND_ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
REPORTS_ED = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
STRANGER = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35)))
CURVE = ec.derive_private_key(7_000_000_000_000_000_000_000_007, ec.SECP256R1())

Headers = dict[str, str]


def pem(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """Return the public half."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def public(key_id: str, algorithm: str, key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """Return an entry of a public key."""
    return {"id": key_id, "algorithm": algorithm, "public_key": "literal:" + pem(key)}


CONFIG: dict[str, Any] = {
    "service": "orders",
    "accept": ["aws-sigv4", "rfc9421", "jwt"],
    "aws_sigv4": {"region": "eu-central-1", "service": "execute-api"},
    "jwt": {
        "audience": ["orders", "https://orders.example/"],
        "issuers": {"https://login.example/": {"keys": [public("login", "ed25519", SECOND_ED)], "callers": "users"}},
    },
    "services": {
        "orders": {"keys": [{"secret": "literal:" + OWN_SECRET}], "url": "https://orders.internal"},
        "billing": {
            "keys": [
                {"id": "text", "secret": "literal:" + SECRET},
                public("ed", "ed25519", ED),
                public("ed2", "ed25519", SECOND_ED),
                public("ec", "ecdsa-p256-sha256", CURVE),
            ],
            "aws_keys": [
                {"id": AWS_KEY, "secret": "literal:" + AWS_SECRET},
                {"id": OLD_KEY, "secret": "literal:" + OLD_SECRET, "state": "revoked"},
                {"id": TEMPORARY_KEY, "secret": "literal:" + TEMPORARY_SECRET, "session_token": "literal:" + TOKEN},
            ],
        },
        "reports": {
            "keys": [public("reports-ed", "ed25519", REPORTS_ED)],
            "aws_keys": [{"id": OTHER_KEY, "secret": "literal:" + OTHER_AWS_SECRET}],
        },
        "stock": {"keys": [{"id": "s1", "secret": "literal:" + OTHER_SECRET}]},
    },
}


class Cases:
    """Prints the cases of one standard."""

    def __init__(self, standard: str) -> None:
        """Take the name of the standard."""
        self.standard = standard

    def case(
        self,
        name: str,
        expected: str,
        method: str,
        target: str,
        headers: Headers | list[list[str]],
        body: bytes = b"",
        now: int = NOW,
        members: dict[str, Any] | None = None,
        answer: tuple[int, str] | None = None,
    ) -> None:
        """Print one request. `answer` is what AWS says of it, where it is asked."""
        fields = headers if isinstance(headers, list) else [[key, value] for key, value in headers.items()]
        text = base64.b64encode(body).decode()
        request = {"method": method, "target": target, "headers": fields, "body": text}
        line = {"standard": self.standard, "name": name, "expected": expected, "now": now, "request": request}
        told = None if answer is None else {"status": answer[0], "body": answer[1]}
        print(json.dumps(line | {"members": members or {}, "answer": told}))


def tag(key: str | bytes, message: str | bytes, algorithm: str = "sha256") -> bytes:
    """HMAC as bytes."""
    as_bytes = [text.encode() if isinstance(text, str) else text for text in (key, message)]
    return hmac.new(as_bytes[0], as_bytes[1], algorithm).digest()


def by_botocore(
    method: str = "POST",
    url: str = f"https://{HOST}/invoices",
    body: bytes = b"",
    headers: Headers | None = None,
    *,
    key: str = AWS_KEY,
    secret: str = AWS_SECRET,
    token: str | None = None,
    region: str = "eu-central-1",
    service: str = "execute-api",
    at: int = NOW,
    auth: type[SigV4Auth] = SigV4Auth,
    **more: Any,
) -> Headers:
    """Return the headers of a request that botocore has signed, Host among them."""
    host = urllib.parse.urlsplit(url).netloc
    request = AWSRequest(method, url, data=body, headers={"Host": host} | (headers or {}))
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC).replace(tzinfo=None)
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment):
        auth(Credentials(key, secret, token), service, region, **more).add_auth(request)
    if auth is SigV4QueryAuth:
        return {"link": request.url.split(host, 1)[1]}
    return dict(request.headers.items())


def by_hand(
    *,
    method: str = "POST",
    path: str = "/invoices",
    query: str = "",
    body: bytes = b"",
    headers: Headers | None = None,
    date: str = "20260101T000000Z",
    day: str = "20260101",
    before_names: str = "\n",
    hexed: bool = False,
) -> Headers:
    """Sign as people do who read the page of AWS once."""
    fields = {"host": HOST, "x-amz-date": date} | (headers or {})
    lines = "".join(f"{name}:{value}\n" for name, value in sorted(fields.items()))
    names = ";".join(sorted(fields))
    payload = hashlib.sha256(body).hexdigest()
    canonical = f"{method}\n{path}\n{query}\n{lines}{before_names}{names}\n{payload}"
    scope = f"{day}/eu-central-1/execute-api/aws4_request"
    signed = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key: bytes = b"AWS4" + AWS_SECRET.encode()
    for step in scope.split("/"):
        key = tag(key, step).hex().encode() if hexed else tag(key, step)
    signature = tag(key, signed).hex()
    credential = f"AWS4-HMAC-SHA256 Credential={AWS_KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
    return fields | {"Authorization": credential}


def amazon() -> None:
    """Signatures of AWS."""
    cases = Cases("aws-sigv4")
    case = cases.case
    s3 = {"aws_sigv4": CONFIG["aws_sigv4"] | {"style": "s3"}}
    target = "/invoices/a%20b"
    url = f"https://{HOST}{target}"
    case("a signer for S3", "aws-path-once", "POST", target, by_botocore(url=url, auth=S3SigV4Auth))
    digest = {"X-Amz-Content-SHA256": hashlib.sha256(b"").hexdigest()}
    signed = by_botocore(url=url, headers=digest)
    case("a generic signer where S3 is spoken", "aws-path-twice", "POST", target, signed, members=s3)
    signed = by_botocore(url=url)
    case("a signer without the digest of S3", "aws-payload-header", "POST", target, signed, members=s3)
    case("another region", "aws-region", "POST", "/invoices", by_botocore(region="us-east-1"))
    case("another service", "aws-service", "POST", "/invoices", by_botocore(service="lambda"))
    with_port = by_botocore(url=f"https://{HOST}:8443/invoices") | {"Host": HOST}
    case("a port that the proxy takes off", "authority-other", "POST", "/invoices", with_port)
    proxied = by_botocore(url="https://api.example.com/invoices")
    proxied |= {"Host": "orders.internal:8080", "X-Forwarded-Host": "api.example.com"}
    case("a proxy that writes Host anew", "authority-other", "POST", "/invoices", proxied)
    dumped = json.dumps(PAYLOAD).encode()
    sent = httpx.Request("POST", "http://orders/invoices", json=json.loads(dumped)).read()
    case(
        "json.dumps is signed, httpx sends",
        "body-json-ascii-escapes",
        "POST",
        "/invoices",
        by_botocore(body=dumped),
        sent,
    )
    compact = json.dumps({"a": 1, "b": [2, 3]}, separators=(",", ":")).encode()
    spaced = requests.Request("POST", "http://orders/", json=json.loads(compact)).prepare().body
    assert isinstance(spaced, bytes)
    case(
        "compact JSON is signed, requests sends",
        "body-json-compact",
        "POST",
        "/invoices",
        by_botocore(body=compact),
        spaced,
    )
    declared = by_botocore(body=compact, headers={"X-Amz-Content-SHA256": hashlib.sha256(compact).hexdigest()})
    case("the same with a declared digest", "body-json-compact", "POST", "/invoices", declared, spaced)
    case("the digest of an empty body", "body-not-sent", "POST", "/invoices", by_botocore(headers=digest), compact)
    unsigned = by_botocore(body=compact, headers={"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    case("a body that is not signed", "aws-payload-unsigned", "POST", "/invoices", unsigned, compact)
    packed = by_botocore(body=compact, headers={"X-Amz-Content-SHA256": hashlib.sha256(compact).hexdigest()})
    packed["Content-Encoding"] = "gzip"
    case(
        "a body that was compressed behind the signer",
        "body-compressed",
        "POST",
        "/invoices",
        packed,
        gzip.compress(compact),
    )
    query = requests.Request("GET", "http://orders/items", params={"q": "a b"}).prepare().path_url
    signed = by_botocore("GET", f"https://{HOST}/items?q=a%20b")
    case("requests writes spaces as plus signs", "query-space", "GET", query, signed)
    unsorted = by_hand(method="GET", path="/items", query="b=2&a=1")
    case("the query as it is sent", "aws-query-unsorted", "GET", "/items?b=2&a=1", unsorted)
    raw = by_hand(method="GET", path="/items", query="q=a/b")
    case("a query that is not encoded", "query-encoding", "GET", "/items?q=a/b", raw)
    blank = by_hand(headers={"x-note": "a  b"})
    case("white space that is not folded", "header-value", "POST", "/invoices", blank)
    lowered = by_hand(headers={"x-note": "abc"}) | {"x-note": "ABC"}
    case("a value in lower case", "header-value", "POST", "/invoices", lowered)
    typed = by_botocore(headers={"Content-Type": "application/json"}, body=compact)
    typed["Content-Type"] = "application/json; charset=utf-8"
    case("a client that adds the charset", "header-changed", "POST", "/invoices", typed, compact)
    removed = by_botocore(headers={"Accept-Encoding": "gzip"})
    del removed["Accept-Encoding"]
    case("a proxy that takes a signed header off", "header-removed", "POST", "/invoices", removed)
    added = by_botocore() | {"X-Amz-Meta-Trace": "1"}
    case("a header of AWS that was added", "header-not-signed", "POST", "/invoices", added)
    temporary = by_botocore(key=TEMPORARY_KEY, secret=TEMPORARY_SECRET)
    case("a temporary key without its token", "session-token-missing", "POST", "/invoices", temporary)
    late = temporary | {"X-Amz-Security-Token": TOKEN}
    case("a token that was added later", "session-token-not-signed", "POST", "/invoices", late)
    case("a token that is left over", "session-token-unknown", "POST", "/invoices", by_botocore(token="IQoJOLD"))
    renewed = by_botocore(key=TEMPORARY_KEY, secret=TEMPORARY_SECRET, token="IQoJNEW")
    case("a token that was renewed", "session-token-other", "POST", "/invoices", renewed)
    case(
        "the secret of another service",
        "key-of-other-service",
        "POST",
        "/invoices",
        by_botocore(secret=OTHER_AWS_SECRET),
    )
    case("the secret from before the rotation", "key-id-other", "POST", "/invoices", by_botocore(secret=OLD_SECRET))
    case("a secret with its line end", "key-white-space", "POST", "/invoices", by_botocore(secret=AWS_SECRET + "\n"))
    case("a secret in quotes", "key-quotes", "POST", "/invoices", by_botocore(secret=f'"{AWS_SECRET}"'))
    case("a secret that is not set", "key-not-set", "POST", "/invoices", by_botocore(secret="undefined"))
    revoked = by_botocore(key=OLD_KEY, secret=OLD_SECRET)
    case("a revoked key", "key-not-valid", "POST", "/invoices", revoked)
    unknown = by_botocore(key="AKIAIOSFODNN7EXAMPLE", secret="AnotherSecretOfAnotherAccount")
    case("a key of another account", "key-id-unknown", "POST", "/invoices", unknown)
    case("a clock that is 20 minutes late", "clock-skew", "POST", "/invoices", by_botocore(at=NOW - 1210))
    case("local time for UTC", "timestamp-local-time", "POST", "/invoices", by_botocore(at=NOW + 19_800))
    case("the local day in the credential", "aws-scope-day", "POST", "/invoices", by_hand(day="20251231"))
    iso = by_hand(date="2026-01-01T00:00:00Z")
    case("a date with hyphens", "aws-date-form", "POST", "/invoices", iso)
    link = by_botocore("GET", auth=SigV4QueryAuth, expires=60)["link"]
    host = {"Host": HOST}
    case("a link from yesterday", "link-expired", "GET", link, host, now=NOW + 86_400)
    case("a link that is asked for by HEAD", "method-other", "HEAD", link, host)
    twice = by_botocore("GET", f"https://{HOST}/invoices")
    case("a client that signs a link", "credentials-several", "GET", link, twice)
    tracked = link + "&utm_source=mail"
    case("a link with a parameter of a mailer", "query-parameter", "GET", tracked, host)
    prefixed = by_botocore(url=f"https://{HOST}/api/invoices")
    case("a gateway that takes the prefix off", "path-prefix-added", "POST", "/invoices", prefixed)
    upper = by_botocore()
    before, signature = upper["Authorization"].rsplit("=", 1)
    upper["Authorization"] = f"{before}={signature.upper()}"
    case("a signature in upper case", "signature-upper-case", "POST", "/invoices", upper)
    case("steps of the key in hex", "aws-key-derivation", "POST", "/invoices", by_hand(hexed=True))
    joined = by_hand(before_names="")
    case("no empty line behind the headers", "aws-canonical-form", "POST", "/invoices", joined)
    cut = by_botocore()
    cut["Authorization"] = cut["Authorization"].split(", Signature")[0]
    case("a header that was cut", "aws-authorization-form", "POST", "/invoices", cut)


class Keys(HTTPSignatureKeyResolver):
    """Holds one key under all ids."""

    def __init__(self, key: Any) -> None:
        """Take the key."""
        self.key = key

    def resolve_private_key(self, key_id: str) -> Any:
        """Return the key."""
        del key_id
        return self.key


PROFILE = ("@method", "@authority", "@path", "@query")


def by_library(
    method: str = "POST",
    url: str = f"https://{HOST}/invoices",
    body: bytes = b"",
    *,
    key: Any = ED,
    algorithm: Any = algorithms.ED25519,
    key_id: str = "billing/ed",
    covered: tuple[str, ...] = PROFILE,
    headers: Headers | None = None,
    at: int = NOW,
    **more: Any,
) -> Headers:
    """Return the headers that http-message-signatures makes, Host among them."""
    host = urllib.parse.urlsplit(url).netloc
    fields = CaseInsensitiveDict({"Host": host} | (headers or {}))
    message = SimpleNamespace(method=method, url=url, headers=fields)
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Keys(key))
    settings = {"nonce": NONCE, "tag": "wiresign", "label": "sig1"} | more
    created = datetime.datetime.fromtimestamp(at, datetime.UTC)
    signer.sign(message, key_id=key_id, created=created, covered_component_ids=covered, body=body or None, **settings)
    return dict(fields.items())


PARAMETERS = f';created={NOW};keyid="billing/ed";nonce="{NONCE}";tag="wiresign"'


def base_by_hand(
    lines: dict[str, str], parameters: str = PARAMETERS, *, between: str = "\n", end: str = ""
) -> tuple[str, str]:
    """Return what is signed, and the value of Signature-Input behind the label."""
    listed = "(" + " ".join(f'"{name}"' if not name.startswith('"') else name for name in lines) + ")" + parameters
    written = [(f'"{name}"' if not name.startswith('"') else name, value) for name, value in lines.items()]
    text = [f"{name}: {value}" for name, value in written] + [f'"@signature-params": {listed}']
    return between.join(text) + end, listed


OURS = {"@method": "GET", "@authority": HOST, "@path": "/items", "@query": "?q=1"}


def signed_by_hand(
    lines: dict[str, str] | None = None,
    parameters: str = PARAMETERS,
    *,
    labels: tuple[str, str] = ("sig1", "sig1"),
    **form: str,
) -> Headers:
    """Sign a base that was put together by hand."""
    base, listed = base_by_hand(lines or OURS, parameters, **form)
    signature = base64.b64encode(ED.sign(base.encode())).decode()
    return {"Host": HOST, "Signature-Input": f"{labels[0]}={listed}", "Signature": f"{labels[1]}=:{signature}:"}


def messages() -> None:
    """Message signatures."""
    cases = Cases("rfc9421")
    case = cases.case
    proxied = by_library(url="https://api.example.com/invoices")
    proxied |= {"Host": "orders.internal:8080", "X-Forwarded-Host": "api.example.com"}
    case("@authority behind a proxy", "authority-other", "POST", "/invoices", proxied)
    covering = {"rfc9421": {"covered": ["@method", "@target-uri"]}}
    plain = by_library(url=f"http://{HOST}/invoices", covered=("@method", "@target-uri"))
    case("@target-uri with http", "url-scheme", "POST", "/invoices", plain, members=covering)
    prefixed = by_library(url=f"https://{HOST}/api/invoices")
    case("@path behind a gateway", "path-prefix-added", "POST", "/invoices", prefixed)
    slash = by_library(url=f"https://{HOST}/invoices/", covered=("@method", "@target-uri"))
    case("@target-uri with a slash", "path-trailing-slash", "POST", "/invoices", slash, members=covering)
    asked = {"rfc9421": {"covered": ["@method", '"@query-param";name="q"']}}
    encoded = signed_by_hand({"@method": "GET", '"@query-param";name="q"': "a+b"})
    case(
        "@query-param as urlencode writes it",
        "query-parameter-encoding",
        "GET",
        "/items?q=a%20b",
        encoded,
        members=asked,
    )
    dumped = json.dumps(PAYLOAD).encode()
    sent = httpx.Request("POST", "http://orders/invoices", json=PAYLOAD).read()
    case(
        "the digest of json.dumps, httpx sends",
        "body-json-ascii-escapes",
        "POST",
        "/invoices",
        by_library(body=dumped),
        sent,
    )
    packed = by_library(body=dumped) | {"Content-Encoding": "gzip"}
    case("the digest of the body before gzip", "body-compressed", "POST", "/invoices", packed, gzip.compress(dumped))
    case("a body that was exchanged", "body-changed", "POST", "/invoices", by_library(body=dumped), b"something else")
    few = by_library(covered=("@method", "@authority", "@path"))
    case("@query is not covered", "component-not-covered", "POST", "/invoices", few)
    bare = by_library()
    case("the digest is not covered", "component-not-covered", "POST", "/invoices", bare, dumped)
    milliseconds = PARAMETERS.replace(str(NOW), str(NOW * 1000))
    case(
        "Date.now() as created", "timestamp-milliseconds", "GET", "/items?q=1", signed_by_hand(parameters=milliseconds)
    )
    fraction = PARAMETERS.replace(str(NOW), f"{NOW}.5")
    case("time.time() as created", "timestamp-fraction", "GET", "/items?q=1", signed_by_hand(parameters=fraction))
    case("a clock that is 10 minutes late", "clock-skew", "POST", "/invoices", by_library(at=NOW - 610))
    stranger = by_library(key=STRANGER, key_id="partner/1")
    case("a key that nobody has", "key-id-unknown", "POST", "/invoices", stranger)
    case("a key of another service", "key-of-other-service", "POST", "/invoices", by_library(key=REPORTS_ED))
    case("an id that is not that of the key", "key-id-other", "POST", "/invoices", by_library(key_id="billing/ed2"))
    named = PARAMETERS + ';alg="hmac-sha256"'
    case("another algorithm than the key's", "algorithm-of-key", "GET", "/items?q=1", signed_by_hand(parameters=named))
    case("a base with CRLF", "signature-base", "GET", "/items?q=1", signed_by_hand(between="\r\n"))
    case("a base with a line end", "signature-base", "GET", "/items?q=1", signed_by_hand(end="\n"))
    labels = signed_by_hand(labels=("sig1", "sig"))
    case("two labels for one signature", "label-mismatch", "GET", "/items?q=1", labels)
    case("the tag of somebody else", "tag-other", "POST", "/invoices", by_library(tag="web-bot-auth"))
    base, listed = base_by_hand(OURS, PARAMETERS.replace("billing/ed", "billing/ec"))
    der = CURVE.sign(base.encode(), ec.ECDSA(hashes.SHA256()))
    openssl = {"Host": HOST, "Signature-Input": f"s={listed}", "Signature": f"s=:{base64.b64encode(der).decode()}:"}
    case("ECDSA as OpenSSL writes it", "signature-der", "GET", "/items?q=1", openssl)
    hmacs: dict[str, Any] = {"algorithm": algorithms.HMAC_SHA256, "key_id": "billing/text"}
    case(
        "a secret that was taken for hex",
        "key-as-hex",
        "POST",
        "/invoices",
        by_library(key=bytes.fromhex(SECRET), **hmacs),
    )
    as_base64 = by_library(key=base64.b64decode(SECRET), **hmacs)
    case("a secret that was taken for base64", "key-as-base64", "POST", "/invoices", as_base64)
    newline = by_library(key=SECRET.encode() + b"\n", **hmacs)
    case("a secret with its line end", "key-white-space", "POST", "/invoices", newline)
    stock = by_library(key=OTHER_SECRET.encode(), **hmacs)
    case("a secret of another service", "key-of-other-service", "POST", "/invoices", stock)
    ended = by_library(expires=datetime.datetime.fromtimestamp(NOW + 60, datetime.UTC))
    case("a signature that has ended", "signature-expired", "POST", "/invoices", ended, now=NOW + 90)
    for second in range(60):
        url_safe = by_library(at=NOW - second)
        if "+" in url_safe["Signature"] or "/" in url_safe["Signature"]:
            break
    url_safe["Signature"] = url_safe["Signature"].replace("+", "-").replace("/", "_")
    case("a signature in base64url", "signature-alphabet", "POST", "/invoices", url_safe)
    colons = by_library()
    colons["Signature"] = colons["Signature"].replace(":", '"')
    case("a signature as a string", "signature-colons", "POST", "/invoices", colons)
    lost = by_library()
    del lost["Signature-Input"]
    case("a proxy that takes Signature-Input off", "header-missing", "POST", "/invoices", lost)
    once = PARAMETERS.replace(f';nonce="{NONCE}"', "")
    case("no nonce", "parameter-missing", "GET", "/items?q=1", signed_by_hand(parameters=once))
    noted = by_library(covered=(*PROFILE, "x-note"), headers={"X-Note": "1"})
    del noted["X-Note"]
    case("a proxy that takes a covered header off", "header-removed", "POST", "/invoices", noted)
    case("@method in lower case", "method-case", "GET", "/items?q=1", signed_by_hand(OURS | {"@method": "get"}))
    case("@query without its mark", "query-without-mark", "GET", "/items?q=1", signed_by_hand(OURS | {"@query": "q=1"}))
    typed = signed_by_hand(OURS | {"Content-Type": "a"}) | {"Content-Type": "a"}
    case("a name as it is sent", "component-wrong", "GET", "/items?q=1", typed)


def part(value: dict[str, Any] | bytes) -> str:
    """Write one part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


CLAIMS = {"iss": "billing", "aud": "orders", "iat": NOW, "exp": NOW + 300}


def sign_token(head: dict[str, Any], text: str, key: Any) -> bytes:
    """Sign what stands before the last dot."""
    match head["alg"]:
        case "EdDSA":
            return bytes(key.sign(text.encode()))
        case "ES256":
            first, second = utils.decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
            return first.to_bytes(32, "big") + second.to_bytes(32, "big")
        case "RS256":
            return bytes(key.sign(text.encode(), PKCS1v15(), hashes.SHA256()))
        case _:
            return tag(key, text)


def token(claims: dict[str, Any] | None = None, key: Any = ED, **head: Any) -> str:
    """Make a token."""
    header = {"alg": "EdDSA", "typ": "JWT"} | head
    payload = {name: value for name, value in (CLAIMS | (claims or {})).items() if value is not None}
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(sign_token(header, text, key))}"


def bearer(text: str) -> Headers:
    """Return the headers."""
    return {"Host": HOST, "Authorization": f"Bearer {text}"}


def tokens() -> None:
    """Tokens."""
    cases = Cases("jwt")

    def case(name: str, expected: str, headers: Headers, now: int = NOW) -> None:
        cases.case(name, expected, "GET", "/items", headers, now=now)

    case("aud without its slash", "token-audience-spelling", bearer(token({"aud": "https://orders.example"})))
    case("aud of another service", "token-audience-service", bearer(token({"aud": ["stock"]})))
    case("aud of another system", "token-audience-other", bearer(token({"aud": "https://staging.example"})))
    case("no aud", "token-audience-missing", bearer(token({"aud": None})))
    slash = token({"iss": "https://login.example", "sub": "u1"}, key=SECOND_ED)
    case("iss without its slash", "token-issuer-spelling", bearer(slash))
    test = token({"iss": "https://login.test/", "sub": "u1"}, key=STRANGER)
    case("iss of a test system", "token-issuer-unknown", bearer(test))
    case("no iss", "token-issuer-missing", bearer(token({"iss": None})))
    case("a token from an hour ago", "token-expired", bearer(token()), now=NOW + 4000)
    case("Date.now() as iat", "token-time-milliseconds", bearer(token({"iat": NOW * 1000})))
    case("time.time() + 300 as exp", "token-time-fraction", bearer(token({"exp": NOW + 300.5})))
    case("exp as a date", "token-time-form", bearer(token({"exp": "2026-01-01T00:05:00Z"})))
    local = {"iat": NOW - 7200, "exp": NOW - 6900}
    case("utcnow().timestamp() two hours east", "timestamp-local-time", bearer(token(local)))
    case("a clock that is ahead", "clock-skew", bearer(token({"iat": NOW + 90, "exp": NOW + 390})))
    case("nbf in the future", "token-not-yet", bearer(token({"nbf": NOW + 240})))
    case("no exp", "token-no-expiry", bearer(token({"exp": None})))
    large = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    reports = {"iss": "reports"}
    case("RS256 where the key is Ed25519", "algorithm-of-key", bearer(token(reports, key=large, alg="RS256")))
    forged = token(reports, key=pem(REPORTS_ED), alg="HS256")
    case("the public key as a secret", "token-public-key-as-secret", bearer(forged))
    unsigned = f"{part({'alg': 'none'})}.{part(CLAIMS)}."
    case("alg none", "token-algorithm-none", bearer(unsigned))
    case("a kid that is not known", "key-id-unknown", bearer(token(key=STRANGER, kid="2027")))
    case("the kid of another key", "key-id-other", bearer(token(key=ED, kid="ed2")))
    case("a key of another service", "key-of-other-service", bearer(token(key=REPORTS_ED)))
    case("a secret that was taken for hex", "key-as-hex", bearer(token(key=bytes.fromhex(SECRET), alg="HS256")))
    as_base64 = token(key=base64.b64decode(SECRET), alg="HS256")
    case("a secret that was taken for base64", "key-as-base64", bearer(as_base64))
    again = token(key=base64.b64encode(SECRET.encode()), alg="HS256")
    case("a secret that was encoded once more", "key-encoded-again", bearer(again))
    case("a secret with its line end", "key-white-space", bearer(token(key=SECRET + "\n", alg="HS256")))
    case("a secret of another service", "key-of-other-service", bearer(token(key=OTHER_SECRET, alg="HS256")))
    text = f"{part({'alg': 'ES256'})}.{part(CLAIMS)}"
    der = f"{text}.{part(CURVE.sign(text.encode(), ec.ECDSA(hashes.SHA256())))}"
    case("ES256 in DER", "signature-der", bearer(der))
    head = base64.b64encode(b'{"alg":"EdDSA","kid":"ed"}').decode()
    body = base64.b64encode(json.dumps(CLAIMS | {"x": "~~~???"}).encode()).decode().rstrip("=")
    standard = f"{head.rstrip('=')}.{body}"
    standard += "." + base64.b64encode(ED.sign(standard.encode())).decode().rstrip("=")
    case("standard base64", "token-base64-alphabet", bearer(standard))
    claims = base64.urlsafe_b64encode(json.dumps(CLAIMS | {"x": "1"}).encode()).decode()
    while not claims.endswith("="):
        claims = base64.urlsafe_b64encode(base64.urlsafe_b64decode(claims)[:-1] + b" }").decode()
    padded = f"{part({'alg': 'EdDSA'})}.{claims}"
    padded += "." + part(ED.sign(padded.encode()))
    case("padding", "token-padding", bearer(padded))
    case("Bearer twice", "token-bearer-twice", bearer("Bearer " + token()))
    case("no Bearer", "token-bearer-missing", {"Host": HOST, "Authorization": token()})
    case("JWT for Bearer", "token-bearer-missing", {"Host": HOST, "Authorization": f"JWT {token()}"})
    case("a token in quotes", "token-quotes", bearer(json.dumps(token())))
    case("bytes in a text", "token-quotes", bearer(str(token().encode())))
    case("two spaces", "token-white-space", bearer(" " + token()))
    case("a token in another header", "token-elsewhere", {"Host": HOST, "X-Access-Token": token()})
    encrypted = f"{part({'alg': 'dir', 'enc': 'A256GCM'})}..{part(b'123456789012')}.{part(b'secret')}.{part(b'tag')}"
    case("an encrypted token", "token-encrypted", bearer(encrypted))
    case("a token that was cut", "token-form", bearer(token().rsplit(".", 1)[0]))


STS_BODY = b"Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON"
IDENTITIES: dict[str, Any] = {
    "accept": ["aws-identity"],
    "aws_identity": {
        "regions": ["eu-central-1", "eu-west-1"],
        "roles": {
            "arn:aws:iam::123456789012:role/prod-{service}-task": "{service}",
            "arn:aws:iam::123456789012:role/prod-x-{service}": "{service}",
        },
    },
}


def question(
    *,
    region: str = "eu-central-1",
    body: bytes = STS_BODY,
    headers: Headers | None = None,
    without: str = "",
    token: str | None = TOKEN,
    **more: Any,
) -> Headers:
    """Return the headers of a request to STS that botocore has signed."""
    fields = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "X-Target-Service": "orders",
    }
    fields = {name: value for name, value in (fields | (headers or {})).items() if name != without}
    url = f"https://sts.{region}.amazonaws.com/"
    options = {"key": TEMPORARY_KEY, "secret": TEMPORARY_SECRET, "service": "sts", "token": token} | more
    return by_botocore(url=url, body=body, headers=fields, region=region, **options)


def proof(*, target: str = "orders", changes: Headers | None = None, **more: Any) -> Headers:
    """Return the headers that a caller makes of it."""
    signed = question(**more)
    fields = {
        "Host": HOST,
        "X-Target-Service": target,
        "X-Service-AWS-Date": signed["X-Amz-Date"],
        "X-Service-AWS-Identity": signed["Authorization"],
    }
    if "X-Amz-Security-Token" in signed:
        fields["X-Service-AWS-Token"] = signed["X-Amz-Security-Token"]
    return {name: value for name, value in (fields | (changes or {})).items() if value}


def identity(arn: str) -> tuple[int, str]:
    """Return what AWS says of whom it knows."""
    result = {"Arn": arn, "UserId": "AROA:1", "Account": arn.split(":")[4]}
    return 200, json.dumps({"GetCallerIdentityResponse": {"GetCallerIdentityResult": result}})


def error(code: str, status: int = 403) -> tuple[int, str]:
    """Return what AWS says of whom it refuses."""
    return status, json.dumps({"Error": {"Code": code, "Message": "", "Type": "Sender"}, "RequestId": "r"})


def identities() -> None:
    """Proofs of IAM identities. What only AWS could find is what it answers."""
    cases = Cases("aws-identity")

    def case(name: str, expected: str, headers: Headers, answer: tuple[int, str] | None = None, **more: Any) -> None:
        cases.case(
            name, expected, "GET", more.pop("target", "/orders/7"), headers, members=IDENTITIES, answer=answer, **more
        )

    case("an adapter that asks nobody", "identity-not-asked", proof())
    asis = question() | {"Host": HOST}
    case("the headers as botocore made them", "identity-in-authorization", asis)
    own = by_botocore("GET", f"https://{HOST}/orders/7", key=TEMPORARY_KEY, secret=TEMPORARY_SECRET)
    case("a signature of the request itself", "identity-of-request", own)
    link = by_botocore(
        "GET", f"https://sts.eu-central-1.amazonaws.com/?{STS_BODY.decode()}", service="sts", auth=SigV4QueryAuth
    )["link"]
    whole = "https://sts.eu-central-1.amazonaws.com" + link
    case("a link as the proof", "identity-link", proof(changes={"X-Service-AWS-Identity": whole}))
    eks = "k8s-aws-v1." + base64.urlsafe_b64encode(whole.encode()).decode().rstrip("=")
    case("a token of EKS as the proof", "identity-link", proof(changes={"X-Service-AWS-Identity": eks}))
    case(
        "a link as the request",
        "identity-link",
        {"Host": HOST, "X-Target-Service": "orders"},
        target="/orders/7" + link[1:],
    )
    case(
        "the wrong audience",
        "identity-audience-other",
        proof(target="reports", headers={"X-Target-Service": "reports"}),
    )
    case("no audience was signed", "identity-audience-unsigned", proof(without="X-Target-Service"))
    case("no audience is sent", "header-missing", proof(changes={"X-Target-Service": ""}))
    case("no content type was signed", "identity-header-unsigned", proof(without="Content-Type"))
    case("no form of answer was signed", "identity-header-unsigned", proof(without="Accept"))
    case("an SDK adds its own headers", "identity-header-more", proof(headers={"Amz-Sdk-Invocation-Id": "1"}))
    case("the header of S3 is signed", "identity-header-more", proof(auth=S3SigV4Auth))
    case("the session token is not sent", "identity-token-missing", proof(changes={"X-Service-AWS-Token": ""}))
    late = proof(token=None) | {"X-Service-AWS-Token": TOKEN}
    case("the session token came later", "identity-token-unsigned", late)
    case("a line end behind the token", "identity-token-form", proof() | {"X-Service-AWS-Token": TOKEN + " "})
    case("the global endpoint", "identity-global-endpoint", proof(region="us-east-1"))
    case("another region", "identity-region", proof(region="ap-south-1"))
    case("another service of AWS", "identity-service", proof(service="execute-api"))
    several = proof()
    several["X-Service-AWS-Identity"] = several["X-Service-AWS-Identity"].replace("HMAC", "ECDSA-P256")
    case("signed for several regions", "identity-several-regions", several)
    cut = proof()
    cut["X-Service-AWS-Identity"] = cut["X-Service-AWS-Identity"].rsplit(",", 1)[0]
    case("a proof that was cut", "identity-form", cut)
    case(
        "the date under the name of AWS",
        "header-name",
        proof(changes={"X-Service-AWS-Date": "", "X-Amz-Date": "20260101T000000Z"}),
    )
    case("a date with hyphens", "aws-date-form", proof(changes={"X-Service-AWS-Date": "2026-01-01T00:00:00Z"}))
    case("the date of another proof", "aws-scope-day", proof(changes={"X-Service-AWS-Date": "20260102T000000Z"}))
    case("a clock that is ahead", "clock-skew", proof(at=NOW + 1000))
    case("a proof that is used for hours", "identity-proof-old", proof(at=NOW - 7000))
    role = "arn:aws:sts::123456789012:assumed-role/"
    case("a role without a pattern", "identity-role-unmapped", proof(), identity(role + "dev-billing-task/1"))
    case("the root of the account", "identity-role-unmapped", proof(), identity("arn:aws:iam::123456789012:root"))
    case("two patterns", "identity-role-ambiguous", proof(), identity(role + "prod-x-task/1"))
    case("a service that is not there", "identity-service-unknown", proof(), identity(role + "prod-shipping-task/1"))
    refused = error("SignatureDoesNotMatch")
    case("another body was signed", "identity-signature", proof(body=STS_BODY[:-17]), refused)
    case("another secret", "identity-signature", proof(secret=AWS_SECRET), refused)
    case("a key that was deleted", "identity-key-unknown", proof(), error("InvalidClientTokenId"))
    case("credentials that were not renewed", "identity-token-expired", proof(), error("ExpiredToken"))
    case("AWS slows down", "identity-busy", proof(), error("Throttling", 400))
    case("AWS is down", "identity-busy", proof(), (503, ""))
    case("a portal in front of AWS", "identity-answer-form", proof(), (200, "<!doctype html><title>Login</title>"))
    case("no way to AWS", "identity-no-answer", proof(), (0, ""))


def main() -> None:
    """Print all."""
    print(json.dumps(CONFIG))
    amazon()
    messages()
    tokens()
    identities()


if __name__ == "__main__":
    main()
