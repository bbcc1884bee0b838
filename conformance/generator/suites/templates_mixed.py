"""Templates that nobody chose: parts, encodings and lists thrown together, and what is signed worked out beside them.

The dice are a hash, so the same templates are thrown each time and in every version of Python.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from fleet import OWN, secret
from model import Suite, accepted, refused
from request import Request
from senders import HUBSPOT_ESCAPES, as_base64, as_hex, form_pairs, query_of
from wire import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from request import Json

T = TypeVar("T")

CALLER = "webhook:sender"
SECRET = secret("a sender of mixed templates")
KEY = SECRET.encode()
COUNT = 240

SIMPLE = ("method", "path", "query", "target", "url", "url-unescaped", "endpoint", "timestamp", "nonce", "message-id")
KINDS = (*SIMPLE, "body", "body-sha256", "header", "parameter", "form", "sorted-query", "literal", "literal-object")
BODY_KINDS = ("body", "body-sha256", "form")

STAMPS = {
    "s": (str(NOW),),
    "ms": (f"{NOW}000", f"{NOW}999"),
    "rfc3339": ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.50Z", "2026-01-01T00:00:00.000000001Z"),
}
ALGORITHMS = ("hmac-sha256", "hmac-sha256", "hmac-sha512", "hmac-sha1", "sha256-prefix")
ENCODINGS = ("hex", "hex-any-case", "base64", "base64url")


class Dice:
    """Numbers from a hash."""

    def __init__(self, seed: str) -> None:
        """Begin anew for each seed."""
        self.seed, self.thrown = seed, 0

    def below(self, end: int) -> int:
        """Return a number from 0 to below the end."""
        self.thrown += 1
        digest = hashlib.sha256(f"{self.seed}/{self.thrown}".encode()).digest()
        return int.from_bytes(digest[:8]) % end

    def pick(self, options: Sequence[T]) -> T:
        """Return one of these."""
        return options[self.below(len(options))]

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Return some of these, each once, in any order."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in range(1 + self.below(min(most, len(rest))))]

    def text(self, letters: bytes, most: int, least: int = 0) -> bytes:
        """Return a text of these letters."""
        return bytes(self.pick(letters) for _ in range(least + self.below(most - least + 1)))

    def chance(self, one_in: int) -> bool:
        """Say yes once in so many times."""
        return self.below(one_in) == 0


@dataclass
class Mixed:
    """A template, a request that it signs, and the bytes that are signed."""

    dice: Dice
    method: bytes
    target: bytes
    body: bytes
    unit: str
    stamp: bytes
    url: str
    endpoint: str
    parts: list[Json] = field(default_factory=list)
    message: bytes = b""
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    members: dict[str, Json] = field(default_factory=dict)
    hook: dict[str, Json] = field(default_factory=dict)
    is_stamped: bool = False

    def add(self, part: Json, value: bytes) -> None:
        """Add a part and what it stands for."""
        self.parts.append(part)
        self.message += value

    def query(self) -> bytes:
        """Return what follows the first question mark."""
        return self.target.partition(b"?")[2]


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("templates-mixed")
    for number in range(COUNT):
        _throw(suite, number)
    return suite


def _throw(suite: Suite, number: int) -> None:
    mixed = _request(Dice(f"mixed {number}"))
    dice = mixed.dice
    has_body = False
    for kind in dice.some(KINDS, 9):
        if kind in BODY_KINDS and has_body:
            continue
        has_body |= kind in BODY_KINDS
        _part(mixed, kind)
    if not mixed.parts:
        mixed.add("body", mixed.body)
    algorithm, encoding = dice.pick(ALGORITHMS), dice.pick(ENCODINGS)
    prefix = dice.pick(("", "v0=", "sig "))
    place: dict[str, Json] = {"header": "X-Sig", "encoding": encoding}
    if prefix:
        place["prefix"] = prefix
    texts = [
        prefix.encode() + _written(encoding, _tag(algorithm, said)) for said in (mixed.message, mixed.message + b"x")
    ]
    if dice.chance(2):
        texts = _listed(mixed, place, texts)
    if mixed.is_stamped and "timestamp" not in mixed.members:
        mixed.members["timestamp"] = {"header": "X-Time", "unit": mixed.unit}
        mixed.headers.append(("X-Time", mixed.stamp))
    good, bad = (
        Request(method=mixed.method, target=mixed.target, headers=(*mixed.headers, ("X-Sig", text)), body=mixed.body)
        for text in texts
    )
    chunks = [dice.below(1 + min(len(mixed.body) // 3, 70)) for _ in range(3)]
    group = suite.group(f"mixed {number}", _document(mixed, algorithm, place), {"HOOK_SECRET": SECRET})
    group.steps(
        f"mixed-{number}",
        "signed as the template says; the same in pieces; and with a byte more in what was signed",
        ("Genuine", "Stream", "Tampered"),
        accepted(good, service=CALLER),
        accepted(good, chunks=chunks, service=CALLER),
        refused(bad, "INVALID_SIGNATURE"),
    )


def _request(dice: Dice) -> Mixed:
    segments = [dice.text(b"abcXYZ09-._~!$'()*,:@", 5) + dice.pick((b"", b"%2F", b"%3a")) for _ in range(dice.below(4))]
    pairs = [
        dice.text(b"abx1+", 3, 1) + b"=" + dice.text(b"abx1+'/@%", 4).replace(b"%", b"%2C")
        for _ in range(dice.below(6))
    ]
    if dice.chance(2):
        pairs.append(b"tenant=a%20" + dice.text(b"xyz+", 3))
    url = dice.pick(("https://h.example", "http://user:pw@h.example:81", "https://h.example:444"))
    unit = dice.pick(tuple(STAMPS))
    form = b"&".join(dice.text(b"ab12+", 3, 1) + b"=" + dice.text(b"ab0+", 4) for _ in range(4))
    return Mixed(
        dice=dice,
        method=dice.pick((b"POST", b"GET", b"PUT", b"X-Y")),
        target=b"/" + b"/".join(segments) + (b"?" + b"&".join(pairs) if dice.below(3) else b""),
        body=dice.pick((b"", b'{"a":1}', bytes(range(256)), b"a=1&b=2&a=1&c=%20+", form)),
        unit=unit,
        stamp=dice.pick(STAMPS[unit]).encode(),
        url=url,
        endpoint=url + dice.pick(("", "/in", "/in?x=1")),
    )


def _part(mixed: Mixed, kind: str) -> None:
    dice, target = mixed.dice, mixed.target
    nonce, identity = dice.text(b"abcXYZ019-_", 64, 16), dice.text(b"abc_-1", 20, 1)
    own = dice.pick((b"", b"v", b"a, b", b"x y \xe9"))
    whole = mixed.url.encode() + target
    plain = {
        "method": mixed.method,
        "path": target.partition(b"?")[0],
        "query": mixed.query(),
        "target": target,
        "url": whole,
        "url-unescaped": mixed.url.encode()
        + re.sub(rb"%[0-9A-Fa-f]{2}", lambda found: HUBSPOT_ESCAPES.get(found[0].upper(), found[0]), target),
        "endpoint": mixed.endpoint.encode(),
        "body": mixed.body,
        "body-sha256": hashlib.sha256(mixed.body).hexdigest().encode(),
    }
    if kind in ("url", "url-unescaped", "endpoint"):
        mixed.hook["url"] = mixed.endpoint
    if kind in plain:
        mixed.add(kind, plain[kind])
        return
    match kind:
        case "timestamp":
            mixed.is_stamped = True
            mixed.add("timestamp", mixed.stamp)
            mixed.add("~", b"~")
        case "nonce":
            mixed.members["nonce"] = {"header": "X-Nonce"}
            mixed.headers.append(("X-Nonce", nonce))
            mixed.add("nonce", nonce)
            mixed.add("|", b"|")
        case "message-id":
            mixed.members["message_id"] = {"header": "X-Message"}
            mixed.headers.append(("x-message", identity))
            mixed.add("message-id", identity)
            mixed.add("~", b"~")
        case "header":
            mixed.headers.append(("X-Own", own))
            mixed.add("header:X-Own", own)
        case "parameter":
            values = [value for name, value in query_of(target) if name == b"tenant"]
            if len(values) == 1:
                mixed.add("query:tenant", values[0])
        case "form":
            distinct = dice.chance(2)
            pairs = sorted(set(form_pairs(mixed.body)) if distinct else form_pairs(mixed.body))
            part: dict[str, Json] = {"sorted": "form"} | ({"distinct": True} if distinct else {})
            mixed.add(part, b"".join(name + value for name, value in pairs))
        case "sorted-query":
            _sorted_query(mixed)
        case "literal":
            text = dice.pick((".", "\n", "$&", "0", "→"))
            mixed.add(text, text.encode())
        case _:
            text = dice.pick(("body", "v0:", "method"))
            mixed.add({"literal": text}, text.encode())


def _sorted_query(mixed: Mixed) -> None:
    dice = mixed.dice
    assign, join = dice.pick(("=", "", ":")), dice.pick(("&", "", "\n"))
    left_out = dice.pick(((), ("tenant",), ("a",)))
    escapes = dice.chance(2)
    values: dict[bytes, list[bytes]] = {}
    for name, value in query_of(mixed.target):
        if name not in [text.encode() for text in left_out]:
            values.setdefault(name, []).append(value)
    part: dict[str, Json] = {"sorted": "query", "assign": assign, "join": join, "escape": escapes}
    if left_out:
        part["except"] = list(left_out)
    repeated = ","
    if any(len(found) > 1 for found in values.values()) or dice.chance(2):
        part["repeated"] = repeated

    def escaped(text: bytes, marks: bytes) -> bytes:
        for mark in marks if escapes else b"":
            text = text.replace(bytes([mark]), b"%%%02X" % mark)
        return text

    items = [
        escaped(name, b"%&=") + assign.encode() + escaped(repeated.encode().join(values[name]), b"%&")
        for name in sorted(values)
    ]
    mixed.add(part, join.encode().join(items))


def _tag(algorithm: str, message: bytes) -> bytes:
    if algorithm == "sha256-prefix":
        return hashlib.sha256(KEY + message).digest()
    return hmac.digest(KEY, message, algorithm.removeprefix("hmac-"))


def _written(encoding: str, tag: bytes) -> bytes:
    return {
        "hex": as_hex(tag),
        "hex-any-case": as_hex(tag).upper(),
        "base64": as_base64(tag),
        "base64url": base64.urlsafe_b64encode(tag).rstrip(b"="),
    }[encoding]


def _listed(mixed: Mixed, place: dict[str, Json], texts: list[bytes]) -> list[bytes]:
    """Put each signature into a list, beside other things that a sender may write there."""
    dice = mixed.dice
    separator, assign = dice.pick((";", "|", "!")), dice.pick((":", "~"))
    form: dict[str, Json] = {"separator": separator, "assign": assign, "signature": "v1"}
    beside: list[bytes] = []
    if dice.chance(2):
        beside.append(b"z" + assign.encode() + b"1")
    if dice.chance(3):
        beside.append(b"v1" + assign.encode() + b"not a signature")
    if mixed.is_stamped and dice.chance(2):
        form["timestamp"] = "t"
        mixed.members["timestamp"] = {"unit": mixed.unit}
        beside.append(b"t" + assign.encode() + mixed.stamp)
    place["list"] = form
    at = dice.below(len(beside) + 1)
    lists = [[*beside[:at], b"v1" + assign.encode() + text, *beside[at:]] for text in texts]
    return [separator.encode().join(items) for items in lists]


def _document(mixed: Mixed, algorithm: str, place: Json) -> Json:
    key: dict[str, Json] = {"secret": "env:HOOK_SECRET"}
    if algorithm == "sha256-prefix":
        key["not_after"] = "2030-01-01T00:00:00Z"
    template: dict[str, Json] = {"algorithm": algorithm, "key": "text", "message": mixed.parts, "signature": place}
    return {
        "service": OWN,
        "services": {},
        "accept": [CALLER],
        "schemes": {"mixed": template | mixed.members},
        "webhooks": {"sender": {"scheme": "mixed", "keys": [key], **mixed.hook}},
        "replay": {"store": "none"},
    }
