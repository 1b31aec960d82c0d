"""`alphasms sandbox` at work, in a process of its own."""

import json
import re
import signal
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import frozen

from tests.cli.processes import first_words, running

__all__ = ["PHONE", "Desk", "serving"]

PHONE = "380501234567"
_QUICKLY = (
    "import alphasms_async.cli.sandbox as command; "
    "command._QUEUE_SECONDS, command._DELIVERY_SECONDS = 0.0, 0.0; "
)
_PATIENCE_SECONDS = 15


@frozen
class Desk:
    """The command at work, and what it said first."""

    process: subprocess.Popen[str]
    said: list[str]

    def lines(self, count: int) -> list[str]:
        """Wait for so many lines of its display; the time and the ids are left out."""
        lines = [self._line() for _ in range(count)]
        return [re.sub(r"^\d\d:\d\d:\d\d  |  id \d+|\n$", "", line) for line in lines]

    def events(self, count: int) -> list[Mapping[str, Any]]:
        """Wait for so many events, as `--json` tells them."""
        return [json.loads(self._line()) for _ in range(count)]

    def more(self) -> str:
        """Wait for one more line of what it says beside its display."""
        return first_words(self.process)

    def do(self, entry_id: int, what: str, **how: str) -> None:
        """Do with a call what a person does on the page."""
        address = self.said[2].partition("=")[2]
        url = f"{address}/sandbox/entries/{entry_id}/{what}"
        httpx.post(url, json=how, trust_env=False).raise_for_status()

    def end(self) -> tuple[int, str]:
        """End it as Ctrl-C does; return its code, and the rest of what it said."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=_PATIENCE_SECONDS)
        return self.process.returncode, said

    def kill(self) -> None:
        """End it as a power cut does, and wait until it is gone."""
        self.process.kill()
        self.process.communicate(timeout=_PATIENCE_SECONDS)

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@contextmanager
def serving(
    monkeypatch: pytest.MonkeyPatch, *options: str | Path, autopilot: str | None = "busy 0s"
) -> Generator[Desk]:
    """Start the command on a free port, and do as it says; nothing of it is left behind.

    Args:
        monkeypatch: What sets the environment as the command says.
        options: Its words.
        autopilot: By which calls end at once; None for none of the test's.
    """
    pilot = () if autopilot is None else ("--autopilot", autopilot)
    words = ("sandbox", "--port", "0", *pilot, *map(str, options))
    with running(*words, before=_QUICKLY) as process:
        said = [first_words(process) for _ in range(4)]
        for line in said[2:]:
            name, _, value = line.removeprefix("export ").partition("=")
            monkeypatch.setenv(name, value)
        yield Desk(process, said)
