"""The matrix goes red: each way in which a server can go wrong is seen, and named."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from schemes import REQUESTS, SCHEMES  # noqa: E402 - as above

import matrix  # noqa: E402 - the folder above comes first

GENUINE = len(REQUESTS)
GENUINE_WRONG = ("takes one caller for another", "hands on another body", "refuses what is genuine")
OTHER_WAYS = (
    "does right",
    "is not protected",
    "answers another code",
    "answers another status",
    "forgets what it has seen",
)


class TheMatrixGoesRed(unittest.TestCase):
    """One test for each way."""

    pairs: dict[str, matrix.Pair]

    @classmethod
    def setUpClass(cls) -> None:
        """Play with all of them."""
        commands = {
            way: [sys.executable, str(HERE / "liar.py"), way, "{port}"] for way in (*GENUINE_WRONG, *OTHER_WAYS)
        }
        cls.pairs = {pair.server: pair for pair in matrix.play(commands, ["Python httpx"], SCHEMES[:1])}

    def wrong(self, way: str) -> list[matrix.Failure]:
        """Return what is said of a server, which is something."""
        found = self.pairs[way].failures
        self.assertTrue(found)
        return found

    def test_a_server_that_does_right_passes(self) -> None:
        """The others fail by what they do wrong, and by nothing else."""
        pair = self.pairs["does right"]
        self.assertEqual((pair.accepted, pair.failures), (GENUINE, []))
        self.assertGreater(pair.refused, 0)

    def test_a_server_that_is_not_protected(self) -> None:
        """It accepts everything, so all that was changed is named."""
        wrong = self.wrong("is not protected")
        self.assertEqual(self.pairs["is not protected"].refused, 0)
        self.assertEqual({failure.got for failure in wrong}, {"accepted"})
        named = {failure.what for failure in wrong}
        self.assertLessEqual({"method", "path", "query", "signature", "no credential", "sent once more"}, named)

    def test_a_server_that_answers_another_code(self) -> None:
        """The code is compared, and its own status with it."""
        wrong = self.wrong("answers another code")
        self.assertIn(
            ("method", "INVALID_SIGNATURE", "MISSING_SIGNATURE"), {(f.what, f.expected, f.got) for f in wrong}
        )
        self.assertEqual(self.pairs["answers another code"].refused, 0)

    def test_a_server_that_answers_another_status(self) -> None:
        """The right code does not help."""
        self.assertTrue(all(failure.got.startswith("403") for failure in self.wrong("answers another status")))
        self.assertEqual(self.pairs["answers another status"].refused, 0)

    def test_a_server_that_forgets_what_it_has_seen(self) -> None:
        """Only what was sent once more is wrong; the host is not covered, so another one is a repetition, too."""
        named = {failure.what for failure in self.wrong("forgets what it has seen")}
        self.assertEqual(named, {"host", "sent once more"})

    def test_a_server_that_gets_what_is_genuine_wrong(self) -> None:
        """Who called, what was sent, and whether it is let in."""
        for way in GENUINE_WRONG:
            with self.subTest(way):
                self.assertEqual([failure.what for failure in self.wrong(way)], ["genuine"] * GENUINE)


if __name__ == "__main__":
    unittest.main()
