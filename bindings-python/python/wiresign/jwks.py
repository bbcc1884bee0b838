"""Fetches the keys that issuers of tokens publish, and keeps them fresh.

    config = Config.from_file("wiresign.json")
    key_sets = KeySets(config)
    app.add_middleware(Middleware, verifier=Verifier(config), key_sets=key_sets)

One thread does it for servers of every kind. A set is fetched at once, then again and again; and earlier when no key at
hand has signed a token, as after a rotation. Where it cannot be had, the keys that were there stay.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import threading
import time
import weakref
from typing import TYPE_CHECKING

import httpx

from wiresign._audit import log

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from wiresign._wiresign import Config, Verifier

__all__ = ["KeySetError", "KeySets"]

_MOST_BYTES = 64 * 1024
_OK = 200
_HEADERS = {
    "accept": "application/jwk-set+json, application/json",
    # A compressed set could be small on the way and huge here.
    "accept-encoding": "identity",
    "user-agent": "wiresign",
}


class KeySetError(Exception):
    """A set could not be fetched, or was not taken. The keys that were there before stay."""

    def __init__(self, issuer: str, url: str, sentence: str) -> None:
        self.issuer = issuer
        self.url = url
        super().__init__(f"the keys of {issuer} were not renewed: {sentence}")


class KeySets:
    """Hands the JWK Sets of `config.jwks_urls` over to the config, for as long as it is open."""

    def __init__(
        self,
        config: Config,
        *,
        refresh_seconds: float = 300,
        cooldown_seconds: float = 60,
        timeout: float = 5,
        on_error: Callable[[KeySetError], object] | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to fetch.

        - `refresh_seconds`: how often a set is fetched.
        - `cooldown_seconds`: the least time between two fetches of one set, whoever asks, and after a failure.
        - `timeout`: how long a fetch may take as a whole.
        - `on_error`: called with the error, which is logged too. What the hook raises is logged.
        - `ssl_context`: for authorities of your own.
        """
        if not 0 < cooldown_seconds <= refresh_seconds or timeout <= 0:
            msg = "the times must be more than nothing, and the cool-down at most as long as the refresh"
            raise ValueError(msg)
        self._config = config
        self._refresh_seconds = refresh_seconds
        self._cooldown_seconds = cooldown_seconds
        self._timeout = timeout
        self._on_error = on_error
        self._ssl_context = ssl_context
        self._texts: dict[tuple[str, str], str] = {}
        self._closed = False
        self._lock = threading.Lock()
        self._followed_at = -math.inf
        self._worker = _Worker(self)
        _OPEN.add(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until each set was fetched, or tried, once. False where that takes longer."""
        return self._worker.tried.wait(timeout)

    def refresh(self) -> None:
        """Fetch soon, except what was fetched within the cool-down. Adapters call this; it never waits."""
        self._worker.wake()

    def follow(self, verifier: Verifier) -> None:
        """Serve the config that the verifier has by now. Adapters call this where keys are missing; it never waits."""
        config, now = verifier._config, time.monotonic()
        with self._lock:
            # Verifiers of several configs could make it change for ever, and each change fetches.
            if config is not self._config and now >= self._followed_at + self._cooldown_seconds:
                self._followed_at = now
                self._serve(config)

    def replace(self, config: Config) -> None:
        """Serve another config from now on. It gets the keys at hand at once: call this before `Verifier.replace`."""
        with self._lock:
            before = self._serve(config)
        before.join()

    def close(self) -> None:
        """Stop fetching. The keys at hand stay."""
        with self._lock:
            self._closed = True
            self._worker.stop()
        self._worker.join()
        _OPEN.discard(self)

    def _serve(self, config: Config) -> _Worker:
        for source in config.jwks_urls:
            if source in self._texts:
                config.publish_keys(source[0], self._texts[source])
        before, self._config = self._worker, config
        before.stop()
        if not self._closed:
            self._worker = _Worker(self)
        return before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Worker:
    """The thread that fetches for one config."""

    def __init__(self, keys: KeySets) -> None:
        self.tried = threading.Event()
        self.stopping = False
        self.config = keys._config
        self._keys = keys
        self._loop = asyncio.new_event_loop()
        self._sources = [_Source(self, keys, issuer, url) for issuer, url in self.config.jwks_urls]
        self._main = self._loop.create_task(self._serve())
        self._thread = threading.Thread(target=self._run, name="wiresign-jwks", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        def all_sources() -> None:
            for source in self._sources:
                source.asked.set()

        # The loop may just have ended.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(all_sources)

    def stop(self) -> None:
        # A cancellation that meets the end of what is waited for can be lost.
        self.stopping = True
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._main.cancel)

    def join(self) -> None:
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._main)
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        verify = self._keys._ssl_context or True
        timeout = self._keys._timeout
        async with httpx.AsyncClient(verify=verify, timeout=timeout, headers=_HEADERS, follow_redirects=False) as http:
            await asyncio.gather(*(source.fetch(http) for source in self._sources))
            self.tried.set()
            await asyncio.gather(*(source.keep_fresh(http) for source in self._sources))


class _Source:
    """One JWK Set."""

    def __init__(self, worker: _Worker, keys: KeySets, issuer: str, url: str) -> None:
        self.asked = asyncio.Event()
        self._worker = worker
        self._keys = keys
        self._issuer = issuer
        self._url = url
        self._failed = False

    async def keep_fresh(self, http: httpx.AsyncClient) -> None:
        keys = self._keys
        while not self._worker.stopping:
            # Those who ask within the cool-down are served at its end.
            await asyncio.sleep(keys._cooldown_seconds)
            # Several processes that were started together do not ask together for ever.
            left = (keys._refresh_seconds - keys._cooldown_seconds) * random.uniform(0.9, 1)  # noqa: S311
            if not self._failed:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self.asked.wait(), left)
            if not self._worker.stopping:
                await self.fetch(http)

    async def fetch(self, http: httpx.AsyncClient) -> None:
        # Whoever asked until now is served by this. Those who ask while it goes on may want a newer set than it brings.
        self.asked.clear()
        try:
            text = await asyncio.wait_for(self._read(http), self._keys._timeout)
            # Of the config that this was fetched for: another may know the issuer by another address.
            self._worker.config.publish_keys(self._issuer, text)
        except Exception as error:  # noqa: BLE001 - whatever it is, the keys at hand stay
            self._failed = True
            self._report(error)
        else:
            self._failed = False
            self._keys._texts[self._issuer, self._url] = text

    async def _read(self, http: httpx.AsyncClient) -> str:
        async with http.stream("GET", self._url) as answer:
            if answer.status_code != _OK:
                msg = f"the answer has status {answer.status_code}"
                raise _NotTakenError(msg)
            if answer.headers.get("content-encoding", "identity") != "identity":
                msg = "the answer is compressed, though it was asked not to be"
                raise _NotTakenError(msg)
            document = bytearray()
            async for piece in answer.aiter_raw():
                document += piece
                if len(document) > _MOST_BYTES:
                    msg = f"the set is longer than {_MOST_BYTES} bytes"
                    raise _NotTakenError(msg)
        return document.decode("utf-8")

    def _report(self, cause: Exception) -> None:
        is_late = isinstance(cause, (TimeoutError, asyncio.TimeoutError))
        error = KeySetError(self._issuer, self._url, "it took too long" if is_late else str(cause) or repr(cause))
        error.__cause__ = cause
        log.warning("%s", error)
        if self._keys._on_error is not None:
            try:
                self._keys._on_error(error)
            except Exception:  # noqa: BLE001 - whatever the hook raises
                log.exception("the on_error hook failed")


class _NotTakenError(Exception):
    """An answer holds no set that can be taken."""


_OPEN: weakref.WeakSet[KeySets] = weakref.WeakSet()


def _after_fork() -> None:
    """Go on in a process that was forked off, as servers with several workers do: threads stay behind."""
    for keys in list(_OPEN):
        # Another thread may have held the old one.
        keys._lock = threading.Lock()
        keys._worker = _Worker(keys)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
