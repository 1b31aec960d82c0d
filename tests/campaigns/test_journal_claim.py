"""Claims: who is next, and who is not."""

from datetime import timedelta
from decimal import Decimal

import anyio
import pytest

from alphasms_async.campaigns.commands import AddDoNotCall, Cancel, Pause, RemoveDoNotCall, Resume
from alphasms_async.campaigns.events import Ref
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.records import CampaignState, Claimed
from alphasms_async.campaigns.states import RowState, SkipReason, Verdict
from tests.campaigns.journals import NAME, NOON, Stage, Time, staged
from tests.doubles import phones

pytestmark = pytest.mark.anyio

ANNA, BORYS, VIRA = phones(3)


async def claim_all(stage: Stage) -> list[str]:
    """Take everybody who is due, and return their numbers in the order of the claims."""
    found: list[str] = []
    while claimed := await stage.journal.claim(stage.campaign):
        found.append(claimed.phone)
    return found


async def test_recipients_come_in_the_order_of_the_list(stage: Stage) -> None:
    """The first line is called first; after the last there is nobody."""
    assert await claim_all(stage) == [ANNA, BORYS, VIRA]
    assert await stage.states() == ["dialing"] * 3


async def test_a_claim_says_whom_to_call(stage: Stage) -> None:
    """Number, line and attempt are those of the row, and our id is the one handed in."""
    claimed = await stage.claim(client_id=77)
    row = (await stage.rows())[0]
    assert claimed.ref == Ref(row.id, 1)
    assert (claimed.phone, claimed.line, claimed.client_id) == (ANNA, 1, 77)
    assert claimed.columns == {}


async def test_a_claim_is_a_line_of_the_ledger(stage: Stage) -> None:
    """Before its answer, an attempt says when it began and holds what was reserved for it."""
    stage.time.forward(5)
    claimed = await stage.claim(client_id=77, reserved=Decimal("0.45"))
    attempt = (await stage.ledger())[claimed.ref]
    row = await stage.row(claimed.ref)
    assert attempt.claimed_at == row.claimed_at == NOON + timedelta(seconds=5)
    assert (attempt.settled_at, attempt.verdict, attempt.price) == (None, None, None)
    assert (row.state, row.attempts, row.client_id) == (RowState.DIALING, 1, 77)
    assert (await stage.journal.money(stage.campaign)).held == Decimal("0.45")


async def test_a_claim_without_id_and_price_has_none(stage: Stage) -> None:
    """Kinds whose request carries no id of ours have none in the journal either."""
    claimed = await stage.claim()
    assert claimed.client_id is None
    assert (await stage.row(claimed.ref)).client_id is None
    assert (await stage.journal.money(stage.campaign)).held == 0


async def test_attempts_are_numbered(stage: Stage) -> None:
    """Each try at a recipient has the next number and an id of its own."""
    refs: list[Ref] = []
    for client_id in (71, 72, 73):
        claimed = await stage.claim(client_id=client_id)
        await stage.settle(claimed.ref, Verdict.NOT_SENT)
        refs.append(claimed.ref)
        assert claimed.client_id == (await stage.row(claimed.ref)).client_id == client_id
    recipient = refs[0].recipient
    assert refs == [Ref(recipient, 1), Ref(recipient, 2), Ref(recipient, 3)]
    assert list(await stage.ledger()) == refs


async def test_whoever_rests_is_not_due(stage: Stage) -> None:
    """A row that was put back for some time is passed over until that is over, to the second."""
    await stage.attempt(Verdict.PUT_BACK, rest_seconds=30)
    assert await claim_all(stage) == [BORYS, VIRA]
    stage.time.forward(29.9)
    assert await claim_all(stage) == []
    stage.time.forward(0.1)
    assert await claim_all(stage) == [ANNA]


async def test_those_who_were_never_called_come_first(stage: Stage) -> None:
    """Then those who rested, whoever may be called earliest first."""
    for seconds in (50, 20):
        await stage.attempt(Verdict.PUT_BACK, rest_seconds=seconds)
    stage.time.forward(60)
    assert await claim_all(stage) == [VIRA, BORYS, ANNA]


async def test_those_who_are_due_together_come_in_the_order_of_the_list(stage: Stage) -> None:
    """Whoever rested equally long is called in the list's order again."""
    refs = [(await stage.claim()).ref for _ in range(3)]
    for ref in reversed(refs):
        await stage.settle(ref, Verdict.NOT_SENT, rest_seconds=5)
    stage.time.forward(5)
    assert await claim_all(stage) == [ANNA, BORYS, VIRA]


