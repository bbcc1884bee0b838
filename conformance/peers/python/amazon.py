"""Signatures of AWS (`aws-sigv4`), in headers and as links."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time

from common import (
    Faults,
    Headers,
    Json,
    Key,
    RefusedError,
    UnsupportedError,
    all_of,
    check_bounds,
    one,
    only,
    parts,
    to_bytes,
)

ALGORITHM = b"AWS4-HMAC-SHA256"
# What a link says beside its signed headers.
OF_LINKS = ("algorithm", "credential", "date", "expires", "signedheaders", "signature", "security-token")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Credential:
    """What a request says of its signature."""

    def __init__(self) -> None:
        """Begin with nothing; what stands in for a missing part has no fault of its own."""
        self.faults: list[str] = []
        self.scope = b"x/19700101/x/x/aws4_request"
        self.names = b""
        self.signature = b"0" * 64
        self.written_time = b"19700101T000000Z"
        self.token: bytes | None = None
        self.lifetime: bytes | None = None
        self.is_link = False

    def take(self, algorithm: bytes | None, scope: bytes | None, signature: bytes | None, time: bytes | None) -> None:
        """Take the parts that every credential has."""
        if algorithm != ALGORITHM:
            self.faults.append("ALGORITHM_NOT_ALLOWED")
        for part, code in ((scope, "SERVICE_ID"), (signature, "SIGNATURE"), (time, "TIMESTAMP")):
            if part is None:
                self.faults.append(f"MISSING_{code}")
        self.scope = self.scope if scope is None else scope
        self.signature = self.signature if signature is None else signature
        self.written_time = self.written_time if time is None else time

    def take_names(self, names: bytes | None) -> None:
        """Take the names of the signed headers; none are the same as an empty list."""
        self.names = names or b""


class Amazon:
    """A service that takes signatures of AWS."""

    def __init__(self, config: Json, env: Json) -> None:
        """Read a document, or leave it to others."""
        only(config, "service", "accept", "sign_with", "services", "aws_sigv4", "environment", "replay", "$schema")
        self.id = config["service"]
        settings = config["aws_sigv4"]
        only(settings, "region", "service", "signed_headers", "style", "unsigned_payload")
        self.scope = [settings["region"].encode(), settings["service"].encode()]
        self.demanded = {name.lower().encode() for name in settings.get("signed_headers", [])}
        self.is_s3 = settings.get("style") == "s3"
        self.may_be_unsigned = settings.get("unsigned_payload", False)
        self.remembers = config.get("replay", {}).get("store") != "none"
        self.registry = config["services"]
        self.keys: dict[bytes, tuple[str, Key, bytes | None]] = {}
        for name, entry in self.registry.items():
            only(entry, "keys", "aws_keys", "allowed_targets", "url")
            for key in entry.get("aws_keys", []):
                members = dict(key)
                token = members.pop("session_token", None)
                read = Key(members, 0, env, lambda secret, _: secret.encode())
                if read.id.startswith("env:"):
                    read.id = env[read.id[4:]]
                held = env[token.removeprefix("env:")].encode() if token is not None else None
                self.keys[read.id.encode()] = (name, read, held)

    def verify(self, now: int, request: Json) -> Json:
        """Judge a request."""
        method, target, headers, body = parts(request)
        check_bounds(method, target, headers)
        if not target.startswith(b"/"):
            raise UnsupportedError("the star of OPTIONS")
        authority = to_bytes(request["authority"]) if request.get("authority") is not None else None
        path, _, query = target.partition(b"?")
        found = self.credential(headers, query)
        faults = Faults(found.faults)
        parameters = faults.of(read_query, query) or []
        key_id, day, region, service = faults.of(read_scope, found) or (b"", b"", b"", b"")
        names = faults.of(read_names, found.names) or []
        faults.of(check_tag, found.signature)
        seconds = faults.of(read_date, found.written_time) or 0
        faults.of(check_day, day, seconds)
        life = faults.of(self.read_life, found) or 0
        faults.of(self.check_path, path)
        present = faults.of(with_host, headers, authority) or []
        payload = faults.of(self.payload, found, headers, parameters, body) or b""
        faults.of(self.check_coverage, found, names, present)
        faults.tell()
        if life > 604_800 or not -900 <= now - seconds <= life:
            raise RefusedError("TIMESTAMP_OUTSIDE_WINDOW")
        if key_id not in self.keys:
            raise RefusedError("UNKNOWN_KEY")
        owner, key, token = self.keys[key_id]
        canonical = b"\n".join(
            [
                method,
                path if self.is_s3 else encoded(path, b"/"),
                b"&".join(b"=".join(pair) for pair in sorted(parameters) if pair[0] != b"X-Amz-Signature"),
                *[name + b":" + b",".join(folded(value) for value in all_of(present, name)) for name in names],
                b"",
                b";".join(names),
                payload,
            ]
        )
        scope = found.scope.partition(b"/")[2]
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds)).encode()
        message = b"\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical).hexdigest().encode()])
        signing = b"AWS4" + key.bytes
        for part in (day, region, service, b"aws4_request", message):
            signing = hmac.digest(signing, part, hashlib.sha256)
        if not hmac.compare_digest(signing.hex().encode(), found.signature):
            raise RefusedError("INVALID_SIGNATURE")
        if not key.is_valid(now):
            raise RefusedError("KEY_NOT_VALID_NOW")
        if found.token != token:
            raise RefusedError("INVALID_TOKEN")
        if re.fullmatch(rb"[0-9a-f]{64}", payload) and payload != hashlib.sha256(body).hexdigest().encode():
            raise RefusedError("DIGEST_MISMATCH")
        if [region, service] != self.scope:
            raise RefusedError("TARGET_NOT_ALLOWED")
        allowed = self.registry[owner].get("allowed_targets", [self.id])
        if self.id not in allowed:
            raise RefusedError("TARGET_NOT_ALLOWED")
        return {"service": owner, "key": key.id, "scheme": "aws-sigv4", "age": now - seconds}

    def credential(self, headers: Headers, query: bytes) -> Credential:
        """Find what the request says of its signature; it must be there once."""
        is_repeated = False
        for name in (b"authorization", b"x-amz-date", b"x-amz-content-sha256", b"x-amz-security-token", b"host"):
            values = all_of(headers, name)
            commas = 2 if name == b"authorization" else 0
            is_repeated = is_repeated or len(values) > 1 or any(value.count(b",") > commas for value in values)
        link = of_link(query)
        header = one(headers, b"authorization") or b""
        is_header = header[:5].upper() == b"AWS4-"
        if is_repeated and not (is_header or link):
            raise UnsupportedError("a header twice where there is no credential")
        if is_repeated:
            raise RefusedError("DUPLICATE_HEADER")
        if is_header and link:
            raise RefusedError("AMBIGUOUS_CREDENTIALS")
        if not is_header and not link:
            raise RefusedError("AUTHENTICATION_REQUIRED")
        return read_link(link) if link else read_header(header, headers)

    def read_life(self, found: Credential) -> int:
        """Return for how many seconds the signature is good."""
        if found.lifetime is None:
            return 900
        if not re.fullmatch(rb"[1-9][0-9]{0,11}", found.lifetime):
            raise RefusedError("INVALID_TIMESTAMP")
        return int(found.lifetime)

    def check_path(self, path: bytes) -> None:
        """Refuse a path that has the signature of another one."""
        if self.is_s3:
            segments = path.split(b"/")
            is_plain = all(encoded(decoded(segment), b"") == segment for segment in segments)
        else:
            segments = path[1:].split(b"/")
            is_plain = not any(segment in (b".", b"..") for segment in segments) and b"" not in segments[:-1]
        if not is_plain:
            raise RefusedError("MALFORMED_REQUEST")

    def payload(self, found: Credential, headers: Headers, parameters: list[tuple[bytes, bytes]], body: bytes) -> bytes:
        """Return what stands for the body in what is signed."""
        declared = one(headers, b"x-amz-content-sha256")
        if declared is None and found.is_link:
            declared = dict(parameters).get(b"X-Amz-Content-Sha256", b"UNSIGNED-PAYLOAD" if self.is_s3 else None)
        if declared is None:
            if self.is_s3:
                raise RefusedError("INSUFFICIENT_COVERAGE")
            return hashlib.sha256(body).hexdigest().encode()
        if declared == b"UNSIGNED-PAYLOAD" and self.may_be_unsigned:
            return declared
        if declared == b"UNSIGNED-PAYLOAD" or declared.startswith(b"STREAMING-"):
            raise RefusedError("INSUFFICIENT_COVERAGE")
        if not re.fullmatch(rb"[0-9a-f]{64}", declared):
            raise RefusedError("MALFORMED_SIGNATURE")
        return declared

    def check_coverage(self, found: Credential, names: list[bytes], present: Headers) -> None:
        """Refuse a signature that leaves open what must be signed."""
        there = {name for name, _ in present}
        must = {name for name in there if name == b"content-type" or name.startswith(b"x-amz-")}
        must |= self.demanded | {b"host"}
        if not found.is_link:
            must.add(b"x-amz-date" if b"x-amz-date" in there else b"date")
        if not must <= set(names) <= there:
            raise RefusedError("INSUFFICIENT_COVERAGE")


def of_link(query: bytes) -> list[tuple[str, bytes, bytes]]:
    """Return the parameters of a link: their names in lower case and as they are, and their values."""
    found = []
    for piece in query.split(b"&"):
        raw, _, value = piece.partition(b"=")
        name = loosely_decoded(raw)
        short = name.lower().removeprefix(b"x-amz-").decode("latin-1")
        if name.lower().startswith(b"x-amz-") and short in OF_LINKS:
            found.append((short, name, value))
    is_link = any(short in ("algorithm", "credential", "signature") for short, _, _ in found)
    return found if is_link else []


def read_link(link: list[tuple[str, bytes, bytes]]) -> Credential:
    """Read the parameters of a link, each of which is there once and in its one spelling."""
    spelled = {
        b"X-Amz-Algorithm",
        b"X-Amz-Credential",
        b"X-Amz-Date",
        b"X-Amz-Expires",
        b"X-Amz-SignedHeaders",
        b"X-Amz-Signature",
        b"X-Amz-Security-Token",
    }
    members: dict[str, bytes] = {}
    for short, name, value in link:
        if name not in spelled or short in members or b"+" in value:
            raise RefusedError("MALFORMED_REQUEST")
        members[short] = decoded(value)
    found = Credential()
    found.is_link = True
    found.take(members.get("algorithm"), members.get("credential"), members.get("signature"), members.get("date"))
    found.take_names(members.get("signedheaders"))
    if "expires" not in members:
        found.faults.append("MISSING_TIMESTAMP")
    found.lifetime, found.token = members.get("expires", b"1"), members.get("security-token")
    return found


def read_header(header: bytes, headers: Headers) -> Credential:
    """Read the parameters of the header, each of which is there once."""
    algorithm, _, rest = header.partition(b" ")
    found = Credential()
    members: dict[bytes, bytes] = {}
    for text in rest.split(b","):
        name, sign, value = text.lstrip(b" ").partition(b"=")
        if not sign or name in members or name not in (b"Credential", b"SignedHeaders", b"Signature"):
            found.faults.append("MALFORMED_SIGNATURE")
        members[name] = value
    moment = one(headers, b"x-amz-date")
    if moment is None:
        moment = one(headers, b"date")
        if len(all_of(headers, b"date")) > 1:
            raise UnsupportedError("two dates")
    found.take(algorithm, members.get(b"Credential"), members.get(b"Signature"), moment)
    found.take_names(members.get(b"SignedHeaders"))
    found.token = one(headers, b"x-amz-security-token")
    return found


def loosely_decoded(text: bytes) -> bytes:
    """Undo the escapes that are some."""
    return re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), text)


def decoded(text: bytes) -> bytes:
    """Undo all escapes."""
    if re.search(rb"%(?![0-9A-Fa-f]{2})", text):
        raise RefusedError("MALFORMED_REQUEST")
    return loosely_decoded(text)


def encoded(text: bytes, kept: bytes) -> bytes:
    """Escape all but unreserved bytes and some that are kept."""
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~" + kept
    return b"".join(bytes([byte]) if byte in plain else b"%%%02X" % byte for byte in text)


def read_query(query: bytes) -> list[tuple[bytes, bytes]]:
    """Read the parameters of the query, in the one spelling in which they are signed."""
    pieces = [piece for piece in query.split(b"&") if piece]
    if b"+" in query or len(pieces) > 100:
        raise RefusedError("MALFORMED_REQUEST")
    parts_of = [piece.partition(b"=") for piece in pieces]
    return [(encoded(decoded(name), b""), encoded(decoded(value), b"")) for name, _, value in parts_of]


def read_scope(found: Credential) -> tuple[bytes, bytes, bytes, bytes]:
    """Read the access key id, and what the signature is for."""
    pieces = found.scope.split(b"/")
    is_whole = len(pieces) == 5 and all(pieces) and pieces[4] == b"aws4_request"
    if not is_whole or not re.fullmatch(rb"[0-9]{8}", pieces[1]):
        raise RefusedError("MALFORMED_SIGNATURE")
    return pieces[0], pieces[1], pieces[2], pieces[3]


def check_tag(text: bytes) -> None:
    """Refuse what is no signature."""
    if not re.fullmatch(rb"[0-9a-f]{64}", text):
        raise RefusedError("MALFORMED_SIGNATURE")


def check_day(day: bytes, seconds: int) -> None:
    """Refuse a key for another day than that of the time; where one of both is missing, that is the fault."""
    if day and seconds and time.strftime("%Y%m%d", time.gmtime(seconds)).encode() != day:
        raise RefusedError("INVALID_TIMESTAMP")


def read_names(text: bytes) -> list[bytes]:
    """Read the names of the signed headers."""
    names = text.split(b";") if text else []
    if len(names) > 64:
        raise RefusedError("MALFORMED_REQUEST")
    is_good = all(re.fullmatch(rb"[a-z0-9!#$%&'*+.^_`|~-]+", name) for name in names)
    if not is_good or sorted(set(names)) != names:
        raise RefusedError("MALFORMED_SIGNATURE")
    return names


def read_date(text: bytes) -> int:
    """Read a time in the form of AWS, or a date as in mail."""
    written = text.decode("latin-1")
    basic = re.fullmatch(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", written, re.ASCII)
    mail = re.fullmatch(
        r"([A-Z][a-z]{2}), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|[+-]0000)", written, re.ASCII
    )
    if basic:
        year, month, day, *clock = map(int, basic.groups())
    elif mail and mail[3] in MONTHS:
        year, month, day = int(mail[4]), MONTHS.index(mail[3]) + 1, int(mail[2])
        clock = [int(mail[5]), int(mail[6]), int(mail[7])]
    else:
        raise RefusedError("INVALID_TIMESTAMP")
    seconds = calendar.timegm((year, max(month, 1), max(day, 1), *clock, 0, 0, 0)) if 1 <= month <= 12 else 0
    if year < 1970 or time.gmtime(seconds)[:6] != (year, month, day, *clock):
        raise RefusedError("INVALID_TIMESTAMP")
    if mail and DAYS[time.gmtime(seconds).tm_wday] != mail[1]:
        raise RefusedError("INVALID_TIMESTAMP")
    return seconds


def with_host(headers: Headers, authority: bytes | None) -> Headers:
    """Return the headers with the host that HTTP/2 has elsewhere."""
    for value in [*all_of(headers, b"host"), *([authority] if authority is not None else [])]:
        if not re.fullmatch(rb"[A-Za-z0-9._:-]+", value):
            raise UnsupportedError("a host of another form")
    if authority is None:
        return headers
    host = one(headers, b"host")
    if host is None:
        return [*headers, (b"host", authority)]
    if host != authority:
        raise RefusedError("MALFORMED_REQUEST")
    return headers


def folded(value: bytes) -> bytes:
    """Make each row of blanks one space."""
    return re.sub(rb"[ \t]+", b" ", value).strip(b" ")
