from __future__ import annotations

import copy
import json
import pickle
import random
from typing import Any

import pytest

import wiresign
from support import ENV, NONCE, NOW, code_of, config, signed, signer, verifier
from wiresign import RefusalCode


def in_pieces(
    judge: wiresign.Verifier, method: Any, target: Any, headers: Any, body: bytes, *, now: int
) -> wiresign.Verified:
    begun = judge.begin(method, target, headers, now=now)
    middle = len(body) // 2
    begun.update(body[:middle])
    begun.update(body[middle:])
    return begun.finish()


def test_a_signed_request_is_verified() -> None:
    headers = signed(body=b"{}", now=NOW - 2, nonce=NONCE)
    verified = verifier().verify("POST", "/invoices?draft=1", headers, b"{}", now=NOW)
    assert verified.service == "billing"
    assert verified.key_id == "1"
    assert verified.key_is_retiring is False
    assert verified.scheme == "service-hmac-v2"
    assert verified.age == 2
    assert verified.timestamp == NOW - 2
    assert verified.request_id == NONCE
    assert verified.request_id_is_signed is True
    assert verified.route is None
    assert "body" in verified.covered
    assert isinstance(verified.replay_key, str)
    assert verified.is_public is False
    assert repr(verified) == '<Verified service="billing" key_id="1" scheme="service-hmac-v2">'


def test_signing_is_deterministic_and_orders_its_headers() -> None:
    first = signer().sign("post", "/a?b", (), b"x", now=NOW, nonce=NONCE)
    assert first == signer().sign(b"POST", b"/a?b", [], bytearray(b"x"), now=NOW, nonce=NONCE)
    assert [name for name, _ in first] == [
        "X-Service-ID",
        "X-Target-Service",
        "X-Timestamp",
        "X-Request-ID",
        "X-Signature",
    ]
    message = signer().message("POST", "/a?b", (), memoryview(b"x"), now=NOW, nonce=NONCE)
    assert message == f"wiresign-v2\nPOST\n/a\nb\n{NOW}\nbilling\norders\n{NONCE}\nx".encode()


def test_the_clock_and_fresh_nonces_are_the_defaults() -> None:
    judge = verifier()
    nonces = set()
    for _ in range(50):
        verified = judge.verify("POST", "/invoices?draft=1", signed())
        assert verified.age is not None
        assert 0 <= verified.age <= 60
        nonces.add(verified.request_id)
    assert len(nonces) == 50


def test_a_refusal_says_what_is_safe_and_no_more() -> None:
    headers = signed(body=b"{}", now=NOW, nonce=NONCE)
    with pytest.raises(wiresign.Refusal) as caught:
        verifier().verify("POST", "/invoices?draft=1", headers, b"{ }", now=NOW)
    refusal = caught.value
    assert refusal.code is RefusalCode.INVALID_SIGNATURE
    assert refusal.code == "INVALID_SIGNATURE"
    assert refusal.status == 401
    assert refusal.service == "billing"
    assert refusal.request_id == NONCE
    assert refusal.detail
    assert str(refusal) == f"INVALID_SIGNATURE: {refusal.message}"
    assert repr(refusal) == "<Refusal INVALID_SIGNATURE>"
    response = refusal.response
    assert response.status == 401
    assert response.code is RefusalCode.INVALID_SIGNATURE
    assert response.body == (
        f'{{"error":"{refusal.message}","code":"INVALID_SIGNATURE","requestId":"{NONCE}"}}'.encode()
    )
    assert dict(response.headers) == {
        "content-type": "application/json",
        "content-length": str(len(response.body)),
        "www-authenticate": response.www_authenticate,
    }
    assert not any(secret in text for secret in ENV.values() for text in (refusal.detail, str(refusal.args)))


def test_a_uniform_answer_hides_the_code() -> None:
    with pytest.raises(wiresign.Refusal) as caught:
        verifier(reveal="uniform").verify("GET", "/", [(b"x-service-id", b"nobody"), (b"x-signature", b"00")])
    assert caught.value.code is RefusalCode.SCHEME_NOT_ACCEPTED
    assert caught.value.response.code is RefusalCode.AUTHENTICATION_REQUIRED


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("INVALID_SIGNATURE", {"method": "PUT"}),
        ("INVALID_SIGNATURE", {"target": "/invoices?draft=2"}),
        ("INVALID_SIGNATURE", {"body": b"other"}),
        ("TIMESTAMP_OUTSIDE_WINDOW", {"now": NOW + 301}),
        ("TIMESTAMP_OUTSIDE_WINDOW", {"now": NOW - 301}),
        ("BODY_TOO_LARGE", {"body": bytes(10_485_761)}),
        ("MALFORMED_REQUEST", {"method": "post"}),
        ("MALFORMED_REQUEST", {"target": "invoices"}),
        ("MALFORMED_REQUEST", {"target": "/\ud800"}),
        ("MALFORMED_REQUEST", {"method": "\ud800"}),
        ("AUTHENTICATION_REQUIRED", {"headers": []}),
    ],
)
def test_refusals(code: str, change: dict[str, Any]) -> None:
    call: dict[str, Any] = {"method": "POST", "target": "/invoices?draft=1", "headers": signed(now=NOW), "now": NOW}
    call |= {"body": b""} | change
    assert code_of(verifier().verify, **call) == code
    assert code_of(in_pieces, verifier(), **call) == code


