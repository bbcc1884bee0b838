"""Every program of docs/python runs when it is copied out, behind the real server that its page names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import wiresign
from redis_server import redis_server
from servers import free_port, running
from support import ENV
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = Path(__file__).parents[2] / "docs" / "python"
CONFIG = json.loads(re.search(r"```json\n(.*?)```", (PAGES / "README.md").read_text("utf-8"), re.DOTALL)[1])  # type: ignore[index]

# What serves each program, as its page says.
SERVERS = {
    ("fastapi.md", "app.py"): ["uvicorn", "app:app", "--port", "{port}"],
    ("asgi.md", "app.py"): ["uvicorn", "app:app", "--port", "{port}"],
    ("asgi.md", "litestar_app.py"): ["hypercorn", "litestar_app:app", "--bind", "127.0.0.1:{port}"],
    ("flask.md", "app.py"): ["gunicorn", "--bind", "127.0.0.1:{port}", "app:app"],
    ("flask.md", "wsgi_app.py"): ["gunicorn", "--bind", "127.0.0.1:{port}", "wsgi_app:app"],
    ("django.md", "app.py"): ["gunicorn", "--bind", "127.0.0.1:{port}", "app:application"],
    ("aiohttp.md", "app.py"): ["app", "{port}"],
    ("replay.md", "app.py"): ["uvicorn", "app:app", "--port", "{port}", "--workers", "2"],
    ("operations.md", "app.py"): ["uvicorn", "app:app", "--port", "{port}", "--no-proxy-headers"],
}
WITH_INVOICES = {"fastapi.md", "django.md", "aiohttp.md"}
TOKENS = {("tokens.md", f"{name}.py") for name in ("identity", "orders", "call", "make_key")}
CALLERS = [("aiohttp.md", "call.py"), ("client.md", "call.py"), ("client.md", "signed.py")]


def programs(page: str) -> dict[str, str]:
    text = (PAGES / page).read_text("utf-8")
    found = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert text.count("```python") == len(found), f"a program of {page} has no name"
    return found


def prepare(folder: Path, page: str, port: int) -> dict[str, str]:
    """Write the programs of a page and the config, and give the environment to run them in."""
    for name, program in programs(page).items():
        (folder / name).write_text(program, "utf-8")
    document = json.loads(json.dumps(CONFIG).replace("127.0.0.1:8000", f"127.0.0.1:{port}"))
    if page == "replay.md":
        document |= json.loads(re.findall(r"```json\n(.*?)```", (PAGES / page).read_text("utf-8"), re.DOTALL)[0])
    (folder / "wiresign.json").write_text(json.dumps(document), "utf-8")
    secrets = {"DJANGO_SECRET_KEY": "of-the-tests-only"}
    return ENV | secrets | {"SERVICE_ID": "orders", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if "replay.md" not in request.node.name:
        yield {}
        return
    with redis_server() as store:
        yield {"REDIS_URL": f"redis://127.0.0.1:{store.port}"}


def test_every_program_is_known() -> None:
    found = {(page.name, name) for page in PAGES.glob("*.md") for name in programs(page.name)}
    assert found == {*SERVERS, *CALLERS, *TOKENS}


@pytest.mark.parametrize(("page", "program"), SERVERS)
def test_a_service(page: str, program: str, tmp_path: Path, redis_url: dict[str, str]) -> None:
    port = free_port()
    env = prepare(tmp_path, page, port) | redis_url
    command = [part.replace("{port}", str(port)) for part in SERVERS[page, program]]
    said = (PAGES / page).read_text("utf-8")
    if program == "app.py":
        assert f"{command[0]}" in said
    document = json.loads((tmp_path / "wiresign.json").read_text("utf-8"))
    signer = wiresign.Signer(wiresign.Config.parse(document | {"service": "billing"}, env=ENV), "orders")
    shop = wiresign.Signer(wiresign.Config.parse(document | {"service": "shop"}, env=ENV), "orders")
    with (
        running(command, port, folder=tmp_path, env=env),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        assert client.get("/health").json() == {"status": "up"}
        assert client.get("/orders/7").json()["code"] == "AUTHENTICATION_REQUIRED"
        for turn in range(10):
            answer = client.get(f"/orders/{turn}", auth=Auth(signer))
            assert answer.json() == {"number": turn, "asked_by": "billing"}
            headers = [(name, value) for name, value in answer.request.headers.items() if name.startswith("x-")]
            assert client.get(f"/orders/{turn}", headers=headers).json()["code"] == "REPLAYED_REQUEST"
        if page in WITH_INVOICES or (program == "app.py" and page == "flask.md"):
            assert client.post("/invoices", json={"amount": 7}, auth=Auth(signer)).json()["made_by"] == "billing"
            refused = client.post("/invoices", json={"amount": 7}, auth=Auth(shop))
            assert (refused.status_code, refused.json()["code"]) == (403, "SERVICE_NOT_ALLOWED")
        if page == "operations.md":
            shown = client.get("/metrics/", auth=Auth(signer)).text
            assert 'wiresign_requests_refused_total{code="REPLAYED_REQUEST"} 10.0' in shown


@pytest.mark.parametrize(("page", "program"), CALLERS)
def test_a_caller(page: str, program: str, tmp_path: Path) -> None:
    port = free_port()
    env = prepare(tmp_path, page, port)
    (tmp_path / "app.py").write_text(programs("fastapi.md")["app.py"], "utf-8")
    with running(["uvicorn", "app:app", "--port", str(port), "--log-level", "error"], port, folder=tmp_path, env=env):
        done = subprocess.run(
            [sys.executable, program],
            cwd=tmp_path,
            env=os.environ | env | {"SERVICE_ID": "billing"},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    answer = "{'number': 7, 'asked_by': 'billing'}"
    expected = {
        ("aiohttp.md", "call.py"): [f"200 {answer}"],
        ("client.md", "call.py"): [answer, "HTTP_STATUS 404 1", "True"],
        ("client.md", "signed.py"): [answer, answer],
    }
    assert done.stdout.splitlines() == expected[page, program]


def test_a_token_from_its_issuer_to_its_route(tmp_path: Path) -> None:
    ports = {"8000": str(free_port()), "8001": str(free_port())}
    for name, program in programs("tokens.md").items():
        (tmp_path / name).write_text(program, "utf-8")
    for text in re.findall(r"```json\n(.*?)```", (PAGES / "tokens.md").read_text("utf-8"), re.DOTALL):
        document = re.sub("127.0.0.1:(8000|8001)", lambda found: f"127.0.0.1:{ports[found[1]]}", text)
        (tmp_path / f"{json.loads(text)['service']}.json").write_text(document, "utf-8")

    def run(program: str) -> str:
        return subprocess.run(
            [sys.executable, program],
            cwd=tmp_path,
            env=os.environ | ENV,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
            check=True,
        ).stdout

    def uvicorn(app: str, port: str) -> Any:
        command = ["uvicorn", app, "--port", port, "--log-level", "error"]
        return running(command, int(port), folder=tmp_path, env=ENV)

    assert run("make_key.py") == ""
    with uvicorn("identity:app", ports["8001"]), uvicorn("orders:app", ports["8000"]):
        assert run("call.py").splitlines() == ["{'number': 7, 'asked_by': 'billing'}", "PERMISSION_DENIED"]
