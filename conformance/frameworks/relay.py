"""What stands between a client and a server: hands every byte on as it is, and keeps what the client sent."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_PIECE = 65536


class Relay:
    """Listens on a port of its own, and hands on to that of the server."""

    def __init__(self, server: int) -> None:
        """Take the port of the server."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._sent = bytearray()
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        """Begin to listen."""
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all connections."""
        self._listener.close()
        for connection in list(self._open):
            _hang_up(connection)

    def take(self) -> bytes:
        """Return what was sent since the last time. Nothing is under way once a client has its answer."""
        sent = bytes(self._sent)
        self._sent.clear()
        return sent

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server))
                self._open |= {client, server}
                threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_request: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                if is_request:
                    self._sent += piece
                sink.sendall(piece)
        # Whoever ends a connection of HTTP/1.1 ends it as a whole.
        for connection in (source, sink):
            self._open.discard(connection)
            _hang_up(connection)


def _hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
