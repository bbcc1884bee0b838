"""Calls the service as `@caller@` does. Run it beside the service, with the caller's secret set."""

import json
from pathlib import Path

from wiresign import Config
from wiresign.client import ServiceClient

# The caller has a config of its own, which names itself. This one is made of the service's.
document = json.loads(Path(__file__).with_name("wiresign.json").read_text("utf-8"))
config = Config.parse(document | {"service": "@caller@"})

with ServiceClient(config, "@service@") as service:
    print(service.get("/hello", params={"name": "you"}).json())
    print(service.post("/echo", json={"amount": 7}).json())
