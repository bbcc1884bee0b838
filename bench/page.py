"""Makes one page of what was measured: `python3 bench/page.py RESULTS_JSON PAGE`.

The page asks nothing of the network, runs no script, and is light or dark as its reader's system is.
"""

from __future__ import annotations

import json
import sys
from html import escape
from math import ceil, floor, log10
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 12, 44

DASHES = ("", "6 4", "2 3", "8 3 2 3")
"""Lines are told apart by more than their colour."""

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #d1d9e0; --back: #fff; --panel: #f6f8fa;
  --good: #116329; --bad: #a40e26; --a: #0550ae; --b: #9a4a00; --c: #59636e; --d: #6639ba; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --back: #0d1117;
  --panel: #151b23; --good: #7ee787; --bad: #ffa198; --a: #79c0ff; --b: #ffb77c; --c: #9198a1; --d: #d2a8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 84rem; padding: 1.5rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--back); }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; }
p { margin: .4rem 0; max-width: 48rem; } .soft { color: var(--soft); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.2rem; }
figure { margin: 0; border: 1px solid var(--line); border-radius: .4rem; padding: .8rem; background: var(--panel); }
figcaption { font-weight: 600; margin-bottom: .4rem; } svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); } .grid { stroke: var(--line); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; margin: .4rem 0 0; }
.legend svg { display: inline; width: 34px; vertical-align: middle; margin-right: .4rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: right; white-space: nowrap; }
th[scope=row] { font-weight: 400; text-align: left; white-space: normal; min-width: 18rem; }
thead th { background: var(--panel); } td.gauge { padding: 0 .4rem; } td.gauge svg { width: 160px; }
td:nth-child(7) { white-space: normal; }
.reached, .met { color: var(--good); } .missed { color: var(--bad); font-weight: 600; }
:focus-visible { outline: 2px solid var(--a); outline-offset: 2px; }
"""

UNITS = {
    "times": "{:.2f}",
    "over floor": "F + {:.0f} ns",
    "faster": "{:.2f}x faster",
    "nanoseconds": "{:.0f} ns",
    "bytes": "{:.1f} B",
    "mebibytes": "{:.1f} MiB",
    "count": "{:.0f}",
}


def short(number: float) -> str:
    """Write a power of ten, or a size, as people do."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g} {letter}"
    return f"{number:g}"


def duration(nanoseconds: float) -> str:
    """Write a duration in the unit that fits."""
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def shown(row: dict[str, Any], number: float | None) -> str:
    """Write a number of a row in the row's unit."""
    return "" if number is None else UNITS[row["unit"]].format(number)


