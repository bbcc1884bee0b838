"""The catalogue: each sender's own requests, what was changed on the way, and the mistakes that senders invite."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import curves
from fleet import OWN, secret
from model import Suite, accepted, refused
from senders import (
    SENDERS,
    URL,
    Delivery,
    Sender,
    as_base64,
    as_hex,
    dotted,
    ecdsa_tag,
    hmac_sha1,
    hmac_sha256,
    iso,
    milliseconds,
    seconds,
    twilio_message,
)
from wire import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model import Group
    from request import Json, Request

CALLER = "webhook:sender"
PREFIX_HASHES = ("hubspot-v1", "hubspot-v2")
TOKENS = ("gitlab-token", "telegram", "cloudflare-notifications", "buildkite-token", "auth0-log-streams")
SEVERAL = ("pagerduty", "docusign")
"""Their requests here carry a signature of a foreign key before the right one."""

BAD_STAMPS = {
    "sign": b"+1767225600",
    "leading-zero": b"01767225600",
    "fraction": b"1767225600.0",
    "not-digits": b"17672256OO",
    "empty": b"",
}
BAD_DATES = {
    "seconds": b"1767225600",
    "space": b"2026-01-01 00:00:00Z",
    "offset": b"2026-01-01T00:00:00+00:00",
    "month-13": b"2026-13-01T00:00:00Z",
    "ten-digits-of-a-fraction": b"2026-01-01T00:00:00.1234567890Z",
}


def document(scheme: str, hook: Mapping[str, Json] | None = None) -> Json:
    """Return a config that accepts this sender alone."""
    fields: dict[str, Json] = {"id": "2026", "secret": "env:HOOK_SECRET"}
    if scheme in PREFIX_HASHES:
        fields["not_after"] = "2030-01-01T00:00:00Z"
    webhook: dict[str, Json] = {"scheme": scheme, "keys": [fields]}
    return {"service": OWN, "services": {}, "accept": [CALLER], "webhooks": {"sender": webhook | dict(hook or {})}}


def group_of(suite: Suite, sender: Sender, name: str | None = None, **hook: Json) -> Group:
    """Add a group whose config accepts this sender."""
    if sender.url is not None:
        hook = {"url": sender.url} | hook
    return suite.group(name or sender.scheme, document(sender.scheme, hook=hook), {"HOOK_SECRET": sender.secret})


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("webhooks")
    for sender in SENDERS.values():
        group = group_of(suite, sender)
        _genuine(group, sender)
        _changed(group, sender)
        _carrier(group, sender)
        if sender.scheme in TOKENS:
            _token(group, sender)
        else:
            _encoded(group, sender)
        if sender.stamp is not None:
            _stamp(group, sender)
        else:
            _timeless(group, sender)
        if sender.id_header is not None:
            _identity(group, sender)
    _forgetful(suite)
    _secrets(suite)
    _hub(suite)
    _grammars(suite)
    _units(suite)
    _lists(suite)
    _unsigned_times(suite)
    _svix(suite)
    _twilio(suite)
    _shopify(suite)
    _hubspot(suite)
    _asymmetric(suite)
    _razorpay(suite)
    _others(suite)
    return suite


def _genuine(group: Group, sender: Sender) -> None:
    group.accept(
        f"{sender.scheme}-genuine",
        "as the sender sends it, with the whole result",
        "Genuine",
        sender.send(),
        service=CALLER,
        key="2026",
        scheme=sender.scheme,
        age=None if sender.stamp is None else 0,
        route=None,
        retiring=False,
        public=False,
        covered=list(sender.covered),
        replay_key=_replay_key(sender),
    )


def _replay_key(sender: Sender, *, by_message: bool = False) -> str | None:
    """What tells the delivery from its replay: its tag, or its message where that may have several signatures."""
    if sender.stamp is None:
        return None
    message = sender.message(sender.delivery())
    mark = sender.tag(sender.key, message)
    if by_message or sender.tag in (curves.ed25519_sign, ecdsa_tag):
        mark = hashlib.sha256(message).digest()
    return "s:" + hashlib.sha256(mark).hexdigest()


def _changed(group: Group, sender: Sender) -> None:
    request, name = sender.send(), sender.scheme
    foreign = sender.send(key=sender.wrong_key)
    group.refuse(
        f"{name}-wrong-key", "made with a key that is not the sender's", "WrongKey", foreign, "INVALID_SIGNATURE"
    )
    if "body" in sender.covered:
        changed = request.but(body=request.body + b" ")
        # Of Twilio's form, the space becomes part of the last value.
        group.refuse(f"{name}-body", "a byte more in the body", "Tampered", changed, "INVALID_SIGNATURE")
    else:
        changed = request.but(body=b"anything")
        group.accept(f"{name}-body-not-covered", "nothing binds the body", "Uncovered", changed, service=CALLER)
    if "method" in sender.covered:
        group.refuse(f"{name}-method", "another method", "Tampered", request.but(method=b"PUT"), "INVALID_SIGNATURE")
    if "path" in sender.covered:
        elsewhere = request.but(target=request.target.replace(b"/", b"/x", 1))
        group.refuse(f"{name}-path", "another path", "Tampered", elsewhere, "INVALID_SIGNATURE")
    if "query" in sender.covered:
        more = request.but(target=request.target + b"&admin=1")
        group.refuse(f"{name}-query", "a parameter more", "Tampered", more, "INVALID_SIGNATURE")


def _carrier(group: Group, sender: Sender) -> None:
    request, name = sender.send(), sender.scheme
    if sender.carrier.startswith("?"):
        parameter = sender.carrier[1:].encode() + b"="
        before, _, after = request.target.partition(parameter)
        bare, twice = (
            request.but(target=before.rstrip(b"&")),
            request.but(target=request.target + b"&" + parameter + after),
        )
        code = "MALFORMED_REQUEST"
    else:
        signatures = [own for own, _ in request.headers if own.startswith(sender.carrier[:-1])]
        bare, twice = request.without(*signatures), request.adding(sender.carrier, request.header(sender.carrier))
        code = "DUPLICATE_HEADER"
    comment = "without the signature there is nothing to judge"
    group.refuse(f"{name}-no-signature", comment, "MissingHeader", bare, "AUTHENTICATION_REQUIRED")
    group.refuse(f"{name}-signature-twice", "the signature is there twice", "RepeatedHeader", twice, code)


def _encoded(group: Group, sender: Sender) -> None:
    if sender.scheme in SEVERAL:
        return
    name, delivery = sender.scheme, sender.delivery()
    raw, good = sender.tag(sender.key, sender.message(delivery)), sender.signature()
    other = as_base64(raw) if sender.encode is as_hex else as_hex(raw)
    cases = [
        ("cut", good[: -2 if sender.encode is as_hex else -4], "the end of the signature is missing"),
        ("empty", b"", "there is no signature where one should be"),
        ("other-encoding", other, "the right bytes in another alphabet"),
    ]
    if sender.encode is as_hex and name != "notion":
        cases.append(("upper-case", good.upper(), "hex digits in upper case"))
    if sender.encode is as_base64:
        cases.append(("not-padded", good.rstrip(b"=") + b"A" * (not good.endswith(b"=")), "base64 of another length"))
    for kind, text, comment in cases:
        request = sender.place(delivery, text)
        group.refuse(f"{name}-{kind}", comment, "ExactDecoding", request, "MALFORMED_SIGNATURE")
    if not sender.carrier.startswith("?"):
        request = sender.send()
        value = request.header(sender.carrier)
        prefix = value[: value.index(good)]
        if prefix and prefix in (b"sha256=", b"sha1=", b"v0=", b"v1,", b"v1a,"):
            bare = request.set(sender.carrier, good)
            comment = "the signature without what stands before it"
            group.refuse(f"{name}-no-prefix", comment, "ExactDecoding", bare, "MALFORMED_SIGNATURE")


def _token(group: Group, sender: Sender) -> None:
    name, delivery = sender.scheme, sender.delivery()
    for kind, text, comment in (
        ("cut", sender.key[:-1], "the token without its end"),
        ("longer", sender.key + b"0", "the token and more"),
        ("upper-case", sender.key.upper(), "the token in upper case"),
        ("first-letter", sender.key[:1], "the first letter of the token"),
    ):
        group.refuse(f"{name}-{kind}", comment, "TokenOnly", sender.place(delivery, text), "INVALID_SIGNATURE")
    empty = sender.place(delivery, b"")
    group.refuse(f"{name}-empty", "an empty token", "TokenOnly", empty, "MALFORMED_SIGNATURE")


def _stamp(group: Group, sender: Sender) -> None:
    name, request = sender.scheme, sender.send()
    old, ahead = NOW + sender.past, NOW - sender.future
    group.accept(f"{name}-age-{sender.past}", "the last good second", "Window", request, now=old, age=sender.past)
    code = "TIMESTAMP_OUTSIDE_WINDOW"
    group.refuse(f"{name}-age-{sender.past + 1}", "too old", "Window", request, code, now=old + 1)
    group.refuse(f"{name}-ahead", "too far ahead, though signed", "Window", request, code, now=ahead - 1)
    if not sender.carrier.startswith("?"):
        moved = sender.place(sender.delivery(now=NOW + 1), sender.signature())
        comment = "the time was moved to keep an old request fresh"
        group.refuse(f"{name}-time-moved", comment, "Tampered", moved, "INVALID_SIGNATURE", now=NOW)
    dates = name in ("zendesk", "twitch")
    for kind, text in (BAD_DATES if dates else BAD_STAMPS).items():
        odd = sender.send(sender.delivery(stamp=text))
        comment = "signed, but not a time as this sender writes it"
        group.refuse(f"{name}-time-{kind}", comment, "StrictTimestamp", odd, "INVALID_TIMESTAMP")
    if sender.stamp_header is not None:
        bare = request.without(sender.stamp_header)
        group.refuse(f"{name}-no-time", "the time is missing", "MissingHeader", bare, "MISSING_TIMESTAMP")
        twice = request.adding(sender.stamp_header, sender.delivery().stamp)
        group.refuse(f"{name}-time-twice", "the time is there twice", "RepeatedHeader", twice, "DUPLICATE_HEADER")
    if request.method == b"POST":
        steps = (accepted(request), refused(request, "REPLAYED_REQUEST"))
        group.steps(f"{name}-again", "the same request once more", "Replay", *steps)
    else:
        steps = (accepted(request), accepted(request))
        group.steps(f"{name}-again", "a GET may be repeated inside the window", "Repetition", *steps)


def _timeless(group: Group, sender: Sender) -> None:
    request = sender.send()
    if sender.scheme not in PREFIX_HASHES:
        late = accepted(request, now=NOW + 86_400 * 365, age=None)
        comment = "nothing says when it was made, and the sender may send it again"
        group.steps(f"{sender.scheme}-a-year-later", comment, "Timeless", accepted(request), late)


def _identity(group: Group, sender: Sender) -> None:
    name, request, header = sender.scheme, sender.send(), sender.id_header or ""
    other = request.set(header, b"msg_other")
    group.refuse(f"{name}-other-id", "the id of another message", "Tampered", other, "INVALID_SIGNATURE")
    group.refuse(f"{name}-no-id", "the id is missing", "MissingHeader", request.without(header), "MISSING_NONCE")
    twice = request.adding(header, request.header(header))
    group.refuse(f"{name}-id-twice", "the id is there twice", "RepeatedHeader", twice, "DUPLICATE_HEADER")
    bad = [("empty", b""), ("space", b"msg 1"), ("129", b"m" * 129)]
    if name != "twitch":
        bad.append(("dot", b"msg.1"))
    for kind, text in bad:
        odd = sender.send(sender.delivery(id=text))
        comment = "signed, but not an id that keeps the parts of the message apart"
        group.refuse(f"{name}-id-{kind}", comment, "StrictNonce", odd, "INVALID_NONCE")


def _forgetful(suite: Suite) -> None:
    for name in ("github", "shopify", "twilio", "square", "hubspot-v1", "docusign"):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, remembered for an hour", replay={"seconds": 3600})
        request = sender.send()
        group.steps(
            f"{name}-remembered",
            "signatures are remembered where the webhook says so",
            ("Replay", "Timeless"),
            accepted(request),
            refused(request, "REPLAYED_REQUEST", now=NOW + 3600),
        )
        again = accepted(request, now=NOW + 3700)
        comment = "and forgotten after that time"
        group.steps(f"{name}-forgotten", comment, "Timeless", accepted(request), again)
        forged = refused(sender.send(key=sender.wrong_key), "INVALID_SIGNATURE")
        group.steps(
            f"{name}-forged-first", "a forgery is not remembered", "RefusedIsNotSeen", forged, accepted(request)
        )


def _secrets(suite: Suite) -> None:
    comment = "the text of the secret is the key, whatever it looks like"
    for name in ("stripe", "workos"):
        sender = SENDERS[name]
        decoded = base64.b64decode(sender.secret.removeprefix("whsec_"))
        stripped = sender.secret.removeprefix("whsec_").encode()
        group = group_of(suite, sender, f"{name}, other readings of its secret")
        for kind, key in (("decoded", decoded), ("stripped", stripped)):
            request = sender.send(key=key)
            group.refuse(f"{name}-secret-{kind}", comment, "KeyEncoding", request, "INVALID_SIGNATURE")
    for name in ("standard-webhooks", "svix", "clerk", "resend", "gitlab", "openai"):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, other readings of its secret")
        body = sender.secret.removeprefix("whsec_").encode()
        for kind, key in (("as-text", sender.secret.encode()), ("stripped", body)):
            request = sender.send(key=key)
            group.refuse(
                f"{name}-secret-{kind}", "what follows whsec_ is base64", "KeyEncoding", request, "INVALID_SIGNATURE"
            )
    for name in ("asana", "cloudflare-stream", "razorpay", "sentry"):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, its secret as hex")
        request = sender.send(key=bytes.fromhex(sender.secret))
        group.refuse(f"{name}-secret-as-hex", comment, "KeyEncoding", request, "INVALID_SIGNATURE")
    for name in ("pagerduty", "docusign", "zendesk"):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, its secret as base64")
        request = sender.send(key=base64.b64decode(sender.secret))
        group.refuse(f"{name}-secret-as-base64", comment, "KeyEncoding", request, "INVALID_SIGNATURE")
    for name in ("coinbase-commerce", "hubspot"):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, its secret as a UUID")
        request = sender.send(key=bytes.fromhex(sender.secret.replace("-", "")))
        group.refuse(f"{name}-secret-as-uuid", comment, "KeyEncoding", request, "INVALID_SIGNATURE")
    raw = hashlib.sha256(b"an unprefixed secret").digest()
    text = base64.b64encode(raw).decode()
    for name, right, wrong in (("standard-webhooks", raw, text.encode()), ("openai", text.encode(), raw)):
        sender = SENDERS[name]
        group = suite.group(f"{name}, a secret without whsec_", document(name), {"HOOK_SECRET": text})
        comment = "a secret without the prefix is read as the sender's own library reads it"
        group.accept(f"{name}-secret-unprefixed", comment, "KeyEncoding", sender.send(key=right), key="2026")
        request = sender.send(key=wrong)
        group.refuse(f"{name}-secret-unprefixed-other", comment, "KeyEncoding", request, "INVALID_SIGNATURE")


def _hub(suite: Suite) -> None:
    comment = "one header name, two algorithms: the scheme decides, never the header"
    for name, other, prefix in (
        ("bitbucket", hmac_sha1, b"sha1="),
        ("jira", hmac_sha1, b"sha1="),
        ("intercom", hmac_sha256, b"sha256="),
    ):
        sender = SENDERS[name]
        body = sender.delivery().body
        group = group_of(suite, sender, f"{name}, the other hash")
        text = as_hex(other(sender.key, body))
        request = sender.send().set("X-Hub-Signature", prefix + text)
        group.refuse(f"{name}-other-hash", comment, "AlgorithmFixed", request, "MALFORMED_SIGNATURE")
        claimed = sender.place(sender.delivery(), text)
        group.refuse(f"{name}-other-hash-own-prefix", comment, "AlgorithmFixed", claimed, "MALFORMED_SIGNATURE")
    for name in ("github", "whatsapp"):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, the older header")
        legacy = b"sha1=" + as_hex(hmac_sha1(sender.key, sender.delivery().body))
        both = sender.send().adding("X-Hub-Signature", legacy)
        group.accept(
            f"{name}-legacy-beside", "the older header is not looked at", "AlgorithmFixed", both, service=CALLER
        )
        alone = both.without("X-Hub-Signature-256")
        comment = "SHA-1 alone opens nothing"
        group.refuse(f"{name}-legacy-alone", comment, "AlgorithmFixed", alone, "AUTHENTICATION_REQUIRED")
    escaped = SENDERS["whatsapp"]
    group = group_of(suite, escaped, "whatsapp, a body with escapes")
    delivery = Delivery(body=rb'{"text":"\u00e4\/\u003C","id":1}')
    request = escaped.send(delivery)
    group.accept("whatsapp-escapes", "escapes are signed as they are on the wire", "RawBytes", request, service=CALLER)
    for kind, body in (
        ("decoded", '{"text":"ä/<","id":1}'.encode()),
        ("other-order", rb'{"id":1,"text":"\u00e4\/\u003C"}'),
        ("upper-case", rb'{"text":"\u00E4\/\u003C","id":1}'),
    ):
        comment = "the same JSON, written again"
        group.refuse(f"whatsapp-escapes-{kind}", comment, "RawBytes", request.but(body=body), "INVALID_SIGNATURE")


def _grammars(suite: Suite) -> None:
    comment = "one header name, two grammars"
    standard, stream = SENDERS["standard-webhooks"], SENDERS["cloudflare-stream"]
    group = group_of(suite, standard, "standard-webhooks, the header of Cloudflare Stream")
    mixed = standard.send().set("webhook-signature", stream.send().header("Webhook-Signature"))
    group.refuse("standard-webhooks-stream-grammar", comment, "ListHeader", mixed, "MALFORMED_SIGNATURE")
    group = group_of(suite, stream, "cloudflare-stream, the header of Standard Webhooks")
    mixed = stream.send().set("Webhook-Signature", standard.send().header("webhook-signature"))
    group.refuse("cloudflare-stream-standard-grammar", comment, "ListHeader", mixed, "MALFORMED_SIGNATURE")
    github, typeform = SENDERS["github"], SENDERS["typeform"]
    for sender, encode in ((github, as_base64), (typeform, as_hex)):
        group = group_of(suite, sender, f"{sender.scheme}, the encoding of the other")
        text = encode(hmac_sha256(sender.key, sender.delivery().body))
        request = sender.place(sender.delivery(), text)
        comment = "after sha256= stands hex with one sender and base64 with another"
        group.refuse(f"{sender.scheme}-encoding-of-other", comment, "ExactDecoding", request, "MALFORMED_SIGNATURE")
    notion = SENDERS["notion"]
    group = group_of(suite, notion, "notion, letter case")
    upper = notion.place(notion.delivery(), notion.signature().upper())
    group.accept("notion-upper-case", "this sender's library takes both letter cases", "Genuine", upper, service=CALLER)
    memo = SENDERS["memo"]
    group = group_of(suite, memo, "memo, its optional prefix")
    prefixed = memo.place(memo.delivery(), b"sha256=" + memo.signature())
    group.accept("memo-prefix", "the prefix may be there", "Genuine", prefixed, scheme="memo", service=CALLER)
    for kind, prefix in (
        ("twice", b"sha256=sha256="),
        ("other", b"sha1="),
        ("upper-case", b"SHA256="),
        ("cut", b"sha256"),
    ):
        request = memo.place(memo.delivery(), prefix + memo.signature())
        group.refuse(f"memo-prefix-{kind}", "not the prefix", "ExactDecoding", request, "MALFORMED_SIGNATURE")
    hook: dict[str, Json] = {"headers": {"signature": "X-Frontend-Signature", "timestamp": "X-Frontend-Time"}}
    group = group_of(suite, memo, "memo, with other header names", **hook)
    renamed = memo.send().renaming("X-Memo-Signature", "X-Frontend-Signature")
    renamed = renamed.renaming("X-Memo-Timestamp", "X-Frontend-Time")
    group.accept("memo-renamed", "the names of the webhook", "Genuine", renamed, scheme="memo", service=CALLER)
    comment = "the names of the template are not looked at any more"
    group.refuse("memo-renamed-old-names", comment, "MissingHeader", memo.send(), "AUTHENTICATION_REQUIRED")


def _units(suite: Suite) -> None:
    for name, unit, code in (
        ("slack", milliseconds, "INVALID_TIMESTAMP"),
        ("stripe", milliseconds, "INVALID_TIMESTAMP"),
        ("standard-webhooks", milliseconds, "INVALID_TIMESTAMP"),
        ("slack", iso, "INVALID_TIMESTAMP"),
        ("hubspot", seconds, "TIMESTAMP_OUTSIDE_WINDOW"),
        ("workos", seconds, "TIMESTAMP_OUTSIDE_WINDOW"),
        ("hubspot", iso, "INVALID_TIMESTAMP"),
        ("zendesk", milliseconds, "INVALID_TIMESTAMP"),
        ("twitch", seconds, "INVALID_TIMESTAMP"),
    ):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, {unit.__name__} as its time")
        request = sender.send(sender.delivery(stamp=unit(NOW)))
        comment = "a genuine signature over a time in another unit"
        group.refuse(f"{name}-unit-{unit.__name__}", comment, "StrictTimestamp", request, code)


def _lists(suite: Suite) -> None:
    stripe = SENDERS["stripe"]
    delivery, good = stripe.delivery(), stripe.signature()
    foreign = as_hex(hmac_sha256(secret("old").encode(), dotted(delivery)))
    group = group_of(suite, stripe, "stripe, its list")
    stamp = delivery.stamp

    def listed(text: bytes) -> Request:
        return delivery.with_headers(("Stripe-Signature", text))

    for kind, text in (
        ("signature-first", b"v1=%s,t=%s" % (good, stamp)),
        ("two-signatures", b"t=%s,v1=%s,v1=%s" % (stamp, foreign, good)),
        ("two-signatures-turned", b"t=%s,v1=%s,v1=%s" % (stamp, good, foreign)),
        ("other-version", b"t=%s,v1=%s,v0=%s" % (stamp, good, foreign)),
        ("unknown-key", b"t=%s,x=y,v1=%s" % (stamp, good)),
        ("unknown-key-empty", b"t=%s,x=,v1=%s" % (stamp, good)),
        ("eight-signatures", b"t=%s" % stamp + b",v1=%s" % foreign * 7 + b",v1=%s" % good),
    ):
        comment = "a list as this sender may write it"
        group.accept(f"stripe-list-{kind}", comment, ("ListHeader", "Genuine"), listed(text), age=0, service=CALLER)
    for kind, text, code in (
        ("time-twice", b"t=%s,t=%s,v1=%s" % (stamp, stamp, good), "DUPLICATE_HEADER"),
        ("time-twice-old", b"t=1,v1=%s,t=%s" % (good, stamp), "DUPLICATE_HEADER"),
        ("no-time", b"v1=%s" % good, "MISSING_TIMESTAMP"),
        ("only-time", b"t=%s" % stamp, "MALFORMED_SIGNATURE"),
        ("only-other-version", b"t=%s,v0=%s" % (stamp, good), "MALFORMED_SIGNATURE"),
        ("key-upper-case", b"t=%s,V1=%s" % (stamp, good), "MALFORMED_SIGNATURE"),
        ("no-assignment", b"t=%s,v1" % stamp, "MALFORMED_SIGNATURE"),
        ("bare-item", b"t=%s,%s" % (stamp, good), "MALFORMED_SIGNATURE"),
        ("empty-item", b"t=%s,,v1=%s" % (stamp, good), "MALFORMED_SIGNATURE"),
        ("comma-before", b",t=%s,v1=%s" % (stamp, good), "MALFORMED_SIGNATURE"),
        ("comma-after", b"t=%s,v1=%s," % (stamp, good), "MALFORMED_SIGNATURE"),
        ("no-key", b"t=%s,=%s" % (stamp, good), "MALFORMED_SIGNATURE"),
        ("nothing-but-an-assignment", b"=", "MISSING_TIMESTAMP"),
        ("joined", b"t=%s,v1=%s, t=%s,v1=%s" % (stamp, good, stamp, good), "DUPLICATE_HEADER"),
        ("space-after-comma", b"t=%s, v1=%s" % (stamp, good), "DUPLICATE_HEADER"),
        ("nine-signatures", b"t=%s" % stamp + b",v1=%s" % foreign * 8 + b",v1=%s" % good, "MALFORMED_SIGNATURE"),
        ("seventeen-items", b"t=%s" % stamp + b",x=1" * 15 + b",v1=%s" % good, "MALFORMED_SIGNATURE"),
        ("empty-signature", b"t=%s,v1=" % stamp, "MALFORMED_SIGNATURE"),
        (
            "signature-of-body-alone",
            b"t=%s,v1=%s" % (stamp, as_hex(hmac_sha256(stripe.key, delivery.body))),
            "INVALID_SIGNATURE",
        ),
        ("no-signature-holds", b"t=%s,v1=%s,v1=%s" % (stamp, foreign, foreign), "INVALID_SIGNATURE"),
    ):
        comment = "not a list as this sender writes it"
        flags = ("ListHeader", "TooManySignatures") if kind.startswith("nine") else "ListHeader"
        group.refuse(f"stripe-list-{kind}", comment, flags, listed(text), code)
    sixteen = listed(b"t=%s" % stamp + b",x=1" * 14 + b",v1=%s" % good)
    group.accept("stripe-list-sixteen-items", "the longest list", "ListHeader", sixteen, service=CALLER)
    shortened = listed(b"t=%s,v1=%s" % (stamp, good))
    group.steps(
        "stripe-list-shortened",
        "a signature less does not make a new request",
        ("Replay", "ReplayKey"),
        accepted(listed(b"t=%s,v1=%s,v1=%s" % (stamp, good, foreign))),
        refused(shortened, "REPLAYED_REQUEST"),
    )
    _rotation(suite, stripe)
    _external(suite)

    paddle = SENDERS["paddle"]
    group = group_of(suite, paddle, "paddle, its list")
    delivery, good = paddle.delivery(), paddle.signature()
    for kind, text, expected in (
        ("unknown-version", b"ts=%s;h2=00;h1=%s" % (delivery.stamp, good), None),
        ("rotation", b"ts=%s;h1=%s;h1=%s" % (delivery.stamp, foreign, good), None),
        ("comma", b"ts=%s,h1=%s" % (delivery.stamp, good), "DUPLICATE_HEADER"),
        ("time-twice", b"ts=%s;ts=1;h1=%s" % (delivery.stamp, good), "DUPLICATE_HEADER"),
    ):
        request = delivery.with_headers(("Paddle-Signature", text))
        if expected is None:
            group.accept(f"paddle-list-{kind}", "as this sender may write it", "ListHeader", request, service=CALLER)
        else:
            group.refuse(f"paddle-list-{kind}", "not this sender's list", "ListHeader", request, expected)

    standard = SENDERS["standard-webhooks"]
    group = group_of(suite, standard, "standard-webhooks, its list")
    item = b"v1," + standard.signature()
    asymmetric = b"v1a," + b"A" * 86 + b"=="
    for kind, text in (
        ("other-version-first", asymmetric + b" " + item),
        ("other-version-last", item + b" " + asymmetric),
        ("rotation", b"v1," + as_base64(bytes(32)) + b" " + item),
    ):
        request = standard.send().set("webhook-signature", text)
        group.accept(f"standard-webhooks-list-{kind}", "several signatures", "ListHeader", request, service=CALLER)
    for kind, text, code in (
        ("only-other-version", asymmetric, "MALFORMED_SIGNATURE"),
        ("two-spaces", item + b"  " + item, "MALFORMED_SIGNATURE"),
        ("space-after", item + b" ", "MALFORMED_SIGNATURE"),
        ("bare-version", b"v1,", "MALFORMED_SIGNATURE"),
        ("version-alone", b"v1", "MALFORMED_SIGNATURE"),
        ("bare-base64", standard.signature(), "MALFORMED_SIGNATURE"),
        ("version-of-other", b"v1a," + standard.signature(), "MALFORMED_SIGNATURE"),
        ("joined", item + b", " + item, "DUPLICATE_HEADER"),
    ):
        request = standard.send().set("webhook-signature", text)
        group.refuse(f"standard-webhooks-list-{kind}", "not this list", "ListHeader", request, code)
    for name, between in (("workos", b",  "), ("buildkite", b", ")):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, spaces in its list")
        value = sender.send().header(sender.carrier)
        spaced = sender.send().set(sender.carrier, value.replace(b", ", b",").replace(b",", between))
        group.accept(f"{name}-list-spaces", "spaces around items are allowed", "ListHeader", spaced, service=CALLER)


def _rotation(suite: Suite, stripe: Sender) -> None:
    """Both keys are known, so both signatures of one message hold."""
    both = document("stripe")
    keys: list[Json] = [
        {"id": "new", "secret": "env:HOOK_SECRET"},
        {"id": "old", "secret": "env:OLD_SECRET", "state": "retiring"},
        {"id": "gone", "secret": "env:GONE_SECRET", "state": "revoked"},
    ]
    webhook: Json = {"scheme": "stripe", "keys": keys}
    assert isinstance(both, dict)
    env = {"HOOK_SECRET": stripe.secret, "OLD_SECRET": secret("old hook"), "GONE_SECRET": secret("gone hook")}
    group = suite.group("stripe, while its secret rotates", both | {"webhooks": {"sender": webhook}}, env)
    delivery = stripe.delivery()
    old = stripe.signature(key=env["OLD_SECRET"].encode())
    group.accept("stripe-rotation-new", "the new key", "Rotation", stripe.send(), key="new", retiring=False)
    request = stripe.place(delivery, old)
    group.accept("stripe-rotation-old", "the old key", "Rotation", request, key="old", retiring=True)
    gone = stripe.send(key=env["GONE_SECRET"].encode())
    group.refuse("stripe-rotation-revoked", "a key that is revoked", "KeyLife", gone, "KEY_NOT_VALID_NOW")
    value = b"t=%s,v1=%s,v1=%s" % (delivery.stamp, stripe.signature(), old)
    double = delivery.with_headers(("Stripe-Signature", value))
    for kind, text in (("new", stripe.signature()), ("old", old)):
        group.steps(
            f"stripe-rotation-shortened-to-{kind}",
            "both signatures hold, so leaving one out must not make a new request",
            ("Replay", "ReplayKey", "Rotation"),
            accepted(double),
            refused(stripe.place(delivery, text), "REPLAYED_REQUEST"),
        )


def _external(suite: Suite) -> None:
    """A store of the application's own asks for nothing here; it is told what to look for."""
    comment = "each signature that holds stands for the same message, so a shared store sees one request"
    for name in ("stripe", "paddle", "standard-webhooks", "slack", "discord", "sendgrid"):
        sender = SENDERS[name]
        base = document(name)
        assert isinstance(base, dict)
        secrets = {"HOOK_SECRET": sender.secret}
        group = suite.group(f"{name}, a store outside", base | {"replay": {"store": "external"}}, secrets)
        key = _replay_key(sender, by_message=name != "slack")
        twice = (accepted(sender.send(), replay_key=key), accepted(sender.send(), replay_key=key))
        group.steps(f"{name}-external", comment, ("ReplayKey", "Repetition"), *twice)
    sendgrid = SENDERS["sendgrid"]
    base = document("sendgrid")
    assert isinstance(base, dict)
    outside = base | {"replay": {"store": "external"}}
    group = suite.group("sendgrid, both halves and a store outside", outside, {"HOOK_SECRET": sendgrid.secret})
    raw = sendgrid.tag(sendgrid.key, sendgrid.message(sendgrid.delivery()))
    flipped = sendgrid.place(sendgrid.delivery(), as_base64(curves.ecdsa_other_half(raw)))
    key = _replay_key(sendgrid)
    group.accept("sendgrid-external-other-half", comment, "ReplayKey", flipped, replay_key=key)


