"""No key, no hook's secret, no whole number in a log, a repr, an error or a line of the journal."""

import logging
import re
import traceback
from pathlib import Path
from typing import Any

import httpx
import pytest

from alphasms_async import AlphaSMSError
from alphasms_async.campaigns.kinds import PlayRecording, SpeakText
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sqlite import SqliteJournal
from alphasms_async.campaigns.templates import Template
from tests.campaigns.dialers import (
    HOOK,
    RECORDING,
    Desk,
    Gateway,
    lost,
    planned,
    unreachable,
)
from tests.doubles import KEY, PHONE, Answer, accepted, refused
from tests.turns import cancel_scope_after

pytestmark = pytest.mark.anyio

NAME, CODE = "Олена-Марія", "4826"
TOKEN = HOOK.partition("token=")[2]
SECRET = re.compile(rf"{KEY}|{PHONE[3:]}|50[ .()-]*123[ .-]*45[ .-]*67|{TOKEN}|{NAME}|\b{CODE}\b")


def echoing(request: httpx.Request) -> httpx.Response:
    text = f"Cannot call +38 (050) 123-45-67 / {PHONE} with {KEY}"
    return httpx.Response(200, json={"errors": [text]})


def echoing_html(request: httpx.Request) -> httpx.Response:
    return httpx.Response(502, html=f"<h1>Bad gateway</h1>{request.content!r}")


def echoing_redirect(request: httpx.Request) -> httpx.Response:
    target = f"https://{PHONE}:{KEY}@evil.example/{PHONE}?key={KEY}&{TOKEN}"
    return httpx.Response(302, headers={"location": target})


def quoting(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"cannot read after {request.content!r}")


ANSWERS: dict[str, Answer] = {
    "accepted": accepted,
    "refused": refused("Operator not supported"),
    "wrong key": refused("Wrong API key"),
    "lost": lost,
    "unreachable": unreachable,
    "echo": echoing,
    "echo in a page": echoing_html,
    "echo in a redirect": echoing_redirect,
    "quoted": quoting,
}
KINDS = {
    "recording": PlayRecording(RECORDING),
    "text": SpeakText(Template(f"{{name}}, код {CODE}")),
}


async def told(ready: Desk) -> list[str]:
    """Return everything that is said of a campaign but what a person asks to see whole."""
    rows, ledger, record = await ready.rows(), await ready.ledger(), await ready.record()
    shown = [*map(repr, rows), *map(repr, ledger), repr(record), repr(ready.campaign)]
    errors = [str(one.error) for one in rows] + [str(one.error) for one in ledger]
    return [*shown, *errors, str(record.halted), repr(ready.dialers[-1].progress)]


async def dialled(
    path: Path, kind: Any, answer: Answer, caplog: pytest.LogCaptureFixture
) -> list[str]:
    """Dial one recipient whole, and another one that is cut off; return all that was said."""
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    async with SqliteJournal(path) as journal:
        rows = [PlannedRow(1, PHONE, columns={"name": NAME})]
        ready = await planned(journal, rows, Gateway(then=answer), kind=kind, hook=HOOK)
        try:
            run = await ready.dial(wait=False)
            said += [repr(run), str(run.halt)]
        except AlphaSMSError as error:
            said.append("".join(traceback.format_exception(error)))
        await cancel_scope_after(40, ready.dial)
        said += await told(ready)
    return [*said, caplog.text]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_nothing_that_is_said_of_a_run_tells_a_secret(
    kind: Any, answer: Answer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the gateway answers, echoes and redirects included."""
    said = await dialled(tmp_path / "calls.journal", kind, answer, caplog)
    assert "380*****4567" in "".join(said)
    assert [text for text in said if SECRET.search(text)] == []


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


async def test_the_key_is_in_no_file_of_the_journal(tmp_path: Path) -> None:
    """Neither in the journal nor in what lies beside it."""
    path = tmp_path / "calls.journal"
    async with SqliteJournal(path) as journal:
        ready = await planned(journal, [PlannedRow(1, PHONE)], Gateway(then=echoing), hook=HOOK)
        await ready.dial()
        files = contents(tmp_path)
    assert {"calls.journal", "calls.journal-wal"} <= set(files)
    assert PHONE.encode() in b"".join(files.values())
    assert not [name for name, content in files.items() if KEY.encode() in content]


async def test_a_fault_nobody_foresaw_is_logged_by_its_kind_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What its text says may be anything."""

    async def broken(*given: Any) -> None:
        raise ValueError(f"{PHONE} {KEY}")

    monkeypatch.setattr(PlayRecording, "place", broken)
    async with SqliteJournal(tmp_path / "calls.journal") as journal:
        ready = await planned(journal, [PlannedRow(1, PHONE)])
        with pytest.raises(ValueError, match=PHONE):
            await ready.dial()
        said = [caplog.text, *(await told(ready))]
    assert "in a way that nobody foresaw: ValueError" in caplog.text
    assert [text for text in said if SECRET.search(text)] == []
