"""A service that lets only signed requests in. Who may call, and with which key, says wiresign.json."""

from pathlib import Path

from fastapi import FastAPI, Request
from wiresign import Config, Verifier
from wiresign.asgi import Middleware

config = Config.from_file(Path(__file__).with_name("wiresign.json"))

app = FastAPI(title=config.service)
app.add_middleware(Middleware, verifier=Verifier(config))


@app.get("/health")
async def health() -> dict[str, str]:
    """Answer everybody: a public route of wiresign.json."""
    return {"status": "ok"}


@app.get("/hello")
async def hello(request: Request, name: str = "world") -> dict[str, str]:
    """Answer services that may call this one."""
    return {"hello": name, "caller": request.state.wiresign.service}


@app.post("/echo")
async def echo(request: Request) -> dict[str, object]:
    """Answer with the body that was received."""
    return {"received": await request.json(), "caller": request.state.wiresign.service}
