"""A client by hand, from docs/wire-formats.md alone: call.py METHOD URL [BODY], with SECRET, CALLER and TARGET set."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import sys
import time
import uuid
from urllib.parse import urlsplit

method, url, body = (*sys.argv[1:], "")[:3]
parts = urlsplit(url)
secret, caller, target = (os.environ[name] for name in ("SECRET", "CALLER", "TARGET"))
now, request_id = str(int(time.time())), str(uuid.uuid4())
lines = [
    "wiresign-v2",
    method,
    parts.path,
    parts.query,
    now,
    caller,
    target,
    request_id,
    body,
]
signature = hmac.new(
    secret.encode(), "\n".join(lines).encode(), hashlib.sha256
).hexdigest()
headers = {
    "Content-Type": "application/json",
    "X-Service-ID": caller,
    "X-Target-Service": target,
    "X-Timestamp": now,
    "X-Request-ID": request_id,
    "X-Signature": f"v2={signature}",
}
connection = http.client.HTTPConnection(parts.netloc, timeout=20)
request_target = parts.path + (f"?{parts.query}" if parts.query else "")
connection.request(method, request_target, body.encode() or None, headers)
answer = connection.getresponse()
print(json.dumps({"status": answer.status, "body": json.loads(answer.read())}))
