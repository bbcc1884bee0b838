"""Stores that several processes share, so that a request is accepted once by all of them together.

    Middleware(app, verifier, replay=AsyncRedisReplay(redis.asyncio.Redis(host="redis", socket_timeout=1)))

The config says `"replay": {"store": "external"}`; `on_outage` says there what happens while the store gives no answer.
The client is yours, of redis-py or of valkey-py, and has the time-outs that you gave it. What the store forgets can
come again: it needs a memory policy of `noeviction`, and to survive its own restart `appendonly yes` with
`appendfsync always`.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Literal, Protocol, TypeAlias

from wiresign._audit import log

__all__ = ["AsyncRedisReplay", "AsyncReplayStore", "RedisReplay", "ReplayOutcome", "ReplayStore"]

ReplayOutcome: TypeAlias = Literal["first", "repeated", "unavailable"]

_PREFIX = "wiresign:replay:"


class ReplayStore(Protocol):
    """What a server of threads or processes asks whether a request came before."""

    def insert(self, key: str, seconds: int) -> ReplayOutcome:
        """Remember a key for so long, unless it is there: both in one step for all processes."""
        ...


class AsyncReplayStore(Protocol):
    """What an asynchronous server asks whether a request came before."""

    async def insert(self, key: str, seconds: int) -> ReplayOutcome:
        """Remember a key for so long, unless it is there: both in one step for all processes."""
        ...


class RedisReplay:
    """Asks Redis or Valkey through a client of yours."""

    def __init__(self, client: Any, prefix: str = _PREFIX) -> None:  # noqa: ANN401 - redis-py or valkey-py
        if asyncio.iscoroutinefunction(getattr(client, "execute_command", None)):
            msg = "this client is asynchronous; use AsyncRedisReplay"
            raise TypeError(msg)
        self._client = client
        self._prefix = prefix

    def insert(self, key: str, seconds: int) -> ReplayOutcome:
        """Remember a key for so long, unless it is there."""
        name, mark = self._prefix + key, secrets.token_hex(16)
        try:
            if self._client.set(name, mark, nx=True, ex=seconds):
                return "first"
            return _second_look(self._client.get(name), mark)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no answer
            return no_answer(error)


class AsyncRedisReplay:
    """Asks Redis or Valkey through an asynchronous client of yours, for `timeout` seconds at most."""

    def __init__(self, client: Any, prefix: str = _PREFIX, timeout: float = 1) -> None:  # noqa: ANN401 - as above
        if not asyncio.iscoroutinefunction(getattr(client, "execute_command", None)):
            msg = "this client is not asynchronous; use RedisReplay"
            raise TypeError(msg)
        self._client = client
        self._prefix = prefix
        self._timeout = timeout

    async def insert(self, key: str, seconds: int) -> ReplayOutcome:
        """Remember a key for so long, unless it is there."""
        try:
            return await asyncio.wait_for(self._insert(self._prefix + key, seconds), self._timeout)
        except Exception as error:  # noqa: BLE001 - as above
            return no_answer(error)

    async def _insert(self, name: str, seconds: int) -> ReplayOutcome:
        mark = secrets.token_hex(16)
        if await self._client.set(name, mark, nx=True, ex=seconds):
            return "first"
        return _second_look(await self._client.get(name), mark)


def _second_look(found: bytes | str | None, mark: str) -> ReplayOutcome:
    """Tell a request that came before from a command that the client itself sent twice, because an answer was lost."""
    if found is None:
        # It ended between the two questions, so nobody knows.
        return "unavailable"
    # A client with decode_responses gives text.
    return "first" if found in (mark, mark.encode()) else "repeated"


def no_answer(error: Exception) -> ReplayOutcome:
    """Tell the operator why there is no answer; `on_outage` of the config decides."""
    log.error("the replay store gave no answer: %s", type(error).__name__)
    return "unavailable"
