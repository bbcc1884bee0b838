"""HTTP message signatures (`rfc9421`) with a secret, in the profile of this house; components have no parameters."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from common import (
    Faults,
    Headers,
    Json,
    Key,
    RefusedError,
    UnsupportedError,
    all_of,
    check_bounds,
    only,
    parts,
    secret_of_service,
    to_bytes,
)
from structured import Bare, Member, Parameters, Reader

PROFILE = ["@method", "@authority", "@path", "@query"]
# What is covered along with a component.
STANDS_FOR = {
    "@target-uri": {"@scheme", "@authority", "@path", "@query"},
    "@request-target": {"@path", "@query"},
}
DERIVED = {"@method", "@authority", "@path", "@query", "@scheme", "@target-uri", "@request-target"}
TYPES = {"created": "integer", "expires": "integer", "keyid": "string", "alg": "string", "nonce": "string"}
HASHES = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


class MessageSignatures:
    """A service that takes message signatures."""

    def __init__(self, config: Json, env: Json) -> None:
        """Read a document, or leave it to others."""
        only(
            config,
            "service",
            "accept",
            "sign_with",
            "services",
            "rfc9421",
            "environment",
            "replay",
            "window",
            "$schema",
        )
        self.id = config["service"]
        settings = config.get("rfc9421", {})
        only(settings)
        window = config.get("window", {})
        self.past, self.future = int(window.get("past", 300)), int(window.get("future", 300))
        self.remembers = config.get("replay", {}).get("store") != "none"
        self.registry = config["services"]
        self.keys: dict[str, dict[str, Key]] = {}
        for name, entry in self.registry.items():
            only(entry, "keys", "allowed_targets", "url")
            keys = [Key(key, number, env, secret_of_service) for number, key in enumerate(entry.get("keys", []), 1)]
            if any("id" not in key for key in entry.get("keys", [])) and len(keys) > 1:
                raise UnsupportedError("several keys without ids")
            self.keys[name] = {str(key.id): key for key in keys}

    def verify(self, now: int, request: Json) -> Json:
        """Judge a request."""
        method, target, headers, body = parts(request)
        check_bounds(method, target, headers)
        if not all_of(headers, b"signature") and not all_of(headers, b"signature-input"):
            raise RefusedError("AUTHENTICATION_REQUIRED")
        if not all_of(headers, b"signature"):
            raise RefusedError("MISSING_SIGNATURE")
        if not all_of(headers, b"signature-input"):
            raise RefusedError("MALFORMED_SIGNATURE")
        inputs, signatures = fields(headers, b"signature-input"), fields(headers, b"signature")
        chosen = [(label, member) for label, member in inputs.items() if has_tag(member)]
        if not chosen:
            raise RefusedError("SCHEME_NOT_ACCEPTED")
        if len(chosen) > 1:
            raise UnsupportedError("several signatures")
        label, covering = chosen[0]
        if any((member.bare or ("list",))[0] != "bytes" for other, member in signatures.items() if other != label):
            # Each member is a byte sequence (RFC 9421, 4.2).
            raise RefusedError("MALFORMED_SIGNATURE")
        faults = Faults([])
        tag = faults.of(signature_of, signatures, label)
        said = faults.of(check_parameters, covering.parameters) or {}
        names = faults.of(components, covering) or []
        seconds = faults.of(read_seconds, said["created"]) if said else None
        ends = faults.of(read_seconds, said["expires"]) if "expires" in said else None
        if said and not re.fullmatch(r"[A-Za-z0-9_-]{16,64}", said["nonce"]):
            faults.codes.append("INVALID_NONCE")
        authority = faults.of(read_authority, headers, request)
        covered = set(names).union(*(STANDS_FOR.get(name, set()) for name in names))
        if not covered.issuperset(PROFILE):
            faults.codes.append("INSUFFICIENT_COVERAGE")
        message = faults.of(base, names, covering, method, target, headers, authority)
        if "content-digest" in names and faults.of(fields, headers, b"content-digest") is None:
            raise UnsupportedError("a digest that cannot be read")
        faults.tell()
        if tag is None or seconds is None or message is None:
            raise UnsupportedError("a part that is missing without a fault")
        if not -self.future <= now - seconds <= self.past or (ends is not None and now >= ends):
            raise RefusedError("TIMESTAMP_OUTSIDE_WINDOW")
        owner, _, key_id = said["keyid"].partition("/")
        if not self.keys.get(owner):
            raise RefusedError("UNKNOWN_SERVICE")
        key = self.keys[owner].get(key_id)
        if key is None:
            raise RefusedError("UNKNOWN_KEY")
        if said.get("alg", "hmac-sha256") != "hmac-sha256":
            raise RefusedError("ALGORITHM_NOT_ALLOWED")
        if not hmac.compare_digest(hmac.digest(key.bytes, message, hashlib.sha256), tag):
            if "content-digest" in names and not HASHES.keys() & fields(headers, b"content-digest").keys():
                # The page gives no order for this and a signature that does not hold.
                raise UnsupportedError("a digest of no known algorithm")
            raise RefusedError("INVALID_SIGNATURE")
        if not key.is_valid(now):
            raise RefusedError("KEY_NOT_VALID_NOW")
        check_digest(names, headers, body)
        # Nothing says which authority is ours, so what it sends could come back with the host it was for.
        if self.id not in self.registry[owner].get("allowed_targets", [] if owner == self.id else [self.id]):
            raise RefusedError("TARGET_NOT_ALLOWED")
        return {"service": owner, "key": key.id, "scheme": "rfc9421", "age": now - seconds}


def fields(headers: Headers, name: bytes) -> dict[str, Member]:
    """Read a dictionary that may stand in several lines."""
    value = b", ".join(value.strip(b" \t") for value in all_of(headers, name))
    if not value.isascii():
        raise RefusedError("MALFORMED_SIGNATURE")
    members = Reader(value.decode()).dictionary()
    if len({label for label, _ in members}) != len(members):
        raise RefusedError("DUPLICATE_HEADER")
    if len(members) > 8:
        raise RefusedError("MALFORMED_SIGNATURE")
    return dict(members)


def signature_of(signatures: dict[str, Member], label: str) -> bytes:
    """Return the signature that is named so."""
    if label not in signatures:
        raise RefusedError("MISSING_SIGNATURE")
    kind, value = signatures[label].bare or ("list", b"")
    if kind != "bytes" or not value or signatures[label].parameters:
        raise RefusedError("MALFORMED_SIGNATURE")
    return bytes(value)


def has_tag(member: Member) -> bool:
    """Tell whether this signature is meant for us."""
    return member.items is not None and ("tag", ("string", "wiresign")) in member.parameters


def check_parameters(parameters: Parameters) -> dict[str, str]:
    """Return what the parameters say that have a meaning."""
    names = [name for name, _ in parameters]
    if len(set(names)) != len(names) or len(names) > 16:
        raise RefusedError("MALFORMED_SIGNATURE")
    said = {}
    for name, (kind, value) in parameters:
        if name in TYPES and kind != TYPES[name]:
            raise RefusedError("MALFORMED_SIGNATURE")
        if name in TYPES:
            said[name] = value
    for name, code in (("created", "TIMESTAMP"), ("keyid", "SERVICE_ID"), ("nonce", "NONCE")):
        if name not in said:
            raise RefusedError(f"MISSING_{code}")
    if not said["keyid"] or said.get("alg") == "" or re.search(r'["\\]', said["keyid"]):
        raise RefusedError("MALFORMED_SIGNATURE")
    return said


def components(covering: Member) -> list[str]:
    """Return the names of what is covered."""
    names = []
    for (kind, name), parameters in covering.items or []:
        if kind != "string":
            raise RefusedError("MALFORMED_SIGNATURE")
        if parameters:
            raise UnsupportedError("parameters of components")
        is_field = re.fullmatch(r"[a-z0-9!#$%&'*+.^_`|~-]+", name)
        if name not in DERIVED and not is_field:
            raise RefusedError("MALFORMED_SIGNATURE")
        names.append(name)
    if len(set(names)) != len(names) or len(names) > 32:
        raise RefusedError("MALFORMED_SIGNATURE")
    return names


def read_seconds(text: str) -> int:
    """Read Unix time."""
    if not re.fullmatch("[0-9]{1,12}", text):
        raise RefusedError("INVALID_TIMESTAMP")
    return int(text)


def read_authority(headers: Headers, request: Json) -> str | None:
    """Return the authority in its one form; the request may say it in two places."""
    hosts = [host.strip(b" \t") for host in all_of(headers, b"host")]
    if len(hosts) > 1:
        raise RefusedError("DUPLICATE_HEADER")
    if request.get("authority") is not None:
        hosts.append(to_bytes(request["authority"]))
    found = set()
    for host in hosts:
        if not re.fullmatch(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(:[0-9]{0,5})?", host):
            raise RefusedError("MALFORMED_REQUEST")
        found.add(re.sub(":(443)?$", "", host.decode().lower()))
    if len(found) > 1:
        raise RefusedError("MALFORMED_REQUEST")
    return found.pop() if found else None


def base(
    names: list[str],
    covering: Member,
    method: bytes,
    target: bytes,
    headers: Headers,
    authority: str | None,
) -> bytes:
    """Return what is signed (RFC 9421, 2.5)."""
    path, mark, query = target.partition(b"?")
    known = {
        "@method": method,
        "@path": path,
        "@query": b"?" + query,
        "@request-target": target,
        "@scheme": b"https",
    }
    if authority is not None:
        known["@authority"] = authority.encode()
        known["@target-uri"] = b"https://" + authority.encode() + (b"" if target == b"*" else path + mark + query)
    lines = []
    for name in names:
        values = [value.strip(b" \t") for value in all_of(headers, name.encode())]
        value = known.get(name) if name.startswith("@") else b", ".join(values) if values else None
        if value is None:
            raise RefusedError("INSUFFICIENT_COVERAGE")
        if not re.fullmatch(rb"[\t -~]*", value):
            raise RefusedError("MALFORMED_REQUEST")
        lines.append(b'"' + name.encode() + b'": ' + value)
    items = " ".join(written(bare) for bare, _ in covering.items or [])
    signed = "".join(f";{name}{with_value(bare)}" for name, bare in covering.parameters)
    lines.append(f'"@signature-params": ({items}){signed}'.encode())
    return b"\n".join(lines)


def with_value(bare: Bare) -> str:
    """Write the value of a parameter; that of a flag is left out."""
    return "" if bare == ("boolean", True) else "=" + written(bare)


def written(bare: Bare) -> str:
    """Write a value in its one form."""
    kind, value = bare
    match kind:
        case "string":
            return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
        case "bytes":
            return ":" + base64.b64encode(value).decode() + ":"
        case "boolean":
            return "?1" if value else "?0"
        case "integer":
            return str(int(value))
        case "token":
            return str(value)
    raise UnsupportedError("a value that has many forms")


def check_digest(names: list[str], headers: Headers, body: bytes) -> None:
    """Compare the body with its signed digest."""
    if "content-digest" not in names:
        if body:
            raise RefusedError("INSUFFICIENT_COVERAGE")
        return
    try:
        members = fields(headers, b"content-digest")
    except RefusedError:
        raise RefusedError("MALFORMED_SIGNATURE") from None
    known = [(HASHES[name], member) for name, member in members.items() if name in HASHES]
    for hashing, member in known:
        if member.bare is None or member.bare[0] != "bytes" or len(member.bare[1]) != hashing().digest_size:
            raise RefusedError("MALFORMED_SIGNATURE")
    if not known and body:
        raise RefusedError("INSUFFICIENT_COVERAGE")
    if any(hashing(body).digest() != (member.bare or ("", b""))[1] for hashing, member in known):
        raise RefusedError("DIGEST_MISMATCH")
