"""A circuit breaker that clients in threads and in event loops can share."""

from __future__ import annotations

import time
from threading import Lock

from purgatory import SyncCircuitBreakerFactory
from purgatory.domain.model import HALF_OPENED, OpenedState


class CircuitOpenError(Exception):
    """Nothing may be sent now."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the circuit opens again in {max(seconds, 0):.1f} s at the earliest")


class Breaker:
    """Counts the failures of one target. The steps take no time, so an event loop may take them too."""

    def __init__(self, target: str, failures: int, seconds: float) -> None:
        self._circuit = SyncCircuitBreakerFactory(failures, seconds).get_breaker(target)
        self._seconds = seconds
        self._lock = Lock()
        self._is_probed = False

    def enter(self) -> bool:
        """Ask to send one request. True when its end decides whether others may follow."""
        with self._lock:
            if self._is_probed:
                raise CircuitOpenError(0)
            try:
                self._circuit.__enter__()
            except OpenedState as opened:
                # The library raises the same object each time, and a traceback would grow on it.
                seconds = opened.opened_at + self._seconds - time.time()
                opened.__traceback__ = None
                raise CircuitOpenError(seconds) from None
            self._is_probed = self._circuit.context.state == HALF_OPENED
            return self._is_probed

    def leave(self, is_probe: bool, failure: BaseException | None) -> None:
        """Tell how it ended."""
        with self._lock:
            # What began before the circuit opened says nothing about now.
            if is_probe or self._circuit.context.state != HALF_OPENED:
                self._circuit.__exit__(None if failure is None else type(failure), failure, None)
            if is_probe:
                self._is_probed = False

    def abandon(self, is_probe: bool) -> None:
        """Tell that it was given up before anything was known."""
        if is_probe:
            with self._lock:
                self._is_probed = False
