"""Config documents: what is refused, where the problem is said to be, and what is only warned of."""

from __future__ import annotations

import base64
import hashlib
import json
import textwrap
from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OWN, SECRETS, config, registry, secret
from model import Flags, Suite, accepted, check
from suites.keys import time
from wire import NOW, Call, Scheme, signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from request import Json

V1, V2, CROSS = Scheme.SERVICE_HMAC, Scheme.SERVICE_HMAC_V2, Scheme.CROSS_SERVICE
KEY_AT = f"/services/{CALLER}/keys/0"


class ConfigSuite(Suite):
    """A suite whose tests are config documents, one group each."""

    def bad(
        self, name: str, comment: str, flag: str, document: Json, *pointers: str, env: Mapping[str, str] = SECRETS
    ) -> None:
        """Add a document with problems at these places."""
        expect: Json = {"config_errors": sorted(pointers)}
        self.group(name, document, env).steps(name, comment, flag, check(expect))

    def bad_text(self, name: str, comment: str, flag: str, text: str, *pointers: str) -> None:
        """Add a document whose exact spelling matters."""
        expect: Json = {"config_errors": sorted(pointers)}
        self.group(name, env=SECRETS, config_text=text).steps(name, comment, flag, check(expect))

    def good(self, name: str, comment: str, document: Json, env: Mapping[str, str] = SECRETS) -> None:
        """Add a document that is in order, whatever its warnings are."""
        self.group(name, document, env).steps(name, comment, "ConfigAccepted", check({"ok": {}}))

    def good_text(self, name: str, comment: str, text: str) -> None:
        """Add a document that is in order, whose exact spelling matters."""
        self.group(name, env=SECRETS, config_text=text).steps(name, comment, "ConfigAccepted", check({"ok": {}}))

    def warned(self, name: str, comment: str, document: Json, *pointers: str, env: Mapping[str, str] = SECRETS) -> None:
        """Add a document that is in order, with warnings at exactly these places."""
        expect: Json = {"ok": {"warnings": sorted(pointers)}}
        self.group(name, document, env).steps(name, comment, "ConfigWarning", check(expect))


def suite() -> Suite:
    """Build the vector file."""
    suite = ConfigSuite("config")
    _good(suite)
    _text(suite)
    _members(suite)
    _ids(suite)
    _schemes(suite)
    _windows(suite)
    _keys(suite)
    _secrets(suite)
    _documents_as_secrets(suite)
    _unset(suite)
    _shared_in_a_service(suite)
    _shared_by_services(suite)
    _routes(suite)
    _shadowed(suite)
    _other_values(suite)
    _several(suite)
    _warnings(suite)
    return suite


def caller(**members: Json) -> dict[str, Json]:
    """Return a document whose caller has these members."""
    return config(V2, services=registry(caller=members))


def with_key(**members: Json) -> dict[str, Json]:
    """Return a document whose caller has one key with these members beside its secret."""
    return caller(keys=[{"secret": "env:IMAGE_SERVICE_SECRET"} | members])


def _good(suite: ConfigSuite) -> None:
    suite.good("good-smallest", "the least that a document must say", {"service": OWN, "services": {}})
    everything: Json = config(V2, V1) | {
        "$schema": "./wiresign.schema.json",
        "environment": "production",
        "sign_with": "service-hmac-v2",
        "window": {"past": 300, "future": 60},
        "services": registry(
            caller={
                "keys": [
                    {
                        "id": "2026-q1",
                        "secret": "env:IMAGE_SERVICE_SECRET",
                        "encoding": "text",
                        "not_before": time(NOW - 1000),
                        "not_after": time(NOW + 1000),
                        "state": "active",
                    }
                ],
                "allowed_targets": [OWN, "a-service-that-is-not-listed"],
                "permissions": ["GET /api/images/**", "POST /api/images/process"],
                "environments": ["production", "staging"],
                "url": "https://image.internal:8443",
            }
        ),
        "routes": [
            {"match": "GET /health", "public": True},
            {"match": "/internal/**", "services": [CALLER], "strict": True, "accept": ["service-hmac-v2"]},
        ],
        "replay": {"store": "memory", "capacity": 1000, "on_full": "reject"},
        "limits": {"body_bytes": 10485760},
        "reveal": "uniform",
    }
    suite.good("good-every-member", "every member there is", everything)
    group = suite.group("good-every-member-works", everything, SECRETS)
    request = signed(V2, Call(target=b"/api/images/process"), KEY)
    group.steps("good-every-member-works", "and it verifies", "ConfigAccepted", accepted(request, key="2026-q1"))
    suite.good(
        "good-empty-objects", "empty objects mean defaults", config(V2, window={}, replay={}, limits={}, routes=[])
    )
    suite.good(
        "good-same-old-schemes-on-routes",
        "two old schemes on two routes",
        config(V2)
        | {"routes": [{"match": "/a", "accept": ["service-hmac"]}, {"match": "/b", "accept": ["cross-service"]}]},
    )
    for name, identifier in (
        ("one-letter", "a"),
        ("digit-first", "7zip"),
        ("every-mark", "A.b_c-9"),
        ("upper-case", "BILLING"),
        ("128-letters", "a" * 128),
    ):
        suite.good(f"good-id-{name}", "the id of a service", {"service": identifier, "services": {}})
    unlisted = "targets may be services that do not call this one"
    suite.good("good-target-not-listed", unlisted, caller(allowed_targets=["no-such-service"]))
    eight: list[Json] = [{"secret": f"env:K{number}"} for number in range(8)]
    env = SECRETS | {f"K{number}": secret(f"k{number}") for number in range(8)}
    suite.good("good-eight-keys", "the most keys", caller(keys=eight), env)
    called = config(V2, services=registry() | {"notifications-service": {"url": "https://notifications.internal"}})
    suite.good("good-service-without-keys", "a service that is only called needs no key", called)
    literal: list[Json] = [{"secret": f"literal:{secret('literal')}"}]
    suite.good("good-literal", "a secret in the document, for tests", caller(keys=literal))


