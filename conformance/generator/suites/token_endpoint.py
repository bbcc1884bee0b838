"""A token endpoint: what it answers to a form, and what its tokens say and open (RFC 6749, 8693, 9068)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import curves
import jose
from fleet import CALLER, KEY, OTHER, OWN, OWN_KEY, SECRETS, registry, secret
from model import Suite, accepted, check, refused, replace_config
from request import Request, text
from wire import NONCE, NOW, Call, Scheme, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model import Flags, Group
    from request import Json

ISSUER = "https://identity.internal"
KEY_ID = "2026"
RESOURCE = "invoices"
GRANTED = ["POST /token", "GET /invoices/**", "POST /invoices", "/stock/*"]
API_KEY = "k-" + secret("an API key of the token endpoint")[:40]
ENV = SECRETS | {
    "SEED": jose.SEED.hex(),
    "PUBLIC": curves.ed25519_public(jose.SEED).hex(),
    "API_KEY": API_KEY,
}
FAILS: Json = {"failed": "SIGNING_FAILED"}
NO_STORE: list[Json] = [
    ["Content-Type", "application/json"],
    ["Cache-Control", "no-store"],
    ["Pragma", "no-cache"],
]
EDDSA = jose.eddsa()

MISSING_GRANT = ("invalid_request", "grant_type is missing")
MISSING_AUDIENCE = ("invalid_request", "audience is missing: the id of a service")
TWICE = ("invalid_request", "a parameter is there twice")
NOT_UTF8 = ("invalid_request", "a parameter is not UTF-8")
TOO_LONG = ("invalid_request", "the form is longer than 16384 bytes")
TOO_MANY = ("invalid_request", "the form has too many parameters")
TWO_PROOFS = ("invalid_request", "the request proves who calls by its headers; leave client_* out of the form")
OTHER_GRANT = ("unsupported_grant_type", "grant_type can only be client_credentials")
NO_SCOPE = ("invalid_scope", "scope is a list of permissions, as in 'GET /a/** POST /b'")
NOT_GRANTED = (
    "invalid_scope",
    "a permission that is asked for is no pattern, or more than the registry gives the token's subject",
)
MANY_GRANTS = ("invalid_scope", "a token has at most 100 permissions; ask for fewer of them")
NO_TARGET = ("invalid_target", "the audience is not among the 'allowed_targets' of the token's subject")
NO_SERVICE = ("unauthorized_client", "the token's subject is not in 'services'")
NOT_HERE = ("unauthorized_client", "the token's subject may not act in this environment")
NOBODY = ("invalid_client", "the request does not prove who calls")
"""The errors, and the sentences that go with them on the wire: the same bytes in every language."""


def services(*keys: Json, **caller: Json) -> dict[str, Json]:
    """Return the registry of the issuer, whose own service has these keys."""
    usual: Json = {"id": KEY_ID, "algorithm": "ed25519", "private_key": "env:SEED"}
    known: dict[str, Json] = {
        "api_keys": [{"secret": "env:API_KEY"}],
        "allowed_targets": [OWN, RESOURCE],
        "permissions": GRANTED,
    }
    return registry(
        own={"keys": list(keys) or [usual]}, caller=known | caller, other={"allowed_targets": [OWN, RESOURCE]}
    )


def config(*keys: Json, jwt: Json = None, known: Json = None, **members: Json) -> dict[str, Json]:
    """Return the config of the issuer."""
    issue: Json = jwt or {"lifetime": 300, "issue": {"issuer": ISSUER}}
    document: dict[str, Json] = {"service": OWN, "accept": ["api-key", "service-hmac-v2"]}
    return document | {"services": known or services(*keys), "jwt": issue} | members


def resource(**members: Json) -> dict[str, Json]:
    """Return the config of a service that takes the issuer's tokens."""
    key: Json = {"id": KEY_ID, "algorithm": "ed25519", "public_key": "env:PUBLIC"}
    issuer: Json = {"keys": [key], "type": "at+jwt", "permissions_claim": "permissions", "tenant_claim": "tenant"}
    callers: dict[str, Json] = {CALLER: {"allowed_targets": [RESOURCE]}, OTHER: {"allowed_targets": [RESOURCE]}}
    document: dict[str, Json] = {"service": RESOURCE, "accept": ["jwt"], "services": callers}
    return document | {"jwt": {"issuers": {ISSUER: issuer}}} | members


