"""Who may do what: routes, permissions, environments, targets, strict routes, and paths with two readings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, OWN_KEY, SECRETS, config, registry
from model import Suite, accepted, refused, replace_config, sign, signs_as
from request import Request
from suites.common import change_digit
from wire import NOW, Call, Scheme, headers, message, replay_key, signed

if TYPE_CHECKING:
    from request import Json

V1 = Scheme.SERVICE_HMAC
V2 = Scheme.SERVICE_HMAC_V2
CROSS = Scheme.CROSS_SERVICE
CALL = Call()

AMBIGUOUS_PATHS = {
    "parent": b"/a/../b",
    "parent-at-end": b"/a/..",
    "parent-at-start": b"/../a",
    "current": b"/a/./b",
    "current-at-end": b"/a/.",
    "parent-escaped": b"/a/%2e%2e/b",
    "parent-escaped-upper-case": b"/a/%2E%2E/b",
    "parent-half-escaped": b"/a/.%2e/b",
    "current-escaped": b"/a/%2e/b",
    "empty-segment": b"/a//b",
    "empty-segment-at-start": b"//a/b",
    "empty-segments-at-end": b"/a//",
    "slash-escaped": b"/a%2fb",
    "slash-escaped-upper-case": b"/a%2Fb",
    "backslash-escaped": b"/a%5cb",
    "backslash-escaped-upper-case": b"/a%5Cb",
    "backslash": b"/a\\b",
    "nul-escaped": b"/a%00b",
    "newline-escaped": b"/a%0ab",
    "unit-separator-escaped": b"/a%1fb",
    "delete-escaped": b"/a%7Fb",
    "letter-escaped": b"/%61/b",
    "digit-escaped": b"/a/%37",
    "hyphen-escaped": b"/a%2db",
    "tilde-escaped": b"/%7ea",
    "percent-at-end": b"/a%",
    "percent-one-digit": b"/a%2",
    "percent-not-hex": b"/a%zzb",
    "percent-unicode": b"/a%u002fb",
    "semicolon": b"/a;x=1/b",
    "semicolon-escaped": b"/a%3bx",
    "overlong-utf8-escaped": b"/a%c0%afb",
}
"""Paths that two programs may read differently."""

PLAIN_PATHS = {
    "root": b"/",
    "trailing-slash": b"/a/b/",
    "three-dots": b"/a/.../b",
    "hidden-file": b"/a/.well-known/b",
    "dots-in-name": b"/a/b..c/d.e",
    "space-escaped": b"/a%20b",
    "percent-escaped": b"/a%25b",
    "utf8-escaped": b"/caf%C3%A9",
    "marks": b"/a:b@c!$&'()*+,=-._~",
}
"""Paths that have one reading."""


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("policy")
    _public(suite)
    _route_services(suite)
    _matching(suite)
    _strict(suite)
    _ambiguous(suite)
    _permissions(suite)
    _environments(suite)
    _targets(suite)
    _reflection(suite)
    _order(suite)
    return suite


def routed(*routes: dict[str, Json], services: dict[str, Json] | None = None) -> dict[str, Json]:
    """Return a config with these routes."""
    return config(V2, services=services, routes=list(routes))


def get(path: bytes, *, method: bytes = b"GET") -> Request:
    """Return a signed request without a body."""
    return signed(V2, CALL.but(method=method, target=path, body=b""), KEY)


def _public(suite: Suite) -> None:
    document = routed(
        {"match": "GET /health", "public": True},
        {"match": "/assets/**", "public": True},
        {"match": "GET /status/*", "public": True},
        {"match": "/"},
    )
    group = suite.group("public routes", document, SECRETS)

    def opened(name: str, comment: str, request: Request, route: str) -> None:
        flags = ("PublicRoute", "VerifiedIdentity")
        step = accepted(
            request,
            public=True,
            route=route,
            service=None,
            key=None,
            scheme=None,
            age=None,
            replay_key=None,
            covered=[],
        )
        group.steps(f"public-{name}", comment, flags, step)

    def bare(path: bytes, method: bytes = b"GET") -> Request:
        return Request(method=method, target=path)

    for name, path, route in (
        ("exact", b"/health", "GET /health"),
        ("with-query", b"/health?verbose=1", "GET /health"),
        ("below", b"/assets/logo.png", "/assets/**"),
        ("far-below", b"/assets/a/b/c", "/assets/**"),
        ("itself", b"/assets", "/assets/**"),
        ("one-segment", b"/status/db", "GET /status/*"),
    ):
        opened(name, "nobody needs to sign", bare(path), route)
    post = bare(b"/assets/a", b"POST")
    opened("any-method", "without a method any will do", post, "/assets/**")
    genuine = get(b"/health")
    opened("signed", "a signature is not looked at, so nobody is named", genuine, "GET /health")
    for name, request in (
        ("bad-signature", genuine.set("X-Signature", b"nonsense")),
        ("repeated-headers", genuine.adding("X-Service-ID", b"a").adding("X-Timestamp", b"1, 2")),
        ("two-credentials", genuine.adding("X-Service-Name", b"a")),
        ("old-timestamp", genuine.set("X-Timestamp", b"0")),
    ):
        opened(name, "credentials are not looked at", request, "GET /health")
    group.steps(
        "public-twice",
        "a public request is not remembered",
        ("PublicRoute", "Repetition"),
        accepted(genuine, public=True),
        accepted(genuine, public=True),
    )
    for name, path, method in (
        ("other-method", b"/health", b"POST"),
        ("head", b"/health", b"HEAD"),
        ("longer", b"/health/db", b"GET"),
        ("prefix", b"/healthz", b"GET"),
        ("shorter", b"/healt", b"GET"),
        ("letter-case", b"/Health", b"GET"),
        ("escaped-question-mark", b"/health%3Fx", b"GET"),
        ("trailing-slash", b"/health/", b"GET"),
        ("sibling", b"/assetsx/a", b"GET"),
        ("star-two-segments", b"/status/db/x", b"GET"),
        ("star-no-segment", b"/status", b"GET"),
        ("star-empty-segment", b"/status/", b"GET"),
        ("elsewhere", b"/private", b"GET"),
    ):
        request = bare(path, method)
        comment = "an opening pattern opens exactly what it says"
        group.refuse(f"public-not-{name}", comment, "PublicRoute", request, "AUTHENTICATION_REQUIRED")
    for name, request in (
        ("method", bare(b"/health", b"get")),
        ("target-space", bare(b"/assets/a b")),
        ("target-nul", bare(b"/assets/\0")),
        ("target-fragment", bare(b"/assets/#")),
    ):
        comment = "what cannot be judged is refused before routes are looked at"
        group.refuse(f"public-malformed-{name}", comment, ("PublicRoute", "Precedence"), request, "MALFORMED_REQUEST")
    group.accept("public-not-needed", "other paths need a signature", "Genuine", get(b"/private"), route=None)

    comment = "a router may take the path for another one, which is not public"
    for name, path in AMBIGUOUS_PATHS.items():
        request = bare(b"/assets" + path)
        group.refuse(
            f"public-ambiguous-{name}", comment, ("PublicRoute", "AmbiguousPath"), request, "MALFORMED_REQUEST"
        )
    alone = suite.group("only a wide public route", routed({"match": "/assets/**", "public": True}), SECRETS)
    for name, path in AMBIGUOUS_PATHS.items():
        request = bare(b"/assets" + path)
        flags = ("PublicRoute", "AmbiguousPath")
        alone.refuse(f"public-alone-ambiguous-{name}", comment, flags, request, "AUTHENTICATION_REQUIRED")

    shadowed = routed({"match": "/a/**", "services": [CALLER]}, {"match": "/a/open", "public": True})
    group = suite.group("a public route behind another one", shadowed, SECRETS)
    comment = "the first route that matches decides"
    request = bare(b"/a/open")
    group.refuse("public-shadowed", comment, "PublicRoute", request, "AUTHENTICATION_REQUIRED")
    before = routed({"match": "/a/open", "public": True}, {"match": "/a/**", "services": [OTHER]})
    group = suite.group("a public route before another one", before, SECRETS)
    group.accept("public-first", comment, "PublicRoute", bare(b"/a/open"), route="/a/open", public=True)
    request = get(b"/a/shut")
    group.refuse("public-first-others-shut", comment, "RouteService", request, "SERVICE_NOT_ALLOWED")


def _route_services(suite: Suite) -> None:
    document = routed(
        {"match": "/internal/**", "services": [CALLER]},
        {"match": "POST /prices", "services": [OTHER, CALLER]},
        {"match": "DELETE /prices", "services": [OTHER]},
        {"match": "/any/*"},
    )
    group = suite.group("routes for some services", document, SECRETS)
    other = CALL.but(service=OTHER.encode(), method=b"GET", body=b"")
    comment = "the route names the caller"
    inside = CALL.but(method=b"GET", target=b"/internal/a", body=b"")
    group.accept(
        "route-named",
        comment,
        "RouteService",
        signed(V2, inside, KEY),
        route="/internal/**",
        service=CALLER,
        replay_key=replay_key(V2, inside, KEY),
    )
    second = signed(V2, CALL.but(target=b"/prices"), KEY)
    group.accept("route-named-second", comment, "RouteService", second, route="POST /prices", service=CALLER)
    comment = "the route does not name the caller"
    for name, path in (("itself", b"/internal"), ("below", b"/internal/a"), ("far-below", b"/internal/a/b/c")):
        request = signed(V2, other.but(target=path), OTHER_KEY)
        group.refuse(f"route-not-named-{name}", comment, "RouteService", request, "SERVICE_NOT_ALLOWED")
    request = signed(V2, CALL.but(method=b"DELETE", target=b"/prices"), KEY)
    group.refuse("route-not-named-by-method", comment, "RouteService", request, "SERVICE_NOT_ALLOWED")
    own = signed(V2, other.but(target=b"/internal/a", service=OWN.encode()), OWN_KEY)
    group.refuse("route-not-named-own", "nor is the own service", "RouteService", own, "SERVICE_NOT_ALLOWED")
    comment = "a route without services is for all"
    group.accept("route-for-all", comment, "RouteService", get(b"/any/a"), route="/any/*")
    request = signed(V2, other.but(target=b"/elsewhere"), OTHER_KEY)
    group.accept("route-none", "a path without a route is for all", "RouteService", request, route=None, service=OTHER)
    request = signed(V2, other.but(method=b"PUT", target=b"/prices"), OTHER_KEY)
    group.accept("route-other-method", "a method that no route names", "RouteService", request, route=None)
    forged = change_digit(get(b"/internal/a"), 1)
    group.refuse("route-forged", "the signature comes first", "Precedence", forged, "INVALID_SIGNATURE")


def _matching(suite: Suite) -> None:
    document = routed(
        {"match": "GET /exact", "services": [OTHER]},
        {"match": "/one/*/end", "services": [OTHER]},
        {"match": "/tail/**", "services": [OTHER]},
        {"match": "M-SEARCH /odd", "services": [OTHER]},
        {"match": "/plain!mark", "services": [OTHER]},
        {"match": "/escaped%21mark", "services": [OTHER]},
    )
    group = suite.group("what a restricting pattern catches", document, SECRETS)
    for name, method, path in (
        ("exact", b"GET", b"/exact"),
        ("query", b"GET", b"/exact?a=/b"),
        ("letter-case", b"GET", b"/EXACT"),
        ("mixed-letter-case", b"GET", b"/eXact"),
        ("trailing-slash", b"GET", b"/exact/"),
        ("head-like-get", b"HEAD", b"/exact"),
        ("star", b"GET", b"/one/x/end"),
        ("star-letter-case", b"POST", b"/ONE/x/END"),
        ("star-escaped", b"GET", b"/one/%20/end"),
        ("tail-none", b"GET", b"/tail"),
        ("tail-slash", b"GET", b"/tail/"),
        ("tail-one", b"GET", b"/tail/a"),
        ("tail-many", b"PUT", b"/Tail/a/b/c/d"),
        ("odd-method", b"M-SEARCH", b"/odd"),
        ("mark", b"GET", b"/plain!mark"),
        ("mark-escaped", b"GET", b"/plain%21mark"),
        ("mark-escaped-in-pattern", b"GET", b"/escaped%21mark"),
        ("mark-escaped-in-pattern-only", b"GET", b"/escaped!mark"),
    ):
        comment = "a pattern that restricts catches the spellings that routers take for the same path"
        group.refuse(f"match-{name}", comment, "RouteService", get(path, method=method), "SERVICE_NOT_ALLOWED")
    for name, method, path in (
        ("other-method", b"POST", b"/exact"),
        ("longer", b"GET", b"/exact/a"),
        ("prefix", b"GET", b"/exactly"),
        ("star-none", b"GET", b"/one/end"),
        ("star-two", b"GET", b"/one/x/y/end"),
        ("star-other-end", b"GET", b"/one/x/begin"),
        ("tail-sibling", b"GET", b"/tails/a"),
        ("tail-in-query", b"GET", b"/other?/tail/a"),
        ("root", b"GET", b"/"),
        ("options-star", b"OPTIONS", b"*"),
    ):
        request = get(path, method=method)
        group.accept(f"no-match-{name}", "no route matches", "RouteService", request, route=None, service=CALLER)

    group = suite.group("first match", routed({"match": "/a/b"}, {"match": "/a/*"}, {"match": "/**"}), SECRETS)
    for name, path, route in (
        ("first", b"/a/b", "/a/b"),
        ("second", b"/a/c", "/a/*"),
        ("third", b"/x/y/z", "/**"),
        ("third-root", b"/", "/**"),
    ):
        comment = "the first route that matches is named in the result"
        group.accept(f"first-match-{name}", comment, "RouteService", get(path), route=route)


def _strict(suite: Suite) -> None:
    routes: list[Json] = [
        {"match": "/strict/**", "strict": True, "accept": ["service-hmac-v2", "service-hmac"]},
        {"match": "/strict-cross/**", "strict": True, "accept": ["cross-service"]},
        {"match": "/loose/**", "accept": ["service-hmac"]},
    ]
    group = suite.group("strict routes", config(V2, routes=routes), SECRETS)

    def request(scheme: Scheme, target: bytes, timestamp: int = NOW) -> Request:
        return signed(scheme, CALL.but(target=target, timestamp=str(timestamp).encode()), KEY)

    insufficient = "INSUFFICIENT_COVERAGE"
    flags = "QueryUncovered"
    comment = "the scheme does not sign the query"
    group.refuse("strict-v1-query", comment, flags, request(V1, b"/strict/a?b=1"), insufficient)
    group.refuse("strict-cross-query", comment, flags, request(CROSS, b"/strict-cross/a?b=1"), insufficient)
    comment = "a question mark alone can be a query to somebody"
    group.refuse("strict-v1-only-mark", comment, flags, request(V1, b"/strict/a?"), insufficient)
    group.accept("strict-v1-no-query", "nothing is unsigned", flags, request(V1, b"/strict/a"), scheme=V1.value)
    group.accept("strict-cross-no-query", "nothing is unsigned", flags, request(CROSS, b"/strict-cross/a"))
    signed_query = request(V2, b"/strict/a?b=1")
    group.accept("strict-v2-query", "the scheme signs the query", "QueryCovered", signed_query, scheme=V2.value)
    group.accept("strict-v2-only-mark", "the scheme signs the query", "QueryCovered", request(V2, b"/strict/a?"))
    comment = "a route that is not strict lets the query pass unsigned"
    group.accept("loose-v1-query", comment, flags, request(V1, b"/loose/a?b=1"), scheme=V1.value)
    added = request(V1, b"/strict/a").but(target=b"/strict/a?admin=1")
    comment = "a query was added to a request whose scheme does not sign it"
    group.refuse("strict-v1-query-added", comment, flags, added, insufficient)
    group.refuse("strict-letter-case", "in other letters", flags, request(V1, b"/STRICT/a?b=1"), insufficient)
    for name, damaged, code in (
        ("after-malformed", request(V1, b"/strict/a?b").set("X-Signature", b"x"), "MALFORMED_SIGNATURE"),
        ("after-timestamp", request(V1, b"/strict/a?b").set("X-Timestamp", b"x"), "INVALID_TIMESTAMP"),
        ("after-missing", request(V1, b"/strict/a?b").without("X-Timestamp"), "MISSING_TIMESTAMP"),
        ("before-window", request(V1, b"/strict/a?b", NOW - 301), insufficient),
        ("before-unknown", request(V1, b"/strict/a?b").set("X-Service-ID", b"x"), insufficient),
        ("before-signature", change_digit(request(V1, b"/strict/a?b"), 0), insufficient),
    ):
        group.refuse(f"order-coverage-{name}", "the earlier step decides", "Precedence", damaged, code)


def _ambiguous(suite: Suite) -> None:
    strict = suite.group("a strict route", routed({"match": "/**", "strict": True}), SECRETS)
    for name, path in AMBIGUOUS_PATHS.items():
        request = signed(V2, CALL.but(target=path), KEY)
        comment = "a path that two programs may read differently"
        strict.refuse(f"ambiguous-{name}", comment, "AmbiguousPath", request, "MALFORMED_REQUEST")
    for name, path in PLAIN_PATHS.items():
        request = signed(V2, CALL.but(target=path), KEY)
        strict.accept(f"plain-{name}", "a path with one reading", "AmbiguousPath", request, route="/**")
    request = signed(V2, CALL.but(target=b"/a?b=/../%2f//%zz\\"), KEY)
    strict.accept("plain-odd-query", "what is odd in a path may stand in a query", "AmbiguousPath", request)
    star = signed(V2, CALL.but(method=b"OPTIONS", target=b"*", body=b""), KEY)
    strict.accept("plain-options-star", "the star is no path", "AmbiguousPath", star)

    some = {name: AMBIGUOUS_PATHS[name] for name in ("parent", "slash-escaped", "empty-segment", "letter-escaped")}
    permissions = registry(other={"permissions": ["GET /a/**"]})
    for kind, document in (
        ("route", routed({"match": "/elsewhere", "services": [CALLER]})),
        ("permissions", config(V2, services=permissions)),
    ):
        group = suite.group(f"paths decide because of {kind}", document, SECRETS)
        for name, path in some.items():
            request = signed(V2, CALL.but(target=path), KEY)
            comment = "where any path decides what is allowed, every path must have one reading"
            group.refuse(f"ambiguous-with-{kind}-{name}", comment, "AmbiguousPath", request, "MALFORMED_REQUEST")
    only_public = routed({"match": "GET /health", "public": True})
    group = suite.group("only a public route", only_public, SECRETS)
    for name, path in some.items():
        request = signed(V2, CALL.but(target=path), KEY)
        comment = "no path decides what a caller may do, so the path is signed and taken as it is"
        group.accept(f"ambiguous-unrouted-{name}", comment, "RawPath", request, service=CALLER)
    request = signed(V2, CALL.but(target=b"/a/../b"), KEY)
    for name, damaged, code in (
        ("before-duplicate", request.adding("X-Timestamp", b"1"), "MALFORMED_REQUEST"),
        ("before-missing", request.without("X-Signature", "X-Service-ID"), "MALFORMED_REQUEST"),
        ("before-signature", change_digit(request, 0), "MALFORMED_REQUEST"),
    ):
        strict.refuse(f"order-path-{name}", "the earlier step decides", "Precedence", damaged, code)


def _permissions(suite: Suite) -> None:
    allowed: list[Json] = [
        "GET /api/images/**",
        "POST /api/images/process",
        "PUT /api/images/*/meta",
        "/status",
    ]
    document = config(V2, services=registry(caller={"permissions": allowed}))
    group = suite.group("a caller with permissions", document, SECRETS)
    for name, method, path in (
        ("tail", b"GET", b"/api/images/7"),
        ("tail-far", b"GET", b"/api/images/7/versions/3"),
        ("tail-none", b"GET", b"/api/images"),
        ("query", b"GET", b"/api/images/7?size=1"),
        ("exact", b"POST", b"/api/images/process"),
        ("star", b"PUT", b"/api/images/7/meta"),
        ("any-method", b"DELETE", b"/status"),
    ):
        request = get(path, method=method)
        group.accept(f"permission-{name}", "a permission covers it", "Permission", request, service=CALLER)
    for name, method, path in (
        ("other-method", b"DELETE", b"/api/images/7"),
        ("head", b"HEAD", b"/api/images/7"),
        ("post-below", b"POST", b"/api/images/process/7"),
        ("post-above", b"POST", b"/api/images"),
        ("letter-case", b"GET", b"/API/images/7"),
        ("letter-case-of-status", b"GET", b"/Status"),
        ("star-none", b"PUT", b"/api/images/meta"),
        ("star-two", b"PUT", b"/api/images/7/8/meta"),
        ("sibling", b"GET", b"/api/imagesx"),
        ("prefix", b"GET", b"/statu"),
        ("elsewhere", b"GET", b"/admin"),
        ("root", b"GET", b"/"),
        ("path-in-query", b"GET", b"/admin?/api/images/7"),
        ("options-star", b"OPTIONS", b"*"),
    ):
        request = get(path, method=method)
        group.refuse(f"permission-not-{name}", "no permission covers it", "Permission", request, "PERMISSION_DENIED")
    request = signed(V2, CALL.but(service=OTHER.encode(), target=b"/admin"), OTHER_KEY)
    comment = "a caller without the member may do everything"
    group.accept("permission-member-absent", comment, "Permission", request, service=OTHER)
    none: dict[str, Json] = {"permissions": []}
    group = suite.group("a caller with an empty list", config(V2, services=registry(caller=none)), SECRETS)
    group.refuse("permission-none", "an empty list permits nothing", "Permission", get(b"/status"), "PERMISSION_DENIED")
    denied = get(b"/status")
    group.steps(
        "permission-denied-twice",
        "a denied request is denied again, not a replay",
        ("Permission", "RefusedIsNotSeen"),
        refused(denied, "PERMISSION_DENIED"),
        refused(denied, "PERMISSION_DENIED"),
    )


def _environments(suite: Suite) -> None:
    for name, environments, allowed in (
        ("same", ["production"], True),
        ("among-others", ["staging", "production"], True),
        ("other", ["staging"], False),
        ("others", ["staging", "test"], False),
        ("letter-case", ["Production"], False),
        ("prefix", ["prod"], False),
        ("none", [], False),
    ):
        limited: dict[str, Json] = {"environments": list(environments)}
        document = config(V2, services=registry(caller=limited), environment="production")
        group = suite.group(f"environments: {name}", document, SECRETS)
        request = get(b"/a")
        if allowed:
            group.accept(f"environment-{name}", "the caller may act here", "Environment", request, service=CALLER)
        else:
            comment = "the caller may not act here"
            group.refuse(f"environment-{name}", comment, "Environment", request, "ENVIRONMENT_NOT_ALLOWED")
    group = suite.group("an environment and callers without limits", config(V2, environment="production"), SECRETS)
    group.accept("environment-member-absent", "no limits", "Environment", get(b"/a"), service=CALLER)


def _targets(suite: Suite) -> None:
    for name, targets, allowed in (
        ("only", [OWN], True),
        ("among-others", ["notifications-service", OWN], True),
        ("other", ["notifications-service"], False),
        ("letter-case", [OWN.upper()], False),
        ("prefix", [OWN[:-1]], False),
        ("none", [], False),
    ):
        limited: dict[str, Json] = {"allowed_targets": list(targets)}
        for scheme in Scheme:
            group = suite.group(
                f"{scheme.value}, targets: {name}", config(scheme, services=registry(caller=limited)), SECRETS
            )
            request = signed(scheme, CALL, KEY)
            if allowed:
                comment = "the registry lists this service among the caller's targets"
                group.accept(f"target-{name}-{scheme.value}", comment, "AllowedTarget", request, service=CALLER)
            else:
                comment = "the registry does not list this service among the caller's targets"
                group.refuse(f"target-{name}-{scheme.value}", comment, "AllowedTarget", request, "TARGET_NOT_ALLOWED")


def _reflection(suite: Suite) -> None:
    """Requests in the name of the service that verifies: it may be what the service itself sent to others."""
    calls = {scheme: CALL.but(service=OWN.encode(), target_service=CALLER.encode()) for scheme in Scheme}
    for scheme, call in calls.items():
        own = signed(scheme, call, OWN_KEY)
        document = config(scheme, sign_with=scheme.value)
        group = suite.group(f"{scheme.value}: the own service's calls come back", document, SECRETS)
        bare = Request(method=call.method, target=call.target, body=call.body)
        group.steps(
            f"reflection-{scheme.value}",
            "a call is signed for another service and sent back to its sender, whole and in pieces",
            "Reflection",
            sign(bare, signs_as(headers(scheme, call, OWN_KEY), message(scheme, call)), target=CALLER),
            refused(own, "TARGET_NOT_ALLOWED"),
            refused(own, "TARGET_NOT_ALLOWED", chunks=[4]),
            refused(own, "TARGET_NOT_ALLOWED", chunks=[]),
        )
        safe = signed(scheme, call.but(method=b"GET", body=b""), OWN_KEY)
        comment = "reading is calling too"
        group.refuse(f"reflection-{scheme.value}-get", comment, "Reflection", safe, "TARGET_NOT_ALLOWED")
        for name, damaged, code in (
            ("after-signature", change_digit(own, 0), "INVALID_SIGNATURE"),
            ("after-unknown", signed(scheme, call.but(service=OWN.upper().encode()), OWN_KEY), "UNKNOWN_SERVICE"),
            ("after-wrong-key", signed(scheme, call, KEY), "INVALID_SIGNATURE"),
            (
                "after-window",
                signed(scheme, call.but(timestamp=b"%d" % (NOW - 301)), OWN_KEY),
                "TIMESTAMP_OUTSIDE_WINDOW",
            ),
        ):
            comment = "the earlier step decides"
            group.refuse(f"order-reflection-{scheme.value}-{name}", comment, "Precedence", damaged, code)
        other = signed(scheme, CALL, KEY)
        group.steps(
            f"reflection-{scheme.value}-others-may-call",
            "what was refused says nothing of other callers",
            ("Reflection", "Genuine"),
            refused(own, "TARGET_NOT_ALLOWED"),
            accepted(other, service=CALLER),
        )
        limits: dict[str, Json] = {"environments": ["staging"], "permissions": []}
        shut: list[Json] = [{"match": "/**", "services": [OTHER]}]
        document = config(scheme, services=registry(own=limits), environment="production", routes=shut)
        group = suite.group(f"{scheme.value}: the own service, limited in every way", document, SECRETS)
        name = f"order-reflection-{scheme.value}-before-environment"
        group.refuse(name, "the earlier step decides", "Precedence", own, "TARGET_NOT_ALLOWED")

    itself = {scheme: signed(scheme, CALL.but(service=OWN.encode()), OWN_KEY) for scheme in Scheme}
    for name, targets, allowed in (
        ("only", [OWN], True),
        ("among-others", [CALLER, OWN], True),
        ("other", [CALLER], False),
        ("letter-case", [OWN.upper()], False),
        ("longer", [OWN + "2"], False),
        ("none", [], False),
    ):
        for scheme, request in itself.items():
            listed: dict[str, Json] = {"allowed_targets": list(targets)}
            document = config(scheme, services=registry(own=listed))
            group = suite.group(f"{scheme.value}, the own service's targets: {name}", document, SECRETS)
            flags = ("Reflection", "AllowedTarget")
            if allowed:
                comment = "the config says by name that the service calls itself"
                group.accept(f"own-target-{name}-{scheme.value}", comment, flags, request, service=OWN)
            else:
                comment = "the config says whom the service calls, and it is not itself"
                group.refuse(f"own-target-{name}-{scheme.value}", comment, flags, request, "TARGET_NOT_ALLOWED")

    routes: list[Json] = [
        {"match": "/old/**", "accept": ["service-hmac"]},
        {"match": "/cross/**", "accept": ["cross-service"]},
    ]
    group = suite.group("routes of older schemes, and calls of the own service", config(V2, routes=routes), SECRETS)
    for scheme, path in ((V1, b"/old/a"), (CROSS, b"/cross/a")):
        call = CALL.but(target=path)
        own = signed(scheme, call.but(service=OWN.encode()), OWN_KEY)
        name = f"reflection-route-{scheme.value}"
        comment = "the scheme of the route does not sign the target"
        group.refuse(name, comment, ("Reflection", "RouteScheme"), own, "TARGET_NOT_ALLOWED")
        comment = "another service on the same route"
        group.accept(f"{name}-other", comment, ("RouteScheme", "Genuine"), signed(scheme, call, KEY), service=CALLER)
    comment = "the scheme of the document signs the target"
    flags = ("Reflection", "Genuine")
    group.accept("reflection-route-service-hmac-v2", comment, flags, itself[V2], service=OWN)

    group = suite.group("the own service's targets come later", config(V1), SECRETS)
    group.steps(
        "reflection-until-listed",
        "the refused call left no trace, and a new config lets it in",
        ("Reflection", "ConfigReplaced", "RefusedIsNotSeen"),
        refused(itself[V1], "TARGET_NOT_ALLOWED"),
        replace_config(config(V1, services=registry(own={"allowed_targets": [OWN]})), {"ok": {}}),
        accepted(itself[V1], service=OWN),
        refused(itself[V1], "REPLAYED_REQUEST"),
    )
    group.steps(
        "reflection-once-unlisted",
        "a new config without the list shuts the way again",
        ("Reflection", "ConfigReplaced"),
        replace_config(config(V1, services=registry(own={"allowed_targets": [OWN]})), {"ok": {}}),
        accepted(itself[V1], service=OWN),
        replace_config(config(V1), {"ok": {}}),
        refused(signed(V1, CALL.but(service=OWN.encode(), body=b"{}"), OWN_KEY), "TARGET_NOT_ALLOWED"),
    )


def _order(suite: Suite) -> None:
    """All rules of policy broken at once, and then one fewer at a time."""
    broken: dict[str, Json] = {
        "allowed_targets": ["notifications-service"],
        "environments": ["staging"],
        "permissions": ["GET /elsewhere"],
    }
    routes: list[Json] = [{"match": "/**", "services": [OTHER]}]
    request = get(b"/a")
    for name, mended, code in (
        ("target-first", (), "TARGET_NOT_ALLOWED"),
        ("environment-second", ("allowed_targets",), "ENVIRONMENT_NOT_ALLOWED"),
        ("service-third", ("allowed_targets", "environments"), "SERVICE_NOT_ALLOWED"),
    ):
        limits = {member: value for member, value in broken.items() if member not in mended}
        document = config(V2, services=registry(caller=limits), environment="production", routes=routes)
        group = suite.group(f"order of policy: {name}", document, SECRETS)
        group.refuse(f"order-{name}", "the earlier step decides", "Precedence", request, code)
        forged = change_digit(request, 0)
        comment = "the signature comes before policy"
        group.refuse(f"order-{name}-forged", comment, "Precedence", forged, "INVALID_SIGNATURE")
        unknown = request.set("X-Service-ID", b"intruder")
        comment = "the caller's name comes before policy"
        group.refuse(f"order-{name}-unknown", comment, "Precedence", unknown, "UNKNOWN_SERVICE")
    permitted = {"permissions": broken["permissions"]}
    document = config(V2, services=registry(caller=permitted), routes=[{"match": "/**", "services": [CALLER]}])
    group = suite.group("order of policy: permission last", document, SECRETS)
    group.refuse("order-permission-fourth", "the last rule", "Precedence", request, "PERMISSION_DENIED")
    both: dict[str, Json] = {"allowed_targets": [OWN]}
    group = suite.group("signed for another service", config(V2, services=registry(caller=both)), SECRETS)
    elsewhere = signed(V2, CALL.but(target_service=b"notifications-service"), KEY)
    comment = "listed in the registry, but signed for another service"
    group.refuse("target-listed-but-signed-for-another", comment, "OtherTarget", elsewhere, "TARGET_NOT_ALLOWED")
    group.steps(
        "denied-leaves-nonce-free",
        "what policy refused is not remembered",
        "RefusedIsNotSeen",
        refused(elsewhere, "TARGET_NOT_ALLOWED"),
        accepted(signed(V2, CALL, KEY), service=CALLER),
    )