def test_replays_are_refused_and_survive_a_new_config() -> None:
    judge = verifier()
    headers = signed(now=NOW)
    judge.verify("POST", "/invoices?draft=1", headers, now=NOW)
    judge.replace(config(window={"past": 200}))
    assert code_of(judge.verify, "POST", "/invoices?draft=1", headers, now=NOW) == "REPLAYED_REQUEST"
    counters = {(name, *labels.values()): value for name, labels, value in judge.metrics().counters()}
    assert counters["wiresign_requests_accepted_total", "service-hmac-v2"] == 1
    assert counters["wiresign_requests_refused_total", "REPLAYED_REQUEST"] == 1
    assert 'wiresign_requests_refused_total{code="REPLAYED_REQUEST"} 1' in judge.metrics().prometheus()


def test_a_body_in_pieces() -> None:
    for size in (0, 1, 200, 16_383, 16_384, 1_000_000):
        body = bytes(index % 251 for index in range(size))
        headers = signed(body=body, now=NOW)
        assert verifier().verify("POST", "/invoices?draft=1", headers, body, now=NOW).service == "billing"
        for step in (1, 7, 65_536) if size < 1000 else (1000, 65_536):
            begun = verifier().begin("POST", "/invoices?draft=1", headers, now=NOW)
            assert begun.needs_body is True
            for start in range(0, size, step):
                begun.update(body[start : start + step])
            assert begun.finish().service == "billing"


def test_whole_and_streamed_verdicts_agree_on_damaged_requests() -> None:
    chance = random.Random(20_260_101)
    routes = [{"match": "GET /open/**", "public": True}, {"match": "/strict/**", "strict": True}]
    accept = ["service-hmac-v2", "service-hmac"]
    document = {"routes": routes, "accept": accept, "limits": {"body_bytes": 300}, "replay": {"store": "none"}}
    judge = verifier(**document)
    seen = set()
    for _ in range(20_000):
        method, target = chance.choice(["GET", "POST"]), chance.choice(["/open/a", "/strict/a?b", "/x?y", "/x"])
        body = chance.randbytes(chance.choice([0, 1, 200, 301]))
        headers = signed(method, target, body, now=NOW - chance.choice([0, 0, 0, 301]))
        fields = [bytearray(field) for field in (method.encode(), target.encode(), body, *sum(headers, ()))]
        for _ in range(chance.choice([0, 1, 1, 2])):
            field = chance.choice(fields)
            at = chance.randrange(len(field) + 1)
            field[at : at + chance.randrange(2)] = chance.randbytes(chance.randrange(2))
        damaged_method, damaged_target, damaged_body, *rest = (bytes(field) for field in fields)
        pairs = list(zip(rest[::2], rest[1::2], strict=True))
        if chance.random() < 0.2:
            pairs.append(chance.choice(pairs))
        if chance.random() < 0.2:
            pairs.pop(chance.randrange(len(pairs)))

        request = (damaged_method, damaged_target, pairs, damaged_body)
        whole = code_of(judge.verify, *request, now=NOW)
        assert whole == code_of(in_pieces, judge, *request, now=NOW)
        # Another form of headers takes the other way into the core.
        assert whole == code_of(judge.verify, damaged_method, damaged_target, iter(pairs), damaged_body, now=NOW)
        seen.add(whole)
    assert len(seen) > 12
    assert "accepted" in seen


def test_a_body_verification_is_spent_after_its_end() -> None:
    begun = verifier().begin("POST", "/invoices?draft=1", signed(now=NOW), now=NOW)
    begun.finish()
    for act in (begun.finish, lambda: begun.update(b"")):
        with pytest.raises(RuntimeError):
            act()
    begun = verifier(limits={"body_bytes": 1}).begin("POST", "/invoices?draft=1", signed(now=NOW), now=NOW)
    assert code_of(begun.update, b"ab") == "BODY_TOO_LARGE"
    with pytest.raises(RuntimeError):
        begun.finish()


