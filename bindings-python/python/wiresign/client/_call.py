"""One call with all of its tries, without any input or output of its own, for the sync and the async client alike."""

from __future__ import annotations

import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx
from tenacity import (
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_any,
    stop_before_delay,
    wait_random_exponential,
)

from wiresign._codes import RefusalCode
from wiresign._context import current_request_id
from wiresign._errors import SigningError
from wiresign.client._breaker import CircuitOpenError
from wiresign.client.errors import ErrorCode, ServiceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Iterator

    from wiresign._signing import RequestSigner
    from wiresign.client._policy import Policy

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_BUSY = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# A service that answers so has not let the request in, and remembers nothing of it.
_NOT_LET_IN = frozenset(
    {RefusalCode.IDENTITY_UNAVAILABLE, RefusalCode.REPLAY_STORE_UNAVAILABLE, RefusalCode.RATE_LIMITED}
)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_LONGEST_ANSWER = 65_536


class Clock:
    """The time as the target sees it, as far as a refusal has told."""

    def __init__(self, longest_skew: float) -> None:
        self._longest_skew = longest_skew
        self.skew = 0

    def now(self) -> int:
        """Give the time to sign with."""
        return int(time.time()) + self.skew

    def learn(self, response: httpx.Response) -> bool:
        """Take the time from an answer that refuses ours. True where that changes what will be signed."""
        theirs = _http_date(response.headers.get("date", ""))
        if theirs is None:
            return False
        skew = round(theirs - time.time())
        if abs(skew) > self._longest_skew or abs(skew - self.skew) <= 1:
            return False
        self.skew = skew
        return True


class Call:
    """What is sent, and what has come of it so far."""

    def __init__(
        self,
        template: httpx.Request,
        signer: RequestSigner,
        clock: Clock,
        target: str,
        policy: Policy,
        *,
        total_timeout: float,
        timeout: float,
        idempotent: bool | None,
    ) -> None:
        self._template = template
        self._signer = signer
        self._clock = clock
        self._target = target
        self._policy = policy
        self._timeout = timeout
        self._total_timeout = total_timeout
        self._deadline = time.monotonic() + total_timeout
        self._may_repeat = template.method in _IDEMPOTENT if idempotent is None else idempotent
        self._jitter = wait_random_exponential(multiplier=policy.backoff, max=policy.longest_backoff)
        self._redirects = 0
        self._corrected = False
        self._request_id: str | None = None
        self.attempts = 0

    def retrying(self) -> dict[str, Any]:
        """Give the arguments of tenacity's Retrying and AsyncRetrying."""
        return {
            "retry": retry_if_exception(lambda error: isinstance(error, ServiceError) and error._again),
            "wait": self._wait,
            "stop": stop_any(stop_after_attempt(self._policy.attempts), stop_before_delay(self._total_timeout)),
            "reraise": True,
        }

    def left(self) -> float:
        """Give the seconds until the call must have ended."""
        return self._deadline - time.monotonic()

    def unsigned(self) -> httpx.Request:
        """Make the request of the next try."""
        left = self.left()
        if left <= 0:
            raise self.failure(ErrorCode.TIMEOUT, "the total time-out is over")
        template = self._template
        wait = min(self._timeout, left)
        timeouts = httpx.Timeout(wait).as_dict()
        return httpx.Request(
            template.method,
            template.url,
            headers=template.headers.raw,
            content=template.content,
            extensions={**template.extensions, "timeout": timeouts},
        )

    def sign(self, request: httpx.Request) -> None:
        """Sign a request with the time of now and a fresh id."""
        try:
            target: bytes = request.extensions.get("target", request.url.raw_path)
            signed = self._signer.sign(
                request.method, target, request.headers.raw, request.read(), now=self._clock.now()
            )
        except SigningError as error:
            raise self.failure(ErrorCode.SIGNING_FAILED, error.message) from error
        request.headers.update(signed)
        self._request_id = request.headers.get("x-request-id")

    def read_in_time(self, response: httpx.Response) -> None:
        """Let the body of an answer come only until the call must have ended."""
        stream = response.stream
        assert isinstance(stream, httpx.SyncByteStream)  # noqa: S101 - a sync client makes no other
        response.stream = _InTime(stream, self)

    def judge(self, response: httpx.Response) -> bool:
        """Decide on an answer. False: send once more, now. Raises where the call is over, or waits for another try."""
        if response.is_success:
            return True
        status = response.status_code
        if status in _REDIRECTS and "location" in response.headers:
            self._redirect(response)
            return False
        refusal = _refusal(response, self._request_id)
        if refusal is None:
            again = status in _BUSY and self._may_repeat
            message = f"the service answered {status}"
            raise self.failure(ErrorCode.HTTP_STATUS, message, response, again=again, after=_retry_after(response))
        if refusal is RefusalCode.TIMESTAMP_OUTSIDE_WINDOW and not self._corrected:
            self._corrected = True
            if self._clock.learn(response):
                return False
        message = f"the service refused the request: {refusal.value}"
        again = refusal in _NOT_LET_IN
        raise self.failure(
            ErrorCode.REFUSED, message, response, refusal=refusal, again=again, after=_retry_after(response)
        )

    def lost(self, error: Exception) -> ServiceError:
        """Give the error of a request that got no answer."""
        if isinstance(error, CircuitOpenError):
            return self.failure(ErrorCode.CIRCUIT_OPEN, str(error))
        again = self._may_repeat or isinstance(error, _NOT_SENT)
        name = type(error).__name__
        if isinstance(error, (httpx.TimeoutException, TimeoutError)):
            return self.failure(ErrorCode.TIMEOUT, f"no answer in time ({name})", again=again)
        if isinstance(error, _NOT_SENT):
            return self.failure(ErrorCode.CONNECTION_FAILED, f"no connection ({name})", again=again)
        return self.failure(ErrorCode.CONNECTION_LOST, f"the connection broke ({name})", again=again)

    def failure(
        self,
        code: ErrorCode,
        message: str,
        response: httpx.Response | None = None,
        *,
        refusal: RefusalCode | None = None,
        again: bool = False,
        after: float = 0,
    ) -> ServiceError:
        """Make the error of this call."""
        return ServiceError(
            code,
            message,
            target=self._target,
            response=response,
            refusal=refusal,
            request_id=self._request_id,
            attempts=self.attempts,
            again=again,
            after=after,
        )

    def _wait(self, state: RetryCallState) -> float:
        failed = state.outcome.exception() if state.outcome else None
        asked = failed._after if isinstance(failed, ServiceError) else 0
        return max(asked, self._jitter(state))

    def _redirect(self, response: httpx.Response) -> None:
        """Turn the call to where an answer leads, if that is inside the service."""
        self._redirects += 1
        old = self._template
        try:
            url = old.url.join(response.headers["location"])
        except (httpx.InvalidURL, ValueError) as error:
            raise self.failure(ErrorCode.REDIRECT_REFUSED, "the answer leads nowhere", response) from error
        if (url.scheme, url.host, url.port) != (old.url.scheme, old.url.host, old.url.port):
            raise self.failure(ErrorCode.REDIRECT_REFUSED, "the answer leads out of the service", response)
        if self._redirects > self._policy.redirects:
            raise self.failure(ErrorCode.REDIRECT_REFUSED, "the answers lead on and on", response)
        if response.status_code in (307, 308) or old.method in ("GET", "HEAD"):
            self._template = httpx.Request(old.method, url, headers=_unhosted(old.headers), content=old.content)
        else:
            headers = [(name, value) for name, value in _unhosted(old.headers) if not name.startswith(b"content-")]
            self._template = httpx.Request("GET", url, headers=headers)


