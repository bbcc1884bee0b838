"""The independent message signatures against those that RFC 9421 prints."""

from __future__ import annotations

import base64
import json
import unittest
from pathlib import Path
from typing import Any

import curves
from messages import Draft, digest, hmac_key, profiled, signed_nonce
from request import Request

PRINTED = Path(__file__).resolve().parents[2] / "vectors" / "external" / "rfc9421" / "signatures.json"


def request_of(case: dict[str, Any]) -> Request:
    """Return the request of a case."""
    request = case["request"]
    fields = tuple((name, value.encode()) for name, value in request["headers"])
    method, target, body = (request[name].encode() for name in ("method", "target", "body"))
    return Request(method=method, target=target, headers=fields, body=body)


def draft_of(case: dict[str, Any]) -> Draft:
    """Return what a case covers, with its parameters as they are printed."""
    *lines, last = case["base"]
    parameters: str = last.removeprefix('"@signature-params": ')

    class Printed(Draft):
        def parameters(self) -> str:
            return parameters

    return Printed(covered=tuple(line.split(": ", 1)[0] for line in lines))


class Rfc(unittest.TestCase):
    def setUp(self) -> None:
        self.suite = json.loads(PRINTED.read_text(encoding="utf-8"))
        self.cases = [case for case in self.suite["cases"] if "response" not in case]

    def test_makes_the_printed_bases(self) -> None:
        self.assertGreater(len(self.cases), 14)
        for case in self.cases:
            with self.subTest(f"{case['section']} {case['title']}"):
                self.assertEqual(draft_of(case).base(request_of(case)).decode(), "\n".join(case["base"]))

    def test_makes_the_printed_signatures(self) -> None:
        judged = 0
        for case in self.cases:
            key = self.suite["keys"][case["key"]]
            request = request_of(case)
            base = draft_of(case).base(request)
            members = request.header("Signature").decode().split(", ")
            (text,) = [member for member in members if member.startswith(case["label"] + "=:")]
            signature = base64.b64decode(text.split(":")[1])
            holds = "verdict" not in case
            with self.subTest(f"{case['section']} {case['title']}"):
                if key["algorithm"] == "hmac-sha256":
                    self.assertEqual(hmac_key(base64.b64decode(key["secret_base64"]))(base), signature)
                elif key["algorithm"] == "ed25519":
                    public = base64.b64decode(key["public_key"].split("\n")[1])[-32:]
                    self.assertEqual(curves.ed25519_verify(public, base, signature), holds)
                else:
                    continue
                judged += 1
        self.assertGreaterEqual(judged, 8)


class Profile(unittest.TestCase):
    def test_nonces_of_uuids_are_their_bytes(self) -> None:
        self.assertEqual(signed_nonce("6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"), "bxw_CmpVTI-dOw0PXBybEQ")
        self.assertEqual(signed_nonce("n" * 16), "n" * 16)

    def test_a_body_is_covered_by_its_digest(self) -> None:
        body = b'{"hello": "world"}'
        self.assertEqual(digest(body), b"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:")
        plain = Request(method=b"POST", target=b"/", headers=(("Host", b"a.example"),), body=body)
        draft = Draft(keyid="a/1")
        request = profiled(plain, (draft, hmac_key(b"k" * 32)))
        self.assertEqual(request.header("Content-Digest"), digest(body))
        self.assertIn(b'"content-digest")', request.header("Signature-Input"))
        empty = profiled(plain.but(body=b""), (draft, hmac_key(b"k" * 32)))
        self.assertEqual([name for name, _ in empty.headers], ["Host", "Signature-Input", "Signature"])
