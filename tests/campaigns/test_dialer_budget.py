"""The budget holds to the kopiyka, however many are in flight and whatever becomes of them."""

from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.budget import Budget
from alphasms_async.campaigns.commands import SetBudget
from alphasms_async.campaigns.halts import HaltReason
from alphasms_async.campaigns.kinds import Placed, PlayRecording, SpeakText
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.templates import Template
from tests.campaigns.dialers import (
    NOTHING,
    PRICE,
    Gateway,
    desk,
    lost,
    planned,
    priced,
    spoken,
    unreachable,
)
from tests.campaigns.journals import NAME
from tests.campaigns.tills import PAID, Till
from tests.campaigns.virtual import LOOPS
from tests.doubles import phones, refused

pytestmark = pytest.mark.anyio


async def spend(prices: int, workers: int, seed: int, quoted: Decimal | None) -> None:
    till, cap = Till(Random(seed)), prices * PRICE  # noqa: S311 - a lot, no secret
    async with desk(120, till, quoted=quoted, budget=cap, concurrency=workers) as ready:
        for _ in range(2):
            run = await ready.dial()
            assert till.charged <= prices
            assert till.most <= prices
            assert run.money.spent + run.money.held <= cap
            # A first answer that is lost holds all there is, where no price is known.
            assert run.money.spent + run.money.held >= till.charged * PRICE
            counts = await ready.counts()
            assert counts.get("accepted", 0) + counts.get("uncertain", 0) == till.charged
            # Nobody is forgotten either: all are called, or the run says why it stopped.
            assert run.is_finished or run.halt is not None


@pytest.mark.parametrize("loop", LOOPS)
@settings(max_examples=25)
@given(
    prices=st.integers(1, 60),
    workers=st.integers(1, 500),
    seed=st.integers(0, 2**32),
    quoted=st.sampled_from([None, PRICE]),
)
def test_never_more_is_accepted_than_the_budget_pays(
    loop: str, prices: int, workers: int, seed: int, quoted: Decimal | None
) -> None:
    """With a cap of so many prices, no more calls are accepted or may have been, run after run."""
    work = partial(spend, prices, workers, seed, quoted)
    anyio.run(work, backend=loop, backend_options=LOOPS[loop]())


@pytest.mark.parametrize("workers", [1, 7, 500])
async def test_a_cap_of_so_many_prices_pays_for_so_many_calls(workers: int) -> None:
    """All of it is spent, and not one kopiyka more."""
    gateway = Gateway(then=PAID)
    limits: dict[str, Any] = {"budget": 40 * PRICE, "concurrency": workers}
    async with desk(600, gateway, quoted=PRICE, **limits) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 40, "planned": 560}
    assert (gateway.asked, run.money.spent, run.money.held) == (40, 40 * PRICE, NOTHING)
    assert run.halt is not None
    assert run.halt.reason is HaltReason.BUDGET


async def test_a_kopiyka_short_of_a_price_is_not_enough() -> None:
    """What does not pay for a whole call pays for none."""
    async with desk(9, Gateway(then=PAID), budget=Decimal("1.1999"), max_price=PRICE) as ready:
        run = await ready.dial()
    assert run.money.spent == Decimal("0.80")


async def test_what_was_refused_or_not_sent_is_there_for_others() -> None:
    """Only what is accepted costs anything."""
    gateway = Gateway(PAID, refused("Operator not supported"), unreachable, then=PAID)
    async with desk(9, gateway, budget=3 * PRICE, concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 3, "refused": 1, "planned": 5}
    assert (run.money.spent, run.money.held) == (3 * PRICE, NOTHING)


async def test_what_is_unknown_stays_held() -> None:
    """A call without a readable answer may be paid, so its money is for nobody else."""
    gateway = Gateway(PAID, lost, then=PAID)
    async with desk(9, gateway, budget=3 * PRICE, concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 2, "uncertain": 1, "planned": 6}
    assert (run.money.spent, run.money.held) == (2 * PRICE, PRICE)
    assert "0.80 spent, 0.40 held for unknown outcomes or prices" in str(run.campaign.halted)


