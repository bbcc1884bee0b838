"""A service that lets only signed requests in. Who may call, and with which key, says wiresign.json."""

from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from wiresign import Config, Verified, Verifier
from wiresign.asgi import Middleware
from wiresign.fastapi import WiresignAuth

config = Config.from_file(Path(__file__).with_name("wiresign.json"))
verifier = Verifier(config)
auth = WiresignAuth(verifier)

app = FastAPI(title=config.service)
# In front of everything: a request is verified before anything of it is parsed.
app.add_middleware(Middleware, verifier=verifier)
auth.install(app)

Caller = Annotated[Verified, Depends(auth.caller)]


@app.get("/health")
async def health() -> dict[str, str]:
    """Answer everybody: a public route of wiresign.json."""
    return {"status": "ok"}


@app.get("/hello")
async def hello(caller: Caller, name: str = "world") -> dict[str, str | None]:
    """Answer the services that may call this one."""
    return {"hello": name, "caller": caller.service}


@app.post("/echo")
async def echo(caller: Caller, request: Request) -> dict[str, object]:
    """Answer with the body that was received."""
    return {"received": await request.json(), "caller": caller.service}
