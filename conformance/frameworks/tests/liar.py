"""A server that verifies, and goes wrong in one way: liar.py WAY PORT."""

from __future__ import annotations

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import wiresign

WAY = sys.argv[1]
DOCUMENT = json.loads(Path(os.environ["FRAMEWORKS_CONFIG"]).read_text())
if WAY == "forgets what it has seen":
    DOCUMENT["replay"] = {"store": "none"}
VERIFIER = wiresign.Verifier(wiresign.Config.parse(DOCUMENT))


class Handler(BaseHTTPRequestHandler):
    """Judges, and says what it should not."""

    protocol_version = "HTTP/1.1"

    def judge(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, said = 200, {"caller": "billing", "body": body.hex()}
        try:
            VERIFIER.verify(self.command, self.path, list(self.headers.items()), body)
        except wiresign.Refusal as refusal:
            if WAY != "is not protected":
                status, said = refusal.status, json.loads(refusal.response.body)
        if status == 200 and WAY == "takes one caller for another":
            said["caller"] = "shop"
        if status == 200 and WAY == "hands on another body":
            said["body"] = "00"
        if status != 200 and WAY == "answers another code":
            said["code"] = "MISSING_SIGNATURE"
        if status != 200 and WAY == "answers another status":
            status = 403
        if status == 200 and WAY == "refuses what is genuine":
            status, said = 401, {"code": "INVALID_SIGNATURE", "requestId": None}
        answer = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = judge  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler).serve_forever()
