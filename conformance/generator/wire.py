"""The three wire formats, written from their description alone, on `hmac` and `hashlib`.

This is the second opinion that the vectors rest on: it shares no code with the library that is judged.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
from dataclasses import dataclass, replace
from typing import Any

from request import Request

NOW = 1_767_225_600
"""2026-01-01T00:00:00Z, the time at which the vectors sign and verify unless they say otherwise."""

NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"
"""The request id that the vectors use unless they say otherwise."""


class Scheme(enum.Enum):
    """A wire format; the value is its id."""

    SERVICE_HMAC = "service-hmac"
    SERVICE_HMAC_V2 = "service-hmac-v2"
    CROSS_SERVICE = "cross-service"


COVERED = {
    Scheme.SERVICE_HMAC: ["method", "path", "timestamp", "service", "body"],
    Scheme.SERVICE_HMAC_V2: ["method", "path", "query", "timestamp", "service", "target-service", "nonce", "body"],
    Scheme.CROSS_SERVICE: ["method", "path", "timestamp", "body"],
}
"""What the signature of each scheme covers, in the order of the signed message."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """Everything that is signed, as bytes on the wire."""

    method: bytes = b"POST"
    target: bytes = b"/api/images/process"
    body: bytes = b'{"image":7}'
    timestamp: bytes = str(NOW).encode()
    service: bytes = b"image-service"
    target_service: bytes = b"lego-projects-api"
    nonce: bytes = NONCE.encode()

    def but(self, **changes: Any) -> Call:
        """Return the same call with some fields changed."""
        return replace(self, **changes)


def split_target(target: bytes) -> tuple[bytes, bytes]:
    """Path and query: the raw target before and after its first question mark."""
    path, _, query = target.partition(b"?")
    return path, query


def message(scheme: Scheme, call: Call) -> bytes:
    """Return the bytes that are signed."""
    path, query = split_target(call.target)
    match scheme:
        case Scheme.SERVICE_HMAC:
            parts = [call.method, path, call.timestamp, call.body, call.service]
        case Scheme.SERVICE_HMAC_V2:
            parts = [b"wiresign-v2", call.method, path, query, call.timestamp, call.service]
            parts += [call.target_service, call.nonce, call.body]
        case Scheme.CROSS_SERVICE:
            parts = [call.method, path, call.timestamp, call.body]
    return b"\n".join(parts)


def tag(key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 as 64 lower-case hex digits."""
    return hmac.new(key, data, hashlib.sha256).hexdigest().encode()


def signature(scheme: Scheme, call: Call, *keys: bytes) -> bytes:
    """Return the value of `X-Signature`: one tag, or for `service-hmac-v2` one for each key."""
    data = message(scheme, call)
    if scheme is Scheme.SERVICE_HMAC_V2:
        return b",".join(b"v2=" + tag(key, data) for key in keys)
    (key,) = keys
    return tag(key, data)


def headers(scheme: Scheme, call: Call, *keys: bytes) -> list[tuple[str, bytes]]:
    """Return the headers that a signer sets, in its order."""
    sealed = ("X-Signature", signature(scheme, call, *keys))
    time = ("X-Timestamp", call.timestamp)
    request_id = ("X-Request-ID", call.nonce)
    match scheme:
        case Scheme.SERVICE_HMAC:
            return [("X-Service-ID", call.service), time, sealed, request_id]
        case Scheme.SERVICE_HMAC_V2:
            target = ("X-Target-Service", call.target_service)
            return [("X-Service-ID", call.service), target, time, request_id, sealed]
        case Scheme.CROSS_SERVICE:
            return [("X-Service-Name", call.service), time, sealed, request_id]


def replay_key(scheme: Scheme, call: Call, key: bytes) -> str:
    """Return what tells the call from its replay: of its service and nonce, or else of the tag that this key makes.

    A digest in both cases, so that nothing in a store can be sent again.
    """
    if scheme is Scheme.SERVICE_HMAC_V2:
        scope = hashlib.sha256(b"wiresign-replay\n" + call.service).digest()[:16]
        return "n:" + hashlib.sha256(scope + call.nonce).hexdigest()
    raw = bytes.fromhex(tag(key, message(scheme, call)).decode())
    return "s:" + hashlib.sha256(raw).hexdigest()


def signed(scheme: Scheme, call: Call, *keys: bytes) -> Request:
    """Return the request that a caller with these keys sends."""
    return Request(method=call.method, target=call.target, headers=tuple(headers(scheme, call, *keys)), body=call.body)