def token(
    subject: str,
    permissions: Sequence[str],
    *,
    audience: str = RESOURCE,
    now: int = NOW,
    lifetime: int = 300,
    tenant: str | None = None,
    issuer: str = ISSUER,
    signer: jose.Signer = EDDSA,
    key: str = KEY_ID,
    claims: tuple[str, str] = ("permissions", "tenant"),
    nonce: str = NONCE,
) -> str:
    """Return the token that is issued, byte for byte."""
    header = {"alg": signer.name, "typ": "at+jwt", "kid": key}
    payload: dict[str, Json] = {"iss": issuer, "sub": subject, "aud": audience, "iat": now, "exp": now + lifetime}
    payload |= {"jti": nonce, "client_id": subject, claims[0]: list(permissions)}
    if tenant is not None:
        payload[claims[1]] = tenant
    return jose.token(_compact(header), _compact(payload), signer).decode()


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def answers(issued: str, permissions: Sequence[str], lifetime: int = 300) -> Json:
    """Expect an answer with this token."""
    body: Json = {
        "access_token": issued,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "scope": " ".join(permissions),
    }
    return {"ok": {"status": 200, "headers": NO_STORE, "body": _compact(body)}}


def fault(error: tuple[str, str]) -> Json:
    """Expect an answer with this error."""
    code, sentence = error
    body = _compact({"error": code, "error_description": sentence})
    headers = [*NO_STORE, ["WWW-Authenticate", f'Wiresign realm="{OWN}"']] if error == NOBODY else NO_STORE
    return {"ok": {"status": 401 if error == NOBODY else 400, "headers": headers, "body": body}}


def answer(form: bytes, expect: Json, *, caller: str | None = CALLER, **more: Json) -> dict[str, Json]:
    """Make a step that answers a request to the endpoint."""
    step: dict[str, Json] = {"op": "answer_token", "now": NOW, "nonce": NONCE, "caller": caller, "form": text(form)}
    return step | more | {"expect": expect}


def issue(expect: Json, *, subject: str = CALLER, audience: str = RESOURCE, **more: Json) -> dict[str, Json]:
    """Make a step that issues a token."""
    step: dict[str, Json] = {"op": "issue_token", "now": NOW, "nonce": NONCE, "subject": subject, "audience": audience}
    return step | more | {"expect": expect}


def issues(issued: str, permissions: Sequence[str], *, now: int = NOW, lifetime: int = 300) -> Json:
    """Expect exactly this token."""
    known: dict[str, Json] = {"text": issued, "expires": now + lifetime, "lifetime": lifetime}
    return {"ok": known | {"permissions": list(permissions)}}


def form(
    *, grant: str | None = "client_credentials", audience: str | None = RESOURCE, scope: str | None = None
) -> bytes:
    """Write a form."""
    fields = {"grant_type": grant, "audience": audience, "scope": scope}
    return "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items() if value is not None).encode()


def bearer(issued: str, method: bytes = b"GET", target: bytes = b"/invoices/7") -> Request:
    """Return a request with a token."""
    return Request(method=method, target=target, headers=(("Authorization", b"Bearer " + issued.encode()),))


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("token-endpoint")
    group = suite.group("a service that issues tokens", config(), ENV)
    _genuine(group)
    _forms(group)
    _scopes(group)
    _callers(group)
    _issued(group)
    _proofs(group)
    _opened(group)
    _keys(suite)
    _settings(suite)
    _registries(suite)
    _documents(suite)
    return suite


