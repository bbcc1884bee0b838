"""Calls the example server of docs/c/libmicrohttpd.md as Python services do.

    example_server.py PAGE COMMAND...

COMMAND starts the server, and gets the path of the page's configuration and the port 0. Prints "pass TEST" for each
test; ends with 1 when one fails, and when the server ends with anything but 0, as it does with a leak.
"""

import contextlib
import hmac
import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

from wiresign import Config, Signer

LIMIT = 100_000
NAMES = ("ORDERS_SECRET", "BILLING_SECRET", "SHOP_SECRET", "CHAT_SECRET", "CHAT_TOKEN")
SECRETS = {name: secrets.token_hex(32) for name in NAMES}
Fields = list[tuple[str, str]]


class Service:
    """A caller, and the server that it calls."""

    def __init__(self, document: dict[str, object], name: str, port: int) -> None:
        config = Config.parse({**document, "service": name}, env=SECRETS)
        self.signer = Signer(config, target="orders")
        self.port = port

    def sign(self, method: str, target: str, body: bytes = b"") -> Fields:
        return list(self.signer.sign(method, target, (), body))

    def ask(
        self,
        method: str,
        target: str,
        fields: Fields,
        body: bytes = b"",
        *,
        chunked: bool = False,
    ) -> tuple[int, bytes]:
        status, _, content = exchange(self.port, method, target, fields, body, chunked=chunked)
        return status, content

    def call(self, method: str, target: str, body: bytes = b"", *, chunked: bool = False) -> tuple[int, bytes]:
        return self.ask(method, target, self.sign(method, target, body), body, chunked=chunked)


