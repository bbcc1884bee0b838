"""The scheme `cross-service`: method, path, timestamp, body. The caller's name is not signed; its key stands for it."""

from __future__ import annotations

from fleet import CALLER, KEY, OTHER, SECRETS, config
from model import Suite
from suites import common
from wire import Call, Scheme, signature, signed

SCHEME = Scheme.CROSS_SERVICE
CALL = Call()


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("cross-service")
    group = suite.group("only cross-service is accepted", config(SCHEME), SECRETS)
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

    request = signed(SCHEME, CALL.but(target=b"/accounts?page=1"), KEY)
    for name, target in (("present", b"/accounts?page=1"), ("changed", b"/accounts?page=2"), ("removed", b"/accounts")):
        comment = "a compatible scheme does not see the query; a strict route refuses it"
        group.accept(f"query-{name}", comment, "QueryUncovered", request.but(target=target), service=CALLER)

    base = CALL.but(target=b"/a", body=b"b\nc")
    request = signed(SCHEME, base, KEY)
    for name, damaged, code in (
        ("body-start-to-path", request.but(target=b"/a\n" + base.timestamp, body=b"c"), "MALFORMED_REQUEST"),
        ("path-to-body", request.but(target=b"/", body=b"a\nb\nc"), "INVALID_SIGNATURE"),
        ("body-newline-dropped", request.but(body=b"bc"), "INVALID_SIGNATURE"),
        ("method-to-path", request.but(method=b"POS", target=b"/T/a"), "INVALID_SIGNATURE"),
    ):
        group.refuse(f"moved-{name}", "bytes moved to the next field", "FieldBoundary", damaged, code)

    for name, other in (("service-hmac", Scheme.SERVICE_HMAC), ("service-hmac-v2", Scheme.SERVICE_HMAC_V2)):
        comment = f"a request of {name} where only cross-service is accepted"
        foreign = signed(other, CALL, KEY)
        group.refuse(f"{name}-request", comment, "SchemeNotAccepted", foreign, "SCHEME_NOT_ACCEPTED")
    group.refuse(
        "service-hmac-signature",
        "the tag of service-hmac under the headers of cross-service",
        "OtherScheme",
        request.set("X-Signature", signature(Scheme.SERVICE_HMAC, base, KEY)),
        "INVALID_SIGNATURE",
    )
    group.refuse(
        "v2-tag-without-prefix",
        "the tag of service-hmac-v2 under the headers of cross-service",
        "OtherScheme",
        request.set("X-Signature", signature(Scheme.SERVICE_HMAC_V2, base, KEY).removeprefix(b"v2=")),
        "INVALID_SIGNATURE",
    )
    group.refuse(
        "v2-tag-with-prefix",
        "a signature with the prefix of service-hmac-v2 is none of this scheme",
        ("OtherScheme", "ExactDecoding"),
        request.set("X-Signature", signature(Scheme.SERVICE_HMAC_V2, base, KEY)),
        "MALFORMED_SIGNATURE",
    )
    group.refuse(
        "v2-list",
        "the list of service-hmac-v2 is none of this scheme",
        ("OtherScheme", "ExactDecoding"),
        request.set("X-Signature", signature(Scheme.SERVICE_HMAC_V2, base, KEY, KEY)),
        "MALFORMED_SIGNATURE",
    )
    group.accept(
        "target-header-ignored",
        "X-Target-Service is no part of this scheme",
        "HeaderNames",
        request.adding("X-Target-Service", b"elsewhere").adding("X-Target-Service", b"elsewhere"),
        service=CALLER,
    )
    for name, value, reported in (("kept", b"req-1", "req-1"), ("hidden", b"a\r\nb", None), ("empty", b"", None)):
        group.accept(
            f"request-id-{name}",
            "the request id is not signed, and reported only where it is harmless in a log",
            "ReplayKey",
            signed(SCHEME, CALL.but(nonce=value), KEY),
            request_id=reported,
        )
    absent = signed(SCHEME, CALL, KEY).without("X-Request-ID")
    group.accept("request-id-absent", "it may be absent", "MissingHeader", absent, request_id=None)
    group.refuse(
        "name-of-another-service",
        "the name is not signed, but another service's key is another key",
        "WrongKey",
        signed(SCHEME, CALL, KEY).set("X-Service-Name", OTHER.encode()),
        "INVALID_SIGNATURE",
    )
    common.own_calls(suite, SCHEME)
    return suite