def _genuine(group: Group) -> None:
    everything = token(CALLER, GRANTED)
    for name, body, comment in (
        ("form", form(), "the usual form"),
        ("other-order", b"audience=invoices&grant_type=client_credentials", "the parameters in another order"),
        ("more-parameters", form() + b"&resource=x&foo=1&foo=2", "parameters that mean nothing here"),
        ("escapes", b"%67rant_type=client%5Fcredentials&audience=%69nvoices", "needless escapes"),
        ("empty-pieces", b"&&" + form() + b"&", "empty pieces"),
        ("empty-scope", form(scope=""), "an empty parameter is left out"),
        ("empty-client", form() + b"&client_id=&client_secret=", "empty ones that would be a second proof"),
        ("longest", form() + b"&" + b"x" * (16_384 - len(form()) - 1), "16384 bytes"),
    ):
        flags: Flags = ("TokenIssued", "SizeLimit") if name == "longest" else "TokenIssued"
        group.steps(f"answer-{name}", comment, flags, answer(body, answers(everything, GRANTED)))
    all_of_it = ["/**"]
    step = answer(form(), answers(token(OTHER, all_of_it), all_of_it), caller=OTHER)
    group.steps("answer-without-list", "a caller that the registry gives no list", "TokenIssued", step)
    own = token(CALLER, GRANTED, audience=OWN)
    group.steps(
        "answer-for-issuer",
        "a token for the issuer itself",
        "TokenIssued",
        answer(form(audience=OWN), answers(own, GRANTED)),
    )
    for name, tenant in (("plain", "acme"), ("utf8", 'Zoë & "Co" \\ \U0001f9f1'), ("longest", "t" * 256)):
        known = token(CALLER, GRANTED, tenant=tenant)
        step = answer(form(), answers(known, GRANTED), tenant=tenant)
        group.steps(f"answer-tenant-{name}", "the application names the tenant", "TokenIssued", step)
    step = answer(form() + b"&tenant=evil&org=evil", answers(everything, GRANTED))
    group.steps("answer-tenant-of-caller", "a caller names no tenant", "TokenIssued", step)


