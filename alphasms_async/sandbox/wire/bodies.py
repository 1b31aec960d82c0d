"""Text bodies, read to their end and kept only as far as a limit."""

from starlette.requests import Request

_MAX_BYTES = 4 * 1024 * 1024


async def read_text(request: Request) -> str | None:
    """Return the body as text, or None when it is longer than 4 MiB or not UTF-8."""
    body = bytearray()
    size = 0
    # Read on beyond the limit: a client that is answered while it still writes may see its
    # connection break instead of the answer.
    async for chunk in request.stream():
        size += len(chunk)
        if size <= _MAX_BYTES:
            body += chunk
    if size > _MAX_BYTES:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None
