"""A journal that opens and holds what nobody ever wrote there: one clear line, and no dialling."""

import re
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing, suppress
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphasms_async.campaigns.commands import AddDoNotCall, Pause, SetBudget
from alphasms_async.campaigns.events import CallEvent
from alphasms_async.campaigns.export import export_rows
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.report import report_of
from alphasms_async.campaigns.sqlite import SqliteJournal, tell
from alphasms_async.campaigns.sqlite.inbox import Inbox
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.errors import InvalidRequest, JournalError
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, PRICE, Stage, Time, redialing, staged
from tests.campaigns.paths import read
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ID = 100500
DAMAGED = (
    r"the journal \S+ (is damaged: an? \w+ cannot be read|cannot be used: it is damaged): "
    "put back a copy of it"
)
MOMENTS = (1e300, -1e300, 1e18, float("inf"))
SUMS = ("NaN", "Infinity", "abc", "", "1e999", "-1", "1e-999999999", "0.40.40")
WORDS = ("sang", "", "380501234567")
DEEP = "[" * 100_000

WRONG: Mapping[str, tuple[Any, ...]] = {
    "campaign.state": WORDS,
    "campaign.definition": (
        *("", "{", "null", "[]", "5", '"text"', DEEP),
        *('{"budget": 5}', '{"budget": "much"}', '{"max_price": "NaN"}', '{"kind": []}'),
        *('{"window": "day"}', '{"window": {"hours": "9-20", "days": "x", "zone": "UTC"}}'),
        *('{"redial": 2}', '{"redial": {"times": 99, "after_seconds": 1, "on": []}}'),
        *('{"starts_at": "noon"}', '{"expires_at": 5}'),
        *('{"opt_out": "10"}', '{"opt_out": ""}', '{"opt_out": 9}'),
    ),
    "campaign.per_second": (0.0, -1.0, float("inf")),
    "campaign.quoted": SUMS,
    "campaign.parts": (0, -1),
    "campaign.created_at": MOMENTS,
    "campaign.finished_at": MOMENTS,
    "recipient.state": WORDS,
    "recipient.reason": WORDS,
    "recipient.not_before": MOMENTS[:3],
    "recipient.columns": ("{", "null", "[]", "5", '{"name": 5}', DEEP),
    "attempt.claimed_at": MOMENTS,
    "attempt.settled_at": MOMENTS,
    "attempt.told_at": MOMENTS,
    "attempt.verdict": WORDS,
    "attempt.outcome": WORDS,
    "attempt.price": SUMS,
    "attempt.reserved": SUMS,
}
"""What stands in no column of a journal that we wrote."""

_BOOKS: list[bytes] = []


async def book(path: Path) -> None:
    """Write a journal with a recipient of nearly each kind, the same each time."""
    if not _BOOKS:
        await _write(path, Time())
        _BOOKS.append(read(path))
    put(path, _BOOKS[0])


async def _write(path: Path, time: Time) -> None:
    numbers = [*phones(6), None]
    rows = [
        PlannedRow(line, phone, "?", {"name": "Olena"}) for line, phone in enumerate(numbers, 1)
    ]
    async with SqliteJournal(path, clock=time) as journal:
        await journal.plan(NAME, redialing(), rows, per_second=5, quoted=PRICE)
        stage = Stage(journal, time, (await journal.campaign(NAME)).id)
        for verdict in (Verdict.ACCEPTED, Verdict.REFUSED, Verdict.UNCERTAIN):
            ref = (await stage.claim(reserved=PRICE)).ref
            await stage.settle(ref, verdict, price=PRICE if verdict is Verdict.ACCEPTED else None)
        await stage.event(CallOutcome.ANSWERED, (await stage.claim()).ref, digits="7", seconds=9)
        await stage.attempt(Verdict.NOT_SENT, rest_seconds=30)


def put(path: Path, content: bytes) -> None:
    """Make a file of these bytes."""
    path.write_bytes(content)


