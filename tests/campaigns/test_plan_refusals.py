"""A list that becomes no campaign: one line says why, and nothing is left behind."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from alphasms_async import InvalidRequest, mask_phone
from alphasms_async.campaigns import (
    AddDoNotCall,
    Journal,
    ListedRecipient,
    Plan,
    open_list,
    plan_campaign,
)
from alphasms_async.campaigns.sql.journal import SqlJournal
from tests.campaigns.journals import NAME
from tests.campaigns.planning import GREETING, campaign, planned, refused
from tests.doubles import phones

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        *[({"recent_hours": hours}, "above 0 and at most") for hours in (0, -1, 87_601)],
        ({"recent_hours": float("nan")}, "above 0 and at most"),
        *[({"region": name}, "a country code, like 'UA'") for name in ("ua", "XX", "", None)],
    ],
)
async def test_arguments_out_of_range_are_refused(
    journal: Journal, argument: dict[str, Any], says: str
) -> None:
    """Before one recipient is read."""
    numbers = iter(phones(1))
    with pytest.raises(InvalidRequest, match=says):
        await plan_campaign(journal, campaign(), numbers, **argument)
    assert list(numbers) == phones(1)
    assert await journal.campaigns() == []


@pytest.mark.parametrize(
    ("recipients", "says"),
    [
        ([], "the list is empty: give one phone a line"),
        (["12", "нікого"], "none of the list's 2 lines is a phone number: line 1: "),
        ([""], "none of the list's 1 lines is a phone number: line 1: "),
    ],
)
@pytest.mark.parametrize("make", [list[str], tuple, iter])
async def test_nobody_to_dial_leaves_nothing(
    journal: Journal, make: Any, recipients: list[str], says: str
) -> None:
    """A list without a phone is refused in one line, and its name stays free."""
    assert says in await refused(journal, make(recipients))
    assert (await planned(journal, phones(2))).to_dial == 2


async def test_everybody_forbidden_leaves_nothing(journal: Journal) -> None:
    """A list of people who must not be called is no campaign."""
    await journal.apply(AddDoNotCall(tuple(phones(2))))
    line = await refused(journal, [*phones(2), "12"])
    assert "on the do-not-call list: 2 of its 3 lines are phones" in line
    assert (await planned(journal, phones(3))).to_dial == 1


async def test_a_refused_campaign_never_was(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to take it out again, which a kill could keep from happening."""
    monkeypatch.delattr(SqlJournal, "discard")
    await journal.apply(AddDoNotCall(tuple(phones(2))))
    assert "on the do-not-call list" in await refused(journal, phones(2))


