"""Explanations: the verdict is that of a verification, and the cause of a wrong signature is named."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, OWN_KEY, SECRETS, STRANGER_KEY, config, registry
from model import Suite, accepted, refused
from suites import explain_standards
from suites.common import change_digit
from suites.explain_standards import explains
from wire import NONCE, NOW, Call, Scheme, message, signed, tag

if TYPE_CHECKING:
    from model import Group
    from request import Json, Request

V1 = Scheme.SERVICE_HMAC
V2 = Scheme.SERVICE_HMAC_V2
DOCUMENT = {"b": 1, "a": "Zoë/<x>"}
COMPACT = json.dumps(DOCUMENT, separators=(",", ":"), ensure_ascii=False).encode()
CALL = Call(target=b"/api/images?b=2&a=x%20y", body=COMPACT)


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("explain")
    group = suite.group("two schemes", config(V2, V1), SECRETS)
    _accepted(group)
    _bodies(group)
    _targets(group)
    _keys(group)
    _messages(group)
    _forms(group)
    _policy(suite)
    _webhooks(suite)
    _several_signatures(suite)
    explain_standards.add(suite)
    return suite


def _mistake(group: Group, name: str, comment: str, request: Request, *hints: str) -> None:
    """Add a request with a wrong signature, whose causes are these; a verification refuses it too."""
    verdict = "INVALID_SIGNATURE"
    steps = (explains(request, verdict, *hints), refused(request, verdict))
    group.steps(name, comment, "Explained", *steps)


def _accepted(group: Group) -> None:
    request = signed(V2, CALL, KEY)
    steps = (
        explains(request, "OK"),
        accepted(request, service=CALLER),
        explains(request, "REPLAYED_REQUEST", "replayed"),
    )
    comment = "an explanation remembers nothing, and sees what a verification has remembered"
    group.steps("looks-only", comment, ("Explained", "Replay"), *steps, refused(request, "REPLAYED_REQUEST"))


def _bodies(group: Group) -> None:
    def body(name: str, comment: str, sealed: bytes, received: bytes, *hints: str) -> None:
        request = signed(V2, replace(CALL, body=sealed), KEY).but(body=received)
        _mistake(group, f"body-{name}", comment, request, *hints)

    spaces = json.dumps(DOCUMENT, ensure_ascii=False).encode()
    body("compact", "compact JSON was signed", COMPACT, spaces, "body-json-compact")
    body("spaces", "JSON with spaces was signed", spaces, COMPACT, "body-json-spaces")
    pretty = json.dumps(DOCUMENT, ensure_ascii=False, indent=2).encode()
    body("pretty", "indented JSON was signed", pretty, COMPACT, "body-json-pretty")
    ordered = json.dumps(DOCUMENT, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    body("sorted", "sorted members were signed", ordered, COMPACT, "body-json-sorted-keys")
    ascii_only = json.dumps(DOCUMENT, separators=(",", ":")).encode()
    body("ascii", "escapes were signed", ascii_only, COMPACT, "body-json-ascii-escapes")
    python = json.dumps(DOCUMENT).encode()
    body("python", "spaces and escapes were signed", python, COMPACT, "body-json-ascii-escapes", "body-json-spaces")
    body("slashes", "escaped slashes were signed", COMPACT.replace(b"/", rb"\/"), COMPACT, "body-json-slash-escapes")
    html = COMPACT.replace(b"<", rb"\u003c").replace(b">", rb"\u003e")
    body("html", "escapes for HTML were signed", html, COMPACT, "body-json-html-escapes")
    body("line-end", "a line end more was signed", COMPACT + b"\n", COMPACT, "body-trailing-newline")
    body("crlf", "line ends of two bytes were signed", b"a\r\nb", b"a\nb", "body-line-ends")
    body("bom", "a byte order mark was signed", b"\xef\xbb\xbf{}", b"{}", "body-bom")
    body("latin1", "another encoding was signed", '"ö"'.encode("latin-1"), '"ö"'.encode(), "body-latin1")
    body("lossy", "replacement characters were signed", "\ufffda".encode(), b"\xffa", "body-replacement-characters")
    body("empty", "an empty object was signed", b"{}", b"", "body-empty")
    body("form", "JSON was signed, a form came", b'{"a":"1","b":"2"}', b"a=1&b=2", "body-form")


def _targets(group: Group) -> None:
    def target(name: str, comment: str, sealed: bytes, received: bytes, *hints: str) -> None:
        request = signed(V2, replace(CALL, target=sealed), KEY).but(target=received)
        _mistake(group, name, comment, request, *hints)

    target("path-prefix-missing", "the prefix was not signed", b"/images", b"/api/images", "path-prefix-missing")
    target("path-prefix-added", "the prefix was cut off", b"/api/images", b"/images", "path-prefix-added")
    target("path-slash", "a trailing slash was signed", b"/api/images/", b"/api/images", "path-trailing-slash")
    target("path-escapes", "lower-case escapes were signed", b"/caf%c3%a9", b"/caf%C3%A9", "path-escape-case")
    target("query-left-out", "the query was not signed", b"/a", b"/a?b=1", "query-left-out")
    target("query-sorted", "a sorted query was signed", b"/a?a=1&b=2", b"/a?b=2&a=1", "query-sorted")
    target("query-space", "a plus was signed", b"/a?b=x+y", b"/a?b=x%20y", "query-space")
    method = signed(V2, replace(CALL, method=b"post"), KEY).but(method=b"POST")
    _mistake(group, "method-case", "the method was signed in lower case", method, "method-case")
    both = signed(V2, replace(CALL, target=b"/images", body=b"{}"), KEY).but(target=b"/api/images", body=b"{}\n")
    comment = "the body and the path differ"
    _mistake(group, "body-and-path", comment, both, "body-trailing-newline", "path-prefix-missing")


def _keys(group: Group) -> None:
    for name, key, hint in (
        ("hex", bytes.fromhex(KEY.decode()), "key-as-hex"),
        ("base64", base64.b64decode(KEY), "key-as-base64"),
        ("line-end", KEY + b"\n", "key-white-space"),
        ("of-receiver", OWN_KEY, "key-of-other-service"),
        ("of-another", OTHER_KEY, "key-of-other-service"),
        ("undefined", b"undefined", "key-not-set"),
        ("of-nobody", STRANGER_KEY, "not-found"),
    ):
        _mistake(group, f"key-{name}", "another key signed", signed(V2, CALL, key), hint)


def _messages(group: Group) -> None:
    call = replace(CALL, target=b"/api/images")
    request = signed(V1, call, KEY)
    parts = [call.method, b"/api/images", call.timestamp, call.body, call.service]

    def sealed(name: str, comment: str, data: bytes, *hints: str) -> None:
        _mistake(group, name, comment, request.set("X-Signature", tag(KEY, data)), *hints)

    sealed("cross-service", "the message of another scheme", message(Scheme.CROSS_SERVICE, call), "other-scheme")
    sealed("timestamp-body", "what webhooks sign", call.timestamp + b"." + call.body, "other-scheme")
    sealed("dots", "joined with dots", b".".join(parts), "separator")
    sealed("no-time", "without the timestamp", b"\n".join([*parts[:2], *parts[3:]]), "without-timestamp")
    later = [*parts[:2], str(NOW + 2).encode(), *parts[3:]]
    sealed("two-clocks", "another time was signed", b"\n".join(later), "timestamp-taken-twice")
    target = signed(V2, replace(CALL, target_service=OTHER.encode()), KEY).set("X-Target-Service", OWN.encode())
    _mistake(group, "target-in-message", "another target was signed", target, "target-in-message")


def _forms(group: Group) -> None:
    request = signed(V1, replace(CALL, target=b"/api/images"), KEY)
    right = request.header("X-Signature")
    old = signed(V2, replace(CALL, timestamp=str(NOW - 400).encode()), KEY)
    zone = signed(V2, replace(CALL, timestamp=str(NOW + 7200).encode()), KEY)
    fine = signed(V2, replace(CALL, timestamp=str(NOW * 1000).encode()), KEY)
    for name, comment, damaged, verdict, hint in (
        (
            "upper-case",
            "hex in upper case",
            request.set("X-Signature", right.upper()),
            "MALFORMED_SIGNATURE",
            "signature-upper-case",
        ),
        (
            "base64",
            "base64 in place of hex",
            request.set("X-Signature", base64.b64encode(bytes.fromhex(right.decode()))),
            "MALFORMED_SIGNATURE",
            "signature-base64",
        ),
        (
            "prefix",
            "a prefix of another sender",
            request.set("X-Signature", b"sha256=" + right),
            "MALFORMED_SIGNATURE",
            "signature-prefix",
        ),
        (
            "header-name",
            "a name that is nearly right",
            request.renaming("X-Signature", "X-Signature-256"),
            "MISSING_SIGNATURE",
            "header-name",
        ),
        (
            "underscore",
            "an underscore in a name",
            request.renaming("X-Service-ID", "X_Service_ID"),
            "MISSING_SERVICE_ID",
            "header-name",
        ),
        ("milliseconds", "a time in milliseconds", fine, "INVALID_TIMESTAMP", "timestamp-milliseconds"),
        ("clock", "a slow clock", old, "TIMESTAMP_OUTSIDE_WINDOW", "clock-skew"),
        ("zone", "local time", zone, "TIMESTAMP_OUTSIDE_WINDOW", "timestamp-local-time"),
        (
            "nothing",
            "no credential",
            request.without("X-Service-ID", "X-Timestamp", "X-Signature", "X-Request-ID"),
            "AUTHENTICATION_REQUIRED",
            "no-credential",
        ),
        (
            "stranger",
            "nobody of that name",
            signed(V2, replace(CALL, service=b"intruder"), STRANGER_KEY),
            "UNKNOWN_SERVICE",
            "caller-unknown",
        ),
    ):
        group.steps(name, comment, "Explained", explains(damaged, verdict, hint), refused(damaged, verdict))


def _policy(suite: Suite) -> None:
    caller: dict[str, Json] = {"permissions": ["GET /api/*"]}
    document = config(V2, services=registry(caller=caller), routes=[{"match": "/open", "public": True}])
    group = suite.group("a caller with permissions", document, SECRETS)
    request = signed(V2, CALL, KEY)
    for name, comment, damaged, verdict, *hints in (
        ("permission", "a method that no permission covers", request, "PERMISSION_DENIED", "permission"),
        ("public", "a public route", request.but(target=b"/open"), "OK"),
        (
            "two-readings",
            "a path with two readings",
            request.but(target=b"/api/../b"),
            "MALFORMED_REQUEST",
            "path-two-readings",
        ),
        ("digit", "one digit of the signature is wrong", change_digit(request, 3), "INVALID_SIGNATURE", "not-found"),
        (
            "elsewhere",
            "signed for another service",
            signed(V2, replace(CALL, target_service=OTHER.encode()), KEY),
            "TARGET_NOT_ALLOWED",
            "target-other-service",
        ),
    ):
        last = accepted(damaged) if verdict == "OK" else refused(damaged, verdict)
        group.steps(name, comment, "Explained", explains(damaged, verdict, *hints), last)


def _webhooks(suite: Suite) -> None:
    secret = "whsec_" + base64.b64encode(hashlib.sha256(b"a webhook of the explain vectors").digest()).decode()
    webhooks: dict[str, Json] = {"hooks": {"scheme": "standard-webhooks", "keys": [{"secret": "env:HOOKS_SECRET"}]}}
    document = config(V2) | {"accept": ["webhook:hooks"], "webhooks": webhooks}
    group = suite.group("a webhook", document, SECRETS | {"HOOKS_SECRET": secret})
    body = b'{"type":"ping"}'
    data = f"msg_1.{NOW}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))

    def delivery(signature: bytes) -> Request:
        request = signed(V2, replace(CALL, target=b"/hooks", body=body, nonce=NONCE.encode()), KEY)
        fields = (("webhook-id", b"msg_1"), ("webhook-timestamp", str(NOW).encode()), ("webhook-signature", signature))
        return replace(request, headers=fields)

    right = b"v1," + base64.b64encode(hmac.digest(key, data, "sha256"))
    as_text = b"v1," + base64.b64encode(hmac.digest(secret.encode(), data, "sha256"))
    group.steps("webhook", "as it is sent", "Explained", explains(delivery(right), "OK"), accepted(delivery(right)))
    _mistake(group, "webhook-key-text", "the secret was taken as text", delivery(as_text), "key-as-text")
    _mistake(
        group,
        "webhook-body",
        "the body was written anew",
        delivery(right).but(body=b'{"type": "ping"}'),
        "body-json-compact",
    )


def _several_signatures(suite: Suite) -> None:
    """Messages with two signatures, of which each is remembered: the first that is refused decides."""
    env = {name: hashlib.sha256(f"{name} of the explain vectors".encode()).hexdigest() for name in ("NEW", "OLD")}
    keys: list[Json] = [{"id": name.lower(), "secret": f"env:{name}"} for name in env]

    def delivery(body: bytes, *names: str) -> Request:
        data = b"%d.%s" % (NOW, body)
        tags = b"".join(b",v1=" + hmac.digest(env[name].encode(), data, "sha256").hex().encode() for name in names)
        request = signed(V2, replace(CALL, target=b"/hooks", body=body), KEY)
        return replace(request, headers=(("Stripe-Signature", b"t=%d" % NOW + tags),))

    old, both = delivery(b"{}", "OLD"), delivery(b"{}", "NEW", "OLD")
    cases = (
        (
            2,
            "REPLAY_STORE_UNAVAILABLE",
            "replay-store-full",
            "the new one finds no room, before the old one is looked up",
        ),
        (3, "REPLAYED_REQUEST", "replayed", "the new one has room, and the old one is known"),
    )
    for capacity, verdict, hint, comment in cases:
        webhooks: dict[str, Json] = {"hooks": {"scheme": "stripe", "keys": keys}}
        document = config(V2, replay={"capacity": capacity}) | {"accept": ["webhook:hooks"], "webhooks": webhooks}
        group = suite.group(f"a webhook with two keys, a store of {capacity}", document, SECRETS | env)
        group.steps(
            f"webhook-second-signature-known-{capacity}",
            comment,
            ("Explained", "StoreFull", "Rotation"),
            accepted(old),
            accepted(delivery(b"[]", "NEW")),
            explains(both, verdict, hint),
            refused(both, verdict),
        )
