"""Proofs of IAM identities, and the question to AWS that follows from each.

Written from the API reference of AWS STS and from `docs/aws-identity.md` alone, on the signatures of `amazon`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon import authorization, digest, stamp
from fleet import OWN
from request import Request
from wire import NONCE, NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from amazon import Signer
    from request import Json

IDENTITY = "X-Service-AWS-Identity"
DATE = "X-Service-AWS-Date"
TOKEN = "X-Service-AWS-Token"
TARGET = "X-Target-Service"

ACCEPT = b"application/json"
CONTENT_TYPE = b"application/x-www-form-urlencoded; charset=utf-8"
BODY = b"Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON"


def host(region: str) -> str:
    """Name the endpoint of a region. China has a domain of its own."""
    return f"sts.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def to_sts(
    signer: Signer, *, target: str = OWN, now: int = NOW, body: bytes = BODY, method: bytes = b"POST"
) -> Request:
    """Return the question, but for its signature."""
    fields = [
        ("Host", host(signer.region).encode()),
        ("Accept", ACCEPT),
        ("Content-Type", CONTENT_TYPE),
        (TARGET, target.encode()),
    ]
    if signer.token is not None:
        fields.append(("X-Amz-Security-Token", signer.token.encode()))
    fields.append(("X-Amz-Date", stamp(now).encode()))
    return Request(method=method, target=b"/", headers=tuple(fields), body=body)


def names(request: Request) -> list[str]:
    """Name what a proof covers: all that is there."""
    return sorted(name.lower() for name, _ in request.headers)


def sealed(signer: Signer, request: Request, covered: Sequence[str] | None = None) -> bytes:
    """Return the value of `Authorization` for a question."""
    covered = names(request) if covered is None else covered
    time = request.header("X-Amz-Date").decode()
    tag = signer.tag(time, signer.canonical(request, covered, digest(request.body)))
    return authorization(signer, time, covered, tag)


def proof(
    signer: Signer,
    *,
    target: str = OWN,
    now: int = NOW,
    question: Request | None = None,
    covered: Sequence[str] | None = None,
    method: bytes = b"GET",
    path: bytes = b"/orders/7",
    body: bytes = b"",
) -> Request:
    """Return a request to `target` with the proof of who `signer` is."""
    question = question or to_sts(signer, target=target, now=now)
    fields = [
        (TARGET, target.encode()),
        (DATE, stamp(now).encode()),
    ]
    if signer.token is not None:
        fields.append((TOKEN, signer.token.encode()))
    fields.append((IDENTITY, sealed(signer, question, covered)))
    fields.append(("X-Request-ID", NONCE.encode()))
    return Request(method=method, target=path, headers=tuple(fields), body=body)


def asked(signer: Signer, *, target: str = OWN, now: int = NOW, seal: bytes | None = None) -> Json:
    """Expect exactly the question that goes with a proof; with `seal`, of one that another question was signed for."""
    request = to_sts(signer, target=target, now=now)
    fields = [*request.headers, ("Authorization", seal or sealed(signer, request))]
    headers: list[Json] = [[name, value.decode()] for name, value in fields]
    where: dict[str, Json] = {"method": "POST", "url": f"https://{host(signer.region)}/"}
    return {"ok": {"question": where | {"headers": headers, "body": BODY.decode()}}}


NOTHING: Json = {"ok": {"question": None}}
"""There is nothing to ask."""


def ask(request: Request, answer: Json, expect: Json, *, now: int = NOW) -> Json:
    """Make a step that asks for the question, and hands this answer over."""
    return {"op": "ask_identity", "now": now, "request": request.to_json(), "answer": answer, "expect": expect}
