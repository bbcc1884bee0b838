"""The same requests in HTTP/2, without TLS and known beforehand, as frames that no client library has tidied."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded, StreamReset
from h2.exceptions import H2Error

if TYPE_CHECKING:
    from cases import Case

_SECONDS = 10
_PIECE = 65536
# What HTTP/2 has no way to say.
WITHOUT = {
    "a header in two lines (folded)",
    "a body in chunks",
    "chunks and a length at once",
    "HTTP/1.0",
    "a target with scheme and host",
    "a target with another host",
}


@dataclass
class _Answer:
    status: int = 0
    body: bytes = b""
    is_over: bool = False

    def take(self, event: Event) -> None:
        """Take what came."""
        if isinstance(event, ResponseReceived):
            self.status = next(int(value) for name, value in event.headers if name == b":status")
        elif isinstance(event, DataReceived):
            self.body += event.data
        self.is_over = self.is_over or isinstance(event, StreamEnded | StreamReset | ConnectionTerminated)


def exchange(port: int, case: Case, signature: list[tuple[str, str]]) -> tuple[int, bytes]:
    """Send a case, and return status and body of the answer; 0 where the stream or the connection ended without one."""
    config = H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
    client, answer = H2Connection(config), _Answer()
    with (
        contextlib.suppress(OSError, H2Error),
        socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection,
    ):
        client.initiate_connection()
        stream = client.get_next_available_stream_id()
        client.send_headers(stream, _headers(case, signature), end_stream=not case.body)
        if case.body:
            client.send_data(stream, case.body, end_stream=True)
        connection.sendall(client.data_to_send())
        while not answer.is_over and (piece := connection.recv(_PIECE)):
            for event in client.receive_data(piece):
                answer.take(event)
            connection.sendall(client.data_to_send())
    return answer.status, answer.body


def _headers(case: Case, signature: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return the fields of a case."""
    fields = [(":method", case.method), (":scheme", "http"), (":path", case.target)]
    if case.host is not None:
        fields.append((":authority", case.host))
    fields += case.fields(signature)
    if case.body:
        fields += [("content-length", str(len(case.body))), ("content-type", "application/json")]
    return [(name.lower().encode(), value.encode()) for name, value in fields]
