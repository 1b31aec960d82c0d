from decimal import Decimal

import anyio
import pytest

from alphasms_async.sandbox import Sandbox

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
        "No call to 380*****4567 has come in 0.01 s; of 1 calls accepted none is left to give."
    )


def test_phone_to_wait_for_is_written_as_on_the_wire(sandbox: Sandbox) -> None:
    """One written otherwise would be waited for in vain, and is not shown."""
    with pytest.raises(ValueError, match="like 380501234567") as caught:
        sandbox.wait_for_call(to="+380 67 765 43 21")
    assert "765" not in str(caught.value)


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
    sandbox.assert_rang_once()
    accept_call(sandbox)
    accept_call(sandbox, OTHER_PHONE)
    accept_message(sandbox)
    sandbox.assert_rang_once()


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
