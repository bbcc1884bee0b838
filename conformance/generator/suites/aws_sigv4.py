"""The scheme `aws-sigv4`: by headers, as a link, and in the manner of S3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon import UNSIGNED, Signer, authorization, digest, names_of, prepared, presigned, replay_key, signed, stamp
from fleet import CALLER, OTHER, OWN, secret
from model import Suite, accepted, refused, sign, signs_as
from request import Request
from wire import NOW

if TYPE_CHECKING:
    from model import Flags, Group
    from request import Json

SIGNED_BY_OTHERS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parent.parent / "amazon_signers.json").read_text(encoding="utf-8")
)
"""What botocore, awscrt and @smithy/signature-v4 made of some requests, with these keys, at the time of all else."""

SCHEME = "aws-sigv4"
HOST = b"api.example.com"
SECRETS = {
    "OWN_AWS_SECRET": secret("aws, own")[:40],
    "CALLER_AWS_SECRET": secret("aws, caller")[:40],
    "OTHER_AWS_SECRET": secret("aws, other")[:40],
    "NEXT_AWS_SECRET": secret("aws, next")[:40],
    "TOKEN_AWS_SECRET": secret("aws, temporary")[:40],
    "AWS_TOKEN": "FwoGZXIvYXdzEBYaDH//////////+token==",
}
ME = Signer(access_key="AKIDOWN0000000000001", secret=SECRETS["OWN_AWS_SECRET"])
SIGNER = Signer(access_key="AKIDCALLER0000000001", secret=SECRETS["CALLER_AWS_SECRET"])
STRANGER = SIGNER.but(secret=secret("nobody")[:40])
TEMPORARY = SIGNER.but(
    access_key="ASIACALLER0000000003", secret=SECRETS["TOKEN_AWS_SECRET"], token=SECRETS["AWS_TOKEN"]
)
S3 = SIGNER.but(service="s3", s3=True)
BODY = b'{"invoice":7}'


def config(**members: Json) -> dict[str, Json]:
    """Return a config document that accepts this scheme alone."""
    caller: list[Json] = [
        {"id": SIGNER.access_key, "secret": "env:CALLER_AWS_SECRET"},
        {"id": "AKIDCALLER0000000002", "secret": "env:NEXT_AWS_SECRET", "not_before": "2026-02-01T00:00:00Z"},
        {"id": TEMPORARY.access_key, "secret": "env:TOKEN_AWS_SECRET", "session_token": "env:AWS_TOKEN"},
    ]
    services: dict[str, Json] = {
        OWN: {"aws_keys": [{"id": ME.access_key, "secret": "env:OWN_AWS_SECRET"}]},
        CALLER: {"aws_keys": caller},
        OTHER: {"aws_keys": [{"id": "AKIDOTHER00000000001", "secret": "env:OTHER_AWS_SECRET"}]},
    }
    scope: dict[str, Json] = {"region": SIGNER.region, "service": SIGNER.service}
    document: dict[str, Json] = {"service": OWN, "accept": [SCHEME], "services": services, "aws_sigv4": scope}
    return document | members


def post(target: bytes = b"/invoices", *headers: tuple[str, bytes], body: bytes = BODY) -> Request:
    """Return a request that is yet to be signed."""
    return Request(method=b"POST", target=target, headers=(("Host", HOST), *headers), body=body)


def get(target: bytes = b"/invoices/7", *headers: tuple[str, bytes]) -> Request:
    """Return a request without a body."""
    return Request(method=b"GET", target=target, headers=(("Host", HOST), *headers))


def edited(request: Request, old: bytes, new: bytes) -> Request:
    """Change a text in the header that carries the signature."""
    value = request.header("Authorization")
    assert old in value
    return request.set("Authorization", value.replace(old, new, 1))


def relinked(request: Request, old: bytes, new: bytes) -> Request:
    """Change a text in the target."""
    assert old in request.target
    return request.but(target=request.target.replace(old, new, 1))


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite(SCHEME)
    group = suite.group("one region and service", config(), SECRETS)
    _genuine(group)
    _tampered(group)
    _keys(group)
    _coverage(group)
    _forms(group)
    _repeated(group)
    _times(group)
    _queries(group)
    _payloads(group)
    _links(group)
    _replays(group)
    _s3(suite)
    _demanded(suite)
    _unsigned(suite)
    _signing(suite)
    _others(suite)
    return suite


def _genuine(group: Group) -> None:
    request = signed(SIGNER, post(b"/invoices?draft=1", ("Content-Type", b"application/json")))
    covered = ["method", "path", "query", "timestamp", "body", "content-type", "host", "x-amz-date"]
    group.accept(
        "post-json",
        "a signed POST, and what the result says about it",
        ("Genuine", "ReplayKey"),
        request,
        service=CALLER,
        key=SIGNER.access_key,
        scheme=SCHEME,
        age=0,
        covered=covered,
        replay_key=replay_key(request),
    )
    other = SIGNER.but(access_key="AKIDOTHER00000000001", secret=SECRETS["OTHER_AWS_SECRET"])
    group.accept("other-caller", "the access key id says who calls", "Genuine", signed(other, get()), service=OTHER)
    group.accept("temporary", "a session token goes with its key", "Genuine", signed(TEMPORARY, get()), service=CALLER)
    for name, target, comment in (
        ("root", b"/", "the shortest path"),
        ("slash-at-end", b"/a/", "a slash at the end stays"),
        ("escapes", b"/caf%C3%A9/%20", "escapes are encoded once more"),
        ("lower-case-escapes", b"/caf%c3%a9", "escapes stay as they are sent, also in lower case"),
        ("marks", b"/a:b@c!$&'()*+,=-._~", "marks are encoded"),
        ("dots-in-names", b"/.well-known/..a", "dots that are part of a name"),
        ("query", b"/a?b=2&a=1", "parameters are sorted"),
        ("query-repeated", b"/a?x=2&x=10&x=1", "parameters of one name are sorted by value"),
        ("query-name-order", b"/a?a-b=1&a=2&a.b=3&A=4", "names are sorted before the mark behind them is"),
        ("query-no-value", b"/a?x&y=", "a parameter without a value has an empty one"),
        ("query-marks", b"/a?t=2026-01-01T00:00:00Z&p=x/y,z@w", "marks are encoded"),
        ("query-equals", b"/a?x=a=b==", "the first equals sign ends the name"),
        ("query-lower-case-escapes", b"/a?x=%c3%a9%2f", "escapes have upper-case digits when they are signed"),
        ("query-needless-escapes", b"/a?%78=%41%7e", "needless escapes are undone"),
        ("query-plus-escaped", b"/a?x=a%2Bb", "a plus sign that is escaped has one reading"),
        ("query-empty-pieces", b"/a?&x=1&&y=2&", "empty pieces are no parameters"),
        ("query-two-marks", b"/a?x=1?y=2", "the query begins after the first question mark"),
        ("query-only-mark", b"/a?", "a question mark alone"),
        ("query-100", b"/a?" + b"&".join(b"p%d=1" % at for at in range(100)), "as many parameters as there may be"),
    ):
        group.accept(f"target-{name}", comment, "Genuine", signed(SIGNER, get(target)), service=CALLER)
    for name, body, comment in (
        ("empty", b"", "no body on a POST"),
        ("newlines", b"\na\r\nb\n", "line ends"),
        ("every-byte", bytes(range(256)), "all 256 bytes"),
        ("long", b"0123456789abcdef" * 300, "4800 bytes"),
    ):
        group.accept(f"body-{name}", comment, ("RawBytes", "Genuine"), signed(SIGNER, post(body=body)), service=CALLER)
        request = signed(SIGNER, post(body=body), declared=True)
        comment += ", and the digest in a header"
        group.accept(f"body-{name}-declared", comment, ("BodyDigest", "Genuine"), request, service=CALLER)
    for name, value, comment in (
        ("trimmed", b"  a  ", "blanks around a value are not signed"),
        ("folded", b"a   b \t c", "a row of blanks is one space"),
        ("quoted", b'"a   b"', "also between quotes"),
        ("empty", b"", "an empty value is not an absent one"),
        ("latin", b"caf\xe9", "bytes outside ASCII stay as they are"),
        ("commas", b"a, b,c", "commas stay as they are"),
    ):
        request = signed(SIGNER, get(b"/a", ("X-Note", value)))
        group.accept(f"header-{name}", comment, "Genuine", request, service=CALLER)
    request = signed(SIGNER, get(b"/a", ("X-Note", b"b"), ("x-note", b"a")))
    group.accept("header-several", "values of one name stay in their order", "Genuine", request, service=CALLER)
    request = signed(SIGNER, get()).adding("User-Agent", b"x/1").adding("Accept", b"*/*")
    group.accept("headers-not-signed", "most headers need not be signed", ("Genuine", "Uncovered"), request)
    request = edited(edited(signed(SIGNER, get()), b", Signed", b",Signed"), b", Signature", b",Signature")
    group.accept("no-spaces", "spaces behind the commas are not needed", "Genuine", request)
    request = edited(edited(signed(SIGNER, get()), b", Signed", b",   Signed"), b" Credential", b"  Credential")
    group.accept("more-spaces", "and there may be several, before each of the three", "Genuine", request)
    header = signed(SIGNER, get()).header("Authorization").decode()
    credential, names, tag = header.removeprefix("AWS4-HMAC-SHA256 ").split(", ")
    turned = signed(SIGNER, get()).set("Authorization", f"AWS4-HMAC-SHA256 {tag}, {names}, {credential}".encode())
    group.accept("other-order", "the parameters may come in any order", "Genuine", turned)
    request = Request(method=b"GET", target=b"/a", authority=HOST)
    group.accept("authority", "the host of HTTP/2 is its authority", "Genuine", signed(SIGNER, request))
    request = signed(SIGNER, get()).renaming("Authorization", "authorization").renaming("X-Amz-Date", "x-amz-date")
    group.accept("names-in-lower-case", "names of headers have no letter case", ("Genuine", "HeaderNames"), request)


def _tampered(group: Group) -> None:
    base = signed(SIGNER, post(b"/invoices?draft=1", ("Content-Type", b"text/plain"), ("X-Amz-Meta", b"1")))
    for name, request in (
        ("method", base.but(method=b"PUT")),
        ("path", base.but(target=b"/invoice?draft=1")),
        ("path-slash", base.but(target=b"/invoices/?draft=1")),
        ("query-value", base.but(target=b"/invoices?draft=2")),
        ("query-gone", base.but(target=b"/invoices")),
        ("query-more", base.but(target=b"/invoices?draft=1&admin=1")),
        ("body", base.but(body=b'{"invoice":8}')),
        ("body-gone", base.but(body=b"")),
        ("host", base.set("Host", b"evil.example.com")),
        ("content-type", base.set("Content-Type", b"text/html")),
        ("amazon-header", base.set("X-Amz-Meta", b"2")),
        ("amazon-header-twice", base.adding("x-amz-meta", b"1")),
        ("time", base.set("X-Amz-Date", stamp(NOW + 1).encode())),
        ("region", edited(base, b"eu-central-1", b"eu-central-2")),
        ("service", edited(base, b"execute-api", b"execute-apj")),
        ("names", edited(base, b"host;x-amz-date", b"host;x-a;x-amz-date").adding("X-A", b"x")),
    ):
        comment = "something that is signed was changed"
        group.refuse(f"changed-{name}", comment, "Tampered", request, "INVALID_SIGNATURE")
    for at in (0, 31, 63):
        value = bytearray(base.header("Authorization"))
        place = value.index(b"Signature=") + 10 + at
        value[place] = ord("0") if value[place] != ord("0") else ord("1")
        request = base.set("Authorization", bytes(value))
        group.refuse(f"digit-{at}", "one digit of the signature differs", "Tampered", request, "INVALID_SIGNATURE")


def _keys(group: Group) -> None:
    group.refuse("wrong-secret", "another secret", "WrongKey", signed(STRANGER, post()), "INVALID_SIGNATURE")
    unknown = SIGNER.but(access_key="AKIDNOBODY0000000001")
    comment = "an access key id that nobody has"
    group.refuse("unknown-key", comment, "UnknownService", signed(unknown, post()), "UNKNOWN_KEY")
    lower = SIGNER.but(access_key=SIGNER.access_key.lower())
    group.refuse("id-in-lower-case", "ids have a letter case", "UnknownService", signed(lower, post()), "UNKNOWN_KEY")
    exchanged = edited(signed(SIGNER, post()), SIGNER.access_key.encode(), b"AKIDOTHER00000000001")
    group.refuse("key-of-another", "the id of another key", "VerifiedIdentity", exchanged, "INVALID_SIGNATURE")
    early = SIGNER.but(access_key="AKIDCALLER0000000002", secret=SECRETS["NEXT_AWS_SECRET"])
    group.refuse("key-not-yet", "a key that is not valid yet", "KeyLife", signed(early, post()), "KEY_NOT_VALID_NOW")
    comment = "signed for another region"
    request = signed(SIGNER.but(region="us-east-1"), post())
    group.refuse("other-region", comment, "OtherTarget", request, "TARGET_NOT_ALLOWED")
    request = signed(SIGNER.but(service="lambda"), post())
    group.refuse("other-service", "signed for another service", "OtherTarget", request, "TARGET_NOT_ALLOWED")
    for name, signer, comment in (
        ("other", TEMPORARY.but(token="another"), "another session token"),
        ("none", TEMPORARY.but(token=None), "no session token where the key has one"),
        ("needless", SIGNER.but(token="another"), "a session token where the key has none"),
    ):
        group.refuse(f"token-{name}", comment, "WrongKey", signed(signer, post()), "INVALID_TOKEN")


def _coverage(group: Group) -> None:
    base = post(b"/a", ("Content-Type", b"text/plain"), ("X-Amz-Meta", b"1"), ("X-Note", b"1"))
    everything = names_of(prepared(SIGNER, base))
    for name in ("host", "content-type", "x-amz-meta", "x-amz-date"):
        names = [other for other in everything if other != name]
        request = signed(SIGNER, base, names=names)
        comment = f"{name} is there and not signed"
        group.refuse(f"uncovered-{name}", comment, ("Uncovered", "BodyDigest"), request, "INSUFFICIENT_COVERAGE")
    request = signed(SIGNER, base, names=[name for name in everything if name != "x-note"])
    group.accept("uncovered-note", "a header of no meaning need not be signed", "Uncovered", request)
    request = signed(SIGNER, base).adding("X-Amz-Target", b"Delete")
    group.refuse("added", "a header of AWS is added", "Uncovered", request, "INSUFFICIENT_COVERAGE")
    request = signed(SIGNER, base).without("X-Note")
    group.refuse("taken-out", "a header that is signed is gone", "MissingHeader", request, "INSUFFICIENT_COVERAGE")
    request = edited(signed(SIGNER, base), b"SignedHeaders=", b"SignedHeaders=, Y=")
    group.refuse("two-lists", "a fourth parameter", "RepeatedHeader", request, "DUPLICATE_HEADER")
    empty = signed(SIGNER, base)
    value = authorization(SIGNER, stamp(NOW), [], "0" * 64)
    empty = empty.set("Authorization", value)
    group.refuse("nothing-signed", "no header is named", "Uncovered", empty, "INSUFFICIENT_COVERAGE")
    request = signed(SIGNER, base).without("Host")
    group.refuse("no-host", "the request has no host", "MissingHeader", request, "INSUFFICIENT_COVERAGE")
    request = Request(
        method=b"GET", target=b"/a", headers=signed(SIGNER, get(b"/a")).headers, authority=b"evil.example.com"
    )
    group.refuse("two-authorities", "host and authority differ", "OneAuthority", request, "MALFORMED_REQUEST")
    request = Request(method=b"GET", target=b"/a", headers=signed(SIGNER, get(b"/a")).headers, authority=b"")
    group.accept("empty-authority", "an empty authority is none beside Host", "Genuine", request)


def _forms(group: Group) -> None:
    base = signed(SIGNER, get())
    credential = f"{SIGNER.access_key}/{SIGNER.scope(stamp(NOW))}".encode()
    tag = base.header("Authorization").rpartition(b"=")[2]
    for name, old, new, code in (
        ("sigv4a", b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256", "ALGORITHM_NOT_ALLOWED"),
        ("sha1", b"AWS4-HMAC-SHA256", b"AWS4-HMAC-SHA1", "ALGORITHM_NOT_ALLOWED"),
        ("lower-case", b"AWS4-HMAC-SHA256", b"aws4-hmac-sha256", "ALGORITHM_NOT_ALLOWED"),
        ("no-credential", b"Credential=" + credential + b", ", b"", "MISSING_SERVICE_ID"),
        ("no-names", b"SignedHeaders=host;x-amz-date, ", b"", "INSUFFICIENT_COVERAGE"),
        ("no-signature", b", Signature=" + tag, b"", "MISSING_SIGNATURE"),
        ("name-in-lower-case", b"Credential", b"credential", "MALFORMED_SIGNATURE"),
        ("tab", b", Signed", b",\tSigned", "MALFORMED_SIGNATURE"),
        ("space-before-comma", b", Signed", b" , Signed", "MALFORMED_SIGNATURE"),
        ("space-before-equals", b"Signature=", b"Signature =", "MALFORMED_SIGNATURE"),
        ("space-at-end", tag, tag + b" ", "MALFORMED_SIGNATURE"),
        ("scope-short", b"/aws4_request", b"", "MALFORMED_SIGNATURE"),
        ("scope-long", b"/aws4_request", b"/aws4_request/", "MALFORMED_SIGNATURE"),
        ("scope-end", b"aws4_request", b"aws4_reques", "MALFORMED_SIGNATURE"),
        ("scope-no-id", SIGNER.access_key.encode(), b"", "MALFORMED_SIGNATURE"),
        ("scope-no-region", b"eu-central-1", b"", "MALFORMED_SIGNATURE"),
        ("scope-day", b"/20260101/", b"/2026010/", "MALFORMED_SIGNATURE"),
        ("scope-other-day", b"/20260101/", b"/20260102/", "INVALID_TIMESTAMP"),
        ("names-unsorted", b"host;x-amz-date", b"x-amz-date;host", "MALFORMED_SIGNATURE"),
        ("names-repeated", b"host;x-amz-date", b"host;host;x-amz-date", "MALFORMED_SIGNATURE"),
        ("names-upper-case", b"host;x-amz-date", b"Host;x-amz-date", "MALFORMED_SIGNATURE"),
        ("names-end", b"host;x-amz-date", b"host;x-amz-date;", "MALFORMED_SIGNATURE"),
        ("names-65", b"host;x-amz-date", ";".join(f"h{at:02}" for at in range(65)).encode(), "MALFORMED_REQUEST"),
        ("tag-short", tag, tag[:-1], "MALFORMED_SIGNATURE"),
        ("tag-long", tag, tag + b"0", "MALFORMED_SIGNATURE"),
        ("tag-empty", tag, b"", "MALFORMED_SIGNATURE"),
        ("tag-upper-case", tag, tag.upper(), "MALFORMED_SIGNATURE"),
        ("tag-not-hex", tag, b"g" + tag[1:], "MALFORMED_SIGNATURE"),
    ):
        comment = "the credential does not have the form of its scheme"
        flags: Flags = "AlgorithmFixed" if code == "ALGORITHM_NOT_ALLOWED" else "ExactDecoding"
        group.refuse(f"form-{name}", comment, flags, edited(base, old, new), code)
    nameless = edited(base, b"SignedHeaders=host;x-amz-date, ", b"").without("X-Amz-Date")
    comment = "neither names nor a time: what covers nothing is refused first"
    group.refuse("form-no-names-and-no-time", comment, "Precedence", nameless, "INSUFFICIENT_COVERAGE")
    group.refuse("none", "no credential", "OneCredential", get(), "AUTHENTICATION_REQUIRED")
    comment = "a header and a link at once"
    both = base.but(target=base.target + b"?X-Amz-Signature=" + tag)
    group.refuse("both", comment, "OneCredential", both, "AMBIGUOUS_CREDENTIALS")
    both = base.but(target=base.target + b"?x-amz-%61lgorithm=")
    group.refuse("both-spelled", "also in another spelling", "OneCredential", both, "AMBIGUOUS_CREDENTIALS")
    many = get(b"/a", *((f"X-{at:03}", b"1") for at in range(62)))
    group.accept("names-64", "as many signed headers as there may be", "SizeLimit", signed(SIGNER, many))


def _repeated(group: Group) -> None:
    base = signed(SIGNER, post(), declared=True)
    for name in ("Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "Host"):
        value = base.header(name)
        request = base.adding(name.lower(), value)
        comment = f"{name} is there twice"
        group.refuse(f"twice-{name.lower()}", comment, "RepeatedHeader", request, "DUPLICATE_HEADER")
        request = base.set(name, value + b", " + value)
        comment = f"{name} was joined from two"
        group.refuse(f"joined-{name.lower()}", comment, "RepeatedHeader", request, "DUPLICATE_HEADER")


def _times(group: Group) -> None:
    for name, now in (("past", NOW - 900), ("future", NOW + 900)):
        group.accept(f"window-{name}", "at the bound", "Window", signed(SIGNER, get(), now=now), age=NOW - now)
    for name, now in (("past", NOW - 901), ("future", NOW + 901)):
        request = signed(SIGNER, get(), now=now)
        group.refuse(f"window-{name}-over", "over the bound", "Window", request, "TIMESTAMP_OUTSIDE_WINDOW")
    base = signed(SIGNER, get())
    for name, value in (
        ("empty", b""),
        ("seconds", b"1767225600"),
        ("extended", b"2026-01-01T00:00:00Z"),
        ("lower-case", b"20260101t000000z"),
        ("no-zone", b"20260101T000000"),
        ("month", b"20261301T000000Z"),
        ("day", b"20260230T000000Z"),
        ("hour", b"20260101T240000Z"),
        ("sign", b"+0260101T000000Z"),
        ("mail", b"Thu, 01 Jan 2026 00:00:00 GMT"),
    ):
        code = "DUPLICATE_HEADER" if b"," in value else "INVALID_TIMESTAMP"
        flags: Flags = "RepeatedHeader" if b"," in value else "StrictTimestamp"
        group.refuse(f"time-{name}", "not a time", flags, base.set("X-Amz-Date", value), code)
    group.refuse("time-none", "no time", "MissingHeader", base.without("X-Amz-Date"), "MISSING_TIMESTAMP")
    for name, value in (
        ("mail", b"Thu, 01 Jan 2026 00:00:00 GMT"),
        ("mail-zone", b"Thu, 01 Jan 2026 00:00:00 -0000"),
        ("basic", b"20260101T000000Z"),
    ):
        request = get(b"/a", ("Date", value))
        names = ["date", "host"]
        tag = SIGNER.tag(stamp(NOW), SIGNER.canonical(request, names, digest(b"")))
        request = request.adding("Authorization", authorization(SIGNER, stamp(NOW), names, tag))
        group.accept(f"date-{name}", "the Date header says the time", "Genuine", request, age=0)
        other = request.set("Date", value.replace(b"Thu", b"Fri") if b"Thu" in value else value[:-1])
        group.refuse(f"date-{name}-bad", "not a date", "StrictTimestamp", other, "INVALID_TIMESTAMP")


def _queries(group: Group) -> None:
    for name, target, comment in (
        ("plus", b"/a?x=a+b", "signers read a plus sign in three ways"),
        ("percent", b"/a?x=%", "a percent sign without digits"),
        ("percent-letters", b"/a?x=%zz", "a percent sign with letters"),
        ("101", b"/a?" + b"&".join(b"p%d=1" % at for at in range(101)), "a parameter too many"),
    ):
        request = signed(SIGNER, get(target))
        group.refuse(f"query-{name}", comment, "MalformedRequest", request, "MALFORMED_REQUEST")
    for name, target in (("dots", b"/a/../b"), ("dot", b"/a/./b"), ("double-slash", b"/a//b"), ("up", b"/a/..")):
        request = signed(SIGNER, get(target))
        comment = "another path has the same signature"
        group.refuse(f"path-{name}", comment, "AmbiguousPath", request, "MALFORMED_REQUEST")


def _payloads(group: Group) -> None:
    base = signed(SIGNER, post(), declared=True)
    other = base.but(body=b'{"invoice":8}')
    group.refuse("digest-of-another", "the body is not the one declared", "BodyDigest", other, "DIGEST_MISMATCH")
    request = signed(SIGNER, post(), payload=digest(b"x"))
    comment = "a digest that is signed and not that of the body"
    group.refuse("digest-signed-wrong", comment, "BodyDigest", request, "DIGEST_MISMATCH")
    for mode in (UNSIGNED, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"):
        request = signed(SIGNER, post(), payload=mode)
        comment = f"{mode} leaves the body uncovered"
        name = mode.lower()
        group.refuse(f"payload-{name}", comment, "BodyDigest", request, "INSUFFICIENT_COVERAGE")
    for name, value in (("unknown", "NONE"), ("upper-case", digest(BODY).upper()), ("short", digest(BODY)[:-1])):
        request = signed(SIGNER, post(), payload=value)
        group.refuse(f"payload-{name}", "not a digest", "ExactDecoding", request, "MALFORMED_SIGNATURE")


def _links(group: Group) -> None:
    base = presigned(SIGNER, get(b"/files/7?v=1"))
    group.accept("link", "a link of ten minutes", "Genuine", base, service=CALLER, scheme=SCHEME, age=0)
    group.accept("link-with-body", "the body is signed", "Genuine", presigned(SIGNER, post()), service=CALLER)
    group.accept("link-temporary", "with a session token", "Genuine", presigned(TEMPORARY, get()), service=CALLER)
    for name, now, expires in (("last-second", NOW - 600, "600"), ("week", NOW - 604_800, "604800")):
        request = presigned(SIGNER, get(), now=now, expires=expires)
        group.accept(f"link-{name}", "at the end of its life", "Window", request, age=NOW - now)
        request = presigned(SIGNER, get(), now=now - 1, expires=expires)
        comment = "a second after its end"
        group.refuse(f"link-{name}-over", comment, "Window", request, "TIMESTAMP_OUTSIDE_WINDOW")
    request = presigned(SIGNER, get(), now=NOW + 901)
    group.refuse("link-future", "from the future", "Window", request, "TIMESTAMP_OUTSIDE_WINDOW")
    request = presigned(SIGNER, get(), expires="604801")
    comment = "valid for longer than a week"
    group.refuse("link-too-long", comment, "Window", request, "TIMESTAMP_OUTSIDE_WINDOW")
    for name, value in (
        ("zero", "0"),
        ("leading-zero", "0600"),
        ("sign", "-1"),
        ("exponent", "6e2"),
        ("fraction", "600.0"),
        ("empty", ""),
    ):
        request = presigned(SIGNER, get(), expires=value)
        comment = "not a number of seconds"
        group.refuse(f"link-expires-{name}", comment, "StrictTimestamp", request, "INVALID_TIMESTAMP")
    for name, request in (
        ("path", relinked(base, b"/files/7", b"/files/8")),
        ("query", relinked(base, b"v=1", b"v=2")),
        ("expires", relinked(base, b"Expires=600", b"Expires=60000")),
        ("method", base.but(method=b"DELETE")),
        ("body", base.but(body=b"x")),
        ("host", base.set("Host", b"evil.example.com")),
    ):
        comment = "something that is signed was changed"
        group.refuse(f"link-changed-{name}", comment, "Tampered", request, "INVALID_SIGNATURE")
    for name, code in (
        ("Algorithm", "ALGORITHM_NOT_ALLOWED"),
        ("Credential", "MISSING_SERVICE_ID"),
        ("Date", "MISSING_TIMESTAMP"),
        ("Expires", "MISSING_TIMESTAMP"),
        ("SignedHeaders", "INSUFFICIENT_COVERAGE"),
        ("Signature", "MISSING_SIGNATURE"),
    ):
        parameter = f"X-Amz-{name}=".encode()
        request = relinked(base, parameter, b"Y-Amz-=")
        group.refuse(f"link-no-{name.lower()}", f"X-Amz-{name} is not there", "MissingHeader", request, code)
        request = relinked(base, parameter, parameter + b"1&" + parameter)
        comment = f"X-Amz-{name} is there twice"
        group.refuse(f"link-two-{name.lower()}", comment, "RepeatedHeader", request, "MALFORMED_REQUEST")
    request = relinked(base, b"X-Amz-Signature", b"x-amz-signature")
    comment = "a parameter in another letter case"
    group.refuse("link-spelling", comment, "MalformedRequest", request, "MALFORMED_REQUEST")
    request = relinked(base, b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256")
    group.refuse("link-sigv4a", "another algorithm", "AlgorithmFixed", request, "ALGORITHM_NOT_ALLOWED")
    request = base.adding("X-Amz-Meta", b"1")
    group.refuse("link-header", "a header of AWS is added", "Uncovered", request, "INSUFFICIENT_COVERAGE")


def _replays(group: Group) -> None:
    request = signed(SIGNER, post())
    steps = [accepted(request), refused(request, "REPLAYED_REQUEST")]
    group.steps("again-post", "the same POST again", "Replay", *steps)
    request = signed(SIGNER, get())
    group.steps(
        "again-get", "a GET may come again inside the window", "Repetition", accepted(request), accepted(request)
    )
    request = signed(SIGNER, post(), declared=True)
    stream = accepted(request, chunks=[1, 0, 5], service=CALLER)
    group.steps("stream", "the body in pieces", "Stream", stream)
    other = request.but(body=b'{"invoice":8}')
    group.steps("stream-changed", "another body in pieces", "Stream", refused(other, "DIGEST_MISMATCH", chunks=[4]))
    other = signed(SIGNER, post()).but(body=b"")
    group.steps("stream-gone", "no body", "Stream", refused(other, "INVALID_SIGNATURE", chunks=[]))


def _s3(suite: Suite) -> None:
    scope: Json = {"region": S3.region, "service": "s3", "style": "s3"}
    group = suite.group("the manner of S3", config(aws_sigv4=scope), SECRETS)
    for name, target, comment in (
        ("key", b"/bucket/photos/7.jpg", "a key"),
        ("escapes", b"/bucket/a%20b/caf%C3%A9", "escapes are not encoded once more"),
        ("double-slash", b"/bucket//a/../b", "nothing is normalised"),
        ("slash-escaped", b"/bucket/a%2Fb", "an escaped slash stays one"),
    ):
        group.accept(f"s3-{name}", comment, "Genuine", signed(S3, get(target)), service=CALLER)
    group.accept("s3-put", "an upload", "Genuine", signed(S3, post(b"/bucket/a")), service=CALLER)
    for name, target in (("lower-case", b"/b/caf%c3%a9"), ("mark", b"/b/a$b"), ("needless", b"/b/%41")):
        request = signed(S3, get(target))
        comment = "another spelling of the path has the same signature"
        group.refuse(f"s3-path-{name}", comment, "AmbiguousPath", request, "MALFORMED_REQUEST")
    request = signed(S3.but(s3=False), post(b"/bucket/a"))
    group.refuse("s3-no-digest", "no digest is declared", "BodyDigest", request, "INSUFFICIENT_COVERAGE")
    request = signed(S3, post(b"/bucket/a")).but(body=b"x")
    group.refuse("s3-other-body", "another body", "BodyDigest", request, "DIGEST_MISMATCH")
    request = signed(S3, post(b"/bucket/a"), payload=UNSIGNED)
    group.refuse("s3-unsigned", "the body is not signed", "BodyDigest", request, "INSUFFICIENT_COVERAGE")
    request = presigned(S3, get(b"/bucket/a"))
    group.refuse("s3-link", "a link of S3 leaves the body open", "BodyDigest", request, "INSUFFICIENT_COVERAGE")
    request = presigned(S3, get(b"/bucket/a"), declared=digest(b""))
    group.accept("s3-link-declared", "a link that declares the digest", "Genuine", request, service=CALLER)


def _unsigned(suite: Suite) -> None:
    scope: Json = {"region": S3.region, "service": "s3", "style": "s3", "unsigned_payload": True}
    group = suite.group("bodies may be left unsigned", config(aws_sigv4=scope), SECRETS)
    request = signed(S3, post(b"/bucket/a"), payload=UNSIGNED)
    group.accept("open-put", "the body is not signed", "Uncovered", request, service=CALLER)
    group.accept("open-put-other", "so it may be any", "Uncovered", request.but(body=b"other"), service=CALLER)
    group.accept("open-link", "a link", "Uncovered", presigned(S3, get(b"/bucket/a")), service=CALLER)
    request = signed(S3, post(b"/bucket/a")).but(body=b"x")
    group.refuse("open-declared", "a digest that is there counts", "BodyDigest", request, "DIGEST_MISMATCH")
    mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    request = signed(S3, post(b"/bucket/a"), payload=mode)
    group.refuse("open-streaming", "pieces are no open body", "BodyDigest", request, "INSUFFICIENT_COVERAGE")


def _demanded(suite: Suite) -> None:
    scope: Json = {"region": SIGNER.region, "service": SIGNER.service, "signed_headers": ["X-Tenant"]}
    group = suite.group("a header must be signed", config(aws_sigv4=scope), SECRETS)
    base = get(b"/a", ("X-Tenant", b"7"))
    group.accept("demanded", "it is signed", "Genuine", signed(SIGNER, base), service=CALLER)
    request = signed(SIGNER, base, names=["host", "x-amz-date"])
    group.refuse("demanded-unsigned", "it is not signed", "Uncovered", request, "INSUFFICIENT_COVERAGE")
    request = signed(SIGNER, get(b"/a"))
    group.refuse("demanded-absent", "it is not there", "Uncovered", request, "INSUFFICIENT_COVERAGE")
    request = presigned(SIGNER, base, names=["host"])
    group.refuse("demanded-link", "a link does not sign it", "Uncovered", request, "INSUFFICIENT_COVERAGE")


def _signing(suite: Suite) -> None:
    for style, signer in (("default", ME), ("s3", ME.but(service="s3", s3=True))):
        scope: Json = {"region": signer.region, "service": signer.service, "style": style}
        group = suite.group(f"signing, {style}", config(aws_sigv4=scope, sign_with=SCHEME), SECRETS)
        for name, request in (
            ("get", get()),
            ("post", post(b"/a?b=2&a=1", ("Content-Type", b"text/plain"))),
            ("escapes", get(b"/caf%C3%A9?x=%C3%A9/y")),
            ("headers", get(b"/a", ("X-Note", b" a  b "), ("x-note", b"c"), ("User-Agent", b"x"))),
            ("every-byte", post(body=bytes(range(256)))),
        ):
            whole = prepared(signer, request)
            names = names_of(whole)
            message = signer.canonical(whole, names, digest(request.body)).encode("latin-1")
            headers = [field for field in signed(signer, request).headers if field not in request.headers]
            step = sign(request, signs_as(headers, message), target=CALLER)
            group.steps(f"sign-{style}-{name}", "every header, byte for byte", "Signing", step)
        for name, request in (
            ("no-host", Request(method=b"GET", target=b"/a")),
            ("plus", get(b"/a?x=a+b")),
            ("control-byte", get(b"/a", ("X-Note", b"a\nb"))),
            ("signed-already", get(b"/a?X-Amz-Signature=0")),
        ):
            step = sign(request, {"failed": "SIGNING_FAILED"}, target=CALLER)
            group.steps(f"sign-{style}-fails-{name}", "it could not be verified", "CannotSign", step)


def _others(suite: Suite) -> None:
    """Requests that signers of others have made, written down as they were sent."""
    for style, is_open in (("default", False), ("s3", False), ("s3", True)):
        scope: Json = {
            "region": SIGNER.region,
            "service": S3.service if style == "s3" else SIGNER.service,
            "style": style,
            "unsigned_payload": is_open,
        }
        name = f"signed by others, {style}{', bodies left unsigned' if is_open else ''}"
        group = suite.group(name, config(aws_sigv4=scope), SECRETS)
        for made in SIGNED_BY_OTHERS:
            if (made["style"], made["unsigned"]) != (style, is_open):
                continue
            request = Request(
                method=made["method"].encode(),
                target=made["target"].encode(),
                headers=tuple((name, value.encode()) for name, value in made["headers"]),
                body=made["body"].encode(),
            )
            source = made["source"]
            step = accepted(request, service=CALLER, scheme=SCHEME, age=0)
            group.steps(made["name"], f"as {source} signs it", "Genuine", step, origin=source)
            if made["name"].endswith("get"):
                step = refused(request.but(method=b"PUT"), "INVALID_SIGNATURE")
                comment = f"signed by {source}, with another method"
                group.steps(f"{made['name']}-changed", comment, "Tampered", step, origin=source)
