"""What may happen to the bytes on one way of a connection."""

import math

import anyio

from tests.torture.line import Carry, Way, carry

__all__ = [
    "bandwidth",
    "corrupt",
    "latency",
    "limit_data",
    "reset_peer",
    "slicer",
    "slow_close",
    "timeout",
]

_TICK_SECONDS = 0.01


def latency(seconds: float) -> Carry:
    """Pass each piece on so many seconds after it came, whether or not the source still waits."""

    async def delay(way: Way) -> None:
        coming, due = anyio.create_memory_object_stream[tuple[float, bytes]](math.inf)

        async def hand_over() -> None:
            async with due:
                async for when, data in due:
                    await anyio.sleep_until(when)
                    await way.send(data)

        async with anyio.create_task_group() as group, coming:
            group.start_soon(hand_over)
            while data := await way.read():
                await coming.send((anyio.current_time() + seconds, data))

    return delay


def bandwidth(bytes_per_second: float) -> Carry:
    """Pass no more than so many bytes a second on."""
    step = max(1, round(bytes_per_second * _TICK_SECONDS))

    async def throttle(way: Way) -> None:
        while data := await way.read():
            for start in range(0, len(data), step):
                await anyio.sleep(step / bytes_per_second)
                await way.send(data[start : start + step])

    return throttle


def slow_close(seconds: float) -> Carry:
    """Pass everything on, but the end so many seconds late."""

    async def linger(way: Way) -> None:
        await carry(way)
        await anyio.sleep(seconds)

    return linger


async def timeout(way: Way) -> None:
    """Swallow everything, and the end too until the client itself hangs up."""
    while await way.read():
        pass
    await way.line.up.is_over.wait()


async def reset_peer(way: Way) -> None:
    """Reset the connection when the first byte comes, which is not passed on."""
    if await way.read():
        await way.line.reset()


def slicer(most_bytes: int, pause_seconds: float) -> Carry:
    """Pass everything on in slices of a few bytes, with a pause after each."""

    async def cut(way: Way) -> None:
        while data := await way.read():
            while data:
                size = way.line.rng.randint(1, most_bytes)
                await way.send(data[:size])
                data = data[size:]
                await anyio.sleep(pause_seconds)

    return cut


def limit_data(most_bytes: int) -> Carry:
    """Pass so many bytes on, and hang up when there are more."""

    async def limit(way: Way) -> None:
        room = most_bytes
        while data := await way.read():
            await way.send(data[:room])
            if len(data) > room:
                await way.line.hang_up()
            room -= len(data)

    return limit


def corrupt(share: float) -> Carry:
    """Flip one bit in such a share of the bytes, at least in one byte of each piece that comes."""

    async def flip(way: Way) -> None:
        rng = way.line.rng
        while data := await way.read():
            spoiled = bytearray(data)
            for place in rng.sample(range(len(data)), max(1, round(len(data) * share))):
                spoiled[place] ^= 1 << rng.randrange(8)
            await way.send(bytes(spoiled))

    return flip
