"""Commands that take events and are killed meanwhile, and what both sides know afterwards."""

import json
import signal
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import anyio
from attrs import frozen

from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState
from alphasms_async.sandbox import HookDelivery, Sandbox
from alphasms_async.sandbox.fates import Fates
from tests.ports import free_port
from tests.torture.commands import JOURNAL, PROGRAM, RUN, Book, Command, Desk, Switchboard

__all__ = ["BAD_DISK", "OPT_OUT", "Office", "Told", "Words", "in_journal"]

OPT_OUT = "9"
"""The key by which people ask to be called no more."""

BAD_DISK = f"""
from itertools import count
from time import sleep

from alphasms_async.campaigns.event_handlers import EventRecorder, EventSender
from alphasms_async.campaigns.sqlite.inbox import Inbox
from alphasms_async.campaigns.sql.writer import Writer
from alphasms_async.errors import JournalError

def slow(write):
    def wait_and_write(self, what):
        sleep(0.01)
        return write(self, what)

    return wait_and_write

def full(handle):
    turns = count(1)

    async def handle_most(self, event):
        if next(turns) % 3 == 0:
            raise JournalError("the disk is full")
        await handle(self, event)

    return handle_most

Inbox.put, Writer._transact = slow(Inbox.put), slow(Writer._transact)
for handler in (EventRecorder, EventSender):
    handler.__call__ = full(handler.__call__)
{PROGRAM}
"""
"""The command on a disk that takes long enough for each write to be killed in it, and that has
no room for each third event."""

Words = tuple[str, ...]
"""A command."""

# A gateway that tries again until somebody listens.
_HOOK_PAUSES = (0.05, *[0.2] * 10_000)
_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.01
_OUTCOMES = {"ANSWERED": "answered", "NO ANSWER": "no_answer", "BUSY": "busy", "FAILED": "failed"}


@frozen
class Told:
    """What is known of a call that is over."""

    phone: str | None
    outcome: str | None
    seconds: int | None
    digits: str | None


@frozen
class Office:
    """A desk, and a gateway that tells what becomes of each call at a port of this machine."""

    desk: Desk
    board: Switchboard
    port: int

    @classmethod
    @contextmanager
    def at(
        cls, folder: Path, numbers: Sequence[str], fates: Fates | None, *options: str
    ) -> Generator["Office"]:
        """Plan a campaign in a folder, and serve the gateway."""
        board = Switchboard()
        board.sandbox.fates, board.sandbox.hook_pauses = fates, _HOOK_PAUSES
        with Desk.at(folder, board, numbers) as desk:
            desk.plan("--dtmf", "--opt-out-key", OPT_OUT, *options)
            yield cls(desk, board, free_port())

    @property
    def sandbox(self) -> Sandbox:
        """The gateway."""
        return self.board.sandbox

    @property
    def run(self) -> Words:
        """The words that dial, with a hook for each call that leads to the port."""
        url = f"http://127.0.0.1:{self.port}/hooks/alphasms"
        return (*RUN, "--hook-url", url, "--outcomes-for", "1s")

    @property
    def run_and_listen(self) -> Words:
        """The words that dial, and take the events in the same process."""
        return (*self.run, "--listen", str(self.port))

    @property
    def listen(self) -> Words:
        """The words that take the events and do nothing else."""
        return ("listen", "--journal", JOURNAL, "--port", str(self.port))

    def taken(self) -> Mapping[int, Told]:
        """Return what the hooks told that were answered with 200, by the gateway's id."""
        return {one.entry_id: _told(one) for one in self.sandbox.deliveries() if one.status == 200}

    def wait_for_events(self, events: int, dialer: Command) -> None:
        """Wait until so many hooks more were answered with 200, or the dialer has ended."""
        until, changed = monotonic() + _PATIENCE_SECONDS, self.sandbox.hook_queue.changed
        with changed:
            target = self._count_taken() + events
            while not changed.wait_for(lambda: self._count_taken() >= target, _LOOK_SECONDS):
                if dialer.has_ended:
                    return
                assert monotonic() < until, f"no event is taken any more beside {dialer}"

    def dial(self, words: Words) -> None:
        """Call whoever is left."""
        with self.desk.start(*words, program=BAD_DISK) as command:
            code, said = command.end()
        assert code in {0, 3}, said

    def finish(self, *dialing: Words) -> int:
        """Take every event, while these dial and afterwards; return how a last run ended."""
        with self.desk.start(*self.listen) as listener:
            listener.hear("listening")
            for words in dialing:
                self.dial(words)
            self.sandbox.wait_for_hooks(_PATIENCE_SECONDS)
            listener.send(signal.SIGINT)
            code, said = listener.end()
            assert code == 0, said
        # It finds what a listener has left in the inbox that was killed then.
        return self.desk.do(*RUN)[0]

    def do_not_call(self) -> set[str | None]:
        """Return who is called no more."""

        async def look() -> set[str | None]:
            async with SqliteJournal(self.desk.folder / JOURNAL, read_only=True) as journal:
                return {*await journal.do_not_call()}

        return anyio.run(look)

    def _count_taken(self) -> int:
        # Asked at each change of the queue: to read them all would delay the kill.
        return sum(one.status == 200 for one in self.sandbox.deliveries())


def in_journal(book: Book) -> Mapping[int | None, Told]:
    """Return what a journal says of the calls that it knows to be over, by the gateway's id."""
    return {
        row.gateway_id: Told(row.phone, row.outcome, row.seconds, row.digits)
        for row in book.rows
        if row.state is RowState.DONE
    }


def _told(delivery: HookDelivery) -> Told:
    body = json.loads(delivery.body)
    return Told(body["phone"], _OUTCOMES[body["status"]], body["duration"], body.get("dtmf"))
