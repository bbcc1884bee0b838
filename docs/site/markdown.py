"""What is read from a Markdown file: its headings, as anchors, and its links. Code is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
CODE = re.compile(r"(`+)(.+?)\1")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
HEADING = re.compile(r"^(#{1,6}) +(.*?) *#*$")
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: +\"[^\"]*\")?\)")
ATTRIBUTE = re.compile(r"\b(?:src|href|srcset)=\"([^\"]+)\"")
ITEM = re.compile(r"^ {0,3}(?:[-*+]|\d+[.)]) ")


@dataclass(frozen=True)
class Line:
    """One line of text that is no code."""

    number: int
    text: str


@dataclass(frozen=True)
class Link:
    """A link, and the line that it stands in."""

    line: int
    target: str


def prose(text: str) -> list[Line]:
    """Give the lines outside fenced code and comments; the lines of those are empty."""
    text = COMMENT.sub(lambda comment: "\n" * comment.group().count("\n"), text)
    lines, fence = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark.group(1)
        elif mark and mark.group(1).startswith(fence) and line.strip() == mark.group(1):
            fence = ""
        elif not fence:
            lines.append(Line(number, line))
            continue
        lines.append(Line(number, ""))
    return lines


def links(text: str) -> list[Link]:
    """Give all links and pictures of a page."""
    found = []
    for line in prose(text):
        plain = CODE.sub("", line.text)
        found += [Link(line.number, target) for target in LINK.findall(plain) + ATTRIBUTE.findall(plain)]
    return found


def title(text: str) -> str:
    """Give the first heading, without its marks."""
    for line in prose(text):
        heading = HEADING.match(line.text)
        if heading:
            return heading.group(2).replace("`", "")
    return ""


def anchors(text: str) -> set[str]:
    """Give the anchors that a page has: one for each heading, as code hosts make them."""
    made: set[str] = set()
    for line in prose(text):
        heading = HEADING.match(line.text)
        if not heading:
            continue
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(2)).lower()
        slug = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
        same = sum(1 for anchor in made if anchor == slug or re.fullmatch(re.escape(slug) + r"-\d+", anchor))
        made.add(f"{slug}-{same}" if slug in made else slug)
    return made


def run_on_lists(text: str) -> list[int]:
    """Give the lines where a list begins right under a paragraph: not every reader of Markdown sees a list there."""
    lines = prose(text)
    found = []
    for before, line in pairwise(lines):
        continues = ITEM.match(before.text) or before.text.startswith(" ") or not before.text.strip()
        if ITEM.match(line.text) and not continues and not HEADING.match(before.text):
            found.append(line.number)
    return found
