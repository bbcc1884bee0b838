"""The scheme `rfc9421`: our own profile, other people's coverage, and the ways to damage a message signature."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import curves
from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, OWN_KEY, SECRETS, STRANGER_KEY, registry
from messages import (
    PROFILE,
    Draft,
    digest,
    ed25519_key,
    headers,
    hmac_key,
    p256_key,
    profiled,
    signed,
    signed_nonce,
    wrapped,
)
from model import Group, Suite, accepted, refused, sign, signs_as
from request import Request
from wire import NONCE, NOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from request import Json

HOST = "projects.example"
TARGET = b"/api/images/process?size=1"
BODY = b'{"image":7}'
KEYID = f"{CALLER}/2026-q1"
DRAFT = Draft(keyid=KEYID)
MAC = hmac_key(KEY)
PLAIN = Request(method=b"POST", target=TARGET, headers=(("Host", HOST.encode()),), body=BODY)
GET = PLAIN.but(method=b"GET", body=b"")
INPUT, SIGNATURE = "Signature-Input", "Signature"
PRINTED = Path(__file__).resolve().parents[2] / "vectors" / "external" / "rfc9421" / "signatures.json"
RFC_TIME = 1_618_884_473
"""When most signatures of RFC 9421 were made."""

SEED = hashlib.sha256(b"a key of Ed25519 for vectors").digest()
CURVE_SECRET = int.from_bytes(hashlib.sha256(b"a key of P-256 for vectors").digest())


def document(services: Mapping[str, Json] | None = None, **members: Json) -> dict[str, Json]:
    """Return a config that accepts message signatures alone."""
    base: dict[str, Json] = {"service": OWN, "accept": ["rfc9421"], "services": services or registry()}
    return base | members


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("rfc9421")
    group = suite.group("our own profile", document(), SECRETS)
    _genuine(group)
    _tampered(group)
    _coverage(group)
    _components(group)
    _parameters(group)
    _nonces(group)
    _times(group)
    _forms(group)
    _several(group)
    _keys(group)
    _replays(group)
    _streams(group)
    _targets(suite)
    _several_nonces(suite)
    _algorithms(suite)
    _others(suite)
    _published(suite)
    _signing(suite)
    return suite


def change(request: Request, old: bytes, new: bytes, name: str = INPUT) -> Request:
    """Change a part of a header that is there."""
    value = request.header(name)
    assert old in value, (old, value)
    return request.set(name, value.replace(old, new, 1))


def _genuine(group: Group) -> None:
    scope = hashlib.sha256(b"wiresign-replay\n" + CALLER.encode()).digest()[:16]
    nonce = signed_nonce(NONCE)
    post = profiled(PLAIN, (DRAFT, MAC))
    group.accept(
        "post",
        "a signed POST, and everything that the result says about it",
        "Genuine",
        post,
        service=CALLER,
        key="2026-q1",
        scheme="rfc9421",
        age=0,
        request_id=nonce,
        route=None,
        retiring=False,
        public=False,
        covered=[f'"{name}"' for name in (*PROFILE, "content-digest")],
        replay_key="n:" + hashlib.sha256(scope + nonce.encode()).hexdigest(),
    )
    group.accept("get", "no body, so no digest", "Genuine", profiled(GET, (DRAFT, MAC)), service=CALLER)
    other = DRAFT.but(keyid=f"{OTHER}/1")
    group.accept(
        "another-caller", "another service", "Genuine", profiled(PLAIN, (other, hmac_key(OTHER_KEY))), service=OTHER
    )
    for name, target in (
        ("no-query", b"/api/images"),
        ("only-mark", b"/api/images?"),
        ("two-marks", b"/api/images?a=1?b=2"),
        ("escapes", b"/caf%C3%A9/%2f?a=%20+b"),
        ("root", b"/"),
        ("dots", b"/a/../b//c"),
    ):
        request = profiled(PLAIN.but(target=target), (DRAFT, MAC))
        group.accept(f"target-{name}", "the target as it is", ("RawPath", "Genuine"), request, service=CALLER)
    star = profiled(PLAIN.but(method=b"OPTIONS", target=b"*", body=b""), (DRAFT, MAC))
    group.accept("target-star", "the star of OPTIONS is its own path", ("RawPath", "Genuine"), star, service=CALLER)
    for name, body in (
        ("binary", bytes(range(256))),
        ("newlines", b"\none\r\ntwo\n\n"),
        ("not-utf8", b"\xff\xfe\xc3\x28"),
        ("long", b"0123456789abcdef" * 300),
    ):
        request = profiled(PLAIN.but(body=body), (DRAFT, MAC))
        group.accept(f"body-{name}", "bodies are bytes", ("RawBytes", "Genuine"), request, service=CALLER)
    for name, host in (
        ("port", b"projects.example:443"),
        ("upper-case", b"Projects.EXAMPLE"),
        ("other-port", b"projects.example:8443"),
    ):
        request = profiled(PLAIN.set("Host", host), (DRAFT, MAC))
        group.accept(f"authority-{name}", "the authority in its one form", "Genuine", request, service=CALLER)
    spaced = profiled(PLAIN, (DRAFT, MAC)).set("Host", b" \t" + HOST.encode() + b"\t ")
    group.accept(
        "authority-in-white-space", "white space around a field is none of it", "Genuine", spaced, service=CALLER
    )
    lines = (
        post.renaming(INPUT, "signature-INPUT")
        .renaming(SIGNATURE, "SIGNATURE")
        .renaming("Content-Digest", "content-digest")
    )
    group.accept("header-names", "names in any letter case", "HeaderNames", lines, service=CALLER)
    spaced = post.set(INPUT, b"  " + post.header(INPUT).replace(b" ", b"   ").replace(b";", b"; ") + b" ")
    group.accept("spaces", "spaces that structured fields allow are not signed", "Genuine", spaced, service=CALLER)
    more = DRAFT.but(covered=(*PROFILE, "x-trace", '"x-trace";bs'))
    request = signed(GET.adding("X-Trace", b" a, b ").adding("x-trace", b"c"), (more, MAC))
    group.accept("more-covered", "more is covered than must be", "Genuine", request, service=CALLER)


def _tampered(group: Group) -> None:
    post = profiled(PLAIN, (DRAFT, MAC))
    for name, damaged in (
        ("method", post.but(method=b"PUT")),
        ("path", post.but(target=b"/api/images/delete?size=1")),
        ("query", post.but(target=b"/api/images/process?size=2")),
        ("query-removed", post.but(target=b"/api/images/process")),
        ("query-appended", post.but(target=TARGET + b"&a")),
        ("authority", post.set("Host", b"other.example")),
        ("authority-port", post.set("Host", b"projects.example:444")),
        ("digest", post.set("Content-Digest", digest(b"other"))),
        ("digest-and-body", post.set("Content-Digest", digest(b"other")).but(body=b"other")),
        ("digest-added", post.set("Content-Digest", post.header("Content-Digest") + b", " + digest(BODY, "sha-512"))),
        ("created", change(post, b"created=1767225600", b"created=1767225601")),
        ("nonce", change(post, signed_nonce(NONCE).encode(), signed_nonce(NONCE)[::-1].encode())),
        ("expires-added", change(post, b";created", b";expires=1767225900;created")),
        (
            "parameters-reordered",
            change(
                post,
                b';created=1767225600;keyid="image-service/2026-q1"',
                b';keyid="image-service/2026-q1";created=1767225600',
            ),
        ),
        ("parameter-added", change(post, b";tag=", b";x=1;tag=")),
        ("alg-removed", change(post, b';alg="hmac-sha256"', b"")),
        ("components-reordered", change(post, b'"@method" "@authority"', b'"@authority" "@method"')),
    ):
        group.refuse(f"changed-{name}", "a covered part was changed", "Tampered", damaged, "INVALID_SIGNATURE")
    for name, body in (("other", b"{}"), ("gone", b""), ("longer", BODY + b"\n"), ("case", BODY.upper())):
        comment = "the digest is signed, and the body is another one"
        group.refuse(f"body-{name}", comment, ("BodyDigest", "Tampered"), post.but(body=body), "DIGEST_MISMATCH")
    repr_digest = post.renaming("Content-Digest", "Repr-Digest")
    group.refuse(
        "digest-of-representation", "Repr-Digest is another header", "BodyDigest", repr_digest, "INSUFFICIENT_COVERAGE"
    )
    gone = post.without("Content-Digest")
    group.refuse(
        "digest-gone", "a covered header is not there", ("BodyDigest", "MissingHeader"), gone, "INSUFFICIENT_COVERAGE"
    )
    get = profiled(GET, (DRAFT, MAC))
    added = get.but(body=BODY)
    group.refuse("body-added", "a body where none was signed", "BodyDigest", added, "INSUFFICIENT_COVERAGE")
    shortest = get.but(body=b"x")
    group.refuse("body-of-one-byte-added", "the shortest one", "BodyDigest", shortest, "INSUFFICIENT_COVERAGE")
    added = added.adding("Content-Digest", digest(BODY))
    comment = "a digest that is there and not signed says nothing"
    group.refuse("body-added-with-digest", comment, "BodyDigest", added, "INSUFFICIENT_COVERAGE")
    two = signed(
        PLAIN.adding("Content-Digest", digest(BODY) + b", " + digest(b"other", "sha-512")),
        (DRAFT.but(covered=(*PROFILE, "content-digest")), MAC),
    )
    group.refuse("one-of-two-digests", "all digests that are known must hold", "BodyDigest", two, "DIGEST_MISMATCH")
    for name, value, code in (
        ("sha512", digest(BODY, "sha-512"), None),
        ("both", digest(BODY) + b", " + digest(BODY, "sha-512"), None),
        ("and-unknown", b"md5=:AAAA:, " + digest(BODY), None),
        ("only-unknown", b"md5=:AAAA:", "INSUFFICIENT_COVERAGE"),
        ("empty", b"", "INSUFFICIENT_COVERAGE"),
        ("short", b"sha-256=:AAAA:", "MALFORMED_SIGNATURE"),
        ("text", b'sha-256="AAAA"', "MALFORMED_SIGNATURE"),
        ("hex", b"sha-256=" + hashlib.sha256(BODY).hexdigest().encode(), "MALFORMED_SIGNATURE"),
        ("twice", digest(BODY) + b", " + digest(BODY), "MALFORMED_SIGNATURE"),
    ):
        request = signed(PLAIN.adding("Content-Digest", value), (DRAFT.but(covered=(*PROFILE, "content-digest")), MAC))
        comment = "a digest of the body that is signed"
        if code is None:
            group.accept(f"digest-{name}", comment, ("BodyDigest", "Genuine"), request, service=CALLER)
        else:
            group.refuse(f"digest-{name}", comment, "BodyDigest", request, code)


def _coverage(group: Group) -> None:
    for left_out in PROFILE:
        covered = tuple(name for name in PROFILE if name != left_out)
        request = signed(GET, (DRAFT.but(covered=covered), MAC))
        group.refuse(
            f"without-{left_out[1:]}", "less is covered than must be", "Coverage", request, "INSUFFICIENT_COVERAGE"
        )
    nothing = signed(GET, (DRAFT.but(covered=()), MAC))
    group.refuse("nothing-covered", "a right signature over nothing", "Coverage", nothing, "INSUFFICIENT_COVERAGE")
    for name, covered in (
        ("target-uri", ("@method", "@target-uri")),
        ("request-target", ("@method", "@request-target", "@authority")),
        ("other-order", tuple(reversed(PROFILE))),
    ):
        request = signed(GET, (DRAFT.but(covered=covered), MAC))
        group.accept(
            f"covered-by-{name}",
            "what must be covered is a part of it",
            ("Coverage", "Genuine"),
            request,
            service=CALLER,
        )
    for name, covered in (
        ("request-target-alone", ("@method", "@request-target")),
        ("one-parameter", ("@method", "@authority", "@path", '"@query-param";name="size"')),
        ("scheme", ("@method", "@scheme", "@path", "@query")),
    ):
        request = signed(GET, (DRAFT.but(covered=covered), MAC))
        group.refuse(
            f"covered-by-{name}", "a part of what must be covered is left", "Coverage", request, "INSUFFICIENT_COVERAGE"
        )
    for name, gone in (("field", GET), ("empty-is-there", GET.adding("X-Trace", b""))):
        draft = DRAFT.but(covered=(*PROFILE, "x-trace"), values=(("x-trace", b""),))
        request = signed(gone, (draft, MAC))
        if name == "field":
            comment = "a covered header that is absent is not an empty one"
            group.refuse("covered-field-absent", comment, "MissingHeader", request, "INSUFFICIENT_COVERAGE")
        else:
            group.accept(
                "covered-field-empty",
                "an empty header is covered",
                ("MissingHeader", "Genuine"),
                request,
                service=CALLER,
            )
    no_host = signed(GET, (DRAFT, MAC)).without("Host")
    group.refuse(
        "no-authority", "the authority is covered and nowhere", "MissingHeader", no_host, "INSUFFICIENT_COVERAGE"
    )
    group.refuse(
        "empty-authority",
        "an empty authority is none",
        "MissingHeader",
        replace(no_host, authority=b""),
        "INSUFFICIENT_COVERAGE",
    )
    unsaid = replace(signed(GET, (DRAFT, MAC)), authority=b"")
    group.accept(
        "empty-authority-and-host", "an empty authority is none beside Host", "Genuine", unsaid, service=CALLER
    )
    two = signed(GET, (DRAFT, MAC)).adding("host", HOST.encode())
    group.refuse("two-hosts", "two headers that say the authority", "RepeatedHeader", two, "DUPLICATE_HEADER")
    other = Request(method=b"GET", target=TARGET, headers=signed(GET, (DRAFT, MAC)).headers, authority=b"other.example")
    group.refuse("two-authorities", "Host and authority differ", "OneAuthority", other, "MALFORMED_REQUEST")
    for name, host in (
        ("user", b"a@b.example"),
        ("empty", b""),
        ("space", b"a b"),
        ("path", b"a/b"),
        ("long-port", b"a:123456"),
    ):
        draft = DRAFT
        request = signed(GET.set("Host", host), (draft, MAC))
        group.refuse(
            f"authority-with-{name}", "this is not an authority", "MalformedRequest", request, "MALFORMED_REQUEST"
        )


def _components(group: Group) -> None:
    field = GET.adding("X-Dict", b"a=1,  b=2;x, c=(a  b)").adding("X-Latin", b"caf\xe9").adding("Priority", b"u=03,  i")
    for name, component, value in (
        ("member", '"x-dict";key="a"', b"1"),
        ("member-with-parameter", '"x-dict";key="b"', b"2;x"),
        ("inner-list", '"x-dict";key="c"', b"(a b)"),
        ("structured", '"priority";sf', b"u=3, i"),
        ("wrapped", '"x-latin";bs', wrapped(b"caf\xe9")),
        ("query-param", '"@query-param";name="size"', b"1"),
    ):
        request = signed(field, (DRAFT.but(covered=(*PROFILE, component), values=((component, value),)), MAC))
        group.accept(f"component-{name}", "as RFC 9421 covers it", ("Components", "Genuine"), request, service=CALLER)
    malformed, request_fault, uncovered = "MALFORMED_SIGNATURE", "MALFORMED_REQUEST", "INSUFFICIENT_COVERAGE"
    for name, component, code in (
        ("unknown", "@unknown", malformed),
        ("signature-params", "@signature-params", malformed),
        ("upper-case", "Host", malformed),
        ("space", "a b", malformed),
        ("empty", "", malformed),
        ("trailer", '"x-dict";tr', malformed),
        ("of-request", '"x-dict";req', malformed),
        ("method-of-request", '"@method";req', malformed),
        ("status", "@status", malformed),
        ("unknown-parameter", '"x-dict";foo', malformed),
        ("false-parameter", '"x-dict";sf=?0', malformed),
        ("key-as-token", '"x-dict";key=a', malformed),
        ("key-and-bs", '"x-dict";key="a";bs', malformed),
        ("sf-and-bs", '"priority";sf;bs', malformed),
        ("sf-of-unknown-type", '"x-dict";sf', malformed),
        ("sf-of-method", '"@method";sf', malformed),
        ("query-param-without-name", "@query-param", malformed),
        ("twice", "@method", malformed),
        ("member-absent", '"x-dict";key="z"', uncovered),
        ("query-param-absent", '"@query-param";name="z"', uncovered),
        ("member-of-text", '"x-latin";key="a"', request_fault),
        ("bytes-outside-ascii", "x-latin", request_fault),
    ):
        draft = DRAFT.but(covered=(*PROFILE, component), values=((component, b"1"),))
        group.refuse(f"component-{name}", "this cannot be covered", "Components", signed(field, (draft, MAC)), code)
    component = '"@query-param";name="a"'
    for name, target in (
        ("twice", b"/?a=1&a=1"),
        ("twice-escaped", b"/?a=1&%61=1"),
        ("bad-escape", b"/?a=1&b%zz=1"),
        ("of-101", b"/?a=1" + b"&b=1" * 100),
    ):
        draft = DRAFT.but(covered=(*PROFILE, component), values=((component, b"1"),))
        request = signed(field.but(target=target), (draft, MAC))
        comment = "a parameter that cannot be found for sure"
        group.refuse(f"query-param-{name}", comment, "Components", request, request_fault)
    many = tuple(f"x-{at}" for at in range(33))
    draft = DRAFT.but(covered=(*PROFILE, *many[:29]), values=tuple((name, b"v") for name in many))
    request = signed(GET, (draft, MAC))
    group.refuse("components-33", "more components than are looked at", "SizeLimit", request, malformed)


def _parameters(group: Group) -> None:
    get = profiled(GET, (DRAFT, MAC))
    no_key = DRAFT.but(keyid=None)
    group.refuse(
        "no-keyid", "nothing says whose key it is", "MissingHeader", profiled(GET, (no_key, MAC)), "MISSING_SERVICE_ID"
    )
    no_time = DRAFT.but(created=None)
    group.refuse("no-created", "nothing says when", "MissingHeader", profiled(GET, (no_time, MAC)), "MISSING_TIMESTAMP")
    no_nonce = DRAFT.but(nonce=None)
    group.refuse("no-nonce", "our profile signs one", "MissingHeader", profiled(GET, (no_nonce, MAC)), "MISSING_NONCE")
    no_alg = DRAFT.but(alg=None)
    group.accept(
        "no-alg",
        "the key knows its algorithm",
        ("AlgorithmFixed", "Genuine"),
        profiled(GET, (no_alg, MAC)),
        service=CALLER,
    )
    for name, tag in (("no-tag", None), ("other-tag", "other"), ("tag-in-upper-case", "WIRESIGN")):
        request = profiled(GET, (DRAFT.but(tag=tag), MAC))
        group.refuse(name, "a signature for another purpose", "SchemeNotAccepted", request, "SCHEME_NOT_ACCEPTED")
    for name, old, new in (
        ("created-text", b"created=1767225600", b'created="1767225600"'),
        ("created-fraction", b"created=1767225600", b"created=1767225600.0"),
        ("created-date", b"created=1767225600", b"created=@1767225600"),
        ("created-flag", b"created=1767225600", b"created"),
        ("created-twice", b";created", b";created=1;created"),
        ("keyid-token", b'keyid="image-service/2026-q1"', b"keyid=image-service/2026-q1"),
        ("keyid-twice", b";keyid", b';keyid="x";keyid'),
        ("keyid-empty", b'keyid="image-service/2026-q1"', b'keyid=""'),
        ("keyid-escaped", b'keyid="image', b'keyid="\\"image'),
        ("alg-token", b'alg="hmac-sha256"', b"alg=hmac-sha256"),
        ("nonce-bytes", b'nonce="', b'nonce=:AAAA:;x="'),
        ("expires-text", b";keyid", b';expires="1";keyid'),
        ("unknown-twice", b";keyid", b";x;x;keyid"),
    ):
        damaged = change(get, old, new)
        group.refuse(
            f"parameter-{name}", "a parameter of a wrong form", "ExactDecoding", damaged, "MALFORMED_SIGNATURE"
        )
    for name, value in (
        ("date", "@1767225600"),
        ("display-string", '%"caf%c3%a9"'),
        ("decimal", "1.5"),
        ("token", "a:/b"),
    ):
        comment = "a parameter that nobody knows is signed as it is, of any type of RFC 9651"
        unknown = profiled(GET, (DRAFT.but(unknown=f";x={value}"), MAC))
        group.accept(f"parameter-unknown-{name}", comment, "Genuine", unknown, service=CALLER)
        changed = change(unknown, value.encode(), b"1")
        group.refuse(f"parameter-unknown-{name}-changed", comment, "Tampered", changed, "INVALID_SIGNATURE")
    for name, value in (
        ("date-fraction", "@1767225600.0"),
        ("display-string-upper-case", '%"caf%C3%A9"'),
        ("display-string-half", '%"caf%c3"'),
        ("display-string-unclosed", '%"caf'),
    ):
        damaged = profiled(GET, (DRAFT.but(unknown=f";x={value}"), MAC))
        comment = "no value of RFC 9651"
        group.refuse(f"parameter-unknown-{name}", comment, "ExactDecoding", damaged, "MALFORMED_SIGNATURE")
    many = "".join(f";p{at}" for at in range(12)).encode()
    group.refuse(
        "parameters-17",
        "more parameters than are looked at",
        "SizeLimit",
        change(get, b";tag", many + b";tag"),
        "MALFORMED_SIGNATURE",
    )


def _nonces(group: Group) -> None:
    for name, nonce in (("16", "n" * 16), ("64", "N" * 64), ("marks", "AZaz09_-AZaz09_-")):
        request = profiled(GET, (DRAFT.but(nonce=nonce), MAC))
        group.accept(f"nonce-of-{name}", "a nonce", ("StrictNonce", "Genuine"), request, request_id=nonce)
    for name, nonce in (
        ("15", "n" * 15),
        ("65", "n" * 65),
        ("slash", "n" * 15 + "/"),
        ("space", "n" * 15 + " "),
        ("padding", "n" * 22 + "=="),
    ):
        request = profiled(GET, (DRAFT.but(nonce=nonce), MAC))
        group.refuse(f"nonce-of-{name}", "not a nonce of ours", "StrictNonce", request, "INVALID_NONCE")


def _times(group: Group) -> None:
    for name, now, code in (
        ("oldest", NOW + 300, None),
        ("too-old", NOW + 301, "TIMESTAMP_OUTSIDE_WINDOW"),
        ("newest", NOW - 300, None),
        ("too-new", NOW - 301, "TIMESTAMP_OUTSIDE_WINDOW"),
    ):
        request = profiled(GET, (DRAFT, MAC))
        if code is None:
            group.accept(
                f"time-{name}", "at the end of the window", ("Window", "Genuine"), request, now=now, age=now - NOW
            )
        else:
            group.refuse(f"time-{name}", "past the end of the window", "Window", request, code, now=now)
    expiring = profiled(GET, (DRAFT.but(expires=NOW + 10), MAC))
    group.accept("before-expires", "it says until when", ("Window", "Genuine"), expiring, now=NOW + 9)
    for name, now in (("at", NOW + 10), ("after", NOW + 11)):
        group.refuse(f"{name}-expires", "its time is over", "Window", expiring, "TIMESTAMP_OUTSIDE_WINDOW", now=now)
    for name, created in (("negative", -1), ("of-13-digits", 1_767_225_600_000)):
        request = profiled(GET, (DRAFT.but(created=created), MAC))
        group.refuse(f"created-{name}", "not Unix time in seconds", "StrictTimestamp", request, "INVALID_TIMESTAMP")


def _forms(group: Group) -> None:
    get = profiled(GET, (DRAFT, MAC))
    group.refuse("nothing", "no signature at all", "MissingHeader", GET, "AUTHENTICATION_REQUIRED")
    group.refuse("no-signature", "Signature is missing", "MissingHeader", get.without(SIGNATURE), "MISSING_SIGNATURE")
    group.refuse("no-input", "Signature-Input is missing", "MissingHeader", get.without(INPUT), "MALFORMED_SIGNATURE")
    other = change(get, b"wiresign=", b"other=", SIGNATURE)
    group.refuse("other-label", "the labels differ", "MissingHeader", other, "MISSING_SIGNATURE")
    for name, member in (("number", b"a=1"), ("list", b"a=()"), ("nothing", b"a")):
        beside = get.set(SIGNATURE, member + b", " + get.header(SIGNATURE))
        comment = "each member of Signature is a byte sequence, whoever asks for it"
        group.refuse(f"beside-signature-{name}", comment, "ExactDecoding", beside, "MALFORMED_SIGNATURE")
    for name, value in (
        ("unclosed", b"wiresign=("),
        ("label-in-upper-case", get.header(INPUT).replace(b"wiresign=", b"Wiresign=")),
        ("trailing-comma", get.header(INPUT) + b", "),
        ("junk", get.header(INPUT) + b" x"),
        ("not-ascii", b'wiresign=("\xc3\xa9")'),
        ("quote", b'wiresign=("@method)'),
        ("tab-in-list", get.header(INPUT).replace(b' "@path"', b'\t"@path"')),
    ):
        group.refuse(
            f"input-{name}",
            "not a dictionary of structured fields",
            "ExactDecoding",
            get.set(INPUT, value),
            "MALFORMED_SIGNATURE",
        )
    text = get.header(SIGNATURE).split(b":")[1]
    other_bits = text[:-2] + bytes([text[-2] + 1]) + b"="
    for name, value in (
        ("empty", b"wiresign=::"),
        ("unpadded", b"wiresign=:" + text.rstrip(b"=") + b":"),
        ("padded-twice", b"wiresign=:" + text + b"=:"),
        ("other-bits-at-the-end", b"wiresign=:" + other_bits + b":"),
        ("url-alphabet", b"wiresign=:" + text[:-3] + b"_-=:"),
        ("line-break", b"wiresign=:" + text[:8] + b"\n" + text[8:] + b":"),
        ("space-inside", b"wiresign=:" + text[:8] + b" " + text[8:] + b":"),
        ("text", b'wiresign="' + text + b'"'),
        ("token", b"wiresign=abc"),
        ("with-parameter", b"wiresign=:" + text + b":;x"),
        ("in-list", b"wiresign=(:" + text + b":)"),
        ("unclosed", b"wiresign=:" + text),
        ("hex", b"wiresign=" + base64.b64decode(text).hex().encode()),
    ):
        group.refuse(
            f"signature-{name}",
            "not the one form of a signature",
            "ExactDecoding",
            get.set(SIGNATURE, value),
            "MALFORMED_SIGNATURE",
        )
    raw = base64.b64decode(text)
    for name, value in (
        ("cut", raw[:-1]),
        ("longer", raw + b"\0"),
        ("zeros", bytes(32)),
        ("one-byte", raw[:1]),
        ("one-bit", bytes([raw[0] ^ 1]) + raw[1:]),
    ):
        damaged = get.set(SIGNATURE, b"wiresign=" + wrapped(value))
        group.refuse(
            f"signature-{name}", "another signature", ("Tampered", "ExactDecoding"), damaged, "INVALID_SIGNATURE"
        )


def _several(group: Group) -> None:
    get = profiled(GET, (DRAFT, MAC))
    own_input, own_signature = get.header(INPUT), get.header(SIGNATURE)
    for name, other in (
        ("of-another-tag", b'x=("@method");created=1;keyid="x";tag="other"'),
        ("without-tag", b'x=("@method");created=1;keyid="x"'),
        ("damaged", b'x=("@unknown" "A");tag=5'),
        ("not-a-list", b"x=5"),
        ("empty", b"x=()"),
    ):
        both = get.set(INPUT, other + b", " + own_input).set(SIGNATURE, b"x=:AAAA:, " + own_signature)
        group.accept(
            f"beside-one-{name}",
            "a signature that is not for us is passed over",
            ("Rotation", "Genuine"),
            both,
            service=CALLER,
        )
    for name, other in (
        ("damaged", b'x=("@unknown");created=1;keyid="x";tag="wiresign"'),
        ("without-time", b'x=("@method");keyid="x";tag="wiresign"'),
    ):
        both = get.set(INPUT, own_input + b", " + other).set(SIGNATURE, own_signature + b", x=:AAAA:")
        comment = "anybody can add a signature: a genuine one is what counts"
        group.accept(f"beside-one-for-us-{name}", comment, ("Rotation", "Genuine"), both, service=CALLER)
    lines = get.adding(INPUT, b'x=("@method");tag="other"').adding(SIGNATURE, b"x=:AAAA:")
    group.accept("in-two-lines", "several lines are one dictionary", ("Rotation", "Genuine"), lines, service=CALLER)
    new = DRAFT.but(label="wiresign-2", keyid=f"{CALLER}/2027")
    rotating = profiled(GET, (new, hmac_key(STRANGER_KEY)), (DRAFT, MAC))
    group.accept(
        "unknown-key-first",
        "while keys rotate, one is known here",
        ("Rotation", "Genuine"),
        rotating,
        service=CALLER,
        key="2026-q1",
    )
    rotating = profiled(GET, (DRAFT, MAC), (new, hmac_key(STRANGER_KEY)))
    group.accept(
        "known-key-first",
        "while keys rotate, one is known here",
        ("Rotation", "Genuine"),
        rotating,
        service=CALLER,
        key="2026-q1",
    )
    for name, header in (("input", INPUT), ("signature", SIGNATURE)):
        value = get.header(header)
        twice = get.set(header, value + b", " + value)
        group.refuse(f"label-twice-in-{name}", "one label for two", "RepeatedHeader", twice, "DUPLICATE_HEADER")
        again = get.adding(header, value)
        group.refuse(
            f"label-twice-in-lines-of-{name}", "one label for two", "RepeatedHeader", again, "DUPLICATE_HEADER"
        )
    nine = b", ".join(b'x%d=("@method")' % at for at in range(8))
    many = get.set(INPUT, nine + b", " + own_input)
    group.refuse("nine-inputs", "more than are looked at", "TooManySignatures", many, "MALFORMED_SIGNATURE")
    nine = b", ".join(b"x%d=:AAAA:" % at for at in range(8))
    many = get.set(SIGNATURE, nine + b", " + own_signature)
    group.refuse("nine-signatures", "more than are looked at", "TooManySignatures", many, "MALFORMED_SIGNATURE")


def _keys(group: Group) -> None:
    for name, keyid, code in (
        ("unknown-service", "intruder/1", "UNKNOWN_SERVICE"),
        ("unknown-key", f"{CALLER}/2027", "UNKNOWN_KEY"),
        ("service-in-upper-case", KEYID.upper(), "UNKNOWN_SERVICE"),
        ("no-key-id", f"{CALLER}/", "UNKNOWN_KEY"),
        ("no-slash", "nobody", "UNKNOWN_SERVICE"),
        ("key-of-another", f"{OTHER}/2026-q1", "UNKNOWN_KEY"),
        ("two-slashes", f"{KEYID}/x", "UNKNOWN_KEY"),
    ):
        request = profiled(GET, (DRAFT.but(keyid=keyid), MAC))
        group.refuse(f"keyid-{name}", "no such key", "UnknownService", request, code)
    for name, key in (
        ("stranger", STRANGER_KEY),
        ("other", OTHER_KEY),
        ("bytes-of-hex", bytes.fromhex(KEY.decode())),
        ("empty", b""),
    ):
        request = profiled(GET, (DRAFT, hmac_key(key)))
        group.refuse(f"key-{name}", "made with another key", "WrongKey", request, "INVALID_SIGNATURE")
    for alg in ("hmac-sha512", "ed25519", "rsa-pss-sha512", "none", "HMAC-SHA256", "HS256"):
        request = profiled(GET, (DRAFT.but(alg=alg), MAC))
        group.refuse(
            f"alg-{alg.lower()}-{'upper' if alg.isupper() else 'named'}",
            "the key has another algorithm",
            "AlgorithmFixed",
            request,
            "ALGORITHM_NOT_ALLOWED",
        )


def _replays(group: Group) -> None:
    post, get = profiled(PLAIN, (DRAFT, MAC)), profiled(GET, (DRAFT, MAC))
    for name, request in (("post", post), ("get", get)):
        group.steps(
            f"{name}-twice", "a nonce is used once", "Replay", accepted(request), refused(request, "REPLAYED_REQUEST")
        )
    later = profiled(GET, (DRAFT.but(created=NOW + 1), MAC))
    group.steps(
        "same-nonce-later",
        "the same nonce at another time",
        "Replay",
        accepted(get),
        refused(later, "REPLAYED_REQUEST"),
    )
    next_one = profiled(GET, (DRAFT.but(nonce="n" * 22), MAC))
    group.steps("new-nonce", "a fresh nonce is a new request", "Replay", accepted(get), accepted(next_one))
    forged = profiled(GET, (DRAFT, hmac_key(STRANGER_KEY)))
    group.steps(
        "refused-is-not-seen",
        "a forged request uses up no nonce",
        "RefusedIsNotSeen",
        refused(forged, "INVALID_SIGNATURE"),
        accepted(get),
    )
    new = DRAFT.but(label="wiresign-2", keyid=f"{OTHER}/1")
    both = profiled(GET, (DRAFT, MAC), (new, hmac_key(OTHER_KEY)))
    group.steps("copy-with-one-left-out", "the same nonce", "Replay", accepted(both), refused(get, "REPLAYED_REQUEST"))


def _several_nonces(suite: Suite) -> None:
    keys: list[Json] = [
        {"id": "2026-q1", "secret": "env:IMAGE_SERVICE_SECRET"},
        {"id": "2027", "secret": "env:STRANGER_SECRET"},
    ]
    services = registry(caller={"keys": keys})
    env = SECRETS | {"STRANGER_SECRET": STRANGER_KEY.decode()}
    next_one = DRAFT.but(label="wiresign-2", keyid=f"{CALLER}/2027")
    new = hmac_key(STRANGER_KEY)
    group = suite.group("two keys of one caller", document(services), env)
    both = profiled(PLAIN, (DRAFT, MAC), (next_one, new))
    alone = profiled(PLAIN, (next_one, new))
    comment = "one nonce for both: a copy with one left out is a replay"
    group.steps("one-nonce-for-two-keys", comment, "Replay", accepted(both), refused(alone, "REPLAYED_REQUEST"))
    own_nonce = next_one.but(nonce="n" * 22)
    comment = "with a nonce for each, a copy with one left out would be a new request"
    apart = profiled(PLAIN, (DRAFT, MAC), (own_nonce, new))
    group.refuse("two-nonces", comment, "Replay", apart, "AMBIGUOUS_CREDENTIALS")
    turned = profiled(PLAIN, (own_nonce, new), (DRAFT, MAC))
    group.refuse("two-nonces-turned-round", comment, "Replay", turned, "AMBIGUOUS_CREDENTIALS")
    group.steps(
        "two-nonces-stream", comment, ("Replay", "Stream"), refused(apart, "AMBIGUOUS_CREDENTIALS", chunks=[len(BODY)])
    )
    forged = profiled(PLAIN, (DRAFT, MAC), (own_nonce, hmac_key(OTHER_KEY)))
    comment = "anybody can add a signature: one that does not hold changes nothing"
    group.accept("two-nonces-one-forged", comment, ("Rotation", "Genuine"), forged, service=CALLER, key="2026-q1")

    settings: Json = {"covered": ["@method", "@authority", "@path"], "tag": "app"}
    covered = ("@method", "@authority", "@path")
    first = DRAFT.but(covered=covered, tag="app", nonce=None, label="a")
    second = first.but(keyid=f"{CALLER}/2027", label="b")
    two = signed(PLAIN, (first, MAC), (second, new))
    comment = "a store of the adapter takes one key for a request, and either signature could be left out"
    external = document(services, rfc9421=settings, replay={"store": "external"})
    group = suite.group("two keys of one caller, no nonce, a store of the adapter", external, env)
    group.refuse("no-nonce-two-keys-external", comment, "Replay", two, "AMBIGUOUS_CREDENTIALS")
    group.accept("no-nonce-one-key-external", "one signature", "Genuine", signed(PLAIN, (second, new)), service=CALLER)
    memory = suite.group("two keys of one caller, no nonce", document(services, rfc9421=settings), env)
    memory.steps(
        "no-nonce-two-keys",
        "each signature is remembered",
        "Replay",
        accepted(two),
        refused(signed(PLAIN, (second, new)), "REPLAYED_REQUEST"),
    )
    half = signed(PLAIN, (first, MAC), (second.but(nonce="n" * 22), new))
    comment = "a nonce in one of two: the other half would be told by something else"
    memory.refuse("nonce-in-one-of-two", comment, "Replay", half, "AMBIGUOUS_CREDENTIALS")


def _targets(suite: Suite) -> None:
    own = DRAFT.but(keyid=f"{OWN}/1")
    elsewhere = GET.set("Host", b"billing.internal")
    reflected = profiled(elsewhere, (own, hmac_key(OWN_KEY)))
    comment = "what this service has signed for another host, sent back to it with that host"
    group = suite.group("calls of the own service", document(), SECRETS)
    group.refuse("reflected", comment, ("Reflection", "OtherTarget"), reflected, "TARGET_NOT_ALLOWED")
    listed = suite.group("own calls are allowed", document(registry(own={"allowed_targets": [OWN]})), SECRETS)
    listed.accept("own-call-listed", "its entry lists itself", ("Reflection", "Genuine"), reflected, service=OWN)

    settings: Json = {"authorities": [HOST, "[::1]:8443", "orders.internal:443"]}
    group = suite.group("the own authorities are known", document(rfc9421=settings), SECRETS)
    relayed = profiled(elsewhere, (DRAFT, MAC))
    comment = "what a caller has signed for another service, handed on with that one's host"
    group.refuse("relayed", comment, "OtherTarget", relayed, "TARGET_NOT_ALLOWED")
    for name, host in (
        ("other-port", HOST.encode() + b":8443"),
        ("longer", HOST.encode() + b".evil.example"),
        ("address", b"[::1]"),
    ):
        request = profiled(GET.set("Host", host), (DRAFT, MAC))
        group.refuse(f"relayed-{name}", "another authority", "OtherTarget", request, "TARGET_NOT_ALLOWED")
    for name, host in (
        ("own", HOST.encode()),
        ("upper-case", HOST.upper().encode()),
        ("usual-port", HOST.encode() + b":443"),
        ("address", b"[::1]:8443"),
        ("listed-with-usual-port", b"orders.internal"),
    ):
        request = profiled(GET.set("Host", host), (DRAFT, MAC))
        group.accept(f"own-authority-{name}", "one of the own", ("OtherTarget", "Genuine"), request, service=CALLER)
    itself = profiled(GET, (own, hmac_key(OWN_KEY)))
    group.accept("own-call", "a call of itself, for its own authority", ("Reflection", "Genuine"), itself, service=OWN)
    group.refuse("own-call-elsewhere", comment, ("Reflection", "OtherTarget"), reflected, "TARGET_NOT_ALLOWED")
    forged = profiled(elsewhere, (DRAFT, hmac_key(STRANGER_KEY)))
    group.refuse("relayed-and-forged", "the signature comes first", "Precedence", forged, "INVALID_SIGNATURE")


def _streams(group: Group) -> None:
    post = profiled(PLAIN, (DRAFT, MAC))
    for name, chunks in (
        ("at-once", [len(BODY)]),
        ("one-by-one", [1] * len(BODY)),
        ("no-lengths", []),
        ("empty-between", [4, 0, 0]),
    ):
        group.steps(
            f"stream-{name}", "the body in pieces", ("Stream", "Genuine"), accepted(post, chunks=chunks, service=CALLER)
        )
        step = refused(post.but(body=BODY[:-1] + b" "), "DIGEST_MISMATCH", chunks=chunks)
        group.steps(f"stream-changed-{name}", "another body in pieces", ("Stream", "Tampered"), step)
    get = profiled(GET, (DRAFT, MAC))
    step = refused(get.but(body=BODY), "INSUFFICIENT_COVERAGE", chunks=[1, 1])
    group.steps("stream-body-added", "a body that is not covered", ("Stream", "BodyDigest"), step)
    group.steps("stream-no-body", "no piece comes", ("Stream", "Genuine"), accepted(get, chunks=[], service=CALLER))


def pem(label: str, der: bytes) -> str:
    """Write a key as PEM."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _algorithms(suite: Suite) -> None:
    keys: list[Json] = [
        {"id": "ed", "algorithm": "ed25519", "public_key": "env:ED_PUBLIC"},
        {"id": "p256", "algorithm": "ecdsa-p256-sha256", "public_key": "env:P256_PUBLIC"},
    ]
    env = SECRETS | {
        "ED_PUBLIC": base64.b64encode(curves.ed25519_public(SEED)).decode(),
        "P256_PUBLIC": pem("PUBLIC KEY", curves.ecdsa_public(CURVE_SECRET)),
    }
    group = suite.group("keys with a public half", document(registry(caller={"keys": keys})), env)
    made = (
        ("ed25519", DRAFT.but(keyid=f"{CALLER}/ed", alg="ed25519"), ed25519_key(SEED), "ed"),
        ("ecdsa-p256", DRAFT.but(keyid=f"{CALLER}/p256", alg="ecdsa-p256-sha256"), p256_key(CURVE_SECRET), "p256"),
    )
    for name, draft, key, key_id in made:
        request = profiled(PLAIN, (draft, key))
        group.accept(f"{name}-genuine", "signed with the private half", "Genuine", request, service=CALLER, key=key_id)
        bare = profiled(PLAIN, (draft.but(alg=None), key))
        group.accept(
            f"{name}-without-alg", "the key knows its algorithm", ("AlgorithmFixed", "Genuine"), bare, service=CALLER
        )
        damaged = request.but(target=b"/other")
        group.refuse(f"{name}-changed", "another path", "Tampered", damaged, "INVALID_SIGNATURE")
        group.refuse(f"{name}-other-body", "another body", "BodyDigest", request.but(body=b"{}"), "DIGEST_MISMATCH")
        public = env["ED_PUBLIC" if key_id == "ed" else "P256_PUBLIC"].encode()
        for how, secret in (("text", public), ("bytes", curves.ed25519_public(SEED))):
            comment = "the public half as the key of an HMAC"
            forged = profiled(PLAIN, (draft.but(alg=None), hmac_key(secret)))
            group.refuse(f"{name}-hmac-with-public-{how}", comment, "AlgorithmFixed", forged, "INVALID_SIGNATURE")
        forged = profiled(PLAIN, (draft.but(alg="hmac-sha256"), hmac_key(public)))
        group.refuse(f"{name}-named-hmac", "the request names HMAC", "AlgorithmFixed", forged, "ALGORITHM_NOT_ALLOWED")
    crossed = profiled(PLAIN, (made[0][1].but(alg=None), made[1][2]))
    group.refuse("key-of-other-curve", "the key of the other id", "WrongKey", crossed, "INVALID_SIGNATURE")
    draft, key = made[0][1], made[0][2]
    request = profiled(PLAIN, (draft, key))
    raw = base64.b64decode(request.header(SIGNATURE).split(b":")[1])
    unreduced = request.set(SIGNATURE, b"wiresign=" + wrapped(curves.ed25519_unreduced(raw)))
    group.refuse(
        "ed25519-unreduced", "a second text of the same signature", "ExactDecoding", unreduced, "INVALID_SIGNATURE"
    )
    der = curves.ecdsa_sign(CURVE_SECRET, made[1][1].base(PLAIN.adding("Content-Digest", digest(BODY))))
    request = profiled(PLAIN, (made[1][1], made[1][2])).set(SIGNATURE, b"wiresign=" + wrapped(der))
    group.refuse(
        "ecdsa-p256-as-der", "RFC 9421 has both numbers side by side", "ExactDecoding", request, "INVALID_SIGNATURE"
    )


