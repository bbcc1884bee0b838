"""The requests, as bytes on the wire: each is signed as it is sent, by our own signer."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

HOST = "orders.internal"
BODY = b'{"brick":7}'


@dataclass(frozen=True)
class Case:
    """One request; what is not said is that of a plain GET."""

    name: str
    method: str = "GET"
    target: str = "/echo/a?b=1"
    # What is signed where that is not what is sent.
    signed_target: str | None = None
    body: bytes = b""
    extra: tuple[tuple[str, str], ...] = ()
    # Headers of the signature that are sent once more, renamed, or left out.
    again: str | None = None
    renamed: dict[str, str] = field(default_factory=dict)
    version: str = "HTTP/1.1"
    chunked: bool = False
    host: str | None = HOST

    def fields(self, signature: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return its headers beside those that the protocol asks for."""
        headers = [(self.renamed.get(name, name), value) for name, value in signature]
        headers += [(name, value) for name, value in signature if name == self.again]
        return [*headers, *self.extra]


CASES = [
    Case("plain"),
    Case("a body", "POST", body=BODY),
    Case("`%2F` in the path", target="/echo/a%2Fb"),
    Case("`//` in the path", target="/echo//a"),
    Case("`..` in the path", target="/echo/x/../a"),
    Case("`%2e%2e` in the path", target="/echo/x/%2e%2e/a"),
    Case("a backslash in the path", target="/echo/a\\b"),
    Case("`;` in the path", target="/echo/a;b=1"),
    Case("`%00` in the path", target="/echo/a%00b"),
    Case("`%E4`, which is no UTF-8", target="/echo/%E4"),
    Case("an empty query: `?` and nothing", target="/echo/a?"),
    Case("`+` and `%20` in the query", target="/echo/a?b=c+d%20e"),
    Case("bytes outside ASCII in the target", target="/echo/ä", signed_target="/echo/a"),
    Case("a fragment in the target", target="/echo/a#b", signed_target="/echo/a"),
    Case("a target with scheme and host", target=f"http://{HOST}/echo/a", signed_target="/echo/a"),
    Case("a target with another host", target="http://evil.example/echo/a", signed_target="/echo/a"),
    Case("`OPTIONS *`", "OPTIONS", "*"),
    Case("a method in lower case", "get"),
    Case("a header of the signature twice", again="X-Timestamp"),
    Case("the signature itself twice", again="X-Signature"),
    Case("a header of no meaning twice", extra=(("X-Note", "one"), ("X-Note", "two"))),
    Case("`X_Service_ID` beside `X-Service-ID`", extra=(("X_Service_ID", "shop"),)),
    Case("`X_Signature` in place of `X-Signature`", renamed={"X-Signature": "X_Signature"}),
    Case("a header in two lines (folded)", extra=(("X-Note", "one\r\n two"),)),
    Case("a header of 12 KiB", extra=(("X-Note", "x" * 12_288),)),
    Case("a header of 40 KiB", extra=(("X-Note", "x" * 40_960),)),
    Case("a header of 80 KiB", extra=(("X-Note", "x" * 81_920),)),
    Case("a body in chunks", "POST", body=BODY, chunked=True),
    Case("chunks and a length at once", "POST", body=BODY, chunked=True, extra=(("Content-Length", str(len(BODY))),)),
    Case("a body in gzip", "POST", body=gzip.compress(BODY, mtime=0), extra=(("Content-Encoding", "gzip"),)),
    Case("HTTP/1.0", version="HTTP/1.0"),
    Case("no `Host`", host=None),
]


def wire(case: Case, signature: list[tuple[str, str]]) -> bytes:
    """Return the bytes of the request."""
    headers = [("Host", case.host)] if case.host is not None else []
    headers += [*case.fields(signature), ("Connection", "close")]
    if case.chunked:
        headers.append(("Transfer-Encoding", "chunked"))
    elif case.body:
        headers.append(("Content-Length", str(len(case.body))))
    if case.body:
        headers.append(("Content-Type", "application/json"))
    head = f"{case.method} {case.target} {case.version}\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers) + "\r\n"
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(case.body), case.body) if case.chunked else case.body
    return head.encode() + body
