"""Break the core in each of the ways of mutants.toml, and show that the vectors see it.

    conformance/mutants/run.py [--commit COMMIT] [--only TEXT] [--changed BASE]

Works on a copy of the last commit in target/mutants, so that nothing of the work tree is touched. A mutant that still
passes every vector has survived: then a vector is missing, or the mutant changes nothing and does not belong here.

With `--changed BASE` only mutants are tried whose file is another one than at BASE, or that are themselves new since
then: what a change can have let slip. Where there are none, nothing is built.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "target" / "mutants"
TREE = PLACE / "tree"
MEMBERS = ["core", "host", "conformance"]
LIST = Path(__file__).resolve().with_name("mutants.toml")

Mutant = dict[str, str]


def copy(commit: str) -> None:
    """Put the crates that the vectors need into a folder of their own."""
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.mkdir(parents=True)
    paths = [*MEMBERS, "Cargo.toml", "Cargo.lock"]
    archive = subprocess.run(["git", "archive", commit, *paths], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(TREE, filter="data")
    manifest = TREE / "Cargo.toml"
    lines = manifest.read_text().splitlines()
    own = [f"members = {json.dumps(MEMBERS)}" if line.startswith("members = ") else line for line in lines]
    manifest.write_text("\n".join(own) + "\n")


def touched(base: str, commit: str, mutants: list[Mutant]) -> list[Mutant]:
    """Return the mutants that a change concerns."""
    names = ["git", "diff", "--name-only", base, commit, "--", "core/src"]
    files = set(subprocess.run(names, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines())
    before = subprocess.run(
        ["git", "show", f"{base}:{LIST.relative_to(ROOT)}"], cwd=ROOT, capture_output=True, check=False
    )
    known = tomllib.loads(before.stdout.decode()).get("mutant", [])
    return [mutant for mutant in mutants if f"core/src/{mutant['file']}" in files or mutant not in known]


def build(*what: str) -> str | None:
    """Build the driver, or what is asked for; return what the compiler says where it cannot."""
    command = [
        "cargo",
        "build",
        "--quiet",
        "--offline",
        "-p",
        "wiresign-conformance",
        *(what or ("--bin", "driver-rust")),
    ]
    # A mutant may leave something unused, which is no reason to refuse it.
    flags = {"CARGO_TARGET_DIR": str(PLACE / "build"), "RUSTFLAGS": "--cap-lints allow"}
    built = subprocess.run(command, cwd=TREE, env=os.environ | flags, capture_output=True, text=True, check=False)
    return None if built.returncode == 0 else built.stderr


def failing() -> list[str]:
    """Return the cases that fail in the driver that was built last."""
    report = PLACE / "report"
    shutil.rmtree(report, ignore_errors=True)
    driver = f"rust={PLACE / 'build' / 'debug' / 'driver-rust'}"
    command = [str(PLACE / "runner"), "run", "--root", str(TREE), "--driver", driver, "--report", str(report)]
    subprocess.run(command, cwd=TREE, capture_output=True, check=False)
    found = json.loads((report / "report.json").read_text())
    return [case["id"] for case in found["bindings"][0]["cases"] if case["outcome"] == "fail"]


def main() -> int:
    """Try every mutant, and say which ones survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--only", default="", help="mutants whose id contains this")
    parser.add_argument("--changed", metavar="BASE", help="only mutants that the change since this commit concerns")
    options = parser.parse_args()
    mutants: list[Mutant] = tomllib.loads(LIST.read_text())["mutant"]
    if options.changed:
        mutants = touched(options.changed, options.commit, mutants)
    chosen = [mutant for mutant in mutants if options.only in mutant["id"]]
    if not chosen:
        print("no mutant is concerned")
        return 0
    copy(options.commit)
    problem = build("--bins")
    if problem:
        print(problem, file=sys.stderr)
        return 2
    shutil.copy(PLACE / "build" / "debug" / "wiresign-conformance", PLACE / "runner")
    broken = failing()
    if broken:
        print(f"the core itself fails {len(broken)} vectors, such as {broken[0]}", file=sys.stderr)
        return 2

    survivors = []
    for mutant in chosen:
        path = TREE / "core" / "src" / mutant["file"]
        genuine = path.read_text()
        if genuine.count(mutant["find"]) != 1:
            survivors.append(f"{mutant['id']}: its text is not there exactly once in {mutant['file']}")
            continue
        path.write_text(genuine.replace(mutant["find"], mutant["replace"]))
        problem = build()
        found = [] if problem else failing()
        path.write_text(genuine)
        if problem:
            survivors.append(f"{mutant['id']}: it does not compile: {problem.strip().splitlines()[0]}")
        elif not found:
            survivors.append(f"{mutant['id']}: no vector sees it")
        else:
            print(f"caught    {mutant['id']}: {len(found)} cases, such as {found[0]}", flush=True)
    for survivor in survivors:
        print(f"SURVIVED  {survivor}")
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
