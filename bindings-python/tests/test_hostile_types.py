"""What Python can hand over in place of a request: it is read, refused or a TypeError, and never a crash."""

from __future__ import annotations

import gc
import sys
from collections import UserList
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from support import NOW, code_of, signed, signer, verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GOOD: dict[str, Any] = {"method": "POST", "target": "/invoices?draft=1", "headers": [], "body": b"", "now": NOW}


class Explosive:
    """Fails at whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise LookupError(name)

    def __iter__(self) -> Iterator[Any]:
        raise LookupError("iter")

    def __len__(self) -> int:
        raise LookupError("len")

    def __index__(self) -> int:
        raise LookupError("index")


def type_name(value: object) -> str:
    return type(value).__name__


@pytest.mark.parametrize("bad", [None, 1, 1.5, [], object(), Explosive(), memoryview(b"GET")], ids=type_name)
@pytest.mark.parametrize("argument", ["method", "target"])
def test_method_and_target_are_text(argument: str, bad: object) -> None:
    head: dict[str, Any] = {"method": "GET", "target": "/", "headers": []}
    acts: list[Callable[..., object]] = [verifier().verify, signer().sign, signer().message]
    for act in acts:
        with pytest.raises(TypeError):
            act(**(head | {argument: bad}))
    del head["headers"]
    with pytest.raises(TypeError):
        verifier().is_public(**(head | {argument: bad}))


@pytest.mark.parametrize(
    "bad",
    [
        None,
        1,
        "ab",
        b"ab",
        object(),
        [1],
        ["ab"],
        [b"ab"],
        [()],
        [("a",)],
        [("a", "b", "c")],
        [(1, 2)],
        [("a", None)],
        [(b"a", 1)],
        [{"a", "b"}],
        {"a": 1},
        {"a": ["b"]},
        {1: "a"},
        [(bytearray(b"a"), b"b")],
    ],
    ids=type_name,
)
def test_headers_are_pairs_of_text(bad: Any) -> None:
    for act in (verifier().verify, verifier().begin):
        with pytest.raises(TypeError):
            act("GET", "/", bad)


def test_errors_of_hostile_headers_come_through() -> None:
    with pytest.raises((LookupError, TypeError)):
        verifier().verify("GET", "/", Explosive())

    def failing() -> Iterator[tuple[str, str]]:
        yield "a", "b"
        raise LookupError("in the middle")

    with pytest.raises(LookupError, match="in the middle"):
        verifier().verify("GET", "/", failing())


@pytest.mark.parametrize("bad", [None, "text", 1, [1, 2], (b"a",), object(), Explosive()], ids=type_name)
def test_bodies_are_bytes(bad: Any) -> None:
    for act in (lambda: verifier().verify(**(GOOD | {"body": bad})), lambda: signer().sign("GET", "/", (), bad)):
        with pytest.raises(TypeError):
            act()
    begun = verifier().begin("POST", "/invoices?draft=1", signed(now=NOW), now=NOW)
    with pytest.raises(TypeError):
        begun.update(bad)
    assert begun.finish().service == "billing"


@pytest.mark.parametrize("bad", [1.5, "1", b"1", [], object()], ids=type_name)
def test_times_are_integers(bad: Any) -> None:
    with pytest.raises(TypeError):
        verifier().verify(**(GOOD | {"now": bad}))


@pytest.mark.parametrize("bad", [-1, 2**64, -(2**70)])
def test_times_are_in_range(bad: int) -> None:
    with pytest.raises(ValueError, match="seconds"):
        verifier().verify(**(GOOD | {"now": bad}))


@pytest.mark.parametrize("bad", [1, b"127.0.0.1", ("127.0.0.1", 80)], ids=type_name)
def test_clients_are_text(bad: Any) -> None:
    with pytest.raises(TypeError):
        verifier().verify(**(GOOD | {"client": bad}))


@pytest.mark.parametrize("client", [None, "127.0.0.1", "::1", "testclient", "", "/run/socket", "\ud800"])
def test_clients_that_are_no_address_count_as_unknown(client: str | None) -> None:
    if client == "\ud800":
        with pytest.raises(UnicodeEncodeError):
            verifier().verify(**(GOOD | {"client": client}))
    else:
        assert code_of(verifier().verify, **(GOOD | {"client": client})) == "AUTHENTICATION_REQUIRED"


def test_objects_of_other_classes() -> None:
    for bad in (None, "config", object(), verifier()):
        for act in (type(verifier()), type(signer()), verifier().replace):
            with pytest.raises(TypeError):
                act(bad)  # type: ignore[arg-type]


def test_all_forms_of_headers_give_the_same_verdict() -> None:
    pairs = signed(body=b"{}", now=NOW)
    text = [(name.decode(), value.decode()) for name, value in pairs]

    class List(list[Any]):
        pass

    class Bytes(bytes):
        __slots__ = ()

        def __len__(self) -> int:
            raise LookupError("len")

    forms: list[Any] = [
        pairs,
        tuple(pairs),
        [list(pair) for pair in pairs],
        text,
        [list(pair) for pair in text],
        dict(text),
        dict(pairs),
        MappingProxyType(dict(text)),
        iter(pairs),
        (pair for pair in text),
        List(pairs),
        UserList(pairs),
        [(Bytes(name), Bytes(value)) for name, value in pairs],
        [(name, value.decode()) for name, value in pairs],
        [(b"x-other", b"\xe9\x00\xff"), *pairs],
        [("x-other", "é"), *text],
    ]
    for form in forms:
        assert verifier().verify("POST", "/invoices?draft=1", form, b"{}", now=NOW).service == "billing"


def test_header_text_beyond_latin_1_is_malformed() -> None:
    for value in ("\u20ac", "\ud800", "\U0001f600"):
        for pair in ((value, "a"), ("x-other", value)):
            headers: list[tuple[str | bytes, str | bytes]] = [*signed(now=NOW), pair]
            for act in (verifier().verify, verifier().begin):
                assert code_of(act, "POST", "/invoices?draft=1", headers, now=NOW) == "MALFORMED_REQUEST"


def test_very_many_headers_are_malformed() -> None:
    for count in (252, 257, 100_000):
        filler: list[tuple[bytes, bytes]] = [(b"a", b"b")] * count
        for headers in (filler + signed(now=NOW), signed(now=NOW) + filler, iter(filler + signed(now=NOW))):
            assert code_of(verifier().verify, "POST", "/invoices?draft=1", headers, now=NOW) == ("MALFORMED_REQUEST")
    exactly = [(b"a", b"b")] * 251 + signed(now=NOW)
    assert len(exactly) == 256
    assert code_of(verifier().verify, "POST", "/invoices?draft=1", exactly, now=NOW) == "accepted"


def test_an_iterator_without_end_is_not_read_to_its_end() -> None:
    def endless() -> Iterator[tuple[str, str]]:
        while True:
            yield "a", "b"

    assert code_of(verifier().verify, "GET", "/", endless()) == "MALFORMED_REQUEST"


def test_large_headers_are_malformed() -> None:
    headers = [(b"a", bytes(65_536))]
    assert code_of(verifier().verify, "GET", "/", headers) == "MALFORMED_REQUEST"


def test_no_reference_is_lost_or_kept() -> None:
    judge = verifier(replay={"store": "none"})
    body = bytes(20_000)
    headers = signed(body=body, now=NOW)
    things = [judge, body, headers, *headers, *(part for pair in headers for part in pair)]
    target = "/invoices?draft=1"

    def exercise() -> None:
        judge.verify("POST", target, headers, body, now=NOW)
        code_of(judge.verify, "POST", target, headers, b"", now=NOW)
        begun = judge.begin("POST", target, headers, now=NOW)
        begun.update(body)
        begun.finish()
        judge.begin("POST", target, headers, now=NOW)
        judge.metrics().counters()

    for _ in range(10):
        exercise()
    gc.collect()
    before = [sys.getrefcount(thing) for thing in things]
    for _ in range(500):
        exercise()
    gc.collect()
    assert [sys.getrefcount(thing) for thing in things] == before
