"""Signatures of AWS over HTTP: ours judged by moto, those of botocore and of the AWS runtime judged by ours."""

from __future__ import annotations

import base64
import io
import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import awscrt.auth  # type: ignore[import-untyped]
import awscrt.http  # type: ignore[import-untyped]
import httpx
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from fastapi import FastAPI, Request

import wiresign
from servers import free_port, running
from support import serve
from wiresign.asgi import Middleware
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
ACCOUNT = "123456789012"
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/billing"},
            }
        ],
    }
)
IDENTITY = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
BODY = b'{"amount": 7}'


class AccessKey(NamedTuple):
    """What signs."""

    id: str
    secret: str
    token: str | None = None


def signer(key: AccessKey, service: str, **scope: Any) -> wiresign.Signer:
    """Give a signer of ours for a service of AWS."""
    aws_key = {"id": key.id, "secret": f"literal:{key.secret}"}
    if key.token:
        aws_key["session_token"] = f"literal:{key.token}"
    document = {
        "service": "billing",
        "sign_with": "aws-sigv4",
        "aws_sigv4": {"region": REGION, "service": service, **scope},
        "services": {"billing": {"aws_keys": [aws_key]}},
    }
    return wiresign.Signer(wiresign.Config.parse(document))


def found(tag: str, answer: httpx.Response) -> str:
    """Read one element of an answer in XML."""
    assert answer.status_code == 200, answer.text
    match = re.search(f"<{tag}>([^<]+)</{tag}>", answer.text)
    assert match, answer.text
    return match[1]


