"""The schemes that clients sign with, the requests that they send, and what an exchanged part of one must come to."""

from __future__ import annotations

import base64
import json
import os
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import wiresign
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from recorded import Recorded

    Change = Callable[[Recorded], Recorded]

# What becomes of a request whose changed part the scheme does not cover: what becomes of the same request once more.
AS_REPLAYED = "as replayed"
ACCEPTED = "accepted"
# The one that exchanges nothing.
ONCE_MORE = "sent once more"
# Longer than the windows of all schemes.
_LONG = 1000
_OTHER = {"GET": b"DELETE", "POST": b"PUT", "PUT": b"POST", "DELETE": b"GET"}


@dataclass(frozen=True)
class Scheme:
    """One way to sign: who signs by it, where its parts are, and what a request comes to in which one is exchanged."""

    name: str
    caller: str
    accept: str
    # What the caller's document says beside the services.
    members: dict[str, Any]
    # The headers of the credential; the first holds the signature.
    headers: tuple[str, ...]
    signature: Callable[[bytes], bytes]
    # Other parts that are exchanged: how, and the code.
    parts: dict[str, tuple[Change, str]]
    # What method, path, query, host and body come to.
    method: str = "INVALID_SIGNATURE"
    path: str = "INVALID_SIGNATURE"
    query: str = "INVALID_SIGNATURE"
    host: str = AS_REPLAYED
    body: str = "INVALID_SIGNATURE"
    wrong: str = "INVALID_SIGNATURE"
    # What a signature that is there twice comes to where the server makes one line of both, with a comma.
    joined: str = "DUPLICATE_HEADER"
    # What the same request comes to once more: where methods change something, and elsewhere.
    replayed: str = "REPLAYED_REQUEST"
    replayed_safe: str = "REPLAYED_REQUEST"
    # Why requests of some kind are not sent.
    leaves_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """One request that each client sends. The scheme and a number of its own come before the target."""

    name: str
    method: str
    target: str
    body: bytes | None = None
    # Whether parts of it are exchanged; once in each shape is enough.
    is_changed: bool = False

    def numbered(self, number: int) -> bytes | None:
        """Return a body of its own."""
        return self.body and self.body.replace(b"%", b"%d" % number)

    def media_type(self) -> str | None:
        """Return what the body is said to be."""
        if self.body is None:
            return None
        return "application/json" if self.body[:1] == b"{" else "application/octet-stream"


# No two bodies are alike either: a number stands in the place of the percent sign.
JSON = '{"number": %, "name": "Zoë"}'
REQUESTS = [
    Sent("no body", "GET", "/plain"),
    Sent("a query", "GET", "/find?b=1&a=&flag&c=d%20e", is_changed=True),
    Sent("a plus sign in the query", "GET", "/find?b=c+d"),
    Sent("escapes", "GET", "/caf%C3%A9/a%20b?q=%C3%A9%26"),
    Sent("bytes outside ASCII", "GET", "/café?q=é"),
    Sent("a body of JSON", "POST", "/invoices", JSON.encode(), is_changed=True),
    Sent("an empty body", "POST", "/invoices", b""),
    Sent(
        "a body of 100 kB",
        "PUT",
        "/images/a?kind=raw",
        b"% " + bytes(byte for byte in range(256) if byte != ord("%")) * 392,
        is_changed=True,
    ),
    Sent("a deletion", "DELETE", "/images/a"),
]


def _digit(value: bytes) -> bytes:
    """Exchange the last digit of a signature in hex."""
    return value[:-1] + (b"1" if value[-1:] == b"0" else b"0")


def _letter(value: bytes) -> bytes:
    """Exchange a letter in the middle of the last long base64 text."""
    found = list(re.finditer(rb"[A-Za-z0-9+/_-]{40,}", value))[-1]
    at = (found.start() + found.end()) // 2
    return value[:at] + (b"A" if value[at : at + 1] != b"A" else b"B") + value[at + 1 :]


def _seconds(header: str, change: int, pattern: bytes = rb"\d{10}") -> Change:
    """Move a time in seconds."""
    return lambda request: request.with_value(
        header, lambda value: re.sub(pattern, lambda found: b"%d" % (int(found[0]) + change), value, count=1)
    )


