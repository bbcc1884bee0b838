"""New keys for two callers, while both go on calling: no genuine request may be refused at any moment."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

import wire
from attacks import CALLER, VICTIMS, judge, scene_of
from calls import signing_times
from fleet import PROGRAMS, StartError
from forge import Credential, signed
from report import Outcome

if TYPE_CHECKING:
    from fleet import Fleet, Process
    from report import Report

RATE = 40
STEP_SECONDS = 0.6
ENOUGH = round(RATE * STEP_SECONDS)
"""So many answers later, none is under way any more that was signed before: the scraper has half as many at most."""
TRAFFIC_SECONDS = 60
OLD, NEW = "2026-q4", "2027-q1"
ROTATED = ("price-scraper", "lego-projects-api")

# Who is called by whom in the traffic, and with what the old key is tried in the end.
WAYS = (
    ("price-scraper", "lego-projects-api", "POST", "/api/prices", b'{"set": "10497", "cents": 1}'),
    ("lego-projects-api", "image-service", "GET", "/api/images/10497?variant=thumbnail", b""),
)


def run(fleet: Fleet, report: Report) -> None:
    """Rotate under traffic, step by step."""
    report.section(f"Key rotation under traffic: {RATE} prices per second, each with a call to image-service behind it")
    receivers = list(fleet.processes.values())
    replays = [(victim, scene_of(fleet, victim).genuine().wire()) for victim in VICTIMS]
    for victim, data in replays:
        wire.send(fleet.address(victim.service), data)
    marks = {process.name: process.mark() for process in receivers}
    scraper = fleet.run("price-scraper", [*PROGRAMS["price-scraper"].command(), "--rate", str(RATE)])
    _wait_for_traffic(scraper)

    said = _broken_registry(fleet, [*receivers, scraper])
    report.check(
        "a registry with a mistake is refused by all, and changes nothing", expected="registry-refused", found=said
    )

    # Image-service before lego-projects-api: who only receives learns a key before anybody signs with it.
    lego, image = fleet.processes["lego-projects-api"], fleet.processes["image-service"]
    others = [process for process in receivers if process not in (lego, image)]
    steps: tuple[tuple[str, tuple[tuple[str, str], ...], list[Process]], ...] = (
        ("receivers learn the new key", ((OLD, "active"), (NEW, "active")), [*others, image, lego]),
        (
            "callers sign with the new key too, the old one retires",
            ((NEW, "active"), (OLD, "retiring")),
            [scraper, lego],
        ),
        ("receivers count the old key as retiring", ((NEW, "active"), (OLD, "retiring")), [*others, image]),
        ("callers drop the old key", ((NEW, "active"), (OLD, "revoked")), [scraper, lego]),
        ("receivers revoke the old key", ((NEW, "active"), (OLD, "revoked")), [*others, image]),
    )
    for name in ROTATED:
        fleet.new_secret(_reference(name, NEW))
    for title, keys, processes in steps:
        for name in ROTATED:
            fleet.registry["services"][name]["keys"] = [_key(name, id, state) for id, state in keys]
        fleet.write_registry()
        said = " ".join(sorted(set(fleet.reload(processes))))
        report.check(f"step: {title}", expected="registry-loaded", found=said)
        _let_traffic_pass(scraper)

    scraper.terminate()
    exit_code = scraper.wait(TRAFFIC_SECONDS)
    report.check("price-scraper ended well", expected="0", found=str(exit_code))
    reported = Counter(str(line["status"]) for line in scraper.lines() if line.get("event") == "reported")
    _judge_traffic(fleet, report, marks, reported)
    _try_old_keys(fleet, report)
    for victim, data in replays:
        request = f"POST {victim.path}"
        outcome = _send("replay of before the reloads", fleet, CALLER, victim.service, request, data)
        report.add(replace(outcome, expected="REPLAYED_REQUEST"))


def _judge_traffic(fleet: Fleet, report: Report, marks: dict[str, int], reported: Counter[str]) -> None:
    total = reported.total()
    times = signing_times(fleet)
    report.check(f"{total} prices were sent", expected="enough", found="enough" if total > RATE else "too few")
    report.check(f"{reported['200']} of {total} got the answer 200", expected=str(total), found=str(reported["200"]))
    for caller, called, method, path, _ in WAYS:
        audits = [audit for audit in fleet.processes[called].audits(marks[called]) if audit.service == caller]
        refused = Counter(audit.code for audit in audits if audit.event == "refused")
        keys = Counter(audit.key_id for audit in audits if audit.event == "accepted")
        accepted = keys.total()
        verifying = [audit.duration_us for audit in audits]
        signing = [times[audit.request_id] for audit in audits if audit.request_id in times]
        report.add(
            Outcome(
                what=f"{accepted} calls, median times",
                caller=caller,
                called=called,
                request=f"{method} {path.partition('?')[0]}",
                expected="accepted",
                verdict="accepted" if accepted == total and not refused else f"{sum(refused.values())} refused",
                code=next(iter(refused), None),
                sign_us=median(signing) if signing else None,
                verify_us=median(verifying) if verifying else None,
            )
        )
        both = "both" if keys[OLD] and keys[NEW] else "not both"
        report.check(
            f"{called} verified {keys[OLD]} by the old key, {keys[NEW]} by the new", expected="both", found=both
        )
    for process in fleet.processes.values():
        refused = Counter(audit.code for audit in process.audits(marks[process.name]) if audit.event == "refused")
        report.check(f"{process.name} refused no genuine call", expected="0", found=str(refused.total()))


def _try_old_keys(fleet: Fleet, report: Report) -> None:
    for caller, called, method, target, body in WAYS:
        for id, expected in ((OLD, "KEY_NOT_VALID_NOW"), (NEW, "accepted")):
            credential = Credential(caller, fleet.secrets[_reference(caller, id)])
            data = signed(credential, called, method, target, body).wire()
            what = f"afterwards, only the {'old' if id == OLD else 'new'} key"
            outcome = _send(what, fleet, caller, called, f"{method} {target.partition('?')[0]}", data)
            report.add(replace(outcome, expected=expected))


def _send(what: str, fleet: Fleet, caller: str, called: str, request: str, data: bytes) -> Outcome:
    process = fleet.processes[called]
    mark = process.mark()
    (response,) = wire.send(fleet.address(called), data)
    audits = process.audits(mark)
    audit = audits[0] if audits else None
    verdict, code, _ = judge(called, response, audit)
    verify_us = audit.duration_us if audit else None
    return Outcome(what, caller, called, request, "", verdict, code, verify_us=verify_us)


def _broken_registry(fleet: Fleet, processes: list[Process]) -> str:
    broken = fleet.copy_of_registry()
    broken["services"]["price-scraper"]["keys"][0]["state"] = "retried"
    fleet.write_registry(broken)
    said = " ".join(sorted(set(fleet.reload(processes))))
    fleet.write_registry()
    return said


def _wait_for_traffic(scraper: Process) -> None:
    scraper.wait_for(["reported"], 0, TRAFFIC_SECONDS)
    _let_traffic_pass(scraper)


def _let_traffic_pass(scraper: Process) -> None:
    mark = scraper.mark()
    time.sleep(STEP_SECONDS)
    end = time.monotonic() + TRAFFIC_SECONDS
    while sum(line.get("event") == "reported" for line in scraper.lines(mark)) < ENOUGH:
        if scraper.ended is not None or time.monotonic() > end:
            msg = f"{scraper.name} reports no prices any more:\n{scraper.text(mark)[-2000:]}"
            raise StartError(msg)
        time.sleep(0.02)


def _reference(service: str, id: str) -> str:
    name = service.upper().replace("-", "_") + "_SECRET"
    return name if id == OLD else f"{name}_{id.upper().replace('-', '_')}"


def _key(service: str, id: str, state: str) -> dict[str, Any]:
    return {"id": id, "secret": f"env:{_reference(service, id)}", "state": state}
