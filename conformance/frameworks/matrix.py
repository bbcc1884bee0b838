"""Every client to every server, over real HTTP: what is genuine is accepted, what was changed on the way is refused.

Between client and server stands a relay that keeps the bytes of each request. Then parts of it are exchanged, one at a
time, and it is sent again: every server must refuse it with the same code.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import clients
import servers
from recorded import Answer, NotOneRequestError, read, send
from relay import Relay
from schemes import ACCEPTED, ONCE_MORE, REQUESTS, SCHEMES, changes, client_document, server_document, set_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recorded import Recorded
    from schemes import Scheme, Sent

REFUSALS = servers.ROOT / "conformance/contract/refusals.toml"
STATUS = {refusal["name"]: refusal["status"] for refusal in tomllib.loads(REFUSALS.read_text())["refusal"]}
# What `--small` asks, beside all schemes: one server and one client of each language that needs no long build.
SMALL_SERVERS = ["FastAPI, uvicorn", "Express 5", "Go net/http", "axum"]
SMALL_CLIENTS = ["Python httpx", "Node fetch", "Go Transport", "Rust reqwest"]

NOT_SENT = "not sent"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Failure:
    """One answer that is another than it must be."""

    client: str
    server: str
    scheme: str
    request: str
    what: str
    expected: str
    got: str
    # The request as it was sent, in base64.
    sent: str = ""


@dataclass
class Pair:
    """A client and a server."""

    client: str
    server: str
    accepted: int = 0
    refused: int = 0
    failures: list[Failure] = field(default_factory=list)

    def count(self) -> int:
        """Return how many answers there were."""
        return self.accepted + self.refused + len(self.failures)


class Play:
    """All requests of one client to one server."""

    def __init__(self, pair: Pair, client: clients.Client, port: int, relay: Relay, folder: Path) -> None:
        """Take the two, what stands between them, and where the configurations are."""
        self._pair = pair
        self._client = client
        self._port = port
        self._relay = relay
        self._folder = folder

    def scheme(self, scheme: Scheme) -> None:
        """Send all requests by one scheme."""
        for sent in REQUESTS:
            if sent.name not in scheme.leaves_out:
                self._request(scheme, sent)

    def _request(self, scheme: Scheme, sent: Sent) -> None:
        """Send a request, and then what becomes of it when something is changed."""
        body = sent.numbered(next(_numbers))
        told = {
            "config": str(self._folder / f"{scheme.name}.json"),
            "url": f"http://127.0.0.1:{self._relay.port}",
            "method": sent.method,
            # No two targets are alike: not every scheme signs something that is there once.
            "target": f"/{scheme.name}/{next(_numbers)}{sent.target}",
            "body": None if body is None else base64.b64encode(body).decode(),
            "type": sent.media_type(),
        }
        self._relay.take()
        said = self._client.send(told)
        bytes_sent = self._relay.take()
        reason = clients.REFUSED.get((self._pair.client, sent.name))
        if reason is not None:
            got = NOT_SENT if "error" in said and not bytes_sent else "sent"
            self._judge(scheme, sent, f"not sent, since {reason}", NOT_SENT, got, bytes_sent)
            return
        try:
            request = read(bytes_sent)
        except NotOneRequestError as wrong:
            self._judge(scheme, sent, "genuine", ACCEPTED, f"{said.get('error', '')} sent {wrong}", b"")
            return
        got = _outcome(scheme, Answer(said.get("status", 0), said.get("body", said.get("error", ""))))
        if got == ACCEPTED and json.loads(said["body"])["body"] != (body or b"").hex():
            got = "accepted with another body"
        self._judge(scheme, sent, "genuine", ACCEPTED, got, bytes_sent)
        if sent.is_changed and got == ACCEPTED:
            is_joined = self._pair.server in servers.JOINING
            for place, (change, expected) in changes(scheme, sent, is_joined).items():
                changed = change(request)
                if changed == request and place != ONCE_MORE:
                    raise RuntimeError(f"{scheme.name}, {sent.name}: {place}: nothing was exchanged")
                self._changed(scheme, sent, place, expected, changed)

    def _changed(self, scheme: Scheme, sent: Sent, place: str, expected: str, request: Recorded) -> None:
        try:
            got = _outcome(scheme, send(self._port, request))
        except OSError as error:
            got = f"no answer: {error}"
        self._judge(scheme, sent, place, expected, got, request.wire())

    def _judge(self, scheme: Scheme, sent: Sent, what: str, expected: str, got: str, wire: bytes) -> None:
        if got != expected:
            text = base64.b64encode(wire).decode()
            pair = self._pair
            pair.failures.append(Failure(pair.client, pair.server, scheme.name, sent.name, what, expected, got, text))
        elif got == ACCEPTED:
            self._pair.accepted += 1
        else:
            self._pair.refused += 1


def _outcome(scheme: Scheme, answer: Answer) -> str:
    """Say what an answer is: accepted with the right caller, a code of ours with its status, or what else."""
    if answer.caller() == scheme.caller:
        return ACCEPTED
    code = answer.code()
    if code is not None and STATUS.get(code) == answer.status:
        return code
    return f"{answer.status} {answer.body[:300]}"


@dataclass(frozen=True)
class Plan:
    """Who asks, by which schemes, and where the configurations of the clients are."""

    clients: Sequence[str]
    schemes: Sequence[Scheme]
    folder: Path


def ask(name: str, command: list[str] | None, plan: Plan) -> list[Pair]:
    """Start a server, and let all clients call it, one after the other."""
    began = time.monotonic()
    pairs = []
    with servers.running(name, server_document(), command) as port, Relay(port) as relay:
        for client_name in plan.clients:
            pair = Pair(client_name, name)
            with clients.started(client_name) as client:
                play = Play(pair, client, port, relay, plan.folder)
                for scheme in plan.schemes:
                    play.scheme(scheme)
            pairs.append(pair)
    failed = sum(len(pair.failures) for pair in pairs)
    asked = sum(pair.count() for pair in pairs)
    print(f"{name}: {asked - failed} passed, {failed} failed ({time.monotonic() - began:.0f} s)", file=sys.stderr)
    return pairs


def play(
    wanted_servers: Mapping[str, list[str] | None], wanted_clients: Sequence[str], schemes: Sequence[Scheme] = SCHEMES
) -> list[Pair]:
    """Ask several servers, two at a time; a command of its own may stand for that of a server."""
    set_secrets()
    with ExitStack() as stack:
        plan = Plan(wanted_clients, schemes, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        for scheme in schemes:
            (plan.folder / f"{scheme.name}.json").write_text(json.dumps(client_document(scheme)))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        asked = pool.map(lambda item: ask(item[0], item[1], plan), wanted_servers.items())
        return [pair for pairs in asked for pair in pairs]


def table(pairs: list[Pair], wanted_servers: Sequence[str], wanted_clients: Sequence[str]) -> str:
    """Write what passed of each pair, and what failed where something did."""
    cells = {(pair.client, pair.server): pair for pair in pairs}

    def cell(pair: Pair) -> str:
        failed = f", {len(pair.failures)} FAILED" if pair.failures else ""
        return f"{pair.accepted} + {pair.refused}{failed}"

    rows = [
        ["accepted + refused", *wanted_servers],
        *([client, *(cell(cells[client, server]) for server in wanted_servers)] for client in wanted_clients),
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def main() -> int:
    """Play, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="four servers and four clients")
    parser.add_argument(
        "--server", action="append", choices=list(servers.SERVERS), help="ask this one only; may be repeated"
    )
    parser.add_argument(
        "--client", action="append", choices=list(clients.CLIENTS), help="let this one only ask; may be repeated"
    )
    parser.add_argument("--report", type=Path, metavar="DIR", help="write http-matrix.json to this folder")
    arguments = parser.parse_args()
    servers.end_all_when_told_to()
    wanted_servers = arguments.server or (SMALL_SERVERS if arguments.small else list(servers.SERVERS))
    wanted_clients = arguments.client or (SMALL_CLIENTS if arguments.small else list(clients.CLIENTS))
    servers.prepare(wanted_servers)
    clients.prepare(wanted_clients)
    pairs = play(dict.fromkeys(wanted_servers), wanted_clients)
    failures = [failure for pair in pairs for failure in pair.failures]
    for failure in failures[:40]:
        print(
            f"{failure.client} -> {failure.server}, {failure.scheme}, {failure.request}: {failure.what}: "
            f"expected {failure.expected}, got {failure.got}"
        )
    print(table(pairs, wanted_servers, wanted_clients))
    passed = sum(pair.accepted + pair.refused for pair in pairs)
    if arguments.report:
        arguments.report.mkdir(parents=True, exist_ok=True)
        report = {
            "schemes": [scheme.name for scheme in SCHEMES],
            "requests": [sent.name for sent in REQUESTS],
            "left_out": {scheme.name: scheme.leaves_out for scheme in SCHEMES if scheme.leaves_out},
            "passed": passed,
            "failed": len(failures),
            "pairs": [asdict(pair) for pair in pairs],
        }
        (arguments.report / "http-matrix.json").write_text(json.dumps(report, indent=1) + "\n")
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