def _forms(group: Group) -> None:
    flag = "TokenError"
    good = form()
    for name, body, error, comment in (
        ("empty", b"", MISSING_GRANT, "nothing"),
        ("json", b'{"grant_type":"client_credentials","audience":"invoices"}', MISSING_GRANT, "JSON"),
        (
            "json-with-form",
            b'{"a":"&grant_type=client_credentials&"}',
            MISSING_AUDIENCE,
            "JSON that holds a part of a form",
        ),
        ("semicolons", good.replace(b"&", b";"), OTHER_GRANT, "semicolons are no separators"),
        (
            "multipart",
            b'--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n',
            MISSING_GRANT,
            "multipart",
        ),
        ("no-grant", form(grant=None), MISSING_GRANT, "no grant"),
        ("empty-grant", form(grant=""), MISSING_GRANT, "an empty one"),
        ("no-audience", form(audience=None), MISSING_AUDIENCE, "no audience"),
        ("empty-audience", form(audience=""), MISSING_AUDIENCE, "an empty one"),
        ("resource", good.replace(b"audience", b"resource"), MISSING_AUDIENCE, "the parameter of another standard"),
        ("upper-case-name", good.replace(b"grant_type", b"Grant_Type"), MISSING_GRANT, "names have a letter case"),
        ("password", form(grant="password"), OTHER_GRANT, "a password"),
        ("code", form(grant="authorization_code"), OTHER_GRANT, "a code"),
        ("refresh", form(grant="refresh_token"), OTHER_GRANT, "a refresh token"),
        ("exchange", form(grant="urn:ietf:params:oauth:grant-type:token-exchange"), OTHER_GRANT, "an exchange"),
        ("upper-case-grant", form(grant="Client_Credentials"), OTHER_GRANT, "values have a letter case"),
        ("blank-grant", form(grant="client_credentials "), OTHER_GRANT, "a blank behind it"),
        ("grant-before-audience", form(grant="password", audience=None), OTHER_GRANT, "two faults: the grant decides"),
        ("grant-twice", good + b"&grant_type=client_credentials", TWICE, "the grant twice"),
        ("audience-twice", good + b"&audience=invoices", TWICE, "the audience twice"),
        ("audience-twice-escaped", good + b"&%61udience=invoices", TWICE, "the audience twice, once escaped"),
        ("audience-twice-empty", good + b"&audience=", TWICE, "the audience twice, once empty"),
        ("scope-twice", form(scope="GET /invoices/7") + b"&scope=/**", TWICE, "the scope twice"),
        ("client-twice", good + b"&client_id=&client_id=", TWICE, "a client twice"),
        ("audience-not-utf8", good.replace(b"invoices", b"%ff"), NOT_UTF8, "escapes that are no UTF-8"),
        ("audience-raw-bytes", good.replace(b"invoices", b"\xff"), NOT_UTF8, "bytes that are no UTF-8"),
        ("scope-not-utf8", good + b"&scope=/%c3%28", NOT_UTF8, "a scope that is no UTF-8"),
        ("client-id", good + b"&client_id=image-service", TWO_PROOFS, "the id of the client in the form"),
        ("client-secret", good + b"&client_secret=" + API_KEY.encode(), TWO_PROOFS, "the secret in the form"),
        ("client-assertion", good + b"&client_assertion=x&client_assertion_type=y", TWO_PROOFS, "an assertion"),
        ("client-before-grant", b"grant_type=password&client_id=a", TWO_PROOFS, "two faults: the second proof decides"),
        ("too-long", good + b"&" + b"x" * (16_384 - len(good)), TOO_LONG, "16385 bytes"),
        ("too-many", good + b"&a=" * 1000, TOO_MANY, "1002 parameters"),
        ("other-audience", form(audience="payroll"), NO_TARGET, "a service that the caller may not call"),
        ("unknown-audience", form(audience="nobody"), NO_TARGET, "a service that nobody knows"),
        ("audience-case", form(audience="Invoices"), NO_TARGET, "ids have a letter case"),
        ("audience-list", form(audience=f"{OWN} {RESOURCE}"), NO_TARGET, "two services in one text"),
        ("audience-url", form(audience="https://invoices.internal/"), NO_TARGET, "a URL"),
        ("audience-prefix", form(audience=RESOURCE[:-1]), NO_TARGET, "a name that begins like it"),
        ("audience-nul", good.replace(b"invoices", b"invoices%00"), NO_TARGET, "a NUL at the end"),
    ):
        flags: Flags = (flag, "SizeLimit") if name.startswith("too-") else flag
        group.steps(f"form-{name}", comment, flags, answer(body, fault(error)))


