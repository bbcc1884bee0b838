"""Routes that need no credential, or more than one, and what counts as a replay on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, STRANGER_KEY, registry
from model import accepted, check, refused
from request import Request
from senders import as_hex, hmac_sha256
from suites.api_key import ENV, FIRST, HEADER, OTHERS
from suites.config import ConfigSuite
from suites.templates import HOOK_KEY, HOOK_SECRET, template
from wire import NOW, Call, Scheme, signed

if TYPE_CHECKING:
    from model import Suite
    from request import Json

V1, V2, CROSS = Scheme.SERVICE_HMAC, Scheme.SERVICE_HMAC_V2, Scheme.CROSS_SERVICE
CALL = Call(body=b'{"a":1}')


def suite() -> Suite:
    """Build the vector file."""
    suite = ConfigSuite("routes")
    _optional(suite)
    _optional_rules(suite)
    _both(suite)
    _both_older(suite)
    _three(suite)
    _replay_rules(suite)
    _timeless(suite)
    _errors(suite)
    return suite


def document(*routes: dict[str, Json], **members: Json) -> dict[str, Json]:
    """Return a config with these routes, in which two services have keys of both kinds."""
    services = registry(caller={"api_keys": [{"secret": "env:FIRST"}]}, other={"api_keys": [{"secret": "env:OTHERS"}]})
    base: dict[str, Json] = {"service": OWN, "accept": ["service-hmac-v2"], "services": services}
    return base | {"routes": [dict(route) for route in routes]} | members


def call(path: bytes, scheme: Scheme = V2, key: bytes = KEY, **changes: bytes) -> Request:
    """Return a signed request of the caller."""
    return signed(scheme, CALL.but(target=path, **changes), key)


def bare(path: bytes, method: bytes = b"GET") -> Request:
    """Return a request without a credential."""
    return Request(method=method, target=path)


def _optional(suite: ConfigSuite) -> None:
    group = suite.group("a route that needs no credential", document({"match": "/feed/**", "optional": True}), ENV)
    nobody = bare(b"/feed/a")
    group.accept(
        "optional-nobody",
        "without a credential nobody is named",
        "OptionalRoute",
        nobody,
        public=True,
        service=None,
        key=None,
        scheme=None,
        age=None,
        covered=[],
        replay_key=None,
        route="/feed/**",
    )
    good = call(b"/feed/a")
    group.accept(
        "optional-somebody",
        "with a credential the caller is known",
        ("OptionalRoute", "Genuine"),
        good,
        public=False,
        service=CALLER,
        key="2026-q1",
        scheme="service-hmac-v2",
        age=0,
        route="/feed/**",
    )
    old = call(b"/feed/a", timestamp=str(NOW - 301).encode())
    elsewhere = call(b"/feed/a", target_service=b"elsewhere")
    for name, request, code in (
        ("forged", call(b"/feed/a", key=STRANGER_KEY), "INVALID_SIGNATURE"),
        ("unknown", call(b"/feed/a", service=b"intruder"), "UNKNOWN_SERVICE"),
        ("malformed", good.set("X-Signature", b"v2=x"), "MALFORMED_SIGNATURE"),
        ("old", old, "TIMESTAMP_OUTSIDE_WINDOW"),
        ("twice", good.adding("X-Timestamp", b"1"), "DUPLICATE_HEADER"),
        ("half", good.without("X-Timestamp"), "MISSING_TIMESTAMP"),
        ("only-service", bare(b"/feed/a").adding("X-Service-ID", CALLER.encode()), "MISSING_SIGNATURE"),
        ("only-signature", good.without("X-Service-ID"), "MISSING_SERVICE_ID"),
        ("target", elsewhere, "TARGET_NOT_ALLOWED"),
        ("body", good.but(body=b"{}"), "INVALID_SIGNATURE"),
        ("other-path", good.but(target=b"/feed/b"), "INVALID_SIGNATURE"),
    ):
        comment = "a credential that is there is judged in full"
        group.refuse(f"optional-{name}", comment, "OptionalRoute", request, code)
    again = refused(good, "REPLAYED_REQUEST")
    group.steps("optional-replay", "also for replay", ("OptionalRoute", "Replay"), accepted(good), again)
    twice = (accepted(nobody, public=True), accepted(nobody, public=True))
    group.steps("optional-nobody-again", "nobody may come again", "OptionalRoute", *twice)
    group.refuse("optional-elsewhere", "other routes need one", "OptionalRoute", bare(b"/a"), "AUTHENTICATION_REQUIRED")
    for name, path in (("parent", b"/feed/../a"), ("slash", b"/feed/a%2f..%2fb"), ("double", b"/feed//a")):
        comment = "a path that two programs may read differently"
        flags = ("OptionalRoute", "AmbiguousPath")
        group.refuse(f"optional-path-{name}", comment, flags, bare(path), "MALFORMED_REQUEST")
    foreign = bare(b"/feed/a").adding(HEADER, b"x").adding("Authorization", b"Bearer x")
    comment = "credentials that are not accepted here are not looked at"
    group.accept("optional-foreign", comment, ("OptionalRoute", "HeaderNames"), foreign, public=True)
    stream = accepted(replace(nobody, method=b"POST", body=b"abc"), chunks=[1], public=True)
    group.steps("optional-stream", "nobody, in pieces", ("OptionalRoute", "Stream"), stream)
    step = refused(good.but(body=b"abc"), "INVALID_SIGNATURE", chunks=[1])
    group.steps("optional-stream-forged", "in pieces too", ("OptionalRoute", "Stream"), step)


def _optional_rules(suite: ConfigSuite) -> None:
    routes: list[dict[str, Json]] = [
        {"match": "/some/**", "optional": True, "services": [OTHER]},
        {"match": "/strict/**", "optional": True, "strict": True, "accept": ["service-hmac"]},
        {"match": "/either/**", "optional": True, "accept": ["api-key", "service-hmac-v2"]},
        {"match": "/hook/**", "optional": True, "accept": ["webhook:sender"]},
    ]
    hooks: Json = {"sender": {"scheme": "github", "keys": [{"secret": "env:HOOK_SECRET"}]}}
    group = suite.group(
        "optional, and other rules", document(*routes, webhooks=hooks), ENV | {"HOOK_SECRET": HOOK_SECRET}
    )
    flag = "OptionalRoute"
    other = call(b"/some/a", service=OTHER.encode(), key=OTHER_KEY)
    group.accept("optional-services-named", "a service that the route names", flag, other, service=OTHER)
    group.accept("optional-services-nobody", "and nobody", flag, bare(b"/some/a"), public=True)
    code = "SERVICE_NOT_ALLOWED"
    group.refuse("optional-services-other", "a service that it does not name", flag, call(b"/some/a"), code)
    group.accept("optional-strict", "a signature that covers all", flag, call(b"/strict/a", V1), service=CALLER)
    query = call(b"/strict/a?b=1", V1)
    group.refuse("optional-strict-query", "one that does not", flag, query, "INSUFFICIENT_COVERAGE")
    group.accept("optional-strict-nobody", "nobody claims anything", flag, bare(b"/strict/a?b=1"), public=True)
    key = bare(b"/either/a").adding(HEADER, FIRST.encode())
    group.accept("optional-key", "a key", flag, key, service=CALLER, scheme="api-key", public=False)
    group.refuse("optional-key-unknown", "an unknown key", flag, key.set(HEADER, b"x"), "UNKNOWN_KEY")
    group.refuse("optional-key-empty", "an empty key", flag, key.set(HEADER, b""), "UNKNOWN_KEY")
    both = call(b"/either/a").adding(HEADER, FIRST.encode())
    group.refuse("optional-both", "two credentials", flag, both, "AMBIGUOUS_CREDENTIALS")
    tag = b"sha256=" + as_hex(hmac_sha256(HOOK_KEY, b"x"))
    hook = Request(method=b"POST", target=b"/hook/a", headers=(("X-Hub-Signature-256", tag),), body=b"x")
    group.accept("optional-webhook", "a sender", flag, hook, service="webhook:sender")
    group.refuse("optional-webhook-forged", "a forged one", flag, hook.but(body=b"y"), "INVALID_SIGNATURE")
    group.accept("optional-webhook-nobody", "nobody", flag, bare(b"/hook/a", b"POST"), public=True)


def _both(suite: ConfigSuite) -> None:
    route: dict[str, Json] = {"match": "/safe/**", "require_all": ["service-hmac-v2", "api-key"]}
    group = suite.group("a signature and a key", document(route), ENV)

    def with_key(request: Request, key: str = FIRST) -> Request:
        return request.adding(HEADER, key.encode())

    good = with_key(call(b"/safe/a"))
    flag = "RequireAll"
    group.accept(
        "both",
        "both are there and hold",
        (flag, "Genuine"),
        good,
        service=CALLER,
        key="2026-q1",
        scheme="service-hmac-v2",
        age=0,
        public=False,
        route="/safe/**",
    )
    other = with_key(call(b"/safe/a", service=OTHER.encode(), key=OTHER_KEY), OTHERS)
    group.accept("both-other", "another service", flag, other, service=OTHER)
    required = "AUTHENTICATION_REQUIRED"
    for name, request, code in (
        ("no-key", call(b"/safe/a"), required),
        ("no-signature", with_key(bare(b"/safe/a")), required),
        ("nothing", bare(b"/safe/a"), required),
        ("key-of-other", with_key(call(b"/safe/a"), OTHERS), "AMBIGUOUS_CREDENTIALS"),
        ("unknown-key", with_key(call(b"/safe/a"), "x"), "UNKNOWN_KEY"),
        ("empty-key", with_key(call(b"/safe/a"), ""), "UNKNOWN_KEY"),
        ("forged", with_key(call(b"/safe/a", key=STRANGER_KEY)), "INVALID_SIGNATURE"),
        ("body", good.but(body=b"{}"), "INVALID_SIGNATURE"),
        ("old", with_key(call(b"/safe/a", timestamp=str(NOW - 301).encode())), "TIMESTAMP_OUTSIDE_WINDOW"),
        ("key-twice", with_key(good), "DUPLICATE_HEADER"),
        ("timestamp-twice", good.adding("X-Timestamp", b"1"), "DUPLICATE_HEADER"),
        ("no-timestamp", good.without("X-Timestamp"), "MISSING_TIMESTAMP"),
        ("target", with_key(call(b"/safe/a", target_service=b"elsewhere")), "TARGET_NOT_ALLOWED"),
    ):
        group.refuse(f"both-{name}", "one of the two is missing, or does not hold", flag, request, code)
    again = refused(good, "REPLAYED_REQUEST")
    group.steps("both-replay", "the signature is remembered", (flag, "Replay"), accepted(good), again)
    comment = "a wrong key does not use up the nonce"
    first = refused(with_key(call(b"/safe/a"), "x"), "UNKNOWN_KEY")
    group.steps("both-refused-first", comment, (flag, "RefusedIsNotSeen"), first, accepted(good))
    stream = accepted(good, chunks=[2, 3], service=CALLER)
    group.steps("both-stream", "in pieces", (flag, "Stream"), stream)
    step = refused(good.but(body=b"{}"), "INVALID_SIGNATURE", chunks=[1])
    group.steps("both-stream-forged", "in pieces, forged", (flag, "Stream"), step)
    comment = "elsewhere the document's schemes are accepted, one of them"
    group.accept("both-elsewhere", comment, flag, call(b"/a"), scheme="service-hmac-v2")
    keys = registry(caller={"api_keys": [{"secret": "env:FIRST", "state": "revoked"}]})
    group = suite.group("a signature and a revoked key", document(route) | {"services": keys}, ENV)
    group.refuse("both-revoked-key", "the key is revoked", flag, good, "KEY_NOT_VALID_NOW")
    keys = registry(caller={"api_keys": [{"secret": "env:FIRST"}], "permissions": ["GET /**"]})
    group = suite.group("a signature, a key, and permissions", document(route) | {"services": keys}, ENV)
    group.refuse("both-permission", "the caller may not do this", flag, good, "PERMISSION_DENIED")


def _both_older(suite: ConfigSuite) -> None:
    routes: list[dict[str, Json]] = [
        {"match": "/v1/**", "require_all": ["api-key", "service-hmac"]},
        {"match": "/cross/**", "require_all": ["cross-service", "api-key"]},
        {"match": "/key/**", "require_all": ["api-key"]},
        {"match": "/v2/**", "require_all": ["service-hmac-v2"]},
        {"match": "/strict/**", "require_all": ["service-hmac-v2", "api-key"], "strict": True},
        {"match": "/loose/**", "require_all": ["service-hmac", "api-key"], "strict": True},
        {"match": "/own/**", "require_all": ["acme", "api-key"]},
    ]
    acme = template("service", "\n", "method", "\n", "target", "\n", "body", caller={"header": "X-From"})
    group = suite.group("other pairs", document(*routes, schemes={"acme": acme}), ENV)
    flag = "RequireAll"
    for name, scheme in (("v1", V1), ("cross", CROSS)):
        request = call(b"/%s/a" % name.encode(), scheme).adding(HEADER, FIRST.encode())
        group.accept(f"pair-{name}", "both", flag, request, service=CALLER, scheme=scheme.value)
        alone = request.without(HEADER)
        group.refuse(f"pair-{name}-alone", "no key", flag, alone, "AUTHENTICATION_REQUIRED")
        wrong = request.set(HEADER, OTHERS.encode())
        group.refuse(f"pair-{name}-mixed", "two callers", flag, wrong, "AMBIGUOUS_CREDENTIALS")
    key = bare(b"/key/a").adding(HEADER, FIRST.encode())
    group.accept("one-key", "a list of one", flag, key, scheme="api-key", service=CALLER)
    group.refuse("one-key-missing", "not even one", flag, bare(b"/key/a"), "AUTHENTICATION_REQUIRED")
    group.accept("one-signature", "a list of one", flag, call(b"/v2/a"), scheme="service-hmac-v2")
    strict = call(b"/strict/a?b=1").adding(HEADER, FIRST.encode())
    comment = "one of them covers what a strict route wants signed"
    group.accept("strict-pair", comment, flag, strict, service=CALLER)
    loose = call(b"/loose/a?b=1", V1).adding(HEADER, FIRST.encode())
    group.refuse("loose-pair", "none of them does", flag, loose, "INSUFFICIENT_COVERAGE")
    message = b"\n".join([CALLER.encode(), b"POST", b"/own/a", b"x"])
    headers = (("X-From", CALLER.encode()), ("X-Sig", as_hex(hmac_sha256(KEY, message))), (HEADER, FIRST.encode()))
    own = Request(method=b"POST", target=b"/own/a", headers=headers, body=b"x")
    group.accept("pair-template", "a template and a key", flag, own, service=CALLER, scheme="acme")
    mixed = own.set(HEADER, OTHERS.encode())
    group.refuse("pair-template-mixed", "two callers", flag, mixed, "AMBIGUOUS_CREDENTIALS")
    group.refuse("pair-template-body", "another body", flag, own.but(body=b"y"), "INVALID_SIGNATURE")


def _three(suite: ConfigSuite) -> None:
    """The three modes of one service: keys, signatures, or both."""
    routes: list[dict[str, Json]] = [
        {"match": "/keys/**", "accept": ["api-key"]},
        {"match": "/signed/**", "accept": ["service-hmac-v2"]},
        {"match": "/both/**", "require_all": ["api-key", "service-hmac-v2"]},
    ]
    group = suite.group("three modes", document(*routes, accept=["api-key", "service-hmac-v2"]), ENV)
    for mode, key_opens, signature_opens in (("keys", True, False), ("signed", False, True), ("both", False, False)):
        path = b"/%s/a" % mode.encode()
        for name, request, opens in (
            ("key", bare(path).adding(HEADER, FIRST.encode()), key_opens),
            ("signature", call(path), signature_opens),
        ):
            test = f"mode-{mode}-{name}"
            if opens:
                group.accept(test, "what this route asks for", "RouteScheme", request, service=CALLER)
            else:
                comment = "not what this route asks for"
                group.refuse(test, comment, "RouteScheme", request, "AUTHENTICATION_REQUIRED")
    both = call(b"/both/a").adding(HEADER, FIRST.encode())
    group.accept("mode-both-both", "what this route asks for", "RequireAll", both, service=CALLER)
    either = call(b"/else").adding(HEADER, FIRST.encode())
    group.refuse("mode-else-both", "one of two, not both", "OneCredential", either, "AMBIGUOUS_CREDENTIALS")


def _replay_rules(suite: ConfigSuite) -> None:
    routes: list[dict[str, Json]] = [
        {"match": "/all/**", "replay": "all-methods"},
        {"match": "/unsafe/**", "replay": "unsafe-methods"},
        {"match": "/off/**", "replay": "off"},
    ]
    code = "REPLAYED_REQUEST"
    for scheme in (V1, V2, CROSS):
        group = suite.group(f"replay by route, {scheme.value}", document(*routes, accept=[scheme.value]), ENV)
        has_nonce = scheme is V2
        for place, method, repeats in (
            ("all", b"GET", False),
            ("all", b"HEAD", False),
            ("all", b"OPTIONS", False),
            ("all", b"POST", False),
            ("unsafe", b"GET", not has_nonce),
            ("unsafe", b"POST", False),
            ("unsafe", b"DELETE", False),
            ("elsewhere", b"GET", not has_nonce),
            ("elsewhere", b"PUT", False),
            ("off", b"GET", True),
            ("off", b"POST", True),
        ):
            request = call(b"/%s/a" % place.encode(), scheme, method=method)
            second = accepted(request) if repeats else refused(request, code)
            name = f"replay-{scheme.value}-{place}-{method.decode().lower()}"
            comment = "may come again" if repeats else "is accepted once"
            group.steps(name, comment, ("RouteReplay", "Repetition"), accepted(request), second)
    group = suite.group("replay by route, two routes", document(*routes), ENV)
    off = call(b"/off/a")
    on = call(b"/unsafe/a")
    comment = "what was not remembered on one route is new on another; the nonce is the same"
    group.steps("replay-off-then-on", comment, "RouteReplay", accepted(off), accepted(on), refused(on, code))
    comment = "what was remembered elsewhere stays remembered, and is not asked for here"
    group.steps("replay-on-then-off", comment, "RouteReplay", accepted(on), accepted(off), refused(on, code))
    late = refused(off, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 301)
    comment = "the window stays shut"
    group.steps("replay-off-window", comment, ("RouteReplay", "Window"), accepted(off), late)


def _timeless(suite: ConfigSuite) -> None:
    routes: list[dict[str, Json]] = [
        {"match": "/all/**", "accept": ["webhook:sender"], "replay": "all-methods"},
        {"match": "/off/**", "accept": ["webhook:sender"], "replay": "off"},
        {"match": "/**", "accept": ["webhook:sender"]},
    ]
    sender: dict[str, Json] = {"scheme": "github", "keys": [{"secret": "env:HOOK_SECRET"}], "replay": {"seconds": 60}}
    env = ENV | {"HOOK_SECRET": HOOK_SECRET}
    group = suite.group("webhooks that are remembered, by route", document(*routes, webhooks={"sender": sender}), env)

    def hook(path: bytes, method: bytes) -> Request:
        tag = b"sha256=" + as_hex(hmac_sha256(HOOK_KEY, b"x"))
        return Request(method=method, target=path, headers=(("X-Hub-Signature-256", tag),), body=b"x")

    code = "REPLAYED_REQUEST"
    for name, path, method, repeats in (
        ("all-get", b"/all/a", b"GET", False),
        ("all-post", b"/all/a", b"POST", False),
        ("off-post", b"/off/a", b"POST", True),
        ("post", b"/a", b"POST", False),
        ("get", b"/a", b"GET", False),
    ):
        request = hook(path, method)
        second = accepted(request) if repeats else refused(request, code)
        comment = "may come again" if repeats else "is accepted once"
        group.steps(f"timeless-{name}", comment, ("RouteReplay", "Timeless"), accepted(request), second)
    turned = refused(hook(b"/a", b"GET"), code)
    comment = "the method is not signed: as a GET it is the same request"
    group.steps("timeless-post-as-get", comment, ("RouteReplay", "Timeless"), accepted(hook(b"/a", b"POST")), turned)
    moved = refused(hook(b"/all/a", b"POST"), code)
    comment = "the path is not signed, so the same delivery elsewhere is the same delivery"
    group.steps("timeless-moved", comment, ("RouteReplay", "Timeless"), accepted(hook(b"/a", b"POST")), moved)


def _errors(suite: ConfigSuite) -> None:
    def bad(name: str, comment: str, route: dict[str, Json], *members: str) -> None:
        pointers = [f"/routes/0/{member}" for member in members]
        suite.bad(name, comment, "ConfigConflict", document({"match": "/a/**"} | route), *pointers, env=ENV)

    all_of: Json = ["service-hmac-v2", "api-key"]
    useless = "on a public route this would have no effect"
    bad("public-and-optional", useless, {"public": True, "optional": True}, "optional")
    bad("public-and-all", useless, {"public": True, "require_all": all_of}, "require_all")
    bad("public-and-replay", useless, {"public": True, "replay": "off"}, "replay")
    clash = "two rules about the same thing"
    bad("all-and-accept", clash, {"require_all": all_of, "accept": ["api-key"]}, "accept")
    bad("all-and-optional", clash, {"require_all": all_of, "optional": True}, "optional")
    one = "one signature covers a request"
    for name, schemes in (
        ("two-signatures", ["service-hmac-v2", "service-hmac"]),
        ("two-and-key", ["service-hmac-v2", "api-key", "cross-service"]),
    ):
        bad(f"all-{name}", one, {"require_all": schemes}, "require_all")
    bad("all-empty", "nothing to require", {"require_all": []}, "require_all")
    bad("all-twice", "one scheme twice", {"require_all": ["api-key", "api-key"]}, "require_all/1")
    bad("all-unknown", "no such scheme", {"require_all": ["api-key", "saml"]}, "require_all/1")
    bad("all-webhook-unknown", "no such webhook", {"require_all": ["webhook:x"]}, "require_all/0")
    for name, member, value in (
        ("optional-text", "optional", "yes"),
        ("optional-null", "optional", None),
        ("all-text", "require_all", "api-key"),
        ("replay-true", "replay", True),
        ("replay-unknown", "replay", "safe-methods"),
        ("replay-case", "replay", "OFF"),
    ):
        bad(f"kind-{name}", "not a value of this member", {member: value}, member)
    accept_twice = document(accept=["api-key", "api-key"])
    suite.bad("accept-key-twice", "one scheme twice", "ConfigValue", accept_twice, "/accept/1", env=ENV)
    warned: Json = {"ok": {"warnings": ["/routes/0/replay", f"/services/{CALLER}", f"/services/{OTHER}"]}}
    group = suite.group("warn-off", document({"match": "/a/**", "replay": "off"}), ENV)
    comment = "what was overheard can be sent again"
    group.steps("warn-replay-off", comment, "ConfigWarning", check(warned))
    strict = document({"match": "/a/**", "strict": True, "accept": ["api-key"]})
    warned = {"ok": {"warnings": ["/routes/0", f"/services/{CALLER}", f"/services/{OTHER}"]}}
    comment = "a strict route that nothing can open"
    suite.group("warn-strict", strict, ENV).steps("warn-strict-key", comment, "ConfigWarning", check(warned))
    every: dict[str, Json] = {"match": "/a/**", "optional": True, "accept": ["api-key"], "replay": "all-methods"}
    suite.good("good-every-member", "every member that goes together", document(every), ENV)
    off = document({"match": "/a", "public": False, "optional": False})
    suite.good("good-both-false", "both are off", off, ENV)