def _text(suite: ConfigSuite) -> None:
    good = json.dumps(config(V2))
    for name, text in (
        ("empty", ""),
        ("spaces", "  \n"),
        ("cut", good[:-1]),
        ("two-documents", good + good),
        ("text-after", good + "x"),
        ("trailing-comma", '{"service":"a","services":{},}'),
        ("comment", '{"service":"a", // the own one\n"services":{}}'),
        ("single-quotes", "{'service':'a','services':{}}"),
        ("bare-name", '{service:"a","services":{}}'),
        ("nan", '{"service":"a","services":{},"window":{"past":NaN}}'),
        ("infinity", '{"service":"a","services":{},"window":{"past":Infinity}}'),
        ("hex-number", '{"service":"a","services":{},"window":{"past":0x10}}'),
        ("leading-zero", '{"service":"a","services":{},"window":{"past":0300}}'),
        ("plus", '{"service":"a","services":{},"window":{"past":+300}}'),
        ("line-end-in-string", '{"service":"a\n","services":{}}'),
        ("bad-escape", r'{"service":"\x61","services":{}}'),
        ("lone-surrogate", r'{"service":"\ud800","services":{}}'),
        ("byte-order-mark", "\ufeff" + good),
        ("byte-order-mark-alone", "\ufeff"),
        ("byte-order-mark-twice", "\ufeff\ufeff" + good),
        ("byte-order-mark-behind-space", " \ufeff" + good),
        ("byte-order-mark-after", good + "\ufeff"),
        ("byte-order-mark-and-fault", "\ufeff" + '{"service":"a","services":{},"wndow":{}}'),
        ("yaml", "service: a\nservices: {}\n"),
        ("deep", '{"service":"a","services":' + "[" * 5000 + "]" * 5000 + "}"),
    ):
        suite.bad_text(f"text-{name}", "not JSON", "ConfigForm", text, "")
    for name, text in (
        ("plain", good),
        ("white-space-around", "\r\n\t " + good + " \n"),
        ("byte-order-mark-in-a-string", json.dumps(config(V2) | {"$schema": "\ufeff"}, ensure_ascii=False)),
    ):
        suite.good_text(f"good-text-{name}", "JSON from its first byte to its last", text)
    for name, text in (
        ("null", "null"),
        ("array", "[]"),
        ("string", '"service"'),
        ("number", "1"),
        ("true", "true"),
    ):
        suite.bad_text(f"text-{name}", "JSON, but no object", "ConfigForm", text, "")

    key = '{"secret":"env:IMAGE_SERVICE_SECRET"}'
    twice = '{"secret":"env:IMAGE_SERVICE_SECRET","secret":"env:IMAGE_SERVICE_SECRET"}'
    for name, members, pointer in (
        ("root", '"services":{},"service":"a"', "/service"),
        ("root-other-value", '"services":{},"service":"b"', "/service"),
        ("escaped-name", r'"services":{},"\u0073ervice":"a"', "/service"),
        ("window", '"services":{},"window":{"past":300,"past":300}', "/window/past"),
        ("service", f'"services":{{"b":{{"keys":[{key}]}},"b":{{"keys":[{key}]}}}}', "/services/b"),
        ("services", '"services":{},"services":{}', "/services"),
        ("keys", f'"services":{{"b":{{"keys":[{key}],"keys":[{key}]}}}}', "/services/b/keys"),
        ("secret", f'"services":{{"b":{{"keys":[{twice}]}}}}', "/services/b/keys/0/secret"),
        ("route", '"services":{},"routes":[{"match":"/a","match":"/a"}]', "/routes/0/match"),
        ("limits", '"services":{},"limits":{"body_bytes":1,"body_bytes":1}', "/limits/body_bytes"),
        ("replay", '"services":{},"replay":{"store":"memory","store":"memory"}', "/replay/store"),
    ):
        text = f'{{"service":"a",{members}}}'
        suite.bad_text(f"twice-{name}", "a member is there twice", "ConfigForm", text, pointer)
    for name, number in (("float", "300.0"), ("exponent", "3e2"), ("negative-zero", "-0.0")):
        text = f'{{"service":"a","services":{{}},"window":{{"past":{number}}}}}'
        comment = "a whole number has neither point nor exponent"
        suite.bad_text(f"number-{name}", comment, "ConfigWindow", text, "/window/past")


def _members(suite: ConfigSuite) -> None:
    base = config(V2)
    for name, document, pointer in (
        ("root", base | {"wndow": {}}, "/wndow"),
        ("root-letter-case", base | {"Window": {}}, "/Window"),
        ("root-webhook", base | {"webhook": {}}, "/webhook"),
        ("root-empty-name", base | {"": 1}, "/"),
        ("root-slash-and-tilde", base | {"a/b~c": 1}, "/a~1b~0c"),
        ("root-tilde-one", base | {"~1": 1}, "/~01"),
        ("window", base | {"window": {"past": 300, "seconds": 1}}, "/window/seconds"),
        ("service", caller(secret="env:IMAGE_SERVICE_SECRET"), f"/services/{CALLER}/secret"),
        ("key", with_key(name="k"), f"{KEY_AT}/name"),
        ("key-hyphen", with_key(**{"not-after": time(NOW)}), f"{KEY_AT}/not-after"),
        ("route", base | {"routes": [{"match": "/a", "path": "/a"}]}, "/routes/0/path"),
        ("route-second", base | {"routes": [{"match": "/a"}, {"match": "/b", "skip": 1}]}, "/routes/1/skip"),
        ("replay", base | {"replay": {"ttl": 300}}, "/replay/ttl"),
        ("limits", base | {"limits": {"bytes": 1}}, "/limits/bytes"),
        ("skip-verification", base | {"skip_verification": True}, "/skip_verification"),
    ):
        suite.bad(f"unknown-{name}", "a member that is not known", "ConfigForm", document, pointer)
    missing: dict[str, tuple[dict[str, Json], str]] = {
        "service": ({"services": {}}, "/service"),
        "services": ({"service": OWN}, "/services"),
        "secret": (caller(keys=[{"id": "k"}]), f"{KEY_AT}/secret"),
        "match": (base | {"routes": [{"public": True}]}, "/routes/0/match"),
    }
    for name, (document, pointer) in missing.items():
        suite.bad(f"missing-{name}", "a required member is missing", "ConfigForm", document, pointer)
    wrong: dict[str, tuple[dict[str, Json], str]] = {
        "service-number": (base | {"service": 1}, "/service"),
        "service-null": (base | {"service": None}, "/service"),
        "service-array": (base | {"service": [OWN]}, "/service"),
        "environment-true": (base | {"environment": True}, "/environment"),
        "accept-string": (base | {"accept": "service-hmac-v2"}, "/accept"),
        "accept-null": (base | {"accept": None}, "/accept"),
        "accept-element": (base | {"accept": [2]}, "/accept/0"),
        "sign-with-array": (base | {"sign_with": ["service-hmac-v2"]}, "/sign_with"),
        "services-array": (base | {"services": []}, "/services"),
        "services-null": (base | {"services": None}, "/services"),
        "a-service-string": (base | {"services": {CALLER: "env:IMAGE_SERVICE_SECRET"}}, f"/services/{CALLER}"),
        "keys-object": (caller(keys={"secret": "env:IMAGE_SERVICE_SECRET"}), f"/services/{CALLER}/keys"),
        "keys-string": (caller(keys="env:IMAGE_SERVICE_SECRET"), f"/services/{CALLER}/keys"),
        "a-key-string": (caller(keys=["env:IMAGE_SERVICE_SECRET"]), KEY_AT),
        "secret-number": (with_key(secret=12345678901234567890123456789012), f"{KEY_AT}/secret"),
        "secret-null": (with_key(secret=None), f"{KEY_AT}/secret"),
        "key-id-number": (with_key(id=1), f"{KEY_AT}/id"),
        "state-true": (with_key(state=True), f"{KEY_AT}/state"),
        "not-after-number": (with_key(not_after=NOW), f"{KEY_AT}/not_after"),
        "not-before-null": (with_key(not_before=None), f"{KEY_AT}/not_before"),
        "allowed-targets-string": (caller(allowed_targets=OWN), f"/services/{CALLER}/allowed_targets"),
        "allowed-targets-element": (caller(allowed_targets=[None]), f"/services/{CALLER}/allowed_targets/0"),
        "permissions-null": (caller(permissions=None), f"/services/{CALLER}/permissions"),
        "permissions-element": (caller(permissions=[{}]), f"/services/{CALLER}/permissions/0"),
        "url-null": (caller(url=None), f"/services/{CALLER}/url"),
        "window-null": (base | {"window": None}, "/window"),
        "window-number": (base | {"window": 300}, "/window"),
        "routes-object": (base | {"routes": {"match": "/a"}}, "/routes"),
        "a-route-string": (base | {"routes": ["/a"]}, "/routes/0"),
        "match-array": (base | {"routes": [{"match": ["/a"]}]}, "/routes/0/match"),
        "public-string": (base | {"routes": [{"match": "/a", "public": "true"}]}, "/routes/0/public"),
        "public-number": (base | {"routes": [{"match": "/a", "public": 1}]}, "/routes/0/public"),
        "strict-null": (base | {"routes": [{"match": "/a", "strict": None}]}, "/routes/0/strict"),
        "route-services-string": (base | {"routes": [{"match": "/a", "services": CALLER}]}, "/routes/0/services"),
        "replay-string": (base | {"replay": "memory"}, "/replay"),
        "limits-number": (base | {"limits": 1000}, "/limits"),
        "body-bytes-string": (base | {"limits": {"body_bytes": "10"}}, "/limits/body_bytes"),
        "reveal-true": (base | {"reveal": True}, "/reveal"),
    }
    for name, (document, pointer) in wrong.items():
        suite.bad(f"kind-{name}", "a value of a wrong kind", "ConfigForm", document, pointer)