def _unsigned_times(suite: Suite) -> None:
    for name, header, value in (
        ("sentry", "Sentry-Hook-Timestamp", b"1"),
        ("linear", "linear-timestamp", b"1"),
        ("dropbox", "X-Timestamp", b"not a time"),
    ):
        sender = SENDERS[name]
        group = group_of(suite, sender, f"{name}, a time that is not signed")
        for kind, stamp in (("old", value), ("fresh", seconds(NOW))):
            request = sender.send().adding(header, stamp)
            comment = "a time that the signature does not cover decides nothing, and is not reported"
            group.accept(f"{name}-unsigned-time-{kind}", comment, "UnsignedTime", request, age=None, covered=["body"])


def _svix(suite: Suite) -> None:
    svix = SENDERS["svix"]
    request = svix.send()
    names = ("svix-id", "svix-timestamp", "svix-signature")
    white = request
    for name in names:
        white = white.renaming(name, name.replace("svix", "webhook"))
    group = group_of(suite, svix, "svix, the other family of names")
    group.accept("svix-white-label", "all headers of the other family", "Genuine", white, scheme="svix", age=0)
    for own in names:
        alias = own.replace("svix", "webhook")
        mixed = request.renaming(own, alias)
        # The signature says which family it is, and that family is incomplete.
        code = "MISSING_NONCE" if own == "svix-id" else "MISSING_TIMESTAMP"
        comment = "names of two families do not mix"
        group.refuse(f"svix-mixed-{own.removeprefix('svix-')}", comment, "MissingHeader", mixed, code)
    for name in ("clerk", "resend"):
        group = group_of(suite, SENDERS[name], f"{name}, the other family of names")
        sent = SENDERS[name].send()
        for own in names:
            sent = sent.renaming(own, own.replace("svix", "webhook"))
        comment = "this sender has one family of names"
        group.refuse(f"{name}-white-label", comment, "MissingHeader", sent, "AUTHENTICATION_REQUIRED")


