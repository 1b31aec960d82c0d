import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import anyio
import pytest

from alphasms_async.sandbox import Sandbox, SandboxCall

from .receiver import accept_call, accept_message
from .threads import in_another_thread
from .wire import OTHER_PHONE, PHONE

in_both_worlds = pytest.mark.anyio


def test_calls_are_given_once_and_in_order(sandbox: Sandbox) -> None:
    """Each wait gives another call, the first there is, to the phone asked for."""
    ids = [accept_call(sandbox, phone) for phone in (PHONE, OTHER_PHONE, PHONE, PHONE)]
    waits = [sandbox.wait_for_call(to=to).id for to in (OTHER_PHONE, PHONE, None, PHONE)]
    assert waits == [ids[1], ids[0], ids[2], ids[3]]


def test_message_is_no_call_to_wait_for(sandbox: Sandbox) -> None:
    """What rings nobody is not given."""
    accept_message(sandbox)
    with pytest.raises(TimeoutError):
        sandbox.wait_for_call(timeout=0)


def test_wait_is_woken_by_the_acceptance(sandbox: Sandbox) -> None:
    """A call that comes while somebody waits is theirs at once; another's is not."""
    found, ids = list[int](), list[int]()
    with in_another_thread(lambda: found.append(sandbox.wait_for_call(to=PHONE).id)):
        accept_call(sandbox, OTHER_PHONE)
        ids.append(accept_call(sandbox))
    assert ids == found


def test_two_who_wait_get_two_calls(sandbox: Sandbox) -> None:
    """One call goes to one of them."""
    found, ids = list[int](), list[int]()

    def wait() -> None:
        found.append(sandbox.wait_for_call().id)

    with in_another_thread(wait), in_another_thread(wait):
        ids += [accept_call(sandbox), accept_call(sandbox)]
    assert ids == sorted(found)


def test_call_that_does_not_come_is_told_in_a_line(sandbox: Sandbox) -> None:
    """The phone is masked, and how many calls have come is said."""
    accept_call(sandbox, OTHER_PHONE)
    with pytest.raises(TimeoutError) as caught:
        sandbox.wait_for_call(to=PHONE, timeout=0.01)
    assert str(caught.value) == (
        "No call to 380*****4567 has come in 0.01 s: 1 call was accepted, 1 to 380*****2233."
    )


ASKS: dict[str, Callable[[Any, object], object]] = {
    "wait_for_call": lambda sandbox, phone: sandbox.wait_for_call(to=phone),
    "rings": lambda sandbox, phone: sandbox.rings(phone),
    "calls": lambda sandbox, phone: sandbox.calls(to=phone),
    "messages": lambda sandbox, phone: sandbox.messages(to=phone),
    "assert_rang_once": lambda sandbox, phone: sandbox.assert_rang_once(to=phone),
    "script": lambda sandbox, phone: sandbox.script(phone, None),
}


@pytest.mark.parametrize("phone", ["+380 67 765 43 21", "0677654321", 380677654321])
@pytest.mark.parametrize("ask", ASKS)
def test_phone_is_written_as_on_the_wire(sandbox: Sandbox, ask: str, phone: object) -> None:
    """One written otherwise would be asked for in vain: no rings, a green test. It is not shown."""
    accept_call(sandbox, "380677654321")
    with pytest.raises(ValueError, match="like 380501234567") as caught:
        ASKS[ask](sandbox, phone)
    assert "65" not in str(caught.value)


def test_waiting_in_vain_tells_what_had_come(sandbox: Sandbox) -> None:
    """How many calls there are and to whom, masked; those given before are among them."""
    with pytest.raises(TimeoutError, match=r"^No call has come in 0 s: none was accepted\.$"):
        sandbox.wait_for_call(timeout=0)
    for phone in (PHONE, OTHER_PHONE, PHONE):
        accept_call(sandbox, phone)
    with pytest.raises(TimeoutError) as caught:
        sandbox.wait_for_call(to="380939999999", timeout=0)
    assert str(caught.value) == (
        "No call to 380*****9999 has come in 0 s: 3 calls were accepted, 2 to 380*****4567, "
        "1 to 380*****2233."
    )
    sandbox.wait_for_call(to=OTHER_PHONE)
    with pytest.raises(TimeoutError) as caught:
        sandbox.wait_for_call(to=OTHER_PHONE, timeout=0)
    assert str(caught.value) == (
        "No call to 380*****2233 has come in 0 s: 3 calls were accepted, 2 to 380*****4567, "
        "1 to 380*****2233; those asked for were given before."
    )


def test_waiting_in_vain_tells_of_a_few_phones(sandbox: Sandbox) -> None:
    """A campaign does not fill the screen."""
    for number in range(12):
        accept_call(sandbox, f"38050{number:07}")
    with pytest.raises(TimeoutError, match=r"12 calls were accepted, .* and 2 phones more\.$"):
        sandbox.wait_for_call(to=PHONE, timeout=0)


def test_forgotten_calls_are_not_given() -> None:
    """Neither after a reset, nor when there was no room for it any more."""
    sandbox = Sandbox(keep=1)
    accept_call(sandbox)
    last = accept_call(sandbox)
    assert last == sandbox.wait_for_call().id
    accept_call(sandbox)
    sandbox.reset()
    with pytest.raises(TimeoutError):
        sandbox.wait_for_call(timeout=0)


