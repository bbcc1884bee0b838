"""What all packages are asked with: a request as frameworks hand it over, and the keys of its caller."""

from __future__ import annotations

import base64
from typing import Any


class UnsupportedError(Exception):
    """The question is about more than the package knows."""


class RefusedError(Exception):
    """What an application refuses by itself, following the documentation of the package."""


def to_bytes(text: Any) -> bytes:
    """Return the bytes that the runner means."""
    return base64.b64decode(text["base64"]) if isinstance(text, dict) else str(text).encode()


class Request:
    """A request; headers are texts of one character for each byte, under names in lower case."""

    def __init__(self, sent: dict[str, Any]) -> None:
        """Read what the runner sends."""
        self.method, self.target = (
            to_bytes(sent["method"]).decode("latin-1"),
            to_bytes(sent["target"]).decode("latin-1"),
        )
        self.body = to_bytes(sent["body"])
        self.headers: dict[str, str] = {}
        self.repeated: set[str] = set()
        for name, value in sent["headers"]:
            lowered = name.lower()
            if lowered in self.headers:
                self.repeated.add(lowered)
            self.headers[lowered] = to_bytes(value).decode("latin-1")
        self.authority = sent.get("authority")

    def once(self, *names: str) -> None:
        """Leave out what came twice: the framework, and not the package, says which of both counts."""
        if self.repeated.intersection(names):
            raise UnsupportedError("a header that came twice")


def only(members: dict[str, Any], *known: str) -> None:
    """Leave everything with members of another meaning to others."""
    if not set(members) <= set(known):
        raise UnsupportedError("other members")


def secret(reference: str, env: dict[str, str]) -> str:
    """Return the secret that a config refers to."""
    kind, _, text = reference.partition(":")
    if kind == "literal":
        return text
    if kind != "env" or text not in env:
        raise UnsupportedError("a secret that is no variable")
    return env[text]


def hook_secrets(config: dict[str, Any], env: dict[str, str], *schemes: str) -> list[str]:
    """Return the secrets of the sender, where it has one of these schemes."""
    only(config, "service", "services", "accept", "webhooks")
    accepted = config.get("accept", [])
    name = accepted[0] if len(accepted) == 1 else ""
    hook = config.get("webhooks", {}).get(name.removeprefix("webhook:")) if name.startswith("webhook:") else None
    if hook is None or hook["scheme"] not in schemes:
        raise UnsupportedError("another scheme")
    for key in hook["keys"]:
        only(key, "id", "secret", "sample")
    return [secret(key["secret"], env) for key in hook["keys"]]
