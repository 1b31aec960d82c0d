"""Answers that are none of the gateway's: of the proxy before it, odd ones, and those kept back."""

import json
from http import HTTPStatus
from random import Random
from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Send

# Each is JSON, and none is anything that a page is documented to answer.
_ODD: Final[tuple[object, ...]] = (
    {"status": "ok"},
    {"id": None, "price": None, "data": None},
    {"result": {"id": "abc", "price": "free"}},
    [],
    "OK",
    None,
)


def proxy_answer(status: int, *, retry_after: int | None = None) -> Response:
    """Return what the web server in front says when the gateway behind it does not answer.

    Args:
        status: The status.
        retry_after: In how many seconds to come again, None for no word of it.
    """
    title = f"{status} {HTTPStatus(status).phrase}"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        title = "503 Service Temporarily Unavailable"
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return HTMLResponse(
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n",
        status_code=status,
        headers=headers,
    )


def wrong_json(chance: Random) -> Response:
    """Return JSON of a shape that is documented nowhere."""
    return Response(json.dumps(chance.choice(_ODD)), media_type="application/json")


class Captured:
    """The answer of a page, kept back."""

    def __init__(self) -> None:
        self.body: bytes = b""
        self._start: Message = {}

    async def send(self, message: Message) -> None:
        """Take one part of it."""
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self.body += message.get("body", b"")

    async def answer(self, send: Send) -> None:
        """Send it, with as much of a body as there is by now."""
        headers = [one for one in self._start["headers"] if one[0] != b"content-length"]
        length = str(len(self.body)).encode()
        await send({**self._start, "headers": [*headers, (b"content-length", length)]})
        await send({"type": "http.response.body", "body": self.body})
