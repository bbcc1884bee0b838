"""Flask: verifies every request of an application, and gives its views the caller.

auth = WiresignAuth(Verifier(Config.from_file("wiresign.json")))
auth.install(app)

@app.post("/invoices")
@auth.requires("billing")
def invoice(): return {"made_by": auth.caller().service}
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

from flask import Response, request

from wiresign._errors import Refusal
from wiresign._gate import Gate
from wiresign._requirements import check, require
from wiresign._wiresign import Verified
from wiresign.wsgi import ENVIRON_KEY, ENVIRON_VERIFIER_KEY, Middleware, visit_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.typing import ResponseReturnValue
    from typing_extensions import ParamSpec, Unpack

    from wiresign._gate import Options
    from wiresign._wiresign import Verifier

    _Parameters = ParamSpec("_Parameters")

__all__ = ["WiresignAuth"]

_Answer = TypeVar("_Answer", bound="ResponseReturnValue")


class WiresignAuth:
    """Protects one or more Flask applications by one verifier.

    The options are those of every server adapter: `on_decision`, `proxies`, `authority`, `identity_headers`,
    `replay`, `key_sets`, `aws`, `memory_bytes`.
    """

    def __init__(self, verifier: Verifier, **options: Unpack[Options]) -> None:
        self._verifier = verifier
        names = options.get("identity_headers", ())
        if not isinstance(names, str):
            # Two gates read them.
            options["identity_headers"] = tuple(names)
        self._options = options
        self._gate = Gate(verifier, **options)

    def install(self, app: Flask) -> None:
        """Verify every request before the application sees anything of it."""
        app.wsgi_app = Middleware(app.wsgi_app, self._verifier, **self._options)  # type: ignore[method-assign]

    def caller(self, *services: str, permission: str | None = None) -> Verified:
        """Give the verified caller of this request; raise a Refusal where it is none of `services`, if any are named.

        With `permission`, a pattern as in `POST /invoices/**`, also where it may not do all of that.
        """
        environ = request.environ
        verified = environ.get(ENVIRON_KEY)
        # A result of another verifier says nothing about what this one demands.
        if environ.get(ENVIRON_VERIFIER_KEY) is not self._verifier or not isinstance(verified, Verified):
            msg = "no request of this application was verified; call install(app) first"
            raise RuntimeError(msg)
        require(verified, services, permission)
        return verified

    def requires(
        self, *services: str, permission: str | None = None
    ) -> Callable[[Callable[_Parameters, _Answer]], Callable[_Parameters, _Answer | Response]]:
        """Give a decorator that lets only these services through to a view; without names, every known service.

        With `permission`, a pattern as in `POST /invoices/**`, only those that may do all of that.
        """
        check(permission)

        def decorate(view: Callable[_Parameters, _Answer]) -> Callable[_Parameters, _Answer | Response]:
            @wraps(view)
            def guarded(*arguments: _Parameters.args, **named: _Parameters.kwargs) -> _Answer | Response:
                try:
                    self.caller(*services, permission=permission)
                except Refusal as refusal:
                    visit_of(self._gate, request.environ).refused(refusal)
                    response = refusal.response
                    return Response(response.body, response.status, list(response.headers))
                return view(*arguments, **named)

            return guarded

        return decorate
