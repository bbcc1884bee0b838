"""Tests that every scheme must pass, written once.

Each function adds its tests to a group whose config accepts only the scheme in question, has no routes, and leaves
window, limits and replay at their defaults.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, OWN_KEY, SECRETS, STRANGER_KEY, config, registry
from wire import COVERED, NONCE, NOW, Call, Scheme, replay_key, signed

if TYPE_CHECKING:
    from model import Group, Suite
    from request import Request

V2 = Scheme.SERVICE_HMAC_V2
CALL = Call()


def identity_header(scheme: Scheme) -> str:
    """Return the header that names the caller."""
    return "X-Service-Name" if scheme is Scheme.CROSS_SERVICE else "X-Service-ID"


def credential_headers(scheme: Scheme) -> list[str]:
    """Return the headers of the credential that may occur once only."""
    names = [identity_header(scheme), "X-Timestamp", "X-Signature", "X-Request-ID"]
    return [*names, "X-Target-Service"] if scheme is V2 else names


def change_digit(request: Request, position: int) -> Request:
    """Change one hex digit of the first tag of the signature."""
    value = bytearray(request.header("X-Signature"))
    at = position + (3 if value.startswith(b"v2=") else 0)
    value[at] = ord("0") if value[at] != ord("0") else ord("1")
    return request.set("X-Signature", bytes(value))


def genuine(group: Group, scheme: Scheme) -> None:
    """Requests as a signer sends them, with the whole result."""
    post = signed(scheme, CALL, KEY)
    group.accept(
        "post-json",
        "a signed POST, and everything that the result says about it",
        "Genuine",
        post,
        service=CALLER,
        key="2026-q1",
        scheme=scheme.value,
        age=0,
        request_id=NONCE,
        route=None,
        retiring=False,
        public=False,
        covered=COVERED[scheme],
        replay_key=replay_key(scheme, CALL, KEY),
    )
    get = CALL.but(method=b"GET", target=b"/api/images/7", body=b"")
    group.accept(
        "get-plain",
        "a GET without body and query",
        "Genuine",
        signed(scheme, get, KEY),
        service=CALLER,
        key="2026-q1",
        replay_key=replay_key(scheme, get, KEY),
    )
    other = CALL.but(service=OTHER.encode())
    group.accept(
        "another-caller",
        "another service signs with its own key",
        ("Genuine", "ReplayKey"),
        signed(scheme, other, OTHER_KEY),
        service=OTHER,
        key="1",
        replay_key=replay_key(scheme, other, OTHER_KEY),
    )
    for method in (b"PUT", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"M-SEARCH", b"X_1", b"A" * 32):
        group.accept(
            f"method-{method.decode().lower() if len(method) < 32 else 'of-32-letters'}",
            f"the method {method.decode()} is signed as it is",
            "Genuine",
            signed(scheme, CALL.but(method=method), KEY),
            service=CALLER,
        )
    star = CALL.but(method=b"OPTIONS", target=b"*", body=b"")
    group.accept("options-star", "the target of OPTIONS may be a star", "Genuine", signed(scheme, star, KEY))
    for name, target, comment in (
        ("root", b"/", "the shortest path"),
        ("trailing-slash", b"/api/images/", "a trailing slash is part of the path"),
        ("percent-encoded", b"/caf%C3%A9/%20x", "escapes are signed as they are written"),
        ("lower-case-escape", b"/caf%c3%a9", "escapes in lower case are signed in lower case"),
        ("dots", b"/a/../b/./c", "without routes and permissions nothing depends on the path, so it is taken as it is"),
        ("double-slash", b"//a//b", "empty segments are signed as they are"),
        ("marks", b"/a:b@c!$&'()*+,;=-._~", "every mark that a path may hold"),
    ):
        group.accept(f"path-{name}", comment, ("RawPath", "Genuine"), signed(scheme, CALL.but(target=target), KEY))


def bodies(group: Group, scheme: Scheme) -> None:
    """Bodies are bytes."""
    for name, body, comment in (
        ("empty", b"", "no body at all, on a POST"),
        ("newline", b"\n", "a single line end"),
        ("lines", b"one\ntwo\n\nthree\n", "line ends inside and at the end"),
        ("crlf", b"one\r\ntwo\r\n", "line ends of two bytes stay two bytes"),
        ("nul", b"a\0b\0", "NUL ends nothing"),
        ("every-byte", bytes(range(256)), "all 256 bytes"),
        ("not-utf8", b"\xff\xfe\xc3\x28\x80", "bytes that are no text in UTF-8"),
        ("bom", b"\xef\xbb\xbf{}", "a byte order mark is part of the body"),
        ("utf8", '{"name":"Żółw ⊕ 🧱"}'.encode(), "text outside ASCII"),
        ("surrogate-escape", rb'{"a":"\ud83e\uddf1","b":"\u00e9"}', "escapes of JSON stay escapes"),
        ("key-order", b'{"b":1,"a":2,"b":3}', "members in any order, and one of them twice"),
        ("json-spaces", b'{ "a" : 1.0 ,\t"b":1e2 }\n', "white space and number forms that a parser would change"),
        ("form", b"a=1&b=%20+%2B", "a form"),
        ("like-a-path", b"/api/images/process", "a body that looks like a path"),
        ("like-a-message", b"GET\n/\n1767225600\n\nimage-service", "a body that looks like a signed message"),
        ("one-block", b"x" * 64, "as long as one block of the hash"),
        ("long", b"0123456789abcdef" * 256, "4096 bytes"),
    ):
        request = signed(scheme, CALL.but(body=body), KEY)
        group.accept(f"body-{name}", comment, ("RawBytes", "Genuine"), request, service=CALLER)
    for name, body in (
        ("ampersand", b"a$&b"),
        ("dollars", b"$$ $` $' $1 ${body} ${ts}"),
        ("backslashes", rb"\0 \1 \\ \g<0> \n"),
        ("percent", b"%s %d %n {} {0} {body}"),
    ):
        comment = "marks that text substitution would act upon"
        group.accept(f"body-{name}", comment, "LiteralText", signed(scheme, CALL.but(body=body), KEY), service=CALLER)
    request = signed(scheme, CALL.but(body=b'{"a":1,"b":2}'), KEY)
    for name, body, comment in (
        ("reordered", b'{"b":2,"a":1}', "the same JSON in another order is another body"),
        ("respaced", b'{"a": 1, "b": 2}', "the same JSON with spaces is another body"),
        ("number-form", b'{"a":1.0,"b":2}', "an equal number written differently is another body"),
        ("trailing-newline", b'{"a":1,"b":2}\n', "a line end more"),
        ("cut", b'{"a":1,"b":2', "the last byte is missing"),
        ("removed", b"", "the body is gone"),
        ("trailing-nul", b'{"a":1,"b":2}\0', "a NUL more"),
    ):
        flags = ("RawBytes", "Tampered")
        group.refuse(f"body-changed-{name}", comment, flags, request.but(body=body), "INVALID_SIGNATURE")
    invalid = signed(scheme, CALL.but(body=b"\xff\xfe"), KEY)
    group.refuse(
        "body-changed-within-invalid-utf8",
        "two bodies that a lossy decoder reads alike are two bodies",
        ("RawBytes", "Tampered"),
        invalid.but(body=b"\xfe\xff"),
        "INVALID_SIGNATURE",
    )
    crlf = signed(scheme, CALL.but(body=b"a\r\nb"), KEY)
    group.refuse(
        "body-changed-crlf-to-lf",
        "line ends were changed on the way",
        ("RawBytes", "Tampered"),
        crlf.but(body=b"a\nb"),
        "INVALID_SIGNATURE",
    )
    added = signed(scheme, CALL.but(body=b""), KEY)
    group.refuse("body-added", "a body where none was signed", "Tampered", added.but(body=b"{}"), "INVALID_SIGNATURE")


def tampering(group: Group, scheme: Scheme) -> None:
    """Each signed part changed, the signature left alone."""
    request = signed(scheme, CALL, KEY)
    for name, damaged, comment in (
        ("method", request.but(method=b"PUT"), "another method"),
        ("method-head-for-get", signed(scheme, CALL.but(method=b"GET"), KEY).but(method=b"HEAD"), "HEAD is not GET"),
        ("path", request.but(target=b"/api/images/delete"), "another path"),
        ("path-longer", request.but(target=b"/api/images/process/7"), "a segment more"),
        ("path-trailing-slash", request.but(target=b"/api/images/process/"), "a slash more"),
        ("path-case", request.but(target=b"/api/Images/process"), "another letter case"),
        ("path-escape", request.but(target=b"/api/images/%70rocess"), "the same path to a router, but other bytes"),
        ("path-dot-segment", request.but(target=b"/api/images/./process"), "the same path once it is normalised"),
        ("timestamp-later", request.set("X-Timestamp", str(NOW + 1).encode()), "one second later"),
        ("timestamp-earlier", request.set("X-Timestamp", str(NOW - 1).encode()), "one second earlier"),
    ):
        group.refuse(f"changed-{name}", comment, "Tampered", damaged, "INVALID_SIGNATURE")
    identity = identity_header(scheme)
    if scheme is not Scheme.CROSS_SERVICE:
        group.refuse(
            "changed-service-same-key",
            "the caller's id is signed: with the same secret another service's name does not hold",
            "Tampered",
            signed(scheme, CALL, OTHER_KEY).set(identity, OTHER.encode()),
            "INVALID_SIGNATURE",
        )
    group.refuse(
        "changed-service",
        "another known service is named, whose key did not sign",
        ("Tampered", "WrongKey"),
        request.set(identity, OTHER.encode()),
        "INVALID_SIGNATURE",
    )


def keys_and_identity(group: Group, scheme: Scheme) -> None:
    """Wrong keys, unknown callers, and names that only look known."""
    identity = identity_header(scheme)
    request = signed(scheme, CALL, KEY)
    for name, key, comment in (
        ("stranger", STRANGER_KEY, "a key that nobody has"),
        ("of-another-service", OTHER_KEY, "the key of another known service"),
        ("of-hex-decoded-text", bytes.fromhex(KEY.decode()), "the secret is text, also where it looks like hex"),
        ("in-upper-case", KEY.upper(), "the secret in upper case is another secret"),
        ("with-newline", KEY + b"\n", "the secret with the line end of its file"),
        ("empty", b"", "no key at all"),
        ("of-zeros", bytes(32), "a key of zeros"),
        ("that-is-the-id", CALLER.encode(), "the caller's id in place of its key"),
    ):
        group.refuse(f"key-{name}", comment, "WrongKey", signed(scheme, CALL, key), "INVALID_SIGNATURE")
    for name, service, comment in (
        ("unknown", b"intruder", "nobody of that name"),
        ("in-upper-case", CALLER.upper().encode(), "ids are compared byte by byte"),
        ("prefix", CALLER[:-1].encode(), "the beginning of a known id"),
        ("longer", CALLER.encode() + b"x", "a known id and one letter more"),
        ("with-space-before", b" " + CALLER.encode(), "a space before the id is not cut off here"),
        ("with-space-after", CALLER.encode() + b" ", "a space after the id is not cut off here"),
        ("with-nul", CALLER.encode() + b"\0", "a NUL ends nothing"),
        ("with-newline", b"x\n" + CALLER.encode(), "a line end in the id moves no field"),
        ("not-ascii", "image-servicе".encode(), "the last letter is a Cyrillic one"),
        ("not-utf8", b"\xff\xfe", "bytes that are no text"),
        ("empty", b"", "an empty name is there, and names nobody"),
        ("very-long", b"a" * 2000, "longer than any id"),
    ):
        named = signed(scheme, CALL.but(service=service), KEY)
        group.refuse(f"caller-{name}", comment, "UnknownService", named, "UNKNOWN_SERVICE")
    group.refuse(
        "caller-unknown-and-bad-signature",
        "an unknown service is unknown whatever its signature is",
        "UnknownService",
        request.set(identity, b"intruder").set("X-Signature", change_digit(request, 0).header("X-Signature")),
        "UNKNOWN_SERVICE",
    )
    for header in ("X-Authenticated-Service", "X-Verified-Service", "X-Forwarded-User", "X-Wiresign-Service"):
        group.accept(
            f"identity-not-from-{header.lower()}",
            "a header that claims an identity is not read",
            "VerifiedIdentity",
            request.adding(header, b"auth-service"),
            service=CALLER,
        )


def timestamps(group: Group, scheme: Scheme) -> None:
    """The grammar of the timestamp. The text is signed as received, so only its form can be at fault."""
    for name, value, comment in (
        ("empty", b"", "there, but empty"),
        ("plus", b"+1767225600", "a sign"),
        ("minus", b"-1767225600", "a sign"),
        ("leading-zero", b"01767225600", "a leading zero"),
        ("double-zero", b"00", "zero has one digit"),
        ("fraction", b"1767225600.0", "a fraction of zero"),
        ("exponent", b"1.7672256e9", "the same number with an exponent"),
        ("hex", b"0x69559b80", "the same number in hex"),
        ("underscores", b"1_767_225_600", "marks between digits"),
        ("milliseconds", b"1767225600000", "13 digits: milliseconds"),
        ("twenty-digits", b"18446744073709551617", "more than 64 bits hold"),
        ("thirteen-zeros-and-a-number", b"0001767225600", "13 digits that mean the right number"),
        ("junk-after", b"1767225600abc", "digits and something after them"),
        ("junk-before", b"t1767225600", "something before the digits"),
        ("space-before", b" 1767225600", "a space before"),
        ("space-after", b"1767225600 ", "a space after"),
        ("tab-after", b"1767225600\t", "a tab after"),
        ("newline-after", b"1767225600\n", "a line end after"),
        ("nul-after", b"1767225600\0", "a NUL after"),
        ("arabic-indic-digits", "١٧٦٧٢٢٥٦٠٠".encode(), "digits of another script"),
        ("fullwidth-digits", "１７６７２２５６００".encode(), "digits of another script"),
        ("superscript-digit", "176722560⁰".encode(), "what a text library may call a digit"),
        ("latin1-digit", b"176722560\xb2", "a superscript two in Latin-1"),
        ("date", b"2026-01-01T00:00:00Z", "a date"),
        ("nan", b"NaN", "not a number"),
        ("infinity", b"Infinity", "not a finite number"),
        ("null", b"null", "a word"),
    ):
        request = signed(scheme, CALL.but(timestamp=value), KEY)
        group.refuse(f"timestamp-{name}", comment, "StrictTimestamp", request, "INVALID_TIMESTAMP")
    zero = signed(scheme, CALL.but(timestamp=b"0"), KEY)
    group.accept("timestamp-zero", "zero is a time", "StrictTimestamp", zero, now=300, age=300)
    most = signed(scheme, CALL.but(method=b"GET", timestamp=b"999999999999"), KEY)
    group.accept("timestamp-twelve-digits", "12 digits are a time", "StrictTimestamp", most, now=999_999_999_999, age=0)
    group.refuse(
        "timestamp-twelve-digits-far-away",
        "the greatest timestamp overflows nothing",
        ("StrictTimestamp", "Window"),
        most,
        "TIMESTAMP_OUTSIDE_WINDOW",
    )
    group.refuse(
        "timestamp-zero-far-away",
        "the least timestamp overflows nothing",
        ("StrictTimestamp", "Window"),
        zero,
        "TIMESTAMP_OUTSIDE_WINDOW",
    )


def window(group: Group, scheme: Scheme) -> None:
    """The default window, second by second at its ends."""
    request = signed(scheme, CALL, KEY)
    for age in (0, 1, 299, 300):
        group.accept(f"age-{age}", "inside the window", "Window", request, now=NOW + age, age=age)
    for ahead in (1, 300):
        group.accept(f"ahead-{ahead}", "ahead, inside the window", "Window", request, now=NOW - ahead, age=-ahead)
    for age in (301, 302, 3600, 86_400 * 365):
        comment = "older than the window"
        group.refuse(f"age-{age}", comment, "Window", request, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + age)
    for ahead in (301, 3600, NOW):
        comment = "further ahead than the window"
        name = f"ahead-{ahead}" if ahead < NOW else "verifier-clock-at-zero"
        group.refuse(name, comment, "Window", request, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW - ahead)


def tag_forms(group: Group, scheme: Scheme) -> None:
    """Tags that are almost a tag. For `service-hmac-v2` each stands behind its prefix."""
    request = signed(scheme, CALL, KEY)
    prefix = b"v2=" if scheme is V2 else b""
    good = request.header("X-Signature").removeprefix(prefix)
    for name, value, comment in (
        ("upper-case", good.upper(), "hex digits in upper case"),
        ("high-digit-in-upper-case", _upper_one(good, 0), "the high digit of one byte in upper case"),
        ("low-digit-in-upper-case", _upper_one(good, 1), "the low digit of one byte in upper case"),
        ("control-byte-like-digit", good[:-1] + b"\x11", "a control byte that is a digit but for one bit"),
        ("63-digits", good[:-1], "the last digit is missing"),
        ("62-digits", good[:-2], "the last byte is missing"),
        ("32-digits", good[:32], "the first half"),
        ("2-digits", good[:2], "the first byte"),
        ("65-digits", good + b"0", "a digit more"),
        ("66-digits", good + b"00", "a byte more"),
        ("128-digits", good + good, "the tag twice"),
        ("hex-prefix", b"0x" + good[2:], "the mark of a hex number"),
        ("not-hex", good[:-1] + b"g", "a letter that is no hex digit"),
        ("space-before", b" " + good, "a space before"),
        ("space-after", good + b" ", "a space after"),
        ("space-inside", good[:32] + b" " + good[32:], "a space inside"),
        ("newline-after", good + b"\n", "a line end after"),
        ("newline-inside", good[:32] + b"\n" + good[32:], "a line end inside"),
        ("nul-after", good + b"\0", "a NUL after"),
        ("nul-in-place-of-digit", good[:-1] + b"\0", "a NUL in place of a digit"),
        ("high-byte", good[:-1] + b"\xff", "a byte outside ASCII"),
        ("fullwidth-digit", good[:-3] + "０".encode(), "64 bytes, three of which are a digit of another script"),
        ("colons", b":".join(good[at : at + 2] for at in range(0, 64, 2)), "bytes parted by colons"),
        ("base64", _base64(good), "the right tag in base64"),
        ("raw", bytes.fromhex(good.decode()).replace(b",", b"."), "raw bytes"),
        ("quoted", b'"' + good + b'"', "in quotes"),
        ("sha256-prefix", b"sha256=" + good, "a prefix of another scheme"),
        ("empty", b"", "there, but empty"),
    ):
        damaged = request.set("X-Signature", prefix + value)
        group.refuse(f"signature-{name}", comment, "ExactDecoding", damaged, "MALFORMED_SIGNATURE")
    for position in (0, 1, 31, 32, 62, 63):
        group.refuse(
            f"signature-digit-{position}-changed",
            "one digit differs",
            ("ExactDecoding", "Tampered"),
            change_digit(request, position),
            "INVALID_SIGNATURE",
        )
    for name, digit in (("zeros", b"0"), ("fs", b"f")):
        damaged = request.set("X-Signature", prefix + digit * 64)
        group.refuse(f"signature-all-{name}", "the form is right", "ExactDecoding", damaged, "INVALID_SIGNATURE")
    turned = request.set("X-Signature", prefix + good[::-1])
    group.refuse("signature-reversed", "the digits in reverse", "ExactDecoding", turned, "INVALID_SIGNATURE")


def own_calls(suite: Suite, scheme: Scheme) -> None:
    """Calls in the name of the verifier's own service, under a scheme that cannot tell whom they are for."""
    own = signed(scheme, CALL.but(service=OWN.encode()), OWN_KEY)
    group = suite.group("the own service, without allowed_targets", config(scheme), SECRETS)
    comment = "what the service sends to others could be sent back to it: the target is not signed"
    group.refuse("own-key", comment, "Reflection", own, "TARGET_NOT_ALLOWED")
    document = config(scheme, services=registry(own={"allowed_targets": [OWN]}))
    group = suite.group("the own service may call itself", document, SECRETS)
    comment = "the own service's entry lists the service itself"
    group.accept("own-key-listed", comment, ("Reflection", "Genuine"), own, service=OWN, key="1")


