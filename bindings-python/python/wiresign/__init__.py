"""Signs and verifies HTTP requests between services, with the same answer in every language.

    config = wiresign.Config.from_file("wiresign.json")
    verifier = wiresign.Verifier(config)
    caller = verifier.verify(method, raw_target, headers, body)  # raises wiresign.Refusal

Adapters: `wiresign.asgi` for every ASGI server, `wiresign.fastapi`, and `wiresign.httpx` for the calling side.
"""

from wiresign._codes import FailureCode, RefusalCode
from wiresign._errors import ConfigError, Problem, Refusal, RefusalResponse, SigningError
from wiresign._wiresign import (
    BodyVerification,
    Config,
    Metrics,
    Signer,
    Verified,
    Verifier,
    generate_secret,
)

__all__ = [
    "BodyVerification",
    "Config",
    "ConfigError",
    "FailureCode",
    "Metrics",
    "Problem",
    "Refusal",
    "RefusalCode",
    "RefusalResponse",
    "Signer",
    "SigningError",
    "Verified",
    "Verifier",
    "__version__",
    "generate_secret",
]

__version__ = "0.1.0"
