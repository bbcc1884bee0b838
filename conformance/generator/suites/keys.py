"""Keys: their life, several of them at once, and how a secret becomes a key."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet import CALLER, KEY, OWN, SECRETS, STRANGER_KEY, config, registry, secret
from model import Group, Suite, accepted, refused
from suites.common import change_digit
from wire import NOW, Call, Scheme, replay_key, signed

if TYPE_CHECKING:
    from request import Json

V1 = Scheme.SERVICE_HMAC
V2 = Scheme.SERVICE_HMAC_V2
CROSS = Scheme.CROSS_SERVICE
CALL = Call()
NOT_NOW = "KEY_NOT_VALID_NOW"

OLD_KEY = secret("image-service, before").encode()
OLDEST_KEY = secret("image-service, long before").encode()
ENV = SECRETS | {"IMAGE_SERVICE_SECRET_OLD": OLD_KEY.decode(), "IMAGE_SERVICE_SECRET_OLDEST": OLDEST_KEY.decode()}


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("keys")
    _life(suite)
    _no_keys(suite)
    _rotation(suite)
    _eight(suite)
    _encodings(suite)
    _long_keys(suite)
    _reveal(suite)
    _unknown(suite)
    return suite


def time(seconds: int) -> str:
    """Write Unix time as a config document does."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def with_keys(scheme: Scheme, *keys: dict[str, Json], **members: Json) -> dict[str, Json]:
    """Return a config whose caller has these keys."""
    return config(scheme, services=registry(caller={"keys": list(keys)}), **members)


def at(seconds: int) -> Call:
    """Return the call signed at this time."""
    return CALL.but(timestamp=str(seconds).encode())


def _life(suite: Suite) -> None:
    current: dict[str, Json] = {"id": "k", "secret": "env:IMAGE_SERVICE_SECRET"}
    start, end = NOW - 1000, NOW + 1000
    for short, scheme in (("v1", V1), ("v2", V2), ("cross", CROSS)):
        limited = current | {"not_before": time(start), "not_after": time(end)}
        group = suite.group(f"{scheme.value}: a key with a beginning and an end", with_keys(scheme, limited), ENV)
        for name, now, comment in (
            ("first-second", start, "not_before itself is valid"),
            ("middle", NOW, "in between"),
            ("last-second", end - 1, "the second before not_after"),
        ):
            request = signed(scheme, at(now), KEY)
            group.accept(f"life-{short}-{name}", comment, "KeyLife", request, now=now, key="k", retiring=False)
        for name, now, comment in (
            ("second-before", start - 1, "the second before not_before"),
            ("long-before", start - 100_000, "long before not_before"),
            ("end", end, "not_after itself is not valid"),
            ("long-after", end + 100_000, "long after not_after"),
        ):
            request = signed(scheme, at(now), KEY)
            group.refuse(f"life-{short}-{name}", comment, "KeyLife", request, NOT_NOW, now=now)
        group.refuse(
            f"life-{short}-signed-before-end",
            "signed while the key was valid, received after: the time of receipt decides",
            "KeyLife",
            signed(scheme, at(end - 1), KEY),
            NOT_NOW,
            now=end,
        )
        group.accept(
            f"life-{short}-signed-before-beginning",
            "signed before the key was valid, received after: the time of receipt decides",
            "KeyLife",
            signed(scheme, at(start - 1), KEY),
            now=start,
        )
        late = signed(scheme, at(end), KEY)
        comment = "a forged signature is forged, however old the key is"
        group.refuse(
            f"life-{short}-forged-after-end",
            comment,
            ("KeyLife", "WrongKey"),
            change_digit(late, 3),
            "INVALID_SIGNATURE",
            now=end,
        )

        group = suite.group(f"{scheme.value}: a revoked key", with_keys(scheme, current | {"state": "revoked"}), ENV)
        request = signed(scheme, CALL, KEY)
        group.refuse(f"life-{short}-revoked", "the right key, revoked", "KeyLife", request, NOT_NOW)
        forged = change_digit(request, 3)
        comment = "a forged signature where only a revoked key is"
        group.refuse(f"life-{short}-revoked-forged", comment, ("KeyLife", "WrongKey"), forged, "INVALID_SIGNATURE")

        group = suite.group(f"{scheme.value}: a retiring key", with_keys(scheme, current | {"state": "retiring"}), ENV)
        comment = "a retiring key is accepted, and the result says so"
        group.accept(f"life-{short}-retiring", comment, ("KeyLife", "Rotation"), request, key="k", retiring=True)

    ended = current | {"state": "retiring", "not_after": time(NOW)}
    group = suite.group("a retiring key that has ended", with_keys(V2, ended), ENV)
    request = signed(V2, CALL, KEY)
    group.refuse("life-retiring-ended", "its end counts for a retiring key too", "KeyLife", request, NOT_NOW)
    revoked = current | {"state": "revoked", "not_after": time(NOW + 1000)}
    group = suite.group("a revoked key that has not ended", with_keys(V2, revoked), ENV)
    group.refuse("life-revoked-in-its-time", "revoked is revoked at any time", "KeyLife", request, NOT_NOW)
    for name, limits, now in (
        ("only-beginning", {"not_before": time(NOW)}, NOW),
        ("only-end", {"not_after": time(NOW + 1)}, NOW),
        ("leap-day", {"not_before": "2024-02-29T00:00:00Z"}, 1_709_164_800),
        ("far-end", {"not_after": "9999-12-31T23:59:59Z"}, NOW),
    ):
        group = suite.group(f"one bound: {name}", with_keys(V2, current | limits), ENV)
        group.accept(f"life-{name}", "one bound alone", "KeyLife", signed(V2, at(now), KEY), now=now)
    leap = current | {"not_before": "2024-02-29T00:00:00Z"}
    group = suite.group("the second before a leap day", with_keys(V2, leap), ENV)
    before = signed(V2, at(1_709_164_799), KEY)
    group.refuse("life-before-leap-day", "February 28, 23:59:59", "KeyLife", before, NOT_NOW, now=1_709_164_799)
    policy = with_keys(V2, current | {"state": "revoked"})
    group = suite.group("a revoked key and a faulty policy", policy, ENV)
    elsewhere = signed(V2, CALL.but(target_service=b"elsewhere"), KEY)
    group.refuse("order-key-before-target", "the earlier step decides", "Precedence", elsewhere, NOT_NOW)
    old = signed(V2, at(NOW - 301), KEY)
    group.refuse("order-key-after-window", "the earlier step decides", "Precedence", old, "TIMESTAMP_OUTSIDE_WINDOW")
    group.steps(
        "revoked-is-not-seen",
        "a request with a revoked key is refused the same way each time",
        "RefusedIsNotSeen",
        refused(request, NOT_NOW),
        refused(request, NOT_NOW),
    )


