"""Writes the seeds of the fuzz targets from the conformance vectors: `python3 fuzz/seeds.py`.

A few of each vector file are enough; the fuzzer finds the rest. The names of the files are those of the tests.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VECTORS = HERE.parent / "conformance" / "vectors"
NOW = 1_767_225_600
MOST_BYTES = 2000
MOST_OF_A_FILE = 8
# The first byte of a raw request, by what its config accepts (see `configs` in src/lib.rs).
CONFIGS = {("service-hmac-v2",): b"0", ("service-hmac",): b"1", ("cross-service",): b"2"}
BOTH = b"3"
# The first byte of a header value, by its name (see targets/header_value.rs): as in v2, and as in the older schemes.
HEADERS = ["X-Timestamp", "X-Signature", "X-Request-ID", "X-Target-Service", "X-Service-ID"]
FIRST_IN_V2 = 50
FIRST_IN_OLDER = 130


def spread(items: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Some of the items that are short enough, evenly."""
    names = {content: name for name, content in items if len(content) <= MOST_BYTES}
    short = sorted((name, content) for content, name in names.items())
    step = max(1, len(short) // MOST_OF_A_FILE)
    return short[::step][:MOST_OF_A_FILE]


def write(target: str, seeds: list[tuple[str, bytes]]) -> None:
    """Writes the seeds of one target, each under its name."""
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds:
        (folder / name.replace("/", "-")).write_bytes(content)


def raw(config: dict[str, Any], request: dict[str, Any]) -> bytes | None:
    """The form that targets/raw_request.rs reads; `None` where the vector is not plain text."""
    body = request.get("body", "")
    fields = request["headers"]
    if not all(isinstance(part, str) for part in [request["method"], request["target"], body, *dict(fields).values()]):
        return None
    lines = [f"{request['method']} {request['target']}", *(f"{name}: {value}" for name, value in fields)]
    accept = tuple(config.get("accept", ["service-hmac-v2"]))
    text = "\n".join(lines) + f"\n\n{body}"
    return CONFIGS.get(accept, BOTH) + text.encode()


def main() -> None:
    """Replaces all seeds."""
    shutil.rmtree(HERE / "seeds", ignore_errors=True)
    documents: list[tuple[str, bytes]] = []
    values: list[tuple[str, bytes]] = []
    patterns: list[tuple[str, bytes]] = []
    for path in sorted(VECTORS.glob("*.json")):
        requests: list[tuple[str, bytes]] = []
        for group in json.loads(path.read_text())["groups"]:
            config = group.get("config")
            if not isinstance(config, dict):
                continue
            name = group["tests"][0]["id"]
            documents.append((name, json.dumps(config).encode()))
            for test in group["tests"]:
                step = test["steps"][0]
                if step["op"] not in ("verify", "verify_stream") or step["now"] != NOW:
                    continue
                content = raw(config, step["request"])
                if content is None:
                    continue
                requests.append((test["id"], content))
                first = FIRST_IN_V2 if b"v2=" in content else FIRST_IN_OLDER
                for header, value in step["request"]["headers"]:
                    if header in HEADERS:
                        kind = bytes([first + HEADERS.index(header)])
                        values.append((f"{test['id']}-{header}", kind + value.encode()))
                routes = config.get("routes", [])
                if routes and isinstance(routes[0], dict):
                    patterns.append((test["id"], f"{routes[0].get('match')}\n{step['request']['target']}".encode()))
        write("raw_request", spread(requests))
        write("config", spread(documents))
        documents = []
    write("header_value", [seed for start in range(4) for seed in spread(values[start::4])])
    write("pattern", [seed for start in range(4) for seed in spread(patterns[start::4])])
    secret = "0126fd21ad5f7cc0f1c9bd25151d14c9d82823cfed05c421b12b6807a3c18879"
    variables = {
        "SERVICE_ID": "a",
        "SERVICE_SECRET": secret,
        "ALLOWED_SERVICES": "b,a",
        "B_SECRET": f"{secret}x",
        "HMAC_WINDOW_SECONDS": "60",
        "HMAC_SCHEME": "cross-service",
    }
    lines = [f"{name}={value}\n" for name, value in variables.items()]
    write("environment", [("without-scheme", "".join(lines[:-1]).encode()), ("with-scheme", "".join(lines).encode())])


if __name__ == "__main__":
    main()
