"""Handshakes: a sender's challenge, what it must prove, and the answer byte for byte."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from fleet import OWN, secret
from model import Group, Suite, check
from request import Request
from senders import SENDERS, URL, hmac_sha256
from wire import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from request import Json
    from senders import Sender

TOKEN = "a verify token / 2026+äöå"
ENV = {"VERIFY_TOKEN": TOKEN}
NO_HANDSHAKE: Json = {"ok": {"handshake": None}}
NOSNIFF: Json = ["X-Content-Type-Options", "nosniff"]

SUBSCRIBE: dict[str, Json] = {"method": "GET", "query": {"hub.mode": "subscribe"}}
ECHO_QUERY: dict[str, Json] = {"body": {"query": "challenge"}}
ECHO_JSON: dict[str, Json] = {"body": {"json": "/challenge"}}

SAFE = "Az09!#$%()*+,-./:;=?@[]^_{|}~"
"""Every kind of character that is sent back."""

UNSAFE = {
    "empty": "",
    "space": "a b",
    "quote": 'a"b',
    "apostrophe": "a'b",
    "ampersand": "a&b",
    "less": "a<b",
    "greater": "a>b",
    "backslash": "a\\b",
    "backtick": "a`b",
    "line-end": "a\r\nSet-Cookie: b",
    "nul": "a\0",
    "delete": "a\x7f",
    "not-ascii": "é",
    "1025-characters": "a" * 1025,
    "script": "<script>alert(1)</script>",
}


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("handshakes")
    _meta(suite)
    _dropbox(suite)
    _slack(suite)
    _twitch(suite)
    _zoom(suite)
    _discord(suite)
    _own(suite)
    _several(suite)
    _documents(suite)
    return suite


def text(body: str) -> Json:
    """Expect an answer of this text."""
    return {"ok": {"handshake": {"status": 200, "headers": [["Content-Type", "text/plain"], NOSNIFF], "body": body}}}


def obj(**members: str | int) -> Json:
    """Expect an answer of this JSON object, its members in this order."""
    body = json.dumps(members, separators=(",", ":"))
    headers: list[Json] = [["Content-Type", "application/json"], NOSNIFF]
    return {"ok": {"handshake": {"status": 200, "headers": headers, "body": body}}}


def empty(status: int = 200, *headers: Json) -> Json:
    """Expect an answer without a body."""
    return {"ok": {"handshake": {"status": status, "headers": list(headers), "body": ""}}}


def refused(code: str) -> Json:
    """Expect a refusal."""
    return {"refused": code}


def ask(request: Request, expect: Json, *, now: int = NOW, webhook: str = "sender") -> Json:
    """Make a step that asks for the handshake."""
    return {"op": "handshake", "webhook": webhook, "now": now, "request": request.to_json(), "expect": expect}


def get(**parameters: str) -> Request:
    """Return a GET with these query parameters; `_` in a name stands for a dot."""
    query = "&".join(f"{name.replace('__', '.')}={quote(value, safe='')}" for name, value in parameters.items())
    return Request(method=b"GET", target=f"/hooks/in?{query}".encode())


def compact(**members: Json) -> bytes:
    """Write a body."""
    return json.dumps(members, separators=(",", ":")).encode()


def config(webhook: Mapping[str, Json], **members: Json) -> dict[str, Json]:
    """Return a config with this webhook."""
    document: dict[str, Json] = {"service": OWN, "services": {}, "accept": ["webhook:sender"]}
    return document | {"webhooks": {"sender": webhook}} | members


def catalogue(
    suite: Suite, scheme: str, name: str | None = None, *, top: Mapping[str, Json] | None = None, **hook: Json
) -> Group:
    """Add a group whose webhook is of a scheme of the catalogue."""
    webhook: dict[str, Json] = {"scheme": scheme, "keys": [{"id": "2026", "secret": "env:HOOK_SECRET"}]}
    env = ENV | {"HOOK_SECRET": SENDERS[scheme].secret}
    return suite.group(name or scheme, config(webhook | hook, **(top or {})), env)


def template(handshake: Json, algorithm: str = "hmac-sha256") -> dict[str, Json]:
    """Return a template of the user's own, with this handshake."""
    return {
        "title": "a sender",
        "algorithm": algorithm,
        "message": ["body"],
        "signature": {"header": "X-Signature", "encoding": "hex"},
        "handshake": handshake,
    }


def own_config(handshake: Json, hook: Mapping[str, Json]) -> dict[str, Json]:
    """Return a config whose webhook is of a template of the user's own."""
    keys: list[Json] = [{"id": "new", "secret": "env:HOOK_SECRET"}]
    webhook: dict[str, Json] = {"scheme": "mine", "keys": keys, "verify_token": "env:VERIFY_TOKEN"}
    return config(webhook | dict(hook), schemes={"mine": template(handshake)})


