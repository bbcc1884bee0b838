"""How the senders of the world sign, each written from what its sender says of it, on the standard library.

This is the second opinion on the catalogue of templates: nothing here reads a template, and no function is shared with
the library that is judged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import curves
from fleet import secret
from request import Request
from wire import NOW

Headers = list[tuple[str, bytes]]

URL = "https://api.example.com"
"""Where the senders believe that the receiver is."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What a sender has to say, before it is signed."""

    method: bytes = b"POST"
    target: bytes = b"/hooks/in"
    body: bytes = b'{"event":"paid","amount":7}'
    stamp: bytes = b""
    id: bytes = b"msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"

    def but(self, **changes: Any) -> Delivery:
        """Return the same delivery with some fields changed."""
        return replace(self, **changes)

    def with_headers(self, *headers: tuple[str, bytes]) -> Request:
        """Return the request with these headers."""
        return Request(method=self.method, target=self.target, headers=headers, body=self.body)


Message = Callable[[Delivery], bytes]
Tag = Callable[[bytes, bytes], bytes]
Encode = Callable[[bytes], bytes]
Place = Callable[[Delivery, bytes], Request]


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA256, raw."""
    return hmac.digest(key, message, "sha256")


def hmac_sha1(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA1, raw."""
    return hmac.digest(key, message, "sha1")


def hash_after_secret(key: bytes, message: bytes) -> bytes:
    """SHA-256 of the secret and then the message, which is no HMAC."""
    return hashlib.sha256(key + message).digest()


def as_hex(raw: bytes) -> bytes:
    """Lower-case hex digits."""
    return raw.hex().encode()


def as_base64(raw: bytes) -> bytes:
    """Standard base64 with its padding."""
    return base64.b64encode(raw)


def seconds(time: int) -> bytes:
    """A time in seconds."""
    return str(time).encode()


def milliseconds(time: int) -> bytes:
    """A time in milliseconds, which is not a whole second."""
    return f"{time}250".encode()


