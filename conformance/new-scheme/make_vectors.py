"""Make the vectors of the format of ledger.json, on Python's standard library alone.

The format is written down here a second time, from its description and not from the template.
"""

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path

NOW = 1767225600
SECRET = "9b1d4e7f2a5c8e0b3d6f9a2c5e8b1d4f7a0c3e6b9d2f5a8c1e4b7d0a3f6c9e2b"
OLD_SECRET = "0c3e6b9d2f5a8c1e4b7d0a3f6c9e2b5d8f1a4c7e0b3d6f9a2c5e8b1d4f7a0c3e"
NONCE = "n-4f1c7a90b2d8e365"

NOTES = {
    "Genuine": {"meaning": "The request is as its signer sent it."},
    "Tampered": {"meaning": "A part of the request that the signature covers was changed.", "rules": [12]},
    "Window": {"meaning": "The timestamp must lie inside the window."},
    "Replay": {"meaning": "A request is accepted once."},
    "Malformed": {"meaning": "A credential is written in exactly one way."},
    "Missing": {"meaning": "Every part of a credential must be there."},
    "UnknownService": {"meaning": "The claimed service is not in the registry.", "rules": [25]},
    "NotLoaded": {"meaning": "Without its template nobody knows the format."},
}

CONFIG = {
    "service": "accounts",
    "accept": ["ledger"],
    "sign_with": "ledger",
    "services": {
        "accounts": {"keys": [{"secret": "env:OWN_SECRET"}], "allowed_targets": []},
        "teller": {
            "keys": [
                {"id": "new", "secret": "env:TELLER_SECRET"},
                {"id": "old", "secret": "env:TELLER_OLD_SECRET", "state": "retiring"},
            ],
            "allowed_targets": ["accounts"],
        },
    },
}
ENV = {
    "OWN_SECRET": "a7c0e3b6d9f2a5c8e1b4d7a0f3c6e9b2d5f8a1c4e7b0d3f6a9c2e5b8d1f4a7c0",
    "TELLER_SECRET": SECRET,
    "TELLER_OLD_SECRET": OLD_SECRET,
}


def proof(request, secrets):
    """Sign a request: one item for each secret."""
    digest = hashlib.sha256(request["body"].encode()).hexdigest()
    lines = [
        "ledger/1",
        f"{request['method']} {request['target']}",
        request["time"],
        request["nonce"],
        request["caller"],
        request["type"],
        digest,
    ]
    message = "\n".join(lines).encode()
    macs = [hmac.digest(secret.encode(), message, "sha256") for secret in secrets]
    return ";".join(f"mac={base64.urlsafe_b64encode(mac).decode().rstrip('=')}" for mac in macs)


def request(secrets=(SECRET,), signed=None, without=(), **changes):
    """A signed request; `signed` are changes made before signing, `changes` those made behind it."""
    fields = {
        "method": "POST",
        "target": "/ledger/7?dry=1",
        "time": f"{NOW}123",
        "nonce": NONCE,
        "caller": "teller",
        "type": "application/json; charset=utf-8, really",
        "body": '{"amount": 12}',
    } | (signed or {})
    value = proof(fields, secrets)
    fields |= changes
    headers = [
        ["Content-Type", fields["type"]],
        ["Ledger-Caller", fields["caller"]],
        ["Ledger-Time", fields["time"]],
        ["Ledger-Nonce", fields["nonce"]],
        ["Ledger-Proof", fields.get("proof", value)],
    ]
    return {
        "method": fields["method"],
        "target": fields["target"],
        "headers": [header for header in headers if header[0] not in without],
        "body": fields["body"],
    }


def step(what, expect, now=NOW + 5, op="verify", **more):
    """One step of a test."""
    return {"op": op, "now": now, "request": what, **more, "expect": expect}


def test(name, comment, flag, *steps):
    """One test."""
    return {
        "id": f"new-scheme/{name}",
        "comment": comment,
        "flags": [flag],
        "origin": "python-stdlib",
        "steps": list(steps),
    }


def refused(name, comment, flag, what, code, now=NOW + 5):
    """A test that is refused."""
    return test(name, comment, flag, step(what, {"refused": code}, now=now))