async def test_a_lost_first_answer_holds_the_whole_budget() -> None:
    """While no price is known, it may have cost all there is, and the run says how to go on."""
    gateway = Gateway(lost, then=PAID)
    async with desk(9, gateway, budget=Decimal(1)) as ready:
        for _ in range(2):
            run = await ready.dial()
            assert await ready.counts() == {"uncertain": 1, "planned": 8}
            assert (gateway.asked, run.money.spent, run.money.held) == (1, NOTHING, Decimal(1))
            assert run.halt is not None
            assert run.halt.reason is HaltReason.UNPRICED
            assert run.halt.text == (
                "no price is known, so a call whose outcome is unknown holds all of the budget "
                "that is left (1): tell what a call may cost at most, with --max-price, to go on"
            )


@pytest.mark.parametrize("told", ["max_price", "quoted"])
async def test_a_price_that_is_told_later_frees_the_rest(told: str) -> None:
    """What the first call may have cost is held at that price from then on, to the kopiyka."""
    async with desk(9, Gateway(lost), budget=4 * PRICE) as ready:
        await ready.dial()
        campaign = ready.campaign
        if told == "max_price":
            await ready.tell(SetBudget(NAME, f"{4 * PRICE:f}", max_price=f"{PRICE:f}"))
            campaign = evolve(campaign, max_price=PRICE)
        else:
            await ready.journal.quote(NAME, PRICE)
        gateway = Gateway(then=PAID)
        run = await ready.dial(gateway, campaign)
        assert await ready.counts() == {"uncertain": 1, "accepted": 3, "planned": 5}
    assert (gateway.asked, run.money.spent, run.money.held) == (3, 3 * PRICE, PRICE)
    assert run.halt is not None
    assert run.halt.reason is HaltReason.BUDGET


async def test_a_budget_that_is_set_later_counts_what_came_before() -> None:
    """Also the calls whose outcome was lost before anybody knew a price, or set a limit."""
    async with desk(9, Gateway(lost, PAID, refused("Banned")), concurrency=1) as ready:
        run = await ready.dial()
        assert run.money.held == PRICE
        await ready.tell(SetBudget(NAME, f"{3 * PRICE:f}"))
        run = await ready.dial(Gateway(then=PAID), evolve(ready.campaign, budget=3 * PRICE))
        assert await ready.counts() == {"uncertain": 1, "accepted": 2, "planned": 6}
    assert (run.money.spent, run.money.held) == (2 * PRICE, PRICE)


async def test_a_call_left_by_a_dialer_that_died_is_held_in_the_same_way(tmp_path: Path) -> None:
    """Its outcome is as unknown, and no price is known either."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, 3, Gateway(then=PAID), budget=Decimal(1))
        await journal.claim(ready.id, reserved=Decimal(1))
    async with SqliteJournal(path) as journal:
        ready.journal = journal
        run = await ready.dial()
        assert (str(run.campaign.halted), run.money.held) == (str(run.halt), Decimal(1))
        assert run.halt is not None
        assert run.halt.reason is HaltReason.UNPRICED
        await journal.quote(NAME, PRICE)
        run = await ready.dial()
        assert (run.money.spent, run.money.held) == (PRICE, PRICE)


async def test_an_answer_without_a_price_costs_what_was_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call that was accepted is paid, also when nobody says how much."""
    place = PlayRecording.place

    async def silent(*given: Any) -> Placed:
        return evolve(await place(*given), price=None)

    monkeypatch.setattr(PlayRecording, "place", silent)
    gateway = Gateway(then=PAID)
    async with desk(9, gateway, quoted=PRICE, budget=3 * PRICE) as ready:
        run = await ready.dial()
    assert (gateway.asked, run.money.spent, run.money.held) == (3, NOTHING, 3 * PRICE)


