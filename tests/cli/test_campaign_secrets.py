"""No key, no hook's proof and no whole phone where nobody asked for it."""

import re
from pathlib import Path

import pytest

from alphasms_async.sandbox import Sandbox
from alphasms_async.webhooks import HookKind, HookTokens
from tests.cli.campaigns import AUDIO, LIST, NAME, grow_old, lose_answers
from tests.cli.conftest import Alphasms, Ran
from tests.doubles import KEY, phones

TOKEN = "b6589fc6ab0dc82c"
SECRET = "da4b9237bacccdf19c0760cab7aec4a8359010b0"
HOOK = f"https://app.example/hook?token={TOKEN}"
MINE = "380671112233"
FIRST, SECOND, THIRD = phones(3)
SECRETS = re.compile(rf"{KEY}|{TOKEN}|{MINE[3:]}|38050100000\d|50 100 00 0\d")
HEARD = pytest.mark.parametrize(
    "heard", [("--audio", AUDIO), ("--say", "Вітаємо")], ids=["recording", "text"]
)


@pytest.fixture
def account(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An account with a key of its own, and a list of two phones, a repeated and a broken one."""
    sandbox.api_key = KEY
    monkeypatch.setenv("ALPHASMS_API_KEY", KEY)
    Path(LIST).write_text(f"phone\n{FIRST}\n+{FIRST}\n{SECOND[:-1]}x\n{THIRD}\n", "utf-8")
    return sandbox


def said(*ran: Ran) -> str:
    """Return all that commands said."""
    return "".join(one.out + one.err for one in ran)


def options(*heard: str) -> tuple[str, ...]:
    return (LIST, *heard, "--hook", HOOK, "--yes")


@HEARD
@pytest.mark.parametrize("end", ["accepted", "unknown", "refused", "wrong key", "unreachable"])
def test_nothing_is_told_however_it_ends(
    account: Sandbox,
    alphasms: Alphasms,
    monkeypatch: pytest.MonkeyPatch,
    heard: tuple[str, ...],
    end: str,
) -> None:
    """Plan, trial, run, status, report and each line of a fault leave the secrets out."""
    tried = alphasms("campaign", "plan", *options(*heard), "--name", NAME, "--test-to", MINE)
    assert tried.code == 0, tried.err
    match end:
        case "unknown":
            lose_answers(monkeypatch)
        case "refused":
            account.banned = True
        case "wrong key":
            account.api_key = "another"
        case "unreachable":
            monkeypatch.setenv("ALPHASMS_BASE_URL", "http://127.0.0.1:1")
        case _:
            pass
    ran = alphasms("campaign", "run", NAME, "--no-wait")
    assert ran.code == {"accepted": 3, "unknown": 3}.get(end, 4)
    rest = [
        alphasms("campaign", *words)
        for words in (("status",), ("status", NAME, "--json"), ("report", NAME), ("pause", NAME))
    ]
    assert not SECRETS.findall(said(tried, ran, *rest))


@HEARD
def test_short_form_tells_no_more(
    account: Sandbox, alphasms: Alphasms, heard: tuple[str, ...]
) -> None:
    """`dial`, again when it is finished, and with another hook."""
    first = alphasms("dial", *options(*heard))
    again = alphasms("dial", *options(*heard))
    other = alphasms("dial", LIST, *heard, "--yes", "--hook", f"{HOOK}9")
    assert (first.code, again.code, other.code) == (3, 2, 2)
    assert "another --hook" in other.err
    assert not SECRETS.findall(said(first, again, other))


@HEARD
def test_signed_hooks_are_not_told(
    account: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, heard: tuple[str, ...]
) -> None:
    """Neither the secret nor a token of a hook, whether it is taken, refused or unknown."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", SECRET)
    url = "http://127.0.0.1:1/hooks"
    account.hook = HookTokens(SECRET).url(url, HookKind.ACCOUNT)
    account.hook_pauses = ()
    planned = alphasms("campaign", "plan", LIST, *heard, "--name", NAME)
    ran = alphasms(
        "campaign", "run", NAME, "--hook-url", url, "--listen", "0", "--outcomes-for", "0"
    )
    polled = alphasms("campaign", "poll", NAME)
    assert (ran.code, polled.code) == (3, 3)
    tokens = {(entry.hook or "=").partition("=")[2] for entry in [*account.calls()]}
    assert not re.search(SECRET, said(planned, ran, polled))
    assert not [token for token in tokens if token and token in said(planned, ran, polled)]
    assert not SECRETS.findall(said(planned, ran, polled))


def test_wrong_hook_is_not_repeated(account: Sandbox, alphasms: Alphasms) -> None:
    """What is wrong with it is told without showing it."""
    ran = alphasms("dial", LIST, "--audio", AUDIO, "--yes", "--hook", f"ftp://x/?token={TOKEN}")
    assert ran.code == 2
    assert not SECRETS.findall(said(ran))


def test_phones_are_whole_where_they_are_asked_for(
    account: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list to decide on, the export, the page and one's own do-not-call list."""
    alphasms("campaign", "plan", *options("--audio", AUDIO), "--name", NAME)
    with monkeypatch.context() as patched:
        lose_answers(patched)
        alphasms("campaign", "run", NAME)
    alphasms("dnc", "add", MINE)
    for words in (("campaign", "reconcile", NAME), ("campaign", "export", NAME)):
        ran = alphasms(*words)
        assert {FIRST, THIRD} <= {*re.findall(r"\d{12}", ran.out)}
        assert not re.search(f"{KEY}|{TOKEN}", said(ran))
    alphasms("campaign", "report", NAME, "--html")
    page = Path(f"{NAME}.html").read_text("utf-8")
    assert FIRST in page
    assert not re.search(f"{KEY}|{TOKEN}", page)
    assert alphasms("dnc", "list").out == f"+{MINE}\n"
    grow_old()
    decided = alphasms("campaign", "reconcile", NAME, FIRST, THIRD, "--redial", "--yes")
    assert not SECRETS.findall(said(decided))
