from __future__ import annotations

import gc
import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import wiresign
from support import NOW, code_of, config, signed, signer, verifier


def test_threads_share_a_verifier_while_its_config_is_replaced() -> None:
    judge = verifier()
    signers = [signer(by) for by in ("billing", "shop")]
    stop = threading.Event()

    def replace() -> int:
        for turn in count():
            judge.replace(config(window={"past": 100 + turn % 200}))
            if stop.wait(0.0005):
                return turn
        raise AssertionError

    def verify(worker: int) -> int:
        sign = signers[worker % 2].sign
        body = bytes([worker]) * (100 if worker % 3 else 40_000)
        for _ in range(400):
            headers = sign("POST", "/a", (), body)
            assert judge.verify("POST", "/a", headers, body).service in ("billing", "shop")
            assert code_of(judge.verify, "POST", "/a", headers, body) == "REPLAYED_REQUEST"
        return 400

    with ThreadPoolExecutor(7) as pool:
        replacing = pool.submit(replace)
        accepted = sum(pool.map(verify, range(6)))
        stop.set()
        assert replacing.result() > 0
    counters = {(name, *labels.values()): value for name, labels, value in judge.metrics().counters()}
    assert counters["wiresign_requests_accepted_total", "service-hmac-v2"] == accepted
    assert counters["wiresign_requests_refused_total", "REPLAYED_REQUEST"] == accepted


def test_one_of_many_equal_requests_is_accepted() -> None:
    judge = verifier()
    body = bytes(30_000)
    headers = signed(body=body, now=NOW)
    barrier = threading.Barrier(8)

    def verify(_: int) -> str:
        barrier.wait()
        return code_of(judge.verify, "POST", "/invoices?draft=1", headers, body, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(verify, range(8))) == ["REPLAYED_REQUEST"] * 7 + ["accepted"]


def test_the_header_list_may_change_while_a_large_body_is_hashed() -> None:
    judge = verifier(replay={"store": "none"}, limits={"body_bytes": 50_000_000})
    body = bytes(8_000_000)
    headers = signed(body=body, now=NOW)
    stop = threading.Event()

    def disturb(lists: list[list[Any]]) -> None:
        while not stop.is_set():
            for one in lists:
                one.clear()
                one.extend([(b"x" * 100, b"y" * 100)] * 50)
            time.sleep(0)

    lists: list[list[Any]] = []
    thread = threading.Thread(target=disturb, args=(lists,))
    thread.start()
    try:
        for _ in range(20):
            own = list(headers)
            timer = threading.Timer(0.001, lists.append, (own,))
            timer.start()
            # Either it was read before the disturbance, or after it; in no case half of each.
            verdict = code_of(judge.verify, "POST", "/invoices?draft=1", own, body, now=NOW)
            assert verdict in ("accepted", "AUTHENTICATION_REQUIRED")
            timer.join()
    finally:
        stop.set()
        thread.join()


def test_the_interpreter_runs_on_while_a_large_body_is_hashed() -> None:
    judge = verifier(replay={"store": "none"}, limits={"body_bytes": 200_000_000})
    body = bytes(100_000_000)
    headers = signed(body=body, now=NOW)
    turns = 0
    stop = threading.Event()

    def spin() -> None:
        nonlocal turns
        while not stop.is_set():
            turns += 1
            time.sleep(0.001)

    thread = threading.Thread(target=spin)
    thread.start()
    # Other programs may have the processor meanwhile, but not every time.
    for _ in range(20):
        before = turns
        judge.verify("POST", "/invoices?draft=1", headers, body, now=NOW)
        seen = turns - before
        if seen >= 3:
            break
    stop.set()
    thread.join()
    assert seen >= 3


def test_a_body_verification_in_use_is_not_shared() -> None:
    begun = verifier(limits={"body_bytes": 500_000_000}).begin("POST", "/invoices?draft=1", signed(now=NOW), now=NOW)
    errors: list[BaseException] = []
    barrier = threading.Barrier(4)

    def update() -> None:
        barrier.wait()
        try:
            begun.update(bytes(50_000_000))
        except (RuntimeError, wiresign.Refusal) as error:
            errors.append(error)

    threads = [threading.Thread(target=update) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert all(isinstance(error, RuntimeError) for error in errors)


def test_memory_stays_flat() -> None:
    judge = verifier(replay={"store": "memory", "capacity": 1000, "on_full": "allow"})
    sign = signer().sign

    def run(times: int) -> None:
        for _ in range(times):
            headers = sign("POST", "/a", (), b"{}")
            judge.verify("POST", "/a", headers, b"{}")
            code_of(judge.verify, "POST", "/b", headers, b"{}")
            judge.begin("POST", "/a", headers)

    def resident() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    run(10_000)
    # What is lost grows each time. What the allocator and other threads of the tests take does not.
    growths = []
    for _ in range(3):
        before = resident()
        run(60_000)
        growths.append(resident() - before)
        if growths[-1] < 2 * 1024 * 1024:
            break
    assert min(growths) < 2 * 1024 * 1024, growths
