"""Structured fields (RFC 9651), as far as signatures need them: dictionaries of items and of inner lists."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from common import RefusedError

# A kind and what was read: an integer, a text, bytes, a truth value, a token.
Bare = tuple[str, Any]
Parameters = list[tuple[str, Bare]]


class Member:
    """A member of a dictionary."""

    def __init__(self, items: list[tuple[Bare, Parameters]] | None, bare: Bare | None, parameters: Parameters) -> None:
        """Keep the items of an inner list, or one bare item."""
        self.items, self.bare, self.parameters = items, bare, parameters


class Reader:
    """Reads a field from left to right."""

    def __init__(self, text: str) -> None:
        """Begin at the start."""
        self.text, self.at = text, 0

    def take(self, pattern: str) -> str | None:
        """Take what matches here, or nothing."""
        found = re.compile(pattern, re.ASCII).match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def need(self, pattern: str) -> str:
        """Take what has to be here."""
        found = self.take(pattern)
        if found is None:
            raise RefusedError("MALFORMED_SIGNATURE")
        return found

    def dictionary(self) -> list[tuple[str, Member]]:
        """Read the whole field."""
        members: list[tuple[str, Member]] = []
        self.take(" *")
        while self.at < len(self.text):
            members.append((self.need(r"[a-z*][a-z0-9_.*-]*"), self.member()))
            self.take("[ \t]*")
            if self.at == len(self.text):
                break
            self.need(",")
            self.take("[ \t]*")
            if self.at == len(self.text):
                raise RefusedError("MALFORMED_SIGNATURE")
        return members

    def member(self) -> Member:
        """Read what a name stands for."""
        if not self.take("="):
            return Member(None, ("boolean", True), self.parameters())
        if not self.take(r"\("):
            bare = self.bare()
            return Member(None, bare, self.parameters())
        items: list[tuple[Bare, Parameters]] = []
        while True:
            self.take(" *")
            if self.take(r"\)"):
                return Member(items, None, self.parameters())
            bare = self.bare()
            items.append((bare, self.parameters()))
            self.need(r"(?=[ )])")

    def parameters(self) -> Parameters:
        """Read the parameters that stand here."""
        read: Parameters = []
        while self.take(";"):
            self.take(" *")
            name = self.need(r"[a-z*][a-z0-9_.*-]*")
            read.append((name, self.bare() if self.take("=") else ("boolean", True)))
        return read

    def bare(self) -> Bare:
        """Read a value."""
        if text := self.take(r'"(?:[ !#-\[\]-~]|\\["\\])*"'):
            return "string", re.sub(r"\\(.)", r"\1", text[1:-1])
        if text := self.take(r":[A-Za-z0-9+/=]*:"):
            try:
                raw = base64.b64decode(text[1:-1], validate=True)
            except binascii.Error:
                raise RefusedError("MALFORMED_SIGNATURE") from None
            if base64.b64encode(raw).decode() != text[1:-1]:
                raise RefusedError("MALFORMED_SIGNATURE")
            return "bytes", raw
        if text := self.take(r"\?[01]"):
            return "boolean", text == "?1"
        if text := self.take(r'%"(?:[ !#$&-~]|%[0-9a-f]{2})*"'):
            return "display", text
        if text := self.take(r"-?[0-9]{1,12}\.[0-9]{1,3}(?![0-9.])"):
            return "decimal", text
        if text := self.take(r"@?-?[0-9]{1,15}(?![0-9.])"):
            return ("date" if text.startswith("@") else "integer"), text
        return "token", self.need(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")
