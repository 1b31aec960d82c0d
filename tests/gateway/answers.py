"""Answers of the gateway as its pages get them, and what they were asked for."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from alphasms_async.gateway.wire import Answer, Request

KEY = "5f3a-KEY-91cd"
PHONE = "380501234567"
ASKED = "voice call to 380*****4567"


def request(*, api_key: str = KEY, client_id: int | None = None) -> Request:
    """Return a request whose answer is to be read."""
    return Request("/api/voice.php", "text/plain", (b"",), ASKED, api_key, client_id)


def answer(
    body: bytes | str | Mapping[str, Any] = b"",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    client_id: int | None = None,
) -> Answer:
    """Return an answer with a body of bytes, of text, or of JSON."""
    if isinstance(body, Mapping):
        body = json.dumps(body)
    return Answer(
        request(client_id=client_id),
        status,
        headers or {},
        body.encode() if isinstance(body, str) else body,
    )


def fields(body: bytes) -> dict[str, str]:
    """Return the fields of an urlencoded form."""
    return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))
