"""Two dialers on one file: the second is refused, be it a process or a task of the same one."""

from collections import Counter
from pathlib import Path

import anyio
import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState
from tests.campaigns.dialers import planned
from tests.doubles import FakeGateway, phones
from tests.torture import LONG
from tests.torture.commands import JOURNAL, NAME, RUN, Desk, Switchboard

COUNT = 2000 if LONG else 200
DIALERS, CONCURRENCY, ANSWERED = 3, 8, 5


def test_a_second_runner_is_refused_by_name(tmp_path: Path) -> None:
    """It is told who has the journal and calls nobody, while the first goes on and finishes."""
    numbers = phones(40)
    board = Switchboard()
    board.answered = ANSWERED
    with Desk.at(tmp_path, board, numbers) as desk:
        desk.plan("--concurrency", str(CONCURRENCY))
        with desk.start(*RUN) as first:
            assert board.wait(ANSWERED + CONCURRENCY, first)
            with desk.start(*RUN) as second:
                assert not board.wait(1, second)
                code, said = second.end()
            board.answered = COUNT
            ended, _ = first.end()
        figures = desk.read().figures(board)
    assert code == 2
    assert said.startswith(
        f"the journal {JOURNAL} is in use by alphasms campaign run {NAME} (process {first.pid} on "
    )
    assert len(said.splitlines()) == 1
    assert ended == 0
    assert figures.harm == (0, 0, 0)
    assert figures.accepted == len(numbers)


@pytest.mark.anyio
async def test_of_many_dialers_of_one_process_one_is_at_work(tmp_path: Path) -> None:
    """The others are refused in one line and ask for nothing; nobody rings twice or is left."""
    gateways = [FakeGateway() for _ in range(DIALERS)]
    refused = list[InvalidRequest]()
    async with SqliteJournal(tmp_path / "calls.journal") as journal:
        ready = await planned(journal, COUNT, concurrency=CONCURRENCY)

        async def dial(gateway: FakeGateway) -> None:
            try:
                await ready.dial(gateway)
            except InvalidRequest as error:
                refused.append(error)

        async with anyio.create_task_group() as group:
            for gateway in gateways:
                group.start_soon(dial, gateway)
        tally = await journal.tally(ready.id)
    rings = sum((gateway.rings for gateway in gateways), Counter[str]())
    assert rings == dict.fromkeys(phones(COUNT), 1)
    assert sorted(gateway.asked for gateway in gateways) == [*[0] * (DIALERS - 1), COUNT]
    assert [str(error)[:14] for error in refused] == ["another dialer"] * (DIALERS - 1)
    assert tally.states == {RowState.ACCEPTED: COUNT}
