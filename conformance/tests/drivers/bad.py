"""A driver that does one thing wrong.

    bad.py MISTAKE GOOD_DRIVER...

It asks a good driver and spoils what comes back, so that nothing but the mistake can be the reason for a failure.
Mistakes that happen once happen in the third question.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import IO, Any

MISTAKE = sys.argv[1]
UNLUCKY = 3
FOREVER = 3600
LATE = 120


def say(line: str, end: str = "\n") -> None:
    """Write a line, or a piece of one."""
    sys.stdout.write(line + end)
    sys.stdout.flush()


def read(pipe: IO[str]) -> dict[str, Any]:
    """Read a line of the good driver."""
    line: dict[str, Any] = json.loads(pipe.readline())
    return line


match MISTAKE:
    case "no-hello":
        time.sleep(FOREVER)
    case "ends-without-hello":
        sys.exit(0)
    case "aborts-without-hello":
        os.abort()
    case "cannot-run":
        sys.exit("the module is not there")
    case "garbage-hello":
        say("Welcome to the driver!")
        time.sleep(FOREVER)

good = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
if good.stdin is None or good.stdout is None:
    sys.exit("both were asked for")
hello = read(good.stdout)
match MISTAKE:
    case "wrong-protocol":
        hello["protocol"] = 2
    case "unknown-capability":
        hello["capabilities"].append("telepathy")
    case "no-capabilities":
        hello["capabilities"] = []
    case "claims-everything":
        hello["capabilities"] = ["verify", "verify_stream", "sign", "check", "replace"]
    case "wrong-binding":
        hello["binding"] = "somebody-else"
    case "hello-changes":
        hello["runtime"] += f" {time.time_ns()}"
say(json.dumps(hello))

OK = {
    "service": "billing",
    "key": "2026",
    "scheme": "service-hmac",
    "age": 0,
    "request_id": None,
    "route": None,
    "retiring": False,
    "public": False,
    "covered": ["method", "path", "timestamp", "service", "body"],
    "replay_key": "s:0",
}
REFUSED = {
    "code": "INVALID_SIGNATURE",
    "status": 401,
    "request_id": None,
    "response": {
        "status": 401,
        "www_authenticate": 'Wiresign realm="orders"',
        "body": '{"error":"The signature does not match the request.","code":"INVALID_SIGNATURE","requestId":null}',
    },
}

held: str | None = None
for count, line in enumerate(sys.stdin, start=1):
    question = json.loads(line)
    verifies = [step["op"] == "verify" for step in question["steps"]]
    if MISTAKE == "claims-everything" and not all(verifies):
        # What it cannot do it answers by something that looks harmless.
        answer = {"id": question["id"], "results": [{"ok": {}} for _ in verifies]}
    else:
        good.stdin.write(line)
        good.stdin.flush()
        answer = read(good.stdout)
    results = answer["results"]

    match MISTAKE:
        case "always-ok":
            answer["results"] = [{"ok": OK} for _ in results]
        case "always-refuses":
            answer["results"] = [{"refused": REFUSED} for _ in results]
        case "other-sentence":
            for refused in (result["refused"] for result in results if "refused" in result):
                refused["response"]["body"] = refused["response"]["body"].replace("The ", "Your ")
        case "other-spacing":
            for refused in (result["refused"] for result in results if "refused" in result):
                refused["response"]["body"] = refused["response"]["body"].replace('":', '": ')
        case "other-status":
            for refused in (result["refused"] for result in results if "refused" in result):
                refused["response"]["status"] = 403
        case "other-replay-key":
            for ok in (result["ok"] for result in results if "ok" in result):
                ok["replay_key"] += "0"
        case "unknown-code":
            for refused in (result["refused"] for result in results if "refused" in result):
                refused["code"] = "NO_SUCH_CODE"
        case "missing-member":
            for ok in (result["ok"] for result in results if "ok" in result):
                ok.pop("route", None)
        case "extra-member":
            for ok in (result["ok"] for result in results if "ok" in result):
                ok["mood"] = "good"
        case "header-order":
            results[0]["ok"]["headers"].reverse()
        case "header-bytes":
            results[0]["ok"]["headers"][0][0] = results[0]["ok"]["headers"][0][0].lower()
        case "message-bytes":
            results[0]["ok"]["message"] = {"base64": "AAAA"}
        case "crashed":
            answer["results"] = [{"crashed": "ValueError: not foreseen"} for _ in results]
        case "wrong-id":
            answer["id"] += "?"
        case "missing-results":
            results.clear()
        case "too-many-results":
            results.append(results[0])

    text = json.dumps(answer)
    if MISTAKE == "late" and count == UNLUCKY:
        time.sleep(LATE)
    if MISTAKE == "out-of-order":
        # Waits for another question before it answers, the later one first; who asks one by one waits for ever.
        if held is None:
            held = text
            continue
        text, held = f"{text}\n{held}", None
    if MISTAKE == "hello-changes" and count == UNLUCKY:
        os.abort()
    if MISTAKE == "crash" and count == UNLUCKY:
        sys.stderr.write("a line before\nthe cause of the crash\n")
        sys.stderr.flush()
        os.abort()
    if MISTAKE == "quits" and count == UNLUCKY:
        sys.exit(0)
    if MISTAKE in ("hang", "hangs-always") and (count == UNLUCKY or MISTAKE == "hangs-always"):
        time.sleep(FOREVER)
    match MISTAKE:
        case "garbage":
            say("Traceback (most recent call last):")
        case "not-utf8":
            sys.stdout.buffer.write(b'{"id":"\xff"}\n')
            sys.stdout.buffer.flush()
        case "repeated-member":
            say(text[:-1] + ', "id": "another"}')
        case "no-answer-object":
            say('{"hello": "again"}')
        case "half-line":
            say(text[:20], end="")
        case "half-line-and-quits":
            say(text[:20], end="")
            sys.exit(0)
        case "twice":
            say(text + "\n" + text)
        case _:
            say(text)

match MISTAKE:
    case "line-at-the-end":
        say('{"id": "nobody", "results": []}')
    case "fails-at-the-end":
        sys.exit("leaked 3 objects")
    case "does-not-end":
        time.sleep(FOREVER)
