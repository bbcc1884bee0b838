# The annotations name local variables, so they must not become strings.

from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Form, Request, Security, WebSocket

import wiresign
from support import Asgi, body_messages, document, http_scope, serve, signed, signer, verifier
from wiresign.asgi import Middleware
from wiresign.fastapi import WiresignAuth
from wiresign.httpx import Auth

ROUTES = [{"match": "GET /open/**", "public": True}, {"match": "/ruled", "services": ["shop"]}]


def make_app(*, middleware: bool, install: bool = True, **members: Any) -> FastAPI:
    judge = verifier(routes=ROUTES, limits={"body_bytes": 1000}, **members)
    auth = WiresignAuth(judge)
    app = FastAPI()
    if install:
        auth.install(app)
    if middleware:
        app.add_middleware(Middleware, verifier=judge)
    billing = Annotated[wiresign.Verified, Depends(auth.requires("billing", "orders"))]

    @app.get("/who")
    async def who(caller: Annotated[wiresign.Verified, Depends(auth.caller)]) -> Any:
        return {"service": caller.service}

    @app.post("/echo")
    async def echo(
        request: Request, item: dict[str, int], caller: Annotated[wiresign.Verified, Depends(auth.caller)]
    ) -> Any:
        return {"service": caller.service, "item": item, "bytes": len(await request.body())}

    @app.post("/both")
    async def both(caller: Annotated[wiresign.Verified, Depends(auth.caller)], again: billing) -> Any:
        return {"same": caller is again}

    @app.post("/billing")
    def billing_only(caller: billing) -> Any:
        return {"service": caller.service}

    @app.post("/ruled")
    def ruled(caller: billing) -> Any:
        return {"service": caller.service}

    @app.get("/open/{name}")
    def anonymous(name: str) -> Any:
        return {"name": name}

    @app.get("/open/but/caller")
    def contradiction(caller: Annotated[wiresign.Verified, Depends(auth.caller)]) -> Any:
        return {"service": caller.service}

    @app.post("/form")
    async def form(a: Annotated[str, Form()], caller: Annotated[wiresign.Verified, Depends(auth.caller)]) -> Any:
        return {"a": a, "service": caller.service}

    @app.websocket("/live")
    async def live(socket: WebSocket, caller: Annotated[wiresign.Verified, Depends(auth.caller)]) -> None:
        await socket.accept()
        await socket.send_text(caller.service or "")
        await socket.close()

    return app