def exchange(
    port: int,
    method: str,
    target: str,
    fields: Fields,
    body: bytes = b"",
    *,
    chunked: bool = False,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value)
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif body or method == "POST":
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        pieces = [body[at : at + 5000] for at in range(0, len(body), 5000)]
        for piece in pieces:
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
        if chunked:
            connection.send(b"0\r\n\r\n")
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def exchange_bytes(port: int, wire: bytes) -> bytes:
    """Sends bytes that no HTTP library would, says that this was all, and reads what comes until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        received = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(wire)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        return received


def head(method: str, target: str, fields: Fields) -> bytes:
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in fields),
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def code_of(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["code"]


class Tests:
    def __init__(
        self,
        document: dict[str, object],
        path: Path,
        server: subprocess.Popen[str],
        port: int,
    ) -> None:
        self.document, self.path, self.server, self.port = document, path, server, port
        self.billing, self.shop = (
            Service(document, "billing", port),
            Service(document, "shop", port),
        )

    def test_who_signs_is_served_and_others_are_not(self) -> None:
        assert self.billing.call("GET", "/orders/7") == (
            200,
            b"order 7, asked by billing",
        )
        status, headers, body = exchange(self.port, "GET", "/orders/7", [])
        assert (status, headers["WWW-Authenticate"]) == (401, 'Wiresign realm="orders"')
        assert headers["Content-Type"] == "application/json"
        assert body == b'{"error":"Authentication is required.","code":"AUTHENTICATION_REQUIRED","requestId":null}'

    def test_the_handler_gets_the_body_that_was_signed(self) -> None:
        for length in (0, 1, 5000, LIMIT):
            body = secrets.token_bytes(length)
            for chunked in (False, True):
                assert self.billing.call("POST", "/invoices", body, chunked=chunked) == (201, body), (length, chunked)
        for chunked in (False, True):
            fields = self.billing.sign("POST", "/invoices", b'{"invoice":7}')
            answer = self.billing.ask("POST", "/invoices", fields, b'{"invoice":8}', chunked=chunked)
            assert code_of(answer) == (401, "INVALID_SIGNATURE")

    def test_the_target_is_the_one_that_was_sent(self) -> None:
        for target in (
            "/orders/caf%c3%a9?c=%2f&d=%20&e",
            "/orders/?",
            "/orders/7?x=a%00b",
            "/orders/7?//",
        ):
            answer = self.billing.call("GET", target)
            assert answer[0] == 200, (target, answer)
        fields = self.billing.sign("GET", "/orders/caf%c3%a9")
        assert code_of(self.billing.ask("GET", "/orders/caf%C3%A9", fields)) == (
            401,
            "INVALID_SIGNATURE",
        )
        absolute = head("GET", "http://127.0.0.1/orders/7", self.billing.sign("GET", "/orders/7"))
        assert b"MALFORMED_REQUEST" in exchange_bytes(self.port, absolute)

    def test_a_request_is_accepted_once(self) -> None:
        fields = self.billing.sign("POST", "/invoices", b"{}")
        assert self.billing.ask("POST", "/invoices", fields, b"{}") == (201, b"{}")
        assert code_of(self.billing.ask("POST", "/invoices", fields, b"{}")) == (
            401,
            "REPLAYED_REQUEST",
        )

    def test_repeated_fields_come_through_and_a_repeated_credential_is_refused(
        self,
    ) -> None:
        fields = self.billing.sign("GET", "/orders/7")
        assert self.billing.ask("GET", "/orders/7", [("Accept", "a/b"), *fields, ("Accept", "c/d")])[0] == 200
        fields = self.billing.sign("GET", "/orders/7")
        answer = self.billing.ask("GET", "/orders/7", [*fields, ("x-service-id", "billing")])
        assert code_of(answer) == (400, "DUPLICATE_HEADER")

    def test_a_body_that_is_too_long_is_refused(self) -> None:
        body = b"a" * (LIMIT + 1)
        fields = self.billing.sign("POST", "/invoices", body)
        # Declared, and none of it sent: the answer does not wait.
        refused = exchange_bytes(
            self.port,
            head("POST", "/invoices", [*fields, ("Content-Length", str(len(body)))]),
        )
        assert b" 413 " in refused, refused
        assert b"BODY_TOO_LARGE" in refused, refused
        waiting = [
            *fields,
            ("Content-Length", str(len(body))),
            ("Expect", "100-continue"),
        ]
        refused = exchange_bytes(self.port, head("POST", "/invoices", waiting))
        assert b" 413 " in refused, refused
        assert b" 100 " not in refused, refused
        assert code_of(self.billing.ask("POST", "/invoices", fields, body, chunked=True)) == (413, "BODY_TOO_LARGE")

    def test_a_body_without_end_ends(self) -> None:
        fields = [
            *self.billing.sign("POST", "/invoices"),
            ("Transfer-Encoding", "chunked"),
        ]
        piece = b"10000\r\n" + bytes(65536) + b"\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(head("POST", "/invoices", fields))
            for _ in range(1000):
                try:
                    connection.sendall(piece)
                except ConnectionError:
                    return
        raise AssertionError("it takes all that comes")

    def test_the_challenge_of_a_webhook_is_answered(self) -> None:
        asking = "/hooks/chat?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
        status, headers, body = exchange(self.port, "GET", asking + SECRETS["CHAT_TOKEN"], [])
        assert (status, body) == (200, b"1158201444")
        assert headers["Content-Type"].startswith("text/plain")
        status, _, body = exchange(self.port, "GET", asking + "another", [])
        assert code_of((status, body)) == (403, "PERMISSION_DENIED")
        # What is no challenge is judged as a whole: a delivery of the sender, which signs its body.
        for length, status in ((2, 200), (LIMIT, 200), (LIMIT + 1, 413)):
            body = b"a" * length
            signature = hmac.new(SECRETS["CHAT_SECRET"].encode(), body, "sha256").hexdigest()
            signed = [("X-Hub-Signature-256", f"sha256={signature}")]
            assert exchange(self.port, "POST", "/hooks/chat", signed, body)[0] == status, length
            assert exchange(self.port, "POST", "/hooks/chat", signed, b"b" * length)[0] in (401, 413)
        assert exchange(self.port, "POST", "/hooks/chat", [], b"{}")[0] == 401

    def test_a_public_route_is_open_and_no_other(self) -> None:
        assert exchange(self.port, "GET", "/health", [])[::2] == (200, b"up")
        assert exchange(self.port, "POST", "/health", [], b"{}")[0] == 401
        assert self.billing.call("GET", "/nothing")[0] == 404

    def test_one_handler_serves_billing_alone(self) -> None:
        assert self.shop.call("GET", "/orders/7") == (200, b"order 7, asked by shop")
        assert self.billing.call("POST", "/invoices", b"{}") == (201, b"{}")
        assert code_of(self.shop.call("POST", "/invoices", b"{}")) == (
            403,
            "SERVICE_NOT_ALLOWED",
        )

    def test_a_client_that_leaves_harms_nobody(self) -> None:
        for cut in (
            b"GET",
            b"GET /orders/7 HTTP/1.1\r\nBroken",
            b"GET /orders/7 HTTP/1.1\r\nHost: a\r\n",
            b"\0\xff\r\n\r\n",
        ):
            exchange_bytes(self.port, cut)
        for framing in (("Content-Length", "10"), ("Transfer-Encoding", "chunked")):
            start = head(
                "POST",
                "/invoices",
                [*self.billing.sign("POST", "/invoices", b"abc"), framing],
            )
            assert b" 201 " not in exchange_bytes(self.port, start + b"3\r\nabc")
        assert self.billing.call("GET", "/orders/7")[0] == 200

    def test_many_call_at_once_while_the_configuration_changes(self) -> None:
        wrong: list[object] = []

        def work(number: int) -> None:
            for at in range(20):
                body = f"{number} {at}".encode() * 50
                if (answer := self.billing.call("POST", "/invoices", body)) != (
                    201,
                    body,
                ):
                    wrong.append(answer)

        callers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            self.server.send_signal(signal.SIGHUP)
            assert self.line() == "reloaded"
            caller.join()
        assert not wrong, wrong[:3]

    def test_a_configuration_that_is_wrong_changes_nothing(self) -> None:
        right = self.path.read_text()
        self.path.write_text("{}")
        self.server.send_signal(signal.SIGHUP)
        assert self.billing.call("GET", "/orders/7")[0] == 200
        self.path.write_text(json.dumps({**json.loads(right), "limits": {"body_bytes": 10}}))
        self.server.send_signal(signal.SIGHUP)
        assert self.line() == "reloaded"
        assert code_of(self.billing.call("POST", "/invoices", b"eleven byte")) == (
            413,
            "BODY_TOO_LARGE",
        )
        assert self.billing.call("POST", "/invoices", b"ten bytes!") == (
            201,
            b"ten bytes!",
        )
        self.path.write_text(right)

    def line(self) -> str:
        assert self.server.stdout is not None
        return self.server.stdout.readline().strip()


@contextlib.contextmanager
def served(page: Path, command: list[str]) -> Iterator[Tests]:
    shown = re.search(
        r"^```json\n(.*?)^```$",
        page.read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert shown, f"{page} shows no configuration"
    document = json.loads(shown[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wiresign.json"
        path.write_text(shown[1])
        server = subprocess.Popen(
            [*command, str(path), "0"],
            env={**os.environ, **SECRETS},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            yield Tests(document, path, server, int(server.stdout.readline().rpartition(":")[2]))
            server.terminate()
            assert server.wait(60) == 0, f"the server ended with {server.returncode}"
        finally:
            server.kill()
            server.wait()


def main() -> int:
    failed = 0
    try:
        with served(Path(sys.argv[1]), sys.argv[2:]) as tests:
            for name in (name for name in vars(Tests) if name.startswith("test_")):
                try:
                    getattr(tests, name)()
                    print("pass", name)
                except Exception:
                    failed += 1
                    print("FAIL", name)
                    traceback.print_exc(file=sys.stdout)
    except AssertionError as failure:
        failed += 1
        print("FAIL", failure)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
