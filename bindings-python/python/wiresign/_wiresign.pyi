from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, NoReturn, TypeAlias, final

from wiresign._errors import Hint, Problem

__all__ = [
    "BodyVerification",
    "Config",
    "Contexts",
    "Explanation",
    "HandshakeResponse",
    "IdentityRequest",
    "IssuedToken",
    "Metrics",
    "RefusalFacts",
    "Signer",
    "TokenIssuer",
    "TokenResponse",
    "Verified",
    "VerifiedContext",
    "Verifier",
    "check_permission",
    "generate_secret",
]

_CLAIMS: frozenset[bytes]

_Text: TypeAlias = str | bytes
_Pair: TypeAlias = tuple[_Text, _Text] | list[_Text] | list[str] | list[bytes]
_Headers: TypeAlias = Iterable[_Pair] | Mapping[str, str] | Mapping[bytes, bytes]
_Body: TypeAlias = bytes | bytearray | memoryview

@final
class Config:
    @staticmethod
    def parse(document: str | Mapping[str, Any], *, env: Mapping[str, str] | None = None) -> Config: ...
    @staticmethod
    def from_file(path: str | PathLike[str], *, env: Mapping[str, str] | None = None) -> Config: ...
    @staticmethod
    def from_env(env: Mapping[str, str] | None = None) -> Config: ...
    @property
    def service(self) -> str: ...
    @property
    def environment(self) -> str | None: ...
    @property
    def service_ids(self) -> tuple[str, ...]: ...
    @property
    def warnings(self) -> list[Problem]: ...
    @property
    def body_limit(self) -> int: ...
    def url(self, service: str) -> str | None: ...
    @property
    def jwks_urls(self) -> list[tuple[str, str]]: ...
    def publish_keys(self, issuer: str, jwks: str) -> None: ...
    @property
    def _has_external_replay_store(self) -> bool: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Signer:
    def __new__(cls, config: Config, target: str | None = None) -> Signer: ...
    @staticmethod
    def with_aws_credentials(
        config: Config,
        access_key_id: str,
        secret: str,
        session_token: str | None = None,
        *,
        target: str | None = None,
    ) -> Signer: ...
    def sign(
        self,
        method: _Text,
        target: _Text,
        headers: _Headers = (),
        body: _Body = b"",
        *,
        authority: _Text | None = None,
        now: int | None = None,
        nonce: str | None = None,
    ) -> list[tuple[str, str]]: ...
    def message(
        self,
        method: _Text,
        target: _Text,
        headers: _Headers = (),
        body: _Body = b"",
        *,
        authority: _Text | None = None,
        now: int | None = None,
        nonce: str | None = None,
    ) -> bytes: ...
    def presign(
        self,
        method: _Text,
        target: _Text,
        seconds: int,
        headers: _Headers = (),
        *,
        authority: _Text | None = None,
        now: int | None = None,
    ) -> str: ...
    def sign_response(
        self,
        status: int,
        headers: _Headers = (),
        body: _Body = b"",
        *,
        method: _Text,
        target: _Text,
        request_headers: _Headers,
        authority: _Text | None = None,
        now: int | None = None,
    ) -> list[tuple[str, str]]: ...
    def sign_as_asked(
        self,
        response_headers: _Headers,
        method: _Text,
        target: _Text,
        headers: _Headers = (),
        body: _Body = b"",
        *,
        authority: _Text | None = None,
        now: int | None = None,
        nonce: str | None = None,
    ) -> list[tuple[str, str]] | None: ...
    def __reduce__(self) -> NoReturn: ...

@final
class TokenIssuer:
    def __new__(cls, config: Config) -> TokenIssuer: ...
    def issue(
        self,
        subject: str,
        audience: str,
        *,
        lifetime: int | None = None,
        permissions: Sequence[str] | None = None,
        tenant: str | None = None,
        now: int | None = None,
        id: str | None = None,  # noqa: A002 - the contract's word
    ) -> IssuedToken: ...
    def answer(
        self,
        caller: str | None,
        form: _Body,
        *,
        tenant: str | None = None,
        now: int | None = None,
        id: str | None = None,  # noqa: A002 - the contract's word
    ) -> TokenResponse: ...
    def replace(self, config: Config) -> None: ...
    def __reduce__(self) -> NoReturn: ...

@final
class IssuedToken:
    @property
    def text(self) -> str: ...
    @property
    def expires(self) -> int: ...
    @property
    def lifetime(self) -> int: ...
    @property
    def permissions(self) -> tuple[str, ...]: ...
    def __reduce__(self) -> NoReturn: ...

@final
class TokenResponse:
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...