def _twilio(suite: Suite) -> None:
    twilio = SENDERS["twilio"]
    group = group_of(suite, twilio, "twilio, forms and URLs")
    delivery = twilio.delivery()

    def signed_over(url: str, target: bytes | None = None) -> Request:
        said = delivery if target is None else delivery.but(target=target)
        return twilio.place(delivery, as_base64(hmac_sha1(twilio.key, twilio_message(said, url))))

    group.accept("twilio-port-added", "signed with the port of https", "UrlVariant", signed_over(URL + ":443"))
    group.refuse(
        "twilio-port-other", "with another port", "UrlVariant", signed_over(URL + ":8443"), "INVALID_SIGNATURE"
    )
    group.refuse("twilio-scheme", "over http", "UrlVariant", signed_over(URL.replace("s:", ":")), "INVALID_SIGNATURE")
    group.refuse(
        "twilio-host", "for another host", "UrlVariant", signed_over("https://evil.example.com"), "INVALID_SIGNATURE"
    )
    group.refuse(
        "twilio-other-path", "another path", "UrlVariant", signed_over(URL, b"/other?a=1"), "INVALID_SIGNATURE"
    )
    group.refuse("twilio-no-query", "no query", "UrlVariant", signed_over(URL, b"/voice"), "INVALID_SIGNATURE")
    for kind, body in (
        ("reordered", b"Digits=10&To=%2B15551234&Body=&Digits=9&CallSid=CA12&Digits=9"),
        ("repeated", delivery.body + b"&Digits=10"),
        ("escaped-otherwise", delivery.body.replace(b"CA12", b"%43A12")),
    ):
        comment = "the format signs the sorted distinct parameters, not the bytes of the form"
        group.accept(f"twilio-form-{kind}", comment, "SortedParameters", twilio.send().but(body=body), service=CALLER)
    for kind, body in (
        ("value", delivery.body.replace(b"Digits=9", b"Digits=8")),
        ("parameter-more", delivery.body + b"&Admin=1"),
        ("parameter-less", delivery.body.replace(b"&CallSid=CA12", b"")),
        ("plus-for-escape", delivery.body.replace(b"%2B", b"+")),
        ("name-case", delivery.body.replace(b"Digits", b"digits")),
        ("empty", b""),
    ):
        request = twilio.send().but(body=body)
        group.refuse(
            f"twilio-form-{kind}", "another form", ("SortedParameters", "Tampered"), request, "INVALID_SIGNATURE"
        )
    spaced = twilio.delivery(body=b"Body=It+is%20%C3%A9&Empty")
    group.accept(
        "twilio-form-spaces", "plus and %20 are spaces", "SortedParameters", twilio.send(spaced), service=CALLER
    )
    get = twilio.delivery(method=b"GET", body=b"", target=b"/voice?To=%2B1&From=2")
    group.accept("twilio-get", "a GET has its parameters in the URL", "Genuine", twilio.send(get), service=CALLER)

    body = b'{"property": "value"}'
    target = b"/json?x=1&bodySHA256=" + hashlib.sha256(body).hexdigest().encode()
    bound = twilio.delivery(body=body, target=target)
    json_request = twilio.send(bound)
    covered = ["path", "query", "body"]
    group.accept("twilio-json", "the body is bound by its digest", "BodyDigest", json_request, covered=covered)
    for kind, other in (("changed", body + b" "), ("empty", b""), ("form", b"property=value")):
        request = json_request.but(body=other)
        comment = "the URL is signed, and the body is not the one of its digest"
        group.refuse(f"twilio-json-{kind}", comment, ("BodyDigest", "Tampered"), request, "DIGEST_MISMATCH")
    upper = twilio.delivery(body=body, target=b"/json?bodySHA256=" + hashlib.sha256(body).hexdigest().upper().encode())
    group.refuse("twilio-json-upper-case", "not lower-case hex", "BodyDigest", twilio.send(upper), "DIGEST_MISMATCH")
    both = json_request.but(body=b"{}", target=target.replace(b"x=1", b"x=2"))
    comment = "the signature comes before the digest"
    group.refuse("twilio-json-url-and-body", comment, ("BodyDigest", "Precedence"), both, "INVALID_SIGNATURE")
    port = twilio.place(bound, as_base64(hmac_sha1(twilio.key, twilio_message(bound, URL + ":443"))))
    group.accept("twilio-json-port", "with the port of https", ("BodyDigest", "UrlVariant"), port, service=CALLER)


