"""Bounds of sizes and counts, each on its last good value and on its first bad one."""

from __future__ import annotations

from fleet import CALLER, KEY, SECRETS, config
from model import Suite, accepted, refused
from request import Json, Request
from wire import NOW, Call, Scheme, replay_key, signed

SCHEME = Scheme.SERVICE_HMAC_V2
CALL = Call()
HEADER_FIELDS = 256
HEADER_BYTES = 65_536
TARGET_BYTES = 8192


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("limits")
    _request(suite)
    _body(suite)
    return suite


def _request(suite: Suite) -> None:
    group = suite.group("default limits", config(SCHEME), SECRETS)
    request = signed(SCHEME, CALL, KEY)

    full = request
    while len(full.headers) < HEADER_FIELDS:
        full = full.adding(f"X-Filler-{len(full.headers)}", b"")
    group.accept("256-header-fields", "the most fields", "SizeLimit", full, service=CALLER)
    over = full.adding("X-One-More", b"")
    group.refuse("257-header-fields", "one more", "SizeLimit", over, "MALFORMED_REQUEST")

    used = sum(len(name) + len(value) for name, value in request.headers) + len("X-Filler")
    exact = request.adding("X-Filler", b"f" * (HEADER_BYTES - used))
    group.accept("65536-header-bytes", "names and values together", "SizeLimit", exact, service=CALLER)
    over = request.adding("X-Filler", b"f" * (HEADER_BYTES - used + 1))
    group.refuse("65537-header-bytes", "one byte more", "SizeLimit", over, "MALFORMED_REQUEST")
    long_name = request.adding("X-" + "n" * (HEADER_BYTES - 2), b"")
    group.refuse("header-name-of-65536-bytes", "names count too", "SizeLimit", long_name, "MALFORMED_REQUEST")

    path = b"/" + b"p" * (TARGET_BYTES - 1)
    longest = signed(SCHEME, CALL.but(target=path), KEY)
    group.accept("target-of-8192-bytes", "the longest target", "SizeLimit", longest, service=CALLER)
    over = signed(SCHEME, CALL.but(target=path + b"p"), KEY)
    group.refuse("target-of-8193-bytes", "one byte more", "SizeLimit", over, "MALFORMED_REQUEST")
    query = signed(SCHEME, CALL.but(target=b"/?" + b"q" * (TARGET_BYTES - 2)), KEY)
    group.accept("query-to-8192-bytes", "the query belongs to the target", "SizeLimit", query, service=CALLER)
    over = signed(SCHEME, CALL.but(target=b"/?" + b"q" * (TARGET_BYTES - 1)), KEY)
    group.refuse("query-to-8193-bytes", "one byte more", "SizeLimit", over, "MALFORMED_REQUEST")


def _body(suite: Suite) -> None:
    routes: list[str] = ["/open/**"]
    document = config(SCHEME, limits={"body_bytes": 16})
    optional: Json = {"match": "/either/**", "optional": True}
    document["routes"] = [*({"match": match, "public": True} for match in routes), optional]
    group = suite.group("bodies of at most 16 bytes", document, SECRETS)
    for length in (0, 15, 16):
        request = signed(SCHEME, CALL.but(body=b"b" * length), KEY)
        key = replay_key(SCHEME, CALL, KEY)
        group.accept(f"body-of-{length}", "within the limit", "SizeLimit", request, service=CALLER, replay_key=key)
    for length in (17, 32, 5000):
        request = signed(SCHEME, CALL.but(body=b"b" * length), KEY)
        group.refuse(f"body-of-{length}", "over the limit", "SizeLimit", request, "BODY_TOO_LARGE")

    large = CALL.but(body=b"b" * 17)
    request = signed(SCHEME, large, KEY)
    old = signed(SCHEME, large.but(timestamp=str(NOW - 301).encode()), KEY)
    for name, damaged, code in (
        ("before-signature", request.set("X-Signature", b"v2=" + b"0" * 64), "BODY_TOO_LARGE"),
        ("before-unknown", request.set("X-Service-ID", b"intruder"), "BODY_TOO_LARGE"),
        ("before-target", signed(SCHEME, large.but(target_service=b"elsewhere"), KEY), "BODY_TOO_LARGE"),
        ("after-window", old, "TIMESTAMP_OUTSIDE_WINDOW"),
        ("after-signature-form", request.set("X-Signature", b"v2=0"), "MALFORMED_SIGNATURE"),
        ("after-missing", request.without("X-Timestamp"), "MISSING_TIMESTAMP"),
    ):
        group.refuse(f"order-body-{name}", "the earlier step decides", "Precedence", damaged, code)
    public = signed(SCHEME, CALL.but(target=b"/open/upload", body=b"b" * 5000), KEY)
    comment = "nobody looks at the body on a public route"
    group.accept("body-on-public-route", comment, ("PublicRoute", "SizeLimit"), public, public=True)
    nobody = Request(method=b"POST", target=b"/either/upload", body=b"b" * 16)
    comment = "an optional route takes as much of nobody as of a caller"
    group.accept("body-of-nobody", comment, ("OptionalRoute", "SizeLimit"), nobody, public=True, service=None)
    longer = nobody.but(body=b"b" * 17)
    comment = "one byte more: what is kept of nobody is not more than what is kept of a caller"
    group.refuse("body-of-nobody-over", comment, ("OptionalRoute", "SizeLimit"), longer, "BODY_TOO_LARGE")
    group.steps(
        "body-too-large-leaves-no-trace",
        "the same nonce with a body of the right size is not a replay",
        "RefusedIsNotSeen",
        refused(request, "BODY_TOO_LARGE"),
        accepted(signed(SCHEME, CALL.but(body=b"b"), KEY), service=CALLER),
    )

    group = suite.group("no body at all", config(SCHEME, limits={"body_bytes": 0}), SECRETS)
    get = signed(SCHEME, CALL.but(method=b"GET", body=b""), KEY)
    group.accept("no-body-get", "a request without a body", "SizeLimit", get, service=CALLER)
    post = signed(SCHEME, CALL.but(body=b"b"), KEY)
    group.refuse("no-body-post", "one byte is too much", "SizeLimit", post, "BODY_TOO_LARGE")
