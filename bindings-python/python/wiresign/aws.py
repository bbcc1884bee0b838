"""Asks AWS who made the proof of an IAM identity.

    app.add_middleware(Middleware, verifier=Verifier(config), aws=Sts())

A question goes to STS as the core makes it: over TLS, to the host of a region in the config, and nowhere else. Without
an answer the request is refused.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx

from wiresign._audit import log

if TYPE_CHECKING:
    from wiresign._wiresign import IdentityRequest

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

    def ask(self, request: IdentityRequest) -> tuple[int, bytes] | None:
        """Send a question, and give status and body of the answer; None where there is none."""
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

    async def ask_async(self, request: IdentityRequest) -> tuple[int, bytes] | None:
        """Do the same where other requests are served meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.ask, request)

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.close()
