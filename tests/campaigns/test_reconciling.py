"""Uncertain recipients: only "I have it" moves one."""

from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from alphasms_async import AccessDenied, AlphaSMS, GatewayUnavailable, InvalidRequest
from alphasms_async.campaigns import (
    CallOutcome,
    Campaign,
    Dialer,
    Journal,
    Kind,
    Reconciled,
    Recorded,
    Ref,
    RowState,
    SpeakSms,
    SpeakText,
    Template,
    Verdict,
    plan_campaign,
    reconcile,
    uncertain_rows,
)
from alphasms_async.sandbox import Sandbox
from tests.campaigns.dialers import RECORDING, lost, unreachable
from tests.campaigns.journals import NAME, PRICE, Stage, Time, staged
from tests.campaigns.statuses import asked_in, delivering, meanwhile, telling
from tests.doubles import KEY, Answer, Carrying, FakeGateway, phones, saying

pytestmark = pytest.mark.anyio

Carry = Callable[[httpx.Request], Awaitable[httpx.Response]]

HELLO = Template("Вітаємо!")


def refusing(text: str) -> Answer:
    """Return an answer of json.php that refuses each of its objects."""

    def answer(request: httpx.Request) -> httpx.Response:
        results = [{"success": False, "error": text, "data": {"id": i}} for i in asked_in(request)]
        return httpx.Response(200, json={"success": True, "data": results})

    return answer


async def ask(journal: Journal, gateway: httpx.AsyncBaseTransport) -> Reconciled:
    """Reconcile through a gateway."""
    async with AlphaSMS(KEY, transport=gateway, max_retries=0) as alphasms:
        return await reconcile(alphasms, journal, NAME)


async def answered(journal: Journal, answer: Answer) -> Reconciled:
    """Reconcile through a gateway that answers like this."""
    return await ask(journal, FakeGateway(answer))


async def lose(stage: Stage, client_ids: Iterable[int | None], **facts: Any) -> list[Ref]:
    """Take recipients whose answers are lost, each under an id of ours or none."""
    refs: list[Ref] = []
    for client_id in client_ids:
        refs.append((await stage.claim(client_id=client_id)).ref)
        await stage.settle(refs[-1], Verdict.UNCERTAIN, **facts)
    return refs


async def test_only_what_the_gateway_has_is_settled(stage: Stage) -> None:
    """One it has is accepted; one that it does not know may have rung all the same."""
    await lose(stage, [1, 2, 3])
    came = await answered(stage.journal, telling({1: "DELIVERED", 2: "UNKNOWN"}))
    assert came == Reconciled(asked=3, settled=1, left=2)
    assert await stage.states() == ["accepted", "uncertain", "uncertain"]


@pytest.mark.parametrize(
    ("word", "moves"),
    [
        *[(word, True) for word in ("ACCEPTED", "QUEUED", "ROUTING", "DELIVERED", "EXPIRED")],
        *[(word, True) for word in ("UNDELIVERABLE", "REJECTED", "DELETED", "sim_full", "READ")],
        *[(word, False) for word in ("UNKNOWN", "ERR_ID", "A WORD OF TOMORROW", "")],
    ],
)
async def test_whatever_became_of_it_proves_that_there_was_one(
    stage: Stage, word: str, *, moves: bool
) -> None:
    """By our id, any documented state is proof; a word that says nothing is none."""
    (ref,) = await lose(stage, [1])
    came = await answered(stage.journal, telling({1: word}))
    assert came == Reconciled(asked=1, settled=int(moves), left=int(not moves))
    assert ((await stage.row(ref)).state is RowState.ACCEPTED) == moves


@pytest.mark.parametrize(
    ("code", "moves"),
    [
        *[(code, True) for code in ("1", "100", "101", "102", "103", "105", "106", "108")],
        *[(code, False) for code in ("107", "200", "201", "999", "")],
    ],
)
async def test_an_id_of_the_gateways_is_asked_for_too(
    stage: Stage, code: str, *, moves: bool
) -> None:
    """An answer that could be read as far as its id is settled by what xml.php says of that."""
    (ref,) = await lose(stage, [None], gateway_id=100500)
    gateway = FakeGateway(telling({100500: code}))
    assert (await ask(stage.journal, gateway)).settled == int(moves)
    assert ((await stage.row(ref)).state is RowState.ACCEPTED) == moves
    assert [one.url.path for one in gateway.read] == ["/api/xml.php"]


