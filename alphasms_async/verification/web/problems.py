"""What a page answers in place of a result: problem details, RFC 9457.

The public learns what to do, and nothing of our account, our store or the gateway. What went
wrong on our side stands in the log, phones masked.
"""

import logging
from collections.abc import Mapping
from http.client import responses
from math import ceil
from types import MappingProxyType
from typing import Final

from attrs import frozen
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from alphasms_async.errors import (
    AlphaSMSError,
    GatewayError,
    InvalidPhoneNumber,
    LimitReached,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    StoreError,
    VerificationError,
    VerificationOver,
)
from alphasms_async.phone import without_number

__all__ = ["NO_STORE", "PROBLEM_TYPE", "answer_problem"]

NO_STORE: Mapping[str, str] = MappingProxyType({"cache-control": "no-store"})
"""The headers of every answer: none is for a cache between us and the person."""

PROBLEM_TYPE: Final = "application/problem+json"
"""The content type of problem details."""

_log = logging.getLogger("alphasms_async")

_LATER = "no code can be sent right now: try again later"
# When nobody says for how long to wait.
_LATER_SECONDS = 5.0


@frozen
class _Row:
    """What one kind of error is answered with."""

    kind: type[AlphaSMSError]
    status: int
    detail: str
    is_worth_waiting: bool = False
    """Whether the same request may do better later, and sends nothing twice."""


# The first row that fits counts.
_ROWS = (
    _Row(InvalidPhoneNumber, 422, "phone is no phone number"),
    # One answer for all: a stranger does not learn which ids there were.
    _Row(VerificationOver, 404, "there is no such verification any more: start a new one"),
    _Row(LimitReached, 429, "too many codes were sent: wait a little", is_worth_waiting=True),
    _Row(StoreError, 503, _LATER, is_worth_waiting=True),
    _Row(VerificationError, 409, "this verification does not go on like this: start a new one"),
    _Row(NotSent, 503, _LATER, is_worth_waiting=True),
    _Row(OutcomeUnknown, 502, "nobody can say whether the phone rings: do not ask again at once"),
    _Row(RateLimited, 503, _LATER, is_worth_waiting=True),
    _Row(GatewayError, 502, "no code can be sent at the moment"),
    _Row(AlphaSMSError, 503, _LATER, is_worth_waiting=True),
)


async def answer_problem(_request: Request, error: Exception) -> Response:
    """Return an error as problem details; an exception handler for Starlette and FastAPI.

        app.add_exception_handler(AlphaSMSError, answer_problem)

    A bad phone is 422; a verification that is over, 404; a limit, 429; what is not sent or not
    kept, 503; a refusal of the gateway, 502. 429 and 503 tell by `Retry-After` when to try again.

    Args:
        error: An error of this package, or an `HTTPException`. Any other is raised again.
    """
    if isinstance(error, HTTPException):
        return _problem(error.status_code, str(error.detail), error.headers or {})
    if not isinstance(error, AlphaSMSError):
        raise error
    row = next(one for one in _ROWS if isinstance(error, one.kind))
    if row.status >= 500:
        _log.error("verification page: %s", error)
    return _problem(
        row.status,
        # It tells what would be right. A person sees what was typed: masked, it would only puzzle.
        without_number(str(error)) if isinstance(error, InvalidPhoneNumber) else row.detail,
        {"retry-after": str(ceil(_wait(error)))} if row.is_worth_waiting else {},
    )


def _wait(error: AlphaSMSError) -> float:
    """Return for how many seconds to wait, 1 or more."""
    told = error.retry_after if isinstance(error, LimitReached | GatewayError) else None
    return max(_LATER_SECONDS if told is None else told, 1.0)


def _problem(status: int, detail: str, headers: Mapping[str, str]) -> Response:
    # "about:blank" says that the status tells all there is to tell.
    content = {
        "type": "about:blank",
        "title": responses.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    return JSONResponse(content, status, {**NO_STORE, **headers}, PROBLEM_TYPE)
