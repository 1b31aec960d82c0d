"""The toxics: what each does to the bytes of a connection, and to how it ends."""

import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random
from typing import Literal

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from hypothesis import given
from hypothesis import strategies as st

from tests.torture.carries import bandwidth, corrupt, latency, limit_data, slicer, slow_close
from tests.torture.line import Carry, Way
from tests.torture.toxics import TOXICS, Toxic, toxic_proxy

pytestmark = pytest.mark.anyio

REQUEST = bytes(range(200))
ANSWER = bytes(range(150))
CLIENT_TIMEOUT_SECONDS = 0.25
DELAY_SECONDS = 0.05

End = Literal["FIN", "RST", "open"]


class Server:
    """Answers once it has read a whole request; notes what came, and how it ended."""

    def __init__(self, *, hangs_up: bool) -> None:
        self.port = 0
        self.received: list[bytes] = []
        """What came over each connection that is over."""
        self.ends: list[End] = []
        """How each of them ended."""
        self._hangs_up = hangs_up
        self._news = anyio.Event()

    async def handle(self, stream: ByteStream) -> None:
        """Serve one connection to its end."""
        received = b""
        async with stream:
            end: End = "FIN"
            try:
                async for data in stream:
                    received += data
                    if len(received) == len(REQUEST):
                        await stream.send(ANSWER)
                        if self._hangs_up:
                            break
            except anyio.BrokenResourceError:
                end = "RST"
        self.received.append(received)
        self.ends.append(end)
        self._news.set()

    async def ended(self) -> None:
        """Wait until a connection is over."""
        await self._news.wait()


@asynccontextmanager
async def serving(*, hangs_up: bool = False) -> AsyncGenerator[Server]:
    """Serve while the block lasts."""
    server = Server(hangs_up=hangs_up)
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        server.port = listener.listeners[0].extra(SocketAttribute.local_port)  # noqa: S610 - anyio's
        group.start_soon(listener.serve, server.handle)
        yield server
        group.cancel_scope.cancel()


async def receive(
    stream: ByteStream, size: int = len(ANSWER), timeout: float | None = None
) -> tuple[bytes, End]:
    """Return what comes up to a size, to the end, or in so many seconds."""
    received = b""
    with anyio.move_on_after(timeout):
        try:
            while len(received) < size:
                received += await stream.receive()
        except anyio.EndOfStream:
            return received, "FIN"
        except anyio.BrokenResourceError:
            return received, "RST"
    return received, "open"


async def ask(port: int, timeout: float | None = None) -> tuple[bytes, End]:
    """Send one request over a connection of its own; return the answer and how that ended."""
    try:
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(REQUEST)
            return await receive(stream, timeout=timeout)
    except (OSError, anyio.BrokenResourceError):
        return b"", "RST"


# What the server has in the end, how much of the answer the client has when its time is up, and
# how its connection stands then.
SEEN: dict[str, tuple[bytes, range, End]] = {
    "none": (REQUEST, range(150, 151), "open"),
    "latency_up": (REQUEST, range(1), "open"),
    "latency_down": (REQUEST, range(1), "open"),
    "bandwidth": (REQUEST, range(1, 100), "open"),
    "slow_close": (REQUEST, range(150, 151), "open"),
    "timeout_up": (b"", range(1), "open"),
    "timeout_down": (REQUEST, range(1), "open"),
    "reset_peer_up": (b"", range(1), "RST"),
    "reset_peer_down": (REQUEST, range(1), "RST"),
    "slicer": (REQUEST, range(150, 151), "open"),
    "limit_data_up": (REQUEST[:100], range(1), "FIN"),
    "limit_data_down": (REQUEST, range(60, 61), "FIN"),
    "corrupt_down": (REQUEST, range(150, 151), "open"),
}


def test_there_are_fourteen_toxics() -> None:
    """Every toxic is looked at here, and there are fourteen."""
    assert TOXICS.keys() == SEEN.keys() | {"down"}
    assert len(TOXICS) == 14


@pytest.mark.parametrize("name", SEEN)
async def test_toxic_is_what_it_says(name: str) -> None:
    """The server gets what it should get, the client what it should get in time."""
    arrives, sizes, end = SEEN[name]
    # Only where the answer has to be late is there a deadline for a busy machine to miss.
    timeout = CLIENT_TIMEOUT_SECONDS if end == "open" and len(ANSWER) not in sizes else None
    async with serving() as server, toxic_proxy(server.port, TOXICS[name], share=1.0) as proxy:
        answer, ended = await ask(proxy.port, timeout)
        await proxy.drain()
        await server.ended()
    assert [arrives] == server.received
    assert len(answer) in sizes
    assert end == ended
    assert (name == "corrupt_down") is (answer != ANSWER[: len(answer)])


