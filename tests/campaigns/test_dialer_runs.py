"""One run after another of the same campaign, and campaigns that are not what was planned."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from alphasms_async import AlphaSMS, InvalidRequest
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.commands import Cancel
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.kinds import PlayRecording, kind_from_json
from alphasms_async.campaigns.redial import RedialPolicy
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.window import Window
from tests.campaigns.dialers import (
    HOOK,
    OTHER_RECORDING,
    RECORDING,
    Gateway,
    defined,
    desk,
    planned,
)
from tests.campaigns.journals import NAME, NOON, listed
from tests.doubles import KEY, accepted, phones, refused

pytestmark = pytest.mark.anyio


async def test_the_second_run_calls_whom_the_first_left() -> None:
    """Nobody twice, in whatever number of runs."""
    gateway = Gateway(*[accepted, refused("Banned")] * 5)
    async with desk(5, gateway, concurrency=1) as ready:
        finished: list[bool] = []
        for runs in range(1, 6):
            finished.append((await ready.dial()).is_finished)
            assert (await ready.states()).count("accepted") == runs
    assert finished == [False] * 4 + [True]
    # Five were accepted, and four refused for the account: nobody was asked for again.
    assert gateway.asked == 9


async def test_a_run_of_a_finished_campaign_calls_nobody() -> None:
    """It ends at once as the one before it ended."""
    async with desk(5) as ready:
        first = await ready.dial()
        gateway = Gateway()
        second = await ready.dial(gateway)
    assert gateway.asked == 0
    assert (second.is_finished, second.tally, second.money) == (True, first.tally, first.money)
    assert second.campaign == first.campaign


async def test_a_run_of_a_cancelled_campaign_calls_nobody() -> None:
    """Everybody is skipped, and it stays cancelled."""
    gateway = Gateway()
    async with desk(5, gateway) as ready:
        await ready.tell(Cancel(NAME))
        run = await ready.dial()
        assert await ready.counts() == {"skipped": 5}
    assert (gateway.asked, str(run.campaign.state), run.is_finished) == (0, "cancelled", True)


async def test_the_next_process_goes_on(tmp_path: Path) -> None:
    """Another journal of the same file, another campaign value of the same definition."""
    path = tmp_path / "calls.journal"
    gateway = Gateway(accepted, refused("Banned"))
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 9, gateway, budget=Decimal(9), hook=HOOK)
        await ready.dial()
    async with SqliteJournal(path) as journal:
        told = (await journal.campaign(NAME)).definition
        ready.journal = journal
        ready.campaign = Campaign.from_json(NAME, told, kind_from_json(told["kind"], RECORDING))
        await ready.dial()
        assert await ready.counts() == {"accepted": 9}


async def test_two_campaigns_of_one_journal_keep_apart() -> None:
    """Each calls its own list, a number that stands in both twice."""
    gateway = Gateway()
    async with desk(3, gateway) as ready:
        other = Campaign(name="autumn", kind=PlayRecording(OTHER_RECORDING))
        await ready.journal.plan("autumn", other.as_json(), listed(phones(4)[2:]))
        await ready.dial()
        assert gateway.rings == dict.fromkeys(phones(3), 1)
        await ready.dial(campaign=other)
    assert gateway.rings == {**dict.fromkeys(phones(4), 1), phones(3)[2]: 2}


CHANGES: dict[str, dict[str, Any]] = {
    "kind": {"kind": PlayRecording(OTHER_RECORDING)},
    "concurrency": {"concurrency": 8},
    "per_second": {"per_second": 5},
    "budget": {"budget": Decimal(6)},
    "max_price": {"max_price": Decimal("0.5")},
    "window": {"window": Window.parse("09:00-20:00")},
    "starts_at": {"starts_at": NOON},
    "expires_at": {"expires_at": NOON + timedelta(hours=1)},
    "redial": {"redial": RedialPolicy(1)},
    "hook": {"hook": HOOK},
    "most_uncertain": {"most_uncertain": 3},
    "list_sha256": {"list_sha256": "9f86d081884c7d65" * 4},
}


@pytest.mark.parametrize(("field", "change"), CHANGES.items(), ids=CHANGES)
async def test_a_changed_definition_is_refused(field: str, change: dict[str, Any]) -> None:
    """The line names what is otherwise; nobody is called and nothing is changed."""
    gateway = Gateway()
    async with desk(3, gateway, budget=Decimal(5)) as ready:
        changed = defined(**{"budget": Decimal(5), **change})
        before = await ready.record()
        with pytest.raises(InvalidRequest, match=rf"'spring' was planned otherwise \({field}\)"):
            await ready.dial(campaign=changed)
        assert await ready.counts() == {"planned": 3}
        assert await ready.record() == before
    assert gateway.asked == 0


async def test_a_key_press_that_was_not_planned_is_another_campaign() -> None:
    """The kind counts with all that is in it."""
    async with desk(3) as ready:
        changed = defined(kind=PlayRecording(RECORDING, dtmf=True))
        with pytest.raises(InvalidRequest, match="kind"):
            await ready.dial(campaign=changed)


async def test_where_the_recording_lies_may_change() -> None:
    """It is the same when its bytes are."""
    kind = PlayRecording(RECORDING, source="/tmp/old/promo.wav")  # noqa: S108 - never opened
    async with desk(3, kind=kind) as ready:
        await ready.dial(campaign=evolve(ready.campaign, kind=PlayRecording(RECORDING)))
        assert await ready.counts() == {"accepted": 3}


async def test_a_campaign_that_was_never_planned_is_refused() -> None:
    """The line names those there are."""
    gateway = Gateway()
    async with desk(3, gateway) as ready:
        other = evolve(ready.campaign, name="autumn")
        with pytest.raises(
            InvalidRequest, match=r"no campaign 'autumn' in this journal; .* spring"
        ):
            await ready.dial(campaign=other)
    assert gateway.asked == 0


async def test_no_line_of_a_changed_definition_tells_the_hook() -> None:
    """Its query is a secret."""
    async with desk(3, hook=HOOK) as ready:
        with pytest.raises(InvalidRequest) as caught:
            await ready.dial(campaign=evolve(ready.campaign, hook=f"{HOOK}0"))
    assert HOOK.partition("=")[2] not in str(caught.value)


async def test_a_dialer_outside_of_its_journal_says_so() -> None:
    """A journal that was not entered is the caller's slip, told in one line."""
    campaign = defined()
    async with AlphaSMS(KEY, transport=Gateway()) as alphasms:
        dialer = Dialer(alphasms, SqliteJournal("never.journal"), campaign)
        with pytest.raises(RuntimeError, match="enter the journal first"):
            await dialer.run()
