"""What the work on one request knows about it, wherever that work is done."""

from __future__ import annotations

from contextvars import ContextVar

current_request_id: ContextVar[str | None] = ContextVar("wiresign_request_id", default=None)
"""The id of the request that is being served. Adapters set it, and clients pass it on."""
