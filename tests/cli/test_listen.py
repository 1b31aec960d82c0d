"""`alphasms listen` and `alphasms hook-url`: events as they come, in a process of their own."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from attrs import frozen

from alphasms_async.cli.refusals import Refusals
from alphasms_async.sandbox import Sandbox
from alphasms_async.webhooks import HookKind, HookTokens
from tests.cli.campaigns import JOURNAL, NAME, only_line, plan, standing
from tests.cli.conftest import Alphasms
from tests.cli.processes import first_words, running
from tests.ports import taken_port

SECRET = "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c"
PHONE = "380501234567"
ANSWERED = {"id": 100500, "phone": PHONE, "status": "ANSWERED", "duration": 123, "dtmf": "7"}
URL = "https://app.example/hooks/alphasms"
_PATIENCE_SECONDS = 15


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret to sign with."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", SECRET)


@frozen
class Listener:
    """The command at work, and where it listens."""

    process: subprocess.Popen[str]
    address: str

    def post(
        self, body: Mapping[str, object], kind: HookKind = HookKind.ACCOUNT, ref: str | None = None
    ) -> int:
        """Tell it an event, as the gateway does; return the status."""
        hook = HookTokens(SECRET).url(self.address, kind, ref)
        return httpx.post(hook, json=dict(body), trust_env=False).status_code

    def line(self) -> str:
        """Wait for a line of its answers."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self) -> tuple[int, str, str]:
        """End it as Ctrl-C does; return its code, and the rest of what it said."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=_PATIENCE_SECONDS)
        return self.process.returncode, out, err


@contextmanager
def listening(*options: str) -> Generator[Listener]:
    """Start the command on a free port; whatever happens, nothing of it is left behind."""
    with running("listen", "--port", "0", *options) as process:
        said = first_words(process)
        match = re.fullmatch(r"listening at (http://127\.0\.0\.1:\d+/\S+); Ctrl-C ends it", said)
        assert match, said
        yield Listener(process, match[1])


def test_event_is_printed_as_it_comes(folder: Path) -> None:
    """When, what kind, who with the phone masked, the outcome, seconds, keys and id."""
    with listening() as listener:
        assert listener.post(ANSWERED) == 200
        assert re.fullmatch(
            r"\d\d:\d\d:\d\d  voice    380\*{5}4567  answered      123 s  keys 7  id 100500\n",
            listener.line(),
        )


def test_event_is_printed_for_programs(folder: Path) -> None:
    """`--json` prints an object on a line, with the ref that the hook was given out for."""
    with listening("--json") as listener:
        listener.post(ANSWERED, HookKind.VOICE, "order-17")
        told: dict[str, Any] = json.loads(listener.line())
    at = datetime.fromisoformat(told.pop("at"))
    assert datetime.now(UTC) - at < timedelta(minutes=1)
    assert told == {
        "kind": "voice",
        "phone": "380*****4567",
        "outcome": "answered",
        "seconds": 123,
        "digits": "7",
        "id": 100500,
        "raw": "ANSWERED",
        "ref": "order-17",
    }


@pytest.mark.parametrize(
    ("kind", "status", "shows"),
    [
        (HookKind.VOICE, "NO ANSWER", "voice    380*****4567  no_answer    id 1\n"),
        (HookKind.OTP, "ANSWERED", "otp      380*****4567  reached      id 1\n"),
        (HookKind.OTP, "BUSY", "otp      380*****4567  not_reached  id 1\n"),
        (HookKind.MESSAGE, "DELIVERED", "message  380*****4567  delivered    id 1\n"),
        (
            HookKind.VOICE,
            f"\x1b[1m{PHONE}",
            "voice    380*****4567  unknown      id 1  �[1m380*****4567\n",
        ),
    ],
    ids=["voice", "otp reached", "otp not reached", "message", "unknown word"],
)
def test_each_kind_has_its_word(folder: Path, kind: HookKind, status: str, shows: str) -> None:
    """A word that nobody documented is shown as the gateway wrote it, and moves no cursor."""
    with listening() as listener:
        assert listener.post({"id": 1, "phone": PHONE, "status": status}, kind, "x") == 200
        assert listener.line()[10:] == shows


def test_end_tells_how_much_came(folder: Path) -> None:
    """Ctrl-C ends it with exit 0; what was refused is counted by its reason."""
    with listening() as listener:
        listener.post(ANSWERED)
        assert httpx.post(listener.address, json=ANSWERED, trust_env=False).status_code == 403
        root = listener.address.removesuffix(urlsplit(listener.address).path)
        assert httpx.get(f"{root}/", trust_env=False).status_code == 404
        assert httpx.get(f"{root}/hooks", trust_env=False).status_code == 404
        code, out, err = listener.end()
    assert (code, len(out.splitlines())) == (0, 1)
    last = "1 event, 3 requests refused: 2 to another path, 1 not proven"
    assert err.splitlines()[-1] == last


def test_refused_request_is_said_as_it_comes(folder: Path) -> None:
    """Beside the events, with what would be right; of those that follow it the end tells."""
    said = "refused: no token, an expired one, or one signed by another ALPHASMS_WEBHOOK_SECRET"
    with listening() as listener:
        for _ in range(3):
            httpx.post(f"{listener.address}?token=s3cret", json=ANSWERED, trust_env=False)
        assert first_words(listener.process) == said
        httpx.get(f"{listener.address}x", trust_env=False)
        assert first_words(listener.process) == "refused: to another path than /hooks/alphasms"
        _, out, err = listener.end()
    assert (out, err) == ("", "0 events, 4 requests refused: 3 not proven, 1 to another path\n")


def test_refused_requests_are_said_seldom() -> None:
    """Of each reason one at once, and then one in ten seconds, with how many there were between."""
    said, now = list[str](), [0.0]
    refusals = Refusals("/hooks", said.append, lambda: now[0])
    for second, status in ((0, 403), (1, 403), (2, 405), (9, 403), (10, 403), (11, 403), (21, 403)):
        now[0] = second
        refusals.note(status)
    reason = "refused: no token, an expired one, or one signed by another ALPHASMS_WEBHOOK_SECRET"
    assert said == [
        reason,
        "refused: neither GET nor POST",
        f"{reason}; and 2 more before it",
        f"{reason}; and 1 more before it",
    ]


@pytest.mark.parametrize("status", [200, 503])
def test_what_is_no_refusal_is_not_said(status: int) -> None:
    """What was taken is printed, and of what could not be kept the receiver tells."""
    said = list[str]()
    Refusals("/hooks", said.append).note(status)
    assert said == []


@pytest.mark.parametrize("status", [400, 408, 413, 418])
def test_each_refusal_has_a_reason(status: int) -> None:
    """One line, in words."""
    said = list[str]()
    Refusals("/hooks", said.append).note(status)
    assert re.fullmatch(r"refused: [a-z ]+( 418)?", said[0])


def test_nothing_secret_is_said(folder: Path) -> None:
    """Neither the secret, nor a token, nor a whole phone, of good requests and of bad ones."""
    with listening() as listener:
        hook = HookTokens(SECRET).url(listener.address, HookKind.ACCOUNT)
        httpx.post(f"{hook}x", json=ANSWERED, trust_env=False)
        httpx.post(hook, content=f"phone={PHONE}&oops", trust_env=False)
        listener.post(ANSWERED)
        _, out, err = listener.end()
    assert not re.search(f"{SECRET}|{hook.partition('=')[2]}|{PHONE[2:]}", out + err)


def test_hook_of_the_account_is_printed_when_asked_for(folder: Path) -> None:
    """`--url` gives the hook to set in the provider's panel, which this receiver takes."""
    with listening("--url", URL) as listener:
        assert listener.process.stderr is not None
        said = listener.process.stderr.readline()
        assert said.startswith("hook of the account, for the provider's panel; keep it secret: ")
        hook: str = said.split()[-1]
        query = urlsplit(hook).query
        answer = httpx.post(f"{listener.address}?{query}", json=ANSWERED, trust_env=False)
    assert answer.status_code == 200