def _scopes(group: Group) -> None:
    for name, scope in (
        ("one", ["GET /invoices/**"]),
        ("several", ["POST /token", "POST /invoices"]),
        ("narrower-path", ["GET /invoices/7"]),
        ("narrower-tail", ["GET /invoices/7/*"]),
        ("narrower-method", ["PUT /stock/9"]),
        ("any-method", ["/stock/9"]),
        ("twice", ["POST /invoices", "POST /invoices"]),
        ("everything", GRANTED),
    ):
        step = answer(form(scope=" ".join(scope)), answers(token(CALLER, scope), scope))
        group.steps(f"scope-{name}", "a part of what the registry gives", "TokenScope", step)
    scope = ["GET /invoices/7", "/stock/9"]
    for name, spelled in (
        ("plus", "GET+/invoices/7+/stock/9"),
        ("escapes", quote("GET /invoices/7 /stock/9", safe="")),
        ("blanks", "++GET++/invoices/7+++/stock/9+"),
    ):
        step = answer(form() + f"&scope={spelled}".encode(), answers(token(CALLER, scope), scope))
        group.steps(f"scope-spelled-{name}", "forms have several spellings", "TokenScope", step)
    for name, wide in (
        ("everything", "/**"),
        ("any-method", "/invoices/**"),
        ("other-method", "DELETE /invoices/7"),
        ("other-path", "GET /orders"),
        ("parent", "GET /**"),
        ("sibling", "GET /invoicesx"),
        ("more-segments", "/stock/9/x"),
        ("tail", "/stock/**"),
        ("case", "GET /Invoices/7"),
        ("head", "HEAD /invoices/7"),
        ("one-of-two", "GET /invoices/7 GET /orders"),
        ("dots", "GET /invoices/../orders"),
        ("escape", "GET /invoices/%2e%2e/orders"),
        ("empty-segment", "GET /invoices//7"),
        ("tail-inside", "GET /invoices/**/7"),
        ("star-inside", "GET /invoices/7*"),
        ("query", "GET /invoices/7?a"),
        ("lower-case-method", "get /invoices/7"),
    ):
        step = answer(form(scope=wide), fault(NOT_GRANTED))
        group.steps(
            f"scope-wider-{name}", "more than the registry gives, or no pattern", ("TokenScope", "Permission"), step
        )
    for name, words in (
        ("word", "read"),
        ("openid", "openid profile"),
        ("two-methods", "GET POST /invoices"),
        ("method-at-end", "/stock/9 GET"),
        ("blanks", "   "),
        ("comma", "GET,/invoices/7"),
        ("tab", "GET\t/invoices/7"),
    ):
        group.steps(
            f"scope-malformed-{name}",
            "words that are no permissions",
            "TokenScope",
            answer(form(scope=words), fault(NO_SCOPE)),
        )
    many = ["/stock/9"] * 100
    group.steps(
        "scope-100",
        "as many as a token can hold",
        "TokenScope",
        answer(form(scope=" ".join(many)), answers(token(CALLER, many), many)),
    )
    step = answer(form(scope=" ".join([*many, "/stock/9"])), fault(MANY_GRANTS))
    group.steps("scope-101", "one more than a token can hold", ("TokenScope", "SizeLimit"), step)


def _callers(group: Group) -> None:
    for name, caller, error in (
        ("nobody", None, NOBODY),
        ("empty", "", NOBODY),
        ("unknown", "nobody", NO_SERVICE),
        ("webhook", "webhook:stripe", NO_SERVICE),
        ("user", "issuer:alice", NO_SERVICE),
        ("case", CALLER.upper(), NO_SERVICE),
        ("own", OWN, NO_TARGET),
    ):
        comment = "who gets no token"
        group.steps(f"caller-{name}", comment, "TokenError", answer(form(), fault(error), caller=caller))
    step = answer(b"grant_type=password", fault(NOBODY), caller=None)
    group.steps("caller-before-form", "nobody is told what is wrong with the form", ("TokenError", "Precedence"), step)
    step = answer(form(grant="password"), fault(OTHER_GRANT), caller="nobody")
    group.steps("form-before-caller", "the form is looked at before the registry", ("TokenError", "Precedence"), step)
    step = answer(form(audience="nobody", scope="/**"), fault(NO_TARGET))
    group.steps(
        "target-before-scope", "the target is looked at before the permissions", ("TokenError", "Precedence"), step
    )
    for name, more in (
        ("nonce-short", {"nonce": "short"}),
        ("nonce-blank", {"nonce": "6f1c3f0a 6a55 4c8f 9d3b"}),
        ("nonce-65", {"nonce": "n" * 65}),
        ("time", {"now": 1_000_000_000_000}),
        ("tenant-long", {"tenant": "t" * 257}),
        ("tenant-control", {"tenant": "a\nb"}),
        ("tenant-delete", {"tenant": "a\x7f"}),
    ):
        comment = "no fault of the caller"
        group.steps(f"answer-fails-{name}", comment, "CannotSign", {**answer(form(), FAILS), **more})
        group.steps(f"issue-fails-{name}", comment, "CannotSign", {**issue(FAILS), **more})


