from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from support import code_of, signed, verifier
from wiresign.prometheus import Collector


def test_the_counters_are_those_of_the_verifier() -> None:
    judge = verifier()
    registry = CollectorRegistry()
    registry.register(Collector(judge))
    headers = signed()
    judge.verify("POST", "/invoices?draft=1", headers)
    for _ in range(2):
        assert code_of(judge.verify, "POST", "/invoices?draft=1", headers) == "REPLAYED_REQUEST"
    refused = {"code": "REPLAYED_REQUEST"}
    assert registry.get_sample_value("wiresign_requests_accepted_total", {"scheme": "service-hmac-v2"}) == 1
    assert registry.get_sample_value("wiresign_requests_refused_total", refused) == 2
    shown = generate_latest(registry).decode()
    for line in judge.metrics().prometheus().splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert f"{name} {float(value)}" in shown
