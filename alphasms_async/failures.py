"""How the failure of a library below is told: in words, without anything that we sent."""

import re

from alphasms_async.errors import AlphaSMSError
from alphasms_async.gateway.wire import Request
from alphasms_async.phone import mask_digits

__all__ = ["reason_of", "tellable"]

_QUOTED = re.compile(r"""(?:bytearray\()?\bb\\?["'].*""", re.DOTALL)
# Whose texts are known to hold nothing of an answer but what is cut off below.
_KNOWN = frozenset({"anyio", "builtins", "h11", "httpcore", "httpx", "socket", "ssl", "trio"})


def reason_of(failure: Exception | None, request: Request) -> str:
    """Return why a request was not answered; `None` is the total deadline."""
    if failure is None:
        return "the total deadline passed"
    if isinstance(failure, AlphaSMSError):
        return str(failure).removeprefix(f"{request.asked}: ")
    known = type(failure).__module__.partition(".")[0] in _KNOWN
    text = _plain(_text(failure), request)[:200].rstrip(".") if known else ""
    return f"{type(failure).__name__}: {text}" if text else type(failure).__name__


def tellable(failure: Exception | None, request: Request) -> Exception | None:
    """Return the exception to chain; `None` when its traceback would tell what must not be told."""
    below: BaseException | None = failure
    seen: list[BaseException] = []  # an exception that was raised again may stand below itself
    while below is not None and below not in seen:
        # A group shows the texts of all that is in it.
        if isinstance(below, BaseExceptionGroup) or _plain(_text(below), request) != _text(below):
            return None
        seen.append(below)
        below = below.__cause__ or below.__context__
    return failure


def _text(failure: BaseException) -> str:
    try:
        return str(failure)
    except Exception:  # noqa: BLE001 - somebody else's code, which must not hide what happened
        return ""


def _plain(text: str, request: Request) -> str:
    """Leave out the key, phones, and all from the first bytes on.

    Libraries quote what they cannot make sense of, and that may be an answer with a code in it.
    """
    return _QUOTED.sub("…", mask_digits(text.replace(request.api_key, "***")))