def _issued(group: Group) -> None:
    flag = "TokenIssued"
    group.steps("issue", "all that the registry gives", flag, issue(issues(token(CALLER, GRANTED), GRANTED)))
    for seconds in (1, 299, 300):
        step = issue(issues(token(CALLER, GRANTED, lifetime=seconds), GRANTED, lifetime=seconds), lifetime=seconds)
        group.steps(f"issue-lifetime-{seconds}", "a shorter life", flag, step)
    for seconds in (301, 86_400, 2**53 - 1):
        step = issue(FAILS, lifetime=seconds)
        group.steps(f"issue-lifetime-{seconds}", "a longer life than the config gives", "CannotSign", step)
    for name, permissions in (("none", []), ("narrower", ["GET /invoices/7", "/stock/1"])):
        step = issue(issues(token(CALLER, permissions), permissions), permissions=list(permissions))
        group.steps(f"issue-permissions-{name}", "fewer permissions", ("TokenIssued", "TokenScope"), step)
    for name, wide in (
        ("wider", ["GET /**"]),
        ("no-pattern", ["GET"]),
        ("empty", [""]),
        ("one-of-two", ["/stock/1", "/x"]),
    ):
        step = issue(FAILS, permissions=list(wide))
        group.steps(f"issue-permissions-{name}", "more permissions, or no pattern", ("CannotSign", "TokenScope"), step)
    for name, subject, audience in (
        ("nobody", "nobody", RESOURCE),
        ("empty-subject", "", RESOURCE),
        ("other-target", CALLER, OTHER),
        ("empty-target", CALLER, ""),
        ("case-of-target", CALLER, RESOURCE.upper()),
        ("without-targets", OWN, RESOURCE),
    ):
        step = issue(FAILS, subject=subject, audience=audience)
        group.steps(f"issue-refuses-{name}", "what the registry does not allow", "CannotSign", step)
    step = issue(issues(token(CALLER, GRANTED, tenant="acme"), GRANTED), tenant="acme")
    group.steps("issue-tenant", "the tenant of the application", flag, step)
    for now in (0, 999_999_999_699):
        step = issue(issues(token(CALLER, GRANTED, now=now), GRANTED, now=now), now=now)
        group.steps(f"issue-at-{now}", "the ends of time", flag, step)
    for nonce in ("n" * 16, "Az09_-" * 10 + "abcd"):
        step = issue(issues(token(CALLER, GRANTED, nonce=nonce), GRANTED), nonce=nonce)
        group.steps(f"issue-nonce-{len(nonce)}", "the shortest and the longest id", flag, step)


def _proofs(group: Group) -> None:
    """Add whole requests to the endpoint: a verification in front of it, and its answer."""
    body = form()
    key = Request(method=b"POST", target=b"/token", headers=(("X-Service-API-Key", API_KEY.encode()),), body=body)
    steps = (accepted(key, service=CALLER, scheme="api-key"), answer(body, answers(token(CALLER, GRANTED), GRANTED)))
    group.steps("proof-api-key", "an API key is exchanged for a token", ("TokenIssued", "ApiKey"), *steps)
    call = Call(target=b"/token", body=body)
    request = signed(Scheme.SERVICE_HMAC_V2, call, KEY)
    steps = (accepted(request, service=CALLER), answer(body, answers(token(CALLER, GRANTED), GRANTED)))
    group.steps("proof-signature", "a signature is exchanged for a token", ("TokenIssued", "Genuine"), *steps)
    wider = body.replace(b"invoices", b"payroll")
    group.refuse("proof-changed-form", "the form is signed", "Tampered", request.but(body=wider), "INVALID_SIGNATURE")
    for name, value in (
        ("basic", base64.b64encode(f"{CALLER}:{API_KEY}".encode())),
        ("basic-urlencoded", base64.b64encode(f"{quote(CALLER)}:{quote(API_KEY)}".encode())),
    ):
        request = Request(method=b"POST", target=b"/token", headers=(("Authorization", b"Basic " + value),), body=body)
        comment = "id and secret as Basic are no proof here"
        group.refuse(f"proof-{name}", comment, "SchemeNotAccepted", request, "AUTHENTICATION_REQUIRED")
    in_form = body + f"&client_id={CALLER}&client_secret={API_KEY}".encode()
    request = Request(method=b"POST", target=b"/token", body=in_form)
    comment = "id and secret in the form are no proof here, nor beside one"
    steps = (refused(request, "AUTHENTICATION_REQUIRED"), answer(in_form, fault(NOBODY), caller=None))
    group.steps(
        "proof-in-form", comment, ("SchemeNotAccepted", "TokenError"), *steps, answer(in_form, fault(TWO_PROOFS))
    )
    tokens = bearer(token(CALLER, GRANTED, audience=OWN), b"POST", b"/token")
    comment = "a token of the endpoint gets no next one, where tokens are not accepted"
    group.refuse("proof-token", comment, "SchemeNotAccepted", tokens, "AUTHENTICATION_REQUIRED")