def _shopify(suite: Suite) -> None:
    oauth, proxy = SENDERS["shopify-oauth"], SENDERS["shopify-app-proxy"]
    group = group_of(suite, oauth, "shopify-oauth, its query")
    request = oauth.send()
    pieces = request.target.partition(b"?")[2].split(b"&")
    turned = request.but(target=b"/elsewhere?" + b"&".join(reversed(pieces)))
    comment = "the parameters are signed in the order of their names"
    group.accept("shopify-oauth-reordered", comment, "SortedParameters", turned, service=CALLER)
    for kind, target, code in (
        ("shop", request.target.replace(b"some-shop", b"evil-shop"), "INVALID_SIGNATURE"),
        ("name-twice", request.target + b"&shop=evil.myshopify.com", "MALFORMED_REQUEST"),
        ("time-twice", request.target + b"&timestamp=1", "MALFORMED_REQUEST"),
        ("no-time", request.target.replace(b"&timestamp=1767225600", b""), "MISSING_TIMESTAMP"),
        ("signature-in-proxy-name", request.target.replace(b"hmac=", b"signature="), "AUTHENTICATION_REQUIRED"),
        ("merged", request.target.replace(b"&shop=", b"%26shop="), "INVALID_SIGNATURE"),
    ):
        changed = request.but(target=target)
        group.refuse(f"shopify-oauth-{kind}", "another query", ("SortedParameters", "Tampered"), changed, code)
    group = group_of(suite, proxy, "shopify-app-proxy, its query")
    request = proxy.send()
    other = request.but(target=request.target.replace(b"extra=1", b"extra=0"))
    group.refuse("shopify-app-proxy-value", "another value", "SortedParameters", other, "INVALID_SIGNATURE")
    swapped = request.target.replace(b"extra=1", b"extra=0").replace(b"extra=2", b"extra=1")
    comment = "the values of one name keep their order"
    request = request.but(target=swapped.replace(b"extra=0", b"extra=2"))
    group.refuse("shopify-app-proxy-order", comment, "SortedParameters", request, "INVALID_SIGNATURE")


