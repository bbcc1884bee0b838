"""The services, secrets and config documents that the suites share."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from request import Json
    from wire import Scheme

OWN = "lego-projects-api"
"""The service whose verifier is judged."""

CALLER = "image-service"
"""The service that calls, unless a vector says otherwise."""

OTHER = "price-scraper"
"""Another known service, with a key of its own."""


def secret(name: str) -> str:
    """Make a secret of 64 hex digits that depends on nothing but its name."""
    return hashlib.sha256(f"a secret for vectors: {name}".encode()).hexdigest()


SECRETS = {
    "LEGO_PROJECTS_API_SECRET": secret(OWN),
    "IMAGE_SERVICE_SECRET": secret(CALLER),
    "PRICE_SCRAPER_SECRET": secret(OTHER),
}
"""What the `env:` references of the shared config find."""

OWN_KEY = SECRETS["LEGO_PROJECTS_API_SECRET"].encode()
KEY = SECRETS["IMAGE_SERVICE_SECRET"].encode()
OTHER_KEY = SECRETS["PRICE_SCRAPER_SECRET"].encode()
STRANGER_KEY = secret("nobody").encode()
"""A key that no config knows."""


def registry(
    *,
    caller: Mapping[str, Json] | None = None,
    other: Mapping[str, Json] | None = None,
    own: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """Return the three known services, with members of each as given."""
    key: dict[str, Json] = {"keys": [{"id": "2026-q1", "secret": "env:IMAGE_SERVICE_SECRET"}]}
    other_key: dict[str, Json] = {"keys": [{"secret": "env:PRICE_SCRAPER_SECRET"}]}
    own_key: dict[str, Json] = {"keys": [{"secret": "env:LEGO_PROJECTS_API_SECRET"}]}
    return {
        OWN: own_key | dict(own or {}),
        CALLER: key | dict(caller or {}),
        OTHER: other_key | dict(other or {}),
    }


def config(*accept: Scheme, services: Mapping[str, Json] | None = None, **members: Json) -> dict[str, Json]:
    """Return a config document of the own service that accepts these schemes."""
    document: dict[str, Json] = {"service": OWN, "accept": [scheme.value for scheme in accept]}
    return document | {"services": services or registry()} | members