def _no_keys(suite: Suite) -> None:
    called: dict[str, Json] = {"notifications-service": {"url": "https://notifications.internal"}}
    group = suite.group("a service that is only called", config(V2, services=registry() | called), ENV)
    for name, key in (("stranger", STRANGER_KEY), ("empty-key", b""), ("another-services-key", KEY)):
        request = signed(V2, CALL.but(service=b"notifications-service"), key)
        comment = "a service without keys is listed, but nobody can call in its name"
        group.refuse(f"no-keys-{name}", comment, "UnknownService", request, "UNKNOWN_SERVICE")


def _rotation(suite: Suite) -> None:
    keys: list[dict[str, Json]] = [
        {"id": "new", "secret": "env:IMAGE_SERVICE_SECRET"},
        {"id": "old", "secret": "env:IMAGE_SERVICE_SECRET_OLD", "state": "retiring"},
        {"id": "oldest", "secret": "env:IMAGE_SERVICE_SECRET_OLDEST", "state": "revoked"},
    ]
    for short, scheme in (("v1", V1), ("v2", V2), ("cross", CROSS)):
        group = suite.group(f"{scheme.value}: active, retiring and revoked", with_keys(scheme, *keys), ENV)
        for name, key, retiring in (("new", KEY, False), ("old", OLD_KEY, True)):
            request = signed(scheme, CALL, key)
            comment = f"signed with the {name} key"
            group.accept(
                f"rotation-{short}-{name}",
                comment,
                ("Rotation", "ReplayKey"),
                request,
                key=name,
                retiring=retiring,
                replay_key=replay_key(scheme, CALL, key),
            )
        oldest = signed(scheme, CALL, OLDEST_KEY)
        group.refuse(f"rotation-{short}-oldest", "signed with the revoked key", "KeyLife", oldest, NOT_NOW)
        stranger = signed(scheme, CALL, STRANGER_KEY)
        comment = "signed with none of the three"
        group.refuse(f"rotation-{short}-stranger", comment, "WrongKey", stranger, "INVALID_SIGNATURE")

    group = suite.group("service-hmac-v2: signed with several keys", with_keys(V2, *keys), ENV)
    for name, signers, expected in (
        ("new-and-old", (KEY, OLD_KEY), "new"),
        ("new-and-stranger", (KEY, STRANGER_KEY), "new"),
        ("stranger-and-new", (STRANGER_KEY, KEY), "new"),
        ("stranger-and-old", (STRANGER_KEY, OLD_KEY), "old"),
        ("oldest-and-new", (OLDEST_KEY, KEY), "new"),
        ("oldest-and-old", (OLDEST_KEY, OLD_KEY), "old"),
    ):
        request = signed(V2, CALL, *signers)
        same = replay_key(V2, CALL, KEY)
        comment = "one valid key is enough, and whichever it is, the request is the same one"
        group.accept(f"rotation-pair-{name}", comment, "Rotation", request, key=expected, replay_key=same)
    for name, signers, code in (
        ("oldest-and-stranger", (OLDEST_KEY, STRANGER_KEY), NOT_NOW),
        ("stranger-and-oldest", (STRANGER_KEY, OLDEST_KEY), NOT_NOW),
        ("strangers", (STRANGER_KEY, STRANGER_KEY), "INVALID_SIGNATURE"),
    ):
        request = signed(V2, CALL, *signers)
        group.refuse(f"rotation-pair-{name}", "no valid key among them", ("Rotation", "KeyLife"), request, code)

    handover: list[dict[str, Json]] = [
        {"id": "first", "secret": "env:IMAGE_SERVICE_SECRET_OLD", "not_after": time(NOW)},
        {"id": "second", "secret": "env:IMAGE_SERVICE_SECRET", "not_before": time(NOW)},
    ]
    group = suite.group("two keys that meet in one second", with_keys(V2, *handover), ENV)
    group.steps(
        "handover",
        "one key ends in the second in which the next begins",
        ("Rotation", "KeyLife"),
        accepted(signed(V2, at(NOW - 1), OLD_KEY), now=NOW - 1, key="first"),
        accepted(signed(V2, at(NOW).but(nonce=b"n" * 16), KEY), now=NOW, key="second"),
        refused(signed(V2, at(NOW).but(nonce=b"m" * 16), OLD_KEY), NOT_NOW, now=NOW),
    )
    early = signed(V2, at(NOW - 1), KEY)
    comment = "the next key a second too early"
    group.refuse("handover-too-early", comment, "KeyLife", early, NOT_NOW, now=NOW - 1)
    unnamed: list[dict[str, Json]] = [{key: value for key, value in item.items() if key != "id"} for item in keys]
    group = suite.group("keys without ids", with_keys(V2, *unnamed), ENV)
    group.accept("unnamed-first", "a key is named by its place", "Rotation", signed(V2, CALL, KEY), key="1")
    group.accept("unnamed-second", "a key is named by its place", "Rotation", signed(V2, CALL, OLD_KEY), key="2")


