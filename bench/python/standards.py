"""R5 through the extension: message signatures, AWS signatures and tokens, against the packages that are used for them.

Reads what src/fleet.rs describes as JSON from stdin, and prints rows as JSON.
"""

from __future__ import annotations

import json
import sys
import uuid
from dataclasses import dataclass
from typing import Any

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from wiresign import Config, Signer, Verifier

from contest import Contestant, contest

BATCH = 50
ROUNDS = 100


@dataclass
class Sent:
    """A request with the attributes that the package for message signatures reads."""

    method: str
    target: str
    url: str
    headers: dict[str, str]
    body: bytes

    def for_us(self) -> tuple[Any, ...]:
        """Give the request as an ASGI server hands it over."""
        headers = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        return self.method, self.target.encode(), headers, self.body


class Bench:
    """Makes the requests of one scheme."""

    def __init__(self, described: dict[str, Any], scheme: str) -> None:
        """Know both sides of the scheme."""
        env = {"WEBHOOK_SECRET": described["webhook_secret"]}
        documents = described["standard_documents"][scheme]
        self._described = described
        self.signer = Signer(Config.parse(documents["caller"], env=env), described["called"])
        self.verifier = Verifier(Config.parse(documents["called"], env=env))

    def unsigned(self) -> Sent:
        """Make a request with the usual headers and a body of its own."""
        method, target, length = (self._described[name] for name in ("method", "target", "body_bytes"))
        body = (f'{{"id":"{uuid.uuid4()}","data":"'.ljust(length - 2, "x") + '"}').encode()
        headers = {**self._described["usual_headers"], "content-length": str(length)}
        return Sent(method, target, f"https://{headers['host']}{target}", headers, body)

    def signed(self) -> Sent:
        """Make a request and sign it."""
        sent = self.unsigned()
        sent.headers.update(self.signer.sign(*sent.for_us(), nonce=str(uuid.uuid4())))
        return sent

    def many(self) -> list[Sent]:
        """Make a batch of signed requests."""
        return [self.signed() for _ in range(BATCH)]


def row(what: str, name: str, ours: Contestant, theirs: Contestant) -> dict[str, Any]:
    """Measure two contestants."""
    own, other = contest(ROUNDS, [ours, theirs])
    return {
        "id": "R5",
        "what": f"Python, {what} ({own:.0f} ns) against {name} ({other:.0f} ns)",
        "measured": other / own,
        "unit": "faster",
    }


def verify_messages(described: dict[str, Any]) -> dict[str, Any]:
    """Measure a whole verify of message signatures."""
    bench = Bench(described, "rfc9421")

    class Keys(HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> bytes:
            del key_id
            return described["webhook_secret"].encode()

    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=Keys())
    return row(
        "whole verify of rfc9421",
        "http-message-signatures",
        Contestant(lambda: [sent.for_us() for sent in bench.many()], bench.verifier.verify),
        Contestant(lambda: [(sent,) for sent in bench.many()], verifier.verify),
    )


def sign_for_aws(described: dict[str, Any]) -> dict[str, Any]:
    """Measure a signature of AWS."""
    bench = Bench(described, "aws-sigv4")
    signer = SigV4Auth(
        Credentials("AKIAIOSFODNN7EXAMPLE", described["webhook_secret"]),
        "execute-api",
        "eu-west-1",
    )

    def request() -> tuple[Any, ...]:
        sent = bench.unsigned()
        made = AWSRequest(method=sent.method, url=sent.url, headers=sent.headers, data=sent.body)
        return (made,)

    return row(
        "sign of aws-sigv4",
        "botocore",
        Contestant(lambda: [bench.unsigned().for_us() for _ in range(BATCH)], bench.signer.sign),
        Contestant(lambda: [request() for _ in range(BATCH)], signer.add_auth),
    )


def verify_tokens(described: dict[str, Any]) -> dict[str, Any]:
    """Measure a whole verify of tokens."""
    bench = Bench(described, "jwt")
    secret, called, caller = described["webhook_secret"], described["called"], described["caller"]

    def decode(token: str) -> object:
        return jwt.decode(token, secret, algorithms=["HS256"], audience=called, issuer=caller)

    return row(
        "whole verify of jwt",
        "PyJWT",
        Contestant(lambda: [sent.for_us() for sent in bench.many()], bench.verifier.verify),
        Contestant(lambda: [(sent.headers["Authorization"].removeprefix("Bearer "),) for sent in bench.many()], decode),
    )


def main() -> None:
    """Measure, and print the rows."""
    described = json.load(sys.stdin)
    json.dump([measure(described) for measure in (verify_messages, sign_for_aws, verify_tokens)], sys.stdout)


if __name__ == "__main__":
    main()