def _text(header: str, old: bytes, new: bytes) -> Change:
    """Exchange a text in a header."""

    def change(value: bytes) -> bytes:
        if old not in value:
            raise ValueError(f"{header} does not hold {old!r}")
        return value.replace(old, new, 1)

    return lambda request: request.with_value(header, change)


def _nonce(header: str, pattern: bytes = rb"^.") -> Change:
    """Exchange the first character of a nonce."""
    return lambda request: request.with_value(
        header,
        lambda value: re.sub(pattern, lambda found: found[0][:-1] + (b"b" if found[0][-1:] == b"a" else b"a"), value),
    )


def _amazon_time(change: int) -> Change:
    """Move the time of a signature of AWS within its day: another day would need another credential."""

    def moved(value: bytes) -> bytes:
        form = "%Y%m%dT%H%M%SZ"
        now = datetime.strptime(value.decode(), form).replace(tzinfo=UTC)
        then = next(
            to for to in (now - timedelta(seconds=change), now + timedelta(seconds=change)) if to.date() == now.date()
        )
        return then.strftime(form).encode()

    return lambda request: request.with_value("X-Amz-Date", moved)


def _flipped(at: float) -> Change:
    """Flip one bit of the body."""
    return lambda request: request.flipped(at)


def _claim(name: str, change: Callable[[Any], Any]) -> Change:
    """Change a claim of a token, and leave its signature."""

    def changed(value: bytes) -> bytes:
        head, payload, signature = value.split(b".")
        claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        claims[name] = change(claims[name])
        text = json.dumps(claims, separators=(",", ":")).encode()
        return b".".join([head, base64.urlsafe_b64encode(text).rstrip(b"="), signature])

    return lambda request: request.with_value("Authorization", changed)


_NOT_SIGNED = "a scheme that signs no path takes two such requests within a second for one"
_UNCOVERED: dict[str, Any] = {"method": AS_REPLAYED, "path": AS_REPLAYED, "query": AS_REPLAYED, "body": AS_REPLAYED}
_OLDER: dict[str, Any] = {"query": AS_REPLAYED, "replayed_safe": ACCEPTED}
_WEBHOOK: dict[str, Any] = {
    **_UNCOVERED,
    "body": "INVALID_SIGNATURE",
    "leaves_out": {sent.name: _NOT_SIGNED for sent in REQUESTS if not sent.body},
}


def _older(name: str, caller: str, header: str) -> Scheme:
    """One of the older formats, which sign neither query nor target."""
    other = b"shop" if caller == "billing" else b"billing"
    parts: dict[str, tuple[Change, str]] = {
        "time": (_seconds("X-Timestamp", 1), "INVALID_SIGNATURE"),
        "a stale time": (_seconds("X-Timestamp", -_LONG), "TIMESTAMP_OUTSIDE_WINDOW"),
        "request id": (_nonce("X-Request-ID"), AS_REPLAYED),
        "caller": (_text(header, caller.encode(), other), "INVALID_SIGNATURE"),
    }
    headers = ("X-Signature", header, "X-Timestamp", "X-Request-ID")
    return Scheme(name, caller, name, {"sign_with": name}, headers, _digit, parts, **_OLDER)


def _messages(name: str, caller: str, other: str) -> Scheme:
    """HTTP message signatures; another caller has a key, which may be one of another kind."""
    parts: dict[str, tuple[Change, str]] = {
        "time": (_seconds("Signature-Input", 1), "INVALID_SIGNATURE"),
        "a stale time": (_seconds("Signature-Input", -_LONG), "TIMESTAMP_OUTSIDE_WINDOW"),
        "nonce": (_nonce("Signature-Input", rb'nonce="[^"]'), "INVALID_SIGNATURE"),
        "caller": (_text("Signature-Input", caller.encode() + b"/", b"shop/"), other),
        "covered parts": (_text("Signature-Input", b'"@method" ', b""), "INSUFFICIENT_COVERAGE"),
    }
    return Scheme(
        name,
        caller,
        "rfc9421",
        {"sign_with": "rfc9421", "rfc9421": {"url_scheme": "http"}},
        ("Signature", "Signature-Input"),
        _letter,
        parts,
        host="INVALID_SIGNATURE",
        body="DIGEST_MISMATCH",
    )


