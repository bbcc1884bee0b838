"""P1: a whole verify of an ASGI request through the extension, against hmac alone and against the same work by hand.

Reads the fleet that src/fleet.rs describes as JSON from stdin, and prints rows as JSON.
"""

from __future__ import annotations

import hmac
import json
import sys
import uuid

from wiresign import Config, Signer, Verifier

from by_hand import ByHand
from contest import Contestant, contest

# Together as many requests as a replay store holds in the Rust bench.
BATCH = 50
ROUNDS = 1300

Headers = list[tuple[bytes, bytes]]


class Fleet:
    """One service that is called, one that calls, and how to make requests between them."""

    def __init__(self) -> None:
        """Read the description from stdin."""
        self.described = json.load(sys.stdin)
        env = {f"SECRET_OF_{id_}": secret for id_, secret in self.described["secrets"].items()}
        self.called = Config.parse(self.described["called_document"], env=env)
        caller = Config.parse(self.described["caller_document"], env=env)
        self.signer = Signer(caller, self.described["called"])
        self.method: str = self.described["method"]
        self.target: bytes = self.described["target"].encode()
        self.body = b"x" * self.described["body_bytes"]
        self.secret: bytes = self.described["secrets"][self.described["caller"]].encode()

    def request(self) -> tuple[str, bytes, Headers, bytes]:
        """Make a request as an ASGI server hands it over, with twelve header fields."""
        signed = self.signer.sign(self.method, self.target, (), self.body, nonce=str(uuid.uuid4()))
        fields = {**self.described["usual_headers"], "content-length": str(len(self.body)), **dict(signed)}
        headers = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
        return self.method, self.target, headers, self.body

    def requests(self) -> list[tuple[str, bytes, Headers, bytes]]:
        """Make a batch of them."""
        return [self.request() for _ in range(BATCH)]

    def message(self) -> tuple[bytes, bytes]:
        """Make what the signature of a request is computed over, and the signature."""
        method, target, headers, body = self.request()
        fields = dict(headers)
        path, _, query = target.partition(b"?")
        names = (b"x-timestamp", b"x-service-id", b"x-target-service", b"x-request-id")
        signed = (b"wiresign-v2", method.encode(), path, query, *(fields[name] for name in names), body)
        return b"\n".join(signed), fields[b"x-signature"][3:]


def main() -> None:
    """Measure, and print the rows."""
    fleet = Fleet()
    verifier = Verifier(fleet.called)
    by_hand = ByHand(fleet.described["called"], fleet.described["secrets"])
    secret = fleet.secret

    def alone(message: bytes, signature: bytes) -> None:
        if not hmac.compare_digest(hmac.digest(secret, message, "sha256").hex().encode(), signature):
            raise AssertionError("the message is not what was signed")

    ours, hmac_alone, handmade = contest(
        ROUNDS,
        [
            Contestant(fleet.requests, verifier.verify),
            Contestant(lambda: [fleet.message() for _ in range(BATCH)], alone),
            Contestant(fleet.requests, by_hand.verify),
        ],
    )
    against = [("hmac alone", hmac_alone, 3.0, 3.7), ("the same work by hand", handmade, 4.5, 5.8)]
    rows = [
        {
            "id": "P1",
            "what": f"Python, whole verify ({ours:.0f} ns) against {what} ({theirs:.0f} ns)",
            "measured": theirs / ours,
            "unit": "faster",
            "must": must,
            "reach": reach,
        }
        for what, theirs, must, reach in against
    ]
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
