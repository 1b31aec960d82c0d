"""The next list: who is on it, who never is, and what a condition may say."""

from collections.abc import Iterable

import pytest

from alphasms_async import InvalidRequest
from alphasms_async.campaigns import Journal, RowRecord, Selection, selected_rows
from alphasms_async.campaigns.commands import AddDoNotCall, Cancel
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.states import RowState, Verdict
from alphasms_async.models import CallOutcome
from tests.campaigns.journals import NAME, Stage, Time, redialing, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ANSWERED, NO_ANSWER, BUSY = CallOutcome.ANSWERED, CallOutcome.NO_ANSWER, CallOutcome.BUSY
SPELLINGS = ("outcome=no_answer,busy", " Outcome = NO ANSWER , Busy ", "outcome=no-answer,busy")


async def chosen(journal: Journal, *conditions: str) -> list[RowRecord]:
    rows = selected_rows(journal, NAME, Selection.parse(conditions))
    return [row async for row in rows]


async def lines(stage: Stage, *conditions: str) -> list[int]:
    """Return where those who are chosen stand in the list."""
    return [row.line for row in await chosen(stage.journal, *conditions)]


@pytest.fixture
async def called(journal: Journal, time: Time) -> Stage:
    """A campaign of ten: six calls that ended, then one each that came to something else."""
    stage = await staged(journal, time, 10)
    ends: Iterable[tuple[CallOutcome, str | None]] = (
        *((ANSWERED, "1"), (ANSWERED, "12#"), (ANSWERED, None)),
        *((NO_ANSWER, None), (BUSY, None), (CallOutcome.FAILED, None)),
    )
    for outcome, digits in ends:
        await stage.event(outcome, await stage.attempt(Verdict.ACCEPTED), digits=digits)
    for state in (RowState.REFUSED, RowState.UNCERTAIN, RowState.DIALING):
        await stage.bring(state)
    return stage


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (["outcome=answered"], [1, 2, 3]),
        (["outcome=no_answer"], [4]),
        (["outcome=no_answer,busy,failed"], [4, 5, 6]),
        (["outcome=unknown"], []),
        (["digits=1"], [1]),
        (["digits=12#"], [2]),
        (["digits=1,12#"], [1, 2]),
        (["digits=2"], []),
        (["digits=none"], [3]),
        (["digits=none,1"], [1, 3]),
        (["state=done"], [1, 2, 3, 4, 5, 6]),
        (["state=refused"], [7]),
        (["state=uncertain"], [8]),
        (["state=dialing"], [9]),
        (["state=planned,refused"], [7, 10]),
        (["outcome=answered", "digits=1"], [1]),
        (["outcome=busy", "state=refused"], []),
    ],
    ids=str,
)
async def test_whoever_meets_all_conditions_is_on_the_list(
    called: Stage, conditions: list[str], expected: list[int]
) -> None:
    """In the order of the list the campaign was made from."""
    assert await lines(called, *conditions) == expected


async def test_the_skipped_are_chosen_by_why(called: Stage) -> None:
    """Whoever was not dialled in time, or because the campaign was cancelled."""
    await called.apply(Cancel(NAME))
    assert await lines(called, "reason=cancelled") == [10]
    assert await lines(called, "reason=expired") == []


async def test_nobody_on_the_do_not_call_list_is_on_the_next(called: Stage) -> None:
    """Whatever is asked for, and whenever they came onto it."""
    await called.apply(AddDoNotCall((phones(10)[3], phones(10)[6])))
    assert await lines(called, "outcome=no_answer,busy") == [5]
    assert await lines(called, "state=refused,done") == [1, 2, 3, 5, 6]


async def test_whoever_the_campaign_may_yet_call_is_on_no_other_list(
    journal: Journal, time: Time
) -> None:
    """A redial is due, and two campaigns would both make it, unless that is asked for."""
    stage = await staged(journal, time, **redialing(after=60))
    await stage.event(NO_ANSWER, await stage.attempt(Verdict.ACCEPTED))
    assert await lines(stage, "outcome=no_answer") == []
    assert await lines(stage, "outcome=no_answer", "state=planned") == [1]


async def test_a_line_that_is_no_number_is_never_chosen(journal: Journal, time: Time) -> None:
    """Neither one that is invalid, nor one that stands in the list twice."""
    (phone,) = phones(1)
    rows = [PlannedRow(1, phone), PlannedRow(2, phone), PlannedRow(3, None, "не номер")]
    await journal.plan(NAME, {}, rows)
    stage = Stage(journal, time, (await journal.campaign(NAME)).id)
    assert await lines(stage, "state=planned,skipped") == [1]


async def test_what_a_template_needs_is_carried_along(journal: Journal) -> None:
    """Whoever is called next may be called by name again; without a template there is nothing."""
    anna, borys = phones(2)
    rows = [PlannedRow(1, anna, columns={"name": "Анна"}), PlannedRow(2, borys)]
    await journal.plan(NAME, {}, rows)
    found = await chosen(journal, "state=planned")
    assert [(row.phone, row.columns) for row in found] == [(anna, {"name": "Анна"}), (borys, {})]
    assert "Анна" not in repr(found)


async def test_a_long_campaign_is_read_as_it_is_asked_for(
    journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, and no further than somebody goes."""
    monkeypatch.setattr("alphasms_async.campaigns.selection._PAGE", 10)
    stage = await staged(journal, time, 35)
    assert await lines(stage, "state=planned") == list(range(1, 36))
    rows = selected_rows(journal, NAME, Selection.parse(["state=planned"]))
    await anext(rows)
    assert vars(rows)["_after"] == 10


async def test_a_campaign_that_is_not_there_is_named(journal: Journal) -> None:
    """Once the first one is asked for."""
    with pytest.raises(InvalidRequest, match="no campaign 'spring'"):
        await chosen(journal, "state=done")


@pytest.mark.parametrize("condition", SPELLINGS)
def test_a_condition_is_read_however_it_is_spelled(condition: str) -> None:
    """In any case, with blanks and dashes."""
    selection = Selection.parse([condition])
    assert selection == Selection(outcomes=frozenset({"no_answer", "busy"}))


@pytest.mark.parametrize(
    ("conditions", "says"),
    [
        ([], "say who is to be on the list"),
        (["busy"], "a condition is outcome, digits, state, reason"),
        (["phone=380501234567"], "a condition is outcome, digits, state, reason"),
        (["=busy"], "a condition is outcome, digits, state, reason"),
        (["outcome=silent"], "outcome is answered, no_answer, busy, failed, unknown, one or more"),
        (["outcome="], "outcome is answered"),
        (["outcome=busy,"], "outcome is answered"),
        (["state=gone"], "state is planned, dialing, accepted, done, refused, uncertain"),
        (["reason=duplicate"], "reason is expired, cancelled, one or more of them"),
        (["digits=A"], "digits is the keys pressed, of 0-9 * #, or none"),
        (["digits=1 2"], "digits is the keys pressed"),
        (["digits="], "digits is the keys pressed"),
        (["outcome=busy", "outcome=failed"], "outcome stands twice"),
        (["x" * 500], "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"),
    ],
)
def test_what_is_no_condition_is_refused(conditions: list[str], says: str) -> None:
    """In one line that lists what there is."""
    with pytest.raises(InvalidRequest) as caught:
        Selection.parse(conditions)
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
