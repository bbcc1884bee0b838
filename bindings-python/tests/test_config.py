from __future__ import annotations

import copy
import json
import pickle
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

import wiresign
from support import ENV, config, document

if TYPE_CHECKING:
    from pathlib import Path


def test_a_document_is_text_or_a_mapping() -> None:
    for source in (json.dumps(document("orders")), document("orders"), MappingProxyType(document("orders"))):
        parsed = wiresign.Config.parse(source, env=MappingProxyType(ENV))
        assert parsed.service == "orders"
        assert parsed.environment is None
        assert sorted(parsed.service_ids) == ["billing", "orders", "shop"]
        assert parsed.url("shop") == "https://shop.internal:8443"
        assert parsed.url("orders") is None
        assert parsed.url("nobody") is None
        assert parsed.body_limit == 10_485_760


def test_all_problems_come_at_once() -> None:
    with pytest.raises(wiresign.ConfigError) as caught:
        wiresign.Config.parse({"service": "no such id!", "window": {"past": 0}, "typo": 1}, env={})
    pointers = [problem.pointer for problem in caught.value.problems]
    assert {"/service", "/window/past", "/typo"} <= set(pointers)
    assert all(isinstance(problem, wiresign.Problem) and problem.message for problem in caught.value.problems)
    assert "/typo" in str(caught.value)
    assert isinstance(caught.value, ValueError)
    copied = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert copied.problems == caught.value.problems


def test_env_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    assert wiresign.Config.parse(document("orders")).service == "orders"
    with pytest.raises(wiresign.ConfigError) as caught:
        wiresign.Config.parse(document("orders"), env={})
    assert "/services/orders/keys/0/secret" in {problem.pointer for problem in caught.value.problems}


def test_from_env() -> None:
    parsed = wiresign.Config.from_env(
        {"SERVICE_ID": "orders", "SERVICE_SECRET": ENV["ORDERS_SECRET"], "ALLOWED_SERVICES": "billing"}
        | {"BILLING_SECRET": ENV["BILLING_SECRET"]}
    )
    assert parsed.service == "orders"
    assert "billing" in parsed.service_ids
    with pytest.raises(wiresign.ConfigError):
        wiresign.Config.from_env({})


def test_from_file(tmp_path: Path) -> None:
    path = tmp_path / "wiresign.json"
    path.write_text(json.dumps(document("orders")))
    assert wiresign.Config.from_file(path, env=ENV).service == "orders"
    assert wiresign.Config.from_file(str(path), env=ENV).service == "orders"
    path.write_bytes(b'{"service": "\xff"}')
    with pytest.raises(wiresign.ConfigError) as caught:
        wiresign.Config.from_file(path)
    assert [problem.pointer for problem in caught.value.problems] == [""]
    with pytest.raises(FileNotFoundError) as missing:
        wiresign.Config.from_file(tmp_path / "missing.json")
    assert missing.value.filename == str(tmp_path / "missing.json")
    assert "missing.json" in str(missing.value)
    with pytest.raises(IsADirectoryError):
        wiresign.Config.from_file(tmp_path)


def test_a_secret_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(ENV["ORDERS_SECRET"] + "\n")
    services = {"orders": {"keys": [{"secret": f"file:{secret}"}]}}
    assert wiresign.Config.parse({"service": "orders", "services": services}).service == "orders"


def test_literal_secrets_are_warned_of() -> None:
    services = {"orders": {"keys": [{"secret": f"literal:{ENV['ORDERS_SECRET']}"}]}}
    warnings = wiresign.Config.parse({"service": "orders", "services": services}).warnings
    assert "/services/orders/keys/0/secret" in {warning.pointer for warning in warnings}
    assert not any(ENV["ORDERS_SECRET"] in warning.message for warning in warnings)


@pytest.mark.parametrize("bad", [None, 1, b"{}", ["service"], object()])
def test_a_document_of_another_type_is_a_type_error(bad: object) -> None:
    with pytest.raises(TypeError):
        wiresign.Config.parse(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [1, "A=b", ["A"], {"A": 1}, {1: "a"}])
def test_env_of_another_type_is_a_type_error(bad: object) -> None:
    with pytest.raises(TypeError):
        wiresign.Config.parse("{}", env=bad)  # type: ignore[arg-type]


def test_hostile_documents_are_errors_and_no_crashes() -> None:
    for text in ("", "{", "[]", "null", "\ud800", '{"service":"a","service":"b"}', "[" * 100_000, '{"service":1e999}'):
        with pytest.raises(wiresign.ConfigError):
            wiresign.Config.parse(text, env={})
    with pytest.raises(ValueError, match="Out of range"):
        wiresign.Config.parse({"service": float("nan")})
    circular: dict[str, object] = {}
    circular["services"] = circular
    with pytest.raises((ValueError, RecursionError)):
        wiresign.Config.parse(circular)
    with pytest.raises(TypeError):
        wiresign.Config.parse({"service": object()})


def test_env_entries_that_are_no_text_count_as_not_set() -> None:
    with pytest.raises(wiresign.ConfigError) as caught:
        wiresign.Config.parse(document("orders"), env=ENV | {"ORDERS_SECRET": "\udcff" * 40})
    assert [problem.pointer for problem in caught.value.problems] == ["/services/orders/keys/0/secret"]


def test_no_secret_is_shown() -> None:
    parsed = config()
    for text in (repr(parsed), str(parsed), f"{parsed}"):
        assert "orders" in text
        assert not any(secret in text for secret in ENV.values())


def test_a_config_is_not_pickled_copied_or_changed() -> None:
    parsed = config()
    for act in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            act(parsed)
    with pytest.raises(AttributeError):
        parsed.service = "billing"  # type: ignore[misc]
    with pytest.raises(TypeError):
        wiresign.Config()


def test_generated_secrets_are_fresh_and_usable() -> None:
    assert len(wiresign.generate_secret()) == 64
    assert len(wiresign.generate_secret("base64")) == 44
    assert len({wiresign.generate_secret() for _ in range(100)}) == 100
    with pytest.raises(ValueError, match="hex"):
        wiresign.generate_secret("binary")
    with pytest.raises(TypeError):
        wiresign.generate_secret(1)  # type: ignore[arg-type]
