"""Answers as the gateway writes them: HTTP 200 whatever they say."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from starlette.responses import HTMLResponse, PlainTextResponse, Response

Json: TypeAlias = "str | int | bool | Decimal | Mapping[str, Json] | Sequence[Json] | None"


def json_text(value: Json) -> str:
    """Return `value` as JSON text, money as a plain number that was never a float."""
    match value:
        case Decimal():
            return format(value, "f")
        case Mapping():
            pairs = (f"{json.dumps(name)}: {json_text(item)}" for name, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case str() | int() | None:
            return json.dumps(value)
        case _:
            return "[" + ", ".join(json_text(item) for item in value) + "]"


def json_answer(value: Json) -> Response:
    """Return the answer of a JSON page."""
    return Response(json_text(value), media_type="application/json")


def errors_answer(errors: Sequence[str]) -> Response:
    """Return the failure of voice.php and otp.php."""
    return json_answer({"errors": errors})


def text_answer(text: str) -> Response:
    """Return the answer of the plain-text page."""
    return PlainTextResponse(text)


def xml_answer(text: str) -> Response:
    """Return the answer of the XML page."""
    return Response(text, media_type="text/xml")


def web_server_answer() -> Response:
    """Return what the web server in front says of a page that does not exist."""
    return HTMLResponse(
        "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n"
        "<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n",
        status_code=404,
    )
