from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import wiresign
from support import NOW, code_of, config

TENANT = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"
SECRET = "literal:3b9f6a1c8d2e4705b1c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9f1a3b5c7d9e1f3a5"
OTHER = "literal:9c8b7a695f4e3d2c1b0a99887766554433221100ffeeddccbbaa998877665544"


def contexts(*keys: dict[str, str]) -> wiresign.Contexts:
    return wiresign.Contexts(config(contexts={"keys": list(keys) or [{"id": "one", "secret": SECRET}]}))


def test_a_context_is_signed_and_verified() -> None:
    made = contexts()
    signature = made.sign(TENANT, ["user", "admin", "user"], now=NOW)
    assert signature == made.sign(TENANT, {"admin": 1, "user": 2}, now=NOW)
    found = made.verify(TENANT, ("admin", "user"), signature, now=NOW)
    assert (found.tenant, found.roles) == (TENANT, ("admin", "user"))
    assert found.has_role("admin")
    assert not found.has_role("root")
    assert (found.key_id, found.key_is_retiring) == ("one", False)
    assert found.matched
    assert TENANT not in repr(found)
    assert made.message(TENANT, ["b", "a"]) == f"auth-context-v1\n{TENANT}\na\nb\n".encode()
    assert made.sign(TENANT, [], now=NOW) != signature


def test_refusals() -> None:
    made = contexts()
    signature = made.sign(TENANT, ["user"], now=NOW)
    for code, tenant, roles, given in [
        ("INVALID_SIGNATURE", TENANT, ["user", "admin"], signature),
        ("INVALID_SIGNATURE", TENANT, ["user"], "0" * 64),
        ("MALFORMED_SIGNATURE", TENANT, ["user"], signature.upper()),
        ("MALFORMED_SIGNATURE", TENANT, ["user"], "\ud800"),
        ("MALFORMED_REQUEST", TENANT.upper(), ["user"], signature),
        ("MALFORMED_REQUEST", "\ud800", ["user"], signature),
        ("MALFORMED_REQUEST", TENANT, ["\ud800"], signature),
        ("MALFORMED_REQUEST", TENANT, ["r"] * 10_000, signature),
    ]:
        assert code_of(made.verify, tenant, roles, given, now=NOW) == code
    text = made.metrics().prometheus()
    assert "INVALID_SIGNATURE" in text


def test_what_cannot_be_signed_or_asked() -> None:
    with pytest.raises(wiresign.SigningError, match="keys for contexts"):
        wiresign.Contexts(config())
    made = contexts()
    for tenant, roles in [("x", ["user"]), (TENANT, ["\n"])]:
        with pytest.raises(wiresign.SigningError):
            made.sign(tenant, roles)
    wrong: list[Any] = [(TENANT, "admin"), (TENANT, [1]), (1, []), (TENANT, None)]
    for arguments in wrong:
        with pytest.raises(TypeError):
            made.sign(*arguments)
    with pytest.raises(wiresign.SigningError, match="keys for contexts"):
        made.replace(config())


def test_keys_are_exchanged() -> None:
    made = contexts()
    signature = made.sign(TENANT, ["user"], now=NOW)
    made.replace(config(contexts={"keys": [{"id": "two", "secret": OTHER}, {"secret": SECRET, "state": "retiring"}]}))
    assert made.verify(TENANT, ["user"], signature, now=NOW).key_is_retiring
    assert made.verify(TENANT, ["user"], made.sign(TENANT, ["user"], now=NOW), now=NOW).key_id == "two"


def test_only_a_verification_makes_one_and_nothing_is_copied() -> None:
    made = contexts()
    with pytest.raises(TypeError):
        wiresign.VerifiedContext()
    for thing in (made, made.verify(TENANT, [], made.sign(TENANT, []))):
        for act in (copy.copy, pickle.dumps):
            with pytest.raises(TypeError):
                act(thing)
