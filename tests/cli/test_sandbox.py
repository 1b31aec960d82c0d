"""`alphasms sandbox`: a gateway in a process of its own, and the display of its phones."""

import os
import re
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.campaigns import only_line
from tests.cli.conftest import Alphasms
from tests.cli.sandboxes import PHONE, Desk, serving
from tests.ports import taken_port
from tests.sandbox.receiver import Receiver, served

_PATIENCE_SECONDS = 15


def ask(
    desk: Desk, path: str, fields: Mapping[str, object] | None = None, *, method: str = "POST"
) -> dict[str, Any]:
    """Ask the sandbox as its page does, and return what it answers."""
    url = desk.said[2].partition("=")[2] + path
    answer = httpx.request(method, url, json=fields or {}, trust_env=False)
    answer.raise_for_status()
    decoded: dict[str, Any] = answer.json()
    return decoded


@pytest.fixture
def desk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Desk]:
    """The command at work, and an environment as it asks for."""
    with serving(monkeypatch) as desk:
        yield desk


def test_begin_tells_how_to_point_here(desk: Desk) -> None:
    """The address, and two lines that can be copied as they stand."""
    first, _, *exports = desk.said
    url = re.search(r"http://127\.0\.0\.1:\d+", first)
    assert url is not None
    assert exports == [
        f"export ALPHASMS_BASE_URL={url[0]}",
        "export ALPHASMS_API_KEY=sandbox-key",
    ]


def test_flash_call_shows_its_code(desk: Desk, alphasms: Alphasms) -> None:
    """The phone's display: who is called, what it cost, and the code that the client has."""
    code = alphasms("otp", "0501234567").out.split()[-1]
    assert desk.lines(2) == [
        f"otp        {PHONE}  0.40  code {code}",
        f"otp        {PHONE}  ended: BUSY",
    ]


def test_text_shows_what_it_says(desk: Desk, alphasms: Alphasms) -> None:
    """A text stands on one line, whatever is in it, and is delivered."""
    alphasms("sms", "0501234567", "Ваш\nкод \u200e1", "--sender", "MyShop")
    assert desk.lines(2) == [
        f'sms        {PHONE}  0.40  "Ваш код �1"',
        f"sms        {PHONE}  ended: DELIVERED",
    ]


