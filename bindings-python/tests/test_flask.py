"""What is Flask's own; the rest of its behaviour is in test_servers.py."""

from __future__ import annotations

import flask
import pytest

from support import signed, verifier
from wiresign.flask import WiresignAuth


def test_identity_headers_that_can_be_read_once_only_are_hidden_too() -> None:
    names = (name for name in ["X-User-ID"])
    auth = WiresignAuth(verifier(routes=[{"match": "/**", "public": True}]), identity_headers=names)
    app = flask.Flask("orders")
    auth.install(app)
    app.add_url_rule("/who", view_func=lambda: {"user": flask.request.headers.get("X-User-ID")})
    assert app.test_client().get("/who", headers={"X-User-ID": "root"}).json == {"user": None}


def test_the_result_of_another_verifier_does_not_count() -> None:
    app = flask.Flask(__name__)
    app.testing = True
    own, other = WiresignAuth(verifier()), WiresignAuth(verifier())
    own.install(app)
    app.post("/own")(own.requires()(lambda: own.caller().service or ""))
    app.post("/other", endpoint="other")(other.requires()(lambda: other.caller().service or ""))
    client = app.test_client()

    def call(target: str) -> str:
        headers = [(name.decode(), value.decode()) for name, value in signed("POST", target)]
        return client.post(target, headers=headers).text

    assert call("/own") == "billing"
    with pytest.raises(RuntimeError, match="call install"):
        call("/other")
