"""Calls the service as `@caller@` does. Run it beside the service, with the caller's secret set."""

import json
from pathlib import Path

from wiresign import Config
from wiresign.client import ServiceClient

services = json.loads(Path(__file__).with_name("wiresign.json").read_text("utf-8"))["services"]
# All that a wiresign.json of the caller needs: its own key, and where the service is.
config = Config.parse(
    {
        "service": "@caller@",
        "services": {"@caller@": services["@caller@"], "@service@": {"url": services["@service@"]["url"]}},
    }
)

with ServiceClient(config, "@service@") as service:
    print(service.get("/hello", params={"name": "you"}).json())
    print(service.post("/echo", json={"amount": 7}).json())
