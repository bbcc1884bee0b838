"""Packages for the webhooks of senders."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from clock import set_clock
from question import RefusedError, Request, hook_secrets

if TYPE_CHECKING:
    from collections.abc import Callable


def with_one_of(secrets: list[str], verify: Callable[[str], Any]) -> None:
    """Try each secret, as documentations say for the time of a rotation."""
    for number, secret in enumerate(secrets, 1):
        try:
            verify(secret)
            return
        except Exception:
            if number == len(secrets):
                raise


def stripe(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """`stripe.WebhookSignature.verify_header`."""
    secrets = hook_secrets(config, env, "stripe")
    import stripe as package

    request.once("stripe-signature")
    time.time = lambda: float(now)
    header = request.headers["stripe-signature"]
    check = package.WebhookSignature.verify_header
    with_one_of(secrets, lambda secret: check(request.body, header, secret, tolerance=300))


def slack(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """`slack_sdk.signature.SignatureVerifier`."""
    secrets = hook_secrets(config, env, "slack")
    from slack_sdk.signature import Clock, SignatureVerifier

    class At(Clock):
        def now(self) -> float:
            return float(now)

    def verify(secret: str) -> None:
        if not SignatureVerifier(secret, At()).is_valid_request(request.body, request.headers):
            raise RefusedError

    request.once("x-slack-signature", "x-slack-request-timestamp")
    with_one_of(secrets, verify)


def standard_webhooks(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """`standardwebhooks.Webhook`."""
    secrets = hook_secrets(config, env, "standard-webhooks")
    from standardwebhooks import webhooks

    set_clock(webhooks, now)
    request.once("webhook-id", "webhook-timestamp", "webhook-signature")
    check = webhooks.Webhook
    with_one_of(secrets, lambda secret: check(secret).verify(request.body, request.headers, json_parse=False))


def svix(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """`svix.webhooks.Webhook`."""
    secrets = hook_secrets(config, env, "svix", "clerk", "resend")
    from standardwebhooks import webhooks as inner
    from svix.webhooks import Webhook

    set_clock(inner, now)
    request.once("svix-id", "svix-timestamp", "svix-signature")
    with_one_of(secrets, lambda secret: Webhook(secret).verify(request.body, request.headers))
