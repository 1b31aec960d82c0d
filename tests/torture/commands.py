"""The real command in processes of its own, and a gateway that can be waited for."""

import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import monotonic, time
from typing import Protocol

import anyio
from attrs import frozen
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alphasms_async.campaigns.records import RowRecord
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.states import RowState
from alphasms_async.sandbox import Sandbox
from alphasms_async.sandbox.hooks.posting import keep_posting
from alphasms_async.sandbox.server import serve
from tests.doubles import phone_of
from tests.sounds import wav
from tests.torture.workloads import Figures

__all__ = [
    "AUDIO",
    "DIAL",
    "JOURNAL",
    "NAME",
    "PLAN",
    "PROGRAM",
    "RUN",
    "Book",
    "Command",
    "Desk",
    "Ending",
    "Switchboard",
    "tell",
]

NAME = "spring"
AUDIO, LIST, JOURNAL = "promo.wav", "list.csv", "alphasms.journal"

DIAL = ("dial", LIST, "--audio", AUDIO, "--yes")
PLAN = ("campaign", "plan", LIST, "--audio", AUDIO, "--yes", "--name")
RUN = ("campaign", "run", NAME, "--yes")

PROGRAM = "from alphasms_async.cli import main; main()"
"""What the installed command runs."""

_PATIENCE_SECONDS = 60
_LOOK_SECONDS = 0.01
_ALL = 1_000_000
_REFUSAL = {"errors": ['Param "phone" is missing']}


class Ending(Protocol):
    """What calls, until it has ended."""

    @property
    def has_ended(self) -> bool:
        """Whether it calls nobody any more."""
        ...


class Switchboard:
    """The sandbox on a socket, as slow as a gateway far away.

    Args:
        seconds: How long a call takes to be accepted, and its answer to be on its way.
        refused: Phones to which it says no.
    """

    def __init__(self, seconds: float = 0.01, refused: Collection[str] = ()) -> None:
        self.sandbox: Sandbox = Sandbox(balance=Decimal(1_000_000))
        """What it accepted."""
        self.answered: float = math.inf
        """How many calls get their answer now; those after them are accepted, and wait for it."""
        self.asked: list[float] = []
        """When each call was asked for, in seconds since 1970."""
        self._seconds = seconds
        self._refused = frozenset(refused)
        self._news = threading.Condition()
        self._calls = 0

    @property
    def rang(self) -> list[tuple[str, int]]:
        """The phone and the gateway's id of each ring."""
        return [(call.phone, call.id) for call in self.sandbox.calls()]

    @contextmanager
    def serve(self) -> Generator[dict[str, str]]:
        """Serve while the context is open; give the environment that points to it."""
        with serve(self._app, 0, partial(keep_posting, self.sandbox)) as url:
            try:
                yield {"ALPHASMS_API_KEY": self.sandbox.api_key, "ALPHASMS_BASE_URL": url}
            finally:
                self.answered = math.inf

    def wait(self, calls: int, command: "Ending") -> bool:
        """Wait for so many calls more, or the end of who makes them; return whether they came."""
        until = monotonic() + _PATIENCE_SECONDS
        with self._news:
            target = self._calls + calls
            while not self._news.wait_for(lambda: self._calls >= target, _LOOK_SECONDS):
                if command.has_ended:
                    return False
                assert monotonic() < until, f"nobody is called any more by {command}"
        return True

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith("/voice.php"):
            await self.sandbox.app(scope, receive, send)
            return
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            # Its process was killed while it sent: the gateway has no call to place.
            return
        self.asked.append(time())
        await anyio.sleep(self._seconds)
        app: ASGIApp = self.sandbox.app
        if phone_of(body) in self._refused:
            app = JSONResponse(_REFUSAL)
        await app(scope, _whole(body), self._slowly(send))

    def _slowly(self, send: Send) -> Send:
        """Return what sends an answer later than the call is accepted."""

        async def wait_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                number = self._note()
                await anyio.sleep(self._seconds)
                while number > self.answered:  # noqa: ASYNC110 - a test sets it in another thread
                    await anyio.sleep(_LOOK_SECONDS)
            await send(message)

        return wait_and_send

    def _note(self) -> int:
        with self._news:
            self._calls += 1
            self._news.notify_all()
            return self._calls