def _tokens(name: str, caller: str) -> Scheme:
    """Tokens, which say who calls and nothing of the request."""
    parts: dict[str, tuple[Change, str]] = {
        "expiry": (_claim("exp", lambda value: value + 1), "INVALID_SIGNATURE"),
        "audience": (_claim("aud", lambda _: "shop"), "INVALID_SIGNATURE"),
    }
    every = {"replayed": ACCEPTED, "replayed_safe": ACCEPTED, **_UNCOVERED}
    return Scheme(name, caller, "jwt", {"sign_with": "jwt"}, ("Authorization",), _letter, parts, **every)


SCHEMES = [
    Scheme(
        "service-hmac-v2",
        "billing",
        "service-hmac-v2",
        {},
        ("X-Signature", "X-Service-ID", "X-Target-Service", "X-Timestamp", "X-Request-ID"),
        _digit,
        {
            "time": (_seconds("X-Timestamp", 1), "INVALID_SIGNATURE"),
            "a stale time": (_seconds("X-Timestamp", -_LONG), "TIMESTAMP_OUTSIDE_WINDOW"),
            "request id": (_nonce("X-Request-ID"), "INVALID_SIGNATURE"),
            "caller": (_text("X-Service-ID", b"billing", b"shop"), "INVALID_SIGNATURE"),
            "target": (_text("X-Target-Service", b"orders", b"shop"), "INVALID_SIGNATURE"),
        },
        # It is the list that a signer with two keys sends, and each in it holds.
        joined=AS_REPLAYED,
    ),
    _older("service-hmac", "billing", "X-Service-ID"),
    _older("cross-service", "shop", "X-Service-Name"),
    Scheme(
        "timestamped-body",
        "webhook:frontend",
        "webhook:frontend",
        {"sign_with": "webhook:frontend"},
        ("X-Webhook-Signature", "X-Webhook-Timestamp"),
        _digit,
        {
            "time": (_seconds("X-Webhook-Timestamp", 1), "INVALID_SIGNATURE"),
            "a stale time": (_seconds("X-Webhook-Timestamp", -_LONG), "TIMESTAMP_OUTSIDE_WINDOW"),
        },
        **_WEBHOOK,
    ),
    Scheme(
        "stripe",
        "webhook:payments",
        "webhook:payments",
        {"sign_with": "webhook:payments"},
        ("Stripe-Signature",),
        _digit,
        {
            "time": (_seconds("Stripe-Signature", 1), "INVALID_SIGNATURE"),
            "a stale time": (_seconds("Stripe-Signature", -_LONG), "TIMESTAMP_OUTSIDE_WINDOW"),
        },
        **_WEBHOOK,
    ),
    _messages("rfc9421-hmac", "billing", "INVALID_SIGNATURE"),
    _messages("rfc9421-ed25519", "press", "ALGORITHM_NOT_ALLOWED"),
    Scheme(
        "aws-sigv4",
        "billing",
        "aws-sigv4",
        {"sign_with": "aws-sigv4"},
        ("Authorization", "X-Amz-Date"),
        _digit,
        {
            "time": (_amazon_time(1), "INVALID_SIGNATURE"),
            "a stale time": (_amazon_time(_LONG), "TIMESTAMP_OUTSIDE_WINDOW"),
            "caller": (_text("Authorization", b"AKIDBILLING000000001", b"AKIDSHOP000000000001"), "INVALID_SIGNATURE"),
            "region": (_text("Authorization", b"/eu-west-1/", b"/eu-west-2/"), "INVALID_SIGNATURE"),
        },
        host="INVALID_SIGNATURE",
        replayed_safe=ACCEPTED,
        leaves_out={"a plus sign in the query": "aws-sigv4 takes none"},
    ),
    _tokens("jwt-hmac", "billing"),
    _tokens("jwt-ed25519", "press"),
    Scheme(
        "api-key",
        "billing",
        "api-key",
        {"sign_with": "api-key"},
        ("X-Service-API-Key",),
        _digit,
        {},
        wrong="UNKNOWN_KEY",
        replayed=ACCEPTED,
        replayed_safe=ACCEPTED,
        **_UNCOVERED,
    ),
]


