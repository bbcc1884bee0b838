"""Says what has moved since the committed results: `python3 bench/check.py [--some] COMMITTED MEASURED`.

Both are files of results; `--some` says that the second one holds only a part. Compares ratios and never times: what a
row is beside its peer, its floor or a count, not how long it took. Each file holds what several runs measured, so each
knows its own noise. A row has moved where the two ranges, each widened by as much again as it is wide, do not meet and
the middles are further apart than MOST_STILL. Exits with 1 where something got worse, or is gone; with 0 otherwise.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

MOST_STILL = 0.03
"""A change of less than this share is no news, however still the machine was."""

BETTER_IS_MORE = {"faster"}
RATIOS = {"times", "faster", "count", "bytes"}
"""Units that mean the same on every machine. Bytes and counts are no times either."""

OF_THE_FLOOR = "over floor"
"""Nanoseconds over the floor, which become a ratio by the compression that the same run measured."""

TIMES_IN_A_NAME = re.compile(
    r"[\d.]+(?= (?:of [\d.]+ )?(?:ns|B an entry)\b)|[\d.]+(?= against [\d.]+ ns)|(?<=of )[\d.]+(?= ns)"
)


@dataclass(frozen=True)
class Range:
    """What the runs measured of one row."""

    low: float
    middle: float
    high: float

    def widened(self) -> tuple[float, float]:
        """As wide again on both sides: a few runs have not seen all noise."""
        width = self.high - self.low
        return self.low - width, self.high + width


@dataclass(frozen=True)
class Moved:
    """A row that is not what it was."""

    name: str
    change: float
    """The share by which the middle has changed; more than 0 is worse."""

    def text(self) -> str:
        """Say it in one line."""
        word = "worse" if self.change > 0 else "better"
        return f"{abs(self.change) * 100:5.1f} % {word}  {self.name}"


def ratios(results: dict[str, Any]) -> dict[str, tuple[bool, Range]]:
    """Give the rows that can be compared, by their names without times: whether more is better, and their range."""
    floors = [row["runs"] for row in results["rows"] if row["id"] == "F"]
    found: dict[str, tuple[bool, Range]] = {}
    for row in results["rows"]:
        runs = row["runs"]
        if row["unit"] == OF_THE_FLOOR and floors:
            runs = [run / floor for run, floor in zip(runs, floors[0], strict=True)]
        elif row["unit"] not in RATIOS:
            continue
        name = f"{row['id']} {TIMES_IN_A_NAME.sub('#', row['what'])}"
        # Two ways to be refused may have the same code.
        while name in found:
            name += " (another)"
        found[name] = (row["unit"] in BETTER_IS_MORE, Range(min(runs), median(runs), max(runs)))
    return found


def moved(before: tuple[bool, Range], after: tuple[bool, Range]) -> float:
    """Give the share by which a row got worse (more than 0) or better (less), or 0 where that may be noise."""
    more_is_better, old = before
    new = after[1]
    (old_low, old_high), (new_low, new_high) = old.widened(), new.widened()
    if old_low <= new_high and new_low <= old_high:
        return 0.0
    change = (new.middle - old.middle) / old.middle if old.middle else float(new.middle != 0)
    if abs(change) < MOST_STILL:
        return 0.0
    return -change if more_is_better else change


def compare(committed: dict[str, Any], measured: dict[str, Any]) -> tuple[list[Moved], list[str], int]:
    """Give what has moved, what is no longer measured, and how many rows were compared."""
    before, after = ratios(committed), ratios(measured)
    changes = [Moved(name, moved(before[name], after[name])) for name in before if name in after]
    gone = [name for name in before if name not in after]
    return [change for change in changes if change.change], gone, len(changes)


def main() -> int:
    """Compare two files."""
    files = [argument for argument in sys.argv[1:] if argument != "--some"]
    if len(files) != 2:
        sys.exit("usage: check.py [--some] COMMITTED MEASURED")
    committed, measured = (json.loads(Path(name).read_text()) for name in files)
    changes, gone, compared = compare(committed, measured)
    if "--some" in sys.argv:
        gone = []
    for change in sorted(changes, key=lambda change: -change.change):
        print(change.text())
    for name in gone:
        print(f"not measured any more: {name}")
    worse = sum(change.change > 0 for change in changes)
    print(f"bench-check: {compared} ratios compared, {worse} worse, {len(changes) - worse} better, {len(gone)} gone")
    return 1 if worse or gone else 0


if __name__ == "__main__":
    sys.exit(main())
