"""How patient a client is."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds, and limits. Each is used as it stands; a call may override both time-outs."""

    timeout: float = 10
    """The longest wait for a connection, or for the next bytes of an answer."""
    total_timeout: float = 30
    """The longest time for a whole call, with all tries and all waiting."""
    attempts: int = 3
    """How often a call is tried at most."""
    backoff: float = 0.1
    """The first wait between two tries is at most this long; each next one may be twice as long."""
    longest_backoff: float = 5
    """The longest wait between two tries, unless the service asks for a longer one with Retry-After."""
    breaker_failures: int = 5
    """After so many failures in a row nothing is sent for a while."""
    breaker_seconds: float = 30
    """How long that is. Then one call is let through to see."""
    longest_skew: float = 300
    """The largest difference between the clocks that is made up for. Zero: none."""
    body_bytes: int = 10 * 1024 * 1024
    """The longest body that is read in to be signed."""
    redirects: int = 5
    """How many redirects inside the service are followed, each signed anew."""

    def __post_init__(self) -> None:
        for each in fields(self):
            # Not a number is not at least zero.
            if not getattr(self, each.name) >= 0:
                msg = f"{each.name} of a policy must be a number from 0 up"
                raise ValueError(msg)
        if self.attempts < 1:
            msg = "a call needs at least one try (attempts)"
            raise ValueError(msg)
