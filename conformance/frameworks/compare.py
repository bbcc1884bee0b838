"""What servers and frameworks change or refuse before Wiresign sees a request, asked of running servers by raw sockets.

`compare.py --write` asks all of them and writes docs/framework-differences.md; `compare.py --check NAME...` asks these
and fails where their columns in that page say something else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import http2
import wiresign
from cases import CASES, Case, wire
from reasons import HTTP2_REASONS, REASONS
from servers import ROOT, SERVERS, SERVERS_OF_HTTP2, end_all_when_told_to, exchange, prepare, running, versions

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs/framework-differences.md"

HTTP2_CASES = [case for case in CASES if case.name not in http2.WITHOUT]

SERVICES = {
    "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
    "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
    "shop": {"keys": [{"secret": "env:SHOP_SECRET"}], "allowed_targets": ["orders"]},
}


def said(case: Case, status: int, body: bytes) -> str:
    """Say what became of a request, in one cell."""
    if status == 0:
        return "connection closed"
    try:
        answer = json.loads(body)
    except ValueError:
        return f"{status} by the server"
    if status != 200 or not isinstance(answer, dict) or "path" not in answer:
        # A code of Wiresign stands beside the request's id; frameworks have codes of their own.
        is_ours = isinstance(answer, dict) and "requestId" in answer
        return f"{status} `{answer['code']}`" if is_ours else f"{status} by the framework"
    path, _, query = case.target.partition("?")
    changed = []
    if answer["path"] != path:
        changed.append("path decoded" if answer["path"] == unquote(path) else f"path `{answer['path']}`")
    if answer["query"] != query:
        changed.append(f"query `{answer['query']}`")
    if answer["body"] != case.body.hex():
        changed.append(f"body of {len(answer['body']) // 2} bytes")
    notes = [len(value) for name, value in case.extra if name == "X-Note"]
    if answer["notes"] != notes:
        changed.append(f"{len(answer['notes'])} of {len(notes)} values" if len(notes) > 1 else "value changed")
    return "200, " + ", ".join(changed) if changed else "200"


def ask(name: str) -> list[str]:
    """Start a server, and send it every case."""
    with running(name, {"service": "orders", "services": SERVICES}) as port:
        return [cell(case, lambda case, signature: exchange(port, wire(case, signature))) for case in CASES]


def ask_http2(name: str) -> list[str]:
    """Start a server, and send it every case that HTTP/2 can tell."""

    def greet(port: int) -> int:
        return http2.exchange(port, CASES[0], [])[0]

    with running(name, {"service": "orders", "services": SERVICES}, SERVERS_OF_HTTP2[name], greet) as port:
        return [cell(case, lambda case, signature: http2.exchange(port, case, signature)) for case in HTTP2_CASES]


def cell(case: Case, send: Callable[[Case, list[tuple[str, str]]], tuple[int, bytes]]) -> str:
    """Send a case, and say what became of it."""
    status, body = send(case, sign(case))
    if status == 404:
        # Nothing in such an answer shows that anybody has verified the request.
        unsigned, _ = send(case, [])
        return "404 by the framework" if unsigned == status else "verified, 404 of the router"
    return said(case, status, body)


def sign(case: Case) -> list[tuple[str, str]]:
    """Sign a case as it is sent; what cannot be signed so is signed as the case says."""
    target = case.target if case.signed_target is None else case.signed_target
    config = wiresign.Config.parse({"service": "billing", "services": SERVICES})
    signer = wiresign.Signer(config, target="orders")
    return [(str(name), str(value)) for name, value in signer.sign(case.method, target, [], case.body)]


def columns(names: list[str]) -> dict[str, list[str]]:
    """Ask several servers, two at a time."""
    prepare(names)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(ask, names), strict=True))


def columns_of_http2() -> dict[str, list[str]]:
    """Ask those that speak HTTP/2, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(SERVERS_OF_HTTP2, pool.map(ask_http2, SERVERS_OF_HTTP2), strict=True))


def without_reason(
    cells: dict[str, list[str]], cases: list[Case] = CASES, reasons: dict[str, str] = REASONS
) -> list[str]:
    """Return the cases that one accepts and another refuses, with no reason written."""
    found = []
    for at, case in enumerate(cases):
        accepted = {cells[name][at].startswith(("200", "verified")) for name in cells}
        # What a server accepts by itself, nobody has verified.
        is_unasked = any(cells[name][at] == "200 by the server" for name in cells)
        if (len(accepted) == 2 or is_unasked) and case.name not in reasons:
            found.append(f"{case.name}: " + "; ".join(f"{name}: {cells[name][at]}" for name in cells))
    return found


def table(cells: dict[str, list[str]], cases: list[Case]) -> str:
    """Write a table of requests and servers."""
    rows = [f"| request | {' | '.join(cells)} |", "|---" * (len(cells) + 1) + "|"]
    rows += [f"| {case.name} | {' | '.join(cells[name][at] for name in cells)} |" for at, case in enumerate(cases)]
    return "\n".join(rows)


def page(cells: dict[str, list[str]], cells_of_http2: dict[str, list[str]]) -> str:
    """Write the page."""
    parts = {
        "versions": versions(),
        "table": table(cells, CASES),
        "http2": table(cells_of_http2, HTTP2_CASES),
        "reasons": "\n".join(["| request | why |", "|---|---|", *(f"| {n} | {why} |" for n, why in REASONS.items())]),
        "http2_reasons": "\n".join(
            ["| request | why |", "|---|---|", *(f"| {n} | {why} |" for n, why in HTTP2_REASONS.items())]
        ),
    }
    text = (Path(__file__).resolve().parent / "page.md").read_text()
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part)
    return text


def written() -> dict[str, list[str]]:
    """Read the columns of the page."""
    lines = [line.strip("|").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    start = next(at for at, line in enumerate(lines) if line[0].strip() == "request")
    header, rows = lines[start], lines[start + 1 : start + 1 + len(CASES)]
    return {name.strip(): [row[at].strip() for row in rows] for at, name in enumerate(header) if at}


def main() -> int:
    """Write the page, or compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="ask all servers and write the page")
    parser.add_argument("--check", nargs="+", choices=list(SERVERS), help="ask these, and compare with the page")
    arguments = parser.parse_args()
    end_all_when_told_to()
    os.environ.update({name: wiresign.generate_secret() for name in ("ORDERS_SECRET", "BILLING_SECRET", "SHOP_SECRET")})
    if arguments.check:
        wrong = 0
        expected, got = written(), columns(arguments.check)
        for name in got:
            for case, old, new in zip(CASES, expected[name], got[name], strict=True):
                if old != new:
                    wrong += 1
                    print(f"{name}: {case.name}: the page says {old}, the server said {new}")
        print(f"{len(got) * len(CASES) - wrong} passed, {wrong} failed")
        return 1 if wrong else 0
    cells, cells_of_http2 = columns(list(SERVERS)), columns_of_http2()
    missing = without_reason(cells) + without_reason(cells_of_http2, HTTP2_CASES, HTTP2_REASONS)
    for line in missing:
        print(f"no reason is written: {line}")
    if arguments.write:
        PAGE.write_text(page(cells, cells_of_http2))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
