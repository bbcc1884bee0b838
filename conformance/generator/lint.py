"""Holds the vector files, and the contract that they cite, to their rules: `python3 conformance/generator/lint.py`.

Prints each problem and exits with 1 where there is one. Needs Python 3.11 and nothing else.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import generate
import options
import schema

CONFORMANCE = Path(__file__).resolve().parent.parent

CONFIG_SCHEMA = CONFORMANCE.parent / "core" / "schema" / "wiresign.schema.json"

LEAST_REFUSALS = 0.5
"""The least share of tests whose last step must not succeed."""

MOST_SELF = 0.2
"""The greatest share of tests whose expected values come from the library that is judged."""

CODES_OF_OTHER_SCHEMES = {
    "RATE_LIMITED",
}
"""Refusals that the schemes of these vectors cannot give; each leaves this list with the scheme that can."""

Test = dict[str, Any]


@dataclass
class Lint:
    """Looks at every file of a folder, and gathers what is wrong."""

    codes: set[str]
    failures: set[str]
    rules: dict[int, list[str]]
    form: dict[str, Any]
    problems: list[str] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    covered_rules: set[int] = field(default_factory=set)
    """Rules for which a test must refuse, or fails to sign, or finds a document wrong."""

    def file(self, path: Path) -> None:
        """Look at one file alone."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_repeats)
        except ValueError as error:
            self.problems.append(f"{path.name}: not JSON: {error}")
            return
        faults = schema.check(document, self.form, self.form)
        if faults:
            self.problems += [f"{path.name}: {fault}" for fault in faults]
            return  # What follows relies on the form.
        if document["suite"] != path.stem:
            self.problems.append(f"{path.name}: holds the suite {document['suite']}")
        tests = [test for group in document["groups"] for test in group["tests"]]
        self.tests += tests
        self._flags(path, document["notes"], tests)
        for test in tests:
            if not test["id"].startswith(f"{document['suite']}/"):
                self.problems.append(f"{test['id']}: does not begin with the name of its suite, {document['suite']}")
            for step in test["steps"]:
                self._step(test, step)

    def _flags(self, path: Path, notes: dict[str, Any], tests: list[Test]) -> None:
        used = {flag for test in tests for flag in test["flags"]}
        for flag in sorted(used - notes.keys()):
            self.problems.append(f"{path.name}: the flag {flag} is used and not explained")
        for flag in sorted(notes.keys() - used):
            self.problems.append(f"{path.name}: the flag {flag} is explained and not used")
        for flag in sorted(notes.keys() & used):
            cited = set(notes[flag].get("rules", []))
            if any(flag in test["flags"] and _refuses(test) for test in tests):
                self.covered_rules |= cited
            for rule in sorted(cited - self.rules.keys()):
                self.problems.append(f"{path.name}: the flag {flag} cites rule {rule}, which is not in rules.toml")

    def _step(self, test: Test, step: dict[str, Any]) -> None:
        expect = step["expect"]
        if expect.get("refused", next(iter(self.codes))) not in self.codes:
            self.problems.append(f"{test['id']}: {expect['refused']} is no refusal of the contract")
        if expect.get("failed", next(iter(self.failures))) not in self.failures:
            self.problems.append(f"{test['id']}: {expect['failed']} is no failure of the contract")
        for pointers in (expect.get("config_errors", []), expect.get("ok", {}).get("warnings", [])):
            if pointers != sorted(pointers):
                self.problems.append(f"{test['id']}: the pointers are not sorted")
        if step["op"] == "verify_stream" and sum(step["chunks"]) > _length(step["request"]["body"]):
            self.problems.append(f"{test['id']}: the chunks are longer than the body")

    def whole(self) -> None:
        """Look at all files together."""
        for identifier, count in Counter(test["id"] for test in self.tests).items():
            if count > 1:
                self.problems.append(f"{identifier}: {count} tests have this id")
        if not self.tests:
            self.problems.append("there are no tests")
            return
        refusing = sum("ok" not in test["steps"][-1]["expect"] for test in self.tests) / len(self.tests)
        if refusing < LEAST_REFUSALS:
            self.problems.append(f"only {refusing:.0%} of the tests must refuse; {LEAST_REFUSALS:.0%} is the least")
        own = sum(test["origin"] == "self" for test in self.tests) / len(self.tests)
        if own > MOST_SELF:
            self.problems.append(f"{own:.0%} of the tests have the origin self; {MOST_SELF:.0%} is the most")
        seen = {step["expect"].get("refused") for test in self.tests for step in test["steps"]}
        for code in sorted(self.codes - CODES_OF_OTHER_SCHEMES - seen):
            self.problems.append(f"no test expects {code}")
        for code in sorted(CODES_OF_OTHER_SCHEMES & seen):
            self.problems.append(f"a test expects {code}, so it must leave the list of other schemes' codes in lint.py")
        for rule, elsewhere in sorted(self.rules.items()):
            if rule not in self.covered_rules and not elsewhere:
                self.problems.append(f"no test that must refuse stands for rule {rule} of rules.toml")
            for test in elsewhere:
                path, _, name = test.partition("::")
                if not name or not _is_test(CONFORMANCE.parent / path, name):
                    self.problems.append(f"rule {rule} of rules.toml: there is no test {test}")


def lint(vectors: Path, contract: Path = CONFORMANCE / "contract") -> Lint:
    """Look at all vector files of a folder."""
    codes = tomllib.loads((contract / "refusals.toml").read_text(encoding="utf-8"))
    rules = tomllib.loads((contract / "rules.toml").read_text(encoding="utf-8"))
    judge = Lint(
        codes={row["name"] for row in codes["refusal"]},
        failures={row["name"] for row in codes["failure"]},
        rules={row["number"]: row.get("tests", []) for row in rules["rule"]},
        form=json.loads((CONFORMANCE / "schema" / "vectors.schema.json").read_text(encoding="utf-8")),
    )
    for path in sorted(vectors.glob("*.json")):
        judge.file(path)
    judge.whole()
    return judge


def _refuses(test: Test) -> bool:
    return any("ok" not in step["expect"] for step in test["steps"])


def _is_test(path: Path, name: str) -> bool:
    """Say whether a file has a test of this name: a function in most languages, a text in JavaScript."""
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    return re.search(rf"\b(?:fn|def|func|void) {re.escape(name)}\(|\bit\(\"{re.escape(name)}\"", text) is not None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _length(body: str | dict[str, str]) -> int:
    return len(body.encode()) if isinstance(body, str) else len(base64.b64decode(body["base64"]))


def main() -> int:
    """Run the program."""
    judge = lint(generate.VECTORS)
    problems = [*judge.problems]
    problems += [
        f"{name}: differs from what generate.py writes"
        for name in generate.differences(generate.files(), generate.VECTORS)
    ]
    api = tomllib.loads((CONFORMANCE / "contract" / "api.toml").read_text(encoding="utf-8"))
    problems += options.differences(api["option"], json.loads(CONFIG_SCHEMA.read_text(encoding="utf-8")))
    for problem in problems:
        print(problem)
    refusing = sum("ok" not in test["steps"][-1]["expect"] for test in judge.tests)
    print(f"{len(judge.tests)} tests, {refusing} of them must refuse, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
