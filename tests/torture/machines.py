"""Many machines at one campaign: processes that dial together, and what befalls them."""

import signal
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from random import Random
from typing import Self

import anyio
from attrs import define, field, frozen

from alphasms_async import AlphaSMS, JournalError
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.kinds import kind_from_json
from alphasms_async.campaigns.postgres import PostgresJournal
from tests.postgresql import Server, connected
from tests.torture.commands import PROGRAM, Command, Desk, Switchboard
from tests.torture.workloads import NAME, RECORDING

__all__ = ["DIALER", "WORKER", "Blow", "Fleet", "Site", "blows", "main"]

_LEASE_SECONDS = 3.0

_RETRY_SECONDS = 0.1
_FROZEN_SECONDS = _LEASE_SECONDS + 1
_MOST_LATER_SECONDS = 0.05

DIALER = "from tests.torture.machines import main; main()"
"""A machine that dials at once and until nobody is left, as a program."""
WORKER = f"""
import sys
from alphasms_async.workers import CampaignWorker

CampaignWorker.__init__.__kwdefaults__.update(
    lease_seconds={_LEASE_SECONDS},
    heartbeat_seconds=0.5,
    stalled_seconds={_LEASE_SECONDS},
    watch_seconds=1,
)
dsn, concurrency = sys.argv[1:]
sys.argv[1:] = ["worker", "--journal", dsn, "--concurrency", concurrency]
{PROGRAM}
"""
"""The command `alphasms worker`, which finds out soon that others are gone."""


def main() -> None:
    """Be one machine, in a process of its own: dial with others until there is nothing to do."""
    dsn, concurrency = sys.argv[1:]
    anyio.run(_work, dsn, int(concurrency))


async def _work(dsn: str, concurrency: int) -> None:
    while True:
        try:
            async with (
                AlphaSMS() as client,
                PostgresJournal(dsn, lease_seconds=_LEASE_SECONDS) as journal,
            ):
                await _dial(client, journal, concurrency)
                return
        except JournalError as error:
            # The database is away, or this machine was away for too long: it begins anew.
            sys.stderr.write(f"{error}\n")
            await anyio.sleep(_RETRY_SECONDS)


async def _dial(client: AlphaSMS, journal: PostgresJournal, concurrency: int) -> None:
    record = await journal.campaign(NAME)
    kind = kind_from_json(record.definition["kind"], RECORDING)
    campaign = Campaign.from_json(record.name, record.definition, kind)
    await Dialer(client, journal, campaign, joins=True, concurrency=concurrency).run()


@frozen
class Blow:
    """Something that befalls the machines."""

    what: str
    """`kill`: one of them is gone at once. `freeze`: one stands still for longer than its lease.
    `crash`: their database is gone at once, and comes back."""
    calls: int
    """After so many calls more."""
    later_seconds: float
    """So much later than that."""


def blows(rng: Random, counts: Mapping[str, int], calls: int) -> list[Blow]:
    """Return what befalls them while so many calls are made, and when: all of it left to chance."""
    order = [what for what, count in counts.items() for _ in range(count)]
    rng.shuffle(order)
    moments = [0, *sorted(rng.sample(range(1, calls), len(order)))]
    return [
        Blow(what, later - earlier, rng.uniform(0, _MOST_LATER_SECONDS))
        for what, (earlier, later) in zip(order, pairwise(moments), strict=True)
    ]


@frozen
class Site:
    """Where the machines are at work."""

    desk: Desk
    board: Switchboard
    server: Server
    dsn: str
    """The address of the journal."""
    concurrency: int
    """How many calls each machine places at once."""
    program: str
    """What each machine runs: its arguments are the address and the number of calls."""


@define
class Fleet:
    """Machines that dial one campaign together; one that is lost is replaced by a new one."""

    site: Site
    rng: Random
    """What is left to chance."""
    _stack: ExitStack = field(factory=ExitStack, alias="stack")
    _at_work: list[Command] = field(factory=list[Command])
    _frozen: dict[Command, threading.Timer] = field(factory=dict[Command, threading.Timer])

    @classmethod
    @contextmanager
    def of(cls, size: int, site: Site, rng: Random) -> Generator[Self]:
        """Start so many machines; whatever happens, none is left behind."""
        with ExitStack() as stack:
            fleet = cls(site, rng, stack=stack)
            for _ in range(size):
                fleet.start()
            yield fleet

    @property
    def has_ended(self) -> bool:
        """Whether none of them is at work any more."""
        return all(command.has_ended for command in self._at_work)

    def start(self) -> None:
        """Put one machine more to work."""
        words = (self.site.dsn, str(self.site.concurrency))
        started = self.site.desk.start(*words, program=self.site.program)
        self._at_work.append(self._stack.enter_context(started))

    def suffer(self, blow: Blow) -> None:
        """Wait for the moment of a blow, and strike."""
        if not self.site.board.wait(blow.calls, self):
            said = "".join(command.end()[1] for command in self._at_work)
            raise AssertionError(f"all ended before {blow}: {said}")
        time.sleep(blow.later_seconds)
        match blow.what:
            case "kill":
                self._kill()
            case "freeze":
                self._freeze()
            case _:
                self.site.server.crash()
                self.site.server.start()

    def end(self) -> None:
        """Wait until each has ended well: a worker is told to, a dialer does so by itself."""
        for timer in self._frozen.values():
            timer.join()
        for command in self._at_work:
            if self.site.program == WORKER:
                command.send(signal.SIGTERM)
            code, said = command.end()
            # Whoever begins just when the database is gone says so, and ends at once.
            assert code == 0 or "cannot be used" in said, said

    def _kill(self) -> None:
        victim = self.rng.choice(self._dialling())
        victim.kill()
        self._at_work.remove(victim)
        self.start()

    def _freeze(self) -> None:
        victim = self.rng.choice(self._dialling())
        victim.freeze()
        timer = threading.Timer(_FROZEN_SECONDS, victim.send, [signal.SIGCONT])
        timer.start()
        self._frozen[victim] = timer
        self._stack.callback(timer.cancel)

    def _dialling(self) -> list[Command]:
        """Return those that have a lease, or all where none has, but for those that stand still."""
        awake = [one for one in self._at_work if not self._stands_still(one)]
        with connected(self.site.dsn) as connection:
            found = connection.execute("select pid from alphasms.owner where gone_at is null")
            pids = {pid for (pid,) in found}
        return [one for one in awake if one.pid in pids] or awake

    def _stands_still(self, command: Command) -> bool:
        return command in self._frozen and self._frozen[command].is_alive()
