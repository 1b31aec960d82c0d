"""`alphasms demo`: a whole campaign with its answers, offline."""

import re
import sys

import pytest

from alphasms_async.campaigns import Dialer, Run
from alphasms_async.cli.campaign.live import run_with_progress
from alphasms_async.cli.campaign.run import dial_campaign
from tests.cli.conftest import Alphasms, Ran
from tests.doubles import KEY

SECRET = "c56d0e9a7b1f4a3d8e2b"
KEYS = "1 yes", "2 no", "9 no more calls"


@pytest.fixture
def demo(alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """A demo of phones that ring for no time, in an environment that means something else."""
    monkeypatch.setattr("alphasms_async.cli.demo._RINGING_SECONDS", (0.0, 0.0))
    monkeypatch.setenv("ALPHASMS_BASE_URL", "https://alphasms.ua")
    monkeypatch.setenv("ALPHASMS_API_KEY", KEY)
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", SECRET)
    return alphasms("demo", "--count", "60", "--per-second", "1000")


@pytest.mark.parametrize(
    "arguments",
    [("--count", "0"), ("--count", "-5"), ("--count", "9" * 30), ("--per-second", "0")],
)
def test_demo_refuses_bad_numbers(alphasms: Alphasms, arguments: tuple[str, str]) -> None:
    """Numbers that no run can have are refused before anything starts."""
    ran = alphasms("demo", *arguments)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_demo_shows_the_whole_job(demo: Ran) -> None:
    """It dials its list on its own gateway, and takes no key or secret of the environment."""
    assert demo.code == 0, demo.err
    assert demo.err.endswith("next, with a list of yours: alphasms campaign plan --help\n")
    rings = demo.out.split("count: ")[1].split()
    assert rings[0] == rings[3], "as many rings as phones"
    assert "invalid" in demo.out
    assert not re.search(f"{KEY}|{SECRET}", demo.out + demo.err)


def test_stopped_demo_recommends_nothing_that_needs_its_journal(
    alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is kept, so there is no run to go on with."""

    async def stopped(name: str, dialer: Dialer) -> tuple[Run | None, bool]:
        dialer.stop()
        return await run_with_progress(name, dialer)

    # By its name the package gives the command.
    monkeypatch.setattr(sys.modules[dial_campaign.__module__], "run_with_progress", stopped)
    ran = alphasms("demo", "--count", "9")
    assert "planned" in ran.out
    assert "--journal" not in ran.err


def test_demo_says_what_is_happening(demo: Ran) -> None:
    """The gateway, the list, the receiver and the question are told before the first call."""
    gateway, planned, posts, asks = demo.err.splitlines()[:4]
    assert re.fullmatch(r"a gateway of our own answers at http://127\.0\.0\.1:\d+; .*", gateway)
    assert planned.startswith("planned ")
    assert re.search(r"to http://127\.0\.0\.1:\d+/hooks/alphasms, each hook signed$", posts)
    assert asks == f"the recording asks for a key: {', '.join(KEYS)}"


def test_demo_shows_the_survey(demo: Ran) -> None:
    """Each ring has its outcome, which came by hook, and keys are told by what they mean."""
    outcomes, keys = demo.out.split("\noutcomes\n")[1].split("\n\nkeys pressed\n")
    rings = int(demo.out.split("count: ")[1].split()[0])
    assert sum(int(count) for count in re.findall(r"(\d+) +\d+%", outcomes)) == rings
    labels = {line.rsplit(maxsplit=2)[0].strip() for line in keys.splitlines() if "%" in line}
    assert {KEYS[0]} <= labels <= {*KEYS, "no key"}
