"""A request as bytes on the wire, and ways to damage it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None
"""A JSON value."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """Method, raw target, header fields in order with repeats, and body."""

    method: bytes
    target: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    body: bytes = b""
    authority: bytes | None = None

    def header(self, name: str) -> bytes:
        """Return the value of a header that is there once."""
        (value,) = [value for own, value in self.headers if own == name]
        return value

    def set(self, name: str, value: bytes) -> Request:
        """Give a header that is there another value."""
        self.header(name)
        fields = tuple((own, value if own == name else old) for own, old in self.headers)
        return replace(self, headers=fields)

    def without(self, *names: str) -> Request:
        """Take out headers that are there."""
        for name in names:
            self.header(name)
        return replace(self, headers=tuple(field for field in self.headers if field[0] not in names))

    def adding(self, name: str, value: bytes) -> Request:
        """Add a header field at the end."""
        return replace(self, headers=(*self.headers, (name, value)))

    def renaming(self, old: str, new: str) -> Request:
        """Spell the name of a header differently."""
        self.header(old)
        return replace(self, headers=tuple((new if name == old else name, value) for name, value in self.headers))

    def but(self, *, method: bytes | None = None, target: bytes | None = None, body: bytes | None = None) -> Request:
        """Change what was signed, and leave the signature as it is."""
        return replace(
            self,
            method=self.method if method is None else method,
            target=self.target if target is None else target,
            body=self.body if body is None else body,
        )

    def to_json(self) -> Json:
        """Return the request as it stands in a vector file."""
        fields: list[Json] = [[name, text(value)] for name, value in self.headers]
        where: dict[str, Json] = {"method": text(self.method), "target": text(self.target)}
        if self.authority is not None:
            where["authority"] = text(self.authority)
        return where | {"headers": fields, "body": body(self.body)}


def text(value: bytes) -> Json:
    """Write bytes as a string where all of them are printable ASCII, else in base64."""
    return value.decode() if all(0x20 <= byte <= 0x7E for byte in value) else as_base64(value)


def body(value: bytes) -> Json:
    """Write a body: line ends and tabs are readable in JSON too."""
    return value.decode() if all(0x20 <= byte <= 0x7E or byte in b"\t\n\r" for byte in value) else as_base64(value)


def as_base64(value: bytes) -> Json:
    """Write bytes in the form that holds any of them."""
    return {"base64": base64.b64encode(value).decode()}