class Moto:
    """A running moto server, with a user and a role in it that may do everything."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=30)
        nobody = AccessKey("AKIAIOSFODNN7NOBODY0", "of-nobody-while-nothing-is-checked")
        iam = signer(nobody, "iam")
        self.checks(signatures=False)
        for action in (
            {"Action": "CreateUser", "UserName": "billing"},
            {"Action": "PutUserPolicy", "UserName": "billing", "PolicyName": "all", "PolicyDocument": ANYTHING},
            {"Action": "CreateRole", "RoleName": "orders", "AssumeRolePolicyDocument": TRUST},
            {"Action": "PutRolePolicy", "RoleName": "orders", "PolicyName": "all", "PolicyDocument": ANYTHING},
        ):
            assert self.call(iam, action | {"Version": "2010-05-08"}).status_code == 200
        made = self.call(iam, {"Action": "CreateAccessKey", "UserName": "billing", "Version": "2010-05-08"})
        self.key = AccessKey(found("AccessKeyId", made), found("SecretAccessKey", made))
        self.checks(signatures=True)

    def checks(self, *, signatures: bool) -> None:
        """Let the server check signatures from now on, or not."""
        count = "0" if signatures else "inf"
        self.client.post("/moto-api/reset-auth", content=count).raise_for_status()

    def call(self, by: wiresign.Signer, form: dict[str, str]) -> httpx.Response:
        return self.client.post("/", data=form, auth=Auth(by))

    def assume_role(self) -> AccessKey:
        answer = self.call(
            signer(self.key, "sts"),
            {
                "Action": "AssumeRole",
                "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/orders",
                "RoleSessionName": "tests",
                "Version": "2011-06-15",
            },
        )
        return AccessKey(found("AccessKeyId", answer), found("SecretAccessKey", answer), found("SessionToken", answer))


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    port = free_port()
    with running(["moto.server", "-H", "127.0.0.1", "-p", str(port)], port):
        made = Moto(f"http://127.0.0.1:{port}")
        yield made
        made.client.close()


def test_moto_accepts_what_we_sign(moto: Moto) -> None:
    answer = moto.call(signer(moto.key, "sts"), IDENTITY)
    assert found("Arn", answer) == f"arn:aws:iam::{ACCOUNT}:user/billing"


def test_moto_refuses_another_key(moto: Moto) -> None:
    wrong = moto.key._replace(secret="of-somebody-else-0123456789abcdef")
    answer = moto.call(signer(wrong, "sts"), IDENTITY)
    assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
    unknown = moto.key._replace(id="AKIAIOSFODNN7UNKNOWN")
    answer = moto.call(signer(unknown, "sts"), IDENTITY)
    assert (answer.status_code, "InvalidClientTokenId" in answer.text) == (403, True)


def test_moto_refuses_what_was_changed_after_we_signed(moto: Moto) -> None:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    host = urlsplit(moto.url).netloc
    headers = {"host": host, "content-type": "application/x-www-form-urlencoded"}
    signed = headers | dict(signer(moto.key, "sts").sign("POST", "/", headers, body))
    assert moto.client.post("/", content=body, headers=signed).status_code == 200
    for changed in (
        moto.client.post("/", content=body + b"&More=1", headers=signed),
        moto.client.post("/?More=1", content=body, headers=signed),
    ):
        assert (changed.status_code, "SignatureDoesNotMatch" in changed.text) == (403, True)


def test_moto_accepts_a_temporary_key_with_its_token_only(moto: Moto) -> None:
    key = moto.assume_role()
    answer = moto.call(signer(key, "sts"), IDENTITY)
    assert found("Arn", answer) == f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/tests"
    answer = moto.call(signer(key._replace(token="another"), "sts"), IDENTITY)
    assert answer.status_code == 403
    answer = moto.call(signer(key._replace(token=None), "sts"), IDENTITY)
    assert answer.status_code == 403


def test_moto_stores_and_gives_back_an_object(moto: Moto) -> None:
    by = signer(moto.key, "s3", style="s3")
    path = "/bucket-of-billing/a%20folder/r%C3%A9sum%C3%A9%2B1.txt"
    with httpx.Client(base_url=moto.url, auth=Auth(by), timeout=30) as client:
        assert client.put("/bucket-of-billing").status_code == 200
        assert client.put(path, content=BODY, headers={"content-type": "text/plain"}).status_code == 200
        assert client.get(path).content == BODY
        listed = client.get("/bucket-of-billing?list-type=2&prefix=a%20folder%2F")
        assert found("Key", listed) == "a folder/résumé+1.txt"
    wrong = signer(moto.key._replace(secret="of-somebody-else-0123456789abcdef"), "s3", style="s3")
    with httpx.Client(base_url=moto.url, auth=Auth(wrong), timeout=30) as client:
        answer = client.put(path, content=b"other")
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
    with httpx.Client(base_url=moto.url, auth=Auth(by), timeout=30) as client:
        assert client.get(path).content == BODY


def test_moto_follows_a_link_whose_signature_botocore_makes_too(moto: Moto) -> None:
    # moto looks for a signature in Authorization only, so what a link holds is compared with what botocore signs.
    by = signer(moto.key, "s3", style="s3")
    host = urlsplit(moto.url).netloc
    with httpx.Client(base_url=moto.url, auth=Auth(by), timeout=30) as client:
        assert client.put("/links").status_code == 200
        assert client.put("/links/one", content=BODY).status_code == 200
    link = by.presign("GET", "/links/one", 60, authority=host)
    query = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}

    class Theirs(SigV4QueryAuth):  # type: ignore[misc]
        def payload(self, request: Any) -> str:
            return "UNSIGNED-PAYLOAD"

    request = AWSRequest("GET", f"{moto.url}/links/one")
    at_the_same_time(Theirs(Credentials(moto.key.id, moto.key.secret), "s3", REGION, expires=60), request, query)
    assert parse_qs(urlsplit(request.url).query) == parse_qs(urlsplit(link).query)
    moto.checks(signatures=False)
    try:
        assert moto.client.get(link).content == BODY
        assert moto.client.get(request.url).content == BODY
    finally:
        moto.checks(signatures=True)


def at_the_same_time(auth: Any, request: Any, query: dict[str, str]) -> None:
    """Sign with botocore at the time that our link names."""
    moment = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: moment)
        auth.add_auth(request)


# The other way round: they sign, we verify.

KEY = AccessKey("AKIAIOSFODNN7BILLING", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TEMPORARY = AccessKey("ASIAIOSFODNN7BILLING", "x8JalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLE", "IQoJb3JpZ2luX2VjE/token==")


def our_app(**scope: Any) -> Any:
    def aws_key(key: AccessKey) -> dict[str, str]:
        made = {"id": key.id, "secret": f"literal:{key.secret}"}
        return made | ({"session_token": f"literal:{key.token}"} if key.token else {})

    document = {
        "service": "orders",
        "accept": ["aws-sigv4"],
        "aws_sigv4": {"region": "eu-central-1", "service": "execute-api", **scope},
        "services": {"billing": {"aws_keys": [aws_key(KEY), aws_key(TEMPORARY)]}},
    }
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST", "PUT"])
    async def any_path(request: Request) -> dict[str, object]:
        caller = request.state.wiresign
        body = base64.b64encode(await request.body()).decode()
        return {"service": caller.service, "key": caller.key_id, "body": body}

    return Middleware(app, wiresign.Verifier(wiresign.Config.parse(document)))


@pytest.fixture(scope="module")
def ours() -> Iterator[str]:
    with serve(our_app()) as url:
        yield url


@pytest.fixture(scope="module")
def ours_like_s3() -> Iterator[str]:
    with serve(our_app(style="s3", unsigned_payload=True)) as url:
        yield url


class Signed(NamedTuple):
    """A request that one of theirs has signed."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def send(self) -> Any:
        answer = httpx.request(self.method, self.url, headers=self.headers, content=self.body, timeout=30).json()
        if "code" in answer:
            return answer["code"]
        assert base64.b64decode(answer["body"]) == self.body
        return answer["service"], answer["key"]


def by_botocore(
    method: str, url: str, body: bytes = b"", key: AccessKey = KEY, kind: Any = SigV4Auth, **options: Any
) -> Signed:
    headers = {"content-type": "application/json"} if body else {}
    request = AWSRequest(method, url, data=body, headers=headers)
    kind(Credentials(*key), "execute-api", options.pop("region", "eu-central-1"), **options).add_auth(request)
    return Signed(method, request.url, dict(request.headers.items()), body)


