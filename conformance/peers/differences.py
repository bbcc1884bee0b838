"""Writes the table of `docs/peer-differences.md` about packages from `packages-differ.toml`, so that both say the same.

    conformance/peers/differences.py [--check]

With `--check` nothing is written, and another table in the page is an error. Needs Python 3.11 and nothing else.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

PEERS = Path(__file__).resolve().parent
PAGE = PEERS.parent.parent / "docs" / "peer-differences.md"
HEAD = """| package | what it does otherwise | who is right, by which text | vectors |
|---|---|---|---|
"""
SHOWN = 2
"""Of the vectors with one reason so many are named; the list has all of them."""


def row(entry: dict[str, str | list[str]]) -> str:
    """Write one reason. It begins with a sentence that says what is otherwise."""
    what, _, who = str(entry["reason"]).partition(". ")
    if not who:
        raise ValueError(f"{entry['binding']}: the reason says what is otherwise, and then who is right: {what}")
    ids = entry["id"] if isinstance(entry["id"], list) else [entry["id"]]
    vectors = ", ".join(f"`{name}`" for name in ids[:SHOWN])
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    bindings = entry["binding"] if isinstance(entry["binding"], list) else [entry["binding"]]
    return f"| {', '.join(bindings)} | {what} | {who} | {vectors}{more} |\n"


def page(text: str) -> str:
    """Put the table in the place of the one that is there."""
    before, head, rest = text.partition(HEAD)
    if not head:
        raise ValueError(f"{PAGE.name}: the head of the table of packages is not there")
    lines = rest.splitlines(keepends=True)
    after = [line for number, line in enumerate(lines) if not all(each.startswith("|") for each in lines[: number + 1])]
    known = tomllib.loads((PEERS / "packages-differ.toml").read_text(encoding="utf-8"))["known"]
    return before + head + "".join(row(entry) for entry in known) + "".join(after)


def main() -> int:
    """Run the program."""
    text = PAGE.read_text(encoding="utf-8")
    wanted = page(text)
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(wanted, encoding="utf-8")
    elif wanted != text:
        print(f"{PAGE.name} differs from packages-differ.toml: run conformance/peers/differences.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