OWN_KEY = secret("a sender").encode()
OLD_KEY = secret("a sender, before").encode()
OWN_ENV = ENV | {"HOOK_SECRET": OWN_KEY.decode(), "HOOK_SECRET_OLD": OLD_KEY.decode()}


def own(suite: Suite, name: str, handshake: Json, **hook: Json) -> Group:
    """Add a group whose webhook is of a template of the user's own."""
    return suite.group(name, own_config(handshake, hook), OWN_ENV)


def post(body: bytes, key: bytes = OWN_KEY, method: bytes = b"POST") -> Request:
    """Return a request of the user's own sender."""
    headers = (("X-Signature", hmac_sha256(key, body).hex().encode()),)
    return Request(method=method, target=b"/hooks/in", headers=headers, body=body)


def _meta(suite: Suite) -> None:
    group = catalogue(suite, "whatsapp", verify_token="env:VERIFY_TOKEN")
    good = {"hub__mode": "subscribe", "hub__verify_token": TOKEN, "hub__challenge": "1158201444"}
    for name, comment, expect, parameters in (
        ("genuine", "the challenge is the whole body", text("1158201444"), good),
        ("other-order", "the order makes no difference", text("1158201444"), dict(reversed(good.items()))),
        ("other-mode", "another mode is no handshake", NO_HANDSHAKE, good | {"hub__mode": "unsubscribe"}),
        ("mode-case", "nor is another letter case", NO_HANDSHAKE, good | {"hub__mode": "Subscribe"}),
        ("extra-parameter", "other parameters are left alone", text("1158201444"), good | {"hub__topic": "x"}),
        ("wrong-token", "another token", refused("PERMISSION_DENIED"), good | {"hub__verify_token": TOKEN + "x"}),
        ("token-cut", "a part of the token", refused("PERMISSION_DENIED"), good | {"hub__verify_token": TOKEN[:-1]}),
        (
            "token-case",
            "another letter case",
            refused("PERMISSION_DENIED"),
            good | {"hub__verify_token": TOKEN.upper()},
        ),
        ("empty-token", "an empty token", refused("PERMISSION_DENIED"), good | {"hub__verify_token": ""}),
    ):
        flag = "HandshakeProof" if expect == refused("PERMISSION_DENIED") else "Handshake"
        group.steps(f"whatsapp-{name}", comment, flag, ask(get(**parameters), expect))
    without = {name: value for name, value in good.items() if name != "hub__verify_token"}
    step = ask(get(**without), refused("PERMISSION_DENIED"))
    group.steps("whatsapp-no-token", "no token", "HandshakeProof", step)
    step = ask(get(hub__mode="subscribe", hub__verify_token=TOKEN), refused("MALFORMED_REQUEST"))
    group.steps("whatsapp-no-challenge", "nothing to send back", "HandshakeForm", step)
    step = ask(get(hub__mode="subscribe", hub__verify_token="x"), refused("PERMISSION_DENIED"))
    group.steps("whatsapp-token-before-challenge", "the token is judged first", "Precedence", step)
    unsafe = get(**good | {"hub__verify_token": "x", "hub__challenge": "<b>"})
    group.steps(
        "whatsapp-token-before-form", "the token first", "Precedence", ask(unsafe, refused("PERMISSION_DENIED"))
    )

    request = get(**good)
    spelled = Request(method=b"GET", target=request.target.replace(b"hub.mode", b"hub%2Emode").replace(b"%20", b"+"))
    step = ask(spelled, text("1158201444"))
    group.steps("whatsapp-other-spelling", "names and values are decoded as form text", "Handshake", step)
    for name in ("hub.mode", "hub.verify_token", "hub.challenge", "hub%2Emode"):
        twice = Request(method=b"GET", target=request.target + f"&{name}=subscribe".encode())
        comment = "a parameter that is there twice has two readings"
        short = name.removeprefix("hub").strip(".%").replace("_", "-").lower()
        step = ask(twice, refused("MALFORMED_REQUEST"))
        group.steps(f"whatsapp-twice-{short}", comment, "HandshakeForm", step)
    for method in (b"POST", b"HEAD", b"PUT"):
        step = ask(Request(method=method, target=request.target), NO_HANDSHAKE)
        group.steps(f"whatsapp-method-{method.decode().lower()}", "only GET is the handshake", "Handshake", step)
    step = ask(Request(method=b"get", target=request.target), refused("MALFORMED_REQUEST"))
    group.steps("whatsapp-method-lower-case", "no method", "MalformedRequest", step)
    step = ask(Request(method=b"GET", target=b"hooks/in?hub.mode=subscribe"), refused("MALFORMED_REQUEST"))
    group.steps("whatsapp-relative-target", "no target", "MalformedRequest", step)
    for name, target in (("no-query", b"/hooks/in"), ("empty-query", b"/hooks/in?"), ("root", b"/")):
        step = ask(Request(method=b"GET", target=target), NO_HANDSHAKE)
        group.steps(f"whatsapp-{name}", "nothing to match", "Handshake", step)
    many = b"/hooks/in?" + b"a&" * 1000 + b"hub.mode=subscribe"
    step = ask(Request(method=b"GET", target=many), refused("MALFORMED_REQUEST"))
    group.steps("whatsapp-1001-parameters", "more parameters than are looked at", "SizeLimit", step)
    for name, challenge in UNSAFE.items():
        step = ask(get(**good | {"hub__challenge": challenge}), refused("MALFORMED_REQUEST"))
        group.steps(f"whatsapp-challenge-{name}", "what is not sent back", "HandshakeForm", step)
    for name, challenge in (("safe", SAFE), ("one-character", "7"), ("1024-characters", "a" * 1024)):
        step = ask(get(**good | {"hub__challenge": challenge}), text(challenge))
        group.steps(f"whatsapp-challenge-{name}", "sent back as it is", "Handshake", step)
    long = Request(method=b"GET", target=request.target, body=b" " * 16_385)
    group.steps("whatsapp-too-long", "nor a GET with a long body", "Handshake", ask(long, NO_HANDSHAKE))
    sender = SENDERS["whatsapp"]
    steps = ask(sender.send(), NO_HANDSHAKE), _verify(sender.send(), sender)
    group.steps("whatsapp-notification", "a notification is none, and verified", "Handshake", *steps)

    group = catalogue(suite, "whatsapp", "whatsapp without a verify token")
    step = ask(request, refused("PERMISSION_DENIED"))
    group.steps("whatsapp-not-configured", "no token in the config", "HandshakeProof", step)
    empty_token = get(**good | {"hub__verify_token": ""})
    step = ask(empty_token, refused("PERMISSION_DENIED"))
    group.steps("whatsapp-not-configured-empty", "nor does an empty one match it", "HandshakeProof", step)
    top: dict[str, Json] = {"reveal": "uniform"}
    group = catalogue(suite, "whatsapp", "whatsapp, reveal is uniform", top=top, verify_token="env:VERIFY_TOKEN")
    step = ask(get(**good | {"hub__verify_token": "x"}), refused("PERMISSION_DENIED"))
    group.steps("whatsapp-uniform", "the code is the same", "Uniform", step)