def _others(suite: Suite) -> None:
    keys: list[Json] = [{"id": "partner-key", "secret": "env:IMAGE_SERVICE_SECRET"}]
    services = registry(caller={"keys": keys})
    covered: list[Json] = ["@method", "@target-uri", "content-type"]
    settings: Json = {"covered": covered}
    group = suite.group("other people's coverage", document(services, rfc9421=settings), SECRETS)
    names = ("@method", "@target-uri", "content-type")
    typed = PLAIN.adding("Content-Type", b"text/plain")
    draft = Draft(covered=names, keyid="partner-key", alg=None, nonce=None, tag=None, label="sig1")
    group.accept(
        "others-genuine",
        "as the config asks for it",
        ("Coverage", "Genuine"),
        signed(typed, (draft, MAC)),
        service=CALLER,
    )
    for name, more in (
        ("tag", draft.but(tag="any")),
        ("nonce", draft.but(nonce="+/=?")),
        ("label", draft.but(label="x")),
        ("service-and-key", draft.but(keyid=f"{CALLER}/partner-key")),
    ):
        request = signed(typed, (more, MAC))
        group.accept(
            f"others-{name}",
            "what the config does not ask for may be anything",
            ("Coverage", "Genuine"),
            request,
            service=CALLER,
        )
    for name, tag in (("escaped-quote", '\\"any'), ("escaped-backslash", "any\\\\"), ("empty", "")):
        request = signed(typed, (draft.but(tag=tag), MAC))
        comment = "the signature holds, but its tag is no text that can be a tag"
        group.refuse(f"others-tag-{name}", comment, "ExactDecoding", request, "MALFORMED_SIGNATURE")
    for left_out in names:
        less = draft.but(covered=tuple(name for name in names if name != left_out))
        request = signed(typed, (less, MAC))
        comment = "less is covered than the config asks for"
        group.refuse(f"others-without-{left_out.strip('@')}", comment, "Coverage", request, "INSUFFICIENT_COVERAGE")
    parts = signed(
        typed, (draft.but(covered=("@method", "@scheme", "@authority", "@path", "@query", "content-type")), MAC)
    )
    comment = "the parts of a URL are not the URL: the config says which"
    group.refuse("others-parts", comment, "Coverage", parts, "INSUFFICIENT_COVERAGE")
    timeless = signed(typed, (draft.but(created=None), MAC))
    group.refuse("others-no-created", "there must be a time", "MissingHeader", timeless, "MISSING_TIMESTAMP")
    once = signed(typed, (draft, MAC))
    group.steps(
        "others-twice", "without a nonce the message tells", "Replay", accepted(once), refused(once, "REPLAYED_REQUEST")
    )

    covered = ["@method", "@path", '"@query-param";name="size"']
    group = suite.group(
        "a parameter of the query is asked for", document(services, rfc9421={"covered": covered}), SECRETS
    )
    sized = replace(typed, target=TARGET + b"&page=1")
    for name, parameter in (("genuine", "size"), ("other", "page")):
        component = f'"@query-param";name="{parameter}"'
        one = draft.but(covered=("@method", "@path", component), values=((component, b"1"),))
        request = signed(sized, (one, MAC))
        if name == "genuine":
            group.accept("parameter-genuine", "it is covered", ("Coverage", "Genuine"), request, service=CALLER)
        else:
            comment = "another one of the same value is covered"
            group.refuse("parameter-other", comment, "Coverage", request, "INSUFFICIENT_COVERAGE")

    settings = {"covered": ["@authority"], "tag": "web-bot-auth", "label": "sig2"}
    group = suite.group("a tag and a label are asked for", document(services, rfc9421=settings), SECRETS)
    bot = draft.but(covered=("@authority",), tag="web-bot-auth", label="sig2")
    group.accept(
        "chosen-genuine", "tag and label as asked for", ("Coverage", "Genuine"), signed(GET, (bot, MAC)), service=CALLER
    )
    for name, other in (("tag", bot.but(tag="other")), ("no-tag", bot.but(tag=None)), ("label", bot.but(label="sig1"))):
        request = signed(GET, (other, MAC))
        group.refuse(
            f"chosen-other-{name}", "not the one that is asked for", "SchemeNotAccepted", request, "SCHEME_NOT_ACCEPTED"
        )
        both = signed(GET, (other.but(label="sig3"), hmac_key(STRANGER_KEY)), (bot, MAC))
        group.accept(f"chosen-beside-{name}", "another one beside it", ("Coverage", "Genuine"), both, service=CALLER)


