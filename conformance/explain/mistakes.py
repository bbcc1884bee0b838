"""Requests with one mistake each, made by the libraries that people use: prints them as JSON, one per line.

Each says what an explanation must name first. The signing code is written as it is written in the wild.
"""

from __future__ import annotations

import base64
import datetime
import gzip
import hashlib
import hmac
import json
import shlex
import subprocess
import time
import urllib.parse
import urllib.request
from typing import Any

import httpx
import requests

NOW = 1_767_225_600
SECRET = "5f0c1a9be47d23868fd0b1c27e64a93d5816f2be70c94ad3e12b8f7605c3d94e"
OWN_SECRET = "c27be1940fa86d3571e8b204d96c3fa50b7d82e61f4395ca08d6e7b21a5f3c90"
OTHER_SECRET = "0b7d82e61f4395ca08d6e7b21a5f3c90c27be1940fa86d3571e8b204d96c3fa5"
OLD_SECRET = "96c3fa50b7d82e61f4395ca08d6e7b21a5f3c90c27be1940fa86d3571e8b204d"
API_KEY = "key-4395ca08d6e7b21a5f3c90c27be1940fa86d3571"
GITHUB_SECRET = "It's a secret to everybody, but longer"
OTHER_HOOK_SECRET = "another endpoint has another secret"
STANDARD_SECRET = "whsec_" + base64.b64encode(bytes(range(40, 72))).decode()
STRIPE_SECRET = "whsec_7mFkPq2sYt9wBv4xCz6dEg8hJk3nLr5u"
NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"
PAYLOAD = {"invoice": 7, "customer": "Zoë & Söhne", "lines": [{"sku": "a/b", "price": 12.5}]}

Headers = dict[str, str]


def tag(key: str | bytes, message: str | bytes, digest: str = "sha256") -> str:
    """HMAC in hex."""
    return raw_tag(key, message, digest).hex()


def raw_tag(key: str | bytes, message: str | bytes, digest: str = "sha256") -> bytes:
    """HMAC as bytes."""
    as_bytes = [text.encode() if isinstance(text, str) else text for text in (key, message)]
    return hmac.new(as_bytes[0], as_bytes[1], digest).digest()


def case(name: str, expected: str, method: str, target: str, headers: Headers, body: bytes, now: int = NOW) -> None:
    """Print one request."""
    fields = [[key, value] for key, value in headers.items()]
    body_text = base64.b64encode(body).decode()
    request = {"method": method, "target": target, "headers": fields, "body": body_text}
    print(json.dumps({"name": name, "expected": expected, "now": now, "request": request}))


def v1(signature: str, timestamp: int | str = NOW, service: str = "billing") -> Headers:
    """Headers of service-hmac."""
    return {"X-Service-ID": service, "X-Timestamp": str(timestamp), "X-Signature": signature}


def sign_v1(
    method: str, path: str, body: bytes, key: str | bytes = SECRET, timestamp: int | str = NOW, service: str = "billing"
) -> str:
    """A signature of service-hmac, as it should be."""
    message = b"\n".join([method.encode(), path.encode(), str(timestamp).encode(), body, service.encode()])
    return tag(key, message)


def v2(path: str, query: str, body: bytes, method: str = "POST", key: str | bytes = SECRET, **changes: str) -> Headers:
    """Headers of service-hmac-v2, as they should be; changes are made to what is signed."""
    signed = {"timestamp": str(NOW), "service": "billing", "target": "orders", "nonce": NONCE} | changes
    lines = ["wiresign-v2", method, path, query, signed["timestamp"], signed["service"], signed["target"]]
    message = "\n".join([*lines, signed["nonce"], ""]).encode() + body
    return {
        "X-Service-ID": "billing",
        "X-Target-Service": "orders",
        "X-Timestamp": str(NOW),
        "X-Request-ID": NONCE,
        "X-Signature": "v2=" + tag(key, message),
    }


