"""Shows the counters of verifiers to Prometheus, through prometheus_client.

REGISTRY.register(Collector(verifier))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector as _Collector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

    from wiresign._wiresign import Contexts, Verifier

__all__ = ["Collector"]


class Collector(_Collector):
    """Reads the counters of one verifier, or of one `Contexts`, whenever the registry is asked."""

    def __init__(self, source: Verifier | Contexts) -> None:
        self._source = source

    def collect(self) -> Iterable[Metric]:
        """Give the counters as they stand."""
        return text_string_to_metric_families(self._source.metrics().prometheus())
