import pytest

from alphasms_async.campaigns.spans import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("7d", 604_800), ("1D2H3M4S", 93_784), ("0s", 0)],
)
def test_span_is_read_as_people_write_it(text: str, seconds: int) -> None:
    """Days, hours, minutes and seconds, the largest first, any of them left out."""
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "30m1h", "-5m", "1.5h", "5 m", "5m\n", "٥m", "9" * 99]
)
def test_text_that_is_no_span_is_none(text: str) -> None:
    """A number without its unit is not guessed at."""
    assert seconds_of(text) is None
