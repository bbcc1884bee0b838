"""Requests that are sent again. Each test is a sequence of steps that share a verifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OTHER, OTHER_KEY, SECRETS, config, registry, secret
from model import Group, Suite, accepted, refused, replace_config
from wire import NOW, Call, Scheme, replay_key, signed

if TYPE_CHECKING:
    from request import Json, Request

V1 = Scheme.SERVICE_HMAC
V2 = Scheme.SERVICE_HMAC_V2
CROSS = Scheme.CROSS_SERVICE
CALL = Call()
REPLAYED = "REPLAYED_REQUEST"
FULL = "REPLAY_STORE_UNAVAILABLE"
LATER = NOW + 306
"""When the window of a request of `NOW` is over, and the few seconds for which a store keeps an entry beyond it."""
NEXT = b"ffffffff-0000-4000-8000-000000000001"
"""Another request id than the usual one."""


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("replay")
    _signed_nonce(suite)
    _without_nonce(suite)
    _rotation(suite)
    _capacity(suite)
    _switched_off(suite)
    _replaced(suite)
    return suite


def _signed_nonce(suite: Suite) -> None:
    group = suite.group("service-hmac-v2: the nonce is signed", config(V2), SECRETS)
    for method in (b"POST", b"PUT", b"DELETE", b"GET", b"HEAD", b"OPTIONS"):
        request = signed(V2, CALL.but(method=method), KEY)
        group.steps(
            f"v2-{method.decode().lower()}-twice",
            "the same request twice: whatever the method, a nonce is used once",
            "Replay",
            accepted(request, service=CALLER),
            refused(request, REPLAYED),
        )
    request = signed(V2, CALL, KEY)
    group.steps(
        "v2-three-times",
        "a replay that was refused is refused again",
        "Replay",
        accepted(request),
        refused(request, REPLAYED),
        refused(request, REPLAYED),
    )
    group.steps(
        "v2-to-the-end-of-the-window",
        "in the last second of the window a replay is still known, and then the window ends it",
        ("Replay", "Window"),
        accepted(request, now=NOW),
        refused(request, REPLAYED, now=NOW + 300),
        refused(request, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 301),
    )
    ahead = signed(V2, CALL.but(timestamp=str(NOW + 300).encode()), KEY)
    group.steps(
        "v2-from-the-future",
        "a request that came as early as it may must be remembered for both bounds of the window",
        ("Replay", "Window"),
        accepted(ahead, now=NOW, age=-300),
        refused(ahead, REPLAYED, now=NOW + 1),
        refused(ahead, REPLAYED, now=NOW + 301),
        refused(ahead, REPLAYED, now=NOW + 600),
        refused(ahead, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 601),
    )
    group.steps(
        "v2-clock-goes-back",
        "the verifier's clock was set back between the two",
        "Replay",
        accepted(request, now=NOW + 100),
        refused(request, REPLAYED, now=NOW - 100),
    )
    _nonce_after_the_window(group)
    for name, other, comment in (
        ("path", CALL.but(target=b"/api/images/other"), "for another path"),
        ("body", CALL.but(body=b"{}"), "for another body"),
        ("method", CALL.but(method=b"PUT"), "for another method"),
        ("time", CALL.but(timestamp=str(NOW + 5).encode()), "at another time"),
    ):
        group.steps(
            f"v2-same-nonce-other-{name}",
            f"a caller that uses its nonce again, {comment}, is refused",
            "ReplayKey",
            accepted(request),
            refused(signed(V2, other, KEY), REPLAYED),
        )
    group.steps(
        "v2-new-nonce",
        "the same call with a fresh nonce is a new request",
        "ReplayKey",
        accepted(request, replay_key=replay_key(V2, CALL, KEY)),
        accepted(
            signed(V2, CALL.but(nonce=NEXT), KEY),
            request_id=NEXT.decode(),
            replay_key=replay_key(V2, CALL.but(nonce=NEXT), KEY),
        ),
    )
    group.steps(
        "v2-nonce-letter-case",
        "nonces are compared byte by byte",
        "ReplayKey",
        accepted(signed(V2, CALL.but(nonce=NEXT), KEY)),
        accepted(signed(V2, CALL.but(nonce=NEXT.upper()), KEY)),
    )
    group.steps(
        "v2-same-nonce-other-service",
        "nonces of two services do not meet",
        "ReplayKey",
        accepted(request, service=CALLER, replay_key=replay_key(V2, CALL, KEY)),
        accepted(
            signed(V2, CALL.but(service=OTHER.encode()), OTHER_KEY),
            service=OTHER,
            replay_key=replay_key(V2, CALL.but(service=OTHER.encode()), OTHER_KEY),
        ),
    )
    group.steps(
        "v2-foreign-header-changed",
        "a header that is not signed makes no new request",
        "ReplayKey",
        accepted(request),
        refused(request.adding("X-Attempt", b"2"), REPLAYED),
    )
    group.steps(
        "v2-query-mark-added",
        "an empty query is no query: the same message, the same nonce",
        "ReplayKey",
        accepted(request),
        refused(request.but(target=CALL.target + b"?"), REPLAYED),
    )
    forged = request.set("X-Signature", b"v2=" + b"0" * 64)
    for name, damaged, code, now in (
        ("bad-signature", forged, "INVALID_SIGNATURE", NOW),
        ("malformed", request.set("X-Signature", b"v2=0"), "MALFORMED_SIGNATURE", NOW),
        ("changed-body", request.but(body=b"{}"), "INVALID_SIGNATURE", NOW),
        ("window", request, "TIMESTAMP_OUTSIDE_WINDOW", NOW - 301),
        ("other-target", signed(V2, CALL.but(target_service=b"elsewhere"), KEY), "TARGET_NOT_ALLOWED", NOW),
        ("unknown-service", request.set("X-Service-ID", b"intruder"), "UNKNOWN_SERVICE", NOW),
    ):
        group.steps(
            f"v2-{name}-burns-no-nonce",
            "a refused request does not use up the nonce of the genuine one",
            "RefusedIsNotSeen",
            refused(damaged, code, now=now),
            accepted(request, service=CALLER),
        )
    group.steps(
        "v2-damaged-replay",
        "a replay with a damaged signature fails by its signature",
        "Precedence",
        accepted(request),
        refused(forged, "INVALID_SIGNATURE"),
    )
    group.steps(
        "v2-stream-after-whole",
        "one store for both ways of handing over a body",
        ("Replay", "Stream"),
        accepted(request),
        refused(request, REPLAYED, chunks=[3]),
    )
    group.steps(
        "v2-whole-after-stream",
        "one store for both ways of handing over a body",
        ("Replay", "Stream"),
        accepted(request, chunks=[3]),
        refused(request, REPLAYED),
    )


def _nonce_after_the_window(group: Group) -> None:
    """A nonce is remembered as long as the window could let its request in, and not for ever."""

    def at(seconds: int) -> Request:
        return signed(V2, CALL.but(timestamp=str(seconds).encode()), KEY)

    group.steps(
        "v2-same-nonce-inside-the-window",
        "signed anew with the old nonce in the last second of the window",
        ("ReplayKey", "Window"),
        accepted(at(NOW)),
        refused(at(NOW + 300), REPLAYED, now=NOW + 300),
    )
    group.steps(
        "v2-same-nonce-after-the-window",
        "signed anew with the old nonce when its window has passed: a new request, and the nonce is used again",
        ("ReplayKey", "Window"),
        accepted(at(NOW)),
        accepted(at(LATER), now=LATER, service=CALLER, replay_key=replay_key(V2, CALL, KEY)),
        refused(at(LATER), REPLAYED, now=LATER),
        refused(at(LATER + 300), REPLAYED, now=LATER + 300),
        refused(at(NOW), "TIMESTAMP_OUTSIDE_WINDOW", now=LATER),
    )
    group.steps(
        "v2-same-nonce-long-after-the-window",
        "the same a day later, and once more on the next day",
        ("ReplayKey", "Window"),
        accepted(at(NOW)),
        accepted(at(NOW + 86_400), now=NOW + 86_400),
        accepted(at(NOW + 2 * 86_400), now=NOW + 2 * 86_400),
        refused(at(NOW + 2 * 86_400), REPLAYED, now=NOW + 2 * 86_400),
    )
    group.steps(
        "v2-same-nonce-of-an-early-request",
        "a request from the future holds its nonce for both bounds of the window",
        ("ReplayKey", "Window"),
        accepted(at(NOW + 300)),
        refused(at(NOW + 600), REPLAYED, now=NOW + 600),
        accepted(at(LATER + 300), now=LATER + 300),
        refused(at(LATER + 300), REPLAYED, now=LATER + 300),
    )


def _without_nonce(suite: Suite) -> None:
    for short, scheme in (("v1", V1), ("cross", CROSS)):
        group = suite.group(f"{scheme.value}: no nonce is signed", config(scheme), SECRETS)
        request = signed(scheme, CALL, KEY)
        for method in (b"POST", b"PUT", b"PATCH", b"DELETE", b"PURGE"):
            unsafe = signed(scheme, CALL.but(method=method), KEY)
            group.steps(
                f"{short}-{method.decode().lower()}-twice",
                "an unsafe request is accepted once",
                ("Replay", "Repetition"),
                accepted(unsafe, service=CALLER),
                refused(unsafe, REPLAYED),
            )
        for method in (b"GET", b"HEAD", b"OPTIONS"):
            safe = signed(scheme, CALL.but(method=method, body=b""), KEY)
            group.steps(
                f"{short}-{method.decode().lower()}-twice",
                "two equal safe requests in a second cannot be told from a replay, and do no harm",
                "Repetition",
                accepted(safe, service=CALLER),
                accepted(safe, service=CALLER, now=NOW + 1),
                accepted(safe, service=CALLER, now=NOW + 300),
            )
        group.steps(
            f"{short}-request-id-changed",
            "the request id is not signed: a new one makes no new request",
            ("ReplayKey", "Repetition"),
            accepted(request),
            refused(request.set("X-Request-ID", NEXT), REPLAYED),
        )
        group.steps(
            f"{short}-request-id-dropped",
            "nor does a missing one",
            "ReplayKey",
            accepted(request),
            refused(request.without("X-Request-ID"), REPLAYED),
        )
        group.steps(
            f"{short}-same-request-id",
            "two calls that share a request id are two calls",
            "ReplayKey",
            accepted(request, replay_key=replay_key(scheme, CALL, KEY)),
            accepted(
                signed(scheme, CALL.but(body=b"{}"), KEY),
                replay_key=replay_key(scheme, CALL.but(body=b"{}"), KEY),
            ),
        )
        group.steps(
            f"{short}-query-changed",
            "the query is not signed: another one makes no new request",
            ("ReplayKey", "QueryUncovered"),
            accepted(request),
            refused(request.but(target=CALL.target + b"?again=1"), REPLAYED),
        )
        group.steps(
            f"{short}-next-second",
            "the same call signed a second later is a new request",
            "Repetition",
            accepted(request),
            accepted(signed(scheme, CALL.but(timestamp=str(NOW + 1).encode()), KEY), now=NOW + 1),
        )
        ahead = signed(scheme, CALL.but(timestamp=str(NOW + 300).encode()), KEY)
        group.steps(
            f"{short}-from-the-future",
            "a request that came as early as it may must be remembered for both bounds of the window",
            ("Replay", "Window"),
            accepted(ahead, now=NOW),
            refused(ahead, REPLAYED, now=NOW + 600),
        )
        group.steps(
            f"{short}-bad-signature-first",
            "a refused request leaves no trace",
            "RefusedIsNotSeen",
            refused(request.but(body=b"{}"), "INVALID_SIGNATURE"),
            accepted(request),
        )


def _rotation(suite: Suite) -> None:
    keys = [
        {"id": "new", "secret": "env:IMAGE_SERVICE_SECRET"},
        {"id": "old", "secret": "env:IMAGE_SERVICE_SECRET_OLD", "state": "retiring"},
    ]
    env = SECRETS | {"IMAGE_SERVICE_SECRET_OLD": secret("image-service, before")}
    old_key = env["IMAGE_SERVICE_SECRET_OLD"].encode()
    services = registry(caller={"keys": [dict(key) for key in keys]})
    group = suite.group("two keys while they rotate", config(V2, services=services), env)
    both = signed(V2, CALL, KEY, old_key)
    first, second = both.header("X-Signature").split(b",")
    for name, stripped in (("first", second), ("second", first)):
        group.steps(
            f"rotation-{name}-signature-stripped",
            "a request signed with two keys is sent again with one of the signatures taken off",
            ("Replay", "Rotation", "ReplayKey"),
            accepted(both, service=CALLER),
            refused(both.set("X-Signature", stripped), REPLAYED),
        )
    group.steps(
        "rotation-signatures-turned-round",
        "sent again with the signatures in the other order",
        ("Replay", "Rotation"),
        accepted(both, service=CALLER),
        refused(both.set("X-Signature", second + b"," + first), REPLAYED),
    )
    group.steps(
        "rotation-signature-added",
        "sent with one signature, then with both",
        ("Replay", "Rotation"),
        accepted(both.set("X-Signature", second), key="old", retiring=True),
        refused(both, REPLAYED),
    )
    group.steps(
        "rotation-one-signature-each",
        "one half of the pair, then the other half",
        ("Replay", "Rotation"),
        accepted(both.set("X-Signature", first), key="new", retiring=False, replay_key=replay_key(V2, CALL, KEY)),
        refused(both.set("X-Signature", second), REPLAYED),
    )
    group.steps(
        "rotation-junk-added",
        "sent again with signatures that nobody made",
        ("Replay", "Rotation"),
        accepted(both, service=CALLER),
        refused(both.set("X-Signature", b"v2=" + b"0" * 64 + b"," + first), REPLAYED),
    )


def _capacity(suite: Suite) -> None:
    def call(number: int) -> Call:
        return CALL.but(nonce=b"nonce-number-%04d" % number, body=b"%d" % number)

    for on_full in ("reject", "allow"):
        replay: dict[str, Json] = {"store": "memory", "capacity": 2, "on_full": on_full}
        for short, scheme in (("v2", V2), ("v1", V1)):
            document = config(scheme, replay=replay)
            group = suite.group(f"{scheme.value}, a store of two entries, {on_full} when full", document, SECRETS)
            requests = [signed(scheme, call(number), KEY) for number in range(3)]
            third = refused(requests[2], "REPLAY_STORE_UNAVAILABLE") if on_full == "reject" else accepted(requests[2])
            group.steps(
                f"full-{on_full}-{short}",
                "the third request finds no room",
                "StoreFull",
                accepted(requests[0]),
                accepted(requests[1]),
                third,
            )
            group.steps(
                f"full-{on_full}-{short}-replay",
                "what is in a full store is known",
                ("StoreFull", "Replay"),
                accepted(requests[0]),
                accepted(requests[1]),
                refused(requests[0], REPLAYED),
            )
            later = signed(scheme, call(3).but(timestamp=str(NOW + 700).encode()), KEY)
            group.steps(
                f"full-{on_full}-{short}-later",
                "once the entries are older than the window there is room again",
                "StoreFull",
                accepted(requests[0]),
                accepted(requests[1]),
                accepted(later, now=NOW + 700),
                refused(later, REPLAYED, now=NOW + 701),
            )
        document = config(V2, replay=replay)
        group = suite.group(f"a full store and other faults, {on_full} when full", document, SECRETS)
        requests = [signed(V2, call(number), KEY) for number in range(3)]
        group.steps(
            f"full-{on_full}-bad-signature",
            "a full store is the last thing that is looked at",
            "Precedence",
            accepted(requests[0]),
            accepted(requests[1]),
            refused(requests[2].but(body=b"x"), "INVALID_SIGNATURE"),
        )
    _room(suite)
    _living_entries(suite)
    group = suite.group("a full store and safe requests of service-hmac", config(V1, replay={"capacity": 1}), SECRETS)
    gets = [signed(V1, call(number).but(method=b"GET"), KEY) for number in range(3)]
    group.steps(
        "full-safe-requests-need-no-room",
        "safe requests may repeat, so they are not remembered and find a full store no hindrance",
        ("StoreFull", "Repetition"),
        accepted(signed(V1, call(7), KEY)),
        accepted(gets[0]),
        accepted(gets[1]),
        accepted(gets[2]),
    )


def _room(suite: Suite) -> None:
    """A store that is full, and gets room again as time passes: exactly as much as its capacity says."""

    def calls(scheme: Scheme, seconds: int) -> list[Request]:
        timestamp = str(seconds).encode()
        return [
            signed(scheme, CALL.but(nonce=b"nonce-%d-%04d" % (seconds, at), body=b"%d" % at, timestamp=timestamp), KEY)
            for at in range(4)
        ]

    for short, scheme in (("v2", V2), ("v1", V1), ("cross", CROSS)):
        early, middle, late, last = (calls(scheme, NOW + seconds) for seconds in (0, 100, 306, 406))
        for capacity in (1, 2, 3):
            for on_full in ("reject", "allow"):
                replay: dict[str, Json] = {"capacity": capacity, "on_full": on_full}
                group = suite.group(
                    f"{scheme.value}, capacity {capacity}, {on_full} when full", config(scheme, replay=replay), SECRETS
                )

                def over(request: Request, now: int, *, on_full: str = on_full) -> Json:
                    return refused(request, FULL, now=now) if on_full == "reject" else accepted(request, now=now)

                group.steps(
                    f"room-{on_full}-{short}-{capacity}-exact",
                    "as many entries as the capacity, and not one more, however often it is tried",
                    "StoreFull",
                    *(accepted(request) for request in early[:capacity]),
                    over(early[capacity], NOW),
                    over(early[capacity], NOW),
                    *(refused(request, REPLAYED) for request in early[:capacity]),
                )
                group.steps(
                    f"room-{on_full}-{short}-{capacity}-again",
                    "when the entries have outlived the window the whole capacity is there again",
                    "StoreFull",
                    *(accepted(request) for request in early[:capacity]),
                    over(early[capacity], NOW),
                    over(early[capacity], NOW + 300),
                    *(accepted(request, now=NOW + 306) for request in late[:capacity]),
                    over(late[capacity], NOW + 306),
                    *(refused(request, REPLAYED, now=NOW + 306) for request in late[:capacity]),
                )
        replay = {"capacity": 2, "on_full": "reject"}
        group = suite.group(f"{scheme.value}, entries of two ages", config(scheme, replay=replay), SECRETS)
        group.steps(
            f"room-{short}-one-by-one",
            "each entry makes room when its own window has passed, not before and not for two",
            "StoreFull",
            accepted(early[0]),
            accepted(middle[0], now=NOW + 100),
            refused(middle[1], FULL, now=NOW + 300),
            accepted(late[0], now=NOW + 306),
            refused(late[1], FULL, now=NOW + 306),
            refused(middle[0], REPLAYED, now=NOW + 400),
            refused(late[1], FULL, now=NOW + 400),
            accepted(last[0], now=NOW + 406),
            refused(last[1], FULL, now=NOW + 406),
            refused(last[0], REPLAYED, now=NOW + 406),
        )
    first, second, third, fourth = calls(V2, NOW)
    small, large = (config(V2, replay={"capacity": capacity}) for capacity in (1, 2))
    group = suite.group("the capacity is replaced", small, SECRETS)
    group.steps(
        "room-by-a-greater-capacity",
        "a new config with a greater capacity makes room at once",
        ("StoreFull", "ConfigReplaced"),
        accepted(first),
        refused(second, FULL),
        replace_config(large, {"ok": {}}),
        accepted(second),
        refused(third, FULL),
        refused(first, REPLAYED),
        refused(second, REPLAYED),
    )
    group.steps(
        "no-room-by-a-smaller-capacity",
        "a new config with a smaller capacity forgets nothing and lets nothing more in",
        ("StoreFull", "ConfigReplaced"),
        replace_config(large, {"ok": {}}),
        accepted(first),
        accepted(second),
        replace_config(small, {"ok": {}}),
        refused(third, FULL),
        refused(first, REPLAYED),
        refused(second, REPLAYED),
        refused(fourth, FULL, now=NOW + 300),
    )


def _living_entries(suite: Suite) -> None:
    group = suite.group("a store of one entry", config(V2, replay={"capacity": 1}), SECRETS)
    request = signed(V2, CALL, KEY)

    def later(seconds: int) -> Request:
        return signed(V2, CALL.but(nonce=NEXT, timestamp=str(NOW + seconds).encode()), KEY)

    group.steps(
        "full-keeps-the-last-second",
        "an entry makes no room while its request is inside the window",
        ("StoreFull", "ReplayKey"),
        accepted(request),
        refused(later(300), "REPLAY_STORE_UNAVAILABLE", now=NOW + 300),
        refused(request, REPLAYED, now=NOW + 300),
    )
    ahead = signed(V2, CALL.but(timestamp=str(NOW + 300).encode()), KEY)
    group.steps(
        "full-keeps-what-came-early",
        "an entry of a request from the future makes no room before both bounds of the window have passed",
        ("StoreFull", "ReplayKey"),
        accepted(ahead),
        refused(later(400), "REPLAY_STORE_UNAVAILABLE", now=NOW + 400),
        refused(later(600), "REPLAY_STORE_UNAVAILABLE", now=NOW + 600),
        refused(ahead, REPLAYED, now=NOW + 600),
    )


def _switched_off(suite: Suite) -> None:
    for short, scheme in (("v2", V2), ("v1", V1)):
        group = suite.group(f"{scheme.value} without a store", config(scheme, replay={"store": "none"}), SECRETS)
        request = signed(scheme, CALL, KEY)
        group.steps(
            f"none-{short}-twice",
            "the config says by name that nothing is remembered",
            "Repetition",
            accepted(request, replay_key=replay_key(scheme, CALL, KEY)),
            accepted(request, replay_key=replay_key(scheme, CALL, KEY)),
        )
        group.steps(
            f"none-{short}-window-holds",
            "the window holds without a store",
            "Window",
            accepted(request),
            refused(request, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 301),
        )


def _replaced(suite: Suite) -> None:
    group = suite.group("the config is replaced under way", config(V2), SECRETS)
    request = signed(V2, CALL, KEY)
    same = config(V2)
    group.steps(
        "replaced-config-keeps-the-store",
        "what was seen under the old config is seen under the new one",
        ("ConfigReplaced", "Replay"),
        accepted(request),
        replace_config(same, {"ok": {}}),
        refused(request, REPLAYED),
    )
    without = registry()
    del without[CALLER]
    group.steps(
        "replaced-config-drops-a-service",
        "a service that is not in the new config is unknown",
        ("ConfigReplaced", "UnknownService"),
        accepted(request),
        replace_config(config(V2, services=without), {"ok": {}}),
        refused(signed(V2, CALL.but(nonce=NEXT), KEY), "UNKNOWN_SERVICE"),
    )
    revoked = registry(caller={"keys": [{"secret": "env:IMAGE_SERVICE_SECRET", "state": "revoked"}]})
    group.steps(
        "replaced-config-revokes-a-key",
        "a key that the new config revokes is refused at once",
        ("ConfigReplaced", "KeyLife"),
        accepted(request),
        replace_config(config(V2, services=revoked), {"ok": {}}),
        refused(signed(V2, CALL.but(nonce=NEXT), KEY), "KEY_NOT_VALID_NOW"),
    )
    group.steps(
        "replaced-config-with-errors",
        "a config with errors is refused, and the old one stays",
        ("ConfigReplaced", "ConfigForm"),
        replace_config(config(V2, wndow={}), {"config_errors": ["/wndow"]}),
        accepted(request, service=CALLER),
        refused(request, REPLAYED),
    )
    group.steps(
        "replaced-config-accepts-another-scheme",
        "the new config's schemes hold for the next request",
        ("ConfigReplaced", "SchemeNotAccepted"),
        accepted(request),
        replace_config(config(V1), {"ok": {}}),
        accepted(signed(V1, CALL, KEY), scheme="service-hmac"),
        refused(signed(V2, CALL.but(nonce=NEXT), KEY), "SCHEME_NOT_ACCEPTED"),
    )
    narrow = config(V2, window={"past": 10, "future": 10})
    group.steps(
        "replaced-config-narrows-the-window",
        "the new config's window holds for the next request",
        ("ConfigReplaced", "Window"),
        replace_config(narrow, {"ok": {}}),
        refused(request, "TIMESTAMP_OUTSIDE_WINDOW", now=NOW + 11),
    )