def _whole(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


class Command:
    """The command, running in a process of its own.

    Args:
        desk: Where it runs.
        arguments: Its words.
        program: The Python that runs it.
    """

    def __init__(self, desk: "Desk", arguments: Sequence[str], program: str = PROGRAM) -> None:
        self._arguments = tuple(arguments)
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", program, *arguments],
            cwd=desk.folder,
            env=os.environ | desk.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __repr__(self) -> str:
        return f"alphasms {' '.join(self._arguments)}"

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    def send(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def freeze(self) -> None:
        """Stop it where it is."""
        self._process.send_signal(signal.SIGSTOP)
        # A signal takes a moment; until then it would go on.
        assert os.WIFSTOPPED(os.waitpid(self.pid, os.WUNTRACED)[1])

    def hear(self, word: str) -> None:
        """Wait until it has said a line with this word."""
        assert self._process.stderr is not None
        said: list[str] = []
        while line := self._process.stderr.readline():
            said.append(line)
            if word in line:
                return
        raise AssertionError(f"{self} never said {word!r}: {''.join(said)}")

    def end(self) -> tuple[int, str]:
        """Wait until it ends by itself; return its exit code and what it said."""
        try:
            _, said = self._process.communicate(timeout=_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self._process.returncode, said

    def kill(self, after_seconds: float = 0) -> bool:
        """Kill it, at once or so much later; return whether it was still alive."""
        try:
            self._process.communicate(timeout=after_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        return self._process.returncode < 0


@frozen
class Book:
    """What a journal says."""

    campaigns: Mapping[str, Sequence[RowRecord]]
    """The recipients of each campaign."""

    @property
    def rows(self) -> list[RowRecord]:
        """The recipients of all campaigns."""
        return [row for rows in self.campaigns.values() for row in rows]

    def among(self, *states: RowState) -> set[str | None]:
        """Return the phones of those in these states."""
        return {row.phone for row in self.rows if row.state in states}

    def figures(self, board: Switchboard) -> Figures:
        """Hold those who could be called against what really rang."""
        rows = [row for row in self.rows if row.state is not RowState.SKIPPED]
        return Figures.of(rows, board.rang, len(rows))


@frozen
class Desk:
    """A folder to work in, with a recording and a list, and a gateway to call."""

    folder: Path
    environment: Mapping[str, str]

    @classmethod
    @contextmanager
    def at(cls, folder: Path, board: Switchboard, lines: Sequence[str]) -> Generator["Desk"]:
        """Put a recording and a list into a folder, and serve the gateway."""
        (folder / AUDIO).write_bytes(wav(seconds=0.05))
        (folder / LIST).write_text("\n".join(["phone", *lines]), "utf-8")
        with board.serve() as environment:
            yield cls(folder, environment)

    @contextmanager
    def start(self, *arguments: str, program: str = PROGRAM) -> Generator[Command]:
        """Start the command; whatever happens, nothing of it is left behind."""
        command = Command(self, arguments, program)
        try:
            yield command
        finally:
            command.kill()

    def do(self, *arguments: str) -> tuple[int, str]:
        """Run the command to its end; return its exit code and what it said."""
        with self.start(*arguments) as command:
            return command.end()

    def plan(self, *options: str) -> None:
        """Plan the campaign."""
        code, said = self.do(*PLAN, NAME, *options)
        assert code == 0, said

    def is_locked(self) -> bool:
        """Whether somebody is just writing the journal."""
        with closing(sqlite3.connect(self.folder / JOURNAL, timeout=0)) as connection:
            try:
                connection.execute("begin immediate")
            except sqlite3.OperationalError:
                return True
        return False

    def read(self) -> Book:
        """Look into the journal, beside whoever writes it or after whoever was killed."""

        async def look() -> Book:
            async with SqliteJournal(self.folder / JOURNAL, read_only=True) as journal:
                records = await journal.campaigns()
                return Book({one.name: await journal.rows(one.id, limit=_ALL) for one in records})

        return anyio.run(look)


def tell(figures: str) -> None:
    """Put figures on the terminal, for whoever runs pytest with `-s`."""
    sys.stdout.write(f"{figures}\n")
