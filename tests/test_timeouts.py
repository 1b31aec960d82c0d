from typing import Any

import httpx
import pytest

from alphasms_async.errors import ConfigurationError
from alphasms_async.timeouts import Timeouts, check_timeout


@pytest.mark.parametrize(
    ("body_bytes", "write"), [(0, 30.0), (64 * 1024, 31.0), (5 * 1024 * 1024, 110.0)]
)
def test_the_defaults_grow_with_the_body(body_bytes: int, write: float) -> None:
    """Connect 10 s, write 30 s plus the body at 64 KB a second, read 60 s, and 10 s to spare."""
    expected = Timeouts(10.0, write, 60.0, total=10.0 + write + 60.0 + 10.0)
    assert expected == Timeouts.of(None, body_bytes)


@pytest.mark.parametrize("seconds", [0.001, 5.0, 3600.0])
def test_a_number_limits_the_whole_request(seconds: float) -> None:
    """One number is the limit of each phase and of all together."""
    assert Timeouts(seconds, seconds, seconds, total=seconds) == Timeouts.of(seconds, 10**6)


def test_phases_of_ones_own_are_summed() -> None:
    """An `httpx.Timeout` limits each phase, and their sum plus 10 s the whole."""
    timeout = httpx.Timeout(connect=1, write=2, read=3, pool=400)
    assert Timeouts(1, 2, 3, total=16.0) == Timeouts.of(timeout, 10**6)


@pytest.mark.parametrize("phase", ["connect", "write", "read"])
def test_a_phase_without_a_limit_takes_the_total_away(phase: str) -> None:
    """A request that may read for ever has no deadline of its own."""
    timeout = httpx.Timeout(**{"connect": 1, "write": 2, "read": 3, "pool": 4, phase: None})
    assert Timeouts.of(timeout, 0).total is None


def test_a_pool_without_a_limit_takes_nothing_away() -> None:
    """Waiting for a pool is bounded by the total, whatever its own limit says."""
    limits = Timeouts.of(httpx.Timeout(5, pool=None), 0)
    assert limits.as_extension() == {"connect": 5, "write": 5, "read": 5, "pool": 25.0}


def test_the_phases_are_told_as_httpx_transports_take_them() -> None:
    """The extension holds every phase, the pool's being the total."""
    assert (Timeouts.of(None, 0).as_extension()) == {
        "connect": 10.0,
        "write": 30.0,
        "read": 60.0,
        "pool": 110.0,
    }


@pytest.mark.parametrize("timeout", [None, httpx.Timeout(5), httpx.Timeout(None, connect=3)])
def test_a_usable_timeout_is_returned_as_it_is(timeout: Any) -> None:
    """No limit, and limits for each phase, are the caller's to choose."""
    assert timeout is check_timeout(timeout)


@pytest.mark.parametrize("timeout", [1, 1.0, 0.001])
def test_a_number_becomes_seconds(timeout: float) -> None:
    """A number above 0 is a float of seconds."""
    checked = check_timeout(timeout)
    assert timeout == checked
    assert isinstance(checked, float)


@pytest.mark.parametrize(
    ("timeout", "reason"),
    [
        (0, "timeout is a number of seconds above 0, not 0"),
        (-1.5, "timeout is a number of seconds above 0, not -1.5"),
        (float("nan"), "timeout is a number of seconds above 0, not nan"),
        (float("inf"), "timeout is a number of seconds above 0, not inf"),
        (10**400, f"timeout is a number of seconds above 0, not {10**400}"),
        (True, "timeout is seconds or an httpx.Timeout, not bool"),
        ("5", "timeout is seconds or an httpx.Timeout, not str"),
        ((5, 5), "timeout is seconds or an httpx.Timeout, not tuple"),
        (httpx.Timeout(0), "timeout is a number of seconds above 0, not 0"),
        (httpx.Timeout(5, read=-1), "timeout is a number of seconds above 0, not -1"),
        (httpx.Timeout(5, pool=float("nan")), "timeout is a number of seconds above 0, not nan"),
        (httpx.Timeout("5"), "timeout is seconds or an httpx.Timeout, not str"),  # type: ignore[arg-type]  # the very thing that is refused
    ],
)
def test_what_is_no_time_is_refused(timeout: Any, reason: str) -> None:
    """What cannot limit anything is refused by its value or its type."""
    with pytest.raises(ConfigurationError) as caught:
        check_timeout(timeout)
    assert reason == str(caught.value)
