"""The lint goes red on each fault that it is there for."""

from __future__ import annotations

import copy
import json
import tempfile
import unittest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import generate
from lint import CONFORMANCE, Lint, lint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Document = dict[str, Any]

TEXTS = generate.files()
REAL: dict[str, Document] = {name: json.loads(text) for name, text in TEXTS.items()}


def trimmed(document: Document) -> Document:
    """Leave out tests that are to the lint as another one before them, so that linting takes no time."""
    seen = set()
    small = copy.deepcopy(document)
    for group in small["groups"]:
        kept = []
        for test in group["tests"]:
            verdicts = [(list(step["expect"]), step["expect"].get("refused")) for step in test["steps"]]
            kind = json.dumps([test["flags"], test["origin"] == "self", verdicts])
            if kind not in seen:
                kept.append(test)
            seen.add(kind)
        group["tests"] = kept
    small["groups"] = [group for group in small["groups"] if group["tests"]]
    return small


GOOD = {name: trimmed(document) for name, document in REAL.items()}
"""Files on which the lint is green: what turns it red is the fault alone."""


def judged(files: Mapping[str, Document | str], contract: Path = CONFORMANCE / "contract") -> Lint:
    """Lint these files in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        for name, document in files.items():
            text = document if isinstance(document, str) else json.dumps(document)
            Path(folder, name).write_text(text, encoding="utf-8")
        return lint(Path(folder), contract)


def first_test(document: Document) -> Document:
    """Return the first test of a file."""
    test: Document = document["groups"][0]["tests"][0]
    return test


class LintOfTheRealFiles(unittest.TestCase):
    def test_is_green(self) -> None:
        self.assertEqual(judged(REAL).problems, [])

    def test_is_green_on_the_trimmed_ones_too(self) -> None:
        self.assertEqual(judged(GOOD).problems, [])


class LintOfADamagedFile(unittest.TestCase):
    def damaged(self, damage: Callable[[Document], object], name: str = "replay.json") -> list[str]:
        """Return what is found after one file was damaged."""
        document = copy.deepcopy(GOOD[name])
        damage(document)
        return judged(GOOD | {name: document}).problems

    def assert_found(self, damage: Callable[[Document], object], *texts: str) -> None:
        """Check that exactly one problem is found, and what it says."""
        problems = self.damaged(damage)
        self.assertEqual(len(problems), 1, problems)
        for text in texts:
            self.assertIn(text, problems[0])

    def test_an_unknown_member(self) -> None:
        problems = self.damaged(lambda file: file.update(extra=1))
        self.assertIn("replay.json: /extra: not a known member", problems)

    def test_a_missing_member(self) -> None:
        problems = self.damaged(lambda file: first_test(file).pop("comment"))
        self.assertIn("replay.json: /groups/0/tests/0: without comment", problems)

    def test_a_third_verdict(self) -> None:
        problems = self.damaged(lambda file: first_test(file)["steps"][0].update(expect={"maybe": "REPLAYED_REQUEST"}))
        self.assertTrue(any("/steps/0" in problem for problem in problems), problems)

    def test_a_field_that_no_result_has(self) -> None:
        problems = self.damaged(lambda file: first_test(file)["steps"][0].update(expect={"ok": {"caller": "x"}}))
        self.assertTrue(any("/caller: not a known member" in problem for problem in problems), problems)

    def test_a_test_without_flags(self) -> None:
        problems = self.damaged(lambda file: first_test(file).update(flags=[]))
        self.assertTrue(any("/flags" in problem for problem in problems), problems)

    def test_no_origin(self) -> None:
        problems = self.damaged(lambda file: first_test(file).update(origin=""))
        self.assertTrue(any("/origin" in problem for problem in problems), problems)

    def test_loose_base64(self) -> None:
        problems = self.damaged(lambda file: first_test(file)["steps"][0]["request"].update(body={"base64": "w6k"}))
        self.assertTrue(any("/body" in problem for problem in problems), problems)

    def test_a_pointer_that_is_none(self) -> None:
        problems = self.damaged(lambda file: first_test(file)["steps"][0].update(expect={"config_errors": ["a~b"]}))
        self.assertTrue(any("config_errors" in problem for problem in problems), problems)

    def test_a_repeated_id(self) -> None:
        def damage(file: Document) -> None:
            file["groups"][0]["tests"][1]["id"] = first_test(file)["id"]

        self.assert_found(damage, "2 tests have this id")

    def test_an_id_of_another_suite(self) -> None:
        self.assert_found(lambda file: first_test(file).update(id="policy/fine"), "does not begin with")

    def test_a_suite_that_is_not_the_files_name(self) -> None:
        problems = judged(
            {**{name: file for name, file in GOOD.items() if name != "sign.json"}, "x.json": GOOD["sign.json"]}
        )
        self.assertEqual(problems.problems, ["x.json: holds the suite sign"])

    def test_a_flag_that_is_not_explained(self) -> None:
        self.assert_found(lambda file: first_test(file)["flags"].append("Odd"), "Odd is used and not explained")

    def test_a_flag_that_is_not_used(self) -> None:
        self.assert_found(
            lambda file: file["notes"].update(Odd={"meaning": "m", "rules": []}), "Odd is explained and not used"
        )

    def test_a_rule_that_is_not_in_the_contract(self) -> None:
        self.assert_found(lambda file: file["notes"]["Replay"]["rules"].append(99), "cites rule 99")

    def test_a_code_that_is_not_in_the_contract(self) -> None:
        self.assert_found(
            lambda file: first_test(file)["steps"][1].update(expect={"refused": "NO"}), "NO is no refusal"
        )

    def test_a_failure_that_is_not_in_the_contract(self) -> None:
        document = copy.deepcopy(GOOD["sign.json"])
        for group in document["groups"]:
            for test in group["tests"]:
                if "failed" in test["steps"][0]["expect"]:
                    test["steps"][0]["expect"] = {"failed": "REPLAYED_REQUEST"}
        problems = judged(GOOD | {"sign.json": document}).problems
        self.assertTrue(problems)
        self.assertTrue(all("is no failure of the contract" in problem for problem in problems), problems)

    def test_a_code_of_another_scheme(self) -> None:
        self.assert_found(
            lambda file: first_test(file)["steps"][1].update(expect={"refused": "RATE_LIMITED"}),
            "RATE_LIMITED",
            "must leave the list",
        )

    def test_pointers_out_of_order(self) -> None:
        def damage(file: Document) -> None:
            first_test(file)["steps"][1]["expect"] = {"config_errors": ["/b", "/a"]}

        self.assert_found(damage, "not sorted")

    def test_chunks_longer_than_the_body(self) -> None:
        def damage(file: Document) -> None:
            step = first_test(file)["steps"][0]
            step.update(op="verify_stream", chunks=[1000])

        self.assert_found(damage, "the chunks are longer than the body")

    def test_a_member_that_is_there_twice(self) -> None:
        text = json.dumps(GOOD["replay.json"]).replace('"suite": "replay"', '"suite": "replay", "suite": "replay"')
        problems = judged(GOOD | {"replay.json": text}).problems
        self.assertTrue(any("a member is there twice" in problem for problem in problems), problems)

    def test_no_json(self) -> None:
        problems = judged(GOOD | {"replay.json": "{"}).problems
        self.assertTrue(any("replay.json: not JSON" in problem for problem in problems), problems)


class LintOfAllFilesTogether(unittest.TestCase):
    def test_no_tests(self) -> None:
        self.assertEqual(judged({}).problems, ["there are no tests"])

    def test_too_few_refusals(self) -> None:
        files = copy.deepcopy(GOOD)
        for document in files.values():
            for group in document["groups"]:
                group["tests"] = [test for test in group["tests"] if "ok" in test["steps"][-1]["expect"]] or group[
                    "tests"
                ][:1]
        problems = judged(files).problems
        self.assertTrue(any("of the tests must refuse; 50% is the least" in problem for problem in problems), problems)

    def test_too_many_that_judge_themselves(self) -> None:
        files = copy.deepcopy(GOOD)
        for name in ("service-hmac.json", "service-hmac-v2.json", "replay.json", "jwt.json", "templates.json"):
            for group in files[name]["groups"]:
                for test in group["tests"]:
                    test["origin"] = "self"
        (problem,) = judged(files).problems
        self.assertIn("have the origin self; 20% is the most", problem)

    def test_a_code_that_no_test_expects(self) -> None:
        files = {name: document for name, document in GOOD.items() if "BODY_TOO_LARGE" not in json.dumps(document)}
        self.assertIn("no test expects BODY_TOO_LARGE", judged(files).problems)

    def test_a_rule_that_no_test_stands_for(self) -> None:
        files = copy.deepcopy(GOOD)
        for document in files.values():
            for note in document["notes"].values():
                note["rules"] = [rule for rule in note["rules"] if rule != 36]
        self.assertEqual(judged(files).problems, ["no test that must refuse stands for rule 36 of rules.toml"])

    def test_a_rule_whose_tests_only_succeed(self) -> None:
        files = copy.deepcopy(GOOD)
        for document in files.values():
            for group in document["groups"]:
                group["tests"] = [test for test in group["tests"] if "OneAuthority" not in test["flags"]] or group[
                    "tests"
                ]
            document["notes"].pop("OneAuthority", None)
        genuine = first_test(files["rfc9421.json"])
        self.assertIn("ok", genuine["steps"][-1]["expect"])
        genuine["flags"].append("OneAuthority")
        files["rfc9421.json"]["notes"]["OneAuthority"] = REAL["rfc9421.json"]["notes"]["OneAuthority"]
        self.assertEqual(judged(files).problems, ["no test that must refuse stands for rule 17 of rules.toml"])

    def test_a_rule_that_names_tests_which_are_not_there(self) -> None:
        for test in (
            "core/tests/nowhere.rs::a",
            "core/tests/failure_limits.rs::nobody",
            "core/tests/failure_limits.rs",
        ):
            with tempfile.TemporaryDirectory() as folder:
                for name in ("refusals.toml", "rules.toml"):
                    text = (CONFORMANCE / "contract" / name).read_text(encoding="utf-8")
                    if name == "rules.toml":
                        text += f'\n[[rule]]\nnumber = 99\ntitle = "t"\ntests = ["{test}"]\n'
                    Path(folder, name).write_text(text, encoding="utf-8")
                self.assertEqual(
                    judged(GOOD, Path(folder)).problems, [f"rule 99 of rules.toml: there is no test {test}"]
                )

    def test_a_new_code_in_the_contract(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("refusals.toml", "rules.toml"):
                text = (CONFORMANCE / "contract" / name).read_text(encoding="utf-8")
                if name == "refusals.toml":
                    text = '[[refusal]]\nname = "BRAND_NEW"\n' + text
                Path(folder, name).write_text(text, encoding="utf-8")
            self.assertEqual(judged(GOOD, Path(folder)).problems, ["no test expects BRAND_NEW"])


class Generator(unittest.TestCase):
    def test_writes_the_same_files_each_time(self) -> None:
        self.assertEqual(generate.files(), TEXTS)

    def test_sees_a_changed_a_missing_and_a_strange_file(self) -> None:
        expected = {"a.json": "1\n", "b.json": "2\n", "c.json": "3\n"}
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("a.json", "1\n"), ("b.json", "2"), ("d.json", "4\n")):
                Path(folder, name).write_text(text, encoding="utf-8")
            self.assertEqual(generate.differences(expected, Path(folder)), ["b.json", "c.json", "d.json"])

    def test_a_vector_that_was_removed_edited_or_doubled_is_seen(self) -> None:
        def edited(tests: list[Document]) -> None:
            tests[0]["steps"][-1]["expect"] = {"refused": "INVALID_SIGNATURE"}

        for change in (lambda tests: tests.pop(), edited, lambda tests: tests.append(tests[0])):
            document = copy.deepcopy(REAL["replay.json"])
            change(document["groups"][0]["tests"])
            with tempfile.TemporaryDirectory() as folder:
                for name, text in TEXTS.items():
                    Path(folder, name).write_text(text, encoding="utf-8")
                Path(folder, "replay.json").write_text(json.dumps(document), encoding="utf-8")
                self.assertEqual(generate.differences(TEXTS, Path(folder)), ["replay.json"])