@pytest.mark.parametrize("answer", [telling({}), refusing("ERR_ID"), refusing("Bad weather")])
async def test_not_knowing_proves_nothing(stage: Stage, answer: Answer) -> None:
    """Silence, "I do not know it" and a refusal leave the row to the next time it is asked for."""
    (ref,) = await lose(stage, [1])
    assert await answered(stage.journal, answer) == Reconciled(asked=1, settled=0, left=1)
    assert (await stage.ledger())[ref].verdict is Verdict.UNCERTAIN
    assert (await answered(stage.journal, delivering)).settled == 1


async def test_a_text_is_asked_for_by_our_id_alone(stage: Stage) -> None:
    """Even where the gateway's is known too: one question for one recipient."""
    await lose(stage, [1], gateway_id=100500)
    gateway = FakeGateway(delivering)
    assert await ask(stage.journal, gateway) == Reconciled(asked=1, settled=1, left=0)
    assert [one.url.path for one in gateway.read] == ["/api/json.php"]


async def test_a_recording_without_an_id_is_left_to_a_person(stage: Stage) -> None:
    """Nobody can be asked, so nobody is, and the row stays as it is."""
    await lose(stage, [None])
    gateway = FakeGateway()
    assert await ask(stage.journal, gateway) == Reconciled(asked=0, settled=0, left=1)
    assert not gateway.asked
    assert [row.phone for row in await uncertain_rows(stage.journal, NAME)] == phones(1)


async def test_nothing_uncertain_is_no_question(stage: Stage) -> None:
    """What is planned, in flight or accepted is not asked for."""
    await stage.claim(client_id=1)
    await stage.settle((await stage.claim(client_id=2)).ref, Verdict.ACCEPTED)
    gateway = FakeGateway()
    assert await ask(stage.journal, gateway) == Reconciled(asked=0, settled=0, left=0)
    assert not gateway.asked
    assert await stage.states() == ["dialing", "accepted", "planned"]


async def test_what_is_settled_is_in_the_ledger(stage: Stage) -> None:
    """The attempt was accepted, at a price nobody told: what was held for it stays held."""
    ref = (await stage.claim(client_id=1, reserved=PRICE)).ref
    await stage.settle(ref, Verdict.UNCERTAIN, error="the answer was lost")
    await answered(stage.journal, delivering)
    attempt = (await stage.ledger())[ref]
    assert (attempt.verdict, attempt.price, attempt.error) == (Verdict.ACCEPTED, None, None)
    money = await stage.journal.money(stage.campaign)
    assert (money.spent, money.held) == (Decimal(0), PRICE)


async def test_the_gateways_id_is_kept_for_what_comes(stage: Stage) -> None:
    """Once it is known, an outcome that comes under it finds its recipient."""
    (ref,) = await lose(stage, [1])
    await answered(stage.journal, telling({1: "QUEUED"}, msg_id=100500))
    assert (await stage.row(ref)).gateway_id == 100500
    assert await stage.event(CallOutcome.ANSWERED, id=100500) is Recorded.CHANGED
    assert (await stage.row(ref)).state is RowState.DONE


async def test_an_outcome_that_came_before_is_found(stage: Stage) -> None:
    """It waited for the id, and tells more than that the gateway has it."""
    (ref,) = await lose(stage, [1])
    assert await stage.event(CallOutcome.BUSY, id=100500) is Recorded.EARLY
    await answered(stage.journal, telling({1: "QUEUED"}, msg_id=100500))
    row = await stage.row(ref)
    assert (row.state, row.outcome) == (RowState.DONE, CallOutcome.BUSY)


async def test_only_this_campaign_is_asked_for(stage: Stage) -> None:
    """Others of the journal stay as they are."""
    other = await staged(stage.journal, stage.time, name="summer")
    await lose(stage, [1])
    await lose(other, [2])
    gateway = FakeGateway(delivering)
    assert await ask(stage.journal, gateway) == Reconciled(asked=1, settled=1, left=0)
    assert [asked_in(one) for one in gateway.read] == [[1]]
    assert (await other.states())[0] == "uncertain"