class Axis:
    """Places numbers on a logarithmic scale."""

    def __init__(self, numbers: list[float], start: float, end: float) -> None:
        """Fit the powers of ten round the numbers between two places."""
        # A body may have no bytes: it stands where one byte would.
        logs = [log10(max(number, 1)) for number in numbers]
        self.low, self.high = floor(min(logs)), max(ceil(max(logs)), floor(min(logs)) + 1)
        self.start, self.end = start, end

    def place(self, number: float) -> float:
        """Give the place of a number."""
        share = (log10(max(number, 1)) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def marks(self) -> list[float]:
        """Give the powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def line_style(at: int) -> str:
    """Give how the line of that number is drawn."""
    return f'stroke="var(--{"abcd"[at % 4]})" stroke-width="2" stroke-dasharray="{DASHES[at % 4]}" fill="none"'


def plot(curve: dict[str, Any]) -> str:
    """Draw a curve, and say its numbers in a table for whoever cannot see it."""
    points = [point for line in curve["lines"] for point in line["points"]]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = []
    for mark in up.marks():
        y = up.place(mark)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{duration(mark)}</text>')
    for mark in across.marks():
        x = across.place(mark)
        parts.append(f'<line class="grid" y1="{TOP}" y2="{HEIGHT - BOTTOM}" x1="{x:.1f}" x2="{x:.1f}"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{short(mark)}</text>')
    parts.append(
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(curve["grows"])}</text>'
    )
    legend = []
    for at, line in enumerate(curve["lines"]):
        places = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in line["points"])
        parts.append(f'<polyline points="{places}" {line_style(at)}/>')
        for x, y in line["points"]:
            said = f"{escape(line['name'])}: {x:,} {escape(curve['grows'])}, {duration(y)}"
            dot = f'cx="{across.place(x):.1f}" cy="{up.place(y):.1f}" r="3.5" fill="var(--{"abcd"[at % 4]})"'
            parts.append(f"<circle {dot}><title>{said}</title></circle>")
        sample = f'<svg viewBox="0 0 34 10" aria-hidden="true"><path d="M0 5h34" {line_style(at)}/></svg>'
        legend.append(f"<li>{sample}{escape(line['name'])}</li>")
    rows = []
    for x in sorted({x for x, _ in points}):
        cells = [dict(map(tuple, line["points"])).get(x) for line in curve["lines"]]
        costs = "".join(f"<td>{duration(cell) if cell is not None else ''}</td>" for cell in cells)
        rows.append(f"<tr><td>{x:,}</td>{costs}</tr>")
    heads = "".join(f'<th scope="col">{escape(line["name"])}</th>' for line in curve["lines"])
    head = f'<thead><tr><th scope="col">{escape(curve["grows"])}</th>{heads}</tr></thead>'
    return (
        f'<figure><figcaption>{escape(curve["title"])}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(curve["title"])}; the numbers are in the table below">{"".join(parts)}</svg>'
        f'<ul class="legend">{"".join(legend)}</ul><details><summary>The numbers</summary>'
        f'<div class="scroll"><table>{head}<tbody>{"".join(rows)}</tbody></table></div></details></figure>'
    )


def gauge(row: dict[str, Any]) -> str:
    """Draw what was measured, with the spread of its runs, on a scale on which both goals have their places."""
    must, reach = row["must"], row["reach"]
    if must is None:
        return ""
    most = max(must, reach, row["measured"], *row["runs"]) or 1

    def place(number: float) -> float:
        return 4 + 212 * number / (most * 1.05)

    low, high, at = place(min(row["runs"])), place(max(row["runs"])), place(row["measured"])
    kind = "bad" if row["verdict"].lower().startswith("missed") else "good"
    said = ", ".join(f"{name} {shown(row, row[name])}" for name in ("measured", "must", "reach"))
    return (
        f'<svg viewBox="0 0 220 26" role="img" aria-label="{said}">'
        f'<path d="M4 13H{at:.1f}" stroke="var(--{kind})" stroke-width="6"/>'
        f'<path d="M{low:.1f} 13H{high:.1f}" stroke="var(--ink)" stroke-width="2"/>'
        f'<path d="M{place(must):.1f} 3V23" stroke="var(--ink)" stroke-width="2"/>'
        f'<path d="M{place(reach):.1f} 3V23" stroke="var(--ink)" stroke-width="2" stroke-dasharray="2 2"/></svg>'
    )


def table_row(row: dict[str, Any]) -> str:
    """Give a row of the table."""
    spread = "" if len(row["runs"]) < 2 else f"{shown(row, min(row['runs']))} to {shown(row, max(row['runs']))}"
    verdict = row["verdict"]
    kind = verdict.lower().partition(",")[0]
    cells = "".join(f"<td>{shown(row, row[member])}</td>" for member in ("measured", "must", "reach"))
    return (
        f'<tr><td>{row["id"]}</td><th scope="row">{escape(row["what"])}</th>{cells}<td>{spread}</td>'
        f'<td class="{kind}">{verdict}</td><td class="gauge">{gauge(row)}</td></tr>'
    )


def page(results: dict[str, Any]) -> str:
    """Make the whole page."""
    heads = ("id", "what, and beside what", "measured", "must", "reach", "runs", "verdict", "on a scale")
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    runs = max((len(row["runs"]) for row in results["rows"]), default=0)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Wiresign: measured</title>
<style>{STYLE}</style>
</head>
<body>
<header><h1>Wiresign: measured</h1><p class="soft">{escape(results["machine"])}</p></header>
<main>
<p>Every number is the fastest of many short batches, and the contestants of one comparison take turns in one run, so
only ratios and differences mean anything on another machine.</p>
<h2>What it costs, and what that grows with</h2>
<div class="plots">{"".join(plot(curve) for curve in results["curves"])}</div>
<h2>Beside its goals and its peers</h2>
<p>The middle of {runs} runs. On the scale, the thick bar is what was measured, the thin one on it what the runs lie
between, the whole mark what must be and the broken one what is within reach. Where a number is faster, more is
better.</p>
<div class="scroll" tabindex="0" role="region" aria-label="All rows"><table><thead><tr>{head}</tr></thead>
<tbody>{"".join(table_row(row) for row in results["rows"])}</tbody></table></div>
</main>
</body>
</html>
"""


def main() -> int:
    """Make the page of a file of results."""
    if len(sys.argv) != 3:
        sys.exit("usage: page.py RESULTS_JSON PAGE")
    results = json.loads(Path(sys.argv[1]).read_text())
    Path(sys.argv[2]).write_text(page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
