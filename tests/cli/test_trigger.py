"""`alphasms trigger`: one made-up event for whoever writes a receiver."""

import gzip
import json
import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from starlette.types import Send

from tests.cli.campaigns import only_line
from tests.cli.conftest import Alphasms
from tests.cli.processes import first_words, running
from tests.ports import free_port
from tests.sandbox.receiver import Receiver, served

SECRET = "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c"
PHONE = "380501234567"


@pytest.fixture
def receiver() -> Receiver:
    """A receiver that takes what it is told."""
    return Receiver()


@pytest.fixture
def hook(receiver: Receiver, folder: Path) -> Generator[str]:
    """The receiver's hook, with a proof in it."""
    with served(receiver) as url:
        yield f"{url}/hooks/alphasms?token=s3cret"


def told(receiver: Receiver) -> list[dict[str, object]]:
    """Return the events that came as JSON."""
    return [json.loads(body) for body in receiver.bodies]


def test_event_is_the_documented_one(hook: str, receiver: Receiver, alphasms: Alphasms) -> None:
    """A call of 12 seconds that was answered, posted as JSON to the whole hook."""
    assert alphasms("trigger", hook).code == 0
    assert told(receiver) == [
        {"id": 100500, "phone": PHONE, "status": "ANSWERED", "duration": 12},
    ]
    (request,) = receiver.requests
    assert (request.method, request.url.query) == ("POST", b"token=s3cret")


def test_event_and_answer_are_shown(hook: str, alphasms: Alphasms) -> None:
    """What was sent and what came back; the proof is left out."""
    address, sent, answered = alphasms("trigger", hook, "--dtmf", "7").out.splitlines()
    assert address == f"POST {hook.partition('?')[0]}?..."
    assert json.loads(sent)["dtmf"] == "7"
    assert re.fullmatch(r"answered 200 in \d+ ms", answered)


def test_show_shows_the_whole_hook(hook: str, alphasms: Alphasms) -> None:
    """Whoever asks for the proof sees it."""
    assert alphasms("trigger", hook, "--show").out.startswith(f"POST {hook}\n")


def test_name_and_password_are_left_out(hook: str, alphasms: Alphasms) -> None:
    """They prove a hook as a token does."""
    said = alphasms("trigger", hook.replace("://", "://gateway:s3cret@")).out
    assert said.startswith(f"POST {hook.partition('?')[0]}?...\n")


@pytest.mark.parametrize(
    ("options", "event"),
    [
        (
            ("--status", "no answer"),
            {"id": 100500, "phone": PHONE, "status": "NO ANSWER", "duration": 0},
        ),
        (
            ("--status", "NO ANSWER", "--words", "underscore"),
            {"id": 100500, "phone": PHONE, "status": "NO_ANSWER", "duration": 0},
        ),
        (
            ("--kind", "sms", "--id", "7"),
            {"id": 7, "phone": PHONE, "status": "DELIVERED"},
        ),
        (
            ("--kind", "otp", "--phone", "067 111 22 33"),
            {"id": 100500, "phone": "380671112233", "status": "ANSWERED", "duration": 0},
        ),
        (
            ("--status", "Lost", "--duration", "3", "--dtmf", "*1#"),
            {"id": 100500, "phone": PHONE, "status": "Lost", "duration": 3, "dtmf": "*1#"},
        ),
    ],
)
def test_options_make_the_event(
    hook: str,
    receiver: Receiver,
    alphasms: Alphasms,
    options: tuple[str, ...],
    event: dict[str, object],
) -> None:
    """Each kind, any status, known or not, and how it is spelled."""
    assert alphasms("trigger", hook, *options).code == 0
    assert told(receiver) == [event]


def test_form_is_a_form(hook: str, receiver: Receiver, alphasms: Alphasms) -> None:
    """The fields stand in the body, and the type says so."""
    alphasms("trigger", hook, "--encoding", "form")
    (request,) = receiver.requests
    assert dict(parse_qsl(receiver.bodies[0]))["status"] == "ANSWERED"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("options", "method"),
    [(("--method", "GET"), "GET"), (("--encoding", "query"), "POST")],
)
def test_query_stands_behind_the_proof(
    hook: str, receiver: Receiver, alphasms: Alphasms, options: tuple[str, str], method: str
) -> None:
    """The gateway adds its fields to what the hook has."""
    alphasms("trigger", hook, *options)
    (request,) = receiver.requests
    assert (request.method, receiver.bodies) == (method, [""])
    assert dict(request.url.params) == {
        "token": "s3cret",
        "id": "100500",
        "phone": PHONE,
        "status": "ANSWERED",
        "duration": "12",
    }


def test_times_sends_the_same_again(hook: str, receiver: Receiver, alphasms: Alphasms) -> None:
    """Each answer is a line; one that is not taken makes the code 3."""
    receiver.statuses = [200, 500]
    ran = alphasms("trigger", hook, "--times", "3")
    assert (ran.code, len(receiver.bodies), len(set(receiver.bodies))) == (3, 3, 1)
    answered = [line for line in ran.out.splitlines() if line.startswith("answered ")]
    assert [line.split()[1] for line in answered] == ["200", "500", "200"]


