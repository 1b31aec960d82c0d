"""Big recordings: they arrive byte for byte, are read once, and wait for a server that is slow."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import anyio
import h11
import httpx
import pytest

from alphasms_async import AlphaSMS
from alphasms_async.transports import REPEATABLE
from tests.carrying import carry
from tests.doubles import KEY, PHONE
from tests.hostile import SITUATIONS, HostileServer, Situation, server_context, trusting_context
from tests.hostile.answers import answer
from tests.hostile.connection import Connection
from tests.hostile.door import OPEN, TLS, Door
from tests.hostile.situation import ANSWERED, UNKNOWN
from tests.loopback import Loopback, serving
from tests.sounds import wav
from tests.ways import Way, every_way

pytestmark = pytest.mark.anyio

MEGABYTE = 1024 * 1024
HEADER_BYTES = 44
# To the last byte what the gateway takes.
AUDIO = wav(seconds=(5 * MEGABYTE - HEADER_BYTES) / 16_000)
HANG_UPS = ["closes_after_head_big", "closes_mid_upload", "resets_mid_upload"]
SECOND_TIME = ["closes_second_request", "resets_second_request"]


def _door(scheme: str) -> Door:
    return TLS if scheme == "https" else OPEN


def never_reading(scheme: str) -> Situation:
    """Return a server that takes the connection and no byte of a request."""

    def behave(connection: Connection) -> None:
        if scheme == "https":
            connection.start_tls(server_context())
        connection.wait_for_client()
        connection.close()

    return Situation("never_reads", "Reads nothing.", behave, UNKNOWN, (), door=_door(scheme))


def keeping(bodies: list[bytes], scheme: str, *, pause_seconds: float) -> Situation:
    """Return a server that accepts a request, whose body it keeps.

    Args:
        bodies: Where it puts it.
        scheme: `http` or `https`.
        pause_seconds: How long it does something else after each 64 KB, in a thread of its own.
    """

    def behave(connection: Connection) -> None:
        if scheme == "https":
            connection.start_tls(server_context())
        record = connection.read_head().record
        body = bytearray()
        while record.wanted:
            data = connection.read_some(record.wanted)
            record.take(data)
            body += data
            if pause_seconds:
                connection.pause(pause_seconds)
        bodies.append(bytes(body))
        connection.send(answer())
        connection.close()

    return Situation("keeps", "Keeps what it reads.", behave, ANSWERED, (), door=_door(scheme))


def pausing(connection: Connection) -> None:
    """Read some of a body, do something else for 0.3 s, read the rest, accept."""
    connection.read_head().read_body(at_most=100_000)
    connection.pause(0.3)
    connection.read_body()
    connection.send(answer())


def answering_early(connection: Connection) -> None:
    """Accept a big request before its body, of which nothing is read then."""
    is_big = connection.read_head().record.wanted > 1000
    if not is_big:
        connection.read_body()
    connection.send(answer())
    if is_big:
        connection.wait_for_client()
        connection.close()


class Counted(httpx.AsyncByteStream):
    """A body of equal pieces, which knows how much of it was read, and how often."""

    def __init__(self, pieces: int, piece: bytes) -> None:
        self.readings = 0
        self.taken = 0
        """How many pieces were read."""
        self._pieces = pieces
        self._piece = piece

    def __aiter__(self) -> AsyncIterator[bytes]:
        self.readings += 1
        return _Pieces(self._take)

    def _take(self) -> bytes:
        if self.taken == self._pieces:
            raise StopAsyncIteration
        self.taken += 1
        return self._piece

    def of(
        self,
        url: str,
        *,
        size: int | None = None,
        is_read: bool = False,
        write_seconds: float = 5,
        read_seconds: float = 5,
    ) -> httpx.Request:
        """Return a request with this body.

        Args:
            url: The gateway's base URL.
            size: How many bytes are announced. `None`: as many as there are.
            is_read: Whether it only asks, and may use a kept connection.
            write_seconds: How long the server may take nothing.
            read_seconds: How long it may say nothing when it has taken all.
        """
        timeout = httpx.Timeout(5, write=write_seconds, read=read_seconds).as_dict()
        size = self._pieces * len(self._piece) if size is None else size
        page = httpx.URL(url).join("/api/voice.php")
        return httpx.Request(
            "POST",
            page,
            headers=[
                (b"Host", page.netloc),
                (b"Content-Length", str(size).encode()),
            ],
            stream=self,
            extensions={REPEATABLE: is_read, "timeout": timeout},
        )


class _Pieces(AsyncIterator[bytes]):
    """No generator: a transport leaves one half-way when it fails, and trio warns of those."""

    def __init__(self, take: Callable[[], bytes]) -> None:
        self._take = take

    async def __anext__(self) -> bytes:
        return self._take()


def hostile(name: str) -> HostileServer:
    """Return a server that does what a row of the table of situations says."""
    (situation,) = (row for row in SITUATIONS if row.name == name)
    return HostileServer(situation)


@every_way
@pytest.mark.parametrize("pause_seconds", [0.0, 0.001], ids=["at once", "slowly"])
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_recording_at_the_limit_arrives(scheme: str, pause_seconds: float, way: Way) -> None:
    """5 MB arrive byte for byte, as long as announced, however slowly they are read."""
    assert len(AUDIO) == 5 * MEGABYTE
    bodies: list[bytes] = []
    with HostileServer(keeping(bodies, scheme, pause_seconds=pause_seconds)) as server:
        transport = way.open(ssl_context=trusting_context())
        async with AlphaSMS(KEY, base_url=server.url, transport=transport) as api:
            await api.voice.call(PHONE, AUDIO)
        (head,) = (record.head.lower() for record in server.records)
    assert [body.count(AUDIO) for body in bodies] == [1]
    assert head.count(b"content-length: %d\r\n" % len(bodies[0])) == 1
    assert b"transfer-encoding" not in head


@every_way
async def test_many_big_recordings_arrive_at_once(way: Way) -> None:
    """Eight of a megabyte at once do not mix."""
    recordings = [bytes([number]) * MEGABYTE for number in range(8)]
    async with (
        serving(Loopback()) as server,
        way.open() as transport,
        anyio.create_task_group() as group,
    ):
        for one in recordings:
            group.start_soon(carry, transport, Counted(4, one[: MEGABYTE // 4]).of(server.url))
    assert sorted(one.body for one in server.taken) == recordings


@every_way
async def test_upload_may_take_longer_than_the_limit_for_reading(way: Way) -> None:
    """While a server still takes a body in, nobody waits for its answer yet."""
    body = Counted(64, b"x" * (MEGABYTE // 4))
    with HostileServer(Situation("pauses", "Pauses.", pausing, ANSWERED, ())) as server:
        async with way.open() as transport:
            await carry(transport, body.of(server.url, read_seconds=0.15))
        assert [record.body_bytes for record in server.records] == [16 * MEGABYTE]


@every_way
@pytest.mark.parametrize("announced", [10, 14], ids=["longer", "shorter"])
async def test_body_of_another_length_than_announced_is_refused(announced: int, way: Way) -> None:
    """A body of 12 bytes that was announced with another length never arrives as a whole one."""
    body = Counted(3, b"ring")
    async with serving(Loopback()) as server:
        async with way.open(reuse_seconds=60) as transport:
            # httpcore lets through what h11 says at the end of a body.
            with pytest.raises((httpx.LocalProtocolError, h11.LocalProtocolError)):
                await carry(transport, body.of(server.url, size=announced))
            await server.until(lambda: (server.connections, server.open) == (1, 0))
        assert server.taken == []


@every_way
@pytest.mark.parametrize("name", HANG_UPS)
async def test_body_is_read_once_when_the_server_hangs_up(name: str, way: Way) -> None:
    """An upload that is broken off is an error, and nobody reads the body again."""
    body = Counted(18, b"x" * (MEGABYTE // 4))
    with hostile(name) as server:
        async with way.open() as transport:
            with pytest.raises(httpx.HTTPError):
                await carry(transport, body.of(server.url))
        await anyio.to_thread.run_sync(server.drain)
        assert server.deliveries == 0
    assert body.readings == 1


@every_way
@pytest.mark.parametrize("is_read", [False, True], ids=["send", "read"])
@pytest.mark.parametrize("name", SECOND_TIME)
async def test_body_is_not_sent_again_when_a_kept_connection_dies(
    name: str, way: Way, *, is_read: bool
) -> None:
    """What dies on a connection that was used before is told, and not sent over another one."""
    bodies = [Counted(3, b"ring") for _ in range(2)]
    with hostile(name) as server:
        async with way.open(reuse_seconds=60) as transport:
            await carry(transport, bodies[0].of(server.url, is_read=is_read))
            with pytest.raises(httpx.HTTPError):
                await carry(transport, bodies[1].of(server.url, is_read=is_read))
        await anyio.to_thread.run_sync(server.drain)
        assert len(server.records) == 2
    assert [body.readings for body in bodies] == [1, 1]


@every_way
async def test_connection_with_half_an_upload_is_not_used_again(way: Way) -> None:
    """Where an answer came before the whole body, nothing more is sent over that connection."""
    big, small = Counted(64, b"x" * (MEGABYTE // 4)), Counted(3, b"ring")
    early = Situation("early", "Answers early.", answering_early, ANSWERED, ())
    with HostileServer(early) as server:
        async with way.open(reuse_seconds=60) as transport:
            # httpcore looks for an answer when the upload has ended, be it by its timeout.
            with suppress(httpx.WriteTimeout):
                await carry(transport, big.of(server.url, write_seconds=0.15))
            await carry(transport, small.of(server.url))
        assert [record.body_bytes for record in server.records] == [0, 12]


@every_way
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_upload_that_nobody_reads_is_not_piled_up(scheme: str, way: Way) -> None:
    """Of 64 MB no more is taken than the system's buffers hold, and then writing times out."""
    body = Counted(256, b"x" * (MEGABYTE // 4))
    with HostileServer(never_reading(scheme)) as server:
        async with way.open(ssl_context=trusting_context()) as transport:
            with pytest.raises(httpx.WriteTimeout):
                await carry(transport, body.of(server.url, write_seconds=0.15))
        await anyio.to_thread.run_sync(server.drain)
        assert server.deliveries == 0
    assert (body.readings, body.taken < 128) == (1, True)
