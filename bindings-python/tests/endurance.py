"""Many verifies in one process, and what it has in memory at the start, in the middle and at the end.

Says so and ends with 1 when memory has grown after the first tenth: by then the replay store is as large as it gets.

    endurance.py [COUNT]      ten million unless given
"""

import gc
import json
import sys
import time
from pathlib import Path

from wiresign import Config, Refusal, Signer, Verified, Verifier, generate_secret

# How long the whole run takes by the verifier's clock: a tenth of it is longer than a request is remembered.
SECONDS = 20_000
ALLOWED_GROWTH_MEBIBYTES = 8
ENV = {"ORDERS_SECRET": generate_secret(), "BILLING_SECRET": generate_secret()}
SERVICES = {
    "orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]},
    "billing": {"keys": [{"secret": "env:BILLING_SECRET"}], "allowed_targets": ["orders"]},
}
METHOD, TARGET = "POST", "/invoices?draft=1"


def config(service: str) -> Config:
    return Config.parse(json.dumps({"service": service, "services": SERVICES}), env=ENV)


def resident_mebibytes() -> float:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


class Run:
    """What all requests share, and the last one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.verifier = Verifier(config("orders"))
        self.signer = Signer(config("billing"), "orders")
        self.started = int(time.time())
        self.now = self.started
        self.body = b""
        self.headers: list[tuple[str, str]] = []

    def one(self, number: int) -> None:
        """Verifies one request, in one of the ways that there are."""
        turn = number % 8
        if turn != 7:
            self.sign(number)
        if turn == 3:
            self.in_pieces()
        elif turn == 5:
            self.body = b"[" + self.body[1:]
            self.refused("INVALID_SIGNATURE")
        elif turn == 7:
            self.refused("REPLAYED_REQUEST")
        else:
            assert self.verify().service == "billing"
        if number % 100_000 == 0:
            self.verifier.metrics()
            self.verifier.replace(config("orders"))

    def sign(self, number: int) -> None:
        self.body = b'{"invoice":%d}' % number
        self.now = self.started + number * SECONDS // self.count
        self.headers = self.signer.sign(METHOD, TARGET, (), self.body, now=self.now)
        self.headers.append(("user-agent", "endurance"))

    def verify(self) -> Verified:
        return self.verifier.verify(METHOD, TARGET, self.headers, self.body, now=self.now)

    def in_pieces(self) -> None:
        verification = self.verifier.begin(METHOD, TARGET, self.headers, now=self.now)
        for at in range(len(self.body)):
            verification.update(self.body[at : at + 1])
        assert verification.finish().service == "billing"

    def refused(self, code: str) -> None:
        try:
            verified = self.verify()
        except Refusal as refusal:
            if (refusal.code, refusal.status) == (code, 401):
                return
            raise
        raise AssertionError(f"{verified} instead of {code}")


def main(count: int) -> int:
    run = Run(count)
    tenth = middle = 0.0
    start = resident_mebibytes()
    for number in range(count):
        run.one(number)
        if number == count // 10:
            tenth = resident_mebibytes()
        elif number == count // 2:
            middle = resident_mebibytes()
    end = resident_mebibytes()
    print(
        f"Python: {count} verifies, resident memory {start:.1f} MiB at the start, {tenth:.1f} after a tenth, "
        f"{middle:.1f} in the middle, {end:.1f} at the end"
    )
    return int(end - tenth > ALLOWED_GROWTH_MEBIBYTES)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000))