def tests():
    """All tests of the format."""
    good = request()
    ok = {
        "service": "teller",
        "key": "new",
        "scheme": "ledger",
        "age": 5,
        "request_id": NONCE,
        "covered": ["method", "path", "query", "timestamp", "service", "nonce", "header:content-type", "body"],
    }
    signed = request(signed={"caller": "accounts", "time": f"{NOW}000"}, secrets=[ENV["OWN_SECRET"]])
    plain = {**signed, "headers": signed["headers"][:1]}
    return [
        test("genuine", "as it was signed", "Genuine", step(good, {"ok": ok})),
        test("in-pieces", "the body in pieces", "Genuine", step(good, {"ok": ok}, op="verify_stream", chunks=[1, 3])),
        test(
            "old-key",
            "signed with the key on its way out",
            "Genuine",
            step(request(secrets=[OLD_SECRET]), {"ok": {"key": "old", "retiring": True}}),
        ),
        test(
            "both-keys",
            "signed with both keys",
            "Genuine",
            step(request(secrets=[OLD_SECRET, SECRET]), {"ok": {"key": "new"}}),
        ),
        test(
            "signed-here",
            "what this library signs is what the format asks for",
            "Genuine",
            step(plain, {"ok": {"headers": signed["headers"][1:]}}, now=NOW, op="sign", nonce=NONCE, target=None),
        ),
        test("twice", "a second time", "Replay", step(good, {"ok": {}}), step(good, {"refused": "REPLAYED_REQUEST"})),
        refused("method", "another method", "Tampered", request(method="PUT"), "INVALID_SIGNATURE"),
        refused("query", "another query", "Tampered", request(target="/ledger/7?dry=0"), "INVALID_SIGNATURE"),
        refused("body", "another body", "Tampered", request(body='{"amount":12}'), "INVALID_SIGNATURE"),
        refused("type", "another media type", "Tampered", request(type="text/plain"), "INVALID_SIGNATURE"),
        refused("nonce", "another nonce", "Tampered", request(nonce="n-4f1c7a90b2d8e366"), "INVALID_SIGNATURE"),
        refused("time", "another millisecond", "Tampered", request(time=f"{NOW}124"), "INVALID_SIGNATURE"),
        refused("late", "121 seconds old", "Window", good, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 121),
        refused("early", "11 seconds ahead", "Window", good, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW - 11),
        refused(
            "seconds", "a time in seconds", "Window", request(signed={"time": f"{NOW}"}), "TIMESTAMP_OUTSIDE_WINDOW"
        ),
        refused(
            "padded",
            "padding that the encoding does not have",
            "Malformed",
            request(proof=proof_of_good() + "="),
            "MALFORMED_SIGNATURE",
        ),
        refused(
            "unknown-item",
            "an item that the format does not know",
            "Malformed",
            request(proof=proof_of_good() + ";sig=x"),
            "MALFORMED_SIGNATURE",
        ),
        refused("no-time", "no time", "Missing", request(without=["Ledger-Time"]), "MISSING_TIMESTAMP"),
        refused("no-nonce", "no nonce", "Missing", request(without=["Ledger-Nonce"]), "MISSING_NONCE"),
        refused("no-caller", "no caller", "Missing", request(without=["Ledger-Caller"]), "MISSING_SERVICE_ID"),
        refused(
            "no-type",
            "no media type, which is signed",
            "Missing",
            request(without=["Content-Type"]),
            "INSUFFICIENT_COVERAGE",
        ),
        refused(
            "stranger",
            "a caller that nobody knows",
            "UnknownService",
            request(signed={"caller": "stranger"}),
            "UNKNOWN_SERVICE",
        ),
    ]


def proof_of_good():
    """The signature header of the genuine request."""
    return dict(request()["headers"])["Ledger-Proof"]


def main():
    """Write the file, or with --check say whether it is as it would be written."""
    check = test(
        "not-loaded",
        "the same config without the template",
        "NotLoaded",
        {"op": "check", "expect": {"config_errors": ["/accept/0", "/sign_with"]}},
    )
    document = {
        "schema": "wiresign-vectors-1",
        "suite": "new-scheme",
        "notes": NOTES,
        "groups": [
            {"name": "with the template", "config": CONFIG, "env": ENV, "tests": tests()},
            {"name": "without the template", "config": CONFIG, "env": ENV, "tests": [check]},
        ],
    }
    path = Path(__file__).parent / "vectors.json"
    text = json.dumps(document, indent=1) + "\n"
    if "--check" not in sys.argv:
        path.write_text(text, encoding="utf-8")
    elif path.read_text(encoding="utf-8") != text:
        sys.exit(f"{path.name} is not what {Path(__file__).name} writes")


main()
