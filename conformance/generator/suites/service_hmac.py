"""The scheme `service-hmac`: method, path, timestamp, body, service id."""

from __future__ import annotations

from fleet import CALLER, KEY, SECRETS, config
from model import Suite, accepted, refused
from suites import common
from wire import NONCE, NOW, Call, Scheme, replay_key, signature, signed

SCHEME = Scheme.SERVICE_HMAC
CALL = Call()


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("service-hmac")
    group = suite.group("only service-hmac is accepted", config(SCHEME), SECRETS)
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

    request = signed(SCHEME, CALL.but(target=b"/api/images?size=1"), KEY)
    flags = ("QueryUncovered", "Genuine")
    group.accept("query-present", "the query is not signed", flags, request, service=CALLER)
    for name, target in (("changed", b"/api/images?size=2"), ("removed", b"/api/images"), ("emptied", b"/api/images?")):
        comment = "a compatible scheme does not see the query; a strict route refuses it"
        group.accept(f"query-{name}", comment, "QueryUncovered", request.but(target=target), service=CALLER)
    group.refuse(
        "query-mark-moved-into-path",
        "an escaped question mark belongs to the path",
        "RawPath",
        request.but(target=b"/api/images%3Fsize=1"),
        "INVALID_SIGNATURE",
    )
    for name, value, reported in (
        ("any-grammar", b"test-123", "test-123"),
        ("one-letter", b"x", "x"),
        ("64-letters", b"r" * 64, "r" * 64),
        ("65-letters", b"r" * 65, None),
        ("empty", b"", None),
        ("markup", b"<script>", None),
        ("space", b"a b", None),
        ("newline", b"a\nb", None),
        ("not-ascii", "é".encode(), None),
    ):
        group.accept(
            f"request-id-{name}",
            "the request id is not signed: it decides nothing, and is reported only where it is harmless in a log",
            ("ReplayKey", "MissingHeader"),
            signed(SCHEME, CALL.but(nonce=value), KEY),
            request_id=reported,
        )
    request = signed(SCHEME, CALL, KEY)
    group.accept(
        "request-id-absent", "it may be absent", "MissingHeader", request.without("X-Request-ID"), request_id=None
    )
    group.accept(
        "request-id-changed",
        "it is not signed, so it may change on the way",
        "ReplayKey",
        request.set("X-Request-ID", b"another-id"),
        request_id="another-id",
        replay_key=replay_key(SCHEME, CALL, KEY),
    )

    base = CALL.but(method=b"POST", target=b"/a", body=b"b\nc")
    request = signed(SCHEME, base, KEY)
    moved = (
        ("body-start-to-path", request.but(target=b"/a\n" + base.timestamp, body=b"c"), "MALFORMED_REQUEST"),
        (
            "body-end-to-service",
            request.but(body=b"b").set("X-Service-ID", b"c\n" + CALLER.encode()),
            "UNKNOWN_SERVICE",
        ),
        ("service-to-body", request.but(body=b"b\nc\n" + CALLER.encode()), "INVALID_SIGNATURE"),
        ("path-to-body", request.but(target=b"/", body=b"a\nb\nc"), "INVALID_SIGNATURE"),
        ("timestamp-digit-to-body", request.set("X-Timestamp", base.timestamp[:-1]).but(body=b"0\nb\nc"), None),
        ("body-newline-dropped", request.but(body=b"bc"), "INVALID_SIGNATURE"),
    )
    for name, damaged, code in moved:
        comment = "bytes moved from one field to its neighbour"
        group.refuse(f"moved-{name}", comment, "FieldBoundary", damaged, code or "TIMESTAMP_OUTSIDE_WINDOW")
    with_newline = signed(SCHEME, CALL.but(body=b"x\nPOST\n/other\n1"), KEY)
    comment = "line ends in the body open no second message"
    group.accept("body-newline-is-body", comment, "FieldBoundary", with_newline, service=CALLER)
    two_lines = signed(SCHEME, CALL.but(body=b"a\nb"), KEY)
    group.refuse(
        "body-newline-in-path",
        "a body's first line cannot become part of the path",
        "FieldBoundary",
        two_lines.but(target=b"/api/images/process%0Aa", body=b"b"),
        "INVALID_SIGNATURE",
    )

    group.refuse(
        "v2-signature-alone",
        "a signature of service-hmac-v2 where only service-hmac is accepted",
        "SchemeNotAccepted",
        signed(Scheme.SERVICE_HMAC_V2, CALL, KEY),
        "SCHEME_NOT_ACCEPTED",
    )
    cross = signed(Scheme.CROSS_SERVICE, CALL, KEY)
    comment = "a request of cross-service where only service-hmac is accepted"
    group.refuse("cross-service-request", comment, "SchemeNotAccepted", cross, "SCHEME_NOT_ACCEPTED")
    group.refuse(
        "cross-service-signature",
        "the tag of cross-service under the headers of service-hmac",
        "OtherScheme",
        request.set("X-Signature", signature(Scheme.CROSS_SERVICE, base, KEY)),
        "INVALID_SIGNATURE",
    )
    group.refuse(
        "v2-tag-without-prefix",
        "the tag of service-hmac-v2 without its prefix",
        "OtherScheme",
        request.set("X-Signature", signature(Scheme.SERVICE_HMAC_V2, base, KEY).removeprefix(b"v2=")),
        "INVALID_SIGNATURE",
    )
    upper = request.set("X-Signature", b"V2=" + signature(SCHEME, base, KEY))
    group.refuse("v2-prefix-in-upper-case", "no prefix of any scheme", "ExactDecoding", upper, "MALFORMED_SIGNATURE")

    common.own_calls(suite, SCHEME)
    _compatible_with_the_first_format(suite)
    _narrow_window(suite)
    return suite


