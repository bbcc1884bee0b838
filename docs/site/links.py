"""Checks every link of every page in the repository: `python3 docs/site/links.py`.

Prints each link whose file or anchor is not there, and exits with 1 where there is one. Asks nothing of the network:
links to elsewhere are left alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath

import markdown

ROOT = Path(__file__).resolve().parent.parent.parent

FRAMES = ("cli/templates/", "conformance/frameworks/page.md")
"""Pages are made from these, and stand elsewhere then."""


def pages() -> list[str]:
    """Give the paths of all pages of the repository, also of those that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(
        {path for path in listed.stdout.splitlines() if not path.startswith(FRAMES) and (ROOT / path).exists()}
    )


def is_elsewhere(target: str) -> bool:
    """Tell whether a link leaves the repository."""
    return target.startswith(("https://", "http://", "mailto:"))


def problems(root: Path, listed: list[str]) -> list[str]:
    """Give what is wrong with the pages, one line each."""
    texts = {page: (root / page).read_text() for page in listed}
    anchors = {page: markdown.anchors(text) for page, text in texts.items()}
    found = []
    for page, text in texts.items():
        found += [f"{page}:{line}: a list needs an empty line before it" for line in markdown.run_on_lists(text)]
        for link in markdown.links(text):
            if is_elsewhere(link.target):
                continue
            path, _, anchor = link.target.partition("#")
            wanted = normpath(PurePosixPath(page).parent / path) if path else page
            if wanted.startswith(("..", "/")) or not (root / wanted).exists():
                found.append(f"{page}:{link.line}: {link.target}: there is no such file")
            elif anchor and anchor not in anchors.get(wanted, {anchor} if not wanted.endswith(".md") else set()):
                found.append(f"{page}:{link.line}: {link.target}: the page has no such heading")
    return found


def main() -> int:
    """Check all pages."""
    listed = pages()
    found = problems(ROOT, listed)
    for problem in found:
        print(problem)
    print(f"links: {len(listed)} pages, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