def missing_and_repeated(group: Group, scheme: Scheme) -> None:
    """Headers that are not there, or there twice."""
    request = signed(scheme, CALL, KEY)
    identity = identity_header(scheme)
    missing = [
        ("signature", ("X-Signature",), "MISSING_SIGNATURE"),
        ("timestamp", ("X-Timestamp",), "MISSING_TIMESTAMP"),
        ("service", (identity,), "MISSING_SERVICE_ID"),
        ("signature-and-timestamp", ("X-Signature", "X-Timestamp"), "MISSING_SIGNATURE"),
        ("service-and-timestamp", (identity, "X-Timestamp"), "MISSING_SERVICE_ID"),
        ("service-and-signature", (identity, "X-Signature"), "AUTHENTICATION_REQUIRED"),
        ("everything", tuple(name for name, _ in request.headers), "AUTHENTICATION_REQUIRED"),
    ]
    for name, headers, code in missing:
        comment = f"without {', '.join(headers)}"
        group.refuse(f"missing-{name}", comment, "MissingHeader", request.without(*headers), code)
    for header in credential_headers(scheme):
        name = header.lower()
        value = request.header(header)
        for kind, repeated, comment in (
            ("equal", request.adding(header, value), "twice, with the same value"),
            ("other", request.adding(header, b"other"), "twice, with another value"),
            ("other-case", request.adding(header.upper(), value), "twice, in two letter cases of the name"),
            ("empty", request.adding(header, b""), "twice, the second one empty"),
            ("three", request.adding(header, value).adding(name, value), "three times"),
        ):
            group.refuse(f"{name}-repeated-{kind}", comment, "RepeatedHeader", repeated, "DUPLICATE_HEADER")
        for kind, separator in (("comma-space", b", "), ("comma", b",")):
            if header == "X-Signature" and separator == b"," and scheme is V2:
                continue  # A list without spaces is how this scheme sends several signatures.
            joined = request.set(header, value + separator + value)
            comment = "two values that were joined on the way"
            group.refuse(f"{name}-joined-{kind}", comment, "RepeatedHeader", joined, "DUPLICATE_HEADER")
    group.refuse(
        "only-authorization",
        "an Authorization header is none of the accepted credentials",
        "OneCredential",
        request.without(*(name for name, _ in request.headers)).adding("Authorization", b"Bearer abc"),
        "AUTHENTICATION_REQUIRED",
    )
    other = "X-Service-ID" if scheme is Scheme.CROSS_SERVICE else "X-Service-Name"
    group.accept(
        "foreign-identity-header-ignored",
        f"{other} belongs to no accepted scheme, and is not looked at beside the right one",
        ("OneCredential", "HeaderNames"),
        request.adding(other, b"intruder").adding(other, b"a, b"),
        service=CALLER,
    )
    renamed = signed(scheme, CALL, KEY)
    for header in [name for name, _ in renamed.headers]:
        renamed = renamed.renaming(header, header.lower())
    group.accept("header-names-lower-case", "names in lower case", "HeaderNames", renamed, service=CALLER)
    shouting = signed(scheme, CALL, KEY)
    for header in [name for name, _ in shouting.headers]:
        shouting = shouting.renaming(header, header.upper())
    group.accept("header-names-upper-case", "names in upper case", "HeaderNames", shouting, service=CALLER)
    crowded = (
        request.adding("Accept", b"a, b").adding("Accept", b"c").adding("Cookie", b"").adding("X-Sig", b"\xff\x00")
    )
    group.accept(
        "foreign-headers-ignored",
        "headers that are no part of the credential may be repeated, empty, or hold any bytes",
        "HeaderNames",
        crowded,
        service=CALLER,
    )


