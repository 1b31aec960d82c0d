"""The files of the page: what stands in `static/` beside this module, and nothing else."""

import re
from pathlib import Path
from typing import Final

from starlette.responses import FileResponse, Response

from alphasms_async.sandbox.page.answers import Problem

_FOLDER: Final = Path(__file__).parent / "static"
_NAME: Final = re.compile(r"(?:[a-z0-9_-]+/)*[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(\.[a-z0-9]+)", re.ASCII)
# Named here: what the machine believes a name to mean differs from one to the next.
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}


def file_answer(name: str) -> Response:
    """Return the file of that name.

    Raises:
        Problem: There is none.
    """
    path = _FOLDER / name
    found = _NAME.fullmatch(name)
    if found is None or found[1] not in _TYPES or not path.is_file():
        raise Problem(404, "There is no such file.")
    headers = {"cache-control": "no-cache"}
    return FileResponse(path, media_type=_TYPES[found[1]], headers=headers)
