"""The calls that the services make of each other: all that the registry allows, and all that it forbids."""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import permutations
from typing import TYPE_CHECKING, Any

import wire
from fleet import FOLDER, PROGRAMS, Audit
from forge import Request
from report import Outcome

if TYPE_CHECKING:
    from fleet import Fleet
    from report import Report

FLOW_SECONDS = 120


@dataclass(frozen=True)
class Call:
    """One call that a flow must lead to."""

    what: str
    caller: str
    called: str
    method: str
    path: str

    def is_seen_in(self, audit: Audit) -> bool:
        """Whether an audit record of the called service is about this call."""
        same = (audit.service, audit.method) == (self.caller, self.method)
        return same and fnmatchcase(audit.path, self.path)


ALLOWED = (
    Call("a user registers", "auth-service", "lego-projects-api", "POST", "/api/owners"),
    Call("a user registers", "auth-service", "image-service", "POST", "/api/images/avatars"),
    Call("a user registers", "auth-service", "notifications-service", "POST", "/api/notifications"),
    Call("a user registers", "auth-service", "stock-service", "POST", "/api/reservations"),
    Call("a user registers", "auth-service", "delivery-service", "POST", "/api/addresses"),
    Call("a user registers", "auth-service", "rewards-service", "POST", "/api/accounts"),
    Call("a gift is chosen", "stock-service", "lego-projects-api", "GET", "/api/sets"),
    Call("a gift is chosen", "stock-service", "image-service", "GET", "/api/images/*"),
    Call("a gift is chosen", "stock-service", "delivery-service", "POST", "/api/parcels"),
    Call("a gift is chosen", "stock-service", "rewards-service", "GET", "/api/accounts/*"),
    Call("a notification finds its address", "notifications-service", "auth-service", "GET", "/internal/users/*"),
    Call("a photo is uploaded", "lego-projects-api", "image-service", "POST", "/api/images/process"),
    Call("a photo is uploaded", "lego-projects-api", "notifications-service", "POST", "/api/notifications"),
    Call("a photo is uploaded", "lego-projects-api", "stock-service", "POST", "/api/stock"),
    Call("a notification finds its title", "notifications-service", "lego-projects-api", "GET", "/api/projects/42"),
    Call("a photo is ready", "image-service", "lego-projects-api", "PUT", "/api/projects/42/image"),
    Call("a photo is ready", "image-service", "notifications-service", "POST", "/api/notifications"),
    Call("a photo is ready", "image-service", "stock-service", "GET", "/api/stock/photo-paper"),
    Call("a photo is ready", "image-service", "delivery-service", "POST", "/api/prints"),
    Call("a photo is ready", "image-service", "rewards-service", "POST", "/api/badges"),
    Call("a print is framed", "delivery-service", "image-service", "GET", "/api/images/*"),
    Call("a print is framed", "delivery-service", "stock-service", "GET", "/api/stock/frame"),
    Call("a print is framed", "delivery-service", "notifications-service", "POST", "/api/notifications"),
    Call("a print is framed", "delivery-service", "rewards-service", "POST", "/api/points"),
    Call("a badge is won", "rewards-service", "lego-projects-api", "GET", "/api/projects/42"),
    Call("a badge is won", "rewards-service", "image-service", "GET", "/api/images/*"),
    Call("a badge is won", "rewards-service", "stock-service", "GET", "/api/stock/badge"),
    Call("a badge is won", "rewards-service", "delivery-service", "POST", "/api/parcels"),
    Call("prices are missing", "price-scraper", "lego-projects-api", "GET", "/api/sets"),
    Call("a price is reported", "price-scraper", "lego-projects-api", "POST", "/api/prices"),
    Call("a price gets its picture", "lego-projects-api", "image-service", "GET", "/api/images/*"),
)

# What a caller without leave would ask each service for.
TEMPTING = {
    "auth-service": ("GET", "/internal/users/1"),
    "image-service": ("GET", "/api/images/1"),
    "lego-projects-api": ("GET", "/api/projects/42"),
    "notifications-service": ("POST", "/api/notifications"),
    "stock-service": ("GET", "/api/stock/10497"),
    "delivery-service": ("GET", "/api/parcels/1"),
    "rewards-service": ("GET", "/api/accounts/1"),
}


