"""PyJWT: the key of the issuer, the algorithm of that key, and the claims that have to be there."""

from __future__ import annotations

from typing import Any

from clock import set_clock
from keys import accepts, keys_of_services
from question import RefusedError, Request, UnsupportedError, only

NAMES = {
    "hmac-sha256": ["HS256"],
    "hmac-sha384": ["HS384"],
    "hmac-sha512": ["HS512"],
    "ed25519": ["EdDSA"],
    "ecdsa-p256-sha256": ["ES256"],
    "ecdsa-p384-sha384": ["ES384"],
    "rsa-v1_5-sha256": ["RS256"],
    "rsa-pss-sha256": ["PS256"],
    "rsa-pss-sha512": ["PS512"],
}


def material(key: Any) -> Any:
    """Return a key as PyJWT takes it."""
    if key.algorithm == "ed25519" and not key.material.startswith("-----"):
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.material))
    return key.material


def verify(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """Decode the token of the request."""
    accepts(config, "jwt", "jwt")
    settings = config.get("jwt", {})
    only(settings, "leeway", "audience")
    services = keys_of_services(config, env)
    import jwt
    from jwt import api_jwt

    set_clock(api_jwt, now)
    request.once("authorization")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise RefusedError
    header = jwt.get_unverified_header(token)
    issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
    keys = [key for key in services[issuer] if header.get("kid", key.id) == key.id]
    fault: Exception = RefusedError()
    for key in keys:
        if header["alg"] not in NAMES[key.algorithm]:
            continue
        try:
            claims = jwt.decode(
                token,
                material(key),
                algorithms=NAMES[key.algorithm],
                audience=settings.get("audience", config["service"]),
                issuer=issuer,
                leeway=settings.get("leeway", 30),
                options={"require": ["exp", "iss", "aud"]},
            )
        except Exception as problem:
            fault = problem
            continue
        if claims.get("sub", issuer) != issuer:
            raise UnsupportedError("a token about another service, which is a rule of this house")
        return
    raise fault
