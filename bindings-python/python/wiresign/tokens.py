"""Gets tokens from a token endpoint, and has the next one before the last has ended.

    source = TokenSource(Signer(config, "identity"), "https://identity.internal/token", "orders")
    client = httpx.Client(auth=wiresign.httpx.TokenAuth(source, "https://orders.internal"))

The signer proves who asks, with whatever the config signs with: a key of HMAC, an API key. `AsyncTokenSource` is the
same for one event loop. Of several calls that need a token at once, one asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

import httpx

from wiresign._audit import log
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from wiresign._signing import RequestSigner

__all__ = ["AsyncTokenSource", "TokenError", "TokenSource"]

_MOST_BYTES = 64 * 1024
_LONGEST_LIFE = 7 * 86_400
_TIMEOUT = 10
_OK = 200
_HEADERS = {
    "content-type": "application/x-www-form-urlencoded",
    "accept": "application/json",
    # A compressed answer could be small on the way and huge here.
    "accept-encoding": "identity",
}
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,8192}=*")
# Which part of a token's life is left when the next one is asked for: not the same for all who started together.
_MARGIN = (0.1, 0.2)
# How long nobody asks after a failure: a part of the life, within these seconds, while there is a token; else this.
_PAUSE = 0.05
_LONGEST_PAUSE = 10.0
_PAUSE_WITHOUT_TOKEN = 1.0


class TokenError(Exception):
    """There is no token. Nothing was sent to the service that it is for."""

    def __init__(self, sentence: str, *, status: int | None = None, error: str | None = None) -> None:
        self.status = status
        """The status of the token endpoint, where it answered."""
        self.error = error
        """What the endpoint says is wrong, as in `invalid_scope`; or the code of its refusal."""
        super().__init__(sentence)


class _Held(NamedTuple):
    """A token, with times of the monotonic clock."""

    text: str
    renew: float
    ends: float
    life: float


_Http = TypeVar("_Http", httpx.Client, httpx.AsyncClient)
_Lock = TypeVar("_Lock", threading.Lock, asyncio.Lock)


class _Source(ABC, Generic[_Http, _Lock]):
    """What both sources have and decide. They differ in where they wait."""

    _http: _Http
    _lock: _Lock

    def __init__(
        self,
        signer: RequestSigner,
        url: str,
        audience: str,
        *,
        scope: str | None = None,
        http: _Http | None = None,
    ) -> None:
        """Ask `url` for tokens with which the service `audience` can be called.

        `scope` asks for less than all permissions that the caller has, as in `GET /a/** POST /b`. `http` is for
        certificates, proxies and time-outs of your own, and stays yours to close.
        """
        form = {"grant_type": "client_credentials", "audience": audience}
        if scope is not None:
            form["scope"] = scope
        self._url = url
        self._form = urlencode(form)
        self._auth = Auth(signer)
        self._held: _Held | None = None
        self._failed_at = -_LONGEST_PAUSE
        self._failure: TokenError | None = None
        self._is_own = http is None
        self._http, self._lock = self._tools(http)

    @abstractmethod
    def _tools(self, http: _Http | None) -> tuple[_Http, _Lock]: ...

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._url}>"

    def _at_hand(self) -> tuple[str | None, bool]:
        """Give the token that has not ended, and whether the next is due. Raise where there is none during a pause."""
        now, held = time.monotonic(), self._held
        if held is not None and now < held.ends:
            pause = min(held.life * _PAUSE, _LONGEST_PAUSE)
            return held.text, now >= held.renew and now >= self._failed_at + pause
        failure = self._failure
        if failure is not None and now < self._failed_at + _PAUSE_WITHOUT_TOKEN:
            raise TokenError(str(failure), status=failure.status, error=failure.error) from failure
        return None, True

    def _request(self) -> httpx.Request:
        return self._http.build_request("POST", self._url, content=self._form, headers=_HEADERS)

    def _take(self, status: int, body: bytes, asked_at: float) -> str:
        content = _object(body)
        if status != _OK:
            error = content.get("code", content.get("error"))
            error = error if isinstance(error, str) else None
            msg = f"the token endpoint answered with status {status}" + (f" and {error}" if error else "")
            raise TokenError(msg, status=status, error=error)
        text, kind, life = content.get("access_token"), content.get("token_type"), content.get("expires_in")
        if not isinstance(text, str) or not _TOKEN.fullmatch(text) or str(kind).lower() != "bearer":
            msg = "the answer of the token endpoint holds no bearer token"
            raise TokenError(msg, status=status)
        if type(life) is not int or not 0 < life <= _LONGEST_LIFE:
            msg = "the answer of the token endpoint does not say for how long the token lives"
            raise TokenError(msg, status=status)
        # Tokens know whole seconds only, so this one may have been issued a second ago.
        left = max(life - 1, 0.5)
        ends = asked_at + left
        self._held = _Held(text, ends - left * random.uniform(*_MARGIN), ends, left)  # noqa: S311 - spreads load
        self._failure = None
        return text

    def _fail(self, cause: Exception) -> str:
        """Go on with the token at hand, or raise."""
        if isinstance(cause, TokenError):
            error = cause
        else:
            error = TokenError(f"the token endpoint could not be asked: {str(cause) or repr(cause)}")
            error.__cause__ = cause
        self._failed_at = time.monotonic()
        self._failure = error
        held = self._held
        if held is None or self._failed_at >= held.ends:
            raise error
        log.warning("a token could not be renewed, and the one at hand is used on: %s", error)
        return held.text


class TokenSource(_Source[httpx.Client, threading.Lock]):
    """Gets tokens, for threads."""

    def token(self) -> str:
        """Give a token that has not ended, or raise a TokenError."""
        text, is_due = self._at_hand()
        if text is not None and not is_due:
            return text
        # While one renews, the others go on with what is at hand; without a token they wait.
        if not self._lock.acquire(blocking=text is None) and text is not None:
            return text
        try:
            text, is_due = self._at_hand()
            return text if text is not None and not is_due else self._ask()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connections to the token endpoint."""
        if self._is_own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tools(self, http: httpx.Client | None) -> tuple[httpx.Client, threading.Lock]:
        return http or httpx.Client(timeout=_TIMEOUT), threading.Lock()

    def _ask(self) -> str:
        asked_at, body = time.monotonic(), bytearray()
        try:
            answer = self._http.send(self._request(), auth=self._auth, stream=True, follow_redirects=False)
            with contextlib.closing(answer):
                for piece in answer.iter_raw():
                    _add(body, piece)
            return self._take(answer.status_code, bytes(body), asked_at)
        except Exception as error:  # noqa: BLE001 - whatever it is, the token at hand is as good as before
            return self._fail(error)


