"""The exceptions, and what they carry."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from wiresign._codes import FailureCode, RefusalCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wiresign._wiresign import RefusalFacts


class Problem(NamedTuple):
    """One finding about a config document."""

    pointer: str
    """JSON pointer (RFC 6901) to the member in question; empty for the whole document."""
    message: str
    """A sentence that says what to do, without any secret."""

    def __str__(self) -> str:
        return f"{self.pointer or 'the document'}: {self.message}"


class Hint(NamedTuple):
    """One cause that an explanation names."""

    id: str
    """The stable name of the cause."""
    cause: str
    """A sentence that names the cause."""
    fix: str
    """A sentence that says what to do."""
    is_proved: bool
    """Whether the signature is right once this cause is taken away."""


class ConfigError(ValueError):
    """A config document cannot be used. `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class SigningError(Exception):
    """A request cannot be signed. The message says what is missing."""

    @property
    def code(self) -> str:
        """Always SIGNING_FAILED."""
        return FailureCode.SIGNING_FAILED.value

    @property
    def message(self) -> str:
        """A sentence that says what is missing."""
        return str(self)


class RefusalResponse(NamedTuple):
    """What to answer a refused request with. Every adapter sends exactly this."""

    status: int
    """The HTTP status."""
    code: RefusalCode
    """The code that is shown. `"reveal": "uniform"` makes it coarser than that of the refusal."""
    www_authenticate: str | None
    """The value of WWW-Authenticate, with status 401."""
    body: bytes
    """The JSON text."""

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All header fields to send, with names in lower case."""
        headers = [("content-type", "application/json"), ("content-length", str(len(self.body)))]
        if self.www_authenticate is not None:
            headers.append(("www-authenticate", self.www_authenticate))
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            # Failures are counted by the minute of the clock.
            headers.append(("retry-after", str(60 - int(time.time()) % 60)))
        return headers


class Refusal(Exception):  # noqa: N818 - the product's word, the same in every language
    """A request was judged and is not accepted.

    Everything but `detail` is safe to show to the caller. Only a verification makes one.
    """

    # The native half passes the facts as the only argument. There is no __init__, because refusing must stay as cheap
    # as accepting: texts are made when somebody asks for them.

    @property
    def _facts(self) -> RefusalFacts:
        facts: RefusalFacts = self.args[0]
        return facts

    @property
    def code(self) -> RefusalCode:
        """The stable code. It equals its name as text."""
        return RefusalCode(self._facts.code)

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return self._facts.status

    @property
    def message(self) -> str:
        """One sentence that is safe to show."""
        return self._facts.message

    @property
    def detail(self) -> str:
        """More, for the operator's log only."""
        return self._facts.detail

    @property
    def service(self) -> str | None:
        """The known service that the request claims to come from. Nothing proves the claim."""
        return self._facts.service

    @property
    def request_id(self) -> str | None:
        """The request id, where it has the form of one."""
        return self._facts.request_id

    @property
    def response(self) -> RefusalResponse:
        """The answer to send. It honours `reveal` of the config."""
        status, code, www_authenticate, body = self._facts.response()
        return RefusalResponse(status, RefusalCode(code), www_authenticate, body)

    def __str__(self) -> str:
        return f"{self._facts.code}: {self._facts.message}"

    def __repr__(self) -> str:
        return f"<Refusal {self._facts.code}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied."""
        msg = "a wiresign.Refusal cannot be pickled or copied"
        raise TypeError(msg)