def sent_by_requests(**arguments: Any) -> bytes:
    """The body that requests sends."""
    body = requests.Request("POST", "http://orders/invoices", **arguments).prepare().body
    return body.encode() if isinstance(body, str) else body or b""


def sent_by_httpx(**arguments: Any) -> bytes:
    """The body that httpx sends."""
    return httpx.Request("POST", "http://orders/invoices", **arguments).read()


def shell(command: str) -> bytes:
    """What a shell prints."""
    return subprocess.run(["bash", "-c", command], check=True, capture_output=True).stdout


def bodies() -> None:
    """Bodies that were written twice, in two ways."""
    path = "/invoices"
    requests_json = sent_by_requests(json=PAYLOAD)
    httpx_json = sent_by_httpx(json=PAYLOAD)
    compact = json.dumps(PAYLOAD, separators=(",", ":")).encode()
    utf8 = json.dumps(PAYLOAD, separators=(",", ":"), ensure_ascii=False).encode()

    def post(name: str, expected: str, signed: bytes, sent: bytes) -> None:
        case(name, expected, "POST", path, v1(sign_v1("POST", path, signed)), sent)

    post("requests(json=) sends spaces, compact was signed", "body-json-compact", compact, requests_json)
    post(
        "json.dumps was signed, httpx sends compact",
        "body-json-ascii-escapes",
        json.dumps(PAYLOAD).encode(),
        httpx_json,
    )
    post(
        "a plain dict: json.dumps was signed, httpx sends compact",
        "body-json-spaces",
        b'{"a": 1}',
        sent_by_httpx(json={"a": 1}),
    )
    post(
        "sort_keys=True was signed",
        "body-json-sorted-keys",
        json.dumps(PAYLOAD, sort_keys=True).encode(),
        requests_json,
    )
    post("ensure_ascii=False was signed, requests escapes", "body-json-escapes-undone", utf8, compact)
    post("indent=2 was signed", "body-json-pretty", json.dumps(PAYLOAD, indent=2).encode(), requests_json)
    post("indent=4 was signed", "body-json-pretty", json.dumps(PAYLOAD, indent=4).encode(), requests_json)
    post("str(dict) was signed", "body-python-text", str(PAYLOAD).encode(), requests_json)
    message = f"POST\n{path}\n{NOW}\n{requests_json!r}\nbilling"
    case("bytes in an f-string", "body-python-text", "POST", path, v1(tag(SECRET, message)), requests_json)
    post(
        "a dict of form fields was signed as JSON",
        "body-form",
        json.dumps({"a": "1", "b": "x y"}).encode(),
        sent_by_requests(data={"a": "1", "b": "x y"}),
    )
    post(
        "urlencode was signed, JSON is sent",
        "body-form",
        urllib.parse.urlencode({"a": "1", "b": "x y"}).encode(),
        sent_by_httpx(json={"a": "1", "b": "x y"}),
    )
    quoted = urllib.parse.urlencode({"a": "x y", "b": "z"}, quote_via=urllib.parse.quote).encode()
    post(
        "quote_via=quote was signed, requests sends +",
        "body-form-encoding",
        quoted,
        sent_by_requests(data={"a": "x y", "b": "z"}),
    )
    post("json.dumps of a string", "body-json-twice", json.dumps(compact.decode()).encode(), compact)
    post("an empty dict is signed, nothing is sent", "body-empty", json.dumps({}).encode(), sent_by_requests())
    post("None is signed as null", "body-empty", json.dumps(None).encode(), b"")
    post("an f-string with None", "body-empty", f"{None}".encode(), b"")
    post("nothing signed, requests sends {}", "body-empty", b"", sent_by_httpx(json={}))
    post("Latin-1 was signed", "body-latin1", utf8.decode().encode("latin-1"), utf8)
    post("UTF-8 decoded as Latin-1 was signed", "body-latin1", utf8.decode("latin-1").encode(), utf8)
    post(
        "decoded with errors=replace was signed",
        "body-replacement-characters",
        b"\xff\xfe\x00a".decode(errors="replace").encode(),
        b"\xff\xfe\x00a",
    )
    post("utf-8-sig was signed", "body-bom", utf8.decode().encode("utf-8-sig"), utf8)
    post("a file with a line end was sent", "body-trailing-newline", compact, compact + b"\n")
    post(
        "echo adds a line end to what is signed",
        "body-trailing-newline",
        shell(f"echo {shlex.quote(utf8.decode())}"),
        utf8,
    )
    post("text mode changed line ends", "body-line-ends", b"a,b\r\n1,2\r\n", b"a,b\n1,2\n")
    post("strip() before signing", "body-white-space", b"  text \n".strip(), b"  text \n")
    post("base64 of the body was signed", "body-base64", base64.b64encode(compact), compact)
    post("the signer ran before the body was set", "body-not-sent", b"", compact)
    compressed = v1(sign_v1("POST", path, compact)) | {"Content-Encoding": "gzip"}
    case("gzip after signing", "body-compressed", "POST", path, compressed, gzip.compress(compact, mtime=0))
    digest = hashlib.sha256(compact).hexdigest().encode()
    post("the digest of the body was signed", "body-hash", digest, compact)
    case(
        "a body that is gone",
        "body-not-received",
        "POST",
        path,
        v1(sign_v1("POST", path, compact)) | {"Content-Length": str(len(compact))},
        b"",
    )
    with_float = b'{"price":1.0,"count":2}'
    post("parsed and written: 1.0 and 1", "body-json-numbers", b'{"price":1,"count":2}', with_float)


