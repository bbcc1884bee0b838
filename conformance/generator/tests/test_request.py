"""Requests and how they are written down."""

from __future__ import annotations

import json
import unittest

from model import render
from request import Json, Request, body, text

REQUEST = Request(method=b"GET", target=b"/", headers=(("A", b"1"), ("B", b"2")))


class Damage(unittest.TestCase):
    def test_changes_only_what_is_there(self) -> None:
        self.assertEqual(REQUEST.set("A", b"3").headers, (("A", b"3"), ("B", b"2")))
        self.assertEqual(REQUEST.without("A").headers, (("B", b"2"),))
        self.assertEqual(REQUEST.renaming("A", "a").headers, (("a", b"1"), ("B", b"2")))
        self.assertEqual(REQUEST.adding("A", b"3").headers, (("A", b"1"), ("B", b"2"), ("A", b"3")))
        with self.assertRaises(ValueError):
            REQUEST.set("C", b"")
        with self.assertRaises(ValueError):
            REQUEST.without("C")
        with self.assertRaises(ValueError):
            REQUEST.renaming("C", "c")


class Writing(unittest.TestCase):
    def test_takes_base64_for_what_is_no_plain_text(self) -> None:
        self.assertEqual(text(b"plain"), "plain")
        for value in (b"a\n", b"\0", b"\x7f", b"\xff", "é".encode()):
            self.assertIsInstance(text(value), dict)
        self.assertEqual(body(b"a\r\n\t"), "a\r\n\t")
        self.assertEqual(body(b"\xff"), {"base64": "/w=="})

    def test_breaks_long_lines_and_changes_nothing(self) -> None:
        value: Json = {"a": list(range(100)), "b": {"c": "x" * 200, "d": []}, "e": [[1, "y" * 60], [2, "z" * 60]]}
        written = render(value)
        self.assertEqual(json.loads(written), value)
        self.assertGreater(written.count("\n"), 3)
