"""Signatures that senders and standards have printed, each beside the same request with something changed.

`published.json` holds them with their sources.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from fleet import OWN
from model import Suite
from request import Json, Request
from wire import NOW

PUBLISHED = Path(__file__).resolve().parent.parent / "published.json"
CALLER = "webhook:sender"
WITH_AN_END = ("hubspot-v1", "hubspot-v2")


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("webhooks-published")
    for entry in json.loads(PUBLISHED.read_text(encoding="utf-8")):
        _entry(suite, entry)
    return suite


def _entry(suite: Suite, entry: dict[str, Any]) -> None:
    group = suite.group(entry["id"], _document(entry))
    request, now = _request(entry["request"]), entry.get("now", NOW)
    name, scheme = entry["id"].replace("/", "-").replace(".", "-"), entry.get("scheme", "raw")
    holds: dict[str, Json] = {"service": CALLER, "key": "published", "scheme": scheme}

    def test(suffix: str, comment: str, request: Request, expect: Json) -> None:
        step: Json = {"op": "verify", "now": now, "request": request.to_json(), "expect": expect}
        flags = ("Published", "Tampered") if "refused" in str(expect) else ("Published", "Genuine")
        group.steps(name + suffix, comment, flags, step, origin=entry["source"])

    if "full_tag" in entry:
        test("", "a tag that was cut is no tag", request, {"refused": "MALFORMED_SIGNATURE"})
        whole = request.set("X-Tag", entry["full_tag"].encode())
        test("-whole", "the whole tag", whole, {"ok": holds})
        return
    test("", "as it is printed", request, {"ok": holds})
    if request.method == b"GET":
        changed = request.but(target=request.target.replace(b"=", b"=x", 1))
    else:
        changed = request.but(body=request.body + b"x")
    code = "DIGEST_MISMATCH" if b"bodySHA256=" in request.target else "INVALID_SIGNATURE"
    test("-changed", "with a letter more", changed, {"refused": code})


def _document(entry: dict[str, Any]) -> Json:
    key: dict[str, Json] = {"id": "published", "secret": f"literal:{entry['secret']}", "sample": True}
    if entry.get("scheme") in WITH_AN_END:
        key["not_after"] = "2030-01-01T00:00:00Z"
    webhook: dict[str, Json] = {"scheme": entry.get("scheme", "raw"), "keys": [key]}
    if "url" in entry:
        webhook["url"] = entry["url"]
    document: dict[str, Json] = {"service": OWN, "services": {}, "accept": [CALLER]}
    if "template" in entry:
        document["schemes"] = {"raw": entry["template"]}
    return document | {"webhooks": {"sender": webhook}}


def _request(fields: dict[str, Any]) -> Request:
    body = fields["body"]
    return Request(
        method=fields["method"].encode(),
        target=fields["target"].encode(),
        headers=tuple((name, value.encode()) for name, value in fields["headers"]),
        body=body.encode() if isinstance(body, str) else base64.b64decode(body["base64"]),
    )
