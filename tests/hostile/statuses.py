"""Answers in perfect HTTP whose status is not 200, to requests that arrived whole.

A 4xx was refused. A 5xx or a 408 is the voice of a proxy: the application behind it may
have had everything, and may have rung.
"""

from .answers import REFUSAL, SUCCESS, answer, page
from .behaviours import reply
from .situation import ANSWERED, UNKNOWN, Situation


def _page(status: int) -> Situation:
    is_refusal = status < 500 and status != 408
    return Situation(
        f"html_{status}",
        f"Answers {status} with an HTML page.",
        reply(page(status)),
        ANSWERED if is_refusal else UNKNOWN,
        shows=(str(status),),
    )


SITUATIONS = (
    *(_page(status) for status in (400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504)),
    Situation(
        "refusal_400",
        "Answers 400 with a documented refusal.",
        reply(answer(REFUSAL, status=400)),
        ANSWERED,
        shows=("400",),
    ),
    Situation(
        "refusal_500",
        "Answers 500 with a documented refusal.",
        reply(answer(REFUSAL, status=500)),
        UNKNOWN,
        shows=("500",),
    ),
    Situation(
        "success_500",
        "Answers 500 with the body of a success.",
        reply(answer(SUCCESS, status=500)),
        UNKNOWN,
        shows=("500",),
    ),
    Situation(
        "retry_after_for_ever",
        "Answers 429 and asks to wait for longer than the universe is old.",
        reply(page(429, "Retry-After: 99999999999999999999")),
        ANSWERED,
        shows=("429",),
    ),
    Situation(
        "retry_after_no_number",
        "Answers 429 and asks to wait until `soon`.",
        reply(page(429, "Retry-After: soon")),
        ANSWERED,
        shows=("429",),
    ),
)
