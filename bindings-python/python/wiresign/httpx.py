"""Signs what httpx sends, or sends a token along.

    client = httpx.Client(auth=Auth(Signer(config, "image-service")))

The same `Auth` serves `httpx.Client` and `httpx.AsyncClient`.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, ItemsView, Iterable, KeysView, ValuesView

    from wiresign._signing import RequestSigner
    from wiresign.tokens import AsyncTokenSource, TokenSource

__all__ = ["Auth", "TokenAuth"]

_UNAUTHORIZED = 401


class Auth(httpx.Auth):
    """Signs each request with the method, the raw target and the body bytes that really go out.

    To follow a redirect, httpx sends a copy of the headers to the new place. A signature must not travel along, least
    of all to another host, which could pass it on: the copy is unsigned. Where all of the way stayed inside one origin
    and its end refuses the unsigned request, the request is signed for its new target and sent once more.
    """

    requires_request_body = True

    def __init__(self, signer: RequestSigner) -> None:
        if "x-signature" in httpx.Headers(_OneHopHeaders(httpx.Headers(), [("X-Signature", "-")])):
            msg = "this version of httpx would copy signatures to redirected requests"
            raise RuntimeError(msg)
        self._signer = signer

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request, and again after a redirect inside its origin."""
        while True:
            self._sign(request)
            response = yield request
            redirected = response.request
            if redirected is request or response.status_code != _UNAUTHORIZED:
                return
            origin = _origin(request)
            if any(_origin(hop) != origin for hop in (redirected, *(earlier.request for earlier in response.history))):
                return
            request = redirected

    def _sign(self, request: httpx.Request) -> None:
        # httpx sends this target in place of the URL's where it is set, for example to a proxy.
        target: bytes = request.extensions.get("target", request.url.raw_path)
        signed = self._signer.sign(request.method, target, request.headers.raw, request.read())
        request.headers = _OneHopHeaders(request.headers, signed)


class TokenAuth(httpx.Auth):
    """Sends a token with each request to one origin, and with none that goes elsewhere.

    `TokenSource` is for `httpx.Client`, `AsyncTokenSource` for `httpx.AsyncClient`.
    """

    def __init__(self, source: TokenSource | AsyncTokenSource, url: str) -> None:
        """Take the source, and a URL of the service that its tokens are for."""
        self._source: Any = source
        self._is_async = inspect.iscoroutinefunction(source.token)
        self._origin = _origin(httpx.Request("GET", url))

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Set the header."""
        if self._is_async:
            msg = "httpx.Client takes a TokenSource; this one is asynchronous"
            raise TypeError(msg)
        if _origin(request) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._source.token()}"
        yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Set the header, without blocking."""
        if not self._is_async:
            msg = "httpx.AsyncClient takes an AsyncTokenSource; this one would block"
            raise TypeError(msg)
        if _origin(request) == self._origin:
            request.headers["Authorization"] = f"Bearer {await self._source.token()}"
        yield request


class _OneHopHeaders(httpx.Headers):
    """Headers that show a signature to everybody, and leave it out where httpx copies them.

    `httpx.Headers(other)` takes over what `other` inherited from `httpx.Headers`. The signature is kept beside that, so
    only the methods here know of it. `Auth` checks on construction that httpx still copies this way.
    """

    def __init__(self, unsigned: httpx.Headers, signature: Iterable[tuple[str, str]]) -> None:
        self._signature = list(signature)
        replaced = {name.lower().encode() for name, _ in self._signature}
        super().__init__([(name, value) for name, value in unsigned.raw if name.lower() not in replaced])

    def _signed(self) -> httpx.Headers:
        return httpx.Headers([*super().raw, *((name.encode(), value.encode()) for name, value in self._signature)])

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return self._signed().raw

    def keys(self) -> KeysView[str]:
        return self._signed().keys()

    def values(self) -> ValuesView[str]:
        return self._signed().values()

    def items(self) -> ItemsView[str, str]:
        return self._signed().items()

    def multi_items(self) -> list[tuple[str, str]]:
        return self._signed().multi_items()

    def get_list(self, key: str, split_commas: bool = False) -> list[str]:
        return self._signed().get_list(key, split_commas)

    def __getitem__(self, key: str) -> str:
        return self._signed()[key]

    def __contains__(self, key: object) -> bool:
        return key in self._signed()

    def __len__(self) -> int:
        return len(self._signed())


def _origin(request: httpx.Request) -> tuple[str, str, int | None]:
    url = request.url
    return url.scheme, url.host, url.port
