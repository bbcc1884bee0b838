"""http-message-signatures: the signature with our tag, the components that have to be covered, and the body."""

from __future__ import annotations

import datetime
from typing import Any

from clock import set_clock
from keys import accepts, keys_of_services
from question import Request, UnsupportedError


class Message:
    """A request as the package takes it."""

    def __init__(self, request: Request, host: str) -> None:
        """Copy the request."""
        self.method, self.headers = request.method, dict(request.headers)
        self.url = f"https://{host}{request.target}"


def verify(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """Verify the signature of the request."""
    accepts(config, "rfc9421")
    services = keys_of_services(config, env)
    import http_message_signatures as package
    from http_message_signatures import signatures

    found = {f"{name}/{key.id}": key for name, keys in services.items() for key in keys}
    if any(key.algorithm != "hmac-sha256" for key in found.values()):
        raise UnsupportedError("keys of several algorithms, which a verifier of this package does not have")
    if request.repeated or not request.target.startswith("/") or request.authority is not None:
        raise UnsupportedError("a request in a form that the package does not take")

    class Keys(package.HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> Any:
            return found[key_id].material

    class Module:
        """The module's name for the module `datetime`, with the time that the runner names."""

        timedelta, timezone, datetime = datetime.timedelta, datetime.timezone, datetime.datetime

    set_clock(Module, now)
    signatures.datetime = Module
    verifier = package.HTTPMessageVerifier(signature_algorithm=package.algorithms.HMAC_SHA256, key_resolver=Keys())
    # Five seconds are what the package adds by itself.
    verifier.max_clock_skew = datetime.timedelta(seconds=0)
    verifier.verify(
        Message(request, request.headers.get("host", "").strip(" \t")),
        max_age=datetime.timedelta(seconds=300),
        expect_tag="wiresign",
        require_components=("@method", "@authority", "@path", "@query"),
        body=request.body,
    )
