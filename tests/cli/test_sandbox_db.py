"""`alphasms sandbox --db`: what was, is there again, also after a kill."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic

import httpx
import pytest

from tests.cli.campaigns import only_line
from tests.cli.conftest import Alphasms
from tests.cli.sandboxes import PHONE, Desk, serving
from tests.sandbox.receiver import CrowdedReceiver, served
from tests.sandbox.wire import voice_form

DB = "sandbox.db"
RINGING = """select count(*) from entry where standing like '%"phase":"RINGING"%'"""
ENDED = """select count(*) from entry where standing like '%"phase":"ENDED"%'"""
_PATIENCE_SECONDS = 15


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so that another process brings about."""
    until = monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert monotonic() < until, "it never came about"


def is_written(folder: Path, query: str) -> bool:
    """Ask the file something, in a copy, for nobody but its sandbox can open it."""
    with tempfile.TemporaryDirectory() as other:
        for path in folder.glob(f"{DB}*"):
            shutil.copy(path, other)
        try:
            with closing(sqlite3.connect(Path(other, DB))) as connection:
                return bool(connection.execute(query).fetchone()[0])
        except sqlite3.DatabaseError:
            # It was written while it was copied.
            return False


def place(desk: Desk, count: int) -> list[int]:
    """Place calls, one after another, and return their ids."""
    address = desk.said[2].partition("=")[2]
    with httpx.Client(base_url=address, trust_env=False) as client:
        answers = [client.post("/api/voice.php", files=voice_form()) for _ in range(count)]
    return [answer.json()["id"] for answer in answers]


def test_it_goes_on_where_it_ended(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls, messages, money and ids; the end says what this life brought."""
    with serving(monkeypatch, "--db", DB) as desk:
        alphasms("otp", "0501234567")
        alphasms("sms", "0501234567", "Вітаємо", "--sender", "MyShop")
        desk.end()
    with serving(monkeypatch, "--db", DB) as desk:
        assert desk.more() == "kept from before: 1 call, 1 message, 99999.20 UAH"
        alphasms("otp", "0501234567")
        assert desk.end() == (0, "1 call, 0 messages, 0.40 UAH, 0 hooks taken\n")


def test_kill_loses_neither_calls_nor_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered a moment before is there, and the ids and the money go on."""
    with serving(monkeypatch, "--db", DB) as desk:
        ids = place(desk, 20)
        wait_for(lambda: is_written(folder, "select count(*) = 20 from entry"))
        desk.kill()
    with serving(monkeypatch, "--db", DB) as desk:
        assert desk.more() == "kept from before: 20 calls, 0 messages, 99992.00 UAH"
        assert place(desk, 1)[0] > ids[-1]


def test_kill_in_the_middle_leaves_a_file_that_agrees_with_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it lost of the last moments: it paid for what it has, and gives no id twice."""
    with serving(monkeypatch, "--db", DB) as desk:
        ids = place(desk, 100)
        wait_for(lambda: is_written(folder, "select count(*) from entry"))
        desk.kill()
    with serving(monkeypatch, "--db", DB) as desk:
        (following,) = place(desk, 1)
        address = desk.said[2].partition("=")[2]
        state = httpx.get(f"{address}/sandbox/state", trust_env=False).json()
    kept = [row["id"] for row in reversed(state["rows"])]
    assert kept == [*ids[: len(kept) - 1], following]
    assert following > ids[-1]
    assert float(state["account"]["balance"]) == pytest.approx(100_000 - 0.4 * len(kept))


def test_hook_that_waited_when_it_was_killed_is_posted(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its receiver had not answered yet: it hears of the call in the next life."""
    receiver = CrowdedReceiver(2)
    with served(receiver) as url:
        with serving(monkeypatch, "--db", DB) as desk:
            alphasms("call", "0501234567", "promo.wav", "--hook", f"{url}/hooks?t=s3cret")
            desk.lines(2)
            wait_for(lambda: bool(receiver.requests) and is_written(folder, ENDED))
            desk.kill()
        with serving(monkeypatch, "--db", DB, "--json") as desk:
            (event,) = desk.events(1)
    assert (event["event"], event["status"], event["attempt"]) == ("hook", 200, 1)
    assert receiver.bodies[0] == receiver.bodies[1]


def test_call_that_rang_when_it_was_killed_rings_on(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be answered in the next life."""
    with serving(monkeypatch, "--db", DB, autopilot="off") as desk:
        called = int(alphasms("call", "0501234567", "promo.wav").out.split()[2])
        wait_for(lambda: is_written(folder, RINGING))
        desk.kill()
    with serving(monkeypatch, "--db", DB, autopilot=None) as desk:
        desk.do(called, "answer")
        desk.do(called, "hang-up")
        (ended,) = desk.lines(1)
    assert ended.startswith(f"voice      {PHONE}  ended: ANSWERED")


def test_settings_are_kept_and_options_win(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set is set again, until the command line says otherwise; chaos off is off."""
    chaos = ("--chaos", "http_503=20%")
    with serving(monkeypatch, "--db", DB, *chaos, "--hook-timing", "key") as desk:
        desk.end()
    with serving(monkeypatch, "--db", DB, autopilot=None) as desk:
        assert desk.more() == "chaos http_503, 20 %: HTML error page, Retry-After 1"
        address = desk.said[2].partition("=")[2]
        account = httpx.get(f"{address}/sandbox/state", trust_env=False).json()["account"]
        assert (account["autopilot"], account["hook_timing"]) == ("busy 0s", "key")
    with serving(monkeypatch, "--db", DB, "--chaos", "off", autopilot="off") as desk:
        assert desk.end() == (0, "0 calls, 0 messages, 0.00 UAH, 0 hooks taken\n")


def test_second_sandbox_on_one_file_is_refused(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, in one line; the first goes on."""
    with serving(monkeypatch, "--db", DB) as desk:
        line = only_line(alphasms("sandbox", "--port", "0", "--db", DB))
        assert line == (
            f"the database {DB} cannot be used: it is in use by another sandbox: end that, or name "
            "another file"
        )
        assert len(place(desk, 1)) == 1
