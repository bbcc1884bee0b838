"""What all server adapters have in common: one request is judged, settled, recorded and handed on."""

from __future__ import annotations

import asyncio
import inspect
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, TypeVar

from wiresign._audit import decided, is_heard, log
from wiresign._codes import RefusalCode
from wiresign._context import current_request_id
from wiresign._kept_body import KeptBody
from wiresign._wiresign import _CLAIMS
from wiresign.proxies import host, with_host
from wiresign.replay import no_answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from wiresign._audit import Decision
    from wiresign._errors import Refusal
    from wiresign._wiresign import BodyVerification, HandshakeResponse, IdentityRequest, Verified, Verifier
    from wiresign.aws import Sts
    from wiresign.jwks import KeySets
    from wiresign.proxies import TrustedProxies
    from wiresign.replay import AsyncReplayStore, ReplayOutcome, ReplayStore

MEMORY_BYTES = 1024 * 1024
"""Up to this size a body is kept in memory until it is verified."""

_HANDSHAKE_BYTES = 16_384
"""A request with a longer body is no handshake."""
_DIGITS = 19

_TRIED = (RefusalCode.INVALID_SIGNATURE, RefusalCode.ALGORITHM_NOT_ALLOWED)
_Awaited = TypeVar("_Awaited")


def _with_hyphens(name: bytes) -> bytes:
    """Give the one spelling of names that some applications take for the same: those with underscores for hyphens."""
    return name.replace(b"_", b"-")


class Options(TypedDict, total=False):
    """What every server adapter can be told, beside its verifier."""

    on_decision: Callable[[Decision], object] | None
    """Called after each decision. What it raises is logged and changes nothing."""
    proxies: TrustedProxies | None
    """The proxies that may name the client and the authority; none unless said."""
    authority: str | None
    """What clients call, such as `api.example.com`, where a proxy writes another Host; by `proxies` unless said."""
    identity_headers: Iterable[str]
    """Names of headers that the application takes for an identity. They never reach it from outside."""
    replay: ReplayStore | AsyncReplayStore | None
    """What remembers requests for several processes, where the config says that the store is external."""
    key_sets: KeySets | None
    """What fetches the keys of issuers. It is told of tokens whose key is unknown."""
    aws: Sts | None
    """What asks AWS who made the proof of an IAM identity. Without it no such proof is accepted."""
    memory_bytes: int
    """Larger bodies wait in an unnamed temporary file while they are verified."""


class Handshake(Exception):  # noqa: N818 - no error
    """A request is the handshake of a webhook's sender. It is answered with this, and reaches nobody."""

    def __init__(self, answer: HandshakeResponse) -> None:
        super().__init__()
        self.status = answer.status
        self.body = answer.body
        self.headers = answer.headers
        if self.body:
            self.headers.append(("Content-Length", str(len(self.body))))


class Begun(Protocol):
    """A verification that takes the body."""

    @property
    def needs_body(self) -> bool:
        """Whether the body is to be read."""
        ...

    @property
    def _declared_length(self) -> int | None:
        """What Content-Length says."""
        ...

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""
        ...

    def finish(self) -> Verified:
        """Give the verdict."""
        ...

    def _finish_with(self, data: bytes, /) -> Verified:
        """Take the last bytes, and give the verdict."""
        ...