def _eight(suite: Suite) -> None:
    secrets = {f"KEY_{number}": secret(f"key {number}") for number in range(1, 10)}
    keys: list[dict[str, Json]] = [{"secret": f"env:KEY_{number}"} for number in range(1, 9)]
    for short, scheme in (("v1", V1), ("v2", V2)):
        group = suite.group(f"{scheme.value}: eight keys", with_keys(scheme, *keys), SECRETS | secrets)
        for number in (1, 2, 7, 8):
            request = signed(scheme, CALL, secrets[f"KEY_{number}"].encode())
            group.accept(f"eight-{short}-{number}", "one of eight keys", "Rotation", request, key=str(number))
        ninth = signed(scheme, CALL, secrets["KEY_9"].encode())
        group.refuse(f"eight-{short}-none", "none of eight keys", "WrongKey", ninth, "INVALID_SIGNATURE")


def _encodings(suite: Suite) -> None:
    raw = hashlib.sha256(b"a key of any bytes").digest()
    hex_text, base64_text = raw.hex(), base64.b64encode(raw).decode()
    for encoding, text in (("hex", hex_text), ("hex", hex_text.upper()), ("base64", base64_text)):
        case = "-upper-case" if text.isupper() else ""
        key: dict[str, Json] = {"secret": "env:ENCODED", "encoding": encoding}
        group = suite.group(f"encoding {encoding}{case}", with_keys(V2, key), SECRETS | {"ENCODED": text})
        comment = "the key is the decoded bytes"
        group.accept(f"encoding-{encoding}{case}", comment, "KeyEncoding", signed(V2, CALL, raw), service=CALLER)
        as_text = signed(V2, CALL, text.encode())
        comment = "the text is not the key here"
        group.refuse(f"encoding-{encoding}{case}-as-text", comment, "KeyEncoding", as_text, "INVALID_SIGNATURE")
    silent: dict[str, Json] = {"secret": "env:ENCODED"}
    for name, text, key in (
        ("hex", hex_text, silent),
        ("base64", base64_text, silent),
        ("hex-said", hex_text, silent | {"encoding": "text"}),
    ):
        group = suite.group(f"text that looks like {name}", with_keys(V1, key), SECRETS | {"ENCODED": text})
        comment = "without another encoding the text itself is the key"
        as_text = signed(V1, CALL, text.encode())
        group.accept(f"encoding-text-like-{name}", comment, "KeyEncoding", as_text, service=CALLER)
        decoded = signed(V1, CALL, raw)
        comment = "the decoded bytes are not the key here"
        group.refuse(f"encoding-text-like-{name}-decoded", comment, "KeyEncoding", decoded, "INVALID_SIGNATURE")
    for name, text in (
        ("utf8", "Schlüssel für Dienste: zwölf Boxkämpfer jagen Viktor"),
        ("inner-spaces", "several words make a secret of more than 32 bytes"),
        ("marks", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ and more"),
        ("32-bytes", "abcdefghijklmnopqrstuvwxyz012345"),
    ):
        key = {"secret": "env:ENCODED"}
        group = suite.group(f"secret of any text: {name}", with_keys(V2, key), SECRETS | {"ENCODED": text})
        request = signed(V2, CALL, text.encode())
        group.accept(f"secret-{name}", "the text's UTF-8 bytes are the key", "KeyEncoding", request, service=CALLER)


def _long_keys(suite: Suite) -> None:
    for length in (63, 64, 65, 131, 1000):
        text = ("".join(chr(33 + (7 * at + at // 90) % 90) for at in range(length))).replace("\\", "x")
        key: dict[str, Json] = {"secret": "env:LONG"}
        group = suite.group(f"a key of {length} bytes", with_keys(V1, key), SECRETS | {"LONG": text})
        comment = "keys up to a block of the hash are padded, longer ones hashed first"
        request = signed(V1, CALL, text.encode())
        group.accept(f"key-of-{length}-bytes", comment, "LongKey", request, service=CALLER)
        if length > 64:
            hashed = signed(V1, CALL, hashlib.sha256(text.encode()).digest())
            comment = "the hash of a long key is, by HMAC's own rule, the same key"
            group.accept(f"key-of-{length}-bytes-hashed", comment, "LongKey", hashed, service=CALLER)
        cut = signed(V1, CALL, text.encode()[:-1])
        comment = "without its last byte it is another key"
        group.refuse(f"key-of-{length}-bytes-cut", comment, ("LongKey", "WrongKey"), cut, "INVALID_SIGNATURE")


def _reveal(suite: Suite) -> None:
    for reveal in ("uniform", "code"):
        key: dict[str, Json] = {"secret": "env:IMAGE_SERVICE_SECRET"}
        revoked: dict[str, Json] = {"secret": "env:IMAGE_SERVICE_SECRET_OLD", "state": "revoked"}
        group = suite.group(f"reveal {reveal}", with_keys(V2, key, revoked, reveal=reveal), ENV)
        _revealed(group, reveal)


def _revealed(group: Group, reveal: str) -> None:
    request = signed(V2, CALL, KEY)
    group.accept(f"{reveal}-accepted", "nothing changes for genuine requests", "Uniform", request, service=CALLER)
    for name, damaged, code in (
        ("unknown-service", request.set("X-Service-ID", b"intruder"), "UNKNOWN_SERVICE"),
        ("bad-signature", change_digit(request, 0), "INVALID_SIGNATURE"),
        ("revoked-key", signed(V2, CALL, OLD_KEY), NOT_NOW),
        ("no-credential", request.without(*(name for name, _ in request.headers)), "AUTHENTICATION_REQUIRED"),
        ("window", signed(V2, at(NOW - 301), KEY), "TIMESTAMP_OUTSIDE_WINDOW"),
        ("repeated-header", request.adding("X-Timestamp", b"1"), "DUPLICATE_HEADER"),
        ("malformed-request", request.but(method=b"post"), "MALFORMED_REQUEST"),
        ("other-target", signed(V2, CALL.but(target_service=b"x"), KEY), "TARGET_NOT_ALLOWED"),
        ("own-id-unsigned", request.set("X-Service-ID", OWN.encode()), "INVALID_SIGNATURE"),
    ):
        comment = "the verdict is the same whatever the answer tells"
        group.refuse(f"{reveal}-{name}", comment, "Uniform", damaged, code)


def _unknown(suite: Suite) -> None:
    """Unknown ids among services of few and of many keys: the work that they cost must not change the verdict."""
    secrets = {f"KEY_{number}": secret(f"key {number}") for number in range(1, 9)}
    eight: dict[str, Json] = {"keys": [{"secret": f"env:KEY_{number}"} for number in range(1, 9)]}
    mixed: dict[str, Json] = {
        "keys": [
            {"secret": "env:IMAGE_SERVICE_SECRET_OLD", "state": "revoked"},
            {"secret": "env:IMAGE_SERVICE_SECRET", "not_after": time(NOW)},
        ]
    }
    registries: dict[str, dict[str, Json]] = {
        "no-service": {},
        "no-key": {"notifications-service": {"url": "https://notifications.internal"}},
        "one-key-each": registry(),
        "one-and-eight-keys": registry(caller=eight),
        "only-dead-keys": {CALLER: mixed},
        "nobody-may-do-anything": registry(
            caller=eight | {"allowed_targets": [], "permissions": []},
            other={"permissions": []},
            own={"permissions": []},
        ),
    }
    spellings = {
        "plain": b"intruder",
        "one-letter": b"i",
        "upper-case": CALLER.upper().encode(),
        "prefix": CALLER[:-1].encode(),
        "longer": CALLER.encode() + b"0",
        "with-space": CALLER.encode() + b" ",
        "not-ascii": "image-servic\u0435".encode(),
        "not-utf8": b"\xff\xfe",
        "empty": b"",
        "long": b"a" * 200,
    }
    for short, scheme in (("v1", V1), ("v2", V2), ("cross", CROSS)):
        for kind, services in registries.items():
            if scheme is not V2 and kind not in ("one-and-eight-keys", "nobody-may-do-anything"):
                continue  # One scheme shows what the number of keys does; the others, that it does so for them too.
            # Not `config`, which takes no services to mean the usual ones.
            document: dict[str, Json] = {"service": OWN, "accept": [scheme.value], "services": services}
            group = suite.group(f"{scheme.value}, unknown ids: {kind}", document, ENV | secrets)
            for name, identifier in spellings.items():
                request = signed(scheme, CALL.but(service=identifier), KEY)
                group.steps(
                    f"unknown-{short}-{kind}-{name}",
                    "whole and in pieces, with the key of a known service and with a forged signature",
                    ("UnknownService", "Stream"),
                    refused(request, "UNKNOWN_SERVICE"),
                    refused(request, "UNKNOWN_SERVICE", chunks=[1, 4]),
                    refused(change_digit(request, 9), "UNKNOWN_SERVICE"),
                    refused(change_digit(request, 9), "UNKNOWN_SERVICE", chunks=[]),
                )
        document = config(scheme, services=registry(caller=eight))
        group = suite.group(f"{scheme.value}, known and unknown in turn", document, ENV | secrets)
        first, last = (signed(scheme, CALL, secrets[name].encode()) for name in ("KEY_1", "KEY_8"))
        unknown = [signed(scheme, CALL.but(service=b"intruder-%d" % number), KEY) for number in range(16)]
        group.steps(
            f"unknown-{short}-between-known",
            "many unknown ids, and the known service is known before and after",
            ("UnknownService", "Genuine"),
            accepted(first, service=CALLER, key="1"),
            *(refused(request, "UNKNOWN_SERVICE") for request in unknown),
            accepted(signed(scheme, CALL.but(body=b"{}", nonce=b"n" * 16), secrets["KEY_8"].encode()), key="8"),
        )
        group.refuse(
            f"unknown-{short}-but-key-known",
            "the last of the eight keys under the name of nobody",
            "UnknownService",
            last.set("X-Service-Name" if scheme is CROSS else "X-Service-ID", b"nobody"),
            "UNKNOWN_SERVICE",
        )
