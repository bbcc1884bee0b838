"""API keys: a text that says by itself who calls, looked up among the registry's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OWN, SECRETS, registry, secret
from model import accepted, check, refused, replace_config, sign, signs_as
from request import Request
from suites.config import ConfigSuite
from suites.keys import time
from wire import NONCE, NOW, Call, Scheme, signed

if TYPE_CHECKING:
    from model import Suite
    from request import Json

HEADER = "X-Service-API-Key"
FIRST = secret("an api key of the image service")
SECOND = secret("another api key of the image service")
OTHERS = secret("an api key of the price scraper")
ENV = SECRETS | {"FIRST": FIRST, "SECOND": SECOND, "OTHERS": OTHERS}
REQUEST = Request(method=b"POST", target=b"/api/images/7", headers=((HEADER, FIRST.encode()),), body=b'{"a":1}')

UNKNOWN, NOT_NOW = "UNKNOWN_KEY", "KEY_NOT_VALID_NOW"


def suite() -> Suite:
    """Build the vector file."""
    suite = ConfigSuite("api-key")
    _plain(suite)
    _values(suite)
    _lives(suite)
    _policy(suite)
    _choice(suite)
    _shared_document(suite)
    _replaced(suite)
    _signing(suite)
    _errors(suite)
    return suite


def document(*accept: str, keys: list[Json] | None = None, **members: Json) -> dict[str, Json]:
    """Return a config that accepts API keys, of which two services have some."""
    own: list[Json] = [{"id": "laptop", "secret": "env:FIRST"}, {"secret": "env:SECOND"}]
    services = registry(caller={"api_keys": keys or own}, other={"api_keys": [{"secret": "env:OTHERS"}]})
    base: dict[str, Json] = {"service": OWN, "accept": list(accept or ("api-key",)), "services": services}
    return base | members


def with_key(text: bytes | str, request: Request = REQUEST) -> Request:
    """Return a request with this text as its API key."""
    return request.set(HEADER, text if isinstance(text, bytes) else text.encode())


def _plain(suite: ConfigSuite) -> None:
    group = suite.group("services with API keys", document(), ENV)
    group.accept(
        "genuine",
        "the first key, with the whole result",
        "Genuine",
        REQUEST,
        service=CALLER,
        key="laptop",
        scheme="api-key",
        age=None,
        route=None,
        retiring=False,
        public=False,
        covered=[],
        replay_key=None,
    )
    group.accept("second", "a key without an id has its place", "Genuine", with_key(SECOND), service=CALLER, key="2")
    group.accept("other", "a key of another service", "Genuine", with_key(OTHERS), service=OTHER, key="1")
    lower = REQUEST.renaming(HEADER, HEADER.lower())
    group.accept("lower-case-header", "names have no letter case", "HeaderNames", lower, service=CALLER)
    upper = REQUEST.renaming(HEADER, HEADER.upper())
    group.accept("upper-case-header", "names have no letter case", "HeaderNames", upper, service=CALLER)
    group.accept("empty-body", "no body", "Uncovered", REQUEST.but(body=b""), service=CALLER)
    group.accept("other-path", "a key binds no path", "Uncovered", REQUEST.but(target=b"/elsewhere?a=1"), covered=[])
    claims = REQUEST.adding("X-Service-ID", OTHER.encode()).adding("X-Service-Name", OWN.encode())
    comment = "who calls is what the key says, and not what the request says"
    group.accept("claimed-service", comment, "VerifiedIdentity", claims, service=CALLER)
    claims = claims.adding("X-Service-ID", b"twice")
    group.accept("claimed-service-twice", comment, "HeaderNames", claims, service=CALLER)
    stream = accepted(REQUEST, chunks=[1, 2], service=CALLER, key="laptop")
    group.steps("stream", "the body in pieces", "Stream", stream)
    again = (accepted(REQUEST), accepted(REQUEST), accepted(REQUEST, now=NOW + 86_400))
    group.steps("again", "a key says nothing about one request, so none is remembered", "Repetition", *again)


def _values(suite: ConfigSuite) -> None:
    group = suite.group("what is no key", document(), ENV)
    for name, text in (
        ("empty", b""),
        ("cut", FIRST[:-1].encode()),
        ("longer", FIRST.encode() + b"0"),
        ("upper-case", FIRST.upper().encode()),
        ("first-letter", FIRST[:1].encode()),
        ("stranger", secret("a stranger").encode()),
        ("signing-secret", KEY),
        ("raw", bytes.fromhex(FIRST)),
        ("space-before", b" " + FIRST.encode()),
        ("space-after", FIRST.encode() + b" "),
        ("line-end", FIRST.encode() + b"\n"),
        ("nul", FIRST.encode() + b"\0"),
        ("not-ascii", FIRST[:-1].encode() + b"\xe9"),
        ("bearer", b"Bearer " + FIRST.encode()),
        ("quoted", b'"' + FIRST.encode() + b'"'),
        ("512", b"k" * 512),
        ("513", b"k" * 513),
        ("8000", b"k" * 8000),
        ("service-and-key", CALLER.encode() + b":" + FIRST.encode()),
        ("digest", b"sha256:" + FIRST.encode()),
        ("star", b"*"),
    ):
        comment = "not a key of any service"
        group.refuse(f"unknown-{name}", comment, "ApiKey", with_key(text), UNKNOWN)
    bare = REQUEST.without(HEADER)
    group.refuse("missing", "no key", "MissingHeader", bare, "AUTHENTICATION_REQUIRED")
    for name, header in (
        ("authorization", "Authorization"),
        ("x-api-key", "X-API-Key"),
        ("underscores", "X_Service_API_Key"),
    ):
        request = bare.adding(header, FIRST.encode())
        group.refuse(f"other-header-{name}", "another header", "ApiKey", request, "AUTHENTICATION_REQUIRED")
    in_query = bare.but(target=b"/api/images/7?api_key=" + FIRST.encode())
    group.refuse("in-query", "a key in the URL ends up in logs", "ApiKey", in_query, "AUTHENTICATION_REQUIRED")
    for name, request in (
        ("twice-equal", REQUEST.adding(HEADER, FIRST.encode())),
        ("twice-other", REQUEST.adding(HEADER, OTHERS.encode())),
        ("twice-other-case", REQUEST.adding(HEADER.lower(), FIRST.encode())),
        ("twice-empty", REQUEST.adding(HEADER, b"")),
        ("joined", with_key(FIRST + ", " + FIRST)),
        ("joined-tight", with_key(FIRST + "," + OTHERS)),
        ("comma-after", with_key(FIRST + ",")),
    ):
        group.refuse(name, "two keys, or two in one", "RepeatedHeader", request, "DUPLICATE_HEADER")
    malformed = REQUEST.but(method=b"post")
    group.refuse("order-method", "the request itself comes first", "Precedence", malformed, "MALFORMED_REQUEST")
    uniform = suite.group("little revealed", document(reveal="uniform"), ENV)
    uniform.refuse("uniform", "the verdict is the same", "Uniform", with_key("nobody"), UNKNOWN)


def _lives(suite: ConfigSuite) -> None:
    keys: list[Json] = [
        {"id": "next", "secret": "env:FIRST", "not_before": time(NOW + 100)},
        {"id": "old", "secret": "env:SECOND", "state": "retiring", "not_after": time(NOW + 50)},
        {"id": "gone", "secret": "env:GONE", "state": "revoked"},
    ]
    env = ENV | {"GONE": secret("a revoked api key")}
    group = suite.group("keys in their lives", document(keys=keys), env)
    old, gone = with_key(SECOND), with_key(env["GONE"])
    group.accept("life-retiring", "on its way out", "KeyLife", old, key="old", retiring=True, now=NOW + 49)
    group.accept("life-begun", "its time has come", "KeyLife", REQUEST, key="next", retiring=False, now=NOW + 100)
    for name, request, now in (("not-yet", REQUEST, NOW + 99), ("over", old, NOW + 50), ("revoked", gone, NOW)):
        group.refuse(f"life-{name}", "the key is right, and not valid", "KeyLife", request, NOT_NOW, now=now)
    stream = refused(gone, NOT_NOW, chunks=[3])
    group.steps("life-revoked-stream", "the same in pieces", ("KeyLife", "Stream"), stream)


def _policy(suite: ConfigSuite) -> None:
    routes: list[Json] = [
        {"match": "GET /health", "public": True},
        {"match": "/internal/**", "services": [OTHER]},
        {"match": "/strict/**", "strict": True},
        {"match": "/signed/**", "accept": ["service-hmac-v2"]},
    ]
    services: dict[str, Json] = registry(
        caller={
            "api_keys": [{"secret": "env:FIRST"}],
            "permissions": ["GET /api/**", "/internal/**", "/strict/**", "/signed/**"],
            "environments": ["staging"],
        },
        other={"api_keys": [{"secret": "env:OTHERS"}], "allowed_targets": ["elsewhere"]},
        own={"api_keys": [{"secret": "env:SECOND"}]},
    )
    members: dict[str, Json] = {"routes": routes, "services": services, "environment": "staging"}
    group = suite.group("policy", document() | members, ENV)
    get = REQUEST.but(method=b"GET", body=b"")
    group.accept("policy-permitted", "what the caller may do", "Permission", get, service=CALLER)
    health = get.but(target=b"/health")
    group.accept("policy-public", "nobody is looked at", "PublicRoute", health, public=True, service=None, covered=[])
    for name, request, code in (
        ("permission", REQUEST, "PERMISSION_DENIED"),
        ("route-service", get.but(target=b"/internal/a"), "SERVICE_NOT_ALLOWED"),
        ("target", with_key(OTHERS, get), "TARGET_NOT_ALLOWED"),
        ("strict", get.but(target=b"/strict/a"), "INSUFFICIENT_COVERAGE"),
        ("strict-query", get.but(target=b"/strict/a?b=1"), "INSUFFICIENT_COVERAGE"),
        ("strict-before-unknown", with_key("x", get.but(target=b"/strict/a")), "INSUFFICIENT_COVERAGE"),
        ("route-scheme", get.but(target=b"/signed/a"), "AUTHENTICATION_REQUIRED"),
        ("ambiguous-path", get.but(target=b"/api/../internal/a"), "MALFORMED_REQUEST"),
        ("unknown-first", with_key("x", REQUEST), UNKNOWN),
    ):
        group.refuse(f"policy-{name}", "not what this caller may do", "Permission", request, code)
    elsewhere = suite.group("another environment", document() | members | {"environment": "production"}, ENV)
    elsewhere.refuse("policy-environment", "another environment", "Environment", get, "ENVIRONMENT_NOT_ALLOWED")
    small = suite.group("small bodies", document(limits={"body_bytes": 3}), ENV)
    small.refuse("body-limit", "a long body", "SizeLimit", REQUEST, "BODY_TOO_LARGE")
    small.refuse("body-limit-unknown", "an unknown key comes before the body", "Precedence", with_key("x"), UNKNOWN)


def _choice(suite: ConfigSuite) -> None:
    group = suite.group("keys or signatures", document("service-hmac-v2", "api-key"), ENV)
    call = signed(Scheme.SERVICE_HMAC_V2, Call(target=b"/api/images/7", body=REQUEST.body), KEY)
    group.accept("either-key", "a key", "Genuine", REQUEST, scheme="api-key", service=CALLER)
    group.accept("either-signature", "a signature", "Genuine", call, scheme="service-hmac-v2", service=CALLER)
    both = call.adding(HEADER, FIRST.encode())
    for name, request, code in (
        ("both", both, "AMBIGUOUS_CREDENTIALS"),
        ("both-bad-key", both.set(HEADER, b"x"), "AMBIGUOUS_CREDENTIALS"),
        ("both-bad-signature", both.set("X-Signature", b"x"), "AMBIGUOUS_CREDENTIALS"),
        ("neither", REQUEST.without(HEADER), "AUTHENTICATION_REQUIRED"),
    ):
        group.refuse(f"either-{name}", "not exactly one", "OneCredential", request, code)
    only = suite.group("signatures alone", document("service-hmac-v2"), ENV)
    only.refuse("not-accepted", "keys are not accepted here", "ApiKey", REQUEST, "AUTHENTICATION_REQUIRED")
    only.accept("not-looked-at", "a key is foreign here", "HeaderNames", both, scheme="service-hmac-v2")


def _shared_document(suite: ConfigSuite) -> None:
    """Keys of all services in one variable, as a JSON object from key to service."""
    shared = json.dumps({FIRST: CALLER, OTHERS: OTHER, SECOND: CALLER})
    base: dict[str, Json] = {"service": OWN, "accept": ["api-key"], "services": registry(), "api_keys": "env:SHARED"}
    group = suite.group("keys in one variable", base, SECRETS | {"SHARED": shared})
    group.accept("shared-first", "a key of the object", "ApiKey", REQUEST, service=CALLER, key="1")
    group.accept("shared-other", "another service's", "ApiKey", with_key(OTHERS), service=OTHER, key="1")
    group.accept("shared-second", "a second one", "ApiKey", with_key(SECOND), service=CALLER, key="2")
    group.refuse("shared-unknown", "not in it", "ApiKey", with_key("x"), UNKNOWN)
    for name, text in (
        ("not-json", "not json"),
        ("array", json.dumps([FIRST])),
        ("turned-round", json.dumps({CALLER: FIRST})),
        ("unknown-service", json.dumps({FIRST: "nobody"})),
        ("short-key", json.dumps({"short": CALLER})),
        ("no-text", json.dumps({FIRST: 1})),
        ("twice", f'{{"{FIRST}": "{CALLER}", "{FIRST}": "{CALLER}"}}'),
    ):
        comment = "not an object from key to service"
        suite.bad(f"shared-{name}", comment, "ConfigSecret", base, "/api_keys", env=SECRETS | {"SHARED": text})
    comment = "no such variable"
    suite.bad("shared-not-set", comment, "ConfigSecret", base, "/api_keys", env=SECRETS)


def _replaced(suite: ConfigSuite) -> None:
    group = suite.group("a key that is taken away", document(), ENV)
    rest = document(keys=[{"secret": "env:SECOND"}])
    comment = "a key that the new config does not have opens nothing any more"
    steps = (accepted(REQUEST), replace_config(rest, {"ok": {}}), refused(REQUEST, UNKNOWN))
    group.steps("replaced", comment, "ConfigReplaced", *steps)


def _signing(suite: ConfigSuite) -> None:
    """A caller sends the key that the called service has given out."""
    services: dict[str, Json] = {OWN: {"call_with": "env:FIRST"}, OTHER: {"url": "https://prices.internal"}}
    base: dict[str, Json] = {"service": CALLER, "sign_with": "api-key", "services": services}
    group = suite.group("calling with a key", base, ENV)
    bare = REQUEST.without(HEADER)
    fields = [(HEADER, FIRST.encode()), ("X-Request-ID", NONCE.encode())]
    comment = "the key of the called service, over nothing"
    group.steps("sign", comment, "Signing", sign(bare, signs_as(fields, b""), target=OWN))
    failed: Json = {"failed": "SIGNING_FAILED"}
    for name, target in (("no-target", None), ("no-key", OTHER), ("unknown-target", "nobody")):
        comment = "there is no key for the service that is called"
        group.steps(f"sign-{name}", comment, "CannotSign", sign(bare, failed, target=target))
    pointer = f"/services/{OWN}/call_with"
    for name, text in (("short", "short"), ("space", FIRST + " "), ("repeated", "ab" * 32), ("not-ascii", FIRST + "é")):
        comment = "a key that no service would have given out"
        suite.bad(f"call-with-{name}", comment, "ConfigSecret", base, pointer, env=ENV | {"FIRST": text})
    suite.bad("call-with-not-set", "no such variable", "ConfigSecret", base, pointer, env=SECRETS)
    services = {OWN: {"call_with": FIRST}}
    plain = base | {"services": services}
    suite.bad("call-with-plain", "not a reference", "ConfigSecret", plain, pointer, env=ENV)


def _errors(suite: ConfigSuite) -> None:
    at = f"/services/{CALLER}/api_keys"
    weak = "a key that could be guessed, or cannot travel in a header"
    for name, text in (
        ("short", "0123456789abcdef0123456789abcdX"),
        ("empty", ""),
        ("repeated", "a" * 64),
        ("repeated-word", "secret" * 8),
        ("space-inside", FIRST[:30] + " " + FIRST[30:]),
        ("space-after", FIRST + " "),
        ("not-ascii", FIRST + "é"),
        ("comma", FIRST + "," + FIRST),
        ("513", (secret("a") + secret("b")) * 4 + "x"),
    ):
        one: list[Json] = [{"secret": "env:BAD"}]
        suite.bad(f"key-{name}", weak, "ConfigSecret", document(keys=one), f"{at}/0/secret", env=ENV | {"BAD": text})
    cases: list[tuple[str, Json, str]] = [
        ("not-set", {"secret": "env:NO_SUCH"}, "/0/secret"),
        ("no-secret", {"id": "a"}, "/0/secret"),
        ("encoding", {"secret": "env:FIRST", "encoding": "hex"}, "/0/encoding"),
        ("sample", {"secret": "env:FIRST", "sample": True}, "/0/sample"),
        ("state", {"secret": "env:FIRST", "state": "off"}, "/0/state"),
        ("never", {"secret": "env:FIRST", "not_before": time(NOW), "not_after": time(NOW)}, "/0/not_after"),
    ]
    for name, key, pointer in cases:
        suite.bad(f"member-{name}", "not an API key", "ConfigValue", document(keys=[key]), at + pointer, env=ENV)
    empty: list[Json] = []
    bare = document() | {"services": registry(caller={"api_keys": empty})}
    suite.bad("none", "an empty list", "ConfigValue", bare, at, env=ENV)
    nine: list[Json] = [{"secret": f"literal:{secret(f'api key {n}')}"} for n in range(9)]
    suite.bad("nine", "too many keys", "ConfigValue", document(keys=nine), at, env=ENV)
    same: list[Json] = [{"secret": "env:FIRST"}, {"secret": "env:FIRST"}]
    suite.bad("same-service", "one key twice", "SharedSecret", document(keys=same), f"{at}/1/secret", env=ENV)
    shared = document() | {
        "services": registry(
            caller={"api_keys": [{"secret": "env:FIRST"}]}, other={"api_keys": [{"secret": "env:FIRST"}]}
        )
    }
    pointer = f"/services/{OTHER}/api_keys/0/secret"
    suite.bad("two-services", "a key of two services says nothing", "SharedSecret", shared, pointer, env=ENV)
    signing = document() | {"services": registry(caller={"api_keys": [{"secret": "env:IMAGE_SERVICE_SECRET"}]})}
    comment = "an API key travels in requests, so nothing may be signed with it"
    suite.bad("signing-secret", comment, "SharedSecret", signing, f"{at}/0/secret", env=ENV)
    good = document() | {"services": {CALLER: {"api_keys": [{"secret": "env:FIRST"}], "allowed_targets": [OWN]}}}
    suite.good("good-no-signing-key", "a service with API keys alone", good, ENV)
    listed: Json = {"ok": {}}
    suite.group("good-every-member", document(keys=[
        {"id": "k", "secret": "env:FIRST", "not_before": time(0), "not_after": time(NOW + 9), "state": "retiring"}
    ]), ENV).steps("good-every-member", "every member there is", "ConfigAccepted", check(listed))  # fmt: skip
