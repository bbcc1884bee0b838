"""Says what reached a FastAPI application."""

import os

from fastapi import FastAPI, Request
from wiresign import Config, Verifier
from wiresign.asgi import Middleware

app = FastAPI()
app.add_middleware(Middleware, verifier=Verifier(Config.from_file(os.environ["FRAMEWORKS_CONFIG"])))


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"])
async def echo(request: Request) -> dict[str, object]:
    """Say it."""
    body = await request.body()
    notes = request.headers.getlist("x-note")
    said = {"path": request.url.path, "query": request.url.query, "body": body.hex(), "notes": [len(x) for x in notes]}
    return {**said, "caller": request.state.wiresign.service}
