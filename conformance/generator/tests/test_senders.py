"""The second implementation against what senders and standards have printed, before it judges anything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unittest
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import curves
from senders import SENDERS, Delivery, form_pairs, hmac_sha1, query_of, shopify_proxy_message, twilio_message
from suites import webhooks_published

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
VECTORS = ROOT / "conformance/vectors"
CATALOGUE = ROOT / "core/src/scheme/catalogue"
PUBLISHED: list[dict[str, Any]] = json.loads(webhooks_published.PUBLISHED.read_text())


def entries(*schemes: str) -> list[dict[str, Any]]:
    """Return what is printed of these schemes."""
    return [entry for entry in PUBLISHED if entry.get("scheme", entry["id"].partition("/")[0]) in schemes]


def values(entry: dict[str, Any]) -> dict[str, bytes]:
    """Return the headers of a printed request, by their lower-case names."""
    return {name.lower(): value.encode() for name, value in entry["request"]["headers"]}


def body(entry: dict[str, Any]) -> bytes:
    """Return the body of a printed request."""
    text = entry["request"]["body"]
    return base64.b64decode(text["base64"]) if isinstance(text, dict) else text.encode()


def schemes_of_webhooks(part: Any) -> set[str]:
    """Return what the webhooks of all configs in a part of a suite are made of."""
    if isinstance(part, list):
        return set().union(*map(schemes_of_webhooks, part))
    if not isinstance(part, dict):
        return set()
    webhooks = part.get("webhooks")
    own = webhooks.values() if isinstance(webhooks, dict) else ()
    named = {webhook["scheme"] for webhook in own if isinstance(webhook, dict) and "scheme" in webhook}
    return named.union(*map(schemes_of_webhooks, part.values()))


class Coverage(unittest.TestCase):
    """Each scheme of the catalogue is judged by vectors."""

    def test_each_template_has_three_vectors_or_more(self) -> None:
        counts: Counter[str] = Counter()
        for path in VECTORS.glob("*.json"):
            for group in json.loads(path.read_text())["groups"]:
                of_all = schemes_of_webhooks({name: part for name, part in group.items() if name != "tests"})
                for test in group["tests"]:
                    counts.update(of_all | schemes_of_webhooks(test))
        few = [path.stem for path in CATALOGUE.glob("*.json") if counts[path.stem] < 3]
        self.assertEqual(few, [])


class Published(unittest.TestCase):
    """Each printed signature is what `senders.py` makes."""

    def test_every_sender_has_a_template_and_every_template_a_sender(self) -> None:
        self.assertEqual(sorted(SENDERS), sorted(path.stem for path in CATALOGUE.glob("*.json")))

    def test_bodies_and_times(self) -> None:
        stamps: dict[str, Callable[[dict[str, bytes]], bytes]] = {
            "slack": lambda found: found["x-slack-request-timestamp"],
            "standard-webhooks": lambda found: found["webhook-timestamp"],
            "openai": lambda found: found["webhook-timestamp"],
            "stripe": lambda _: b"1533204620",
            "paddle": lambda found: found["paddle-signature"].split(b";")[0].removeprefix(b"ts="),
        }
        seen = 0
        for entry in entries("circleci", "github", "line", *stamps):
            sender, found = SENDERS[entry["scheme"]], values(entry)
            key = entry["secret"].encode()
            if entry["secret"].startswith("whsec_") and entry["scheme"] != "stripe":
                key = base64.b64decode(entry["secret"].removeprefix("whsec_"))
            stamp = stamps[entry["scheme"]](found) if entry["scheme"] in stamps else b""
            delivery = Delivery(body=body(entry), stamp=stamp, id=found.get("webhook-id", b""))
            self.assertIn(sender.signature(delivery, key), found[sender.carrier.lower()], entry["id"])
            seen += 1
        self.assertGreater(seen, 13)

    def test_twilio(self) -> None:
        for entry in entries("twilio"):
            delivery = Delivery(target=entry["request"]["target"].encode(), body=body(entry))
            url = entry["url"]
            bare = url.rpartition(":")[0] if url.count(":") == 2 and "@" not in url else url
            port = ":443" if url.startswith("https") else ":80"
            spellings = [(delivery, text) for text in (url, bare, url + port)]
            again = delivery.but(target=delivery.target.replace(b"'", b"%27"))
            spellings.append((again, url))
            tags = {
                base64.b64encode(hmac_sha1(entry["secret"].encode(), twilio_message(said, spelled)))
                for said, spelled in spellings
            }
            self.assertIn(values(entry)["x-twilio-signature"], tags, entry["id"])

    def test_queries(self) -> None:
        for entry in entries("shopify-oauth", "shopify-app-proxy"):
            target = entry["request"]["target"].encode()
            parameters = dict(query_of(target))
            sender = SENDERS[entry["scheme"]]
            given = parameters[sender.carrier[1:].encode()]
            pieces = [
                p
                for p in target.partition(b"?")[2].split(b"&")
                if not p.startswith((b"timestamp=", b"hmac=", b"signature="))
            ]
            delivery = Delivery(target=b"/x?" + b"&".join(pieces), stamp=parameters[b"timestamp"])
            self.assertEqual(sender.signature(delivery, entry["secret"].encode()), given, entry["id"])

    def test_urls(self) -> None:
        for entry in entries("square", "hubspot-v1", "hubspot-v2"):
            key, said = entry["secret"].encode(), body(entry)
            target = entry["request"]["target"].encode()
            url = entry.get("url", "").encode()
            found = values(entry)
            match entry["scheme"]:
                case "square":
                    made = base64.b64encode(hmac.digest(key, url + said, "sha256"))
                case "hubspot-v1":
                    made = hashlib.sha256(key + said).hexdigest().encode()
                case _:
                    made = hashlib.sha256(key + b"POST" + url + target + said).hexdigest().encode()
            self.assertIn(made, found.values(), entry["id"])

    def test_standards(self) -> None:
        raw = [entry for entry in PUBLISHED if "template" in entry and entry["template"]["message"] == ["body"]]
        self.assertEqual(len(raw), 13)
        for entry in raw:
            algorithm = entry["template"]["algorithm"]
            key, tag = bytes.fromhex(entry["secret"]), bytes.fromhex(values(entry)["x-tag"].decode())
            if algorithm == "ed25519":
                self.assertTrue(curves.ed25519_verify(key, body(entry), tag), entry["id"])
            else:
                made = hmac.digest(key, body(entry), algorithm.removeprefix("hmac-"))
                self.assertEqual(made, bytes.fromhex(entry.get("full_tag", tag.hex())), entry["id"])

    def test_public_keys(self) -> None:
        (entry,) = entries("standard-webhooks-v1a")
        found = values(entry)
        message = found["webhook-id"] + b"." + found["webhook-timestamp"] + b"." + body(entry)
        public = base64.b64decode(entry["secret"].removeprefix("whpk_"))
        signature = base64.b64decode(found["webhook-signature"].removeprefix(b"v1a,"))
        self.assertTrue(curves.ed25519_verify(public, message, signature))
        (entry,) = entries("sendgrid")
        found = values(entry)
        message = found["x-twilio-email-event-webhook-timestamp"] + body(entry)
        signature = base64.b64decode(found["x-twilio-email-event-webhook-signature"])
        self.assertTrue(curves.ecdsa_verify(base64.b64decode(entry["secret"]), message, signature))


class Forms(unittest.TestCase):
    """Parameters of forms and queries."""

    def test_are_split_before_they_are_decoded(self) -> None:
        self.assertEqual(form_pairs(b"a=1%262&&b+c&%3d=%zz"), [(b"a", b"1&2"), (b"b c", b""), (b"=", b"%zz")])

    def test_repeats_are_joined_in_their_order(self) -> None:
        said = Delivery(target=b"/?b=2&a=1&b=1", stamp=b"9")
        self.assertEqual(shopify_proxy_message(said), b"a=1b=2,1timestamp=9")


if __name__ == "__main__":
    unittest.main()