def targets() -> None:
    """Paths and queries."""
    sent = requests.Request("GET", "http://orders/api/items", params={"q": "a b", "tag": "x/y"}).prepare().path_url
    query = sent.split("?", 1)[1]

    def get(name: str, expected: str, path: str, signed_query: str, target: str) -> None:
        case(name, expected, "GET", target, v2(path, signed_query, b"", method="GET"), b"")

    get("urllib quote was signed, requests sends +", "query-space", "/api/items", query.replace("+", "%20"), sent)
    get(
        "quote with safe='/' was signed",
        "query-decoded",
        "/api/items",
        urllib.parse.urlencode({"q": "a b", "tag": "x/y"}, safe="/"),
        sent,
    )
    get("the query was not signed", "query-left-out", "/api/items", "", sent)
    get("sorted parameters were signed", "query-sorted", "/api/items", "a=1&b=2", "/api/items?b=2&a=1")
    get("the decoded query was signed", "query-decoded", "/api/items", urllib.parse.unquote_plus(query), sent)
    get("the question mark was signed", "query-question-mark", "/api/items", "?" + query, sent)
    get("a proxy added a parameter", "query-parameter", "/api/items", "a=1", "/api/items?a=1&utm_source=mail")
    get("lower-case escapes were signed", "query-escape-case", "/api/items", "tag=x%2fy", "/api/items?tag=x%2Fy")
    get("the decoded path was signed", "path-decoded", urllib.parse.unquote("/api/caf%C3%A9"), "", "/api/caf%C3%A9")
    get("the router cut the mount off", "path-prefix-added", "/api/items", "", "/items")
    get("the gateway added /api", "path-prefix-missing", "/items", "", "/api/items")
    get("base_url has a trailing slash", "path-trailing-slash", "/api/items/", "", "/api/items")
    url = urllib.request.Request("http://orders/api/items").full_url
    headers = v2(url, "", b"", method="GET") | {"Host": "orders"}
    case("the whole URL was signed", "url-signed", "GET", "/api/items", headers, b"")
    case("path and query in one", "path-with-query", "GET", sent, v1(sign_v1("GET", sent, b"")), b"")
    case("the method in lower case", "method-case", "GET", "/api/items", v2("/api/items", "", b"", method="get"), b"")
    case("a redirect turned POST into GET", "method-other", "GET", "/api/items", v2("/api/items", "", b""), b"")
    case(
        "a client that sends its method in lower case",
        "method-lower-case",
        "get",
        "/api/items",
        v2("/api/items", "", b"", method="get"),
        b"",
    )


