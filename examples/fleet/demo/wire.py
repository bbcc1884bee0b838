"""A bare HTTP/1.1 client: it sends bytes as they are, and reads the answers to them."""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 60

Address = tuple[str, int]


@dataclass(frozen=True)
class Response:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def code(self) -> str | None:
        """The refusal code in the body, where there is one."""
        try:
            answer: Any = json.loads(self.body)
        except ValueError:
            return None
        code = answer.get("code") if isinstance(answer, dict) else None
        return code if isinstance(code, str) else None


def send(address: Address, data: bytes, answers: int = 1) -> list[Response]:
    """Send bytes over a connection of their own, and read so many answers, or as many as come."""
    with socket.create_connection(address, TIMEOUT_SECONDS) as connection:
        # The server may answer and close without reading everything. The answer is still there.
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        reader = connection.makefile("rb")
        responses: list[Response] = []
        while len(responses) < answers:
            try:
                response = _read(reader)
            except ConnectionError:
                break
            if response is None:
                break
            responses.append(response)
        return responses


def _read(reader: Any) -> Response | None:
    first = reader.readline()
    if not first:
        return None
    status = int(first.split(b" ", 2)[1])
    headers: dict[str, str] = {}
    while (line := reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while (size := int(reader.readline(), 16)) > 0:
            body += reader.read(size)
            reader.readline()
        reader.readline()
    elif "content-length" in headers:
        body = reader.read(int(headers["content-length"]))
    else:
        body = reader.read()
    return Response(status, headers, body)
