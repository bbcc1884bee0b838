"""Put each defect of mutants.toml into the code, and show that a test goes red.

    conformance/mutants/run.py [--all] [--only TEXT] [--suite NAME]... [--commit COMMIT]
    conformance/mutants/run.py --check
    conformance/mutants/run.py --sample COUNT

Works on a clone of the last commit in target/mutants, so that nothing of the work tree is touched; what has to be
built first, and is not what is broken, is taken from the work tree. A mutant that passes all tests has survived: then a
test is missing, or the mutant changes nothing that can be seen, and does not belong here.

`caught.json` is the record: it says of each mutant that was caught what it was, and what stood round the place that it
broke. Without an option only those are tried that the record does not know as they are now, and the record is written.
`--all` tries every one. `--check` builds nothing, says which the record does not know, and fails where there are any.
`--sample` tries again some that the record knows, other ones at each commit: those first whose file the commit has
touched. A record that is wrong does not stay unseen for ever.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "target" / "mutants"
TREE = PLACE / "tree"
LIST = Path(__file__).resolve().with_name("mutants.toml")
RECORD = Path(__file__).resolve().with_name("caught.json")

LONGEST = 1800
"""Seconds after which a build or a test is taken for one that hangs."""

NEAR = 12
"""How many lines before the place of a mutant, and behind it, are the code whose tests have to see it."""

Record = dict[str, str]
"""The stamps of the mutants that were caught, by their names."""


@dataclass(frozen=True)
class Suite:
    """How the tests are run that must see a mutant."""

    name: str
    folder: str
    test: str
    """A command that fails where a test does."""
    red: str
    """A pattern of a line in which the tests name one that failed; its group is that name."""
    build: str = "true"
    """A command that fails where the code is none."""
    prepare: str = "true"
    """A command that is run once, before anything is broken."""


@dataclass(frozen=True)
class Mutant:
    """One changed place."""

    suite: str
    id: str
    file: str
    find: str
    replace: str

    @property
    def name(self) -> str:
        """What it is called in the record and in what is printed."""
        return f"{self.suite}: {self.id}"

    def stamp(self, content: str) -> str:
        """Give what stays the same as long as this mutant and the lines round the place that it breaks do."""
        parts = [self.suite, self.id, self.file, self.find, self.replace, self.surroundings(content)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def surroundings(self, content: str) -> str:
        """Give what stands round the place in a file."""
        before, _, after = content.partition(self.find)
        return "\n".join([*before.split("\n")[-NEAR - 1 :], *after.split("\n")[: NEAR + 1]])


class BadListError(Exception):
    """The list of mutants cannot be what it is meant to be."""


def listed(text: str) -> tuple[dict[str, Suite], list[Mutant]]:
    """Read the list."""
    document = tomllib.loads(text)
    suites = {name: Suite(name=name, **suite) for name, suite in document["suite"].items()}
    mutants = [Mutant(**mutant) for mutant in document["mutant"]]
    names = [mutant.name for mutant in mutants]
    for name in names:
        if names.count(name) > 1:
            raise BadListError(f"{name}: two mutants have this name")
    for mutant in mutants:
        if mutant.suite not in suites:
            raise BadListError(f"{mutant.name}: no suite is called {mutant.suite}")
        if mutant.find == mutant.replace:
            raise BadListError(f"{mutant.name}: it changes nothing")
    return suites, mutants


def misplaced(mutants: Sequence[Mutant], content_of: Callable[[str], str | None]) -> list[str]:
    """Say of which mutants the place is not there, or not clear."""
    return [
        f"{mutant.name}: its text is not there exactly once in {mutant.file}"
        for mutant in mutants
        if (content_of(mutant.file) or "").count(mutant.find) != 1
    ]


def unknown(mutants: Sequence[Mutant], record: Record, content_of: Callable[[str], str | None]) -> list[Mutant]:
    """Give the mutants that the record does not know as they are now."""
    return [mutant for mutant in mutants if record.get(mutant.name) != mutant.stamp(content_of(mutant.file) or "")]


def sample(mutants: Sequence[Mutant], count: int, seed: str, touched: Collection[str] = ()) -> list[Mutant]:
    """Choose some mutants: the same ones for one seed, and others for another. Those of touched files come first."""

    def place(mutant: Mutant) -> tuple[bool, bytes]:
        return mutant.file not in touched, hashlib.sha256(f"{seed} {mutant.name}".encode()).digest()

    return sorted(mutants, key=place)[:count]


def touched_by(commit: str) -> list[str]:
    """Give the files that a commit has changed; none where its parent is not there, as in a shallow clone."""
    asked = ["git", "diff", "--name-only", f"{commit}~1", commit]
    done = subprocess.run(asked, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def in_folder(folder: Path) -> Callable[[str], str | None]:
    """Give a function that reads the files below a folder."""

    def read(name: str) -> str | None:
        path = folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    return read


def read_record() -> Record:
    """Read what was caught."""
    record: Record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    return record


def write_record(record: Record, mutants: Sequence[Mutant]) -> None:
    """Write what was caught, without what is no mutant any more."""
    names = {mutant.name for mutant in mutants}
    kept = {name: record[name] for name in sorted(record) if name in names}
    RECORD.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def check() -> int:
    """Say what the record does not know."""
    _, mutants = listed(LIST.read_text(encoding="utf-8"))
    record = read_record()
    content_of = in_folder(ROOT)
    problems = misplaced(mutants, content_of)
    problems += [f"{mutant.name}: to be tried again" for mutant in unknown(mutants, record, content_of)]
    problems += [f"{name}: no such mutant" for name in record.keys() - {mutant.name for mutant in mutants}]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(
            "conformance/mutants/caught.json is out of date: commit, run `just mutants`, and commit it", file=sys.stderr
        )
    return 1 if problems else 0


def clone(commit: str) -> None:
    """Bring the clone to a commit. What is as it was keeps its time, so that little is built again."""
    if not (TREE / ".git").exists():
        TREE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", "--shared", ROOT, TREE], check=True)
    subprocess.run(["git", "checkout", "--quiet", "--force", "--detach", commit], cwd=TREE, check=True)


def resolve(commit: str) -> str:
    """Give the id of a commit."""
    asked = ["git", "rev-parse", "--verify", f"{commit}^{{commit}}"]
    return subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def run(suite: Suite, command: str) -> tuple[int | None, str]:
    """Run a command of a suite; give its exit code, None where it hangs, and what it printed."""
    own = {"ROOT": str(ROOT), "PLACE": str(PLACE), "CARGO_TARGET_DIR": str(PLACE / "build")}
    started = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=TREE / suite.folder,
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # With what it starts it is a group of its own, so that all of it can be ended.
        start_new_session=True,
    )
    try:
        printed, _ = started.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        return None, started.communicate()[0]
    return started.returncode, printed


def end_of(text: str) -> str:
    """Give the last lines of what was printed."""
    return "\n".join(text.strip().splitlines()[-15:])


def fault_of(suite: Suite) -> str | None:
    """Say what is wrong with a suite before anything is broken."""
    for what, command in (("prepare", suite.prepare), ("build", suite.build), ("test", suite.test)):
        code, printed = run(suite, command)
        if code != 0:
            return f"the suite {suite.name} fails without any mutant, at its {what}:\n{end_of(printed)}"
    return None


def survival_of(suite: Suite, mutant: Mutant) -> tuple[str | None, str]:
    """Put a mutant in, and take it out again. Say how it survived, or None and which test has caught it."""
    path = TREE / mutant.file
    genuine = path.read_text(encoding="utf-8")
    path.write_text(genuine.replace(mutant.find, mutant.replace), encoding="utf-8")
    try:
        code, printed = run(suite, suite.build)
        if code != 0:
            return f"it does not build:\n{end_of(printed)}", ""
        code, printed = run(suite, suite.test)
    finally:
        path.write_text(genuine, encoding="utf-8")
    if code == 0:
        return "no test sees it", ""
    if code is None:
        return "the tests hang instead of failing", ""
    named = re.search(suite.red, printed, re.MULTILINE)
    return (None, named.group(1)) if named else (f"something fails, and no test says so:\n{end_of(printed)}", "")


def main() -> int:
    """Run the mutants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="also those that the record knows")
    parser.add_argument("--only", default="", help="only mutants whose name holds this text, known or not")
    parser.add_argument("--suite", action="append", help="only those of this suite; can be repeated")
    parser.add_argument("--commit", default="HEAD", help="what is copied")
    parser.add_argument("--check", action="store_true", help="build nothing, and say what the record does not know")
    parser.add_argument("--sample", type=int, help="so many of those that the record knows; writes nothing")
    options = parser.parse_args()
    if options.check:
        return check()

    suites, mutants = listed(LIST.read_text(encoding="utf-8"))
    record = read_record()
    commit = resolve(options.commit)
    clone(commit)
    content_of = in_folder(TREE)
    asked = [one for one in mutants if options.only in one.name and one.suite in (options.suite or suites)]
    problems = misplaced(asked, content_of)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 2
    new = unknown(asked, record, content_of)
    if options.sample is not None:
        chosen = sample([one for one in asked if one not in new], options.sample, commit, touched_by(commit))
    else:
        chosen = asked if options.all or options.only else new

    survivors = 0
    faulty = set()
    for name, suite in suites.items():
        own = [mutant for mutant in chosen if mutant.suite == name]
        fault = fault_of(suite) if own else None
        if fault:
            print(fault, file=sys.stderr, flush=True)
            faulty.add(name)
            continue
        for mutant in own:
            start = time.monotonic()
            survival, test = survival_of(suite, mutant)
            took = f"{time.monotonic() - start:.0f} s"
            if survival is None:
                print(f"caught    {mutant.name}: {test} ({took})", flush=True)
                record[mutant.name] = mutant.stamp(content_of(mutant.file) or "")
            else:
                print(f"SURVIVED  {mutant.name}: {survival} ({took})", flush=True)
                survivors += 1
                record.pop(mutant.name, None)
            if options.sample is None:
                write_record(record, mutants)
    if options.sample is None:
        write_record(record, mutants)
    tried = sum(mutant.suite not in faulty for mutant in chosen)
    print(f"{tried - survivors} of {tried} mutants caught; {len(asked) - len(chosen)} were not tried")
    return 2 if faulty else 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
