"""Run all that judges the bindings, one stage after the other, and print one table and one verdict.

    conformance/stages/run.py [ARGUMENT OF `wiresign-conformance run`]...

What a stage prints is kept in target/conformance/stages/, and shown here only where the stage fails. A stage that fails
does not stop the others. `just conformance` builds first what is judged.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
REPORT = "target/conformance"
LOGS = ROOT / REPORT / "stages"
RUNNER = "target/release/wiresign-conformance"

ROW = "{:<22} {:<7} {:>6}  {}"


@dataclass(frozen=True)
class Stage:
    """One of the programs that judge."""

    name: str
    command: tuple[str, ...]
    seconds: float | None = None
    """How long it takes at most on an idle machine, where that is promised. Longer on a busy one is no defect."""


@dataclass(frozen=True)
class End:
    """How a stage ended."""

    stage: Stage
    status: int
    printed: str
    took: float

    @property
    def is_slow(self) -> bool:
        """Whether it took longer than was promised of an idle machine."""
        return self.stage.seconds is not None and self.took > self.stage.seconds

    @property
    def has_passed(self) -> bool:
        """Whether it found nothing wrong."""
        return self.status == 0

    def row(self) -> str:
        """Write the row of the table: what the stage says of itself is its last line."""
        lines = [line for line in self.printed.splitlines() if line.strip()]
        said = lines[-1].strip() if lines else "nothing"
        if self.is_slow:
            said += f"; SLOW, over {self.stage.seconds:.0f} s"
        return ROW.format(self.stage.name, "passed" if self.has_passed else "FAILED", f"{self.took:.0f} s", said)


def stages(arguments: Sequence[str]) -> list[Stage]:
    """List the stages. The arguments are for the run of the vectors."""
    report = ("--report", REPORT)
    return [
        Stage("canaries", (RUNNER, "run", "--canary")),
        Stage("vectors", (RUNNER, "run", "--require", "--peers", *report, *arguments)),
        Stage("published packages", (RUNNER, "run", "--require", "--packages")),
        Stage("matrix", (RUNNER, "matrix", "--require", *report)),
        Stage(
            "diff", (RUNNER, "diff", "--require", "--peers", "--seed", "31", "--count", "200000", *report), seconds=300
        ),
        Stage("report", (RUNNER, "page", REPORT)),
        Stage("a new scheme", ("conformance/new-scheme/run",)),
        Stage(
            "framework differences",
            (
                sys.executable,
                "conformance/frameworks/compare.py",
                "--check",
                "Flask, gunicorn",
                "node:http",
                "axum",
                "Rack, Puma",
            ),
        ),
        Stage(
            "HTTP matrix goes red", (sys.executable, "-m", "unittest", "conformance/frameworks/tests/test_matrix.py")
        ),
        Stage("HTTP matrix, small", (sys.executable, "conformance/frameworks/matrix.py", "--small", *report)),
    ]


def run(stage: Stage) -> End:
    """Run one stage."""
    start = time.monotonic()
    done = subprocess.run(
        stage.command,
        cwd=ROOT,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{stage.name}.txt").write_text(done.stdout, encoding="utf-8")
    return End(stage, done.returncode, done.stdout, time.monotonic() - start)


def verdict(ends: Sequence[End]) -> str:
    """Write the last line."""
    took = f"{sum(end.took for end in ends):.0f} s"
    failed = [end.stage.name for end in ends if not end.has_passed]
    if failed:
        return f"conformance: FAILED in {took}: {', '.join(failed)}"
    return f"conformance: all {len(ends)} stages passed in {took}"


def judge(listed: Sequence[Stage], perform: Callable[[Stage], End], say: Callable[[str], None]) -> int:
    """Run the stages, and say how they ended."""
    say(ROW.format("stage", "", "took", "its last line"))
    ends = []
    for stage in listed:
        ends.append(perform(stage))
        say(ends[-1].row())
    for end in ends:
        if end.status != 0:
            say(f"\n{end.stage.name}: {' '.join(end.stage.command)} ended with {end.status}\n{end.printed.rstrip()}")
    say("\n" + verdict(ends))
    return 0 if all(end.has_passed for end in ends) else 1


def main() -> int:
    """Run all stages."""
    return judge(stages(sys.argv[1:]), run, lambda line: print(line, flush=True))


if __name__ == "__main__":
    sys.exit(main())
