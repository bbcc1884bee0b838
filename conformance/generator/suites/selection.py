"""Which credential of a request is judged, where several schemes are accepted."""

from __future__ import annotations

from fleet import CALLER, KEY, OTHER, SECRETS, config
from model import Group, Suite
from request import Request
from wire import Call, Scheme, replay_key, signature, signed

V1 = Scheme.SERVICE_HMAC
V2 = Scheme.SERVICE_HMAC_V2
CROSS = Scheme.CROSS_SERVICE
CALL = Call()
BARE = Request(method=CALL.method, target=CALL.target, body=CALL.body)


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("selection")
    _both_hmac(suite.group("service-hmac-v2 and service-hmac", config(V2, V1), SECRETS))
    _v2_and_cross(suite.group("service-hmac-v2 and cross-service", config(V2, CROSS), SECRETS))
    _routes(suite)
    return suite


def _both_hmac(group: Group) -> None:
    for scheme in (V1, V2):
        comment = f"{scheme.value} is chosen by the form of the signature"
        request = signed(scheme, CALL, KEY)
        key = replay_key(scheme, CALL, KEY)
        flags = ("OneCredential", "Genuine")
        group.accept(f"hmac-both-{scheme.value}", comment, flags, request, scheme=scheme.value, replay_key=key)
    v1, v2 = signed(V1, CALL, KEY), signed(V2, CALL, KEY)
    with_target = v1.adding("X-Target-Service", b"elsewhere")
    group.accept(
        "hmac-both-v1-target-header-ignored",
        "service-hmac has no target header; where one stands it decides nothing",
        ("OneCredential", "HeaderNames"),
        with_target,
        scheme=V1.value,
    )
    repeated = with_target.adding("X-Target-Service", b"elsewhere")
    comment = "the target header belongs to an accepted scheme, so two of them are one too many"
    group.refuse("hmac-both-v1-target-header-twice", comment, "RepeatedHeader", repeated, "DUPLICATE_HEADER")
    v2_tag = v2.header("X-Signature").removeprefix(b"v2=")
    group.refuse(
        "hmac-both-downgrade",
        "the prefix taken off: the tag of service-hmac-v2 is none of service-hmac",
        "OtherScheme",
        v2.set("X-Signature", v2_tag),
        "INVALID_SIGNATURE",
    )
    group.refuse(
        "hmac-both-upgrade",
        "the prefix put on: the tag of service-hmac is none of service-hmac-v2",
        "OtherScheme",
        v2.set("X-Signature", b"v2=" + signature(V1, CALL, KEY)),
        "INVALID_SIGNATURE",
    )
    group.refuse(
        "hmac-both-signatures-joined",
        "a signature of each scheme in one header",
        ("OneCredential", "RepeatedHeader"),
        v1.set("X-Signature", v1.header("X-Signature") + b"," + v2.header("X-Signature")),
        "DUPLICATE_HEADER",
    )
    group.refuse(
        "hmac-both-signatures-joined-other-way",
        "a signature of each scheme in one header; it begins as a list of service-hmac-v2, and is none",
        ("OneCredential", "ExactDecoding"),
        v2.set("X-Signature", v2.header("X-Signature") + b"," + v1.header("X-Signature")),
        "MALFORMED_SIGNATURE",
    )
    two = v2.adding("X-Signature", v1.header("X-Signature"))
    comment = "a signature of each scheme in two headers"
    group.refuse("hmac-both-two-signatures", comment, "RepeatedHeader", two, "DUPLICATE_HEADER")
    cross = signed(CROSS, CALL, KEY)
    comment = "cross-service is not accepted"
    group.refuse("hmac-both-cross-service", comment, "SchemeNotAccepted", cross, "SCHEME_NOT_ACCEPTED")
    mixed = cross.adding("X-Service-ID", CALLER.encode())
    group.refuse(
        "hmac-both-cross-service-signature-under-id",
        "the name header is not looked at, and the tag is none of service-hmac",
        "OtherScheme",
        mixed,
        "INVALID_SIGNATURE",
    )
    group.refuse("hmac-both-nothing", "no credential", "MissingHeader", BARE, "AUTHENTICATION_REQUIRED")
    for name, header, value in (
        ("timestamp", "X-Timestamp", CALL.timestamp),
        ("request-id", "X-Request-ID", CALL.nonce),
        ("target", "X-Target-Service", CALL.target_service),
        ("foreign-name", "X-Service-Name", CALLER.encode()),
    ):
        comment = f"{header} alone is no credential"
        request = BARE.adding(header, value)
        group.refuse(f"hmac-both-only-{name}", comment, "MissingHeader", request, "AUTHENTICATION_REQUIRED")
    only_id = BARE.adding("X-Service-ID", CALLER.encode())
    group.refuse("hmac-both-only-id", "an id alone", "MissingHeader", only_id, "MISSING_SIGNATURE")
    only_signature = BARE.adding("X-Signature", v1.header("X-Signature"))
    group.refuse("hmac-both-only-signature", "a signature alone", "MissingHeader", only_signature, "MISSING_SERVICE_ID")
    named = only_signature.adding("X-Service-Name", CALLER.encode())
    comment = "the caller is named as a scheme does that is not accepted"
    group.refuse("hmac-both-signature-and-name", comment, "SchemeNotAccepted", named, "SCHEME_NOT_ACCEPTED")
    empty = v1.set("X-Signature", b"")
    group.refuse("hmac-both-empty-signature", "empty is malformed", "MissingHeader", empty, "MALFORMED_SIGNATURE")
    request = BARE.adding("Authorization", b"Bearer token").adding("Cookie", b"session=1")
    comment = "credentials of other worlds are none here"
    group.refuse("hmac-both-foreign-credentials", comment, "OneCredential", request, "AUTHENTICATION_REQUIRED")


