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


def ask_health(http: httpx.Client, service: str, url: str, path: str, timeout: float) -> Health:
    """Ask one service."""
    started = time.monotonic()
    try:
        return _health(service, started, http.get(url + path, timeout=timeout, auth=None, follow_redirects=False))
    except httpx.HTTPError as error:
        return _health(service, started, error)


async def ask_health_async(
    http: httpx.AsyncClient,
    service: str,
    url: str,
    path: str,
    timeout: float,  # noqa: ASYNC109 - the same words as in the sync function
) -> Health:
    """Do the same without blocking."""
    started = time.monotonic()
    try:
        with anyio.fail_after(timeout):
            answer = await http.get(url + path, timeout=timeout, auth=None, follow_redirects=False)
            return _health(service, started, answer)
    except (httpx.HTTPError, TimeoutError) as error:
        return _health(service, started, error)


def check_health(
    config: Config, services: Iterable[str] | None = None, *, path: str = "/health", timeout: float = 2
) -> dict[str, Health]:
    """Ask each service that has a url, or those named. The question is unsigned, for routes that are public."""
    places = _places(config, services)
    with httpx.Client() as http, ThreadPoolExecutor(max(1, min(len(places), 16))) as pool:

        def ask(service: str) -> Health:
            return ask_health(http, service, places[service], path, timeout)

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

    async with httpx.AsyncClient() as http:

        async def ask(service: str) -> None:
            found[service] = await ask_health_async(http, service, places[service], path, timeout)

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
