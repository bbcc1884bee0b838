"""Asks which sets lack a price, and reports what shops want for them.

python scraper.py             one round
python scraper.py --rate 40   so many reports per second, until it is told to stop
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import random
import signal

import httpx

from fleet_kit import Fleet

MOST_AT_ONCE = 12

fleet = Fleet("price-scraper", receives=False)
log = logging.getLogger("price-scraper")


async def report(number: str) -> None:
    """Report the price of one set."""
    try:
        answer = await fleet.send("lego-projects-api", "POST", "/api/prices", {"set": number, "cents": look_up(number)})
        log.info("price reported", extra={"event": "reported", "set": number, "status": answer.status_code})
    except httpx.HTTPError as error:
        log.error("price not reported", extra={"event": "reported", "set": number, "status": repr(error)})  # noqa: TRY400


def look_up(_number: str) -> int:
    """Stand in for the shop's page, which a real scraper would read here."""
    return random.randint(999, 49_999)  # noqa: S311


async def one_round() -> None:
    """Report all prices that are missing."""
    answer = await fleet.call("lego-projects-api", "GET", "/api/sets?missing=price")
    for number in answer["sets"]:
        await report(number)


async def steady(rate: float) -> None:
    """Report prices at a steady rate, each in a task of its own, until SIGTERM; slower where answers take too long."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    under_way: set[asyncio.Task[None]] = set()
    for number in itertools.cycle(["10497", "21335"]):
        task = asyncio.create_task(report(number))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await asyncio.sleep(1 / rate)
        while len(under_way) >= MOST_AT_ONCE:
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            break
    await asyncio.gather(*under_way)


async def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser(description="Reports prices of sets to lego-projects-api.")
    parser.add_argument("--rate", type=float, metavar="N", help="report N prices per second until SIGTERM")
    arguments = parser.parse_args()
    fleet.reload_on_hangup()
    try:
        await (steady(arguments.rate) if arguments.rate else one_round())
    finally:
        await fleet.close()


if __name__ == "__main__":
    asyncio.run(main())
