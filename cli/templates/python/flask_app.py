"""A service that lets only signed requests in. Who may call, and with which key, says wiresign.json."""

from pathlib import Path

from flask import Flask, request

from wiresign import Config, Verifier
from wiresign.flask import WiresignAuth

auth = WiresignAuth(Verifier(Config.from_file(Path(__file__).with_name("wiresign.json"))))

app = Flask(__name__)
# In front of everything: a request is verified before anything of it is parsed.
auth.install(app)


@app.get("/health")
def health() -> dict[str, str]:
    """Answer everybody: a public route of wiresign.json."""
    return {"status": "ok"}


@app.get("/hello")
@auth.requires()
def hello() -> dict[str, str | None]:
    """Answer the services that may call this one."""
    return {"hello": request.args.get("name", "world"), "caller": auth.caller().service}


@app.post("/echo")
@auth.requires()
def echo() -> dict[str, object]:
    """Answer with the body that was received."""
    return {"received": request.get_json(), "caller": auth.caller().service}
