"""Signs and verifies HTTP requests between services, with the same answer in every language.

    config = wiresign.Config.from_file("wiresign.json")
    verifier = wiresign.Verifier(config)
    caller = verifier.verify(method, raw_target, headers, body)  # raises wiresign.Refusal

Servers: `wiresign.asgi`, `wiresign.fastapi`, `wiresign.wsgi`, `wiresign.flask`, `wiresign.django`, `wiresign.aiohttp`.
Callers: `wiresign.client`, `wiresign.httpx`, `wiresign.requests`, `wiresign.aiohttp`, `wiresign.tokens`.
Keys of token issuers: `wiresign.jwks`.
"""

from wiresign._codes import FailureCode, RefusalCode
from wiresign._errors import ConfigError, Hint, Problem, Refusal, RefusalResponse, SigningError
from wiresign._wiresign import (
    BodyVerification,
    Config,
    Contexts,
    Explanation,
    HandshakeResponse,
    IdentityRequest,
    IssuedToken,
    Metrics,
    Signer,
    TokenIssuer,
    TokenResponse,
    Verified,
    VerifiedContext,
    Verifier,
    generate_secret,
)

__all__ = [
    "BodyVerification",
    "Config",
    "ConfigError",
    "Contexts",
    "Explanation",
    "FailureCode",
    "HandshakeResponse",
    "Hint",
    "IdentityRequest",
    "IssuedToken",
    "Metrics",
    "Problem",
    "Refusal",
    "RefusalCode",
    "RefusalResponse",
    "Signer",
    "SigningError",
    "TokenIssuer",
    "TokenResponse",
    "Verified",
    "VerifiedContext",
    "Verifier",
    "__version__",
    "generate_secret",
]

__version__ = "0.1.0"
