"""Signs what requests sends, or sends a token along.

    session = requests.Session()
    session.auth = Auth(Signer(config, "image-service"))

A body that is a file or an iterator is read before it is signed, up to `body_limit` bytes; what is longer is not sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from requests.auth import AuthBase

from wiresign._errors import SigningError

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

    from wiresign._signing import RequestSigner
    from wiresign.tokens import TokenSource

__all__ = ["Auth", "TokenAuth"]

_BODY_LIMIT = 10 * 1024 * 1024
_UNAUTHORIZED = 401
_PIECE = 65_536
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Auth(AuthBase):
    """Signs each request with the method, the raw target and the body bytes that really go out.

    To follow a redirect, requests sends a copy of the headers to the new place. A signature must not travel along,
    least of all to another host, which could pass it on: the copy is unsigned. Where all of the way stayed inside one
    origin and its end refuses the unsigned request, the request is signed for its new target and sent once more.
    """

    def __init__(self, signer: RequestSigner, body_limit: int = _BODY_LIMIT) -> None:
        self._signer = signer
        self._body_limit = body_limit

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request, and watch where its answer leads."""
        if request.body is not None and not isinstance(request.body, (bytes, str)):
            request.body = self._buffer(request.body)
            request.headers.pop("Transfer-Encoding", None)
            request.headers["Content-Length"] = str(len(request.body))
        names = self._sign(request)
        watching: Any = request
        watching.register_hook("response", _Journey(self, _origin(request.url), names).arrived)
        return request

    def _sign(self, request: PreparedRequest) -> list[str]:
        body = request.body or b""
        if isinstance(body, str):
            # urllib3 would do the same, but after signing.
            request.body = body = body.encode()
        names = []
        if "Host" not in request.headers:
            # Some schemes sign it; urllib3 would write it after signing.
            request.headers["Host"] = _authority(request.url)
            names.append("Host")
        headers = [(_text(name), _text(value)) for name, value in request.headers.items()]
        signed = self._signer.sign(_text(request.method or ""), request.path_url, headers, body)
        for name, value in signed:
            request.headers[name] = value
        return names + [name for name, _ in signed]

    def _buffer(self, source: Any) -> bytes:  # noqa: ANN401 - whatever requests takes as a stream
        pieces = iter(lambda: source.read(_PIECE), b"") if hasattr(source, "read") else iter(source)
        whole = bytearray()
        for piece in pieces:
            if not piece:
                break
            whole += piece.encode() if isinstance(piece, str) else piece
            if len(whole) > self._body_limit:
                msg = f"the streamed body is longer than the {self._body_limit} bytes that are read for signing"
                raise SigningError(msg)
        return bytes(whole)


class TokenAuth(AuthBase):
    """Sends a token with each request to one origin, and with none that goes elsewhere."""

    def __init__(self, source: TokenSource, url: str) -> None:
        """Take the source, and a URL of the service that its tokens are for."""
        self._source = source
        self._origin = _origin(url)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Set the header."""
        if _origin(request.url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._source.token()}"
        return request


class _Journey:
    """The way of one call through redirects."""

    def __init__(self, auth: Auth, origin: tuple[str, str, int], names: list[str]) -> None:
        self._auth = auth
        self._origin = origin
        self._names = names
        self._signed = True
        self._strayed = False

    def arrived(self, response: Response, **options: object) -> Response:
        request = response.request
        self._strayed = self._strayed or _origin(request.url) != self._origin
        if response.is_redirect:
            # The next request will be a copy of this one.
            for name in self._names:
                request.headers.pop(name, None)
            self._signed = False
            return response
        if self._signed or self._strayed or response.status_code != _UNAUTHORIZED:
            return response
        response.content  # noqa: B018 - frees the connection
        response.close()
        again = request.copy()
        self._auth._sign(again)
        self._signed = True
        connection: Any = response.connection
        answer: Response = connection.send(again, **options)
        answer.history.append(response)
        answer.request = again
        return answer


def _origin(url: str | None) -> tuple[str, str, int]:
    parts = urlsplit(url or "")
    return str(parts.scheme), str(parts.hostname), parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


def _authority(url: str | None) -> str:
    scheme, _, port = _origin(url)
    place = urlsplit(url or "").netloc.rpartition("@")[2]
    return place.removesuffix(f":{port}") if port == _DEFAULT_PORTS.get(scheme) else place


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