def times() -> None:
    """Clocks and timestamps."""
    path, body = "/invoices", b"{}"

    def at(name: str, expected: str, timestamp: int | str, now: int = NOW) -> None:
        case(name, expected, "POST", path, v1(sign_v1("POST", path, body, timestamp=timestamp), timestamp), body, now)

    at("time.time() * 1000", "timestamp-milliseconds", int(NOW * 1000))
    at("str(time.time())", "timestamp-fraction", str(float(NOW)))
    at("isoformat()", "timestamp-date", datetime.datetime.fromtimestamp(NOW, datetime.UTC).isoformat())
    at("strftime of HTTP", "timestamp-date", time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(NOW)))
    naive = datetime.datetime.fromtimestamp(NOW, datetime.timezone(datetime.timedelta(hours=2))).replace(tzinfo=None)
    at("a naive local datetime", "timestamp-local-time", int(naive.replace(tzinfo=datetime.UTC).timestamp()))
    at("utcnow().timestamp() in New York", "timestamp-local-time", NOW + 5 * 3600)
    at("a clock eight minutes ahead", "clock-skew", NOW + 480)
    at("a clock that is slow", "clock-skew", NOW - 400)
    at("a request from a queue", "timestamp-stale", NOW - 3 * 86_400)
    at("time.monotonic()", "timestamp-not-unix", 54_321)
    case("two clocks", "timestamp-taken-twice", "POST", path, v1(sign_v1("POST", path, body, timestamp=NOW - 1)), body)
    signed = sign_v1("POST", path, body, timestamp=NOW * 1000)
    case("milliseconds signed, seconds sent", "timestamp-in-message", "POST", path, v1(signed), body)
    signed = sign_v1("POST", path, body, timestamp=NOW * 1000 + 437)
    case("exact milliseconds signed", "timestamp-in-message", "POST", path, v1(signed), body)


def keys() -> None:
    """Keys that are not the ones that were meant."""
    path, body = "/invoices", b'{"a":1}'

    def with_key(name: str, expected: str, key: str | bytes) -> None:
        case(name, expected, "POST", path, v2(path, "", body, key=key), body)

    with_key("bytes.fromhex(secret)", "key-as-hex", bytes.fromhex(SECRET))
    with_key("b64decode(secret)", "key-as-base64", base64.b64decode(SECRET))
    with_key("open(path).read() with its line end", "key-white-space", SECRET + "\n")
    with_key("quotes of a .env file", "key-quotes", f'"{SECRET}"')
    with_key("str(None)", "key-not-set", str(None))
    with_key("an empty variable", "key-not-set", "")
    with_key("the receiver's secret", "key-of-other-service", OWN_SECRET)
    with_key("another service's secret", "key-of-other-service", OTHER_SECRET)
    with_key("a webhook's secret", "key-of-other-webhook", GITHUB_SECRET)
    with_key("the API key", "key-is-api-key", API_KEY)
    with_key("sha256(secret)", "key-hashed", hashlib.sha256(SECRET.encode()).digest())
    with_key("upper() of the secret", "key-letter-case", SECRET.upper())
    with_key("the first 32 characters", "key-cut", SECRET[:32])
    with_key("the old, revoked key", "key-not-valid", OLD_SECRET)


