"""Suites, groups and tests, and how they become vector files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notes import NOTES
from request import Json, Request, as_base64
from wire import NONCE, NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCHEMA = "wiresign-vectors-1"
LINE = 120


Flags = str | tuple[str, ...]

Field = str | int | bool | list[str] | None
"""The value of a field in the result of a verification."""


@dataclass
class Group:
    """Tests that share a config document."""

    suite: Suite
    name: str
    config: Json | None
    config_text: str | None
    env: Mapping[str, str]
    tests: list[Json] = field(default_factory=list)

    def steps(self, name: str, comment: str, flags: Flags, *steps: Json, origin: str = "python-stdlib") -> None:
        """Add a test of any steps."""
        names = (flags,) if isinstance(flags, str) else flags
        self.suite.flags.update(names)
        self.tests.append(
            {
                "id": f"{self.suite.name}/{name}",
                "comment": comment,
                "flags": list(names),
                "origin": origin,
                "steps": list(steps),
            }
        )

    def accept(self, name: str, comment: str, flags: Flags, request: Request, *, now: int = NOW, **ok: Field) -> None:
        """Add a request that must be accepted, with these fields in the result."""
        self.steps(name, comment, flags, accepted(request, now=now, chunks=None, **ok))

    def refuse(self, name: str, comment: str, flags: Flags, request: Request, code: str, *, now: int = NOW) -> None:
        """Add a request that must be refused with this code."""
        self.steps(name, comment, flags, refused(request, code, now=now))

    def to_json(self) -> Json:
        """Return the group as it stands in the file."""
        group: dict[str, Json] = {"name": self.name}
        if self.config_text is None:
            group["config"] = self.config
        else:
            group["config_text"] = self.config_text
        if self.env:
            group["env"] = dict(self.env)
        group["tests"] = list(self.tests)
        return group


@dataclass
class Suite:
    """One vector file."""

    name: str
    groups: list[Group] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)

    def group(
        self, name: str, config: Json = None, env: Mapping[str, str] | None = None, *, config_text: str | None = None
    ) -> Group:
        """Add a group of tests that share a config, given as a value or as text."""
        group = Group(self, name, config, config_text, env or {})
        self.groups.append(group)
        return group

    def to_json(self) -> Json:
        """Return the suite as it stands in the file, with a note for each flag that is used."""
        notes: dict[str, Json] = {
            flag: {"meaning": NOTES[flag].meaning, "rules": list(NOTES[flag].rules)} for flag in sorted(self.flags)
        }
        return {
            "$schema": "../schema/vectors.schema.json",
            "schema": SCHEMA,
            "suite": self.name,
            "notes": notes,
            "groups": [group.to_json() for group in self.groups],
        }

    def text(self) -> str:
        """Return all of the file."""
        return render(self.to_json()) + "\n"


def accepted(request: Request, *, now: int = NOW, chunks: Iterable[int] | None = None, **ok: Field) -> Json:
    """Make a step whose request must be accepted; the fields named must have these values."""
    return _judged(request, now, chunks, {"ok": dict(ok)})


def refused(request: Request, code: str, *, now: int = NOW, chunks: Iterable[int] | None = None) -> Json:
    """Make a step whose request must be refused with this code."""
    return _judged(request, now, chunks, {"refused": code})


def _judged(request: Request, now: int, chunks: Iterable[int] | None, expect: Json) -> Json:
    if chunks is None:
        return {"op": "verify", "now": now, "request": request.to_json(), "expect": expect}
    lengths: list[Json] = list(chunks)
    return {"op": "verify_stream", "now": now, "request": request.to_json(), "chunks": lengths, "expect": expect}


def sign(request: Request, expect: Json, *, now: int = NOW, nonce: str = NONCE, target: str | None) -> Json:
    """Make a step that signs a request."""
    step: dict[str, Json] = {"op": "sign", "now": now, "nonce": nonce, "target": target}
    return step | {"request": request.to_json(), "expect": expect}


def signs_as(headers: Iterable[tuple[str, bytes]], message: bytes) -> Json:
    """Expect exactly these headers in this order, made over exactly these bytes."""
    fields: list[Json] = [[name, value.decode()] for name, value in headers]
    return {"ok": {"headers": fields, "message": as_base64(message)}}


def check(expect: Json) -> Json:
    """Make a step that reads the config and looks at its warnings."""
    return {"op": "check", "expect": expect}


def replace_config(config: Json, expect: Json) -> Json:
    """Make a step that exchanges the config of the verifier."""
    return {"op": "replace", "config": config, "expect": expect}


def render(value: Json, indent: int = 0, before: int = 0) -> str:
    """Write JSON that people can read: what fits on a line stays on one line.

    `before` is how much of the line is taken already, beside the indentation.
    """
    flat = json.dumps(value)
    # One character is left for the comma.
    if indent + before + len(flat) < LINE or not value or not isinstance(value, dict | list):
        return flat
    inner = " " * (indent + 1)
    if isinstance(value, dict):
        names = {name: json.dumps(name) + ": " for name in value}
        items = [names[name] + render(item, indent + 1, len(names[name])) for name, item in value.items()]
        opening, closing = "{", "}"
    else:
        items = [render(item, indent + 1) for item in value]
        opening, closing = "[", "]"
    return opening + "\n" + ",\n".join(inner + item for item in items) + "\n" + " " * indent + closing