def _ids(suite: ConfigSuite) -> None:
    for name, identifier in (
        ("empty", ""),
        ("hyphen-first", "-a"),
        ("dot-first", ".a"),
        ("underscore-first", "_a"),
        ("space", "image service"),
        ("trailing-space", "image-service "),
        ("newline", "image-service\n"),
        ("slash", "a/b"),
        ("comma", "a,b"),
        ("star", "*"),
        ("colon", "a:b"),
        ("not-ascii", "bücher"),
        ("cyrillic", "image-servicе"),
        ("nul", "a\0"),
        ("129-letters", "a" * 129),
    ):
        suite.bad(
            f"id-{name}", "not the id of a service", "ConfigValue", config(V2) | {"service": identifier}, "/service"
        )
    keys: Json = {"keys": [{"secret": "env:IMAGE_SERVICE_SECRET"}]}
    document = config(V2) | {"services": {"image service": keys}}
    suite.bad("id-of-a-service", "a bad id in the registry", "ConfigValue", document, "/services/image service")
    document = config(V2) | {"services": {"a/b~c": keys}}
    suite.bad("id-of-a-service-escaped", "a bad id in the registry", "ConfigValue", document, "/services/a~1b~0c")
    suite.bad("id-of-a-key", "a bad id of a key", "ConfigValue", with_key(id="first key"), f"{KEY_AT}/id")
    document = caller(allowed_targets=[OWN, "*"])
    pointer = f"/services/{CALLER}/allowed_targets/1"
    suite.bad("id-of-a-target", "there is no wildcard among targets", "ConfigValue", document, pointer)
    comment = "one document serves a fleet: each process has its own name in its environment"
    named = SECRETS | {"SERVICE_ID": OWN, "STAGE": "staging", "BAD": "pro duction", "NONE": ""}
    from_env = config(V2) | {"service": "env:SERVICE_ID", "environment": "env:STAGE"}
    suite.good("id-from-variable", comment, from_env, named)
    for member in ("service", "environment"):
        for name, value in (
            ("not-set", "env:NO_SUCH"),
            ("not-an-id", "env:BAD"),
            ("empty", "env:NONE"),
            ("no-name", "env:"),
        ):
            document = from_env | {member: value}
            suite.bad(
                f"id-of-{member}-{name}", "a variable without an id", "ConfigValue", document, f"/{member}", env=named
            )
    suite.bad("id-of-the-environment", "a bad id", "ConfigValue", config(V2) | {"environment": ""}, "/environment")
    document = caller(environments=["pro duction"]) | {"environment": "production"}
    pointer = f"/services/{CALLER}/environments/0"
    suite.bad("id-of-an-environment", "a bad id", "ConfigValue", document, pointer)
    document = caller(environments=["production"])
    comment = "callers are limited to environments, and the document does not say which one this is"
    suite.bad("environment-not-named", comment, "ConfigConflict", document, "/environment")


def _schemes(suite: ConfigSuite) -> None:
    base = config(V2)
    for name, accept, pointer in (
        ("unknown", ["service-hmac-v3"], "/accept/0"),
        ("unknown-among-others", ["service-hmac-v2", "hmac"], "/accept/1"),
        ("letter-case", ["Service-HMAC-v2"], "/accept/0"),
        ("none", ["none"], "/accept/0"),
        ("empty-name", [""], "/accept/0"),
        ("star", ["*"], "/accept/0"),
        ("empty", [], "/accept"),
        ("twice", ["service-hmac-v2", "service-hmac-v2"], "/accept/1"),
        ("oauth", ["oauth"], "/accept/0"),
    ):
        suite.bad(f"accept-{name}", "not a list of schemes", "ConfigValue", base | {"accept": accept}, pointer)
    comment = "messages of the two can be taken for one another under one key"
    for name, both in (
        ("two", ["service-hmac", "cross-service"]),
        ("two-other-order", ["cross-service", "service-hmac"]),
        ("three", ["service-hmac-v2", "cross-service", "service-hmac"]),
    ):
        suite.bad(f"accept-confusable-{name}", comment, "ConfigConflict", base | {"accept": both}, "/accept")
        document = base | {"routes": [{"match": "/a", "accept": both}]}
        suite.bad(f"route-accept-confusable-{name}", comment, "ConfigConflict", document, "/routes/0/accept")
    document = base | {"routes": [{"match": "/a", "accept": ["hmac"]}]}
    suite.bad("route-accept-unknown", "not a scheme", "ConfigValue", document, "/routes/0/accept/0")
    document = base | {"routes": [{"match": "/a", "accept": []}]}
    suite.bad("route-accept-empty", "a route that nothing opens", "ConfigValue", document, "/routes/0/accept")
    for name, scheme in (("unknown", "hmac"), ("empty", ""), ("letter-case", "SERVICE-HMAC")):
        suite.bad(f"sign-with-{name}", "not a scheme", "ConfigValue", base | {"sign_with": scheme}, "/sign_with")


def _windows(suite: ConfigSuite) -> None:
    for name, value in (
        ("zero", 0),
        ("negative", -1),
        ("very-negative", -300),
        ("601", 601),
        ("an-hour", 3600),
        ("huge", 10**18),
        ("more-than-64-bits", 2**64),
        ("null", None),
        ("string", "300"),
        ("true", True),
        ("half", 0.5),
        ("float", 300.5),
        ("array", [300]),
    ):
        document = config(V2) | {"window": {"past": value}}
        suite.bad(f"window-past-{name}", "not 1 to 600 whole seconds", "ConfigWindow", document, "/window/past")
        if name != "zero":
            document = config(V2) | {"window": {"future": value}}
            comment = "not 0 to 600 whole seconds"
            suite.bad(f"window-future-{name}", comment, "ConfigWindow", document, "/window/future")
    document = config(V2) | {"window": {"past": 0, "future": 601}}
    suite.bad("window-both", "both bounds", "ConfigWindow", document, "/window/past", "/window/future")
    for name, window in (("least", {"past": 1, "future": 0}), ("most", {"past": 600, "future": 600})):
        suite.good(f"good-window-{name}", "the last good values", config(V2) | {"window": dict(window)})


