"""Toxics: whatever the line does to the requests, nobody is rung twice, and nobody is forgotten."""

import logging
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from attrs import frozen

from alphasms_async import AlphaSMS, SlotTransport
from alphasms_async.campaigns.records import CampaignState, Settlement
from alphasms_async.campaigns.sqlite import MemoryJournal, SqliteJournal
from alphasms_async.campaigns.states import Verdict
from alphasms_async.errors import AlphaSMSError
from alphasms_async.sandbox import Sandbox
from tests.doubles import KEY, phones
from tests.loopback import Loopback, serving
from tests.torture import LONG
from tests.torture.line import Way as Direction
from tests.torture.toxics import TOXICS, Toxic, ToxicProxy, toxic_proxy
from tests.torture.workloads import NAME, RECORDING, Figures, campaign, dial, planned
from tests.ways import Way, every_way

pytestmark = pytest.mark.anyio

# The figures: pytest shows them with --log-cli-level=INFO.
_log = logging.getLogger(__name__)

COUNT = 600 if LONG else 60
# A crowd of calls is cheap: there is no journal, and a gateway that does next to nothing.
CROWD = 2_400 if LONG else 600
# Below every delay of a toxic; where none is to strike, a busy machine must not.
IMPATIENT_SECONDS, PATIENT_SECONDS = 0.25, 5.0
REUSE_SECONDS = 5.0
# What a client that uses each connection once never notices.
HARMLESS = {"none", "slow_close", "slicer"}
# A reset before a byte has left may prove that nothing was sent.
PROVES = {"down"}
# An id whose digits are others is an id too; against that there are only checksums, below TCP.
MISSPELLS = {"corrupt_down"}


@frozen
class Ended:
    """How a campaign ended that was dialled through a toxic."""

    figures: Figures
    hit: int
    """How many connections were toxic."""
    state: CampaignState


async def dialled(
    folder: Path, name: str, way: Way, share: float = 0.3, reuse_seconds: float | None = None
) -> Ended:
    """Dial a campaign through a toxic."""
    sandbox = Sandbox()
    seconds = PATIENT_SECONDS if name in HARMLESS else IMPATIENT_SECONDS
    definition = campaign()
    async with SqliteJournal(folder / "calls.journal") as journal:
        await planned(journal, COUNT, definition)
        # What was in flight when the client gave up arrives before the gateway is closed.
        with sandbox.serve() as url:
            async with toxic_proxy(port_of(url), TOXICS[name], share=share) as proxy:
                transport = way.open(reuse_seconds=reuse_seconds)
                async with client(sandbox.api_key, proxy, seconds, transport) as alphasms:
                    run = await dial(alphasms, journal, definition)
                await proxy.drain()
        rows = await journal.rows((await journal.campaign(NAME)).id)
    rang = [(call.phone, call.id) for call in sandbox.calls()]
    return Ended(Figures.of(rows, rang, COUNT), proxy.hit, run.campaign.state)


def port_of(url: str) -> int:
    """Return the port in an address."""
    return urlsplit(url).port or 0


def client(
    key: str, proxy: ToxicProxy, seconds: float, transport: httpx.AsyncBaseTransport
) -> AlphaSMS:
    """Return a client that leaves all repeating to who uses it."""
    return AlphaSMS(key, base_url=proxy.url, transport=transport, timeout=seconds, max_retries=0)


@every_way
@pytest.mark.parametrize("name", TOXICS)
async def test_toxic_harms_nobody(name: str, way: Way, tmp_path: Path) -> None:
    """Nobody rings twice, is lost or falsely accepted; whoever did not answer is uncertain."""
    ended = await dialled(tmp_path, name, way)
    figures = ended.figures
    _log.info("%s, %s: %s", name, way, ended)
    assert figures.harm == (0, 0, 0)
    assert ended.hit > 0
    assert ended.state is CampaignState.FINISHED
    assert figures.accepted + figures.uncertain == COUNT
    assert figures.misnamed == 0 or name in MISSPELLS
    assert (figures.uncertain == 0) is (name in HARMLESS) or name in PROVES


@every_way
@pytest.mark.parametrize("name", ["slow_close", "slicer"])
async def test_toxic_on_kept_connections_harms_nobody(name: str, way: Way, tmp_path: Path) -> None:
    """Who keeps connections may get more unknowns, but no harm either."""
    ended = await dialled(tmp_path, name, way, share=0.5, reuse_seconds=REUSE_SECONDS)
    _log.info("%s on kept connections, %s: %s", name, way, ended)
    assert ended.figures.harm == (0, 0, 0)
    assert ended.hit > 0
    assert ended.figures.accepted + ended.figures.uncertain == COUNT


