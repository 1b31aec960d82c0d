"""A recording as it was uploaded, whole or in part, as players ask for it."""

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)


def recording_answer(request: Request, recording: bytes) -> Response:
    """Return `recording`, or the one range of it that `request` asks for."""
    whole = range(len(recording))
    part = _asked(request, len(recording))
    headers = {"accept-ranges": "bytes"}
    if part is not None and not part:
        headers["content-range"] = f"bytes */{len(whole)}"
        return Response(status_code=416, headers=headers)
    status = 200
    if part is not None:
        status = 206
        headers["content-range"] = f"bytes {part[0]}-{part[-1]}/{len(whole)}"
    else:
        part = whole
    headers["content-length"] = str(len(part))
    content = b"" if request.method == "HEAD" else recording[part.start : part.stop]
    return Response(content, status, headers=headers, media_type="audio/wav")


def _asked(request: Request, size: int) -> range | None:
    """Return the bytes asked for, none of them for a range beyond the end; None asks for all."""
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    # Of what is sent here no part is ever newer than another, and so nobody has anything to put
    # behind If-Range that would fit. Several ranges may be answered by the whole.
    if asked is None or not any(asked.groups()) or "if-range" in request.headers:
        return None
    first, last = asked.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)