def damage(path: Path, column: str, value: object) -> None:
    """Write something into each row of a column."""
    table, name = column.split(".")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"update or ignore {table} set {name} = ?", (value,))  # noqa: S608 - ours
        connection.commit()


Use = Callable[[SqliteJournal, int], Awaitable[object]]

READS: Mapping[str, Use] = {
    "campaigns": lambda journal, _: journal.campaigns(),
    "campaign": lambda journal, _: journal.campaign(NAME),
    "tally": lambda journal, campaign: journal.tally(campaign),
    "money": lambda journal, campaign: journal.money(campaign),
    "rows": lambda journal, campaign: journal.rows(campaign),
    "attempts": lambda journal, campaign: journal.attempts(campaign),
    "next due": lambda journal, campaign: journal.next_due(campaign),
    "report": lambda journal, _: report_of(journal, NAME),
    "export": lambda journal, _: export_rows(journal, NAME, "csv", BytesIO()),
}


async def _told(journal: SqliteJournal, campaign: int) -> None:
    for row in await journal.rows(campaign):
        event = CallEvent(outcome=CallOutcome.NO_ANSWER, id=row.gateway_id, seconds=1, digits="1")
        await journal.record(event)


async def _dialled(journal: SqliteJournal, campaign: int) -> None:
    time = Time()
    time.forward(3600)
    stage = Stage(journal, time, campaign)
    for number in range(3):
        claimed = await journal.claim(campaign, reserved=Decimal(1))
        if claimed is None:
            return
        assert claimed.phone.isdigit()
        assert all(isinstance(value, str) for value in claimed.columns.values())
        await stage.event(CallOutcome.NO_ANSWER, claimed.ref)
        await stage.settle(claimed.ref, Verdict.ACCEPTED, gateway_id=ID + number)


WRITES: Mapping[str, Use] = {
    "told": _told,
    "dialled": _dialled,
    "budget": lambda journal, _: journal.apply(SetBudget(NAME, "500.00")),
    "pause": lambda journal, _: journal.apply(Pause(NAME)),
    "finish": lambda journal, campaign: journal.finish(campaign),
}


async def uses(path: Path, all_of: Mapping[str, Use], *, read_only: bool) -> dict[str, str]:
    """Do all of them, each in a journal opened for it; return what those said that failed."""
    said: dict[str, str] = {}
    for word, use in all_of.items():
        try:
            async with SqliteJournal(path, read_only=read_only, clock=Time()) as journal:
                await use(journal, 1)
        except JournalError as error:
            said[word] = str(error)
        except InvalidRequest:
            # The campaign is called otherwise now, or over.
            continue
    return said


@pytest.mark.parametrize(
    ("column", "value"),
    [(column, value) for column, values in WRONG.items() for value in values],
    ids=lambda value: str(value)[:40],
)
async def test_a_damaged_value_is_one_clear_line(tmp_path: Path, column: str, value: Any) -> None:
    """Whoever reads it or would dial by it is told that the journal is damaged, and of no phone."""
    path = tmp_path / "calls.journal"
    await book(path)
    damage(path, column, value)
    said = await uses(path, READS, read_only=True)
    said |= await uses(path, WRITES, read_only=False)
    assert said
    for line in said.values():
        assert re.fullmatch(DAMAGED, line)


COLUMNS = st.sampled_from(
    [
        *WRONG,
        *("campaign.name", "campaign.halted", "campaign.first", "campaign.last"),
        *("recipient.given", "recipient.line", "recipient.attempts"),
        *("attempt.n", "attempt.error", "attempt.digits", "attempt.seconds", "attempt.gateway_id"),
        *("attempt.client_id", "attempt.campaign", "owner.host", "owner.since"),
    ]
)
VALUES = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from([one for values in WRONG.values() for one in values])
)


