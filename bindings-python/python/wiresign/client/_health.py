"""Asks the known services whether they are up."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wiresign._wiresign import Config


@dataclass(frozen=True, slots=True)
class Health:
    """What one service answered."""

    service: str
    is_up: bool
    """Whether the answer was 2xx."""
    status: int | None
    """The status; None where there was no answer."""
    seconds: float
    """How long it took."""
    error: str | None
    """What was in the way of an answer."""


def check_health(
    config: Config, services: Iterable[str] | None = None, *, path: str = "/health", timeout: float = 2
) -> dict[str, Health]:
    """Ask each service that has a url, or those named. The question is unsigned, for routes that are public."""
    places = _places(config, services)

    def ask(service: str) -> Health:
        started = time.monotonic()
        try:
            with httpx.Client(timeout=timeout) as http:
                return _health(service, started, http.get(places[service] + path))
        except httpx.HTTPError as error:
            return _health(service, started, error)

    with ThreadPoolExecutor(max(1, min(len(places), 16))) as pool:
        return dict(zip(places, pool.map(ask, places), strict=True))


async def check_health_async(
    config: Config,
    services: Iterable[str] | None = None,
    *,
    path: str = "/health",
    timeout: float = 2,  # noqa: ASYNC109 - the same words as in the sync function
) -> dict[str, Health]:
    """Do the same as `check_health` without blocking."""
    places = _places(config, services)
    found: dict[str, Health] = {}

    async with httpx.AsyncClient(timeout=timeout) as http:

        async def ask(service: str) -> None:
            started = time.monotonic()
            try:
                with anyio.fail_after(timeout):
                    found[service] = _health(service, started, await http.get(places[service] + path))
            except (httpx.HTTPError, TimeoutError) as error:
                found[service] = _health(service, started, error)

        async with anyio.create_task_group() as group:
            for service in places:
                group.start_soon(ask, service)
    return {service: found[service] for service in places}


def _places(config: Config, services: Iterable[str] | None) -> dict[str, str]:
    places = {}
    for service in config.service_ids if services is None else services:
        url = config.url(service)
        if url is not None:
            places[service] = url.rstrip("/")
        elif services is not None:
            msg = f"the registry has no url for the service {service!r}"
            raise ValueError(msg)
    return places


def _health(service: str, started: float, outcome: httpx.Response | Exception) -> Health:
    seconds = time.monotonic() - started
    if isinstance(outcome, Exception):
        return Health(service, is_up=False, status=None, seconds=seconds, error=type(outcome).__name__)
    return Health(service, outcome.is_success, outcome.status_code, seconds, None)
