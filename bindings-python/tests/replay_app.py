"""A service of several processes that share one Redis. It writes each request that it lets in to a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from support import verifier
from wiresign.asgi import Middleware
from wiresign.replay import AsyncRedisReplay

if TYPE_CHECKING:
    from wiresign.asgi import Receive, Scope, Send


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    entry = os.open(os.environ["LET_IN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(entry, f"{scope['wiresign'].request_id}\n".encode())
    os.close(entry)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


client = redis.asyncio.Redis(port=int(os.environ["REDIS_PORT"]), socket_timeout=0.5, retry=Retry(NoBackoff(), 1))
app = Middleware(served, verifier(replay={"store": "external"}), replay=AsyncRedisReplay(client))
