"""Every conformance vector, judged here in Python's own runner. The driver's `handle` is the only door used."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import wiresign
from wiresign import conformance_driver
from wiresign._codes import STATUS

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"
FILES = sorted(VECTORS.glob("*.json"))


def cases() -> list[Any]:
    found = []
    for file in FILES:
        suite = json.loads(file.read_text("utf-8"))
        found += [pytest.param(group, test, id=test["id"]) for group in suite["groups"] for test in group["tests"]]
    return found


def test_there_are_vectors() -> None:
    assert FILES, f"no vectors in {VECTORS.name}"


@pytest.mark.parametrize(("group", "test"), cases())
def test_vector(group: dict[str, Any], test: dict[str, Any]) -> None:
    case: dict[str, Any] = {key: group[key] for key in ("config", "config_text", "env") if key in group}
    case |= {"id": test["id"], "steps": test["steps"]}
    # Over JSON and back, as the runner does it.
    answer = json.loads(json.dumps(conformance_driver.handle(json.loads(json.dumps(case)))))
    assert answer["id"] == test["id"]
    assert len(answer["results"]) == len(test["steps"])
    for step, result in zip(test["steps"], answer["results"], strict=True):
        judge(step["expect"], result)


def judge(expect: dict[str, Any], result: dict[str, Any]) -> None:
    [(kind, wanted)] = expect.items()
    assert kind in result, f"expected {expect}, got {result}"
    got = result[kind]
    if kind == "ok":
        assert comparable({key: got[key] for key in wanted}) == comparable(wanted)
    elif kind == "refused":
        assert got["code"] == wanted
        assert got["status"] == STATUS[wiresign.RefusalCode(wanted)]
    elif kind == "config_errors":
        assert sorted({problem["pointer"] for problem in got}) == sorted(set(wanted))
    else:
        assert got["code"] == wanted


def comparable(fields: dict[str, Any]) -> dict[str, Any]:
    """Put warnings down to their places, and texts, which may be given in two ways, down to their bytes."""
    plain = dict(fields)
    if "warnings" in plain:
        places = [found["pointer"] if isinstance(found, dict) else found for found in plain["warnings"]]
        plain["warnings"] = sorted(places)
    if "message" in plain:
        message = plain["message"]
        plain["message"] = message.encode() if isinstance(message, str) else base64.b64decode(message["base64"])
    return plain


def test_the_judge_goes_red() -> None:
    with pytest.raises(AssertionError):
        judge({"refused": "INVALID_SIGNATURE"}, {"ok": {}})
    with pytest.raises(AssertionError):
        judge({"refused": "INVALID_SIGNATURE"}, {"refused": {"code": "UNKNOWN_SERVICE", "status": 401}})
    with pytest.raises(AssertionError):
        judge({"ok": {"service": "a"}}, {"ok": {"service": "b"}})
    with pytest.raises(AssertionError):
        judge({"config_errors": ["/service"]}, {"config_errors": [{"pointer": "/accept", "message": ""}]})
    with pytest.raises(AssertionError):
        judge({"ok": {}}, {"crashed": "no"})


def test_the_driver_speaks_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    case = {"id": "a", "config": {"service": "orders", "services": {}}, "steps": [{"op": "check"}, {"op": "no"}]}
    lines = f"{json.dumps(case)}\n\n{json.dumps(case | {'id': 'b', 'config_text': '{'})}\n"
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    conformance_driver.main()
    hello, first, second = (json.loads(line) for line in output.getvalue().splitlines())
    assert hello["protocol"] == 1
    assert hello["binding"] == "python"
    assert first["id"] == "a"
    assert "warnings" in first["results"][0]["ok"]
    assert "crashed" in first["results"][1]
    assert [problem["pointer"] for problem in second["results"][0]["config_errors"]] == [""]
