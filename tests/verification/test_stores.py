"""What every store promises: memory, SQLite and Redis keep one contract."""

from collections.abc import Callable

import anyio
import pytest
from attrs import evolve

from alphasms_async import StoreError
from alphasms_async.verification import Entry, Quota, VerificationStore

pytestmark = pytest.mark.anyio

NOW = 1_780_000_000.123456
ENTRY = Entry(id="one", body='{"what": "ever, ґ"}', forget_at=NOW + 600.5)
PHONE = Quota("phone", 2, 60.0)
OVERALL = Quota("overall", 3, 600.0)


async def test_unknown_entry_is_none(store: VerificationStore) -> None:
    """What nobody kept is not there."""
    assert await store.get("one") is None
    assert await store.find(100500) is None


async def test_entry_comes_back_as_it_was(store: VerificationStore) -> None:
    """Every fact of an entry is kept to the last digit."""
    entry = evolve(ENTRY, due_at=NOW + 0.000001, call_ids=(100500, 2**63 - 1))
    await store.create(entry, NOW)
    assert entry == await store.get("one")


async def test_second_entry_of_an_id_is_refused(store: VerificationStore) -> None:
    """An id is given to one entry only, and the first stays."""
    await store.create(ENTRY, NOW)
    with pytest.raises(StoreError):
        await store.create(evolve(ENTRY, body="other"), NOW)
    assert await store.get("one") == ENTRY


async def test_replacing_counts_the_version_up(store: VerificationStore) -> None:
    """Whoever read the version that is there replaces it."""
    await store.create(ENTRY, NOW)
    assert await store.replace(evolve(ENTRY, body="new"), NOW)
    assert evolve(ENTRY, body="new", version=1) == await store.get("one")


async def test_replacing_an_old_version_changes_nothing(store: VerificationStore) -> None:
    """Whoever read an older version is told so, and must read again."""
    await store.create(ENTRY, NOW)
    await store.replace(evolve(ENTRY, body="new"), NOW)
    assert not await store.replace(evolve(ENTRY, body="newer", due_at=NOW), NOW)
    assert evolve(ENTRY, body="new", version=1) == await store.get("one")
    assert await store.next_due() is None


async def test_replacing_nothing_makes_nothing(store: VerificationStore) -> None:
    """An entry that is forgotten does not come back."""
    assert not await store.replace(ENTRY, NOW)
    assert await store.get("one") is None


async def test_of_many_who_replace_at_once_one_does(store: VerificationStore) -> None:
    """A version is replaced once, however many try at the same moment."""
    await store.create(ENTRY, NOW)
    done: list[bool] = []

    async def replace(number: int) -> None:
        done.append(await store.replace(evolve(ENTRY, body=str(number)), NOW))

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(replace, number)
    assert [one for one in done if one] == [True]


async def test_entry_is_found_by_each_of_its_calls(store: VerificationStore) -> None:
    """The gateway's ids lead to the entry, those too that were told later."""
    await store.create(evolve(ENTRY, call_ids=(7,)), NOW)
    await store.replace(evolve(ENTRY, call_ids=(7, 8)), NOW)
    assert [entry.id for one in (7, 8) if (entry := await store.find(one))] == ["one", "one"]


async def test_due_entries_come_the_longest_due_first(store: VerificationStore) -> None:
    """Those whose moment has come, at most so many, and no other."""
    for name, seconds in (("b", 2.0), ("a", 1.0), ("c", 3.0), ("d", 3.000001)):
        await store.create(evolve(ENTRY, id=name, due_at=NOW + seconds), NOW)
    assert [one.id for one in await store.due(NOW + 3.0, 9)] == ["a", "b", "c"]
    assert [one.id for one in await store.due(NOW + 3.0, 2)] == ["a", "b"]


async def test_next_moment_is_the_earliest(store: VerificationStore) -> None:
    """A timer may sleep until the first of all entries is due."""
    await store.create(evolve(ENTRY, id="b", due_at=NOW + 2), NOW)
    await store.create(evolve(ENTRY, id="a", due_at=NOW + 1), NOW)
    assert await store.next_due() == NOW + 1


