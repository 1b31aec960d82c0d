"""A campaign of a few phones that the command plans and runs: what its tests begin with."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alphasms_async import UnexpectedAnswer
from tests.cli.conftest import Alphasms, Ran
from tests.doubles import phones

NAME = "spring"
LIST, AUDIO, JOURNAL = "list.csv", "promo.wav", "alphasms.journal"
PRICE = "0.40"
CLOSED = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(datetime.now(UTC).weekday() + 3) % 7]
"""A day of the week that is far from today, in every time zone."""


def listed(lines: Iterable[str], name: str = LIST) -> str:
    """Write a list with a header, and return its name."""
    Path(name).write_text("\n".join(["phone", *lines]), "utf-8")
    return name


def plan(alphasms: Alphasms, *options: str, count: int = 3, name: str = NAME) -> Ran:
    """Plan a campaign of so many phones, which must go well."""
    words = ("campaign", "plan", listed(phones(count)), "--audio", AUDIO, "--name", name)
    ran = alphasms(*words, *options)
    assert ran.code == 0, ran.err
    return ran


def states(alphasms: Alphasms, name: str = NAME) -> dict[str, int]:
    """Return how many recipients of a campaign stand where, without the empty states."""
    counts = standing(alphasms, name)["states"]
    return {state: count for state, count in counts.items() if count}


def standing(alphasms: Alphasms, name: str = NAME) -> dict[str, Any]:
    """Return what `campaign status --json` tells of a campaign."""
    ran = alphasms("campaign", "status", name, "--json")
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def names(alphasms: Alphasms) -> list[str]:
    """Return the names of the journal's campaigns, the oldest first."""
    lines = alphasms("campaign", "status", "--json").out.splitlines()
    return [json.loads(line)["name"] for line in lines]


def only_line(ran: Ran, code: int = 2) -> str:
    """Return the one line that a refused command said, which is all it did say."""
    assert code == ran.code, ran.err
    assert not ran.out
    (line,) = ran.err.splitlines()
    return line


def lose_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gateway accept every call from now on, and nobody understand its answer."""

    def unreadable(*_: object, **__: object) -> None:
        raise UnexpectedAnswer("the answer cannot be read")

    monkeypatch.setattr("alphasms_async.gateway.voice_php.read_call", unreadable)
    monkeypatch.setattr("alphasms_async.gateway.json_php.read_message", unreadable)


def grow_old(seconds: float = 700) -> None:
    """Let all attempts of the journal have begun so much earlier."""
    with closing(sqlite3.connect(JOURNAL)) as connection, connection:
        connection.execute("update attempt set claimed_at = claimed_at - ?", (seconds,))
