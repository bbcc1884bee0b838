"""botocore signs the same request once more; the signature that was sent has to be that one.

It is a signer, so it has no say in times, scopes and what has to be covered: only requests where these are in order are
put to it.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from typing import Any

from keys import accepts
from question import RefusedError, Request, UnsupportedError, only, secret

FORM = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request, ?"
    r"SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})"
)


def verify(config: dict[str, Any], env: dict[str, str], now: int, request: Request) -> None:
    """Sign the request, and compare."""
    accepts(config, "aws-sigv4", "aws_sigv4")
    settings = config["aws_sigv4"]
    only(settings, "region", "service", "style")
    found = FORM.fullmatch(request.headers.get("authorization", ""))
    stamp = request.headers.get("x-amz-date", "")
    if not found or request.repeated or request.authority is not None or not re.fullmatch(r"\d{8}T\d{6}Z", stamp):
        raise UnsupportedError("what a signer does not write")
    key_id, day, region, service, signed, signature = found.groups()
    keys = {key["id"]: key for entry in config["services"].values() for key in entry.get("aws_keys", [])}
    names = signed.split(";")
    must = {name for name in request.headers if name in ("host", "content-type") or name.startswith("x-amz-")}
    digest = hashlib.sha256(request.body).hexdigest()
    otherwise = None if settings.get("style") == "s3" else digest
    in_order = (
        key_id in keys
        and set(keys[key_id]) == {"id", "secret"}
        and (region, service) == (settings["region"], settings["service"])
        and stamp.startswith(day)
        and must | {"host"} <= set(names) <= set(request.headers)
        and sorted(set(names)) == names
        and "x-amz-security-token" not in names
        and request.headers.get("x-amz-content-sha256", otherwise) == digest
    )
    if not in_order:
        raise UnsupportedError("what a signer has no say in")
    at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC).timestamp()
    if abs(now - at) > 900:
        raise UnsupportedError("another time")

    from botocore import auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    kind = auth.S3SigV4Auth if settings.get("style") == "s3" else auth.SigV4Auth
    signer = kind(Credentials(key_id, secret(keys[key_id]["secret"], env)), service, region)
    sent = AWSRequest(
        request.method,
        f"https://{request.headers['host']}{request.target}",
        data=request.body,
        headers={name: request.headers[name] for name in names},
    )
    sent.context["timestamp"] = stamp
    if signer.signature(signer.string_to_sign(sent, signer.canonical_request(sent)), sent) != signature:
        raise RefusedError