def _refuse(request: Request, code: str) -> Json:
    """Make a step whose request must be refused."""
    return {"op": "verify", "now": NOW, "request": request.to_json(), "expect": refused(code)}


def _verify(request: Request, sender: Sender, now: int = NOW) -> Json:
    """Make a step whose request must be accepted as this sender's."""
    expect: Json = {"ok": {"service": "webhook:sender", "key": "2026", "scheme": sender.scheme}}
    return {"op": "verify", "now": now, "request": request.to_json(), "expect": expect}


def _dropbox(suite: Suite) -> None:
    group = catalogue(suite, "dropbox")
    group.steps("dropbox-genuine", "anybody may ask", "Handshake", ask(get(challenge="abc-123"), text("abc-123")))
    step = ask(get(other="abc"), NO_HANDSHAKE)
    group.steps("dropbox-no-challenge", "without a challenge it is none", "Handshake", step)
    for name in ("script", "empty", "line-end"):
        step = ask(get(challenge=UNSAFE[name]), refused("MALFORMED_REQUEST"))
        group.steps(f"dropbox-challenge-{name}", "never a page of a stranger's", "HandshakeForm", step)
    step = ask(Request(method=b"GET", target=b"/hooks/in?challenge=a&challenge=b"), refused("MALFORMED_REQUEST"))
    group.steps("dropbox-twice", "two challenges", "HandshakeForm", step)