def by_the_runtime(method: str, url: str, body: bytes = b"", key: AccessKey = KEY, **options: Any) -> Signed:
    parts = urlsplit(url)
    fields = [("host", parts.netloc), *([("content-length", str(len(body)))] if body else [])]
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    request = awscrt.http.HttpRequest(method, target, awscrt.http.HttpHeaders(fields), io.BytesIO(body))
    settings = {
        "algorithm": awscrt.auth.AwsSigningAlgorithm.V4,
        "signature_type": awscrt.auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        "credentials_provider": awscrt.auth.AwsCredentialsProvider.new_static(*key),
        "region": "eu-central-1",
        "service": "execute-api",
        "date": datetime.now(timezone.utc),
    }
    made = awscrt.auth.aws_sign_request(request, awscrt.auth.AwsSigningConfig(**(settings | options))).result(20)
    return Signed(method, f"{parts.scheme}://{parts.netloc}{made.path}", dict(made.headers), body)


@pytest.mark.parametrize("sign", [by_botocore, by_the_runtime])
def test_we_accept_what_they_sign(ours: str, sign: Any) -> None:
    for signed in (
        sign("GET", f"{ours}/orders"),
        sign("GET", f"{ours}/orders/a%20b/r%C3%A9sum%C3%A9?q=a%20b&q=c&empty=&z=%2F"),
        sign("POST", f"{ours}/orders?draft=1", BODY),
        sign("POST", f"{ours}/orders", bytes(range(256)) * 400),
    ):
        assert signed.send() == ("billing", KEY.id)
    signed = sign("POST", f"{ours}/temporary", BODY, TEMPORARY)
    assert signed.send() == ("billing", TEMPORARY.id)
    assert signed.send() == "REPLAYED_REQUEST"


@pytest.mark.parametrize("sign", [by_botocore, by_the_runtime])
def test_we_refuse_what_was_changed_after_they_signed(ours: str, sign: Any) -> None:
    signed = sign("POST", f"{ours}/orders?a=b", BODY)
    for changed in (
        signed._replace(url=f"{ours}/orders?a=c"),
        signed._replace(url=f"{ours}/other?a=b"),
        signed._replace(method="PUT"),
        signed._replace(body=BODY.replace(b"7", b"8")),
    ):
        assert changed.send() == "INVALID_SIGNATURE"
    assert signed.send() == ("billing", KEY.id)


@pytest.mark.parametrize("sign", [by_botocore, by_the_runtime])
def test_we_refuse_other_keys_and_scopes(ours: str, sign: Any) -> None:
    def answer(**options: Any) -> Any:
        return sign("GET", f"{ours}/orders", **options).send()

    assert answer(key=KEY._replace(secret="another-secret-of-forty-characters-00000")) == "INVALID_SIGNATURE"
    assert answer(key=KEY._replace(id="AKIAIOSFODNN7UNKNOWN")) == "UNKNOWN_KEY"
    assert answer(key=TEMPORARY._replace(token=None)) == "INVALID_TOKEN"
    assert answer(key=KEY._replace(token="of-nobody")) == "INVALID_TOKEN"
    assert answer(region="eu-west-1") == "TARGET_NOT_ALLOWED"


def test_we_accept_their_links(ours: str) -> None:
    query = {"signature_type": awscrt.auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS, "expiration_in_seconds": 60}
    for link in (
        by_botocore("GET", f"{ours}/orders?q=a%20b", kind=SigV4QueryAuth, expires=60),
        by_botocore("GET", f"{ours}/orders", key=TEMPORARY, kind=SigV4QueryAuth, expires=60),
        by_the_runtime("GET", f"{ours}/orders?q=a%20b", **query),
        by_the_runtime("GET", f"{ours}/orders", key=TEMPORARY, **query),
    ):
        assert link.send()[0] == "billing"
        assert link._replace(url=link.url.replace("/orders", "/other")).send() == "INVALID_SIGNATURE"
        assert link._replace(url=re.sub("X-Amz-Expires=60", "X-Amz-Expires=61", link.url)).send() == "INVALID_SIGNATURE"


def test_we_accept_what_they_sign_like_s3(ours_like_s3: str) -> None:
    digest = awscrt.auth.AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256
    like_s3 = {"signed_body_header_type": digest, "use_double_uri_encode": False, "should_normalize_uri_path": False}
    for sign, options in ((by_botocore, {"kind": S3SigV4Auth}), (by_the_runtime, like_s3)):
        signed = sign("PUT", f"{ours_like_s3}/bucket/a%20b/r%C3%A9sum%C3%A9", BODY, **options)
        assert signed._replace(body=BODY.replace(b"7", b"8")).send() == "DIGEST_MISMATCH"
        assert signed.send() == ("billing", KEY.id)
