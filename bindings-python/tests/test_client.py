"""The service clients on a real server that misbehaves. Each behaviour is tried on both clients."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import io
import json
import socket
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import wiresign
from origin import Answer, Origin, Seen, origin, redirects
from servers import free_port
from support import ENV, document
from wiresign._context import current_request_id
from wiresign.client import (
    AsyncServiceClient,
    ErrorCode,
    Health,
    Policy,
    ServiceClient,
    ServiceError,
    check_health,
    check_health_async,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# The pauses are short, and the times so long that a busy machine keeps them. What is late on purpose takes far longer.
QUICK: dict[str, Any] = {"backoff": 0.01, "longest_backoff": 0.02, "timeout": 30.0, "total_timeout": 120.0}
LATE = Answer(after=300)
BUSY = Answer(503)


class Caller:
    """One of the clients behind the same, synchronous face."""

    def __init__(self, client: ServiceClient | AsyncServiceClient, loop: asyncio.AbstractEventLoop | None) -> None:
        self.client = client
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.client, name)
        if not inspect.iscoroutinefunction(attribute):
            return attribute
        assert self._loop
        loop = self._loop
        return lambda *arguments, **options: loop.run_until_complete(attribute(*arguments, **options))

    def error(self, *arguments: Any, **options: Any) -> ServiceError:
        with pytest.raises(ServiceError) as caught:
            self.request(*arguments, **options)
        return caught.value


def config_for(url: str | None, **services: str) -> wiresign.Config:
    made = document("billing")
    made["services"]["orders"] |= {} if url is None else {"url": url}
    for service, address in services.items():
        made["services"][service] = {"url": address}
    return wiresign.Config.parse(made, env=ENV)


@pytest.fixture
def server() -> Iterator[Origin]:
    with origin() as made:
        yield made


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(kind: str, server: Origin) -> Iterator[Any]:
    loop = asyncio.new_event_loop()
    made: list[Caller] = []

    def make(at: str | None = None, *, target: str = "orders", policy: Any = (), **options: Any) -> Caller:
        members = QUICK | dict(policy)
        chosen = config_for(at or server.url)
        if kind == "sync":
            caller = Caller(ServiceClient(chosen, target, policy=Policy(**members), **options), None)
        else:
            caller = Caller(AsyncServiceClient(chosen, target, policy=Policy(**members), **options), loop)
        made.append(caller)
        return caller

    yield make
    for caller in made:
        caller.close() if kind == "sync" else caller.aclose()
    loop.close()


@pytest.fixture
def orders(make: Any) -> Any:
    return make()


def test_what_is_sent_is_what_was_signed(server: Origin, orders: Any, kind: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"a", b"b")

    async def async_pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b"):
            yield piece

    bodies: list[dict[str, Any]] = [
        {"json": {"ä": [1.0, None]}},
        {"data": {"a": "b c", "d": ["e", "f"]}},
        {"files": {"f": ("name", io.BytesIO(b"content"))}, "data": {"a": "b"}},
        {"content": "täxt"},
        {"content": b"bytes"},
        {"content": pieces()},
        {"content": async_pieces()} if kind == "async" else {},
        {"params": {"q": "ü &", "r": ["1", "2"]}},
        {"headers": {"x-signature": "stale", "X-Service-ID": "shop", "x-other": "1"}},
    ]
    for options in bodies:
        assert orders.post("/x%20y?z", **options).json() == {"service": "billing"}, options
    for method in ("get", "put", "patch", "delete"):
        assert getattr(orders, method)("/").json() == {"service": "billing"}
    assert orders.request("HEAD", "/").status_code == 200
    assert {seen.verdict for seen in server.seen} == {"accepted"}
    assert server.seen[0].header("user-agent") == "wiresign (billing)"
    assert [seen.body for seen in server.seen[3:6]] == ["täxt".encode(), b"bytes", b"ab"]


def test_a_body_over_the_limit_is_not_read_on(server: Origin, make: Any) -> None:
    orders = make(policy={"body_bytes": 1000})
    endless = (bytes(100) for _ in iter(int, 1))
    for options in ({"content": bytes(1001)}, {"content": endless}, {"files": {"f": io.BytesIO(bytes(1001))}}):
        assert orders.error("POST", "/", **options).code is ErrorCode.BODY_TOO_LARGE
    assert server.seen == []


def test_each_try_is_signed_anew(server: Origin, orders: Any) -> None:
    server.script(BUSY, Answer(502), None)
    assert orders.get("/a").status_code == 200
    assert [seen.verdict for seen in server.seen] == ["accepted"] * 3
    assert len({seen.header("x-request-id") for seen in server.seen}) == 3
    assert len({seen.header("x-signature") for seen in server.seen}) == 3


def test_the_last_failure_is_told(server: Origin, orders: Any) -> None:
    server.behave = lambda _: Answer(503, b"busy")
    error = orders.error("GET", "/a")
    assert error.code is ErrorCode.HTTP_STATUS
    assert (error.status, error.attempts, error.target, error.refusal) == (503, 3, "orders", None)
    assert error.response.content == b"busy"
    assert error.request_id == server.seen[-1].header("x-request-id")
    assert error.cause is None
    assert str(error) == "orders: HTTP_STATUS: the service answered 503 (attempts: 3)"


@pytest.mark.parametrize("status", [400, 404, 409, 500, 501])
def test_other_statuses_are_not_tried_again(server: Origin, orders: Any, status: int) -> None:
    server.behave = lambda _: Answer(status)
    assert orders.error("GET", "/a").status == status
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "answer", [BUSY, Answer(drop=True), Answer(body=b"x" * 100, cut=10), LATE], ids=lambda a: str(a.status)
)
def test_what_may_have_been_done_is_done_once(server: Origin, make: Any, answer: Answer) -> None:
    orders = make(policy={"timeout": 2.0} if answer is LATE else {})
    server.script(answer)
    error = orders.error("POST", "/pay")
    assert error.attempts == len(server.seen) == 1
    server.seen.clear()
    server.script(answer)
    assert orders.request("POST", "/pay", idempotent=True).status_code == 200
    assert len(server.seen) == 2
    server.script(answer)
    assert orders.request("PUT", "/pay").status_code == 200
    server.script(answer)
    assert orders.error("PUT", "/pay", idempotent=False).attempts == 1


def test_lost_connections_have_a_code(server: Origin, make: Any) -> None:
    orders = make(policy={"attempts": 1})
    for answer, code in [
        (Answer(drop=True), ErrorCode.CONNECTION_LOST),
        (Answer(body=b"x" * 100, cut=10), ErrorCode.CONNECTION_LOST),
        (Answer(headers={"content-encoding": "gzip"}, body=b"no gzip"), ErrorCode.CONNECTION_LOST),
        (LATE, ErrorCode.TIMEOUT),
    ]:
        server.script(answer)
        error = orders.error("GET", "/", **({"timeout": 0.5} if answer is LATE else {}))
        assert error.code is code
        assert isinstance(error.cause, (httpx.HTTPError, TimeoutError))
        assert error.status is None


def test_what_was_not_sent_is_tried_again(make: Any) -> None:
    orders = make(f"http://127.0.0.1:{free_port()}")
    error = orders.error("POST", "/pay")
    assert error.code is ErrorCode.CONNECTION_FAILED
    assert error.attempts == 3
    assert isinstance(error.cause, httpx.ConnectError)


def test_the_total_time_is_kept(server: Origin, make: Any) -> None:
    server.behave = lambda _: Answer(after=0.3, status=503)
    orders = make(policy={"attempts": 1000, "total_timeout": 3})
    started = time.monotonic()
    error = orders.error("GET", "/")
    assert time.monotonic() - started < 60
    # None is begun after three seconds, and each takes at least 0.3.
    assert 2 <= error.attempts <= 11
    server.behave = lambda _: LATE
    started = time.monotonic()
    assert make().error("GET", "/", timeout=0.1, total_timeout=0.2).code is ErrorCode.TIMEOUT
    assert time.monotonic() - started < 60


def test_an_answer_that_drips_does_not_last(make: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
                try:
                    for _ in range(1000):
                        connection.sendall(b"x")
                        time.sleep(0.1)
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        orders = make(f"http://127.0.0.1:{listener.getsockname()[1]}", policy={"attempts": 1, "total_timeout": 0.5})
        started = time.monotonic()
        assert orders.error("GET", "/").code is ErrorCode.TIMEOUT
        assert time.monotonic() - started < 60
        thread.join(60)


def test_retry_after_is_heeded(server: Origin, orders: Any) -> None:
    server.script(Answer(429, headers={"retry-after": "1"}))
    started = time.monotonic()
    assert orders.get("/").status_code == 200
    assert time.monotonic() - started >= 1
    moment = int(time.time()) + 2
    server.script(Answer(503, headers={"retry-after": formatdate(moment, usegmt=True)}))
    assert orders.get("/").status_code == 200
    assert time.time() >= moment - 0.1
    # A wait that would outlast the call is not begun.
    server.script(Answer(503, headers={"retry-after": "3600"}))
    started = time.monotonic()
    assert orders.error("GET", "/").attempts == 1
    assert time.monotonic() - started < 60
    for nonsense in ("soon", f"1 Jan 2026 00:00:{'9' * 30} GMT"):
        server.script(Answer(503, headers={"retry-after": nonsense}))
        assert orders.get("/").status_code == 200


def end_pause(client: Any) -> None:
    """Let a circuit close again, as if it had been open for an hour."""
    client._breaker._circuit.context._state.opened_at -= 3600


def test_the_circuit_opens_and_closes(server: Origin, make: Any) -> None:
    server.behave = lambda _: Answer(500)
    orders = make(policy={"breaker_failures": 3, "breaker_seconds": 3600})
    for _ in range(3):
        assert orders.error("GET", "/").status == 500
    for _ in range(5):
        error = orders.error("GET", "/")
        assert error.code is ErrorCode.CIRCUIT_OPEN
        assert error.status is None
    assert len(server.seen) == 3
    end_pause(orders.client)
    assert orders.error("GET", "/").status == 500
    assert orders.error("GET", "/").code is ErrorCode.CIRCUIT_OPEN
    end_pause(orders.client)
    server.behave = lambda _: None
    for _ in range(3):
        assert orders.get("/").status_code == 200
    # What the caller did wrong does not count.
    server.behave = lambda _: Answer(404)
    for _ in range(10):
        assert orders.error("GET", "/").status == 404


def test_an_open_circuit_ends_the_tries(server: Origin, make: Any) -> None:
    server.behave = lambda _: BUSY
    orders = make(policy={"breaker_failures": 2, "attempts": 10})
    error = orders.error("GET", "/")
    assert error.code is ErrorCode.CIRCUIT_OPEN
    assert error.attempts == len(server.seen) == 2


def test_one_call_probes_a_circuit_that_may_close(server: Origin) -> None:
    async def main() -> None:
        policy = Policy(**QUICK | {"breaker_failures": 1, "breaker_seconds": 3600, "attempts": 1})
        async with AsyncServiceClient(config_for(server.url), "orders", policy=policy) as orders:
            server.script(Answer(500), Answer(after=0.3))
            with pytest.raises(ServiceError):
                await orders.get("/")
            end_pause(orders)
            results = await asyncio.gather(*(orders.get("/") for _ in range(5)), return_exceptions=True)
            codes = [result.code if isinstance(result, ServiceError) else "ok" for result in results]
            assert codes == ["ok", *[ErrorCode.CIRCUIT_OPEN] * 4]
            # A probe that is given up leaves the question open.
            server.script(Answer(500), LATE)
            with pytest.raises(ServiceError):
                await orders.get("/")
            end_pause(orders)
            probe = asyncio.create_task(orders.get("/"))
            await asyncio.sleep(0.1)
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe
            assert (await orders.get("/")).status_code == 200

    asyncio.run(main())


class SkewedOrigin:
    """A service whose clock is off."""

    def __init__(self, server: Origin, seconds: int) -> None:
        self.seconds = seconds
        self._verifier = server.verifier
        server.judge = self.judge  # type: ignore[method-assign]

    def judge(self, method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[str, Answer]:
        now = int(time.time()) + self.seconds
        date = {"date": formatdate(now, usegmt=True)}
        try:
            self._verifier.verify(method, target, headers, body, now=now)
        except wiresign.Refusal as refusal:
            return refusal.code.value, Answer(refusal.status, refusal.response.body, date)
        return "accepted", Answer(headers=date)


@pytest.mark.parametrize("seconds", [-500, 400])
def test_a_clock_that_is_off_is_made_up_for(server: Origin, make: Any, seconds: int) -> None:
    SkewedOrigin(server, seconds)
    orders = make(policy={"longest_skew": 600})
    assert orders.request("POST", "/pay").status_code == 200
    assert [seen.verdict for seen in server.seen] == ["TIMESTAMP_OUTSIDE_WINDOW", "accepted"]
    assert abs(orders.clock_skew - seconds) <= 60
    server.seen.clear()
    assert orders.get("/").status_code == 200
    assert len(server.seen) == 1


def test_a_clock_that_is_far_off_is_not(server: Origin, make: Any) -> None:
    SkewedOrigin(server, 700)
    orders = make(policy={"longest_skew": 600})
    error = orders.error("GET", "/")
    assert error.code is ErrorCode.REFUSED
    assert error.refusal is wiresign.RefusalCode.TIMESTAMP_OUTSIDE_WINDOW
    assert error.attempts == 1
    assert orders.clock_skew == 0


def test_no_other_answer_sets_the_clock(server: Origin, orders: Any) -> None:
    date = {"date": formatdate(time.time() + 100, usegmt=True)}
    server.script(
        Answer(200, headers=date),
        Answer(401, b'{"code": "INVALID_SIGNATURE"}', date),
        Answer(401, b'{"code": "TIMESTAMP_OUTSIDE_WINDOW"}', {"date": "yesterday"}),
        Answer(401, b'{"code": "TIMESTAMP_OUTSIDE_WINDOW"}', {"date": f"1 Jan 2026 00:00:{'9' * 30} GMT"}),
    )
    assert orders.get("/").status_code == 200
    for _ in range(3):
        assert orders.error("GET", "/").code is ErrorCode.REFUSED
    assert orders.clock_skew == 0


def test_refusals_have_their_code(server: Origin, make: Any) -> None:
    shop = make(target="shop", url=server.url)
    error = shop.error("POST", "/a")
    assert error.code is ErrorCode.REFUSED
    assert error.refusal is wiresign.RefusalCode.TARGET_NOT_ALLOWED
    assert error.status == 403
    assert error.attempts == 1
    assert error.request_id == server.seen[-1].header("x-request-id") == error.response.json()["requestId"]


@pytest.mark.parametrize("code", ["REPLAY_STORE_UNAVAILABLE", "IDENTITY_UNAVAILABLE"])
def test_what_was_not_let_in_is_tried_again(server: Origin, orders: Any, code: str) -> None:
    server.script(Answer(503, json.dumps({"code": code}).encode()))
    assert orders.post("/pay").status_code == 200
    assert len(server.seen) == 2


@pytest.mark.parametrize("code", ["REPLAY_STORE_UNAVAILABLE", "RATE_LIMITED", "TIMESTAMP_OUTSIDE_WINDOW"])
def test_the_refusal_of_another_request_is_no_reason_to_do_it_twice(server: Origin, orders: Any, code: str) -> None:
    # The service has let the request in, made a call of its own, and hands on how that was refused.
    date = {"date": formatdate(time.time() + 100, usegmt=True)}
    relayed = json.dumps({"code": code, "requestId": "11111111-2222-4333-8444-555555555555"}).encode()
    server.script(Answer(503, relayed, date))
    error = orders.error("POST", "/pay")
    assert (error.code, error.status, error.refusal) == (ErrorCode.HTTP_STATUS, 503, None)
    assert len(server.seen) == 1
    assert orders.clock_skew == 0


def test_a_policy_makes_sense() -> None:
    hopeless: list[dict[str, Any]] = [{"attempts": 0}, {"timeout": -1.0}, {"backoff": float("nan")}]
    for members in hopeless:
        with pytest.raises(ValueError, match=next(iter(members))):
            Policy(**members)


def test_redirects_inside_the_service_are_signed_anew(server: Origin, orders: Any) -> None:
    server.behave = redirects({"/a": (307, "/b?c"), "/b?c": (303, f"{server.url}/d"), "/round": (302, "/round")})
    assert orders.post("/a", json={"e": 1}).status_code == 200
    assert [(seen.method, seen.target, seen.body, seen.verdict) for seen in server.seen] == [
        ("POST", "/a", b'{"e":1}', "accepted"),
        ("POST", "/b?c", b'{"e":1}', "accepted"),
        ("GET", "/d", b"", "accepted"),
    ]
    assert server.seen[-1].header("content-type") is None
    assert orders.error("GET", "/round").code is ErrorCode.REDIRECT_REFUSED


def test_redirects_out_of_the_service_are_refused(server: Origin, orders: Any) -> None:
    with origin() as elsewhere:
        server.behave = redirects({"/a": (307, f"{elsewhere.url}/a"), "/b": (301, "//evil/"), "/c": (302, "http://[")})
        for path in ("/a", "/b", "/c"):
            error = orders.error("GET", path)
            assert error.code is ErrorCode.REDIRECT_REFUSED
            assert error.status in (301, 302, 307)
        assert elsewhere.seen == []


def test_hooks_see_each_try(server: Origin, make: Any) -> None:
    statuses: list[int] = []

    def mark(request: httpx.Request) -> None:
        assert "x-signature" not in request.headers
        request.headers["x-mark"] = "1"

    orders = make(on_request=[mark], on_response=[lambda response: statuses.append(response.status_code)])
    server.script(BUSY)
    orders.get("/")
    assert statuses == [503, 200]
    assert {seen.header("x-mark") for seen in server.seen} == {"1"}


def test_hooks_of_the_async_client_may_be_async(server: Origin) -> None:
    async def mark(request: httpx.Request) -> None:
        await asyncio.sleep(0)
        request.headers["x-mark"] = "1"

    async def main() -> None:
        async with AsyncServiceClient(config_for(server.url), "orders", on_request=[mark]) as orders:
            await orders.get("/")

    asyncio.run(main())
    assert server.seen[0].header("x-mark") == "1"


def test_the_id_of_the_request_being_served_is_passed_on(server: Origin, orders: Any) -> None:
    def serve() -> None:
        current_request_id.set("11111111-2222-4333-8444-555555555555")
        server.script(BUSY)
        orders.get("/")

    contextvars.copy_context().run(serve)
    assert {seen.header("x-correlation-id") for seen in server.seen} == {"11111111-2222-4333-8444-555555555555"}
    assert "11111111-2222-4333-8444-555555555555" not in {seen.header("x-request-id") for seen in server.seen}
    orders.request("GET", "/", correlation_id="of-my-own")
    orders.get("/")
    assert [seen.header("x-correlation-id") for seen in server.seen[2:]] == ["of-my-own", None]


def test_what_cannot_be_signed_is_not_sent(server: Origin, orders: Any) -> None:
    error = orders.error("A" * 33, "/")
    assert error.code is ErrorCode.SIGNING_FAILED
    assert isinstance(error.cause, wiresign.SigningError)
    assert server.seen == []


def test_a_service_has_an_address(make: Any) -> None:
    with pytest.raises(ValueError, match="no url for the service 'orders'"):
        ServiceClient(config_for(None), "orders")
    for path in ("http://elsewhere/", "x", ""):
        with pytest.raises(ValueError, match="starts with /"):
            make().get(path)


def test_a_client_of_your_own_stays_open(server: Origin) -> None:
    with httpx.Client(headers={"x-mark": "1"}, auth=("user", "password")) as http:
        with ServiceClient(config_for(server.url), "orders", http=http) as orders:
            orders.get("/")
        assert not http.is_closed
    assert server.seen[0].header("x-mark") == "1"
    assert server.seen[0].header("authorization") is None


def found_of(health: Health) -> tuple[bool, int | None]:
    return health.is_up, health.status


async def health_of(known: wiresign.Config, options: dict[str, Any]) -> tuple[bool, int | None]:
    async with AsyncServiceClient(known, "orders", **options) as one:
        return found_of(await one.health(timeout=2))


def test_health() -> None:
    def behave(seen: Seen) -> Answer:
        return Answer(200 if seen.target == "/health" else 404)

    with origin(behave) as up, origin(lambda _: Answer(500)) as broken, origin(lambda _: LATE) as slow:
        known = config_for(up.url, broken=broken.url, slow=slow.url, gone=f"http://127.0.0.1:{free_port()}")
        services = ["orders", "broken", "slow", "gone"]
        for found in (
            check_health(known, services, timeout=2),
            asyncio.run(check_health_async(known, services, timeout=2)),
        ):
            assert list(found) == services
            assert {service: (health.is_up, health.status) for service, health in found.items()} == {
                "orders": (True, 200),
                "broken": (False, 500),
                "slow": (False, None),
                "gone": (False, None),
            }
            assert found["gone"].error == "ConnectError"
            assert found["orders"].error is None
        for service in services:
            of_orders: dict[str, Any] = {"url": known.url(service), "on_request": [pytest.fail]}
            with ServiceClient(known, "orders", **of_orders) as one:
                alone = [one.health(timeout=2), one.health("/ready", timeout=2)]
            assert (alone[0].service, alone[0].is_up, alone[0].status) == ("orders", *found_of(found[service]))
            assert not alone[1].is_up
            assert asyncio.run(health_of(known, of_orders)) == found_of(found[service])
        assert up.seen[-1].header("x-signature") is None
        assert "billing" not in check_health(config_for(up.url), timeout=2)
        with pytest.raises(ValueError, match="no url"):
            check_health(known, ["billing"])
