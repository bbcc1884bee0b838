"""joserfc: the key of the issuer, the algorithm of that key, and a registry of the claims that have to be there."""

from __future__ import annotations

from typing import Any

from keys import Key, accepts, keys_of_services
from question import RefusedError, Request, UnsupportedError, only
from tokens import NAMES, material


def as_jwk(key: Key) -> Any:
    """Return a key as joserfc takes it."""
    from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

    if isinstance(key.material, bytes):
        return OctKey.import_key(key.material)
    kinds = {"ed25519": OKPKey, "ecdsa-p256-sha256": ECKey, "ecdsa-p384-sha384": ECKey}
    public = material(key)
    if not isinstance(public, str):
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return kinds.get(key.algorithm, RSAKey).import_key(public)


def verify(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """Decode the token of the request, then let the registry judge its claims."""
    accepts(config, "jwt", "jwt")
    settings = config.get("jwt", {})
    only(settings, "leeway", "audience")
    services = keys_of_services(config, env)
    from joserfc import jws, jwt
    from joserfc.jwt import JWTClaimsRegistry

    request.once("authorization")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise RefusedError
    unverified = jws.extract_compact(token.encode("latin-1"))
    header = unverified.headers()
    fault: Exception = RefusedError()
    for issuer, keys in services.items():
        for key in keys:
            if header.get("kid", key.id) != key.id or header["alg"] not in NAMES[key.algorithm]:
                continue
            try:
                claims = jwt.decode(token, as_jwk(key), algorithms=NAMES[key.algorithm]).claims
                wanted = settings.get("audience", config["service"])
                registry = JWTClaimsRegistry(
                    now=now,
                    leeway=settings.get("leeway", 30),
                    iss={"essential": True, "value": issuer},
                    aud={"essential": True, "values": wanted if isinstance(wanted, list) else [wanted]},
                    exp={"essential": True},
                )
                registry.validate(claims)
            except Exception as problem:
                fault = problem
                continue
            if claims.get("sub", issuer) != issuer:
                raise UnsupportedError("a token about another service, which is a rule of this house")
            return
    raise fault
