"""Configs with templates and webhooks that cannot be used, and where each problem is said to be."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import curves
from fleet import OWN, SECRETS, registry, secret
from senders import SCALAR, SEED
from suites.config import ConfigSuite
from suites.templates import CALLED, HOOK, HOOK_SECRET, template

if TYPE_CHECKING:
    from model import Suite
    from request import Json

ENV = SECRETS | {"HOOK_SECRET": HOOK_SECRET, "TWO_SECRET": secret("two")}
AT = "/schemes/acme"
STAMP: Json = {"header": "X-Time", "unit": "s"}
LIST: dict[str, Json] = {"separator": ",", "assign": "=", "signature": "v1", "timestamp": "t"}


class ErrorSuite(ConfigSuite):
    """A suite of config documents with templates."""

    def scheme(self, name: str, comment: str, scheme: Json, *pointers: str, flag: str = "ConfigValue") -> None:
        """Add a template with problems at these places, below the template."""
        document: Json = {"service": OWN, "services": {}, "schemes": {"acme": scheme}}
        self.bad(name, comment, flag, document, *(AT + pointer for pointer in pointers), env=ENV)

    def hook(
        self, name: str, comment: str, hook: Json, *pointers: str, flag: str = "ConfigValue", **more: Json
    ) -> None:
        """Add a webhook with problems at these places, below the webhook."""
        document: dict[str, Json] = {"service": OWN, "services": {}, "webhooks": {"sender": hook}}
        self.bad(name, comment, flag, document | more, *("/webhooks/sender" + pointer for pointer in pointers), env=ENV)


def suite() -> Suite:
    """Build the vector file."""
    suite = ErrorSuite("template-errors")
    _good(suite)
    _members(suite)
    _values(suite)
    _messages(suite)
    _unsigned(suite)
    _signatures(suite)
    _tokens(suite)
    _callers(suite)
    _ids(suite)
    _webhooks(suite)
    _webhook_keys(suite)
    _accept(suite)
    _sign_with(suite)
    _warnings(suite)
    return suite


def hook(scheme: str = "github", **members: Json) -> dict[str, Json]:
    """Return a webhook with one key."""
    base: dict[str, Json] = {"scheme": scheme, "keys": [{"secret": "env:HOOK_SECRET"}]}
    return base | members


def keyed(scheme: str = "github", **key: Json) -> dict[str, Json]:
    """Return a webhook whose key has these members."""
    return {"scheme": scheme, "keys": [{"secret": "env:HOOK_SECRET"} | key]}


def without(name: str) -> dict[str, Json]:
    """Return a good template without a member."""
    return {key: value for key, value in template("body").items() if key != name}


def _good(suite: ErrorSuite) -> None:
    everything = template(
        "timestamp",
        ".",
        {"literal": "v1"},
        "body",
        id="acme",
        title="Acme",
        key={"encoding": "base64", "prefix": "acme_", "without_prefix": "refuse"},
        signature={"header": ["New-Sig", "Old-Sig"], "encoding": "base64url", "prefix": ["", "v1="]},
        timestamp={"header": ["New-Time", "Old-Time"], "unit": "rfc3339"},
        window={"past": 0, "future": 0},
        legacy=True,
        about={"sender": "Acme", "secret": "Ask them.", "notes": ["None."]},
    )
    key: Json = [{"secret": "literal:acme_" + base64.b64encode(hashlib.sha256(b"acme").digest()).decode()}]
    document: dict[str, Json] = {
        "service": OWN,
        "services": {},
        "schemes": {"acme": everything},
        "webhooks": {"sender": {"scheme": "acme", "keys": key, "window": {"past": 600, "future": 600}}},
        "accept": [HOOK],
    }
    suite.good("good-everything", "every member there is", document, ENV)
    suite.good("good-empty", "no schemes, no webhooks", {"service": OWN, "services": {}, "schemes": {}, "webhooks": {}})
    unused: Json = {"service": OWN, "services": {}, "schemes": {"acme": template("body")}}
    suite.good("good-unused", "a template that nothing uses", unused)
    longest = "a" * 64
    suite.good(
        "good-long-id", "the longest id", {"service": OWN, "services": {}, "schemes": {longest: template("body")}}
    )
    two: Json = {"one": hook(), "two": hook("stripe", keys=[{"secret": "env:TWO_SECRET"}])}
    both: Json = {"service": OWN, "services": {}, "webhooks": two, "accept": ["webhook:one", "webhook:two"]}
    suite.good("good-two-headers", "two senders with headers of their own", both, ENV)
    twice: Json = {"one": hook(), "two": hook(keys=[{"secret": "env:TWO_SECRET"}])}
    routes: Json = [{"match": "/1", "accept": ["webhook:one"]}, {"match": "/2", "accept": ["webhook:two"]}]
    apart: Json = {"service": OWN, "services": {}, "webhooks": twice, "routes": routes}
    suite.good("good-same-header-on-routes", "two senders with one header, on two routes", apart, ENV)
    short: Json = {"service": OWN, "services": {}, "webhooks": {"sender": keyed(secret="literal:0123456789abcdeX")}}
    suite.good("good-16-bytes", "a sender's key may have 16 bytes", short)
    printed: Json = {
        "service": OWN,
        "services": {},
        "webhooks": {"sender": keyed(secret="literal:x", sample=True)},
    }
    suite.good("good-sample", "a weak key that says that it is one", printed)
    suite.good("good-documented", "the example of docs/templates.md", _documented(), {"DIARY_SECRET": HOOK_SECRET})
    public = curves.ed25519_public(SEED).hex()
    discord: Json = {
        "service": OWN,
        "services": {},
        "webhooks": {"sender": keyed("discord", secret=f"literal:{public}")},
    }
    suite.good("good-public-key", "a public key may stand anywhere", discord)


def _documented() -> Json:
    page = (Path(__file__).resolve().parents[3] / "docs" / "templates.md").read_text(encoding="utf-8")
    example: Json = json.loads(page.split("```json\n")[1].split("```")[0])
    return example


def _members(suite: ErrorSuite) -> None:
    unknown = "a member that is not known"
    listed: Json = {"header": "X-Sig", "encoding": "hex", "list": LIST | {"first": True}}
    for name, scheme, pointer in (
        ("template", template("body", algorihtm="hmac-sha256"), "/algorihtm"),
        (
            "signature",
            template("body", signature={"header": "X-Sig", "encoding": "hex", "suffix": "x"}),
            "/signature/suffix",
        ),
        ("list", template("timestamp", "body", signature=listed, timestamp={"unit": "s"}), "/signature/list/first"),
        (
            "timestamp",
            template("timestamp", "body", timestamp={"header": "T", "unit": "s", "skew": 1}),
            "/timestamp/skew",
        ),
        ("key", template("body", key={"encoding": "hex", "salt": "x"}), "/key/salt"),
        ("nonce", template("nonce", "body", nonce={"header": "N", "length": 3}), "/nonce/length"),
        ("window", template("timestamp", "body", timestamp=STAMP, window={"seconds": 300}), "/window/seconds"),
        ("part", template({"literal": "x", "text": "y"}, "body"), "/message/0/text"),
        ("sorted", template({"sorted": "form", "order": "asc"}), "/message/0/order"),
        ("about", template("body", about={"author": "me"}), "/about/author"),
        ("body-digest", template("query", "body", body_digest={"query": "d", "hash": "sha512"}), "/body_digest/hash"),
    ):
        suite.scheme(f"unknown-{name}", unknown, scheme, pointer, flag="ConfigForm")
    wrong_members: list[tuple[str, dict[str, Json], str]] = [
        ("webhook", {"secret": "env:HOOK_SECRET"}, "/secret"),
        ("webhook-header", {"headers": {"body": "X"}}, "/headers/body"),
        ("webhook-replay", {"replay": {"seconds": 60, "store": "memory"}}, "/replay/store"),
    ]
    for name, more, pointer in wrong_members:
        suite.hook(f"unknown-{name}", unknown, hook() | more, pointer, flag="ConfigForm")
    suite.hook("unknown-webhook-key", unknown, keyed(encoding="hex"), "/keys/0/encoding", flag="ConfigForm")
    missing = "a member that must be there"
    for name in ("algorithm", "message", "signature"):
        suite.scheme(f"missing-{name}", missing, without(name), f"/{name}", flag="ConfigForm")
    no_encoding = template("body", signature={"header": "X-Sig"})
    suite.scheme("missing-encoding", missing, no_encoding, "/signature/encoding", flag="ConfigForm")
    suite.scheme(
        "missing-key-encoding", missing, template("body", key={"prefix": "x"}), "/key/encoding", flag="ConfigForm"
    )
    suite.scheme(
        "missing-nonce-header", missing, template("nonce", "body", nonce={}), "/nonce/header", flag="ConfigForm"
    )
    for name in ("separator", "assign", "signature"):
        rest: dict[str, Json] = {key: value for key, value in LIST.items() if key != name}
        form: Json = {"header": "X-Sig", "encoding": "hex", "list": rest}
        scheme = template("timestamp", "body", signature=form, timestamp={"unit": "s"})
        suite.scheme(f"missing-list-{name}", missing, scheme, f"/signature/list/{name}", flag="ConfigForm")
    suite.hook("missing-scheme", missing, {"keys": [{"secret": "env:HOOK_SECRET"}]}, "/scheme", flag="ConfigForm")
    suite.hook("missing-keys", missing, {"scheme": "github"}, "/keys", flag="ConfigForm")
    suite.hook(
        "missing-secret", missing, {"scheme": "github", "keys": [{"id": "a"}]}, "/keys/0/secret", flag="ConfigForm"
    )
    suite.hook("missing-replay-seconds", missing, hook(replay={}), "/replay/seconds", flag="ConfigForm")
    wrong = "a value of another kind"
    base: dict[str, Any] = {"service": OWN, "services": {}}
    for name, document, pointer in (
        ("schemes", base | {"schemes": []}, "/schemes"),
        ("template", base | {"schemes": {"acme": "hmac"}}, AT),
        ("webhooks", base | {"webhooks": ["github"]}, "/webhooks"),
        ("webhook", base | {"webhooks": {"sender": "github"}}, "/webhooks/sender"),
        ("message", base | {"schemes": {"acme": template("body", message="body")}}, f"{AT}/message"),
        ("signature", base | {"schemes": {"acme": template("body", signature="X-Sig")}}, f"{AT}/signature"),
        ("part-number", base | {"schemes": {"acme": template("body", 7)}}, f"{AT}/message/1"),
        ("part-null", base | {"schemes": {"acme": template("body", None)}}, f"{AT}/message/1"),
        ("legacy", base | {"schemes": {"acme": template("body", legacy="yes")}}, f"{AT}/legacy"),
        ("title", base | {"schemes": {"acme": template("body", title=1)}}, f"{AT}/title"),
        ("keys", base | {"webhooks": {"sender": hook(keys={})}}, "/webhooks/sender/keys"),
        ("sample", base | {"webhooks": {"sender": keyed(sample="yes")}}, "/webhooks/sender/keys/0/sample"),
    ):
        suite.bad(f"kind-{name}", wrong, "ConfigForm", document, pointer, env=ENV)
    token = '"algorithm":"token","signature":{"header":"X"}'
    text = f'{{"service":"a","services":{{}},"schemes":{{"acme":{{{token}}},"acme":{{{token}}}}}}}'
    suite.bad_text("twice-template", "a template twice", "ConfigForm", text, "/schemes/acme")
    text = f'{{"service":"a","services":{{}},"schemes":{{"acme":{{"algorithm":"token",{token}}}}}}}'
    suite.bad_text("twice-member", "a member twice", "ConfigForm", text, "/schemes/acme/algorithm")


def _values(suite: ErrorSuite) -> None:
    comment = "a value that is not one of those"
    for name, scheme, pointer in (
        ("algorithm", template("body", algorithm="hmac-md5"), "/algorithm"),
        ("algorithm-none", template("body", algorithm="none"), "/algorithm"),
        ("algorithm-case", template("body", algorithm="HMAC-SHA256"), "/algorithm"),
        ("algorithm-rsa", template("body", algorithm="rsa-sha256"), "/algorithm"),
        ("key", template("body", key="base58"), "/key"),
        ("key-encoding", template("body", key={"encoding": "utf8"}), "/key/encoding"),
        (
            "without-prefix",
            template("body", key={"encoding": "hex", "prefix": "x", "without_prefix": "ignore"}),
            "/key/without_prefix",
        ),
        ("encoding", template("body", signature={"header": "X", "encoding": "HEX"}), "/signature/encoding"),
        ("unit", template("timestamp", "body", timestamp={"header": "T", "unit": "seconds"}), "/timestamp/unit"),
        ("variant", template("url", "body", url_variants=["host"]), "/url_variants/0"),
        ("sorted", template({"sorted": "headers"}, "body"), "/message/0/sorted"),
        ("window-past", template("timestamp", "body", timestamp=STAMP, window={"past": 601}), "/window/past"),
        ("window-negative", template("timestamp", "body", timestamp=STAMP, window={"future": -1}), "/window/future"),
        ("window-text", template("timestamp", "body", timestamp=STAMP, window={"past": "300"}), "/window/past"),
        ("header-space", template("body", signature={"header": "X Sig", "encoding": "hex"}), "/signature/header"),
        ("header-empty", template("body", signature={"header": "", "encoding": "hex"}), "/signature/header"),
        ("header-colon", template("body", signature={"header": "X-Sig:", "encoding": "hex"}), "/signature/header"),
        ("header-long", template("body", signature={"header": "X" * 129, "encoding": "hex"}), "/signature/header"),
        (
            "headers-three",
            template("body", signature={"header": ["A", "B", "C"], "encoding": "hex"}),
            "/signature/header",
        ),
        ("headers-one", template("body", signature={"header": ["A"], "encoding": "hex"}), "/signature/header"),
        ("separator-two", listed(separator=", "), "/signature/list/separator"),
        ("separator-letter", listed(separator="x"), "/signature/list/separator"),
        ("assign-empty", listed(assign=""), "/signature/list/assign"),
        ("assign-separator", listed(assign=","), "/signature/list/assign"),
        ("list-unknown", listed(unknown="warn"), "/signature/list/unknown"),
        ("id", template("body", id="other"), "/id"),
    ):
        suite.scheme(f"value-{name}", comment, scheme, pointer)
    cases: list[tuple[str, dict[str, Json], str]] = [
        ("scheme", {"scheme": "gihtub"}, "/scheme"),
        ("scheme-of-services", {"scheme": "service-hmac-v2"}, "/scheme"),
        ("scheme-webhook", {"scheme": "webhook:sender"}, "/scheme"),
        ("keys-empty", {"keys": []}, "/keys"),
        ("replay-zero", {"replay": {"seconds": 0}}, "/replay/seconds"),
        ("replay-week", {"replay": {"seconds": 604_801}}, "/replay/seconds"),
        ("header", {"headers": {"signature": "X Sig"}}, "/headers/signature"),
        ("header-of-nothing", {"headers": {"timestamp": "X-Time"}}, "/headers/timestamp"),
        ("window", {"scheme": "slack", "window": {"past": 601}}, "/window/past"),
        ("window-of-nothing", {"window": {"past": 30}}, "/window"),
        ("replay-with-time", {"scheme": "slack", "replay": {"seconds": 60}}, "/replay"),
        ("replay-of-token", {"scheme": "gitlab-token", "replay": {"seconds": 60}}, "/replay"),
    ]
    for name, members, pointer in cases:
        suite.hook(f"value-webhook-{name}", comment, hook() | members, pointer)


def listed(**rules: Json) -> dict[str, Json]:
    """Return a template whose list has these rules."""
    form: Json = {"header": "X-Sig", "encoding": "hex", "list": LIST | rules}
    return template("timestamp", ".", "body", signature=form, timestamp={"unit": "s"})


def _messages(suite: ErrorSuite) -> None:
    comment = "not a part of a message"
    for name, part in (
        ("token", "host"),
        ("token-case", "Body"),
        ("token-underscore", "body_sha256"),
        ("word", "v0:"),
        ("header-no-name", "header:"),
        ("header-space", "header:X Y"),
        ("query-no-name", "query:"),
        ("cookie", "cookie:session"),
        ("json", "json:/id"),
        ("body-md5", "body-md5"),
    ):
        suite.scheme(f"token-{name}", comment, template("body", part), "/message/1")
    odd: list[tuple[str, Json]] = [("empty", ""), ("empty-object", {}), ("list", ["body"])]
    for name, other in odd:
        suite.scheme(f"part-{name}", comment, template("body", other), "/message/1", flag="ConfigForm")
    suite.scheme("part-empty-literal", comment, template("body", {"literal": ""}), "/message/1")
    suite.scheme("message-empty", "nothing is signed", template(message=[]), "/message")
    second = "the body is there once at most"
    for name, left, right in (
        ("body", "body", "body"),
        ("digest", "body", "body-sha256"),
        ("digest-first", "body-sha256", "body"),
        ("form", {"sorted": "form"}, "body"),
        ("two-forms", {"sorted": "form"}, {"sorted": "form"}),
    ):
        suite.scheme(f"body-twice-{name}", second, template(left, "|", right), "/message/2", flag="ConfigConflict")
    comment = "a part of which the template does not say where it is"
    for token in ("timestamp", "nonce", "message-id", "service", "target-service"):
        suite.scheme(
            f"part-without-{token}", comment, template(token, ".", "body"), "/message/0", flag="ConfigConflict"
        )
    many: list[Json] = ["."] * 33
    suite.scheme("message-long", "too many parts", template(message=[*many, "body"]), "/message")


def _unsigned(suite: ErrorSuite) -> None:
    comment = "what the request says of itself counts only where it is signed"
    for name, members in (
        ("timestamp", {"timestamp": STAMP}),
        ("nonce", {"nonce": {"header": "X-Nonce"}}),
        ("target", {"target": {"header": "X-To"}, "caller": {"header": "X-From"}}),
        ("message-id", {"message_id": {"header": "X-Message"}}),
    ):
        at = "/" + name.replace("-", "_")
        suite.scheme(f"unsigned-{name}", comment, template("body", **members), at, flag="ConfigConflict")
    in_list = template("body", signature={"header": "X-Sig", "encoding": "hex", "list": LIST}, timestamp={"unit": "s"})
    suite.scheme("unsigned-timestamp-in-list", comment, in_list, "/timestamp", flag="ConfigConflict")
    in_query = template("body", timestamp={"query": "ts", "unit": "s"})
    suite.scheme("unsigned-timestamp-in-query", comment, in_query, "/timestamp", flag="ConfigConflict")
    excepted = template(
        {"sorted": "query", "except": ["sig", "ts"], "assign": "=", "join": "&"},
        signature={"query": "sig", "encoding": "hex"},
        timestamp={"query": "ts", "unit": "s"},
    )
    suite.scheme("unsigned-timestamp-excepted", comment, excepted, "/timestamp", flag="ConfigConflict")
    digest = template("path", {"sorted": "form"}, body_digest={"query": "d"})
    suite.scheme("unsigned-body-digest", comment, digest, "/body_digest", flag="ConfigConflict")
    no_window = template("body", window={"past": 300})
    suite.scheme("window-without-timestamp", "nothing to measure", no_window, "/window", flag="ConfigConflict")
    variants = template("path", "body", url_variants=["port"])
    suite.scheme("variants-without-url", "no URL is signed", variants, "/url_variants", flag="ConfigConflict")


def _signatures(suite: ErrorSuite) -> None:
    comment = "the signature stands in exactly one place"
    for name, place in (
        ("none", {"encoding": "hex"}),
        ("header-and-query", {"header": "X", "query": "x", "encoding": "hex"}),
        ("header-and-headers", {"header": "X", "headers": ["Y"], "encoding": "hex"}),
    ):
        suite.scheme(f"place-{name}", comment, template("body", signature=place), "/signature", flag="ConfigConflict")
    empty = template("body", signature={"headers": [], "encoding": "hex"})
    suite.scheme("place-no-headers", comment, empty, "/signature/headers")
    in_query = template(
        "timestamp", "body", signature={"query": "s", "encoding": "hex", "list": LIST}, timestamp={"unit": "s"}
    )
    suite.scheme("list-in-query", "a list stands in a header", in_query, "/signature/list", flag="ConfigConflict")
    comment = "the time stands in exactly one place"
    for name, scheme in (
        ("nowhere", template("timestamp", "body", timestamp={"unit": "s"})),
        ("header-and-query", template("timestamp", "body", timestamp={"header": "T", "query": "t", "unit": "s"})),
        (
            "header-and-list",
            template("timestamp", "body", timestamp=STAMP, signature={"header": "X", "encoding": "hex", "list": LIST}),
        ),
    ):
        suite.scheme(f"time-{name}", comment, scheme, "/timestamp", flag="ConfigConflict")


def _tokens(suite: ErrorSuite) -> None:
    comment = "a token is compared as it stands"
    header: dict[str, Json] = {"header": "X-Token"}
    for name, members, pointer in (
        ("message", {"message": ["body"]}, "/message"),
        ("encoding", {"signature": header | {"encoding": "hex"}}, "/signature/encoding"),
        ("list", {"signature": header | {"list": LIST}}, "/signature/list"),
    ):
        base: dict[str, Json] = {"algorithm": "token", "key": "text", "signature": header}
        suite.scheme(f"token-with-{name}", comment, base | members, pointer, flag="ConfigConflict")


def _callers(suite: ErrorSuite) -> None:
    comment = "the keys of services are text for HMAC-SHA256"
    for name, members, pointer in (
        ("sha512", {"algorithm": "hmac-sha512"}, "/algorithm"),
        ("sha1", {"algorithm": "hmac-sha1"}, "/algorithm"),
        ("ed25519", {"algorithm": "ed25519"}, "/algorithm"),
        ("hex-key", {"key": "hex"}, "/key"),
        ("prefixed-key", {"key": {"encoding": "text", "prefix": "x"}}, "/key"),
    ):
        suite.scheme(f"caller-{name}", comment, CALLED | members, pointer, flag="ConfigConflict")
    document: Json = {
        "service": OWN,
        "services": registry(),
        "schemes": {"acme": CALLED},
        "webhooks": {"sender": hook("acme")},
    }
    comment = "a scheme that names its caller belongs to the services"
    suite.bad("caller-as-webhook", comment, "ConfigConflict", document, "/webhooks/sender/scheme", env=ENV)


def _ids(suite: ErrorSuite) -> None:
    for name, identifier in (
        ("empty", ""),
        ("upper-case", "Acme"),
        ("space", "ac me"),
        ("underscore", "ac_me"),
        ("digit-first", "9acme"),
        ("hyphen-first", "-acme"),
        ("65", "a" * 65),
        ("colon", "webhook:acme"),
    ):
        document: Json = {"service": OWN, "services": {}, "schemes": {identifier: template("body")}}
        suite.bad(f"id-{name}", "not an id of a scheme", "ConfigValue", document, f"/schemes/{identifier}", env=ENV)
    for name in ("service-hmac", "service-hmac-v2", "cross-service", "api-key", "jwt", "github", "stripe", "memo"):
        document = {"service": OWN, "services": {}, "schemes": {name: template("body")}}
        comment = "there is a scheme of this name already"
        suite.bad(f"id-taken-{name}", comment, "ConfigConflict", document, f"/schemes/{name}", env=ENV)
    for name, identifier in (("empty", ""), ("space", "a b"), ("slash", "a/b"), ("129", "a" * 129), ("hyphen", "-a")):
        document = {"service": OWN, "services": {}, "webhooks": {identifier: hook()}}
        pointer = "/webhooks/" + identifier.replace("/", "~1")
        suite.bad(f"webhook-id-{name}", "not an id", "ConfigValue", document, pointer, env=ENV)


def _webhooks(suite: ErrorSuite) -> None:
    comment = "the sender signs the URL"
    for scheme in ("twilio", "square", "hubspot"):
        suite.hook(f"url-missing-{scheme}", comment, hook(scheme), "/url", flag="ConfigForm")
    acme: Json = {"acme": template("endpoint", "body")}
    suite.hook("url-missing-own", comment, hook("acme"), "/url", flag="ConfigForm", schemes=acme)
    for name, url in (
        ("relative", "/hooks/in"),
        ("no-scheme", "api.example.com/in"),
        ("ftp", "ftp://api.example.com/in"),
        ("no-host", "https:///in"),
        ("fragment", "https://api.example.com/in#x"),
        ("space", "https://api.example.com/in x"),
        ("line-end", "https://api.example.com/in\n"),
        ("not-ascii", "https://api.example.com/é"),
        ("empty", ""),
        ("upper-case-scheme", "HTTPS://api.example.com/in"),
    ):
        suite.hook(f"url-{name}", "not a URL", hook("square", url=url), "/url")


def _webhook_keys(suite: ErrorSuite) -> None:
    raw = hashlib.sha256(b"a good key").digest()
    weak = "a key that could be guessed, or is read wrongly"
    for name, scheme, text in (
        ("short", "github", "0123456789abcde"),
        ("one-letter", "github", "x"),
        ("repeated", "github", "a" * 32),
        ("repeated-word", "github", "secret" * 6),
        ("space-after", "github", "0123456789abcdeX "),
        ("line-end", "github", "0123456789abcdeX\n"),
        ("not-base64", "standard-webhooks", "whsec_!!!!" + "A" * 28),
        ("not-padded", "standard-webhooks", "whsec_" + base64.b64encode(raw).decode().rstrip("=")),
        ("url-alphabet", "standard-webhooks", "whsec_" + base64.urlsafe_b64encode(b"\xfb\xff" + raw[2:]).decode()),
        ("short-base64", "standard-webhooks", "whsec_" + base64.b64encode(raw[:15]).decode()),
        ("prefix-alone", "standard-webhooks", "whsec_"),
        ("not-hex", "discord", "g" * 64),
        ("short-public-key", "discord", curves.ed25519_public(SEED).hex()[:-2]),
        ("long-public-key", "discord", curves.ed25519_public(SEED).hex() + "00"),
        ("no-point", "discord", "02" + "00" * 31),
        ("weak-public-key", "discord", "01" + "00" * 31),
        ("private-key", "standard-webhooks-v1a", "whsk_" + base64.b64encode(SEED * 2).decode()),
        ("not-spki", "sendgrid", base64.b64encode(curves.ecdsa_public(SCALAR)[26:]).decode()),
        ("cut-spki", "sendgrid", base64.b64encode(curves.ecdsa_public(SCALAR)[:-1]).decode()),
        ("off-the-curve", "sendgrid", base64.b64encode(curves.ecdsa_public(SCALAR)[:-1] + b"\0").decode()),
        ("pem", "sendgrid", "-----BEGIN PUBLIC KEY-----"),
    ):
        document = keyed(scheme, secret=f"literal:{text}")
        suite.hook(f"key-{name}", weak, document, "/keys/0/secret", flag="ConfigSecret")
    refused = template("body", key={"encoding": "base64", "prefix": "sk_", "without_prefix": "refuse"})
    unprefixed = keyed("acme", secret="literal:" + base64.b64encode(raw).decode())
    suite.hook("key-without-prefix", weak, unprefixed, "/keys/0/secret", flag="ConfigSecret", schemes={"acme": refused})
    suite.hook("key-not-set", "no such variable", keyed(secret="env:NO_SUCH"), "/keys/0/secret", flag="ConfigSecret")
    suite.hook("key-plain", "not a reference", keyed(secret="0123456789abcdef"), "/keys/0/secret", flag="ConfigSecret")
    comment = "a sample is printed in the document"
    suite.hook("sample-env", comment, keyed(sample=True), "/keys/0/sample", flag="ConfigSecret")
    empty = keyed(secret="literal:", sample=True)
    suite.hook("sample-empty", "an empty key is no sample", empty, "/keys/0/secret", flag="ConfigSecret")
    comment = "a hash that begins with the secret needs an end"
    for scheme in ("hubspot-v1", "hubspot-v2"):
        suite.hook(
            f"no-end-{scheme}", comment, hook(scheme, url="https://a.example"), "/keys/0/not_after", flag="ConfigSecret"
        )
    own: Json = {"acme": template("body", algorithm="sha256-prefix")}
    suite.hook("no-end-own", comment, hook("acme"), "/keys/0/not_after", flag="ConfigSecret", schemes=own)
    nine: Json = [{"secret": f"literal:{secret(f'hook {n}')}"} for n in range(9)]
    suite.hook("keys-nine", "too many keys", hook(keys=nine), "/keys")
    two: Json = [{"id": "k", "secret": "env:HOOK_SECRET"}, {"id": "k", "secret": "env:TWO_SECRET"}]
    suite.hook("key-id-twice", "two keys of one id", hook(keys=two), "/keys/1/id", flag="ConfigConflict")
    same: Json = [{"secret": "env:HOOK_SECRET"}, {"secret": "env:HOOK_SECRET"}]
    comment = "one secret twice: a key that is revoked would still be valid"
    suite.hook("key-twice", comment, hook(keys=same), "/keys/1/secret", flag="SharedSecret")
    ends = keyed(not_before="2026-02-01T00:00:00Z", not_after="2026-01-01T00:00:00Z")
    suite.hook("key-never", "never valid", ends, "/keys/0/not_after", flag="ConfigConflict")
    suite.hook("key-state", "not a state", keyed(state="off"), "/keys/0/state")
    suite.hook("key-time", "not a time", keyed(not_after="tomorrow"), "/keys/0/not_after")


def _accept(suite: ErrorSuite) -> None:
    base: dict[str, Json] = {
        "service": OWN,
        "services": {},
        "schemes": {"acme": template("body")},
        "webhooks": {"sender": hook()},
    }
    for name, accept in (
        ("unknown", ["webhook:other"]),
        ("no-name", ["webhook:"]),
        ("letter-case", ["webhook:Sender"]),
        ("no-prefix", ["sender"]),
        ("template-without-caller", ["acme"]),
        ("catalogue", ["github"]),
        ("catalogue-as-webhook", ["webhook:github"]),
    ):
        document = base | {"accept": accept}
        suite.bad(f"accept-{name}", "nothing of this name", "ConfigValue", document, "/accept/0", env=ENV)
        routed = base | {"routes": [{"match": "/a", "accept": accept}]}
        suite.bad(f"route-accept-{name}", "nothing of this name", "ConfigValue", routed, "/routes/0/accept/0", env=ENV)
    twice = base | {"accept": [HOOK, "service-hmac-v2", HOOK]}
    suite.bad("accept-twice", "one sender twice", "ConfigValue", twice, "/accept/2", env=ENV)
    other: Json = [{"secret": "env:TWO_SECRET"}]
    clash = "two schemes that read one header"
    own = template("body", signature={"header": "x-signature", "encoding": "hex"})
    raw = [base64.b64encode(hashlib.sha256(b"clash %d" % at).digest()).decode() for at in (0, 1)]
    whsec: list[Json] = [[{"secret": f"literal:whsec_{text}"}] for text in raw]
    clashing: list[tuple[str, Json, Json, Json]] = [
        ("same-scheme", {}, {"a": hook(), "b": hook(keys=other)}, ["webhook:a", "webhook:b"]),
        ("same-header", {}, {"a": hook(), "b": hook("whatsapp", keys=other)}, ["webhook:a", "webhook:b"]),
        ("other-case", {}, {"a": hook("jira"), "b": hook("bitbucket", keys=other)}, ["webhook:a", "webhook:b"]),
        ("service-hmac", {"acme": own}, {"a": hook("acme")}, ["service-hmac-v2", "webhook:a"]),
        ("cross-service", {"acme": own}, {"a": hook("acme")}, ["cross-service", "webhook:a"]),
        (
            "second-name",
            {},
            {"a": hook("svix", keys=whsec[0]), "b": hook("standard-webhooks", keys=whsec[1])},
            ["webhook:a", "webhook:b"],
        ),
        (
            "renamed",
            {},
            {"a": hook(), "b": hook("memo", keys=other, headers={"signature": "X-HUB-Signature-256"})},
            ["webhook:a", "webhook:b"],
        ),
    ]
    for name, schemes, webhooks, accepts in clashing:
        both: Json = {
            "service": OWN,
            "services": registry(),
            "schemes": schemes,
            "webhooks": webhooks,
            "accept": accepts,
        }
        suite.bad(f"clash-{name}", clash, "ConfigConflict", both, "/accept", env=ENV)
    two: dict[str, Json] = {"service": OWN, "services": {}, "webhooks": {"a": hook(), "b": hook(keys=other)}}
    two["routes"] = [{"match": "/a", "accept": ["webhook:a", "webhook:b"]}]
    suite.bad("clash-on-route", clash, "ConfigConflict", two, "/routes/0/accept", env=ENV)


def _sign_with(suite: ErrorSuite) -> None:
    base: dict[str, Json] = {
        "service": OWN,
        "services": {},
        "schemes": {"acme": template("body")},
        "webhooks": {"sender": hook()},
    }
    for name, scheme in (
        ("unknown-webhook", "webhook:other"),
        ("catalogue", "github"),
        ("template-without-caller", "acme"),
        ("no-name", "webhook:"),
    ):
        suite.bad(
            f"sign-with-{name}",
            "nothing to sign with",
            "ConfigValue",
            base | {"sign_with": scheme},
            "/sign_with",
            env=ENV,
        )
    public = curves.ed25519_public(SEED).hex()
    verifies: dict[str, Json] = {
        "discord": keyed("discord", secret=f"literal:{public}"),
        "sendgrid": keyed("sendgrid", secret="literal:" + base64.b64encode(curves.ecdsa_public(SCALAR)).decode()),
        "shopify-oauth": hook("shopify-oauth"),
    }
    for name, sender in verifies.items():
        document: Json = {"service": OWN, "services": {}, "webhooks": {"sender": sender}, "sign_with": HOOK}
        comment = "its signatures are only verified here"
        suite.bad(f"sign-with-{name}", comment, "ConfigConflict", document, "/sign_with", env=ENV)


def _warnings(suite: ErrorSuite) -> None:
    bare: dict[str, Json] = {"service": OWN, "services": {}}
    base = bare | {"routes": [{"match": "POST /hook", "accept": [HOOK]}]}
    everywhere: Json = bare | {"webhooks": {"sender": hook("slack")}, "accept": [HOOK]}
    comment = "what was sent to one endpoint is good for all others"
    suite.warned("warn-everywhere", comment, everywhere, "/accept/0", env=ENV)
    slack: Json = base | {"webhooks": {"sender": hook("slack")}}
    suite.warned("warn-nothing", "nothing to warn of", slack, env=ENV)
    timeless: Json = base | {"webhooks": {"sender": hook()}}
    comment = "what was overheard could be sent again for ever"
    suite.warned("warn-timeless", comment, timeless, "/webhooks/sender", env=ENV)
    remembered: Json = base | {"webhooks": {"sender": hook(replay={"seconds": 3600})}}
    suite.warned("warn-remembered", "for an hour it could not", remembered, env=ENV)
    literal: Json = base | {"webhooks": {"sender": keyed("slack", secret=f"literal:{HOOK_SECRET}")}}
    comment = "the secret stands in the document"
    suite.warned("warn-literal", comment, literal, "/webhooks/sender/keys/0/secret", env=ENV)
    sample: Json = base | {"webhooks": {"sender": keyed("slack", secret="literal:x", sample=True)}}
    suite.warned("warn-sample", "a weak key", sample, "/webhooks/sender/keys/0/sample", env=ENV)
    together = template("header:X-A", "header:X-B", "body")
    run: Json = bare | {"schemes": {"acme": together}}
    comment = "two parts with nothing between them"
    suite.warned("warn-run-together", comment, run, f"{AT}/message/1", f"{AT}/message/2", env=ENV)
