"""The keys that issuers publish, fetched over HTTP, and what tokens are worth meanwhile."""

from __future__ import annotations

import json
import os
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

import wiresign
import wiresign.aiohttp
import wiresign.asgi
import wiresign.flask
import wiresign.wsgi
from origin import Answer, Origin, Seen, origin
from servers import aiohttp_server, werkzeug_server
from support import Recorder, code_of, serve
from wiresign.jwks import KeySetError, KeySets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PRIVATE = {kid: Ed25519PrivateKey.generate() for kid in ("k1", "k2")}


def base64url(data: bytes) -> str:
    from base64 import urlsafe_b64encode

    return urlsafe_b64encode(data).rstrip(b"=").decode()


def key(kid: str, **members: str) -> dict[str, str]:
    public = PRIVATE[kid].public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64url(public), **members}


def key_set(*keys: dict[str, str]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def nameless(kid: str) -> dict[str, str]:
    """Give the headers of a caller whose token does not say which key signed it."""
    now = int(time.time())
    claims = {"iss": "login", "sub": "login", "aud": "orders", "iat": now, "exp": now + 300}
    parts = [base64url(json.dumps(part).encode()) for part in ({"alg": "EdDSA", "typ": "JWT"}, claims)]
    signature = PRIVATE[kid].sign(".".join(parts).encode())
    return {"authorization": "Bearer " + ".".join([*parts, base64url(signature)])}


def token(kid: str) -> dict[str, str]:
    """Give the headers of a caller with a token of the issuer."""
    pem = PRIVATE[kid].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    own = {"keys": [{"id": kid, "algorithm": "ed25519", "private_key": f"literal:{pem}"}]}
    document = {"service": "login", "sign_with": "jwt", "services": {"login": own, "orders": {}}}
    signer = wiresign.Signer(wiresign.Config.parse(document), "orders")
    return dict(signer.sign("GET", "/"))


class Issuer:
    """Publishes a set of keys over HTTP, and does worse when told to."""

    def __init__(self, server: Origin) -> None:
        self.server = server
        self.url = f"{server.url}/keys"
        self.publish(key("k1"))

    def publish(self, *keys: dict[str, str]) -> None:
        self.answers(Answer(body=key_set(*keys)))

    def answers(self, answer: Answer) -> None:
        def behave(seen: Seen) -> Answer:
            return answer if seen.target == "/keys" else Answer(body=key_set(key("k2")))

        self.server.behave = behave

    @property
    def fetches(self) -> int:
        return len(self.times)

    @property
    def times(self) -> list[float]:
        return [seen.at for seen in self.server.seen if seen.target == "/keys"]

    @property
    def shortest_pause(self) -> float:
        """What lay between two fetches. A cool-down begins when a fetch has ended, so that is never less."""
        return min(after - before for before, after in pairwise(self.times))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with origin() as server:
        yield Issuer(server)


def orders(issuer: Issuer, **members: Any) -> wiresign.Config:
    issuers = {"login": {"jwks": issuer.url, "callers": "users"}}
    document = {"service": "orders", "accept": ["jwt"], "services": {}, "jwt": {"issuers": issuers}}
    return wiresign.Config.parse(document | members)


def code(config: wiresign.Config, kid: str) -> str:
    return code_of(wiresign.Verifier(config).verify, "GET", "/", token(kid))


def eventually(holds: Callable[[], object]) -> None:
    """Wait for what a thread does, for so long that a busy machine does it too."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def asking(keys: KeySets, holds: Callable[[], object]) -> Callable[[], object]:
    """Ask for a fetch before each look."""

    def ask() -> object:
        keys.refresh()
        return holds()

    return ask


def more_than(issuer: Issuer, fetches: int) -> Callable[[], object]:
    return lambda: issuer.fetches > fetches


def test_keys_are_fetched_and_renewed(issuer: Issuer) -> None:
    config = orders(issuer)
    assert code(config, "k1") == "UNKNOWN_KEY"
    with KeySets(config, refresh_seconds=0.2, cooldown_seconds=0.1) as keys:
        assert keys.wait(60)
        assert (code(config, "k1"), code(config, "k2")) == ("accepted", "UNKNOWN_KEY")
        issuer.publish(key("k1"), key("k2"))
        eventually(lambda: code(config, "k2") == "accepted")
        issuer.publish(key("k2"))
        eventually(lambda: code(config, "k1") == "UNKNOWN_KEY")
    seen = issuer.fetches
    time.sleep(0.4)
    # The one that was under way may still have arrived.
    assert issuer.fetches <= seen + 1
    assert code(config, "k2") == "accepted"


BAD = {
    "too large": Answer(body=key_set(key("k2"), key("k1", pad="x" * 65_536))),
    "an error": Answer(500, key_set(key("k2"))),
    "a redirect": Answer(302, b"", {"location": "/elsewhere"}),
    "a private key": Answer(body=key_set(key("k2", d=base64url(bytes(32))))),
    "no JSON": Answer(body=b"keys"),
    "no text": Answer(body=b"\xff"),
    "compressed": Answer(body=key_set(key("k2")), headers={"content-encoding": "gzip"}),
    "too slow": Answer(body=key_set(key("k2")), after=120),
    "broken off": Answer(body=key_set(key("k2")), cut=10),
    "nobody there": Answer(drop=True),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_goes_wrong_leaves_the_keys_as_they_are(issuer: Issuer, kind: str) -> None:
    config = orders(issuer)
    errors: list[KeySetError] = []

    def on_error(error: KeySetError) -> None:
        errors.append(error)
        raise LookupError

    # Nothing but what is too slow is to be late, on a busy machine neither.
    options: Any = {"cooldown_seconds": 0.2, "timeout": 2 if kind == "too slow" else 60, "on_error": on_error}
    with KeySets(config, **options) as keys:
        assert keys.wait(60)
        issuer.answers(BAD[kind])
        eventually(asking(keys, lambda: errors))
        assert (code(config, "k1"), code(config, "k2")) == ("accepted", "UNKNOWN_KEY")
        assert (errors[0].issuer, errors[0].url) == ("login", issuer.url)
        assert len(str(errors[0])) > len("the keys of login were not renewed: ")
        # It comes back by itself.
        issuer.publish(key("k2"))
        eventually(lambda: code(config, "k2") == "accepted")
    assert not [seen for seen in issuer.server.seen if seen.target == "/elsewhere"]


def test_a_failure_at_the_start_is_made_up_for(issuer: Issuer) -> None:
    issuer.answers(Answer(503))
    config = orders(issuer)
    with KeySets(config, cooldown_seconds=0.1) as keys:
        assert keys.wait(60)
        assert code(config, "k1") == "UNKNOWN_KEY"
        issuer.publish(key("k1"))
        eventually(lambda: code(config, "k1") == "accepted")


def test_a_server_that_drips_is_left(issuer: Issuer) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                try:
                    for turn in range(1000):
                        connection.sendall(f"x-{turn}: 1\r\n".encode())
                        time.sleep(0.05)
                except OSError:
                    pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        issuer.url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
        errors: list[str] = []
        before = time.monotonic()
        with KeySets(orders(issuer), timeout=0.5, on_error=lambda e: errors.append(str(e))) as keys:
            assert keys.wait(60)
        assert time.monotonic() - before < 40
        assert errors == ["the keys of login were not renewed: it took too long"]
        thread.join(20)


def test_unknown_keys_cause_one_fetch_per_cool_down(issuer: Issuer) -> None:
    with KeySets(orders(issuer), cooldown_seconds=0.7) as keys:
        assert keys.wait(60)
        for _ in range(2):
            eventually(asking(keys, more_than(issuer, issuer.fetches)))
        # Nobody asks any more.
        seen = issuer.fetches
        time.sleep(1)
        assert issuer.fetches <= seen + 1
        assert issuer.shortest_pause >= 0.7


def test_who_asks_while_an_older_set_is_on_its_way_gets_the_next_one(issuer: Issuer) -> None:
    older, arrived, may_answer = Answer(body=key_set(key("k1"))), threading.Event(), threading.Event()

    def slowly(_: Seen) -> Answer:
        arrived.set()
        may_answer.wait(60)
        return older

    config = orders(issuer)
    with KeySets(config, cooldown_seconds=0.1, timeout=60) as keys:
        assert keys.wait(60)
        issuer.server.behave = slowly
        eventually(asking(keys, arrived.is_set))
        issuer.publish(key("k2"))
        keys.refresh()
        may_answer.set()
        # Nobody asks any more.
        eventually(lambda: code(config, "k2") == "accepted")


def test_a_failed_fetch_is_not_tried_again_before_the_cool_down_ends(issuer: Issuer) -> None:
    issuer.answers(Answer(500))
    with KeySets(orders(issuer), cooldown_seconds=0.7) as keys:
        assert keys.wait(60)
        for _ in range(50):
            keys.refresh()
        eventually(lambda: issuer.fetches >= 3)
        assert issuer.shortest_pause >= 0.7


def asgi(verifier: wiresign.Verifier, keys: KeySets) -> Any:
    return serve(wiresign.asgi.Middleware(Recorder(), verifier, key_sets=keys))


def wsgi(verifier: wiresign.Verifier, keys: KeySets) -> Any:
    def app(_: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return [b""]

    return werkzeug_server(wiresign.wsgi.Middleware(app, verifier, key_sets=keys))


def of_flask(verifier: wiresign.Verifier, keys: KeySets) -> Any:
    app = flask.Flask("orders")
    app.add_url_rule("/", view_func=lambda: "")
    wiresign.flask.WiresignAuth(verifier, key_sets=keys).install(app)
    return werkzeug_server(app)


def of_aiohttp(verifier: wiresign.Verifier, keys: KeySets) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application(middlewares=[wiresign.aiohttp.middleware(verifier, key_sets=keys)])
    app.router.add_get("/", answer)
    return aiohttp_server(app)


@pytest.mark.parametrize("server", [asgi, wsgi, of_flask, of_aiohttp])
def test_a_server_learns_of_a_rotation_from_the_first_token(issuer: Issuer, server: Any) -> None:
    config = orders(issuer)
    with (
        KeySets(config, cooldown_seconds=0.2) as keys,
        server(wiresign.Verifier(config), keys) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        assert keys.wait(60)
        assert client.get("/", headers=token("k1")).status_code == 200
        assert client.get("/").json()["code"] == "AUTHENTICATION_REQUIRED"
        time.sleep(0.4)
        assert issuer.fetches == 1
        issuer.publish(key("k2"))
        refused = client.get("/", headers=token("k2"))
        assert (refused.status_code, refused.json()["code"]) == (401, "UNKNOWN_KEY")
        eventually(lambda: client.get("/", headers=token("k2")).status_code == 200)
        assert client.get("/", headers=token("k1")).json()["code"] == "UNKNOWN_KEY"


def test_a_token_that_names_no_key_tells_of_a_rotation_too(issuer: Issuer) -> None:
    config = orders(issuer)
    with (
        KeySets(config, cooldown_seconds=0.5) as keys,
        asgi(wiresign.Verifier(config), keys) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        assert keys.wait(60)
        assert client.get("/", headers=nameless("k1")).status_code == 200
        issuer.publish(key("k2"))
        assert client.get("/", headers=nameless("k2")).json()["code"] == "INVALID_SIGNATURE"
        eventually(lambda: client.get("/", headers=nameless("k2")).status_code == 200)
        # Whoever sends forged tokens again and again causes no more fetches than the cool-down allows.
        began = time.monotonic()
        while time.monotonic() < began + 1.2:
            assert client.get("/", headers=nameless("k1")).json()["code"] == "INVALID_SIGNATURE"
        assert issuer.shortest_pause >= 0.5


def test_a_config_that_is_replaced_is_followed(issuer: Issuer) -> None:
    verifier = wiresign.Verifier(orders(issuer))
    with (
        KeySets(verifier._config, cooldown_seconds=0.3) as keys,
        asgi(verifier, keys) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        assert keys.wait(60)
        assert client.get("/", headers=token("k1")).status_code == 200
        # The first request without keys brings those at hand, though the issuer is away.
        issuer.answers(Answer(503))
        verifier.replace(orders(issuer))
        assert client.get("/", headers=token("k1")).json()["code"] == "UNKNOWN_KEY"
        assert client.get("/", headers=token("k1")).status_code == 200
        issuer.publish(key("k2"))
        eventually(lambda: client.get("/", headers=token("k2")).status_code == 200)


def test_verifiers_of_several_configs_do_not_make_it_fetch_for_ever(issuer: Issuer) -> None:
    first, second = (wiresign.Verifier(orders(issuer)) for _ in range(2))
    with KeySets(first._config, cooldown_seconds=60, refresh_seconds=60) as keys:
        assert keys.wait(60)
        for _ in range(20):
            keys.follow(second)
            keys.follow(first)
        assert keys.wait(60)
        time.sleep(0.2)
        assert issuer.fetches == 2
    keys.follow(first)
    assert issuer.fetches == 2


def test_it_ends_at_whatever_moment_it_is_closed(issuer: Issuer) -> None:
    for wait in (0, 0.001, 0.01, 0.05, 0.1, 0.2):
        with KeySets(orders(issuer), cooldown_seconds=0.02) as keys:
            assert keys.wait(60)
            time.sleep(wait)
            keys.refresh()
        before = issuer.fetches
        assert not keys._worker._thread.is_alive()
    keys.refresh()
    time.sleep(0.2)
    # The one that was under way may still have arrived.
    assert issuer.fetches <= before + 1


def test_another_config_gets_the_keys_at_hand_and_new_ones(issuer: Issuer) -> None:
    first, second = orders(issuer), orders(issuer, limits={"body_bytes": 7})
    with KeySets(first, cooldown_seconds=0.1) as keys:
        assert keys.wait(60)
        issuer.answers(Answer(500))
        keys.replace(second)
        assert code(second, "k1") == "accepted"
        issuer.publish(key("k2"))
        eventually(lambda: code(second, "k2") == "accepted")
        assert code(first, "k1") == "accepted"


def test_it_goes_on_in_a_forked_process(issuer: Issuer) -> None:
    config = orders(issuer)
    with KeySets(config, cooldown_seconds=0.1) as keys:
        assert keys.wait(60)
        issuer.publish(key("k2"))
        child = os.fork()
        if child == 0:
            status = 1
            try:
                keys.refresh()
                eventually(lambda: code(config, "k2") == "accepted")
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        assert status == 0
        # And in the one that it was forked off from.
        issuer.publish(key("k1"))
        keys.refresh()
        eventually(lambda: code(config, "k2") == "UNKNOWN_KEY")


def test_times_that_make_no_sense_are_refused(issuer: Issuer) -> None:
    config = orders(issuer)
    wrong: list[Any] = [{"cooldown_seconds": 0}, {"refresh_seconds": 10}, {"timeout": 0}]
    for options in wrong:
        with pytest.raises(ValueError, match="cool-down"):
            KeySets(config, **options)
    issuer.url = "http://login.example/keys"
    with pytest.raises(wiresign.ConfigError, match="https"):
        orders(issuer)


def test_without_issuers_there_is_nothing_to_do() -> None:
    with KeySets(wiresign.Config.parse({"service": "orders", "services": {"orders": {}}})) as keys:
        assert keys.wait(60)
        keys.refresh()
    keys.refresh()
    keys.close()
