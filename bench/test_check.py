"""The comparison goes red on doctored results, and stays quiet in noise."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import unittest
from copy import deepcopy
from pathlib import Path
from typing import Any

import check

RESULTS: dict[str, Any] = {
    "rows": [
        {"id": "F", "what": "one SHA-256 compression", "unit": "nanoseconds", "runs": [32.0, 33.0, 32.0]},
        {"id": "R1", "what": "verify against F: 318 of 263 ns", "unit": "times", "runs": [1.20, 1.22, 1.21]},
        {"id": "R2", "what": "whole verify: 810 ns, F = 341 ns", "unit": "over floor", "runs": [320.0, 330.0, 325.0]},
        {"id": "N1", "what": "Node (1575 ns) against by hand (3239 ns)", "unit": "faster", "runs": [2.0, 2.1, 2.05]},
        {"id": "R3", "what": "allocations", "unit": "count", "runs": [0.0, 0.0, 0.0]},
        {"id": "T1", "what": "whole verify of stripe", "unit": "nanoseconds", "runs": [900.0, 910.0, 905.0]},
    ]
}


def changed(row: int, factor: float) -> list[check.Moved]:
    """Give what is said of results in which one row is another."""
    doctored = deepcopy(RESULTS)
    doctored["rows"][row]["runs"] = [run * factor for run in doctored["rows"][row]["runs"]]
    return check.compare(RESULTS, doctored)[0]


class Check(unittest.TestCase):
    """What has moved."""

    def test_the_same_has_not_moved(self) -> None:
        self.assertEqual(check.compare(RESULTS, RESULTS), ([], [], 4))

    def test_a_ratio_that_rose_is_worse(self) -> None:
        self.assertGreater(changed(1, 1.2)[0].change, 0)

    def test_a_ratio_that_fell_is_better(self) -> None:
        self.assertLess(changed(1, 0.8)[0].change, 0)

    def test_less_of_faster_is_worse(self) -> None:
        self.assertGreater(changed(3, 0.7)[0].change, 0)

    def test_the_whole_verify_is_compared_in_compressions(self) -> None:
        self.assertGreater(changed(2, 1.5)[0].change, 0)
        slower = deepcopy(RESULTS)
        for row in (0, 2, 5):
            slower["rows"][row]["runs"] = [run * 1.5 for run in slower["rows"][row]["runs"]]
        self.assertEqual(check.compare(RESULTS, slower)[0], [])

    def test_a_time_is_not_compared(self) -> None:
        self.assertEqual(changed(5, 3.0), [])

    def test_what_the_runs_differ_in_anyway_is_noise(self) -> None:
        noisy = deepcopy(RESULTS)
        noisy["rows"][1]["runs"] = [1.20, 1.45, 1.30]
        self.assertEqual(check.compare(RESULTS, noisy)[0], [])

    def test_a_count_that_was_nothing_is_worse(self) -> None:
        doctored = deepcopy(RESULTS)
        doctored["rows"][4]["runs"] = [1.0, 1.0, 1.0]
        self.assertEqual([change.name for change in check.compare(RESULTS, doctored)[0]], ["R3 allocations"])

    def test_times_in_a_name_do_not_make_another_row(self) -> None:
        renamed = deepcopy(RESULTS)
        renamed["rows"][1]["what"] = "verify against F: 400 of 250 ns"
        renamed["rows"][3]["what"] = "Node (15.5 ns) against by hand (9 ns)"
        self.assertEqual(check.compare(RESULTS, renamed)[1], [])

    def test_a_row_that_is_gone_is_named(self) -> None:
        self.assertEqual(check.compare(RESULTS, {"rows": RESULTS["rows"][:4]})[1], ["R3 allocations"])

    def test_the_program_ends_with_1_on_a_doctored_result(self) -> None:
        doctored = deepcopy(RESULTS)
        doctored["rows"][1]["runs"] = [1.0, 1.0, 1.0]
        with tempfile.TemporaryDirectory() as name:
            committed, measured = Path(name) / "committed.json", Path(name) / "measured.json"
            committed.write_text(json.dumps(doctored))
            measured.write_text(json.dumps(RESULTS))
            command = [sys.executable, check.__file__]
            red = subprocess.run([*command, committed, measured], check=False, capture_output=True, text=True)
            green = subprocess.run([*command, measured, measured], check=False, capture_output=True, text=True)
        self.assertEqual(red.returncode, 1)
        self.assertIn("21.0 % worse  R1 verify against F: # of # ns", red.stdout)
        self.assertEqual(
            (green.returncode, green.stdout), (0, "bench-check: 4 ratios compared, 0 worse, 0 better, 0 gone\n")
        )


if __name__ == "__main__":
    unittest.main()
