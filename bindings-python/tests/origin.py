"""A real HTTP server that verifies what reaches it, and misbehaves where a test wants it to."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import wiresign
from support import verifier

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNED_NAMES = {"x-service-id", "x-target-service", "x-timestamp", "x-request-id", "x-signature"}


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: bytes
    verdict: str
    at: float = field(default_factory=time.monotonic)
    """When it had come in."""

    @property
    def is_signed(self) -> bool:
        return any(name == b"x-signature" for name, _ in self.headers)

    def header(self, name: str) -> str | None:
        return next((value.decode() for field, value in self.headers if field.decode() == name), None)


@dataclass
class Answer:
    """What to answer, and how badly."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0
    """Seconds to wait first."""
    cut: int | None = None
    """How many bytes of the body to send before the connection is reset."""
    drop: bool = False
    """Reset the connection in place of an answer."""


Behaviour = Callable[[Seen], Answer | None]


class Origin:
    """What the server has seen, and how it behaves: `behave` gives the answer to a request, None for the usual one."""

    def __init__(self, behave: Behaviour = lambda _: None, **members: Any) -> None:
        self.seen: list[Seen] = []
        self.behave = behave
        self.verifier = verifier(**members)
        self.url = ""

    def script(self, *answers: Answer | None) -> None:
        """Give these answers in turn, and the usual one after them."""
        left = list(answers)
        self.behave = lambda _: left.pop(0) if left else None

    def judge(self, method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[str, Answer]:
        try:
            verified = self.verifier.verify(method, target, headers, body)
        except wiresign.Refusal as refusal:
            sent = {name: value for name, value in refusal.response.headers if name != "content-length"}
            return refusal.code.value, Answer(refusal.status, refusal.response.body, sent)
        return "accepted", Answer(body=f'{{"service": "{verified.service}"}}'.encode())


@contextlib.contextmanager
def origin(behave: Behaviour = lambda _: None, **members: Any) -> Iterator[Origin]:
    made = Origin(behave, **members)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(OSError):
                super().handle_one_request()

        def _serve(self) -> None:
            body = self._body()
            headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
            verdict, usual = made.judge(self.command, self.path, headers, body)
            seen = Seen(self.command, self.path, headers, body, verdict)
            made.seen.append(seen)
            self._answer(made.behave(seen) or usual)

        def _body(self) -> bytes:
            if self.headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", "0")))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _answer(self, answer: Answer) -> None:
            time.sleep(answer.after)
            if answer.drop:
                self._reset()
                return
            self.send_response(answer.status)
            if "date" in {name.lower() for name in answer.headers}:
                del self._headers_buffer[-1]  # type: ignore[attr-defined]  # the date of now
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut])
            if answer.cut is not None:
                self.wfile.flush()
                self._reset()

        def _reset(self) -> None:
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def log_message(self, *_: object) -> None:
            pass

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = _serve  # noqa: N815

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join(20)
        server.server_close()


def redirects(places: dict[str, tuple[int, str]]) -> Behaviour:
    """Redirect each of these targets to another place."""

    def behave(seen: Seen) -> Answer | None:
        if seen.target not in places:
            return None
        status, location = places[seen.target]
        return Answer(status, b"", {"location": location})

    return behave