def _keys(suite: ConfigSuite) -> None:
    comment = "a caller with no keys at all, or too many"
    env = SECRETS | {f"K{number}": secret(f"k{number}") for number in range(9)}
    nine: list[Json] = [{"secret": f"env:K{number}"} for number in range(9)]
    suite.bad("keys-empty", comment, "ConfigValue", caller(keys=[]), f"/services/{CALLER}/keys")
    suite.bad("keys-nine", comment, "ConfigValue", caller(keys=nine), f"/services/{CALLER}/keys", env=env)
    for name, members, pointer in (
        ("state-unknown", {"state": "disabled"}, "state"),
        ("state-empty", {"state": ""}, "state"),
        ("state-letter-case", {"state": "Revoked"}, "state"),
        ("encoding-unknown", {"encoding": "base58"}, "encoding"),
        ("encoding-base64url", {"encoding": "base64url"}, "encoding"),
        ("encoding-letter-case", {"encoding": "HEX"}, "encoding"),
    ):
        document = with_key(**members)
        suite.bad(f"key-{name}", "not one of the values", "ConfigValue", document, f"{KEY_AT}/{pointer}")
    for name, text in (
        ("date", "2026-12-01"),
        ("no-zone", "2026-12-01T00:00:00"),
        ("offset", "2026-12-01T00:00:00+00:00"),
        ("lower-case", "2026-12-01t00:00:00z"),
        ("space", "2026-12-01 00:00:00Z"),
        ("fraction", "2026-12-01T00:00:00.000Z"),
        ("no-seconds", "2026-12-01T00:00Z"),
        ("month-13", "2026-13-01T00:00:00Z"),
        ("month-0", "2026-00-01T00:00:00Z"),
        ("day-0", "2026-12-00T00:00:00Z"),
        ("day-31-in-november", "2026-11-31T00:00:00Z"),
        ("february-29", "2026-02-29T00:00:00Z"),
        ("february-29-of-2100", "2100-02-29T00:00:00Z"),
        ("hour-24", "2026-12-01T24:00:00Z"),
        ("minute-60", "2026-12-01T00:60:00Z"),
        ("second-60", "2026-12-31T23:59:60Z"),
        ("two-digit-year", "26-12-01T00:00:00Z"),
        ("unix-time", "1767225600"),
        ("empty", ""),
        ("space-after", "2026-12-01T00:00:00Z "),
        ("other-digits", "٢٠٢٦-12-01T00:00:00Z"),
        ("sign", "+026-12-01T00:00:00Z"),
    ):
        document = with_key(not_after=text)
        comment = "a time is YYYY-MM-DDTHH:MM:SSZ"
        suite.bad(f"time-{name}", comment, "ConfigValue", document, f"{KEY_AT}/not_after")
    document = with_key(not_before="tomorrow")
    suite.bad("time-not-before", "a time is YYYY-MM-DDTHH:MM:SSZ", "ConfigValue", document, f"{KEY_AT}/not_before")
    for name, start, end in (("equal", NOW, NOW), ("turned-round", NOW + 1, NOW)):
        document = with_key(not_before=time(start), not_after=time(end))
        comment = "a key that is never valid"
        suite.bad(f"time-{name}", comment, "ConfigConflict", document, f"{KEY_AT}/not_after")
    two: list[Json] = [
        {"id": "k", "secret": "env:IMAGE_SERVICE_SECRET"},
        {"id": "k", "secret": "env:PRICE_SCRAPER_SECRET"},
    ]
    second = f"/services/{CALLER}/keys/1/id"
    suite.bad("key-id-twice", "two keys of one id", "ConfigConflict", caller(keys=two), second)
    two = [{"id": "2", "secret": "env:IMAGE_SERVICE_SECRET"}, {"secret": "env:PRICE_SCRAPER_SECRET"}]
    comment = "an id that is the place of another key"
    suite.bad("key-id-twice-by-place", comment, "ConfigConflict", caller(keys=two), second)


def _secrets(suite: ConfigSuite) -> None:
    pointer = f"{KEY_AT}/secret"
    for name, reference in (
        ("plain", secret("plain")),
        ("empty", ""),
        ("no-prefix-colon", "env"),
        ("unknown-prefix", "vault:secret/image-service"),
        ("upper-case-prefix", "ENV:IMAGE_SERVICE_SECRET"),
        ("space-before", " env:IMAGE_SERVICE_SECRET"),
        ("shell", "$IMAGE_SERVICE_SECRET"),
        ("braces", "${IMAGE_SERVICE_SECRET}"),
        ("not-set", "env:NO_SUCH_SECRET"),
        ("letter-case", "env:image_service_secret"),
        ("no-name", "env:"),
        ("no-file", "file:/nonexistent/secret-of-the-vectors"),
        ("no-path", "file:"),
        ("no-literal", "literal:"),
    ):
        comment = "a reference that finds no secret"
        suite.bad(f"secret-{name}", comment, "ConfigSecret", with_key(secret=reference), pointer)
    good = secret("good")
    raw = bytes.fromhex(good)
    base64_text = base64.b64encode(b"\xfb\xef" + raw[2:]).decode()
    for name, text, encoding in (
        ("empty", "", "text"),
        ("short", "secret", "text"),
        ("31-bytes", good[:31], "text"),
        ("repeated-byte", "a" * 64, "text"),
        ("zeros", "0" * 64, "text"),
        ("repeated-pair", "ab" * 32, "text"),
        ("repeated-word", "secret" * 8, "text"),
        ("repeated-16", "0123456789abcdef" * 4, "text"),
        ("space-before", " " + good, "text"),
        ("space-after", good + " ", "text"),
        ("newline-after", good + "\n", "text"),
        ("crlf-after", good + "\r\n", "text"),
        ("tab-before", "\t" + good, "text"),
        ("byte-order-mark", "\ufeff" + good, "text"),
        ("only-spaces", " " * 40, "text"),
        ("known-sample", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "text"),
        ("known-sample-decoded", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "hex"),
        ("hex-31-bytes", good[2:], "hex"),
        ("hex-odd", good + "0", "hex"),
        ("hex-letter", good[:-1] + "g", "hex"),
        ("hex-prefix", "0x" + good, "hex"),
        ("hex-colons", ":".join(good[at : at + 2] for at in range(0, 64, 2)), "hex"),
        ("hex-space-inside", good[:32] + " " + good[32:], "hex"),
        ("hex-newline-after", good + "\n", "hex"),
        ("hex-zeros", "00" * 32, "hex"),
        ("hex-of-text-length", good[:32], "hex"),
        ("base64-31-bytes", base64.b64encode(raw[:31]).decode(), "base64"),
        ("base64-no-padding", base64_text.rstrip("="), "base64"),
        ("base64-url-alphabet", base64_text.replace("+", "-").replace("/", "_"), "base64"),
        ("base64-extra-padding", base64_text + "=", "base64"),
        ("base64-space-inside", base64_text[:20] + " " + base64_text[20:], "base64"),
        ("base64-newline-after", base64_text + "\n", "base64"),
        ("base64-loose-bits", base64_text[:-2] + _next_digit(base64_text[-2]) + "=", "base64"),
        ("base64-zeros", base64.b64encode(bytes(32)).decode(), "base64"),
        ("base64-not", "not base64, but long enough to be a secret", "base64"),
    ):
        document = with_key(secret="env:WEAK", encoding=encoding)
        comment = "a secret that must not be used"
        env = SECRETS | {"WEAK": text}
        suite.bad(f"weak-{name}", comment, "ConfigSecret", document, pointer, env=env)
    document = with_key(secret="literal:short")
    suite.bad("weak-literal", "a literal is judged like any other", "ConfigSecret", document, pointer)
    own = registry()
    own[OWN] = {"keys": [{"secret": "env:NO_SUCH_SECRET"}]}
    comment = "the own service's secret is missing: there is no way to start without it"
    document = config(V2, services=own)
    suite.bad("secret-own-missing", comment, "ConfigSecret", document, f"/services/{OWN}/keys/0/secret")
    two: list[Json] = [{"secret": "env:IMAGE_SERVICE_SECRET"}, {"secret": "env:NO_SUCH_SECRET", "state": "revoked"}]
    comment = "a revoked key needs its secret too: it tells an old key from a forged signature"
    pointer = f"/services/{CALLER}/keys/1/secret"
    suite.bad("secret-second-missing", comment, "ConfigSecret", caller(keys=two), pointer)


def _der(*, long_form: bool) -> bytes:
    """Return bytes framed as a public key is: a sequence, its length, and what could be a key."""
    inner = b"".join(hashlib.sha256(b"%d" % at).digest() for at in range(3 if not long_form else 9))
    if long_form:
        return b"\x30\x82" + len(inner).to_bytes(2) + inner
    inner += inner[:60]
    return b"\x30\x81" + len(inner).to_bytes(1) + inner


