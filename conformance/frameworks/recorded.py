"""A request as it was on the wire, and that request with one thing changed."""

from __future__ import annotations

import http.client
import json
import re
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 30


@dataclass(frozen=True)
class Recorded:
    """Its parts; the body as it was framed."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    def value(self, name: str) -> bytes:
        """Return the value of a header that is there once."""
        (found,) = (value for own, value in self.headers if own.lower() == name.lower().encode())
        return found

    def with_value(self, name: str, change: Callable[[bytes], bytes]) -> Recorded:
        """Change the value of a header."""
        self.value(name)
        lower = name.lower().encode()
        return replace(self, headers=tuple((n, change(v) if n.lower() == lower else v) for n, v in self.headers))

    def without(self, names: tuple[str, ...]) -> Recorded:
        """Leave headers out."""
        lower = {name.lower().encode() for name in names}
        return replace(self, headers=tuple((n, v) for n, v in self.headers if n.lower() not in lower))

    def twice(self, name: str) -> Recorded:
        """Repeat a header."""
        return replace(self, headers=(*self.headers, (name.encode(), self.value(name))))

    def flipped(self, at: float) -> Recorded:
        """Flip one bit of the body: of its first byte at 0, of its last at 1."""
        if any(name.lower() == b"transfer-encoding" for name, _ in self.headers):
            start = self.body.index(b"\r\n") + 2
            length = int(self.body[: start - 2], 16)
        else:
            start, length = 0, len(self.body)
        place = start + int((length - 1) * at)
        return replace(self, body=self.body[:place] + bytes([self.body[place] ^ 1]) + self.body[place + 1 :])

    def wire(self) -> bytes:
        """Return its bytes."""
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target), *(b"%b: %b" % field for field in self.headers)]
        return b"\r\n".join([*lines, b"", self.body])


class NotOneRequestError(Exception):
    """What was sent is not one request of HTTP/1.1."""


def read(sent: bytes) -> Recorded:
    """Read what a client sent."""
    head, end, body = sent.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    found = re.fullmatch(rb"([A-Z]+) (\S+) HTTP/1\.1", first)
    if not end or found is None:
        raise NotOneRequestError(repr(sent[:200]))
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(b":") for line in lines))
    lengths = [int(value) for name, value in headers if name.lower() == b"content-length"]
    is_chunked = any(name.lower() == b"transfer-encoding" for name, _ in headers)
    if not is_chunked and len(body) != sum(lengths):
        raise NotOneRequestError(f"{len(body)} bytes of body behind {head!r}")
    return Recorded(found[1], found[2], headers, body)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: str

    def caller(self) -> str | None:
        """Return who called, as the application saw it; None where it was not reached."""
        return _member(self.body, "caller") if self.status == http.client.OK else None

    def code(self) -> str | None:
        """Return the code of a refusal of ours, beside which stands the request's id."""
        return _member(self.body, "code") if '"requestId"' in self.body else None


def _member(text: str, name: str) -> str | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found.get(name) if isinstance(found, dict) else None


def send(port: int, request: Recorded) -> Answer:
    """Send a request over a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
        connection.sendall(request.wire())
        answer = http.client.HTTPResponse(connection, method=request.method.decode())
        try:
            answer.begin()
            return Answer(answer.status, answer.read().decode(errors="replace"))
        finally:
            answer.close()