def _opened(group: Group) -> None:
    """Add what the tokens open, at a service that takes them."""
    scope = ["GET /invoices/**"]
    known = token(CALLER, scope, tenant="acme")
    issued = issue(issues(known, scope), permissions=list(scope), tenant="acme")
    elsewhere = replace_config(resource(), {"ok": {}})

    def opened(name: str, comment: str, flags: Flags, *steps: Json) -> None:
        group.steps(f"opened-{name}", comment, flags, issued, elsewhere, *steps)

    request = bearer(known)
    step = accepted(request, service=CALLER, key=KEY_ID, scheme="jwt", covered=[], public=False)
    opened("what-it-says", "the token opens what it says", "TokenIssued", step)
    for name, method, target in (("method", b"POST", b"/invoices/7"), ("path", b"GET", b"/orders")):
        request = bearer(known, method, target)
        opened(f"other-{name}", "and nothing else", "Permission", refused(request, "PERMISSION_DENIED"))
    request = bearer(known)
    opened(
        "until-the-end",
        "until it ends",
        "TokenTime",
        accepted(request, now=NOW + 329),
        refused(request, "TOKEN_EXPIRED", now=NOW + 330),
    )
    group.steps(
        "opened-other-service",
        "a token for another service",
        "OtherTarget",
        issue(issues(token(CALLER, GRANTED, audience=OWN), GRANTED), audience=OWN),
        elsewhere,
        refused(bearer(token(CALLER, GRANTED, audience=OWN)), "INVALID_TOKEN"),
    )
    nothing = token(CALLER, [])
    group.steps(
        "opened-nothing",
        "a token without permissions",
        "Permission",
        issue(issues(nothing, []), permissions=[]),
        elsewhere,
        refused(bearer(nothing), "PERMISSION_DENIED"),
    )
    narrow = resource(services={CALLER: {"allowed_targets": [RESOURCE], "permissions": ["GET /orders"]}})
    steps = (issued, replace_config(narrow, {"ok": {}}), refused(bearer(known), "PERMISSION_DENIED"))
    group.steps("opened-own-rules", "the rules of the service hold beside the token", "Permission", *steps)
    kind = jose.token(_compact({"alg": "EdDSA", "typ": "JWT", "kid": KEY_ID}), _payload_of(known), EDDSA).decode()
    steps = (issued, elsewhere, refused(bearer(kind), "INVALID_TOKEN"))
    group.steps("opened-other-type", "the same claims in a token of another type", "TokenForm", *steps)


def _payload_of(known: str) -> str:
    middle = known.split(".")[1]
    return base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)).decode()


def _keys(suite: Suite) -> None:
    def group(name: str, *keys: Json) -> Group:
        return suite.group(f"keys: {name}", config(*keys), ENV)

    mac: dict[str, Json] = {"id": "mac", "secret": "env:LEGO_PROJECTS_API_SECRET"}
    hs256 = jose.hs(256, OWN_KEY)
    known = token(CALLER, GRANTED, signer=hs256, key="mac")
    group("HMAC", mac).steps("key-hmac", "a key of HMAC issues HS256", "TokenIssued", issue(issues(known, GRANTED)))
    seed: dict[str, Json] = {"id": KEY_ID, "algorithm": "ed25519", "private_key": "env:SEED"}
    early = seed | {"not_before": "2026-01-02T00:00:00Z"}
    late = seed | {"not_after": "2026-01-01T00:00:00Z"}
    for name, keys in (("early", early), ("late", late), ("revoked", seed | {"state": "revoked"})):
        listed = group(name, keys)
        for operation, step in (("issue", issue(FAILS)), ("answer", answer(form(), FAILS))):
            listed.steps(f"key-{name}-{operation}", "no key is valid", ("CannotSign", "KeyLife"), step)
    known = token(CALLER, GRANTED, signer=hs256, key="mac")
    both = group("one that is valid behind one that is not", early, mac)
    both.steps("key-next", "the key that is valid signs", ("TokenIssued", "KeyLife"), issue(issues(known, GRANTED)))
    public: dict[str, Json] = {"id": KEY_ID, "algorithm": "ed25519", "public_key": "env:PUBLIC"}
    halved = group("a public half", public)
    halved.steps("key-public-issue", "a public key issues nothing", "CannotSign", issue(FAILS))
    halved.steps("key-public-answer", "a public key issues nothing", "CannotSign", answer(form(), FAILS))