def _v2_and_cross(group: Group) -> None:
    v2, cross = signed(V2, CALL, KEY), signed(CROSS, CALL, KEY)
    for scheme, request in ((V2, v2), (CROSS, cross)):
        comment = f"{scheme.value} is chosen by the header that names the caller"
        key = replay_key(scheme, CALL, KEY)
        flags = ("OneCredential", "Genuine")
        group.accept(f"v2-cross-{scheme.value}", comment, flags, request, scheme=scheme.value, replay_key=key)
    v1 = signed(V1, CALL, KEY)
    comment = "service-hmac is not accepted here"
    group.refuse("v2-cross-service-hmac", comment, "SchemeNotAccepted", v1, "SCHEME_NOT_ACCEPTED")
    for name, request, value in (
        ("same-caller", v2, CALLER.encode()),
        ("another-caller", v2, OTHER.encode()),
        ("empty-name", v2, b""),
    ):
        comment = "the caller is named in the ways of two accepted schemes"
        both = request.adding("X-Service-Name", value)
        group.refuse(f"v2-cross-both-{name}", comment, "OneCredential", both, "AMBIGUOUS_CREDENTIALS")
    both = cross.adding("X-Service-ID", CALLER.encode())
    comment = "a genuine request of cross-service, and an id beside it"
    group.refuse("v2-cross-both-on-cross-service", comment, "OneCredential", both, "AMBIGUOUS_CREDENTIALS")
    without = both.without("X-Signature")
    comment = "two credentials are ambiguous before one of them is incomplete"
    group.refuse("v2-cross-both-without-signature", comment, "Precedence", without, "AMBIGUOUS_CREDENTIALS")
    twice = both.adding("X-Service-ID", CALLER.encode())
    comment = "a repeated header is found before two credentials are"
    group.refuse("v2-cross-both-and-repeated", comment, "Precedence", twice, "DUPLICATE_HEADER")
    without = both.without("X-Timestamp")
    comment = "two credentials are ambiguous before one of them is incomplete"
    group.refuse("v2-cross-both-without-timestamp", comment, "Precedence", without, "AMBIGUOUS_CREDENTIALS")
    group.refuse(
        "v2-cross-v2-signature-under-name",
        "the signature of service-hmac-v2 under the name header",
        "OtherScheme",
        cross.set("X-Signature", v2.header("X-Signature")),
        "MALFORMED_SIGNATURE",
    )
    group.refuse(
        "v2-cross-v2-tag-under-name",
        "the tag of service-hmac-v2 under the name header",
        "OtherScheme",
        cross.set("X-Signature", v2.header("X-Signature").removeprefix(b"v2=")),
        "INVALID_SIGNATURE",
    )
    group.refuse(
        "v2-cross-cross-tag-under-id",
        "the tag of cross-service behind the prefix of service-hmac-v2",
        "OtherScheme",
        v2.set("X-Signature", b"v2=" + cross.header("X-Signature")),
        "INVALID_SIGNATURE",
    )
    only_name = BARE.adding("X-Service-Name", CALLER.encode())
    group.refuse("v2-cross-only-name", "a name alone", "MissingHeader", only_name, "MISSING_SIGNATURE")
    stuffed = CALL.but(body=b"wiresign-v2\nPOST\n/api/images/process\n\n" + CALL.body)
    group.accept(
        "v2-cross-body-like-v2-message",
        "a body of cross-service may look like the message of service-hmac-v2",
        "FieldBoundary",
        signed(CROSS, stuffed, KEY),
        scheme=CROSS.value,
    )
    disguised = Call(method=b"WIRESIGN-V2", target=b"/POST", body=CALL.body)
    group.refuse(
        "v2-cross-method-like-first-line",
        "the tag over a message whose method imitates the first line of service-hmac-v2",
        ("OtherScheme", "FieldBoundary"),
        v2.set("X-Signature", b"v2=" + signature(CROSS, disguised, KEY)),
        "INVALID_SIGNATURE",
    )