class _InTime(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, call: Call) -> None:
        self._stream = stream
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            yield piece
            if self._call.left() <= 0:
                raise TimeoutError

    def close(self) -> None:
        self._stream.close()


def is_failure_of_target(error: ServiceError) -> bool:
    """Tell whether an error says that the service is not well."""
    return error.status is None or error.status >= 500


def correlation(given: str | None) -> str | None:
    """Give the id that ties this call to the request that it is made for."""
    return given or current_request_id.get()


async def collect_async(content: AsyncIterable[bytes], limit: int) -> bytes | None:
    """Read a stream in. None where it is longer than the limit."""
    whole = bytearray()
    async for piece in content:
        whole += piece
        if len(whole) > limit:
            return None
    return bytes(whole)


def collect(content: Iterable[bytes], limit: int) -> bytes | None:
    """Read a stream in. None where it is longer than the limit."""
    whole = bytearray()
    for piece in content:
        whole += piece
        if len(whole) > limit:
            return None
    return bytes(whole)


def _unhosted(headers: httpx.Headers) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers.raw if name.lower() != b"host"]


def _refusal(response: httpx.Response, request_id: str | None) -> RefusalCode | None:
    """Give the code of a refusal, where an answer is one.

    A service may hand on the refusal of another one that it has called itself. Then it has let the request in: that
    answer is no refusal of this request, and names another one.
    """
    if len(response.content) > _LONGEST_ANSWER:
        return None
    try:
        content = json.loads(response.content)
        code = RefusalCode(content["code"])
        is_of_another = request_id is not None and content.get("requestId") not in (None, request_id)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return None if is_of_another else code


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    moment = _http_date(text)
    return 0.0 if moment is None else max(0.0, moment - time.time())


def _http_date(text: str) -> float | None:
    """Give the time that a header says; None where it says none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
