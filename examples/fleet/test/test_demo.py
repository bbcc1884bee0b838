"""The demo has to go red where something is wrong. Run with `python -m unittest discover examples/fleet/test`."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from typing import Any

FLEET = Path(__file__).resolve().parent.parent
SECONDS = 1200
sys.path.insert(0, str(FLEET / "demo"))

from report import Outcome, Report, SecretGuard  # noqa: E402 - it is in the demo's folder


def run(fleet: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(fleet / "demo"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


@contextlib.contextmanager
def changed_registry(**changes: Any) -> Any:
    """Give a copy of the example whose registry says something else."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "fleet"
        shutil.copytree(FLEET, copy, symlinks=True)
        registry = json.loads((copy / "wiresign.json").read_text(encoding="utf-8"))
        (copy / "wiresign.json").write_text(json.dumps({**registry, **changes}), encoding="utf-8")
        yield copy


class DemoGoesRed(unittest.TestCase):
    def test_where_an_expectation_is_wrong(self) -> None:
        result = run(FLEET, "--break-expectation")
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        red = [line for line in result.stdout.splitlines() if line.startswith("NOT AS EXPECTED")]
        self.assertEqual(len(red), 1, red)
        self.assertIn("expected BROKEN_ON_PURPOSE, got TARGET_NOT_ALLOWED", red[0])
        self.assertRegex(result.stdout, r"\n\d+ passed, 1 failed\n$")

    def test_where_the_fleet_has_no_replay_protection(self) -> None:
        with changed_registry(replay={"store": "none"}) as copy:
            result = run(copy)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        red = [line for line in result.stdout.splitlines() if line.startswith("NOT AS EXPECTED")]
        self.assertEqual(len(red), 10, red)
        for line in red:
            self.assertRegex(line, "^NOT AS EXPECTED: replay.*expected REPLAYED_REQUEST, got accepted")

    def test_where_the_fleet_lets_everybody_in(self) -> None:
        with changed_registry(routes=[{"match": "/**", "public": True}]) as copy:
            result = run(copy)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        # The handlers ask for the caller, and there is none: so the flows fail before the attacks are reached.
        self.assertIn("STOPPED BEFORE THE END: auth-service answered POST /auth/register with 502", result.stdout)

    def test_where_a_route_forgets_whom_it_is_for(self) -> None:
        public = ["GET /health", "POST /auth/register", "POST /projects/*/photos"]
        routes = [{"match": match, "public": True} for match in public]
        with changed_registry(routes=[*routes, {"match": "/**", "strict": True}]) as copy:
            result = run(copy)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        red = [line for line in result.stdout.splitlines() if line.startswith("NOT AS EXPECTED")]
        self.assertEqual(len(red), 5, red)
        for line in red:
            self.assertIn("expected SERVICE_NOT_ALLOWED, got PERMISSION_DENIED", line)

    def test_where_the_fleet_does_not_start(self) -> None:
        with changed_registry(window={"past": 0}) as copy:
            result = run(copy)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn("STOPPED BEFORE THE END", result.stdout)


class NothingIsLeftBehind(unittest.TestCase):
    @unittest.skipUnless(sys.platform == "linux", "reads /proc")
    def test_when_the_demo_is_killed(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            demo = subprocess.Popen(
                [sys.executable, str(FLEET / "demo")],
                env={**os.environ, "TMPDIR": folder},
                stdout=subprocess.PIPE,
                text=True,
            )
            assert demo.stdout is not None
            with demo, demo.stdout:
                while "Forbidden" not in demo.stdout.readline():
                    self.assertIsNone(demo.poll())
                self.assertGreaterEqual(len(children(folder)), 4)
                demo.send_signal(signal.SIGKILL)
            end = time.monotonic() + 60
            while children(folder) and time.monotonic() < end:
                time.sleep(0.05)
            self.assertEqual(children(folder), [])


def children(folder: str) -> list[str]:
    """Give the processes whose registry is in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"WIRESIGN_REGISTRY={folder}".encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found


class SecretsStayOut(unittest.TestCase):
    SECRET = "5f1d" * 16

    def test_of_the_output(self) -> None:
        forms = [self.SECRET, self.SECRET.upper(), self.SECRET.encode().hex()]
        for form in forms:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                report = Report(SecretGuard([self.SECRET]))
                report.section("one")
                report.add(Outcome("fine", "a", "b", "GET /", "accepted", "accepted"))
                report.say(f"before {form} after")
                self.assertFalse(report.finish())
            self.assertNotIn(form, out.getvalue())
            self.assertIn("SECRET LEAKED", out.getvalue())
            self.assertIn("1 passed, 1 failed", out.getvalue())

    def test_and_without_one_the_report_is_green(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            report = Report(SecretGuard([self.SECRET]))
            report.section("one")
            report.add(Outcome("fine", "a", "b", "GET /", "accepted", "accepted"))
            self.assertTrue(report.finish())

    def test_and_a_report_of_nothing_is_red(self) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertFalse(Report(SecretGuard([])).finish())


if __name__ == "__main__":
    unittest.main()