@pytest.fixture(scope="module", params=["with middleware", "alone"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with serve(make_app(middleware=request.param == "with middleware")) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, auth=Auth(signer())) as client:
        yield client


def test_the_caller_is_a_dependency(client: httpx.Client) -> None:
    assert client.get("/who").json() == {"service": "billing"}
    response = client.post("/echo", json={"a": 1})
    assert response.json() == {"service": "billing", "item": {"a": 1}, "bytes": len(response.request.content)}


def test_two_dependencies_of_one_request_share_one_verification(client: httpx.Client) -> None:
    assert client.post("/both").json() == {"same": True}


def test_requires_lets_only_the_named_services_in(url: str, client: httpx.Client) -> None:
    assert client.post("/billing").json() == {"service": "billing"}
    with httpx.Client(base_url=url, auth=Auth(signer("shop"))) as shop:
        refused = shop.post("/billing")
        assert refused.status_code == 403
        # The rule of the route in the config answers with the same bytes as the rule in the code.
        ruled = client.post("/ruled")
        assert ruled.status_code == 403
        for response in (refused, ruled):
            request_id = response.request.headers["x-request-id"]
            assert response.text.replace(request_id, "ID") == (
                ruled.text.replace(ruled.request.headers["x-request-id"], "ID")
            )
            assert response.json() == {
                "code": "SERVICE_NOT_ALLOWED",
                "error": "The caller may not use this route.",
                "requestId": request_id,
            }


def test_nobody_gets_in_without_a_signature(url: str) -> None:
    for method, path in [("GET", "/who"), ("POST", "/echo"), ("POST", "/both"), ("POST", "/billing")]:
        response = httpx.request(method, f"{url}{path}", json={"a": 1})
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/json"
        assert response.headers["www-authenticate"] == 'Wiresign realm="orders"'
        assert response.json()["code"] == "AUTHENTICATION_REQUIRED"
    headers = [*signed("POST", "/echo", b'{"a":1}'), (b"content-type", b"application/json")]
    assert httpx.post(f"{url}/echo", headers=headers, content=b'{"a":2}').json()["code"] == "INVALID_SIGNATURE"
    assert httpx.post(f"{url}/echo", headers=headers, content=b'{"a":1}').status_code == 200
    assert httpx.post(f"{url}/echo", headers=headers, content=b'{"a":1}').json()["code"] == "REPLAYED_REQUEST"


def test_a_public_route_has_no_caller(url: str, client: httpx.Client) -> None:
    assert httpx.get(f"{url}/open/x").json() == {"name": "x"}
    for response in (httpx.get(f"{url}/open/but/caller"), client.get("/open/but/caller")):
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Wiresign realm="orders"'
        assert response.json() == {
            "code": "AUTHENTICATION_REQUIRED",
            "error": "Authentication is required.",
            "requestId": None,
        }


def test_too_large_bodies_are_refused(client: httpx.Client) -> None:
    response = client.post("/billing", content=b"x" * 1001)
    assert response.status_code == 413
    assert response.json()["code"] == "BODY_TOO_LARGE"


def test_forms_need_the_middleware() -> None:
    with serve(make_app(middleware=True)) as url, httpx.Client(base_url=url, auth=Auth(signer())) as client:
        assert client.post("/form", data={"a": "b"}).json() == {"a": "b", "service": "billing"}
    # FastAPI eats the bytes of a form before it asks a dependency, and what cannot be verified is not let in.
    with serve(make_app(middleware=False)) as url, httpx.Client(base_url=url, auth=Auth(signer())) as client:
        assert client.post("/form", data={"a": "b"}).status_code == 500


def test_the_documentation_shows_the_scheme(url: str) -> None:
    # The documentation itself is no public route here, so the app is asked, not the server.
    schema = make_app(middleware=False).openapi()
    scheme = schema["components"]["securitySchemes"]["Wiresign"]
    assert scheme["type"] == "apiKey"
    assert scheme["in"] == "header"
    assert scheme["name"] == "X-Signature"
    assert "X-Timestamp" in scheme["description"]
    assert schema["paths"]["/who"]["get"]["security"] == [{"Wiresign": []}]
    assert schema["paths"]["/billing"]["post"]["security"] == [{"Wiresign": ["service:billing|orders"]}]
    assert schema["paths"]["/both"]["post"]["security"] == [{"Wiresign": ["service:billing|orders"]}]
    assert "security" not in schema["paths"]["/open/{name}"]["get"]
    assert "parameters" not in schema["paths"]["/who"]["get"]


def test_without_install_the_status_is_the_same() -> None:
    app = make_app(middleware=False, install=False)
    with serve(app) as url:
        response = httpx.get(f"{url}/who")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Wiresign realm="orders"'
        assert response.json()["detail"]["code"] == "AUTHENTICATION_REQUIRED"


def test_uniform_answers_hold_for_rules_in_the_code_too() -> None:
    with serve(make_app(middleware=True, reveal="uniform")) as url:
        with httpx.Client(base_url=url, auth=Auth(signer("shop"))) as shop:
            assert shop.post("/billing").json()["code"] == "PERMISSION_DENIED"
        with httpx.Client(base_url=url, auth=Auth(signer())) as billing:
            assert billing.post("/ruled").json()["code"] == "PERMISSION_DENIED"


def test_the_result_of_another_verifier_does_not_count() -> None:
    app = make_app(middleware=False)
    other = Middleware(app, verifier=verifier(routes=[{"match": "/**", "public": True}]))
    with serve(other) as url:
        assert httpx.get(f"{url}/who").json()["code"] == "AUTHENTICATION_REQUIRED"
        with httpx.Client(base_url=url, auth=Auth(signer())) as client:
            assert client.get("/who").json() == {"service": "billing"}


def test_a_forged_result_in_the_scope_does_not_count() -> None:
    app = make_app(middleware=False)

    async def forging(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["wiresign"] = type("Verified", (), {"service": "billing"})()
        await app(scope, receive, send)

    with serve(forging) as url:
        assert httpx.get(f"{url}/who").status_code == 401


def test_a_dependency_reads_no_further_than_the_limit() -> None:
    app = make_app(middleware=False)
    chunks = [b"x" * 600] * 10
    headers = signed("POST", "/billing", b"".join(chunks))
    run = Asgi(app, http_scope("POST", "/billing", headers), *body_messages(*chunks))
    assert (run.status, run.received) == (413, 2)


def test_requires_needs_a_name_or_a_permission() -> None:
    with pytest.raises(ValueError, match="at least one"):
        WiresignAuth(verifier()).requires()
    with pytest.raises(ValueError, match="a path that starts with"):
        WiresignAuth(verifier()).requires(permission="invoices:write")


@pytest.mark.parametrize("middleware", [True, False])
def test_requires_a_permission(middleware: bool) -> None:
    services = document("orders")["services"]
    services["billing"]["permissions"] = ["GET /invoices/**", "GET /own"]
    judge = verifier(services=services)
    auth = WiresignAuth(judge)
    app = FastAPI()
    auth.install(app)
    if middleware:
        app.add_middleware(Middleware, verifier=judge)
    reader = auth.requires(permission="GET /invoices/**")
    writer = auth.requires(permission="POST /invoices/**")
    own = auth.requires("billing", permission="GET /invoices/*")

    @app.get("/invoices/{number}")
    def read(number: int, caller: Annotated[wiresign.Verified, Depends(reader)]) -> Any:
        return {"service": caller.service}

    @app.get("/invoices/{number}/copy")
    def write(number: int, caller: Annotated[wiresign.Verified, Depends(writer)]) -> Any:
        return {"service": caller.service}

    @app.get("/own")
    def mine(caller: Annotated[wiresign.Verified, Security(own, scopes=["audit"])]) -> Any:
        return {"service": caller.service}

    with serve(app) as url:
        with httpx.Client(base_url=url, auth=Auth(signer())) as billing:
            assert billing.get("/invoices/7").json() == {"service": "billing"}
            refused = billing.get("/invoices/7/copy")
            assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_DENIED")
            # Nobody holds the scope.
            assert billing.get("/own").json()["code"] == "SERVICE_NOT_ALLOWED"
        with httpx.Client(base_url=url, auth=Auth(signer("shop"))) as shop:
            # The config sets it no bounds.
            assert shop.get("/invoices/7/copy").json() == {"service": "shop"}
            assert shop.get("/own").json()["code"] == "SERVICE_NOT_ALLOWED"
        assert httpx.get(f"{url}/invoices/7").status_code == 401
    paths = app.openapi()["paths"]
    assert paths["/invoices/{number}"]["get"]["security"] == [{"Wiresign": ["GET /invoices/**"]}]
    assert paths["/invoices/{number}/copy"]["get"]["security"] == [{"Wiresign": ["POST /invoices/**"]}]
    shown = paths["/own"]["get"]["security"]
    assert [sorted(entry["Wiresign"]) for entry in shown] == [["GET /invoices/*", "audit", "service:billing"]]


@pytest.mark.parametrize("middleware", [True, False])
def test_websockets(middleware: bool) -> None:
    def scope(headers: Any, **members: Any) -> Any:
        made = http_scope("GET", "/live", headers, **members) | {"type": "websocket", "subprotocols": []}
        del made["method"]
        return made

    app = make_app(middleware=middleware)
    connect = {"type": "websocket.connect"}
    run = Asgi(app, scope(signed("GET", "/live")), connect)
    assert [message["type"] for message in run.sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert run.sent[1]["text"] == "billing"
    run = Asgi(app, scope([]), connect)
    assert [message["type"] for message in run.sent] == ["websocket.close"]
    run = Asgi(app, scope([], extensions={"websocket.http.response": {}}), connect)
    assert run.sent[0]["type"] == "websocket.http.response.start"
    assert run.status == 401


def test_scopes() -> None:
    auth = WiresignAuth(verifier(), scopes={"billing": ["read", "write"], "shop": ["read"]})
    app = FastAPI()
    auth.install(app)

    @app.get("/read")
    def read(caller: Annotated[wiresign.Verified, Security(auth.caller, scopes=["read"])]) -> Any:
        return {"service": caller.service}

    @app.get("/write")
    def write(caller: Annotated[wiresign.Verified, Security(auth.caller, scopes=["read", "write"])]) -> Any:
        return {"service": caller.service}

    @app.get("/own")
    def own(caller: Annotated[wiresign.Verified, Security(auth.requires("billing", "shop"), scopes=["write"])]) -> Any:
        return {"service": caller.service}

    @app.get("/nobody")
    def nobody(caller: Annotated[wiresign.Verified, Security(auth.caller, scopes=["root"])]) -> Any:
        return {"service": caller.service}

    may = {"billing": {"/read", "/write", "/own"}, "shop": {"/read"}, "orders": set()}
    with serve(app) as url:
        for service, paths in may.items():
            with httpx.Client(base_url=url, auth=Auth(signer(service))) as client:
                for path in ("/read", "/write", "/own", "/nobody"):
                    response = client.get(path)
                    assert response.status_code == (200 if path in paths else 403), (service, path)
                    if path not in paths:
                        assert response.json()["code"] == "SERVICE_NOT_ALLOWED"
        assert httpx.get(f"{url}/read").status_code == 401
    schema = app.openapi()
    assert schema["paths"]["/write"]["get"]["security"] == [{"Wiresign": ["read", "write"]}]