async def test_what_cannot_be_learnt_of_a_call_is_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An accepted call is accepted though its price breaks the sums; nobody is called after it."""

    def settle(*_: Any) -> None:
        raise ArithmeticError("told")

    monkeypatch.setattr(Budget, "settle", settle)
    gateway = Gateway(then=PAID)
    async with desk(9, gateway, quoted=PRICE, budget=9 * PRICE) as ready:
        with pytest.raises(ArithmeticError, match="told"):
            await ready.dial()
        assert await ready.counts() == {"accepted": 1, "planned": 8}
        assert (await ready.journal.money(ready.id)).spent == PRICE
    assert gateway.asked == 1


async def test_a_price_of_many_digits_is_spent_exactly() -> None:
    """More digits than arithmetic usually keeps are no reason to stop, and none is lost."""
    price = "12345678901.01234567890123456789"
    gateway = Gateway(then=priced(price))
    async with desk(4, gateway, budget=Decimal(10**11), concurrency=3) as ready:
        run = await ready.dial()
    assert (run.halt, run.is_finished) == (None, True)
    assert str(run.money.spent) == "49382715604.04938271560493827156"


async def test_the_highest_price_seen_is_reckoned_with() -> None:
    """Prices differ by operator: none is begun that the dearest of them might not be paid for."""
    prices = [priced(price) for price in ("0.90", "0.40", "0.40", "0.90")]
    async with desk(9, Gateway(*prices, then=PAID), budget=Decimal(3), concurrency=1) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 4, "planned": 5}
    assert run.money.spent == Decimal("2.60")


async def test_a_run_goes_on_with_what_earlier_ones_left(tmp_path: Path) -> None:
    """What they spent and what they hold is gone, also for a process that begins anew."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        gateway = Gateway(PAID, PAID, lost, refused("Banned"))
        ready = await planned(journal, 20, gateway, budget=5 * PRICE, concurrency=1)
        await ready.dial()
    async with SqliteJournal(path) as journal:
        ready.journal = journal
        gateway = Gateway(then=PAID)
        run = await ready.dial(gateway)
        assert (gateway.asked, run.money.spent, run.money.held) == (2, 4 * PRICE, PRICE)
        again = Gateway(then=PAID)
        await ready.dial(again)
        assert again.asked == 0


def texts(count: int, parts: int) -> list[PlannedRow]:
    """Return recipients of a text that costs so many prices."""
    return [PlannedRow(line, phone, parts=parts) for line, phone in enumerate(phones(count), 1)]


TEXT = SpeakText(Template("Добрий день"))


async def test_a_text_costs_its_parts() -> None:
    """The gateway tells no price, so each part is reckoned at the most it may cost."""
    limits: dict[str, Any] = {"kind": TEXT, "budget": Decimal(10), "max_price": Decimal("1.50")}
    async with desk(texts(9, 2), Gateway(then=spoken(2)), **limits) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 3, "planned": 6}
    assert (run.money.spent, run.money.held) == (Decimal(9), NOTHING)
    assert "3.00" in str(run.campaign.halted) or "1.50" in str(run.campaign.halted)


async def test_fewer_parts_than_planned_cost_less() -> None:
    """The parts that the gateway tells count; the rest of the reservation is free again."""
    limits: dict[str, Any] = {"kind": TEXT, "budget": Decimal(10), "max_price": Decimal("1.50")}
    async with desk(texts(9, 2), Gateway(then=spoken(1)), concurrency=1, **limits) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 5, "planned": 4}
    assert run.money.spent == Decimal("7.50")


async def test_more_parts_than_planned_stop_the_run() -> None:
    """What costs more than was held for it is a price that nobody reckoned with."""
    limits: dict[str, Any] = {"kind": TEXT, "budget": Decimal(5), "max_price": Decimal(1)}
    async with desk(texts(9, 1), Gateway(then=spoken(3)), **limits) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 1, "planned": 8}
    assert run.halt is not None
    assert (run.halt.reason, run.money.spent) == (HaltReason.PRICE, Decimal(3))


async def test_without_a_budget_a_texts_price_is_not_reckoned() -> None:
    """Where nothing tells what it costs, nothing is spent, and nobody is stopped for it."""
    async with desk(texts(9, 1), Gateway(then=spoken(3)), kind=TEXT) as ready:
        run = await ready.dial()
        assert await ready.counts() == {"accepted": 9}
    assert (run.money.spent, run.money.highest) == (NOTHING, None)
