"""Builds the documentation of the repository into one site: `build/docs-venv/bin/python docs/site/build.py`.

The pages stay where they are. They are copied, in the folders that they have here, into build/docs-pages, so that every
link between them holds there as well, and are rendered into build/docs. What they link to and is no page comes along.
Any warning of the renderer is an error.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath

import links
import markdown
from contents import CONTENTS, Section

ROOT = links.ROOT
PAGES = ROOT / "build" / "docs-pages"
SITE = ROOT / "build" / "docs"
LOOK = Path(__file__).resolve().parent

Navigation = list["str | dict[str, Navigation]"]


def listed_folders(section: Section) -> set[str]:
    """Give the folders whose pages are all shown."""
    folders: set[str] = set()
    for entry in section.entries:
        if isinstance(entry, Section):
            folders |= listed_folders(entry)
        elif entry.endswith("/"):
            folders.add(entry)
    return folders


def named(section: Section) -> set[str]:
    """Give the pages that have a place of their own in the order."""
    pages: set[str] = set()
    for entry in section.entries:
        pages |= named(entry) if isinstance(entry, Section) else {entry}
    return pages


def navigation(section: Section, pages: set[str], placed: set[str]) -> Navigation:
    """Give a section in the words of the renderer; a page that is not there yet has no place."""
    made: Navigation = []
    for entry in section.entries:
        if isinstance(entry, Section):
            made.append({entry.title: navigation(entry, pages, placed)})
        elif entry.endswith("/"):
            made += sorted(page for page in pages - placed if page.startswith(entry) and "/" not in page[len(entry) :])
        elif entry in pages:
            made.append(entry)
    return made


def copy(page: str) -> None:
    """Copy a file into the same folder below the pages."""
    (PAGES / page).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / page, PAGES / page)


def index_of(folder: str, pages: set[str]) -> str:
    """List the pages of a folder that has no page of its own."""
    inside = sorted(page for page in pages if page.startswith(folder) and "/" not in page[len(folder) :])
    lines = [f"- [{markdown.title((ROOT / page).read_text())}]({page[len(folder) :]})" for page in inside]
    name = {"docs/adr/": "Decisions"}[folder]
    return f"# {name}\n\n" + "\n".join(lines) + "\n"


def gather() -> Navigation:
    """Copy all pages and what they link to, and give their order."""
    shutil.rmtree(PAGES, ignore_errors=True)
    wanted = named(CONTENTS)
    folders = listed_folders(CONTENTS)
    pages = {page for page in links.pages() if page in wanted or f"{PurePosixPath(page).parent}/" in folders}
    for page in pages:
        copy(page)
    for folder in sorted(folders - {"docs/"}):
        if f"{folder}README.md" not in pages:
            (PAGES / folder / "README.md").write_text(index_of(folder, pages))
    for page in sorted(pages):
        text = (ROOT / page).read_text()
        for link in markdown.links(text):
            path = link.target.partition("#")[0]
            target = normpath(PurePosixPath(page).parent / path)
            if not path or links.is_elsewhere(path) or (PAGES / target).is_file():
                continue
            if (PAGES / target / "README.md").exists():
                rewritten = (PAGES / page).read_text().replace(f"]({link.target})", f"]({path.rstrip('/')}/README.md)")
                (PAGES / page).write_text(rewritten)
            elif (ROOT / target).is_file():
                copy(target)
    shutil.copyfile(LOOK / "extra.css", PAGES / "extra.css")
    pages |= {f"{folder}README.md" for folder in folders - {"docs/"}}
    return navigation(CONTENTS, pages, wanted)


def main() -> int:
    """Build the site."""
    order = gather()
    config = ROOT / "build" / "docs.yml"
    inherited = {"INHERIT": str(LOOK / "mkdocs.yml"), "docs_dir": str(PAGES), "site_dir": str(SITE), "nav": order}
    config.write_text(json.dumps(inherited))
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--config-file", str(config)]
    # The renderer announces products of others with every run unless told not to.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, check=False, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
