"""Journals that open and hold what nobody ever wrote there: one line, and nothing dialled."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import JOURNAL, NAME, only_line, plan
from tests.cli.conftest import Alphasms

USES = [
    ("campaign", "status"),
    ("campaign", "status", NAME, "--json"),
    ("campaign", "report", NAME),
    ("campaign", "report", NAME, "--html", "report.html"),
    ("campaign", "export", NAME, "--output", "calls.csv"),
    ("campaign", "pause", NAME),
    ("campaign", "budget", NAME, "1"),
    ("campaign", "run", NAME, "--yes"),
]
RUN = USES[-1]
DAMAGED = f"the journal {JOURNAL} is damaged: a campaign cannot be read: put back a copy of it"


def damage(column: str, value: object) -> None:
    """Write something into a column of the one campaign there is."""
    with closing(sqlite3.connect(JOURNAL)) as connection:
        connection.execute(f"update campaign set {column} = ?", (value,))  # noqa: S608 - ours
        connection.commit()


@pytest.mark.parametrize("words", USES, ids=" ".join)
@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("definition", value) for value in ("{", "null", "[]", '{"kind": 5}', '{"budget": "x"}')),
        *(("state", "sung"), ("quoted", "NaN"), ("created_at", 1e300), ("per_second", -1.0)),
    ],
)
def test_a_damaged_campaign_is_one_line(
    alphasms: Alphasms, sandbox: Sandbox, words: tuple[str, ...], column: str, value: object
) -> None:
    """Whatever is asked of it; nobody is dialled."""
    plan(alphasms)
    damage(column, value)
    assert only_line(alphasms(*words)) == DAMAGED
    assert not sandbox.calls()


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ("{}", "the journal does not tell what 'spring' plays: put back a copy of it"),
        ('{"kind": {}}', "the journal does not tell what 'spring' plays: put back a copy of it"),
        ('{"kind": {"kind": "voice_sms"}}', "the journal does not tell what 'spring' plays"),
        (
            '{"kind": {"kind": "voice_sms", "text": "Hi"}}',
            "the definition of 'spring' lacks budget",
        ),
    ],
)
def test_a_campaign_of_which_a_part_is_lost_is_not_dialled(
    alphasms: Alphasms, sandbox: Sandbox, definition: str, said: str
) -> None:
    """No limit is taken for none; what can still be looked at is shown."""
    plan(alphasms)
    damage("definition", definition)
    assert only_line(alphasms(*RUN)).startswith(said)
    assert not sandbox.calls()
    for words in USES[:5]:
        ran = alphasms(*words)
        assert ran.code == 0, ran.err


@pytest.mark.usefixtures("sandbox")
def test_a_command_for_an_inbox_that_is_none_is_one_line(alphasms: Alphasms) -> None:
    """It names the inbox, and what would be right."""
    plan(alphasms)
    Path(f"{JOURNAL}.inbox").write_text("not an inbox at all\n" * 100, "utf-8")
    line = only_line(alphasms("campaign", "pause", NAME))
    said = "it is no inbox: move it away, and ask again for what was left in it"
    assert line.startswith("the inbox ")
    assert line.endswith(f"{JOURNAL}.inbox cannot be used: {said}")
