"""Says what reached a Flask application."""

import os

from flask import Flask, request
from wiresign import Config, Verifier
from wiresign.flask import WiresignAuth

app = Flask(__name__)
WiresignAuth(Verifier(Config.from_file(os.environ["FRAMEWORKS_CONFIG"]))).install(app)


@app.route("/", defaults={"path": ""}, methods=["GET", "POST", "OPTIONS"])
@app.route("/<path:path>", methods=["GET", "POST", "OPTIONS"])
def echo(**_path: str) -> dict[str, object]:
    """Say it."""
    notes = request.headers.getlist("x-note")
    query = request.query_string.decode()
    return {"path": request.path, "query": query, "body": request.get_data().hex(), "notes": [len(x) for x in notes]}