def test_public_routes() -> None:
    judge = verifier(routes=[{"match": "GET /health", "public": True}])
    assert judge.is_public("GET", "/health?x") is True
    assert judge.is_public(b"GET", b"/health") is True
    assert judge.is_public("POST", "/health") is False
    verified = judge.verify("GET", "/health", [])
    assert verified.is_public is True
    facts = (verified.service, verified.key_id, verified.scheme, verified.age, verified.replay_key)
    assert facts == (None,) * 5
    assert verified.covered == ()
    assert repr(verified) == "<Verified public>"
    assert judge.begin("GET", "/health", []).needs_body is False


def test_body_limit() -> None:
    assert verifier().body_limit == 10_485_760
    assert verifier(limits={"body_bytes": 7}).body_limit == 7


def test_signing_fails_with_a_sentence() -> None:
    with pytest.raises(wiresign.SigningError, match="target") as caught:
        wiresign.Signer(config("billing"))
    assert caught.value.code == "SIGNING_FAILED"
    assert caught.value.message == str(caught.value)
    for bad in ({"target": "no slash"}, {"nonce": "short"}, {"now": 10**12}, {"method": "\ud800"}, {"target": "/é"}):
        with pytest.raises(wiresign.SigningError):
            signer().sign(**({"method": "GET", "target": "/"} | bad))


def test_only_a_verification_makes_a_verified() -> None:
    for cls in (wiresign.Verified, wiresign.BodyVerification, wiresign.Metrics):
        with pytest.raises(TypeError):
            cls()
        with pytest.raises(TypeError):
            object.__new__(cls)
        with pytest.raises(TypeError):
            type("Forged", (cls,), {})
    verified = verifier(routes=[{"match": "/**", "public": True}]).verify("GET", "/", [])
    with pytest.raises(AttributeError):
        verified.service = "billing"  # type: ignore[misc]
    with pytest.raises(TypeError):
        verified.__class__ = wiresign.Metrics  # type: ignore[assignment]


def test_nothing_is_pickled_or_copied() -> None:
    judge = verifier(routes=[{"match": "/public", "public": True}])
    with pytest.raises(wiresign.Refusal) as caught:
        judge.verify("GET", "/", [])
    verified = judge.verify("GET", "/public", [])
    for thing in (judge, signer(), verified, judge.begin("GET", "/public", []), caught.value):
        for act in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError):
                act(thing)


def test_a_refusal_is_explained() -> None:
    judge = verifier()
    good = signed(body=b'{"a": 1}', now=NOW)
    explained = judge.explain("POST", "/invoices?draft=1", good, b'{"a":1}', now=NOW)
    assert explained.verdict == "INVALID_SIGNATURE"
    assert explained.hints[0].is_proved
    assert explained.hints[0].id
    assert explained.hints[0].cause.endswith(".")
    assert explained.hints[0].fix
    told = json.loads(explained.json())
    assert told["verdict"]["code"] == "INVALID_SIGNATURE"
    assert [hint["id"] for hint in told["hints"]] == [hint.id for hint in explained.hints]
    assert explained.hints[0].cause in " ".join(str(explained).split())
    assert repr(explained) == "<Explanation INVALID_SIGNATURE>"
    # Nothing was remembered or counted.
    assert judge.explain("POST", "/invoices?draft=1", good, b'{"a": 1}', now=NOW).verdict == "OK"
    judge.verify("POST", "/invoices?draft=1", good, b'{"a": 1}', now=NOW)
    assert judge.explain("POST", "/invoices?draft=1", good, b'{"a": 1}', now=NOW).verdict == "REPLAYED_REQUEST"
    counters = {(name, *labels.values()): value for name, labels, value in judge.metrics().counters()}
    assert counters.get(("wiresign_requests_refused_total", "INVALID_SIGNATURE"), 0) == 0


def test_a_handshake_is_answered() -> None:
    secret = "literal:3b9f6a1c8d2e4705b1c3d5e7f9a0b2c4d6e8f0a1b3c5d7e9f1a3b5c7d9e1f3a5"
    hook = {"scheme": "whatsapp", "keys": [{"secret": secret}], "verify_token": "literal:a-token-of-our-own-choosing"}
    judge = verifier(webhooks={"whatsapp": hook})
    query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token="
    answer = judge.handshake("whatsapp", "GET", f"/hook?{query}a-token-of-our-own-choosing", [])
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"1158201444")
    assert ("Content-Type", "text/plain") in answer.headers
    assert repr(answer) == "<HandshakeResponse 200>"
    assert code_of(judge.handshake, "whatsapp", "GET", f"/hook?{query}another", []) != "accepted"
    assert judge.handshake("whatsapp", "POST", "/hook", [], b"{}") is None
    assert judge.handshake("nobody", "GET", f"/hook?{query}x", []) is None
