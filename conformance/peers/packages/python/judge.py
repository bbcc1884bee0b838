"""A published package as a peer: it accepts or refuses, as an application that follows its documentation would.

`judge.py PACKAGE` answers the questions of the conformance runner. A package knows no codes, and what it has no say in
(other schemes, keys that are not valid now, headers that came twice) is left to others.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import amazon
import joserfc_tokens
import message_signatures
import tokens
import webhooks
from question import Request, UnsupportedError

Verify = Callable[[dict[str, Any], dict[str, str], int, Request], None]

PACKAGES: dict[str, Verify] = {
    "PyJWT": tokens.verify,
    "botocore": amazon.verify,
    "http-message-signatures": message_signatures.verify,
    "joserfc": joserfc_tokens.verify,
    "slack-sdk": webhooks.slack,
    "standardwebhooks": webhooks.standard_webhooks,
    "stripe": webhooks.stripe,
    "svix": webhooks.svix,
}


def answer(verify: Verify, question: dict[str, Any]) -> Any:
    """Answer each step of a question."""
    results: list[dict[str, Any]] = []
    has_accepted = False
    for step in question["steps"]:
        if step["op"] != "verify" or has_accepted or "config" not in question:
            results.append({"unsupported": "this step"})
            continue
        try:
            verify(question["config"], question.get("env", {}), step["now"], Request(step["request"]))
            results.append({"ok": {}})
        except UnsupportedError as problem:
            results.append({"unsupported": str(problem)})
        except Exception:
            results.append({"refused": {}})
        has_accepted = has_accepted or "refused" not in results[-1]
    return results


def main() -> None:
    """Say hello, then answer line after line."""
    name = sys.argv[1]
    hello = {
        "protocol": 1,
        "binding": f"{name.lower()}-py",
        "version": version(name),
        "runtime": f"{platform.python_implementation()} {platform.python_version()}",
        "capabilities": ["verify"],
    }
    print(json.dumps(hello), flush=True)
    for line in sys.stdin.buffer:
        question = json.loads(line)
        print(json.dumps({"id": question["id"], "results": answer(PACKAGES[name], question)}), flush=True)


if __name__ == "__main__":
    main()