def precedence(group: Group, scheme: Scheme) -> None:
    """Two faults in one request: the earlier step decides."""
    request = signed(scheme, CALL, KEY)
    identity = identity_header(scheme)
    old = signed(scheme, CALL.but(timestamp=str(NOW - 301).encode()), KEY)
    for name, damaged, code in (
        ("method-before-duplicate", request.but(method=b"post").adding("X-Timestamp", b"1"), "MALFORMED_REQUEST"),
        ("target-before-missing", request.but(target=b"/a b").without("X-Timestamp"), "MALFORMED_REQUEST"),
        ("duplicate-before-missing", request.without("X-Timestamp").adding("X-Signature", b"1"), "DUPLICATE_HEADER"),
        (
            "duplicate-before-malformed",
            request.set("X-Signature", b"x").adding("X-Timestamp", b"1"),
            "DUPLICATE_HEADER",
        ),
        ("duplicate-before-unknown", request.set(identity, b"a").adding("X-Request-ID", b"1"), "DUPLICATE_HEADER"),
        (
            "missing-timestamp-before-malformed-signature",
            request.without("X-Timestamp").set("X-Signature", b"v2=" if scheme is V2 else b"x"),
            "MISSING_TIMESTAMP",
        ),
        ("missing-timestamp-before-unknown", request.without("X-Timestamp").set(identity, b"a"), "MISSING_TIMESTAMP"),
        (
            "timestamp-before-signature",
            request.set("X-Timestamp", b"x").set("X-Signature", b"v2=" if scheme is V2 else b"x"),
            "INVALID_TIMESTAMP",
        ),
        ("timestamp-before-unknown", request.set("X-Timestamp", b"x").set(identity, b"a"), "INVALID_TIMESTAMP"),
        (
            "signature-form-before-window",
            old.set("X-Signature", b"v2=" if scheme is V2 else b"x"),
            "MALFORMED_SIGNATURE",
        ),
        ("window-before-unknown", old.set(identity, b"intruder"), "TIMESTAMP_OUTSIDE_WINDOW"),
        ("window-before-signature", change_digit(old, 5), "TIMESTAMP_OUTSIDE_WINDOW"),
    ):
        group.refuse(f"order-{name}", "the earlier step decides", "Precedence", damaged, code)