def run_allowed(fleet: Fleet, report: Report) -> None:
    """Let the flows run, then find each call in the logs of both sides."""
    report.section("Allowed: the services call each other")
    pairs = {(caller, called) for caller, called, allowed in _pairs(fleet) if allowed}
    covered = {(call.caller, call.called) for call in ALLOWED}
    report.check(
        "the flows use every way that the registry allows", expected="all", found="all" if covered == pairs else ""
    )

    languages = {(PROGRAMS[call.caller].language, PROGRAMS[call.called].language) for call in ALLOWED}
    all_pairs = set(permutations({program.language for program in PROGRAMS.values()}, 2))
    report.check(
        "each language calls each other one",
        expected=f"{len(all_pairs)} ways",
        found=f"{len(languages & all_pairs)} ways",
    )

    avatar = base64.b64encode(os.urandom(90_000)).decode()
    user = _post(fleet, "auth-service", "/auth/register", {"email": "ada@fleet.test", "name": "Ada", "avatar": avatar})
    _post(fleet, "lego-projects-api", "/projects/42/photos", {"owner": user["id"], "url": "https://photos.test/1.jpg"})
    scraper = fleet.run("price-scraper", PROGRAMS["price-scraper"].command())
    scraper.wait(FLOW_SECONDS)

    end = time.monotonic() + FLOW_SECONDS
    missing = list(ALLOWED)
    while missing and time.monotonic() < end:
        missing = [call for call in missing if not any(map(call.is_seen_in, fleet.processes[call.called].audits()))]
        time.sleep(0.02)

    signed = signing_times(fleet)
    for call in ALLOWED:
        audits = [audit for audit in fleet.processes[call.called].audits() if call.is_seen_in(audit)]
        audit = next((audit for audit in audits if audit.event == "refused"), audits[0] if audits else None)
        report.add(
            Outcome(
                what=call.what,
                caller=call.caller,
                called=call.called,
                request=f"{call.method} {call.path}",
                expected="accepted",
                verdict=audit.event if audit else "not seen",
                code=audit.code if audit else None,
                sign_us=signed.get(audit.request_id or "") if audit else None,
                verify_us=audit.duration_us if audit else None,
                wrong=_not_signed_by_caller(audit, signed),
            )
        )
    for name in fleet.processes:
        failures = [line["message"] for line in fleet.processes[name].lines() if line.get("event") == "failed"]
        report.check(f"{name} had no failed request", expected="0", found=str(len(failures)))
    report.check("price-scraper ended well", expected="0", found=str(scraper.ended))


def run_forbidden(fleet: Fleet, report: Report) -> None:
    """Make every call that the registry does not allow, each by the real client of the caller's language."""
    report.section("Forbidden: real clients with real keys, but not in the registry")
    for caller, called, allowed in _pairs(fleet):
        if allowed:
            continue
        method, path = TEMPTING[called]
        mark = fleet.processes[called].mark()
        client = fleet.run(caller, _client(caller, called, method, path))
        exit_code = client.wait(FLOW_SECONDS)
        answer: dict[str, Any] = next((line for line in client.lines() if line.get("event") == "answered"), {})
        audits = [audit for audit in fleet.processes[called].audits(mark) if audit.service == caller]
        audit = audits[-1] if audits else None
        shown = answer.get("code")
        report.add(
            Outcome(
                what=f"{PROGRAMS[caller].language} client",
                caller=caller,
                called=called,
                request=f"{method} {path}",
                expected="TARGET_NOT_ALLOWED",
                verdict=audit.event if audit else "not seen",
                code=audit.code if audit else None,
                sign_us=signing_times(fleet).get(audit.request_id or "") if audit else None,
                verify_us=audit.duration_us if audit else None,
                wrong=None if exit_code == 0 and audit and shown == audit.code else f"the client was told {shown}",
            )
        )


def _pairs(fleet: Fleet) -> list[tuple[str, str, bool]]:
    services: dict[str, Any] = fleet.registry["services"]
    return [
        (caller, called, called in entry["allowed_targets"])
        for caller, entry in services.items()
        for called, target in services.items()
        if caller != called and "url" in target
    ]


def _client(caller: str, *arguments: str) -> list[str]:
    if PROGRAMS[caller].language in ("Go", "Java", "Rust"):
        return [*PROGRAMS[caller].command(), "call", *arguments]
    python = PROGRAMS[caller].language == "Python"
    script = FOLDER / "demo" / ("call_as.py" if python else "call_as.mjs")
    return [sys.executable if python else "node", str(script), caller, *arguments]


def signing_times(fleet: Fleet) -> dict[str, float]:
    """Give the microseconds that each request took to be signed, by request id, from the callers' logs."""
    times = {}
    for line in fleet.all_lines():
        if line.get("event") == "signed":
            request_id, duration = ("requestId", "durationUs") if "requestId" in line else ("request_id", "duration_us")
            times[str(line[request_id])] = float(line[duration])
    return times


def _not_signed_by_caller(audit: Audit | None, signed: dict[str, float]) -> str | None:
    if audit is not None and audit.request_id in signed:
        return None
    return "no service logged that it signed this request"


def _post(fleet: Fleet, service: str, path: str, body: object) -> Any:
    data = json.dumps(body).encode()
    (response,) = wire.send(fleet.address(service), Request("POST", path, (), data).wire())
    if not response.ok:
        msg = f"{service} answered POST {path} with {response.status}: {response.body!r}"
        raise RuntimeError(msg)
    return json.loads(response.body)
