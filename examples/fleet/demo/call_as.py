"""Makes one call as one of the fleet's services: python call_as.py CALLER TARGET METHOD PATH."""

from __future__ import annotations

import asyncio
import logging
import sys

from fleet_kit import Fleet


async def main(caller: str, target: str, method: str, path: str) -> None:
    """Make the call."""
    fleet = Fleet(caller, receives=False)
    response = await fleet.send(target, method, path, None if method == "GET" else {})
    answer = {"event": "answered", "status": response.status_code, "code": response.json().get("code")}
    logging.getLogger("demo").info("answered", extra=answer)
    await fleet.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