class AsyncTokenSource(_Source[httpx.AsyncClient, asyncio.Lock]):
    """Gets tokens, for the tasks of one event loop."""

    async def token(self) -> str:
        """Give a token that has not ended, or raise a TokenError."""
        text, is_due = self._at_hand()
        # While one renews, the others go on with what is at hand; without a token they wait.
        if text is not None and (not is_due or self._lock.locked()):
            return text
        async with self._lock:
            text, is_due = self._at_hand()
            return text if text is not None and not is_due else await self._ask()

    async def aclose(self) -> None:
        """Close the connections to the token endpoint."""
        if self._is_own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _tools(self, http: httpx.AsyncClient | None) -> tuple[httpx.AsyncClient, asyncio.Lock]:
        return http or httpx.AsyncClient(timeout=_TIMEOUT), asyncio.Lock()

    async def _ask(self) -> str:
        asked_at, body = time.monotonic(), bytearray()
        try:
            answer = await self._http.send(self._request(), auth=self._auth, stream=True, follow_redirects=False)
            async with contextlib.aclosing(answer):
                async for piece in answer.aiter_raw():
                    _add(body, piece)
            return self._take(answer.status_code, bytes(body), asked_at)
        except Exception as error:  # noqa: BLE001 - whatever it is, the token at hand is as good as before
            return self._fail(error)


def _add(body: bytearray, piece: bytes) -> None:
    body += piece
    if len(body) > _MOST_BYTES:
        msg = f"the answer of the token endpoint is longer than {_MOST_BYTES} bytes"
        raise TokenError(msg)


def _object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {}
