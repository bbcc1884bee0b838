"""What somebody on the wire might try, against a service of each language.

Each attack is built by hand, sent as raw bytes, and must meet the same answer at all.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import wire
from forge import Credential, Request, in_chunks, signed, signed_cross_service, signed_service_hmac
from report import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet import Audit, Fleet
    from report import Report

CALLER = "auth-service"
HOUR = 3600


@dataclass(frozen=True)
class Victim:
    """A service under attack, and what the caller may do there."""

    service: str
    target: str
    body: bytes
    large_body: bytes
    changed_query: str
    changed_path: str
    reserved: tuple[str, str]
    """A route that is for other services only."""
    not_permitted: tuple[str, str]
    """A request that the caller's permissions do not cover."""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


VICTIMS = (
    Victim(
        service="lego-projects-api",
        target="/api/owners?source=registration",
        body=b'{"id": "7", "name": "Ada"}',
        large_body=b'{"id": "8", "name": "%s"}' % (b"A" * 90_000),
        changed_query="/api/owners?source=import",
        changed_path="/api/prices",
        reserved=("POST", "/api/prices"),
        not_permitted=("GET", "/api/sets"),
    ),
    Victim(
        service="image-service",
        target="/api/images/avatars?size=256",
        body=b"\x89PNG\r\n\x1a\n not text: \xff\xfe",
        large_body=b"\x89PNG" * 22_500,
        changed_query="/api/images/avatars?size=9999",
        changed_path="/api/images/process",
        reserved=("POST", "/api/images/process"),
        not_permitted=("GET", "/api/images/7"),
    ),
    Victim(
        service="stock-service",
        target="/api/reservations?kind=gift",
        body=b'{"owner": "7"}',
        large_body=b'{"owner": "8", "note": "%s"}' % (b"A" * 90_000),
        changed_query="/api/reservations?kind=sale",
        changed_path="/api/stock",
        reserved=("POST", "/api/stock"),
        not_permitted=("GET", "/api/stock/10497"),
    ),
    Victim(
        service="delivery-service",
        target="/api/addresses?kind=home",
        body=b'{"owner": "7"}',
        large_body=b'{"owner": "8", "note": "%s"}' % (b"A" * 90_000),
        changed_query="/api/addresses?kind=work",
        changed_path="/api/prints",
        reserved=("POST", "/api/prints"),
        not_permitted=("GET", "/api/parcels/7"),
    ),
    Victim(
        service="rewards-service",
        target="/api/accounts?kind=member",
        body=b'{"owner": "7"}',
        large_body=b'{"owner": "8", "note": "%s"}' % (b"A" * 90_000),
        changed_query="/api/accounts?kind=staff",
        changed_path="/api/badges",
        reserved=("POST", "/api/badges"),
        not_permitted=("GET", "/api/accounts/7"),
    ),
)


@dataclass(frozen=True)
class Scene:
    """What an attack has to work with."""

    victim: Victim
    other: Victim
    caller: Credential
    revoked: Credential
    expired: Credential
    stranger: Credential
    body_limit: int

    def genuine(
        self, *, target: str | None = None, body: bytes | None = None, age: int = 0, timestamp: str | None = None
    ) -> Request:
        """Give a request as the caller itself would sign it."""
        return self.by(self.caller, target=target, body=body, timestamp=timestamp or str(int(time.time()) - age))

    def on(self, way: tuple[str, str]) -> Request:
        """Give a request that the caller signs for another method and path."""
        return self.by(self.caller, method=way[0], target=way[1])

    def by(
        self,
        credential: Credential,
        *,
        method: str = "POST",
        target: str | None = None,
        body: bytes | None = None,
        timestamp: str | None = None,
        request_id: str | None = None,
        target_service: str | None = None,
    ) -> Request:
        """Give a request signed with any credential."""
        return signed(
            credential,
            target_service or self.victim.service,
            method,
            target or self.victim.target,
            self.victim.body if body is None else body,
            timestamp=timestamp,
            request_id=request_id,
        )


@dataclass(frozen=True)
class Shot:
    """What goes over one connection."""

    request: Request
    """What the table shows."""
    data: bytes
    before: tuple[bytes, ...] = ()
    """What is sent before, each over a connection of its own, and must be accepted."""
    answers: int = 1
    """How many answers the bytes should get; the last one counts."""


@dataclass(frozen=True)
class Attack:
    """One attempt, and what must come of it."""

    what: str
    expected: str
    build: Callable[[Scene], Shot | Request]
    depends_on_server: dict[str, str] = field(default_factory=dict)
    """What comes of it where the HTTP server has read it in another way, by service."""

    def expected_at(self, service: str) -> str:
        """Say what must come of it at one service."""
        return self.depends_on_server.get(service, self.expected)

    def shot(self, scene: Scene) -> Shot:
        """Give the bytes."""
        built = self.build(scene)
        return built if isinstance(built, Shot) else Shot(built, built.wire())


