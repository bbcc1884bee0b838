"""Templates of a config: every token, every form of a credential, every refusal, callers, streams, signing."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING

import curves
from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, SECRETS, STRANGER_KEY, registry, secret
from model import Suite, accepted, check, refused, sign, signs_as
from request import Request
from senders import SCALAR, SEED, as_base64, as_hex, hmac_sha1, hmac_sha256, iso, milliseconds, seconds
from wire import NONCE, NOW, Call, Scheme, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from model import Group
    from request import Json

HOOK = "webhook:sender"
HOOK_SECRET = secret("a sender")
HOOK_KEY = HOOK_SECRET.encode()
WRONG = secret("not the sender").encode()
STAMP = str(NOW).encode()
URL = "https://user:pw@api.example.com:8443"
TARGET = b"/a%20b/c?x=1&y=%2F&x=2"
BODY = b'{"n":1}\r\n'

BAD = "INVALID_SIGNATURE"
LACKS = "INSUFFICIENT_COVERAGE"
FORM = "MALFORMED_SIGNATURE"
TWICE = "DUPLICATE_HEADER"


def template(*message: Json, **members: Json) -> dict[str, Json]:
    """Return a template that signs these parts, with a tag in `X-Sig`, unless members say otherwise."""
    place: Json = {"header": "X-Sig", "encoding": "hex"}
    base: dict[str, Json] = {"algorithm": "hmac-sha256", "key": "text", "signature": place}
    if message:
        base["message"] = list(message)
    return base | members


def hooked(scheme: dict[str, Json], *, key: dict[str, Json] | None = None, hook: dict[str, Json] | None = None) -> Json:
    """Return a config that accepts one sender, who signs by this template."""
    fields: Json = {"secret": "env:HOOK_SECRET"} | (key or {})
    webhook: Json = {"scheme": "acme", "keys": [fields], **(hook or {})}
    document: dict[str, Json] = {"service": OWN, "services": {}, "accept": [HOOK], "schemes": {"acme": scheme}}
    return document | {"webhooks": {"sender": webhook}}


def hook_group(
    suite: Suite, name: str, scheme: dict[str, Json], text: str = HOOK_SECRET, **more: dict[str, Json]
) -> Group:
    """Add a group for one sender."""
    return suite.group(name, hooked(scheme, **more), {"HOOK_SECRET": text})


def send(message: bytes, *headers: tuple[str, bytes], key: bytes = HOOK_KEY, **fields: bytes) -> Request:
    """Return a request whose tag is made over this message."""
    return bare(as_hex(hmac_sha256(key, message)), *headers, **fields)


def bare(
    signature: bytes,
    *headers: tuple[str, bytes],
    method: bytes = b"POST",
    target: bytes = TARGET,
    body: bytes = BODY,
) -> Request:
    """Return a request with this text as its signature."""
    return Request(method=method, target=target, headers=(*headers, ("X-Sig", signature)), body=body)


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("templates")
    _tokens(suite)
    _sorted(suite)
    _literals(suite)
    _algorithms(suite)
    _keys(suite)
    _encodings(suite)
    _prefixes(suite)
    _lists(suite)
    _places(suite)
    _times(suite)
    _nonces(suite)
    _message_ids(suite)
    _header_names(suite)
    _digest(suite)
    _variants(suite)
    _windows(suite)
    _strict(suite)
    _choice(suite)
    _order(suite)
    _callers(suite)
    _targets(suite)
    _key_life(suite)
    _streams(suite)
    _signing(suite)
    _catalogue(suite)
    return suite


def _tokens(suite: Suite) -> None:
    digest = hashlib.sha256(BODY).hexdigest().encode()
    whole = URL.encode() + TARGET
    cases: list[tuple[str, Json, bytes, list[str]]] = [
        ("method", "method", b"POST", ["method"]),
        ("path", "path", b"/a%20b/c", ["path"]),
        ("query", "query", b"x=1&y=%2F&x=2", ["query"]),
        ("target", "target", TARGET, ["path", "query"]),
        ("url", "url", whole, ["path", "query"]),
        ("url-unescaped", "url-unescaped", whole.replace(b"%2F", b"/"), ["path", "query"]),
        ("endpoint", "endpoint", URL.encode() + b"/in?a=%2F", []),
        ("body", "body", BODY, ["body"]),
        ("body-sha256", "body-sha256", digest, ["body"]),
        ("header", "header:X-Tenant", b"a b,c", ["header:x-tenant"]),
        ("query-parameter", "query:y", b"/", ["query:y"]),
    ]
    tenant = ("X-Tenant", b"a b,c")
    for name, token, value, covered in cases:
        hook: dict[str, Json] = {"url": URL + "/in?a=%2F"} if name in ("url", "url-unescaped", "endpoint") else {}
        group = hook_group(suite, f"the token {name}", template(token, "|"), hook=hook)
        good = send(value + b"|", tenant)
        group.accept(f"token-{name}", "the bytes that the token stands for", "Genuine", good, covered=covered)
        wrong = send(value + b"x|", tenant)
        group.refuse(f"token-{name}-other-bytes", "other bytes", "Tampered", wrong, BAD)
        for part, request in (
            ("method", good.but(method=b"PUT")),
            ("path", good.but(target=TARGET.replace(b"/c", b"/d"))),
            ("query", good.but(target=TARGET.replace(b"y=%2F", b"y=3"))),
            ("body", good.but(body=b"{}")),
        ):
            touched = part in covered or (part == "query" and name == "query-parameter")
            test = f"token-{name}-{part}-changed"
            if touched:
                group.refuse(test, "a part that is signed was changed", "Tampered", request, BAD)
            elif name in ("method", "path", "body", "endpoint"):
                group.accept(test, "a part that is not signed was changed", "Uncovered", request, covered=covered)
    group = hook_group(suite, "an empty query", template("path", "?", "query"))
    for name, target in (("none", b"/a"), ("mark-alone", b"/a?")):
        request = send(b"/a?", target=target)
        group.accept(f"token-query-{name}", "the query is empty", "Genuine", request, covered=["path", "query"])
    two_marks = send(b"/a?b?c", target=b"/a?b?c")
    group.accept("token-query-two-marks", "the first mark parts the two", "RawPath", two_marks)
    group = hook_group(suite, "the authority", template("authority", "|", "body"))
    request = replace(send(b"api.example.com:8443|" + BODY), authority=b"api.example.com:8443")
    group.accept("token-authority", "as it was received", "Genuine", request)
    for name, text in (("other-port", b"api.example.com"), ("other-host", b"evil.example.com:8443")):
        changed = replace(request, authority=text)
        group.refuse(f"token-authority-{name}", "another authority", "Tampered", changed, BAD)
    nowhere = replace(request, authority=b"")
    group.refuse("token-authority-empty", "an empty authority is none", "MissingHeader", nowhere, LACKS)
    by_host = nowhere.adding("Host", b"api.example.com:8443")
    group.accept("token-authority-empty-and-host", "an empty authority is none beside Host", "Genuine", by_host)

    group = hook_group(suite, "a signed header", template("header:X-Tenant", "\n", "body"))
    good = send(b"acme\n" + BODY, ("x-TENANT", b"acme"))
    group.accept("header-any-case", "names have no letter case", "HeaderNames", good)
    empty = send(b"\n" + BODY, ("X-Tenant", b""))
    group.accept("header-empty", "empty is not absent", "MissingHeader", empty, service=HOOK)
    group.refuse("header-missing", "absent is not empty", "MissingHeader", empty.without("X-Tenant"), LACKS)
    twice = good.adding("X-Tenant", b"acme")
    group.refuse("header-twice", "twice", "RepeatedHeader", twice, TWICE)
    group.refuse("header-changed", "another value", "Tampered", good.set("x-TENANT", b"acmf"), BAD)
    group = hook_group(suite, "a signed parameter", template("query:id", "|", "query:state"))
    good = send(b"7|a b", target=b"/cb?state=a+b&x=1&id=%37")
    group.accept("parameter-decoded", "decoded as a form is", "Genuine", good, covered=["query:id", "query:state"])
    for name, target, code in (
        ("missing", b"/cb?state=a+b", LACKS),
        ("no-query", b"/cb", LACKS),
        ("twice", b"/cb?state=a+b&id=7&id=7", "MALFORMED_REQUEST"),
        ("twice-escaped-name", b"/cb?state=a+b&id=7&%69d=8", "MALFORMED_REQUEST"),
        ("other-case", b"/cb?state=a+b&ID=7", LACKS),
        ("changed", b"/cb?state=a+b&id=8", BAD),
        ("boundary", b"/cb?state=b&id=7%7Ca+", BAD),
    ):
        group.refuse(f"parameter-{name}", "another query", "Tampered", good.but(target=target), code)
    empty = send(b"|", target=b"/cb?state&id=")
    group.accept("parameter-empty", "there, and empty", "MissingHeader", empty, service=HOOK)


def _sorted(suite: Suite) -> None:
    form: Json = {"sorted": "form", "distinct": True}
    group = hook_group(suite, "a sorted form", template("path", "\n", form))
    head = b"/a%20b/c\n"
    for name, body, message in (
        ("names", b"b=2&a=1", b"a1b2"),
        ("values", b"a=2&a=1", b"a1a2"),
        ("values-as-bytes", b"a=10&a=9", b"a10a9"),
        ("equal-once", b"a=1&b=2&a=1", b"a1b2"),
        ("plus", b"a=1+2", b"a1 2"),
        ("escapes", b"%61=%C3%A9", "aé".encode()),
        ("not-utf8", b"a=%FF", b"a\xff"),
        ("empty-value", b"b=&a", b"ab"),
        ("empty-body", b"", b""),
        ("assign-in-value", b"a=b=c", b"ab=c"),
        ("upper-before-lower", b"b=1&B=2", b"B2b1"),
    ):
        request = send(head + message, body=body)
        group.accept(f"form-{name}", "sorted by name, then value", "SortedParameters", request, service=HOOK)
    for name, body in (("value", b"b=3&a=1"), ("more", b"b=2&a=1&c=3"), ("less", b"a=1"), ("name", b"b=2&A=1")):
        request = send(head + b"a1b2", body=b"b=2&a=1").but(body=body)
        group.refuse(f"form-changed-{name}", "another form", ("SortedParameters", "Tampered"), request, BAD)
    group = hook_group(suite, "a sorted form, repeats kept", template({"sorted": "form"}))
    twice = send(b"a1a1b2", body=b"a=1&b=2&a=1")
    group.accept("form-repeats", "equal pairs as often as they stand there", "SortedParameters", twice, service=HOOK)
    once = send(b"a1b2", body=b"a=1&b=2&a=1")
    group.refuse("form-repeats-once", "signed once", "SortedParameters", once, BAD)

    query: dict[str, Json] = {"sorted": "query", "except": ["sig"], "assign": "=", "join": "&"}
    place: Json = {"query": "sig", "encoding": "hex"}

    def called(message: bytes, target: bytes) -> Request:
        text = as_hex(hmac_sha256(HOOK_KEY, message))
        return Request(method=b"GET", target=target + b"&sig=" + text)

    group = hook_group(suite, "a sorted query", template(query, signature=place))
    for name, target, message in (
        ("order", b"/x?b=2&a=1", b"a=1&b=2"),
        ("decoded", b"/x?b=%32&a=+", b"a= &b=2"),
        ("not-escaped", b"/x?a=1%26b%3D2", b"a=1&b=2"),
        ("path-free", b"/elsewhere?a=1", b"a=1"),
    ):
        group.accept(f"query-{name}", "sorted and decoded", "SortedParameters", called(message, target), service=HOOK)
    good = called(b"a=1&b=2", b"/x?b=2&a=1")
    for name, target, code in (
        ("changed", good.target.replace(b"a=1", b"a=2"), BAD),
        ("more", good.target + b"&c=3", BAD),
        ("twice", good.target + b"&a=1", "MALFORMED_REQUEST"),
        ("signature-twice", good.target + b"&sig=00", "MALFORMED_REQUEST"),
        ("no-signature", b"/x?b=2&a=1", "AUTHENTICATION_REQUIRED"),
        ("signature-empty", b"/x?b=2&a=1&sig=", FORM),
    ):
        group.refuse(f"query-{name}", "another query", "SortedParameters", good.but(target=target), code)
    group = hook_group(suite, "a sorted query, escaped", template(query | {"escape": True}, signature=place))
    for name, target, message in (
        ("value", b"/x?a=1%26b%3D2", b"a=1%26b=2"),
        ("percent", b"/x?a=%25", b"a=%25"),
        ("name", b"/x?a%3Db=c%26", b"a%3Db=c%26"),
    ):
        comment = "what would be read otherwise is escaped"
        group.accept(f"query-escaped-{name}", comment, "SortedParameters", called(message, target), service=HOOK)
    split = called(b"a=1%26b=2", b"/x?a=1%26b%3D2")
    split = split.but(target=split.target.replace(b"%26b%3D", b"&b="))
    comment = "one parameter is not two"
    group.refuse("query-escaped-split", comment, ("SortedParameters", "FieldBoundary"), split, BAD)
    joined: dict[str, Json] = query | {"join": "", "repeated": ","}
    group = hook_group(suite, "a sorted query, repeats joined", template(joined, signature=place))
    request = called(b"a=2,1b=3", b"/x?a=2&b=3&a=1")
    group.accept("query-joined", "values of one name in the order in which they came", "SortedParameters", request)
    turned = request.but(target=request.target.replace(b"a=2&b=3&a=1", b"a=1&b=3&a=2"))
    group.refuse("query-joined-turned", "in another order", "SortedParameters", turned, BAD)


def _literals(suite: Suite) -> None:
    for name, part, text in (
        ("object", {"literal": "v0:"}, b"v0:"),
        ("object-like-token", {"literal": "body"}, b"body"),
        ("marks", "$&\\1%s", b"$&\\1%s"),
        ("digit-first", "2026.", b"2026."),
        ("line-end", "\n", b"\n"),
        ("nul", "\0", b"\0"),
        ("utf8", "→", "→".encode()),
        ("space", " ", b" "),
    ):
        group = hook_group(suite, f"a literal: {name}", template(part, "body"))
        request = send(text + BODY)
        group.accept(f"literal-{name}", "it stands for itself", ("LiteralText", "Genuine"), request, covered=["body"])
        group.refuse(f"literal-{name}-left-out", "signed without it", "LiteralText", send(BODY), BAD)


def _algorithms(suite: Suite) -> None:
    seed_key: Json = "hex"
    cases: list[tuple[str, Json, str, Callable[[bytes], bytes], dict[str, Json]]] = [
        ("hmac-sha256", "text", HOOK_SECRET, lambda m: hmac_sha256(HOOK_KEY, m), {}),
        ("hmac-sha512", "text", HOOK_SECRET, lambda m: hmac.digest(HOOK_KEY, m, "sha512"), {}),
        ("hmac-sha1", "text", HOOK_SECRET, lambda m: hmac_sha1(HOOK_KEY, m), {}),
        ("ed25519", seed_key, curves.ed25519_public(SEED).hex(), lambda m: curves.ed25519_sign(SEED, m), {}),
        (
            "ecdsa-p256-sha256",
            "base64",
            base64.b64encode(curves.ecdsa_public(SCALAR)).decode(),
            lambda m: curves.ecdsa_sign(SCALAR, m),
            {},
        ),
        (
            "sha256-prefix",
            "text",
            HOOK_SECRET,
            lambda m: hashlib.sha256(HOOK_KEY + m).digest(),
            {"not_after": "2030-01-01T00:00:00Z"},
        ),
    ]
    tags = {name: tag(BODY) for name, _, _, tag, _ in cases}
    for name, key, text, tag, life in cases:
        scheme = template("body", algorithm=name, key=key)
        group = hook_group(suite, f"the algorithm {name}", scheme, text, key=life)
        group.accept(f"algorithm-{name}", "as it is signed", "Genuine", bare(as_hex(tag(BODY))), service=HOOK, key="1")
        group.refuse(f"algorithm-{name}-body", "another body", "Tampered", bare(as_hex(tag(b""))), BAD)
        for other, made in tags.items():
            if other == name or "hmac-sha1" in (name, other):
                continue
            code = BAD if len(made) == len(tag(BODY)) and "ecdsa" not in name else FORM
            if "ecdsa" in other and name in ("hmac-sha512", "ed25519"):
                continue  # Its length is not always the same.
            comment = "a signature of another algorithm"
            group.refuse(f"algorithm-{name}-gets-{other}", comment, "AlgorithmFixed", bare(as_hex(made)), code)
        for hint in (b"none", b"hmac-sha1"):
            request = bare(b"", ("X-Algorithm", hint), ("Authorization", b"Bearer alg=" + hint))
            group.refuse(f"algorithm-{name}-{hint.decode()}", "no signature", "AlgorithmFixed", request, FORM)
    long = {"HOOK_SECRET": "k" + secret("long") * 3}
    document = hooked(template("body", algorithm="hmac-sha512"))
    group = suite.group("a key longer than a block of SHA-512", document, long)
    sealed = hmac.digest(long["HOOK_SECRET"].encode(), BODY, "sha512")
    group.accept("algorithm-hmac-sha512-long-key", "the key is hashed first", "LongKey", bare(as_hex(sealed)), key="1")
    document = hooked(template("body", algorithm="hmac-sha1"))
    group = suite.group("a key longer than a block of SHA-1", document, long)
    sealed = hmac_sha1(long["HOOK_SECRET"].encode(), BODY)
    group.accept("algorithm-hmac-sha1-long-key", "the key is hashed first", "LongKey", bare(as_hex(sealed)), key="1")
    document = hooked(template(algorithm="token", signature={"header": "X-Sig"}))
    group = suite.group("the algorithm token", document, {"HOOK_SECRET": HOOK_SECRET})
    group.accept(
        "algorithm-token", "the secret itself", "TokenOnly", bare(HOOK_KEY), service=HOOK, covered=[], age=None
    )
    for kind, token, code in (
        ("cut", HOOK_KEY[:-1], BAD),
        ("longer", HOOK_KEY + b"0", BAD),
        ("other", WRONG, BAD),
        ("tag", as_hex(hmac_sha256(HOOK_KEY, BODY)), BAD),
        ("empty", b"", FORM),
    ):
        group.refuse(f"algorithm-token-{kind}", "not the secret", "TokenOnly", bare(token), code)
    scheme = template(algorithm="token", signature={"header": "Authorization", "prefix": "Bearer "})
    group = hook_group(suite, "a token behind a prefix", scheme)
    request = Request(method=b"POST", target=b"/", headers=(("Authorization", b"Bearer " + HOOK_KEY),))
    group.accept("algorithm-token-prefix", "behind the prefix", "TokenOnly", request, service=HOOK)
    for kind, token in (("none", HOOK_KEY), ("lower-case", b"bearer " + HOOK_KEY), ("only", b"Bearer ")):
        changed = request.set("Authorization", token)
        group.refuse(f"algorithm-token-prefix-{kind}", "not behind the prefix", "TokenOnly", changed, FORM)
    doubled = request.set("Authorization", b"Bearer Bearer " + HOOK_KEY)
    group.refuse("algorithm-token-prefix-twice", "the prefix twice", "TokenOnly", doubled, BAD)


def _keys(suite: Suite) -> None:
    raw = hashlib.sha256(b"raw bytes of a key").digest()
    text64, text16 = base64.b64encode(raw).decode(), raw.hex()

    def prefixed(rule: str | None = None) -> dict[str, Json]:
        key: dict[str, Json] = {"encoding": "base64", "prefix": "whsec_"}
        return key if rule is None else key | {"without_prefix": rule}

    cases: list[tuple[str, Json, str, bytes, bytes]] = [
        ("text", "text", text16, text16.encode(), raw),
        ("hex", "hex", text16, raw, text16.encode()),
        ("base64", "base64", text64, raw, text64.encode()),
        ("text-object", {"encoding": "text"}, text64, text64.encode(), raw),
        ("hex-prefix", {"encoding": "hex", "prefix": "key_"}, "key_" + text16, raw, b"key_" + text16.encode()),
        (
            "text-prefix",
            {"encoding": "text", "prefix": "sk_"},
            "sk_" + text16,
            text16.encode(),
            b"sk_" + text16.encode(),
        ),
        ("prefix", prefixed(), "whsec_" + text64, raw, text64.encode()),
        ("prefix-same", prefixed("same"), text64, raw, text64.encode()),
        ("prefix-default", prefixed(), text64, raw, text64.encode()),
        ("prefix-text", prefixed("text"), text64, text64.encode(), raw),
        ("prefix-text-there", prefixed("text"), "whsec_" + text64, raw, text64.encode()),
        ("prefix-refuse-there", prefixed("refuse"), "whsec_" + text64, raw, text64.encode()),
    ]
    for name, rule, text, right, wrong in cases:
        group = hook_group(suite, f"a key read as {name}", template("body", key=rule), text)
        group.accept(f"key-{name}", "the key as the template reads it", "KeyEncoding", send(BODY, key=right), key="1")
        other = send(BODY, key=wrong)
        group.refuse(f"key-{name}-other-reading", "read in another way", "KeyEncoding", other, BAD)


def _encodings(suite: Suite) -> None:
    raw = hmac_sha256(HOOK_KEY, BODY)
    # A body whose tag shows the letters in which the two alphabets differ.
    body = next(b"%d" % n for n in range(999) if b"+" in base64.b64encode(hmac_sha256(HOOK_KEY, b"%d" % n)))
    mixed = hmac_sha256(HOOK_KEY, body)
    standard, url = base64.b64encode(mixed), base64.urlsafe_b64encode(mixed).rstrip(b"=")

    def group_for(encoding: str) -> Group:
        signature: Json = {"header": "X-Sig", "encoding": encoding}
        return hook_group(suite, f"a signature in {encoding}", template("body", signature=signature))

    group = group_for("hex")
    upper_one = next(i for i, digit in enumerate(raw.hex()) if digit.isalpha())
    one_upper = raw.hex()[:upper_one] + raw.hex()[upper_one].upper() + raw.hex()[upper_one + 1 :]
    group.accept("hex-lower", "lower case", "ExactDecoding", bare(as_hex(raw)), service=HOOK)
    for name, text in (
        ("upper", raw.hex().upper().encode()),
        ("one-upper", one_upper.encode()),
        ("space-before", b" " + as_hex(raw)),
        ("space-after", as_hex(raw) + b" "),
        ("newline", as_hex(raw) + b"\n"),
        ("odd", as_hex(raw)[:-1]),
        ("short", as_hex(raw)[:-2]),
        ("half", as_hex(raw)[:32]),
        ("long", as_hex(raw) + b"00"),
        ("letter", as_hex(raw)[:-1] + b"g"),
        ("0x", b"0x" + as_hex(raw)[2:]),
        ("not-ascii", as_hex(raw)[:-1] + b"\xff"),
        ("nul", as_hex(raw)[:-1] + b"\0"),
    ):
        group.refuse(f"hex-{name}", "not 64 lower-case digits", "ExactDecoding", bare(text), FORM)
    group = group_for("hex-any-case")
    for name, text in (("lower", as_hex(raw)), ("upper", as_hex(raw).upper()), ("mixed", one_upper.encode())):
        group.accept(f"any-case-{name}", "any letter case", "ExactDecoding", bare(text), service=HOOK)
    group.refuse("any-case-short", "too short", "ExactDecoding", bare(as_hex(raw)[:-2]), FORM)
    group.refuse("any-case-letter", "no digit", "ExactDecoding", bare(as_hex(raw)[:-1] + b"G"), FORM)
    last = standard[-2:-1]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stray = standard[:-2] + alphabet[alphabet.index(last) | 1 :][:1] + b"="
    for encoding, good, cases in (
        (
            "base64",
            standard,
            (
                ("url-alphabet", url + b"="),
                ("not-padded", standard.rstrip(b"=")),
                ("padded-twice", standard + b"="),
                ("stray-bits", stray),
                ("space", standard[:8] + b" " + standard[8:]),
                ("line-end", standard + b"\n"),
                ("short", standard[:-4]),
                ("hex", as_hex(mixed)),
                ("padding-alone", b"="),
            ),
        ),
        (
            "base64url",
            url,
            (
                ("standard-alphabet", standard.rstrip(b"=")),
                ("padded", url + b"="),
                ("stray-bits", stray.rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")),
                ("short", url[:-4]),
                ("hex", as_hex(mixed)),
            ),
        ),
    ):
        group = group_for(encoding)
        group.accept(f"{encoding}-good", "as it is written", "ExactDecoding", bare(good, body=body), service=HOOK)
        for name, text in cases:
            request = bare(text, body=body)
            group.refuse(f"{encoding}-{name}", "the right bytes, written otherwise", "ExactDecoding", request, FORM)


def _prefixes(suite: Suite) -> None:
    tag = as_hex(hmac_sha256(HOOK_KEY, BODY))
    for name, prefix, good, bad in (
        ("one", "v0=", (b"v0=",), (b"", b"v1=", b"V0=", b"v0", b"v0=v0=", b"v0= ")),
        ("several", ["sha256=", "hmac-sha256="], (b"sha256=", b"hmac-sha256="), (b"", b"sha512=", b"hmac-")),
        ("optional", ["", "sha256="], (b"", b"sha256="), (b"sha256", b"=", b"sha1=")),
    ):
        signature: Json = {"header": "X-Sig", "encoding": "hex", "prefix": prefix}
        group = hook_group(suite, f"a prefix: {name}", template("body", signature=signature))
        for number, text in enumerate(good):
            request = bare(text + tag)
            group.accept(f"prefix-{name}-{number}", "a prefix that may stand there", "Genuine", request, service=HOOK)
        for number, text in enumerate(bad):
            comment = f"{text.decode() or 'nothing'} before the signature"
            group.refuse(f"prefix-{name}-bad-{number}", comment, "ExactDecoding", bare(text + tag), FORM)
        group.refuse(f"prefix-{name}-alone", "a prefix and nothing behind it", "ExactDecoding", bare(good[-1]), FORM)


def _lists(suite: Suite) -> None:
    good = as_hex(hmac_sha256(HOOK_KEY, STAMP + b"." + BODY))
    other = as_hex(hmac_sha256(WRONG, STAMP + b"." + BODY))

    def group_for(name: str, **rules: Json) -> Group:
        form: dict[str, Json] = {"separator": ";", "assign": ":", "signature": "s", "timestamp": "t"}
        signature: Json = {"header": "X-Sig", "encoding": "hex", "list": form | rules}
        scheme = template("timestamp", ".", "body", signature=signature, timestamp={"unit": "s"})
        return hook_group(suite, f"a list: {name}", scheme)

    group = group_for("strange separators")
    for name, text in (
        ("plain", b"t:%s;s:%s" % (STAMP, good)),
        ("turned", b"s:%s;t:%s" % (good, STAMP)),
        ("unknown", b"t:%s;z:1;s:%s" % (STAMP, good)),
        ("second", b"t:%s;s:%s;s:%s" % (STAMP, other, good)),
        ("not-well-formed-beside", b"t:%s;s:zz;s:%s" % (STAMP, good)),
        ("assign-in-value", b"t:%s;z:1:2;s:%s" % (STAMP, good)),
    ):
        group.accept(f"list-{name}", "a list of this form", "ListHeader", bare(text), age=0, service=HOOK)
    for name, text, code in (
        ("other-assign", b"t=%s;s=%s" % (STAMP, good), FORM),
        ("empty", b"", FORM),
        ("bare", good, FORM),
        ("empty-item", b"t:%s;;s:%s" % (STAMP, good), FORM),
        ("end", b"t:%s;s:%s;" % (STAMP, good), FORM),
        ("space", b"t:%s; s:%s" % (STAMP, good), FORM),
        ("no-time", b"s:%s" % good, "MISSING_TIMESTAMP"),
        ("empty-time", b"t:;s:%s" % good, "INVALID_TIMESTAMP"),
        ("time-twice", b"t:%s;t:%s;s:%s" % (STAMP, STAMP, good), TWICE),
        ("no-signature", b"t:%s" % STAMP, FORM),
        ("comma", b"t:%s,s:%s" % (STAMP, good), TWICE),
        ("none-well-formed", b"t:%s;s:zz;s:" % STAMP, FORM),
        ("other-key", b"t:%s;s:%s" % (STAMP, other), BAD),
        ("time-moved", b"t:%d;s:%s" % (NOW + 1, good), BAD),
    ):
        group.refuse(f"list-{name}", "not a list of this form, or not signed", "ListHeader", bare(text), code)
    group = group_for("unknown keys refused", unknown="refuse")
    group.accept("list-closed", "only known keys", "ListHeader", bare(b"t:%s;s:%s" % (STAMP, good)), service=HOOK)
    unknown = bare(b"t:%s;z:1;s:%s" % (STAMP, good))
    group.refuse("list-closed-unknown", "a key that is not known", "ListHeader", unknown, FORM)
    group = group_for("trimmed", separator=",", assign="=", trim=True)
    for name, text in (
        ("none", b"t=%s,s=%s" % (STAMP, good)),
        ("after", b"t=%s, s=%s" % (STAMP, good)),
        ("around", b"  t=%s  ,  s=%s  " % (STAMP, good)),
    ):
        group.accept(f"list-trim-{name}", "spaces around items", "ListHeader", bare(text), age=0, service=HOOK)
    for name, text, code in (
        ("around-assign", b"t = %s, s=%s" % (STAMP, good), "MISSING_TIMESTAMP"),
        ("empty-item", b"t=%s, ,s=%s" % (STAMP, good), FORM),
    ):
        group.refuse(f"list-trim-{name}", "not a space around an item", "ListHeader", bare(text), code)


def _places(suite: Suite) -> None:
    tag = as_hex(hmac_sha256(HOOK_KEY, BODY))
    other = as_hex(hmac_sha256(WRONG, BODY))
    signature: Json = {"headers": ["X-Sig-1", "X-Sig-2", "X-Sig-3"], "encoding": "hex"}
    group = hook_group(suite, "several headers", template("body", signature=signature))

    def with_tags(*fields: tuple[str, bytes]) -> Request:
        return Request(method=b"POST", target=b"/", headers=fields, body=BODY)

    for name, fields in (
        ("first", (("X-Sig-1", tag),)),
        ("last", (("x-sig-3", tag),)),
        ("two", (("X-Sig-1", other), ("X-Sig-3", tag))),
    ):
        group.accept(f"headers-{name}", "any of them may hold it", "ListHeader", with_tags(*fields), service=HOOK)
    for name, fields, code in (
        ("none", (("X-Sig", tag),), "AUTHENTICATION_REQUIRED"),
        ("fourth", (("X-Sig-4", tag),), "AUTHENTICATION_REQUIRED"),
        ("none-holds", (("X-Sig-1", other), ("X-Sig-2", other)), BAD),
        ("twice", (("X-Sig-2", tag), ("x-sig-2", tag)), TWICE),
        ("joined", (("X-Sig-2", tag + b", " + tag),), TWICE),
    ):
        group.refuse(f"headers-{name}", "none of them holds it", "ListHeader", with_tags(*fields), code)
    pair: Json = {"header": ["New-Sig", "Old-Sig"], "encoding": "hex"}
    scheme = template(
        "timestamp", ".", "body", signature=pair, timestamp={"header": ["New-Time", "Old-Time"], "unit": "s"}
    )
    group = hook_group(suite, "two families of headers", scheme)
    signed_tag = as_hex(hmac_sha256(HOOK_KEY, STAMP + b"." + BODY))
    for family in ("New", "Old"):
        request = with_tags((f"{family}-Time", STAMP), (f"{family}-Sig", signed_tag))
        group.accept(f"families-{family.lower()}", "one family", "Genuine", request, age=0, service=HOOK)
        mixed = with_tags((f"{'Old' if family == 'New' else 'New'}-Time", STAMP), (f"{family}-Sig", signed_tag))
        name = f"families-{family.lower()}-with-other-time"
        group.refuse(name, "families do not mix", "MissingHeader", mixed, "MISSING_TIMESTAMP")
    both = with_tags(("New-Time", STAMP), ("New-Sig", signed_tag), ("Old-Time", STAMP), ("Old-Sig", signed_tag))
    group.refuse("families-both", "two credentials", "OneCredential", both, "AMBIGUOUS_CREDENTIALS")
    beside = with_tags(("New-Time", STAMP), ("New-Sig", signed_tag), ("Old-Time", b"1"))
    group.accept("families-beside", "a header of the other family is foreign", "HeaderNames", beside, age=0)


def _times(suite: Suite) -> None:
    def group_for(name: str, unit: str, place: Json) -> Group:
        timestamp: Json = {"unit": unit} | place if isinstance(place, dict) else {"unit": unit}
        return hook_group(suite, name, template("timestamp", ".", "body", timestamp=timestamp))

    def stamped(text: bytes) -> Request:
        return send(text + b"." + BODY, ("X-Time", text))

    for unit, good, bad in (
        (
            "s",
            (seconds(NOW), seconds(NOW - 300)),
            (b"", b"-1", b"+1767225600", b"01767225600", b"1767225600.0", b"1.7e9"),
        ),
        (
            "ms",
            (milliseconds(NOW), b"%d000" % NOW),
            (b"", b"0%d000" % NOW, b"%d000.5" % NOW, b"1" * 16, b"17672256000x0"),
        ),
        (
            "rfc3339",
            (iso(NOW), b"2026-01-01T00:00:00.1Z", b"2026-01-01T00:00:00.000000000Z"),
            (
                b"",
                b"1767225600",
                b"2026-01-01T00:00:00",
                b"2026-01-01T00:00:00z",
                b"2026-01-01t00:00:00Z",
                b"2026-01-01T00:00:00+00:00",
                b"2026-01-01T00:00:00-00:00",
                b"2026-01-01T00:00:00.Z",
                b"2026-01-01T00:00:00,5Z",
                b"2026-01-01T00:00:00.0000000001Z",
                b"2026-13-01T00:00:00Z",
                b"2026-02-29T00:00:00Z",
                b"2026-01-01T24:00:00Z",
                b"2026-01-01T00:00:60Z",
                b"2026-1-1T00:00:00Z",
                b"20260101T000000Z",
                b" 2026-01-01T00:00:00Z",
            ),
        ),
    ):
        group = group_for(f"a time in {unit}", unit, {"header": "X-Time"})
        for number, text in enumerate(good):
            group.accept(f"time-{unit}-{number}", "a time of this unit", "StrictTimestamp", stamped(text), service=HOOK)
        for number, text in enumerate(bad):
            if text == b"2026-01-01T00:00:00,5Z":
                continue  # A comma in a header is a repetition.
            comment = "signed, but no time of this unit"
            group.refuse(f"time-{unit}-bad-{number}", comment, "StrictTimestamp", stamped(text), "INVALID_TIMESTAMP")
        late = stamped(good[0])
        group.refuse(f"time-{unit}-late", "too late", "Window", late, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 301)
        group.refuse(f"time-{unit}-early", "too early", "Window", late, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW - 302)
        twice = late.adding("x-time", good[0])
        group.refuse(f"time-{unit}-twice", "there twice", "RepeatedHeader", twice, TWICE)
        joined = stamped(good[0] + b", " + good[0])
        group.refuse(f"time-{unit}-joined", "two in one", "RepeatedHeader", joined, TWICE)
    zero = stamped(b"0")
    group = group_for("a time in seconds, at its ends", "s", {"header": "X-Time"})
    group.accept("time-zero", "zero is a time", "StrictTimestamp", zero, now=300, age=300)
    group = group_for("a time in milliseconds, at its ends", "ms", {"header": "X-Time"})
    group.accept("time-ms-zero", "zero is a time", "StrictTimestamp", zero, now=300, age=300)
    most = stamped(b"9" * 15)
    group.refuse("time-ms-most", "the greatest time overflows nothing", "Window", most, "TIMESTAMP_OUTSIDE_WINDOW")
    group = group_for("a time that is written otherwise", "s", {"header": "X-Time"})
    text = as_hex(hmac_sha256(HOOK_KEY, STAMP + b"." + BODY))
    for name, raw in (("leading-zero", b"0" + STAMP), ("fraction", STAMP + b".0"), ("plus", b"+" + STAMP)):
        request = bare(text, ("X-Time", raw))
        comment = "an equal number is another text"
        group.refuse(f"time-normalised-{name}", comment, "StrictTimestamp", request, "INVALID_TIMESTAMP")
    scheme = template("timestamp", ".", "body", timestamp={"query": "ts", "unit": "s"})
    group = hook_group(suite, "a time in the query", scheme)
    called = send(STAMP + b"." + BODY, target=b"/x?ts=" + STAMP)
    group.accept("time-query", "in a parameter", "Genuine", called, age=0, service=HOOK)
    for name, target, code in (
        ("missing", b"/x", "MISSING_TIMESTAMP"),
        ("twice", called.target + b"&ts=" + STAMP, "MALFORMED_REQUEST"),
        ("empty", b"/x?ts=", "INVALID_TIMESTAMP"),
        ("moved", b"/x?ts=%d" % (NOW + 1), BAD),
    ):
        group.refuse(f"time-query-{name}", "another time", "Tampered", called.but(target=target), code)


def _nonces(suite: Suite) -> None:
    scheme = template(
        "timestamp",
        "\n",
        "nonce",
        "\n",
        "body",
        timestamp={"header": "X-Time", "unit": "s"},
        nonce={"header": "X-Nonce"},
    )
    group = hook_group(suite, "a nonce", scheme)

    def with_nonce(text: bytes, body: bytes = BODY, method: bytes = b"POST", stamp: bytes = STAMP) -> Request:
        message = stamp + b"\n" + text + b"\n" + body
        return send(message, ("X-Time", stamp), ("X-Nonce", text), body=body, method=method)

    good = with_nonce(NONCE.encode())
    covered = ["timestamp", "nonce", "body"]
    group.accept("nonce", "a nonce as it should be", "Genuine", good, covered=covered, service=HOOK)
    for name, text in (("least", b"a" * 16), ("most", b"Z_9-" * 16)):
        group.accept(f"nonce-{name}", "as short or long as it may be", "StrictNonce", with_nonce(text), service=HOOK)
    for name, text in (
        ("empty", b""),
        ("15", b"a" * 15),
        ("65", b"a" * 65),
        ("space", b"a" * 16 + b" "),
        ("dot", b"a" * 16 + b"."),
        ("line-end", b"a" * 16 + b"\n"),
        ("high-byte", b"a" * 16 + b"\xe9"),
    ):
        comment = "signed, but not a nonce"
        group.refuse(f"nonce-{name}", comment, "StrictNonce", with_nonce(text), "INVALID_NONCE")
    group.refuse("nonce-missing", "no nonce", "MissingHeader", good.without("X-Nonce"), "MISSING_NONCE")
    twice = good.adding("X-Nonce", NONCE.encode())
    group.refuse("nonce-twice", "two nonces", "RepeatedHeader", twice, TWICE)
    joined = good.set("X-Nonce", NONCE.encode() + b", " + NONCE.encode())
    group.refuse("nonce-joined", "two nonces in one", "RepeatedHeader", joined, TWICE)
    other = good.set("X-Nonce", b"b" * 16)
    group.refuse("nonce-changed", "another nonce", "Tampered", other, BAD)
    again = with_nonce(NONCE.encode(), b"other", stamp=seconds(NOW + 1))
    code = "REPLAYED_REQUEST"
    comment = "one nonce, two requests"
    group.steps("nonce-again", comment, ("Replay", "ReplayKey"), accepted(good), refused(again, code))
    get = with_nonce(NONCE.encode(), b"", b"GET")
    group.steps("nonce-get-again", "a nonce tells replays of a GET too", "Replay", accepted(get), refused(get, code))
    fresh = with_nonce(b"c" * 16)
    group.steps("nonce-fresh", "a fresh nonce", "ReplayKey", accepted(good), accepted(fresh))
    forged = refused(other, BAD)
    comment = "a forgery uses up no nonce"
    group.steps("nonce-forged-first", comment, "RefusedIsNotSeen", forged, accepted(with_nonce(b"b" * 16)))


def _message_ids(suite: Suite) -> None:
    scheme = template(
        "message-id",
        ".",
        "timestamp",
        ".",
        "body",
        timestamp={"header": "X-Time", "unit": "s"},
        message_id={"header": "X-Message"},
    )
    group = hook_group(suite, "a message id", scheme)

    def with_id(text: bytes, stamp: bytes = STAMP) -> Request:
        return send(text + b"." + stamp + b"." + BODY, ("X-Time", stamp), ("X-Message", text))

    covered = ["timestamp", "message-id", "body"]
    group.accept("message-id", "an id as it should be", "Genuine", with_id(b"msg_1"), covered=covered)
    for name, text in (("one-letter", b"1"), ("marks", b"!#$%&'()*+-/:;<=>?@[]^_`{|}~"), ("128", b"m" * 128)):
        group.accept(f"message-id-{name}", "visible characters", "StrictNonce", with_id(text), service=HOOK)
    for name, text in (
        ("empty", b""),
        ("129", b"m" * 129),
        ("space", b"a b"),
        ("dot", b"a.b"),
        ("tab", b"a\tb"),
        ("high-byte", b"a\xe9"),
        ("delete", b"a\x7f"),
    ):
        comment = "signed, but not an id that keeps the parts apart"
        group.refuse(f"message-id-{name}", comment, "StrictNonce", with_id(text), "INVALID_NONCE")
    good = with_id(b"msg_1")
    group.refuse("message-id-comma", "two in one", "RepeatedHeader", with_id(b"a,b"), TWICE)
    group.refuse("message-id-missing", "no id", "MissingHeader", good.without("X-Message"), "MISSING_NONCE")
    joined = good.set("X-Message", b"msg_1, msg_1")
    group.refuse("message-id-joined", "two in one", "RepeatedHeader", joined, TWICE)
    moved = with_id(b"1", b"2")
    moved = moved.set("X-Message", b"1.2").set("X-Time", b"")
    group.refuse("message-id-boundary", "a part moved", "FieldBoundary", moved, "INVALID_TIMESTAMP")
    retry = with_id(b"msg_1", seconds(NOW + 60))
    comment = "a second attempt has the same id and another time"
    group.steps("message-id-retry", comment, "Repetition", accepted(good), accepted(retry, now=NOW + 60))
    replayed = refused(good, "REPLAYED_REQUEST")
    group.steps("message-id-replay", "the same attempt", "Replay", accepted(good), replayed)


def _header_names(suite: Suite) -> None:
    scheme = template(
        "message-id",
        ".",
        "timestamp",
        ".",
        "body",
        timestamp={"header": "X-Time", "unit": "s"},
        message_id={"header": "X-Message"},
    )
    names: dict[str, Json] = {"signature": "Y-Sig", "timestamp": "Y-Time", "message_id": "Y-Message"}
    group = hook_group(suite, "other names for the headers", scheme, hook={"headers": names})
    request = send(b"m." + STAMP + b"." + BODY, ("X-Message", b"m"), ("X-Time", STAMP))
    comment = "the template's own names are foreign here"
    group.refuse("names-of-template", comment, "HeaderNames", request, "AUTHENTICATION_REQUIRED")
    for old in ("Message", "Time", "Sig"):
        request = request.renaming(f"X-{old}", f"Y-{old}")
    group.accept("names-of-webhook", "the names that the webhook gives", "HeaderNames", request, service=HOOK, age=0)
    for name, old, code in (("time", "Y-Time", "MISSING_TIMESTAMP"), ("id", "Y-Message", "MISSING_NONCE")):
        mixed = request.renaming(old, old.replace("Y", "X"))
        group.refuse(f"names-mixed-{name}", "the names are not mixed", "HeaderNames", mixed, code)


def _digest(suite: Suite) -> None:
    scheme = template("url", {"sorted": "form"}, body_digest={"query": "digest"})
    group = hook_group(suite, "a digest of the body in the query", scheme, hook={"url": "https://api.example.com"})
    target = b"/j?digest=" + hashlib.sha256(BODY).hexdigest().encode()
    good = send(b"https://api.example.com" + target, target=target)
    covered: list[str] = ["path", "query", "body"]
    group.accept("digest", "the digest is signed, and the body's", "BodyDigest", good, covered=covered)
    changed = good.but(body=BODY + b"x")
    group.refuse("digest-body", "another body", ("BodyDigest", "Tampered"), changed, "DIGEST_MISMATCH")
    other = b"/j?digest=" + hashlib.sha256(b"x").hexdigest().encode()
    group.refuse("digest-swapped", "another digest, not signed", "BodyDigest", good.but(target=other, body=b"x"), BAD)
    for name, digest in (
        ("upper-case", hashlib.sha256(BODY).hexdigest().upper()),
        ("short", hashlib.sha256(BODY).hexdigest()[:-2]),
        ("empty", ""),
        ("other-hash", hashlib.sha1(BODY).hexdigest()),
    ):
        there = b"/j?digest=" + digest.encode()
        request = send(b"https://api.example.com" + there, target=there)
        group.refuse(f"digest-{name}", "signed, but no such digest", "BodyDigest", request, "DIGEST_MISMATCH")
    form = send(b"https://api.example.com/ja1", target=b"/j", body=b"a=1")
    comment = "without the parameter the form is signed"
    group.accept("digest-none", comment, "BodyDigest", form, covered=covered)
    twice = b"/j?digest=00&digest=" + hashlib.sha256(BODY).hexdigest().encode()
    request = send(b"https://api.example.com" + twice, target=twice)
    group.refuse("digest-twice", "two digests", "BodyDigest", request, "MALFORMED_REQUEST")
    stray = send(b"https://api.example.com" + target + b"a1", target=target, body=b"a=1")
    group.refuse("digest-and-form", "a form beside a digest is not signed", "BodyDigest", stray, BAD)


def _variants(suite: Suite) -> None:
    for name, url, good, bad in (
        (
            "https",
            "https://h.example",
            ("https://h.example", "https://h.example:443"),
            ("https://h.example:80", "http://h.example"),
        ),
        ("http", "http://h.example", ("http://h.example", "http://h.example:80"), ("http://h.example:443",)),
        (
            "port",
            "https://h.example:1234",
            ("https://h.example:1234", "https://h.example"),
            ("https://h.example:1235",),
        ),
        (
            "user",
            "https://u:p@h.example:99",
            ("https://u:p@h.example:99", "https://u:p@h.example"),
            ("https://h.example",),
        ),
        (
            "user-alone",
            "https://u@h.example",
            ("https://u@h.example", "https://u@h.example:443"),
            ("https://h.example:443",),
        ),
        ("ipv6", "https://[::1]:8443", ("https://[::1]:8443", "https://[::1]"), ("https://[",)),
    ):
        scheme = template("url", "\n", "body", url_variants=["port"])
        group = hook_group(suite, f"spellings of {url}", scheme, hook={"url": url})
        for number, text in enumerate(good):
            request = send(text.encode() + TARGET + b"\n" + BODY)
            group.accept(f"variant-{name}-{number}", f"signed as {text}", "UrlVariant", request, service=HOOK)
        for number, text in enumerate(bad):
            request = send(text.encode() + TARGET + b"\n" + BODY)
            group.refuse(f"variant-{name}-bad-{number}", f"signed as {text}", "UrlVariant", request, BAD)
    scheme = template("url", "\n", "body", url_variants=["querystring"])
    group = hook_group(suite, "a query that was written again", scheme, hook={"url": "https://h.example"})
    for name, target, spelled in (
        ("as-received", b"/a?b='c'&d=%20", b"/a?b='c'&d=%20"),
        ("plus", b"/a?b=It's+on", b"/a?b=It%27s+on"),
        ("space", b"/a?b=c%20d", b"/a?b=c+d"),
        ("lower-case-escape", b"/a?b=%2f", b"/a?b=%2F"),
    ):
        request = send(b"https://h.example" + spelled + b"\n" + BODY, target=target)
        group.accept(f"querystring-{name}", "decoded and encoded again", "UrlVariant", request, service=HOOK)
    for name, target, spelled in (
        ("value", b"/a?b=c", b"/a?b=d"),
        ("order", b"/a?b=1&c=2", b"/a?c=2&b=1"),
        ("path", b"/a%2fb?c=1", b"/a%2Fb?c=1"),
        ("port", b"/a?b=c", b":443/a?b=c"),
    ):
        request = send(b"https://h.example" + spelled + b"\n" + BODY, target=target)
        group.refuse(f"querystring-{name}", "another URL", "UrlVariant", request, BAD)
    group = hook_group(suite, "no other spelling", template("url", "\n", "body"), hook={"url": "https://h.example"})
    request = send(b"https://h.example:443" + TARGET + b"\n" + BODY)
    group.refuse("variant-none", "the template allows no other spelling", "UrlVariant", request, BAD)


def _windows(suite: Suite) -> None:
    def stamped(time: int) -> Request:
        return send(seconds(time) + b"." + BODY, ("X-Time", seconds(time)))

    own: Json = {"past": 30, "future": 10}
    base = template("timestamp", ".", "body", timestamp={"header": "X-Time", "unit": "s"})
    wide: dict[str, Json] = {"window": {"past": 60, "future": 0}}
    for name, scheme, hook, past, future in (
        ("of-the-config", base, {}, 300, 300),
        ("of-the-template", base | {"window": own}, {}, 30, 10),
        ("of-the-webhook", base | {"window": own}, wide, 60, 0),
    ):
        group = hook_group(suite, f"the window {name}", scheme, hook=dict(hook))
        for at, age in (("past", past), ("future", -future)):
            request = stamped(NOW - age)
            group.accept(f"window-{name}-{at}", "the last good second", "Window", request, age=age)
            beyond = stamped(NOW - age + (-1 if at == "past" else 1))
            code = "TIMESTAMP_OUTSIDE_WINDOW"
            group.refuse(f"window-{name}-{at}-over", "a second beyond", "Window", beyond, code)


def _strict(suite: Suite) -> None:
    full = ["method", "\n", "path", "\n", "query", "\n", "body"]
    for name, parts, bare_ok, query_ok in (
        ("all", full, True, True),
        ("target", ["method", "\n", "target", "\n", "body"], True, True),
        ("no-query", ["method", "\n", "path", "\n", "body"], True, False),
        ("no-method", ["target", "\n", "body"], False, False),
        ("no-path", ["method", "\n", "query", "\n", "body"], False, False),
        ("body-alone", ["body"], False, False),
    ):
        document = hooked(template(*parts))
        assert isinstance(document, dict)
        document["routes"] = [{"match": "/strict/**", "strict": True}]
        group = suite.group(f"a strict route, {name}", document, {"HOOK_SECRET": HOOK_SECRET})

        def message(target: bytes, parts: Sequence[str]) -> bytes:
            path, _, query = target.partition(b"?")
            said = {"method": b"POST", "path": path, "query": query, "target": target, "body": BODY, "\n": b"\n"}
            return b"".join(said[part] for part in parts)

        for kind, target, is_good in (("bare", b"/strict/a", bare_ok), ("query", b"/strict/a?b=1", query_ok)):
            request = send(message(target, parts), target=target)
            test = f"strict-{name}-{kind}"
            if is_good:
                group.accept(test, "all that matters is signed", "QueryCovered", request, route="/strict/**")
            else:
                comment = "the message lacks what a strict route wants signed"
                group.refuse(test, comment, "QueryUncovered", request, LACKS)
        loose = send(message(b"/loose?b=1", parts), target=b"/loose?b=1")
        group.accept(f"strict-{name}-elsewhere", "another route is not strict", "Uncovered", loose, route=None)


def _choice(suite: Suite) -> None:
    """More than one scheme is accepted."""
    document: dict[str, Json] = {
        "service": OWN,
        "services": registry(),
        "accept": ["webhook:one", "webhook:two", "service-hmac-v2"],
        "schemes": {
            "plain": template("body"),
            "other": template("body", signature={"header": "X-Two", "encoding": "hex"}),
        },
        "webhooks": {
            "one": {"scheme": "plain", "keys": [{"secret": "env:HOOK_SECRET"}]},
            "two": {"scheme": "other", "keys": [{"secret": "env:TWO_SECRET"}]},
        },
        "routes": [
            {"match": "/one", "accept": ["webhook:one"]},
            {"match": "/v2", "accept": ["service-hmac-v2"]},
        ],
    }
    two_key = secret("two").encode()
    env = SECRETS | {"HOOK_SECRET": HOOK_SECRET, "TWO_SECRET": two_key.decode()}
    group = suite.group("two senders and the services", document, env)
    one = send(BODY, target=b"/")
    two_tag = as_hex(hmac_sha256(two_key, BODY))
    two = Request(method=b"POST", target=b"/", headers=(("X-Two", two_tag),), body=BODY)
    call = signed(Scheme.SERVICE_HMAC_V2, Call(target=b"/", body=BODY), KEY)
    group.accept("choice-one", "the first sender", "Genuine", one, service="webhook:one", scheme="plain")
    group.accept("choice-two", "the second sender", "Genuine", two, service="webhook:two", scheme="other")
    group.accept("choice-service", "a service", "Genuine", call, service=CALLER, scheme="service-hmac-v2")
    both = one.adding("X-Two", two_tag)
    mixed = replace(call, headers=(*call.headers, *one.headers))
    nothing = Request(method=b"POST", target=b"/", body=BODY)
    swapped = one.renaming("X-Sig", "X-Two")
    for name, request, code in (
        ("both", both, "AMBIGUOUS_CREDENTIALS"),
        ("both-one-wrong", both.set("X-Two", b""), "AMBIGUOUS_CREDENTIALS"),
        ("service-and-sender", mixed, "AMBIGUOUS_CREDENTIALS"),
        ("none", nothing, "AUTHENTICATION_REQUIRED"),
        ("swapped", swapped, BAD),
    ):
        group.refuse(f"choice-{name}", "not exactly one credential that holds", "OneCredential", request, code)
    at_one = both.but(target=b"/one")
    comment = "a header of a scheme that this route does not accept is foreign"
    group.accept("choice-route-one", comment, ("RouteScheme", "HeaderNames"), at_one, service="webhook:one")
    elsewhere = replace(two, target=b"/one")
    comment = "this sender is not accepted on this route"
    group.refuse("choice-route-other", comment, "RouteScheme", elsewhere, "AUTHENTICATION_REQUIRED")
    on_v2 = send(BODY, target=b"/v2")
    group.refuse("choice-route-v2", comment, "RouteScheme", on_v2, "AUTHENTICATION_REQUIRED")
    uniform = document | {"reveal": "uniform"}
    group = suite.group("two senders, little revealed", uniform, env)
    group.refuse("choice-uniform", "the verdict is the same", "Uniform", send(BODY, key=WRONG, target=b"/"), BAD)


def _order(suite: Suite) -> None:
    scheme = template(
        "message-id",
        ".",
        "timestamp",
        ".",
        "header:X-Tenant",
        ".",
        "body",
        timestamp={"header": "X-Time", "unit": "s"},
        message_id={"header": "X-Message"},
    )
    document = hooked(scheme)
    assert isinstance(document, dict)
    document["limits"] = {"body_bytes": 16}
    document["routes"] = [{"match": "/strict", "strict": True}]
    group = suite.group("which fault decides", document, {"HOOK_SECRET": HOOK_SECRET})

    def said(stamp: bytes = STAMP, body: bytes = b"short", target: bytes = b"/") -> Request:
        fields = (("X-Message", b"m1"), ("X-Time", stamp), ("X-Tenant", b"t"))
        return send(b"m1." + stamp + b".t." + body, *fields, body=body, target=target)

    good, old, long = said(), said(seconds(NOW - 301)), said(body=b"x" * 17)
    group.accept("order-nothing-wrong", "no fault", "Genuine", good, service=HOOK)
    long_and_old = said(seconds(NOW - 301), b"x" * 17)
    for name, request, code in (
        ("duplicate-before-missing", good.without("X-Time").adding("X-Message", b"m2"), TWICE),
        ("missing-before-coverage", good.without("X-Time", "X-Tenant"), "MISSING_TIMESTAMP"),
        ("missing-id-before-coverage", good.without("X-Message", "X-Tenant"), "MISSING_NONCE"),
        ("coverage-before-form", good.without("X-Tenant").set("X-Sig", b"x"), LACKS),
        ("missing-before-form", good.without("X-Message").set("X-Time", b"x"), "MISSING_NONCE"),
        ("time-before-signature", good.set("X-Time", b"x").set("X-Sig", b"x"), "INVALID_TIMESTAMP"),
        ("signature-before-id", good.set("X-Sig", b"x").set("X-Message", b"a b"), FORM),
        ("form-before-window", old.set("X-Sig", b"x"), FORM),
        ("strict-before-window", said(seconds(NOW - 301), target=b"/strict"), LACKS),
        ("form-before-strict", said(target=b"/strict").set("X-Sig", b"x"), FORM),
        ("window-before-signature", old.set("X-Sig", b"0" * 64), "TIMESTAMP_OUTSIDE_WINDOW"),
        ("window-before-size", long_and_old, "TIMESTAMP_OUTSIDE_WINDOW"),
        ("size-before-signature", long.set("X-Sig", b"0" * 64), "BODY_TOO_LARGE"),
        ("size", long, "BODY_TOO_LARGE"),
        ("method-first", good.but(method=b"post").without("X-Sig"), "MALFORMED_REQUEST"),
    ):
        group.refuse(f"order-{name}", "the earlier step decides", "Precedence", request, code)


CALLED = template(
    {"literal": "acme1\n"},
    "method",
    "\n",
    "target",
    "\n",
    "timestamp",
    "\n",
    "service",
    "\n",
    "nonce",
    "\n",
    "body-sha256",
    timestamp={"header": "X-Time", "unit": "s"},
    nonce={"header": "X-Nonce"},
    caller={"header": "X-From"},
)


def called(
    who: bytes = CALLER.encode(),
    key: bytes = KEY,
    *,
    stamp: bytes = STAMP,
    nonce: bytes = NONCE.encode(),
    target: bytes = b"/api",
    method: bytes = b"POST",
) -> Request:
    """Return a request of a service that signs by `CALLED`."""
    digest = hashlib.sha256(BODY).hexdigest().encode()
    message = b"\n".join([b"acme1", method, target, stamp, who, nonce, digest])
    fields = (("X-From", who), ("X-Time", stamp), ("X-Nonce", nonce))
    return send(message, *fields, key=key, target=target, method=method)


def _callers(suite: Suite) -> None:
    document: dict[str, Json] = {
        "service": OWN,
        "services": registry(other={"permissions": ["GET /**"]}),
        "accept": ["acme"],
        "schemes": {"acme": CALLED},
        "routes": [{"match": "/internal/**", "services": [OTHER]}],
    }
    group = suite.group("services that sign by a template", document, SECRETS)
    scope = hashlib.sha256(b"wiresign-replay\n" + CALLER.encode()).digest()[:16]
    group.accept(
        "caller",
        "a service of the registry, with the whole result",
        "Genuine",
        called(),
        service=CALLER,
        key="2026-q1",
        scheme="acme",
        age=0,
        route=None,
        retiring=False,
        public=False,
        covered=["method", "path", "query", "timestamp", "service", "nonce", "body"],
        replay_key="n:" + hashlib.sha256(scope + NONCE.encode()).hexdigest(),
    )
    other = called(OTHER.encode(), OTHER_KEY, method=b"GET")
    group.accept("caller-other", "another service", "Genuine", other, service=OTHER, scheme="acme")
    good = called()
    for name, request, code in (
        ("unknown", called(b"intruder"), "UNKNOWN_SERVICE"),
        ("empty", called(b""), "UNKNOWN_SERVICE"),
        ("key-of-other", called(key=OTHER_KEY), BAD),
        ("stranger", called(key=STRANGER_KEY), BAD),
        ("renamed", good.set("X-From", OTHER.encode()), BAD),
        ("no-service", good.without("X-From"), "MISSING_SERVICE_ID"),
        ("service-twice", good.adding("X-From", CALLER.encode()), TWICE),
        ("service-joined", good.set("X-From", CALLER.encode() + b", " + CALLER.encode()), TWICE),
        ("no-signature", good.without("X-Sig"), "MISSING_SIGNATURE"),
        ("nothing", good.without("X-Sig", "X-From"), "AUTHENTICATION_REQUIRED"),
        ("no-time", good.without("X-Time"), "MISSING_TIMESTAMP"),
        ("no-nonce", good.without("X-Nonce"), "MISSING_NONCE"),
        ("method", good.but(method=b"PUT"), BAD),
        ("query", good.but(target=b"/api?admin=1"), BAD),
        ("body", good.but(body=b"{}"), BAD),
        ("old", called(stamp=seconds(NOW - 301)), "TIMESTAMP_OUTSIDE_WINDOW"),
        ("old-and-unknown", called(b"intruder", stamp=seconds(NOW - 301)), "TIMESTAMP_OUTSIDE_WINDOW"),
        ("route", called(target=b"/internal/a"), "SERVICE_NOT_ALLOWED"),
        ("permission", called(OTHER.encode(), OTHER_KEY), "PERMISSION_DENIED"),
        ("forged-on-route", called(target=b"/internal/a", key=STRANGER_KEY), BAD),
    ):
        if name == "nothing":
            request = good.without("X-Sig", "X-From", "X-Time", "X-Nonce")
        group.refuse(f"caller-{name}", "not as a service may call", "VerifiedIdentity", request, code)
    again = refused(called(), "REPLAYED_REQUEST")
    group.steps("caller-again", "the same nonce", "Replay", accepted(called()), again)
    scoped = accepted(called(OTHER.encode(), OTHER_KEY, method=b"GET"))
    comment = "each service has nonces of its own"
    group.steps("caller-nonce-of-other", comment, "ReplayKey", accepted(called()), scoped)
    own = called(OWN.encode(), SECRETS["LEGO_PROJECTS_API_SECRET"].encode())
    comment = "what the service signs for others could be sent back to it"
    group.refuse("caller-own", comment, "Reflection", own, "TARGET_NOT_ALLOWED")


def _targets(suite: Suite) -> None:
    scheme = template(
        "service",
        "\n",
        "target-service",
        "\n",
        "timestamp",
        "\n",
        "body",
        timestamp={"header": "X-Time", "unit": "s"},
        caller={"header": "X-From"},
        target={"header": "X-To"},
    )
    services = registry(caller={"allowed_targets": [OWN]}, other={"allowed_targets": ["elsewhere"]})
    document: Json = {"service": OWN, "services": services, "accept": ["acme"], "schemes": {"acme": scheme}}
    group = suite.group("services that sign whom they call", document, SECRETS)

    def to(target: bytes, who: bytes = CALLER.encode(), key: bytes = KEY) -> Request:
        message = b"\n".join([who, target, STAMP, BODY])
        return send(message, ("X-From", who), ("X-To", target), ("X-Time", STAMP), key=key)

    good = to(OWN.encode())
    covered = ["timestamp", "service", "target-service", "body"]
    group.accept("target", "signed for this service", "Genuine", good, covered=covered, service=CALLER)
    own_key = SECRETS["LEGO_PROJECTS_API_SECRET"].encode()
    for name, request, code in (
        ("other", to(b"elsewhere"), "TARGET_NOT_ALLOWED"),
        ("empty", to(b""), "TARGET_NOT_ALLOWED"),
        ("other-case", to(OWN.upper().encode()), "TARGET_NOT_ALLOWED"),
        ("rewritten", to(b"elsewhere").set("X-To", OWN.encode()), BAD),
        ("missing", good.without("X-To"), "MISSING_TARGET"),
        ("twice", good.adding("X-To", OWN.encode()), TWICE),
        ("joined", good.set("X-To", OWN.encode() + b", " + OWN.encode()), TWICE),
        ("not-listed", to(OWN.encode(), OTHER.encode(), OTHER_KEY), "TARGET_NOT_ALLOWED"),
        ("forged-for-other", to(b"elsewhere", key=STRANGER_KEY), BAD),
    ):
        group.refuse(f"target-{name}", "not signed for this service", "OtherTarget", request, code)
    own = to(OWN.encode(), OWN.encode(), own_key)
    group.accept("target-own", "a service may call itself where it says so in the message", "Genuine", own, service=OWN)


def _key_life(suite: Suite) -> None:
    def at(time: int) -> str:
        return iso(time).decode()

    keys: list[Json] = [
        {"id": "next", "secret": "env:NEXT", "not_before": at(NOW + 100)},
        {"id": "now", "secret": "env:NOW"},
        {"id": "old", "secret": "env:OLD", "state": "retiring", "not_after": at(NOW + 50)},
        {"id": "gone", "secret": "env:GONE", "state": "revoked"},
    ]
    env = {name: secret(f"hook {name}") for name in ("NEXT", "NOW", "OLD", "GONE")}
    document = hooked(template("body"), hook={"keys": keys})
    group = suite.group("the keys of a sender", document, env)

    def by(name: str) -> Request:
        return send(BODY, key=env[name].encode())

    group.accept("keys-now", "the key of today", "KeyLife", by("NOW"), key="now", retiring=False)
    group.accept("keys-old", "a key on its way out", "Rotation", by("OLD"), key="old", retiring=True, now=NOW + 49)
    group.accept("keys-next", "a key whose time has come", "Rotation", by("NEXT"), key="next", now=NOW + 100)
    for name, key, time in (("next-early", "NEXT", NOW + 99), ("old-late", "OLD", NOW + 50), ("revoked", "GONE", NOW)):
        group.refuse(f"keys-{name}", "a key out of its time", "KeyLife", by(key), "KEY_NOT_VALID_NOW", now=time)
    group.refuse("keys-none", "no key of this sender", "WrongKey", send(BODY, key=WRONG), BAD)
    numbered = hooked(template("body"), hook={"keys": [{"secret": "env:OLD"}, {"secret": "env:NOW"}]})
    group = suite.group("the keys of a sender, by place", numbered, env)
    group.accept("keys-second", "a key without an id has its place", "KeyLife", by("NOW"), key="2")
    sample: Json = [{"secret": "literal:secret", "sample": True}]
    group = suite.group("a printed key", hooked(template("body"), hook={"keys": sample}))
    request = send(BODY, key=b"secret")
    group.accept("keys-sample", "a weak key that says that it is one", "ConfigWarning", request, key="1")


def _streams(suite: Suite) -> None:
    body = bytes(range(256)) + b'{"text":"$&\r\n"}' * 8
    chunkings: dict[str, list[int]] = {
        "whole": [len(body)],
        "bytes": [1] * len(body),
        "blocks": [64] * 5,
        "empty": [0, 0, 7],
    }
    digest = hashlib.sha256(body).hexdigest().encode()
    stamped: dict[str, Json] = {"timestamp": {"header": "X-Time", "unit": "s"}}
    cases: list[tuple[str, dict[str, Json], str, Callable[[bytes], bytes], bytes, dict[str, Json]]] = [
        (
            "hmac",
            template("timestamp", ".", "body", ".", "path", **stamped),
            HOOK_SECRET,
            lambda m: hmac_sha256(HOOK_KEY, m),
            STAMP + b"." + body + b"./a%20b/c",
            {},
        ),
        (
            "hmac-sha512",
            template("body", algorithm="hmac-sha512"),
            HOOK_SECRET,
            lambda m: hmac.digest(HOOK_KEY, m, "sha512"),
            body,
            {},
        ),
        ("hmac-sha1", template("body", algorithm="hmac-sha1"), HOOK_SECRET, lambda m: hmac_sha1(HOOK_KEY, m), body, {}),
        (
            "digest",
            template("path", ".", "body-sha256"),
            HOOK_SECRET,
            lambda m: hmac_sha256(HOOK_KEY, m),
            b"/a%20b/c." + digest,
            {},
        ),
        (
            "ed25519",
            template("body", algorithm="ed25519", key="hex"),
            curves.ed25519_public(SEED).hex(),
            lambda m: curves.ed25519_sign(SEED, m),
            body,
            {},
        ),
        (
            "ecdsa",
            template("body", algorithm="ecdsa-p256-sha256", key="base64"),
            base64.b64encode(curves.ecdsa_public(SCALAR)).decode(),
            lambda m: curves.ecdsa_sign(SCALAR, m),
            body,
            {},
        ),
        (
            "prefix-hash",
            template("body", algorithm="sha256-prefix"),
            HOOK_SECRET,
            lambda m: hashlib.sha256(HOOK_KEY + m).digest(),
            body,
            {"not_after": "2030-01-01T00:00:00Z"},
        ),
    ]
    for name, scheme, text, tag, message, life in cases:
        group = hook_group(suite, f"in pieces: {name}", scheme, text, key=life)
        headers = (("X-Time", STAMP),) if name == "hmac" else ()
        request = bare(as_hex(tag(message)), *headers, body=body)
        for kind, chunks in chunkings.items():
            step = accepted(request, chunks=chunks, service=HOOK)
            group.steps(f"stream-{name}-{kind}", "the body in pieces", ("Stream", "Genuine"), step)
        changed = request.but(body=body[:-1] + b"\0")
        for kind in ("whole", "bytes"):
            step = refused(changed, BAD, chunks=chunkings[kind])
            group.steps(f"stream-{name}-changed-{kind}", "the last byte is another", ("Stream", "Tampered"), step)
    form: Json = {"sorted": "form", "distinct": True}
    group = hook_group(suite, "in pieces: form", template("path", form))
    request = send(b"/a%20b/ca1b2", body=b"b=2&a=%31")
    for kind, chunks in (("bytes", [1] * 9), ("inside-an-escape", [7]), ("whole", [9])):
        step = accepted(request, chunks=chunks, service=HOOK)
        group.steps(f"stream-form-{kind}", "a form in pieces", ("Stream", "SortedParameters"), step)
    step = refused(request.but(body=b"b=2&a=%32"), BAD, chunks=[7])
    group.steps("stream-form-changed", "another form", ("Stream", "SortedParameters"), step)
    scheme = template("url", form, body_digest={"query": "d"})
    group = hook_group(suite, "in pieces: digest in the query", scheme, hook={"url": "https://h.example"})
    target = b"/j?d=" + digest
    request = send(b"https://h.example" + target, target=target, body=body)
    group.steps("stream-bound", "bound by a digest", "Stream", accepted(request, chunks=[100], service=HOOK))
    step = refused(request.but(body=body + b"x"), "DIGEST_MISMATCH", chunks=[100])
    group.steps("stream-bound-changed", "another body", ("Stream", "BodyDigest"), step)
    group = suite.group("in pieces: services", {
        "service": OWN, "services": registry(), "accept": ["acme"], "schemes": {"acme": CALLED},
    }, SECRETS)  # fmt: skip
    group.steps("stream-caller", "a service", "Stream", accepted(called(), chunks=[1, 2], service=CALLER))
    step = refused(called(b"intruder"), "UNKNOWN_SERVICE", chunks=[1, 2])
    group.steps("stream-caller-unknown", "no service", "Stream", step)


def _signing(suite: Suite) -> None:
    """What a signer writes: caller, target, message id, time, nonce, and last the signature."""
    plain = Request(method=b"POST", target=TARGET, body=BODY)

    def group_for(name: str, scheme: dict[str, Json], text: str = HOOK_SECRET, **hook: Json) -> Group:
        document = hooked(scheme, hook=hook)
        assert isinstance(document, dict)
        return suite.group(f"signing: {name}", document | {"sign_with": HOOK}, {"HOOK_SECRET": text})

    def tag(message: bytes) -> bytes:
        return as_hex(hmac_sha256(HOOK_KEY, message))

    stamped: Json = {"header": "X-Time", "unit": "s"}
    message = STAMP + b"." + BODY
    group = group_for("time and body", template("timestamp", ".", "body", timestamp=stamped))
    group.steps(
        "sign-time-and-body",
        "the headers in their order, and what is signed",
        "Signing",
        sign(plain, signs_as([("X-Time", STAMP), ("X-Sig", tag(message))], message), target=None),
    )
    scheme = template("timestamp", ".", "body", timestamp={"header": "X-Time", "unit": "ms"})
    text = STAMP + b"000"
    message = text + b"." + BODY
    group_for("milliseconds", scheme).steps(
        "sign-milliseconds",
        "a whole second in milliseconds",
        "Signing",
        sign(plain, signs_as([("X-Time", text), ("X-Sig", tag(message))], message), target=None),
    )
    scheme = template("timestamp", ".", "body", timestamp={"header": "X-Time", "unit": "rfc3339"})
    message = iso(NOW) + b"." + BODY
    group_for("a date", scheme).steps(
        "sign-date",
        "a time as a date",
        "Signing",
        sign(plain, signs_as([("X-Time", iso(NOW)), ("X-Sig", tag(message))], message), target=None),
    )
    listed: Json = {
        "header": "X-Sig",
        "encoding": "hex",
        "list": {"separator": ",", "assign": "=", "signature": "v1", "timestamp": "t"},
    }
    scheme = template("timestamp", ".", "body", signature=listed, timestamp={"unit": "s"})
    message = STAMP + b"." + BODY
    value = b"t=" + STAMP + b",v1=" + tag(message)
    group_for("a list", scheme).steps(
        "sign-list",
        "time and signature in one header",
        "Signing",
        sign(plain, signs_as([("X-Sig", value)], message), target=None),
    )
    scheme = template(
        "message-id", ".", "timestamp", ".", "body", message_id={"header": "X-Message"}, timestamp=stamped
    )
    message = NONCE.encode() + b"." + STAMP + b"." + BODY
    fields = [("X-Message", NONCE.encode()), ("X-Time", STAMP), ("X-Sig", tag(message))]
    group_for("a message id", scheme).steps(
        "sign-message-id", "the nonce is the id", "Signing", sign(plain, signs_as(fields, message), target=None)
    )
    for name, encoding, encode in (
        ("base64", "base64", as_base64),
        ("base64url", "base64url", lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=")),
        ("any-case", "hex-any-case", as_hex),
    ):
        place: Json = {"header": "X-Sig", "encoding": encoding, "prefix": ["v0=", ""]}
        scheme = template("method", "|", "target", "|", "body-sha256", signature=place)
        message = b"POST|" + TARGET + b"|" + hashlib.sha256(BODY).hexdigest().encode()
        expect = signs_as([("X-Sig", b"v0=" + encode(hmac_sha256(HOOK_KEY, message)))], message)
        comment = "the first prefix is written"
        group_for(name, scheme).steps(f"sign-{name}", comment, "Signing", sign(plain, expect, target=None))
    scheme = template("url", "|", "header:X-Tenant", "|", "query:y")
    message = URL.encode() + TARGET + b"|acme|/"
    group = group_for("of the request", scheme, url=URL)
    request = plain.adding("X-Tenant", b"acme")
    expect = signs_as([("X-Sig", tag(message))], message)
    group.steps("sign-parts-of-the-request", "header, URL and parameter", "Signing", sign(request, expect, target=None))
    failed: Json = {"failed": "SIGNING_FAILED"}
    comment = "a part of the message is not there"
    group.steps("sign-header-missing", comment, "CannotSign", sign(plain, failed, target=None))
    group.steps("sign-header-twice", comment, "CannotSign", sign(request.adding("X-Tenant", b"b"), failed, target=None))
    group.steps("sign-parameter-missing", comment, "CannotSign", sign(request.but(target=b"/a"), failed, target=None))
    document = hooked(template("body"), key={"state": "revoked"})
    assert isinstance(document, dict)
    group = suite.group("signing: no key", document | {"sign_with": HOOK}, {"HOOK_SECRET": HOOK_SECRET})
    group.steps("sign-revoked", "the only key is revoked", "CannotSign", sign(plain, failed, target=None))

    caller: dict[str, Json] = {
        "service": CALLER,
        "services": registry(),
        "accept": ["acme"],
        "sign_with": "acme",
        "schemes": {"acme": CALLED},
    }
    group = suite.group("signing: as a service", caller, SECRETS)
    digest = hashlib.sha256(BODY).hexdigest().encode()
    message = b"\n".join([b"acme1", b"POST", TARGET, STAMP, CALLER.encode(), NONCE.encode(), digest])
    fields = [("X-From", CALLER.encode()), ("X-Time", STAMP), ("X-Nonce", NONCE.encode())]
    expect = signs_as([*fields, ("X-Sig", as_hex(hmac_sha256(KEY, message)))], message)
    group.steps("sign-caller", "in the name of this service", "Signing", sign(plain, expect, target=None))
    group.steps("sign-caller-nonce", "no nonce", "CannotSign", sign(plain, failed, nonce="short", target=None))
    to: dict[str, Json] = {
        **CALLED,
        "message": ["service", "|", "target-service", "|", "timestamp", "|", "body"],
        "target": {"header": "X-To"},
    }
    del to["nonce"]
    group = suite.group("signing: for a service", caller | {"schemes": {"acme": to}}, SECRETS)
    message = b"|".join([CALLER.encode(), OTHER.encode(), STAMP, BODY])
    fields = [("X-From", CALLER.encode()), ("X-To", OTHER.encode()), ("X-Time", STAMP)]
    expect = signs_as([*fields, ("X-Sig", as_hex(hmac_sha256(KEY, message)))], message)
    group.steps("sign-target", "the called service is signed", "Signing", sign(plain, expect, target=OTHER))
    group.steps("sign-target-missing", "no target", "CannotSign", sign(plain, failed, target=None))


def _catalogue(suite: Suite) -> None:
    """Senders of the catalogue as signers, for tests of one's own receiver."""
    plain = Request(method=b"POST", target=b"/in", body=BODY)
    cases: list[tuple[str, Callable[[bytes], list[tuple[str, bytes]]], bytes]] = [
        ("github", lambda tag: [("X-Hub-Signature-256", b"sha256=" + tag)], BODY),
        (
            "slack",
            lambda tag: [("X-Slack-Request-Timestamp", STAMP), ("X-Slack-Signature", b"v0=" + tag)],
            b"v0:" + STAMP + b":" + BODY,
        ),
        (
            "stripe",
            lambda tag: [("Stripe-Signature", b"t=" + STAMP + b",v1=" + tag)],
            STAMP + b"." + BODY,
        ),
    ]
    for name, fields, message in cases:
        document: Json = {
            "service": OWN,
            "services": {},
            "sign_with": HOOK,
            "webhooks": {"sender": {"scheme": name, "keys": [{"secret": "env:HOOK_SECRET"}]}},
        }
        group = suite.group(f"signing as {name}", document, {"HOOK_SECRET": HOOK_SECRET})
        expect = signs_as(fields(as_hex(hmac_sha256(HOOK_KEY, message))), message)
        group.steps(f"sign-as-{name}", "as this sender does", "Signing", sign(plain, expect, target=None))
        group.steps(f"sign-as-{name}-check", "and the config is in order", "ConfigAccepted", check({"ok": {}}))
