"""JSON Web Tokens in `Authorization: Bearer`: of services about themselves, and of issuers about services and users."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import curves
import jose
from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, SECRETS, STRANGER_KEY, config, registry, secret
from model import Group, Suite, accepted, refused
from request import Json, Request
from wire import NONCE, NOW, Call, Scheme, signed

if TYPE_CHECKING:
    from collections.abc import Iterator

ISSUER = "https://issuer.example"
USERS = "https://users.example"

ENV = SECRETS | {
    "ED25519_PUBLIC": curves.ed25519_public(jose.SEED).hex(),
    "P256_PUBLIC": jose.ec_pem(),
    "RSA_PUBLIC": jose.rsa_pem(),
    "LONG_SECRET": secret("tokens of 512 bits") + secret("the other half"),
    "JWKS": json.dumps({"keys": [jose.ed25519_jwk("ed", jose.OTHER_SEED), jose.ec_jwk("ec"), jose.rsa_jwk("rsa")]}),
}
LONG_KEY = ENV["LONG_SECRET"].encode()

HS256 = jose.hs(256, KEY)
HEADER = '{"alg":"HS256","typ":"JWT","kid":"2026-q1"}'
CLAIMS: dict[str, Json] = {
    "iss": CALLER,
    "sub": CALLER,
    "aud": OWN,
    "iat": NOW,
    "exp": NOW + 300,
    "jti": NONCE,
}


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("jwt")
    plain = suite.group("tokens of services", _config(), ENV)
    _genuine(plain)
    _algorithms(plain)
    _headers(plain)
    _form(plain)
    _claims(plain)
    _times(plain)
    _identity(plain)
    _carrier(plain)
    _settings(suite)
    _issuers(suite)
    _beside(suite)
    return suite


def _keys() -> list[Json]:
    return [
        {"id": "2026-q1", "secret": "env:IMAGE_SERVICE_SECRET"},
        {"id": "ed", "algorithm": "ed25519", "public_key": "env:ED25519_PUBLIC"},
        {"id": "es", "algorithm": "ecdsa-p256-sha256", "public_key": "env:P256_PUBLIC"},
        {"id": "rs", "algorithm": "rsa-v1_5-sha256", "public_key": "env:RSA_PUBLIC"},
        {"id": "ps256", "algorithm": "rsa-pss-sha256", "public_key": "env:RSA_PUBLIC"},
        {"id": "ps512", "algorithm": "rsa-pss-sha512", "public_key": "env:RSA_PUBLIC"},
        {"id": "hs512", "algorithm": "hmac-sha512", "secret": "env:LONG_SECRET"},
    ]


def _config(*, accept: str = "jwt", **members: Json) -> dict[str, Json]:
    return config(services=registry(caller={"keys": _keys()})) | {"accept": [accept]} | members


def _payload(**changes: Json) -> str:
    """The usual claims, with some changed, added, or left out where the value is an empty tuple."""
    claims = CLAIMS | changes
    return json.dumps({name: value for name, value in claims.items() if value != ()}, separators=(",", ":"))


def _written(name: str, value: str, **others: Json) -> str:
    """The usual claims, with one of them written as given."""
    rest = _payload(**{name: (), **others})
    return f'{{"{name}":{value},{rest[1:]}'


def _request(token: bytes, scheme: bytes = b"Bearer ") -> Request:
    call = Call()
    return Request(method=b"POST", target=call.target, headers=(("Authorization", scheme + token),), body=call.body)


def _token(payload: str | None = None, header: str = HEADER, signer: jose.Signer = HS256) -> bytes:
    return jose.token(header, _payload() if payload is None else payload, signer)


def _token_of(length: int) -> bytes:
    """A genuine token of so many bytes. Base64 has not every length, so the header has room too."""
    for spaces in range(3):
        header = HEADER.replace("{", "{" + " " * spaces)
        for filler in range(length * 3 // 4):
            payload = _payload(x="x" * filler)
            parts = (len(part) * 4 + 2 for part in (header, payload))
            if sum(size // 3 for size in parts) + len("..") + 43 == length:
                return _token(payload, header)
    raise ValueError(length)


def _genuine(group: Group) -> None:
    group.accept(
        "genuine-hs256",
        "a token that a service has issued about itself",
        "Genuine",
        _request(_token()),
        service=CALLER,
        key="2026-q1",
        scheme="jwt",
        replay_key=None,
    )
    for key, signer in (
        ("ed", jose.eddsa()),
        ("es", jose.es256()),
        ("rs", jose.rs256()),
        ("ps256", jose.ps(256)),
        ("ps512", jose.ps(512)),
        ("hs512", jose.hs(512, LONG_KEY)),
    ):
        header = json.dumps({"alg": signer.name, "kid": key})
        request = _request(_token(header=header, signer=signer))
        comment = f"signed with {signer.name}"
        group.accept(f"genuine-{key}", comment, "Genuine", request, service=CALLER, key=key, scheme="jwt")
        without = _request(_token(header=json.dumps({"alg": signer.name}), signer=signer))
        comment = f"signed with {signer.name}, and the header names no key: those for this algorithm are tried"
        group.accept(f"genuine-{key}-without-kid", comment, "Genuine", without, service=CALLER, key=key)
    named = jose.eddsa(name="Ed25519")
    header = '{"alg":"Ed25519","kid":"ed"}'
    comment = "the name of RFC 9864 for the same algorithm"
    group.accept("genuine-ed25519-by-its-newer-name", comment, "Genuine", _request(_token(header=header, signer=named)))
    spaced = '{ "alg" : "HS256" ,\r\n\t"kid":"2026-q1" }'
    comment = "white space in JSON, and escapes, change nothing"
    group.accept("genuine-spaces-in-the-header", comment, "Genuine", _request(_token(header=spaced)))
    escaped = _payload().replace(CALLER, CALLER.replace("-", "\\u002d"))
    group.accept("genuine-escapes-in-names", comment, "Genuine", _request(_token(escaped)), service=CALLER)
    for name, audience in (("list", ["somebody", OWN]), ("list-of-one", [OWN])):
        comment = "the audience as a list that has this service in it"
        group.accept(f"genuine-audience-{name}", comment, "Genuine", _request(_token(_payload(aud=audience))))
    more = _payload(roles=["a", {"b": [1.5e3, None, True]}], **{"https://example.com/x": ""})
    comment = "claims that nobody has asked for"
    group.accept("genuine-other-claims", comment, "Genuine", _request(_token(more)), service=CALLER)
    deep = _payload(a={"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}})
    group.accept("genuine-depth-of-8", "eight levels of JSON", ("Genuine", "SizeLimit"), _request(_token(deep)))
    ignored = '{"alg":"HS256","kid":"2026-q1","x5t":"AA","cty":"x","typ":"at+jwt"}'
    comment = "members of a header that decide nothing"
    group.accept("genuine-other-header-members", comment, "Genuine", _request(_token(header=ignored)))


def _algorithms(group: Group) -> None:
    """The algorithm is that of the key, whatever the token says."""
    flags = "AlgorithmFixed"
    for spelling in ("none", "None", "NONE", "nOnE", "\\u006eone"):
        unsigned = jose.Signer("none", lambda _: b"")
        name = spelling.replace("\\u006e", "escaped-n-")
        token = _token(header=f'{{"alg":"{spelling}"}}', signer=unsigned)
        comment = "a token that says it needs no signature, and has none"
        group.refuse(f"alg-{name}", comment, flags, _request(token), "ALGORITHM_NOT_ALLOWED")
        kept = _token(header=f'{{"alg":"{spelling}","kid":"2026-q1"}}')
        comment = "a token that says it needs no signature, though it has one"
        group.refuse(f"alg-{name}-with-a-signature", comment, flags, _request(kept), "ALGORITHM_NOT_ALLOWED")
    damaged = _token("{", header='{"alg":"RS384","kid":"2026-q1"}')
    comment = "an algorithm that is not offered, and a payload that is none: the header is read first"
    group.refuse(
        "alg-unknown-and-payload-damaged", comment, (flags, "Precedence"), _request(damaged), "ALGORITHM_NOT_ALLOWED"
    )
    for name in ("RS384", "RS512", "PS384", "ES512", "ES256K", "ES521", "hs256", "HS256 ", "A256KW", "dir", ""):
        token = _token(header=json.dumps({"alg": name, "kid": "2026-q1"}))
        slug = {"": "empty", "HS256 ": "with-space", "hs256": "in-lower-case"}.get(name, name)
        comment = "an algorithm that is not offered"
        group.refuse(f"alg-{slug}", comment, flags, _request(token), "ALGORITHM_NOT_ALLOWED")
    for name, value in (("absent", None), ("number", "1"), ("null", "null"), ("list", '["HS256"]'), ("true", "true")):
        header = '{"kid":"2026-q1"}' if value is None else f'{{"alg":{value},"kid":"2026-q1"}}'
        comment = "the header does not name an algorithm by a text"
        group.refuse(
            f"alg-is-{name}", comment, ("AlgorithmFixed", "TokenForm"), _request(_token(header=header)), "INVALID_TOKEN"
        )
    # What an attacker does who knows a public key: sign with it as if it were a secret.
    for key, name, text in (
        ("rs", "pem", jose.rsa_pem()),
        ("rs", "pem-without-line-end", jose.rsa_pem().strip()),
        ("rs", "jwk", json.dumps(jose.rsa_jwk("rs"))),
        ("es", "pem", jose.ec_pem()),
        ("ed", "hex", ENV["ED25519_PUBLIC"]),
        ("ed", "bytes", bytes.fromhex(ENV["ED25519_PUBLIC"]).decode("latin-1")),
    ):
        signer = jose.hs(256, text.encode("latin-1"))
        token = _token(header=json.dumps({"alg": "HS256", "kid": key}), signer=signer)
        comment = "HMAC with a public key as its secret, and the id of that key"
        group.refuse(f"confusion-{key}-{name}", comment, flags, _request(token), "ALGORITHM_NOT_ALLOWED")
        token = _token(header='{"alg":"HS256"}', signer=signer)
        comment = "HMAC with a public key as its secret, and no key named"
        group.refuse(f"confusion-{key}-{name}-without-kid", comment, flags, _request(token), "INVALID_SIGNATURE")
    for name, header, signer in (
        ("hs256-as-hs512", '{"alg":"HS512","kid":"2026-q1"}', jose.hs(512, KEY)),
        ("rs256-key-with-ps256", '{"alg":"PS256","kid":"rs"}', jose.ps(256)),
        ("ps256-key-with-ps512", '{"alg":"PS512","kid":"ps256"}', jose.ps(512)),
        ("ps512-key-with-rs256", '{"alg":"RS256","kid":"ps512"}', jose.rs256()),
        ("ed25519-with-the-id-of-p256", '{"alg":"EdDSA","kid":"es"}', jose.eddsa()),
    ):
        comment = "a true signature of another algorithm than the one that the named key is for"
        request = _request(_token(header=header, signer=signer))
        group.refuse(f"bound-{name}", comment, flags, request, "ALGORITHM_NOT_ALLOWED")
    for name, header, signer in (
        ("rs256-called-ps256", '{"alg":"PS256"}', jose.rs256()),
        ("ps256-called-rs256", '{"alg":"RS256"}', jose.ps(256)),
        ("ps256-with-a-shorter-salt", '{"alg":"PS256"}', jose.ps(256, 20)),
        ("ps256-without-salt", '{"alg":"PS256"}', jose.ps(256, 0)),
        ("ps512-with-a-shorter-salt", '{"alg":"PS512"}', jose.ps(512, 32)),
        ("hs512-cut-to-256", '{"alg":"HS512"}', jose.Signer("", lambda data: jose.hs(512, LONG_KEY).sign(data)[:32])),
        ("es256-in-der", '{"alg":"ES256"}', jose.Signer("", lambda data: curves.ecdsa_sign(jose.SCALAR, data))),
        ("es256-of-zeros", '{"alg":"ES256"}', jose.Signer("", lambda _: bytes(64))),
        ("ed25519-of-zeros", '{"alg":"EdDSA"}', jose.Signer("", lambda _: bytes(64))),
        (
            "ed25519-not-reduced",
            '{"alg":"EdDSA"}',
            jose.Signer("", lambda data: curves.ed25519_unreduced(jose.eddsa().sign(data))),
        ),
        ("rs256-of-zeros", '{"alg":"RS256"}', jose.Signer("", lambda _: bytes(256))),
        ("rs256-with-a-zero-before", '{"alg":"RS256"}', jose.Signer("", lambda data: b"\0" + jose.rs256().sign(data))),
        ("hs256-with-a-stranger", HEADER, jose.hs(256, STRANGER_KEY)),
        ("hs256-with-the-key-of-another", HEADER, jose.hs(256, OTHER_KEY)),
        ("hs256-with-hex-decoded", HEADER, jose.hs(256, bytes.fromhex(KEY.decode()))),
        ("ed25519-with-a-stranger", '{"alg":"EdDSA","kid":"ed"}', jose.eddsa(jose.OTHER_SEED)),
        ("hs256-empty", HEADER, jose.Signer("", lambda _: b"")),
        ("hs256-cut", HEADER, jose.Signer("", lambda data: HS256.sign(data)[:31])),
        ("hs256-longer", HEADER, jose.Signer("", lambda data: HS256.sign(data) + b"\0")),
    ):
        request = _request(_token(header=header, signer=signer))
        comment = "no signature of a key of the caller"
        group.refuse(f"signature-{name}", comment, ("WrongKey", "ExactDecoding"), request, "INVALID_SIGNATURE")
    first, second, third = _token().split(b".")
    for name, changed in (
        ("header", _token(header='{"alg":"HS256","typ":"jwt","kid":"2026-q1"}').split(b".")[0] + b"." + second),
        ("payload", first + b"." + _token(_payload(sub=CALLER, x=1)).split(b".")[1]),
    ):
        request = _request(changed + b"." + third)
        group.refuse(
            f"changed-{name}", "another part under the same signature", "Tampered", request, "INVALID_SIGNATURE"
        )


def _headers(group: Group) -> None:
    """Nothing in a header leads to a key but the text of `kid`."""
    for name, value in (
        ("path", "../../../../dev/null"),
        ("url", "http://169.254.169.254/latest"),
        ("statement", "x' UNION SELECT 'k"),
        ("other-case", "2026-Q1"),
        ("of-another-service", "default"),
        ("prefix", "2026-q"),
    ):
        token = _token(header=json.dumps({"alg": "HS256", "kid": value}))
        comment = "an id that no key of the caller has is compared, and nothing else is done with it"
        group.refuse(f"kid-{name}", comment, "KeyByName", _request(token), "UNKNOWN_KEY")
    for name, value in (("number", "1"), ("null", "null"), ("empty", '""'), ("list", '["ed"]'), ("nul", '"ed\\u0000"')):
        request = _request(_token(header=f'{{"alg":"HS256","kid":{value}}}'))
        comment = "an id that is no text, or no text that names anything"
        group.refuse(f"kid-is-{name}", comment, "TokenForm", request, "INVALID_TOKEN")
    for name, value in (("number", "1"), ("null", "null"), ("empty", '""'), ("list", '["JWT"]')):
        request = _request(_token(header=f'{{"alg":"HS256","typ":{value},"kid":"2026-q1"}}'))
        group.refuse(
            f"typ-is-{name}", "a type that is no text (RFC 7515, 4.1.9)", "TokenForm", request, "INVALID_TOKEN"
        )
    stranger = jose.eddsa(jose.OTHER_SEED)
    jwk = jose.ed25519_jwk("ed", jose.OTHER_SEED)
    for name, member in (
        ("jwk", {"jwk": jwk}),
        ("jku", {"jku": "https://attacker.example/keys"}),
        ("x5u", {"x5u": "https://attacker.example/chain"}),
        ("x5c", {"x5c": ["AAAA"]}),
    ):
        token = _token(header=json.dumps({"alg": "EdDSA", "kid": "ed"} | member), signer=stranger)
        comment = "the key that a token brings along is not looked at"
        group.refuse(f"header-{name}", comment, "KeyByName", _request(token), "INVALID_SIGNATURE")
    for name, extension in (
        ("crit-known-claim", '"crit":["exp"],"exp":1'),
        ("crit-unknown", '"crit":["urn:x"],"urn:x":true'),
        ("crit-empty", '"crit":[]'),
        ("crit-null", '"crit":null'),
        ("crit-escaped", '"cr\\u0069t":["x"]'),
        ("b64-false", '"b64":false'),
        ("b64-false-and-critical", '"b64":false,"crit":["b64"]'),
        ("b64-true", '"b64":true'),
        ("zip", '"zip":"DEF"'),
    ):
        request = _request(_token(header=f'{{"alg":"HS256","kid":"2026-q1",{extension}}}'))
        comment = "an extension that would change what the token means"
        group.refuse(f"header-{name}", comment, "TokenExtension", request, "INVALID_TOKEN")


def _form(group: Group) -> None:
    """Three parts, each in its one form, and JSON with one reading."""
    good = _token()
    header, payload, signature = good.split(b".")
    last = bytes([signature[-1] + 1]) if signature[-1:] not in (b"Z", b"z", b"9", b"-", b"_") else b"B"
    for name, value, comment in (
        ("two-parts", header + b"." + payload, "no signature, and no dot before it"),
        ("one-part", header, "one part"),
        ("four-parts", good + b"." + signature, "four parts"),
        ("five-parts", good + b".AA.AA", "five parts: an encrypted token"),
        ("trailing-dot", good + b".", "a dot more"),
        ("empty-header", b"." + payload + b"." + signature, "no header"),
        ("empty-payload", header + b".." + signature, "no payload"),
        ("padding", good + b"=", "padding after the signature"),
        ("padding-in-the-payload", header + b"." + payload + b"=." + signature, "padding after the payload"),
        ("space-before", b" " + good, "two spaces after the scheme"),
        ("space-after", good + b" ", "a space at the end"),
        ("tab-after", good + b"\t", "a tab at the end"),
        ("quotes", b'"' + good + b'"', "quotes round the token"),
        ("standard-alphabet", header + b"." + payload + b"." + b"+" + signature[1:], "a digit of the other alphabet"),
        ("junk-in-a-part", header[:9] + b"?" + header[9:] + b"." + payload + b"." + signature, "a mark inside a part"),
        (
            "unused-bits",
            header + b"." + payload + b"." + signature[:-1] + last,
            "bits that stand for nothing are not zero",
        ),
        (
            "json-serialisation",
            json.dumps({"payload": payload.decode(), "signature": "AA"}).encode().replace(b",", b""),
            "JSON in place of the compact form",
        ),
        ("empty", b"", "no token"),
        ("opaque", b"0123456789abcdef", "a token of another kind"),
        ("too-long", _token(_payload(x="x" * 6100)), "more than 8192 bytes"),
    ):
        group.refuse(f"form-{name}", comment, ("TokenForm", "ExactDecoding"), _request(value), "INVALID_TOKEN")
    longest = _token(_payload(x="x" * 5700))
    group.accept("form-long", "nearly 8192 bytes", ("Genuine", "SizeLimit"), _request(longest))
    for name, length in (("8192", 8192), ("8193", 8193)):
        token = _token_of(length)
        if length == 8192:
            group.accept(f"form-of-{name}-bytes", "the longest token", ("Genuine", "SizeLimit"), _request(token))
        else:
            comment = "one byte more, and right otherwise"
            group.refuse(f"form-of-{name}-bytes", comment, ("TokenForm", "SizeLimit"), _request(token), "INVALID_TOKEN")
    for name, text in (
        ("alg-twice", '{"alg":"HS256","alg":"HS256"}'),
        ("alg-twice-one-of-them-none", '{"alg":"none","alg":"HS256"}'),
        ("alg-twice-behind-an-escape", '{"alg":"HS256","\\u0061lg":"HS256"}'),
        ("trailing-bytes", '{"alg":"HS256"}x'),
        ("two-objects", '{"alg":"HS256"}{"alg":"HS256"}'),
        ("list", '["HS256"]'),
        ("byte-order-mark", '\ufeff{"alg":"HS256"}'),
        ("trailing-comma", '{"alg":"HS256",}'),
        ("single-quotes", "{'alg':'HS256'}"),
        ("comment", '{"alg":"HS256"/**/}'),
        ("empty", ""),
        ("too-deep", '{"alg":"HS256","x":' + "[" * 8 + "]" * 8 + "}"),
    ):
        request = _request(_token(header=text))
        group.refuse(f"header-json-{name}", "the header is not one JSON object", "TokenForm", request, "INVALID_TOKEN")
    body = _payload()[1:-1]
    for name, text in (
        ("exp-twice", f'{{{body},"exp":{NOW + 9999}}}'),
        ("sub-twice", f'{{{body},"sub":"{OTHER}"}}'),
        ("sub-twice-behind-an-escape", f'{{{body},"s\\u0075b":"{OTHER}"}}'),
        ("a-nested-member-twice", f'{{{body},"x":{{"a":1,"a":2}}}}'),
        ("trailing-bytes", f"{{{body}}}\0"),
        ("text", '"x"'),
        ("not-json", "foo"),
        ("empty", ""),
        ("nan", f'{{{body},"x":NaN}}'),
        ("leading-zero", f'{{{body},"x":01}}'),
        ("half-a-surrogate-pair", f'{{{body},"x":"\\ud800"}}'),
        ("line-end-in-a-string", f'{{{body},"x":"a\nb"}}'),
        ("too-deep", f'{{{body},"x":{"[" * 8}{"]" * 8}}}'),
        ("very-deep", f'{{{body},"x":{"[" * 2000}{"]" * 2000}}}'),
        ("too-many-members", "{" + body + "".join(f',"m{at}":0' for at in range(64)) + "}"),
    ):
        group.refuse(
            f"payload-{name}",
            "the payload is not one JSON object",
            "TokenForm",
            _request(_token(text)),
            "INVALID_TOKEN",
        )


def _claims(group: Group) -> None:
    """A claim of the wrong type is malformed, and not absent."""
    for claim in ("iss", "sub", "jti"):
        for name, value in (
            ("number", "1"),
            ("null", "null"),
            ("list", '["x"]'),
            ("empty", '""'),
            ("nul", '"x\\u0000"'),
            ("next-line", '"x\\u0085"'),
        ):
            request = _request(_token(_written(claim, value)))
            comment = f"{claim} is no text, or none that names anything"
            group.refuse(f"claim-{claim}-{name}", comment, "ClaimType", request, "INVALID_TOKEN")
    for name, value in (("number", "1"), ("null", "null"), ("object", "{}"), ("list-with-number", f'["{OWN}",1]')):
        request = _request(_token(_written("aud", value)))
        group.refuse(f"claim-aud-{name}", "aud is no text, and no list of texts", "ClaimType", request, "INVALID_TOKEN")
    for name, value in (
        ("empty", '""'),
        ("of-513-bytes", f'"{"x" * 513}"'),
        ("nul", f'"{OWN}\\u0000"'),
        ("delete", f'"{OWN}\\u007f"'),
        ("next-line", f'"{OWN}\\u0085"'),
    ):
        comment = "aud is a text that names nothing, which is found before anybody asks who issued the token"
        request = _request(_token(_written("aud", value, iss="nobody-knows-it")))
        group.refuse(f"claim-aud-{name}", comment, "ClaimType", request, "INVALID_TOKEN")
    for name, other in (("empty", ""), ("nul", "x\0"), ("of-513-bytes", "x" * 513)):
        request = _request(_token(_payload(aud=[other, OWN])))
        comment = "of a list each item is a text, and the one that names this service counts"
        group.accept(f"claim-aud-list-with-{name}", comment, ("ClaimType", "Genuine"), request, service=CALLER)
    for claim in ("exp", "nbf", "iat"):
        for name, value in (
            ("text", f'"{NOW + 9}"'),
            ("fraction", f"{NOW + 9}.5"),
            ("fraction-of-zero", f"{NOW + 9}.0"),
            ("exponent", "1.7e9"),
            ("negative", "-1"),
            ("null", "null"),
            ("huge", "1e99"),
            ("thirteen-digits", "1767225600000"),
            ("more-than-64-bits", "18446744073709551617"),
        ):
            request = _request(_token(_written(claim, value)))
            comment = f"{claim} is not whole seconds of up to 12 digits"
            group.refuse(f"claim-{claim}-{name}", comment, ("ClaimType", "StrictTimestamp"), request, "INVALID_TOKEN")
    without = _request(_token(_payload(exp=())))
    group.refuse("claim-exp-absent", "a token without an end", "TokenTime", without, "INVALID_TOKEN")
    audiences: tuple[tuple[str, Json], ...] = (
        ("absent", ()),
        ("another", OTHER),
        ("other-case", OWN.upper()),
        ("prefix", OWN[:-1]),
        ("with-space", OWN + " "),
        ("of-an-empty-list", []),
        ("of-a-list-of-others", [OTHER, CALLER]),
        ("in-one-text-of-several", f"{OTHER} {OWN}"),
    )
    for name, audience in audiences:
        request = _request(_token(_payload(aud=audience)))
        group.refuse(f"audience-{name}", "the token is not for this service", "OtherTarget", request, "INVALID_TOKEN")


def _times(group: Group) -> None:
    """Clocks may differ by 30 seconds, unless the config says otherwise."""
    for name, now, comment in (
        ("start", NOW, "the second in which it was issued"),
        ("end", NOW + 299, "its last second"),
        ("end-with-leeway", NOW + 329, "the last second that the leeway adds"),
        ("start-with-leeway", NOW - 30, "the first second that the leeway adds"),
    ):
        group.accept(f"time-{name}", comment, "TokenTime", _request(_token()), now=now, service=CALLER)
    expired = "TOKEN_EXPIRED"
    group.refuse(
        "time-over", "the end and the leeway are over", "TokenTime", _request(_token()), expired, now=NOW + 330
    )
    group.refuse("time-long-over", "a year later", "TokenTime", _request(_token()), expired, now=NOW + 31_536_000)
    zero = _request(_token(_payload(exp=0, iat=())))
    group.refuse("time-exp-zero", "it has ended in 1970", "TokenTime", zero, expired)
    early = _request(_token())
    group.refuse("time-iat-in-the-future", "issued in the future", "TokenTime", early, "INVALID_TOKEN", now=NOW - 31)
    later = _request(_token(_payload(nbf=NOW + 31)))
    group.refuse("time-nbf-in-the-future", "not valid yet", "TokenTime", later, "INVALID_TOKEN")
    soon = _request(_token(_payload(nbf=NOW + 30)))
    group.accept("time-nbf-within-the-leeway", "valid in 30 seconds, which clocks may differ by", "TokenTime", soon)
    for claim in ("iat", "nbf", "jti"):
        request = _request(_token(_payload(**{claim: ()})))
        group.accept(f"time-without-{claim}", f"a token needs no {claim}", "TokenTime", request, service=CALLER)
    forged = _request(_token(signer=jose.hs(256, STRANGER_KEY)))
    comment = "forged and over: of a token that nobody has signed nothing is said but that"
    group.refuse(
        "time-over-and-forged", comment, ("TokenTime", "Precedence"), forged, "INVALID_SIGNATURE", now=NOW + 999
    )


def _identity(group: Group) -> None:
    for name, value in (("unknown", "intruder"), ("other-case", CALLER.upper()), ("url", "http://intruder.example")):
        request = _request(_token(_payload(iss=value)))
        group.refuse(
            f"issuer-{name}", "nobody of that name issues tokens", "UnknownService", request, "UNKNOWN_SERVICE"
        )
    request = _request(_token(_payload(iss=())))
    group.refuse("issuer-absent", "the token does not say who issued it", "UnknownService", request, "UNKNOWN_SERVICE")
    request = _request(_token(_payload(sub=OTHER)))
    comment = "a service issues tokens about itself, and not about another one"
    group.refuse("subject-another", comment, "VerifiedIdentity", request, "INVALID_TOKEN")
    request = _request(_token(_payload(iss=OTHER, sub=OTHER), '{"alg":"HS256"}'))
    comment = "another service is named, whose key did not sign"
    group.refuse("issuer-another", comment, "VerifiedIdentity", request, "INVALID_SIGNATURE")
    request = _request(_token(_payload(iss=OTHER, sub=OTHER), '{"alg":"HS256"}', jose.hs(256, OTHER_KEY)))
    group.accept("issuer-another-with-its-key", "another service with its own key", "Genuine", request, service=OTHER)


def _carrier(group: Group) -> None:
    good = _token()
    for name, scheme in (("lower-case", b"bearer "), ("upper-case", b"BEARER ")):
        comment = "the name of the scheme has no letter case"
        group.accept(f"carrier-{name}", comment, "HeaderNames", _request(good, scheme), service=CALLER)
    request = _request(good).renaming("Authorization", "aUTHORIZATION")
    group.accept("carrier-header-name", "the name of the header has no letter case", "HeaderNames", request)
    for name, scheme in (("basic", b"Basic "), ("token", b"Token "), ("none", b""), ("bearer-x", b"BearerX ")):
        request = _request(good, scheme)
        comment = "what Authorization holds is of another kind"
        group.refuse(f"carrier-{name}", comment, "OneCredential", request, "AUTHENTICATION_REQUIRED")
    comma = _request(b",", b"")
    group.refuse("carrier-comma", "nothing but a comma is no token", "OneCredential", comma, "AUTHENTICATION_REQUIRED")
    bare = Request(method=b"GET", target=b"/")
    group.refuse("carrier-absent", "no Authorization", "MissingHeader", bare, "AUTHENTICATION_REQUIRED")
    for name, request in (
        ("twice", _request(good).adding("Authorization", b"Bearer " + good)),
        ("twice-other-case", _request(good).adding("authorization", b"Bearer " + good)),
        ("twice-basic-first", _request(b"YTpi", b"Basic ").adding("Authorization", b"Bearer " + good)),
        ("twice-basic-last", _request(good).adding("Authorization", b"Basic YTpi")),
        ("joined", _request(good + b", Bearer " + good)),
        ("joined-without-space", _request(good + b",Bearer " + good)),
    ):
        comment = "two values of Authorization, as the server has handed them on"
        group.refuse(f"carrier-{name}", comment, "RepeatedHeader", request, "DUPLICATE_HEADER")
    for name, request in (
        ("query", Request(method=b"GET", target=b"/?access_token=" + good)),
        ("other-header", Request(method=b"GET", target=b"/", headers=(("X-Authorization", b"Bearer " + good),))),
        ("body", Request(method=b"POST", target=b"/", body=b"access_token=" + good)),
    ):
        comment = "a token in another place than Authorization is none"
        group.refuse(f"carrier-in-{name}", comment, "OneCredential", request, "AUTHENTICATION_REQUIRED")


def _settings(suite: Suite) -> None:
    exact = suite.group("no leeway, another audience", _config(jwt={"leeway": 0, "audience": ["a", "b"]}), ENV)
    request = _request(_token(_payload(aud="b")))
    exact.accept("leeway-0-end", "its last second", "TokenTime", request, now=NOW + 299)
    exact.refuse("leeway-0-over", "the second of its end", "TokenTime", request, "TOKEN_EXPIRED", now=NOW + 300)
    exact.refuse("leeway-0-early", "a second too early", "TokenTime", request, "INVALID_TOKEN", now=NOW - 1)
    own = _request(_token())
    comment = "the names that the config gives stand in place of the service's own"
    exact.refuse("audience-own-id-not-listed", comment, "OtherTarget", own, "INVALID_TOKEN")

    once = suite.group("each token once", _config(jwt={"once": True}), ENV)
    request = _request(_token())
    once.steps("once-first", "the first use", ("Replay", "ReplayKey"), accepted(request, service=CALLER))
    once.steps(
        "once-again",
        "the same token a second time, with another request",
        "Replay",
        accepted(request),
        refused(request.but(method=b"GET", body=b""), "REPLAYED_REQUEST"),
    )
    other = _request(_token(_payload(jti="7" * 32)))
    once.steps("once-another", "another token of the same service", "Replay", accepted(request), accepted(other))
    forged = _request(_token(signer=jose.hs(256, STRANGER_KEY)))
    comment = "a forged token leaves no trace of its id"
    once.steps(
        "once-forged-first", comment, "RefusedIsNotSeen", refused(forged, "INVALID_SIGNATURE"), accepted(request)
    )
    without = _request(_token(_payload(jti=())))
    once.refuse("once-without-jti", "no id to remember", "StrictNonce", without, "MISSING_NONCE")
    for name, value in (("short", "a"), ("long", "a" * 65), ("spaces", "a b c d e f g h i j")):
        request = _request(_token(_payload(jti=value)))
        once.refuse(f"once-jti-{name}", "an id that cannot be remembered", "StrictNonce", request, "INVALID_NONCE")

    beside: Json = [{"match": "POST /**", "require_all": ["api-key", "jwt"]}]
    callers = registry(caller={"keys": _keys(), "api_keys": [{"secret": "env:ONCE_API_KEY"}]})
    document = _config(jwt={"once": True}, routes=beside) | {"services": callers}
    with_key = suite.group("each token once, beside an API key", document, ENV | {"ONCE_API_KEY": "k-" + "5d1e" * 10})
    request = _request(_token()).adding("X-Service-API-Key", b"k-" + b"5d1e" * 10)
    with_key.steps(
        "once-beside-api-key",
        "an API key tells no request from its copy",
        "Replay",
        accepted(request, service=CALLER, scheme="api-key"),
        refused(request, "REPLAYED_REQUEST"),
    )

    lives = registry(
        caller={
            "keys": [
                {"id": "2026-q1", "secret": "env:IMAGE_SERVICE_SECRET", "state": "revoked"},
                {"id": "ed", "algorithm": "ed25519", "public_key": "env:ED25519_PUBLIC", "state": "retiring"},
            ]
        }
    )
    life = suite.group("keys at the end of their lives", _config() | {"services": lives}, ENV)
    life.refuse("key-revoked", "the key is revoked", "KeyLife", _request(_token()), "KEY_NOT_VALID_NOW")
    retiring = _request(_token(header='{"alg":"EdDSA","kid":"ed"}', signer=jose.eddsa()))
    life.accept("key-retiring", "the key is on its way out", "Rotation", retiring, key="ed", retiring=True)

    strict = suite.group("a strict route", _config(routes=[{"match": "POST /**", "strict": True}]), ENV)
    comment = "a token signs nothing of the request, so it opens no route that asks for that"
    strict.refuse("strict-route", comment, "QueryUncovered", _request(_token()), "INSUFFICIENT_COVERAGE")


def _issuers(suite: Suite) -> None:
    issuers: Json = {
        ISSUER: {
            "jwks": "env:JWKS",
            "caller_claim": "client.id",
            "permissions_claim": "permissions",
            "tenant_claim": "tenant",
        },
        USERS: {"keys": [{"id": "ed", "algorithm": "ed25519", "public_key": "env:ED25519_PUBLIC"}], "callers": "users"},
    }
    group = suite.group("issuers", _config(jwt={"issuers": issuers}), ENV)
    about: dict[str, Json] = {"iss": ISSUER, "sub": "x", "client": {"id": CALLER}, "permissions": ["POST /api/**"]}
    signers = {
        "ed": ('{"alg":"EdDSA","kid":"ed"}', jose.eddsa(jose.OTHER_SEED)),
        "ec": ('{"alg":"ES256","kid":"ec"}', jose.es256()),
        "rsa": ('{"alg":"RS256","kid":"rsa"}', jose.rs256()),
    }
    for name, (header, signer) in signers.items():
        request = _request(_token(_payload(**about), header, signer))
        comment = "a token of an issuer about a service, signed with a key of its set"
        group.accept(f"issuer-set-{name}", comment, "Genuine", request, service=CALLER, key=name, scheme="jwt")
    header, signer = signers["ed"]

    def of(**changes: Json) -> Request:
        return _request(_token(_payload(**(about | changes)), header, signer))

    for name, request, code, comment in _wrong_of_issuer(of):
        group.refuse(f"issuer-{name}", comment, "VerifiedIdentity", request, code)
    paths = of(permissions="/x /api/**")
    group.accept("issuer-permissions-of-paths", "permissions in one text", "Permission", paths, service=CALLER)
    methods = of(permissions="GET /x POST /api/**")
    comment = "permissions with methods in one text"
    group.accept("issuer-permissions-of-methods", comment, "Permission", methods, service=CALLER)
    for name, kid, signer_ in (
        ("ps256-of-an-rsa-key", '{"alg":"PS256","kid":"rsa"}', jose.ps(256)),
        ("hs256-of-a-public-key", '{"alg":"HS256","kid":"rsa"}', jose.hs(256, jose.rsa_pem().encode())),
    ):
        request = _request(_token(_payload(**about), kid, signer_))
        comment = "an RSA key of a set that names no algorithm is for RS256"
        group.refuse(f"issuer-set-{name}", comment, "AlgorithmFixed", request, "ALGORITHM_NOT_ALLOWED")
    request = _request(_token(_payload(**about), '{"alg":"EdDSA","kid":"gone"}', signer))
    group.refuse("issuer-set-without-the-key", "no key of that id", "KeyByName", request, "UNKNOWN_KEY")
    request = _request(_token(_payload(**about), '{"alg":"EdDSA","kid":"ed"}', jose.eddsa()))
    comment = "the key of another issuer, which has the same id there"
    group.refuse("issuer-with-the-key-of-another", comment, "WrongKey", request, "INVALID_SIGNATURE")

    user = _request(_token(_payload(iss=USERS, sub="user-7"), '{"alg":"EdDSA","kid":"ed"}', jose.eddsa()))
    group.accept("users", "a token about a user", "Genuine", user, key="ed", scheme="jwt")
    named = _request(_token(_payload(iss=USERS, sub=CALLER), '{"alg":"EdDSA","kid":"ed"}', jose.eddsa()))
    comment = "a user of that name is not the service of that name"
    group.accept("users-with-the-name-of-a-service", comment, "VerifiedIdentity", named, service=f"issuer:{USERS}")

    typed: Json = {ISSUER: {"jwks": "env:JWKS", "caller_claim": "client.id", "type": "at+jwt"}}
    group = suite.group("issuers that name a type", _config(jwt={"issuers": typed}), ENV)
    for name, kind, is_right in (
        ("genuine", '"typ":"at+jwt",', True),
        ("in-other-letters", '"typ":"Application/AT+JWT",', True),
        ("other", '"typ":"JWT",', False),
        ("absent", "", False),
    ):
        request = _request(_token(_payload(**about), f'{{{kind}"alg":"EdDSA","kid":"ed"}}', signer))
        comment = "a type is a media type: without letter case, and without application/ (RFC 7515, 4.1.9)"
        if is_right:
            group.accept(f"issuer-type-{name}", comment, ("TokenForm", "Genuine"), request, service=CALLER)
        else:
            group.refuse(f"issuer-type-{name}", comment, "TokenForm", request, "INVALID_TOKEN")


def _wrong_of_issuer(of: object) -> Iterator[tuple[str, Request, str, str]]:
    assert callable(of)
    for name, changes, code, comment in (
        ("caller-unknown", {"client": {"id": "intruder"}}, "UNKNOWN_SERVICE", "a caller that nobody knows"),
        ("caller-absent", {"client": ()}, "UNKNOWN_SERVICE", "no caller at all: sub is not asked"),
        ("caller-of-the-wrong-type", {"client": {"id": 7}}, "INVALID_TOKEN", "a caller that is a number"),
        ("caller-in-a-list", {"client": {"id": [CALLER]}}, "INVALID_TOKEN", "a caller that is a list"),
        ("permissions-absent", {"permissions": ()}, "PERMISSION_DENIED", "no permissions"),
        ("permissions-empty", {"permissions": []}, "PERMISSION_DENIED", "an empty list of permissions"),
        ("permissions-of-another-method", {"permissions": "GET /api/**"}, "PERMISSION_DENIED", "its word counts"),
        ("permissions-for-others", {"permissions": ["GET /api/**"]}, "PERMISSION_DENIED", "another method"),
        ("permissions-of-the-wrong-type", {"permissions": {"a": 1}}, "INVALID_TOKEN", "permissions that are an object"),
        ("permissions-with-a-number", {"permissions": ["POST /**", 1]}, "INVALID_TOKEN", "a number among them"),
        ("tenant-of-the-wrong-type", {"tenant": 7}, "INVALID_TOKEN", "a tenant that is a number"),
        ("of-another-case", {"iss": ISSUER.upper()}, "UNKNOWN_SERVICE", "the name in another letter case"),
        ("with-a-slash", {"iss": ISSUER + "/"}, "UNKNOWN_SERVICE", "a slash more"),
        ("audience", {"aud": OTHER}, "INVALID_TOKEN", "the token is for another service"),
        ("expired", {"exp": NOW - 31}, "TOKEN_EXPIRED", "the end has passed"),
    ):
        yield name, of(**changes), code, comment


def _beside(suite: Suite) -> None:
    v2 = Scheme.SERVICE_HMAC_V2
    both = {"accept": ["jwt", v2.value]}
    either = suite.group("a token or a signature", _config() | both, ENV)
    signature = signed(v2, Call(), KEY)
    bearer = b"Bearer " + _token()
    either.accept("either-signature", "a signature alone", "OneCredential", signature, scheme=v2.value)
    either.accept("either-token", "a token alone", "OneCredential", _request(_token()), scheme="jwt")
    either.accept(
        "either-basic-beside", "Basic is no token", "OneCredential", signature.adding("Authorization", b"Basic YTpi")
    )
    comment = "two credentials where one is asked for"
    twice = signature.adding("Authorization", bearer)
    either.refuse("either-both", comment, "OneCredential", twice, "AMBIGUOUS_CREDENTIALS")

    match: Json = [{"match": "POST /**", "require_all": ["jwt", v2.value]}]
    proof = suite.group("a token that is bound to its request by a signature", _config(routes=match) | both, ENV)
    proof.accept("bound-both", "both, of the same service", "RequireAll", twice, service=CALLER)
    proof.refuse("bound-token-alone", "the token alone", "RequireAll", _request(_token()), "AUTHENTICATION_REQUIRED")
    proof.refuse("bound-signature-alone", "the signature alone", "RequireAll", signature, "AUTHENTICATION_REQUIRED")
    of_other = _token(_payload(iss=OTHER, sub=OTHER), '{"alg":"HS256"}', jose.hs(256, OTHER_KEY))
    mixed = signature.adding("Authorization", b"Bearer " + of_other)
    comment = "a stolen token beside the thief's own signature"
    proof.refuse("bound-stolen-token", comment, "RequireAll", mixed, "AMBIGUOUS_CREDENTIALS")
    changed = twice.but(body=b"{}")
    proof.refuse(
        "bound-changed-body", "the token is good, the body is another", "Tampered", changed, "INVALID_SIGNATURE"
    )
