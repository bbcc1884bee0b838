"""The scheme `aws-identity`: what AWS is asked about a proof, and what follows from its answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from amazon import Signer, digest, presigned, signed, stamp
from fleet import CALLER, KEY, OTHER, OTHER_KEY, OWN, SECRETS, config, registry, secret
from identity import (
    BODY,
    DATE,
    IDENTITY,
    NOTHING,
    TARGET,
    TOKEN,
    ask,
    asked,
    host,
    names,
    proof,
    to_sts,
)
from model import Suite, accepted, check, refused, replace_config, sign, signs_as
from request import Request, text
from wire import NONCE, NOW, Call, Scheme, headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model import Flags, Group
    from request import Json

SCHEME = "aws-identity"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/prod-{{service}}-task"
USER = f"arn:aws:iam::{ACCOUNT}:user/ci/{{service}}"
ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/prod-{CALLER}-task/i-0a1b2c3d"
FAILS: Json = {"failed": "SIGNING_FAILED"}

SIGNER = Signer(
    access_key="ASIACALLER0000000001",
    secret=secret("aws, a role")[:40],
    service="sts",
    token="FwoGZXIvYXdzEBYaDH//////////+token==",
)
USER_SIGNER = SIGNER.but(access_key="AKIDCALLER0000000002", token=None)
ENV = SECRETS | {"ROLE_SECRET": SIGNER.secret, "ROLE_TOKEN": SIGNER.token or ""}

UNAVAILABLE = "IDENTITY_UNAVAILABLE"


def document(**members: Json) -> dict[str, Json]:
    """Return a config that takes proofs for two regions, of roles and of users of one account."""
    identities: dict[str, Json] = {
        "regions": ["eu-central-1", "eu-west-1"],
        "roles": {ROLE: "{service}", USER: "{service}"},
    }
    return {**config(services=registry()), "accept": [SCHEME], "aws_identity": identities, **members}


def identities(*regions: str, **roles: str) -> dict[str, Json]:
    """Return a config with these regions, and a role for each service."""
    patterns: dict[str, Json] = {arn: service for service, arn in roles.items()}
    return document(aws_identity={"regions": list(regions), "roles": patterns})


def result(arn: Json = ARN, account: Json = ACCOUNT, **more: Json) -> Json:
    """Return what AWS says of an identity."""
    return {"UserId": "AROAEXAMPLE:i-0a1b2c3d", "Account": account, "Arn": arn} | more


def written(value: Json) -> bytes:
    """Write what AWS says, in the place where it says it."""
    whole: Json = {
        "GetCallerIdentityResponse": {"GetCallerIdentityResult": value, "ResponseMetadata": {"RequestId": "r"}}
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def says(body: bytes, status: int = 200) -> Json:
    """Return an answer of AWS."""
    return {"status": status, "body": text(body)}


def error(code: str) -> bytes:
    """Return an error of AWS."""
    whole: Json = {"Error": {"Code": code, "Message": "a sentence", "Type": "Sender"}, "RequestId": "r"}
    return json.dumps(whole, separators=(",", ":")).encode()


GOOD = says(written(result()))


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite(SCHEME)
    group = suite.group("two regions and one account", document(), ENV)
    _genuine(group)
    _elsewhere(group)
    _forms(group)
    _times(group)
    _answers(group)
    _refusals(group)
    _arns(group)
    _kept(group)
    _patterns(suite)
    _partitions(suite)
    _policy(suite)
    _signing(suite)
    _documents(suite)
    return suite


def _judged(
    group: Group, name: str, comment: str, flags: Flags, answer: Json, verdict: str, *, arn_of: str = CALLER
) -> None:
    """Add an answer to the usual question. The verdict is a code, or OK."""
    request = proof(SIGNER)
    last = accepted(request, service=arn_of) if verdict == "OK" else refused(request, verdict)
    group.steps(name, comment, flags, ask(request, answer, asked(SIGNER)), last)


def _silent(
    group: Group, name: str, comment: str, flags: Flags, request: Request, code: str, *, now: int = NOW
) -> None:
    """Add a request that is refused without a question."""
    group.steps(name, comment, flags, ask(request, GOOD, NOTHING, now=now), refused(request, code, now=now))


def _genuine(group: Group) -> None:
    request = proof(SIGNER)
    step = accepted(
        request,
        service=CALLER,
        key=SIGNER.access_key,
        scheme=SCHEME,
        age=0,
        request_id=NONCE,
        covered=[],
        replay_key=None,
        retiring=False,
        public=False,
    )
    comment = "a role, with its session token, and what the result says about it"
    group.steps("role", comment, ("Genuine", "IdentityQuestion"), ask(request, GOOD, asked(SIGNER)), step)
    request = proof(USER_SIGNER)
    user = says(written(result(f"arn:aws:iam::{ACCOUNT}:user/ci/{OTHER}")))
    steps: tuple[Json, ...] = (
        ask(request, user, asked(USER_SIGNER)),
        accepted(request, service=OTHER, key=USER_SIGNER.access_key),
    )
    group.steps("user", "a user, without a session token", ("Genuine", "IdentityQuestion"), *steps)
    second = SIGNER.but(region="eu-west-1")
    request = proof(second)
    steps = (ask(request, GOOD, asked(second)), accepted(request, service=CALLER))
    group.steps("second-region", "the second of the regions", ("Genuine", "IdentityQuestion"), *steps)
    long = SIGNER.but(access_key="A" * 128, token="t" * 4096)
    request = proof(long)
    steps = (ask(request, GOOD, asked(long)), accepted(request, key=long.access_key))
    group.steps("longest-names", "the longest id and the longest token", ("Genuine", "IdentityQuestion"), *steps)
    value = proof(SIGNER).header(IDENTITY).decode()
    credential, covered, tag = value.removeprefix("AWS4-HMAC-SHA256 ").split(", ")
    for name, spelled in (
        ("no-spaces", f"AWS4-HMAC-SHA256 {credential},{covered},{tag}"),
        ("other-order", f"AWS4-HMAC-SHA256 {tag}, {credential}, {covered}"),
    ):
        request = proof(SIGNER).set(IDENTITY, spelled.encode())
        steps = (ask(request, GOOD, asked(SIGNER)), accepted(request, service=CALLER))
        comment = "a spelling that AWS takes too; the question has the one that this side writes"
        group.steps(f"spelled-{name}", comment, "IdentityQuestion", *steps)
    request = proof(SIGNER)
    for name, _ in request.headers:
        request = request.renaming(name, name.lower())
    steps = (ask(request, GOOD, asked(SIGNER)), accepted(request, service=CALLER))
    group.steps("names-in-lower-case", "names of headers have no letter case", ("Genuine", "HeaderNames"), *steps)
    request = proof(SIGNER)
    hostile = request.adding("Host", b"sts.evil.example").adding("X-Forwarded-Host", b"sts.evil.example")
    hostile = hostile.adding("Authorization", b"Bearer x").adding("X-Amz-Date", b"20200101T000000Z")
    steps = (ask(hostile, GOOD, asked(SIGNER)), accepted(hostile, service=CALLER))
    comment = "nothing else of the request has a part in the question"
    group.steps("other-headers", comment, "IdentityQuestion", *steps)
    request = proof(SIGNER, method=b"POST", path=b"/a?Action=AssumeRole", body=b"Action=AssumeRole")
    steps = (ask(request, GOOD, asked(SIGNER)), accepted(request, service=CALLER))
    group.steps("body-like-a-question", "nor have its query and its body", "IdentityQuestion", *steps)


def _elsewhere(group: Group) -> None:
    """Add proofs over other questions: this side asks its own, so that AWS says that the signature does not hold."""
    usual = to_sts(SIGNER)
    no = says(error("SignatureDoesNotMatch"), 403)
    for name, question, comment in (
        ("other-action", to_sts(SIGNER, body=BODY.replace(b"GetCallerIdentity", b"GetSessionToken")), "another action"),
        ("more-parameters", to_sts(SIGNER, body=BODY + b"&DurationSeconds=900"), "one parameter more"),
        ("fewer-parameters", to_sts(SIGNER, body=BODY.removesuffix(b"&ContentType=JSON")), "one parameter less"),
        ("other-version", to_sts(SIGNER, body=BODY.replace(b"2011-06-15", b"2011-06-16")), "another version"),
        ("as-get", usual.but(method=b"GET", target=b"/?" + BODY, body=b""), "a GET"),
        ("other-path", usual.but(target=b"/x"), "another path"),
        ("other-host", usual.set("Host", b"sts.amazonaws.com"), "the global endpoint"),
        ("host-of-region", usual.set("Host", host("us-east-1").encode()), "the endpoint of another region"),
        ("other-accept", usual.set("Accept", b"*/*"), "another form of answer"),
        ("other-type", usual.set("Content-Type", b"application/x-www-form-urlencoded"), "a type without a charset"),
        ("other-audience", usual.set(TARGET, OTHER.encode()), "another service, and this one is named beside it"),
        ("other-token", usual.set("X-Amz-Security-Token", b"another"), "another session token"),
        ("other-secret", None, "another secret"),
    ):
        signer = SIGNER if question else SIGNER.but(secret=secret("nobody")[:40])
        request = proof(signer, question=question)
        seal = request.header(IDENTITY)
        steps: tuple[Json, ...] = (ask(request, no, asked(SIGNER, seal=seal)), refused(request, "INVALID_SIGNATURE"))
        group.steps(f"signed-{name}", f"what was signed has {comment}", ("IdentityQuestion", "Tampered"), *steps)
    request = proof(SIGNER)
    digits = request.header(IDENTITY)
    changed = digits[:-1] + (b"0" if not digits.endswith(b"0") else b"1")
    comment = "one digit of the signature differs from that of a proof that was confirmed"
    other = request.set(IDENTITY, changed)
    steps = (
        ask(request, GOOD, asked(SIGNER)),
        ask(other, no, asked(SIGNER, seal=changed)),
        accepted(request, service=CALLER),
        refused(other, "INVALID_SIGNATURE"),
    )
    group.steps("digit", comment, ("IdentityAnswer", "Tampered"), *steps)


def _forms(group: Group) -> None:
    usual = proof(SIGNER)
    everything = names(to_sts(SIGNER))

    def covering(*covered: str) -> Request:
        return proof(SIGNER, covered=sorted(covered))

    def edited(old: bytes, new: bytes, field: str = IDENTITY) -> Request:
        value = usual.header(field)
        assert old in value
        return usual.set(field, value.replace(old, new, 1))

    for name in (TARGET, DATE, TOKEN, IDENTITY):
        again = usual.adding(name.lower(), usual.header(name))
        comment = f"{name} is there twice"
        _silent(group, f"twice-{name.lower()}", comment, "RepeatedHeader", again, "DUPLICATE_HEADER")
        joined = usual.set(name, usual.header(name) + b", " + usual.header(name))
        comment = f"two of {name} in one line"
        _silent(group, f"joined-{name.lower()}", comment, "RepeatedHeader", joined, "DUPLICATE_HEADER")
    for name, without, code in (
        ("target", usual.without(TARGET), "MISSING_TARGET"),
        ("date", usual.without(DATE), "MISSING_TIMESTAMP"),
        ("identity", usual.without(IDENTITY), "AUTHENTICATION_REQUIRED"),
        ("token", usual.without(TOKEN), "MALFORMED_SIGNATURE"),
        ("all", usual.without(TARGET, DATE, TOKEN, IDENTITY), "AUTHENTICATION_REQUIRED"),
    ):
        _silent(group, f"without-{name}", "a part of the proof is missing", "MissingHeader", without, code)
    request = usual.renaming(IDENTITY, "Authorization").renaming(DATE, "X-Amz-Date")
    comment = "the headers of AWS themselves, as for a request to AWS"
    _silent(group, "headers-of-aws", comment, "SchemeNotAccepted", request, "AUTHENTICATION_REQUIRED")
    base = Request(method=b"GET", target=b"/orders/7", headers=(("Host", b"api.example.com"), (TARGET, OWN.encode())))
    comment = "a signed link instead of a proof"
    request = presigned(SIGNER.but(token=None), base)
    _silent(group, "signed-link", comment, "SchemeNotAccepted", request, "AUTHENTICATION_REQUIRED")
    comment = "a signature of this request instead of one of the question"
    request = signed(SIGNER.but(token=None), base)
    _silent(group, "signed-request", comment, "SchemeNotAccepted", request, "AUTHENTICATION_REQUIRED")

    for name, request, comment in (
        ("target", covering(*(set(everything) - {"x-target-service"})), "the target is not covered"),
        ("target-alike", edited(b"x-target-service", b"x-target-services"), "a header with a name like it is"),
    ):
        _silent(group, f"uncovered-{name}", comment, "Uncovered", request, "INSUFFICIENT_COVERAGE")
    malformed = "MALFORMED_SIGNATURE"
    for name, covered, comment in (
        ("more", [*everything, "x-note"], "one header more"),
        ("no-host", set(everything) - {"host"}, "the host is not covered"),
        ("no-accept", set(everything) - {"accept"}, "the form of the answer is not covered"),
        ("no-type", set(everything) - {"content-type"}, "the type of the body is not covered"),
        ("no-date", set(everything) - {"x-amz-date"}, "the date is not covered"),
        (
            "no-token",
            set(everything) - {"x-amz-security-token"},
            "a session token beside a proof that does not cover it",
        ),
    ):
        _silent(group, f"covered-{name}", comment, ("Coverage", "ExactDecoding"), covering(*covered), malformed)
    request = edited(";".join(everything).encode(), ";".join(everything[::-1]).encode())
    _silent(group, "covered-other-order", "the names are not sorted", "ExactDecoding", request, malformed)
    request = edited(b"content-type;", b"Content-Type;")
    _silent(group, "covered-upper-case", "a name in upper case", "ExactDecoding", request, malformed)
    tag = usual.header(IDENTITY)[-64:]
    for name, request, comment in (
        ("upper-case-digits", edited(tag, tag.upper()), "digits in upper case"),
        ("short-signature", edited(tag, tag[:-1]), "63 digits"),
        ("long-signature", edited(tag, tag + b"0"), "65 digits"),
        ("no-digit", edited(tag, b"g" + tag[1:]), "a letter that is no digit"),
        ("short-scope", edited(b"/aws4_request", b""), "a credential of four parts"),
        ("long-scope", edited(b"/aws4_request", b"/aws4_request/x"), "a credential of six parts"),
        ("other-end", edited(b"aws4_request", b"aws5_request"), "another end of the credential"),
        ("short-key", edited(SIGNER.access_key.encode(), b"ASIA"), "an access key id of 4 letters"),
        ("long-key", edited(SIGNER.access_key.encode(), b"A" * 129), "one of 129"),
        ("key-with-mark", edited(b"ASIACALLER", b"ASIA-ALLER"), "one with a hyphen"),
    ):
        _silent(group, f"form-{name}", comment, "ExactDecoding", request, malformed)
    for name, old, new in (
        ("other", b"AWS4-HMAC-SHA256", b"AWS4-HMAC-SHA512"),
        ("asymmetric", b"AWS4-HMAC-SHA256", b"AWS4-ECDSA-P256-SHA256"),
        ("lower-case", b"AWS4-HMAC-SHA256", b"aws4-hmac-sha256"),
        ("bearer", b"AWS4-HMAC-SHA256", b"Bearer"),
        ("tab", b"SHA256 ", b"SHA256\t"),
        ("none", usual.header(IDENTITY), b""),
    ):
        _silent(
            group, f"algorithm-{name}", "another algorithm", "AlgorithmFixed", edited(old, new), "ALGORITHM_NOT_ALLOWED"
        )
    for name, value, comment in (
        ("empty", b"", "no text"),
        ("long", b"t" * 4097, "4097 bytes"),
        ("blank", b"a b", "a blank"),
        ("not-ascii", b"t\xc3\xa9", "letters outside ASCII"),
    ):
        request = usual.set(TOKEN, value)
        _silent(group, f"token-{name}", f"a session token of {comment}", "ExactDecoding", request, "INVALID_TOKEN")
    for name, request, comment in (
        ("region", proof(SIGNER.but(region="us-east-1")), "a region that is not in the config"),
        ("region-evil", edited(b"eu-central-1", b"evil.example"), "a region that is a host"),
        ("region-case", edited(b"eu-central-1", b"EU-CENTRAL-1"), "a region in upper case"),
        ("service-of-aws", proof(SIGNER.but(service="s3")), "another service of AWS"),
        ("target", proof(SIGNER, target=OTHER), "a proof for another service"),
        ("target-case", proof(SIGNER, target=OWN.upper()), "this service in upper case"),
        ("target-prefix", proof(SIGNER, target=OWN[:-1]), "a name that begins like this service's"),
        ("target-empty", usual.set(TARGET, b""), "no name"),
    ):
        _silent(group, f"other-{name}", comment, "OtherTarget", request, "TARGET_NOT_ALLOWED")


def _times(group: Group) -> None:
    for offset in (300, -300):
        request = proof(SIGNER, now=NOW - offset)
        steps: tuple[Json, ...] = (ask(request, GOOD, asked(SIGNER, now=NOW - offset)), accepted(request, age=offset))
        group.steps(f"age-{offset}".replace("--", "-minus-"), "the edge of the window", "Window", *steps)
    for offset in (301, -301, 86400):
        request = proof(SIGNER, now=NOW - offset)
        name = f"age-{offset}".replace("--", "-minus-")
        _silent(group, name, "outside of the window", "Window", request, "TIMESTAMP_OUTSIDE_WINDOW")
    usual = proof(SIGNER)
    for name, value in (
        ("empty", b""),
        ("no-z", b"20260101T000000"),
        ("lower-case", b"20260101t000000z"),
        ("unix", str(NOW).encode()),
        ("iso", b"2026-01-01T00:00:00Z"),
        ("hour-24", b"20260101T240000Z"),
        ("second-60", b"20260101T000060Z"),
        ("fraction", b"20260101T000000.0Z"),
        ("blank", b" 20260101T000000Z "),
        ("other-day", stamp(NOW + 86400).encode()),
        ("not-ascii", "２0260101T000000Z".encode()),
    ):
        request = usual.set(DATE, value)
        comment = "a date of another form, or another day than the credential's"
        _silent(group, f"date-{name}", comment, "StrictTimestamp", request, "INVALID_TIMESTAMP")


def _answers(group: Group) -> None:
    """Add answers that say nothing: nobody is let in by them, and nobody is called a forger."""
    xml = f"<GetCallerIdentityResult><Arn>{ARN}</Arn><Account>{ACCOUNT}</Account></GetCallerIdentityResult>"
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    good = written(result())
    arn = json.dumps(ARN)
    inner = f'"Account":"{ACCOUNT}","Arn":{arn}'
    other = f"arn:aws:sts::{ACCOUNT}:assumed-role/prod-{OTHER}-task/x"

    def xml_of(content: str) -> bytes:
        return f'<GetCallerIdentityResponse xmlns="{space}">{content}</GetCallerIdentityResponse>'.encode()

    def around(members: str) -> bytes:
        return f'{{"GetCallerIdentityResponse":{{"GetCallerIdentityResult":{{{members}}}}}}}'.encode()

    for name, body, comment in (
        ("empty", b"", "nothing"),
        ("null", b"null", "null"),
        ("text", arn.encode(), "the ARN as a text"),
        ("list", b"[" + good + b"]", "a list"),
        ("not-utf8", good.replace(b"i-0a1b2c3d", b"\xff"), "bytes that are not UTF-8"),
        ("byte-order-mark", b"\xef\xbb\xbf" + good, "a byte order mark first"),
        ("cut", good[:-1], "the last byte is missing"),
        ("more", good + b"x", "a letter behind the end"),
        ("twice", good + good, "two documents"),
        ("comma", around(inner + ","), "a comma too many"),
        ("single-quotes", around(inner).replace(b'"', b"'"), "single quotes"),
        ("comment", b"/* ok */" + good, "a comment"),
        ("control", good.replace(b"i-0a1b2c3d", b"i\n"), "a line end inside of a text"),
        ("half-surrogate", good.replace(b"i-0a1b2c3d", rb"\ud800"), "half of a character"),
        ("arn-twice", around(f'{inner},"Arn":{json.dumps(other)}'), "two ARNs"),
        ("arn-twice-first", around(f'"Arn":{json.dumps(other)},{inner}'), "two ARNs, the good one last"),
        (
            "arn-twice-escaped",
            around(f'{inner},"\\u0041rn":{json.dumps(other)}'),
            "two ARNs, one spelled with an escape",
        ),
        ("result-twice", b'{"GetCallerIdentityResponse":{},' + good[1:], "two responses"),
        ("arn-missing", around(f'"Account":"{ACCOUNT}"'), "no ARN"),
        ("account-missing", around(f'"Arn":{arn}'), "no account"),
        ("arn-null", written(result(None)), "null for an ARN"),
        ("arn-list", written(result([ARN])), "a list of ARNs"),
        ("arn-object", written(result({"Arn": ARN})), "an object for an ARN"),
        ("arn-number", written(result(7)), "a number for an ARN"),
        ("arn-lower-case", around(inner.replace('"Arn"', '"arn"')), "a name in lower case"),
        ("account-number", written(result(account=int(ACCOUNT))), "the account as a number"),
        ("account-other", written(result(account="210987654321")), "another account than the ARN's"),
        ("flat", json.dumps(result()).encode(), "without what is around it"),
        ("other-action", good.replace(b"GetCallerIdentity", b"GetAccessKeyInfo"), "the answer to another question"),
        ("deeper", b'{"x":' + good + b"}", "one level deeper"),
        ("result-list", written([result()]), "a list of results"),
        ("error", error("Throttling"), "an error with the status of a success"),
        ("long", good + b" " * (16 * 1024 + 1 - len(good)), "16385 bytes"),
        ("html", b"<!doctype html><title>login</title>", "a page"),
        ("xml", xml_of(xml), "XML, which nobody asked for"),
        ("xml-declared", b'<?xml version="1.0"?>' + xml_of(xml), "XML with its declaration"),
        ("xml-entity", xml_of(xml.replace("prod-", "&#112;rod-")), "XML with an entity"),
        (
            "xml-doctype",
            f'<!DOCTYPE a [<!ENTITY r "{ARN}">]>'.encode() + xml_of(xml.replace(ARN, "&r;")),
            "an entity of its own",
        ),
        ("xml-cdata", xml_of(xml.replace(ARN, f"<![CDATA[{ARN}]]>")), "XML with CDATA"),
        ("xml-comment", xml_of(xml.replace("prod-", "prod-<!-- x -->")), "XML with a comment"),
        ("xml-two-arns", xml_of(xml + xml.replace(CALLER, OTHER)), "XML with two ARNs"),
        (
            "xml-other-namespace",
            xml_of(xml).replace(space.encode(), b"https://evil.example/"),
            "XML of another name space",
        ),
        ("xml-prefix", xml_of(xml.replace("<Arn>", "<a:Arn>").replace("</Arn>", "</a:Arn>")), "XML with a prefix"),
    ):
        flags = ("IdentityAnswer", "SizeLimit") if name == "long" else "IdentityAnswer"
        _judged(
            group, f"answer-{name}", f"an answer that is not what AWS writes: {comment}", flags, says(body), UNAVAILABLE
        )
    for name, body, comment in (
        ("white-space", json.dumps(json.loads(good), indent=2).encode(), "white space"),
        ("escapes", good.replace(b"prod-", rb"\u0070rod-").replace(b"/", rb"\/"), "escapes that a JSON writer may use"),
        ("other-members", written(result(More={"Arn": other}, List=[other])), "members that nobody knows"),
        ("other-order", around(f'"Arn":{arn},"Account":"{ACCOUNT}"'), "another order, and no user id"),
        ("longest", good + b" " * (16 * 1024 - len(good)), "16384 bytes"),
    ):
        _judged(group, f"answer-{name}", f"JSON has several spellings: {comment}", "IdentityAnswer", says(body), "OK")
    for status in (
        100,
        199,
        201,
        202,
        203,
        204,
        206,
        301,
        302,
        303,
        307,
        308,
        404,
        405,
        429,
        500,
        502,
        503,
        504,
        599,
    ):
        comment = "only with the status 200 an answer says who it is"
        _judged(group, f"status-{status}", comment, "IdentityAnswer", says(good, status), UNAVAILABLE)
    request = proof(SIGNER)
    steps: tuple[Json, ...] = (ask(request, None, asked(SIGNER)), refused(request, UNAVAILABLE))
    group.steps("no-answer", "no answer came", "IdentityAnswer", *steps)
    group.refuse("not-asked", "nobody has asked", "IdentityAnswer", request, UNAVAILABLE)
    group.steps(
        "not-asked-stream",
        "nobody has asked, and the body comes in pieces",
        ("IdentityAnswer", "Stream"),
        refused(proof(SIGNER, method=b"POST", body=b"abc"), UNAVAILABLE, chunks=[1]),
    )


def _refusals(group: Group) -> None:
    for status, code, verdict in (
        (403, "SignatureDoesNotMatch", "INVALID_SIGNATURE"),
        (400, "IncompleteSignature", "INVALID_SIGNATURE"),
        (403, "InvalidSignatureException", "INVALID_SIGNATURE"),
        (403, "AccessDenied", "INVALID_SIGNATURE"),
        (403, "InvalidClientTokenId", "UNKNOWN_KEY"),
        (403, "UnrecognizedClientException", "UNKNOWN_KEY"),
        (403, "ExpiredToken", "TOKEN_EXPIRED"),
        (400, "ExpiredTokenException", "TOKEN_EXPIRED"),
        (401, "SignatureDoesNotMatch", "INVALID_SIGNATURE"),
        (400, "Throttling", UNAVAILABLE),
        (400, "InvalidAction", UNAVAILABLE),
        (401, "Whatever", UNAVAILABLE),
        (500, "SignatureDoesNotMatch", UNAVAILABLE),
        (503, "ExpiredToken", UNAVAILABLE),
    ):
        name = f"error-{status}-{code}"
        _judged(group, name, "an error, by its code", "IdentityAnswer", says(error(code), status), verdict)
    for name, status, body, verdict in (
        ("403-empty", 403, b"", "INVALID_SIGNATURE"),
        (
            "403-xml",
            403,
            b"<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>",
            "INVALID_SIGNATURE",
        ),
        ("403-identity", 403, written(result()), "INVALID_SIGNATURE"),
        ("403-two-codes", 403, b'{"Error":{"Code":"ExpiredToken","Code":"InvalidClientTokenId"}}', "INVALID_SIGNATURE"),
        ("400-empty", 400, b"", UNAVAILABLE),
        ("400-identity", 400, written(result()), UNAVAILABLE),
        ("401-xml", 401, b"<ErrorResponse/>", UNAVAILABLE),
        ("400-code-elsewhere", 400, b'{"Code":"ExpiredToken"}', UNAVAILABLE),
        ("400-code-number", 400, b'{"Error":{"Code":7}}', UNAVAILABLE),
    ):
        comment = "an error that says nothing but its status"
        _judged(group, f"error-{name}", comment, "IdentityAnswer", says(body, status), verdict)


def _arns(group: Group) -> None:
    def said(name: str, arn: str, verdict: str, comment: str, account: str = ACCOUNT) -> None:
        _judged(group, f"arn-{name}", comment, "IdentityName", says(written(result(arn, account))), verdict)

    sts, iam = f"arn:aws:sts::{ACCOUNT}:", f"arn:aws:iam::{ACCOUNT}:"
    role = f"prod-{CALLER}-task"
    for name, session in (("marks", "a+b=c,d.e@f-g_h"), ("64", "s" * 64)):
        said(f"session-{name}", f"{sts}assumed-role/{role}/{session}", "OK", "the caller chooses the session's name")
    said("user", f"{iam}user/ci/{CALLER}", "OK", "a user of the second pattern")
    unknown = "UNKNOWN_SERVICE"
    for name, arn, comment in (
        ("empty", f"::::{ACCOUNT}", "nothing but an account"),
        ("root", f"{iam}root", "the root of the account"),
        ("role-itself", f"{iam}role/{role}", "a role, which never calls by itself"),
        ("federated", f"{sts}federated-user/{CALLER}", "a federated user"),
        ("no-session", f"{sts}assumed-role/{role}", "no session"),
        ("empty-session", f"{sts}assumed-role/{role}/", "a session without a name"),
        ("long-session", f"{sts}assumed-role/{role}/" + "s" * 65, "a session's name that is too long"),
        ("two-sessions", f"{sts}assumed-role/{role}/a/b", "a path behind the role"),
        ("path-before", f"{sts}assumed-role/x/{role}/b", "a path before the role"),
        ("session-like-role", f"{sts}assumed-role/x/{role}", "the role's name as that of the session"),
        ("longer-role", f"{sts}assumed-role/{role}x/s", "a role with a longer name"),
        ("role-before", f"{sts}assumed-role/x{role}/s", "a role with a letter before its name"),
        ("upper-case", f"{sts}assumed-role/{role.upper()}/s", "a role in upper case"),
        ("case-of-service", f"{sts}assumed-role/prod-{CALLER.capitalize()}-task/s", "a service in upper case"),
        ("no-service", f"{sts}assumed-role/prod--task/s", "a role without a service"),
        ("overlap", f"{sts}assumed-role/prod-task/s", "a role in which both halves share a hyphen"),
        ("nobody", f"{sts}assumed-role/prod-nobody-task/s", "a role of a service that is not known"),
        ("user-other-path", f"{iam}user/{CALLER}", "a user without the path"),
        ("user-longer-path", f"{iam}user/ci/x/{CALLER}", "a user with a longer path"),
        ("user-as-role", f"{iam}user/{role}", "a user with the name of the role"),
        ("role-as-user", f"{sts}assumed-role/{CALLER}/s", "a role with the name of the user"),
        ("other-partition", ARN.replace("arn:aws:", "arn:aws-cn:"), "another partition"),
        ("unknown-partition", ARN.replace("arn:aws:", "arn:aws-x:"), "a partition that nobody knows"),
        ("region", ARN.replace(":sts::", ":sts:eu-central-1:"), "a region in the ARN"),
        ("iam-role", ARN.replace(":sts:", ":iam:"), "another service of AWS"),
        ("line-end", ARN + "\n", "a line end"),
        ("blank", " " + ARN, "a blank before it"),
        ("upper-case-arn", ARN.replace("arn:", "ARN:", 1), "ARN in upper case"),
    ):
        said(name, arn, unknown, comment)
    other = "210987654321"
    said("other-account", ARN.replace(ACCOUNT, other), unknown, "another account", account=other)


def _kept(group: Group) -> None:
    first = proof(SIGNER)
    second = proof(SIGNER, method=b"DELETE", path=b"/orders/8", body=b"")
    known = ask(first, GOOD, asked(SIGNER))
    steps: tuple[Json, ...] = (
        known,
        accepted(first, service=CALLER),
        ask(second, None, NOTHING),
        accepted(second, service=CALLER),
        accepted(first, service=CALLER),
        accepted(first, now=NOW + 300, age=300),
        ask(first, None, NOTHING, now=NOW + 301),
        refused(first, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 301),
    )
    comment = "a proof says who calls, and nothing of the request: it holds for all, until it ends"
    group.steps("kept-until-the-end", comment, ("IdentityAnswer", "Repetition", "Window"), *steps)
    for name, answer, seconds, code in (
        ("refusal", says(error("SignatureDoesNotMatch"), 403), 30, "INVALID_SIGNATURE"),
        ("unknown-role", says(written(result(f"arn:aws:iam::{ACCOUNT}:root"))), 30, "UNKNOWN_SERVICE"),
        ("failure", says(b"", 503), 5, UNAVAILABLE),
        ("no-answer", None, 5, UNAVAILABLE),
        ("malformed", says(b"{}"), 5, UNAVAILABLE),
    ):
        last = NOW + seconds - 1
        steps = (
            ask(first, answer, asked(SIGNER)),
            ask(first, GOOD, NOTHING, now=last),
            refused(first, code, now=last),
            ask(first, GOOD, asked(SIGNER), now=last + 1),
            accepted(first, now=last + 1, service=CALLER),
        )
        comment = f"what was refused is asked again after {seconds} seconds, and not before"
        group.steps(f"kept-{name}", comment, "IdentityAnswer", *steps)
    none = SIGNER.but(token=None)
    for name, request, question in (
        (
            "other-key",
            proof(SIGNER.but(access_key="ASIACALLER0000000009")),
            SIGNER.but(access_key="ASIACALLER0000000009"),
        ),
        ("other-token", proof(SIGNER.but(token="another")), SIGNER.but(token="another")),
        ("other-region", proof(SIGNER.but(region="eu-west-1")), SIGNER.but(region="eu-west-1")),
        ("no-token", proof(none), none),
    ):
        steps = (known, ask(request, None, asked(question)), refused(request, UNAVAILABLE))
        comment = "an answer belongs to the whole proof that was asked about"
        group.steps(f"not-of-{name}", comment, ("IdentityAnswer", "VerifiedIdentity"), *steps)
    later = proof(SIGNER, now=NOW + 60)
    steps = (
        known,
        ask(later, None, asked(SIGNER, now=NOW + 60), now=NOW + 60),
        refused(later, UNAVAILABLE, now=NOW + 60),
    )
    group.steps("not-of-later", "the proof of the next minute is another one", "IdentityAnswer", *steps)
    seal = first.header(IDENTITY)
    moved = first.set(DATE, stamp(NOW + 1).encode())
    steps = (
        known,
        ask(moved, says(error("SignatureDoesNotMatch"), 403), asked(SIGNER, now=NOW + 1, seal=seal)),
        refused(moved, "INVALID_SIGNATURE"),
    )
    group.steps("not-of-moved-date", "a proof with another time", ("IdentityAnswer", "Tampered"), *steps)
    roles: dict[str, Json] = {f"arn:aws:iam::{ACCOUNT}:role/x-{{service}}": "{service}"}
    gone = document(aws_identity={"regions": ["eu-central-1"], "roles": roles})
    steps = (known, replace_config(gone, {"ok": {}}), refused(first, "UNKNOWN_SERVICE"))
    group.steps("role-taken-away", "a role that is no longer in the config", "ConfigReplaced", *steps)
    west = document(aws_identity={"regions": ["eu-west-1"], "roles": {ROLE: "{service}"}})
    steps = (known, replace_config(west, {"ok": {}}), refused(first, "TARGET_NOT_ALLOWED"))
    group.steps("region-taken-away", "a region that is no longer in the config", "ConfigReplaced", *steps)


def _patterns(suite: Suite) -> None:
    request = proof(SIGNER)
    question = ask(request, GOOD, asked(SIGNER))
    for name, roles, service, comment in (
        ("fixed", {f"arn:aws:iam::{ACCOUNT}:role/prod-{CALLER}-task": OTHER}, OTHER, "a pattern without a gap"),
        (
            "renamed",
            {f"arn:aws:iam::{ACCOUNT}:role/prod-image-{{service}}-task": "image-{service}"},
            CALLER,
            "text in the id",
        ),
        (
            "agree",
            {ROLE: "{service}", f"arn:aws:iam::{ACCOUNT}:role/prod-{CALLER}-task": CALLER},
            CALLER,
            "two that agree",
        ),
        (
            "differ",
            {ROLE: "{service}", f"arn:aws:iam::{ACCOUNT}:role/prod-{CALLER}-task": OTHER},
            None,
            "two that differ",
        ),
        (
            "wide",
            {ROLE: "{service}", f"arn:aws:iam::{ACCOUNT}:role/{{service}}": "{service}"},
            None,
            "a wide one beside it",
        ),
        ("none", {}, None, "no pattern"),
    ):
        patterns: dict[str, Json] = dict(roles)
        config = document(aws_identity={"regions": ["eu-central-1"], "roles": patterns})
        group = suite.group(f"patterns: {comment}", config, ENV)
        last = refused(request, "UNKNOWN_SERVICE") if service is None else accepted(request, service=service)
        group.steps(f"pattern-{name}", comment, "IdentityName", question, last)


def _partitions(suite: Suite) -> None:
    for name, partition, region in (("china", "aws-cn", "cn-north-1"), ("gov", "aws-us-gov", "us-gov-west-1")):
        pattern = ROLE.replace("arn:aws:", f"arn:{partition}:")
        config = document(aws_identity={"regions": [region], "roles": {pattern: "{service}"}})
        group = suite.group(f"the partition {partition}", config, ENV)
        signer = SIGNER.but(region=region)
        request = proof(signer)
        own = says(written(result(ARN.replace("arn:aws:", f"arn:{partition}:"))))
        steps: tuple[Json, ...] = (ask(request, own, asked(signer)), accepted(request, service=CALLER))
        group.steps(f"partition-{name}", "a region with its own endpoint", ("Genuine", "IdentityQuestion"), *steps)
        steps = (ask(request, GOOD, asked(signer)), refused(request, "UNKNOWN_SERVICE"))
        group.steps(f"partition-{name}-other", "an identity of another partition", "IdentityName", *steps)


def _policy(suite: Suite) -> None:
    usual = proof(SIGNER)
    question = ask(usual, GOOD, asked(SIGNER))

    def of(name: str, flag: str, comment: str, config: Json, *steps: Json) -> None:
        suite.group(f"policy: {name}", config, ENV).steps(f"policy-{name}", comment, flag, *steps)

    def route(**members: Json) -> dict[str, Json]:
        return document(routes=[{"match": "/orders/*"} | members])

    known = registry(caller={"allowed_targets": [OTHER]})
    comment = "the registry says whom a caller may call"
    of("target", "AllowedTarget", comment, document(services=known), question, refused(usual, "TARGET_NOT_ALLOWED"))
    known = registry(caller={"permissions": ["POST /orders/*"]})
    comment = "what a caller may do is in the registry"
    of("permission", "Permission", comment, document(services=known), question, refused(usual, "PERMISSION_DENIED"))
    comment = "a route may be limited to some services"
    of("service", "RouteService", comment, route(services=[OTHER]), question, refused(usual, "SERVICE_NOT_ALLOWED"))
    comment = "a proof alone opens no strict route, and nobody is asked"
    steps: tuple[Json, ...] = (ask(usual, GOOD, NOTHING), refused(usual, "INSUFFICIENT_COVERAGE"))
    of("strict", "Uncovered", comment, route(strict=True), *steps)
    comment = "a route that takes another scheme asks nobody"
    steps = (ask(usual, GOOD, NOTHING), refused(usual, "AUTHENTICATION_REQUIRED"))
    of("other-scheme", "RouteScheme", comment, route(accept=["service-hmac-v2"]), *steps)
    comment = "a public route asks nobody"
    steps = (ask(usual, GOOD, NOTHING), accepted(usual, public=True, service=None))
    of("public", "PublicRoute", comment, route(public=True), *steps)
    comment = "an optional route without a proof asks nobody"
    bare = Request(method=b"GET", target=b"/orders/7")
    steps = (ask(bare, GOOD, NOTHING), accepted(bare, service=None))
    of("optional", "OptionalRoute", comment, route(optional=True), *steps)
    comment = "a proof on an optional route is judged in full"
    steps = (ask(usual, says(b"", 403), asked(SIGNER)), refused(usual, "INVALID_SIGNATURE"))
    of("optional-wrong", "OptionalRoute", comment, route(optional=True), *steps)
    both = route(require_all=[SCHEME, "service-hmac-v2"])
    call = Call(method=b"GET", target=b"/orders/7", body=b"")

    def beside(call: Call, key: bytes) -> Request:
        own = {name for name, _ in usual.headers}
        more = [field for field in headers(Scheme.SERVICE_HMAC_V2, call, key) if field[0] not in own]
        return Request(method=b"GET", target=b"/orders/7", headers=(*usual.headers, *more))

    signed_too = beside(call, KEY)
    steps = (ask(signed_too, GOOD, asked(SIGNER)), accepted(signed_too, service=CALLER, scheme="service-hmac-v2"))
    of("both", "RequireAll", "a signature of the same service beside the proof", both, *steps)
    steps = (ask(usual, GOOD, NOTHING), refused(usual, "AUTHENTICATION_REQUIRED"))
    of("both-missing", "RequireAll", "the signature is missing, and nobody is asked", both, *steps)
    stranger = beside(call.but(service=OTHER.encode()), OTHER_KEY)
    steps = (ask(stranger, GOOD, asked(SIGNER)), refused(stranger, "AMBIGUOUS_CREDENTIALS"))
    of("both-differ", "RequireAll", "the signature of another service beside the proof", both, *steps)
    none = document(accept=["service-hmac-v2"])
    steps = (ask(usual, GOOD, NOTHING), refused(usual, "AUTHENTICATION_REQUIRED"))
    of("not-accepted", "SchemeNotAccepted", "a service that takes no proofs asks nobody", none, *steps)
    narrow = document(window={"past": 60, "future": 10})
    old = proof(SIGNER, now=NOW - 61)
    steps = (ask(old, GOOD, NOTHING), refused(old, "TIMESTAMP_OUTSIDE_WINDOW"))
    of("window", "Window", "the window of the config", narrow, *steps)


def _signing(suite: Suite) -> None:
    def signer(*keys: Mapping[str, Json], **members: Json) -> dict[str, Json]:
        usual: Json = {"id": SIGNER.access_key, "secret": "env:ROLE_SECRET", "session_token": "env:ROLE_TOKEN"}
        listed: list[Json] = list(keys) or [usual]
        return document(sign_with=SCHEME, services=registry(own={"aws_keys": listed}), **members)

    unsigned = Request(method=b"POST", target=b"/a?b=1", headers=(("X-Note", b"1"),), body=b"{}")

    def makes(group: Group, name: str, comment: str, who: Signer, now: int, at: int) -> None:
        question = to_sts(who, target=OTHER, now=at)
        canonical = who.canonical(question, names(question), digest(BODY)).encode()
        fields = proof(who, target=OTHER, now=at).headers
        group.steps(name, comment, "Signing", sign(unsigned, signs_as(fields, canonical), now=now, target=OTHER))

    group = suite.group("signing with temporary credentials", signer(), ENV)
    makes(group, "sign", "the headers in their order, and what is signed", SIGNER, NOW, NOW)
    makes(group, "sign-same-minute", "the same proof for a whole minute", SIGNER, NOW + 59, NOW)
    makes(group, "sign-next-minute", "and another one for the next", SIGNER, NOW + 60, NOW + 60)
    group.steps("sign-no-target", "a proof is for one service", "CannotSign", sign(unsigned, FAILS, target=None))
    group.steps(
        "sign-bad-nonce", "a request id that is none", "CannotSign", sign(unsigned, FAILS, nonce="a b", target=OTHER)
    )
    plain: dict[str, Json] = {"id": USER_SIGNER.access_key, "secret": "env:ROLE_SECRET"}
    group = suite.group("signing with the key of a user", signer(plain), ENV)
    makes(group, "sign-user", "without a session token there is one header less", USER_SIGNER, NOW, NOW)
    early = plain | {"not_before": "2026-02-01T00:00:00Z"}
    group = suite.group("signing with a key that is not valid yet", signer(early), ENV)
    group.steps("sign-no-valid-key", "no key is valid", "CannotSign", sign(unsigned, FAILS, target=OTHER))
    west: dict[str, Json] = {"regions": ["eu-west-1", "eu-central-1"], "roles": {ROLE: "{service}"}}
    group = suite.group("signing for another region", signer(aws_identity=west), ENV)
    makes(group, "sign-first-region", "the first region is signed for", SIGNER.but(region="eu-west-1"), NOW, NOW)


def _documents(suite: Suite) -> None:
    def config(name: str, comment: str, member: Json, *pointers: str) -> None:
        expect: Json = {"config_errors": sorted(pointers)} if pointers else {"ok": {}}
        group = suite.group(f"documents: {comment}", document(aws_identity=member), ENV)
        group.steps(f"config-{name}", comment, "ConfigValue" if pointers else "ConfigAccepted", check(expect))

    at = "/aws_identity"
    regions: list[Json] = ["eu-central-1"]
    config("good", "regions and roles", {"regions": regions, "roles": {ROLE: "{service}"}})
    config("no-regions", "no regions", {"roles": {ROLE: "{service}"}}, f"{at}/regions")
    config("more", "a member that nobody knows", {"regions": regions, "roles": {}, "role": {}}, f"{at}/role")
    for name, region in (
        ("host", "sts.evil.example"),
        ("slash", "eu-central-1/x"),
        ("upper-case", "EU-CENTRAL-1"),
        ("two-parts", "eu-central"),
        ("empty", ""),
        ("empty-part", "eu--1"),
        ("digit-first", "1-eu-1"),
        ("long", "eu-" + "a" * 28 + "-1"),
        ("number", 1),
    ):
        config(
            f"region-{name}", f"a region that is none: {name}", {"regions": [region], "roles": {}}, f"{at}/regions/0"
        )
    config("region-twice", "a region twice", {"regions": regions * 2, "roles": {}}, f"{at}/regions/1")
    for name, arn, service in (
        ("no-arn", "prod-{service}-task", "{service}"),
        ("any-account", "arn:aws:iam::*:role/{service}-x", "{service}"),
        ("no-account", "arn:aws:iam:::role/{service}-x", "{service}"),
        ("short-account", "arn:aws:iam::12345678901:role/{service}-x", "{service}"),
        ("other-partition", f"arn:other:iam::{ACCOUNT}:role/{{service}}-x", "{service}"),
        ("assumed-role", f"arn:aws:sts::{ACCOUNT}:assumed-role/{{service}}/x", "{service}"),
        ("group", f"arn:aws:iam::{ACCOUNT}:group/{{service}}-x", "{service}"),
        ("root", f"arn:aws:iam::{ACCOUNT}:root", CALLER),
        ("no-name", f"arn:aws:iam::{ACCOUNT}:role/", CALLER),
        ("path", f"arn:aws:iam::{ACCOUNT}:role/path/x-{{service}}", "{service}"),
        ("two-gaps", f"arn:aws:iam::{ACCOUNT}:role/{{service}}-{{service}}", "{service}"),
        ("two-gaps-in-id", f"arn:aws:iam::{ACCOUNT}:role/x-{{service}}", "{service}{service}"),
        ("gap-only-in-arn", f"arn:aws:iam::{ACCOUNT}:role/x-{{service}}", CALLER),
        ("gap-only-in-id", f"arn:aws:iam::{ACCOUNT}:role/x", "{service}"),
        ("star", f"arn:aws:iam::{ACCOUNT}:role/prod-*", CALLER),
        ("other-gap", f"arn:aws:iam::{ACCOUNT}:role/{{name}}", CALLER),
        ("unknown-service", f"arn:aws:iam::{ACCOUNT}:role/x", "nobody"),
    ):
        pointer = f"{at}/roles/" + arn.replace("~", "~0").replace("/", "~1")
        comment = f"a role that could let in others: {name}"
        config(f"role-{name}", comment, {"regions": regions, "roles": {arn: service}}, pointer)
    group = suite.group("documents: nothing said of identities", document(aws_identity=None), ENV)
    group.steps("config-null", "null is no object", "ConfigForm", check({"config_errors": [at]}))
    bare = {name: value for name, value in document().items() if name != "aws_identity"}
    group = suite.group("documents: the member is missing", bare, ENV)
    group.steps(
        "config-missing", "whose identities these are must be said", "ConfigForm", check({"config_errors": [at]})
    )