@final
class Verifier:
    def __new__(cls, config: Config) -> Verifier: ...
    def verify(
        self,
        method: _Text,
        target: _Text,
        headers: _Headers,
        body: _Body = b"",
        *,
        authority: _Text | None = None,
        client: str | None = None,
        now: int | None = None,
    ) -> Verified: ...
    def begin(
        self,
        method: _Text,
        target: _Text,
        headers: _Headers,
        *,
        authority: _Text | None = None,
        client: str | None = None,
        now: int | None = None,
    ) -> BodyVerification: ...
    def explain(
        self,
        method: _Text,
        target: _Text,
        headers: _Headers,
        body: _Body = b"",
        *,
        authority: _Text | None = None,
        client: str | None = None,
        now: int | None = None,
    ) -> Explanation: ...
    def handshake(
        self,
        webhook: str,
        method: _Text,
        target: _Text,
        headers: _Headers,
        body: _Body = b"",
        *,
        authority: _Text | None = None,
        client: str | None = None,
        now: int | None = None,
    ) -> HandshakeResponse | None: ...
    def handshakes_at(self, method: _Text, target: _Text) -> list[str]: ...
    def _begin_direct(
        self, method: _Text, target: _Text, headers: _Headers, client: str | None, answers: bool, /
    ) -> BodyVerification | None: ...
    def identity_request(
        self,
        method: _Text,
        target: _Text,
        headers: _Headers,
        *,
        authority: _Text | None = None,
        client: str | None = None,
        now: int | None = None,
    ) -> IdentityRequest | None: ...
    def identity_answer(
        self, question: IdentityRequest, answer: tuple[int, bytes] | None = None, *, now: int | None = None
    ) -> None: ...
    def verify_response(
        self,
        service: str,
        status: int,
        headers: _Headers,
        body: _Body = b"",
        *,
        method: _Text,
        target: _Text,
        request_headers: _Headers,
        authority: _Text | None = None,
        now: int | None = None,
    ) -> Verified: ...
    def accept_signature(self) -> str: ...
    def replace(self, config: Config) -> None: ...
    @property
    def _config(self) -> Config: ...
    def settle_replay(self, verified: Verified, outcome: Literal["first", "repeated", "unavailable"]) -> None: ...
    def metrics(self) -> Metrics: ...
    def is_public(self, method: _Text, target: _Text) -> bool: ...
    @property
    def body_limit(self) -> int: ...
    def __reduce__(self) -> NoReturn: ...

@final
class BodyVerification:
    def declare_length(self, declared: int) -> None: ...
    def update(self, data: _Body) -> None: ...
    def finish(self) -> Verified: ...
    @property
    def needs_body(self) -> bool: ...
    @property
    def _declared_length(self) -> int | None: ...
    def _finish_with(self, data: _Body, /) -> Verified: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Verified:
    @property
    def service(self) -> str | None: ...
    @property
    def key_id(self) -> str | None: ...
    @property
    def key_is_retiring(self) -> bool: ...
    @property
    def scheme(self) -> str | None: ...
    @property
    def schemes(self) -> tuple[str, ...]: ...
    @property
    def age(self) -> int | None: ...
    @property
    def timestamp(self) -> int | None: ...
    @property
    def request_id(self) -> str | None: ...
    @property
    def request_id_is_signed(self) -> bool: ...
    @property
    def route(self) -> str | None: ...
    @property
    def covered(self) -> tuple[str, ...]: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def tenant(self) -> str | None: ...
    @property
    def token_expires(self) -> int | None: ...
    @property
    def claims(self) -> dict[str, Any] | None: ...
    @property
    def replay_key(self) -> str | None: ...
    @property
    def replay_seconds(self) -> int | None: ...
    @property
    def is_public(self) -> bool: ...
    def _accounts_for(self, headers: _Headers, /) -> bool: ...
    def require_service(self, *services: str) -> None: ...
    def require_permission(self, permission: str) -> None: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Explanation:
    @property
    def verdict(self) -> str: ...
    @property
    def hints(self) -> list[Hint]: ...
    def json(self) -> str: ...

@final
class HandshakeResponse:
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...

@final
class IdentityRequest:
    @property
    def method(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...

@final
class Contexts:
    def __new__(cls, config: Config) -> Contexts: ...
    def sign(self, tenant: str, roles: Iterable[str], *, now: int | None = None) -> str: ...
    def message(self, tenant: str, roles: Iterable[str]) -> bytes: ...
    def verify(
        self,
        tenant: str,
        roles: Iterable[str],
        signature: str,
        *,
        now: int | None = None,
        payload: _Body | None = None,
    ) -> VerifiedContext: ...
    def replace(self, config: Config) -> None: ...
    def metrics(self) -> Metrics: ...
    def __reduce__(self) -> NoReturn: ...

@final
class VerifiedContext:
    @property
    def tenant(self) -> str: ...
    @property
    def roles(self) -> tuple[str, ...]: ...
    def has_role(self, role: str) -> bool: ...
    @property
    def key_id(self) -> str: ...
    @property
    def key_is_retiring(self) -> bool: ...
    @property
    def matched(self) -> str: ...
    def __reduce__(self) -> NoReturn: ...

@final
class Metrics:
    def prometheus(self) -> str: ...
    def counters(self) -> list[tuple[str, dict[str, str], int]]: ...

@final
class RefusalFacts:
    @property
    def code(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def message(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def service(self) -> str | None: ...
    @property
    def request_id(self) -> str | None: ...
    def response(self) -> tuple[int, str, str | None, bytes]: ...
    def __reduce__(self) -> NoReturn: ...

def check_permission(permission: str) -> None: ...
def generate_secret(encoding: str = "hex") -> str: ...
