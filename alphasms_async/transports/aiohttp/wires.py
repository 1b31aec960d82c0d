"""A connection as aiohttp reads it, where it would wait for ever or believe too much."""

import asyncio
from collections.abc import Mapping
from inspect import signature
from typing import Any

from aiohttp.client_proto import ResponseHandler

__all__ = ["Wire"]

# The longest line of an answer's head, in bytes, as httpx has it, and as many lines as it may be.
_LINE_BYTES = 100 * 1024
# Older aiohttp counts no lines.
_COUNTED: Mapping[str, Any] = (
    {"max_headers": _LINE_BYTES}
    if "max_headers" in signature(ResponseHandler.set_response_params).parameters
    else {}
)


class Wire(ResponseHandler):
    """Reads answers from one connection, and takes none for whole that broke off."""

    def expect(self, *, without_body: bool, seconds: float | None) -> None:
        """Get ready for the answer to the next request.

        Args:
            without_body: Whether it has none, whatever its head says.
            seconds: How long its next piece may take. `None`: no limit.
        """
        self.set_response_params(
            skip_payload=without_body,
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=seconds,
            max_line_size=_LINE_BYTES,
            max_field_size=_LINE_BYTES,
            **_COUNTED,
        )

    def is_between_answers(self) -> bool:
        """Return whether nothing came after the last answer, not even half a head."""
        if self.should_close or self._parser is None:
            return False
        try:
            return self._parser.feed_eof() is None
        except Exception:  # noqa: BLE001 - whatever the parser holds, it is no clean end
            return False

    def cut(self, error: Exception) -> None:
        """End the connection at once; an answer that has begun ends with this error."""
        self._break_off(error)
        self._abort()

    def eof_received(self) -> None:
        """End the connection: what is not written yet will be answered by nobody."""
        super().eof_received()
        # asyncio would first wait, for ever, for the other side to take what is left.
        self._abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell whoever reads."""
        # To aiohttp, an answer that tells no length is whole however its connection ends.
        if exc is not None:
            self._break_off(exc)
        super().connection_lost(exc)

    def _abort(self) -> None:
        transport: asyncio.Transport | None = self.transport
        if transport is not None:
            transport.abort()

    def _break_off(self, error: BaseException) -> None:
        body = self._payload
        if body is not None and not body.is_eof():
            body.set_exception(error)
