"""A service that lets only signed requests in. Who may call, and with which key, says wiresign.json."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from wiresign import Config, Verifier
from wiresign.asgi import Middleware

verifier = Verifier(Config.from_file(Path(__file__).with_name("wiresign.json")))


async def health(request: Request) -> JSONResponse:
    """Answer everybody: a public route of wiresign.json."""
    return JSONResponse({"status": "ok"})


async def hello(request: Request) -> JSONResponse:
    """Answer the services that may call this one."""
    caller = request.state.wiresign
    return JSONResponse({"hello": request.query_params.get("name", "world"), "caller": caller.service})


async def echo(request: Request) -> JSONResponse:
    """Answer with the body that was received."""
    return JSONResponse({"received": await request.json(), "caller": request.state.wiresign.service})


app = Starlette(routes=[Route("/health", health), Route("/hello", hello), Route("/echo", echo, methods=["POST"])])
# In front of everything: a request is verified before anything of it is parsed.
app.add_middleware(Middleware, verifier=verifier)