async def crowd(
    toxic: Toxic, transport: httpx.AsyncBaseTransport, count: int, concurrency: int
) -> dict[str, int]:
    """Dial so many phones at a gateway that hangs up after each answer without saying so.

    Returns:
        How many calls ended in each way.
    """
    gateway = Loopback()
    gateway.hang_up = True
    async with serving(gateway), toxic_proxy(gateway.port, toxic, share=1.0) as proxy:
        async with client(KEY, proxy, PATIENT_SECONDS, transport) as alphasms:
            dialing = alphasms.dial(phones(count), RECORDING, concurrency=concurrency)
            async with dialing as results:
                async for _ in results:
                    pass
        await proxy.drain()
    return {outcome: calls for outcome, calls in results.summary.counts.items() if calls}


@every_way
@pytest.mark.parametrize("name", ["slow_close", "slicer"])
async def test_no_call_of_a_crowd_is_uncertain_for_nothing(name: str, way: Way) -> None:
    """All is well behind a gateway that hangs up unannounced, late seen or answering in slices."""
    # On trio the code is the same as with httpx on asyncio, so a tenth is enough there.
    count = CROWD if way.backend == "asyncio" else CROWD // 10
    assert await crowd(TOXICS[name], way.open(), count, concurrency=50) == {"accepted": count}


async def end_as_it_is_used_again(up: Direction) -> None:
    """Hang up when more comes from the client although the server has hung up."""
    while data := await up.read():
        if up.line.down.is_over.is_set():
            await up.line.hang_up()
        await up.send(data)


async def hide_the_end(down: Direction) -> None:
    """Pass the answer on when the server has hung up, and keep that back until the client has."""
    answer = b""
    while data := await down.read():
        answer += data
    await down.send(answer)
    await down.line.up.is_over.wait()


@every_way
async def test_every_second_call_on_a_kept_connection_is_uncertain(way: Way) -> None:
    """A close that comes just as a connection is used again is why none is by default."""
    stale = Toxic(
        "stale", "Ends as it is used again.", up=end_as_it_is_used_again, down=hide_the_end
    )
    kept = way.open(reuse_seconds=60)
    assert await crowd(stale, kept, 20, concurrency=1) == {"accepted": 10, "uncertain": 10}
    assert await crowd(stale, way.open(), 20, concurrency=1) == {"accepted": 20}


@pytest.mark.parametrize("name", ["latency_up", "timeout_down", "reset_peer_down"])
async def test_whoever_repeats_rings_twice(name: str) -> None:
    """The same toxics make a client that repeats what failed ring people twice."""
    sandbox = Sandbox()
    with sandbox.serve() as url:
        async with toxic_proxy(port_of(url), TOXICS[name], share=0.5) as proxy:
            async with client(
                sandbox.api_key, proxy, IMPATIENT_SECONDS, SlotTransport()
            ) as alphasms:
                for phone in phones(8):
                    await ring_until_accepted(alphasms, phone)
            await proxy.drain()
    assert sandbox.rang_more_than_once()


async def ring_until_accepted(alphasms: AlphaSMS, phone: str) -> None:
    """Do what nobody should."""
    while True:
        try:
            await alphasms.voice.call(phone, RECORDING)
        except AlphaSMSError:
            continue
        return


async def test_figures_tell_every_harm_apart() -> None:
    """Whoever rang twice, was forgotten or never rang is counted, each as what it is."""
    a, b, c, d = phones(4)
    async with MemoryJournal() as journal:
        await planned(journal, 4, campaign())
        for verdict in (Verdict.ACCEPTED, Verdict.UNCERTAIN, Verdict.REFUSED):
            claimed = await journal.claim(1)
            assert claimed is not None
            await journal.settle(Settlement(ref=claimed.ref, verdict=verdict, gateway_id=7))
        rows = await journal.rows(1)
    assert Figures.of(rows, [(a, 7)], 4) == Figures(1, 1, 0, 0, 0, 0, 0)
    assert Figures.of(rows, [(a, 7), (b, 8)], 4) == Figures(1, 1, 1, 0, 0, 0, 0)
    assert Figures.of(rows, [(a, 7), (a, 8)], 4) == Figures(1, 1, 0, 1, 0, 0, 0)
    assert Figures.of(rows, [(a, 7), (c, 8), (d, 9)], 4) == Figures(1, 1, 0, 0, 2, 0, 0)
    assert Figures.of(rows, [(a, 7)], 5) == Figures(1, 1, 0, 0, 1, 0, 0)
    assert Figures.of(rows, [], 4) == Figures(1, 1, 0, 0, 0, 1, 0)
    assert Figures.of(rows, [(a, 8)], 4) == Figures(1, 1, 0, 0, 0, 0, 1)
