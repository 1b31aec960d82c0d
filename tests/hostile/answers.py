"""Answers as bytes, to be sent whole, cut, doubled or spoilt."""

from http import HTTPStatus

SUCCESS = b'{"id": 100500, "price": 0.40}'
"""The gateway's own yes to a voice call."""
REFUSAL = b'{"errors": ["Insufficient funds"]}'
"""One of the gateway's documented noes."""
HTML = b"<!doctype html><title>nginx</title><h1>Something went wrong</h1>"
"""What a proxy in front of the gateway says when it speaks for itself."""


def head(status: int = 200, *headers: str) -> bytes:
    """Return a status line and `headers`, which say nothing of the length by themselves."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def answer(body: bytes = SUCCESS, *headers: str, status: int = 200) -> bytes:
    """Return a whole answer, in right framing unless `headers` say otherwise."""
    length = f"Content-Length: {len(body)}"
    return head(status, "Content-Type: application/json", length, *headers) + body


def page(status: int, *headers: str) -> bytes:
    """Return an HTML page with `status`, as a proxy would."""
    length = f"Content-Length: {len(HTML)}"
    return head(status, "Content-Type: text/html", length, *headers) + HTML


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
