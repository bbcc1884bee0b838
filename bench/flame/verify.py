"""Verifies many requests, to be watched by a profiler: `python bench/flame/verify.py SECONDS`."""

from __future__ import annotations

import sys
import time
import uuid

from wiresign import Config, Signer, Verifier, generate_secret

DOCUMENT = {
    "services": {
        "orders": {},
        "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
    },
    "routes": [{"match": "POST /invoices/*", "services": ["billing"]}],
}
BATCH = 2000
BODY = b"x" * 200

env = {"BILLING_SECRET": generate_secret()}
verifier = Verifier(Config.parse({**DOCUMENT, "service": "orders"}, env=env))
signer = Signer(Config.parse({**DOCUMENT, "service": "billing"}, env=env), "orders")
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    batch = []
    for _ in range(BATCH):
        signed = signer.sign("POST", "/invoices/7", (), BODY, nonce=str(uuid.uuid4()))
        batch.append([(b"host", b"orders"), *((name.lower().encode(), value.encode()) for name, value in signed)])
    for headers in batch:
        verifier.verify("POST", "/invoices/7", headers, BODY)
