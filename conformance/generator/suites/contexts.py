"""Contexts: a tenant and a set of roles, signed as one text; and the older form during a migration."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from typing import TYPE_CHECKING

from fleet import OWN, secret
from model import Group, Suite, check
from request import as_base64
from suites.keys import time
from wire import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from request import Json

KEY = secret("contexts").encode()
OLD_KEY = secret("contexts, before").encode()
OLDEST_KEY = secret("contexts, long before").encode()
STRANGER_KEY = secret("contexts of nobody").encode()
ENV = {
    "CONTEXT_SECRET": KEY.decode(),
    "CONTEXT_SECRET_OLD": OLD_KEY.decode(),
    "CONTEXT_SECRET_OLDEST": OLDEST_KEY.decode(),
}

TENANT = "0d9fe7d3-9c3b-4d7e-8a52-1f0e6b6f3c11"
OTHER_TENANT = "7c0a54f2-51d7-4b0e-9f65-2d1f3a8b9c04"
ROLES = ("user", "admin")
PAYLOAD = f"{TENANT}:admin,user".encode()
"""What an older system made of the tenant and the roles."""

CURRENT: dict[str, Json] = {"id": "new", "secret": "env:CONTEXT_SECRET"}
OLD: dict[str, Json] = {"id": "old", "secret": "env:CONTEXT_SECRET_OLD"}
UNTIL = NOW + 1000
FAILS: Json = {"failed": "SIGNING_FAILED"}

BAD_TENANTS = {
    "upper-case": TENANT.upper(),
    "one-upper-case-letter": TENANT.replace("d", "D", 1),
    "empty": "",
    "a-name": "acme",
    "without-hyphens": TENANT.replace("-", ""),
    "in-braces": f"{{{TENANT}}}",
    "as-urn": f"urn:uuid:{TENANT}",
    "too-short": TENANT[:-1],
    "too-long": TENANT + "0",
    "line-end": TENANT + "\n",
    "space-before": " " + TENANT,
    "not-hex": TENANT.replace("0", "g", 1),
    "hyphen-moved": "0d9fe7d-39c3b-4d7e-8a52-1f0e6b6f3c11",
    "digits-of-another-script": TENANT.replace("0", "٠", 1),
}

BAD_ROLES: dict[str, tuple[str, ...]] = {
    "empty": ("",),
    "empty-among-others": ("admin", "", "user"),
    "line-end": ("admin\n",),
    "line-end-inside": ("admin\nroot",),
    "carriage-return": ("admin\r",),
    "tab": ("ad\tmin",),
    "nul": ("admin\0",),
    "unit-separator": ("admin\x1f",),
    "delete": ("admin\x7f",),
    "4097-bytes": ("a" * 4097,),
    "4097-bytes-in-fewer-characters": ("é" * 2048 + "a",),
    "1025-roles": tuple(f"r{number}" for number in range(1025)),
    "1025-times-the-same": ("a",) * 1025,
}


def suite() -> Suite:
    """Build the vector file."""
    suite = Suite("contexts")
    one_key = suite.group("one key", config(CURRENT), ENV)
    _set(one_key)
    _form(one_key)
    _signatures(one_key)
    _forged(one_key)
    _keys(suite)
    _migration(suite)
    _documents(suite)
    return suite


def config(*keys: dict[str, Json], migration: bool = False, **members: Json) -> dict[str, Json]:
    """Return a config with these keys for contexts."""
    contexts: dict[str, Json] = {"keys": list(keys)}
    if migration:
        contexts["migration"] = {"until": time(UNTIL)}
    document: dict[str, Json] = {"service": OWN, "services": {}, "contexts": contexts}
    return document | members


def message(tenant: str, roles: Sequence[str]) -> bytes:
    """Return the bytes that are signed: a first line, the tenant, and each role once in the order of its bytes."""
    distinct = sorted({role.encode() for role in roles})
    return b"".join(line + b"\n" for line in [b"auth-context-v1", tenant.encode(), *distinct])


def signature(key: bytes, tenant: str = TENANT, roles: Sequence[str] = ROLES) -> str:
    """Return the signature over the tenant and the roles."""
    return hmac.new(key, message(tenant, roles), hashlib.sha256).hexdigest()


def older(key: bytes, payload: bytes = PAYLOAD) -> str:
    """Return what the older system signs: the hash of the secret and the payload."""
    return hashlib.sha256(key + payload).hexdigest()


def sign(expect: Json, tenant: str = TENANT, roles: Sequence[str] = ROLES, *, now: int = NOW) -> Json:
    """Make a step that signs."""
    return {"op": "sign_context", "tenant": tenant, "roles": list(roles), "now": now, "expect": expect}


def verify(
    expect: Json,
    given: str,
    tenant: str = TENANT,
    roles: Sequence[str] = ROLES,
    *,
    now: int = NOW,
    payload: bytes | None = None,
) -> Json:
    """Make a step that verifies."""
    step: dict[str, Json] = {"op": "verify_context", "tenant": tenant, "roles": list(roles)}
    step |= {"signature": given, "now": now}
    if payload is not None:
        step["payload"] = as_base64(payload)
    return step | {"expect": expect}


def signed(key: bytes, tenant: str = TENANT, roles: Sequence[str] = ROLES) -> Json:
    """Expect this key's signature."""
    return {"ok": {"signature": signature(key, tenant, roles), "message": as_base64(message(tenant, roles))}}


