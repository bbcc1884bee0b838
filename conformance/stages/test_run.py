"""One table and one verdict, which is red as soon as one stage is."""

# ruff: noqa: D102 - a test is described by its name

from __future__ import annotations

import sys
import unittest

import run

GOOD = run.Stage("good", (sys.executable, "-c", "print('first'); print('3 passed, 0 failed'); print()"))
BAD = run.Stage("bad", (sys.executable, "-c", "print('what went wrong'); raise SystemExit(4)"))


def ended(stage: run.Stage, status: int = 0, printed: str = "fine\n", took: float = 1.0) -> run.End:
    """Make an end of a stage that was not run."""
    return run.End(stage, status, printed, took)


class Judging(unittest.TestCase):
    """Of stages that are run, or said to be."""

    def said(self, stages: list[run.Stage], perform: object = None) -> tuple[int, list[str]]:
        said: list[str] = []
        status = run.judge(stages, perform if callable(perform) else ended, said.append)
        return status, said

    def test_all_that_pass_are_a_pass(self) -> None:
        status, said = self.said([GOOD, BAD])
        self.assertEqual((status, len(said)), (0, 4))
        self.assertEqual(said[-1], "\nconformance: all 2 stages passed in 2 s")

    def test_one_that_fails_is_shown_and_does_not_stop_the_others(self) -> None:
        status, said = self.said([BAD, GOOD], lambda stage: ended(stage, 4 if stage is BAD else 0, "what went wrong\n"))
        self.assertEqual(status, 1)
        self.assertIn("FAILED", said[1])
        self.assertIn("passed", said[2])
        self.assertIn("what went wrong", said[3])
        self.assertEqual(said[-1], "\nconformance: FAILED in 2 s: bad")

    def test_one_that_takes_too_long_is_named_and_has_not_failed(self) -> None:
        slow = run.Stage("slow", GOOD.command, seconds=300)
        for took, is_named in ((299.0, False), (301.0, True)):
            status, said = self.said([slow], lambda stage, took=took: ended(stage, took=took))
            self.assertEqual((status, "SLOW" in said[1]), (0, is_named))

    def test_a_stage_that_is_run_is_told_by_its_last_line_and_its_status(self) -> None:
        good, bad = run.run(GOOD), run.run(BAD)
        self.assertTrue(good.has_passed and good.row().endswith("3 passed, 0 failed"), good.row())
        self.assertEqual((bad.has_passed, bad.status), (False, 4))
        for end in (good, bad):
            kept = run.LOGS / f"{end.stage.name}.txt"
            self.assertEqual(kept.read_text(encoding="utf-8"), end.printed)
            kept.unlink()

    def test_arguments_are_for_the_vectors_alone(self) -> None:
        with_arguments = [stage.name for stage in run.stages(["--filter", "x"]) if "--filter" in stage.command]
        self.assertEqual(with_arguments, ["vectors"])


if __name__ == "__main__":
    unittest.main()
