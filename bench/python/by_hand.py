"""The same work as a careful programmer would write it with hmac: header lookup, window, registry, policy, replay.

It knows one scheme and simple prefixes, and judges no hostile spelling of anything.
"""

from __future__ import annotations

import hmac
import re
import time
from typing import NamedTuple

WINDOW_SECONDS = 300
TIMESTAMP = re.compile(rb"[1-9][0-9]{0,11}").fullmatch
SIGNATURE = re.compile(rb"v2=[0-9a-f]{64}").fullmatch
NONCE = re.compile(rb"[A-Za-z0-9_-]{16,64}").fullmatch


class RefusedError(Exception):
    """The request is not accepted."""


class Service(NamedTuple):
    """A known caller."""

    key: bytes
    permissions: tuple[tuple[str, bytes], ...]


class Caller(NamedTuple):
    """Who called."""

    service: str
    age: int
    request_id: str


class ByHand:
    """Verifies requests to one service."""

    def __init__(self, own: str, secrets: dict[str, str]) -> None:
        """Know the secrets of all services, by their ids."""
        permissions = (("GET", b"/api/v1/"), ("POST", b"/api/v1/images/"))
        self._own = own.encode()
        self._services = {id_.encode(): Service(secret.encode(), permissions) for id_, secret in secrets.items()}
        # Two generations of nonces, each as long as the window, cost less than a sweep through one set.
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._since = 0

    def verify(self, method: str, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes) -> Caller:
        """Give the calling service, or raise."""
        fields = dict(headers)
        try:
            caller = fields[b"x-service-id"]
            own = fields[b"x-target-service"]
            timestamp = fields[b"x-timestamp"]
            nonce = fields[b"x-request-id"]
            signature = fields[b"x-signature"]
        except KeyError as error:
            raise RefusedError("a header is absent") from error
        if not TIMESTAMP(timestamp) or not SIGNATURE(signature) or not NONCE(nonce):
            raise RefusedError("malformed")
        now = int(time.time())
        age = now - int(timestamp)
        if abs(age) > WINDOW_SECONDS:
            raise RefusedError("outside the window")
        service = self._services.get(caller)
        if service is None:
            raise RefusedError("unknown service")
        path, _, query = target.partition(b"?")
        signed = (b"wiresign-v2", method.encode(), path, query, timestamp, caller, own, nonce, body)
        mac = hmac.digest(service.key, b"\n".join(signed), "sha256")
        if not hmac.compare_digest(mac.hex().encode(), signature[3:]):
            raise RefusedError("invalid signature")
        if own != self._own:
            raise RefusedError("for another service")
        for permitted, prefix in service.permissions:
            if permitted == method and path.startswith(prefix):
                break
        else:
            raise RefusedError("not permitted")
        self._remember(caller + b"\n" + nonce, now)
        return Caller(caller.decode(), age, nonce.decode())

    def _remember(self, key: bytes, now: int) -> None:
        if now > self._since + WINDOW_SECONDS:
            self._old, self._young, self._since = self._young, set(), now
        if key in self._young or key in self._old:
            raise RefusedError("replayed")
        self._young.add(key)