async def test_whoever_is_put_back_without_a_rest_is_next(stage: Stage) -> None:
    """Without a pause the row keeps its place in the list."""
    await stage.attempt(Verdict.PUT_BACK)
    assert await claim_all(stage) == [ANNA, BORYS, VIRA]


@pytest.mark.parametrize("seconds", [0.001, 0.5, 3600])
async def test_the_next_moment_is_told(stage: Stage, seconds: float) -> None:
    """`next_due` says when somebody may be dialled, so that nobody has to ask before."""
    for _ in range(3):
        await stage.attempt(Verdict.NOT_SENT, rest_seconds=seconds)
    due = await stage.journal.next_due(stage.campaign)
    assert due == NOON + timedelta(seconds=seconds)
    assert await claim_all(stage) == []
    stage.time.forward(seconds)
    assert await claim_all(stage) == [ANNA, BORYS, VIRA]


async def test_the_next_moment_is_past_while_somebody_is_due(stage: Stage) -> None:
    """Of all who are planned, the earliest counts; those being dialled do not."""
    await stage.attempt(Verdict.NOT_SENT, rest_seconds=60)
    due = await stage.journal.next_due(stage.campaign)
    assert due is not None
    assert due <= stage.time.now
    await claim_all(stage)
    assert await stage.journal.next_due(stage.campaign) == NOON + timedelta(seconds=60)


async def test_without_anybody_planned_there_is_no_next_moment(stage: Stage) -> None:
    """`None` once everybody was taken."""
    await claim_all(stage)
    assert await stage.journal.next_due(stage.campaign) is None


async def test_a_paused_campaign_calls_nobody(stage: Stage) -> None:
    """Until it is resumed; what is in flight is not touched."""
    claimed = await stage.claim()
    await stage.apply(Pause(NAME))
    assert await claim_all(stage) == []
    assert (await stage.row(claimed.ref)).state is RowState.DIALING
    await stage.apply(Resume(NAME))
    assert await claim_all(stage) == [BORYS, VIRA]


async def test_a_cancelled_campaign_calls_nobody(stage: Stage) -> None:
    """Ever again; the rest of the list is skipped and says why."""
    await stage.claim()
    await stage.apply(Cancel(NAME))
    assert await claim_all(stage) == []
    assert await stage.states() == ["dialing", "skipped", "skipped"]
    assert [row.reason for row in await stage.rows()] == [None, *[SkipReason.CANCELLED] * 2]


async def test_a_finished_campaign_calls_nobody(stage: Stage) -> None:
    """Nobody is left, and it says so."""
    for _ in range(3):
        await stage.attempt(Verdict.ACCEPTED)
    assert await stage.journal.finish(stage.campaign) is True
    assert (await stage.journal.campaign(NAME)).state is CampaignState.FINISHED
    assert await claim_all(stage) == []


async def test_an_unknown_campaign_calls_nobody(stage: Stage) -> None:
    """There is nobody to take, and nobody of another campaign is."""
    assert await stage.journal.claim(stage.campaign + 1) is None
    assert await stage.states() == ["planned"] * 3


async def test_campaigns_do_not_touch_each_other(stage: Stage) -> None:
    """A pause of one, and its claims, leave the other as it is."""
    other = await staged(stage.journal, stage.time, name="summer")
    await stage.apply(Pause("summer"))
    assert await claim_all(stage) == [ANNA, BORYS, VIRA]
    assert await other.states() == ["planned"] * 3


async def test_the_do_not_call_list_is_asked_again(stage: Stage) -> None:
    """Whoever came onto it after the plan is skipped by the claim, which goes on to the next."""
    await stage.apply(AddDoNotCall((ANNA, BORYS)))
    assert await claim_all(stage) == [VIRA]
    assert [(row.state, row.reason) for row in await stage.rows()] == [
        (RowState.SKIPPED, SkipReason.DO_NOT_CALL),
        (RowState.SKIPPED, SkipReason.DO_NOT_CALL),
        (RowState.DIALING, None),
    ]
    assert len(await stage.ledger()) == 1


async def test_a_list_of_forbidden_numbers_calls_nobody(stage: Stage) -> None:
    """All are skipped, and the claim finds nobody."""
    await stage.apply(AddDoNotCall((ANNA, BORYS, VIRA)))
    assert await claim_all(stage) == []
    assert await stage.states() == ["skipped"] * 3