def iso(time: int) -> bytes:
    """A time as ISO 8601 writes it, to the second."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def iso_with_nanoseconds(time: int) -> bytes:
    """A time with nine digits of a fraction, the last of which is zero."""
    return iso(time).replace(b"Z", b".120456780Z")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """One sender: what it signs, with what, and where the signature travels."""

    scheme: str
    message: Message
    tag: Tag
    encode: Encode
    place: Place
    covered: tuple[str, ...]
    carrier: str
    """The header of the signature, or `?` and the name of the parameter."""
    secret: str
    """The secret as its owner pastes it into a config."""
    key: bytes
    """What the sender signs with."""
    wrong_key: bytes
    """Another key of the same kind, which the config does not know."""
    stamp: Callable[[int], bytes] | None = None
    stamp_header: str | None = None
    id_header: str | None = None
    url: str | None = None
    first: Delivery = Delivery()
    past: int = 300
    future: int = 300

    def delivery(self, *, now: int = NOW, **changes: Any) -> Delivery:
        """Return a delivery of this sender, stamped with this time."""
        stamped = self.first if self.stamp is None else self.first.but(stamp=self.stamp(now))
        return stamped.but(**changes)

    def send(self, delivery: Delivery | None = None, key: bytes | None = None) -> Request:
        """Return the request as the sender makes it."""
        return self.place(delivery or self.delivery(), self.signature(delivery, key))

    def signature(self, delivery: Delivery | None = None, key: bytes | None = None) -> bytes:
        """Return the text of the signature alone."""
        return self.encode(self.tag(key or self.key, self.message(delivery or self.delivery())))


def of_body(delivery: Delivery) -> bytes:
    """The body, and nothing else."""
    return delivery.body


def in_header(name: str, prefix: bytes = b"", stamp: str | None = None, identity: str | None = None) -> Place:
    """Place the signature into a header of its own, behind what else the sender sets."""

    def place(delivery: Delivery, signature: bytes) -> Request:
        fields: Headers = []
        if identity is not None:
            fields.append((identity, delivery.id))
        if stamp is not None:
            fields.append((stamp, delivery.stamp))
        return delivery.with_headers(("User-Agent", b"hooks/1.0"), *fields, (name, prefix + signature))

    return place


def in_stamped_header(name: str, between: bytes, stamp: bytes, signature: bytes) -> Place:
    """Place time and signature into one header, as `t=1,v1=abc`."""

    def place(delivery: Delivery, text: bytes) -> Request:
        return delivery.with_headers((name, stamp + b"=" + delivery.stamp + between + signature + b"=" + text))

    return place


def _body_hmac(
    scheme: str, header: str, encode: Encode, prefix: bytes = b"", tag: Tag = hmac_sha256, text: str | None = None
) -> Sender:
    own = text or secret(scheme)
    return Sender(
        scheme=scheme,
        message=of_body,
        tag=tag,
        encode=encode,
        place=in_header(header, prefix),
        covered=("body",),
        carrier=header,
        secret=own,
        key=own.encode(),
        wrong_key=secret(f"not {scheme}").encode(),
    )


def _token(scheme: str, header: str) -> Sender:
    own = secret(scheme)
    return Sender(
        scheme=scheme,
        message=lambda _: b"",
        tag=lambda key, _: key,
        encode=lambda raw: raw,
        place=in_header(header),
        covered=(),
        carrier=header,
        secret=own,
        key=own.encode(),
        wrong_key=secret(f"not {scheme}").encode(),
    )


def _stamped(
    scheme: str,
    message: Message,
    place: Place,
    carrier: str,
    *,
    stamp: Callable[[int], bytes] = seconds,
    encode: Encode = as_hex,
    **more: Any,
) -> Sender:
    own = more.pop("secret", None) or secret(scheme)
    return Sender(
        scheme=scheme,
        message=message,
        tag=hmac_sha256,
        encode=encode,
        place=place,
        covered=more.pop("covered", ("timestamp", "body")),
        carrier=carrier,
        secret=own,
        key=own.encode(),
        wrong_key=secret(f"not {scheme}").encode(),
        stamp=stamp,
        **more,
    )


def dotted(delivery: Delivery) -> bytes:
    """Time, a dot, and the body."""
    return delivery.stamp + b"." + delivery.body


def _like_stripe(
    scheme: str, header: str, names: tuple[bytes, bytes] = (b"t", b"v1"), between: bytes = b",", **more: Any
) -> Sender:
    return _stamped(scheme, dotted, in_stamped_header(header, between, *names), header, **more)


def _versioned(scheme: str, signature: str, stamp: str, **more: Any) -> Sender:
    """Return a sender like Slack: `v0:` time `:` body."""
    return _stamped(
        scheme,
        lambda delivery: b"v0:" + delivery.stamp + b":" + delivery.body,
        in_header(signature, b"v0=", stamp),
        signature,
        stamp_header=stamp,
        **more,
    )


def _like_standard_webhooks(scheme: str, family: str, **more: Any) -> Sender:
    """Return a sender whose message is id, time and body, and whose key is base64 behind `whsec_`."""
    raw = hashlib.sha256(f"key of {scheme}".encode()).digest()
    names = [f"{family}-{part}" for part in ("id", "timestamp", "signature")]
    return Sender(
        scheme=scheme,
        message=lambda delivery: delivery.id + b"." + delivery.stamp + b"." + delivery.body,
        tag=more.pop("tag", hmac_sha256),
        encode=as_base64,
        place=in_header(names[2], more.pop("version", b"v1,"), names[1], names[0]),
        covered=("timestamp", "message-id", "body"),
        carrier=names[2],
        secret=more.pop("secret", "whsec_" + base64.b64encode(raw).decode()),
        key=more.pop("key", raw),
        wrong_key=hashlib.sha256(b"another key").digest(),
        stamp=seconds,
        stamp_header=names[1],
        id_header=names[0],
        **more,
    )


SEED = hashlib.sha256(b"the seed of the vectors").digest()
"""Whoever signs with Ed25519 has this seed."""

SCALAR = int.from_bytes(hashlib.sha256(b"the scalar of the vectors").digest())
"""Whoever signs with ECDSA has this secret number."""


def ecdsa_tag(key: bytes, message: bytes) -> bytes:
    """Sign with ECDSA, the key being the bytes of the secret number."""
    return curves.ecdsa_sign(int.from_bytes(key), message)


def form_pairs(form: bytes) -> list[tuple[bytes, bytes]]:
    """Return the parameters of a form, decoded, in the order in which they stand."""
    halves = [piece.partition(b"=") for piece in form.split(b"&") if piece]
    return [(_form_text(name), _form_text(value)) for name, _, value in halves]


def _form_text(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def query_of(target: bytes) -> list[tuple[bytes, bytes]]:
    """Return the parameters of a target, decoded, in the order in which they stand."""
    return form_pairs(target.partition(b"?")[2])


def _stamped_target(delivery: Delivery) -> bytes:
    return delivery.target + b"&timestamp=" + delivery.stamp


def shopify_oauth_message(delivery: Delivery) -> bytes:
    """Sorted parameters as `name=value`, joined with `&`; what would be read otherwise is escaped."""

    def escaped(text: bytes, marks: tuple[bytes, ...]) -> bytes:
        for mark in marks:
            text = text.replace(mark, b"%%%02X" % mark[0])
        return text

    pairs = sorted(pair for pair in query_of(_stamped_target(delivery)) if pair[0] != b"hmac")
    return b"&".join(escaped(n, (b"%", b"&", b"=")) + b"=" + escaped(v, (b"%", b"&")) for n, v in pairs)


def shopify_proxy_message(delivery: Delivery) -> bytes:
    """Sorted `name=value` with nothing between; the values of a name that repeats are joined with commas."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in query_of(_stamped_target(delivery)):
        values.setdefault(name, []).append(value)
    return b"".join(sorted(name + b"=" + b",".join(all_of_it) for name, all_of_it in values.items()))


