"""What clients sign with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    Text: TypeAlias = str | bytes
    Headers: TypeAlias = Iterable[tuple[str, str] | tuple[bytes, bytes]] | Mapping[str, str]


class RequestSigner(Protocol):
    """A `Signer`, or what stands in for one, such as `wiresign.aws.AwsSigners`."""

    def sign(
        self, method: Text, target: Text, headers: Headers = (), body: bytes = b"", *, now: int | None = None
    ) -> list[tuple[str, str]]:
        """Give the headers to send with a request."""
        ...
