"""Tokens of services (`jwt`), as far as HMAC goes: Python's standard library has no other signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any, NoReturn

from common import (
    Json,
    Key,
    RefusedError,
    UnsupportedError,
    all_of,
    check_bounds,
    only,
    parts,
    secret_of_service,
)

# What a token may say of a key with this algorithm.
NAMES = {
    "hmac-sha256": ["HS256"],
    "hmac-sha384": ["HS384"],
    "hmac-sha512": ["HS512"],
    "ed25519": ["EdDSA", "Ed25519"],
    "ecdsa-p256-sha256": ["ES256"],
    "ecdsa-p384-sha384": ["ES384"],
    "rsa-v1_5-sha256": ["RS256"],
    "rsa-pss-sha256": ["PS256"],
    "rsa-pss-sha512": ["PS512"],
}
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


class Number(str):
    """A number as it was written."""

    __slots__ = ()


class TokenKey:
    """A key, and what a token has to call its algorithm."""

    def __init__(self, entry: Json, position: int, env: Json) -> None:
        """Read an entry of the config."""
        entry = dict(entry)
        algorithm = entry.pop("algorithm", None)
        is_public = entry.pop("public_key", None) is not None
        if is_public:
            # Only its id, its algorithm and its life are of use here.
            entry["secret"] = "env:"
            env = {"": ""}
        self.key = Key(entry, position, env, secret_of_service)
        self.is_secret = not is_public
        if algorithm is None:
            self.names = ["HS256"] if len(self.key.bytes) >= 32 else []
        else:
            self.names = NAMES[algorithm]

    def signed(self, alg: str, message: bytes, signature: bytes) -> bool:
        """Tell whether this key made the signature."""
        if not self.is_secret:
            raise UnsupportedError("a signature that the standard library cannot verify")
        return hmac.compare_digest(hmac.digest(self.key.bytes, message, HASHES[alg]), signature)


class Tokens:
    """A service that takes tokens."""

    def __init__(self, config: Json, env: Json) -> None:
        """Read a document, or leave it to others."""
        only(config, "service", "accept", "sign_with", "services", "jwt", "environment", "replay", "$schema")
        self.id = config["service"]
        settings = config.get("jwt", {})
        only(settings, "leeway", "audience", "lifetime")
        self.leeway = int(settings.get("leeway", 30))
        audience = settings.get("audience", self.id)
        self.audience = [audience] if isinstance(audience, str) else audience
        # A token may come again.
        self.remembers = False
        self.registry = config["services"]
        self.keys: dict[str, list[TokenKey]] = {}
        for name, entry in self.registry.items():
            only(entry, "keys", "allowed_targets", "url")
            keys = enumerate(entry.get("keys", []), 1)
            self.keys[name] = [TokenKey(key, number, env) for number, key in keys]

    def verify(self, now: int, request: Json) -> Json:
        """Judge a request."""
        method, target, headers, _body = parts(request)
        check_bounds(method, target, headers)
        values = all_of(headers, b"authorization")
        bearers = [value for value in values if value[:7].lower() == b"bearer "]
        if not bearers:
            raise RefusedError("AUTHENTICATION_REQUIRED")
        if len(values) > 1 or b"," in values[0]:
            raise RefusedError("DUPLICATE_HEADER")
        token = values[0][7:]
        pieces = token.split(b".")
        if len(token) > 8192 or len(pieces) != 3:
            raise RefusedError("INVALID_TOKEN")
        raw_header, raw_claims, signature = (decoded(piece) for piece in pieces)
        header = read_object(raw_header)
        alg = header.get("alg")
        if type(alg) is not str:
            raise RefusedError("INVALID_TOKEN")
        if not any(alg in names for names in NAMES.values()):
            raise RefusedError("ALGORITHM_NOT_ALLOWED")
        claims = read_object(raw_claims)
        check_types(header, claims)
        issuer = claims.get("iss")
        if issuer not in self.keys:
            raise RefusedError("UNKNOWN_SERVICE")
        key = self.matching(issuer, now, header, pieces[0] + b"." + pieces[1], signature)
        self.check_claims(now, claims)
        allowed = self.registry[issuer].get("allowed_targets", [self.id])
        if self.id not in allowed:
            raise RefusedError("TARGET_NOT_ALLOWED")
        return {"service": issuer, "key": key, "scheme": "jwt"}

    def matching(self, issuer: str, now: int, header: Json, message: bytes, signature: bytes) -> str:
        """Return the id of the key that signed."""
        alg, keys = header["alg"], self.keys[issuer]
        if "kid" in header:
            keys = [key for key in keys if key.key.id == header["kid"]]
            if not keys:
                raise RefusedError("UNKNOWN_KEY")
        keys = [key for key in keys if alg in key.names]
        if not keys:
            raise RefusedError("ALGORITHM_NOT_ALLOWED" if "kid" in header else "UNKNOWN_KEY")
        found = [key for key in keys if key.signed(alg, message, signature)]
        for key in found:
            if key.key.is_valid(now):
                return str(key.key.id)
        raise RefusedError("KEY_NOT_VALID_NOW" if found else "INVALID_SIGNATURE")

    def check_claims(self, now: int, claims: Json) -> None:
        """Refuse a token that is genuine, and not for here and now."""
        audience = claims.get("aud", [])
        named = [audience] if isinstance(audience, str) else audience
        if not any(name in self.audience for name in named):
            raise RefusedError("INVALID_TOKEN")
        if now >= int(claims["exp"]) + self.leeway:
            raise RefusedError("TOKEN_EXPIRED")
        if any(int(claims.get(name, "0")) > now + self.leeway for name in ("nbf", "iat")):
            raise RefusedError("INVALID_TOKEN")
        if claims.get("sub", claims["iss"]) != claims["iss"]:
            raise RefusedError("INVALID_TOKEN")


def check_types(header: Json, claims: Json) -> None:
    """Refuse members that are not what they have to be."""
    named = [header[name] for name in ("kid", "typ") if name in header]
    if any(name in header for name in ("crit", "b64", "zip")) or not all(map(is_name, named)):
        raise RefusedError("INVALID_TOKEN")
    for name in ("exp", "nbf", "iat"):
        is_time = type(claims.get(name)) is Number and re.fullmatch("0|[1-9][0-9]{0,11}", claims[name])
        if name in claims and not is_time:
            raise RefusedError("INVALID_TOKEN")
    for name in ("iss", "sub", "jti"):
        if name in claims and not is_name(claims[name]):
            raise RefusedError("INVALID_TOKEN")
    audience = claims.get("aud", [])
    is_meant = all(type(text) is str for text in audience) if isinstance(audience, list) else is_name(audience)
    if not is_meant or "exp" not in claims:
        raise RefusedError("INVALID_TOKEN")


def is_name(value: Any) -> bool:
    """Tell whether this is a text that names something."""
    return type(value) is str and 1 <= len(value.encode()) <= 512 and not re.search("[\x00-\x1f\x7f-\x9f]", value)


def decoded(piece: bytes) -> bytes:
    """Read base64url without padding, in its one form."""
    if not re.fullmatch(rb"[A-Za-z0-9_-]*", piece) or len(piece) % 4 == 1:
        raise RefusedError("INVALID_TOKEN")
    raw = base64.urlsafe_b64decode(piece + b"=" * (-len(piece) % 4))
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != piece:
        raise RefusedError("INVALID_TOKEN")
    return raw


def read_object(text: bytes) -> Json:
    """Read one JSON object, strictly."""
    try:
        value = json.loads(
            text.decode(),
            object_pairs_hook=unique,
            parse_int=Number,
            parse_float=Number,
            parse_constant=fail,
        )
    except (ValueError, RecursionError):
        raise RefusedError("INVALID_TOKEN") from None
    if type(value) is not dict or depth(value) > 8 or not is_text(value):
        raise RefusedError("INVALID_TOKEN")
    return value


def unique(members: list[tuple[str, Any]]) -> Json:
    """Make an object of members that are there once."""
    if len(members) > 64 or len({name for name, _ in members}) != len(members):
        raise ValueError("a member twice, or too many")
    return dict(members)


def fail(text: str) -> NoReturn:
    """Refuse what is a number in Python only."""
    raise ValueError(text)


def inner(value: Any) -> list[Any]:
    """Return what a value is made of."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def depth(value: Any) -> int:
    """Return how many levels of objects and lists there are."""
    is_level = isinstance(value, dict | list)
    return is_level + max((depth(item) for item in inner(value)), default=0)


def is_text(value: Any) -> bool:
    """Tell whether no text holds half a character."""
    texts = list(value) if isinstance(value, dict) else [value] if isinstance(value, str) else []
    return not re.search("[\ud800-\udfff]", "".join(texts)) and all(is_text(item) for item in inner(value))