def _in_shopify_query(name: bytes) -> Place:
    def place(delivery: Delivery, signature: bytes) -> Request:
        target = _stamped_target(delivery) + b"&" + name + b"=" + signature
        return delivery.but(target=target).with_headers(("Accept", b"*/*"))

    return place


def twilio_message(delivery: Delivery, url: str = URL) -> bytes:
    """The URL as called, and each distinct parameter of the form, sorted, with nothing between."""
    if b"bodySHA256=" in delivery.target:
        return url.encode() + delivery.target
    pairs = sorted(set(form_pairs(delivery.body)))
    return url.encode() + delivery.target + b"".join(name + value for name, value in pairs)


HUBSPOT_ESCAPES = {
    b"%3A": b":", b"%2F": b"/", b"%3F": b"?", b"%40": b"@", b"%21": b"!", b"%24": b"$", b"%27": b"'",
    b"%28": b"(", b"%29": b")", b"%2A": b"*", b"%2C": b",", b"%3B": b";",
}  # fmt: skip


def hubspot_message(delivery: Delivery) -> bytes:
    """Method, URL with some escapes undone, body, and time in milliseconds."""
    url = URL.encode() + delivery.target
    for escape, mark in HUBSPOT_ESCAPES.items():
        url = url.replace(escape, mark)
    return delivery.method + url + delivery.body + delivery.stamp


def razorpay_link_message(delivery: Delivery) -> bytes:
    """Four parameters of the redirect after a payment link."""
    given = dict(query_of(delivery.target))
    names = (b"payment_link_id", b"payment_link_reference_id", b"payment_link_status", b"payment_id")
    return b"|".join(given[b"razorpay_" + name] for name in names)


def _in_razorpay_query(delivery: Delivery, signature: bytes) -> Request:
    return delivery.but(target=delivery.target + b"&razorpay_signature=" + signature).with_headers()


def _in_docusign_headers(delivery: Delivery, signature: bytes) -> Request:
    """Two keys, the second of which is the one that the receiver knows."""
    foreign = as_base64(hmac_sha256(secret("another Connect key").encode(), delivery.body))
    return delivery.with_headers(("X-DocuSign-Signature-1", foreign), ("X-DocuSign-Signature-2", signature))


def _circleci(delivery: Delivery, signature: bytes) -> Request:
    return delivery.with_headers(("circleci-signature", b"v1=" + signature + b",v2=00"))


def _pagerduty(delivery: Delivery, signature: bytes) -> Request:
    foreign = as_hex(hmac_sha256(secret("the secret before").encode(), delivery.body))
    return delivery.with_headers(("X-PagerDuty-Signature", b"v1=" + foreign + b",v1=" + signature))


