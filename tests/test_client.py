"""The client: what it is made of, what it refuses, and how it ends."""

import anyio
import httpx
import pytest

from alphasms_async import AlphaSMS, ClientClosed, NotSent
from tests.doubles import KEY, PHONE, Carrying, FakeGateway
from tests.methods import METHODS, Method

pytestmark = pytest.mark.anyio

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def test_every_method_is_in_the_table() -> None:
    """The table that tests walk holds all methods of all namespaces, and `dial`."""
    api = AlphaSMS(KEY)
    methods = {
        f"{space}.{name}"
        for space, service in vars(api).items()
        if not space.startswith("_")
        for name in dir(service)
        if not name.startswith("_")
    }
    assert methods | {"dial"} == set(METHODS)


def test_client_is_made_without_an_event_loop() -> None:
    """Making a client does no I/O, and the client works in a loop that comes later."""
    gateway = FakeGateway()
    api = AlphaSMS(KEY, transport=gateway)

    async def main() -> None:
        async with api:
            await api.otp.call(PHONE)

    anyio.run(main)
    assert gateway.rings == {PHONE: 1}


def test_client_serves_one_loop_after_another() -> None:
    """A client that is not closed works in a second event loop too."""
    gateway = FakeGateway()
    api = AlphaSMS(KEY, transport=gateway)

    async def main() -> None:
        await api.otp.call(PHONE)

    anyio.run(main)
    anyio.run(main, backend="trio")
    assert gateway.rings == {PHONE: 2}


def test_repr_tells_the_address_and_not_the_key() -> None:
    """The client and its namespaces print without the key."""
    api = AlphaSMS(KEY)
    printed = repr([api, *vars(api).values()])
    assert "AlphaSMS(base_url='https://alphasms.ua')" in printed
    assert KEY not in printed


async def test_closing_twice_closes_once() -> None:
    """A transport is closed with the client, once, however often the client is closed."""
    gateway = FakeGateway()
    async with AlphaSMS(KEY, transport=gateway) as api:
        await api.aclose()
    await api.aclose()
    assert gateway.closed == 1


@every_method
async def test_use_after_close_is_refused(method: Method) -> None:
    """Each method of a closed client raises `ClientClosed`, and nothing is sent."""
    gateway = FakeGateway()
    api = AlphaSMS(KEY, transport=gateway)
    await api.aclose()
    with pytest.raises(ClientClosed):
        await method(api)
    assert gateway.asked == 0


@pytest.mark.parametrize("name", ["status.get_many", "status.by_client_id", "sms.send_many"])
async def test_empty_list_after_close_is_refused(name: str) -> None:
    """Also a method that would have nothing to ask for says that the client is closed."""
    api = AlphaSMS(KEY, transport=FakeGateway())
    await api.aclose()
    space, _, method = name.partition(".")
    with pytest.raises(ClientClosed):
        await getattr(getattr(api, space), method)([])


async def test_closed_client_is_not_entered() -> None:
    """Entering a closed client raises `ClientClosed`."""
    api = AlphaSMS(KEY, transport=FakeGateway())
    await api.aclose()
    with pytest.raises(ClientClosed):
        async with api:
            raise AssertionError


async def test_error_in_the_block_closes_the_client() -> None:
    """Leaving the block by an error closes the transport, and the error goes on."""
    gateway = FakeGateway()
    with pytest.raises(ZeroDivisionError):
        async with AlphaSMS(KEY, transport=gateway):
            raise ZeroDivisionError
    assert gateway.closed == 1


async def test_many_tasks_share_one_client() -> None:
    """Two hundred tasks with one client get their own answers."""

    def answer(request: httpx.Request) -> httpx.Response:
        number = request.content.split(b"id=")[1]
        return httpx.Response(200, text=f"status:{number.decode()}")

    told: dict[int, str] = {}

    async with AlphaSMS(KEY, transport=FakeGateway(answer)) as api:

        async def ask(number: int) -> None:
            told[number] = (await api.status.get(number)).raw

        async with anyio.create_task_group() as group:
            for number in range(1, 201):
                group.start_soon(ask, number)
    assert told == {number: str(number) for number in range(1, 201)}


async def test_timeout_reaches_the_transport() -> None:
    """Each phase's limit is handed to the transport, the call's own in place of the client's."""
    gateway = FakeGateway()
    async with AlphaSMS(KEY, transport=gateway, timeout=httpx.Timeout(7, read=9)) as api:
        await api.otp.call(PHONE)
        await api.otp.call(PHONE, timeout=3)
    limits = [one.extensions["timeout"] for one in gateway.read]
    assert limits == [
        {"connect": 7, "write": 7, "read": 9, "pool": 33},
        {"connect": 3, "write": 3, "read": 3, "pool": 3},
    ]


async def test_default_timeout_grows_with_the_recording() -> None:
    """By default an upload has half a minute, and a second more for each 64 KB."""
    gateway = FakeGateway()
    async with AlphaSMS(KEY, transport=gateway) as api:
        await api.otp.call(PHONE)
    (request,) = gateway.read
    write = 30 + len(request.content) / 65536
    assert request.extensions["timeout"] == {
        "connect": 10,
        "write": write,
        "read": 60,
        "pool": 110 + len(request.content) / 65536,
    }


async def test_transport_closed_below_us_is_not_sent() -> None:
    """A transport that somebody else has closed ends in `NotSent`, not in its own error."""

    async def carry(request: httpx.Request) -> httpx.Response:
        raise RuntimeError("this transport is closed")

    async with AlphaSMS(KEY, transport=Carrying(carry)) as api:
        with pytest.raises(NotSent, match="closed"):
            await api.otp.call(PHONE)