def _published(suite: Suite) -> None:
    printed = json.loads(PRINTED.read_text(encoding="utf-8"))
    for case in printed["cases"]:
        key = printed["keys"][case["key"]]
        if "response" in case or "secret_base64" in key or case["section"] == "2.4":
            continue
        identifiers: list[Json] = [line.split(": ", 1)[0] for line in case["base"][:-1]] or ["@authority"]
        keys: list[Json] = [{"id": case["key"], "algorithm": key["algorithm"], "public_key": "env:PRINTED_KEY"}]
        services = registry(caller={"keys": keys})
        settings: Json = {"covered": identifiers, "label": case["label"]}
        slug = f"{case['section']} {case['title']}".lower().replace(".", "-").replace(",", "").replace(" ", "-")
        group = suite.group(
            f"RFC 9421, {case['section']}: {case['title']}",
            document(services, rfc9421=settings),
            SECRETS | {"PRINTED_KEY": key["public_key"]},
        )
        request = case["request"]
        fields = tuple((name, value.encode()) for name, value in request["headers"])
        whole = Request(
            method=request["method"].encode(),
            target=request["target"].encode(),
            headers=fields,
            body=request["body"].encode(),
        )
        created = int(case["base"][-1].split("created=")[1].split(";")[0])
        verdict = case.get("verdict")
        if case["section"] == "B.2.1":
            verdict = "INSUFFICIENT_COVERAGE"
        step = accepted(whole, now=created, service=CALLER) if verdict is None else refused(whole, verdict, now=created)
        group.steps(f"printed-{slug}", "as RFC 9421 prints it", "Published", step, origin="RFC 9421")
        late = refused(whole, verdict if verdict == "INSUFFICIENT_COVERAGE" else "TIMESTAMP_OUTSIDE_WINDOW", now=NOW)
        group.steps(
            f"printed-{slug}-years-later", "the same, years later", ("Published", "Window"), late, origin="RFC 9421"
        )


