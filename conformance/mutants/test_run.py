"""Which mutants are tried: those of which nobody knows whether a test sees them."""

# ruff: noqa: D102 - a test is described by its name

from __future__ import annotations

import unittest
from dataclasses import replace

import run

FIRST = run.Mutant(suite="core", id="first", file="a.rs", find="x < 1", replace="x < 2")
SECOND = replace(FIRST, id="second", file="b.rs")
FILES = {"a.rs": "if x < 1 {}", "b.rs": "if x < 1 {}"}
KNOWN = {mutant.name: mutant.stamp(FILES[mutant.file]) for mutant in (FIRST, SECOND)}
LIST = """
[suite.core]
folder = "."
test = "true"
red = "^FAIL (.+)$"
"""
MUTANT = """
[[mutant]]
suite = "core"
id = "first"
file = "a.rs"
find = "x < 1"
replace = "x < 2"
"""


class Selection(unittest.TestCase):
    """Of a list, a record and some files."""

    def test_what_the_record_knows_is_not_tried(self) -> None:
        self.assertEqual(run.unknown([FIRST, SECOND], KNOWN, FILES.get), [])
        self.assertEqual(run.unknown([FIRST, SECOND], {}, FILES.get), [FIRST, SECOND])

    def test_a_change_of_the_file_concerns_its_mutants_alone(self) -> None:
        changed = FILES | {"b.rs": "if x < 1 {} // more"}
        self.assertEqual(run.unknown([FIRST, SECOND], KNOWN, changed.get), [SECOND])

    def test_a_change_far_away_does_not_concern_a_mutant(self) -> None:
        def around(before: str, after: str) -> str:
            return "\n".join([before, *["line"] * (run.NEAR - 1), "if x < 1 {}", *["line"] * (run.NEAR - 1), after])

        known = FIRST.stamp(around("", ""))
        self.assertEqual(FIRST.stamp(around("far away\n", "\nfar away")), known)
        self.assertNotEqual(FIRST.stamp(around("near", "")), known)
        self.assertNotEqual(FIRST.stamp(around("", "near")), known)

    def test_another_definition_is_another_mutant(self) -> None:
        for other in (replace(FIRST, find="< 1"), replace(FIRST, replace="x < 3"), replace(FIRST, file="b.rs")):
            self.assertEqual(run.unknown([other], KNOWN, FILES.get), [other])
        elsewhere = replace(FIRST, suite="python")
        self.assertEqual(run.unknown([elsewhere], KNOWN, FILES.get), [elsewhere])

    def test_a_place_is_there_once(self) -> None:
        self.assertEqual(run.misplaced([FIRST], FILES.get), [])
        gone, twice, nowhere = {"a.rs": ""}, {"a.rs": "x < 1; x < 1"}, {"b.rs": "x < 1"}
        for files in (gone, twice, nowhere):
            self.assertEqual(len(run.misplaced([FIRST], files.get)), 1)

    def test_samples_differ_between_commits_and_reach_everything(self) -> None:
        many = [replace(FIRST, id=str(number)) for number in range(10)]
        self.assertEqual(run.sample(many, 2, "commit"), run.sample(many, 2, "commit"))
        reached = {mutant.id for commit in range(100) for mutant in run.sample(many, 2, str(commit))}
        self.assertEqual(reached, {mutant.id for mutant in many})

    def test_what_a_commit_touches_is_sampled_first(self) -> None:
        many = [replace(FIRST, id=str(number), file=f"{number}.rs") for number in range(10)]
        for commit in range(20):
            chosen = run.sample(many, 3, str(commit), ["4.rs", "7.rs", "elsewhere.rs"])
            self.assertEqual(len(chosen), 3)
            self.assertEqual({mutant.id for mutant in chosen[:2]}, {"4", "7"})

    def test_the_list_names_each_mutant_once_and_its_suite(self) -> None:
        suites, mutants = run.listed(LIST + MUTANT)
        self.assertEqual((list(suites), mutants), (["core"], [FIRST]))
        wrong = (LIST + MUTANT + MUTANT, LIST + MUTANT.replace("core", "other"), LIST + MUTANT.replace("< 2", "< 1"))
        for text in wrong:
            self.assertRaises(run.BadListError, run.listed, text)


if __name__ == "__main__":
    unittest.main()
