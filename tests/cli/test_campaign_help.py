"""`--help` of the commands around campaigns."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Alphasms

COMMANDS = {
    "dial": ("--audio", "--again", "Exit codes", "alphasms dial clients.csv"),
    "campaign": ("plan", "reconcile", "alphasms campaign run spring"),
    "campaign plan": ("--say", "--budget", "--window", "--dry-run", "alphasms campaign plan"),
    "campaign run": ("Ctrl-C", "--no-wait", "Exit codes"),
    "campaign status": ("--watch", "--json"),
    "campaign pause": ("within a second",),
    "campaign resume": ("within a second",),
    "campaign pace": ("--per-second", "--unlimited"),
    "campaign budget": ("AMOUNT", "from its next run on"),
    "campaign cancel": ("for good",),
    "campaign reconcile": ("--redial", "--drop", "ten minutes", "Exit codes"),
    "campaign report": ("--html",),
    "campaign export": ("csv", "jsonl", "xlsx", "--output"),
    "dnc": ("add", "remove", "list"),
    "dnc add": ("--file", "--column"),
    "dnc remove": ("PHONES",),
    "dnc list": ("--journal",),
    "demo": ("--count", "offline"),
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
def test_everything_to_choose_is_explained(folder: Path, alphasms: Alphasms, command: str) -> None:
    """Behind each option, argument and command stands a sentence, not its default alone."""
    rows = re.findall(
        r"^│ [* ]* ?(--[a-z-]+|[A-Z]{3,}|[a-z]+) (.*)│$", help_of(alphasms, command), re.MULTILINE
    )
    assert rows
    for name, rest in rows:
        words = re.sub(r"\[[^\]]*\]|\b(STR|INT|FLOAT|PATH|CHOICE)\b", "", rest).split()
        assert len(words) >= 2, name
