"""What is Django's own; the rest of its behaviour is in test_servers.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings

import wiresign
import wiresign.django
from frameworks import django_setup
from servers import SERVERS
from support import ENV, document, signed, signer, verifier
from wiresign.httpx import Auth

if TYPE_CHECKING:
    from pathlib import Path

django_setup()


@pytest.mark.parametrize("app", ["django_asgi", "django_wrapped"])
def test_async_views(app: str) -> None:
    with SERVERS["uvicorn"](app) as url:
        with httpx.Client(base_url=url, auth=Auth(signer())) as billing:
            assert billing.post("/async/a", content=b"x" * 200_000).json()["length"] == 200_000
            assert billing.post("/async/shop").json()["code"] == "SERVICE_NOT_ALLOWED"
        with httpx.Client(base_url=url, auth=Auth(signer("shop"))) as shop:
            assert shop.post("/async/shop").json() == {"service": "shop"}


def request_for(target: str = "/a", body: bytes = b"", **extra: Any) -> Any:
    """Make a request as Django gets it from a WSGI server."""
    fields: dict[str, Any] = {
        f"HTTP_{name.decode().replace('-', '_').upper()}": value.decode()
        for name, value in signed("POST", target, body)
    }
    made = RequestFactory().post(target, body, content_type="application/octet-stream", **fields)
    made.environ["RAW_URI"] = target
    made.META.update(extra)
    return made


def serve(request: Any, view: Any = lambda _: HttpResponse(b"ok")) -> Any:
    return wiresign.django.WiresignMiddleware(view)(request)


def test_the_body_may_have_been_read_whole_but_not_in_part() -> None:
    early = request_for(body=b"{}")
    assert early.body == b"{}"
    assert serve(early, lambda request: HttpResponse(request.body)).content == b"{}"
    started = request_for(body=b"{}")
    started.read(1)
    with pytest.raises(RuntimeError, match="first in MIDDLEWARE"):
        serve(started)


def test_forms_and_files_are_read_after_the_verification() -> None:
    body = b"a=b+c&d=e"
    request = request_for(body=body, CONTENT_TYPE="application/x-www-form-urlencoded")
    request.content_type = "application/x-www-form-urlencoded"
    seen: list[Any] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append((request.POST["a"], request.headers.get("X-Service-ID")))
        return HttpResponse()

    assert serve(request, view).status_code == 200
    assert seen == [("b c", "billing")]


def test_a_view_without_the_middleware_is_an_error() -> None:
    with pytest.raises(ImproperlyConfigured, match="add wiresign"):
        wiresign.django.caller(request_for())
    with pytest.raises(TypeError, match="not received over HTTP"):
        serve(HttpRequest())


def test_the_result_of_another_verifier_does_not_count() -> None:
    stranger = verifier()
    headers = signed("POST", "/a")
    lenient = stranger.verify("POST", "/a", headers)
    strict = wiresign.Verifier(
        wiresign.Config.parse(document("orders", routes=[{"match": "/a", "services": ["shop"]}]), env=ENV)
    )
    with override_settings(WIRESIGN={"config": strict}):
        for judge, status in ((stranger, 403), (strict, 200)):
            request = request_for()
            request.environ |= {"wiresign": lenient, "wiresign.verifier": judge}
            assert serve(request).status_code == status


def test_forged_names_leave_headers_that_were_read_before() -> None:
    request = request_for(HTTP_X_SERVICE_NAME="shop")
    assert request.headers["X-Service-Name"] == "shop"
    answer = serve(request, lambda request: HttpResponse(request.headers.get("X-Service-Name", "nobody")))
    assert answer.content == b"nobody"


def test_behind_a_middleware_of_the_same_verifier_its_own_names_are_taken_out() -> None:
    judge = verifier()
    request = request_for(HTTP_X_USER="root")
    known = judge.verify("POST", "/a", signed("POST", "/a"))
    request.environ |= {"wiresign": known, "wiresign.verifier": judge}
    with override_settings(WIRESIGN={"config": judge, "identity_headers": ["X-User"]}):
        answer = serve(request, lambda request: HttpResponse(request.headers.get("X-User", "nobody")))
    assert answer.content == b"nobody"


def test_the_config_may_come_in_four_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "wiresign.json"
    file.write_text(json.dumps(document("orders")), "utf-8")
    made = verifier()
    sources: list[Any] = [file, str(file), document("orders"), wiresign.Config.from_file(file), made]
    for source in sources:
        with override_settings(WIRESIGN={"config": source}):
            assert serve(request_for()).content == b"ok"
            refused = serve(request_for(HTTP_X_SERVICE_ID="shop"))
            assert (refused.status_code, refused["content-type"]) == (401, "application/json")
    with override_settings(WIRESIGN={"config": made}):
        assert wiresign.django.verifier() is made
    for settings in (None, {}, {"verifier": made}):
        with override_settings(WIRESIGN=settings), pytest.raises(ImproperlyConfigured, match='needs "config"'):
            wiresign.django.verifier()
