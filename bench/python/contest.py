"""Times several contestants side by side, as src/contest.rs does.

The fastest batch of each counts, and they take turns.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Contestant(NamedTuple):
    """Makes a batch of arguments, untimed, and does one operation with each of them."""

    prepare: Callable[[], list[tuple[Any, ...]]]
    run: Callable[..., object]


def contest(rounds: int, contestants: list[Contestant]) -> list[float]:
    """Give the least nanoseconds per operation of each contestant, in order."""
    best = [float("inf")] * len(contestants)
    gc.disable()
    for _ in range(rounds):
        for at, (prepare, run) in enumerate(contestants):
            batch = prepare()
            start = time.perf_counter_ns()
            for arguments in batch:
                run(*arguments)
            elapsed = time.perf_counter_ns() - start
            best[at] = min(best[at], elapsed / len(batch))
    gc.enable()
    return best
