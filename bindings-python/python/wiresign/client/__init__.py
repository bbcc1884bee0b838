"""Clients for calls to other services: signed, timed, repeated where that is safe, and stopped where it is not.

    with ServiceClient(config, "orders") as orders:
        invoice = orders.post("/invoices", json={"amount": 7}).json()

`AsyncServiceClient` is the same with `await`. An answer of 2xx is returned as an `httpx.Response`; everything else is a
`ServiceError`.
"""

from wiresign.client._clients import AsyncServiceClient, ServiceClient
from wiresign.client._health import Health, check_health, check_health_async
from wiresign.client._policy import Policy
from wiresign.client.errors import ErrorCode, ServiceError

__all__ = [
    "AsyncServiceClient",
    "ErrorCode",
    "Health",
    "Policy",
    "ServiceClient",
    "ServiceError",
    "check_health",
    "check_health_async",
]
