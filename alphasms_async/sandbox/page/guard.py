"""Keeps other people's pages away from the sandbox's own: any of them may reach this machine."""

import re
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alphasms_async.sandbox.foreign import is_foreign
from alphasms_async.sandbox.page.answers import problem_answer

_HERE: Final = re.compile(
    r"(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE
)
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
_CHANGING: Final = frozenset({"POST", "PATCH", "PUT", "DELETE"})


class Guard:
    """Lets in what the sandbox's own page asks, and a person who opens it.

    A name that leads to this machine, or a page from elsewhere that sends something here, is
    refused before anything is done.

    Args:
        app: The page.
        is_api: Whether it is what the page's own code asks; a person is led to the rest of it by a
            link on any site.
    """

    def __init__(self, app: ASGIApp, *, is_api: bool) -> None:
        self._app = app
        self._is_api = is_api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(Request(scope))
        answer = self._app if refusal is None else problem_answer(*refusal)
        await answer(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> tuple[int, str] | None:
        """Return the status and the reason, None for a request that is let in."""
        headers = request.headers
        if not _HERE.fullmatch(headers.get("host", "")):
            return 403, "This page answers at 127.0.0.1 and localhost alone, by no other name."
        if not self._is_api:
            return None
        if is_foreign(headers):
            return 403, "Another site asks for this; only the sandbox's own page may."
        # What has no body says nothing that would need a type; foreign pages are out by now.
        if request.method in _CHANGING and _has_body(headers) and not _is_json(headers):
            return 415, "Send JSON, with the header content-type: application/json."
        return None


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _is_json(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == "application/json"
