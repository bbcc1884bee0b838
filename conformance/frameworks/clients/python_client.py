"""Sends signed requests, which are told on standard input, one JSON object on a line: python_client.py CLIENT.

The answer to each is one line, too.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import sys
from typing import Any

import aiohttp
import httpx
import requests
import wiresign
from wiresign.aiohttp import Signing
from wiresign.client import ServiceClient, ServiceError
from wiresign.httpx import Auth
from wiresign.requests import Auth as RequestsAuth


def typed(told: dict[str, Any]) -> dict[str, str]:
    """Say what a body is, where there is one."""
    return {} if told["type"] is None else {"Content-Type": told["type"]}


@functools.cache
def config_of(file: str) -> wiresign.Config:
    """Read each configuration once."""
    return wiresign.Config.from_file(file)


@functools.cache
def signer_of(file: str) -> wiresign.Signer:
    """Make one signer of each configuration."""
    return wiresign.Signer(config_of(file), target="orders")


@functools.cache
def httpx_client() -> httpx.Client:
    """Make one client, since each reads all certificates of this machine."""
    return httpx.Client()


def by_httpx(told: dict[str, Any], body: bytes | None) -> tuple[int, str]:
    """Send a request by httpx."""
    url = told["url"] + told["target"]
    auth = Auth(signer_of(told["config"]))
    answer = httpx_client().request(told["method"], url, content=body, headers=typed(told), auth=auth)
    return answer.status_code, answer.text


def by_requests(told: dict[str, Any], body: bytes | None) -> tuple[int, str]:
    """Send a request by requests."""
    with requests.Session() as session:
        session.auth = RequestsAuth(signer_of(told["config"]))
        url = told["url"] + told["target"]
        answer = session.request(told["method"], url, data=body, headers=typed(told))
        return answer.status_code, answer.text


def by_aiohttp(told: dict[str, Any], body: bytes | None) -> tuple[int, str]:
    """Send a request by aiohttp."""

    async def send() -> tuple[int, str]:
        signing = Signing(signer_of(told["config"]), told["url"])
        async with (
            aiohttp.ClientSession(told["url"], middlewares=[signing]) as session,
            session.request(told["method"], told["target"], data=body, headers=typed(told)) as answer,
        ):
            return answer.status, await answer.text()

    return asyncio.run(send())


@functools.cache
def service_client(file: str, url: str) -> ServiceClient:
    """Make one client of each configuration, too."""
    return ServiceClient(config_of(file), "orders", url=url)


def by_service_client(told: dict[str, Any], body: bytes | None) -> tuple[int, str]:
    """Send a request by the client of the package."""
    client = service_client(told["config"], told["url"])
    try:
        answer = client.request(told["method"], told["target"], content=body, headers=typed(told))
    except ServiceError as error:
        if error.response is None:
            raise
        answer = error.response
    return answer.status_code, answer.text


CLIENTS = {
    "httpx": by_httpx,
    "requests": by_requests,
    "aiohttp": by_aiohttp,
    "ServiceClient": by_service_client,
}


def main() -> None:
    """Answer every line."""
    send = CLIENTS[sys.argv[1]]
    for line in sys.stdin:
        told = json.loads(line)
        try:
            status, text = send(told, None if told["body"] is None else base64.b64decode(told["body"]))
            said: dict[str, object] = {"status": status, "body": text}
        # Whatever a client says, the line is answered.
        except Exception as failure:
            said = {"error": repr(failure)}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