async def test_a_number_that_is_allowed_again_in_time_is_called(stage: Stage) -> None:
    """As long as nobody came to its turn, nothing was decided."""
    await stage.apply(AddDoNotCall((ANNA,)))
    await stage.apply(RemoveDoNotCall((ANNA,)))
    assert await claim_all(stage) == [ANNA, BORYS, VIRA]


async def test_many_at_once_take_different_recipients(journal: Journal, time: Time) -> None:
    """However many ask at once, nobody is taken twice and nobody is left out."""
    stage = await staged(journal, time, 20)
    taken: list[str] = []

    async def work() -> None:
        while claimed := await journal.claim(stage.campaign):
            taken.append(claimed.phone)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(work)
    assert sorted(taken) == phones(20)
    assert len(await stage.ledger()) == 20


async def ask_together(*asking: Stage) -> list[Claimed | None]:
    """Ask whom to call for each of these at once, and return what each got.

    The ids are 0, 1, 2 and so on, and so many kopecks are reserved.
    """
    got: dict[int, Claimed | None] = {}

    async def ask(number: int, stage: Stage) -> None:
        reserved = Decimal(number).scaleb(-2)
        got[number] = await stage.journal.claim(stage.campaign, client_id=number, reserved=reserved)

    async with anyio.create_task_group() as group:
        for number, stage in enumerate(asking):
            group.start_soon(ask, number, stage)
    return [got[number] for number in range(len(asking))]


def numbers(claims: list[Claimed | None]) -> set[str]:
    """Return whom these are to call."""
    return {claimed.phone for claimed in claims if claimed is not None}


async def test_who_asks_together_has_attempts_of_its_own(journal: Journal, time: Time) -> None:
    """Each has the id and the sum that it asked with, of the recipient that it got."""
    stage = await staged(journal, time, 9)
    claims = await ask_together(*[stage] * 9)
    assert numbers(claims) == set(phones(9))
    rows = {row.phone: row for row in await stage.rows()}
    for number, claimed in enumerate(claims):
        assert claimed is not None
        row = rows[claimed.phone]
        assert (claimed.client_id, claimed.line) == (number, row.line)
        assert claimed.ref == Ref(row.id, 1)
        assert (row.client_id, row.attempts, row.state) == (number, 1, RowState.DIALING)
    assert (await journal.money(stage.campaign)).held == Decimal("0.36")


async def test_more_than_there_are_may_ask_together(stage: Stage) -> None:
    """Each recipient is taken once, and whoever is left over gets nobody."""
    claims = await ask_together(*[stage] * 7)
    assert numbers(claims) == {ANNA, BORYS, VIRA}
    assert claims.count(None) == 4
    assert len(await stage.ledger()) == 3


async def test_forbidden_numbers_cost_nobody_who_asks_a_call(journal: Journal, time: Time) -> None:
    """Whoever asks together with others gets the next one who may be called."""
    stage = await staged(journal, time, 12)
    people = phones(12)
    await stage.apply(AddDoNotCall((people[0], people[2], people[3], people[7])))
    claims = await ask_together(*[stage] * 6)
    assert None not in claims
    assert numbers(claims) == {people[place] for place in (1, 4, 5, 6, 8, 9)}
    assert [row.phone for row in await stage.rows() if row.state is RowState.PLANNED] == people[10:]
    assert len(await stage.ledger()) == 6


async def test_campaigns_that_ask_together_get_their_own(journal: Journal, time: Time) -> None:
    """Also when one of them is paused, and however they stand in between each other."""
    one, two, three = [await staged(journal, time, 6, name=name) for name in ("a", "b", "c")]
    await journal.apply(Pause("b"))
    claims = await ask_together(*[one, two, three, three, one] * 2)
    assert [await stage.states() for stage in (one, two, three)] == [
        ["dialing"] * 4 + ["planned"] * 2,
        ["planned"] * 6,
        ["dialing"] * 4 + ["planned"] * 2,
    ]
    ids = [{row.id for row in await stage.rows()} for stage in (one, two, three, three, one)]
    for claimed, own in zip(claims, ids * 2, strict=True):
        assert claimed is None or claimed.ref.recipient in own
    assert [claimed is None for claimed in claims] == [False, True, False, False, False] * 2
