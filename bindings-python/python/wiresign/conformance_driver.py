"""Lets the conformance runner judge this package: one JSON object per line in, one per line out.

    python -m wiresign.conformance_driver

Each line is a case with a config and steps. `handle` answers it through the public API alone, and serves the package's
own tests too.
"""

from __future__ import annotations

import base64
import json
import platform
import sys
from typing import TYPE_CHECKING, Any, TypeAlias

import wiresign

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = dict[str, Any]

HELLO: Json = {
    "protocol": 1,
    "binding": "python",
    "version": wiresign.__version__,
    "runtime": f"{platform.python_implementation()} {platform.python_version()}",
    "capabilities": [
        "verify",
        "verify_stream",
        "sign",
        "check",
        "replace",
        "sign_context",
        "verify_context",
        "handshake",
        "explain",
        "ask_identity",
        "issue_token",
        "answer_token",
    ],
}


def handle(case: Json) -> Json:
    """Answer one case: as many results as it has steps, in their order."""
    env = case.get("env") or {}
    try:
        config = _config(case, env)
    except wiresign.ConfigError as error:
        results = [_config_errors(error) for _ in case["steps"]]
    else:
        verifier = wiresign.Verifier(config)
        results = [_step(step, config, verifier, env) for step in case["steps"]]
    return {"id": case["id"], "results": results}


def _step(step: Json, config: wiresign.Config, verifier: wiresign.Verifier, env: Mapping[str, str]) -> Json:
    try:
        match step["op"]:
            case "verify":
                head, body = _request(step["request"])
                return _accepted(verifier.verify(*head, body, now=step["now"], authority=_authority(step)))
            case "verify_stream":
                head, body = _request(step["request"])
                begun = verifier.begin(*head, now=step["now"], authority=_authority(step))
                if begun.needs_body:
                    for chunk in _split(body, step["chunks"]):
                        begun.update(chunk)
                return _accepted(begun.finish())
            case "sign":
                head, body = _request(step["request"])
                options: Json = {"now": step["now"], "nonce": step["nonce"], "authority": _authority(step)}
                signer = wiresign.Signer(config, step.get("target"))
                headers = signer.sign(*head, body, **options)
                message = base64.b64encode(signer.message(*head, body, **options)).decode()
                return {"ok": {"headers": [list(header) for header in headers], "message": {"base64": message}}}
            case "explain":
                head, body = _request(step["request"])
                explained = verifier.explain(*head, body, now=step["now"], authority=_authority(step))
                return {"ok": {"verdict": explained.verdict, "hints": [hint.id for hint in explained.hints]}}
            case "ask_identity":
                head, _ = _request(step["request"])
                question = verifier.identity_request(*head, now=step["now"], authority=_authority(step))
                if question is not None:
                    given = step["answer"]
                    answered = None if given is None else (given["status"], _bytes(given["body"]))
                    verifier.identity_answer(question, answered, now=step["now"])
                return {"ok": {"question": None if question is None else _asked(question)}}
            case "issue_token":
                options = {name: step.get(name) for name in ("lifetime", "permissions", "tenant")}
                issuer = wiresign.TokenIssuer(config)
                issued = issuer.issue(step["subject"], step["audience"], **options, now=step["now"], id=step["nonce"])
                token = {"text": issued.text, "expires": issued.expires, "lifetime": issued.lifetime}
                return {"ok": token | {"permissions": list(issued.permissions)}}
            case "answer_token":
                options = {"tenant": step.get("tenant"), "now": step["now"], "id": step["nonce"]}
                told = wiresign.TokenIssuer(config).answer(step["caller"], _bytes(step["form"]), **options)
                return {"ok": _answered(told)}
            case "handshake":
                head, body = _request(step["request"])
                authority = _authority(step)
                answer = verifier.handshake(step["webhook"], *head, body, now=step["now"], authority=authority)
                return {"ok": {"handshake": None if answer is None else _answered(answer)}}
            case "sign_context":
                contexts = wiresign.Contexts(config)
                signature = contexts.sign(step["tenant"], step["roles"], now=step["now"])
                message = base64.b64encode(contexts.message(step["tenant"], step["roles"])).decode()
                return {"ok": {"signature": signature, "message": {"base64": message}}}
            case "verify_context":
                payload = None if step.get("payload") is None else _bytes(step["payload"])
                context = wiresign.Contexts(config).verify(
                    step["tenant"], step["roles"], step["signature"], now=step["now"], payload=payload
                )
                found = {"key": context.key_id, "matched": context.matched, "retiring": context.key_is_retiring}
                return {"ok": {**found, "roles": list(context.roles)}}
            case "check":
                return {"ok": {"warnings": [problem._asdict() for problem in config.warnings]}}
            case "replace":
                verifier.replace(_config(step, env))
                return {"ok": {}}
            case unknown:
                return {"crashed": f"unknown step {unknown!r}"}
    except wiresign.Refusal as refusal:
        return _refused(refusal)
    except wiresign.ConfigError as error:
        return _config_errors(error)
    except wiresign.SigningError as error:
        return {"failed": {"code": error.code, "message": error.message}}
    except BaseException as error:  # noqa: BLE001 - a panic of the native half is no Exception, and is a finding
        return {"crashed": f"{type(error).__name__}: {error}"}