def _hubspot(suite: Suite) -> None:
    hubspot = SENDERS["hubspot"]
    group = group_of(suite, hubspot, "hubspot, escapes in its URL")
    request = hubspot.send()
    undone = request.but(target=request.target.replace(b"%40", b"@"))
    comment = "the sender undoes these escapes before it signs, so both spellings are signed alike"
    group.accept("hubspot-escape-undone", comment, "UrlVariant", undone, service=CALLER)
    for kind, target in (
        ("space", request.target.replace(b"%20", b"+")),
        ("ampersand", request.target.replace(b"%26", b"&")),
    ):
        comment = "an escape that is not undone"
        group.refuse(f"hubspot-escape-{kind}", comment, "UrlVariant", request.but(target=target), "INVALID_SIGNATURE")
    older = SENDERS["hubspot-v1"].send().header("X-HubSpot-Signature")
    beside = request.adding("X-HubSpot-Signature", older).adding("X-HubSpot-Signature-Version", b"v1")
    group.accept("hubspot-older-beside", "the older signature is not looked at", "Genuine", beside, scheme="hubspot")
    one, two = SENDERS["hubspot-v1"], SENDERS["hubspot-v2"]
    for own, other in ((one, two), (two, one)):
        group = group_of(suite, own, f"{own.scheme}, the signature of {other.scheme}")
        text = other.encode(other.tag(own.key, other.message(own.delivery())))
        request = own.place(own.delivery(), text).adding("X-HubSpot-Signature-Version", other.scheme[-2:].encode())
        comment = "the config says which version it is, not the request"
        group.refuse(f"{own.scheme}-other-version", comment, "OtherScheme", request, "INVALID_SIGNATURE")
        late = own.send()
        group.refuse(
            f"{own.scheme}-after-the-end",
            "a key of this algorithm has an end",
            "KeyLife",
            late,
            "KEY_NOT_VALID_NOW",
            now=1_893_456_000,
        )
    hashed = hashlib.sha256(b"x").hexdigest().encode()
    group = group_of(suite, one, "hubspot-v1, no secret")
    without = one.delivery()
    guess = one.place(without, hashlib.sha256(without.body).hexdigest().encode())
    group.refuse("hubspot-v1-plain-hash", "a hash without the secret", "WrongKey", guess, "INVALID_SIGNATURE")
    group.refuse("hubspot-v1-any-hash", "any hash", "WrongKey", one.place(without, hashed), "INVALID_SIGNATURE")


