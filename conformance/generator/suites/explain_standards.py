"""Explanations of the standards: requests with one mistake each, and the causes that are named for it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import jose
from amazon import presigned, stamp
from amazon import signed as aws_signed
from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, SECRETS, STRANGER_KEY, registry
from identity import DATE, IDENTITY, TARGET, TOKEN, ask, asked, names, proof, to_sts
from messages import hmac_key, profiled
from model import accepted, refused
from request import Request
from suites import aws_identity, aws_sigv4, rfc9421
from wire import NOW

if TYPE_CHECKING:
    from model import Group, Suite
    from request import Json


def add(suite: Suite) -> None:
    """Add the groups of the standards."""
    _amazon(suite.group("signatures of AWS", aws_sigv4.config(), aws_sigv4.SECRETS))
    _messages(suite.group("message signatures", rfc9421.document(), SECRETS))
    tokens: dict[str, Json] = {"service": OWN, "accept": ["jwt"], "services": registry()}
    _tokens(suite.group("tokens", tokens, SECRETS))
    _identities(suite.group("identities of AWS", aws_identity.document(), aws_identity.ENV))


def explains(request: Request, verdict: str, *hints: str, now: int = NOW) -> Json:
    """Make a step that asks for an explanation."""
    expect: Json = {"ok": {"verdict": verdict, "hints": list(hints)}}
    return {"op": "explain", "now": now, "request": request.to_json(), "expect": expect}


def _rows(group: Group, standard: str, *rows: tuple[str, str, Request, str, str]) -> None:
    """Add requests with their verdicts, and the ids of the causes with blanks between."""
    for name, comment, request, verdict, hint in rows:
        hints = hint.split()
        last = accepted(request) if verdict == "OK" else refused(request, verdict)
        group.steps(f"{standard}-{name}", comment, "Explained", explains(request, verdict, *hints), last)


def _amazon(group: Group) -> None:
    signer, wrong = aws_sigv4.SIGNER, "INVALID_SIGNATURE"
    post = aws_sigv4.post(b"/invoices/a%20b?b=2&a=1", body=b'{"a":1}')
    good = aws_signed(signer, post)
    other = aws_sigv4.STRANGER.but(secret=aws_sigv4.SECRETS["OTHER_AWS_SECRET"])
    _rows(
        group,
        "aws-sigv4",
        ("right", "a request as it is signed", good, "OK", ""),
        ("body-spaces", "JSON was written anew", good.but(body=b'{"a": 1}'), wrong, "body-json-compact"),
        ("body-line-end", "a line end was added", good.but(body=b'{"a":1}\n'), wrong, "body-trailing-newline"),
        ("body-exchanged", "another body", good.but(body=b"something else"), wrong, "not-found"),
        ("secret-of-another", "the secret of another service", aws_signed(other, post), wrong, "key-of-other-service"),
        ("stranger", "a secret of nobody", aws_signed(aws_sigv4.STRANGER, post), wrong, "not-found"),
        ("s3", "a signer for S3", aws_signed(signer.but(s3=True), post), wrong, "aws-path-once"),
        (
            "region",
            "another region",
            aws_signed(signer.but(region="us-east-1"), post),
            "TARGET_NOT_ALLOWED",
            "aws-region",
        ),
        ("clock", "a slow clock", aws_signed(signer, post, now=NOW - 1000), "TIMESTAMP_OUTSIDE_WINDOW", "clock-skew"),
        (
            "key",
            "an id of nobody",
            aws_signed(signer.but(access_key="AKIDNOBODY0000000001"), post),
            "UNKNOWN_KEY",
            "key-id-other key-id-unknown",
        ),
        (
            "link",
            "a link whose query was changed",
            _changed(presigned(signer, aws_sigv4.get(b"/a?x=1"))),
            wrong,
            "not-found",
        ),
    )


def _changed(link: Request) -> Request:
    return link.but(target=link.target.replace(b"x=1", b"x=2"))


def _messages(group: Group) -> None:
    wrong = "INVALID_SIGNATURE"
    draft, plain = rfc9421.DRAFT, rfc9421.PLAIN
    good = profiled(plain, (draft, rfc9421.MAC))
    _rows(
        group,
        "rfc9421",
        ("right", "a request as it is signed", good, "OK", ""),
        ("method", "another method", good.but(method=b"PUT"), wrong, "method-other"),
        (
            "prefix",
            "a proxy has put a prefix before the path",
            good.but(target=b"/v1" + plain.target),
            wrong,
            "path-prefix-missing",
        ),
        ("authority", "a proxy has changed the host", good.set("Host", b"backend:8080"), wrong, "not-found"),
        (
            "body",
            "the body was written anew",
            good.but(body=b'{"image": 7}'),
            "DIGEST_MISMATCH",
            "body-json-compact body-changed",
        ),
        (
            "secret",
            "the secret of another service",
            profiled(plain, (draft, hmac_key(OTHER_KEY))),
            wrong,
            "key-of-other-service",
        ),
        (
            "secret-hex",
            "the secret was taken as hex",
            profiled(plain, (draft, hmac_key(bytes.fromhex(KEY.decode())))),
            wrong,
            "key-as-hex",
        ),
        ("stranger", "a secret of nobody", profiled(plain, (draft, hmac_key(STRANGER_KEY))), wrong, "not-found"),
        (
            "clock",
            "a slow clock",
            profiled(plain, (draft.but(created=NOW - 400), rfc9421.MAC)),
            "TIMESTAMP_OUTSIDE_WINDOW",
            "clock-skew",
        ),
        (
            "key",
            "a key of nobody",
            profiled(plain, (draft.but(keyid="partner/1"), rfc9421.MAC)),
            "UNKNOWN_SERVICE",
            "key-id-other key-id-unknown",
        ),
        ("half", "one of the two headers is missing", good.without("Signature"), "MISSING_SIGNATURE", "header-missing"),
    )


def _tokens(group: Group) -> None:
    def token(secret: bytes = KEY, kid: str = "2026-q1", scheme: str = "Bearer ", **changes: Json) -> Request:
        claims: dict[str, Json] = {"iss": CALLER, "aud": OWN, "iat": NOW, "exp": NOW + 300}
        head = json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid})
        text = jose.token(head, json.dumps(claims | changes), jose.hs(256, secret))
        return Request(method=b"GET", target=b"/a", headers=(("Authorization", scheme.encode() + text),))

    wrong = "INVALID_SIGNATURE"
    elsewhere = token(scheme="").renaming("Authorization", "X-Access-Token")
    _rows(
        group,
        "jwt",
        ("right", "a token as it is issued", token(), "OK", ""),
        ("secret", "the secret of another service", token(OTHER_KEY), wrong, "key-of-other-service"),
        ("secret-base64", "the secret was taken as base64", token(base64.b64decode(KEY)), wrong, "key-as-base64"),
        ("stranger", "a secret of nobody", token(STRANGER_KEY), wrong, "not-found"),
        ("audience", "a token for another service", token(aud=OTHER), "INVALID_TOKEN", "token-audience-service"),
        ("expired", "a token that has ended", token(exp=NOW - 100), "TOKEN_EXPIRED", "token-expired"),
        ("kid", "a key of nobody", token(kid="2025"), "UNKNOWN_KEY", "key-id-other key-id-unknown"),
        ("bearer", "no word before the token", token(scheme=""), "AUTHENTICATION_REQUIRED", "token-bearer-missing"),
        (
            "bearer-twice",
            "the word twice",
            token(scheme="Bearer Bearer "),
            "INVALID_TOKEN",
            "token-bearer-twice token-form",
        ),
        ("elsewhere", "a token in another header", elsewhere, "AUTHENTICATION_REQUIRED", "token-elsewhere"),
    )


def _identities(group: Group) -> None:
    signer = aws_identity.SIGNER
    usual = proof(signer)
    everything = set(names(to_sts(signer)))

    def covering(*left_out: str, more: str = "") -> Request:
        return proof(signer, covered=sorted(everything - set(left_out) | ({more} if more else set())))

    authorization = usual.renaming(IDENTITY, "Authorization").renaming(DATE, "X-Amz-Date")
    base = Request(method=b"GET", target=b"/orders/7", headers=(("Host", b"api.example.com"), (TARGET, OWN.encode())))
    own = aws_signed(signer.but(service="execute-api", token=None), base)
    away, malformed = "TARGET_NOT_ALLOWED", "MALFORMED_SIGNATURE"
    nobody = "AUTHENTICATION_REQUIRED"
    _rows(
        group,
        "aws-identity",
        ("not-asked", "nobody has asked AWS", usual, "IDENTITY_UNAVAILABLE", "identity-not-asked"),
        ("authorization", "the headers of AWS themselves", authorization, nobody, "identity-in-authorization"),
        ("own-request", "a signature of this request", own, nobody, "identity-of-request"),
        ("link", "a link", presigned(signer, base), nobody, "identity-link"),
        ("audience", "a proof for another service", proof(signer, target=OTHER), away, "identity-audience-other"),
        (
            "audience-unsigned",
            "the target is not covered",
            covering("x-target-service"),
            "INSUFFICIENT_COVERAGE",
            "identity-audience-unsigned",
        ),
        ("header-unsigned", "a header is not covered", covering("content-type"), malformed, "identity-header-unsigned"),
        ("token-missing", "the session token is not there", usual.without(TOKEN), malformed, "identity-token-missing"),
        (
            "token-unsigned",
            "the session token is not covered",
            covering("x-amz-security-token"),
            malformed,
            "identity-token-unsigned",
        ),
        ("global", "the global endpoint", proof(signer.but(region="us-east-1")), away, "identity-global-endpoint"),
        ("region", "another region", proof(signer.but(region="ap-south-1")), away, "identity-region"),
        ("service", "another service of AWS", proof(signer.but(service="s3")), away, "identity-service"),
        (
            "old",
            "a proof that was kept",
            proof(signer, now=NOW - 86_400 - 777),
            "TIMESTAMP_OUTSIDE_WINDOW",
            "identity-proof-old timestamp-stale",
        ),
        (
            "date",
            "a date of another form",
            usual.set(DATE, b"2026-01-01T00:00:00Z"),
            "INVALID_TIMESTAMP",
            "aws-date-form",
        ),
        (
            "day",
            "the date of another proof",
            usual.set(DATE, stamp(NOW + 86_400).encode()),
            "INVALID_TIMESTAMP",
            "aws-scope-day",
        ),
    )
    question = asked(signer)
    for name, answer, verdict, hint in (
        ("confirmed", aws_identity.GOOD, "OK", ""),
        (
            "signature",
            aws_identity.says(aws_identity.error("SignatureDoesNotMatch"), 403),
            "INVALID_SIGNATURE",
            "identity-signature",
        ),
        (
            "key",
            aws_identity.says(aws_identity.error("InvalidClientTokenId"), 403),
            "UNKNOWN_KEY",
            "identity-key-unknown",
        ),
        (
            "ended",
            aws_identity.says(aws_identity.error("ExpiredToken"), 403),
            "TOKEN_EXPIRED",
            "identity-token-expired",
        ),
        ("busy", aws_identity.says(b"", 503), "IDENTITY_UNAVAILABLE", "identity-busy"),
        ("form", aws_identity.says(b"<html/>"), "IDENTITY_UNAVAILABLE", "identity-answer-form"),
        ("no-answer", None, "IDENTITY_UNAVAILABLE", "identity-no-answer"),
        (
            "role",
            aws_identity.says(aws_identity.written(aws_identity.result(f"arn:aws:iam::{aws_identity.ACCOUNT}:root"))),
            "UNKNOWN_SERVICE",
            "identity-role-unmapped",
        ),
    ):
        hints = hint.split()
        last = accepted(usual) if verdict == "OK" else refused(usual, verdict)
        steps = (ask(usual, answer, question), explains(usual, verdict, *hints), last)
        group.steps(f"aws-identity-says-{name}", "what AWS has answered", "Explained", *steps)
