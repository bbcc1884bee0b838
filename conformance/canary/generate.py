"""Makes canary.json: cases whose expectations are wrong, and nothing else about them.

    python3 generate.py            write the file
    python3 generate.py --check    exit 1 where the file is not what would be written

Each signature is computed here, on Python's standard library, and is what the comment says it is. So a canary fails for
the one reason that it was made for, and never because the request is broken by accident.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]
FILE = Path(__file__).with_name("canary.json")

NOW = 1767225600
NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"
SECRETS = {
    name: hashlib.sha256(f"a secret for canaries: {name}".encode()).hexdigest() for name in ("ORDERS", "BILLING")
}
SCHEMES = ("service-hmac", "service-hmac-v2", "cross-service")
COVERED = {
    "service-hmac": ["method", "path", "timestamp", "service", "body"],
    "service-hmac-v2": [
        "method",
        "path",
        "query",
        "timestamp",
        "service",
        "target-service",
        "nonce",
        "body",
    ],
    "cross-service": ["method", "path", "timestamp", "body"],
}
METHOD, PATH, QUERY, BODY = "POST", "/orders", "draft=1", '{"item":"brick"}'


def message(scheme: str, body: str = BODY) -> bytes:
    """The bytes that billing signs when it calls orders."""
    match scheme:
        case "service-hmac":
            parts = [METHOD, PATH, str(NOW), body, "billing"]
        case "service-hmac-v2":
            parts = [
                "wiresign-v2",
                METHOD,
                PATH,
                QUERY,
                str(NOW),
                "billing",
                "orders",
                NONCE,
                body,
            ]
        case _:
            parts = [METHOD, PATH, str(NOW), body]
    return "\n".join(parts).encode()


def headers(scheme: str) -> list[list[str]]:
    """The headers of a genuine request, in the order in which a signer sets them."""
    tag = hmac.new(SECRETS["BILLING"].encode(), message(scheme), hashlib.sha256).hexdigest()
    timestamp = ["X-Timestamp", str(NOW)]
    request_id = ["X-Request-ID", NONCE]
    match scheme:
        case "service-hmac":
            return [
                ["X-Service-ID", "billing"],
                timestamp,
                ["X-Signature", tag],
                request_id,
            ]
        case "service-hmac-v2":
            target = ["X-Target-Service", "orders"]
            return [
                ["X-Service-ID", "billing"],
                target,
                timestamp,
                request_id,
                ["X-Signature", f"v2={tag}"],
            ]
        case _:
            return [
                ["X-Service-Name", "billing"],
                timestamp,
                ["X-Signature", tag],
                request_id,
            ]


def request(scheme: str, body: str = BODY) -> Json:
    """A genuine request, or with another body a forged one."""
    return {
        "method": METHOD,
        "target": f"{PATH}?{QUERY}",
        "headers": headers(scheme),
        "body": body,
    }


def verify(scheme: str, expect: Json, **changes: str) -> Json:
    """A step that judges a request."""
    return {
        "op": "verify",
        "now": NOW + 7,
        "request": request(scheme, **changes),
        "expect": expect,
    }


def stream(scheme: str, expect: Json, **changes: str) -> Json:
    """A step that judges a request whose body comes in pieces."""
    return verify(scheme, expect, **changes) | {
        "op": "verify_stream",
        "chunks": [3, 0, 4],
    }


def sign(expect: Json, nonce: str = NONCE) -> Json:
    """A step that signs a call from billing to orders."""
    unsigned = {
        "method": METHOD,
        "target": f"{PATH}?{QUERY}",
        "headers": [],
        "body": BODY,
    }
    return {
        "op": "sign",
        "now": NOW,
        "nonce": nonce,
        "target": "orders",
        "request": unsigned,
        "expect": expect,
    }


def check(expect: Json) -> Json:
    """A step that reads the configuration."""
    return {"op": "check", "expect": expect}


def config(own: str, scheme: str, **members: Any) -> Json:
    """A configuration of one of the two services."""
    services = {name.lower(): {"keys": [{"secret": f"env:{name}"}]} for name in SECRETS}
    return {
        "service": own,
        "accept": [scheme],
        "sign_with": scheme,
        "services": services,
    } | members


def test(name: str, comment: str, flag: str, *steps: Json) -> Json:
    """One canary."""
    return {
        "id": f"canary/{name}",
        "comment": comment,
        "flags": [flag],
        "origin": "self",
        "steps": list(steps),
    }


def group(name: str, document: Json, *tests: Json) -> Json:
    """Canaries that share a configuration."""
    return {"name": name, "config": document, "env": SECRETS, "tests": list(tests)}


def verdicts(scheme: str) -> Json:
    """Wrong verdicts on requests."""
    forged = {"body": BODY + " "}
    return group(
        f"{scheme}: verdicts",
        config("orders", scheme),
        test(
            f"{scheme}/forged-accepted",
            "a forged body is to be accepted",
            "WrongVerdict",
            verify(scheme, {"ok": {}}, **forged),
        ),
        test(
            f"{scheme}/forged-stream-accepted",
            "the same in pieces",
            "WrongVerdict",
            stream(scheme, {"ok": {}}, **forged),
        ),
        test(
            f"{scheme}/genuine-refused",
            "a genuine request is to be refused",
            "WrongVerdict",
            verify(scheme, {"refused": "INVALID_SIGNATURE"}),
        ),
        test(
            f"{scheme}/genuine-stream-refused",
            "the same in pieces",
            "WrongVerdict",
            stream(scheme, {"refused": "INVALID_SIGNATURE"}),
        ),
        test(
            f"{scheme}/genuine-config-errors",
            "a good configuration is to have problems",
            "WrongVerdict",
            verify(scheme, {"config_errors": ["/service"]}),
        ),
        test(
            f"{scheme}/other-code",
            "refused, but for another reason",
            "WrongCode",
            verify(scheme, {"refused": "UNKNOWN_SERVICE"}, **forged),
        ),
        test(
            f"{scheme}/replay-accepted",
            "the second of two equal requests is to be accepted",
            "WrongVerdict",
            verify(scheme, {"ok": {}}),
            verify(scheme, {"ok": {}}),
        ),
        test(
            f"{scheme}/replay-other-code",
            "a replay is to be called a forgery",
            "WrongCode",
            verify(scheme, {"ok": {}}),
            verify(scheme, {"refused": "INVALID_SIGNATURE"}),
        ),
        *(
            test(
                f"{scheme}/other-{field.replace('_', '-')}",
                f"accepted, but with another {field}",
                "WrongField",
                verify(scheme, {"ok": {field: value}}),
            )
            for field, value in {
                "service": "orders",
                "key": "2",
                "scheme": next(other for other in SCHEMES if other != scheme),
                "age": 8,
                "request_id": None,
                "route": "/**",
                "retiring": True,
                "public": True,
                "covered": COVERED[scheme][::-1],
                "replay_key": "",
            }.items()
        ),
    )


def signatures(scheme: str) -> Json:
    """Wrong headers and messages."""
    right = headers(scheme)
    at = next(index for index, (name, _) in enumerate(right) if name == "X-Signature")
    last = right[at][1][-1]
    other_digit = [
        *right[:at],
        ["X-Signature", right[at][1][:-1] + ("0" if last != "0" else "1")],
        *right[at + 1 :],
    ]

    def signing(name: str, comment: str, fields: Json) -> Json:
        return test(f"{scheme}/sign-{name}", comment, "WrongBytes", sign({"ok": fields}))

    def as_message(data: bytes) -> Json:
        return {"message": {"base64": base64.b64encode(data).decode()}}

    return group(
        f"{scheme}: signatures",
        config("billing", scheme),
        signing(
            "other-digit",
            "the last digit of the signature is another one",
            {"headers": other_digit},
        ),
        signing(
            "other-order",
            "two headers are exchanged",
            {"headers": [right[1], right[0], *right[2:]]},
        ),
        signing(
            "other-case",
            "the name of a header is in lower case",
            {"headers": [[right[0][0].lower(), right[0][1]], *right[1:]]},
        ),
        signing("header-missing", "the last header is missing", {"headers": right[:-1]}),
        signing(
            "header-twice",
            "the last header is there twice",
            {"headers": [*right, right[-1]]},
        ),
        signing(
            "other-message",
            "another body is signed",
            as_message(message(scheme, BODY + " ")),
        ),
        signing(
            "longer-message",
            "the message has a line end more",
            as_message(message(scheme) + b"\n"),
        ),
        signing("no-message", "nothing is signed", as_message(b"")),
        test(
            f"{scheme}/sign-fails",
            "what can be signed is to fail",
            "WrongVerdict",
            sign({"failed": "SIGNING_FAILED"}),
        ),
    )


def documents() -> list[Json]:
    """Wrong verdicts on configurations."""
    good = config("orders", "service-hmac-v2")
    bad = config("orders", "service-hmac-v2", window={"past": 0, "future": 601})
    loud = config(
        "orders",
        "service-hmac-v2",
        services={
            "orders": {"keys": [{"secret": "env:ORDERS"}]},
            "billing": {"keys": [{"secret": f"literal:{SECRETS['BILLING']}"}]},
        },
    )
    public = config("orders", "service-hmac-v2", routes=[{"match": "POST /orders", "public": True}])
    secret = "/services/billing/keys/0/secret"
    return [
        group(
            "a good document",
            good,
            test(
                "config/good-has-errors",
                "a good document is to have a problem",
                "WrongVerdict",
                check({"config_errors": ["/window/past"]}),
            ),
            test(
                "config/good-has-warnings",
                "a good document is to have a warning",
                "WrongField",
                check({"ok": {"warnings": ["/window"]}}),
            ),
            test(
                "config/replace-good-fails",
                "a good document is not to be taken",
                "WrongVerdict",
                {
                    "op": "replace",
                    "config": good,
                    "expect": {"config_errors": ["/service"]},
                },
            ),
            test(
                "config/replace-bad-works",
                "a bad document is to be taken",
                "WrongVerdict",
                {"op": "replace", "config": bad, "expect": {"ok": {}}},
            ),
            test(
                "sign/bad-nonce-works",
                "a nonce that is too short is to be signed",
                "WrongVerdict",
                sign({"ok": {}}, nonce="short"),
            ),
        ),
        group(
            "a bad document",
            bad,
            test(
                "config/bad-is-good",
                "a bad document is to be good",
                "WrongVerdict",
                check({"ok": {}}),
            ),
            test(
                "config/bad-verifies",
                "a bad document is to verify",
                "WrongVerdict",
                verify("service-hmac-v2", {"ok": {}}),
            ),
            test(
                "config/bad-refuses",
                "a bad document is to refuse",
                "WrongVerdict",
                verify("service-hmac-v2", {"refused": "INVALID_SIGNATURE"}),
            ),
            test(
                "config/other-pointer",
                "one of two problems is to be somewhere else",
                "WrongField",
                check({"config_errors": ["/service", "/window/future"]}),
            ),
            test(
                "config/pointer-missing",
                "one of two problems is not to be named",
                "WrongField",
                check({"config_errors": ["/window/past"]}),
            ),
            test(
                "config/pointer-too-many",
                "a third problem is to be named",
                "WrongField",
                check({"config_errors": ["/service", "/window/future", "/window/past"]}),
            ),
        ),
        group(
            "a document with a warning",
            loud,
            test(
                "config/warning-missing",
                "the warning is not to be given",
                "WrongField",
                check({"ok": {"warnings": []}}),
            ),
            test(
                "config/other-warning",
                "the warning is to be somewhere else",
                "WrongField",
                check({"ok": {"warnings": [secret.replace("0", "1")]}}),
            ),
        ),
        group(
            "a public route",
            public,
            test(
                "public/refused",
                "a public route is to refuse",
                "WrongVerdict",
                verify("service-hmac-v2", {"refused": "AUTHENTICATION_REQUIRED"}),
            ),
            test(
                "public/not-public",
                "a public route is not to be public",
                "WrongField",
                verify("service-hmac-v2", {"ok": {"public": False}}),
            ),
            test(
                "public/named",
                "a public route is to say who called",
                "WrongField",
                verify("service-hmac-v2", {"ok": {"service": "billing"}}),
            ),
        ),
    ]


TENANT, ROLES = "0d9fe7d3-9c3b-4d7e-8a52-1f0e6b6f3c11", ["admin", "user"]


def contexts() -> Json:
    """Wrong verdicts and bytes on contexts."""
    data = "".join(f"{line}\n" for line in ["auth-context-v1", TENANT, *ROLES]).encode()
    tag = hmac.new(SECRETS["ORDERS"].encode(), data, hashlib.sha256).hexdigest()
    other = tag[:-1] + ("0" if tag[-1] != "0" else "1")
    named: Json = {"tenant": TENANT, "roles": ROLES, "now": NOW}

    def signing(expect: Json) -> Json:
        return named | {"op": "sign_context", "expect": expect}

    def judging(signature: str, expect: Json) -> Json:
        return named | {"op": "verify_context", "signature": signature, "expect": expect}

    def as_message(changed: bytes) -> Json:
        return {"ok": {"message": {"base64": base64.b64encode(changed).decode()}}}

    wrong = {"key": "2", "retiring": True, "matched": "sha256-prefix", "roles": ROLES[::-1]}
    return group(
        "contexts",
        {"service": "orders", "services": {}, "contexts": {"keys": [{"secret": "env:ORDERS"}]}},
        test(
            "context/forged-accepted", "a forged context is to be accepted", "WrongVerdict", judging(other, {"ok": {}})
        ),
        test(
            "context/genuine-refused",
            "a genuine one is to be refused",
            "WrongVerdict",
            judging(tag, {"refused": "INVALID_SIGNATURE"}),
        ),
        test("context/genuine-fails", "or to fail", "WrongVerdict", judging(tag, {"failed": "SIGNING_FAILED"})),
        test(
            "context/other-code",
            "refused, but for another reason",
            "WrongCode",
            judging(other, {"refused": "MALFORMED_SIGNATURE"}),
        ),
        *(
            test(
                f"context/other-{field}",
                f"accepted, but with another {field}",
                "WrongField",
                judging(tag, {"ok": {field: value}}),
            )
            for field, value in wrong.items()
        ),
        test(
            "context/sign-other-digit",
            "the last digit is another one",
            "WrongBytes",
            signing({"ok": {"signature": other}}),
        ),
        test("context/sign-longer-message", "one line end more", "WrongBytes", signing(as_message(data + b"\n"))),
        test("context/sign-no-message", "nothing is signed", "WrongBytes", signing(as_message(b""))),
        test("context/sign-fails", "it is to fail", "WrongVerdict", signing({"failed": "SIGNING_FAILED"})),
    )


def handshakes() -> Json:
    """Wrong answers to challenges."""
    answer = {
        "status": 200,
        "headers": [["Content-Type", "text/plain"], ["X-Content-Type-Options", "nosniff"]],
        "body": "c-7",
    }
    token = SECRETS["BILLING"]

    def asking(expect: Json, query: str = f"hub.mode=subscribe&hub.verify_token={token}&hub.challenge=c-7") -> Json:
        asked = {"method": "GET", "target": f"/hook?{query}", "headers": [], "body": ""}
        return {"op": "handshake", "webhook": "meta", "now": NOW, "request": asked, "expect": expect}

    meta = {"scheme": "whatsapp", "keys": [{"secret": "env:ORDERS"}], "verify_token": "env:BILLING"}
    wrong = {
        "status": answer | {"status": 202},
        "body": answer | {"body": "c-8"},
        "type": answer | {"headers": [["Content-Type", "text/html"], answer["headers"][1]]},
        "order": answer | {"headers": answer["headers"][::-1]},
        "header": answer | {"headers": answer["headers"][:1]},
    }
    refused = {"refused": "PERMISSION_DENIED"}
    return group(
        "handshakes",
        {"service": "orders", "services": {}, "webhooks": {"meta": meta}},
        *(
            test(
                f"handshake/other-{name}",
                f"answered, but with another {name}",
                "WrongBytes",
                asking({"ok": {"handshake": value}}),
            )
            for name, value in wrong.items()
        ),
        test("handshake/not-answered", "no answer is to come", "WrongVerdict", asking({"ok": {"handshake": None}})),
        test("handshake/refused", "it is to be refused", "WrongVerdict", asking(refused)),
        test(
            "handshake/other-code",
            "refused, but for another reason",
            "WrongCode",
            asking({"refused": "MALFORMED_REQUEST"}, "hub.mode=subscribe&hub.challenge=c-7"),
        ),
        test(
            "handshake/without-token-answered",
            "a stranger is to be answered",
            "WrongVerdict",
            asking({"ok": {"handshake": answer}}, "hub.mode=subscribe&hub.challenge=c-7"),
        ),
        test(
            "handshake/answered",
            "what is none is to be answered",
            "WrongVerdict",
            asking({"ok": {"handshake": answer}}, "a=b"),
        ),
    )


STS_BODY = "Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON"
ARN = "arn:aws:sts::123456789012:assumed-role/prod-billing-task/1"


def identities() -> Json:
    """Wrong questions to AWS, and wrong verdicts on its answers."""
    digits = hashlib.sha256(b"a signature that only AWS could verify").hexdigest()
    scope = "Credential=ASIACANARY0000000001/20260101/eu-central-1/sts/aws4_request"
    signed = "SignedHeaders=accept;content-type;host;x-amz-date;x-target-service"
    seal = f"AWS4-HMAC-SHA256 {scope}, {signed}, Signature={digits}"
    own = [["X-Target-Service", "orders"], ["X-Service-AWS-Date", "20260101T000000Z"]]
    request = {"method": "GET", "target": "/a", "headers": [*own, ["X-Service-AWS-Identity", seal]], "body": ""}
    result = {"Account": "123456789012", "Arn": ARN, "UserId": "A:1"}
    body = json.dumps({"GetCallerIdentityResponse": {"GetCallerIdentityResult": result}})
    question = {
        "method": "POST",
        "url": "https://sts.eu-central-1.amazonaws.com/",
        "headers": [
            ["Host", "sts.eu-central-1.amazonaws.com"],
            ["Accept", "application/json"],
            ["Content-Type", "application/x-www-form-urlencoded; charset=utf-8"],
            ["X-Target-Service", "orders"],
            ["X-Amz-Date", "20260101T000000Z"],
            ["Authorization", seal],
        ],
        "body": STS_BODY,
    }
    fields = question["headers"]

    def asking(expect: Json | None, status: int = 200) -> Json:
        answer = {"status": status, "body": body}
        return {
            "op": "ask_identity",
            "now": NOW,
            "request": request,
            "answer": answer,
            "expect": {"ok": {"question": expect}},
        }

    def judging(expect: Json) -> Json:
        return {"op": "verify", "now": NOW, "request": request, "expect": expect}

    wrong = {
        "url": question | {"url": "https://sts.amazonaws.com/"},
        "method": question | {"method": "GET"},
        "body": question | {"body": STS_BODY.replace("GetCallerIdentity", "GetSessionToken")},
        "order": question | {"headers": fields[::-1]},
        "header": question | {"headers": fields[:-1]},
        "digit": question
        | {"headers": [*fields[:-1], ["Authorization", seal[:-1] + ("0" if seal[-1] != "0" else "1")]]},
    }
    document = {
        "service": "orders",
        "accept": ["aws-identity"],
        "aws_identity": {
            "regions": ["eu-central-1"],
            "roles": {"arn:aws:iam::123456789012:role/prod-{service}-task": "{service}"},
        },
        "services": {"orders": {}, "billing": {}},
    }
    return group(
        "identities of AWS",
        document,
        *(
            test(f"identity/other-{name}", f"asked, but with another {name}", "WrongBytes", asking(value))
            for name, value in wrong.items()
        ),
        test("identity/not-asked", "nothing is to be asked", "WrongVerdict", asking(None)),
        test(
            "identity/unasked-accepted",
            "a proof is to be accepted that nobody was asked about",
            "WrongVerdict",
            judging({"ok": {}}),
        ),
        test(
            "identity/unasked-other-code",
            "refused, but for another reason",
            "WrongCode",
            judging({"refused": "INVALID_SIGNATURE"}),
        ),
        test(
            "identity/refused-by-aws-accepted",
            "a proof is to be accepted that AWS has refused",
            "WrongVerdict",
            asking(question, 403),
            judging({"ok": {}}),
        ),
        test(
            "identity/confirmed-refused",
            "a proof is to be refused that AWS has confirmed",
            "WrongVerdict",
            asking(question),
            judging({"refused": "INVALID_SIGNATURE"}),
        ),
        test(
            "identity/other-service",
            "accepted, but as another service",
            "WrongField",
            asking(question),
            judging({"ok": {"service": "orders"}}),
        ),
    )


def tokens() -> Json:
    """Wrong tokens, and wrong answers to who asks for one."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def written(**changes: Any) -> str:
        claims = {"iss": "orders", "sub": "billing", "aud": "stock", "iat": NOW, "exp": NOW + 300, "jti": NONCE}
        claims |= {"client_id": "billing", "permissions": ["/a"]} | changes
        head = {"alg": "HS256", "typ": "at+jwt", "kid": "2026"}
        parts = [encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims)]
        tag = hmac.digest(SECRETS["ORDERS"].encode(), ".".join(parts).encode(), "sha256")
        return ".".join([*parts, encoded(tag)])

    def answer(token: str, status: int = 200, headers: Json | None = None, scope: str = "/a") -> Json:
        fields = [["Content-Type", "application/json"], ["Cache-Control", "no-store"], ["Pragma", "no-cache"]]
        body = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope}
        text = json.dumps(body, separators=(",", ":"))
        return {"ok": {"status": status, "headers": fields if headers is None else headers, "body": text}}

    def answering(expect: Json, audience: str = "stock", caller: str | None = "billing") -> Json:
        form = f"grant_type=client_credentials&audience={audience}"
        asked = {"now": NOW, "nonce": NONCE, "caller": caller, "form": form}
        return {"op": "answer_token", **asked, "expect": expect}

    def issuing(expect: Json, **more: Any) -> Json:
        asked = {"now": NOW, "nonce": NONCE, "subject": "billing", "audience": "stock"}
        return {"op": "issue_token", **asked, **more, "expect": expect}

    good = written()
    answers = {
        "claim": answer(written(aud="orders")),
        "permission": answer(written(permissions=["/**"])),
        "scope": answer(good, scope="/**"),
        "status": answer(good, status=201),
        "headers": answer(good, headers=[["Content-Type", "application/json"]]),
    }
    return group(
        "tokens",
        {
            "service": "orders",
            "services": {
                "orders": {"keys": [{"id": "2026", "secret": "env:ORDERS"}]},
                "billing": {"allowed_targets": ["stock"], "permissions": ["/a"]},
            },
        },
        *(
            test(f"token/other-{name}", f"answered, but with another {name}", "WrongBytes", answering(value))
            for name, value in answers.items()
        ),
        test("token/answer-fails", "it is to fail", "WrongVerdict", answering({"failed": "SIGNING_FAILED"})),
        test("token/other-target-answered", "a target of nobody's", "WrongVerdict", answering(answer(good), "orders")),
        test("token/nobody-answered", "who has proved nothing", "WrongVerdict", answering(answer(good), caller=None)),
        test("token/issue-other-text", "another token", "WrongBytes", issuing({"ok": {"text": written(jti="x" * 16)}})),
        test("token/issue-other-life", "a longer life", "WrongField", issuing({"ok": {"lifetime": 301}})),
        test("token/issue-other-end", "another end", "WrongField", issuing({"ok": {"expires": NOW + 301}})),
        test("token/issue-wider", "more than is given", "WrongField", issuing({"ok": {"permissions": ["/**"]}})),
        test("token/issue-fails", "it is to fail", "WrongVerdict", issuing({"failed": "SIGNING_FAILED"})),
        test(
            "token/issue-wider-asked",
            "more is asked for than is given",
            "WrongVerdict",
            issuing({"ok": {}}, permissions=["/**"]),
        ),
    )


def text() -> str:
    """The whole file."""
    notes = {
        "WrongVerdict": {"meaning": "Success is expected of a failure, or a failure of a success."},
        "WrongCode": {"meaning": "The refusal is expected with another code."},
        "WrongField": {"meaning": "The verdict is right, and one field of it is expected to be another one."},
        "WrongBytes": {"meaning": "A header or the signed message is expected to have other bytes."},
    }
    groups = [make(scheme) for scheme in SCHEMES for make in (verdicts, signatures)] + documents()
    groups += [contexts(), handshakes(), identities(), tokens()]
    document = {
        "schema": "wiresign-vectors-1",
        "suite": "canary",
        "notes": notes,
        "groups": groups,
    }
    return json.dumps(document, indent=1) + "\n"


def main() -> int:
    """Write or compare the file."""
    if sys.argv[1:] == ["--check"]:
        return 0 if FILE.read_text(encoding="utf-8") == text() else 1
    FILE.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