def _all() -> list[Sender]:
    sha256, base64_of_32 = (
        b"sha256=",
        base64.b64encode(hashlib.sha256(b"text that looks like base64").digest()).decode(),
    )
    get = Delivery(method=b"GET", body=b"")
    return [
        _stamped(
            "timestamped-body",
            dotted,
            in_header("X-Webhook-Signature", b"", "X-Webhook-Timestamp"),
            "X-Webhook-Signature",
            stamp_header="X-Webhook-Timestamp",
        ),
        _stamped(
            "memo",
            dotted,
            in_header("X-Memo-Signature", b"", "X-Memo-Timestamp"),
            "X-Memo-Signature",
            stamp_header="X-Memo-Timestamp",
        ),
        _body_hmac("hub-signature-256", "X-Hub-Signature-256", as_hex, sha256),
        _body_hmac("whatsapp", "X-Hub-Signature-256", as_hex, sha256),
        _body_hmac("github", "X-Hub-Signature-256", as_hex, sha256),
        _body_hmac("bitbucket", "X-Hub-Signature", as_hex, sha256),
        _body_hmac("jira", "X-Hub-Signature", as_hex, sha256),
        _body_hmac("intercom", "X-Hub-Signature", as_hex, b"sha1=", hmac_sha1),
        _like_standard_webhooks("standard-webhooks", "webhook"),
        _like_standard_webhooks(
            "standard-webhooks-v1a",
            "webhook",
            version=b"v1a,",
            tag=curves.ed25519_sign,
            key=SEED,
            secret="whpk_" + base64.b64encode(curves.ed25519_public(SEED)).decode(),
        ),
        _like_standard_webhooks("svix", "svix"),
        _like_standard_webhooks("clerk", "svix"),
        _like_standard_webhooks("resend", "svix"),
        _like_standard_webhooks("gitlab", "webhook"),
        _like_standard_webhooks("openai", "webhook"),
        _like_stripe("stripe", "Stripe-Signature", secret="whsec_" + secret("stripe")[:32]),
        _like_stripe("mux", "mux-signature"),
        _like_stripe("calendly", "Calendly-Webhook-Signature", past=180, future=180),
        _like_stripe(
            "workos",
            "WorkOS-Signature",
            between=b", ",
            stamp=milliseconds,
            secret="whsec_" + secret("workos")[:32],
            past=180,
            future=180,
        ),
        _like_stripe("cloudflare-stream", "Webhook-Signature", (b"time", b"sig1")),
        _like_stripe("buildkite", "X-Buildkite-Signature", (b"timestamp", b"signature")),
        _stamped(
            "paddle",
            lambda delivery: delivery.stamp + b":" + delivery.body,
            in_stamped_header("Paddle-Signature", b";", b"ts", b"h1"),
            "Paddle-Signature",
            past=5,
            future=5,
        ),
        _versioned("slack", "X-Slack-Signature", "X-Slack-Request-Timestamp"),
        _versioned("zoom", "x-zm-signature", "x-zm-request-timestamp"),
        _body_hmac("shopify", "X-Shopify-Hmac-Sha256", as_base64),
        _stamped(
            "shopify-oauth",
            shopify_oauth_message,
            _in_shopify_query(b"hmac"),
            "?hmac",
            covered=("query", "timestamp"),
            first=get.but(target=b"/auth?state=x%26y%25&shop=some-shop.myshopify.com&code=0907a61c"),
            past=90,
            future=90,
        ),
        _stamped(
            "shopify-app-proxy",
            shopify_proxy_message,
            _in_shopify_query(b"signature"),
            "?signature",
            covered=("query", "timestamp"),
            first=get.but(target=b"/proxy?shop=a.myshopify.com&extra=1&path_prefix=%2Fapps%2Freviews&extra=2"),
            past=90,
            future=90,
        ),
        replace(
            _body_hmac("twilio", "X-Twilio-Signature", as_base64, tag=hmac_sha1),
            message=twilio_message,
            covered=("path", "query", "body"),
            url=URL + "/this/path/means/nothing",
            first=Delivery(target=b"/voice?a=1", body=b"To=%2B15551234&Digits=9&CallSid=CA12&Digits=10&Digits=9&Body="),
        ),
        replace(
            _stamped(
                "sendgrid",
                lambda delivery: delivery.stamp + delivery.body,
                in_header("X-Twilio-Email-Event-Webhook-Signature", b"", "X-Twilio-Email-Event-Webhook-Timestamp"),
                "X-Twilio-Email-Event-Webhook-Signature",
                encode=as_base64,
                stamp_header="X-Twilio-Email-Event-Webhook-Timestamp",
                first=Delivery(body=b'[{"event":"dropped"}]\r\n'),
            ),
            tag=ecdsa_tag,
            key=SCALAR.to_bytes(32),
            wrong_key=(SCALAR - 1).to_bytes(32),
            secret=base64.b64encode(curves.ecdsa_public(SCALAR)).decode(),
        ),
        replace(
            _stamped(
                "discord",
                lambda delivery: delivery.stamp + delivery.body,
                in_header("X-Signature-Ed25519", b"", "X-Signature-Timestamp"),
                "X-Signature-Ed25519",
                stamp_header="X-Signature-Timestamp",
            ),
            tag=curves.ed25519_sign,
            key=SEED,
            wrong_key=hashlib.sha256(SEED).digest(),
            secret=curves.ed25519_public(SEED).hex(),
        ),
        replace(
            _body_hmac("square", "x-square-hmacsha256-signature", as_base64),
            message=lambda delivery: (URL + "/square?x=1").encode() + delivery.body,
            url=URL + "/square?x=1",
        ),
        _stamped(
            "hubspot",
            hubspot_message,
            in_header("X-HubSpot-Signature-v3", b"", "X-HubSpot-Request-Timestamp"),
            "X-HubSpot-Signature-v3",
            stamp=milliseconds,
            encode=as_base64,
            covered=("method", "path", "query", "timestamp", "body"),
            stamp_header="X-HubSpot-Request-Timestamp",
            url=URL,
            secret="8d0b9f3c-5a1e-4c07-9d5f-2f6a7b1c3e4d",
            first=Delivery(target=b"/hs%2Fx?to=%40a%3Fb&plain=%20%26"),
        ),
        _body_hmac("hubspot-v1", "X-HubSpot-Signature", as_hex, tag=hash_after_secret),
        replace(
            _body_hmac("hubspot-v2", "X-HubSpot-Signature", as_hex, tag=hash_after_secret),
            message=lambda delivery: delivery.method + URL.encode() + delivery.target + delivery.body,
            covered=("method", "path", "query", "body"),
            url=URL,
        ),
        _body_hmac("line", "x-line-signature", as_base64),
        _body_hmac("razorpay", "X-Razorpay-Signature", as_hex),
        replace(
            _body_hmac("razorpay-callback", "", as_hex),
            message=razorpay_link_message,
            place=_in_razorpay_query,
            carrier="?razorpay_signature",
            covered=(
                "query:razorpay_payment_link_id",
                "query:razorpay_payment_link_reference_id",
                "query:razorpay_payment_link_status",
                "query:razorpay_payment_id",
            ),
            first=get.but(
                target=b"/paid?razorpay_payment_id=pay_1&razorpay_payment_link_id=plink_2"
                b"&razorpay_payment_link_reference_id=a%20b&razorpay_payment_link_status=paid"
            ),
        ),
        replace(_body_hmac("circleci", "circleci-signature", as_hex), place=_circleci),
        replace(_body_hmac("pagerduty", "X-PagerDuty-Signature", as_hex, text=base64_of_32), place=_pagerduty),
        _body_hmac("linear", "linear-signature", as_hex),
        _body_hmac("dropbox", "X-Dropbox-Signature", as_hex),
        _stamped(
            "zendesk",
            lambda delivery: delivery.stamp + delivery.body,
            in_header("X-Zendesk-Webhook-Signature", b"", "X-Zendesk-Webhook-Signature-Timestamp"),
            "X-Zendesk-Webhook-Signature",
            stamp=iso,
            encode=as_base64,
            stamp_header="X-Zendesk-Webhook-Signature-Timestamp",
            secret=base64_of_32,
        ),
        _body_hmac("typeform", "Typeform-Signature", as_base64, sha256),
        replace(
            _body_hmac("docusign", "X-DocuSign-Signature-2", as_base64, text=base64_of_32),
            place=_in_docusign_headers,
        ),
        _body_hmac("asana", "X-Hook-Signature", as_hex),
        _body_hmac("coinbase-commerce", "X-CC-Webhook-Signature", as_hex, text="2c1f4b7e-9a50-4d3c-8e6b-0f7d5a3b1c9e"),
        _body_hmac("sentry", "Sentry-Hook-Signature", as_hex),
        _body_hmac("vercel", "x-vercel-signature", as_hex, tag=hmac_sha1),
        _stamped(
            "twitch",
            lambda delivery: delivery.id + delivery.stamp + delivery.body,
            in_header(
                "Twitch-Eventsub-Message-Signature",
                sha256,
                "Twitch-Eventsub-Message-Timestamp",
                "Twitch-Eventsub-Message-Id",
            ),
            "Twitch-Eventsub-Message-Signature",
            stamp=iso_with_nanoseconds,
            covered=("timestamp", "message-id", "body"),
            stamp_header="Twitch-Eventsub-Message-Timestamp",
            id_header="Twitch-Eventsub-Message-Id",
            past=600,
            future=600,
        ),
        _body_hmac("xero", "x-xero-signature", as_base64),
        _body_hmac("notion", "X-Notion-Signature", as_hex, sha256),
        _body_hmac("launchdarkly", "X-LD-Signature", as_hex),
        _body_hmac("heroku", "Heroku-Webhook-Hmac-SHA256", as_base64),
        _token("gitlab-token", "X-Gitlab-Token"),
        _token("telegram", "X-Telegram-Bot-Api-Secret-Token"),
        _token("cloudflare-notifications", "cf-webhook-auth"),
        _token("buildkite-token", "X-Buildkite-Token"),
        _token("auth0-log-streams", "Authorization"),
    ]


SENDERS = {sender.scheme: sender for sender in _all()}
"""Every sender of the catalogue, by the id of its template."""
