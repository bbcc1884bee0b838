"""What all server adapters have in common: one request is judged, settled, recorded and handed on."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, TypedDict, TypeVar

from wiresign._audit import decided
from wiresign._context import current_request_id
from wiresign._kept_body import KeptBody
from wiresign.proxies import host

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from wiresign._audit import Decision
    from wiresign._errors import Refusal
    from wiresign._wiresign import BodyVerification, Verified, Verifier
    from wiresign.proxies import TrustedProxies

MEMORY_BYTES = 1024 * 1024
"""Up to this size a body is kept in memory until it is verified."""

_CLAIMS = (b"x-service-id", b"x-service-name")
_Awaited = TypeVar("_Awaited")


class Options(TypedDict, total=False):
    """What every server adapter can be told, beside its verifier."""

    on_decision: Callable[[Decision], object] | None
    """Called after each decision. What it raises is logged and changes nothing."""
    proxies: TrustedProxies | None
    """The proxies that may name the client and the authority; none unless said."""
    identity_headers: Iterable[str]
    """Names of headers that the application takes for an identity. They never reach it from outside."""
    memory_bytes: int
    """Larger bodies wait in an unnamed temporary file while they are verified."""


class Gate:
    """Judges requests by one verifier, for one adapter."""

    def __init__(
        self,
        verifier: Verifier,
        on_decision: Callable[[Decision], object] | None = None,
        proxies: TrustedProxies | None = None,
        identity_headers: Iterable[str] = (),
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        if isinstance(identity_headers, str):
            msg = "identity_headers is a list of names, not one text"
            raise TypeError(msg)
        self.verifier = verifier
        self.on_decision = on_decision
        self.proxies = proxies
        self.memory_bytes = memory_bytes
        self._hidden = frozenset(name.lower().encode("ascii") for name in identity_headers)
        self._claims = self._hidden.union(_CLAIMS)

    def hides(self, name: bytes, value: bytes, verified: Verified) -> bool:
        """Tell whether a header claims an identity that was not verified. Such a one does not reach the application."""
        if name not in self._claims:
            return False
        return name in self._hidden or verified.service is None or value != verified.service.encode()


class Visit:
    """One request on its way through a gate. Its clock stands still while the client is waited for."""

    __slots__ = ("_gate", "_headers", "_method", "_peer", "_started", "_target", "_waited")

    def __init__(
        self, gate: Gate, method: str | bytes, target: bytes, headers: list[tuple[bytes, bytes]], peer: str | None
    ) -> None:
        self._started = perf_counter_ns()
        self._waited = 0
        self._gate = gate
        self._method = method
        self._target = target
        self._headers = headers
        self._peer = peer

    def begin(self) -> BodyVerification:
        """Judge the head, and raise whatever it decides before a byte of the body is read."""
        gate, headers, peer = self._gate, self._headers, self._peer
        if gate.proxies is None:
            authority, client = host(headers), peer
        else:
            authority, client = gate.proxies.authority(peer, headers), gate.proxies.client(peer, headers)
        begun = gate.verifier.begin(self._method, self._target, headers, authority=authority, client=client)
        if begun.needs_body:
            declared = begun._declared_length
            if declared is not None:
                begun.declare_length(declared)
        return begun

    def keep_body(self) -> KeptBody:
        """Give the place for the bytes of the body."""
        return KeptBody(self._gate.memory_bytes)

    def finish(self, begun: BodyVerification) -> Verified:
        """Give the verdict on a request whose body has come to its end."""
        return begun.finish()

    async def finish_async(self, begun: BodyVerification) -> Verified:
        """Do the same where other requests are served meanwhile."""
        return begun.finish()

    async def wait(self, awaitable: Awaitable[_Awaited]) -> _Awaited:
        """Wait for the client."""
        before = perf_counter_ns()
        try:
            return await awaitable
        finally:
            self._waited += perf_counter_ns() - before

    def read(self, read: Callable[[int], bytes], size: int) -> bytes:
        """Read from the client."""
        before = perf_counter_ns()
        try:
            return read(size)
        finally:
            self._waited += perf_counter_ns() - before

    def accepted(self, verified: Verified) -> None:
        """Record that the request is let in."""
        current_request_id.set(verified.request_id)
        self._decided(verified, None)

    def refused(self, refusal: Refusal) -> None:
        """Record that the request is refused."""
        self._decided(None, refusal)

    def visible_headers(self, verified: Verified) -> list[tuple[bytes, bytes]]:
        """Give the headers that may reach the application; the same list where none must be hidden."""
        hides, headers = self._gate.hides, self._headers
        if any(hides(name, value, verified) for name, value in headers):
            return [(name, value) for name, value in headers if not hides(name, value, verified)]
        return headers

    def _decided(self, verified: Verified | None, refusal: Refusal | None) -> None:
        spent = perf_counter_ns() - self._started - self._waited
        decided(verified, refusal, self._method, self._target, spent, self._gate.on_decision)