@pytest.mark.parametrize(
    ("name", "end"),
    [("reset_peer_up", "RST"), ("reset_peer_down", "RST"), ("limit_data_up", "FIN")],
)
async def test_server_sees_how_it_ends(name: str, end: End) -> None:
    """A reset reaches the server as a reset, and hanging up as an end."""
    async with serving() as server, toxic_proxy(server.port, TOXICS[name], share=1.0) as proxy:
        await ask(proxy.port)
        await server.ended()
    assert [end] == server.ends


async def test_down_resets_and_the_server_never_hears_of_it() -> None:
    """A client of a proxy that is down gets an RST, and no connection goes further."""
    async with serving() as server, toxic_proxy(server.port, TOXICS["down"], share=1.0) as proxy:
        assert await ask(proxy.port) == (b"", "RST")
        await proxy.drain()
    assert server.received == []
    assert (proxy.connections, proxy.hit) == (1, 1)


@pytest.mark.parametrize(
    "carry", [latency(DELAY_SECONDS), bandwidth(len(REQUEST) / DELAY_SECONDS)], ids=["late", "slow"]
)
async def test_request_of_a_client_that_left_arrives(carry: Carry) -> None:
    """What a client has sent gets to the server, however long after the client has gone."""
    toxic = Toxic("up", "", up=carry)
    async with serving() as server, toxic_proxy(server.port, toxic, share=1.0) as proxy:
        async with await anyio.connect_tcp("127.0.0.1", proxy.port) as stream:
            await stream.send(REQUEST)
        await proxy.drain()
        assert (proxy.connections, proxy.open) == (1, 0)
        await server.ended()
    assert server.received == [REQUEST]


async def test_drain_waits_for_who_stands_in_line() -> None:
    """A client that came and went before it was accepted counts all the same."""
    async with serving() as server, toxic_proxy(server.port, TOXICS["none"]) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(REQUEST)
        assert proxy.connections == 0
        await proxy.drain()
        assert proxy.connections == 1
        await server.ended()
    assert server.received == [REQUEST]


@pytest.mark.parametrize(
    "toxic",
    [
        Toxic("up", "", up=latency(DELAY_SECONDS)),
        Toxic("down", "", down=latency(DELAY_SECONDS)),
        Toxic("narrow", "", down=bandwidth(len(ANSWER) / DELAY_SECONDS)),
    ],
    ids=lambda toxic: toxic.name,
)
async def test_answer_comes_whole_and_late(toxic: Toxic) -> None:
    """What is delayed comes whole, and not before its time."""
    async with serving() as server, toxic_proxy(server.port, toxic, share=1.0) as proxy:
        begin = time.monotonic()
        answer, _ = await ask(proxy.port)
    assert answer == ANSWER
    assert time.monotonic() - begin >= 0.9 * DELAY_SECONDS


async def test_delays_do_not_add_up() -> None:
    """Each piece is as late as the one before it, not later by all that came before."""
    way = Script([b"piece"] * 40)
    begin = time.monotonic()
    await latency(DELAY_SECONDS)(way)
    assert way.sent == [b"piece"] * 40
    assert DELAY_SECONDS <= time.monotonic() - begin < 20 * DELAY_SECONDS


async def test_slow_close_keeps_the_end_back() -> None:
    """The answer of a server that hangs up comes at once, its end late."""
    toxic = Toxic("slow", "", down=slow_close(DELAY_SECONDS))
    async with (
        serving(hangs_up=True) as server,
        toxic_proxy(server.port, toxic, share=1.0) as proxy,
        await anyio.connect_tcp("127.0.0.1", proxy.port) as stream,
    ):
        await stream.send(REQUEST)
        assert await receive(stream) == (ANSWER, "open")
        begin = time.monotonic()
        assert await receive(stream) == (b"", "FIN")
    assert time.monotonic() - begin >= 0.5 * DELAY_SECONDS


