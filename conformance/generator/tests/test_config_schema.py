"""The published schema of the config against the verdicts that the vectors demand.

Needs the package `jsonschema`: the schema is judged by somebody else's reading of the standard.
"""

from __future__ import annotations

import json
import unittest
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "core/schema/wiresign.schema.json").read_text())


def documents() -> list[tuple[str, object, bool]]:
    """Return each document of the vectors by the id of a test, and whether it is accepted."""
    found: list[tuple[str, object, bool]] = []
    for file in sorted((ROOT / "conformance/vectors").glob("*.json")):
        for group in json.loads(file.read_text())["groups"]:
            # What is given as text is not JSON, or repeats a member, which no schema can see.
            if "config" in group:
                for test in group["tests"]:
                    accepted = "config_errors" not in test["steps"][0]["expect"]
                    found.append((test["id"], group["config"], accepted))
    return found


class ConfigSchema(unittest.TestCase):
    """What editors show must agree with what the start of a service says."""

    def setUp(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.validator = jsonschema.Draft202012Validator(SCHEMA)

    def test_accepts_every_document_that_is_accepted(self) -> None:
        accepted = [(name, document) for name, document, is_accepted in documents() if is_accepted]
        self.assertGreater(len(accepted), 1000)
        refused = [name for name, document in accepted if not self.validator.is_valid(document)]
        self.assertEqual(refused, [])

    def test_refuses_most_documents_that_are_refused(self) -> None:
        bad = [document for _, document, is_accepted in documents() if not is_accepted]
        caught = sum(not self.validator.is_valid(document) for document in bad)
        # The others are about secrets, dates and names that refer to one another, which a schema cannot judge.
        self.assertGreater(caught, len(bad) / 2)