def request_forms(group: Group, scheme: Scheme) -> None:
    """Methods and targets that cannot be judged. The signature is made over them, so only their form is at fault."""
    for name, method in (
        ("empty", b""),
        ("lower-case", b"post"),
        ("mixed-case", b"Post"),
        ("33-letters", b"A" * 33),
        ("space", b"PO ST"),
        ("newline", b"POST\n/x"),
        ("nul", b"POST\0"),
        ("not-ascii", "PÖST".encode()),
        ("colon", b"POST:"),
    ):
        request = signed(scheme, CALL.but(method=method), KEY)
        group.refuse(f"method-{name}", "not a method", "MalformedRequest", request, "MALFORMED_REQUEST")
    for name, target in (
        ("empty", b""),
        ("relative", b"api/images"),
        ("absolute-form", b"http://lego-projects-api/api/images"),
        ("authority-form", b"lego-projects-api:443"),
        ("star-on-post", b"*"),
        ("only-query", b"?a=1"),
        ("space", b"/api/images process"),
        ("newline", b"/api\n1767225600"),
        ("carriage-return", b"/api\r"),
        ("tab", b"/api\t"),
        ("nul", b"/api\0"),
        ("delete", b"/api\x7f"),
        ("fragment", b"/api#top"),
        ("fragment-in-query", b"/api?a#top"),
        ("utf8", "/café".encode()),
        ("latin1", b"/caf\xe9"),
        ("control-in-query", b"/api?a=\x01"),
    ):
        request = signed(scheme, CALL.but(target=target), KEY)
        group.refuse(f"target-{name}", "not a target", "MalformedRequest", request, "MALFORMED_REQUEST")


def _upper_one(digits: bytes, place: int) -> bytes:
    at = next(at for at, byte in enumerate(digits) if chr(byte) in "abcdef" and at % 2 == place)
    return digits[:at] + digits[at : at + 1].upper() + digits[at + 1 :]


def _base64(digits: bytes) -> bytes:
    return base64.b64encode(bytes.fromhex(digits.decode()))
