"""One record per decision, for the log and for the application's own hook."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from wiresign._errors import Refusal
    from wiresign._wiresign import Verified

audit = logging.getLogger("wiresign.audit")
log = logging.getLogger("wiresign")

_LONGEST_PATH = 1024


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one request: exactly one of `verified` and `refusal` is set."""

    verified: Verified | None
    refusal: Refusal | None
    method: str
    """The method, with whatever cannot be printed escaped."""
    path: str
    """The raw path without its query, escaped likewise and cut at 1024 characters."""
    duration_us: int
    """Microseconds that the verification took, without the wait for the body."""
    client: str | None = None
    """The address of the client, by the rules for proxies."""

    def fields(self) -> dict[str, Any]:
        """Give the structured fields of the audit record. None of them is a secret or a signature."""
        fields: dict[str, Any] = {"method": self.method, "path": self.path, "duration_us": self.duration_us}
        fields["client"] = self.client
        if self.refusal is not None:
            refusal = self.refusal
            fields |= {"event": "refused", "code": refusal.code.value, "detail": refusal.detail}
            fields |= {"service": refusal.service, "request_id": refusal.request_id}
            fields |= {"route": None, "scheme": None, "key_id": None, "age": None}
        elif self.verified is not None:
            verified = self.verified
            fields |= {"event": "public" if verified.is_public else "accepted", "code": None, "detail": None}
            fields |= {"service": verified.service, "request_id": verified.request_id}
            fields |= {
                "route": verified.route,
                "scheme": verified.scheme,
                "key_id": verified.key_id,
                "age": verified.age,
            }
        return fields


def is_heard(refusal: Refusal | None, on_decision: Callable[[Decision], object] | None) -> bool:
    """Tell whether anybody wants to know of a decision."""
    return on_decision is not None or audit.isEnabledFor(logging.INFO if refusal is None else logging.WARNING)


def decided(
    verified: Verified | None,
    refusal: Refusal | None,
    method: str | bytes,
    target: bytes,
    duration_ns: int,
    on_decision: Callable[[Decision], object] | None,
    client: Callable[[], str | None],
) -> None:
    """Write the audit record and call the hook. Nothing that fails here changes the decision."""
    level = logging.INFO if refusal is None else logging.WARNING
    path = target.partition(b"?")[0][:_LONGEST_PATH]
    decision = Decision(verified, refusal, _printable(method), _printable(path), duration_ns // 1000, client())
    try:
        if audit.isEnabledFor(level):
            fields = decision.fields()
            known = [fields[name] for name in ("event", "service", "code") if fields[name] is not None]
            audit.log(level, "request %s", " ".join(known), extra=fields)
    except Exception:  # noqa: BLE001 - whatever a log handler raises
        _report("the audit record could not be written")
    if on_decision is None:
        return
    try:
        on_decision(decision)
    except Exception:  # noqa: BLE001 - whatever the hook raises
        _report("the on_decision hook failed; the decision stands")


def _printable(text: str | bytes) -> str:
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    text = text[:_LONGEST_PATH]
    return text if text.isascii() and text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _report(sentence: str) -> None:
    # Logging itself may be broken, and the decision must stand all the same.
    with contextlib.suppress(Exception):
        log.exception(sentence)