def _documents_as_secrets(suite: ConfigSuite) -> None:
    """Keys of other kinds, most of them public: who takes one for a secret has a secret that everybody knows."""
    long, short = _der(long_form=True), _der(long_form=False)
    lines = "\n".join(textwrap.wrap(base64.b64encode(long).decode(), 64))

    def pem(label: str, end: str = "\n") -> str:
        return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----".replace("\n", end)

    number = base64.urlsafe_b64encode(long[4:]).decode().rstrip("=")
    jwk = {"kty": "RSA", "n": number, "e": "AQAB", "kid": "2026-q1"}
    for name, text, encoding in (
        ("pem-public-key", pem("PUBLIC KEY"), "text"),
        ("pem-rsa-public-key", pem("RSA PUBLIC KEY"), "text"),
        ("pem-private-key", pem("PRIVATE KEY"), "text"),
        ("pem-certificate", pem("CERTIFICATE"), "text"),
        ("pem-openssh", pem("OPENSSH PRIVATE KEY"), "text"),
        ("pem-crlf", pem("PUBLIC KEY", "\r\n"), "text"),
        ("pem-final-newline", pem("PUBLIC KEY") + "\n", "text"),
        ("pem-on-one-line", pem("PUBLIC KEY", " "), "text"),
        ("pem-escaped-newlines", pem("PUBLIC KEY", "\\n"), "text"),
        ("pem-two", pem("CERTIFICATE") + "\n" + pem("PRIVATE KEY"), "text"),
        ("pem-cut", pem("PUBLIC KEY")[:60], "text"),
        ("pem-in-base64", base64.b64encode(pem("PUBLIC KEY").encode()).decode(), "base64"),
        ("pem-in-hex", pem("PUBLIC KEY").encode().hex(), "hex"),
        ("jwk-rsa", json.dumps(jwk), "text"),
        ("jwk-without-spaces", json.dumps(jwk, separators=(",", ":")), "text"),
        ("jwk-lines", json.dumps(jwk, indent=2), "text"),
        ("jwk-kty-last", json.dumps(dict(reversed(jwk.items()))), "text"),
        ("jwk-oct", json.dumps({"kty": "oct", "k": number[:43]}), "text"),
        ("jwk-set", json.dumps({"keys": [jwk, jwk]}), "text"),
        ("jwk-in-base64", base64.b64encode(json.dumps(jwk).encode()).decode(), "base64"),
        ("der-two-length-bytes-base64", base64.b64encode(long).decode(), "base64"),
        ("der-two-length-bytes-hex", long.hex(), "hex"),
        ("der-one-length-byte-base64", base64.b64encode(short).decode(), "base64"),
        ("der-one-length-byte-hex", short.hex().upper(), "hex"),
    ):
        document = with_key(secret="env:DOCUMENT", encoding=encoding)
        comment = "a key of another kind, and no secret of two services"
        pointer = f"{KEY_AT}/secret"
        suite.bad(f"weak-{name}", comment, "ConfigSecret", document, pointer, env=SECRETS | {"DOCUMENT": text})
    for name, text, encoding in (
        ("pem-inside", "a secret -----BEGIN PUBLIC KEY----- and the rest of it", "text"),
        ("hyphens-first", "-----a secret that begins with five hyphens", "text"),
        ("brace-first", "{a secret that begins with a brace, and is no JSON}", "text"),
        ("json-of-another-kind", json.dumps({"secret": secret("json"), "by": "keygen"}), "text"),
        ("kty-but-no-brace", f'a secret with "kty" inside: {secret("kty")}', "text"),
        ("der-in-hex-as-text", long.hex(), "text"),
        ("der-one-byte-less", long[:-1].hex(), "hex"),
        ("der-one-byte-more", (long + b"\x07").hex(), "hex"),
        ("der-one-length-byte-one-byte-less", short[:-1].hex(), "hex"),
        ("der-first-byte-alone", ("30" + secret("der"))[:64], "hex"),
    ):
        document = with_key(secret="env:DOCUMENT", encoding=encoding)
        comment = "a secret that has something of a key of another kind, and is none"
        suite.good(f"good-secret-{name}", comment, document, SECRETS | {"DOCUMENT": text})
    name = "weak-own-pem"
    document = config(V2, services=registry(own={"keys": [{"secret": "env:DOCUMENT"}]}))
    comment = "the own service's key is judged like any other"
    pointer = f"/services/{OWN}/keys/0/secret"
    env = SECRETS | {"DOCUMENT": pem("PUBLIC KEY")}
    suite.bad(name, comment, "ConfigSecret", document, pointer, env=env)
    two: list[Json] = [{"secret": "env:IMAGE_SERVICE_SECRET"}, {"secret": "env:DOCUMENT", "state": "revoked"}]
    comment = "a revoked key is judged like any other"
    pointer = f"/services/{CALLER}/keys/1/secret"
    suite.bad("weak-revoked-pem", comment, "ConfigSecret", caller(keys=two), pointer, env=env)


def _unset(suite: ConfigSuite) -> None:
    """References to variables that are not there, whatever their names look like."""
    for name, variable in (
        ("usual-name", "IMAGE_SERVICE_SECRET_OF_NOBODY"),
        ("secret-as-name", secret("in the wrong place")),
        ("base64-as-name", base64.b64encode(secret("in the wrong place").encode()).decode()),
        ("lower-case", "no_such_secret"),
        ("hyphen", "NO-SUCH-SECRET"),
        ("space", "NO SUCH SECRET"),
        ("space-after", "IMAGE_SERVICE_SECRET "),
        ("equals", "IMAGE_SERVICE_SECRET=x"),
        ("dollar", "$IMAGE_SERVICE_SECRET"),
        ("not-ascii", "GEHEIMNIS_FÜR_BILDER"),
        ("65-letters", "N" * 65),
        ("very-long", "N" * 5000),
    ):
        comment = "a variable that is not set"
        suite.bad(f"unset-{name}", comment, "ConfigSecret", with_key(secret=f"env:{variable}"), f"{KEY_AT}/secret")
    document = config(V2) | {
        "service": "env:NO_ID",
        "environment": "env:NO_STAGE",
        "services": registry(
            caller={"keys": [{"secret": "env:NO_FIRST"}, {"secret": "env:IMAGE_SERVICE_SECRET"}, {"secret": "env:NO"}]},
            own={"keys": [{"secret": "env:NO_OWN"}]},
        ),
    }
    suite.bad(
        "unset-several",
        "each place is named",
        "ConfigSecret",
        document,
        "/service",
        "/environment",
        f"{KEY_AT}/secret",
        f"/services/{CALLER}/keys/2/secret",
        f"/services/{OWN}/keys/0/secret",
    )
    comment = "the same variable twice, and not set: no secret is shared"
    same: list[Json] = [{"secret": "env:NO_SUCH"}, {"secret": "env:NO_SUCH"}]
    pointers = (f"{KEY_AT}/secret", f"/services/{CALLER}/keys/1/secret")
    suite.bad("unset-twice", comment, "ConfigSecret", caller(keys=same), *pointers)
    set_now = SECRETS | {"NO_SUCH_SECRET": secret("set now")}
    document = with_key(secret="env:NO_SUCH_SECRET")
    suite.good("good-variable-set", "the same reference where the variable is set", document, set_now)
    odd = SECRETS | {"image-service.secret": secret("odd name")}
    document = with_key(secret="env:image-service.secret")
    suite.good("good-variable-of-an-odd-name", "a name may be an odd one", document, odd)


