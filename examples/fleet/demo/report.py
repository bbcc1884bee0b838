"""What happened, next to what should have happened."""

from __future__ import annotations

import base64
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = ("", "what", "who calls whom", "request", "expected", "verdict", "sign µs", "verify µs")
RIGHT = {"sign µs", "verify µs"}
SHORT = {
    "auth-service": "auth",
    "lego-projects-api": "lego",
    "image-service": "image",
    "notifications-service": "notifications",
    "stock-service": "stock",
    "delivery-service": "delivery",
    "rewards-service": "rewards",
    "price-scraper": "scraper",
}


@dataclass(frozen=True)
class Outcome:
    """One line of the table."""

    what: str
    caller: str
    called: str
    request: str
    expected: str
    """`accepted`, `public`, or the code of the refusal."""
    verdict: str
    code: str | None = None
    sign_us: float | None = None
    verify_us: float | None = None
    wrong: str | None = None
    """What is wrong beside the verdict."""

    @property
    def shown(self) -> str:
        """The code where there is one, else the verdict."""
        return self.code or self.verdict

    @property
    def passed(self) -> bool:
        """Whether it is what was expected."""
        return self.wrong is None and self.shown == self.expected

    @property
    def way(self) -> str:
        """Who calls whom; empty where nobody calls."""
        return f"{SHORT.get(self.caller, self.caller)} → {SHORT.get(self.called, self.called)}" if self.called else ""

    def cells(self) -> tuple[str, ...]:
        """Give the texts of the table."""
        mark = "ok" if self.passed else "FAIL"
        sign, verify = (f"{us:.1f}" if us is not None else "" for us in (self.sign_us, self.verify_us))
        return (mark, self.what, self.way, self.request, self.expected, self.shown, sign, verify)


class SecretGuard:
    """Finds secrets in text, also where they are encoded once more."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: dict[str, str] = {}
        self.watch("a secret", secrets)

    def watch(self, what: str, texts: Iterable[str]) -> None:
        """Look for more texts."""
        for text in texts:
            for form in (text, text.encode().hex(), base64.b64encode(text.encode()).decode().rstrip("=")):
                self._forms[form.lower()] = what

    def find(self, text: str) -> str | None:
        """Say what kind of secret is in the text, if any."""
        lower = text.lower()
        return next((what for form, what in self._forms.items() if form in lower), None)


class Report:
    """Collects outcomes, prints them, and keeps secrets out of the output."""

    def __init__(self, guard: SecretGuard, *, break_expectation: bool = False) -> None:
        self._guard = guard
        self._breaks = break_expectation
        self._sections: list[tuple[str, list[Outcome]]] = []
        self._leaks: list[str] = []
        self._stop: str | None = None

    def section(self, title: str) -> None:
        """Begin a part of the table."""
        self._sections.append((title, []))
        self.say(f"  {title} ...")

    def add(self, outcome: Outcome) -> None:
        """Note an outcome."""
        if self._breaks and outcome.code is not None:
            # A wrong expectation of the first refusal, on purpose: the demo has to notice.
            self._breaks = False
            outcome = Outcome(**{**vars(outcome), "expected": "BROKEN_ON_PURPOSE"})
        self._sections[-1][1].append(outcome)

    def check(self, what: str, *, expected: str, found: str) -> None:
        """Note an outcome that is not a single request."""
        self.add(Outcome(what, "", "", "", expected, found))

    def leak(self, where: str) -> None:
        """Note that a secret was seen."""
        self._leaks.append(where)

    def stopped(self, why: str) -> None:
        """Note that it could not go on."""
        self._stop = why

    def say(self, text: str = "") -> None:
        """Print, but never a secret."""
        for line in text.split("\n"):
            found = self._guard.find(line)
            if found is not None:
                self.leak(f"the demo's own output would have shown {found}")
                continue
            print(line)
        sys.stdout.flush()

    def table(self) -> None:
        """Print all outcomes as one table."""
        calls = [outcome.cells() for _, outcomes in self._sections for outcome in outcomes if outcome.called]
        widths = [max(len(row[at]) for row in (COLUMNS, *calls)) for at in range(len(COLUMNS))]

        def line(cells: Iterable[str]) -> str:
            texts = [
                cell.rjust(width) if name in RIGHT else cell.ljust(width)
                for cell, width, name in zip(cells, widths, COLUMNS, strict=True)
            ]
            return "  ".join(texts).rstrip()

        self.say(f"Names in the table: {', '.join(f'{short} is {name}' for name, short in SHORT.items())}.")
        self.say(line(COLUMNS))
        for title, outcomes in self._sections:
            self.say(f"\n{title}\n{'-' * (sum(widths) + 2 * len(widths) - 2)}")
            for outcome in outcomes:
                mark, what, *_ = cells = outcome.cells()
                # What is not a call has no columns of its own to fill.
                check = f"{mark:<{widths[0]}}  {what}: {outcome.shown or 'no'}"
                self.say(line(cells) if outcome.called else check)

    def finish(self) -> bool:
        """Print the summary. True when everything was as expected."""
        outcomes = [outcome for _, outcomes in self._sections for outcome in outcomes]
        failed = [outcome for outcome in outcomes if not outcome.passed]
        for outcome in failed:
            way = f" ({outcome.way} {outcome.request})" if outcome.called else ""
            got = "that, but" if outcome.shown == outcome.expected else f"got {outcome.shown or 'nothing'}"
            self.say(f"NOT AS EXPECTED: {outcome.what}{way}: expected {outcome.expected}, {got}")
            if outcome.wrong is not None:
                self.say(f"    {outcome.wrong}")
        for where in self._leaks:
            self.say(f"SECRET LEAKED: {where}")
        if self._stop is not None:
            self.say(f"STOPPED BEFORE THE END: {self._stop}")
        failures = len(failed) + len(self._leaks) + (self._stop is not None)
        self.say(f"{len(outcomes) - len(failed)} passed, {failures} failed")
        return failures == 0 and bool(outcomes)
