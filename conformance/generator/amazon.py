"""AWS Signature Version 4, written from its description by AWS alone, on `hmac`, `hashlib` and `urllib.parse`."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from wire import NOW, split_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from request import Request

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
OWN_HEADERS = {"authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
NOT_SIGNED = {"authorization", "connection", "expect", "te", "transfer-encoding", "upgrade", "user-agent"}


def stamp(now: int) -> str:
    """Write a time as `YYYYMMDDTHHMMSSZ`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")


def digest(body: bytes) -> str:
    """SHA-256 in lower-case hex."""
    return hashlib.sha256(body).hexdigest()


def encode(value: bytes, keep: str = "") -> str:
    """Percent-encode all bytes but letters, digits, `-._~` and those to keep."""
    return quote(value, safe=keep + "-._~")


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signs, and for which service."""

    access_key: str
    secret: str
    region: str = "eu-central-1"
    service: str = "execute-api"
    token: str | None = None
    s3: bool = False

    def but(self, **changes: Any) -> Signer:
        """Return the same signer with some fields changed."""
        return replace(self, **changes)

    def scope(self, time: str) -> str:
        """Return day, region and service."""
        return f"{time[:8]}/{self.region}/{self.service}/aws4_request"

    def tag(self, time: str, canonical: str) -> str:
        """Return the signature of a canonical request."""
        text = "\n".join([ALGORITHM, time, self.scope(time), digest(canonical.encode("latin-1"))])
        key = b"AWS4" + self.secret.encode()
        for part in (time[:8], self.region, self.service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def path(self, path: bytes) -> str:
        """Return the canonical path."""
        if self.s3:
            return "/".join(encode(unquote_to_bytes(part)) for part in path.split(b"/"))
        kept: list[bytes] = []
        for part in path.split(b"/"):
            if part == b"..":
                kept = kept[:-1]
            elif part not in (b"", b"."):
                kept.append(part)
        end = b"/" if kept and path.endswith(b"/") else b""
        return encode(b"/" + b"/".join(kept) + end, keep="/")

    def canonical(self, request: Request, names: Sequence[str], payload: str) -> str:
        """Return the canonical request, each character a byte."""
        path, query = split_target(request.target)
        pairs = [piece.partition(b"=") for piece in query.split(b"&") if piece]
        coded = sorted((encode(unquote_to_bytes(name)), encode(unquote_to_bytes(value))) for name, _, value in pairs)
        lines = [request.method.decode(), self.path(path)]
        lines.append("&".join(f"{name}={value}" for name, value in coded if name != "X-Amz-Signature"))
        for name in names:
            values = [value for own, value in request.headers if own.lower() == name]
            if name == "host" and not values:
                values = [request.authority or b""]
            folded = [re.sub(rb"[ \t]+", b" ", value).strip(b" ") for value in values]
            lines.append(f"{name}:{b','.join(folded).decode('latin-1')}")
        return "\n".join([*lines, "", ";".join(names), payload])


def names_of(request: Request) -> list[str]:
    """Name all headers that a signer covers."""
    return sorted({name.lower() for name, _ in request.headers} - NOT_SIGNED | {"host"})


def authorization(signer: Signer, time: str, names: Sequence[str], tag: str) -> bytes:
    """Write the header."""
    credential = f"{signer.access_key}/{signer.scope(time)}"
    return f"{ALGORITHM} Credential={credential}, SignedHeaders={';'.join(names)}, Signature={tag}".encode()


def prepared(
    signer: Signer, request: Request, *, now: int = NOW, payload: str | None = None, declared: bool = False
) -> Request:
    """Add what is signed, but for the signature itself."""
    whole = request.adding("X-Amz-Date", stamp(now).encode())
    if declared or signer.s3 or payload is not None:
        whole = whole.adding("X-Amz-Content-Sha256", (payload or digest(request.body)).encode())
    if signer.token is not None:
        whole = whole.adding("X-Amz-Security-Token", signer.token.encode())
    return whole


def signed(
    signer: Signer,
    request: Request,
    *,
    now: int = NOW,
    payload: str | None = None,
    declared: bool = False,
    names: Sequence[str] | None = None,
) -> Request:
    """Sign by headers. Without `names` all headers are signed."""
    whole = prepared(signer, request, now=now, payload=payload, declared=declared)
    names = names_of(whole) if names is None else names
    tag = signer.tag(stamp(now), signer.canonical(whole, names, payload or digest(request.body)))
    return whole.adding("Authorization", authorization(signer, stamp(now), names, tag))


def presigned(
    signer: Signer,
    request: Request,
    *,
    now: int = NOW,
    expires: str = "600",
    payload: str | None = None,
    names: Sequence[str] | None = None,
    declared: str | None = None,
) -> Request:
    """Sign as a link."""
    names = names_of(request) if names is None else names
    fields = [
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{signer.access_key}/{signer.scope(stamp(now))}"),
        ("X-Amz-Date", stamp(now)),
        ("X-Amz-SignedHeaders", ";".join(names)),
        ("X-Amz-Expires", expires),
    ]
    if declared is not None:
        fields.append(("X-Amz-Content-Sha256", declared))
    if signer.token is not None:
        fields.append(("X-Amz-Security-Token", signer.token))
    mark = b"&" if b"?" in request.target else b"?"
    query = "&".join(f"{name}={encode(value.encode())}" for name, value in fields)
    link = request.but(target=request.target + mark + query.encode())
    payload = payload or declared or (UNSIGNED if signer.s3 else digest(request.body))
    tag = signer.tag(stamp(now), signer.canonical(link, names, payload))
    return link.but(target=link.target + b"&X-Amz-Signature=" + tag.encode())


def replay_key(request: Request) -> str:
    """Return what tells the request from its replay: a digest of its signature."""
    _, _, tag = request.header("Authorization").rpartition(b"Signature=")
    return "s:" + hashlib.sha256(bytes.fromhex(tag.decode())).hexdigest()
