"""A service that lets only signed requests in. Who may call, and with which key, says wiresign.json."""

from pathlib import Path

from aiohttp import web

from wiresign import Config, Verifier
from wiresign.aiohttp import caller, middleware

verifier = Verifier(Config.from_file(Path(__file__).with_name("wiresign.json")))


async def health(request: web.Request) -> web.Response:
    """Answer everybody: a public route of wiresign.json."""
    return web.json_response({"status": "ok"})


async def hello(request: web.Request) -> web.Response:
    """Answer the services that may call this one."""
    return web.json_response({"hello": request.query.get("name", "world"), "caller": caller(request).service})


async def echo(request: web.Request) -> web.Response:
    """Answer with the body that was received."""
    return web.json_response({"received": await request.json(), "caller": caller(request).service})


# In front of everything: a request is verified before anything of it is parsed.
app = web.Application(middlewares=[middleware(verifier)])
app.add_routes([web.get("/health", health), web.get("/hello", hello), web.post("/echo", echo)])