def _slack(suite: Suite) -> None:
    sender = SENDERS["slack"]
    group = catalogue(suite, "slack")
    body = compact(token="x", challenge="3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", type="url_verification")
    challenge = json.loads(body)["challenge"]
    delivery = sender.delivery(body=body)
    good = sender.send(delivery)
    group.steps("slack-genuine", "signed, and sent back as text", "Handshake", ask(good, text(challenge)))
    steps = ask(good, text(challenge)), ask(good, text(challenge)), _verify(good, sender)
    group.steps("slack-again", "a handshake is not remembered", "Handshake", *steps)
    spaced = json.dumps(json.loads(body), indent=2).encode()
    step = ask(sender.send(sender.delivery(body=spaced)), text(challenge))
    group.steps("slack-other-spelling", "JSON in another spelling", "Handshake", step)
    escaped = body.replace(b"url_verification", b"\\u0075rl_verification")
    step = ask(sender.send(sender.delivery(body=escaped)), text(challenge))
    group.steps("slack-escaped", "escapes are undone", "Handshake", step)
    for name, comment, other in (
        ("event", "an event", compact(type="event_callback", challenge="x")),
        ("no-type", "no type", compact(challenge="x")),
        ("type-is-null", "null is no text", compact(type=None, challenge="x")),
        ("type-in-list", "nor is a list", compact(type=["url_verification"], challenge="x")),
        ("form", "a form", b"command=%2Fweather&type=url_verification"),
        ("empty-body", "nothing", b""),
        ("not-utf8", "no text", b'{"type":"url_verification","challenge":"\xff"}'),
        ("byte-order-mark", "no JSON", b"\xef\xbb\xbf" + body),
        ("behind-json", "more than one value", body + b"{}"),
        ("deep", "nested too deeply", b"[" * 200 + b"]" * 200),
        ("too-long", "a body of 16385 bytes", body + b" " * (16_385 - len(body))),
    ):
        request = sender.send(sender.delivery(body=other))
        group.steps(f"slack-{name}", f"no handshake: {comment}", "Handshake", ask(request, NO_HANDSHAKE))
    step = ask(sender.send(sender.delivery(body=body + b" " * (16_384 - len(body)))), text(challenge))
    group.steps("slack-longest", "a body of 16384 bytes", "Handshake", step)
    malformed = refused("MALFORMED_REQUEST")
    for name, comment, other in (
        ("type-twice", "a type that is there twice", b'{"type":"x","type":"url_verification","challenge":"x"}'),
        (
            "challenge-twice",
            "a challenge that is there twice",
            b'{"type":"url_verification","challenge":"x","challenge":"y"}',
        ),
        ("no-challenge", "nothing to send back", compact(type="url_verification")),
        ("challenge-is-a-number", "not a text", compact(type="url_verification", challenge=7)),
        ("challenge-script", "not a text to send back", compact(type="url_verification", challenge=UNSAFE["script"])),
    ):
        request = sender.send(sender.delivery(body=other))
        group.steps(f"slack-{name}", comment, "HandshakeForm", ask(request, malformed))
    for name, comment, request, code in (
        ("wrong-key", "another key", sender.send(delivery, sender.wrong_key), "INVALID_SIGNATURE"),
        ("changed", "another challenge", good.but(body=body.replace(b"3eZ", b"4eZ")), "INVALID_SIGNATURE"),
        ("no-time", "no timestamp", good.without("X-Slack-Request-Timestamp"), "MISSING_TIMESTAMP"),
        ("twice-signed", "two signatures", good.adding("X-Slack-Signature", b"v0=" + b"0" * 64), "DUPLICATE_HEADER"),
        (
            "upper-case",
            "in upper case",
            good.set("X-Slack-Signature", good.header("X-Slack-Signature").upper()),
            "MALFORMED_SIGNATURE",
        ),
        (
            "unsigned-event",
            "an event of a stranger",
            sender.send(sender.delivery(body=b"{}"), sender.wrong_key),
            "INVALID_SIGNATURE",
        ),
    ):
        group.steps(f"slack-{name}", comment, "HandshakeProof", ask(request, refused(code)))
    unsigned = good.without("X-Slack-Signature")
    step, denied = ask(unsigned, NO_HANDSHAKE), _refuse(unsigned, "AUTHENTICATION_REQUIRED")
    group.steps(
        "slack-unsigned", "without a signature it is no handshake; verification decides", "HandshakeProof", step, denied
    )
    both = unsigned.adding("x-service-api-key", b"k" * 40)
    group.steps("slack-other-credential", "nor with another credential", "HandshakeProof", ask(both, NO_HANDSHAKE))
    for name, now in (("too-old", NOW + 301), ("too-early", NOW - 301)):
        step = ask(good, refused("TIMESTAMP_OUTSIDE_WINDOW"), now=now)
        group.steps(f"slack-{name}", "outside the window", "HandshakeProof", step)
    step = ask(good, text(challenge), now=NOW + 300)
    group.steps("slack-last-second", "inside the window", "Handshake", step)
    unread = sender.send(sender.delivery(body=b'{"type":"x","type":"y"}'), sender.wrong_key)
    group.steps(
        "slack-signature-first", "the signature, then the body", "Precedence", ask(unread, refused("INVALID_SIGNATURE"))
    )
    long = sender.send(sender.delivery(body=b" " * 16_385), sender.wrong_key)
    comment = "a body that is too long for a handshake is left to verification"
    group.steps("slack-long-and-forged", comment, "Handshake", ask(long, NO_HANDSHAKE))


