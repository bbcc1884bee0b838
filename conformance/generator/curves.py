"""Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256 (FIPS 186-5), in plain Python.

For the vectors alone: not in constant time, and slow. The tests hold it to the vectors of RFC 8032 and RFC 6979.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

# Ed25519: the twisted Edwards curve -x2 + y2 = 1 + d x2 y2 over 2**255 - 19, points as (X, Y, Z, T).

Point = tuple[int, int, int, int]

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_BASE_Y = 4 * pow(5, -1, _P) % _P
_NEUTRAL: Point = (0, 1, 1, 0)


def _x_of(y: int, sign: int) -> int:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P:
        raise ValueError("not a point of the curve")
    return _P - x if x & 1 != sign else x


def _add(a: Point, b: Point) -> Point:
    e = (a[1] - a[0]) * (b[1] - b[0]) % _P
    f = (a[1] + a[0]) * (b[1] + b[0]) % _P
    g = 2 * a[3] * b[3] * _D % _P
    h = 2 * a[2] * b[2] % _P
    p, q, r, s = f - e, h - g, h + g, f + e
    return (p * q % _P, r * s % _P, q * r % _P, p * s % _P)


def _times(scalar: int, point: Point) -> Point:
    result = _NEUTRAL
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _pack(point: Point) -> bytes:
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _unpack(packed: bytes) -> Point:
    value = int.from_bytes(packed, "little")
    y, sign = value & (1 << 255) - 1, value >> 255
    x = _x_of(y, sign)
    return (x, y, 1, x * y % _P)


_BASE: Point = (_x_of(_BASE_Y, 0), _BASE_Y, 1, _x_of(_BASE_Y, 0) * _BASE_Y % _P)


def _expand(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


def _reduce(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % _L


@cache
def ed25519_public(seed: bytes) -> bytes:
    """Return the 32 bytes of the public key."""
    return _pack(_times(_expand(seed)[0], _BASE))


@cache
def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """Return the 64 bytes of the signature."""
    scalar, prefix = _expand(seed)
    public = ed25519_public(seed)
    once = _reduce(prefix, message)
    committed = _pack(_times(once, _BASE))
    proof = (once + _reduce(committed, public, message) * scalar) % _L
    return committed + proof.to_bytes(32, "little")


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the signature holds; a second part that is not reduced never does."""
    proof = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or proof >= _L:
        return False
    challenge = _reduce(signature[:32], public, message)
    right = _add(_unpack(signature[:32]), _times(challenge, _unpack(public)))
    return _pack(_times(proof, _BASE)) == _pack(right)


def ed25519_unreduced(signature: bytes) -> bytes:
    """Return a signature that holds by the equation alone: the order of the group is added to its second part."""
    proof = int.from_bytes(signature[32:], "little") + _L
    return signature[:32] + proof.to_bytes(32, "little")


# P-256, in affine coordinates; None is the point at infinity.

Affine = tuple[int, int] | None

_Q = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G: Affine = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


def _affine_add(a: Affine, b: Affine) -> Affine:
    if a is None or b is None:
        return b if a is None else a
    if a[0] == b[0]:
        if (a[1] + b[1]) % _Q == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, _Q) % _Q
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _Q) % _Q
    x = (slope * slope - a[0] - b[0]) % _Q
    return (x, (slope * (a[0] - x) - a[1]) % _Q)


def _affine_times(scalar: int, point: Affine) -> Affine:
    result: Affine = None
    while scalar:
        if scalar & 1:
            result = _affine_add(result, point)
        point = _affine_add(point, point)
        scalar >>= 1
    return result


def _finite(point: Affine) -> tuple[int, int]:
    if point is None:
        raise ValueError("the point at infinity")
    return point


@cache
def ecdsa_public(secret: int) -> bytes:
    """Return the public key as SPKI in DER."""
    x, y = _finite(_affine_times(secret, _G))
    return _SPKI_PREFIX + x.to_bytes(32) + y.to_bytes(32)


@cache
def ecdsa_sign(secret: int, message: bytes) -> bytes:
    """Return the signature in DER, made with the number of RFC 6979."""
    hashed = hashlib.sha256(message).digest()
    digest = int.from_bytes(hashed) % _N
    key, state = bytes(32), b"\x01" * 32
    seed = secret.to_bytes(32) + digest.to_bytes(32)
    for separator in (b"\x00", b"\x01"):
        key = hmac.digest(key, state + separator + seed, "sha256")
        state = hmac.digest(key, state, "sha256")
    # The first candidate is out of range with a chance of one in 2**32; the tests would see it.
    once = int.from_bytes(hmac.digest(key, state, "sha256"))
    first = _finite(_affine_times(once, _G))[0] % _N
    second = pow(once, -1, _N) * (digest + first * secret) % _N
    return _der(first, second)


def ecdsa_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether the signature holds."""
    first, second = _undo_der(signature)
    if not (0 < first < _N and 0 < second < _N) or not public.startswith(_SPKI_PREFIX):
        return False
    x, y = (int.from_bytes(public[at : at + 32]) for at in (27, 59))
    if (y * y - x * x * x + 3 * x - _B) % _Q:
        return False
    inverse = pow(second, -1, _N)
    digest = int.from_bytes(hashlib.sha256(message).digest())
    point = _affine_add(_affine_times(digest * inverse % _N, _G), _affine_times(first * inverse % _N, (x, y)))
    return point is not None and point[0] % _N == first


def ecdsa_other_half(signature: bytes) -> bytes:
    """Return the other signature that holds for the same message: the second number negated."""
    first, second = _undo_der(signature)
    return _der(first, _N - second)


def ecdsa_raw(signature: bytes) -> bytes:
    """Return a signature in DER as both numbers, 32 bytes each."""
    first, second = _undo_der(signature)
    return first.to_bytes(32) + second.to_bytes(32)


def _der(*numbers: int) -> bytes:
    content = b"".join(_der_integer(number) for number in numbers)
    return b"\x30" + bytes([len(content)]) + content


def _der_integer(number: int) -> bytes:
    value = number.to_bytes(number.bit_length() // 8 + 1)
    return b"\x02" + bytes([len(value)]) + value


def _undo_der(signature: bytes) -> tuple[int, int]:
    end = 4 + signature[3]
    first, second = signature[4:end], signature[end + 2 :]
    numbers = int.from_bytes(first), int.from_bytes(second)
    if _der(*numbers) != signature:
        raise ValueError("not DER, or not the shortest form of it")
    return numbers
