"""A service of several processes that share one store, for ASGI and for WSGI. It writes what it lets in to a file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from support import verifier
from wiresign import asgi, wsgi
from wiresign.replay import AsyncRedisReplay, RedisReplay

if TYPE_CHECKING:
    from wiresign import Verified
    from wiresign.asgi import Receive, Scope, Send

OPTIONS: Any = {"port": int(os.environ["REDIS_PORT"]), "socket_timeout": 0.5}


def note(verified: Verified) -> bytes:
    """Write down that a request was let in, and give the answer: which process did."""
    entry = os.open(os.environ["LET_IN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(entry, f"{verified.request_id}\n".encode())
    os.close(entry)
    return str(os.getpid()).encode()


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": note(scope["wiresign"])})


def served_by_wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [])
    return [note(environ["wiresign"])]


judge = verifier(replay={"store": "external"})
store = redis.asyncio.Redis(**OPTIONS, retry=AsyncRetry(NoBackoff(), 1))
app = asgi.Middleware(served, judge, replay=AsyncRedisReplay(store))
sync_store = redis.Redis(**OPTIONS, retry=Retry(NoBackoff(), 1))
wsgi_app = wsgi.Middleware(served_by_wsgi, judge, replay=RedisReplay(sync_store))