async def test_a_caller_may_refuse_what_it_comes_to(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its check sees the whole plan, what it raises comes out, and there never was a campaign."""
    monkeypatch.delattr(SqlJournal, "discard")

    def check(plan: Plan) -> None:
        raise InvalidRequest(f"{plan.to_dial} of {plan.rows} are too few")

    with pytest.raises(InvalidRequest, match="2 of 3 are too few"):
        await plan_campaign(journal, campaign(), [*phones(2), "12"], check=check)
    assert await journal.campaigns() == []


async def test_everybody_forbidden_fails_a_dry_run_too(journal: Journal) -> None:
    """There is no campaign to take out, and the line is the same."""
    await journal.apply(AddDoNotCall(tuple(phones(2))))
    with pytest.raises(InvalidRequest, match="everybody of the list is on the do-not-call list"):
        await plan_campaign(journal, campaign(), phones(2), keep=False)
    assert await journal.campaigns() == []


@pytest.mark.parametrize("keep", [True, False])
async def test_a_taken_name_is_refused(journal: Journal, *, keep: bool) -> None:
    """The campaign that has it stays as it was planned, and the list is not read."""
    await planned(journal, phones(1))
    numbers = iter(phones(5))
    with pytest.raises(InvalidRequest, match="there is a campaign 'spring' already"):
        await plan_campaign(journal, campaign(), numbers, keep=keep)
    assert (await journal.tally((await journal.campaign(NAME)).id)).total == 1
    assert list(numbers) == phones(5)


@pytest.mark.parametrize("error", [LookupError("told"), InvalidRequest("told"), OSError("told")])
async def test_a_list_that_fails_half_way_leaves_nothing(
    journal: Journal, error: Exception
) -> None:
    """What the caller's own iterable raises comes through, and the journal is as good as before."""

    def broken() -> Iterator[str]:
        yield from phones(3)
        raise error

    with pytest.raises(type(error)) as caught:
        await planned(journal, broken())
    assert caught.value is error
    assert await journal.campaigns() == []
    assert (await planned(journal, phones(3))).to_dial == 3


async def test_a_database_of_the_callers_is_not_taken_for_the_journal(journal: Journal) -> None:
    """Read from another thread it refuses; the line says so, and the journal goes on."""
    other = sqlite3.connect(":memory:")
    try:
        rows = other.execute("select '380501234567' union select '380671234567'")
        line = await refused(journal, (phone for (phone,) in rows))
    finally:
        other.close()
    assert line.startswith("the recipients cannot be read: SQLite objects created in a thread")
    assert (await planned(journal, phones(3))).to_dial == 3


async def test_a_postgresql_of_the_callers_is_not_either(journal: Journal) -> None:
    """What it says is cut to its first line, and a phone in it is masked."""

    def broken() -> Iterator[str]:
        yield from phones(3)
        raise psycopg.DataError("not a phone: 380501234567\nDETAIL: 380501234567")

    line = await refused(journal, broken())
    assert line == f"the recipients cannot be read: not a phone: {mask_phone('380501234567')}"
    assert (await planned(journal, phones(3))).to_dial == 3


async def test_a_plan_that_fails_takes_nothing_from_another(journal: Journal) -> None:
    """A campaign that fails takes nothing from one that is there."""
    await planned(journal, phones(2), name="before")
    with pytest.raises(InvalidRequest, match="none of the list's"):
        await planned(journal, ["12"])
    (before,) = await journal.campaigns()
    assert (before.name, (await journal.tally(before.id)).to_dial) == ("before", 2)


async def no_list() -> AsyncIterator[str]:
    yield phones(1)[0]


@pytest.mark.parametrize(
    ("recipients", "says"),
    [
        ("380501234567", "a list of phone numbers, not one: write [number]"),
        (b"380501234567", "a list of phone numbers, not one: write [number]"),
        (380501234567, "any iterable of phone numbers, not int"),
        (None, "any iterable of phone numbers, not NoneType"),
        (no_list(), "any iterable of phone numbers, not async_generator"),
    ],
    ids=["text", "bytes", "number", "nothing", "async"],
)
async def test_what_is_no_list_is_refused(journal: Journal, recipients: Any, says: str) -> None:
    """One number is not taken for a list of twelve."""
    assert says in await refused(journal, recipients)


@pytest.mark.parametrize(
    ("rows", "has"),
    [
        ([ListedRecipient(2, "0501234567", {"phone": "", "ім'я": ""})], "phone, ім'я"),
        ((ListedRecipient(2, "0501234567", {}),), "no header"),
        (phones(2), "no header"),
    ],
)
async def test_a_missing_column_is_named(journal: Journal, rows: Any, has: str) -> None:
    """The line names the column and those there are."""
    line = await refused(journal, rows, kind=GREETING)
    assert line == f"the text needs the column 'name', the list has: {has}"


async def test_a_missing_column_fails_before_a_row_is_read(
    journal: Journal, tmp_path: Path
) -> None:
    """The file is not even opened again: it may be gone."""
    place = tmp_path / "list.csv"
    place.write_text("phone,sum\n0501234567,5\n", "utf-8")
    listed = open_list(place)
    place.unlink()
    line = await refused(journal, listed, kind=GREETING)
    assert line == "the text needs the column 'name', the list has: phone, sum"


async def test_a_column_that_no_row_has_is_not_called_a_bad_phone(journal: Journal) -> None:
    """Of an iterable nobody knows the columns before it is read."""
    line = await refused(journal, iter(phones(2)), kind=GREETING)
    assert line == "none of the list's 2 lines can be dialled: line 1: the column 'name' is empty"


async def test_a_list_that_changes_while_it_is_read_leaves_nothing(
    journal: Journal, tmp_path: Path
) -> None:
    """Half of an old file and half of a new one are nobody's list."""
    place = tmp_path / "list.csv"
    place.write_text("0501234567\n" + "12\n" * 2000, "utf-8")

    def save(_count: int) -> None:
        with place.open("a") as file:
            file.write("0671234567\n")

    with pytest.raises(InvalidRequest, match="has changed since it was looked at: begin anew"):
        await plan_campaign(journal, campaign(), open_list(place), on_progress=save)
    assert await journal.campaigns() == []