def test_journal_is_told_too(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """With `--journal` an event moves its row, before it is printed."""
    plan(alphasms, count=1)
    alphasms("campaign", "run", NAME, "--yes")
    (call,) = sandbox.calls()
    with listening("--journal", JOURNAL) as listener:
        listener.post(ANSWERED | {"id": call.id, "phone": call.phone})
        assert "answered" in listener.line()
    assert (standing(alphasms)["outcomes"], standing(alphasms)["digits"]) == (
        {"answered": 1},
        {"7": 1},
    )


def test_what_is_not_kept_is_not_printed(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """When the journal is gone the gateway is asked to send it again, and that is counted."""
    plan(alphasms, count=1)
    with listening("--journal", JOURNAL) as listener:
        for suffix in ("", "-wal", "-shm"):
            Path(JOURNAL + suffix).unlink(missing_ok=True)
        assert listener.post(ANSWERED) == 503
        _, out, err = listener.end()
    assert (out, err.splitlines()[-1]) == (
        "",
        "0 events, 1 request refused: 1 that could not be kept",
    )


def test_reader_that_leaves_ends_it(folder: Path) -> None:
    """As after `| head -1`: the gateway keeps what nobody has read, and nobody listens on."""
    with listening() as listener:
        assert listener.process.stdout is not None
        listener.process.stdout.close()
        assert listener.post(ANSWERED) == 503
        assert listener.process.wait(_PATIENCE_SECONDS) == 0


def test_journal_goes_on_without_a_reader(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """With `--journal` the events are kept, whoever reads them here."""
    plan(alphasms, count=1)
    alphasms("campaign", "run", NAME, "--yes")
    (call,) = sandbox.calls()
    told = ANSWERED | {"id": call.id, "phone": call.phone}
    with listening("--journal", JOURNAL) as listener:
        assert listener.process.stdout is not None
        listener.process.stdout.close()
        assert [listener.post(told), listener.post({**told, "status": "BUSY"})] == [200, 200]
        assert listener.process.poll() is None
    assert standing(alphasms)["outcomes"] == {"answered": 1}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--port", "65536"), "a port is 1 to 65535, or 0 for a free one, not 65536"),
        (("--host", ""), "a host is like 127.0.0.1"),
        (("--host", "\udcff"), "a host is like 127.0.0.1"),
        (("--path", "hooks"), "a path is like /hooks/alphasms"),
        (("--path", "/hooks?x=1"), "a path is like /hooks/alphasms"),
        (("--url", "http://app.example/hooks"), "https://"),
        (("--journal", "none.journal"), "there is no journal none.journal"),
        (("--journal", "promo.wav"), "promo.wav"),
    ],
)
def test_bad_input_is_refused(
    folder: Path, alphasms: Alphasms, options: tuple[str, str], says: str
) -> None:
    """One line says what would be right, exit 2, and nothing listens."""
    assert says in only_line(alphasms("listen", *options))


def test_taken_port_is_one_line(folder: Path, alphasms: Alphasms) -> None:
    """Exit 2, and the port is named."""
    with taken_port() as port:
        line = only_line(alphasms("listen", "--port", str(port)))
    assert line == (
        f"alphasms cannot listen on 127.0.0.1, port {port}: it is in use; "
        "choose another port or --host"
    )


def test_missing_server_is_told(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where uvicorn is not installed one line names the extra, exit 1."""
    monkeypatch.delitem(sys.modules, "alphasms_async.serving", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert 'pip install "alphasms-async[webhooks]"' in only_line(alphasms("listen"), code=1)


@pytest.mark.parametrize("words", [("listen",), ("hook-url", URL)], ids=["listen", "hook-url"])
def test_missing_secret_is_told(
    folder: Path, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """One line says which variable it is, and how to make one."""
    monkeypatch.delenv("ALPHASMS_WEBHOOK_SECRET")
    line = only_line(alphasms(*words))
    assert "ALPHASMS_WEBHOOK_SECRET" in line
    assert "secrets.token_urlsafe" in line


def test_hook_url_is_all_that_is_printed(folder: Path, alphasms: Alphasms) -> None:
    """The hook stands alone on standard output, and is the account's, for ever."""
    ran = alphasms("hook-url", URL)
    assert (ran.code, ran.err) == (0, "")
    proof = HookTokens(SECRET).prove(urlsplit(ran.out.strip()).query)
    assert (proof.kind, proof.ref, proof.expires_at) == (HookKind.ACCOUNT, None, None)


def test_hook_url_may_expire(folder: Path, alphasms: Alphasms) -> None:
    """`--expires-in 30d` holds for thirty days, and says until when."""
    ran = alphasms("hook-url", URL, "--expires-in", "30d")
    expires = HookTokens(SECRET).prove(urlsplit(ran.out.strip()).query).expires_at
    assert expires is not None
    assert abs(expires - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
    assert ran.err == f"it holds until {expires.astimezone():%Y-%m-%d %H:%M}\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("http://app.example/hooks",), "https://"),
        ((f"{URL}?token=1",), "token"),
        ((URL, "--expires-in", "30"), "--expires-in is a span such as 30s, 5m, 1h30m or 7d"),
        ((URL, "--expires-in", "0s"), "--expires-in is a span"),
    ],
)
def test_hook_url_refuses_what_is_none(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """One line says what would be right, and no hook is printed."""
    assert says in only_line(alphasms("hook-url", *words))
