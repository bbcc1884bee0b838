"""The examples of the README run when they are copied out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from servers import free_port
from support import ENV

if TYPE_CHECKING:
    from collections.abc import Iterator

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"^```python\n# (\w+\.py)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in EXAMPLES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command, cwd=folder, env=os.environ | ENV) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            assert httpx.get(url).json() == {"status": "up"}
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the example did not start")


def run(folder: Path, name: str) -> str:
    command = [sys.executable, name]
    done = subprocess.run(command, cwd=folder, env=os.environ | ENV, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_all_examples_are_known() -> None:
    assert set(EXAMPLES) == {"app.py", "call.py", "plain.py"}
    assert README.count("```python") == len(EXAMPLES)
    assert next(iter(EXAMPLES)) == "app.py"


def test_the_service_and_its_caller(folder: Path, address: str) -> None:
    call = folder / "call.py"
    call.write_text(call.read_text("utf-8").replace("127.0.0.1:8000", address), "utf-8")
    assert re.fullmatch(
        r"200 \{'content': \{'amount': 7\}, 'made_by': 'billing', 'request': '[0-9a-f-]{36}'\}\n",
        run(folder, "call.py"),
    )
    assert httpx.post(f"http://{address}/invoices", json={"amount": 7}).json()["code"] == "AUTHENTICATION_REQUIRED"


def test_the_plain_example(folder: Path) -> None:
    first, second = run(folder, "plain.py").splitlines()
    service, key_id, age = first.split()
    assert (service, key_id) == ("billing", "1")
    assert 0 <= int(age) <= 60
    assert second.startswith("401 REPLAYED_REQUEST ")