async def test_an_unknown_campaign_is_named(journal: Journal) -> None:
    """The line says which there are, and nothing is asked."""
    gateway = FakeGateway()
    with pytest.raises(InvalidRequest, match="no campaign 'spring' in this journal"):
        await ask(journal, gateway)
    with pytest.raises(InvalidRequest, match="no campaign 'spring' in this journal"):
        await uncertain_rows(journal, NAME)
    assert not gateway.asked


async def long_campaign(journal: Journal, time: Time) -> list[int]:
    """Lose the answers of 130 calls, every third without an id of ours; return ours."""
    stage = await staged(journal, time, 130)
    ids = [None if place % 3 == 0 else place for place in range(1, 131)]
    for client_id in ids:
        ref = (await stage.claim(client_id=client_id)).ref
        facts = {"gateway_id": 100500 + ref.recipient} if client_id is None else {}
        await stage.settle(ref, Verdict.UNCERTAIN, **facts)
    return [one for one in ids if one is not None]


async def test_many_are_asked_for_page_by_page(journal: Journal, time: Time) -> None:
    """Each once, by the one id or the other, and never more than a request may carry."""
    ours = await long_campaign(journal, time)
    theirs = [row.gateway_id for row in await uncertain_rows(journal, NAME) if row.gateway_id]
    gateway = FakeGateway(delivering)
    assert await ask(journal, gateway) == Reconciled(asked=130, settled=130, left=0)
    by_page = {"json.php": ours, "xml.php": theirs}
    for page, ids in by_page.items():
        asked = [asked_in(one) for one in gateway.read if one.url.path.endswith(page)]
        assert [id for some in asked for id in some] == ids
        assert max(map(len, asked)) <= 50


async def test_those_who_stay_are_asked_for_once(journal: Journal, time: Time) -> None:
    """A gateway that knows nobody is not asked without end, and the list of them is whole."""
    await long_campaign(journal, time)
    came = await answered(journal, telling({}))
    assert came == Reconciled(asked=130, settled=0, left=130)
    left = await uncertain_rows(journal, NAME)
    assert [row.line for row in left] == list(range(1, 131))


@pytest.mark.parametrize("answers", range(3))
@pytest.mark.parametrize(
    ("then", "error"),
    [(unreachable, GatewayUnavailable), (refusing("Access denied"), AccessDenied)],
)
async def test_what_was_told_before_the_gateway_went_away_is_kept(
    journal: Journal, time: Time, answers: int, then: Answer, error: type[Exception]
) -> None:
    """Each answer is written down before the next question, and the error comes through."""
    stage = await staged(journal, time, 130)
    await lose(stage, range(1, 131))
    told: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if len(told) // 50 >= answers:
            return then(request)
        told.extend(asked_in(request))
        return delivering(request)

    with pytest.raises(error):
        await answered(journal, answer)
    assert [row.client_id for row in await uncertain_rows(journal, NAME)] == [
        id for id in range(1, 131) if id not in told
    ]
    assert len(told) == 50 * answers


async def test_what_json_php_told_is_kept_when_xml_php_is_away(stage: Stage) -> None:
    """Of one page, each interface's answer stands for itself."""
    await lose(stage, [1])
    await lose(stage, [None], gateway_id=100500)

    def answer(request: httpx.Request) -> httpx.Response:
        is_xml = request.url.path.endswith("xml.php")
        return saying(503)(request) if is_xml else delivering(request)

    with pytest.raises(GatewayUnavailable):
        await answered(stage.journal, answer)
    assert await stage.states() == ["accepted", "uncertain", "planned"]


@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REFUSED])
async def test_a_late_answer_in_between_holds(
    stage: Stage, verdict: Verdict, *, knows: bool
) -> None:
    """What its own request was told is the truth, and the row is not counted as left."""
    (ref,) = await lose(stage, [1])

    async def late() -> None:
        await stage.settle(ref, verdict, gateway_id=7, price=PRICE)

    gateway = meanwhile(delivering if knows else telling({}), late)
    assert await ask(stage.journal, gateway) == Reconciled(asked=1, settled=int(knows), left=0)
    row, attempt = await stage.row(ref), (await stage.ledger())[ref]
    assert (str(row.state), row.gateway_id, row.price) == (str(verdict), 7, PRICE)
    assert attempt.verdict is verdict


