"""What only asks: three interfaces that tell the same of one thing, and the money."""

from decimal import Decimal

import pytest

from alphasms_async import GatewayError, State, Status
from tests.contract.conftest import Target
from tests.sounds import wav

pytestmark = pytest.mark.anyio

PHONE = "380501234567"
AUDIO = wav(seconds=0.1)


async def test_status_of_a_call_by_its_id(target: Target) -> None:
    """A call is queued until it is delivered, over http.php and over xml.php."""
    async with target.client() as api:
        call = await api.voice.call(PHONE, AUDIO)
        before = await api.status.get(call.id), *await api.status.get_many([call.id])
        target.deliver(call.id)
        after = await api.status.get(call.id), *await api.status.get_many([call.id])
    assert [(one.id, one.state) for one in before] == [(call.id, State.QUEUED)] * 2
    assert [(one.id, one.state) for one in after] == [(call.id, State.DELIVERED)] * 2


async def test_status_of_a_message_by_our_id(target: Target) -> None:
    """A message is known over json.php by the id we gave it, and over the others by its own."""
    async with target.client() as api:
        message = await api.voice_sms.send(PHONE, "Привіт")
        target.deliver(message.id)
        (ours,) = await api.status.by_client_id([message.client_id])
        theirs = await api.status.get(message.id)
    assert (ours.state, ours.client_id, ours.raw) == (
        State.DELIVERED,
        message.client_id,
        "DELIVERED",
    )
    assert theirs.state is State.DELIVERED


async def test_statuses_keep_the_order_asked_for(target: Target) -> None:
    """Statuses of many come in the order of the ids, an id asked for twice included."""
    async with target.client() as api:
        calls = [await api.otp.call(PHONE) for _ in range(5)]
        ids = [calls[3].id, calls[0].id, calls[4].id, calls[0].id]
        target.deliver(calls[0].id)
        found = await api.status.get_many(ids)
    assert [one.id for one in found] == ids
    assert [one.state.is_final for one in found] == [False, True, False, True]


async def test_many_ids_are_asked_for_in_parts(target: Target) -> None:
    """Over a hundred ids are more than one request, and one list."""
    async with target.client() as api:
        calls = [await api.otp.call(PHONE) for _ in range(3)]
        ids = [one.id for one in calls] * 50
        assert [one.id for one in await api.status.get_many(ids)] == ids
        messages = [await api.otp.call_tracked(PHONE) for _ in range(3)]
        ours = [one.client_id for one in messages] * 30
        assert [one.client_id for one in await api.status.by_client_id(ours)] == ours


async def test_unknown_ids_are_not_found(target: Target) -> None:
    """An id the gateway does not know is `NOT_FOUND` in a list, and refused on its own."""
    async with target.client() as api:
        found = await api.status.get_many([999_999])
        found += await api.status.by_client_id([999_999])
        with pytest.raises(GatewayError):
            await api.status.get(999_999)
    assert [one.state for one in found] == [State.NOT_FOUND] * 2


async def test_unknown_id_does_not_hide_a_known_one(target: Target) -> None:
    """An unknown id among known ones is its own status alone."""
    async with target.client() as api:
        message = await api.otp.call_tracked(PHONE)
        ids = [999_999, message.client_id]
        found = await api.status.by_client_id(ids)
    assert [one.state for one in found] == [State.NOT_FOUND, State.QUEUED]
    assert [one.client_id for one in found] == ids


async def test_nothing_asked_is_nothing_found(target: Target) -> None:
    """No ids are no statuses."""
    nothing: list[Status] = []
    async with target.client() as api:
        assert await api.status.get_many([]) == nothing
        assert await api.status.by_client_id([]) == nothing


async def test_balance_is_exact(target: Target) -> None:
    """Money is told to the last digit, without a float in between."""
    target.gateway.balance = Decimal("31.168300000000002")
    async with target.client() as api:
        balance = await api.account.balance()
    assert (balance.amount, balance.currency) == (Decimal("31.168300000000002"), "UAH")


async def test_price_is_what_a_call_costs(target: Target) -> None:
    """The price asked for before is the price of the call after."""
    async with target.client() as api:
        price = await api.account.price("0501234567")
        call = await api.voice.call(PHONE, AUDIO)
    assert (price.amount, price.currency) == (call.price, "UAH")


async def test_lookup_rings_nobody(target: Target) -> None:
    """A lookup tells of a number, costs nothing here, and no phone rings."""
    async with target.client() as api:
        lookup = await api.account.lookup("050 123 45 67")
    assert (lookup.phone, lookup.status, lookup.ported) == (PHONE, "DELIVERED", False)
    assert target.gateway.calls() == []
