"""Says what reached a Flask application."""

import os

from flask import Flask, request
from wiresign import Config, Verifier
from wiresign.flask import WiresignAuth

app = Flask(__name__)
auth = WiresignAuth(Verifier(Config.from_file(os.environ["FRAMEWORKS_CONFIG"])))
auth.install(app)
METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS"]


@app.route("/", defaults={"path": ""}, methods=METHODS)
@app.route("/<path:path>", methods=METHODS)
def echo(**_path: str) -> dict[str, object]:
    """Say it."""
    notes = request.headers.getlist("x-note")
    query = request.query_string.decode()
    said = {"path": request.path, "query": query, "body": request.get_data().hex(), "notes": [len(x) for x in notes]}
    return {**said, "caller": auth.caller().service}
