"""Signs by hand what the attacks send, with nothing but the standard library.

It shares no code with Wiresign: what it signs correctly is accepted only because both follow the same format.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import uuid
from dataclasses import dataclass, replace

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Credential:
    """Who signs, and with what."""

    service: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential({self.service!r})"


@dataclass(frozen=True)
class Request:
    """A request, exactly as it will be on the wire."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    def with_header(self, name: str, value: str) -> Request:
        """Give the same request with one header more."""
        return replace(self, headers=(*self.headers, (name, value)))

    def changed(self, name: str, value: str) -> Request:
        """Give the same request with another value of a header that it has."""
        return replace(self, headers=tuple((n, value if n == name else v) for n, v in self.headers))

    def without(self, *names: str) -> Request:
        """Give the same request without some headers."""
        return replace(self, headers=tuple((n, v) for n, v in self.headers if n not in names))

    def header(self, name: str) -> str:
        """Give the value of a header that it has."""
        return next(v for n, v in self.headers if n == name)

    def wire(self, *, chunked: bool = False) -> bytes:
        """Give the bytes to send."""
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(self.body)}"
        return self.head(framing) + (in_chunks(self.body) if chunked else self.body)

    def head(self, *more: str) -> bytes:
        """Give the bytes of the head, with further lines in it."""
        lines = [f"{self.method} {self.target} HTTP/1.1", "Host: fleet.test", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, *more, "", ""]).encode("ascii")


def signed(
    credential: Credential,
    target_service: str,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    timestamp: str | None = None,
    request_id: str | None = None,
) -> Request:
    """Sign a request in the format service-hmac-v2."""
    timestamp = timestamp if timestamp is not None else str(int(time.time()))
    request_id = request_id if request_id is not None else str(uuid.uuid4())
    path, _, query = target.partition("?")
    fields = ["wiresign-v2", method, path, query, timestamp, credential.service, target_service, request_id, ""]
    headers = (
        ("X-Service-ID", credential.service),
        ("X-Target-Service", target_service),
        ("X-Timestamp", timestamp),
        ("X-Request-ID", request_id),
        ("X-Signature", "v2=" + mac(credential.secret, "\n".join(fields).encode("ascii") + body)),
    )
    return Request(method, target, headers, body)


def signed_service_hmac(credential: Credential, method: str, target: str, body: bytes) -> Request:
    """Sign a request in the older format service-hmac."""
    timestamp, path = str(int(time.time())), target.partition("?")[0]
    message = f"{method}\n{path}\n{timestamp}\n".encode("ascii") + body + f"\n{credential.service}".encode("ascii")
    return _older("X-Service-ID", credential, message, Request(method, target, (("X-Timestamp", timestamp),), body))


def signed_cross_service(credential: Credential, method: str, target: str, body: bytes) -> Request:
    """Sign a request in the format cross-service."""
    timestamp, path = str(int(time.time())), target.partition("?")[0]
    message = f"{method}\n{path}\n{timestamp}\n".encode("ascii") + body
    return _older("X-Service-Name", credential, message, Request(method, target, (("X-Timestamp", timestamp),), body))


def mac(secret: str, message: bytes) -> str:
    """HMAC-SHA256 in lower-case hex; the secret's text is the key."""
    return hmac.new(secret.encode("utf-8"), message, hashlib.sha256).hexdigest()


def in_chunks(body: bytes, size: int = 16_384) -> bytes:
    """Give a body in the chunked transfer coding."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _older(name: str, credential: Credential, message: bytes, request: Request) -> Request:
    request = request.with_header(name, credential.service).with_header("X-Request-ID", str(uuid.uuid4()))
    return request.with_header("X-Signature", mac(credential.secret, message))
