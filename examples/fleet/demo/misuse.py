"""A service that is built in a way in which it could not verify must not serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet import FOLDER

if TYPE_CHECKING:
    from fleet import Fleet
    from report import Report

SECONDS = 10
COMPLAINT = "is mounted before wiresign()"


def run(fleet: Fleet, report: Report) -> None:
    """Mount a body parser before the guard, and see what happens."""
    report.section("Body given twice: a parser in front of the guard")
    script = str(FOLDER / "demo/parser_first.mjs")

    start = fleet.run("lego-projects-api", ["node", script, "start"])
    ended = start.wait(SECONDS) != 0 and COMPLAINT in start.text()
    report.check(
        "Express, checked at the start: does not start", expected="no start", found="no start" if ended else ""
    )

    request = fleet.run("lego-projects-api", ["node", script, "request"])
    request.wait(SECONDS)
    answer: dict[str, Any] = next((line for line in request.lines() if line.get("event") == "answered"), {})
    refused = answer.get("status") == 500 and COMPLAINT in request.text()
    report.check(
        "Express, checked at the first request: does not serve", expected="500", found="500" if refused else ""
    )
