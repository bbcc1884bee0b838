"""What is Flask's own; the rest of its behaviour is in test_servers.py."""

from __future__ import annotations

import flask

from support import verifier
from wiresign.flask import WiresignAuth


def test_identity_headers_that_can_be_read_once_only_are_hidden_too() -> None:
    names = (name for name in ["X-User-ID"])
    auth = WiresignAuth(verifier(routes=[{"match": "/**", "public": True}]), identity_headers=names)
    app = flask.Flask("orders")
    auth.install(app)
    app.add_url_rule("/who", view_func=lambda: {"user": flask.request.headers.get("X-User-ID")})
    assert app.test_client().get("/who", headers={"X-User-ID": "root"}).json == {"user": None}
