"""The two values every gateway page speaks in: a request to send, an answer to read."""

from collections.abc import Mapping

from attrs import field, frozen

__all__ = ["Answer", "Request"]


def _no_headers() -> Mapping[str, str]:
    return {}


@frozen
class Request:
    """One POST to a page of the gateway. Every page is asked by POST: a URL may end in a log."""

    page: str
    """The path below the base URL, such as `/api/voice.php`."""
    content_type: str
    pieces: tuple[bytes, ...] = field(repr=False)
    """The body, in the pieces it is written in."""
    asked: str
    """What is asked, in words for errors and logs: `voice call to 380*****4567`."""
    api_key: str = field(repr=False)
    """Kept apart so that no text of the gateway can echo it into an error."""
    client_id: int | None = None
    """The id of ours that the one message in the body carries. `None` for none or many."""

    @property
    def size(self) -> int:
        """The body's length in bytes."""
        return sum(map(len, self.pieces))


@frozen
class Answer:
    """What came back for a request, read to its end."""

    request: Request
    status: int
    """The HTTP status."""
    headers: Mapping[str, str] = field(factory=_no_headers, repr=False)
    """Header fields by lower-case name."""
    body: bytes = field(default=b"", repr=False)
