"""T2: whole verifies of webhooks through the extension, against the packages that their senders publish.

Reads what src/fleet.rs describes as JSON from stdin, and prints rows as JSON.
"""

from __future__ import annotations

import json
import sys
import uuid
from typing import Any, NamedTuple

from standardwebhooks import Webhook
from stripe import WebhookSignature
from wiresign import Config, Signer, Verifier

from contest import Contestant, contest

BATCH = 50
ROUNDS = 300


class Sent(NamedTuple):
    """A request as an ASGI server hands it over, and as the packages take it."""

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    text: str
    fields: dict[str, str]


class Sender:
    """Signs requests of one scheme."""

    def __init__(self, described: dict[str, Any], scheme: str) -> None:
        """Know the keys of the scheme."""
        env = {"WEBHOOK_SECRET": described["webhook_secret"]}
        self.config = Config.parse(described["webhook_documents"][scheme], env=env)
        self._signer = Signer(self.config)
        self._described = described

    def request(self) -> Sent:
        """Make a request with a body of its own."""
        length = self._described["body_bytes"]
        start = f'{{"id":"{uuid.uuid4()}","data":"'
        text = start.ljust(length - 2, "x") + '"}'
        body = text.encode()
        method, target = self._described["method"], self._described["target"].encode()
        signed = dict(self._signer.sign(method, target, (), body, nonce=f"msg_{uuid.uuid4()}"))
        fields = {name.lower(): value for name, value in signed.items()}
        usual = {**self._described["usual_headers"], "content-length": str(length)}
        headers = [(name.encode(), value.encode()) for name, value in {**usual, **fields}.items()]
        return Sent(method, target, headers, body, text, fields)


def main() -> None:
    """Measure, and print the rows."""
    described = json.load(sys.stdin)
    secret = described["webhook_secret"]
    standard = Webhook(secret)

    def by_stripe(text: str, fields: dict[str, str]) -> object:
        return WebhookSignature.verify_header(text, fields["stripe-signature"], secret, 300)

    def by_standard(text: str, fields: dict[str, str]) -> object:
        return standard.verify(text, fields)

    rows = []
    for scheme, package, by_package in (
        ("stripe", "stripe", by_stripe),
        ("standard-webhooks", "standardwebhooks", by_standard),
    ):
        sender = Sender(described, scheme)
        verifier = Verifier(sender.config)

        def requests(sender: Sender = sender) -> list[Sent]:
            return [sender.request() for _ in range(BATCH)]

        def whole(requests: Any = requests) -> list[tuple[Any, ...]]:
            return [sent[:4] for sent in requests()]

        def for_package(requests: Any = requests) -> list[tuple[Any, ...]]:
            return [sent[4:] for sent in requests()]

        ours, theirs = contest(ROUNDS, [Contestant(whole, verifier.verify), Contestant(for_package, by_package)])
        rows.append(
            {
                "id": "T2",
                "what": f"Python, whole verify of {scheme} ({ours:.0f} ns) against {package} ({theirs:.0f} ns)",
                "measured": theirs / ours,
                "unit": "faster",
                "must": 3.0,
                "reach": 3.0,
            }
        )
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main()