async def test_timeout_keeps_the_end_back_for_ever() -> None:
    """That the server has hung up stays hidden as long as the client waits."""
    toxic = TOXICS["timeout_down"]
    async with serving(hangs_up=True) as server, toxic_proxy(server.port, toxic, share=1) as proxy:
        assert await ask(proxy.port, CLIENT_TIMEOUT_SECONDS) == (b"", "open")
        assert server.ends == ["FIN"]
        await proxy.drain()


async def test_end_of_one_way_leaves_the_other() -> None:
    """A client that has said all still gets its answer, and then the end."""
    async with serving() as server, toxic_proxy(server.port, TOXICS["none"]) as proxy:
        async with await anyio.connect_tcp("127.0.0.1", proxy.port) as stream:
            await stream.send(REQUEST)
            await stream.send_eof()
            assert await receive(stream, len(ANSWER) + 1) == (ANSWER, "FIN")
        await proxy.drain()
    assert proxy.open == 0


async def test_proxy_of_no_server_resets() -> None:
    """A client that comes while the server is away gets an RST."""
    async with serving() as server:
        port = server.port
    async with toxic_proxy(port, TOXICS["none"]) as proxy:
        assert await ask(proxy.port) == (b"", "RST")


async def hits(seed: int, share: float, count: int = 30) -> list[bool]:
    """Return which of so many clients are hit."""
    found = list[bool]()
    async with serving() as server:
        async with toxic_proxy(server.port, TOXICS["down"], share=share, seed=seed) as proxy:
            for _ in range(count):
                before = proxy.hit
                answer, _ = await ask(proxy.port)
                found.append(proxy.hit > before)
                assert found[-1] is (answer != ANSWER)
        assert (count, sum(found)) == (proxy.connections, proxy.hit)
    return found


async def test_seed_decides_who_is_hit() -> None:
    """The same seed hits the same clients, another seed others, and a share of them each."""
    first = await hits(seed=1, share=0.3)
    assert first == await hits(seed=1, share=0.3)
    assert first != await hits(seed=2, share=0.3)
    assert 3 <= sum(first) <= 15


@pytest.mark.parametrize("share", [0.0, 1.0])
async def test_share_may_be_none_or_all(share: float) -> None:
    """A share of 0 hits nobody and one of 1 everybody."""
    assert [share == 1.0] * 5 == await hits(seed=3, share=share, count=5)


class _Chance:
    """A line that does nothing but leave things to chance."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - chance that can be had again
        self.is_hung_up = False

    async def hang_up(self) -> None:
        self.is_hung_up = True


class Script(Way):
    """A way without sockets: what comes is given, what goes is kept."""

    def __init__(self, coming: list[bytes], seed: int = 0) -> None:
        self.chance = _Chance(seed)
        self.line = self.chance  # type: ignore[assignment]  # the part of a line that is used
        self.sent: list[bytes] = []
        self._coming = iter([*coming, b""])

    async def read(self) -> bytes:
        """Return what comes next."""
        return next(self._coming, b"")

    async def send(self, data: bytes) -> None:
        """Keep it."""
        self.sent.append(data)


def carried(how: Carry, coming: list[bytes], seed: int = 0) -> Script:
    """Return a way after something has carried it to its end."""
    way = Script(coming, seed)
    anyio.run(how, way)
    return way


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=4), st.integers(1, 20), st.integers())
def test_slices_are_small_and_make_up_the_whole(pieces: list[bytes], most: int, seed: int) -> None:
    """No slice is longer than it may be, and none is missing."""
    way = carried(slicer(most, 0.0), pieces, seed)
    assert b"".join(way.sent) == b"".join(pieces)
    assert all(1 <= len(slice_) <= most for slice_ in way.sent)


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=4), st.integers(0, 200))
def test_limit_passes_no_more(pieces: list[bytes], most: int) -> None:
    """So many bytes pass, and only when there are more is the connection hung up."""
    way = carried(limit_data(most), pieces)
    whole = b"".join(pieces)
    assert b"".join(way.sent)[:most] == whole[:most]
    assert way.chance.is_hung_up is (len(whole) > most)


@given(st.binary(min_size=1, max_size=300), st.integers())
def test_corruption_flips_single_bits(data: bytes, seed: int) -> None:
    """In as many bytes as it says, at least in one, a single bit is another; none is lost."""
    (spoiled,) = carried(corrupt(0.02), [data], seed).sent
    changed = [a ^ b for a, b in zip(data, spoiled, strict=True) if a != b]
    assert len(changed) == max(1, round(len(data) * 0.02))
    assert all(bits.bit_count() == 1 for bits in changed)