@pytest.mark.parametrize("status", [202, 307, 404, 503])
def test_code_tells_how_it_was_answered(
    hook: str, receiver: Receiver, alphasms: Alphasms, status: int
) -> None:
    """Exit 0 for 200 to 299 alone; a redirect is not followed."""
    receiver.statuses = [status]
    ran = alphasms("trigger", hook)
    assert (ran.code, len(receiver.requests)) == (0 if status == 202 else 3, 1)
    told = " ms\n" if status == 202 else " ms: not taken\n  ok\n"
    assert ran.out.endswith(told)
    assert ran.err == ""


class Talkative(Receiver):
    """A receiver that takes nothing, and says why."""

    def __init__(self, body: bytes, *headers: tuple[bytes, bytes], status: int = 403) -> None:
        super().__init__()
        self.body, self.headers, self.status = body, headers, status

    async def answer(self, send: Send) -> None:
        """Say it, in two pieces."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        half = len(self.body) // 2
        await send({"type": "http.response.body", "body": self.body[:half], "more_body": True})
        await send({"type": "http.response.body", "body": self.body[half:]})


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"this hook is not proven\n", "this hook is not proven"),
        ("\r\n  \nвідмовлено\x1b[2J\u200e\nmore".encode(), "відмовлено�[2J�"),
        (b"x" * 5000, "x" * 200),
        (b"\xff\xfe", "��"),
        (b'{"error": "?token=s3cret is wrong: s3cret"}', '{"error": "?... is wrong: ..."}'),
        (b"", None),
        (b" \n \n", None),
    ],
    ids=["line", "first line", "long", "no text", "secret", "nothing", "blank"],
)
def test_what_the_receiver_says_is_shown(
    folder: Path, alphasms: Alphasms, body: bytes, shown: str | None
) -> None:
    """The first line of it, what of that can be printed, without the hook's proof."""
    with served(Talkative(body)) as url:
        ran = alphasms("trigger", f"{url}/hooks?token=s3cret")
    said = [line for line in ran.out.splitlines() if line.startswith("  ")]
    assert said == ([] if shown is None else [f"  {shown}"])
    assert "s3cret" not in ran.out + ran.err


def test_what_is_packed_is_not_shown(folder: Path, alphasms: Alphasms) -> None:
    """A body that is no text as it stands is left out."""
    packed = Talkative(gzip.compress(b"no"), (b"content-encoding", b"gzip"), status=500)
    with served(packed) as url:
        out = alphasms("trigger", f"{url}/hooks").out
    assert out.endswith(" ms: not taken\n")


def test_hook_that_is_not_proven_has_a_hint(folder: Path, alphasms: Alphasms) -> None:
    """Said once, however often it was sent, for 403 alone."""
    with served(Talkative(b"no")) as url:
        ran = alphasms("trigger", f"{url}/hooks", "--times", "2")
    assert ran.err == (
        "403, not proven: alphasms hook-url and the receiver need the same "
        "ALPHASMS_WEBHOOK_SECRET\n"
    )


def test_nobody_there_is_said(folder: Path, alphasms: Alphasms) -> None:
    """Exit 1, without the hook's secret."""
    ran = alphasms("trigger", f"http://127.0.0.1:{free_port()}/hooks?token=s3cret")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "not reached: nobody listens there")
    assert "s3cret" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("https://app.example/hooks?token=s3cret",), "it is posted there with --remote"),
        (("127.0.0.1/hooks",), "the hook is a whole URL"),
        (("http://127.0.0.1/", "--dtmf", "x"), "--dtmf: digits are the keys pressed"),
        (("http://127.0.0.1/", "--duration", "-1"), "--duration is seconds from 0 up, not -1"),
        (("http://127.0.0.1/", "--status", " "), "--status is a word such as ANSWERED"),
        (("http://127.0.0.1/", "--phone", "12"), "too short to be a phone number"),
        (("http://127.0.0.1/", "--id", "0"), "an id is a positive whole number, not 0"),
        (("http://127.0.0.1/", "--times", "0"), "--times is a whole number above 0, not 0"),
        (("http://127.0.0.1/", "--kind", "fax"), "voice"),
        (("http://127.0.0.1/", "--method", "GET", "--encoding", "json"), "a GET has no body"),
    ],
)
def test_bad_input_is_refused(
    folder: Path, alphasms: Alphasms, arguments: tuple[str, ...], says: str
) -> None:
    """One line says what would be right, exit 2, and nothing is posted."""
    line = only_line(alphasms("trigger", *arguments))
    assert says in line
    assert "s3cret" not in line


def test_remote_lets_it_leave_this_machine(folder: Path, alphasms: Alphasms) -> None:
    """It is tried, and told, though nobody has such a name."""
    ran = alphasms("trigger", "http://receiver.invalid/hooks", "--remote")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "not reached: nobody listens there")


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Generator[tuple["subprocess.Popen[str]", str]]:
    """Run `alphasms listen` on a free port; give its process and its address."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", SECRET)
    with running("listen", "--port", "0") as listener:
        yield listener, first_words(listener).split()[2].rstrip(";")


def test_listener_takes_what_is_proven(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the account's hook of `hook-url` the event is an event; without it, it is refused."""
    with listening(monkeypatch) as (listener, address):
        assert alphasms("trigger", address).code == 3
        hook = alphasms("hook-url", address).out.strip()
        ran = alphasms("trigger", hook, "--status", "BUSY", "--encoding", "form")
        assert listener.stdout is not None
        line = listener.stdout.readline()
    assert (ran.code, "token" in ran.out) == (0, False)
    assert re.search(r"voice    380\*{5}4567  busy +0 s  id 100500$", line.rstrip())