BAD_FRAMING = "400 from the HTTP server"
# RFC 9112, section 6.3, lets a server refuse a body that has a length and comes in chunks, or read the chunks.
READ_AS_CHUNKS = dict.fromkeys(
    ("image-service", "stock-service", "delivery-service", "rewards-service"), "INVALID_SIGNATURE"
)
# A servlet is shown the path alone, however the target was written; it is what the signature covers.
WITHOUT_THE_HOST = {"delivery-service": "accepted"}


def replay(scene: Scene) -> Shot:
    """Send an accepted request again, byte for byte."""
    data = scene.genuine().wire()
    return Shot(scene.genuine(), data, before=(data,))


def replay_with_another_id(scene: Scene) -> Shot:
    """Send an accepted request again under a fresh request id."""
    first = scene.genuine()
    second = first.changed("X-Request-ID", str(uuid.uuid4()))
    return Shot(second, second.wire(), before=(first.wire(),))


def two_lengths(scene: Scene) -> Shot:
    """Declare two bodies, one behind the other."""
    request = scene.genuine()
    lengths = (f"Content-Length: {len(request.body)}", f"Content-Length: {len(request.body) + 5}")
    return Shot(request, request.head(*lengths) + request.body + b"extra")


def length_and_chunks(scene: Scene) -> Shot:
    """Declare the body by its length and in chunks. Only what is read by the length was signed."""
    request = scene.genuine(body=in_chunks(scene.victim.body))
    framing = (f"Content-Length: {len(request.body)}", "Transfer-Encoding: chunked")
    return Shot(request, request.head(*framing) + request.body)


def second_request_behind(scene: Scene) -> Shot:
    """Hide an unsigned request behind the body of a signed one."""
    hidden = Request("POST", scene.victim.changed_path, (), b"{}")
    return Shot(hidden, scene.genuine().wire() + hidden.wire(), answers=2)


def body_twice(scene: Scene) -> Request:
    """Send the signed body two times over, with a length that says so."""
    return replace(scene.genuine(), body=scene.victim.body * 2)


def chunked(request: Request) -> Shot:
    """Send the body in chunks, its length unannounced."""
    return Shot(request, request.wire(chunked=True))


def too_large(scene: Scene) -> Request:
    """Sign a body that is one byte over the limit."""
    return scene.genuine(body=b"A" * (scene.body_limit + 1))


def absolute_form(scene: Scene) -> Request:
    """Write the target as a proxy would get it."""
    request = scene.genuine()
    return replace(request, target=f"http://fleet.test{request.target}")


def joined(scene: Scene) -> Request:
    """Write two signatures into one header, as some proxies join repeated ones."""
    request = scene.genuine()
    return request.changed("X-Signature", f"{request.header('X-Signature')}, {request.header('X-Signature')}")


def with_signature(change: Callable[[str], str]) -> Callable[[Scene], Request]:
    """Give an attack that writes the signature in another way."""

    def build(scene: Scene) -> Request:
        request = scene.genuine()
        return request.changed("X-Signature", change(request.header("X-Signature")))

    return build


def relabelled(scene: Scene) -> Request:
    """Take a request for one service, and write the name of another on it."""
    request = scene.by(scene.caller, target_service=scene.other.service)
    return request.changed("X-Target-Service", scene.victim.service)


def repeated(name: str, spelling: str | None = None) -> Callable[[Scene], Request]:
    """Give an attack that repeats a header."""
    return lambda scene: scene.genuine().with_header(spelling or name, scene.genuine().header(name))


