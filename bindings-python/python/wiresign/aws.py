"""IAM identities: asks AWS who made the proof of one, and signs with the credentials of a role.

    app.add_middleware(Middleware, verifier=Verifier(config), aws=Sts())

    credentials = boto3.Session().get_credentials()
    auth = Auth(AwsSigners(config, credentials.get_frozen_credentials, target="orders"))

A question goes to STS as the core makes it: over TLS, to the host of a region in the config, and nowhere else. Without
an answer the request is refused. Where several requests bring one proof at the same time, it is asked about once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import httpx

from wiresign._audit import log
from wiresign._errors import SigningError
from wiresign._wiresign import Signer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from wiresign._signing import Headers, Text
    from wiresign._wiresign import Config, IdentityRequest

    Answer: TypeAlias = tuple[int, bytes] | None

__all__ = ["AwsSigners", "Credentials", "Sts"]

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


class Credentials(Protocol):
    """Credentials as botocore gives them when they are frozen."""

    @property
    def access_key(self) -> str:
        """The access key id."""

    @property
    def secret_key(self) -> str:
        """The secret access key."""

    @property
    def token(self) -> str | None:
        """The session token, where there is one."""


class AwsSigners:
    """Signs with the credentials that are good now, in the place of a `Signer`. Threads may share it."""

    def __init__(
        self, config: Config, credentials: Callable[[], Credentials | None], *, target: str | None = None
    ) -> None:
        """Sign calls to `target`.

        `credentials` is asked for each request, so it keeps them meanwhile, and gets the next ones in time: the
        `get_frozen_credentials` of botocore does.
        """
        self._config = config
        self._credentials = credentials
        self._target = target
        self._held: tuple[tuple[str, str, str | None], Signer] | None = None

    def __repr__(self) -> str:
        return f"<AwsSigners target={self._target!r}>"

    def sign(
        self, method: Text, target: Text, headers: Headers = (), body: bytes = b"", *, now: int | None = None
    ) -> list[tuple[str, str]]:
        """Give the headers to send with a request.

        Raises SigningError where there are no credentials, or the config does not sign with them.
        """
        return self._signer().sign(method, target, headers, body, now=now)

    def _signer(self) -> Signer:
        try:
            given = self._credentials()
        except Exception as error:
            msg = f"there are no credentials of AWS: {error}"
            raise SigningError(msg) from error
        if given is None:
            msg = "there are no credentials of AWS"
            raise SigningError(msg)
        known = (given.access_key, given.secret_key, given.token)
        held = self._held
        if held is None or held[0] != known:
            held = known, Signer.with_aws_credentials(self._config, *known, target=self._target)
            self._held = held
        return held[1]