def _asymmetric(suite: Suite) -> None:
    discord, sendgrid = SENDERS["discord"], SENDERS["sendgrid"]
    group = group_of(suite, discord, "discord, signatures of other forms")
    delivery = discord.delivery()
    raw = discord.tag(discord.key, discord.message(delivery))
    for kind, signature in (
        ("not-reduced", curves.ed25519_unreduced(raw)),
        ("zeros", bytes(64)),
        ("halves-turned", raw[32:] + raw[:32]),
        ("other-message", discord.tag(discord.key, b"")),
        ("hmac-of-public-key", hmac_sha256(bytes.fromhex(discord.secret), discord.message(delivery)) * 2),
    ):
        comment = "64 bytes, but no signature of the key"
        request = discord.place(delivery, as_hex(signature))
        group.refuse(f"discord-signature-{kind}", comment, "AlgorithmFixed", request, "INVALID_SIGNATURE")
    group = group_of(suite, sendgrid, "sendgrid, signatures of other forms")
    delivery = sendgrid.delivery()
    raw = sendgrid.tag(sendgrid.key, sendgrid.message(delivery))
    flipped = sendgrid.place(delivery, as_base64(curves.ecdsa_other_half(raw)))
    group.steps(
        "sendgrid-other-half",
        "of each signature there is another one that holds as well; it must not make a new request",
        ("Replay", "ReplayKey"),
        accepted(sendgrid.send()),
        refused(flipped, "REPLAYED_REQUEST"),
    )
    numbers = raw[4 : 4 + raw[3]][-32:] + raw[-32:]
    for kind, signature in (
        ("raw-numbers", numbers),
        ("trailing-byte", raw + b"\0"),
        ("cut-byte", raw[:-1]),
        ("long-length", b"\x30\x81" + raw[1:]),
        ("empty-sequence", b"\x30\x00"),
    ):
        request = sendgrid.place(delivery, as_base64(signature))
        comment = "not DER"
        group.refuse(f"sendgrid-signature-{kind}", comment, "ExactDecoding", request, "MALFORMED_SIGNATURE")
    cut = sendgrid.send().but(body=delivery.body.rstrip(b"\r\n"))
    group.refuse("sendgrid-line-end", "the line end is part of the body", "RawBytes", cut, "INVALID_SIGNATURE")


