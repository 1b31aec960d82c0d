"""Many machines at one campaign: whatever becomes of them, nobody rings twice or is lost."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import anyio
import pytest
from attrs import evolve, field, frozen

from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.states import RowState
from alphasms_async.workers import start_runners
from tests.doubles import phones
from tests.postgresql import Server
from tests.torture import LONG
from tests.torture.audits import (
    Audit,
    audited,
    busiest_second,
    keep_grants,
    over,
    overlaps,
    too_early,
)
from tests.torture.commands import AUDIO, Desk, Switchboard, tell
from tests.torture.machines import DIALER, WORKER, Fleet, Site, blows
from tests.torture.workloads import NAME, RECORDING, Figures, campaign

SEEDS = range(10 if LONG else 1)
MACHINES, CONCURRENCY = 4, 6
ANSWER_SECONDS = 0.02
FEW = 5000 if LONG else 800
# What is left of a campaign when the last blow has fallen.
REST = 0.25

BUDGET = Decimal("0.25") * FEW
PRICES = [Decimal(price) for price in ("0.50", "0.45", "0.40", "0.30")]
# What the answers to machines that are gone free at most; the next run counts it anew.
FREED = MACHINES * CONCURRENCY * (max(PRICES) - min(PRICES))
PER_SECOND = 120.0


@frozen
class Scenario:
    """A campaign, and what befalls the machines that dial it."""

    count: int
    """How many recipients it has."""
    befalls: Mapping[str, int]
    """How often each thing happens."""
    program: str = DIALER
    """What the machines run."""
    limits: Mapping[str, Any] = field(factory=dict[str, Any])
    """What it may cost, and how fast it may be."""


SCENARIOS = {
    "workers": Scenario(5000, {"kill": 10, "freeze": 3, "crash": 2}, WORKER),
    "budget": Scenario(FEW, {"kill": 4, "freeze": 1, "crash": 1}, limits={"budget": BUDGET}),
    "pace": Scenario(FEW, {"kill": 4, "freeze": 1, "crash": 1}, limits={"per_second": PER_SECOND}),
}


async def plan(site: Site, scenario: Scenario) -> None:
    """Plan a campaign at the highest price there will be; have workers dial it, if any."""
    kind = PlayRecording(RECORDING, source=str(site.desk.folder / AUDIO))
    definition = evolve(campaign(**scenario.limits), kind=kind)
    listed = enumerate(phones(scenario.count), start=1)
    async with PostgresJournal(site.dsn) as journal:
        await journal.plan(
            NAME,
            definition.as_json(),
            [PlannedRow(line, phone) for line, phone in listed],
            per_second=definition.per_second,
            quoted=max(PRICES),
        )
    if scenario.program == WORKER:
        await start_runners(site.dsn, NAME, MACHINES)


def tortured(scenario: Scenario, seed: int, board: Switchboard, folder: Path) -> Audit:
    """Have machines dial a campaign to its end, whatever befalls them; read the journal then."""
    rng = Random(seed)  # noqa: S311 - chance that can be had again
    budget = scenario.limits.get("budget")
    calls = scenario.count if budget is None else int(budget / max(PRICES))
    with Server() as server, Desk.at(folder, board, []) as desk:
        dsn = server.create_database("calls")
        site = Site(desk, board, server, dsn, CONCURRENCY, scenario.program)
        anyio.run(plan, site, scenario)
        keep_grants(dsn)
        with Fleet.of(MACHINES, site, rng) as fleet:
            for blow in blows(rng, scenario.befalls, int(calls * (1 - REST))):
                fleet.suffer(blow)
                board.sandbox.price = rng.choice(PRICES)
            anyio.run(over, dsn)
            fleet.end()
        return anyio.run(audited, dsn)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_lost_machines_ring_nobody_twice(name: str, seed: int, tmp_path: Path) -> None:
    """Killed, frozen past their lease, without a database: 0 twice, 0 lost, all within limits."""
    scenario = SCENARIOS[name]
    board = Switchboard(ANSWER_SECONDS)
    audit = tortured(scenario, seed, board, tmp_path)
    figures = Figures.of(audit.rows, board.rang, scenario.count)
    calls = board.sandbox.calls()
    spent = sum((call.price for call in calls), Decimal(0))
    busiest = busiest_second(board.asked)
    tell(f"{name}, seed {seed}: {figures}, spent {spent}, {busiest} at most in one second")
    assert figures.harm == (0, 0, 0)
    assert audit.most_unknown <= CONCURRENCY
    check_money(audit, spent)
    check_pace(audit, board.asked)


def check_money(audit: Audit, spent: Decimal) -> None:
    """Check that the budget was never exceeded, and that none of it was lost with a machine."""
    budget, held = audit.record.budget, audit.money.held
    if budget is None:
        assert not audit.among(RowState.PLANNED)
        return
    assert spent <= audit.money.spent + held <= budget
    assert audit.among(RowState.PLANNED)
    assert budget - audit.money.spent - held < max(PRICES) + FREED


def check_pace(audit: Audit, asked: Sequence[float]) -> None:
    """Check that no start was given out twice, and that nobody began without one."""
    if audit.record.per_second is None:
        assert not audit.grants
        return
    assert overlaps(audit.grants) == 0
    assert too_early(asked, audit.grants) == 0
