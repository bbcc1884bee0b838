"""A peer: some schemes once more, on Python's standard library and from the documentation of the formats alone.

It answers the questions of the conformance runner as a driver does, only with less: whether a request holds, by which
code it is refused, and how it is signed. Whatever lies outside of that it leaves to others, and says so.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import platform
import re
import sys
from typing import TYPE_CHECKING

from amazon import Amazon
from common import (
    Headers,
    Json,
    Key,
    RefusedError,
    UnsupportedError,
    all_of,
    check_bounds,
    one,
    only,
    parts,
    secret_of_service,
)
from message_signatures import MessageSignatures
from tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

OF_SERVICES = ("service-hmac-v2", "service-hmac", "cross-service")
OF_SENDERS = (
    "github",
    "whatsapp",
    "hub-signature-256",
    "stripe",
    "slack",
    "standard-webhooks",
    "memo",
    "timestamped-body",
)


def secret_of_sender(scheme: str) -> Callable[[str, Json], bytes]:
    """Return how a sender of this scheme makes a key from its secret."""

    def decode(secret: str, _entry: Json) -> bytes:
        if scheme == "standard-webhooks":
            return base64.b64decode(secret.removeprefix("whsec_"))
        return secret.encode()

    return decode


STANDARDS: dict[str, type[Amazon | MessageSignatures | Tokens]] = {
    "aws-sigv4": Amazon,
    "jwt": Tokens,
    "rfc9421": MessageSignatures,
}


class Service:
    """What the config says about the schemes that this peer knows."""

    def __init__(self, config: Json, env: Json) -> None:
        """Read a document, or leave it to others."""
        only(
            config,
            "service",
            "accept",
            "sign_with",
            "services",
            "webhooks",
            "window",
            "replay",
            "environment",
            "$schema",
        )
        self.id = config["service"]
        accept = config.get("accept", ["service-hmac-v2"])
        if len(accept) != 1:
            raise UnsupportedError("several schemes")
        self.accept = accept[0]
        self.sign_with = config.get("sign_with", "service-hmac-v2")
        self.scheme = self.accept
        window = config.get("window", {})
        self.remembers = config.get("replay", {}).get("store") != "none"
        self.registry = config["services"]
        self.keys: dict[str, list[Key]] = {}
        for name, entry in self.registry.items():
            only(entry, "keys", "allowed_targets", "url")
            keys = enumerate(entry.get("keys", []), 1)
            self.keys[name] = [Key(key, number, env, secret_of_service) for number, key in keys]
        for name, entry in config.get("webhooks", {}).items():
            only(entry, "scheme", "keys", "url")
            keys = enumerate(entry["keys"], 1)
            decode = secret_of_sender(entry["scheme"])
            self.keys[f"webhook:{name}"] = [Key(key, number, env, decode) for number, key in keys]
            if self.accept == f"webhook:{name}":
                self.scheme = entry["scheme"]
                window = {}
        if self.scheme not in (OF_SERVICES if self.scheme == self.accept else OF_SENDERS):
            raise UnsupportedError(f"the scheme {self.scheme}")
        self.past, self.future = int(window.get("past", 300)), int(window.get("future", 300))

    def verify(self, now: int, request: Json) -> Json:
        """Judge a request."""
        method, target, headers, body = parts(request)
        check_bounds(method, target, headers)
        path, _, query = target.partition(b"?")
        if self.scheme in OF_SERVICES:
            return self.verify_service(now, method, path, query, headers, body)
        return self.verify_sender(now, headers, body)

    def verify_service(self, now: int, method: bytes, path: bytes, query: bytes, headers: Headers, body: bytes) -> Json:
        """Judge a request of one of the three schemes between services."""
        is_second = self.scheme == "service-hmac-v2"
        is_cross = self.scheme == "cross-service"
        named = b"x-service-name" if is_cross else b"x-service-id"
        foreign = b"x-service-id" if is_cross else b"x-service-name"
        read = [named, b"x-signature", b"x-timestamp", b"x-request-id"] + [b"x-target-service"] * is_second
        for header in read:
            values = all_of(headers, header)
            if len(values) > 1:
                raise RefusedError("DUPLICATE_HEADER")
            for value in values:
                is_list = header == b"x-signature" and value.startswith(b"v2=")
                if (b", " if is_list else b",") in value:
                    raise RefusedError("DUPLICATE_HEADER")
        service, signature = one(headers, named), one(headers, b"x-signature")
        if service is None:
            if signature is None:
                raise RefusedError("AUTHENTICATION_REQUIRED")
            raise RefusedError("SCHEME_NOT_ACCEPTED" if all_of(headers, foreign) else "MISSING_SERVICE_ID")
        if signature is None:
            raise RefusedError("MISSING_SIGNATURE")
        if not is_cross and signature.startswith(b"v2=") != is_second:
            raise RefusedError("SCHEME_NOT_ACCEPTED")
        timestamp = one(headers, b"x-timestamp")
        nonce, called = one(headers, b"x-request-id"), one(headers, b"x-target-service")
        if timestamp is None:
            raise RefusedError("MISSING_TIMESTAMP")
        if is_second and nonce is None:
            raise RefusedError("MISSING_NONCE")
        if is_second and called is None:
            raise RefusedError("MISSING_TARGET")
        seconds = read_time(timestamp)
        signatures = signature.split(b",") if is_second else [signature]
        if len(signatures) > 8:
            raise RefusedError("MALFORMED_SIGNATURE")
        tags = [read_hex(text, b"v2=" if is_second else b"") for text in signatures]
        if is_second and not re.fullmatch(rb"[A-Za-z0-9_-]{16,64}", nonce or b""):
            raise RefusedError("INVALID_NONCE")
        age = self.check_window(now, seconds)
        if is_second:
            fields = [b"wiresign-v2", method, path, query, timestamp, service, called or b"", nonce or b"", body]
        elif is_cross:
            fields = [method, path, timestamp, body]
        else:
            fields = [method, path, timestamp, body, service]
        # No service is named by what is no text.
        name = service.decode(errors="replace")
        if name not in self.keys or not self.keys[name]:
            raise RefusedError("UNKNOWN_SERVICE")
        key = self.matching(name, now, b"\n".join(fields), tags)
        if is_second and called != self.id.encode():
            raise RefusedError("TARGET_NOT_ALLOWED")
        allowed = self.registry[name].get("allowed_targets")
        calls_itself = not is_second and name == self.id
        if self.id not in (allowed if allowed is not None else [] if calls_itself else [self.id]):
            raise RefusedError("TARGET_NOT_ALLOWED")
        return {"service": name, "key": key, "scheme": self.scheme, "age": age}

    def verify_sender(self, now: int, headers: Headers, body: bytes) -> Json:
        """Judge a webhook."""
        name = {
            "stripe": b"stripe-signature",
            "slack": b"x-slack-signature",
            "standard-webhooks": b"webhook-signature",
            "memo": b"x-memo-signature",
            "timestamped-body": b"x-webhook-signature",
        }.get(self.scheme, b"x-hub-signature-256")
        dated = {
            "slack": b"x-slack-request-timestamp",
            "standard-webhooks": b"webhook-timestamp",
            "memo": b"x-memo-timestamp",
            "timestamped-body": b"x-webhook-timestamp",
        }.get(self.scheme)
        if not all_of(headers, name):
            raise RefusedError("AUTHENTICATION_REQUIRED")
        is_standard = self.scheme == "standard-webhooks"
        for read in [name, dated, b"webhook-id" if is_standard else None]:
            values = all_of(headers, read) if read else []
            is_list = read == name and self.scheme in ("stripe", "standard-webhooks")
            if len(values) > 1 or any((b", " if is_list else b",") in value for value in values):
                raise RefusedError("DUPLICATE_HEADER")
        signature = one(headers, name) or b""
        timestamp = one(headers, dated) if dated else None
        tags: list[bytes] = [signature]
        if self.scheme == "stripe":
            items = read_list(signature, b",", b"=", once=b"t")
            timestamp = dict(items).get(b"t")
            tags = [value for key, value in items if key == b"v1"]
        if is_standard:
            tags = [value for key, value in read_list(signature, b" ", b",") if key == b"v1"]
        if len(tags) > 8:
            raise RefusedError("MALFORMED_SIGNATURE")
        is_timed = self.scheme == "stripe" or dated is not None
        message_id = one(headers, b"webhook-id") if is_standard else None
        if is_timed and timestamp is None:
            raise RefusedError("MISSING_TIMESTAMP")
        if is_standard and message_id is None:
            raise RefusedError("MISSING_NONCE")
        seconds = read_time(timestamp) if timestamp is not None else None
        tags = self.well_formed(tags)
        if message_id is not None and not re.fullmatch(rb"[!-+\--~]{1,128}", message_id):
            raise RefusedError("INVALID_NONCE")
        if message_id is not None and b"." in message_id:
            raise RefusedError("INVALID_NONCE")
        age = None if seconds is None else self.check_window(now, seconds)
        message = sender_message(self.scheme, timestamp or b"", message_id or b"", body)
        key = self.matching(self.accept, now, message, tags)
        return {"service": self.accept, "key": key, "scheme": self.scheme, "age": age}

    def well_formed(self, texts: list[bytes]) -> list[bytes]:
        """The signatures that are written as the scheme writes them; one is enough."""
        tags = []
        for text in texts:
            try:
                if self.scheme == "standard-webhooks":
                    tags.append(read_base64(text))
                elif self.scheme in ("memo", "timestamped-body"):
                    tags.append(read_hex(text.removeprefix(b"sha256="), b""))
                else:
                    prefix = {"stripe": b"", "slack": b"v0="}.get(self.scheme, b"sha256=")
                    tags.append(read_hex(text, prefix))
            except RefusedError:
                continue
        if not tags:
            raise RefusedError("MALFORMED_SIGNATURE")
        return tags

    def check_window(self, now: int, seconds: int) -> int:
        """Return the age, where it is inside of the window."""
        if not -self.future <= now - seconds <= self.past:
            raise RefusedError("TIMESTAMP_OUTSIDE_WINDOW")
        return now - seconds

    def matching(self, owner: str, now: int, message: bytes, tags: list[bytes]) -> str:
        """Return the id of the key that made one of the tags."""
        found = [key for key in self.keys[owner] if any_equal(key.bytes, message, tags)]
        for key in found:
            if key.is_valid(now):
                return str(key.id)
        raise RefusedError("KEY_NOT_VALID_NOW" if found else "INVALID_SIGNATURE")

    def sign(self, now: int, nonce: str, called: str | None, request: Json) -> Json:
        """Sign a request with the config."""
        method, target, headers, body = parts(request)
        method = method.upper()
        try:
            check_bounds(method, target, headers)
        except RefusedError:
            raise UnsupportedError("a request that nobody would accept") from None
        if headers or not re.fullmatch(r"[A-Za-z0-9_-]{16,64}", nonce) or now > 999_999_999_999:
            raise UnsupportedError("a request with more than a head and a body")
        if called is not None and called not in self.registry:
            raise UnsupportedError("a target that is not known")
        owner = self.sign_with if self.sign_with.startswith("webhook:") else self.id
        keys = [key for key in self.keys.get(owner, []) if key.is_valid(now)]
        active = [key for key in keys if key.state == "active"]
        path, _, query = target.partition(b"?")
        timestamp, service, request_id = str(now).encode(), self.id.encode(), nonce.encode()
        if owner != self.id:
            if len(self.keys[owner]) != 1 or not active or self.accept != owner:
                raise UnsupportedError("several keys of a sender")
            message = sender_message(self.scheme, timestamp, request_id, body)
            return signed(message, sender_headers(self.scheme, timestamp, request_id, tag(active[0].bytes, message)))
        if not active:
            raise UnsupportedError("no active key")
        if self.sign_with == "service-hmac-v2":
            if called is None:
                raise UnsupportedError("no target")
            fields = [b"wiresign-v2", method, path, query, timestamp, service, called.encode(), request_id, body]
            message = b"\n".join(fields)
            values = b",".join(b"v2=" + tag(key.bytes, message).hex().encode() for key in keys)
            pairs = [("X-Service-ID", service), ("X-Target-Service", called.encode()), ("X-Timestamp", timestamp)]
            return signed(message, [*pairs, ("X-Request-ID", request_id), ("X-Signature", values)])
        if self.sign_with == "service-hmac":
            message, name = b"\n".join([method, path, timestamp, body, service]), "X-Service-ID"
        elif self.sign_with == "cross-service":
            message, name = b"\n".join([method, path, timestamp, body]), "X-Service-Name"
        else:
            raise UnsupportedError(f"signing with {self.sign_with}")
        value = tag(active[0].bytes, message).hex().encode()
        pairs = [(name, service), ("X-Timestamp", timestamp), ("X-Signature", value), ("X-Request-ID", request_id)]
        return signed(message, pairs)


def sender_message(scheme: str, timestamp: bytes, message_id: bytes, body: bytes) -> bytes:
    """Return the bytes that a sender signs."""
    match scheme:
        case "stripe" | "memo" | "timestamped-body":
            return timestamp + b"." + body
        case "slack":
            return b"v0:" + timestamp + b":" + body
        case "standard-webhooks":
            return message_id + b"." + timestamp + b"." + body
        case _:
            return body


def sender_headers(scheme: str, timestamp: bytes, message_id: bytes, made: bytes) -> list[tuple[str, bytes]]:
    """Return the headers that a sender sets, in its order."""
    digits = made.hex().encode()
    match scheme:
        case "stripe":
            return [("Stripe-Signature", b"t=" + timestamp + b",v1=" + digits)]
        case "slack":
            return [("X-Slack-Request-Timestamp", timestamp), ("X-Slack-Signature", b"v0=" + digits)]
        case "standard-webhooks":
            value = b"v1," + base64.b64encode(made)
            return [("webhook-id", message_id), ("webhook-timestamp", timestamp), ("webhook-signature", value)]
        case "memo":
            return [("X-Memo-Timestamp", timestamp), ("X-Memo-Signature", digits)]
        case "timestamped-body":
            return [("X-Webhook-Timestamp", timestamp), ("X-Webhook-Signature", digits)]
        case _:
            return [("X-Hub-Signature-256", b"sha256=" + digits)]


def signed(message: bytes, headers: list[tuple[str, bytes]]) -> Json:
    """Return the answer to a signing step."""
    texts = [[name, value.decode()] for name, value in headers]
    return {"headers": texts, "message": {"base64": base64.b64encode(message).decode()}}


def read_time(text: bytes) -> int:
    """Read whole seconds, in their only spelling."""
    if not re.fullmatch(rb"0|[1-9][0-9]{0,11}", text):
        raise RefusedError("INVALID_TIMESTAMP")
    return int(text)


def read_hex(text: bytes, prefix: bytes) -> bytes:
    """Read 32 bytes in lower-case hex behind a prefix."""
    if not re.fullmatch(re.escape(prefix) + rb"[0-9a-f]{64}", text):
        raise RefusedError("MALFORMED_SIGNATURE")
    return bytes.fromhex(text[len(prefix) :].decode())


def read_base64(text: bytes) -> bytes:
    """Read 32 bytes in padded base64."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise RefusedError("MALFORMED_SIGNATURE") from None
    # One spelling for each value: the last digit has bits that must be zero.
    if len(raw) != 32 or base64.b64encode(raw) != text:
        raise RefusedError("MALFORMED_SIGNATURE")
    return raw


