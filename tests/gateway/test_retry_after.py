import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alphasms_async import errors
from alphasms_async.gateway import voice_php
from alphasms_async.gateway.refusals import retry_after
from tests.gateway.answers import PHONE, answer


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 17 "}, 17.0),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "9" * 400}, 999_999_999.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
        (
            {
                "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT",
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Wed, 21 Oct 2026 10:28:30 +0300",
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            30.0,
        ),
        (
            {
                "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT",
                "date": "Wed, 21 Oct 2026 07:28:30 GMT",
            },
            0.0,
        ),
        (
            {
                "retry-after": "Wed, 21 Oct 2026 07:28:30 -0000",
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            None,
        ),
        (
            {
                "retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
                "date": "Wed, 21 Oct 2026 07:28:00 GMT",
            },
            None,
        ),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_answers_own(
    headers: dict[str, str], seconds: float | None
) -> None:
    """`retry_after` reads both forms of the header, and is `None` for all that is neither."""
    assert seconds == retry_after(answer(status=429, headers=headers))


def test_a_refusal_in_words_tells_when_to_come_back() -> None:
    """`retry_after` stands on a documented refusal too."""
    with pytest.raises(errors.AccountBanned) as caught:
        voice_php.read_call(answer({"errors": ["Banned"]}, 403, {"retry-after": "17"}), PHONE)
    assert caught.value.retry_after == 17.0


@given(*[st.text(st.sampled_from("Mon, 0123456789:+-JanGMTxé\ud800 "), max_size=40)] * 2)
@example("Mon, 01 Jan 2024 00:00:00 +999999", "Mon, 01 Jan 2024 00:00:00 GMT")
@example("Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359")
def test_any_header_gives_seconds_or_none(told: str, date: str) -> None:
    """Whatever stands in the headers, `retry_after` is `None` or a number from 0 up."""
    seconds = retry_after(answer(status=429, headers={"retry-after": told, "date": date}))
    assert seconds is None or seconds >= 0
