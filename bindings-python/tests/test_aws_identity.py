"""IAM identities over real HTTP: a server asks STS, which is moto and verifies every signature."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]
import httpx
import pytest
from aiohttp import web
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials, ReadOnlyCredentials  # type: ignore[import-untyped]
from moto.server import ThreadedMotoServer

import wiresign
import wiresign.aiohttp
import wiresign.asgi
import wiresign.httpx
import wiresign.wsgi
from servers import aiohttp_server, free_port, hypercorn_server, werkzeug_server
from support import serve
from wiresign.aws import AwsSigners, Sts
from wiresign.client import ErrorCode, ServiceClient, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# moto's own.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

REGION = "eu-central-1"
ACCOUNT = "123456789012"
OTHER_ACCOUNT = "210987654321"
PROOF = ("X-Service-AWS-Identity", "X-Service-AWS-Date", "X-Service-AWS-Token", "X-Target-Service")


def configured(service: str, **members: Any) -> wiresign.Config:
    roles = {f"arn:aws:iam::{ACCOUNT}:role/prod-{{service}}-task": "{service}"}
    document = {
        "service": service,
        "accept": ["aws-identity"],
        "sign_with": "aws-identity",
        "aws_identity": {"regions": [REGION], "roles": roles},
        "services": {"orders": {}, "stock": {}, "billing": {"allowed_targets": ["orders", "stock"]}},
    }
    return wiresign.Config.parse(document | members)


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Aws:
    """moto, which lets nobody ask who is not whom the signature says."""

    def __init__(self, url: str) -> None:
        self.url = url

    def role(self, name: str, account: str = ACCOUNT) -> dict[str, str]:
        """Give the credentials of a role, as a task of ECS gets them."""
        httpx.post(f"{self.url}/moto-api/reset-auth", content=b"100")
        trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
        ask = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
        root = self._client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/deploy", RoleSessionName="setup")
        iam = self._client("iam", root["Credentials"])
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        iam.put_role_policy(RoleName=name, PolicyName="ask", PolicyDocument=policy(ask))
        sts = self._client("sts", root["Credentials"])
        assumed = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/{name}", RoleSessionName="task-1")
        httpx.post(f"{self.url}/moto-api/reset-auth", content=b"0")
        found: dict[str, str] = assumed["Credentials"]
        return found

    def _client(self, service: str, credentials: dict[str, str] | None = None) -> Any:
        known = credentials or {"AccessKeyId": "A" * 16, "SecretAccessKey": "s" * 16}
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=known["AccessKeyId"],
            aws_secret_access_key=known["SecretAccessKey"],
            aws_session_token=known.get("SessionToken"),
        )


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    server = ThreadedMotoServer("127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Aws(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(scope="module")
def billing(aws: Aws) -> dict[str, str]:
    return aws.role("prod-billing-task")


class Counted(Sts):
    """Counts the questions, and waits as long for an answer as a busy machine takes."""

    asked = 0
    delay = 0.0

    def __init__(self, *, endpoint: str, timeout: float = 60) -> None:
        super().__init__(endpoint=endpoint, timeout=timeout)

    def _send(self, request: wiresign.IdentityRequest) -> tuple[int, bytes] | None:
        self.asked += 1
        time.sleep(self.delay)
        return super()._send(request)


async def show(scope: Any, _receive: Any, send: Any) -> None:
    verified = scope["wiresign"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    body = f"{verified.service} {verified.subject} {verified.key_id}".encode()
    await send({"type": "http.response.body", "body": body})


class Orders:
    """A service whose callers prove their roles."""

    def __init__(self, url: str, sts: Counted) -> None:
        self.url = url
        self.sts = sts

    def answer(self, headers: dict[str, str]) -> str:
        response = httpx.post(f"{self.url}/a", headers=headers, content=b"{}")
        return response.text if response.status_code == 200 else response.json()["code"]


@pytest.fixture
def orders(aws: Aws) -> Iterator[Orders]:
    sts = Counted(endpoint=aws.url)
    app = wiresign.asgi.Middleware(show, wiresign.Verifier(configured("orders")), aws=sts)
    with serve(app, lifespan="off") as url:
        yield Orders(url, sts)
    sts.close()


def prove(credentials: dict[str, str], target: str = "orders", now: int | None = None) -> dict[str, str]:
    known = credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    signer = wiresign.Signer.with_aws_credentials(configured("billing"), *known, target=target)
    return dict(signer.sign("POST", "/a", now=now))


def prove_by_botocore(credentials: dict[str, str], **more: str) -> dict[str, str]:
    """Make a proof as the documentation says, with the signer of AWS."""
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "Host": f"sts.{REGION}.amazonaws.com",
        "X-Target-Service": "orders",
    }
    body = b"Action=GetCallerIdentity&Version=2011-06-15&ContentType=JSON"
    request = AWSRequest("POST", f"https://sts.{REGION}.amazonaws.com/", data=body, headers=headers | more)
    known = credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    SigV4Auth(Credentials(*known), "sts", REGION).add_auth(request)
    values = [request.headers[name] for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")]
    return dict(zip(PROOF, [*values, "orders"], strict=True))


@pytest.mark.parametrize("sign", [prove, prove_by_botocore])
def test_a_role_is_let_in_and_asked_about_once(
    orders: Orders, billing: dict[str, str], sign: Callable[..., Any]
) -> None:
    proof = sign(billing)
    expected = f"billing arn:aws:sts::{ACCOUNT}:assumed-role/prod-billing-task/task-1 {billing['AccessKeyId']}"
    assert [orders.answer(proof) for _ in range(3)] == [expected] * 3
    assert orders.sts.asked == 1


def frozen(credentials: dict[str, str]) -> ReadOnlyCredentials:
    return ReadOnlyCredentials(*(credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")))


def test_clients_sign_with_the_credentials_that_are_good_now(aws: Aws, orders: Orders, billing: dict[str, str]) -> None:
    given: list[Any] = [frozen(billing)]
    signers = AwsSigners(configured("billing"), lambda: given[0], target="orders")
    with httpx.Client(base_url=orders.url, auth=wiresign.httpx.Auth(signers)) as client:
        assert client.get("/a").text.endswith(f" {billing['AccessKeyId']}")
        given[0] = frozen(aws.role("prod-billing-task-2"))
        assert client.get("/a").json()["code"] == "UNKNOWN_SERVICE"
        given[0] = None
        with pytest.raises(wiresign.SigningError, match="no credentials of AWS"):
            client.get("/a")
    given[0] = frozen(billing)
    with ServiceClient(configured("billing"), "orders", url=orders.url, signer=signers) as service:
        assert service.get("/a").text.startswith("billing ")
        given.clear()
        with pytest.raises(ServiceError) as failed:
            service.get("/a")
        assert failed.value.code is ErrorCode.SIGNING_FAILED
    assert billing["SecretAccessKey"] not in repr(signers)


def test_forged_proofs_are_refused_and_asked_about_once(orders: Orders, billing: dict[str, str]) -> None:
    forged = prove(billing | {"SecretAccessKey": "x" * 40})
    assert [orders.answer(forged) for _ in range(3)] == ["INVALID_SIGNATURE"] * 3
    assert orders.sts.asked == 1
    changed = prove(billing)
    last = changed[PROOF[0]][-1]
    changed[PROOF[0]] = changed[PROOF[0]][:-1] + ("1" if last == "0" else "0")
    assert orders.answer(changed) == "INVALID_SIGNATURE"
    # What is signed is the other target, and the verifier asks about its own.
    moved = prove(billing, "stock") | {"X-Target-Service": "orders"}
    assert orders.answer(moved) == "INVALID_SIGNATURE"
    assert orders.answer(prove(billing | {"AccessKeyId": "ASIA" + "Z" * 16})) == "INVALID_SIGNATURE"
    assert orders.answer(prove(billing)).startswith("billing ")


def test_what_the_head_decides_is_not_asked(orders: Orders, billing: dict[str, str]) -> None:
    now = int(time.time())
    assert orders.answer(prove(billing, "stock")) == "TARGET_NOT_ALLOWED"
    assert orders.answer(prove(billing, now=now - 400)) == "TIMESTAMP_OUTSIDE_WINDOW"
    assert orders.answer(prove(billing, now=now + 400)) == "TIMESTAMP_OUTSIDE_WINDOW"
    assert orders.answer(prove_by_botocore(billing, **{"X-Tenant": "a"})) == "MALFORMED_SIGNATURE"
    assert orders.answer(prove(billing) | {"X-Service-AWS-Date": "yesterday"}) == "INVALID_TIMESTAMP"
    assert orders.answer({}) == "AUTHENTICATION_REQUIRED"
    assert orders.sts.asked == 0


def test_other_roles_and_accounts_are_nobody(aws: Aws, orders: Orders) -> None:
    assert orders.answer(prove(aws.role("dev-billing-task"))) == "UNKNOWN_SERVICE"
    assert orders.answer(prove(aws.role("prod-nobody-task"))) == "UNKNOWN_SERVICE"
    assert orders.answer(prove(aws.role("prod-billing-task", OTHER_ACCOUNT))) == "UNKNOWN_SERVICE"
    assert orders.sts.asked == 3


def test_without_an_answer_nobody_is_let_in(billing: dict[str, str]) -> None:
    sts = Counted(endpoint=f"http://127.0.0.1:{free_port()}", timeout=1)
    app = wiresign.asgi.Middleware(show, wiresign.Verifier(configured("orders")), aws=sts)
    with serve(app, lifespan="off") as url:
        service = Orders(url, sts)
        # Proofs of two minutes would be two questions.
        proof = prove(billing)
        assert [service.answer(proof) for _ in range(2)] == ["IDENTITY_UNAVAILABLE"] * 2
        assert sts.asked == 1
    with serve(wiresign.asgi.Middleware(show, wiresign.Verifier(configured("orders"))), lifespan="off") as url:
        assert Orders(url, sts).answer(prove(billing)) == "IDENTITY_UNAVAILABLE"


def test_a_service_that_keeps_silent_does_not_keep_us_waiting(billing: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sts = Counted(endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.5)
        started = time.monotonic()
        verifier = wiresign.Verifier(configured("orders"))
        question = verifier.identity_request("POST", "/a", list(prove(billing).items()))
        assert question is not None
        assert sts.ask(question) is None
        assert time.monotonic() - started < 60


def test_a_proof_that_comes_many_times_at_once_is_asked_about_once(
    aws: Aws, orders: Orders, billing: dict[str, str]
) -> None:
    # So long that all of them are there before the answer, on a busy machine too.
    orders.sts.delay = 2
    proofs = [prove(billing), prove(billing | {"SecretAccessKey": "x" * 40})]
    with ThreadPoolExecutor(20) as clients:
        answers = Counter(clients.map(orders.answer, proofs * 10))
    assert [(answer.split()[0], count) for answer, count in sorted(answers.items())] == [
        ("INVALID_SIGNATURE", 10),
        ("billing", 10),
    ]
    assert orders.sts.asked == 2

    # Servers of threads merge them too, and with those that wait without blocking; who goes away ends nothing.
    sts = Counted(endpoint=aws.url)
    sts.delay = 3
    question = wiresign.Verifier(configured("orders")).identity_request("POST", "/a", list(prove(billing).items()))
    assert question is not None

    async def ask() -> list[object]:
        first = asyncio.create_task(sts.ask_async(question))
        others = [asyncio.create_task(sts.ask_async(question)) for _ in range(5)]
        threads = [asyncio.to_thread(sts.ask, question) for _ in range(5)]
        asyncio.get_running_loop().call_later(0.1, first.cancel)
        return await asyncio.gather(first, *others, *threads, return_exceptions=True)

    gone, *found = asyncio.run(ask())
    assert isinstance(gone, asyncio.CancelledError)
    statuses = {answer[0] for answer in found if isinstance(answer, tuple)}
    assert (len(found), statuses, sts.asked) == (10, {200}, 1)
    # The next time it is asked anew: it is the verifier that keeps answers.
    sts.ask(question)
    assert sts.asked == 2
    sts.close()


def test_servers_of_other_kinds_ask_too(aws: Aws, billing: dict[str, str]) -> None:
    sts = Counted(endpoint=aws.url)
    verifier = wiresign.Verifier(configured("orders"))

    def plain(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [environ["wiresign"].service.encode()]

    with werkzeug_server(wiresign.wsgi.Middleware(plain, verifier, aws=sts)) as url:
        assert Orders(url, sts).answer(prove(billing)) == "billing"
    app = web.Application(
        middlewares=[wiresign.aiohttp.middleware(wiresign.Verifier(configured("orders")), aws=sts)],
    )

    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=str(request[wiresign.aiohttp.CALLER].service))

    app.router.add_post("/a", handler)
    with aiohttp_server(app) as url:
        assert Orders(url, sts).answer(prove(billing)) == "billing"
    assert sts.asked == 2
    sts.close()


def test_over_http_2(aws: Aws, billing: dict[str, str]) -> None:
    sts = Counted(endpoint=aws.url)
    app = wiresign.asgi.Middleware(show, wiresign.Verifier(configured("orders")), aws=sts)
    with hypercorn_server(app) as url, httpx.Client(base_url=url, http1=False, http2=True) as client:
        proof = prove(billing)
        for _ in range(3):
            answer = client.post("/a", headers=proof, content=b"{}")
            assert (answer.http_version, answer.text.split()[0]) == ("HTTP/2", "billing")
        assert sts.asked == 1
        forged = client.post("/a", headers=prove(billing | {"SecretAccessKey": "x" * 40}), content=b"{}")
        assert forged.json()["code"] == "INVALID_SIGNATURE"
    sts.close()


def test_questions_leave_the_machine_only_for_aws() -> None:
    for endpoint in ("https://sts.example.com", "http://10.0.0.1:5000", "http://127.0.0.1.example.com"):
        with pytest.raises(ValueError, match="on this machine"):
            Sts(endpoint=endpoint)
    with pytest.raises(ValueError, match="timeout"):
        Sts(timeout=0)
