"""A validator for the part of JSON Schema 2020-12 that the schema of the vector files uses.

It needs nothing installed, and it knows what it does not know: a keyword that it has no rule for is an error of the
schema, never something that is quietly not checked.
"""

from __future__ import annotations

import json
import re
from typing import Any

Schema = dict[str, Any]

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description"}


def check(value: Any, schema: Schema, root: Schema, place: str = "") -> list[str]:
    """Return what is wrong with the value, each with its JSON pointer."""
    problems: list[str] = []
    for keyword, wanted in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword == "$ref":
            problems += check(value, _resolve(wanted, root), root, place)
        elif keyword == "oneOf":
            problems += _one_of(value, wanted, root, place)
        elif keyword == "allOf":
            for part in wanted:
                problems += check(value, part, root, place)
        elif keyword in ("properties", "additionalProperties", "propertyNames"):
            problems += _members(value, keyword, schema, root, place)
        elif keyword in ("items", "prefixItems"):
            problems += _elements(value, keyword, schema, root, place)
        elif (fault := _fault(value, keyword, wanted)) is not None:
            problems.append(f"{place or '/'}: {fault}")
    return problems


def _resolve(reference: str, root: Schema) -> Schema:
    schema: Any = root
    for name in reference.removeprefix("#/").split("/"):
        schema = schema[name]
    return dict(schema)


def _one_of(value: Any, options: list[Schema], root: Schema, place: str) -> list[str]:
    outcomes = [check(value, option, root, place) for option in options]
    fitting = sum(not problems for problems in outcomes)
    if fitting == 1:
        return []
    if fitting > 1:
        return [f"{place or '/'}: fits {fitting} forms where it must fit one"]
    # The option that comes nearest tells most.
    return min(outcomes, key=len)


def _members(value: Any, keyword: str, schema: Schema, root: Schema, place: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    problems: list[str] = []
    for name, member in value.items():
        at = f"{place}/{name.replace('~', '~0').replace('/', '~1')}"
        if keyword == "properties" and name in known:
            problems += check(member, known[name], root, at)
        elif keyword == "propertyNames":
            problems += check(name, schema[keyword], root, at)
        elif keyword == "additionalProperties" and name not in known:
            rule = schema[keyword]
            problems += [f"{at}: not a known member"] if rule is False else check(member, rule, root, at)
    return problems


def _elements(value: Any, keyword: str, schema: Schema, root: Schema, place: str) -> list[str]:
    if not isinstance(value, list):
        return []
    first = schema.get("prefixItems", [])
    problems: list[str] = []
    for index, item in enumerate(value):
        at = f"{place}/{index}"
        if keyword == "prefixItems" and index < len(first):
            problems += check(item, first[index], root, at)
        elif keyword == "items" and index >= len(first):
            rule = schema[keyword]
            problems += [f"{at}: one element too many"] if rule is False else check(item, rule, root, at)
    return problems


def _fault(value: Any, keyword: str, wanted: Any) -> str | None:
    """What is wrong with the value by a keyword that looks at the value alone."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match keyword:
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            wrong = not any(_is_kind(value, kind) for kind in kinds)
        case "const":
            wrong = not _same(value, wanted)
        case "enum":
            wrong = not any(_same(value, option) for option in wanted)
        case "required":
            missing = [name for name in wanted if isinstance(value, dict) and name not in value]
            return f"without {', '.join(missing)}" if missing else None
        case "pattern":
            wrong = isinstance(value, str) and re.search(wanted, value) is None
        case "minLength":
            wrong = isinstance(value, str) and len(value) < wanted
        case "minProperties":
            wrong = isinstance(value, dict) and len(value) < wanted
        case "minItems":
            wrong = isinstance(value, list) and len(value) < wanted
        case "maxItems":
            wrong = isinstance(value, list) and len(value) > wanted
        case "uniqueItems":
            texts = [json.dumps(item, sort_keys=True) for item in value] if isinstance(value, list) else []
            wrong = wanted and len(texts) != len(set(texts))
        case "minimum":
            wrong = is_number and value < wanted
        case "maximum":
            wrong = is_number and value > wanted
        case _:
            raise ValueError(f"this validator has no rule for the keyword {keyword}")
    return f"{json.dumps(value)[:60]} is against {keyword} {json.dumps(wanted)}" if wrong else None


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and bool(value == wanted)


def _is_kind(value: Any, kind: str) -> bool:
    match kind:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "null":
            return value is None
        case _:
            raise ValueError(f"this validator does not know the type {kind}")
