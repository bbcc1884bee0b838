"""What the package exports, compared with the contract of all languages, in both directions."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import pytest

import wiresign

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONTRACT = Path(__file__).parents[2] / "conformance" / "contract"
API = tomllib.loads((CONTRACT / "api.toml").read_text("utf-8"))
REFUSALS = tomllib.loads((CONTRACT / "refusals.toml").read_text("utf-8"))

# What Python offers beyond the contract, because its users expect it.
ADDITIONS = {"Config": {"from_file"}, "RefusalResponse": {"headers"}}
# Methods of the contract that only read, and so are properties in Python.
READ_AS_PROPERTIES = {("Refusal", "response")}
# How Python spells the arguments of the contract.
ARGUMENTS = {
    "request": ["method", "target", "headers", "body"],
    "head": ["method", "target", "headers"],
    "response": ["status", "headers", "body"],
    "answered": ["method", "target", "request_headers"],
    "json": ["document"],
    "lookup": ["env"],
    "bytes": ["data"],
}
# What may be absent in the contract, and has to be said to be absent in Python.
EXPLICIT = {("TokenIssuer", "caller")}
KEYWORDS = {"Verifier": {"authority", "client"}, "Signer": {"authority"}}


def is_for_python(entry: dict[str, Any]) -> bool:
    return "python" in entry.get("languages", API["languages"])


TYPES = [entry for entry in API["type"] if is_for_python(entry)]
MEMBERS = [
    pytest.param(entry["name"], member, id=f"{entry['name']}.{member['name']}")
    for entry in TYPES
    for member in entry["member"]
    if is_for_python(member)
]


@pytest.mark.parametrize(("type_name", "member"), MEMBERS)
def test_member_is_there(type_name: str, member: dict[str, Any]) -> None:
    cls = getattr(wiresign, type_name)
    if member["name"] == "new":
        check_arguments(type_name, cls, member)
        return
    if type_name == "ConfigError":
        assert hasattr(cls([]), member["name"])
        return
    attribute = inspect.getattr_static(cls, member["name"])
    if member["kind"] == "property" or (type_name, member["name"]) in READ_AS_PROPERTIES:
        assert not callable(attribute)
        assert hasattr(attribute, "__get__")
    else:
        check_arguments(type_name, getattr(cls, member["name"]), member)


def check_arguments(type_name: str, call: Any, member: dict[str, Any]) -> None:
    expected: list[str] = []
    for argument in member.get("arguments", []):
        expected += ARGUMENTS.get(argument["name"], [argument["name"]])
    parameters = inspect.signature(call).parameters
    names = [name for name in parameters if name != "self"]
    extra = KEYWORDS.get(type_name, set()) if "method" in expected and "headers" in expected else set()
    if "request_headers" in expected:
        extra = {"authority"}
    assert sorted(names) == sorted([*expected, *extra])
    for argument in member.get("arguments", []):
        if argument["type"].endswith("?") and (type_name, argument["name"]) not in EXPLICIT:
            for name in ARGUMENTS.get(argument["name"], [argument["name"]]):
                assert parameters[name].default is None


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry["name"]) for entry in TYPES])
def test_nothing_is_there_that_the_contract_lacks(entry: dict[str, Any]) -> None:
    public = {name for name in vars(getattr(wiresign, entry["name"])) if not name.startswith("_")}
    contract = {member["name"] for member in entry["member"] if is_for_python(member)} - {"new"}
    # An attribute that __init__ sets is no entry of the class.
    instance_attributes = {"problems"} if entry["name"] == "ConfigError" else set()
    assert public | instance_attributes == contract | ADDITIONS.get(entry["name"], set())


def test_the_package_exports_the_contract_and_no_more() -> None:
    contract = {
        entry["name"] for key in ("type", "function", "enumeration") for entry in API[key] if is_for_python(entry)
    }
    assert set(wiresign.__all__) == contract | {"__version__"}
    assert wiresign.__version__ == API["version"]


def test_functions_have_the_defaults_of_the_contract() -> None:
    for function in API["function"]:
        parameters = inspect.signature(getattr(wiresign, function["name"])).parameters
        assert list(parameters) == [argument["name"] for argument in function["arguments"]]
        for argument in function["arguments"]:
            assert parameters[argument["name"]].default == argument["default"]
            for value in argument["values"]:
                assert getattr(wiresign, function["name"])(value)


def test_enumerations_are_those_of_the_contract() -> None:
    assert [code.value for code in wiresign.RefusalCode] == [entry["name"] for entry in REFUSALS["refusal"]]
    assert [code.value for code in wiresign.FailureCode] == [entry["name"] for entry in REFUSALS["failure"]]


def test_adapters_export_what_the_contract_says() -> None:
    adapters = [adapter for adapter in API["adapter"] if adapter["language"] == "python"]
    assert adapters
    for adapter in adapters:
        module = importlib.import_module(adapter["module"])
        assert set(adapter["exports"]) <= set(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)