ATTACKS: tuple[tuple[str, tuple[Attack, ...]], ...] = (
    (
        "Genuine requests, signed by hand with the standard library",
        (
            Attack("genuine", "accepted", lambda s: s.genuine()),
            Attack("genuine, 90 kB in chunks", "accepted", lambda s: chunked(s.genuine(body=s.victim.large_body))),
            Attack("genuine, 290 s old", "accepted", lambda s: s.genuine(age=290)),
            Attack("public route, nothing signed", "public", lambda _: Request("GET", "/health")),
        ),
    ),
    (
        "Known callers who may not do this",
        (
            Attack("route for other services", "SERVICE_NOT_ALLOWED", lambda s: s.on(s.victim.reserved)),
            Attack("no permission", "PERMISSION_DENIED", lambda s: s.on(s.victim.not_permitted)),
        ),
    ),
    (
        "Attacks: genuine requests that were changed or sent again",
        (
            Attack("replay", "REPLAYED_REQUEST", replay),
            Attack("replay, request id changed", "INVALID_SIGNATURE", replay_with_another_id),
            Attack("changed body", "INVALID_SIGNATURE", lambda s: replace(s.genuine(), body=s.victim.body + b" ")),
            Attack("body removed", "INVALID_SIGNATURE", lambda s: replace(s.genuine(), body=b"")),
            Attack("changed path", "INVALID_SIGNATURE", lambda s: replace(s.genuine(), target=s.victim.changed_path)),
            Attack("changed query", "INVALID_SIGNATURE", lambda s: replace(s.genuine(), target=s.victim.changed_query)),
            Attack("query removed", "INVALID_SIGNATURE", lambda s: replace(s.genuine(), target=s.victim.path)),
            Attack("changed method", "INVALID_SIGNATURE", lambda s: replace(s.genuine(), method="PUT")),
            Attack("changed timestamp", "INVALID_SIGNATURE", lambda s: s.genuine(age=9).changed("X-Timestamp", _now())),
            Attack(
                "changed caller", "INVALID_SIGNATURE", lambda s: s.genuine().changed("X-Service-ID", s.other.service)
            ),
            Attack(
                "signed for another service",
                "TARGET_NOT_ALLOWED",
                lambda s: s.by(s.caller, target_service=s.other.service),
            ),
            Attack("changed target service", "INVALID_SIGNATURE", relabelled),
            Attack("stale, one hour", "TIMESTAMP_OUTSIDE_WINDOW", lambda s: s.genuine(age=HOUR)),
            Attack("future, one hour", "TIMESTAMP_OUTSIDE_WINDOW", lambda s: s.genuine(age=-HOUR)),
        ),
    ),
    (
        "Attacks: other keys and other schemes",
        (
            Attack("unknown service", "UNKNOWN_SERVICE", lambda s: s.by(s.stranger)),
            Attack("wrong key", "INVALID_SIGNATURE", lambda s: s.by(replace(s.stranger, service=CALLER))),
            Attack("retired key: revoked", "KEY_NOT_VALID_NOW", lambda s: s.by(s.revoked)),
            Attack("retired key: expired", "KEY_NOT_VALID_NOW", lambda s: s.by(s.expired)),
            Attack(
                "scheme service-hmac",
                "SCHEME_NOT_ACCEPTED",
                lambda s: signed_service_hmac(s.caller, "POST", s.victim.path, s.victim.body),
            ),
            Attack(
                "scheme cross-service",
                "SCHEME_NOT_ACCEPTED",
                lambda s: signed_cross_service(s.caller, "POST", s.victim.path, s.victim.body),
            ),
        ),
    ),
    (
        "Attacks: headers",
        (
            Attack("no credentials", "AUTHENTICATION_REQUIRED", lambda s: replace(s.genuine(), headers=())),
            Attack("no X-Signature", "MISSING_SIGNATURE", lambda s: s.genuine().without("X-Signature")),
            Attack("no X-Timestamp", "MISSING_TIMESTAMP", lambda s: s.genuine().without("X-Timestamp")),
            Attack("no X-Service-ID", "MISSING_SERVICE_ID", lambda s: s.genuine().without("X-Service-ID")),
            Attack("no X-Request-ID", "MISSING_NONCE", lambda s: s.genuine().without("X-Request-ID")),
            Attack("no X-Target-Service", "MISSING_TARGET", lambda s: s.genuine().without("X-Target-Service")),
            Attack("repeated X-Signature", "DUPLICATE_HEADER", repeated("X-Signature")),
            Attack("repeated X-Service-ID, other case", "DUPLICATE_HEADER", repeated("X-Service-ID", "x-service-id")),
            Attack("repeated X-Timestamp", "DUPLICATE_HEADER", repeated("X-Timestamp")),
            Attack("repeated X-Target-Service", "DUPLICATE_HEADER", repeated("X-Target-Service")),
            Attack("repeated X-Request-ID", "DUPLICATE_HEADER", repeated("X-Request-ID")),
            Attack("two signatures joined", "DUPLICATE_HEADER", joined),
            Attack("signature in upper case", "MALFORMED_SIGNATURE", with_signature(lambda v: "v2=" + v[3:].upper())),
            Attack("signature cut short", "MALFORMED_SIGNATURE", with_signature(lambda v: v[:-2])),
            Attack("nine signatures", "MALFORMED_SIGNATURE", with_signature(lambda v: ",".join([v] * 9))),
            Attack("timestamp with a sign", "INVALID_TIMESTAMP", lambda s: s.genuine(timestamp=f"+{_now()}")),
            Attack("request id too short", "INVALID_NONCE", lambda s: s.by(s.caller, request_id="7")),
        ),
    ),
    (
        "Attacks: paths and bodies",
        (
            Attack(
                "path with //", "MALFORMED_REQUEST", lambda s: s.genuine(target=s.victim.target.replace("i/", "i//", 1))
            ),
            Attack("path with ..", "MALFORMED_REQUEST", lambda s: s.genuine(target=f"/health/..{s.victim.target}")),
            Attack(
                "path with %61", "MALFORMED_REQUEST", lambda s: s.genuine(target=s.victim.target.replace("a", "%61", 1))
            ),
            Attack("absolute target", "MALFORMED_REQUEST", absolute_form, WITHOUT_THE_HOST),
            Attack("oversized body, announced", "BODY_TOO_LARGE", too_large),
            Attack("oversized body, in chunks", "BODY_TOO_LARGE", lambda s: chunked(too_large(s))),
            Attack("body given twice: in a row", "INVALID_SIGNATURE", body_twice),
            Attack("body given twice: two lengths", BAD_FRAMING, two_lengths),
            Attack("body given twice: length, chunks", BAD_FRAMING, length_and_chunks, READ_AS_CHUNKS),
            Attack("second request behind the body", "AUTHENTICATION_REQUIRED", second_request_behind),
        ),
    ),
)


