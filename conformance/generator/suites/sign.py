"""Signing: the exact headers in their order, and the exact message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet import KEY, OWN, OWN_KEY, SECRETS, secret
from model import Group, Suite, sign, signs_as
from request import Request
from suites.keys import time
from wire import NONCE, NOW, Call, Scheme, headers, message

if TYPE_CHECKING:
    from request import Json

TARGET = "image-service"
CALL = Call(service=OWN.encode(), target_service=TARGET.encode())
NEW_KEY = secret("lego-projects-api, after").encode()
ENV = SECRETS | {"NEW_SECRET": NEW_KEY.decode()}
FAILS: Json = {"failed": "SIGNING_FAILED"}


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("sign")
    for scheme in Scheme:
        _bytes(suite.group(f"{scheme.value}", signer(scheme), SECRETS), scheme)
        _refusals(suite.group(f"{scheme.value}: what cannot be signed", signer(scheme), SECRETS), scheme)
        _keys(suite, scheme)
    _setup(suite)
    return suite


def signer(scheme: Scheme | None, *keys: dict[str, Json]) -> dict[str, Json]:
    """Return a config whose own service has these keys, or one that is always valid."""
    own: list[Json] = list(keys) or [{"secret": "env:LEGO_PROJECTS_API_SECRET"}]
    services: dict[str, Json] = {OWN: {"keys": own}}
    document: dict[str, Json] = {"service": OWN, "services": services}
    return document if scheme is None else document | {"sign_with": scheme.value}


def unsigned(call: Call) -> Request:
    """Return what will be sent, before it is signed."""
    return Request(method=call.method, target=call.target, body=call.body)


def signs(group: Group, name: str, comment: str, scheme: Scheme, call: Call, *keys: bytes, now: int = NOW) -> None:
    """Add a call that must be signed with these keys."""
    expect = signs_as(headers(scheme, call, *keys), message(scheme, call))
    step = sign(unsigned(call), expect, now=now, nonce=call.nonce.decode(), target=call.target_service.decode())
    group.steps(f"{scheme.value}-{name}", comment, "Signing", step)


def fails(group: Group, name: str, comment: str, request: Request, **step: int | str | None) -> None:
    """Add a call that cannot be signed."""
    now, nonce, target = step.get("now", NOW), step.get("nonce", NONCE), step.get("target", TARGET)
    assert isinstance(now, int)
    assert isinstance(nonce, str)
    assert target is None or isinstance(target, str)
    group.steps(name, comment, "CannotSign", sign(request, FAILS, now=now, nonce=nonce, target=target))


def _bytes(group: Group, scheme: Scheme) -> None:
    for name, call, comment in (
        ("post", CALL, "a POST with a body"),
        ("get", CALL.but(method=b"GET", target=b"/api/images/7", body=b""), "a GET without one"),
        ("query", CALL.but(target=b"/api/images?a=1&b=%20?c"), "a query"),
        ("only-mark", CALL.but(target=b"/api/images?"), "a question mark alone"),
        ("root", CALL.but(target=b"/"), "the shortest path"),
        ("options-star", CALL.but(method=b"OPTIONS", target=b"*", body=b""), "the star of OPTIONS"),
        ("raw-path", CALL.but(target=b"//a/../%2e%c3%a9;x\\"), "the path as it is, neither decoded nor normalised"),
        ("body-newlines", CALL.but(body=b"\none\r\ntwo\n\n"), "line ends in the body"),
        ("body-binary", CALL.but(body=bytes(range(256))), "all 256 bytes"),
        ("body-substitution", CALL.but(body=b"$& $$ $1 \\0 %s {0} ${ts}"), "marks of replacement languages"),
        ("body-utf8", CALL.but(body="Żółw 🧱".encode()), "text outside ASCII"),
        ("body-long", CALL.but(body=b"0123456789abcdef" * 300), "4800 bytes"),
        ("nonce-64", CALL.but(nonce=b"n" * 64), "the longest nonce"),
        ("nonce-16", CALL.but(nonce=b"Az09_-Az09_-Az09"), "the shortest nonce of the scheme that signs it"),
        ("other-target", CALL.but(target_service=b"price-scraper"), "another service is called"),
        ("method-with-hyphen", CALL.but(method=b"M-SEARCH"), "a method with a hyphen"),
    ):
        signs(group, name, comment, scheme, call, OWN_KEY)
    for name, now in (("time-zero", 0), ("time-twelve-digits", 999_999_999_999)):
        call = CALL.but(timestamp=str(now).encode())
        signs(group, name, "the time in decimal digits", scheme, call, OWN_KEY, now=now)
    for written in (b"post", b"Post", b"pOST"):
        expect = signs_as(headers(scheme, CALL, OWN_KEY), message(scheme, CALL))
        request = unsigned(CALL.but(method=written))
        step = sign(request, expect, target=TARGET)
        comment = "the method is signed in upper case"
        group.steps(f"{scheme.value}-method-{written.decode()}-to-upper-case", comment, "Signing", step)
    present = unsigned(CALL).adding("X-Signature", b"old").adding("x-timestamp", b"1").adding("X-Other", b"a, b")
    step = sign(present, signs_as(headers(scheme, CALL, OWN_KEY), message(scheme, CALL)), target=TARGET)
    comment = "headers that the request has already change nothing"
    group.steps(f"{scheme.value}-headers-present", comment, "Signing", step)


def _refusals(group: Group, scheme: Scheme) -> None:
    start = scheme.value
    for name, method in (
        ("empty", b""),
        ("space", b"PO ST"),
        ("newline", b"POST\n/x"),
        ("too-long", b"A" * 33),
        ("not-ascii", "pöst".encode()),
    ):
        fails(group, f"{start}-fails-method-{name}", "not a method", unsigned(CALL.but(method=method)))
    for name, target in (
        ("empty", b""),
        ("relative", b"api/images"),
        ("absolute", b"https://image-service/api"),
        ("star-on-post", b"*"),
        ("space", b"/a b"),
        ("newline", b"/a\nb"),
        ("nul", b"/a\0"),
        ("fragment", b"/a#b"),
        ("not-ascii", "/café".encode()),
        ("too-long", b"/" + b"a" * 8192),
    ):
        fails(group, f"{start}-fails-target-{name}", "not a target", unsigned(CALL.but(target=target)))
    for name, nonce in (
        ("empty", ""),
        ("65-letters", "n" * 65),
        ("newline", "n" * 16 + "\nX-Admin: 1"),
        ("space", "n" * 16 + " n"),
        ("comma", "n" * 16 + ",n"),
        ("not-ascii", "ñ" * 16),
    ):
        comment = "a nonce that would not come through"
        fails(group, f"{start}-fails-nonce-{name}", comment, unsigned(CALL), nonce=nonce)
    comment = "a time of 13 digits: milliseconds"
    fails(group, f"{start}-fails-time-in-milliseconds", comment, unsigned(CALL), now=NOW * 1000)
    for name, service in (("empty", ""), ("space", "image service"), ("newline", "image-service\nx"), ("comma", "a,b")):
        comment = "not the id of a service"
        fails(group, f"{start}-fails-target-service-{name}", comment, unsigned(CALL), target=service)
    if scheme is Scheme.SERVICE_HMAC_V2:
        fails(group, f"{start}-fails-without-target-service", "the scheme signs it", unsigned(CALL), target=None)
        fails(group, f"{start}-fails-nonce-15-letters", "too short", unsigned(CALL), nonce="n" * 15)
    else:
        expect = signs_as(headers(scheme, CALL, OWN_KEY), message(scheme, CALL))
        step = sign(unsigned(CALL), expect, target=None)
        group.steps(f"{start}-without-target-service", "the scheme does not sign it", "Signing", step)


def _keys(suite: Suite, scheme: Scheme) -> None:
    old: dict[str, Json] = {"id": "old", "secret": "env:LEGO_PROJECTS_API_SECRET"}
    new: dict[str, Json] = {"id": "new", "secret": "env:NEW_SECRET"}
    is_v2 = scheme is Scheme.SERVICE_HMAC_V2
    both = (OWN_KEY, NEW_KEY)
    for name, keys, one, several in (
        ("two-active", (old, new), OWN_KEY, both),
        ("old-retiring", (old | {"state": "retiring"}, new), NEW_KEY, both),
        ("old-revoked", (old | {"state": "revoked"}, new), NEW_KEY, (NEW_KEY,)),
        ("old-ended", (old | {"not_after": time(NOW)}, new), NEW_KEY, (NEW_KEY,)),
        ("old-in-its-last-second", (old | {"not_after": time(NOW + 1)}, new), OWN_KEY, both),
        ("new-not-yet", (new | {"not_before": time(NOW + 1)}, old), OWN_KEY, (OWN_KEY,)),
        ("new-in-its-first-second", (new | {"not_before": time(NOW)}, old), NEW_KEY, (NEW_KEY, OWN_KEY)),
        ("in-config-order", (new, old), NEW_KEY, (NEW_KEY, OWN_KEY)),
        ("only-retiring", (old | {"state": "retiring"},), OWN_KEY, (OWN_KEY,)),
        ("retiring-behind-active", (new, old | {"state": "retiring"}), NEW_KEY, (NEW_KEY, OWN_KEY)),
        ("retiring-and-revoked", (new | {"state": "revoked"}, old | {"state": "retiring"}), OWN_KEY, (OWN_KEY,)),
        ("retiring-and-ended", (new | {"not_after": time(NOW)}, old | {"state": "retiring"}), OWN_KEY, (OWN_KEY,)),
        (
            "retiring-and-not-yet",
            (old | {"state": "retiring"}, new | {"not_before": time(NOW + 1)}),
            OWN_KEY,
            (OWN_KEY,),
        ),
        ("two-retiring", (old | {"state": "retiring"}, new | {"state": "retiring"}), OWN_KEY, both),
        (
            "two-retiring-other-order",
            (new | {"state": "retiring"}, old | {"state": "retiring"}),
            NEW_KEY,
            (NEW_KEY, OWN_KEY),
        ),
    ):
        group = suite.group(f"{scheme.value}, keys: {name}", signer(scheme, *keys), ENV)
        comment = (
            "every key that is valid now, in the order of the config"
            if is_v2
            else "the first key that is active and valid; where there is none, the first retiring one"
        )
        signs(group, f"keys-{name}", comment, scheme, CALL, *(several if is_v2 else (one,)))
    encoded: dict[str, Json] = {"secret": "env:LEGO_PROJECTS_API_SECRET", "encoding": "hex"}
    group = suite.group(f"{scheme.value}, a key in hex", signer(scheme, encoded), ENV)
    signs(group, "keys-hex", "the decoded bytes are the key", scheme, CALL, bytes.fromhex(OWN_KEY.decode()))
    invalid: dict[str, list[dict[str, Json]]] = {
        "revoked": [old | {"state": "revoked"}],
        "ended": [old | {"not_after": time(NOW)}],
        "not-yet": [old | {"not_before": time(NOW + 1)}],
        "retiring-ended": [old | {"state": "retiring", "not_after": time(NOW)}],
        "retiring-not-yet": [old | {"state": "retiring", "not_before": time(NOW + 1)}],
        "none-of-two": [old | {"state": "revoked"}, new | {"not_before": time(NOW + 1)}],
    }
    for name, own in invalid.items():
        group = suite.group(f"{scheme.value}, no valid key: {name}", signer(scheme, *own), ENV)
        fails(group, f"{scheme.value}-fails-keys-{name}", "no key of its own is valid now", unsigned(CALL))


def _setup(suite: Suite) -> None:
    group = suite.group("sign_with is left out", signer(None), SECRETS)
    call = CALL
    expect = signs_as(headers(Scheme.SERVICE_HMAC_V2, call, OWN_KEY), message(Scheme.SERVICE_HMAC_V2, call))
    group.steps(
        "default-scheme", "service-hmac-v2 is the default", "Signing", sign(unsigned(call), expect, target=TARGET)
    )
    only_other: dict[str, Json] = {"image-service": {"keys": [{"secret": "env:IMAGE_SERVICE_SECRET"}]}}
    document: dict[str, Json] = {"service": OWN, "services": only_other}
    group = suite.group("no key of its own", document, {"IMAGE_SERVICE_SECRET": KEY.decode()})
    comment = "a verifier needs no key of its own, a signer does"
    fails(group, "fails-no-own-key", comment, unsigned(CALL))
