"""`--help` of the commands around campaigns."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.conftest import Alphasms

COMMANDS = {
    "dial": ("--audio", "--again", "--listen", "Exit codes", "alphasms dial clients.csv"),
    "campaign": ("plan", "reconcile", "poll", "next", "alphasms campaign run spring"),
    "campaign plan": ("--say", "--budget", "--window", "--dry-run", "alphasms campaign plan"),
    "campaign run": (
        *("Ctrl-C", "--no-wait", "--hook-url URL", "--outcomes-for SPAN", "Exit codes"),
        *("--distributed", "--workers"),
    ),
    "worker": (
        *("--concurrency", "--audio-dir", "--hook-url URL", "SIGTERM", "ALPHASMS_JOURNAL"),
        *("alphasms worker --concurrency 64", "run spring --distributed", "Exit codes"),
    ),
    "campaign status": ("--watch", "--json"),
    "campaign pause": ("within a second",),
    "campaign resume": ("within a second",),
    "campaign pace": ("--per-second", "--unlimited"),
    "campaign budget": ("AMOUNT", "heeds it at once"),
    "campaign cancel": ("for good",),
    "campaign reconcile": ("--redial", "--drop", "ten minutes", "Exit codes"),
    "campaign poll": ("may be repeated", "Exit codes"),
    "campaign report": ("--html",),
    "campaign export": ("csv", "jsonl", "xlsx", "--output"),
    "campaign next": ("outcome=no_answer", "digits=2", "--output", "Exit codes"),
    "dnc": ("add", "remove", "list"),
    "dnc add": ("--file", "--column"),
    "dnc remove": ("PHONES",),
    "dnc list": ("--journal",),
    "demo": ("--count", "offline"),
    "listen": ("--port", "--json", "--url URL", "ALPHASMS_WEBHOOK_SECRET", "Ctrl-C", "Exit codes"),
    "hook-url": ("--expires-in SPAN", "keep it secret", "alphasms hook-url https://"),
}


def help_of(alphasms: Alphasms, command: str) -> str:
    ran = alphasms(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    return ran.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(folder: Path, alphasms: Alphasms, command: str) -> None:
    """It shows the usage, says what one gets, and names what there is to choose."""
    said = help_of(alphasms, command)
    assert said.startswith(f"Usage: alphasms {command}")
    for word in COMMANDS[command]:
        assert word in said


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_stand_apart(folder: Path, alphasms: Alphasms, command: str) -> None:
    """Between an example and the box that follows it there is a blank line."""
    said = help_of(alphasms, command).splitlines()
    assert not [
        line for line, next_ in pairwise(said) if next_[:1] == "╭" and line[:1] not in {"", "╰"}
    ]


@pytest.mark.parametrize("command", ["dial", "campaign run", "campaign plan", "campaign cancel"])
def test_exit_code_of_a_no_is_told(folder: Path, alphasms: Alphasms, command: str) -> None:
    """Whoever asks in a script learns that 130 is also the answer no, and sums are called so."""
    said = " ".join(help_of(alphasms, command).split())
    assert re.search(r"130 (interrupted, or )?(the question was answered with no|it did not)", said)
    assert ("--budget SUM" in said) == (command in {"dial", "campaign plan"})


@pytest.mark.parametrize("command", COMMANDS)
def test_everything_to_choose_is_explained(folder: Path, alphasms: Alphasms, command: str) -> None:
    """Behind each option, argument and command stands a sentence, not its default alone."""
    rows = re.findall(
        r"^│ [* ]* ?(--[a-z-]+|[A-Z]{3,}|[a-z]+) (.*)│$", help_of(alphasms, command), re.MULTILINE
    )
    assert rows
    for name, rest in rows:
        words = re.sub(r"\[[^\]]*\]|\b(STR|SUM|INT|FLOAT|PATH|CHOICE|SPAN|URL)\b", "", rest).split()
        assert len(words) >= 2, name