def _compatible_with_the_first_format(suite: Suite) -> None:
    """Requests as the format's own description writes them: parts joined by line ends, the tag in lower-case hex."""
    group = suite.group("as the format was first described", config(SCHEME), SECRETS)
    call = Call(
        method=b"POST",
        target=b"/api/images/process",
        timestamp=b"1704067200",
        body=b'{"imageUrl":"https://example.com/a.jpg","operations":["resize"]}',
        service=CALLER.encode(),
        nonce=b"uuid-v4",
    )
    step = accepted(signed(SCHEME, call, KEY), now=1_704_067_200, service=CALLER, age=0, request_id="uuid-v4")
    group.steps("seed-post", "the example of the first description", "Genuine", step, origin="seed")
    late = refused(signed(SCHEME, call, KEY), "TIMESTAMP_OUTSIDE_WINDOW", now=1_704_067_501)
    group.steps("seed-post-late", "five minutes and a second later", "Window", late, origin="seed")


def _narrow_window(suite: Suite) -> None:
    group = suite.group("window of one second", config(SCHEME, window={"past": 1, "future": 0}), SECRETS)
    request = signed(SCHEME, CALL, KEY)
    group.accept("narrow-now", "signed in this second", "Window", request, now=NOW, age=0)
    group.accept("narrow-past-bound", "signed a second ago", "Window", request, now=NOW + 1, age=1)
    late = "TIMESTAMP_OUTSIDE_WINDOW"
    group.refuse("narrow-past-over", "signed two seconds ago", "Window", request, late, now=NOW + 2)
    group.refuse("narrow-future-over", "a future of 0 lets nothing be ahead", "Window", request, late, now=NOW - 1)

    group = suite.group("widest window", config(SCHEME, window={"past": 600, "future": 600}), SECRETS)
    group.accept("wide-past-bound", "ten minutes old", "Window", request, now=NOW + 600, age=600)
    group.accept("wide-future-bound", "ten minutes ahead", "Window", request, now=NOW - 600, age=-600)
    group.refuse("wide-past-over", "a second more", "Window", request, late, now=NOW + 601)
    group.refuse("wide-future-over", "a second more", "Window", request, late, now=NOW - 601)

    group = suite.group("bounds that differ", config(SCHEME, window={"past": 60, "future": 5}), SECRETS)
    group.accept("uneven-past-bound", "the past bound", "Window", request, now=NOW + 60, age=60)
    group.accept("uneven-future-bound", "the future bound", "Window", request, now=NOW - 5, age=-5)
    group.refuse("uneven-past-over", "over the past bound", "Window", request, late, now=NOW + 61)
    group.refuse("uneven-future-over", "over the future bound", "Window", request, late, now=NOW - 6)
    early = signed(SCHEME, CALL.but(timestamp=b"0", nonce=NONCE.encode()), KEY)
    group.accept("uneven-clock-near-zero", "a past bound before the year 1970", "Window", early, now=30, age=30)
