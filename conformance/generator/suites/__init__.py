"""The suites, one module each. Each module has a function `suite` that builds its vector file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suites import (
    config,
    contexts,
    cross_service,
    handshakes,
    keys,
    limits,
    policy,
    replay,
    selection,
    service_hmac,
    service_hmac_v2,
    sign,
    streaming,
)

if TYPE_CHECKING:
    from model import Suite


def build() -> list[Suite]:
    """Build every suite, in the order of their names."""
    modules = (
        config,
        contexts,
        cross_service,
        handshakes,
        keys,
        limits,
        policy,
        replay,
        selection,
        service_hmac,
        service_hmac_v2,
        sign,
        streaming,
    )
    return [module.suite() for module in modules]
