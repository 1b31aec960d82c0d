"""What a gateway that misbehaves remembers of each request: the truth tests compare with."""

import re

from attrs import define

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked", re.IGNORECASE)
_LAST_CHUNK = b"0\r\n\r\n"
_PIECE = 65_536


# Compared by identity: two requests may be alike to the last byte.
@define(eq=False)
class Record:
    """What the application received of one request, and how much it said in return.

    A connection has one from the moment it is accepted, even if no byte is ever read from it.
    """

    head: bytes = b""
    """The request line and the headers, as far as the application read them."""
    body_bytes: int = 0
    """How many bytes of the body the application read."""
    answer_bytes: int = 0
    """How many bytes of an answer the kernel took from the application."""
    _tail: bytes = b""

    @property
    def method(self) -> str:
        """The request's method, or nothing as long as no head was read."""
        return self.head.partition(b" ")[0].decode("latin-1")

    @property
    def path(self) -> str:
        """The request's target, or nothing as long as no head was read."""
        return self.head.partition(b" ")[2].partition(b" ")[0].decode("latin-1")

    @property
    def answered(self) -> bool:
        """Whether the application said anything, good or bad."""
        return self.answer_bytes > 0

    @property
    def body_complete(self) -> bool:
        """Whether a body was announced and all of it was read: only then can a phone ring."""
        if _CHUNKED.search(self.head):
            # A multipart or JSON body holds no such line of its own at the end of a read.
            return self._tail == _LAST_CHUNK
        length = _LENGTH.search(self.head)
        return length is not None and self.body_bytes >= int(length[1])

    @property
    def wanted(self) -> int:
        """How many bytes to ask the kernel for next; 0 when the body is over."""
        if _CHUNKED.search(self.head):
            return 0 if self.body_complete else _PIECE
        length = _LENGTH.search(self.head)
        # Never more than is missing, or the next request's head would count as body.
        return 0 if length is None else min(_PIECE, int(length[1]) - self.body_bytes)

    def take(self, data: bytes) -> None:
        """Count what was read of the body."""
        self.body_bytes += len(data)
        self._tail = (self._tail + data[-len(_LAST_CHUNK) :])[-len(_LAST_CHUNK) :]
