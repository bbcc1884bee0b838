"""Asks AWS who made the proof of an IAM identity.

    app.add_middleware(Middleware, verifier=Verifier(config), aws=Sts())

A question goes to STS as the core makes it: over TLS, to the host of a region in the config, and nowhere else. Without
an answer the request is refused. Where several requests bring one proof at the same time, it is asked about once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx

from wiresign._audit import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from wiresign._wiresign import IdentityRequest

    Answer: TypeAlias = tuple[int, bytes] | None

__all__ = ["Sts"]

_MOST_BYTES = 16 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Sts:
    """Sends questions to the Security Token Service. Threads and event loops may share it."""

    def __init__(self, *, timeout: float = 3, at_once: int = 16, endpoint: str | None = None) -> None:
        """Make one for a process.

        - `timeout`: how long a question may take as a whole, in seconds.
        - `at_once`: how many questions of asynchronous servers are under way at the same time.
        - `endpoint`: where to send all questions in tests, on this machine. The headers stay as they are.
        """
        if timeout <= 0:
            msg = "the timeout must be more than nothing"
            raise ValueError(msg)
        if endpoint is not None and httpx.URL(endpoint).host not in _LOOPBACK:
            msg = "the endpoint is for tests, and must be on this machine"
            raise ValueError(msg)
        self._timeout = timeout
        self._endpoint = endpoint
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=endpoint is None)
        self._threads = ThreadPoolExecutor(at_once, "wiresign-sts")
        self._lock = threading.Lock()
        self._under_way: dict[object, Future[Answer]] = {}

    def ask(self, request: IdentityRequest) -> Answer:
        """Send a question, and give status and body of the answer; None where there is none."""
        own: Future[Answer] = Future()
        answer = self._join(request, lambda: own)
        if answer is own:
            try:
                own.set_result(self._send(request))
            except BaseException as error:
                own.set_exception(error)
                raise
        return answer.result()

    async def ask_async(self, request: IdentityRequest) -> Answer:
        """Do the same where other requests are served meanwhile."""
        answer = self._join(request, lambda: self._threads.submit(self._send, request))
        # Whoever waits no more must not end it for the others.
        return await asyncio.shield(asyncio.wrap_future(answer))

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _join(self, request: IdentityRequest, begin: Callable[[], Future[Answer]]) -> Future[Answer]:
        """Give the answer to come of the same question, where it is under way."""
        question = (request.url, *request.headers)
        with self._lock:
            answer = self._under_way.get(question)
            if answer is None:
                answer = self._under_way[question] = begin()
                answer.add_done_callback(lambda _: self._under_way.pop(question))
        return answer

    def _send(self, request: IdentityRequest) -> Answer:
        deadline = time.monotonic() + self._timeout
        url = self._endpoint or request.url
        # A compressed answer could be small on the way and huge here.
        headers = [*request.headers, ("Accept-Encoding", "identity")]
        try:
            with self._client.stream(request.method, url, headers=headers, content=request.body) as response:
                body = bytearray()
                for piece in response.iter_raw():
                    body += piece
                    if len(body) > _MOST_BYTES or time.monotonic() > deadline:
                        log.warning("the answer of %s is too long or too slow", request.url)
                        return None
                return response.status_code, bytes(body)
        except httpx.HTTPError as error:
            log.warning("%s gave no answer: %s", request.url, type(error).__name__)
            return None
