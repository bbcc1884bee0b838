"""The suites, one module each. Each module has a function `suite` that builds its vector file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suites import (
    api_key,
    aws_identity,
    aws_sigv4,
    config,
    contexts,
    cross_service,
    explain,
    handshakes,
    jwt,
    keys,
    limits,
    policy,
    replay,
    rfc9421,
    routes,
    selection,
    service_hmac,
    service_hmac_v2,
    sign,
    streaming,
    template_errors,
    templates,
    templates_mixed,
    token_endpoint,
    webhooks,
    webhooks_published,
)

if TYPE_CHECKING:
    from model import Suite


def build() -> list[Suite]:
    """Build every suite, in the order of their names."""
    modules = (
        api_key,
        aws_identity,
        aws_sigv4,
        config,
        contexts,
        cross_service,
        explain,
        handshakes,
        jwt,
        keys,
        limits,
        policy,
        replay,
        rfc9421,
        routes,
        selection,
        service_hmac,
        service_hmac_v2,
        sign,
        streaming,
        template_errors,
        templates,
        templates_mixed,
        token_endpoint,
        webhooks,
        webhooks_published,
    )
    return [module.suite() for module in modules]