def _twitch(suite: Suite) -> None:
    sender = SENDERS["twitch"]
    group = catalogue(suite, "twitch")
    kind = "Twitch-Eventsub-Message-Type"
    body = compact(challenge="pogchamp-kappa-360noscope-vohiyo", subscription={"id": "f1c2a387"})
    good = sender.send(sender.delivery(body=body)).adding(kind, b"webhook_callback_verification")
    expect = text("pogchamp-kappa-360noscope-vohiyo")
    group.steps("twitch-genuine", "matched by a header, sent back from the body", "Handshake", ask(good, expect))
    named = good.renaming(kind, kind.lower())
    group.steps("twitch-lower-case", "the letter case of a header's name", "Handshake", ask(named, expect))
    for name, request in (
        ("notification", good.set(kind, b"notification")),
        ("type-case", good.set(kind, b"Webhook_Callback_Verification")),
        ("type-missing", good.without(kind)),
        ("type-twice", good.adding(kind, b"webhook_callback_verification")),
    ):
        group.steps(f"twitch-{name}", "no handshake", "Handshake", ask(request, NO_HANDSHAKE))
    long = sender.send(sender.delivery(body=body + b" " * 16_384)).adding(kind, b"webhook_callback_verification")
    group.steps(
        "twitch-too-long", "a long body is none, whatever the headers say", "Handshake", ask(long, NO_HANDSHAKE)
    )
    forged = sender.send(sender.delivery(body=body), sender.wrong_key).adding(kind, b"webhook_callback_verification")
    group.steps(
        "twitch-forged", "the signature is another's", "HandshakeProof", ask(forged, refused("INVALID_SIGNATURE"))
    )
    bare = sender.send(sender.delivery(body=b"challenge")).adding(kind, b"webhook_callback_verification")
    group.steps("twitch-no-json", "nothing to send back", "HandshakeForm", ask(bare, refused("MALFORMED_REQUEST")))


def _zoom(suite: Suite) -> None:
    sender = SENDERS["zoom"]
    group = catalogue(suite, "zoom")
    plain = "qgg8vlvZRS6UYooatFL8Aw"
    body = compact(payload={"plainToken": plain}, event_ts=1_654_503_849_680, event="endpoint.url_validation")
    good = sender.send(sender.delivery(body=body))
    expect = obj(plainToken=plain, encryptedToken=hmac_sha256(sender.key, plain.encode()).hex())
    group.steps("zoom-genuine", "the token, and its HMAC", "Handshake", ask(good, expect))
    step = ask(sender.send(sender.delivery(body=compact(event="meeting.started", payload={}))), NO_HANDSHAKE)
    group.steps("zoom-event", "no handshake", "Handshake", step)
    for name, other in (
        ("no-payload", compact(event="endpoint.url_validation")),
        ("payload-is-text", compact(event="endpoint.url_validation", payload="plainToken")),
        ("unsafe-token", compact(event="endpoint.url_validation", payload={"plainToken": 'a","b":"c'})),
    ):
        request = sender.send(sender.delivery(body=other))
        group.steps(
            f"zoom-{name}", "nothing that can be sent back", "HandshakeForm", ask(request, refused("MALFORMED_REQUEST"))
        )
    forged = sender.send(sender.delivery(body=body), sender.wrong_key)
    comment = "no HMAC for a stranger"
    group.steps("zoom-forged", comment, "HandshakeProof", ask(forged, refused("INVALID_SIGNATURE")))
    unsigned = forged.without("x-zm-signature")
    group.steps("zoom-unsigned", comment, "HandshakeProof", ask(unsigned, NO_HANDSHAKE))


def _discord(suite: Suite) -> None:
    sender = SENDERS["discord"]
    group = catalogue(suite, "discord")
    for name, comment, body, expect in (
        ("interaction", "a ping of interactions", compact(version=1, type=1), obj(type=1)),
        ("event", "a ping of events", compact(version=1, application_id="7", type=0), empty(204)),
        ("command", "an interaction", compact(version=1, type=2), NO_HANDSHAKE),
        ("type-is-text", "a text is no number", compact(type="1"), NO_HANDSHAKE),
        ("type-is-true", "nor is true", compact(type=True), NO_HANDSHAKE),
        ("type-is-fraction", "nor is 1.0, which has another spelling", b'{"type":1.0}', NO_HANDSHAKE),
        ("type-is-negative", "nor is -1", b'{"type":-1}', NO_HANDSHAKE),
    ):
        request = sender.send(sender.delivery(body=body))
        group.steps(f"discord-{name}", comment, "Handshake", ask(request, expect))
    forged = sender.send(sender.delivery(body=compact(type=1)), sender.wrong_key)
    comment = "signed wrongly on purpose"
    group.steps("discord-forged", comment, "HandshakeProof", ask(forged, refused("INVALID_SIGNATURE")))