def _shared_in_a_service(suite: ConfigSuite) -> None:
    """One secret in two keys of a service: what ends or revokes one of them would not end the other."""
    raw = bytes.fromhex(secret("shared"))
    long = secret("long") + secret("longer")
    env = SECRETS | {
        "SAME": SECRETS["IMAGE_SERVICE_SECRET"],
        "HEX": raw.hex(),
        "UPPER": raw.hex().upper(),
        "BASE64": base64.b64encode(raw).decode(),
        "OLD": secret("old"),
        "ZEROS": raw.hex() + "0000",
        "LONG": long,
        "DIGEST": hashlib.sha256(long.encode()).hexdigest(),
    }
    key: dict[str, Json] = {"secret": "env:IMAGE_SERVICE_SECRET"}
    same: dict[str, Json] = {"secret": "env:SAME"}
    old: dict[str, Json] = {"secret": "env:OLD"}
    in_hex: dict[str, Json] = {"secret": "env:HEX", "encoding": "hex"}
    twice: dict[str, tuple[list[Json], tuple[int, ...]]] = {
        "active": ([key, key], (1,)),
        "by-another-name": ([key, same], (1,)),
        "revoked-and-active": ([key | {"state": "revoked"}, key], (1,)),
        "active-and-revoked": ([key, key | {"state": "revoked"}], (1,)),
        "retiring-and-active": ([key | {"state": "retiring"}, same], (1,)),
        "both-revoked": ([key | {"state": "revoked"}, key | {"state": "revoked"}], (1,)),
        "one-after-the-other": ([key | {"not_after": time(NOW)}, key | {"not_before": time(NOW)}], (1,)),
        "other-ids": ([key | {"id": "a"}, key | {"id": "b"}], (1,)),
        "third": ([key, old, same], (2,)),
        "three-times": ([key, same, key], (1, 2)),
        "two-pairs": ([key, old, key, old], (2, 3)),
        "hex-and-base64": ([in_hex, {"secret": "env:BASE64", "encoding": "base64"}], (1,)),
        "hex-in-two-letter-cases": ([in_hex, {"secret": "env:UPPER", "encoding": "hex"}], (1,)),
        "zeros-that-hmac-adds": ([in_hex, {"secret": "env:ZEROS", "encoding": "hex"}], (1,)),
        "digest-that-hmac-takes": (
            [{"secret": "env:LONG"}, {"secret": "env:DIGEST", "encoding": "hex"}],
            (1,),
        ),
        "literal": ([key, {"secret": f"literal:{SECRETS['IMAGE_SERVICE_SECRET']}"}], (1,)),
    }
    for name, (keys, places) in twice.items():
        comment = "the same secret in two keys of one service"
        pointers = [f"/services/{CALLER}/keys/{place}/secret" for place in places]
        suite.bad(f"shared-key-{name}", comment, "SharedSecret", caller(keys=keys), *pointers, env=env)
    apart: dict[str, list[Json]] = {
        "two-secrets": [key | {"state": "revoked"}, old],
        "hex-as-text": [in_hex, {"secret": "env:HEX"}],
        "letter-case-of-text": [{"secret": "env:HEX"}, {"secret": "env:UPPER"}],
        "hex-and-base64-as-text": [{"secret": "env:HEX"}, {"secret": "env:BASE64"}],
    }
    for name, keys in apart.items():
        comment = "two keys that are not the same bytes"
        suite.good(f"good-keys-{name}", comment, caller(keys=keys), env)
    for scheme in Scheme:
        comment = "whatever the schemes are"
        document = config(scheme, services=registry(own={"keys": [same | {"secret": "env:OLD"}, old]}))
        pointer = f"/services/{OWN}/keys/1/secret"
        suite.bad(f"shared-key-of-own-{scheme.value}", comment, "SharedSecret", document, pointer, env=env)


def _shared_by_services(suite: ConfigSuite) -> None:
    """One secret of two services: a mistake where the key alone says who calls, and unwise elsewhere."""
    limited: dict[str, Json] = {"allowed_targets": [OWN]}
    key: Json = {"keys": [{"secret": "env:IMAGE_SERVICE_SECRET"}]}
    # The order of the members decides which one is the second, so the text is given.
    ids = ("a-service", "b-service", "c-service")
    three = {name: {**limited, "keys": [{"secret": "env:IMAGE_SERVICE_SECRET"}]} for name in ids}
    turned = dict(reversed(three.items()))
    other = {"keys": [{"secret": "env:PRICE_SCRAPER_SECRET"}], **limited}
    own = {OWN: {"keys": [{"secret": "env:LEGO_PROJECTS_API_SECRET"}]}}
    own_shared = {OWN: key}
    apart: dict[str, Json] = {"a-service": three["a-service"], "b-service": other}
    second_key: Json = {
        **limited,
        "keys": [{"secret": "env:PRICE_SCRAPER_SECRET"}, {"secret": "env:IMAGE_SERVICE_SECRET", "state": "revoked"}],
    }

    def at(name: str, place: int = 0) -> str:
        return f"/services/{name}/keys/{place}/secret"

    shared: dict[str, tuple[dict[str, Json], tuple[str, ...]]] = {
        "two": ({name: three[name] for name in ids[:2]}, (at("b-service"),)),
        "two-turned-round": ({name: three[name] for name in ids[1::-1]}, (at("a-service"),)),
        "three": (dict(three), (at("b-service"), at("c-service"))),
        "three-turned-round": (dict(turned), (at("a-service"), at("b-service"))),
        "with-the-own-one": (own_shared | {"a-service": three["a-service"]}, (at("a-service"),)),
        "own-one-last": ({"a-service": three["a-service"]} | own_shared, (at(OWN),)),
        "with-a-revoked-key": ({"a-service": three["a-service"], "b-service": second_key}, (at("b-service", 1),)),
        "none": (own | apart, ()),
    }
    route: Json = [{"match": "/old/**", "accept": ["cross-service"]}]
    two_routes: Json = [{"match": "/new/**"}, {"match": "/v1/**", "accept": ["service-hmac"]}]
    by_key: dict[str, tuple[dict[str, Json], tuple[str, ...]]] = {
        "cross-service": ({"accept": ["cross-service"]}, ("/accept/0",)),
        "among-others": ({"accept": ["service-hmac-v2", "cross-service"]}, ("/accept/1",)),
        "on-a-route": ({"accept": ["service-hmac-v2"], "routes": route}, ("/routes/0/accept/0",)),
        "on-a-route-of-service-hmac": (
            {"accept": ["service-hmac"], "routes": route},
            ("/accept/0", "/routes/0/accept/0"),
        ),
    }
    by_name: dict[str, tuple[dict[str, Json], tuple[str, ...]]] = {
        "service-hmac-v2": ({"accept": ["service-hmac-v2"]}, ()),
        "service-hmac": ({"accept": ["service-hmac"]}, ("/accept/0",)),
        "both": ({"accept": ["service-hmac-v2", "service-hmac"]}, ("/accept/1",)),
        "by-default": ({}, ()),
        "routes": ({"accept": ["service-hmac-v2"], "routes": two_routes}, ("/routes/1/accept/0",)),
        "only-signing": ({"sign_with": "cross-service"}, ()),
    }

    def spelled(name: str, comment: str, flags: Flags, document: Json, expect: Json) -> None:
        group = suite.group(name, env=SECRETS, config_text=json.dumps(document))
        group.steps(name, comment, flags, check(expect))

    for kind, (services, places) in shared.items():
        for schemes, (members, warnings) in by_key.items():
            document = {"service": OWN, **members, "services": services}
            name = f"shared-{kind}-{schemes}"
            if places:
                comment = "only the key says who calls, and two services have it"
                spelled(name, comment, "SharedSecret", document, {"config_errors": sorted(places)})
            else:
                comment = "each service has a secret of its own"
                spelled(
                    name, comment, ("SharedSecret", "ConfigWarning"), document, {"ok": {"warnings": sorted(warnings)}}
                )
        for schemes, (members, warnings) in by_name.items():
            document = {"service": OWN, **members, "services": services}
            expect: Json = {"ok": {"warnings": sorted(warnings + places)}}
            comment = (
                "the caller's name is signed, so that sharing a secret is unwise only"
                if places
                else "nothing is shared"
            )
            spelled(f"shared-{kind}-{schemes}", comment, ("SharedSecret", "ConfigWarning"), document, expect)
    in_itself: Json = {"keys": [{"secret": "env:IMAGE_SERVICE_SECRET"}] * 2, **limited}
    services = {"a-service": three["a-service"], "b-service": in_itself}
    spelled(
        "shared-in-a-service-and-between-two",
        "the second key of the second service is an error, whatever the schemes are",
        "SharedSecret",
        {"service": OWN, "services": services},
        {"config_errors": [at("b-service", 1)]},
    )
    spelled(
        "shared-in-a-service-and-between-two-cross-service",
        "with cross-service both are",
        "SharedSecret",
        {"service": OWN, "accept": ["cross-service"], "services": services},
        {"config_errors": [at("b-service"), at("b-service", 1)]},
    )
    env = SECRETS | {"SAME": SECRETS["IMAGE_SERVICE_SECRET"]}
    named = registry(caller=limited, other=limited | {"keys": [{"secret": "env:SAME"}]})
    pointer = at(OTHER)
    comment = "two variables with one value"
    suite.warned("warnings-same-secret-by-another-name", comment, config(V2, services=named), pointer, env=env)
    document = config(CROSS, services=named)
    suite.bad("shared-by-another-name-cross-service", comment, "SharedSecret", document, pointer, env=env)


