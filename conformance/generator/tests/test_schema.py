"""The validator: what fits, what does not, and what it will not pretend to check."""

from __future__ import annotations

import unittest
from typing import Any

from schema import check

CASES: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({"type": "object"}, [{}], [[], "", 1, None]),
    ({"type": ["string", "null"]}, ["", None], [0, {}]),
    ({"type": "integer"}, [0, -1], [True, 1.0, "1"]),
    ({"type": "boolean"}, [True], [0, None]),
    ({"const": 1}, [1], [True, 2, "1", 1.0]),
    ({"enum": ["a", None]}, ["a", None], ["b", 0, False]),
    ({"required": ["a"]}, [{"a": 1}, 7], [{}, {"b": 1}]),
    (
        {"properties": {"a": {"type": "null"}}, "additionalProperties": False},
        [{}, {"a": None}],
        [{"a": 1}, {"b": None}],
    ),
    ({"additionalProperties": {"type": "string"}}, [{}, {"x": ""}], [{"x": 1}]),
    ({"propertyNames": {"pattern": "^a"}}, [{"a": 1}], [{"b": 1}]),
    ({"items": {"type": "null"}}, [[], [None, None]], [[1], [None, 1]]),
    ({"prefixItems": [{"type": "null"}], "items": False}, [[], [None]], [[1], [None, None]]),
    ({"pattern": "^a$"}, ["a", 1], ["b", "aa", "a\nb"]),
    ({"minLength": 1}, ["a"], [""]),
    ({"minProperties": 1}, [{"a": 1}], [{}]),
    ({"minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
    ({"uniqueItems": True}, [[1, 2]], [[1, 1], [{"a": 1}, {"a": 1}]]),
    ({"minimum": 1, "maximum": 2}, [1, 2, "9"], [0, 3]),
    ({"oneOf": [{"type": "null"}, {"type": "string"}]}, [None, ""], [1]),
    ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, [""], ["both"]),
    ({"allOf": [{"minimum": 1}, {"maximum": 1}]}, [1], [0, 2]),
    ({"$ref": "#/$defs/short", "$defs": {"short": {"maxItems": 1}}}, [[1]], [[1, 2]]),
]


class Validator(unittest.TestCase):
    def test_knows_what_fits_and_what_does_not(self) -> None:
        for form, good, bad in CASES:
            for value in good:
                self.assertEqual(check(value, form, form), [], f"{value} by {form}")
            for value in bad:
                self.assertNotEqual(check(value, form, form), [], f"{value} by {form}")

    def test_names_the_place(self) -> None:
        form = {"properties": {"a/b": {"items": {"type": "null"}}}}
        (problem,) = check({"a/b": [None, 1]}, form, form)
        self.assertTrue(problem.startswith("/a~1b/1: "), problem)

    def test_refuses_a_schema_that_it_does_not_know(self) -> None:
        unknown: list[dict[str, Any]] = [{"contains": {}}, {"type": "number"}]
        for form in unknown:
            with self.assertRaises(ValueError):
                check([], form, form)
