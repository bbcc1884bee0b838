"""The clients. What they decide is in `_call`; here is what they send and wait for."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import anyio
import httpx
from tenacity import AsyncRetrying, Retrying

from wiresign._wiresign import Signer
from wiresign.client._breaker import Breaker, CircuitOpenError
from wiresign.client._call import Call, Clock, collect, collect_async, correlation
from wiresign.client._health import Health, ask_health, ask_health_async
from wiresign.client._policy import Policy
from wiresign.client.errors import ErrorCode, ServiceError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from wiresign._signing import RequestSigner
    from wiresign._wiresign import Config

RequestHook: TypeAlias = Callable[[httpx.Request], Any]
ResponseHook: TypeAlias = Callable[[httpx.Response], Any]

_SERVER_ERROR = 500
# What a connection can do to a request, and what an answer can hold that is no answer.
_LOST = (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL, TimeoutError)


class Options(TypedDict, total=False):
    """What both clients can be told."""

    policy: Policy
    """Time-outs, tries, limits."""
    url: str
    """Where the service is, in place of what the registry says."""
    signer: RequestSigner
    """What signs, such as `wiresign.aws.AwsSigners`; a signer by the config unless given."""
    on_request: Sequence[RequestHook]
    """Called with each request before it is signed; what they change is signed too."""
    on_response: Sequence[ResponseHook]
    """Called with each answer, refusals and failures included."""
    correlation_header: str
    """The header that carries the id of the request that is being served to the services called for it."""


class _Base:
    """What both clients are made of."""

    def __init__(
        self,
        config: Config,
        target: str,
        *,
        policy: Policy | None = None,
        url: str | None = None,
        signer: RequestSigner | None = None,
        on_request: Sequence[RequestHook] = (),
        on_response: Sequence[ResponseHook] = (),
        correlation_header: str = "X-Correlation-ID",
    ) -> None:
        base = url or config.url(target)
        if base is None:
            msg = f"the registry has no url for the service {target!r}; add one, or pass url="
            raise ValueError(msg)
        self.target = target
        self.url = base.rstrip("/")
        self._signer = signer or Signer(config, target)
        self._policy = policy or Policy()
        self._clock = Clock(self._policy.longest_skew)
        self._breaker = Breaker(target, self._policy.breaker_failures, self._policy.breaker_seconds)
        self._on_request = tuple(on_request)
        self._on_response = tuple(on_response)
        self._correlation_header = correlation_header
        self._agent = f"wiresign ({config.service})"

    @property
    def clock_skew(self) -> int:
        """Seconds that the clock of the service is ahead, as far as a refusal has told."""
        return self._clock.skew

    def _template(
        self,
        http: httpx.Client | httpx.AsyncClient,
        method: str,
        path: str,
        options: dict[str, Any],
        correlation_id: str | None,
    ) -> httpx.Request:
        """Make the request that each try copies, with its body read in."""
        if not path.startswith("/"):
            msg = "a path starts with /; the rest of the address is that of the service"
            raise ValueError(msg)
        request = http.build_request(method, self.url + path, **options)
        if request.headers["user-agent"].startswith("python-httpx/"):
            request.headers["user-agent"] = self._agent
        correlation_id = correlation(correlation_id)
        if correlation_id is not None:
            request.headers.setdefault(self._correlation_header, correlation_id)
        limit = self._policy.body_bytes
        if int(request.headers.get("content-length", "0")) > limit:
            raise self._too_large()
        if isinstance(request.stream, httpx.ByteStream):
            request.read()
            return request
        if not isinstance(request.stream, Iterable):
            msg = "only AsyncServiceClient can read an asynchronous stream"
            raise TypeError(msg)
        body = collect(request.stream, limit)
        if body is None:
            raise self._too_large()
        lengths = ("transfer-encoding", "content-length")
        headers = [(name, value) for name, value in request.headers.multi_items() if name not in lengths]
        return httpx.Request(request.method, request.url, headers=headers, content=body)

    def _too_large(self) -> ServiceError:
        message = f"the body is longer than the {self._policy.body_bytes} bytes that are read in to sign it"
        return ServiceError(ErrorCode.BODY_TOO_LARGE, message, target=self.target)

    def _call(
        self, template: httpx.Request, timeout: float | None, total_timeout: float | None, idempotent: bool | None
    ) -> Call:
        policy = self._policy
        return Call(
            template,
            self._signer,
            self._clock,
            self.target,
            policy,
            timeout=policy.timeout if timeout is None else timeout,
            total_timeout=policy.total_timeout if total_timeout is None else total_timeout,
            idempotent=idempotent,
        )

    def _enter(self, call: Call) -> bool:
        try:
            is_probe = self._breaker.enter()
        except CircuitOpenError as error:
            raise call.lost(error) from error
        call.attempts += 1
        return is_probe

    def _leave(self, is_probe: bool, response: httpx.Response) -> None:
        failed = response.status_code >= _SERVER_ERROR
        self._breaker.leave(is_probe, RuntimeError(response.status_code) if failed else None)


class ServiceClient(_Base):
    """Calls one service of the registry. Threads may share it.

    `http` is an `httpx.Client` of your own, for certificates, proxies and the like; it stays yours to close.
    `on_request` sees each request before it is signed and may change it; `on_response` sees each answer.
    """

    def __init__(
        self, config: Config, target: str, *, http: httpx.Client | None = None, **options: Unpack[Options]
    ) -> None:
        super().__init__(config, target, **options)
        self._is_own = http is None
        self._http = httpx.Client() if http is None else http

    def request(
        self,
        method: str,
        path: str,
        *,
        timeout: float | None = None,
        total_timeout: float | None = None,
        idempotent: bool | None = None,
        correlation_id: str | None = None,
        **options: Any,  # noqa: ANN401 - those of httpx
    ) -> httpx.Response:
        """Call the service, and give its answer of 2xx, or raise a `ServiceError`.

        `params`, `headers`, `json`, `data`, `files` and `content` are those of httpx. A call that is not idempotent by
        its method (POST, PATCH) is tried again only where it was not sent or not let in; `idempotent=True` says that
        repeating this one does no harm.
        """
        call = self._call(
            self._template(self._http, method, path, options, correlation_id), timeout, total_timeout, idempotent
        )
        answer: httpx.Response = Retrying(**call.retrying())(self._try, call)
        return answer

    def _try(self, call: Call) -> httpx.Response:
        while True:
            request = call.unsigned()
            for hook in self._on_request:
                hook(request)
            call.sign(request)
            response = self._send(call, request)
            for watch in self._on_response:
                watch(response)
            if call.judge(response):
                return response

    def _send(self, call: Call, request: httpx.Request) -> httpx.Response:
        is_probe = self._enter(call)
        try:
            response = self._http.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                call.read_in_time(response)
                response.read()
            finally:
                response.close()
        except _LOST as error:
            self._breaker.leave(is_probe, error)
            raise call.lost(error) from error
        except BaseException:
            self._breaker.abandon(is_probe)
            raise
        self._leave(is_probe, response)
        return response

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - those of `request`
        """Call with GET; see `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with POST; see `request`."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with PUT; see `request`."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with PATCH; see `request`."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with DELETE; see `request`."""
        return self.request("DELETE", path, **options)

    def health(self, path: str = "/health", *, timeout: float = 2) -> Health:
        """Ask the service whether it is up; unsigned, for a route that is public."""
        return ask_health(self._http, self.target, self.url, path, timeout)

    def close(self) -> None:
        """Close the connections that the client made itself."""
        if self._is_own:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncServiceClient(_Base):
    """Calls one service of the registry, asynchronously; otherwise the same as `ServiceClient`. Hooks may be async."""

    def __init__(
        self, config: Config, target: str, *, http: httpx.AsyncClient | None = None, **options: Unpack[Options]
    ) -> None:
        super().__init__(config, target, **options)
        self._is_own = http is None
        self._http = httpx.AsyncClient() if http is None else http

    async def request(
        self,
        method: str,
        path: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - the same words as in the sync client
        total_timeout: float | None = None,
        idempotent: bool | None = None,
        correlation_id: str | None = None,
        **options: Any,  # noqa: ANN401 - those of httpx
    ) -> httpx.Response:
        """Call the service, and give its answer of 2xx, or raise a `ServiceError`; see `ServiceClient.request`."""
        content = options.get("content")
        if isinstance(content, AsyncIterable):
            whole = await collect_async(content, self._policy.body_bytes)
            if whole is None:
                raise self._too_large()
            options["content"] = whole
        call = self._call(
            self._template(self._http, method, path, options, correlation_id), timeout, total_timeout, idempotent
        )
        answer: httpx.Response = await AsyncRetrying(**call.retrying())(self._try, call)
        return answer

    async def _try(self, call: Call) -> httpx.Response:
        while True:
            request = call.unsigned()
            for hook in self._on_request:
                await _finish(hook(request))
            call.sign(request)
            response = await self._send(call, request)
            for watch in self._on_response:
                await _finish(watch(response))
            if call.judge(response):
                return response

    async def _send(self, call: Call, request: httpx.Request) -> httpx.Response:
        is_probe = self._enter(call)
        try:
            with anyio.fail_after(call.left()):
                response = await self._http.send(request, auth=None, follow_redirects=False)
        except _LOST as error:
            self._breaker.leave(is_probe, error)
            raise call.lost(error) from error
        except BaseException:
            self._breaker.abandon(is_probe)
            raise
        self._leave(is_probe, response)
        return response

    async def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - those of `request`
        """Call with GET; see `request`."""
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with POST; see `request`."""
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with PUT; see `request`."""
        return await self.request("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with PATCH; see `request`."""
        return await self.request("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - as above
        """Call with DELETE; see `request`."""
        return await self.request("DELETE", path, **options)

    async def health(
        self,
        path: str = "/health",
        *,
        timeout: float = 2,  # noqa: ASYNC109 - the same words as in the sync client
    ) -> Health:
        """Ask the service whether it is up; unsigned, for a route that is public."""
        return await ask_health_async(self._http, self.target, self.url, path, timeout)

    async def aclose(self) -> None:
        """Close the connections that the client made itself."""
        if self._is_own:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


async def _finish(result: Any) -> None:  # noqa: ANN401 - whatever a hook gives back
    if inspect.isawaitable(result):
        await result