def holds(key: str, *, roles: Sequence[str] = ROLES, retiring: bool = False, matched: str = "hmac-sha256") -> Json:
    """Expect that the signature holds."""
    distinct: list[Json] = [role.decode() for role in sorted({role.encode() for role in roles})]
    return {"ok": {"key": key, "retiring": retiring, "matched": matched, "roles": distinct}}


def refused(code: str) -> Json:
    """Expect a refusal."""
    return {"refused": code}


def _set(group: Group) -> None:
    for name, comment, roles in (
        ("one-role", "one role", ("admin",)),
        ("no-role", "an empty list is legal", ()),
        ("two-roles", "two roles", ("admin", "user")),
        ("other-order", "the order makes no difference", ("user", "admin")),
        ("repeated", "nor does a role that is there twice", ("user", "admin", "admin")),
        ("repeated-many-times", "nor one that is there 1024 times", ("a",) * 1024),
        ("byte-order-case", "upper case comes first", ("b", "A", "a", "B")),
        ("byte-order-length", "a shorter role comes before the one that it begins", ("ab", "a", "a b", "a-b")),
        (
            "byte-order-utf8",
            "by the bytes of UTF-8: not as UTF-16 has it, nor as a language sorts",
            ("｡", "🧱", "é", "z"),
        ),
        ("unicode-forms", "composed and decomposed are two roles", ("caf\u00e9", "cafe\u0301")),
        ("punctuation", "nothing is an escape", ('a,b;"c"', "a\\nb", "%0a", "$& $1 {0}")),
        ("spaces", "spaces belong to the role", (" admin", "admin ", "ad min")),
        ("next-line", "U+0085 is no control byte in UTF-8", ("a\u0085b", "a\u2028b")),
        ("1000-characters", "a role of 1000 characters", ("a" * 1000,)),
        ("4096-bytes", "the longest role", ("a" * 4096,)),
        ("4096-bytes-of-two-each", "the bytes count, not the characters", ("é" * 2048,)),
        ("1024-roles", "the most roles", tuple(f"r{number}" for number in range(1024))),
        ("like-the-first-line", "roles that look like the lines before them", ("auth-context-v1", TENANT)),
    ):
        step = verify(holds("new", roles=roles), signature(KEY, roles=roles), roles=roles)
        group.steps(f"roles-{name}", comment, "ContextSet", sign(signed(KEY, roles=roles), roles=roles), step)
    for name, tenant in (
        ("nil", "00000000-0000-0000-0000-000000000000"),
        ("highest", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("version-7", "019b76da-a800-7c3e-8d2f-5a1b0c9e7f46"),
    ):
        steps = sign(signed(KEY, tenant), tenant), verify(holds("new"), signature(KEY, tenant), tenant)
        group.steps(f"tenant-{name}", "a UUID of any version", "ContextSet", *steps)
    group.steps(
        "roles-other-order-at-the-verifier",
        "signed in one order, verified in another",
        "ContextSet",
        verify(holds("new"), signature(KEY, roles=("admin", "user")), roles=("user", "admin", "user")),
    )


def _form(group: Group) -> None:
    malformed = refused("MALFORMED_REQUEST")
    for name, tenant in BAD_TENANTS.items():
        comment = "a tenant has one spelling, and no other is folded into it"
        group.steps(f"tenant-{name}-cannot-be-signed", comment, "ContextForm", sign(FAILS, tenant))
        step = verify(malformed, signature(KEY, tenant), tenant)
        group.steps(f"tenant-{name}-is-refused", comment, "ContextForm", step)
    for name, roles in BAD_ROLES.items():
        comment = "a role that cannot be signed"
        group.steps(f"roles-{name}-cannot-be-signed", comment, "ContextForm", sign(FAILS, roles=roles))
        step = verify(malformed, signature(KEY, roles=roles), roles=roles)
        group.steps(f"roles-{name}-is-refused", comment, "ContextForm", step)
    step = verify(malformed, "", "acme")
    group.steps("tenant-before-signature", "the tenant is judged before the signature", "Precedence", step)
    step = verify(refused("MALFORMED_SIGNATURE"), signature(STRANGER_KEY).upper())
    group.steps("form-before-value", "a wrong form before a wrong value", "Precedence", step)


def _signatures(group: Group) -> None:
    good = signature(KEY)
    raw = bytes.fromhex(good)
    for name, given in (
        ("empty", ""),
        ("upper-case", good.upper()),
        ("half", good[:32]),
        ("63-digits", good[:-1]),
        ("65-digits", good + "0"),
        ("twice", good + good),
        ("line-end", good + "\n"),
        ("space-before", " " + good),
        ("prefix", "sha256=" + good),
        ("0x", "0x" + good[2:]),
        ("not-hex", "g" + good[1:]),
        ("base64", base64.b64encode(raw).decode()),
        ("digits-of-another-script", good[:-1] + "٣"),
    ):
        step = verify(refused("MALFORMED_SIGNATURE"), given)
        group.steps(f"signature-{name}", "exactly 64 lower-case hex digits", "ExactDecoding", step)


def _forged(group: Group) -> None:
    good = signature(KEY)
    invalid = refused("INVALID_SIGNATURE")
    for at in (0, 31, 63):
        digit = "0" if good[at] != "0" else "1"
        step = verify(invalid, good[:at] + digit + good[at + 1 :])
        group.steps(f"forged-digit-{at}", "one digit of the signature", "ContextForged", step)
    for name, comment, step in (
        ("tenant", "another tenant", verify(invalid, good, OTHER_TENANT)),
        ("role-added", "one role more", verify(invalid, good, roles=(*ROLES, "root"))),
        ("role-removed", "one role less", verify(invalid, good, roles=ROLES[:1])),
        ("no-roles", "no roles", verify(invalid, good, roles=())),
        ("role-replaced", "another role", verify(invalid, good, roles=("user", "root"))),
        ("role-case", "another letter case", verify(invalid, good, roles=("user", "Admin"))),
        ("role-space", "a space behind a role", verify(invalid, good, roles=("user", "admin "))),
        (
            "boundary",
            "letters moved from one role to the next",
            verify(invalid, signature(KEY, roles=("ab", "c")), roles=("a", "bc")),
        ),
        (
            "joined",
            "two roles as one",
            verify(invalid, signature(KEY, roles=("a", "b")), roles=("a,b",)),
        ),
        ("other-key", "a key that nobody knows", verify(invalid, signature(STRANGER_KEY))),
        (
            "without-first-line",
            "the first line left out",
            verify(invalid, hmac.new(KEY, message(TENANT, ROLES)[len("auth-context-v1\n") :], "sha256").hexdigest()),
        ),
        (
            "without-last-line-end",
            "the last line end left out",
            verify(invalid, hmac.new(KEY, message(TENANT, ROLES)[:-1], "sha256").hexdigest()),
        ),
        (
            "unsorted",
            "the roles signed in the order of the list",
            verify(invalid, hmac.new(KEY, f"auth-context-v1\n{TENANT}\nuser\nadmin\n".encode(), "sha256").hexdigest()),
        ),
        ("hash-of-message", "a hash without a key", verify(invalid, older(b"", message(TENANT, ROLES)))),
        (
            "hash-of-key-and-message",
            "the older form over the new bytes",
            verify(invalid, older(KEY, message(TENANT, ROLES))),
        ),
    ):
        group.steps(f"forged-{name}", comment, "ContextForged", step)
    step = verify(invalid, older(KEY), payload=PAYLOAD)
    group.steps("older-form-without-migration", "no migration, no older form", "ContextMigration", step)


def _keys(suite: Suite) -> None:
    good, before = signature(KEY), signature(OLD_KEY)
    not_now, invalid = refused("KEY_NOT_VALID_NOW"), refused("INVALID_SIGNATURE")

    retiring = OLD | {"state": "retiring"}
    group = suite.group("an old key behind the new one", config(CURRENT, retiring), ENV)
    group.steps("rotation-signs-with-the-active", "the active key signs", "Rotation", sign(signed(KEY)))
    group.steps("rotation-new", "the new key holds", "Rotation", verify(holds("new"), good))
    group.steps("rotation-old", "so does the old one", "Rotation", verify(holds("old", retiring=True), before))
    group.steps("rotation-neither", "no other does", "Rotation", verify(invalid, signature(OLDEST_KEY)))

    group = suite.group("the old key in front of the new one", config(OLD, CURRENT), ENV)
    group.steps("first-active-signs", "the first key that is active", "Rotation", sign(signed(OLD_KEY)))
    group.steps("second-holds", "the second one is known", "Rotation", verify(holds("new"), good))

    group = suite.group("a retiring key in front of an active one", config(retiring, CURRENT), ENV)
    group.steps("retiring-in-front", "an active key is preferred", "Rotation", sign(signed(KEY)))
    group = suite.group("only a retiring key", config(retiring), ENV)
    group.steps("retiring-alone", "a retiring key signs where there is no other", "Rotation", sign(signed(OLD_KEY)))

    revoked = OLD | {"state": "revoked"}
    group = suite.group("a revoked key", config(revoked, CURRENT), ENV)
    group.steps("revoked-signs-nothing", "the other one signs", "KeyLife", sign(signed(KEY)))
    group.steps("revoked", "right, but revoked", "KeyLife", verify(not_now, before))
    group.steps("revoked-forged", "wrong, and not revoked", "KeyLife", verify(invalid, signature(STRANGER_KEY)))
    group = suite.group("only a revoked key", config(revoked), ENV)
    group.steps("revoked-alone", "nothing can be signed", "KeyLife", sign(FAILS))

    start, end = NOW - 1000, NOW + 1000
    limited = CURRENT | {"not_before": time(start), "not_after": time(end)}
    group = suite.group("a key with a beginning and an end", config(limited), ENV)
    for name, now in (("first-second", start), ("last-second", end - 1)):
        steps = sign(signed(KEY), now=now), verify(holds("new"), good, now=now)
        group.steps(f"life-{name}", "valid", "KeyLife", *steps)
    for name, now in (("second-before", start - 1), ("end", end)):
        group.steps(f"life-{name}", "right, at the wrong time", "KeyLife", verify(not_now, good, now=now))
        group.steps(f"life-{name}-cannot-sign", "no key is valid", "KeyLife", sign(FAILS, now=now))

    group = suite.group("a key in hex", config(CURRENT | {"encoding": "hex"}), ENV)
    group.steps("key-hex", "the decoded bytes are the key", "KeyEncoding", sign(signed(bytes.fromhex(KEY.decode()))))
    encoded = base64.b64encode(OLD_KEY).decode()
    group = suite.group("a key in base64", config(CURRENT | {"encoding": "base64"}), {"CONTEXT_SECRET": encoded})
    group.steps("key-base64", "the decoded bytes are the key", "KeyEncoding", sign(signed(OLD_KEY)))
    long = KEY + OLD_KEY
    group = suite.group("a key of 128 bytes", config(CURRENT), {"CONTEXT_SECRET": long.decode()})
    group.steps(
        "key-long", "hashed first, as HMAC says", "LongKey", sign(signed(long)), verify(holds("new"), signature(long))
    )

    group = suite.group("reveal is uniform", config(CURRENT, revoked, reveal="uniform"), ENV)
    group.steps("uniform-invalid", "the code is the same", "Uniform", verify(invalid, signature(STRANGER_KEY)))
    group.steps("uniform-revoked", "the code is the same", "Uniform", verify(not_now, before))


def _migration(suite: Suite) -> None:
    invalid = refused("INVALID_SIGNATURE")
    old_form = holds("new", matched="sha256-prefix")
    group = suite.group("a migration", config(CURRENT, OLD | {"state": "retiring"}, migration=True), ENV)
    extended, glue = extend(older(KEY), len(KEY) + len(PAYLOAD), b",root")
    assert older(KEY, PAYLOAD + glue + b",root") == extended
    for name, comment, step in (
        ("older-form", "the older form", verify(old_form, older(KEY), payload=PAYLOAD)),
        ("hmac-beside-it", "HMAC, with a payload at hand", verify(holds("new"), signature(KEY), payload=PAYLOAD)),
        ("hmac-without-payload", "HMAC, without a payload", verify(holds("new"), signature(KEY))),
        (
            "older-form-of-the-old-key",
            "the older form with the old key",
            verify(holds("old", retiring=True, matched="sha256-prefix"), older(OLD_KEY), payload=PAYLOAD),
        ),
        ("empty-payload", "an empty payload is one", verify(old_form, older(KEY, b""), payload=b"")),
        ("binary-payload", "any bytes", verify(old_form, older(KEY, bytes(range(256))), payload=bytes(range(256)))),
        (
            "long-payload",
            "4800 bytes",
            verify(old_form, older(KEY, b"0123456789abcdef" * 300), payload=b"0123456789abcdef" * 300),
        ),
        ("last-second", "the last second", verify(old_form, older(KEY), payload=PAYLOAD, now=UNTIL - 1)),
        ("end", "the moment that ends it", verify(invalid, older(KEY), payload=PAYLOAD, now=UNTIL)),
        ("long-over", "long over", verify(invalid, older(KEY), payload=PAYLOAD, now=UNTIL + 10**8)),
        ("hmac-after-the-end", "HMAC goes on", verify(holds("new"), signature(KEY), payload=PAYLOAD, now=UNTIL)),
        ("without-payload", "without a payload only HMAC is looked at", verify(invalid, older(KEY))),
        ("other-payload", "a hash of something else", verify(invalid, older(KEY, PAYLOAD + b",root"), payload=PAYLOAD)),
        ("payload-changed", "another payload", verify(invalid, older(KEY), payload=PAYLOAD.replace(b"user", b"root"))),
        (
            "extended-hash",
            "extended without the secret; the caller's own payload does not grow with it",
            verify(invalid, extended, payload=PAYLOAD),
        ),
        ("secret-behind", "the secret behind the payload", verify(invalid, older(PAYLOAD, KEY), payload=PAYLOAD)),
        (
            "hmac-over-payload",
            "HMAC over the payload",
            verify(invalid, hmac.new(KEY, PAYLOAD, "sha256").hexdigest(), payload=PAYLOAD),
        ),
        ("stranger", "a key that nobody knows", verify(invalid, older(STRANGER_KEY), payload=PAYLOAD)),
        (
            "upper-case",
            "the form is judged first",
            verify(refused("MALFORMED_SIGNATURE"), older(KEY).upper(), payload=PAYLOAD),
        ),
        (
            "tenant",
            "the tenant is judged there too",
            verify(refused("MALFORMED_REQUEST"), older(KEY), "acme", payload=PAYLOAD),
        ),
        ("signs-hmac", "nothing signs the older form", sign(signed(KEY))),
    ):
        group.steps(f"migration-{name}", comment, "ContextMigration", step)
    group = suite.group(
        "a migration and a revoked key", config(OLD | {"state": "revoked"}, CURRENT, migration=True), ENV
    )
    step = verify(refused("KEY_NOT_VALID_NOW"), older(OLD_KEY), payload=PAYLOAD)
    group.steps("migration-revoked-key", "the older form of a revoked key", "ContextMigration", step)
    decoded = bytes.fromhex(KEY.decode())
    group = suite.group("a migration with a key in hex", config(CURRENT | {"encoding": "hex"}, migration=True), ENV)
    step = verify(old_form, older(decoded), payload=PAYLOAD)
    group.steps("migration-key-hex", "the decoded bytes come before the payload", "ContextMigration", step)
    long = KEY + OLD_KEY
    group = suite.group(
        "a migration with a key of 128 bytes", config(CURRENT, migration=True), {"CONTEXT_SECRET": long.decode()}
    )
    step = verify(old_form, older(long), payload=PAYLOAD)
    group.steps("migration-key-long", "a long secret is hashed as it is, not as HMAC would", "ContextMigration", step)


def _documents(suite: Suite) -> None:
    def document(contexts: Json) -> dict[str, Json]:
        return {"service": OWN, "services": {}, "contexts": contexts}

    def errors(
        name: str, comment: str, flag: str, contexts: Json, *pointers: str, env: Mapping[str, str] = ENV
    ) -> None:
        group = suite.group(f"document: {name}", document(contexts), env)
        found: list[Json] = list(pointers)
        group.steps(f"config-{name}", comment, flag, check({"config_errors": found}))

    def warns(name: str, comment: str, flag: str, contexts: Json, *pointers: str) -> None:
        group = suite.group(f"document: {name}", document(contexts), ENV)
        found: list[Json] = list(pointers)
        group.steps(f"config-{name}", comment, flag, check({"ok": {"warnings": found}}))

    keys: list[Json] = [CURRENT]
    many: list[Json] = [{"id": str(number), "secret": "env:CONTEXT_SECRET"} for number in range(9)]
    until: dict[str, Json] = {"until": time(UNTIL)}
    warns("in-order", "keys alone", "ConfigAccepted", {"keys": keys})
    migration = "the older form is worth a warning as long as it is accepted"
    warns("migration", migration, "ConfigWarning", {"keys": keys, "migration": until}, "/contexts/migration")
    errors("without-keys", "contexts without keys", "ConfigForm", {}, "/contexts/keys")
    errors("only-migration", "no keys either", "ConfigForm", {"migration": until}, "/contexts/keys")
    errors("no-key", "an empty list", "ConfigValue", {"keys": []}, "/contexts/keys")
    errors("nine-keys", "at most eight", "ConfigValue", {"keys": many}, "/contexts/keys")
    errors("array", "not an object", "ConfigForm", [CURRENT], "/contexts")
    errors("unknown-member", "a member that is not known", "ConfigForm", {"keys": keys, "key": 1}, "/contexts/key")
    errors(
        "migration-without-end",
        "it needs an end",
        "ConfigForm",
        {"keys": keys, "migration": {}},
        "/contexts/migration/until",
    )
    errors("migration-true", "true is no date", "ConfigForm", {"keys": keys, "migration": True}, "/contexts/migration")
    for name, value in (
        ("never", None),
        ("a-number", NOW),
        ("a-day", "2027-01-01"),
        ("in-a-zone", "2027-01-01T00:00:00+01:00"),
    ):
        place = "/contexts/migration/until"
        errors(f"until-{name}", "not a moment", "ConfigValue", {"keys": keys, "migration": {"until": value}}, place)
    same: list[Json] = [CURRENT, {"id": "other", "secret": "env:CONTEXT_SECRET"}]
    errors("same-secret-twice", "one secret under two ids", "SharedSecret", {"keys": same}, "/contexts/keys/1/secret")
    comment = "every processor knows the secret of contexts, so nothing else may have it"
    service: dict[str, Json] = {"keys": keys, "allowed_targets": [OWN]}
    hook: dict[str, Json] = {"scheme": "github", "keys": keys, "replay": {"seconds": 60}}
    others: list[tuple[str, dict[str, Json]]] = [
        ("a-service", {"services": {"image-service": service}}),
        ("itself", {"services": {OWN: service}}),
        ("a-webhook", {"webhooks": {"github": hook}}),
    ]
    for name, members in others:
        group = suite.group(f"document: the secret of {name}", config(OLD, CURRENT) | members, ENV)
        step = check({"config_errors": ["/contexts/keys/1/secret"]})
        group.steps(f"config-secret-of-{name}", comment, "SharedSecret", step)
    twins: list[Json] = [CURRENT, OLD | {"id": "new"}]
    errors("same-id-twice", "two keys of one id", "ConfigConflict", {"keys": twins}, "/contexts/keys/1/id")
    place = "/contexts/keys/0/secret"
    errors("missing-secret", "nothing in the environment", "ConfigSecret", {"keys": keys}, place, env={})
    errors("short-secret", "31 bytes", "ConfigSecret", {"keys": keys}, place, env={"CONTEXT_SECRET": KEY.decode()[:31]})

    group = suite.group("a config without contexts", {"service": OWN, "services": {}}, {})
    comment = "the config has no keys for contexts"
    group.steps("not-configured-cannot-sign", comment, "ContextForm", sign(FAILS))
    group.steps("not-configured-cannot-verify", comment, "ContextForm", verify(FAILS, signature(KEY)))


def extend(digest: str, length: int, more: bytes) -> tuple[str, bytes]:
    """Continue a SHA-256 hash of so many bytes that nobody needs to know.

    Return the hash of the longer text, and what then stands between the unknown bytes and `more`. This is the attack
    that HMAC was made against (FIPS 180-4, sections 4 to 6).
    """
    glue = b"\x80" + bytes((55 - length) % 64) + struct.pack(">Q", length * 8)
    total = length + len(glue) + len(more)
    rest = more + b"\x80" + bytes((55 - total) % 64) + struct.pack(">Q", total * 8)
    state = list(struct.unpack(">8I", bytes.fromhex(digest)))
    for at in range(0, len(rest), 64):
        state = _compress(state, rest[at : at + 64])
    return struct.pack(">8I", *state).hex(), glue


def _compress(state: list[int], block: bytes) -> list[int]:
    def turned(word: int, *distances: int) -> int:
        turns = ((word >> distance | word << (32 - distance)) & 0xFFFFFFFF for distance in distances)
        result = 0
        for turn in turns:
            result ^= turn
        return result

    words = list(struct.unpack(">16I", block))
    for at in range(16, 64):
        first, last = words[at - 15], words[at - 2]
        small = turned(first, 7, 18) ^ first >> 3
        large = turned(last, 17, 19) ^ last >> 10
        words.append((words[at - 16] + small + words[at - 7] + large) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(_constants(), words, strict=True):
        one = h + turned(e, 6, 11, 25) + (e & f ^ ~e & g) + constant + word
        two = turned(a, 2, 13, 22) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (one + two) & 0xFFFFFFFF, a, b, c, (d + one) & 0xFFFFFFFF, e, f, g
    return [(old + new) & 0xFFFFFFFF for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _constants() -> list[int]:
    """Return the first 32 bits of the fractions of the cube roots of the first 64 primes."""
    primes = [number for number in range(2, 312) if all(number % factor for factor in range(2, int(number**0.5) + 1))]
    return [_cube_root(prime << 96) & 0xFFFFFFFF for prime in primes]


def _cube_root(number: int) -> int:
    low, high = 0, 1 << (number.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low