async def test_entry_that_is_due_no_more_is_not_found(store: VerificationStore) -> None:
    """An entry whose moment was taken away is nobody's business."""
    await store.create(evolve(ENTRY, due_at=NOW), NOW)
    await store.replace(ENTRY, NOW)
    assert await store.due(NOW, 9) == []
    assert await store.next_due() is None


async def test_quota_is_counted_until_it_is_reached(store: VerificationStore) -> None:
    """As many pass as the quota says, and the next is told how long to wait."""
    assert [await store.take(one, [PHONE], NOW) for one in "ab"] == [0.0, 0.0]
    assert await store.take("c", [PHONE], NOW + 20) == pytest.approx(40)


async def test_quota_slides(store: VerificationStore) -> None:
    """Each place is free again when its own time is over, not all of them at once."""
    await store.take("a", [PHONE], NOW)
    await store.take("b", [PHONE], NOW + 30)
    assert await store.take("c", [PHONE], NOW + 60) == 0
    assert await store.take("d", [PHONE], NOW + 61) == pytest.approx(29)


async def test_one_full_quota_keeps_all_others_uncounted(store: VerificationStore) -> None:
    """A send is counted against each of its quotas or against none."""
    for ticket in "ab":
        await store.take(ticket, [PHONE, OVERALL], NOW)
    assert await store.take("c", [PHONE, OVERALL], NOW) == pytest.approx(60)
    assert await store.take("d", [OVERALL], NOW) == 0
    assert await store.take("e", [OVERALL], NOW) == pytest.approx(600)


async def test_longest_wait_is_told(store: VerificationStore) -> None:
    """Of several full quotas the one that stays full the longest counts."""
    await store.take("a", [Quota("x", 1, 60.0), Quota("y", 1, 600.0)], NOW)
    wait = await store.take("b", [Quota("x", 1, 60.0), Quota("y", 1, 600.0)], NOW)
    assert wait == pytest.approx(600)


async def test_ticket_given_back_leaves_its_place(store: VerificationStore) -> None:
    """What was not used can be used by the next, and is given back once."""
    for ticket in "ab":
        await store.take(ticket, [PHONE], NOW)
    for _ in range(2):
        await store.give_back("a", [PHONE])
    assert await store.take("c", [PHONE], NOW) == 0
    assert await store.take("d", [PHONE], NOW) > 0


async def test_no_quota_is_never_full(store: VerificationStore) -> None:
    """Without limits everything passes."""
    assert [await store.take(str(number), [], NOW) for number in range(5)] == [0.0] * 5


async def test_quota_holds_however_many_come_at_once(store: VerificationStore) -> None:
    """Of many at the same moment exactly as many pass as the quota says."""
    waits: list[float] = []

    async def take(number: int) -> None:
        waits.append(await store.take(str(number), [OVERALL, PHONE], NOW))

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(take, number)
    assert PHONE.count == waits.count(0.0)


async def test_what_is_needed_is_not_forgotten(store: VerificationStore) -> None:
    """Forgetting touches nothing whose time is not over."""
    await store.create(evolve(ENTRY, call_ids=(7,)), NOW)
    for ticket in "ab":
        await store.take(ticket, [PHONE], NOW)
    await store.forget(NOW + 59)
    assert await store.find(7) is not None
    assert await store.take("c", [PHONE], NOW + 59) > 0


async def test_closed_store_opens_again(store: VerificationStore) -> None:
    """A store serves whoever asks it after it was closed, too."""
    await store.create(ENTRY, NOW)
    await store.aclose()
    assert await store.get("one") == ENTRY


async def test_two_stores_see_the_same(
    store: VerificationStore, opened: Callable[[], VerificationStore]
) -> None:
    """What one process writes, another reads, and one of them replaces it."""
    await store.create(ENTRY, NOW)
    other = opened()
    try:
        assert await other.get("one") == ENTRY
        assert await other.replace(ENTRY, NOW)
    finally:
        await other.aclose()
    assert not await store.replace(ENTRY, NOW)