def _config(source: Json, env: Mapping[str, str]) -> wiresign.Config:
    text = source["config_text"] if "config_text" in source else json.dumps(source["config"])
    return wiresign.Config.parse(text, env=env)


def _request(request: Json) -> tuple[tuple[bytes, bytes, list[tuple[bytes, bytes]]], bytes]:
    headers = [(_bytes(name), _bytes(value)) for name, value in request["headers"]]
    return (_bytes(request["method"]), _bytes(request["target"]), headers), _bytes(request["body"])


def _authority(step: Json) -> bytes | None:
    authority = step["request"].get("authority")
    return None if authority is None else _bytes(authority)


def _bytes(text: str | Json) -> bytes:
    return text.encode() if isinstance(text, str) else base64.b64decode(text["base64"], validate=True)


def _split(body: bytes, lengths: list[int]) -> list[bytes]:
    chunks, start = [], 0
    for length in lengths:
        chunks.append(body[start : start + length])
        start += length
    return [*chunks, body[start:]]


def _accepted(verified: wiresign.Verified) -> Json:
    return {
        "ok": {
            "service": verified.service,
            "key": verified.key_id,
            "scheme": verified.scheme,
            "age": verified.age,
            "request_id": verified.request_id,
            "route": verified.route,
            "retiring": verified.key_is_retiring,
            "public": verified.is_public,
            "covered": list(verified.covered),
            "replay_key": verified.replay_key,
        }
    }


def _asked(question: wiresign.IdentityRequest) -> Json:
    headers = [list(header) for header in question.headers]
    return {"method": question.method, "url": question.url, "headers": headers, "body": question.body.decode()}


def _answered(answer: wiresign.HandshakeResponse | wiresign.TokenResponse) -> Json:
    headers = [list(header) for header in answer.headers]
    return {"status": answer.status, "headers": headers, "body": answer.body.decode()}


def _refused(refusal: wiresign.Refusal) -> Json:
    response = refusal.response
    shown = {
        "status": response.status,
        "body": response.body.decode(),
        "www_authenticate": response.www_authenticate,
    }
    return {
        "refused": {
            "code": refusal.code.value,
            "status": refusal.status,
            "response": shown,
            "request_id": refusal.request_id,
        }
    }


def _config_errors(error: wiresign.ConfigError) -> Json:
    return {"config_errors": [problem._asdict() for problem in error.problems]}


def main() -> None:
    """Say hello, then answer line after line until the input ends."""
    _print(HELLO)
    for line in sys.stdin.buffer:
        if line.strip():
            _print(handle(json.loads(line)))


def _print(answer: Json) -> None:
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
