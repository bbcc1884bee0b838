"""What a handler may ask of its callers, beside what the config says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wiresign._wiresign import check_permission

if TYPE_CHECKING:
    from wiresign._wiresign import Verified


def check(permission: str | None) -> None:
    """Raise ValueError where a handler asks for what is no permission: when it is written down, not at a request."""
    if permission is not None:
        check_permission(permission)


def require(verified: Verified, services: tuple[str, ...], permission: str | None) -> None:
    """Raise the Refusal of a caller that is none of the services, or may not do all that the permission matches."""
    verified.require_service(*services)
    if permission is not None:
        verified.require_permission(permission)