def _own(suite: Suite) -> None:
    strava: dict[str, Json] = {
        "match": SUBSCRIBE,
        "verify": {"token": "hub.verify_token"},
        "respond": {"body": {"object": {"hub.challenge": {"query": "hub.challenge"}}}},
    }
    group = own(suite, "a JSON object from the query", strava)
    good = {"hub__mode": "subscribe", "hub__verify_token": TOKEN, "hub__challenge": "15f7d1a91c1f40f8"}
    step = ask(get(**good), obj(**{"hub.challenge": "15f7d1a91c1f40f8"}))
    group.steps("own-json-from-query", "a template of the user's own", "Handshake", step)
    step = ask(get(**good), NO_HANDSHAKE, webhook="another")
    group.steps("own-unknown-webhook", "a webhook that the config does not have answers nothing", "Handshake", step)

    mixed: dict[str, Json] = {
        "match": {"method": "PUT", "json": {"/a~1b/0": "x", "/c": True}},
        "verify": "signature",
        "respond": {
            "status": 202,
            "headers": {"X-First": "1", "X-Second": "two words"},
            "body": {
                "object": {
                    "text": 'a "quoted" ä',
                    "number": 7,
                    "echo": {"json": "/c"},
                    "query": {"query": "q"},
                    "tag": {"hmac-sha256": {"query": "q"}},
                }
            },
        },
    }
    keys: list[Json] = [
        {"id": "new", "secret": "env:HOOK_SECRET"},
        {"id": "old", "secret": "env:HOOK_SECRET_OLD", "state": "retiring"},
    ]
    # As text, since the order of the members matters.
    written_config = json.dumps(own_config(mixed, {"keys": keys}))
    group = suite.group("everything that an answer can hold", env=OWN_ENV, config_text=written_config)
    body = b'{"a/b":["x"],"c":"y"}'
    for name, key in (("new", OWN_KEY), ("old", OLD_KEY)):
        signed = post(body, key, b"PUT").but(target=b"/hooks/in?q=z%2Bz")
        tag = hmac_sha256(key, b"z+z").hex()
        written = '{"text":"a \\"quoted\\" ä","number":7,"echo":"y","query":"z+z","tag":"' + tag + '"}'
        headers: list[Json] = [
            ["Content-Type", "application/json"],
            NOSNIFF,
            ["X-First", "1"],
            ["X-Second", "two words"],
        ]
        expect: Json = {"ok": {"handshake": {"status": 202, "headers": headers, "body": written}}}
        comment = "members in order; the key that verified the request makes the HMAC"
        group.steps(f"own-everything-{name}-key", comment, "Handshake", ask(signed, expect))
    step = ask(post(b'{"a/b":["z"],"c":"y"}', method=b"PUT"), NO_HANDSHAKE)
    group.steps("own-element-differs", "another element", "Handshake", step)
    step = ask(post(b'{"a/b":["x"]}', method=b"PUT"), NO_HANDSHAKE)
    group.steps("own-member-missing", "true: it must be there", "Handshake", step)
    step = ask(post(body, method=b"PUT"), refused("MALFORMED_REQUEST"))
    group.steps("own-query-missing", "nothing to send back", "HandshakeForm", step)

    closed: list[Json] = [{"id": "old", "secret": "env:HOOK_SECRET", "state": "revoked"}]
    ping: dict[str, Json] = {"match": {"method": "POST", "json": {"/ping": True}}, "verify": "signature", "respond": {}}
    group = own(suite, "a revoked key", ping, keys=closed)
    step = ask(post(b'{"ping":null}'), refused("KEY_NOT_VALID_NOW"))
    group.steps("own-revoked-key", "right, but revoked", "HandshakeProof", step)
    group = own(suite, "an empty answer", ping)
    group.steps("own-empty-answer", "200 and nothing else", "Handshake", ask(post(b'{"ping":null}'), empty()))
    digest: dict[str, Json] = template(ping | {"respond": {"body": {"json": "/ping"}}})
    digest |= {"message": ["url"], "body_digest": {"query": "digest"}}
    webhook: dict[str, Json] = {"scheme": "mine", "keys": [{"secret": "env:HOOK_SECRET"}], "url": URL + "/hooks/in"}
    group = suite.group("the body bound by a digest in the URL", config(webhook, schemes={"mine": digest}), OWN_ENV)
    body = b'{"ping":"pong"}'
    target = b"/hooks/in?digest=" + hashlib.sha256(body).hexdigest().encode()
    over_url = hmac_sha256(OWN_KEY, URL.encode() + target).hex().encode()
    bound = Request(method=b"POST", target=target, headers=(("X-Signature", over_url),), body=body)
    group.steps("own-digest", "the digest is signed, and right", "Handshake", ask(bound, text("pong")))
    step = ask(bound.but(body=b'{"ping":"pang"}'), refused("DIGEST_MISMATCH"))
    group.steps("own-digest-of-another-body", "the body is another one", "HandshakeProof", step)
    options: dict[str, Json] = {
        "match": {"method": "OPTIONS", "header": {"WebHook-Request-Origin": "events.example"}},
        "verify": "none",
        "respond": {"headers": {"WebHook-Allowed-Origin": "events.example"}},
    }
    group = own(suite, "an answer of headers alone", options)
    request = Request(method=b"OPTIONS", target=b"/hooks/in", headers=(("webhook-request-origin", b"events.example"),))
    step = ask(request, empty(200, ["WebHook-Allowed-Origin", "events.example"]))
    group.steps("own-headers", "permission to send, as headers", "Handshake", step)