async def test_an_outcome_in_between_holds(stage: Stage) -> None:
    """Whoever was reached is not merely accepted again."""
    (ref,) = await lose(stage, [1])

    async def rang() -> None:
        await stage.event(CallOutcome.ANSWERED, ref)

    await ask(stage.journal, meanwhile(delivering, rang))
    assert (await stage.row(ref)).state is RowState.DONE


async def test_a_person_who_lets_it_be_in_between_is_obeyed(stage: Stage) -> None:
    """A dropped one stays dropped."""
    (ref,) = await lose(stage, [1])

    async def drop() -> None:
        assert await stage.drop(ref) == 1

    came = await ask(stage.journal, meanwhile(delivering, drop))
    assert ((await stage.row(ref)).state, came.left) == (RowState.DROPPED, 0)


async def test_an_attempt_begun_in_between_is_not_settled_by_an_older_one(stage: Stage) -> None:
    """The gateway speaks of the first attempt, and the second is in flight."""
    (ref,) = await lose(stage, [1])

    async def again() -> None:
        assert await stage.redial(ref) == 1
        claimed = [(await stage.claim(client_id=2)).ref for _ in range(3)]
        assert Ref(ref.recipient, 2) in claimed

    await ask(stage.journal, meanwhile(delivering, again))
    ledger = await stage.ledger()
    assert (await stage.row(ref)).state is RowState.DIALING
    assert ledger[ref].verdict is Verdict.ACCEPTED
    assert ledger[Ref(ref.recipient, 2)].verdict is None


def losing(sandbox: Sandbox, *, after: bool) -> Carrying:
    """Return a way to the sandbox that loses what rings a phone: the request, or its answer."""
    inner = httpx.ASGITransport(sandbox.app)

    async def carry(request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        whole = httpx.Request("POST", request.url, headers=request.headers, content=content)
        if b'"type":"status"' in content:
            return await inner.handle_async_request(whole)
        if after:
            await inner.handle_async_request(whole)
        return lost(whole)

    return Carrying(carry)


async def dialled(journal: Journal, sandbox: Sandbox, kind: Kind, *, after: bool) -> Reconciled:
    """Dial one person whose answer is lost, then reconcile."""
    campaign = Campaign(name=NAME, kind=kind)
    await plan_campaign(journal, campaign, phones(1))
    transport = losing(sandbox, after=after)
    async with AlphaSMS(sandbox.api_key, transport=transport) as alphasms:
        run = await Dialer(alphasms, journal, campaign).run()
        assert run.tally.states[RowState.UNCERTAIN] == 1
        return await reconcile(alphasms, journal, NAME)


@pytest.mark.parametrize("kind", [SpeakSms(HELLO), SpeakText(HELLO)], ids=["sms", "text"])
async def test_a_text_whose_answer_was_lost_is_found_by_its_id(
    journal: Journal, kind: Kind
) -> None:
    """Against the sandbox: the text arrived, nobody heard of it, and asking settles it."""
    sandbox = Sandbox()
    came = await dialled(journal, sandbox, kind, after=True)
    assert came == Reconciled(asked=1, settled=1, left=0)
    assert sandbox.rings(phones(1)[0]) == 1


async def test_a_text_that_was_lost_itself_stays_uncertain(journal: Journal) -> None:
    """Against the sandbox: it never arrived, and not to know it is no proof of that."""
    sandbox = Sandbox()
    came = await dialled(journal, sandbox, SpeakSms(HELLO), after=False)
    assert came == Reconciled(asked=1, settled=0, left=1)
    assert not sandbox.calls()


async def test_a_call_is_found_by_the_gateways_id(stage: Stage) -> None:
    """Against the sandbox: of one answer no more than the id could be read; another id is none."""
    sandbox = Sandbox()
    transport = httpx.ASGITransport(sandbox.app)
    async with AlphaSMS(sandbox.api_key, transport=transport) as alphasms:
        call = await alphasms.voice.call(phones(1)[0], RECORDING)
        await lose(stage, [None], gateway_id=call.id)
        await lose(stage, [None], gateway_id=call.id + 1)
        came = await reconcile(alphasms, stage.journal, NAME)
    assert came == Reconciled(asked=2, settled=1, left=1)
    assert await stage.states() == ["accepted", "uncertain", "planned"]
