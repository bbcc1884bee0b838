"""The keys that services of a config have."""

from __future__ import annotations

from typing import Any

from question import UnsupportedError, only, secret


class Key:
    """A key, and what its algorithm is; `material` is bytes, or the text of a public key."""

    def __init__(self, entry: dict[str, Any], position: int, env: dict[str, str]) -> None:
        """Read an entry; keys that are not valid at all times are left to others."""
        only(entry, "id", "secret", "algorithm", "public_key")
        self.id = entry.get("id", str(position))
        self.algorithm = entry.get("algorithm", "hmac-sha256")
        self.material: bytes | str = (
            secret(entry["public_key"], env) if "public_key" in entry else secret(entry["secret"], env).encode()
        )


def keys_of_services(config: dict[str, Any], env: dict[str, str]) -> dict[str, list[Key]]:
    """Return the keys of all services."""
    keys = {}
    for name, entry in config["services"].items():
        only(entry, "keys", "url")
        keys[name] = [Key(key, number, env) for number, key in enumerate(entry.get("keys", []), 1)]
    return keys


def accepts(config: dict[str, Any], scheme: str, *members: str) -> None:
    """Leave configs that accept something else to others."""
    only(config, "service", "services", "accept", *members)
    if config.get("accept") != [scheme]:
        raise UnsupportedError("another scheme")