def spellings() -> None:
    """Signatures that are right, and written otherwise; messages that are put together otherwise."""
    path, body = "/invoices", b'{"a":1}'
    right = sign_v1("POST", path, body)

    def spelled(name: str, expected: str, signature: str) -> None:
        case(name, expected, "POST", path, v1(signature), body)

    spelled("hexdigest().upper()", "signature-upper-case", right.upper())
    spelled("base64 in place of hex", "signature-base64", base64.b64encode(bytes.fromhex(right)).decode())
    spelled("base64 of the hex digest", "signature-base64-of-hex", base64.b64encode(right.encode()).decode())
    spelled("sha256= before it", "signature-prefix", "sha256=" + right)
    headers = v2(path, "", body)
    bare = headers | {"X-Signature": headers["X-Signature"].removeprefix("v2=")}
    case("v2= left out", "signature-prefix", "POST", path, bare, body)
    spelled(
        "hashlib.sha256 without hmac",
        "algorithm",
        hashlib.sha256(f"POST\n{path}\n{NOW}\n{body.decode()}\nbilling{SECRET}".encode()).hexdigest(),
    )
    spelled("HMAC-SHA512", "signature-length", tag(OTHER_SECRET + "x", "x", "sha512"))
    spelled(
        "HMAC-SHA1 over the right message",
        "algorithm",
        tag(SECRET, f"POST\n{path}\n{NOW}\n{body.decode()}\nbilling", "sha1"),
    )
    for separator, name in ((".", "dots"), ("", "nothing"), ("\\n", "a backslash and an n")):
        message = separator.join(["POST", path, str(NOW), body.decode(), "billing"])
        spelled(f"joined with {name}", "separator", tag(SECRET, message))
    spelled("without the timestamp", "without-timestamp", tag(SECRET, f"POST\n{path}\n{body.decode()}\nbilling"))
    spelled(
        "cross-service under the headers of service-hmac",
        "other-scheme",
        tag(SECRET, f"POST\n{path}\n{NOW}\n{body.decode()}"),
    )
    spelled("timestamp.body as webhooks do", "other-scheme", tag(SECRET, f"{NOW}.{body.decode()}"))
    spelled("the service first", "part-order", tag(SECRET, f"billing\nPOST\n{path}\n{NOW}\n{body.decode()}"))
    piped = shell(f"echo -e 'POST\\n{path}\\n{NOW}\\n'{shlex.quote(body.decode())}'\\nbilling'")
    spelled("echo -e into openssl", "message-line-end", tag(SECRET, piped))
    case("the target is the own id", "target-in-message", "POST", path, v2(path, "", body, target="billing"), body)
    case(
        "another name of the caller in the message",
        "caller-in-message",
        "POST",
        path,
        v2(path, "", body, service="Billing"),
        body,
    )
    stranger = sign_v1("POST", path, body, service="Billing")
    case("the id in another letter case", "caller-nearly-known", "POST", path, v1(stranger, service="Billing"), body)
    other = {**v2(path, "", body), "X-Target-Service": "reports"}
    case("sent to the wrong service", "target-in-message", "POST", path, other, body)
    renamed = {"X-Service_ID" if name == "X-Service-ID" else name: value for name, value in v1(right).items()}
    case("an underscore in a name", "header-name", "POST", path, renamed, body)
    renamed = {"X-Signature-256" if name == "X-Signature" else name: value for name, value in v1(right).items()}
    case("X-Signature-256", "header-name", "POST", path, renamed, body)
    case("no credential", "no-credential", "POST", path, {"Accept": "*/*"}, body)
    case("a bearer token", "credential-in-authorization", "POST", path, {"Authorization": "Bearer abc"}, body)


