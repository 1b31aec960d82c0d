"""The export at its edges: texts that programs take for something else, and where it writes."""

import io
import json
from threading import Thread, current_thread, main_thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async.campaigns.export import ExportForm, export_rows
from alphasms_async.campaigns.export.cells import guarded
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.sqlite import MemoryJournal
from tests.campaigns.journals import NAME, Time, listed
from tests.doubles import phones

BLANKS = (" ", "  ", "\t", " \t", "\n", "\r", "\xa0", "\ufeff", "\u200b", "\u3000")


@pytest.mark.parametrize("blank", BLANKS)
def test_formula_behind_blanks_is_none_either(blank: str) -> None:
    """Some spreadsheets drop the blanks before a cell's text, and then see a formula."""
    assert guarded(f"{blank}=1+1").startswith("'")


@pytest.mark.parametrize("text", ["＝1+1", "＋1", "－1", "＠SUM(A1)"])
def test_wide_letters_begin_no_formula(text: str) -> None:
    """Some spreadsheets take the letters of East Asian keyboards for the plain ones."""
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("mark", [";", ",", "\t", "\n", "\r"])
def test_formula_behind_a_mark_is_none_either(mark: str) -> None:
    """A spreadsheet set to Ukrainian cuts a file at semicolons, wherever they stand."""
    assert guarded(f"a{mark}=1+1") == f"a{mark}'=1+1"


@pytest.mark.parametrize("text", ["380501234567", "07*", "#1", "Олена = мати", "", "'=1", "2 + 2"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    """What cannot be a formula gets no apostrophe."""
    assert guarded(text) == text


@given(st.text(st.sampled_from("=+-@\t\r\n '\ufeff\xa0a1"), max_size=6) | st.text())
def test_no_text_begins_a_formula_once_it_is_stripped(text: str) -> None:
    """Whatever comes in, what comes out does not begin like a formula."""
    assert not guarded(text).lstrip().lstrip("\ufeff").startswith(tuple("=+-@＝＋－＠"))


@pytest.mark.anyio
async def test_line_of_json_is_one_line_for_everybody(time: Time) -> None:
    """Whatever a text of the list holds, no reader ends the line in it."""
    given = "a\nb\r\u2028c\u2029d\u0085e\x0bf"
    out = io.BytesIO()
    async with MemoryJournal(clock=time) as journal:
        await journal.plan(NAME, {}, [PlannedRow(1, None, given)])
        await export_rows(journal, NAME, "jsonl", out)
    (line,) = out.getvalue().decode().splitlines()
    assert json.loads(line)["phone"] == given


class Watched(io.BytesIO):
    """A file that notes which threads write and flush it."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = set[Thread]()

    def write(self, data: Any, /) -> int:
        """Take all of it."""
        self.threads.add(current_thread())
        return super().write(data)

    def flush(self) -> None:
        """Do nothing, for all is written."""
        self.threads.add(current_thread())


@pytest.mark.anyio
@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx"])
async def test_nothing_is_written_on_the_event_loop(form: ExportForm, time: Time) -> None:
    """A slow disk holds up no call: writing is done in worker threads."""
    out = Watched()
    async with MemoryJournal(clock=time) as journal:
        await journal.plan(NAME, {}, listed(phones(3)))
        await export_rows(journal, NAME, form, out)
    assert out.threads
    assert main_thread() not in out.threads