def _several(suite: Suite) -> None:
    first: dict[str, Json] = {
        "match": {"method": "GET", "query": {"a": True}},
        "verify": "none",
        "respond": {"body": {"query": "a"}},
    }
    second: dict[str, Json] = {
        "match": {"method": "GET", "query": {"b": "1"}},
        "verify": "none",
        "respond": {"body": {"query": "c"}},
    }
    group = own(suite, "two handshakes", [first, second])
    group.steps("several-first", "the first one", "Handshake", ask(get(a="x", b="1", c="y"), text("x")))
    group.steps("several-second", "the second one", "Handshake", ask(get(b="1", c="y"), text("y")))
    group.steps("several-neither", "neither", "Handshake", ask(get(b="2", c="y"), NO_HANDSHAKE))
    step = ask(get(a="", b="1", c="y"), refused("MALFORMED_REQUEST"))
    group.steps("several-no-second-try", "the first that matches decides", "HandshakeForm", step)


def _documents(suite: Suite) -> None:
    place = "/schemes/mine/handshake"

    def errors(name: str, comment: str, handshake: Json, *pointers: str, algorithm: str = "hmac-sha256") -> None:
        group = suite.group(f"document: {name}", schemes(handshake, algorithm))
        found: list[Json] = [place + pointer for pointer in sorted(pointers)]
        group.steps(f"config-{name}", comment, "HandshakeConfig", check({"config_errors": found}))

    def schemes(handshake: Json, algorithm: str = "hmac-sha256") -> Json:
        return {"service": OWN, "services": {}, "schemes": {"mine": template(handshake, algorithm)}}

    good: dict[str, Json] = {
        "match": {"method": "GET", "query": {"challenge": True}},
        "verify": "none",
        "respond": ECHO_QUERY,
    }
    signed = good | {"match": {"method": "POST", "json": {"/type": "x"}}, "verify": "signature"}
    group = suite.group("document: in order", schemes(good))
    group.steps("config-in-order", "no warning either", "ConfigAccepted", check({"ok": {"warnings": []}}))

    for member in ("match", "verify", "respond"):
        lacking = {name: value for name, value in good.items() if name != member}
        errors(f"without-{member}", "it has three members", lacking, f"/{member}")
    errors("text", "not an object", "GET", "")
    errors("no-handshake", "an empty list", [], "")
    errors("five-handshakes", "more than four", [good] * 5, "")
    errors("unknown-member", "a member that is not known", good | {"then": 1}, "/then")
    errors("in-a-list", "the place says which one", [good, good | {"verify": "maybe"}], "/1/verify")
    matches: list[tuple[str, Json, str]] = [
        ("without-method", {"query": {"a": True}}, "/match/method"),
        ("method-lower-case", {"method": "get", "query": {"a": True}}, "/match/method"),
        ("method-alone", {"method": "GET"}, "/match"),
        ("empty-query", {"method": "GET", "query": {}}, "/match/query"),
        ("query-false", {"method": "GET", "query": {"a": False}}, "/match/query/a"),
        ("query-number", {"method": "GET", "query": {"a": 1}}, "/match/query/a"),
        ("query-without-name", {"method": "GET", "query": {"": "x"}}, "/match/query/"),
        ("header-true", {"method": "GET", "header": {"X-A": True}}, "/match/header/X-A"),
        ("header-name", {"method": "GET", "header": {"X A": "b"}}, "/match/header/X A"),
        ("header-value", {"method": "GET", "header": {"X-A": "b\n"}}, "/match/header/X-A"),
        ("json-name", {"method": "POST", "json": {"type": "x"}}, "/match/json/type"),
        ("json-escape", {"method": "POST", "json": {"/a~2": "x"}}, "/match/json/~1a~02"),
        ("json-null", {"method": "POST", "json": {"/type": None}}, "/match/json/~1type"),
        ("json-fraction", {"method": "POST", "json": {"/type": 1.5}}, "/match/json/~1type"),
        ("nine-members", {"method": "GET", "query": {f"a{at}": True for at in range(9)}}, "/match/query"),
        ("body", {"method": "GET", "body": "x"}, "/match/body"),
    ]
    for name, match, pointer in matches:
        pointers = (pointer, "/match") if name == "body" else (pointer,)
        errors(f"match-{name}", "what a request must be like", good | {"match": match}, *pointers)
    for name, verify, pointer in (
        ("true", True, "/verify"),
        ("unknown", "token", "/verify"),
        ("empty", {}, "/verify/token"),
        ("no-name", {"token": ""}, "/verify/token"),
        ("header", {"token": "a", "header": "b"}, "/verify/header"),
    ):
        errors(f"verify-{name}", "what it must prove", good | {"verify": verify}, pointer)
    for name, respond, pointer in (
        ("status-201", {"status": 201}, "/respond/status"),
        ("status-302", {"status": 302}, "/respond/status"),
        ("status-text", {"status": "200"}, "/respond/status"),
        ("body-of-204", {"status": 204} | ECHO_QUERY, "/respond/body"),
        ("body-text", {"body": "ok"}, "/respond/body"),
        ("body-empty", {"body": {}}, "/respond/body"),
        ("body-two-forms", {"body": {"query": "a", "json": "/b"}}, "/respond/body"),
        ("body-pointer", {"body": {"json": "challenge"}}, "/respond/body/json"),
        ("object-empty", {"body": {"object": {}}}, "/respond/body/object"),
        ("object-null", {"body": {"object": {"a": None}}}, "/respond/body/object/a"),
        ("object-true", {"body": {"object": {"a": True}}}, "/respond/body/object/a"),
        ("object-nested", {"body": {"object": {"a": {"b": "c"}}}}, "/respond/body/object/a/b"),
        ("content-type", {"headers": {"Content-Type": "text/html"}} | ECHO_QUERY, "/respond/headers/Content-Type"),
        ("set-cookie", {"headers": {"set-cookie": "a=b"}} | ECHO_QUERY, "/respond/headers/set-cookie"),
        (
            "sniffing",
            {"headers": {"x-content-type-options": "no"}} | ECHO_QUERY,
            "/respond/headers/x-content-type-options",
        ),
        ("header-value", {"headers": {"X-A": "b\r\nSet-Cookie: c"}} | ECHO_QUERY, "/respond/headers/X-A"),
        ("header-echo", {"headers": {"X-A": {"query": "b"}}} | ECHO_QUERY, "/respond/headers/X-A"),
    ):
        pointers = (pointer, "/respond/body/object/a") if name == "object-nested" else (pointer,)
        errors(f"respond-{name}", "what is answered", signed | {"respond": respond}, *pointers)
    named: dict[str, Json] = template(good) | {
        "caller": {"header": "X-Service-ID"},
        "message": ["service", "\n", "body"],
    }
    document: Json = {"service": OWN, "services": {}, "schemes": {"mine": named}}
    comment = "services of the registry send no challenge"
    group = suite.group("document: a scheme that names its caller", document)
    group.steps("config-of-a-service", comment, "HandshakeConfig", check({"config_errors": [place]}))
    comment = "what anybody may ask for must not be worth anything"
    errors("echo-for-anybody", comment, good | {"respond": ECHO_JSON}, "/respond/body")
    tag: dict[str, Json] = {"body": {"object": {"a": {"hmac-sha256": {"query": "challenge"}}}}}
    errors("hmac-for-anybody", comment, good | {"respond": tag}, "/respond/body")
    errors("hmac-for-a-token", comment, good | {"verify": {"token": "t"}, "respond": tag}, "/respond/body")
    errors(
        "hmac-of-another-algorithm",
        "the key is for another algorithm",
        signed | {"respond": tag},
        "/respond/body",
        algorithm="hmac-sha512",
    )