def _next_digit(digit: str) -> str:
    """Return the base64 digit whose last bit differs: it decodes to the same bytes for a careless decoder."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(digit) ^ 1]


def _routes(suite: ConfigSuite) -> None:
    for name, pattern in (
        ("empty", ""),
        ("relative", "internal/**"),
        ("lower-case-method", "get /internal"),
        ("method-alone", "GET"),
        ("two-spaces", "GET  /internal"),
        ("two-methods", "GET POST /internal"),
        ("space-before", " /internal"),
        ("space-inside", "/internal area"),
        ("double-star-first", "/**/internal"),
        ("double-star-inside", "/a/**/b"),
        ("star-in-segment", "/internal*"),
        ("double-star-in-segment", "/internal/a**"),
        ("triple-star", "/internal/***"),
        ("query", "/internal?a=1"),
        ("fragment", "/internal#a"),
        ("not-ascii", "/bücher"),
        ("newline", "/internal\n"),
        ("nul", "/internal\0"),
        ("empty-segment", "/a//b"),
        ("trailing-slash", "/internal/"),
        ("parent", "/a/../b"),
        ("slash-escaped", "/a%2fb"),
        ("letter-escaped", "/%61"),
        ("bad-escape", "/a%zz"),
        ("url", "https://lego-projects-api/internal"),
    ):
        document = config(V2) | {"routes": [{"match": pattern}]}
        comment = "not a pattern"
        suite.bad(f"pattern-{name}", comment, "ConfigValue", document, "/routes/0/match")
        if name in ("relative", "lower-case-method", "double-star-inside", "star-in-segment", "query"):
            pointer = f"/services/{CALLER}/permissions/1"
            document = caller(permissions=["GET /a", pattern])
            suite.bad(f"permission-{name}", comment, "ConfigValue", document, pointer)
    routes: dict[str, tuple[dict[str, Json], str]] = {
        "services-unknown": ({"services": [CALLER, "imge-service"]}, "services/1"),
        "services-empty": ({"services": []}, "services"),
        "public-with-services": ({"public": True, "services": [CALLER]}, "services"),
        "public-with-accept": ({"public": True, "accept": ["service-hmac"]}, "accept"),
        "public-with-strict": ({"public": True, "strict": True}, "strict"),
    }
    for name, (members, pointer) in routes.items():
        flag = "ConfigConflict" if name.startswith("public") else "ConfigValue"
        document = config(V2) | {"routes": [{"match": "/a"} | members]}
        suite.bad(f"route-{name}", "a rule that could not hold", flag, document, f"/routes/0/{pointer}")


def _shadowed(suite: ConfigSuite) -> None:
    """Routes that can never decide, since an earlier one matches all that they match."""
    limited: dict[str, Json] = {"allowed_targets": [OWN]}
    services = registry(caller=limited, other=limited)

    def routes(*patterns: str) -> dict[str, Json]:
        """Return a document with these routes; those that begin with `+` are public."""
        items: list[Json] = [
            {"match": pattern[1:], "public": True} if pattern.startswith("+") else {"match": pattern}
            for pattern in patterns
        ]
        return config(V2, services=services, routes=items)

    for name, *patterns in (
        ("everything", "/**", "/a"),
        ("everything-root", "/**", "/"),
        ("everything-tail", "/**", "/a/b/**"),
        ("everything-method", "/**", "POST /a"),
        ("everything-public", "/**", "+/a"),
        ("equal", "/a/b", "/a/b"),
        ("equal-method", "GET /a", "GET /a"),
        ("equal-tail", "/a/**", "/a/**"),
        ("equal-star", "/a/*", "/a/*"),
        ("method", "/a", "GET /a"),
        ("tail", "/a/**", "/a/b"),
        ("tail-itself", "/a/**", "/a"),
        ("tail-star", "/a/**", "/a/*"),
        ("tail-longer-tail", "/a/**", "/a/b/**"),
        ("tail-after-star", "/*/b/**", "/a/b/c"),
        ("star", "/a/*", "/a/b"),
        ("star-inside", "/a/*/c", "/a/b/c"),
        ("star-and-star", "/*/*", "/a/*"),
        ("letter-case", "/A/**", "/a/b"),
        ("letter-case-turned-round", "/a", "/A"),
        ("escape", "/a%21b", "/a!b"),
        ("escape-turned-round", "/a!b", "/a%21b"),
        ("head-by-get", "GET /x", "HEAD /x"),
        ("public-everything", "+/**", "/a"),
        ("public-tail", "+/a/**", "+/a/b"),
        ("public-equal", "+/a", "+/a"),
        ("public-behind-letter-case", "/A/**", "+/a/b"),
        ("public-behind-get", "GET /x", "+HEAD /x"),
    ):
        comment = f"{patterns[1]} is matched by {patterns[0]} already, which stands before it"
        suite.warned(f"shadowed-{name}", comment, routes(*patterns), "/routes/1")
    for name, *patterns in (
        ("everything-last", "/a", "/**"),
        ("narrow-first", "/a/b", "/a/**"),
        ("star-behind-literal", "/a/b", "/a/*"),
        ("tail-behind-star", "/a/*", "/a/**"),
        ("tail-behind-itself", "/a", "/a/**"),
        ("longer-tail-first", "/a/b/**", "/a/**"),
        ("sibling", "/a/**", "/ab"),
        ("star-needs-a-segment", "/a/*", "/a"),
        ("star-is-one-segment", "/a/*", "/a/b/c"),
        ("star-is-not-the-root", "/*", "/"),
        ("crossed-stars", "/a/*", "/*/b"),
        ("other-segment", "/a/*/c", "/a/b/d"),
        ("other-method", "GET /x", "POST /x"),
        ("any-method-behind-get", "GET /x", "/x"),
        ("get-behind-head", "HEAD /x", "GET /x"),
        ("options-behind-get", "GET /x", "OPTIONS /x"),
        ("get-tail-of-others", "GET /a/**", "POST /a/b"),
        ("public-literal", "+/a", "/a"),
        ("public-star", "+/a/*", "/a/b"),
        ("public-star-trailing-slash", "+/*", "/a"),
        ("public-get", "+GET /**", "GET /a"),
        ("public-letter-case", "+/A/**", "/a/b"),
        ("public-escape", "+/a%21b", "/a!b"),
        ("public-head-behind-get", "+GET /x", "+HEAD /x"),
        ("public-head-behind-get-restricted", "+GET /x", "HEAD /x"),
        ("public-narrow-first", "+/a/b", "/a/**"),
        ("disjoint", "/a/**", "/b/**"),
    ):
        comment = f"{patterns[1]} matches something that {patterns[0]} does not"
        suite.warned(f"not-shadowed-{name}", comment, routes(*patterns))
    several: tuple[tuple[str, tuple[str, ...], tuple[int, ...]], ...] = (
        ("all-others", ("/**", "/a", "+/b", "GET /c"), (1, 2, 3)),
        ("the-last", ("GET /a", "POST /a", "/b/**", "HEAD /a"), (3,)),
        ("by-a-shadowed-one", ("/a/**", "/a/b/**", "/a/b/c"), (1, 2)),
        ("every-second", ("/a/*", "/a/b", "/b/*", "/b/c"), (1, 3)),
        ("none-of-four", ("/a/b", "/a/*", "/a/**", "/**"), ()),
    )
    for name, patterns_of_it, places in several:
        comment = "each route that decides nothing is named, and no other"
        pointers = [f"/routes/{place}" for place in places]
        suite.warned(f"shadowed-several-{name}", comment, routes(*patterns_of_it), *pointers)
    comment = "what a shadowed route says does not matter"
    rules: Json = [{"match": "/a/**", "services": [OTHER]}, {"match": "/a/b", "services": [CALLER], "strict": True}]
    document = config(V2, services=services, routes=rules)
    suite.warned("shadowed-with-other-rules", comment, document, "/routes/1")


def _other_values(suite: ConfigSuite) -> None:
    base = config(V2)
    values: dict[str, tuple[dict[str, Json], str]] = {
        "replay-store-unknown": ({"replay": {"store": "redis"}}, "/replay/store"),
        "replay-store-empty": ({"replay": {"store": ""}}, "/replay/store"),
        "replay-on-full-unknown": ({"replay": {"on_full": "drop"}}, "/replay/on_full"),
        "replay-capacity-zero": ({"replay": {"capacity": 0}}, "/replay/capacity"),
        "replay-capacity-negative": ({"replay": {"capacity": -1}}, "/replay/capacity"),
        "replay-capacity-half": ({"replay": {"capacity": 1.5}}, "/replay/capacity"),
        "replay-capacity-string": ({"replay": {"capacity": "1000"}}, "/replay/capacity"),
        "body-bytes-negative": ({"limits": {"body_bytes": -1}}, "/limits/body_bytes"),
        "body-bytes-half": ({"limits": {"body_bytes": 0.5}}, "/limits/body_bytes"),
        "body-bytes-null": ({"limits": {"body_bytes": None}}, "/limits/body_bytes"),
        "reveal-unknown": ({"reveal": "all"}, "/reveal"),
        "reveal-letter-case": ({"reveal": "Code"}, "/reveal"),
    }
    for name, (members, pointer) in values.items():
        suite.bad(f"value-{name}", "not one of the values", "ConfigValue", base | members, pointer)
    for name, url in (
        ("empty", ""),
        ("no-scheme", "image.internal:8443"),
        ("other-scheme", "ftp://image.internal"),
        ("javascript", "javascript:alert(1)"),
        ("user", "https://user:password@image.internal"),
        ("query", "https://image.internal?a=1"),
        ("fragment", "https://image.internal#a"),
        ("space", "https://image internal"),
        ("newline", "https://image.internal\n"),
        ("no-host", "https://"),
    ):
        pointer = f"/services/{CALLER}/url"
        suite.bad(f"url-{name}", "not a base URL", "ConfigValue", caller(url=url), pointer)


def _several(suite: ConfigSuite) -> None:
    document: Json = {
        "servce": OWN,
        "accept": ["service-hmac", "cross-service", "hmac"],
        "window": {"past": 0, "futur": 1},
        "services": {
            "a b": {"keys": []},
            CALLER: {"keys": [{"secret": "env:NO_SUCH_SECRET", "state": "old"}, {"id": "k"}], "permissions": ["/a*"]},
            OTHER: {"keys": [], "allowed_targets": ["*"]},
        },
        "routes": [{"public": True}, {"match": "a"}],
        "replay": {"store": "disk"},
        "reveal": 1,
    }
    suite.bad(
        "several-problems",
        "every problem is found in one pass",
        "ConfigForm",
        document,
        "/servce",
        "/service",
        "/accept",
        "/accept/2",
        "/window/past",
        "/window/futur",
        "/services/a b",
        f"{KEY_AT}/secret",
        f"{KEY_AT}/state",
        f"/services/{CALLER}/keys/1/secret",
        f"/services/{CALLER}/permissions/0",
        f"/services/{OTHER}/keys",
        f"/services/{OTHER}/allowed_targets/0",
        "/routes/0/match",
        "/routes/1/match",
        "/replay/store",
        "/reveal",
    )
    comment = "a document with problems verifies nothing and signs nothing"
    group = suite.group("no-verifier-without-config", config(V2) | {"window": {"past": 0}}, SECRETS)
    request = signed(V2, Call(), KEY).to_json()
    expect: Json = {"config_errors": ["/window/past"]}
    group.steps(
        "no-verifier-without-config",
        comment,
        "ConfigForm",
        {"op": "verify", "now": NOW, "request": request, "expect": expect},
        {"op": "verify_stream", "now": NOW, "request": request, "chunks": [1], "expect": expect},
        {"op": "sign", "now": NOW, "nonce": "n" * 16, "target": OTHER, "request": request, "expect": expect},
    )


def _warnings(suite: ConfigSuite) -> None:
    limited: dict[str, Json] = {"allowed_targets": [OWN]}
    services = registry(caller=limited, other=limited)
    suite.warned("warnings-none", "nothing to warn of", config(V2, services=services))
    old = config(V2, V1, services=services)
    comment = "the scheme does not sign the query"
    suite.warned("warnings-service-hmac", comment, old, "/accept/1")
    suite.warned("warnings-cross-service", comment, config(CROSS, services=services), "/accept/0")
    route = config(V2, services=services, routes=[{"match": "/a", "accept": ["service-hmac"]}])
    suite.warned("warnings-route-scheme", comment, route, "/routes/0/accept/0")
    literal = registry(caller=limited | {"keys": [{"secret": f"literal:{secret('literal')}"}]}, other=limited)
    comment = "a secret stands in the document"
    suite.warned("warnings-literal", comment, config(V2, services=literal), f"{KEY_AT}/secret")
    same = registry(caller=limited, other=limited | {"keys": [{"secret": "env:IMAGE_SERVICE_SECRET"}]})
    comment = "two services have the same secret"
    suite.warned("warnings-same-secret", comment, config(V2, services=same), f"/services/{OTHER}/keys/0/secret")
    none = config(V2, services=services, replay={"store": "none"})
    suite.warned("warnings-no-store", "nothing is remembered", none, "/replay/store")
    unnamed = "/rfc9421/authorities"
    messages = config(services=services) | {"accept": ["rfc9421"]}
    comment = "what is signed for another service is accepted here too"
    suite.warned("warnings-rfc9421-for-anybody", comment, messages, unnamed)
    suite.warned("warnings-rfc9421-for-anybody-tag", comment, messages | {"rfc9421": {"tag": "a"}}, unnamed)
    route = config(V2, services=services, routes=[{"match": "/a", "accept": ["rfc9421"]}])
    suite.warned("warnings-rfc9421-for-anybody-route", comment, route, unnamed)
    named: Json = {"authorities": ["orders.internal"]}
    suite.warned("warnings-rfc9421-for-one", "its hosts are listed", messages | {"rfc9421": named})
    signs = config(V2, services=services) | {"sign_with": "rfc9421"}
    suite.warned("warnings-rfc9421-signs-alone", "messages are signed, and none accepted", signs)
