"""Replay protection across processes, with a real Redis."""

from __future__ import annotations

import asyncio
import collections
import importlib
import io
import os
import random
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest
import redis
import redis.asyncio
from django.http import HttpResponse
from django.test import override_settings
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

import wiresign
import wiresign.aiohttp
import wiresign.django
import wiresign.flask
from frameworks import django_setup
from redis_server import KINDS, RedisServer, redis_server
from servers import free_port, running
from support import Asgi, Recorder, body_messages, code_of, config, http_scope, signed, verifier
from wiresign import asgi, wsgi
from wiresign.replay import AsyncRedisReplay, RedisReplay, ReplayOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXTERNAL = {"store": "external"}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with redis_server(request.param) as running_server:
        yield running_server


CLIENTS = {"redis": "Redis", "valkey": "Valkey"}


@pytest.fixture(params=KINDS, ids=lambda module: f"{module}-py")
def client(request: pytest.FixtureRequest, server: RedisServer) -> Iterator[redis.Redis]:
    module = importlib.import_module(request.param)
    with getattr(module, CLIENTS[request.param])(port=server.port, socket_timeout=60) as client:
        client.flushall()
        yield client


def run_asgi(judge: wiresign.Verifier, headers: Any, **options: Any) -> int:
    return Asgi(asgi.Middleware(Recorder(), judge, **options), http_scope(headers=headers), *body_messages(b"")).status


class AsyncStore:
    """An AsyncRedisReplay whose client lives for one question, as each of these tests has an event loop of its own."""

    def __init__(self, port: int, **options: Any) -> None:
        self._port = port
        # A machine that is busy is no outage.
        self._options = {"timeout": 60} | options

    async def insert(self, key: str, seconds: int) -> ReplayOutcome:
        async with redis.asyncio.Redis(port=self._port, retry=Retry(NoBackoff(), 0)) as client:
            return await AsyncRedisReplay(client, **self._options).insert(key, seconds)


def test_one_of_many_is_the_first(client: redis.Redis) -> None:
    store = RedisReplay(client, prefix="many:")
    outcomes = collections.Counter[str]()
    lock = threading.Lock()
    barrier = threading.Barrier(8)

    def insert() -> None:
        barrier.wait()
        for number in range(100):
            outcome = store.insert(str(number), 60)
            with lock:
                outcomes[outcome] += 1

    threads = [threading.Thread(target=insert) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"first": 100, "repeated": 700}
    assert 0 < client.ttl("many:1") <= 60


def test_what_is_remembered_ends(client: redis.Redis) -> None:
    store = RedisReplay(client, prefix="short:")
    assert store.insert("a", 300) == "first"
    assert store.insert("a", 300) == "repeated"
    assert 200 < client.ttl("short:a") <= 300
    # As if nearly all of that had gone by.
    assert client.pexpire("short:a", 10)
    time.sleep(0.05)
    assert store.insert("a", 300) == "first"


@pytest.mark.parametrize("decode", [True, False])
def test_a_command_that_the_client_repeats_is_no_replay(server: RedisServer, decode: bool) -> None:
    class Repeating(redis.Redis):
        """Loses the answer to the first SET, and sends it again, as redis-py does after a time-out."""

        def set(self, *arguments: Any, **options: Any) -> Any:
            super().set(*arguments, **options)
            return super().set(*arguments, **options)

    with Repeating(port=server.port, decode_responses=decode) as client:
        store = RedisReplay(client, prefix=f"again{decode}:")
        assert store.insert("a", 60) == "first"
        assert store.insert("a", 60) == "repeated"


def test_asgi_with_both_kinds_of_client(server: RedisServer, client: redis.Redis) -> None:
    judge = verifier(replay=EXTERNAL)
    for make in (lambda: AsyncStore(server.port), lambda: RedisReplay(client)):
        headers = signed()
        assert run_asgi(judge, headers, replay=make()) == 200
        assert run_asgi(judge, headers, replay=make()) == 401
        # Another process that knows the same store.
        assert run_asgi(verifier(replay=EXTERNAL), headers, replay=make()) == 401
    counters = {(name, *labels.values()): value for name, labels, value in judge.metrics().counters()}
    assert counters["wiresign_requests_accepted_total", "service-hmac-v2"] == 2
    assert counters["wiresign_requests_refused_total", "REPLAYED_REQUEST"] == 2


