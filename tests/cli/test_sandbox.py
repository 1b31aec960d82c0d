"""`alphasms sandbox`: a gateway in a process of its own, and the display of its phones."""

import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from attrs import frozen

from tests.cli.campaigns import only_line
from tests.cli.conftest import Alphasms
from tests.ports import taken_port
from tests.sandbox.receiver import Receiver, served
from tests.torture.commands import PROGRAM

PHONE = "380501234567"
QUICKLY = (
    "import alphasms_async.cli.sandbox as command; "
    "command._RINGING_SECONDS, command._DELIVERY_SECONDS = (0.0, 0.0), 0.0; "
)
_PATIENCE_SECONDS = 15


@frozen
class Desk:
    """The command at work, and what it said first."""

    process: subprocess.Popen[str]
    said: list[str]

    def lines(self, count: int) -> list[str]:
        """Wait for so many lines of its display; the time and the ids are left out."""
        assert self.process.stdout is not None
        lines = [self.process.stdout.readline() for _ in range(count)]
        return [re.sub(r"^\d\d:\d\d:\d\d  |  id \d+|\n$", "", line) for line in lines]

    def end(self) -> tuple[int, str]:
        """End it as Ctrl-C does; return its code, and the rest of what it said."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=_PATIENCE_SECONDS)
        return self.process.returncode, said


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, *options: str) -> Generator[Desk]:
    """Start the command on a free port, and do as it says; nothing of it is left behind."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", QUICKLY + PROGRAM, "sandbox", "--port", "0", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        said = [process.stderr.readline().rstrip("\n") for _ in range(4)]
        for line in said[2:]:
            name, _, value = line.removeprefix("export ").partition("=")
            monkeypatch.setenv(name, value)
        yield Desk(process, said)
    finally:
        process.kill()
        process.communicate()


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
    accepted, ended = desk.lines(2)
    assert accepted == f"otp        {PHONE}  0.40  code {code}"
    assert re.fullmatch(rf"otp        {PHONE}  ended: (ANSWERED|NO ANSWER|BUSY|FAILED)", ended)


def test_text_shows_what_it_says(desk: Desk, alphasms: Alphasms) -> None:
    """A text stands on one line, whatever is in it, and is delivered."""
    alphasms("sms", "0501234567", "Ваш\nкод \u200e1", "--sender", "MyShop")
    assert desk.lines(2) == [
        f'sms        {PHONE}  0.40  "Ваш код �1"',
        f"sms        {PHONE}  ended: DELIVERED",
    ]


def test_recording_shows_that_it_waits_for_a_key(desk: Desk, alphasms: Alphasms) -> None:
    """A call with a recording tells whether a key is asked for, and how it ended."""
    alphasms("call", "0501234567", "promo.wav", "--dtmf")
    accepted, ended = desk.lines(2)
    assert accepted == f"voice      {PHONE}  0.40  a recording, waits for a key"
    assert re.fullmatch(r"voice .* ended: [A-Z ]+(, \d+ s(, keys [129])?)?", ended)


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
