"""The independent signatures of AWS against the suite of AWS."""

from __future__ import annotations

import json
import unittest
from pathlib import Path
from typing import Any

from amazon import Signer, digest, names_of, prepared, presigned, signed
from request import Request

SUITE = Path(__file__).resolve().parents[2] / "vectors" / "external" / "aws-sigv4" / "v4"
NOW = 1_440_938_160
"""2015-08-30T12:36:00Z, the time of the suite."""


def parse(text: str) -> Request:
    """Read a request as it is on the wire, with folded headers unfolded."""
    head, _, body = text.partition("\n\n")
    first, *lines = head.replace("\n ", " ").split("\n")
    method, _, target = first.removesuffix(" HTTP/1.1").partition(" ")
    fields = tuple((name, value.encode()) for name, _, value in (line.partition(":") for line in lines))
    return Request(method=method.encode(), target=target.encode(), headers=fields, body=body.encode())


class Suite(unittest.TestCase):
    def test_is_signed_to_the_same_bytes(self) -> None:
        folders = sorted(path.parent for path in SUITE.glob("*/context.json"))
        self.assertEqual(len(folders), 38)
        for folder in folders:
            with self.subTest(folder.name):
                self.judge(folder)

    def judge(self, folder: Path) -> None:
        def read(name: str) -> str:
            return (folder / name).read_text(encoding="utf-8").rstrip()

        context: dict[str, Any] = json.loads(read("context.json"))
        keys = context["credentials"]
        signer = Signer(
            access_key=keys["access_key_id"],
            secret=keys["secret_access_key"],
            region=context["region"],
            service=context["service"],
            token=None if context.get("omit_session_token") else keys.get("token"),
        )
        request = parse(read("request.txt"))
        if folder.name == "get-space-normalized":
            request = request.but(target=b"/example space/")
        declared = bool(context["sign_body"])
        payload = digest(request.body)
        if not context["normalize"]:
            # The suite knows paths that are encoded and not normalised; those of S3 come out the same.
            plain, signer = signer, signer.but(s3=True)
            whole = prepared(plain, request, now=NOW)
            canonical = signer.canonical(whole, names_of(whole), payload)
            self.assertEqual(canonical, read("header-canonical-request.txt"))
            self.assertEqual(signer.tag("20150830T123600Z", canonical), read("header-signature.txt"))
            return
        whole = prepared(signer, request, now=NOW, declared=declared)
        self.assertEqual(signer.canonical(whole, names_of(whole), payload), read("header-canonical-request.txt"))
        header = signed(signer, request, now=NOW, declared=declared).header("Authorization")
        self.assertTrue(header.endswith(read("header-signature.txt").encode()))
        if context.get("omit_session_token") is None:
            link = presigned(signer, request, now=NOW, expires=str(context["expiration_in_seconds"]))
            self.assertEqual(link.target, parse(read("query-signed-request.txt")).target)


if __name__ == "__main__":
    unittest.main()
