"""Answers that come late, and what was told meanwhile."""

import re
from decimal import Decimal

import anyio
import pytest
from playwright.async_api import expect

from tests.sandbox.wire import OTHER_PHONE, PHONE

from .desks import Desk, shown
from .holding import Held
from .watching import Watch

pytestmark = pytest.mark.anyio

ACT = """async ([id, verb, body]) => {
    const { act } = await import("/static/store.js");
    await act(id, verb, body);
}"""
SET_BALANCE = """async balance => {
    const { patch } = await import("/static/api.js");
    const { changeAccount } = await import("/static/store.js");
    await changeAccount(() => patch("/sandbox/account", { balance }));
}"""
SWITCH_CHAOS = """async name => {
    const { patch } = await import("/static/api.js");
    const { changeAccount, store } = await import("/static/store.js");
    const ask = () => patch("/sandbox/chaos", { rules: { [name]: { on: true } } });
    await changeAccount(ask, chaos => ({ ...store.account, chaos }));
}"""
IS_DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def test_late_answer_does_not_undo_what_was_told_meanwhile(desk: Desk) -> None:
    """A call ends while the answer to a key is on its way: on the page it stays ended."""
    number = await desk.call(dtmf="true")
    await desk.rings()
    held = Held()
    await desk.page.route("**/press", held)
    async with anyio.create_task_group() as acting:
        acting.start_soon(desk.page.evaluate, ACT, [number, "press", {"digits": "7"}])
        await held.is_answered.wait()
        desk.sandbox.calls()[0].hang_up()
        await expect(desk.row()).to_contain_text("Answered")
        held.let_go()
    await desk.page.evaluate(IS_DRAWN)
    assert "Answered" in await desk.row().inner_text()


async def test_late_answer_brings_back_nothing_that_is_forgotten(desk: Desk, watch: Watch) -> None:
    """A reset while a call is being answered leaves no call behind."""
    # Its details may be asked for once more.
    watch.forgiven.append("status of 404")
    number = await desk.call()
    await desk.rings()
    held = Held()
    await desk.page.route("**/answer", held)
    async with anyio.create_task_group() as acting:
        acting.start_soon(desk.page.evaluate, ACT, [number, "answer"])
        await held.is_answered.wait()
        desk.sandbox.reset()
        await expect(desk.page.get_by_text("Nobody has called yet")).to_be_visible()
        held.let_go()
    await desk.page.evaluate(IS_DRAWN)
    assert await desk.row().count() == 0


async def test_late_answer_does_not_undo_the_account(desk: Desk) -> None:
    """A program sets the balance, and chaos, while the page's own changes are on their way."""
    balance = desk.page.get_by_role("button", name=re.compile("^Balance"))
    flag = desk.page.get_by_role("button", name=re.compile("chaos on"))
    money, rules = Held(), Held()
    await desk.page.route("**/sandbox/account", money)
    await desk.page.route("**/sandbox/chaos", rules)
    async with anyio.create_task_group() as acting:
        acting.start_soon(desk.page.evaluate, SET_BALANCE, "5")
        acting.start_soon(desk.page.evaluate, SWITCH_CHAOS, "latency")
        await money.is_answered.wait()
        await rules.is_answered.wait()
        desk.sandbox.balance = Decimal(7)
        desk.sandbox.chaos.on("latency=100%", "http_503=100%")
        await expect(balance).to_contain_text("7.00")
        await expect(flag).to_contain_text("2")
        money.let_go()
        rules.let_go()
    assert ("7.00" in await balance.inner_text(), "2" in await flag.inner_text()) == (True, True)


async def test_late_state_does_not_undo_the_account(desk: Desk) -> None:
    """What is told while a page that was just opened asks for everything stays as it was told."""
    held = Held()
    await desk.page.route("**/sandbox/state", held)
    balance = desk.page.get_by_role("button", name=re.compile("^Balance"))
    await desk.page.goto(desk.url)
    await held.is_answered.wait()
    await desk.is_live()
    desk.sandbox.balance = Decimal(7)
    await expect(balance).to_contain_text("7.00")
    desk.sandbox.balance = Decimal(8)
    await desk.call()
    await expect(balance).to_contain_text("7.60")
    held.let_go()
    await desk.page.evaluate("import('/static/store.js').then(store => store.fetchAll())")
    assert "7.60" in await balance.inner_text()


async def test_nothing_can_be_done_before_the_page_knows_the_account(desk: Desk) -> None:
    """What needs the account waits for the first answer of the sandbox, and breaks nothing."""
    held = Held()
    await desk.page.route("**/sandbox/state", held)
    await desk.page.goto(desk.url)
    await held.is_answered.wait()
    buttons = [
        desk.page.get_by_role("button", name=name)
        for name in map(re.compile, ("^Balance", "^Reset$", "^API$", "^Webhooks$"))
    ]
    for button in buttons:
        await expect(button).to_be_disabled()
    await expect(desk.page.get_by_role("button", name="All off")).to_be_disabled()
    await expect(desk.page.get_by_role("textbox", name=re.compile("^Seed"))).to_be_disabled()
    await desk.page.keyboard.press("n")
    await expect(desk.page.get_by_role("dialog")).to_have_count(0)
    held.let_go()
    for button in buttons:
        await expect(button).to_be_enabled()
    await desk.page.keyboard.press("n")
    await expect(desk.page.get_by_role("dialog")).to_be_visible()


async def test_ring_pressed_twice_makes_one_call(desk: Desk) -> None:
    """A second press while the first is on its way is not another call; the next one is."""
    await desk.page.keyboard.press("n")
    dialog = desk.page.get_by_role("dialog", name="Ring a made-up phone")
    held = Held()
    await desk.page.route("**/sandbox/calls", held)
    await dialog.get_by_role("button", name="Ring").dblclick()
    await held.is_answered.wait()
    held.let_go()
    await expect(dialog).to_have_count(0)
    assert len(desk.sandbox.calls()) == 1
    await desk.page.keyboard.press("n")
    await dialog.get_by_role("button", name="Ring").click()
    await expect(dialog).to_have_count(0)
    assert len(desk.sandbox.calls()) == 2


async def test_made_up_phone_pressed_twice_rings_once(desk: Desk) -> None:
    """The same goes for the button of an empty page."""
    held = Held()
    await desk.page.route("**/sandbox/calls", held)
    await desk.page.get_by_role("button", name="Ring a made-up phone").dblclick()
    await held.is_answered.wait()
    held.let_go()
    await expect(desk.page.get_by_role("row").filter(has_text="Ringing")).to_have_count(1)
    assert len(desk.sandbox.calls()) == 1


async def test_answer_that_cannot_be_read_is_told(desk: Desk) -> None:
    """For a call whose details come as no JSON a line says so, and no other call's are shown."""
    await desk.call(PHONE)
    number = await desk.call(OTHER_PHONE)
    await desk.row(PHONE).click()
    await desk.page.get_by_role("tab", name="Request").click()
    panel = desk.page.get_by_role("tabpanel")
    await expect(panel).to_contain_text(PHONE)
    await desk.page.route(
        f"**/sandbox/entries/{number}", lambda route: route.fulfill(body="<html>")
    )
    await desk.row(OTHER_PHONE).click()
    await expect(desk.page.get_by_text("no JSON")).to_be_visible()
    await expect(desk.phone).to_contain_text(shown(OTHER_PHONE))
    await expect(panel).not_to_contain_text(PHONE)