class Gate:
    """Judges requests by one verifier, for one adapter."""

    def __init__(
        self,
        verifier: Verifier,
        on_decision: Callable[[Decision], object] | None = None,
        proxies: TrustedProxies | None = None,
        authority: str | None = None,
        identity_headers: Iterable[str] = (),
        replay: ReplayStore | AsyncReplayStore | None = None,
        key_sets: KeySets | None = None,
        aws: Sts | None = None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        if isinstance(identity_headers, str):
            msg = "identity_headers is a list of names, not one text"
            raise TypeError(msg)
        self.verifier = verifier
        self.on_decision = on_decision
        self.proxies = proxies
        self.authority = None if authority is None else authority.encode("ascii")
        self.key_sets = key_sets
        self.aws = aws
        self.memory_bytes = memory_bytes
        self.replay: Any = replay
        self.replay_is_async = replay is not None and inspect.iscoroutinefunction(replay.insert)
        # Nobody but the connection and the Host says who calls whom.
        self.is_direct = proxies is None and authority is None
        self._hidden = frozenset(_with_hyphens(name.lower().encode("ascii")) for name in identity_headers)
        self.claims = _CLAIMS | self._hidden
        self.claims_are_usual = not self._hidden

    def demand_store(self) -> None:
        """Raise where the config says that the adapter remembers requests, and nothing was given to do it with."""
        if self.replay is None and self.verifier._config._has_external_replay_store:
            msg = 'the config says "replay": {"store": "external"}; give the store as the option replay'
            raise TypeError(msg)

    def refuse_async_store(self) -> None:
        """Raise where the replay store needs an event loop, for servers that have none."""
        if self.replay_is_async:
            msg = "this server is not asynchronous, so its replay store cannot be"
            raise TypeError(msg)

    def insert(self, verified: Verified, seconds: int) -> ReplayOutcome:
        """Ask the replay store."""
        if self.replay is None:
            log.error("the config says that the replay store is external, but the adapter was given none")
            return "unavailable"
        try:
            outcome: ReplayOutcome = self.replay.insert(verified.replay_key, seconds)
        except Exception as error:  # noqa: BLE001 - a store of the application may raise anything
            return no_answer(error)
        return outcome

    async def insert_async(self, verified: Verified, seconds: int) -> ReplayOutcome:
        """Ask the replay store without blocking."""
        if not self.replay_is_async:
            return await asyncio.to_thread(self.insert, verified, seconds)
        try:
            outcome: ReplayOutcome = await self.replay.insert(verified.replay_key, seconds)
        except Exception as error:  # noqa: BLE001 - as above
            return no_answer(error)
        return outcome

    def hides(self, name: bytes, value: bytes, verified: Verified) -> bool:
        """Tell whether a header claims an identity that was not verified. Such a one does not reach the application."""
        plain = _with_hyphens(name)
        if plain not in self.claims:
            return False
        if plain in self._hidden or plain != name:
            # No signature proves a name in another spelling.
            return True
        return verified.service is None or value != verified.service.encode()


class Visit:
    """One request on its way through a gate. Its clock stands still while the client is waited for."""

    __slots__ = ("_gate", "_headers", "_method", "_peer", "_started", "_target", "_waited", "has_all")

    has_all: bool
    """Whether the client has sent the end of the body."""

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
        self.has_all = False

    def identify(self) -> None:
        """Ask AWS who calls, where a request proves an IAM identity that is not known yet. Nothing is decided here."""
        aws = self._gate.aws
        if aws is not None and (question := self._question()) is not None:
            self._gate.verifier.identity_answer(question, aws.ask(question))

    async def identify_async(self) -> None:
        """Do the same where other requests are served meanwhile."""
        aws = self._gate.aws
        if aws is not None and (question := self._question()) is not None:
            self._gate.verifier.identity_answer(question, await aws.ask_async(question))

    def _question(self) -> IdentityRequest | None:
        headers, authority, client = self._as_called()
        return self._gate.verifier.identity_request(
            self._method, self._target, headers, authority=authority, client=client
        )

    def begin(self, *, answers: bool = False) -> Begun:
        """Judge the head, and raise whatever it decides before a byte of the body is read.

        With `answers` a request that is a handshake raises a Handshake, here or when its body is there.
        """
        gate = self._gate
        if gate.is_direct:
            begun = gate.verifier._begin_direct(self._method, self._target, self._headers, self._peer, answers)
            if begun is not None:
                return self._measured(begun)
        if answers:
            webhooks = gate.verifier.handshakes_at(self._method, self._target)
            declared = _declared_length(self._headers) if webhooks else None
            if webhooks and (declared is None or declared <= _HANDSHAKE_BYTES):
                return _PerhapsHandshake(self, webhooks, declared)
        return self._begin()

    def _begin(self) -> BodyVerification:
        headers, authority, client = self._as_called()
        begun = self._gate.verifier.begin(self._method, self._target, headers, authority=authority, client=client)
        return self._measured(begun)

    def _measured(self, begun: BodyVerification) -> BodyVerification:
        """Refuse a body that is too long by its own account before any of it is read."""
        if begun.needs_body:
            declared = begun._declared_length
            if declared is not None:
                begun.declare_length(declared)
        return begun

    def _as_called(self) -> tuple[list[tuple[bytes, bytes]], bytes | None, str | None]:
        """Give the header fields, the authority and the client that are judged, by the rules for proxies.

        A proxy may have written another Host. Where the rules say what the client called, Host says the same; the
        application still gets the one that was received.
        """
        gate, headers, peer = self._gate, self._headers, self._peer
        if gate.authority is not None:
            authority: bytes | None = gate.authority
        elif gate.proxies is None:
            return headers, host(headers), peer
        else:
            authority = gate.proxies.authority(peer, headers)
        return with_host(headers, authority), authority, self._client()

    def _client(self) -> str | None:
        proxies = self._gate.proxies
        return self._peer if proxies is None else proxies.client(self._peer, self._headers)

    def _answer_handshake(self, webhooks: list[str], body: bytes) -> None:
        headers, authority, client = self._as_called()
        for webhook in webhooks:
            answer = self._gate.verifier.handshake(
                webhook, self._method, self._target, headers, body, authority=authority, client=client
            )
            if answer is not None:
                raise Handshake(answer)

    def keep_body(self) -> KeptBody:
        """Give the place for the bytes of the body."""
        return KeptBody(self._gate.memory_bytes)

    def finish(self, begun: Begun) -> Verified:
        """Give the verdict on a request whose body has come to its end."""
        verified = begun.finish()
        seconds = verified.replay_seconds
        if seconds is not None:
            gate = self._gate
            gate.verifier.settle_replay(verified, gate.insert(verified, seconds))
        return verified

    async def finish_async(self, begun: Begun) -> Verified:
        """Do the same where other requests are served meanwhile."""
        verified = begun.finish()
        if verified.replay_seconds is not None:
            await self.settle_async(verified)
        return verified

    async def settle_async(self, verified: Verified) -> None:
        """Ask the replay store of several processes, where the verdict waits for that."""
        seconds = verified.replay_seconds
        if seconds is not None:
            gate = self._gate
            gate.verifier.settle_replay(verified, await gate.insert_async(verified, seconds))

    def pause(self) -> None:
        """Begin to wait for the client."""
        self._waited -= perf_counter_ns()

    def go_on(self) -> None:
        """End that."""
        self._waited += perf_counter_ns()

    async def wait(self, awaitable: Awaitable[_Awaited]) -> _Awaited:
        """Wait for the client."""
        self.pause()
        try:
            return await awaitable
        finally:
            self.go_on()

    def read(self, read: Callable[[int], bytes], size: int) -> bytes:
        """Read from the client."""
        self.pause()
        try:
            return read(size)
        finally:
            self.go_on()

    def accepted(self, verified: Verified) -> None:
        """Record that the request is let in."""
        current_request_id.set(verified.request_id)
        self._decided(verified, None)

    def refused(self, refusal: Refusal) -> None:
        """Record that the request is refused."""
        key_sets = self._gate.key_sets
        if key_sets is not None and self._may_be_of_a_new_key(refusal):
            key_sets.follow(self._gate.verifier)
            key_sets.refresh()
        self._decided(None, refusal)

    def visible_headers(self, verified: Verified, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Give those of some headers that may reach the application; the same list where none must be hidden."""
        gate = self._gate
        if gate.claims_are_usual and verified._accounts_for(headers):
            return headers
        for name, value in headers:
            # The usual header, which claims nothing, is to cost no call.
            if (name in gate.claims or b"_" in name) and gate.hides(name, value, verified):
                return [(name, value) for name, value in headers if not gate.hides(name, value, verified)]
        return headers

    def _may_be_of_a_new_key(self, refusal: Refusal) -> bool:
        if refusal.code is RefusalCode.UNKNOWN_KEY:
            return True
        # A token that names no key was tried with those at hand.
        return refusal.code in _TRIED and any(
            name.lower() == b"authorization" and value[:7].lower() == b"bearer " for name, value in self._headers
        )

    def _decided(self, verified: Verified | None, refusal: Refusal | None) -> None:
        on_decision = self._gate.on_decision
        if is_heard(refusal, on_decision):
            spent = perf_counter_ns() - self._started - self._waited
            decided(verified, refusal, self._method, self._target, spent, on_decision, self._client)


class _PerhapsHandshake:
    """Holds the beginning of a body back, until it is known whether the request is a handshake."""

    needs_body = True

    def __init__(self, visit: Visit, webhooks: list[str], declared: int | None) -> None:
        self._visit = visit
        self._webhooks = webhooks
        self._declared_length = declared
        self._held = bytearray()
        self._begun: BodyVerification | None = None

    def update(self, data: bytes, /) -> None:
        if self._begun is not None:
            self._begun.update(data)
            return
        self._held += data
        if len(self._held) > _HANDSHAKE_BYTES:
            self._go_on()

    def finish(self) -> Verified:
        if self._begun is None:
            self._visit._answer_handshake(self._webhooks, bytes(self._held))
        return (self._begun or self._go_on()).finish()

    def _finish_with(self, data: bytes, /) -> Verified:
        self.update(data)
        return self.finish()

    def _go_on(self) -> BodyVerification:
        self._begun = begun = self._visit._begin()
        begun.update(self._held)
        return begun


def _declared_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    value = next((value for name, value in headers if name.lower() == b"content-length"), b"")
    if not value.isdigit():
        return None
    # Of a number with more digits all that matters is that it is large, and reading it would take long.
    return int(value) if len(value) < _DIGITS else 10**_DIGITS