def test_recording_shows_that_it_waits_for_a_key(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call with a recording tells whether a key is asked for, and how it ended."""
    with serving(monkeypatch, autopilot="off") as desk:
        called = int(alphasms("call", "0501234567", "promo.wav", "--dtmf").out.split()[2])
        desk.do(called, "press", digits="7")
        desk.do(called, "hang-up")
        accepted, ended = desk.lines(2)
    assert accepted == f"voice      {PHONE}  0.40  a recording, waits for a key"
    assert re.fullmatch(rf"voice      {PHONE}  ended: ANSWERED,( \d+ s,)? keys 7", ended)


def test_hook_of_another_machine_is_refused(desk: Desk, alphasms: Alphasms) -> None:
    """Nothing leaves this machine, which a person is told, without the hook's secret."""
    hook = "https://app.example/hooks?token=s3cret"
    alphasms("sms", "0501234567", "Вітаємо", "--sender", "MyShop", "--hook", hook)
    assert desk.lines(3)[2] == "hook refused: not on this machine"


def test_hook_of_the_account_is_posted(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--hook` is told what had no hook of its own; what is not taken is said, the rest counted."""
    receiver = Receiver(403)
    with served(receiver) as url, serving(monkeypatch, "--hook", f"{url}/hooks?t=s3cret") as desk:
        alphasms("sms", "0501234567", "Вітаємо", "--sender", "MyShop")
        assert desk.lines(3)[2] == "hook not taken: answered 403, attempt 1"
        assert '"status": "DELIVERED"' in receiver.bodies[0]
        assert desk.end()[1].endswith(" taken, 1 attempt in vain\n")


def test_end_counts(desk: Desk, alphasms: Alphasms) -> None:
    """Ctrl-C ends it with exit 0, and says how much there was."""
    alphasms("otp", "0501234567")
    desk.lines(2)
    assert desk.end() == (0, "1 call, 0 messages, 0.40 UAH, 0 hooks taken\n")


def test_reader_that_leaves_ends_it(desk: Desk, alphasms: Alphasms) -> None:
    """As after `| head -1`: nobody is shown anything any more."""
    assert desk.process.stdout is not None
    desk.process.stdout.close()
    alphasms("otp", "0501234567")
    assert desk.process.wait(_PATIENCE_SECONDS) == 0


def test_sandbox_begun_anew_gives_other_ids(
    desk: Desk, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal that knows the ids of the one before takes no event for another call's."""
    alphasms("otp", "0501234567")
    known = int(alphasms("otp", "0501234567").out.split()[2])
    with serving(monkeypatch):
        assert int(alphasms("otp", "0501234567").out.split()[2]) > known


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--port", "65536"), "a port is 1 to 65535, or 0 for a free one, not 65536"),
        (("--hook", "https://app.example/hooks"), "--hook is on this machine"),
        (("--hook", "127.0.0.1/hooks"), "the hook is a whole URL"),
        (("--hook-timing", "later"), 'Choose from: "hang-up", "key"'),
        (("--autopilot", "maybe"), "An autopilot is one of mixed, off, answer 2s"),
        (("--chaos", "storm"), "chaos 'storm': the rules are latency, http_503,"),
        (("--chaos", "http_503=often"), "write http_503 or http_503=20%"),
        (("--chaos", "http_503=101%"), "chaos 'http_503=101%': a share is 100% at most"),
        (("--seed", str(2**60)), "seed is a whole number, like 42, or None"),
        (("--keep", "0"), "keep is a whole number above 0, not 0"),
        (("--db", "/nowhere/sandbox.db"), "there is no folder /nowhere for the database"),
        (("--db", "promo.wav"), "promo.wav is no database of a sandbox: name another file"),
    ],
)
def test_bad_input_is_refused(
    folder: Path, alphasms: Alphasms, options: tuple[str, str], says: str
) -> None:
    """One line says what would be right, exit 2, and nothing is served."""
    assert says in only_line(alphasms("sandbox", *options))


def test_taken_port_is_one_line(folder: Path, alphasms: Alphasms) -> None:
    """Exit 2, and the port is named."""
    with taken_port() as port:
        line = only_line(alphasms("sandbox", "--port", str(port)))
    assert line == (
        f"The sandbox cannot listen on 127.0.0.1, port {port}: it is in use; choose another --port"
    )


def test_chaos_is_said_at_the_beginning(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each rule that is on; and nothing but its own lines is said when clients are broken."""
    rules = ("--chaos", "reset_after=100%", "--chaos", "latency=100%@0s", "--chaos-seed", "7")
    with serving(monkeypatch, *rules) as desk:
        assert [desk.more(), desk.more()] == [
            "chaos latency, 100 %: adds 0 ± 0 s",
            "chaos reset_after, 100 %: TCP RST after it, nothing accepted",
        ]
        ran = alphasms("call", "0501234567", "promo.wav")
        assert "not sent" not in ran.err
        code, said = desk.end()
    counted = "0 calls, 0 messages, 0.00 UAH, 0 hooks taken; chaos: 1 latency, 1 reset_after\n"
    assert (code, said) == (0, counted)


def test_rule_without_a_share_happens_always(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names it wants to see it."""
    with serving(monkeypatch, "--chaos", "charged_no_reply") as desk:
        assert desk.more() == "chaos charged_no_reply, 100 %: call is made, the answer is lost"


def test_chaos_is_told_as_it_happens(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line for what was kept out, and for an answer that was spoiled; no phone is in it."""
    with serving(monkeypatch, "--chaos", "http_503", "--chaos", "latency=@0s") as desk:
        alphasms("otp", "0501234567")
        ask(desk, "/sandbox/chaos/off")
        patch = {"rules": {"charged_no_reply": {"on": True, "share": 1}}}
        ask(desk, "/sandbox/chaos", patch, method="PATCH")
        alphasms("otp", "0501234567")
        kept_out, _, _, lost = desk.lines(4)
        code, said = desk.end()
    assert (kept_out, lost) == (
        "chaos http_503: otp.php not taken",
        "chaos charged_no_reply: otp.php reply lost",
    )
    assert said.splitlines()[-1].endswith("; chaos: 1 latency, 1 http_503, 1 charged_no_reply")
    assert code == 0


def test_json_tells_of_chaos(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the rule; and each call has the one that spoiled its answer."""
    with serving(monkeypatch, "--json", "--chaos", "half_answer") as desk:
        alphasms("otp", "0501234567")
        accepted, _, mishap = desk.events(3)
    assert accepted["chaos"] == "half_answer"
    assert {name: mishap[name] for name in ("event", "rule", "page", "taken")} == {
        "event": "chaos",
        "rule": "half_answer",
        "page": "otp.php",
        "taken": True,
    }


def test_reset_gives_no_id_twice(desk: Desk, alphasms: Alphasms) -> None:
    """A program that has saved the id of a call finds no other call by it."""
    known = int(alphasms("otp", "0501234567").out.split()[2])
    ask(desk, "/sandbox/reset")
    assert int(alphasms("otp", "0501234567").out.split()[2]) == known + 1


def test_reset_begins_as_the_command_line_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the page has changed since is forgotten, and what was asked for is not."""
    hook = "http://127.0.0.1:9/hook"
    with serving(monkeypatch, "--hook", hook, "--hook-timing", "key", "--chaos", "hang") as desk:
        changes = {"hook": None, "hook_timing": "hang-up", "autopilot": "off"}
        ask(desk, "/sandbox/account", changes, method="PATCH")
        account = ask(desk, "/sandbox/reset")
    assert (account["hook"], account["hook_timing"], account["autopilot"]) == (
        *(hook, "key", "busy 0s"),
    )
    assert account["chaos"]["on"] == 0


def test_json_tells_each_event(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line each: what was accepted, each turn of its call, the end, and each hook posted."""
    receiver = Receiver()
    with served(receiver) as url:
        options = ("--json", "--hook", f"{url}/hooks?t=s3cret")
        with serving(monkeypatch, *options, autopilot="off") as desk:
            called = int(alphasms("call", "0501234567", "promo.wav", "--dtmf").out.split()[2])
            desk.do(called, "press", digits="7")
            desk.do(called, "hang-up")
            events = desk.events(6)
    assert [event["event"] for event in events] == [
        *("accepted", "ringing", "answered", "key", "ended", "hook"),
    ]
    accepted, *_, key, ended, hook = events
    assert (accepted["phone"], accepted["price"], accepted["dtmf"]) == (PHONE, "0.40", True)
    assert (key["digits"], ended["status"], ended["digits"]) == ("7", "ANSWERED", "7")
    assert (hook["id"], hook["status"], hook["error"]) == (called, 200, None)
    assert "s3cret" not in str(events)


def test_json_tells_codes_and_texts(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script that plays the visitor reads its code there."""
    with serving(monkeypatch, "--json") as desk:
        code = alphasms("otp", "0501234567").out.split()[-1]
        alphasms("sms", "0501234567", "Вітаємо", "--sender", "MyShop")
        seen = [(one["code"], one["text"]) for one in desk.events(4) if one["event"] == "accepted"]
    assert seen == [(code, None), (None, "Вітаємо")]


def opened(browser: str) -> tuple[bool, str]:
    """Open the page in a process of its own; return whether that ended well, and what it said."""
    program = (
        "import anyio; from alphasms_async.cli.sandbox import _open; "
        "anyio.run(_open, 'http://127.0.0.1:8025')"
    )
    ended = subprocess.run(  # noqa: S603 - our own function
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "BROWSER": browser},
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode == 0, ended.stderr


def test_open_opens_the_page(tmp_path: Path) -> None:
    """In the browser that the environment names, without a word."""
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "$1" > "$0.told"\n')
    browser.chmod(0o700)
    assert opened(str(browser)) == (True, "")
    assert (tmp_path / "browser.told").read_text() == "http://127.0.0.1:8025\n"


@pytest.mark.parametrize("browser", ["", "/nowhere/browser", "false"])
def test_open_without_a_browser_is_one_line(browser: str) -> None:
    """Where there is none, or it fails, a person is told where to go, and it goes on."""
    line = "no browser can be opened here; the page: http://127.0.0.1:8025\n"
    assert opened(browser) == (True, line)