def test_wsgi(client: redis.Redis) -> None:
    served = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        served.append(environ["wiresign"])
        start_response("200 OK", [])
        return []

    headers = signed()
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "RAW_URI": "/invoices?draft=1", "wsgi.input": io.BytesIO()}
    environ |= {f"HTTP_{name.decode().replace('-', '_').upper()}": value.decode() for name, value in headers}
    statuses: list[str] = []
    middleware = wsgi.Middleware(app, verifier(replay=EXTERNAL), replay=RedisReplay(client))
    for _ in range(2):
        answer: Any = middleware(dict(environ), lambda status, _: statuses.append(status))  # type: ignore[arg-type,return-value]
        for piece in answer:
            assert isinstance(piece, bytes)
        if hasattr(answer, "close"):
            answer.close()
    assert statuses == ["200 OK", "401 Unauthorized"]
    assert len(served) == 1


def test_a_forged_request_is_not_asked_about(server: RedisServer) -> None:
    class Never:
        def insert(self, key: str, seconds: int) -> Any:
            raise AssertionError

    judge = verifier(replay=EXTERNAL)
    forged = [(name, value if name != b"x-signature" else b"v2=" + b"0" * 64) for name, value in signed()]
    assert run_asgi(judge, forged, replay=Never()) == 401
    # Nor is one that a store in memory remembers.
    assert run_asgi(verifier(), signed(), replay=Never()) == 200


