"""JSON Web Tokens and keys, written from RFC 7515, 7517, 7518, 8017 and 8037 alone, on `hmac`, `hashlib` and `curves`.

This is the second opinion that the vectors of tokens rest on. Headers and payloads are given as text, so that they can
be wrong in any way.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import curves

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = hashlib.sha256(b"the Ed25519 key of tokens").digest()
OTHER_SEED = hashlib.sha256(b"another Ed25519 key of tokens").digest()
SCALAR = int.from_bytes(hashlib.sha256(b"the P-256 key of tokens").digest())

# A key of 2048 bits that protects nothing.
_P = int(
    "de4b5185744b655fbf3c0f5e895e45d475740f67cc3826f86c52ff1cef89dbb7e6239e8e0cd294eecd92b3deeafd92bc"
    "6d57a9bab429bf7120e513a5419484be96ad181667b0df10855a2194ac423e3b6519b51f3015b3692773920e05add3cb"
    "555c1bf0ad8fcd35590ed993f4c08fcedb5b1bb129548bb484f7eba0defb8e17",
    16,
)
_Q = int(
    "b97a3c79acc6256311d23ba336b44796b789cfbdc3c0143d2e10535d94c1a56f9a4d73e8fe1b6ec2bd8abdd04dc00027"
    "6873c0155fe58bd00316e52420caa00bccb7075fbff26993bc4b24bc548ea9560d8d9544c96dd574ffa1ea4e8bef701d"
    "86640dffa87875ac977e397335db406c0c37e793e15fbc1642a2743d840ba005",
    16,
)
_MODULUS = _P * _Q
_EXPONENT = 65537
_RSA_BYTES = 256
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What comes before a SHA-256 digest in PKCS #1 1.5."""


def encode(data: bytes) -> str:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True)
class Signer:
    """An algorithm by its name in tokens, and what signs with it."""

    name: str
    sign: Callable[[bytes], bytes]


def hs(bits: int, secret: bytes) -> Signer:
    """HMAC with SHA-2 of so many bits."""
    return Signer(f"HS{bits}", lambda data: hmac.digest(secret, data, f"sha{bits}"))


def eddsa(seed: bytes = SEED, name: str = "EdDSA") -> Signer:
    """Ed25519."""
    return Signer(name, lambda data: curves.ed25519_sign(seed, data))


def es256() -> Signer:
    """ECDSA over P-256: both numbers, 32 bytes each."""
    return Signer("ES256", lambda data: curves.ecdsa_raw(curves.ecdsa_sign(SCALAR, data)))


def rs256() -> Signer:
    """RSA with the padding of PKCS #1 1.5."""

    def sign(data: bytes) -> bytes:
        tail = _SHA256_INFO + hashlib.sha256(data).digest()
        return _rsa(b"\x00\x01" + b"\xff" * (_RSA_BYTES - 3 - len(tail)) + b"\x00" + tail)

    return Signer("RS256", sign)


def ps(bits: int, salt_bytes: int | None = None) -> Signer:
    """RSA with the padding PSS, a salt as long as the hash unless told otherwise."""
    name = f"sha{bits}"
    length = bits // 8

    def sign(data: bytes) -> bytes:
        salt = hashlib.sha512(b"salt" + data).digest()[: length if salt_bytes is None else salt_bytes]
        digest = hashlib.new(name, bytes(8) + hashlib.new(name, data).digest() + salt).digest()
        block = bytes(_RSA_BYTES - 2 - length - len(salt)) + b"\x01" + salt
        mask = b"".join(
            hashlib.new(name, digest + count.to_bytes(4)).digest() for count in range(_RSA_BYTES // length + 1)
        )
        masked = bytes(left ^ right for left, right in zip(block, mask, strict=False))
        return _rsa(bytes([masked[0] & 0x7F]) + masked[1:] + digest + b"\xbc")

    return Signer(f"PS{bits}", sign)


def _rsa(padded: bytes) -> bytes:
    secret = pow(_EXPONENT, -1, (_P - 1) * (_Q - 1))
    return pow(int.from_bytes(padded), secret, _MODULUS).to_bytes(_RSA_BYTES)


def token(header: str, payload: str, signer: Signer) -> bytes:
    """Put a token together and sign it, whatever its parts say."""
    text = f"{encode(header.encode())}.{encode(payload.encode())}"
    return f"{text}.{encode(signer.sign(text.encode()))}".encode()


def ed25519_jwk(kid: str, seed: bytes = SEED) -> dict[str, str]:
    """Return the public key of Ed25519."""
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(curves.ed25519_public(seed))}


def ec_jwk(kid: str) -> dict[str, str]:
    """Return the public key of P-256."""
    point = curves.ecdsa_public(SCALAR)[-64:]
    return {"kty": "EC", "crv": "P-256", "kid": kid, "x": encode(point[:32]), "y": encode(point[32:])}


def rsa_jwk(kid: str) -> dict[str, str]:
    """Return the public key of RSA."""
    return {"kty": "RSA", "kid": kid, "n": encode(_MODULUS.to_bytes(_RSA_BYTES)), "e": encode(_EXPONENT.to_bytes(3))}


def ec_pem() -> str:
    """Return the public key of P-256 as PEM."""
    return _pem(curves.ecdsa_public(SCALAR))


def rsa_pem() -> str:
    """Return the public key of RSA as PEM."""
    numbers = _der(0x30, _der(0x02, b"\x00" + _MODULUS.to_bytes(_RSA_BYTES)) + _der(0x02, _EXPONENT.to_bytes(3)))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return _pem(_der(0x30, algorithm + _der(0x03, b"\x00" + numbers)))


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size) + content


def _pem(document: bytes) -> str:
    text = base64.b64encode(document).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----"]) + "\n"