def _signing(suite: Suite) -> None:
    own: Json = {OWN: {"keys": [{"id": "own", "secret": "env:LEGO_PROJECTS_API_SECRET"}]}}
    base: dict[str, Json] = {"service": OWN, "services": own, "sign_with": "rfc9421"}
    group = suite.group("signing", base, SECRETS)
    draft, key = DRAFT.but(keyid=f"{OWN}/own"), hmac_key(OWN_KEY)

    def add(name: str, comment: str, request: Request, draft: Draft = draft, nonce: str = NONCE) -> None:
        made = profiled(request, (draft, key))
        covering = draft.but(covered=(*draft.covered, "content-digest")) if request.body else draft
        expect = signs_as(made.headers[len(request.headers) :], covering.base(made))
        group.steps(f"signs-{name}", comment, "Signing", sign(request, expect, nonce=nonce, target="image-service"))

    add("post", "a POST with a body", PLAIN)
    add("get", "a GET without one", GET)
    add("no-query", "no query", PLAIN.but(target=b"/a"))
    add("only-mark", "a question mark alone", PLAIN.but(target=b"/a?"))
    add("binary", "all 256 bytes", PLAIN.but(body=bytes(range(256))))
    add("port", "the usual port is left out", PLAIN.set("Host", b"Projects.Example:443"))
    add("nonce-text", "a nonce that is no UUID is signed as it is", GET, draft.but(nonce="n" * 20), "n" * 20)
    fails: Json = {"failed": "SIGNING_FAILED"}
    bare = Request(method=b"GET", target=b"/a")
    group.steps(
        "signs-no-authority",
        "the authority is covered and nowhere",
        "CannotSign",
        sign(bare, fails, target="image-service"),
    )
    short = sign(GET, fails, nonce="short", target="image-service")
    group.steps("signs-short-nonce", "not a nonce", "CannotSign", short)

    settings: Json = {"covered": ["@method", "x-trace", '"x-trace";bs', "content-digest"], "tag": "t", "label": "s"}
    group = suite.group("signing what the config says", base | {"rfc9421": settings}, SECRETS)
    request = GET.adding("X-Trace", b"a")
    other = Draft(covered=("@method", "x-trace", '"x-trace";bs'), keyid="own", tag="t", label="s")
    expect = signs_as(headers(request, (other, key)), other.base(request))
    group.steps("signs-others", "components, tag and label", "Signing", sign(request, expect, target="image-service"))
    group.steps(
        "signs-absent-field",
        "a header that is to be covered is not there",
        "CannotSign",
        sign(GET, fails, target="image-service"),
    )