def _razorpay(suite: Suite) -> None:
    sender = SENDERS["razorpay-callback"]
    group = group_of(suite, sender, "razorpay-callback, its parameters")
    request = sender.send()
    for kind, target, code in (
        ("status", request.target.replace(b"status=paid", b"status=cancelled"), "INVALID_SIGNATURE"),
        ("missing", request.target.replace(b"razorpay_payment_id=pay_1&", b""), "INSUFFICIENT_COVERAGE"),
        ("twice", request.target + b"&razorpay_payment_id=pay_9", "MALFORMED_REQUEST"),
        ("swapped", request.target.replace(b"pay_1", b"x").replace(b"plink_2", b"pay_1"), "INVALID_SIGNATURE"),
    ):
        changed = request.but(target=target)
        group.refuse(f"razorpay-callback-{kind}", "another callback", "Tampered", changed, code)
    more = request.but(target=request.target + b"&utm=1")
    comment = "what is not signed may be there, and proves nothing"
    group.accept("razorpay-callback-more", comment, "Uncovered", more, service=CALLER)


def _others(suite: Suite) -> None:
    for name, wrong in (("stripe", "mux"), ("slack", "zoom"), ("shopify", "line"), ("github", "whatsapp")):
        own, other = SENDERS[name], SENDERS[wrong]
        group = group_of(suite, own, f"{name} under the secret of {wrong}")
        request = own.send(key=other.key)
        comment = "the secret of another sender"
        group.refuse(f"{name}-secret-of-{wrong}", comment, "WrongKey", request, "INVALID_SIGNATURE")
    docusign = SENDERS["docusign"]
    group = group_of(suite, docusign, "docusign, one header for each key")
    delivery = docusign.delivery()
    good, foreign = docusign.signature(), as_base64(bytes(32))
    for kind, headers in (
        ("first", [("X-DocuSign-Signature-1", good)]),
        ("eighth", [("X-DocuSign-Signature-8", good)]),
        ("both", [("X-DocuSign-Signature-2", good), ("X-DocuSign-Signature-5", foreign)]),
    ):
        group.accept(
            f"docusign-{kind}", "any of the headers may hold it", "Genuine", delivery.with_headers(*headers), key="2026"
        )
    for kind, headers, code in (
        ("ninth", [("X-DocuSign-Signature-9", good)], "AUTHENTICATION_REQUIRED"),
        ("none-holds", [("X-DocuSign-Signature-1", foreign), ("X-DocuSign-Signature-2", foreign)], "INVALID_SIGNATURE"),
        ("twice", [("X-DocuSign-Signature-1", good)] * 2, "DUPLICATE_HEADER"),
    ):
        request = delivery.with_headers(*headers)
        group.refuse(f"docusign-{kind}", "no header holds", "ListHeader", request, code)
    github = SENDERS["github"]
    group = group_of(suite, github, "github, a repeated header that something joined")
    value = github.send().header("X-Hub-Signature-256")
    joined = github.send().set("X-Hub-Signature-256", value + b", " + value)
    group.refuse("github-joined", "two values in one", "RepeatedHeader", joined, "DUPLICATE_HEADER")
    renamed = (
        replace(github, carrier="x-hub-signature-256").send().renaming("X-Hub-Signature-256", "x-hub-signature-256")
    )
    group.accept("github-lower-case-name", "names have no letter case", "HeaderNames", renamed, service=CALLER)
    square = SENDERS["square"]
    group = group_of(suite, square, "square, where it was received")
    elsewhere = square.send(Delivery(target=b"/behind/a/proxy"))
    comment = "the URL is the configured one, wherever the request arrives"
    group.accept("square-elsewhere", comment, "UrlVariant", elsewhere, service=CALLER)
    received = as_base64(hmac_sha256(square.key, (URL + "/hooks/in").encode() + square.delivery().body))
    request = square.place(square.delivery(), received)
    comment = "signed over the URL where it was received"
    group.refuse("square-received-url", comment, "UrlVariant", request, "INVALID_SIGNATURE")