def webhooks() -> None:
    """Senders of the world, at endpoints that are set up wrongly."""
    body = json.dumps(PAYLOAD).encode()
    parsed = json.dumps(json.loads(body), separators=(",", ":")).encode()
    github = {"X-Hub-Signature-256": "sha256=" + tag(GITHUB_SECRET, body)}
    case("GitHub: the body was parsed and written again", "body-json-spaces", "POST", "/hooks/github", github, parsed)
    bare = {"X-Hub-Signature-256": tag(GITHUB_SECRET, body)}
    case("GitHub: no sha256=", "signature-prefix", "POST", "/hooks/github", bare, body)
    old = {"X-Hub-Signature": "sha1=" + tag(GITHUB_SECRET, body, "sha1")}
    case("GitHub: the old header", "header-name", "POST", "/hooks/github", old, body)
    other = {"X-Hub-Signature-256": "sha256=" + tag(OTHER_HOOK_SECRET, body)}
    case("GitHub: the secret of another endpoint", "key-of-other-webhook", "POST", "/hooks/github", other, body)
    ids = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW)}
    message = f"msg_1.{NOW}.".encode() + body
    text_key = ids | {"webhook-signature": "v1," + base64.b64encode(raw_tag(STANDARD_SECRET, message)).decode()}
    case("Standard Webhooks: whsec_ as text", "key-as-text", "POST", "/hooks/standard", text_key, body)
    decoded = base64.b64decode(STANDARD_SECRET.removeprefix("whsec_"))
    as_hex = ids | {"webhook-signature": "v1," + tag(decoded, message)}
    case("Standard Webhooks: hex", "signature-hex", "POST", "/hooks/standard", as_hex, body)
    stripe = tag(STRIPE_SECRET, f"{NOW}.".encode() + body)
    case(
        "Stripe: the parsed body",
        "body-json-spaces",
        "POST",
        "/hooks/stripe",
        {"Stripe-Signature": f"t={NOW},v1={stripe}"},
        parsed,
    )
    stripped = tag(STRIPE_SECRET.removeprefix("whsec_"), f"{NOW}.".encode() + body)
    case(
        "Stripe: whsec_ cut off",
        "key-prefix",
        "POST",
        "/hooks/stripe",
        {"Stripe-Signature": f"t={NOW},v1={stripped}"},
        body,
    )
    case(
        "Stripe: a day late",
        "clock-skew",
        "POST",
        "/hooks/stripe",
        {"Stripe-Signature": f"t={NOW},v1={stripe}"},
        body,
        NOW + 1000,
    )
    hush = "hush-4395ca08d6e7b21a5f3c90c27be1940f"
    shopify = {"X-Shopify-Hmac-Sha256": tag(hush, body)}
    case("Shopify: hex in place of base64", "signature-hex", "POST", "/hooks/shopify", shopify, body)
    shopify = {"X-Shopify-Hmac-Sha256": base64.b64encode(raw_tag(hush, body)).decode()}
    case("Shopify: a line end was trimmed", "body-trailing-newline", "POST", "/hooks/shopify", shopify, body + b"\n")
    slack_key = "8f742231b10e8888abcd99yyyzzz85a5"
    form = urllib.parse.urlencode({"command": "/weather", "text": "94070 a/b"}).encode()
    time_header = {"X-Slack-Request-Timestamp": str(NOW)}
    slack = time_header | {"X-Slack-Signature": "v0=" + tag(slack_key, f"v0:{NOW}:".encode() + form)}
    as_json = json.dumps(dict(urllib.parse.parse_qsl(form.decode()))).encode()
    case("Slack: the form as JSON", "body-form", "POST", "/hooks/slack", slack, as_json)
    again = urllib.parse.urlencode(urllib.parse.parse_qsl(form.decode()), quote_via=urllib.parse.quote).encode()
    case("Slack: the form encoded again", "body-form-encoding", "POST", "/hooks/slack", slack, again)
    short = time_header | {"X-Slack-Signature": "v0=" + tag(slack_key, f"{NOW}:".encode() + form)}
    case("Slack: v0 left out, as Paddle signs", "other-scheme", "POST", "/hooks/slack", short, form)
    pairs = sorted(urllib.parse.parse_qsl(form.decode()))
    for origin, name in (("http://orders.example", "http"), ("https://internal:8080", "an inner host")):
        url = origin + "/hooks/twilio" + "".join(key + value for key, value in pairs)
        signature = base64.b64encode(raw_tag("12345678901234567890abcdefabcdef", url, "sha1")).decode()
        headers = {"X-Twilio-Signature": signature, "Host": "internal:8080"}
        case(f"Twilio: the URL with {name}", "url-signed", "POST", "/hooks/twilio", headers, form)
    case("GitHub at the services' door", "scheme-not-accepted", "POST", "/invoices", github, body)


def main() -> None:
    """Print all of them."""
    for make in (bodies, targets, times, keys, spellings, webhooks):
        make()


if __name__ == "__main__":
    main()
