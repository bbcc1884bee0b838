"""Runs the fleet: every allowed call, every forbidden one, the attacks, and a key rotation under traffic.

python examples/fleet/demo
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import time
from typing import NoReturn

import attacks
import calls
import misuse
import rotation
from fleet import Fleet
from report import Report, SecretGuard

DEADLINE_SECONDS = 60
AUDIT_LINES = 12


class DeadlineError(Exception):
    """The demo takes too long."""


def main() -> int:
    """Run everything; 0 when each outcome is the expected one."""
    parser = argparse.ArgumentParser(description="Runs the example fleet, attacks it, and rotates its keys.")
    parser.add_argument("--break-expectation", action="store_true", help="expect something wrong once, which must fail")
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, _too_late)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.alarm(DEADLINE_SECONDS)
    started = time.monotonic()
    with Fleet() as fleet:
        fleet.new_secret("STRANGER")
        guard = SecretGuard(fleet.secrets.values())
        report = Report(guard, break_expectation=arguments.break_expectation)
        report.say("The fleet starts: auth-service, lego-projects-api, notifications-service (Express), image-service (FastAPI)")
        fleet.start()
        calls.run_allowed(fleet, report)
        calls.run_forbidden(fleet, report)
        attacks.run(fleet, report)
        misuse.run(fleet, report)
        rotation.run(fleet, report)
        guard.watch("a secret", fleet.secrets.values())
        report.say()
        report.table()
        report.say("\nFrom the audit logs:")
        show_audit_lines(fleet, report)
        look_for_secrets(fleet, guard, report)
        report.say(f"\n{time.monotonic() - started:.1f} s")
        return 0 if report.finish() else 1


def show_audit_lines(fleet: Fleet, report: Report) -> None:
    """Print one audit record per kind of outcome."""
    seen: set[object] = set()
    for line in fleet.all_lines():
        kind = (line["process"], line.get("code")) if "code" in line else None
        if kind is None or line.get("event") == "answered" or kind in seen or len(seen) == AUDIT_LINES:
            continue
        seen.add(kind)
        report.say(json.dumps(line))


def look_for_secrets(fleet: Fleet, guard: SecretGuard, report: Report) -> None:
    """Search all logs for secrets, and for signatures, which do not belong there either."""
    for name, text in fleet.logs():
        found = guard.find(text)
        if found is not None:
            report.leak(f"{found} is in the log of {name}")
        if re.search(r"v2=[0-9a-f]{64}", text):
            report.leak(f"a signature is in the log of {name}")


def _too_late(*_: object) -> NoReturn:
    msg = f"the demo was not done after {DEADLINE_SECONDS} seconds"
    raise DeadlineError(msg)


if __name__ == "__main__":
    sys.exit(main())
