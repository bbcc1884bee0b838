"""The one family of errors that a service client raises."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from wiresign._codes import RefusalCode

__all__ = ["ErrorCode", "ServiceError"]


class ErrorCode(str, Enum):
    """Why a call failed."""

    TIMEOUT = "TIMEOUT"
    """No whole answer came in time."""
    CONNECTION_FAILED = "CONNECTION_FAILED"
    """There was no connection, so the request was not sent."""
    CONNECTION_LOST = "CONNECTION_LOST"
    """The connection broke after the request began; the service may have acted on it."""
    CIRCUIT_OPEN = "CIRCUIT_OPEN"
    """The service failed too often just now, so nothing was sent."""
    REFUSED = "REFUSED"
    """The service refused the request; `refusal` says why."""
    HTTP_STATUS = "HTTP_STATUS"
    """The service answered with a status that is not 2xx."""
    REDIRECT_REFUSED = "REDIRECT_REFUSED"
    """The answer leads out of the service, or round in circles."""
    SIGNING_FAILED = "SIGNING_FAILED"
    """The request cannot be signed."""
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    """The body is longer than what the client reads in to sign it."""


class ServiceError(Exception):
    """A call to another service failed. `__cause__` is what lies behind it, where there is something."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        target: str,
        response: httpx.Response | None = None,
        refusal: RefusalCode | None = None,
        request_id: str | None = None,
        attempts: int = 0,
        again: bool = False,
        after: float = 0,
    ) -> None:
        super().__init__(message)
        self.code = code
        """Why the call failed."""
        self.message = message
        """A sentence for the log. It holds no secret and nothing of a body."""
        self.target = target
        """The service that was called."""
        self.response = response
        """The answer, where there was one."""
        self.refusal = refusal
        """The code that the service refused with."""
        self.request_id = request_id
        """The id of the last request that was sent."""
        self.attempts = attempts
        """How many requests were sent."""
        self._again = again
        self._after = after

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer."""
        return None if self.response is None else self.response.status_code

    @property
    def cause(self) -> BaseException | None:
        """What lies behind the failure."""
        return self.__cause__

    def __str__(self) -> str:
        return f"{self.target}: {self.code.value}: {self.message} (attempts: {self.attempts})"
