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
    is_read: bool = False
    """Whether it only asks: nothing rings and nothing is written, however often it arrives."""

    @property
    def size(self) -> int:
        """The body's length in bytes."""
        return sum(map(len, self.pieces))

    def unknown(self, why: str, *, id: int | None = None, client_id: int | None = None) -> str:
        """Return the line that tells of an outcome nobody knows, and what to do about it.

        Args:
            why: Why nobody knows it.
            id: The gateway's id of the message, as far as that is known.
            client_id: The id of ours that the message carried, when many were in the body.
        """
        ours = self.client_id if client_id is None else client_id
        look = "look in the provider's panel"
        if ours is not None:
            look = f"ask for the status of client_id {ours}"
        elif id is not None:
            look = f"ask for the status of id {id}"
        return (
            f"{self.asked}: outcome unknown, it may have arrived: {why}. "
            f"It is not repeated. Before sending again, {look}."
        )


@frozen
class Answer:
    """What came back for a request, read to its end."""

    request: Request
    status: int
    """The HTTP status."""
    headers: Mapping[str, str] = field(factory=_no_headers, repr=False)
    """Header fields, asked for by lower-case name."""
    body: bytes = field(default=b"", repr=False)
