"""Runs the fleet: every allowed call, every forbidden one, the attacks, and a key rotation under traffic.

python examples/fleet/demo
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from typing import NoReturn

import attacks
import calls
import misuse
import rotation
from fleet import Audit, Fleet
from report import Report, SecretGuard

DEADLINE_SECONDS = 120
SHOWN = (None, "TARGET_NOT_ALLOWED", "REPLAYED_REQUEST", "INVALID_SIGNATURE", "KEY_NOT_VALID_NOW")


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
        try:
            play(fleet, report)
        except (DeadlineError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            report.stopped(str(error))
        finally:
            signal.alarm(0)
        guard.watch("a secret", fleet.secrets.values())
        report.say()
        report.table()
        report.say("\nFrom the audit logs:")
        show_audit_lines(fleet, report)
        look_for_secrets(fleet, guard, report)
        report.say(f"\n{time.monotonic() - started:.1f} s")
        return 0 if report.finish() else 1


def play(fleet: Fleet, report: Report) -> None:
    """Do everything, in order."""
    report.say("The fleet starts.")
    fleet.start()
    calls.run_allowed(fleet, report)
    calls.run_forbidden(fleet, report)
    attacks.run(fleet, report)
    misuse.run(fleet, report)
    rotation.run(fleet, report)


def show_audit_lines(fleet: Fleet, report: Report) -> None:
    """Print the first audit record of some kinds of outcome, from a service of each language."""
    for process in (fleet.processes[victim.service] for victim in attacks.VICTIMS if victim.service in fleet.processes):
        lines = [line for line in process.lines() if (audit := Audit.of(line)) is not None and audit.service]
        for code in SHOWN:
            line = next((line for line in lines if line.get("code") == code), None)
            if line is not None:
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