def read_list(value: bytes, separator: bytes, assign: bytes, once: bytes = b"") -> list[tuple[bytes, bytes]]:
    """Read items of key and value; one key may be there only once."""
    items = value.split(separator)
    found: list[tuple[bytes, bytes]] = []
    for item in items:
        key, sign, content = item.partition(assign)
        if not sign:
            raise RefusedError("MALFORMED_SIGNATURE")
        if key == once and any(key == other for other, _ in found):
            raise RefusedError("DUPLICATE_HEADER")
        found.append((key, content))
    if len(items) > 16:
        raise RefusedError("MALFORMED_SIGNATURE")
    return found


def tag(key: bytes, message: bytes) -> bytes:
    """Return the HMAC of the message."""
    return hmac.digest(key, message, hashlib.sha256)


def any_equal(key: bytes, message: bytes, tags: list[bytes]) -> bool:
    """Tell whether one of the tags is that of this key."""
    expected = tag(key, message)
    return any(hmac.compare_digest(expected, given) for given in tags)


def answer(question: Json) -> list[Json]:
    """Answer each step of a question."""
    steps = question["steps"]
    try:
        config = json.loads(question["config_text"]) if "config_text" in question else question["config"]
        if not isinstance(config["service"], str):
            raise UnsupportedError("a service without a name")
        if not all(isinstance(entry.get("allowed_targets", []), list) for entry in config["services"].values()):
            raise UnsupportedError("targets that are no list")
        accepted = config.get("accept", [])
        kind = STANDARDS.get(accepted[0], Service) if len(accepted) == 1 else Service
        service = kind(config, question.get("env", {}))
    except (UnsupportedError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        return [{"unsupported": "this configuration"} for _ in steps]
    results: list[Json] = []
    has_accepted = has_other_config = False
    for step in steps:
        try:
            if step["op"] == "sign" and isinstance(service, Service):
                results.append({"ok": service.sign(step["now"], step["nonce"], step["target"], step["request"])})
            elif step["op"] == "replace":
                has_other_config = True
                raise UnsupportedError("another configuration")
            elif step["op"] != "verify" or has_other_config:
                raise UnsupportedError("this step")
            elif has_accepted and service.remembers:
                raise UnsupportedError("what was seen before")
            else:
                results.append({"ok": service.verify(step["now"], step["request"])})
                has_accepted = True
        except RefusedError as refused:
            results.append({"refused": {"code": str(refused)}})
        except UnsupportedError as problem:
            # It may have been accepted.
            has_accepted = has_accepted or step["op"] in ("verify", "verify_stream")
            results.append({"unsupported": str(problem)})
    return results


def main() -> None:
    """Say hello, then answer line after line."""
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    hello = {
        "protocol": 1,
        "binding": "peer-python",
        "version": "1",
        "runtime": runtime,
        "capabilities": ["verify", "sign"],
    }
    print(json.dumps(hello), flush=True)
    for line in sys.stdin.buffer:
        question = json.loads(line)
        print(json.dumps({"id": question["id"], "results": answer(question)}), flush=True)


if __name__ == "__main__":
    main()
