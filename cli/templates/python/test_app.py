"""Who is let in, and who is not, asked of the running service over HTTP: `pytest`."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from wiresign import Config, Signer, generate_secret
from wiresign.client import ServiceClient

FOLDER = Path(__file__).parent
DOCUMENT = json.loads((FOLDER / "wiresign.json").read_text("utf-8"))
# Fresh ones: the tests need no secret of anybody.
SECRETS = {"@SERVICE_SECRET@": generate_secret(), "@CALLER_SECRET@": generate_secret()}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Run the service as it is run for real."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", @command@]
    with subprocess.Popen(command, cwd=FOLDER, env=os.environ | SECRETS) as server:
        try:
            wait_until_it_answers(f"http://127.0.0.1:{port}", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_until_it_answers(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(f"{url}/health")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the service did not start")


def config_of(service: str) -> Config:
    return Config.parse(DOCUMENT | {"service": service}, env=SECRETS)


def signed(method: str, path: str, body: bytes = b"", *, now: int | None = None) -> dict[str, str]:
    """Give the headers of a request of the caller."""
    return dict(Signer(config_of("@caller@"), "@service@").sign(method, path, (), body, now=now))


def test_everybody_may_ask_whether_it_is_up(url: str) -> None:
    assert httpx.get(f"{url}/health").json() == {"status": "ok"}


def test_a_known_caller_is_let_in(url: str) -> None:
    with ServiceClient(config_of("@caller@"), "@service@", url=url) as service:
        hello = service.get("/hello", params={"name": "you"}).json()
        assert hello == {"hello": "you", "caller": "@caller@"}
        echo = service.post("/echo", json={"amount": 7}).json()
        assert echo == {"received": {"amount": 7}, "caller": "@caller@"}


def test_strangers_are_not(url: str) -> None:
    refused = httpx.get(f"{url}/hello")
    assert (refused.status_code, refused.json()["code"]) == (401, "AUTHENTICATION_REQUIRED")
    forged = signed("GET", "/hello") | {"X-Signature": "v2=" + "0" * 64}
    assert httpx.get(f"{url}/hello", headers=forged).json()["code"] == "INVALID_SIGNATURE"


def test_what_was_signed_cannot_be_changed(url: str) -> None:
    body = b'{"amount": 7}'
    headers = signed("POST", "/echo", body)
    changed = httpx.post(f"{url}/echo", content=body.replace(b"7", b"70"), headers=headers)
    assert (changed.status_code, changed.json()["code"]) == (401, "INVALID_SIGNATURE")
    elsewhere = httpx.post(f"{url}/hello", content=body, headers=headers)
    assert elsewhere.json()["code"] == "INVALID_SIGNATURE"


def test_a_request_is_let_in_once(url: str) -> None:
    headers = signed("GET", "/hello")
    assert httpx.get(f"{url}/hello", headers=headers).status_code == 200
    assert httpx.get(f"{url}/hello", headers=headers).json()["code"] == "REPLAYED_REQUEST"


def test_a_request_has_its_time(url: str) -> None:
    late = signed("GET", "/hello", now=int(time.time()) - 3600)
    assert httpx.get(f"{url}/hello", headers=late).json()["code"] == "TIMESTAMP_OUTSIDE_WINDOW"
