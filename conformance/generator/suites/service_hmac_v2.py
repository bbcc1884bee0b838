"""The scheme `service-hmac-v2`: everything that `service-hmac` signs, and query, target service and request id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, OWN_KEY, SECRETS, STRANGER_KEY, config
from model import Group, Suite
from suites import common
from wire import NONCE, NOW, Call, Scheme, message, replay_key, signature, signed, tag

if TYPE_CHECKING:
    from request import Request

SCHEME = Scheme.SERVICE_HMAC_V2
CALL = Call()


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("service-hmac-v2")
    group = suite.group("only service-hmac-v2 is accepted", config(SCHEME), SECRETS)
    common.genuine(group, SCHEME)
    common.bodies(group, SCHEME)
    common.tampering(group, SCHEME)
    common.keys_and_identity(group, SCHEME)
    common.timestamps(group, SCHEME)
    common.window(group, SCHEME)
    common.tag_forms(group, SCHEME)
    common.missing_and_repeated(group, SCHEME)
    common.precedence(group, SCHEME)
    common.request_forms(group, SCHEME)
    _queries(group)
    _nonces(group)
    _targets(group)
    _signature_lists(group)
    _moved_bytes(group)
    _other_schemes(group)
    _precedence(group)

    default = config()
    del default["accept"]
    group = suite.group("accept is left out", default, SECRETS)
    group.accept("default-scheme", "it is the default", "Genuine", signed(SCHEME, CALL, KEY), scheme="service-hmac-v2")
    legacy = signed(Scheme.SERVICE_HMAC, CALL, KEY)
    comment = "the older schemes are accepted only where the config says so"
    group.refuse("default-not-service-hmac", comment, "SchemeNotAccepted", legacy, "SCHEME_NOT_ACCEPTED")
    legacy = signed(Scheme.CROSS_SERVICE, CALL, KEY)
    group.refuse("default-not-cross-service", comment, "SchemeNotAccepted", legacy, "SCHEME_NOT_ACCEPTED")
    return suite


def _queries(group: Group) -> None:
    for name, target, comment in (
        ("plain", b"/api/images?size=1", "a query"),
        ("two-marks", b"/api/images?a=1?b=2", "the query begins after the first question mark"),
        ("only-mark", b"/api/images?", "a question mark with nothing after it"),
        ("double-mark", b"/api/images??", "the query is a question mark"),
        ("escapes", b"/api/images?a=%20%C3%A9+b&a=2&a", "raw bytes: nothing is decoded or sorted"),
        ("like-a-path", b"/api?/api/../x//y%2f", "what would be odd in a path is fine in a query"),
        ("marks", b"/api?!$&'()*+,;=:@/-._~[]{}|\\^`\"<>", "marks that a client should have escaped"),
    ):
        request = signed(SCHEME, CALL.but(target=target), KEY)
        group.accept(f"query-{name}", comment, ("QueryCovered", "Genuine"), request, service=CALLER)
    request = signed(SCHEME, CALL.but(target=b"/api/images?a=1&b=2"), KEY)
    for name, target, comment in (
        ("changed", b"/api/images?a=1&b=3", "another value"),
        ("removed", b"/api/images", "the query is gone"),
        ("emptied", b"/api/images?", "only its mark is left"),
        ("cut", b"/api/images?a=1", "a parameter is gone"),
        ("added-to", b"/api/images?a=1&b=2&c=3", "a parameter more"),
        ("reordered", b"/api/images?b=2&a=1", "another order"),
        ("re-escaped", b"/api/images?a=1&%62=2", "the same to a parser, but other bytes"),
        ("mark-doubled", b"/api/images??a=1&b=2", "one more question mark"),
        ("into-path", b"/api/images%3Fa=1&b=2", "the question mark is escaped"),
    ):
        damaged = request.but(target=target)
        group.refuse(f"query-{name}", comment, ("QueryCovered", "Tampered"), damaged, "INVALID_SIGNATURE")
    plain = signed(SCHEME, CALL, KEY)
    group.refuse(
        "query-appended",
        "a query where none was signed",
        ("QueryCovered", "Tampered"),
        plain.but(target=CALL.target + b"?admin=1"),
        "INVALID_SIGNATURE",
    )
    group.accept(
        "query-mark-appended",
        "no query and an empty query are the same signed message, as the format says",
        "QueryCovered",
        plain.but(target=CALL.target + b"?"),
        service=CALLER,
    )


def _nonces(group: Group) -> None:
    for name, nonce in (
        ("16-letters", b"n" * 16),
        ("64-letters", b"N" * 64),
        ("every-mark", b"AZaz09_-AZaz09_-"),
        ("only-hyphens", b"-" * 16),
    ):
        call = CALL.but(nonce=nonce)
        request = signed(SCHEME, call, KEY)
        key = replay_key(SCHEME, call, KEY)
        group.accept(f"nonce-{name}", "a nonce", "StrictNonce", request, request_id=nonce.decode(), replay_key=key)
    for name, nonce, comment in (
        ("15-letters", b"n" * 15, "too short to be unique"),
        ("65-letters", b"n" * 65, "too long"),
        ("empty", b"", "there, but empty"),
        ("space", b"n" * 15 + b" ", "a space"),
        ("dot", b"n" * 15 + b".", "a mark that is not allowed"),
        ("colon", b"n" * 15 + b":", "a mark that is not allowed"),
        ("plus", b"n" * 15 + b"+", "a mark of base64"),
        ("slash", b"n" * 15 + b"/", "a mark of base64"),
        ("equals", b"n" * 15 + b"=", "a mark of base64"),
        ("newline", b"n" * 16 + b"\nx", "a line end would begin the body"),
        ("trailing-newline", b"n" * 16 + b"\n", "a line end after it"),
        ("nul", b"n" * 16 + b"\0", "a NUL"),
        ("not-ascii", "ñ".encode() * 10, "letters outside ASCII"),
        ("braces", b"{" + NONCE.encode() + b"}", "a UUID in braces"),
    ):
        request = signed(SCHEME, CALL.but(nonce=nonce), KEY)
        group.refuse(f"nonce-{name}", comment, "StrictNonce", request, "INVALID_NONCE")
    request = signed(SCHEME, CALL, KEY)
    missing = request.without("X-Request-ID")
    group.refuse("missing-nonce", "without X-Request-ID", "MissingHeader", missing, "MISSING_NONCE")
    changed = request.set("X-Request-ID", NONCE[:-1].encode() + b"2")
    group.refuse("nonce-changed", "the nonce is signed", ("Tampered", "ReplayKey"), changed, "INVALID_SIGNATURE")


def _targets(group: Group) -> None:
    request = signed(SCHEME, CALL, KEY)
    missing = request.without("X-Target-Service")
    group.refuse("missing-target", "without X-Target-Service", "MissingHeader", missing, "MISSING_TARGET")
    for name, target, comment in (
        ("another-service", b"notifications-service", "signed for another service"),
        ("the-caller", CALLER.encode(), "signed for the caller itself"),
        ("in-upper-case", OWN.upper().encode(), "ids are compared byte by byte"),
        ("prefix", OWN[:-1].encode(), "the beginning of the own id"),
        ("longer", OWN.encode() + b"2", "the own id and one digit more"),
        ("with-space", OWN.encode() + b" ", "a space after it"),
        ("with-nul", OWN.encode() + b"\0", "a NUL after it"),
        ("empty", b"", "there, but empty"),
        ("star", b"*", "there is no wildcard"),
        ("not-utf8", b"\xff", "bytes that are no text"),
    ):
        elsewhere = signed(SCHEME, CALL.but(target_service=target), KEY)
        group.refuse(f"target-service-{name}", comment, "OtherTarget", elsewhere, "TARGET_NOT_ALLOWED")
    elsewhere = signed(SCHEME, CALL.but(target_service=b"notifications-service"), KEY)
    group.refuse(
        "target-service-rewritten",
        "signed for another service, then redirected here",
        ("OtherTarget", "Tampered"),
        elsewhere.set("X-Target-Service", OWN.encode()),
        "INVALID_SIGNATURE",
    )
    group.refuse(
        "target-service-changed",
        "signed for this service; the header says another",
        ("OtherTarget", "Tampered"),
        request.set("X-Target-Service", b"notifications-service"),
        "INVALID_SIGNATURE",
    )
    own = CALL.but(service=OWN.encode())
    comment = "the target is signed, so the own service may call itself without a word in the config"
    group.accept("own-key", comment, ("Reflection", "Genuine"), signed(SCHEME, own, OWN_KEY), service=OWN, key="1")
    reflected = signed(SCHEME, own.but(target_service=CALLER.encode()), OWN_KEY)
    comment = "what the service sent to another one was sent back to it"
    group.refuse("own-key-reflected", comment, ("Reflection", "OtherTarget"), reflected, "TARGET_NOT_ALLOWED")
    redirected = reflected.set("X-Target-Service", OWN.encode())
    comment = "sent back, with the target changed: it is signed"
    group.refuse("own-key-redirected", comment, ("Reflection", "Tampered"), redirected, "INVALID_SIGNATURE")


def _signature_lists(group: Group) -> None:
    request = signed(SCHEME, CALL, KEY)
    good = request.header("X-Signature")
    data = message(SCHEME, CALL)
    bad = [b"v2=" + tag(STRANGER_KEY, data + str(number).encode()) for number in range(9)]
    for count in range(2, 9):
        first = request.set("X-Signature", b",".join([good, *bad[: count - 1]]))
        group.accept(f"list-of-{count}-first-right", "the first is right", "Rotation", first, service=CALLER)
    last = request.set("X-Signature", b",".join([*bad[:7], good]))
    group.accept("list-of-8-last-right", "the eighth is right", "Rotation", last, service=CALLER)
    middle = request.set("X-Signature", b",".join([*bad[:2], good, *bad[2:4]]))
    group.accept("list-of-5-middle-right", "the third is right", "Rotation", middle, service=CALLER)
    twice = request.set("X-Signature", good + b"," + good)
    group.accept("list-of-2-equal", "the same signature twice", "Rotation", twice, service=CALLER)
    for count in (2, 8):
        wrong = request.set("X-Signature", b",".join(bad[:count]))
        group.refuse(f"list-of-{count}-wrong", "none is right", "WrongKey", wrong, "INVALID_SIGNATURE")
    others = request.set("X-Signature", b",".join([bad[0], signature(SCHEME, CALL, OTHER_KEY)]))
    group.refuse("list-with-another-services-key", "a key of another service", "WrongKey", others, "INVALID_SIGNATURE")
    for count in (9, 10, 100):
        many = request.set("X-Signature", b",".join([good] * count))
        comment = "more signatures than are looked at, all of them right"
        group.refuse(f"list-of-{count}", comment, "TooManySignatures", many, "MALFORMED_SIGNATURE")
    digits = good.removeprefix(b"v2=")
    for name, value, comment in (
        ("trailing-comma", good + b",", "an empty item at the end"),
        ("empty-item", good + b",," + bad[0], "an empty item in the middle"),
        ("only-commas", b"v2=,,", "empty items"),
        ("item-without-prefix", good + b"," + digits, "an item without its prefix"),
        ("item-of-another-version", good + b",v1=" + digits, "an item of another version"),
        ("item-prefix-in-upper-case", good + b",V2=" + digits, "a prefix in upper case"),
        ("item-in-upper-case", good + b",v2=" + digits.upper(), "one good item, one in upper case"),
        ("item-too-short", good + b",v2=" + digits[:-1], "one good item, one with 63 digits"),
        ("item-too-long", good + b",v2=" + digits + b"0", "one good item, one with 65 digits"),
        ("item-empty-tag", good + b",v2=", "one good item, one without digits"),
        ("first-item-bad", b"v2=" + digits.upper() + b"," + good, "the first item is malformed"),
        ("prefix-doubled", b"v2=v2=" + digits, "the prefix twice"),
        ("semicolon", good + b";" + bad[0], "another separator"),
        ("space-separated", good + b" " + bad[0], "another separator"),
        ("newline-separated", good + b",\n" + bad[0], "a line end after the comma"),
        ("tab-after-comma", good + b",\t" + bad[0], "a tab after the comma"),
    ):
        damaged = request.set("X-Signature", value)
        group.refuse(f"list-{name}", comment, "ExactDecoding", damaged, "MALFORMED_SIGNATURE")
    for name, value in (("at-the-end", good + b", "), ("between", good + b", " + good)):
        comment = "a comma with a space is how two header lines are joined on the way"
        joined = request.set("X-Signature", value)
        group.refuse(f"list-comma-space-{name}", comment, "RepeatedHeader", joined, "DUPLICATE_HEADER")
    leading = request.set("X-Signature", b"," + good)
    comment = "a list that does not begin with the prefix is not of this scheme, and a comma in it joins two values"
    group.refuse("list-leading-comma", comment, "RepeatedHeader", leading, "DUPLICATE_HEADER")


def _moved_bytes(group: Group) -> None:
    base = CALL.but(target=b"/a?b", body=b"n" * 16 + b"\nrest")
    request = signed(SCHEME, base, KEY)
    nonce = base.nonce
    for name, damaged, code in (
        ("query-to-path", request.but(target=b"/ab"), "INVALID_SIGNATURE"),
        ("path-to-query", request.but(target=b"/?ab"), "INVALID_SIGNATURE"),
        ("path-line-to-query", request.but(target=b"/a?%0Ab"), "INVALID_SIGNATURE"),
        (
            "body-to-nonce-through-target",
            request.set("X-Target-Service", OWN.encode() + b"\n" + nonce)
            .set("X-Request-ID", b"n" * 16)
            .but(body=b"rest"),
            "TARGET_NOT_ALLOWED",
        ),
        (
            "target-to-service",
            request.set("X-Service-ID", CALLER.encode() + b"\n" + OWN.encode())
            .set("X-Target-Service", nonce)
            .set("X-Request-ID", b"n" * 16)
            .but(body=b"rest"),
            "UNKNOWN_SERVICE",
        ),
        ("body-to-nonce", request.set("X-Request-ID", nonce + b"\n" + b"n" * 16).but(body=b"rest"), "INVALID_NONCE"),
        (
            "nonce-to-body",
            request.set("X-Request-ID", nonce[:20]).but(body=nonce[20:] + base.body),
            "INVALID_SIGNATURE",
        ),
        ("method-to-path", request.but(method=b"POS", target=b"/T/a?b"), "INVALID_SIGNATURE"),
        ("service-and-target-swapped", _swapped(request), "INVALID_SIGNATURE"),
    ):
        group.refuse(f"moved-{name}", "bytes moved from one field to its neighbour", "FieldBoundary", damaged, code)


def _swapped(request: Request) -> Request:
    return request.set("X-Service-ID", OTHER.encode()).set("X-Target-Service", CALLER.encode())


def _other_schemes(group: Group) -> None:
    request = signed(SCHEME, CALL, KEY)
    for name, other in (("service-hmac", Scheme.SERVICE_HMAC), ("cross-service", Scheme.CROSS_SERVICE)):
        comment = f"a request of {name} where only service-hmac-v2 is accepted"
        foreign = signed(other, CALL, KEY)
        group.refuse(f"{name}-request", comment, "SchemeNotAccepted", foreign, "SCHEME_NOT_ACCEPTED")
        group.refuse(
            f"{name}-tag-behind-prefix",
            f"the tag of {name} behind the prefix of service-hmac-v2",
            "OtherScheme",
            request.set("X-Signature", b"v2=" + signature(other, CALL, KEY)),
            "INVALID_SIGNATURE",
        )
    stripped = request.set("X-Signature", request.header("X-Signature").removeprefix(b"v2="))
    comment = "the right tag without its prefix is a request of service-hmac"
    group.refuse("prefix-stripped", comment, "SchemeNotAccepted", stripped, "SCHEME_NOT_ACCEPTED")
    upper = request.set("X-Signature", b"V2=" + request.header("X-Signature").removeprefix(b"v2="))
    comment = "a prefix in upper case is not the prefix"
    group.refuse("prefix-in-upper-case", comment, "SchemeNotAccepted", upper, "SCHEME_NOT_ACCEPTED")
    for name, value in (
        ("empty", b""),
        ("space-before", b" " + request.header("X-Signature")),
        ("v1", b"v1=" + b"0" * 64),
    ):
        foreign = request.set("X-Signature", value)
        comment = "what does not begin with the prefix is not of this scheme"
        group.refuse(f"prefix-{name}", comment, "SchemeNotAccepted", foreign, "SCHEME_NOT_ACCEPTED")
    older = CALL.but(method=b"WIRESIGN-V2", target=b"/POST", timestamp=str(NOW).encode())
    group.refuse(
        "first-line-as-method",
        "a message of service-hmac whose method imitates the first line",
        "OtherScheme",
        request.set("X-Signature", b"v2=" + signature(Scheme.SERVICE_HMAC, older, KEY)),
        "INVALID_SIGNATURE",
    )


def _precedence(group: Group) -> None:
    request = signed(SCHEME, CALL, KEY)
    old = CALL.but(timestamp=str(NOW - 301).encode())
    for name, damaged, code in (
        (
            "scheme-before-timestamp",
            request.set("X-Signature", b"0" * 64).without("X-Timestamp"),
            "SCHEME_NOT_ACCEPTED",
        ),
        ("timestamp-before-nonce-missing", request.without("X-Timestamp", "X-Request-ID"), "MISSING_TIMESTAMP"),
        ("nonce-before-target-missing", request.without("X-Request-ID", "X-Target-Service"), "MISSING_NONCE"),
        (
            "target-missing-before-timestamp",
            request.without("X-Target-Service").set("X-Timestamp", b"x"),
            "MISSING_TARGET",
        ),
        ("nonce-missing-before-signature", request.without("X-Request-ID").set("X-Signature", b"v2="), "MISSING_NONCE"),
        ("signature-before-nonce", request.set("X-Signature", b"v2=").set("X-Request-ID", b"x"), "MALFORMED_SIGNATURE"),
        ("timestamp-before-nonce", request.set("X-Timestamp", b"x").set("X-Request-ID", b"x"), "INVALID_TIMESTAMP"),
        ("nonce-before-window", signed(SCHEME, old.but(nonce=b"x"), KEY), "INVALID_NONCE"),
        ("nonce-before-unknown", request.set("X-Request-ID", b"x").set("X-Service-ID", b"x"), "INVALID_NONCE"),
        ("signature-before-target", common.change_digit(request, 9).set("X-Target-Service", b"x"), "INVALID_SIGNATURE"),
        ("unknown-before-target", request.set("X-Service-ID", b"x").set("X-Target-Service", b"x"), "UNKNOWN_SERVICE"),
    ):
        group.refuse(f"order-{name}", "the earlier step decides", "Precedence", damaged, code)
