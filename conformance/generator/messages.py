"""HTTP message signatures, written from RFC 9421 and RFC 9530 alone, on `hmac`, `hashlib` and `urllib.parse`.

The values of structured fields (`sf`, `key`) are given by hand: what a parser makes of them is in their own suite.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

import curves
from wire import NONCE, NOW, split_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from request import Request

SCHEME = "https"
PROFILE = ("@method", "@authority", "@path", "@query")
"""What our own profile covers, beside `content-digest` where there is a body."""


def identifier(name: str) -> str:
    """Write a component's name as an item; one that has parameters is written already."""
    return name if name.startswith('"') else f'"{name}"'


def signed_nonce(text: str) -> str:
    """Return the nonce that is signed: the 16 bytes of a UUID as base64url, or the text itself."""
    try:
        value = uuid.UUID(text)
    except ValueError:
        return text
    if str(value) != text.lower():
        return text
    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a signature covers and says of itself."""

    covered: tuple[str, ...] = PROFILE
    values: tuple[tuple[str, bytes], ...] = ()
    created: int | None = NOW
    expires: int | None = None
    keyid: str | None = None
    alg: str | None = "hmac-sha256"
    nonce: str | None = signed_nonce(NONCE)
    tag: str | None = "wiresign"
    label: str = "wiresign"
    unknown: str = ""
    """Parameters that nobody knows, as they are written."""

    def but(self, **changes: Any) -> Draft:
        """Return the same draft with some fields changed."""
        return replace(self, **changes)

    def parameters(self) -> str:
        """Write the covered components and the parameters."""
        numbers = (("created", self.created), ("expires", self.expires))
        texts = (("keyid", self.keyid), ("alg", self.alg), ("nonce", self.nonce), ("tag", self.tag))
        written = "(" + " ".join(map(identifier, self.covered)) + ")"
        written += "".join(f";{name}={value}" for name, value in numbers if value is not None)
        return written + "".join(f';{name}="{value}"' for name, value in texts if value is not None) + self.unknown

    def base(self, request: Request) -> bytes:
        """Return the signature base."""
        given = dict(self.values)
        lines = [
            identifier(name).encode() + b": " + (given[name] if name in given else component(request, name))
            for name in self.covered
        ]
        return b"\n".join([*lines, b'"@signature-params": ' + self.parameters().encode()])


def component(request: Request, name: str) -> bytes:
    """Return the value of a component."""
    path, query = split_target(request.target)
    mark = b"?" + query if b"?" in request.target else b""
    match identifier(name):
        case '"@method"':
            return request.method
        case '"@authority"':
            return authority(request)
        case '"@scheme"':
            return SCHEME.encode()
        case '"@path"':
            return path
        case '"@query"':
            return b"?" + query
        case '"@request-target"':
            return request.target
        case '"@target-uri"':
            return SCHEME.encode() + b"://" + authority(request) + path + mark
    parameter = re.fullmatch(r'"@query-param";name="([^"]*)"', name)
    if parameter is not None:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
        (value,) = [value for known, value in pairs if form(known) == parameter[1]]
        return form(value).encode()
    field = re.fullmatch(r'"([^"@]+)"(;bs)?', identifier(name))
    if field is None:
        raise ValueError(name)
    lines = [value.strip(b" \t") for known, value in request.headers if known.lower() == field[1]]
    if not lines:
        raise KeyError(name)
    return b", ".join(wrapped(line) if field[2] else line for line in lines)


def authority(request: Request) -> bytes:
    """Return host and port as they are signed."""
    value = request.authority if request.authority is not None else request.header("Host")
    return value.lower().removesuffix(b":443")


def form(text: str) -> str:
    """Encode a piece of a form, given as one letter for each byte."""
    return quote(text.encode("latin-1"), safe="*-._").replace("~", "%7E")


def wrapped(value: bytes) -> bytes:
    """Write a byte sequence."""
    return b":" + base64.b64encode(value) + b":"


def digest(body: bytes, algorithm: str = "sha-256") -> bytes:
    """Return the value of `Content-Digest`."""
    hashed = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}[algorithm](body).digest()
    return algorithm.encode() + b"=" + wrapped(hashed)


def hmac_key(secret: bytes) -> Callable[[bytes], bytes]:
    """Sign with HMAC-SHA256."""
    return lambda base: hmac.digest(secret, base, "sha256")


def ed25519_key(seed: bytes) -> Callable[[bytes], bytes]:
    """Sign with Ed25519."""
    return lambda base: curves.ed25519_sign(seed, base)


def p256_key(secret: int) -> Callable[[bytes], bytes]:
    """Sign with ECDSA over P-256: both numbers, 32 bytes each."""

    def sign(base: bytes) -> bytes:
        der = curves.ecdsa_sign(secret, base)
        end = 4 + der[3]
        first, second = int.from_bytes(der[4:end]), int.from_bytes(der[end + 2 :])
        return first.to_bytes(32) + second.to_bytes(32)

    return sign


def headers(request: Request, *signers: tuple[Draft, Callable[[bytes], bytes]]) -> tuple[tuple[str, bytes], ...]:
    """Return the two headers of these signatures."""
    inputs = [f"{draft.label}={draft.parameters()}".encode() for draft, _ in signers]
    signatures = [draft.label.encode() + b"=" + wrapped(sign(draft.base(request))) for draft, sign in signers]
    return (("Signature-Input", b", ".join(inputs)), ("Signature", b", ".join(signatures)))


def signed(request: Request, *signers: tuple[Draft, Callable[[bytes], bytes]]) -> Request:
    """Return the request with its signatures."""
    return replace(request, headers=(*request.headers, *headers(request, *signers)))


def profiled(request: Request, *signers: tuple[Draft, Callable[[bytes], bytes]]) -> Request:
    """Sign by our own profile: with a digest where there is a body."""
    if request.body:
        request = request.adding("Content-Digest", digest(request.body))
        signers = tuple((draft.but(covered=(*draft.covered, "content-digest")), sign) for draft, sign in signers)
    return signed(request, *signers)
