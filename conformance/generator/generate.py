"""Writes `conformance/vectors/*.json`: `python3 conformance/generator/generate.py [--check]`.

With `--check` nothing is written: each file that differs, is missing, or should not be there is named, and the exit
code is 1. Needs Python 3.11 and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import suites

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


def files() -> dict[str, str]:
    """Return the name and the whole text of every vector file."""
    return {f"{suite.name}.json": suite.text() for suite in suites.build()}


def differences(expected: dict[str, str], folder: Path) -> list[str]:
    """Name the files of the folder that are not as they should be."""
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in expected.keys() | present.keys() if expected.get(name) != present.get(name))


def main() -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description="Writes the vector files.")
    parser.add_argument("--check", action="store_true", help="only say which files differ")
    arguments = parser.parse_args()

    expected = files()
    VECTORS.mkdir(exist_ok=True)
    different = differences(expected, VECTORS)
    for name in different:
        if arguments.check:
            print(f"differs: {name} (run `python3 conformance/generator/generate.py`)")
        elif name in expected:
            (VECTORS / name).write_text(expected[name], encoding="utf-8", newline="\n")
            print(f"wrote: {name}")
        else:
            (VECTORS / name).unlink()
            print(f"removed: {name}")
    return 1 if arguments.check and different else 0


if __name__ == "__main__":
    sys.exit(main())
