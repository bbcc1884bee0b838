"""Bodies that come in pieces get the verdict that they get in one piece."""

from __future__ import annotations

from fleet import CALLER, KEY, SECRETS, config
from model import Suite, accepted, refused
from suites.common import change_digit
from wire import NOW, Call, Scheme, replay_key, signed

CALL = Call()
BODY = bytes(range(256)) + b'{"text":"\n\r\n$&"}' * 8
"""384 bytes: more than a block of the hash, and every byte there is."""

CHUNKINGS = {
    "no-lengths": [],
    "all-at-once": [len(BODY)],
    "one-byte-first": [1],
    "one-byte-last": [len(BODY) - 1],
    "one-by-one": [1] * len(BODY),
    "empty-first": [0],
    "empty-between": [100, 0, 0, 100],
    "empty-last": [len(BODY), 0],
    "blocks": [64] * 6,
    "below-blocks": [63] * 6,
    "above-blocks": [65] * 5,
    "halves": [192],
    "growing": [1, 2, 4, 8, 16, 32, 64, 128],
}


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("streaming")
    for scheme in Scheme:
        group = suite.group(f"{scheme.value} in pieces", config(scheme), SECRETS)
        call = CALL.but(body=BODY)
        request = signed(scheme, call, KEY)
        key = replay_key(scheme, call, KEY)
        for name, chunks in CHUNKINGS.items():
            step = accepted(request, chunks=chunks, service=CALLER, scheme=scheme.value, age=0, replay_key=key)
            group.steps(f"{scheme.value}-{name}", "the body as it was signed", ("Stream", "Genuine"), step)
        changed = BODY[:200] + b"\xff" + BODY[201:]
        for name in ("all-at-once", "one-by-one", "blocks", "below-blocks"):
            step = refused(request.but(body=changed), "INVALID_SIGNATURE", chunks=CHUNKINGS[name])
            group.steps(f"{scheme.value}-changed-{name}", "a byte was changed", ("Stream", "Tampered"), step)
        cut = request.but(body=BODY[:-1])
        step = refused(cut, "INVALID_SIGNATURE", chunks=[100, 200])
        group.steps(f"{scheme.value}-cut", "the last byte did not come", ("Stream", "Tampered"), step)
        empty = signed(scheme, CALL.but(method=b"GET", body=b""), KEY)
        for name, chunks in (("no-lengths", []), ("one-empty-piece", [0]), ("empty-pieces", [0, 0, 0])):
            step = accepted(empty, chunks=chunks, service=CALLER)
            group.steps(f"{scheme.value}-empty-{name}", "no body at all", ("Stream", "Genuine"), step)
        gone = refused(request.but(body=b""), "INVALID_SIGNATURE", chunks=[])
        group.steps(f"{scheme.value}-body-gone", "no piece came", ("Stream", "Tampered"), gone)

    v2 = Scheme.SERVICE_HMAC_V2
    group = suite.group("faults of the head", config(v2), SECRETS)
    request = signed(v2, CALL.but(body=BODY), KEY)
    old = signed(v2, CALL.but(body=BODY, timestamp=str(NOW - 301).encode()), KEY)
    elsewhere = signed(v2, CALL.but(body=BODY, target_service=b"elsewhere"), KEY)
    for name, damaged, code in (
        ("method", request.but(method=b"post"), "MALFORMED_REQUEST"),
        ("nothing", request.without(*(name for name, _ in request.headers)), "AUTHENTICATION_REQUIRED"),
        ("repeated", request.adding("X-Timestamp", b"1"), "DUPLICATE_HEADER"),
        ("missing-timestamp", request.without("X-Timestamp"), "MISSING_TIMESTAMP"),
        ("timestamp", request.set("X-Timestamp", b"+1"), "INVALID_TIMESTAMP"),
        ("signature", request.set("X-Signature", b"v2=x"), "MALFORMED_SIGNATURE"),
        ("nonce", request.set("X-Request-ID", b"x"), "INVALID_NONCE"),
        ("window", old, "TIMESTAMP_OUTSIDE_WINDOW"),
        ("unknown", request.set("X-Service-ID", b"intruder"), "UNKNOWN_SERVICE"),
        ("wrong-key", change_digit(request, 0), "INVALID_SIGNATURE"),
        ("target", elsewhere, "TARGET_NOT_ALLOWED"),
    ):
        step = refused(damaged, code, chunks=[7, 70])
        group.steps(f"head-{name}", "the same verdict as with the whole body", ("Stream", "Precedence"), step)

    document = config(v2, limits={"body_bytes": 16}, routes=[{"match": "GET /open", "public": True}])
    group = suite.group("bodies of at most 16 bytes, in pieces", document, SECRETS)
    for name, length, chunks in (
        ("one-piece", 16, [16]),
        ("two-pieces", 16, [8, 8]),
        ("bytes", 16, [1] * 16),
    ):
        step = accepted(signed(v2, CALL.but(body=b"b" * length), KEY), chunks=chunks, service=CALLER)
        group.steps(f"limit-{name}", "exactly the limit", ("Stream", "SizeLimit"), step)
    for name, length, chunks in (
        ("one-piece", 17, [17]),
        ("last-byte", 17, [16, 1]),
        ("first-piece", 40, [20, 20]),
        ("far-over", 2000, [16] * 125),
    ):
        step = refused(signed(v2, CALL.but(body=b"b" * length), KEY), "BODY_TOO_LARGE", chunks=chunks)
        group.steps(f"limit-over-{name}", "over the limit", ("Stream", "SizeLimit"), step)
    large = signed(v2, CALL.but(body=b"b" * 17), KEY)
    for name, damaged in (
        ("unknown", large.set("X-Service-ID", b"intruder")),
        ("signature", change_digit(large, 0)),
        ("target", signed(v2, CALL.but(body=b"b" * 17, target_service=b"elsewhere"), KEY)),
    ):
        step = refused(damaged, "BODY_TOO_LARGE", chunks=[10])
        comment = "the body's length is judged before the signature, here as with the whole body"
        group.steps(f"limit-before-{name}", comment, ("Stream", "Precedence"), step)
    public = signed(v2, CALL.but(method=b"GET", target=b"/open", body=b"b" * 5000), KEY)
    step = accepted(public, chunks=[1000] * 5, public=True, service=None)
    group.steps("public-route", "nobody looks at the pieces on a public route", ("Stream", "PublicRoute"), step)
    return suite