@in_both_worlds
async def test_call_that_is_there_is_given_to_a_task_too(sandbox: Sandbox) -> None:
    """An async test need not wait for what has come."""
    call_id = accept_call(sandbox)
    assert call_id == sandbox.wait_for_call().id


@in_both_worlds
async def test_task_that_would_wait_is_refused_at_once(sandbox: Sandbox) -> None:
    """To wait would stop the loop that the call comes from; the line says what to do."""
    with pytest.raises(RuntimeError, match=r"No call .* has come, .*await sandbox\.next_call"):
        sandbox.wait_for_call(to=PHONE)


@in_both_worlds
async def test_task_waits_while_others_go_on(sandbox: Sandbox) -> None:
    """A call that another task makes wakes it; so does one from another thread."""
    found, ids = list[int](), list[int]()

    async def wait() -> None:
        found.append((await sandbox.next_call(to=PHONE)).id)

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        accept_call(sandbox, OTHER_PHONE)
        await anyio.wait_all_tasks_blocked()
        ids.append(accept_call(sandbox))
    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        ids.append(await anyio.to_thread.run_sync(accept_call, sandbox))
    assert ids == found


@in_both_worlds
async def test_task_waits_no_longer_than_it_is_told(sandbox: Sandbox) -> None:
    """Its timeout is told as that of the other wait is, and its waiting leaves nothing behind."""
    with pytest.raises(TimeoutError, match=r"No call has come in 0\.01 s"):
        await sandbox.next_call(timeout=0.01)
    call_id = accept_call(sandbox)
    assert call_id == (await sandbox.next_call(timeout=0)).id


@in_both_worlds
async def test_cancelled_wait_takes_no_call(sandbox: Sandbox) -> None:
    """What comes after a wait was given up is there for the next."""
    with anyio.move_on_after(0):
        await sandbox.next_call()
    call_id = accept_call(sandbox)
    assert call_id == sandbox.wait_for_call().id


def test_phones_rang_once(sandbox: Sandbox) -> None:
    """Where each phone that rang did so once, nothing is said, and messages do not count."""
    accept_call(sandbox)
    accept_call(sandbox, OTHER_PHONE)
    accept_message(sandbox)
    sandbox.assert_rang_once()


def test_nobody_who_rang_is_nobody_who_rang_once(sandbox: Sandbox) -> None:
    """A test whose application called nobody does not pass for one that called everybody once."""
    accept_message(sandbox)
    with pytest.raises(AssertionError, match=r"^no phone rang at all$"):
        sandbox.assert_rang_once()


def test_one_phone_rang_once(sandbox: Sandbox) -> None:
    """Asked of one phone, the others do not count; it is told masked how often that one rang."""
    for phone in (PHONE, OTHER_PHONE, OTHER_PHONE):
        accept_call(sandbox, phone)
    sandbox.assert_rang_once(to=PHONE)
    with pytest.raises(AssertionError, match=r"^380\*{5}2233 rang 2 times$"):
        sandbox.assert_rang_once(to=OTHER_PHONE)
    with pytest.raises(AssertionError, match=r"^380\*{5}9999 did not ring: 3 calls were "):
        sandbox.assert_rang_once(to="380939999999")


def test_phones_that_rang_twice_are_listed(sandbox: Sandbox) -> None:
    """They are masked, with how often each rang."""
    for phone in (PHONE, PHONE, OTHER_PHONE, PHONE, "380939999999", "380939999999"):
        accept_call(sandbox, phone)
    with pytest.raises(AssertionError) as caught:
        sandbox.assert_rang_once()
    assert str(caught.value) == ("rang more than once: 380*****4567 3 times, 380*****9999 2 times")


def test_list_of_phones_that_rang_twice_is_short(sandbox: Sandbox) -> None:
    """A campaign that went wrong does not fill the screen."""
    sandbox.price = Decimal(0)
    for number in range(12):
        for _ in range(2):
            accept_call(sandbox, f"38050{number:07}")
    with pytest.raises(AssertionError, match=r"and 2 phones more$"):
        sandbox.assert_rang_once()


def test_worker_thread_may_wait_whoever_began_it(sandbox: Sandbox) -> None:
    """A thread that has its task's context is no event loop all the same."""

    async def wait_there() -> int:
        waiting = asyncio.create_task(asyncio.to_thread(sandbox.wait_for_call))
        await anyio.to_thread.run_sync(accept_call, sandbox)
        return (await waiting).id

    assert anyio.run(wait_there) == sandbox.calls()[0].id


def test_task_of_a_loop_that_is_over_is_not_woken(sandbox: Sandbox) -> None:
    """Whoever left a task waiting so is in nobody's way."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(sandbox.next_call())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    call_id = accept_call(sandbox)
    assert not task.done()
    assert call_id == sandbox.wait_for_call().id
    with suppress(RuntimeError):
        task.get_coro().close()


def test_call_that_there_is_no_room_for_is_not_given() -> None:
    """It was forgotten as it came."""
    sandbox = Sandbox(keep_bytes=10)
    draft = SandboxCall(kind="voice", phone=PHONE, price=Decimal(1), audio=bytes(100))
    sandbox.accept(draft)
    with pytest.raises(TimeoutError):
        sandbox.wait_for_call(timeout=0)
