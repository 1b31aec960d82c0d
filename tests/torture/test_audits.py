"""What judges many machines finds what it is to find."""

import pytest

from tests.torture.audits import Grant, busiest_second, overlaps, too_early

FAIR = [Grant(100.0, 100.5, 4), Grant(100.5, 101.0, 4), Grant(107.0, 107.25, 4)]


def test_starts_of_a_grant_are_evenly_spread() -> None:
    """The first is at once, and the next grant's is no nearer to the last than they are."""
    assert Grant(100.0, 100.5, 4).slots == [100.0, 100.25]


@pytest.mark.parametrize(
    ("grants", "found"),
    [
        (FAIR, 0),
        ([Grant(100.0, 100.5, 4), Grant(100.0, 100.5, 4)], 1),
        ([Grant(100.0, 101.0, 4), Grant(100.75, 101.0, 4)], 1),
    ],
)
def test_starts_that_are_too_near_are_found(grants: list[Grant], found: int) -> None:
    """Each grant begins where the one before it ended, or later."""
    assert overlaps(grants) == found


@pytest.mark.parametrize(
    ("begun", "found"),
    [
        ([100.0, 100.3, 100.5, 100.8, 107.1], 0),
        ([100.4, 100.4, 100.6, 100.8], 0),
        ([100.0, 100.1, 100.5], 1),
        ([100.0, 100.3, 100.5, 100.8, 107.1, 107.2], 1),
    ],
)
def test_calls_before_their_start_are_found(begun: list[float], found: int) -> None:
    """At no moment have more calls begun than there were starts; a start may go unused."""
    assert too_early(begun, FAIR) == found


def test_busiest_second_is_anywhere() -> None:
    """A second is any that long, and one moment of it is outside."""
    assert busiest_second([0.0, 0.9, 1.0, 1.8, 1.95]) == 3
    assert busiest_second([]) == 0