def _routes(suite: Suite) -> None:
    routes: list[dict[str, list[str] | str]] = [
        {"match": "/old/**", "accept": ["service-hmac"]},
        {"match": "/cross/**", "accept": ["cross-service"]},
        {"match": "/any/**", "accept": ["service-hmac-v2", "service-hmac"]},
    ]
    document = config(V2)
    document["routes"] = [dict(route) for route in routes]
    group = suite.group("routes that accept other schemes than the document", document, SECRETS)
    places = {V1: b"/old/a", CROSS: b"/cross/a", V2: b"/new/a"}
    for scheme in places:
        for owner, path in places.items():
            request = signed(scheme, CALL.but(target=path), KEY)
            name = f"route-of-{owner.value}-gets-{scheme.value}"
            if scheme is owner:
                group.accept(name, "the scheme of the route", ("RouteScheme", "Genuine"), request, scheme=scheme.value)
            else:
                comment = "a scheme that another route accepts"
                group.refuse(name, comment, ("RouteScheme", "SchemeNotAccepted"), request, "SCHEME_NOT_ACCEPTED")
    for scheme in (V1, V2):
        request = signed(scheme, CALL.but(target=b"/any/a"), KEY)
        comment = "a route that accepts two schemes"
        group.accept(f"route-of-both-gets-{scheme.value}", comment, "RouteScheme", request, scheme=scheme.value)
    moved = signed(V1, CALL.but(target=b"/old/a"), KEY).but(target=b"/any/a")
    comment = "a request of the old route sent to another route that accepts its scheme"
    group.refuse("route-moved-same-scheme", comment, ("RouteScheme", "Tampered"), moved, "INVALID_SIGNATURE")
    moved = signed(V1, CALL.but(target=b"/old/a"), KEY).but(target=b"/new/a")
    comment = "a request of the old route sent to a route that does not accept its scheme"
    group.refuse("route-moved-other-scheme", comment, "RouteScheme", moved, "SCHEME_NOT_ACCEPTED")
    confused = signed(V1, CALL.but(target=b"/old/a"), KEY)
    as_cross = Request(
        method=b"POST",
        target=b"/cross/a",
        headers=(
            ("X-Service-Name", CALLER.encode()),
            ("X-Timestamp", CALL.timestamp),
            ("X-Signature", confused.header("X-Signature")),
        ),
        body=CALL.body + b"\n" + CALLER.encode(),
    )
    group.refuse(
        "route-service-hmac-read-as-cross-service",
        "the messages of both old schemes can be equal, but never on two routes: the path is signed",
        ("OtherScheme", "FieldBoundary"),
        as_cross,
        "INVALID_SIGNATURE",
    )
    both = signed(V2, CALL.but(target=b"/cross/a"), KEY).adding("X-Service-Name", CALLER.encode())
    group.refuse(
        "route-ignores-headers-of-other-routes",
        "on a route of cross-service the id header is not looked at, and the signature is none of its own",
        "RouteScheme",
        both,
        "MALFORMED_SIGNATURE",
    )
    twice = signed(CROSS, CALL.but(target=b"/cross/a"), KEY).adding("X-Service-ID", b"a").adding("X-Service-ID", b"b")
    comment = "the id header belongs to no scheme of this route, so it may be there twice"
    group.accept("route-foreign-header-twice", comment, ("RouteScheme", "HeaderNames"), twice, service=CALLER)
