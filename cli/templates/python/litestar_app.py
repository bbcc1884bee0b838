"""A service that lets only signed requests in. Who may call, and with which key, says wiresign.json."""

from pathlib import Path
from typing import Any

from litestar import Litestar, Request, get, post

from wiresign import Config, Verifier
from wiresign.asgi import Middleware

verifier = Verifier(Config.from_file(Path(__file__).with_name("wiresign.json")))


@get("/health")
async def health() -> dict[str, str]:
    """Answer everybody: a public route of wiresign.json."""
    return {"status": "ok"}


@get("/hello")
async def hello(request: Request[Any, Any, Any], name: str = "world") -> dict[str, str]:
    """Answer the services that may call this one."""
    return {"hello": name, "caller": request.state.wiresign.service}


@post("/echo", status_code=200)
async def echo(request: Request[Any, Any, Any]) -> dict[str, object]:
    """Answer with the body that was received."""
    return {"received": await request.json(), "caller": request.state.wiresign.service}


# Around everything: a request is verified before anything of it is parsed.
app = Middleware(Litestar([health, hello, echo]), verifier)
