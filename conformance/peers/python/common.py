"""What the schemes of this peer have in common: requests as bytes, keys of the config, and two ways not to accept."""

from __future__ import annotations

import base64
import calendar
import re
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
Headers = list[tuple[bytes, bytes]]
T = TypeVar("T")


class UnsupportedError(Exception):
    """The question is about more than this peer knows."""


class RefusedError(Exception):
    """The request does not hold; the text is the code."""


class Faults:
    """What is wrong with a request. Of several faults the pages do not say which one comes first."""

    def __init__(self, codes: list[str]) -> None:
        """Begin with what is known."""
        self.codes = codes

    def of(self, check: Callable[..., T], *arguments: Any) -> T | None:
        """Return what a check returns, or note its fault."""
        try:
            return check(*arguments)
        except RefusedError as refused:
            self.codes.append(str(refused))
            return None

    def tell(self) -> None:
        """Refuse the request for its one fault."""
        if len(set(self.codes)) > 1:
            raise UnsupportedError("several faults at once")
        if self.codes:
            raise RefusedError(self.codes[0])


class Key:
    """A key of the config, with the time in which it is valid."""

    def __init__(self, entry: Json, position: int, env: Json, decode: Callable[[str, Json], bytes]) -> None:
        """Read an entry."""
        only(entry, "id", "secret", "encoding", "state", "not_before", "not_after")
        reference = entry["secret"]
        if not reference.startswith("env:"):
            raise UnsupportedError("a secret that is no variable")
        self.id = entry.get("id", str(position))
        self.state = entry.get("state", "active")
        self.bytes = decode(env[reference[4:]], entry)
        self.start = moment(entry["not_before"]) if "not_before" in entry else 0
        self.end = moment(entry["not_after"]) if "not_after" in entry else 1 << 62

    def is_valid(self, now: int) -> bool:
        """Tell whether the key holds at this time."""
        return self.state != "revoked" and self.start <= now < self.end


def only(members: Json, *known: str) -> None:
    """Leave everything with members of another meaning to others."""
    for name in members:
        if name not in known:
            raise UnsupportedError(f"the member {name}")


def moment(text: str) -> int:
    """Read a moment of the config as Unix time."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def to_bytes(text: Any) -> bytes:
    """Return the bytes that the runner means."""
    return base64.b64decode(text["base64"]) if isinstance(text, dict) else str(text).encode()


def secret_of_service(secret: str, entry: Json) -> bytes:
    """Make the key of a service from its secret."""
    encoding = entry.get("encoding", "text")
    if encoding == "hex":
        return bytes.fromhex(secret)
    return base64.b64decode(secret) if encoding == "base64" else secret.encode()


def parts(request: Json) -> tuple[bytes, bytes, Headers, bytes]:
    """Return method, target, headers and body as bytes, with header names in lower case."""
    # Bytes are compared, since texts have more letters than headers have.
    headers = [(name.encode().lower(), to_bytes(value)) for name, value in request["headers"]]
    return to_bytes(request["method"]), to_bytes(request["target"]), headers, to_bytes(request["body"])


def check_bounds(method: bytes, target: bytes, headers: Headers) -> None:
    """Refuse what nobody can judge."""
    is_path = target.startswith(b"/") or (target == b"*" and method == b"OPTIONS")
    if (
        not re.fullmatch(rb"[A-Z0-9_-]{1,32}", method)
        or not is_path
        or not re.fullmatch(rb"[!\"$-~]{1,8192}", target)
        or len(headers) > 256
        or sum(len(name) + len(value) for name, value in headers) > 65536
    ):
        raise RefusedError("MALFORMED_REQUEST")


def all_of(headers: Headers, name: bytes) -> list[bytes]:
    """Return every value of a header."""
    return [value for other, value in headers if other == name]


def one(headers: Headers, name: bytes) -> bytes | None:
    """Return the first value of a header."""
    values = all_of(headers, name)
    return values[0] if values else None
