"""WSGI middleware for Flask and every other WSGI application: verifies a request, then hands the same body on.

    app.wsgi_app = Middleware(app.wsgi_app, verifier=Verifier(Config.from_file("wiresign.json")))

Behind it, `environ["wiresign"]` is the `Verified` of the request. A request that is refused never reaches the
application. The server has to say what the raw target was (`RAW_URI` or `REQUEST_URI`): Gunicorn, Werkzeug, uWSGI and
mod_wsgi do. A decoded path cannot be turned back into the bytes that were signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from wiresign._audit import Decision, log
from wiresign._errors import Refusal
from wiresign._gate import Gate, Handshake, Visit
from wiresign._kept_body import PIECE

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from wiresign._errors import RefusalResponse
    from wiresign._gate import Begun, Options
    from wiresign._kept_body import KeptBody
    from wiresign._wiresign import Verified, Verifier

__all__ = ["Decision", "Middleware"]

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Callable[[bytes], object]]
App: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

ENVIRON_KEY = "wiresign"
"""Where the environ holds the `Verified`."""
ENVIRON_VERIFIER_KEY = "wiresign.verifier"
"""Where the environ holds the verifier that made it."""


class Middleware:
    """Lets only verified requests, and those of public routes, through to a WSGI application.

    The options are those of every server adapter: `on_decision`, `proxies`, `authority`, `identity_headers`,
    `replay`, `key_sets`, `aws`, `memory_bytes`.
    """

    def __init__(self, app: App, verifier: Verifier, **options: Unpack[Options]) -> None:
        self.app = app
        self._gate = Gate(verifier, **options)
        self._gate.demand_store()
        self._gate.refuse_async_store()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        visit = visit_of(self._gate, environ)
        kept = visit.keep_body()
        try:
            verified = judge(visit, environ, kept)
        except Handshake as handshake:
            kept.close()
            return _answer(environ, start_response, handshake)
        except Refusal as refusal:
            kept.close()
            visit.refused(refusal)
            return _answer(environ, start_response, refusal.response)
        except ClientGoneError:
            kept.close()
            start_response("400 Bad Request", [("Content-Length", "0")])
            return ()
        except BaseException:
            kept.close()
            raise
        visit.accepted(verified)
        environ[ENVIRON_KEY] = verified
        environ[ENVIRON_VERIFIER_KEY] = self._gate.verifier
        hide(self._gate, environ, verified)
        if verified.is_public and not kept.length:
            return self.app(environ, start_response)
        give_back(environ, kept)
        try:
            return _Closing(self.app(environ, start_response), kept)
        except BaseException:
            kept.close()
            raise


class ClientGoneError(Exception):
    """The client left before the end of the body."""


def visit_of(gate: Gate, environ: Environ) -> Visit:
    """Give the request of an environ."""
    method: str = environ["REQUEST_METHOD"]
    return Visit(gate, method, raw_target(environ), headers_of(environ), environ.get("REMOTE_ADDR") or None)


def judge(visit: Visit, environ: Environ, kept: KeptBody) -> Verified:
    """Verify a request, and keep its body."""
    visit.identify()
    begun = visit.begin(answers=True)
    if begun.needs_body:
        read(begun, kept, environ, visit)
    return visit.finish(begun)


def raw_target(environ: Environ) -> bytes:
    """Give path and query exactly as the caller sent them."""
    target: str | None = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if target is None:
        log.error("the WSGI server gives neither RAW_URI nor REQUEST_URI, so no request can be verified")
        return b""
    return target.encode("latin-1", "replace")


def headers_of(environ: Environ) -> list[tuple[bytes, bytes]]:
    """Give the header fields that an environ was made of."""
    headers = []
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = key[5:]
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH") and value:
            name = key
        else:
            continue
        headers.append((name.replace("_", "-").lower().encode("latin-1"), value.encode("latin-1", "replace")))
    return headers


def hide(gate: Gate, environ: Environ, verified: Verified) -> None:
    """Take out of an environ the headers that claim an identity which was not verified."""
    for name, value in headers_of(environ):
        if gate.hides(name, value, verified):
            del environ["HTTP_" + name.decode("latin-1").replace("-", "_").upper()]


def give_back(environ: Environ, kept: KeptBody) -> None:
    """Put the verified body where the application looks for it."""
    environ["wsgi.input"] = kept.file()
    environ["wsgi.input_terminated"] = True
    # An application that knows no chunked bodies finds this one by its length.
    if not environ.get("CONTENT_LENGTH") and kept.length:
        environ["CONTENT_LENGTH"] = str(kept.length)


def read(begun: Begun, kept: KeptBody, environ: Environ, visit: Visit) -> None:
    """Read the body, and refuse it as soon as it is over the limit."""
    source = environ["wsgi.input"]
    declared = begun._declared_length
    left = declared
    if left is None and not environ.get("wsgi.input_terminated"):
        # Without a length such a server's input has no end, and reading it could wait for ever. A body of which nobody
        # knows the end is verified as the empty one, and handed on as that.
        return
    while left is None or left > 0:
        try:
            piece = visit.read(source.read, PIECE if left is None else min(PIECE, left))
        except OSError as error:
            raise ClientGoneError from error
        if not piece:
            break
        begun.update(piece)
        kept.add(piece)
        if left is not None:
            left -= len(piece)
    if left:
        raise ClientGoneError


def _answer(environ: Environ, start_response: StartResponse, response: RefusalResponse | Handshake) -> Iterable[bytes]:
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", list(response.headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]


class _Closing:
    """An application's answer, and the body of the request that goes when the answer is over."""

    def __init__(self, answer: Iterable[bytes], kept: KeptBody) -> None:
        self._answer = answer
        self._kept = kept

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._kept.close()
