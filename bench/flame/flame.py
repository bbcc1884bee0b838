"""Draws a flame graph: `perf script --no-inline -F comm,ip,sym | python3 bench/flame/flame.py TITLE PATTERN > FILE`.

Only stacks with a frame that PATTERN matches are drawn, from the outermost such frame on: what the hot call does, and
nothing of what prepares it. The width of a frame is its share of the samples; the pointer over it names it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH, ROW = 1000, 18
LEAST = 0.004
"""Frames with a smaller share are not drawn."""

HASH = re.compile(r"::h[0-9a-f]{16}$")
PLACE = re.compile(r"(?:file://)?/(?:[^/ ]+/)+")
"""The folders of a file are those of one machine."""

LETTER = 6.6
STYLE = """
text { font: 11px ui-monospace, monospace; fill: #1b1f24; pointer-events: none; } .back { fill: #fff; }
.title { font: 14px system-ui, sans-serif; } .hash { fill: #9fc8e8; }
.frame { fill: #f2c38f; stroke: #fff; stroke-width: .5; }
@media (prefers-color-scheme: dark) { .back { fill: #0d1117; } .title { fill: #e6edf3; } .frame { stroke: #0d1117; } }
"""


@dataclass
class Frame:
    """A function, as called from one place."""

    samples: int = 0
    calls: dict[str, Frame] = field(default_factory=dict)

    def add(self, names: list[str]) -> None:
        """Count a stack below this frame."""
        self.samples += 1
        if names:
            self.calls.setdefault(names[0], Frame()).add(names[1:])

    def depth(self) -> int:
        """How many frames stand on one another."""
        return 1 + max((call.depth() for call in self.calls.values()), default=0)


def short(symbol: str) -> str:
    """Leave out of a symbol what tells nobody anything."""
    symbol = PLACE.sub("", HASH.sub("", symbol))
    return re.sub(r"<([^<>]*) as ([^<>]*)>", r"\1", symbol)


def stacks(lines: Iterable[str], pattern: re.Pattern[str]) -> Iterable[list[str]]:
    """Give the stacks with such a frame, outermost first, from that frame on."""
    frames: list[str] = []
    for line in [*lines, ""]:
        if line.startswith((" ", "\t")) and line.strip():
            frames.append(short(line.strip().partition(" ")[2]))
            continue
        if not line.strip() and frames:
            frames.reverse()
            first = next((at for at, name in enumerate(frames) if pattern.search(name)), None)
            if first is not None:
                yield frames[first:]
            frames = []


def draw(name: str, frame: Frame, total: int, left: float, level: int, rows: int) -> list[str]:
    """Give the rectangles of a frame and of what it calls."""
    width = WIDTH * frame.samples / total
    if width < WIDTH * LEAST:
        return []
    top = 30 + (rows - 1 - level) * ROW
    kind = "frame hash" if re.search("sha2|compress|digest", name) else "frame"
    said = f"{escape(name)}: {100 * frame.samples / total:.1f} % of {total} samples"
    box = f'<rect class="{kind}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{ROW - 1}"/>'
    room = int((width - 6) / LETTER)
    text = name if len(name) <= room else name[: max(room - 1, 0)] + "…"
    label = f'<text x="{left + 3:.1f}" y="{top + 13}">{escape(text)}</text>' if room > 3 else ""
    parts = [f"<g><title>{said}</title>{box}{label}</g>"]
    for called, inner in sorted(frame.calls.items()):
        parts += draw(called, inner, total, left, level + 1, rows)
        left += WIDTH * inner.samples / total
    return parts


def main() -> int:
    """Draw what comes in."""
    if len(sys.argv) != 3:
        sys.exit("usage: flame.py TITLE PATTERN < STACKS")
    root = Frame()
    for stack in stacks(sys.stdin, re.compile(sys.argv[2])):
        root.add(stack)
    if not root.samples:
        sys.exit("no stack has such a frame")
    rows = root.depth()
    height = 40 + rows * ROW
    title = f"{escape(sys.argv[1])}, {root.samples} samples"
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">')
    print(f"<title>{title}</title><style>{STYLE}</style>")
    print(f'<rect class="back" width="{WIDTH}" height="{height}"/><text class="title" x="3" y="18">{title}</text>')
    print("\n".join(draw("all", root, root.samples, 0, 0, rows)))
    print("</svg>")
    return 0


if __name__ == "__main__":
    sys.exit(main())
