"""Uncertain recipients: only "I have it" moves one."""

import json
import re
from collections.abc import Awaitable, Callable

import httpx
import pytest

from alphasms_async import AlphaSMS, GatewayUnavailable
from alphasms_async.campaigns import (
    Campaign,
    Dialer,
    Journal,
    Reconciled,
    Ref,
    RowState,
    Settlement,
    SpeakSms,
    Template,
    Verdict,
    plan_campaign,
    reconcile,
    uncertain_rows,
)
from alphasms_async.sandbox import Sandbox
from tests.campaigns.journals import NAME, Stage, listed
from tests.doubles import KEY, Answer, Carrying, FakeGateway, phones

pytestmark = pytest.mark.anyio

Carry = Callable[[httpx.Request], Awaitable[httpx.Response]]


def told(words: dict[int, str]) -> Answer:
    """Return an answer of json.php or xml.php that knows the state of some ids."""

    def answer(request: httpx.Request) -> httpx.Response:
        text = request.content.decode()
        if request.url.path.endswith("xml.php"):
            known = [int(one) for one in re.findall(r'sms_id="(\d+)"', text)]
            rows = "".join(f'<msg sms_id="{one}">{words.get(one, "201")}</msg>' for one in known)
            return httpx.Response(200, text=f"<package><status>{rows}</status></package>")
        results = [
            {"success": True, "data": {"id": one["id"], "status": words[one["id"]]}}
            for one in json.loads(text)["data"]
            if one["id"] in words
        ]
        return httpx.Response(200, json={"success": True, "data": results})

    return answer


def settled(ref: Ref) -> Settlement:
    return Settlement(ref=ref, verdict=Verdict.UNCERTAIN)


def whole(carry: Carry) -> Carry:
    """Have a request read before it is carried on, so that it can be looked into."""

    async def carry_whole(request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        whole = httpx.Request("POST", request.url, headers=request.headers, content=content)
        return await carry(whole)

    return carry_whole


async def asked(journal: Journal, answer: Answer) -> Reconciled:
    """Reconcile through a gateway that answers like this."""
    async with AlphaSMS(KEY, transport=FakeGateway(answer)) as alphasms:
        return await reconcile(alphasms, journal, NAME)


async def test_only_what_the_gateway_has_is_settled(stage: Stage) -> None:
    """One it has is accepted; one that it does not know may have rung all the same."""
    for number in (1, 2, 3):
        claimed = await stage.claim(client_id=number)
        await stage.settle(claimed.ref, Verdict.UNCERTAIN)
    came = await asked(stage.journal, told({1: "DELIVERED", 2: "UNKNOWN"}))
    assert came == Reconciled(asked=3, settled=1, left=2)
    assert [row.state for row in await stage.rows()][:3] == ["accepted", "uncertain", "uncertain"]


async def test_an_id_of_the_gateways_is_asked_for_too(stage: Stage) -> None:
    """An answer that could be read as far as its id is settled by that."""
    await stage.attempt(Verdict.UNCERTAIN, gateway_id=100500)
    assert (await asked(stage.journal, told({100500: "102"}))).settled == 1
    assert not await uncertain_rows(stage.journal, NAME)


async def test_a_recording_without_an_id_is_left_to_a_person(stage: Stage) -> None:
    """Nobody can be asked, so nobody is, and the row stays as it is."""
    await stage.attempt(Verdict.UNCERTAIN)
    gateway = FakeGateway()
    async with AlphaSMS(KEY, transport=gateway) as alphasms:
        came = await reconcile(alphasms, stage.journal, NAME)
    assert came == Reconciled(asked=0, settled=0, left=1)
    assert not gateway.asked
    assert [row.phone for row in await uncertain_rows(stage.journal, NAME)] == [phones(1)[0]]


async def test_what_was_told_before_the_gateway_went_away_is_kept(journal: Journal) -> None:
    """The first page is settled, and the error comes through."""
    await journal.plan(NAME, {}, listed(phones(150)))
    campaign = (await journal.campaign(NAME)).id
    for number in range(1, 151):
        claimed = await journal.claim(campaign, client_id=number)
        assert claimed is not None
        await journal.settle(settled(claimed.ref))
    answers: list[Answer] = [told(dict.fromkeys(range(1, 151), "DELIVERED"))] * 2

    def answer(request: httpx.Request) -> httpx.Response:
        if not answers:
            raise httpx.ConnectError("told")
        return answers.pop()(request)

    with pytest.raises(GatewayUnavailable):
        await asked(journal, answer)
    assert len(await uncertain_rows(journal, NAME)) == 50


async def test_a_text_whose_answer_was_lost_is_found_by_its_id(journal: Journal) -> None:
    """Against the sandbox: the text arrived, nobody heard of it, and asking settles it."""
    sandbox = Sandbox()
    inner = httpx.ASGITransport(sandbox.app)

    async def carry(request: httpx.Request) -> httpx.Response:
        response = await inner.handle_async_request(request)
        if b'"type":"sms"' in request.content:
            raise httpx.ReadError("told")
        return response

    campaign = Campaign(name=NAME, kind=SpeakSms(Template("Вітаємо!")))
    await plan_campaign(journal, campaign, phones(1))
    async with AlphaSMS(sandbox.api_key, transport=Carrying(whole(carry))) as alphasms:
        run = await Dialer(alphasms, journal, campaign).run()
        assert run.tally.states[RowState.UNCERTAIN] == 1
        came = await reconcile(alphasms, journal, NAME)
    assert came == Reconciled(asked=1, settled=1, left=0)
    assert sandbox.rings(phones(1)[0]) == 1
