"""Compares the options of `contract/api.toml` with the published JSON Schema of the config document."""

from __future__ import annotations

from typing import Any

Option = dict[str, Any]

COMPARED = {
    "default": ("default",),
    "minimum": ("minimum", "minItems"),
    "maximum": ("maximum", "maxItems"),
}
"""What an option says, and the keywords of the schema that say the same."""


def differences(options: list[Option], schema: dict[str, Any]) -> list[str]:
    """Say where the two disagree: in both directions for the options, and about what each of them may be."""
    described = {option["path"]: option for option in options}
    published = _members(schema, schema, "")
    problems = [
        f"api.toml: the option {path} is not in the JSON Schema" for path in sorted(described.keys() - published)
    ]
    problems += [
        f"api.toml: lacks the option {path} of the JSON Schema" for path in sorted(published.keys() - described)
    ]
    for path in sorted(described.keys() & published):
        option, member = described[path], published[path]
        for name, keywords in COMPARED.items():
            stated = next((member[keyword] for keyword in keywords if keyword in member), None)
            if option.get(name) != stated:
                problems.append(f"api.toml: {path}: {name} is {option.get(name)}, in the JSON Schema {stated}")
        elements = member.get("items", member)
        allowed = _resolve(elements, schema).get("enum")
        if allowed is not None and set(option.get("values", [])) != set(allowed):
            problems.append(f"api.toml: {path}: the values differ from those of the JSON Schema")
        if option.get("required", False) != member["required here"]:
            problems.append(f"api.toml: {path}: whether it is required differs from the JSON Schema")
    return problems


def _members(schema: dict[str, Any], root: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    """Every member that can be set, by its path; what only holds members is left out."""
    schema = _resolve(schema, root)
    found: dict[str, dict[str, Any]] = {}
    for name, member in schema.get("properties", {}).items():
        resolved = _resolve(member, root)
        if "properties" not in resolved:
            found[f"{path}/{name}"] = resolved | {"required here": name in schema.get("required", [])}
        found |= _members(resolved, root, f"{path}/{name}")
    for nested in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(nested, dict):
            found |= _members(nested, root, f"{path}/*")
    return found


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        target: Any = root
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        schema = target | {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    return schema