def _settings(suite: Suite) -> None:
    named: Json = {"lifetime": 60, "issue": {"issuer": ISSUER, "permissions_claim": "scp", "tenant_claim": "org"}}
    group = suite.group("settings: claims of other names", config(jwt=named), ENV)
    known = token(CALLER, GRANTED, lifetime=60, tenant="acme", claims=("scp", "org"))
    step = answer(form(), answers(known, GRANTED, 60), tenant="acme")
    group.steps("settings-names", "names of claims and the lifetime", "TokenIssued", step)
    document = {name: value for name, value in config().items() if name != "jwt"}
    group = suite.group("settings: nothing said", document, ENV)
    known = token(CALLER, GRANTED, issuer=OWN)
    group.steps(
        "settings-none", "the issuer is the service itself", "TokenIssued", answer(form(), answers(known, GRANTED))
    )


def _registries(suite: Suite) -> None:
    def group(name: str, **caller: Json) -> Group:
        document = config(known=services(**caller), environment="live")
        return suite.group(f"registry: {name}", document, ENV)

    elsewhere = group("a caller of another environment", environments=["test"])
    elsewhere.steps(
        "registry-environment", "it may not act here", ("TokenError", "Environment"), answer(form(), fault(NOT_HERE))
    )
    nowhere = group("a caller that may call nobody", allowed_targets=[])
    nowhere.steps(
        "registry-no-targets",
        "there is nobody to call",
        ("TokenError", "AllowedTarget"),
        answer(form(), fault(NO_TARGET)),
    )
    idle = group("a caller that may do nothing", permissions=[])
    idle.steps(
        "registry-no-permissions",
        "the token holds nothing",
        "TokenIssued",
        answer(form(), answers(token(CALLER, []), [])),
    )
    step = answer(form(scope="/a"), fault(NOT_GRANTED))
    idle.steps("registry-no-permissions-asked", "and nothing can be asked for", ("TokenError", "Permission"), step)


def _documents(suite: Suite) -> None:
    for name, issue_member, pointer in (
        ("other-service", {"issuer": CALLER}, "/jwt/issue/issuer"),
        ("empty-issuer", {"issuer": ""}, "/jwt/issue/issuer"),
        ("reserved-permissions", {"permissions_claim": "sub"}, "/jwt/issue/permissions_claim"),
        ("reserved-tenant", {"tenant_claim": "client_id"}, "/jwt/issue/tenant_claim"),
        ("same-claims", {"tenant_claim": "permissions"}, "/jwt/issue"),
        ("unknown-member", {"lifetime": 5}, "/jwt/issue/lifetime"),
        ("list", [], "/jwt/issue"),
    ):
        group = suite.group(f"documents: {name}", config(jwt={"issue": issue_member}), ENV)
        expect: Json = {"config_errors": [pointer]}
        group.steps(f"config-{name}", "tokens that nobody could read", "ConfigValue", check(expect))
    group = suite.group("documents: the service itself as the issuer", config(jwt={"issue": {"issuer": OWN}}), ENV)
    group.steps("config-own-name", "its own id is a good name", "ConfigAccepted", check({"ok": {"warnings": []}}))