@pytest.mark.parametrize(("on_outage", "status"), [("reject", 503), ("allow", 200), (None, 503)])
def test_an_outage_is_what_the_config_says(
    on_outage: str | None, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    members = {"store": "external"} | ({"on_outage": on_outage} if on_outage else {})
    judge = verifier(replay=members)
    assert run_asgi(judge, signed(), replay=AsyncStore(free_port())) == status
    assert "the replay store gave no answer: ConnectionError" in caplog.text
    text = judge.metrics().prometheus()
    assert ('wiresign_requests_refused_total{code="REPLAY_STORE_UNAVAILABLE"} 1' in text) == (status == 503)
    # A config that comes to ask for a store, and an adapter that was given none.
    changed = verifier()
    middleware = asgi.Middleware(Recorder(), changed)
    changed.replace(config(replay=members))
    assert Asgi(middleware, http_scope(headers=signed()), *body_messages(b"")).status == status
    assert "the adapter was given none" in caplog.text


def test_an_adapter_without_the_store_that_the_config_asks_for_is_not_made() -> None:
    judge = verifier(replay=EXTERNAL)
    makers: list[Callable[[], object]] = [
        lambda: asgi.Middleware(Recorder(), judge),
        lambda: wsgi.Middleware(lambda *_: [], judge),
        lambda: wiresign.flask.WiresignAuth(judge).install(flask.Flask("orders")),
        lambda: wiresign.aiohttp.middleware(judge),
    ]
    for make in makers:
        with pytest.raises(TypeError, match="give the store as the option replay"):
            make()
    django_setup()
    with (
        override_settings(WIRESIGN={"config": judge}),
        pytest.raises(TypeError, match="give the store as the option replay"),
    ):
        wiresign.django.WiresignMiddleware(lambda _: HttpResponse())


class RaisingStore:
    def insert(self, key: str, seconds: int) -> ReplayOutcome:
        raise RuntimeError(key)


class AsyncRaisingStore:
    async def insert(self, key: str, seconds: int) -> ReplayOutcome:
        raise RuntimeError(key)


@pytest.mark.parametrize("store", [RaisingStore, AsyncRaisingStore])
@pytest.mark.parametrize(("on_outage", "status"), [("reject", 503), ("allow", 200)])
def test_a_store_that_raises_is_an_outage(
    on_outage: str, status: int, store: type[RaisingStore | AsyncRaisingStore], caplog: pytest.LogCaptureFixture
) -> None:
    members = {"store": "external", "on_outage": on_outage}
    assert run_asgi(verifier(replay=members), signed(), replay=store()) == status
    assert "the replay store gave no answer: RuntimeError" in caplog.text


def test_a_store_that_hangs_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hanging = AsyncStore(silent.getsockname()[1], timeout=0.3)
        started = time.monotonic()
        assert run_asgi(verifier(replay=EXTERNAL), signed(), replay=hanging) == 503
        assert time.monotonic() - started < 60
    assert "TimeoutError" in caplog.text


def test_the_kind_of_the_client_is_checked(server: RedisServer, client: redis.Redis) -> None:
    with pytest.raises(TypeError, match="use AsyncRedisReplay"):
        RedisReplay(redis.asyncio.Redis(port=server.port))
    with pytest.raises(TypeError, match="use RedisReplay"):
        AsyncRedisReplay(client)
    with pytest.raises(TypeError, match="not asynchronous"):
        wsgi.Middleware(lambda *_: [], verifier(), replay=AsyncStore(server.port))


@pytest.mark.parametrize("module", KINDS)
def test_asynchronous_clients_of_both_makers(server: RedisServer, module: str) -> None:
    client_of = getattr(importlib.import_module(f"{module}.asyncio"), CLIENTS[module])

    async def ask() -> list[str]:
        async with client_of(port=server.port, socket_timeout=60) as client:
            store = AsyncRedisReplay(client, prefix=f"{module}-async:", timeout=60)
            return sorted(await asyncio.gather(*(store.insert("a", 60) for _ in range(3))))

    assert asyncio.run(ask()) == ["first", "repeated", "repeated"]


def test_settling_by_hand() -> None:
    judge = verifier(replay=EXTERNAL)
    headers = signed()
    for outcome, code in [
        ("first", "accepted"),
        ("repeated", "REPLAYED_REQUEST"),
        ("unavailable", "REPLAY_STORE_UNAVAILABLE"),
    ]:
        verified = judge.verify("POST", "/invoices?draft=1", headers)
        assert verified.replay_seconds is not None
        assert verified.replay_seconds >= 300
        assert code_of(judge.settle_replay, verified, outcome) == code
    with pytest.raises(ValueError, match="outcome is"):
        judge.settle_replay(verified, "second")  # type: ignore[arg-type]
    assert verifier().verify("POST", "/invoices?draft=1", headers).replay_seconds is None


UVICORN = "uvicorn replay_app:app --workers 2 --port {port} --log-level critical"
GUNICORN = "gunicorn replay_app:wsgi_app --workers 2 --threads 4 --bind 127.0.0.1:{port} --log-level critical"
UWSGI = (
    "uwsgi_server --http-socket 127.0.0.1:{port} --module replay_app:wsgi_app --master --processes 2 --threads 4 "
    "--lazy-apps --die-on-term --disable-logging --logto /dev/null"
)


@pytest.mark.parametrize(
    ("server_command", "kind"), [(UVICORN, "redis"), (GUNICORN, KINDS[-1]), (UWSGI, KINDS[-1])], ids=lambda it: it[:7]
)
def test_nothing_is_let_in_twice_while_everything_is_killed(tmp_path: Path, server_command: str, kind: str) -> None:
    let_in = tmp_path / "let-in"
    port = free_port()
    chance = random.Random(7)
    sent: list[list[tuple[bytes, bytes]]] = []
    statuses = collections.Counter[int]()
    lock = threading.Lock()
    stop = threading.Event()
    workers: list[int] = []

    def load() -> None:
        while not stop.is_set():
            with lock:
                # Mostly a fresh request, sent twice at once; sometimes one from before the last kill.
                headers = chance.choice(sent) if sent and chance.random() < 0.3 else signed("POST", "/a")
                sent.append(headers)
            threads = [threading.Thread(target=send, args=(headers,)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def send(headers: list[tuple[bytes, bytes]]) -> None:
        try:
            response = http.post(f"http://127.0.0.1:{port}/a", headers=headers)
        except httpx.TransportError:
            time.sleep(0.05)
            return
        with lock:
            statuses[response.status_code] += 1
            if response.status_code == 200:
                workers.append(int(response.text))

    def some_more(count: int = 15) -> None:
        before = statuses[200]
        deadline = time.monotonic() + 120
        while statuses[200] < before + count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert statuses[200] >= before + count

    command = server_command.format(port=port).split()
    with redis_server(kind) as store, httpx.Client(timeout=20) as http:
        env = {"REDIS_PORT": str(store.port), "LET_IN": str(let_in)}
        with running(command, port, env=env):
            threads = [threading.Thread(target=load) for _ in range(3)]
            for thread in threads:
                thread.start()
            some_more()
            os.kill(workers[-1], signal.SIGKILL)
            some_more()
            store.kill()
            unavailable = statuses[503]
            deadline = time.monotonic() + 60
            while statuses[503] < unavailable + 5 and time.monotonic() < deadline:
                time.sleep(0.02)
            store.start()
            some_more()
        # All of the service goes and comes back.
        with running(command, port, env=env):
            some_more()
            stop.set()
            for thread in threads:
                thread.join()
            for headers in sent[:100] + sent[-100:]:
                send(headers)
    seen = let_in.read_text().split()
    assert len(seen) == len(set(seen)) >= 60
    assert set(statuses) == {200, 401, 503}
    assert len(set(workers)) >= 3
