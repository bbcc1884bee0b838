"""The bytes of one body, kept until they are verified."""

from __future__ import annotations

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO

PIECE = 65_536
"""How many bytes are read at a time, from a client or from the file of a large body."""


class KeptBody:
    """Takes a body piece by piece and gives out the same bytes: from memory, or from an unnamed file above a size."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        # Most bodies come in one piece, which is kept as it is.
        self._first = b""
        self._rest: SpooledTemporaryFile[bytes] | None = None
        self.length = 0

    def add(self, piece: bytes) -> None:
        """Keep the next piece."""
        self.length += len(piece)
        if self._rest is not None:
            self._rest.write(piece)
        elif not self._first and self.length <= self._memory_bytes:
            self._first = piece
        elif piece:
            self._rest = SpooledTemporaryFile(self._memory_bytes)  # noqa: SIM115 - closed by close()
            self._rest.write(self._first)
            self._rest.write(piece)
            self._first = b""

    @property
    def in_memory(self) -> bool:
        """Whether all of it is in memory."""
        return self.length <= self._memory_bytes

    def rewind(self) -> None:
        """Go back to the first byte."""
        if self._rest is not None:
            self._rest.seek(0)

    def whole(self) -> bytes:
        """Give all of the bytes."""
        if self._rest is None:
            return self._first
        self._rest.seek(0)
        return self._rest.read()

    def piece(self) -> bytes:
        """Give the next bytes, none at the end. Only for a body that is not in memory."""
        return b"" if self._rest is None else self._rest.read(PIECE)

    def file(self) -> IO[bytes]:
        """Give the bytes as a file that stands at its start."""
        if self._rest is None:
            return BytesIO(self._first)
        self._rest.seek(0)
        return self._rest

    def close(self) -> None:
        """Let go of everything."""
        self._first = b""
        if self._rest is not None:
            self._rest.close()