@settings(max_examples=60, deadline=None)
@given(column=COLUMNS, value=VALUES)
async def test_no_value_is_more_than_one_clear_line(column: str, value: Any) -> None:
    """Whatever stands in whatever column, reads and writes work or say that it is damaged."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.journal"
        await book(path)
        with suppress(sqlite3.IntegrityError):
            damage(path, column, value)
        said = await uses(path, READS, read_only=True)
        said |= await uses(path, WRITES, read_only=False)
        for line in said.values():
            assert re.fullmatch(DAMAGED, line)


@pytest.mark.parametrize("phone", ["", "abc", "+380501234567", None])
async def test_a_phone_that_is_none_is_not_dialled(tmp_path: Path, phone: str | None) -> None:
    """Whoever would dial it is told, and nobody else is dialled after that."""
    path = tmp_path / "calls.journal"
    await book(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("update recipient set phone = ? where line = 6", (phone,))
        connection.commit()
    async with SqliteJournal(path, clock=Time()) as journal:
        for _ in range(2):
            with pytest.raises(JournalError) as caught:
                await journal.claim(1)
            assert re.fullmatch(DAMAGED, str(caught.value))
        assert await journal.rows(1, states=[RowState.DIALING]) == []


async def test_a_text_that_is_none_is_one_clear_line(tmp_path: Path) -> None:
    """SQLite would show it, and it may be half a phone."""
    path = tmp_path / "calls.journal"
    await book(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("update recipient set phone = cast(x'333830ff' as text) where line = 1")
        connection.commit()
    async with SqliteJournal(path, read_only=True) as journal:
        with pytest.raises(JournalError) as caught:
            await journal.rows(1)
    said = "it is damaged: put back a copy of it"
    assert str(caught.value) == f"the journal {path} cannot be used: {said}"


async def test_a_damaged_journal_takes_no_command(tmp_path: Path) -> None:
    """Whoever asks is told, and so is whoever writes it when the command waits in the inbox."""
    path = tmp_path / "calls.journal"
    await book(path)
    damage(path, "campaign.definition", "{")
    with pytest.raises(JournalError) as caught:
        await tell(path, [Pause(NAME)], clock=Time())
    assert re.fullmatch(DAMAGED, str(caught.value))
    with Inbox(path) as inbox:
        inbox.put([Pause(NAME)])
    async with SqliteJournal(path, clock=Time()) as journal:
        with pytest.raises(JournalError) as caught:
            await journal.drain()
    assert re.fullmatch(DAMAGED, str(caught.value))


def spoil_the_index(path: Path, state: str) -> None:
    """Move the second recipient in the table, and leave the index of the planned as it was."""
    with closing(sqlite3.connect(path)) as connection:
        entry = connection.execute(
            "select type, name, tbl_name, rootpage, sql from sqlite_master "
            "where name = 'recipient_planned'"
        ).fetchone()
        connection.execute("pragma writable_schema = on")
        connection.execute("delete from sqlite_master where name = 'recipient_planned'")
        connection.commit()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("update recipient set state = ? where id = 2", (state,))
        connection.execute("pragma writable_schema = on")
        connection.execute("insert into sqlite_master values(?, ?, ?, ?, ?)", entry)
        connection.commit()


@pytest.mark.parametrize("forbidden", [0, 1], ids=["allowed", "forbidden"])
async def test_a_damaged_index_hands_out_nobody_twice(
    tmp_path: Path, time: Time, forbidden: int
) -> None:
    """Who is accepted in the table and planned in the index is not dialled: it is damaged."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path, clock=time) as journal:
        stage = await staged(journal, time)
        await journal.apply(AddDoNotCall(tuple(phones(2)[1:] * forbidden)))
    spoil_the_index(path, "accepted")
    async with SqliteJournal(path, clock=time) as journal:
        assert await journal.claim(stage.campaign)
        for _ in range(2):
            with pytest.raises(JournalError, match="is damaged: a recipient is not what the index"):
                await journal.claim(stage.campaign)
