"""Keeps pages of other sites away from the gateway's: a browser on this machine may show any."""

import re
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HOST: Final = re.compile(r"(\[[^]]*\]|[^][:]*)(?::[0-9]*)?")
# Whose names lead to nobody on the internet, whoever asks.
_PRIVATE: Final = frozenset({"internal", "localhost", "test"})
_OURS: Final = frozenset({"same-origin", "none"})

_ANOTHER_SITE: Final = "Refused: a page of another site may not call the sandbox."
_ANOTHER_NAME: Final = (
    "Refused: the sandbox answers at localhost, at an address like 127.0.0.1 or at a name without "
    "a dot, and not at a public name."
)


class Fence:
    """Refuses what a foreign page in a browser sends to a page of the gateway; nothing is accepted.

    The sandbox's key is known to all, so any site could ring, charge, and have a hook posted to
    whatever listens on this machine. Programs say nothing of a site, and call by a name that is
    nobody else's.

    Args:
        app: The gateway's page.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        refusal = _refusal(scope)
        answer = self._app if refusal is None else PlainTextResponse(refusal, 403)
        await answer(scope, receive, send)


def is_foreign(headers: Headers) -> bool:
    """Return whether a page of another site asks, as browsers say of it and nobody else."""
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{headers.get('host', '')}".lower():
        return True
    return headers.get("sec-fetch-site", "none") not in _OURS


def _refusal(scope: Scope) -> str | None:
    headers = Headers(scope=scope)
    found = _HOST.fullmatch(headers.get("host", "").lower())
    if found is None or (_is_public(found[1]) and found[1] != _own_name(scope)):
        return _ANOTHER_NAME
    return _ANOTHER_SITE if is_foreign(headers) else None


def _is_public(name: str) -> bool:
    """Return whether a stranger may have the name, and lead it to this machine."""
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return "." in name and name.rpartition(".")[2] not in _PRIVATE
    return False


def _own_name(scope: Scope) -> str | None:
    """Return what is served under, where that is a name: in-process, any that a client calls by.

    On a socket it is an address, whatever the client says.
    """
    server = scope.get("server")
    return server[0].lower() if server else None
