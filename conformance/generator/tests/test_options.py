"""The comparison of the described options with the published JSON Schema goes red on each kind of difference."""

from __future__ import annotations

import copy
import json
import tomllib
import unittest
from typing import Any

from lint import CONFIG_SCHEMA, CONFORMANCE
from options import differences

OPTIONS: list[dict[str, Any]] = tomllib.loads((CONFORMANCE / "contract" / "api.toml").read_text("utf-8"))["option"]
SCHEMA: dict[str, Any] = json.loads(CONFIG_SCHEMA.read_text("utf-8"))


class Options(unittest.TestCase):
    def changed(self, path: str, **changes: Any) -> list[str]:
        """Return what is found after one option was changed."""
        options = copy.deepcopy(OPTIONS)
        (option,) = [option for option in options if option["path"] == path]
        option.update(changes)
        return differences(options, SCHEMA)

    def test_are_those_of_the_schema(self) -> None:
        self.assertEqual(differences(OPTIONS, SCHEMA), [])

    def test_that_differ_are_named(self) -> None:
        for path, changes in (
            ("/window/past", {"default": 60}),
            ("/window/past", {"minimum": 0}),
            ("/window/future", {"maximum": 3600}),
            ("/services/*/keys", {"maximum": 9}),
            ("/reveal", {"values": ["code"]}),
            ("/replay/store", {"values": ["memory"]}),
            ("/service", {"required": False}),
            ("/routes/*/strict", {"required": True}),
        ):
            problems = self.changed(path, **changes)
            self.assertEqual(len(problems), 1, f"{path} {changes}: {problems}")
            self.assertIn(path, problems[0])

    def test_that_are_on_one_side_only_are_named(self) -> None:
        without = [option for option in OPTIONS if option["path"] != "/reveal"]
        self.assertEqual(differences(without, SCHEMA), ["api.toml: lacks the option /reveal of the JSON Schema"])
        problems = differences([*OPTIONS, {"path": "/odd"}], SCHEMA)
        self.assertEqual(problems, ["api.toml: the option /odd is not in the JSON Schema"])
