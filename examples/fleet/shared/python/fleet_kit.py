"""What every Python service of the fleet does in the same way.

It reads the registry, reads it again on SIGHUP, writes one JSON line per event, and calls the others with signed
requests.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, cast

import httpx
from dotenv import dotenv_values
from wiresign import Config, ConfigError, Signer, Verifier
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
REGISTRY = Path(os.environ.get("WIRESIGN_REGISTRY", HERE / "../../wiresign.json"))
SECRETS = Path(os.environ.get("WIRESIGN_ENV_FILE", HERE / "../../.env"))
PATIENCE_SECONDS = 10

log = logging.getLogger("fleet")


class Fleet:
    """One service's place in the fleet."""

    def __init__(self, service: str, *, receives: bool = True) -> None:
        self.service = service
        self._receives = receives
        log_to_stdout(service)
        self._config = self._read()
        self.verifier = Verifier(self._config)
        """Judges requests. It lives as long as the process, so a new registry does not forget what was replayed."""
        self._http = httpx.AsyncClient(timeout=PATIENCE_SECONDS)
        self._auths: dict[str, Auth] = {}

    def reload_on_hangup(self) -> None:
        """Read the registry again whenever the process is sent SIGHUP. Needs a running event loop."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reload)

    def reload(self) -> None:
        """Read the registry again. One with a mistake changes nothing: the service goes on with the one that it has."""
        try:
            self._config = self._read()
        except (ConfigError, OSError, ValueError) as error:
            problems = error.problems if isinstance(error, ConfigError) else [("", str(error))]
            details = [{"pointer": pointer, "message": message} for pointer, message in problems]
            log.error("the registry was not reloaded", extra={"event": "registry-refused", "problems": details})  # noqa: TRY400
            return
        self.verifier.replace(self._config)
        self._auths.clear()
        log.info("the registry was reloaded", extra={"event": "registry-loaded"})

    def address(self) -> tuple[str, int]:
        """Give host and port that the registry has for this service."""
        url = httpx.URL(self._url(self.service))
        return url.host, url.port or 80

    async def send(self, target: str, method: str, path: str, body: object = None) -> httpx.Response:
        """Send a signed request to another service, its body as JSON."""
        auth = self._auths.get(target)
        if auth is None:
            signer = Timed(Signer(self._config, target), target)
            auth = self._auths[target] = Auth(cast("Signer", signer))
        return await self._http.request(method, self._url(target) + path, json=body, auth=auth)

    async def call(self, target: str, method: str, path: str, body: object = None) -> Any:
        """Send a signed request to another service, and give the JSON that it answers with."""
        response = await self.send(target, method, path, body)
        response.raise_for_status()
        return response.json()

    async def close(self) -> None:
        """Close the connections to the other services."""
        await self._http.aclose()

    def _url(self, service: str) -> str:
        url = self._config.url(service)
        if url is None:
            msg = f"the registry has no url for {service}"
            raise LookupError(msg)
        return url

    def _read(self) -> Config:
        registry = json.loads(REGISTRY.read_text(encoding="utf-8"))
        if not self._receives:
            # Who only calls verifies nobody, and so holds nobody else's secret.
            services = registry["services"]
            others = {
                id: {"url": entry["url"]} for id, entry in services.items() if "url" in entry and id != self.service
            }
            registry = {"services": {self.service: services[self.service], **others}}
        secrets = {name: value for name, value in dotenv_values(SECRETS, interpolate=False).items() if value}
        return Config.parse({**registry, "service": self.service}, env=secrets)


class Timed:
    """A signer that also logs what it signed, and how long that took."""

    def __init__(self, signer: Signer, target: str) -> None:
        self._sign: Callable[..., list[tuple[str, str]]] = signer.sign
        self._target = target

    def sign(self, method: str, target: bytes, headers: Any, body: bytes) -> list[tuple[str, str]]:
        """Sign as the signer does."""
        start = perf_counter_ns()
        signed = self._sign(method, target, headers, body)
        duration_us = (perf_counter_ns() - start) / 1000
        fields = {"event": "signed", "target": self._target, "method": method, "duration_us": duration_us}
        fields |= {"path": target.partition(b"?")[0].decode("ascii"), "request_id": dict(signed).get("X-Request-ID")}
        log.info("request signed", extra=fields)
        return signed


class JsonLines(logging.Formatter):
    """Writes a log record as one line of JSON, its extra fields included."""

    _usual = frozenset(vars(logging.makeLogRecord({}))) | {"taskName", "message", "color_message"}

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        fields = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._service,
            "message": record.getMessage(),
        }
        fields |= {name: value for name, value in vars(record).items() if name not in self._usual}
        if record.exc_info:
            fields["exception"] = repr(record.exc_info[1])
        return json.dumps(fields, default=str)


def log_to_stdout(service: str) -> None:
    """Send every record of the process to standard output."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