def run(fleet: Fleet, report: Report) -> None:
    """Make every attempt at every victim."""
    for title, attacks in ATTACKS:
        report.section(title)
        for attack in attacks:
            answers: list[object] = []
            for victim in VICTIMS:
                outcome, answer = attempt(attack, scene_of(fleet, victim), fleet)
                if answers and answer != answers[0] and not attack.depends_on_server:
                    outcome = replace(
                        outcome, wrong=f"{VICTIMS[0].service} answered {answers[0]!r}, this one {answer!r}"
                    )
                answers.append(answer)
                report.add(outcome)


def scene_of(fleet: Fleet, victim: Victim) -> Scene:
    """Set the scene."""
    return Scene(
        victim=victim,
        other=next(other for other in VICTIMS if other is not victim),
        caller=Credential(CALLER, fleet.secret_of(CALLER)),
        revoked=Credential(CALLER, fleet.secret_of(CALLER, 1)),
        expired=Credential(CALLER, fleet.secret_of(CALLER, 2)),
        stranger=Credential("billing-service", fleet.secrets["STRANGER"]),
        body_limit=fleet.registry["limits"]["body_bytes"],
    )


def attempt(attack: Attack, scene: Scene, fleet: Fleet) -> tuple[Outcome, object]:
    """Make one attempt; give the outcome, and of the answer what must be the same everywhere."""
    service = scene.victim.service
    shot = attack.shot(scene)
    wrong = None
    for data in shot.before:
        (first,) = wire.send(fleet.address(service), data)
        if not first.ok:
            wrong = f"the request before it was answered with {first.status} {first.code}"
    process = fleet.processes[service]
    mark = process.mark()
    responses = wire.send(fleet.address(service), shot.data, shot.answers)
    audits = process.audits(mark)
    if len(responses) != shot.answers:
        wrong = f"{len(responses)} answers instead of {shot.answers}"
    response = responses[-1] if responses else None
    verdict, code, answer = judge(service, response, audits[-1] if audits else None)
    if audits and response is not None and response.code != audits[-1].code:
        wrong = f"the answer says {response.code}, and the audit record {audits[-1].code}"
    if verdict in ("accepted", "public") and response is not None and not response.ok:
        wrong = f"the service answered {response.status}"
    expected = attack.expected_at(service)
    if expected != BAD_FRAMING and len(audits) != shot.answers:
        wrong = f"{len(audits)} audit records instead of {shot.answers}"
    outcome = Outcome(
        what=attack.what,
        caller=CALLER if shot.request.headers else "nobody",
        called=service,
        request=_short(shot.request),
        expected=expected,
        verdict=verdict,
        code=code,
        verify_us=audits[-1].duration_us if audits else None,
        wrong=wrong,
    )
    return outcome, answer


def judge(service: str, response: wire.Response | None, audit: Audit | None) -> tuple[str, str | None, object]:
    """Say what became of a request: verdict, code, and what must be the same in all languages."""
    if response is None:
        return "no answer", None, None
    if audit is None:
        # The HTTP server itself refused it: it never got as far as anybody who could judge it.
        return f"{response.status} from the HTTP server", None, response.status
    if audit.event == "refused":
        body = response.body.replace((audit.request_id or "-").encode(), b"...")
        realm = response.headers.get("www-authenticate", "").replace(service, "...")
        return audit.event, audit.code, (response.status, realm, response.headers["content-type"], body)
    return audit.event, None, audit.event


def _now() -> str:
    return str(int(time.time()))


def _short(request: Request, longest: int = 38) -> str:
    text = f"{request.method} {request.target}"
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