def changes(scheme: Scheme, sent: Sent, is_joined: bool) -> dict[str, tuple[Change, str]]:
    """Return what is exchanged in a request, and the code that each must come to."""
    replay = scheme.replayed_safe if sent.method in ("GET", "HEAD", "OPTIONS") else scheme.replayed
    path, _, query = sent.target.partition("?")
    first = scheme.headers[0]

    # A method that changes something is not repeated, also where the one that was signed may be.
    as_changed = scheme.replayed if scheme.method == AS_REPLAYED else scheme.method
    found: dict[str, tuple[Change, str]] = {
        "method": (lambda request: replace(request, method=_OTHER[sent.method]), as_changed),
        "path": (
            lambda request: replace(request, target=request.target.replace(path.encode(), path[:-1].encode() + b"z")),
            scheme.path,
        ),
        "host": (_text("Host", b"127.0.0.1", b"localhost"), scheme.host),
        "signature": (lambda request: request.with_value(first, scheme.signature), scheme.wrong),
        "no credential": (lambda request: request.without(scheme.headers), "AUTHENTICATION_REQUIRED"),
        "a signature twice": (lambda request: request.twice(first), scheme.joined if is_joined else "DUPLICATE_HEADER"),
        **scheme.parts,
    }
    if query:
        found["query"] = (
            lambda request: replace(request, target=request.target.replace(b"?" + query[:1].encode(), b"?z")),
            scheme.query,
        )
    if sent.body:
        for place, at in (("first", 0.0), ("middle", 0.5), ("last", 1.0)):
            found[f"body, {place} byte"] = (_flipped(at), scheme.body)
    return {place: (change, replay if code == AS_REPLAYED else code) for place, (change, code) in found.items()} | {
        ONCE_MORE: (lambda request: request, replay)
    }


def set_secrets() -> None:
    """Make the secrets of a run."""
    for name in (
        "BILLING_SECRET",
        "SHOP_SECRET",
        "FRONTEND_SECRET",
        "PAYMENTS_SECRET",
        "BILLING_API_KEY",
        "BILLING_AWS",
        "SHOP_AWS",
    ):
        os.environ[name] = wiresign.generate_secret()
    key = Ed25519PrivateKey.generate()
    os.environ["PRESS_PRIVATE"] = key.private_bytes_raw().hex()
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    os.environ["PRESS_PUBLIC"] = public.hex()


def _services(press: str) -> dict[str, Any]:
    """Return the registry; who signs with a key of its own has its private half."""
    name = press.upper()
    return {
        "orders": {"call_with": "env:BILLING_API_KEY"} if press == "private" else {},
        "billing": {
            "keys": [{"id": "2026", "secret": "env:BILLING_SECRET"}],
            "api_keys": [{"secret": "env:BILLING_API_KEY"}],
            "aws_keys": [{"id": "AKIDBILLING000000001", "secret": "env:BILLING_AWS"}],
            "allowed_targets": ["orders"],
        },
        "shop": {
            "keys": [{"id": "2026", "secret": "env:SHOP_SECRET"}],
            "aws_keys": [{"id": "AKIDSHOP000000000001", "secret": "env:SHOP_AWS"}],
            "allowed_targets": ["orders"],
        },
        "press": {
            "keys": [{"id": "2026", "algorithm": "ed25519", f"{press}_key": f"env:PRESS_{name}"}],
            "allowed_targets": ["orders"],
        },
    }


_COMMON: dict[str, Any] = {
    "aws_sigv4": {"region": "eu-west-1", "service": "orders"},
    "rfc9421": {"url_scheme": "http"},
    "webhooks": {
        "frontend": {"scheme": "timestamped-body", "keys": [{"secret": "env:FRONTEND_SECRET"}]},
        "payments": {"scheme": "stripe", "keys": [{"secret": "env:PAYMENTS_SECRET"}]},
    },
}


def server_document() -> dict[str, Any]:
    """Return the configuration of a server: the first segment of a path says by which scheme it is signed."""
    routes = [{"match": f"/{scheme.name}/**", "accept": [scheme.accept]} for scheme in SCHEMES]
    return {"service": "orders", "services": _services("public"), "routes": routes, **_COMMON}


def client_document(scheme: Scheme) -> dict[str, Any]:
    """Return the configuration of a client that signs by a scheme."""
    own = "billing" if scheme.caller.startswith("webhook:") else scheme.caller
    return {"service": own, "services": _services("private"), **_COMMON, **scheme.members}
