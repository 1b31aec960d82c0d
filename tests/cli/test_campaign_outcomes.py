"""`campaign run` and `dial` with `--hook-url` and `--listen`: what became of the calls."""

import csv
import signal
import socket
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from alphasms_async.sandbox import Fate, Sandbox, SandboxCall
from alphasms_async.serving import listening_socket
from alphasms_async.webhooks import HookKind, HookTokens
from tests.cli.campaigns import AUDIO, NAME, listed, names, only_line, plan, standing, states
from tests.cli.conftest import Alphasms, Ran
from tests.cli.dialled import dial, results
from tests.doubles import phones
from tests.ports import taken_port
from tests.torture.commands import PLAN, RUN, Desk, Switchboard

SECRET = "b6589fc6ab0dc82cf12099d1c2d40ab994e8410c"
HOOK_URL = "https://app.example/hooks/alphasms"
FIRST, SECOND, THIRD = phones(3)
TOLD = [("answered", "12", "1"), ("no_answer", "0", ""), ("answered", "5", "")]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret to sign with."""
    monkeypatch.setenv("ALPHASMS_WEBHOOK_SECRET", SECRET)


@pytest.fixture
def lively(sandbox: Sandbox) -> Sandbox:
    """A gateway whose phones answer with a key, do not answer, and answer without a key."""
    sandbox.script(FIRST, Fate(talk_seconds=12, digits="1"))
    sandbox.script(SECOND, Fate("NO ANSWER"))
    sandbox.script(THIRD, Fate(talk_seconds=5))
    return sandbox


@pytest.fixture
def tempo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second of waiting for outcomes that is over in a quarter of one."""

    def soon(*_: object) -> float:
        return 0.25

    monkeypatch.setattr("alphasms_async.cli.campaign.outcomes.span", soon)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Generator[int]:
    """A port that is held for `--listen`, so that no other test gets it meanwhile."""
    with listening_socket("a test", "127.0.0.1", 0) as listener:
        port = int(listener.getsockname()[1])

        def hand_over(_: str, host: str, asked: int) -> socket.socket:
            assert (host, asked) == ("127.0.0.1", port)
            return listener

        monkeypatch.setattr("alphasms_async.serving.listening_socket", hand_over)
        yield port


def listening(port: int, path: str = "/hooks") -> tuple[str, ...]:
    """Return the options that sign hooks for this machine, and receive them."""
    return ("--hook-url", f"http://127.0.0.1:{port}{path}", "--listen", str(port))


def run(alphasms: Alphasms, *options: str) -> Ran:
    return alphasms("campaign", "run", NAME, "--yes", *options)


def outcomes(alphasms: Alphasms) -> list[tuple[str, str, str]]:
    """Return the outcome, seconds and keys of everybody, as `campaign export` tells them."""
    rows = csv.DictReader(alphasms("campaign", "export", NAME).out.splitlines())
    return [(row["outcome"], row["seconds"], row["digits"]) for row in rows]


def test_outcomes_are_waited_for(lively: Sandbox, alphasms: Alphasms, port: int) -> None:
    """With `--listen` the run ends when each call has its outcome, seconds and keys."""
    plan(alphasms, "--dtmf")
    ran = run(alphasms, *listening(port))
    assert (ran.code, states(alphasms)) == (0, {"done": 3})
    assert outcomes(alphasms) == TOLD


def test_outcomes_are_shown(lively: Sandbox, alphasms: Alphasms, port: int) -> None:
    """How it ended tells outcomes and keys with their shares; `--json` the same as counts."""
    plan(alphasms, "--dtmf")
    said = [line.split() for line in run(alphasms, *listening(port)).out.splitlines()]
    assert said[3] == ["total", "│", "3", "│", "1.20", "UAH", "│"]
    assert ["answered", "2", "67%"] in said
    assert said[-2:] == [["1", "1", "50%"], ["no", "key", "1", "50%"]]
    assert standing(alphasms)["outcomes"] == {"answered": 2, "no_answer": 1}


def test_report_and_status_show_outcomes(lively: Sandbox, alphasms: Alphasms, port: int) -> None:
    """Both tell them also later."""
    plan(alphasms, "--dtmf", "--opt-out-key", "1")
    run(alphasms, *listening(port))
    status, report = alphasms("campaign", "status"), alphasms("campaign", "report", NAME)
    assert f"{NAME}: 2 answered, 1 no answer; keys 1 ×1" in status.out
    assert "1 opt out" in report.out
    assert "opted out with 1: 1 phone, not to be called again" in report.out


def test_opt_out_key_feeds_the_do_not_call_list(
    lively: Sandbox, alphasms: Alphasms, port: int
) -> None:
    """Whoever pressed it is on the list when the run ends, and counted as such."""
    plan(alphasms, "--dtmf", "--opt-out-key", "1")
    run(alphasms, *listening(port))
    assert alphasms("dnc", "list").out == f"+{FIRST}\n"
    assert standing(alphasms)["opted_out"] == 1


@pytest.mark.parametrize("path", ["", "/", "/a%20b", "/hooks?shop=1"])
def test_hooks_come_to_their_own_path(
    lively: Sandbox, alphasms: Alphasms, port: int, path: str
) -> None:
    """`--listen` takes them where the URL leads, whatever that is."""
    plan(alphasms, count=1)
    ran = run(alphasms, *listening(port, path))
    assert (states(alphasms), "refused" in ran.err) == ({"done": 1}, False)


ASTRAY = "--hook-url leads to another port of this machine than --listen"


@pytest.mark.parametrize(
    ("hook_url", "is_astray"),
    [
        ("http://127.0.0.1:1/hooks", True),
        ("http://localhost/hooks", True),
        ("http://[::1]:{port}/hooks", False),
        ("https://app.example:1/hooks", False),
    ],
)
def test_hook_that_leads_to_another_port_is_told(
    sandbox: Sandbox, alphasms: Alphasms, port: int, hook_url: str, *, is_astray: bool
) -> None:
    """One line before the first call, for nothing would come; behind a proxy any port is right."""
    plan(alphasms, count=1)
    options = ("--hook-url", hook_url.format(port=port), "--listen", str(port))
    ran = run(alphasms, *options, "--outcomes-for", "0")
    assert [ASTRAY in line for line in ran.err.splitlines()] == [False] + [True] * is_astray


@pytest.mark.parametrize("options", [("--hook-url", "{url}?shop=s3cret"), ()], ids=["url", "panel"])
def test_silence_is_told(
    sandbox: Sandbox, alphasms: Alphasms, port: int, tempo: None, options: tuple[str, ...]
) -> None:
    """When the waiting is over and nothing has come, the hook and the receiver are named."""
    plan(alphasms, count=1)
    url = f"http://127.0.0.1:{port}/hooks"
    given = [option.format(url=url) for option in options]
    ran = run(alphasms, *given, "--listen", str(port), "--path", "/hooks", "--outcomes-for", "1s")
    which = url if options else "the account's hook"
    assert ran.err.splitlines()[-1] == f"no event came: does {which} reach {url}?"


def test_no_silence_is_told_where_something_came(
    sandbox: Sandbox, alphasms: Alphasms, port: int, tempo: None
) -> None:
    """One call without an outcome is no sign that the hook leads astray."""

    def telling(call: SandboxCall) -> None:
        # Before the call is answered: the run does not wait for long.
        if call.phone == FIRST:
            event = {"id": call.id, "status": "BUSY"}
            httpx.post(call.hook or "", json=event, trust_env=False).raise_for_status()

    sandbox.fates = telling
    plan(alphasms, count=2)
    ran = run(alphasms, *listening(port), "--outcomes-for", "1s")
    assert "1 recipient without an outcome yet" in ran.err
    assert "no event came" not in ran.err


def test_dial_does_the_same(lively: Sandbox, alphasms: Alphasms, port: int) -> None:
    """The results of a list tell outcomes and keys, too."""
    ran = dial(alphasms, "\n".join(["phone", *phones(3)]), "--dtmf", *listening(port))
    assert ran.code == 0, ran.err
    told = [(row["outcome"], row["seconds"], row["digits"]) for row in results()]
    assert told == TOLD


def test_each_call_has_its_own_signed_hook(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Without `--listen` the hooks lead to an application, and nobody is waited for."""
    plan(alphasms)
    assert run(alphasms, "--hook-url", HOOK_URL).code == 0
    hooks = [urlsplit(call.hook or "") for call in sandbox.calls()]
    proofs = [HookTokens(SECRET).prove(hook.query) for hook in hooks]
    assert {f"{hook.scheme}://{hook.netloc}{hook.path}" for hook in hooks} == {HOOK_URL}
    assert {proof.kind for proof in proofs} == {HookKind.VOICE}
    assert len({proof.ref for proof in proofs}) == 3


def test_hook_of_the_account_is_received_as_well(
    lively: Sandbox, alphasms: Alphasms, port: int
) -> None:
    """`--listen` alone takes the events of the panel's hook, at the path that `--path` says."""
    at = f"http://127.0.0.1:{port}/events"
    lively.hook = alphasms("hook-url", at).out.strip()
    plan(alphasms, "--dtmf")
    ran = run(alphasms, "--listen", str(port), "--path", "/events")
    assert ran.code == 0, ran.err
    assert outcomes(alphasms) == TOLD
    assert "without --hook-url only a hook from `alphasms hook-url` brings events here" in ran.err


def test_forged_events_change_nothing(sandbox: Sandbox, alphasms: Alphasms, port: int) -> None:
    """A hook of another's secret is refused, which is told when the run ends."""
    url = f"http://127.0.0.1:{port}/hooks"
    forged = HookTokens("another secret of somebody").url(url, HookKind.ACCOUNT)

    def forging(call: SandboxCall) -> Fate:
        event = {"id": call.id, "status": "ANSWERED", "duration": 999}
        assert httpx.post(forged, json=event, trust_env=False).status_code == 403
        return Fate("BUSY")

    sandbox.fates = forging
    plan(alphasms, count=1)
    ran = run(alphasms, *listening(port))
    assert "1 request refused: 1 not proven" in ran.err
    assert outcomes(alphasms) == [("busy", "0", "")]


def test_campaign_with_a_hook_gets_no_other(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Both hooks are refused in one line, by `run` and by `dial`, and nobody is called."""
    plan(alphasms, "--hook", HOOK_URL)
    both = ("--hook", HOOK_URL, "--hook-url", HOOK_URL)
    ran = dial(alphasms, "phone\n0501234567", *both)
    assert only_line(ran) == only_line(run(alphasms, "--hook-url", HOOK_URL))
    assert "choose one" in ran.err
    assert not sandbox.calls()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--hook-url", "http://app.example/hooks"), "https://"),
        (("--hook-url", "app.example"), "the hook is a whole URL"),
        (("--hook-url", f"{HOOK_URL}?token=x"), "token"),
        (("--hook-url", "http://[x", "--listen", "0"), "the hook is a whole URL"),
        (("--listen", "70000"), "a port is 1 to 65535, or 0 for a free one, not 70000"),
        (("--host", "0.0.0.0"), "add --listen PORT"),  # noqa: S104 - it is refused
        (("--path", "/hooks"), "add --listen PORT"),
        (("--listen", "0", "--path", "hooks"), "a path is like /hooks/alphasms"),
        (("--listen", "0", "--outcomes-for", "5"), "--outcomes-for is a span such as 30s"),
        (("--listen", "0", "--host", "300.1.1.1"), "choose another port or --host"),
    ],
)
def test_bad_options_call_nobody(
    sandbox: Sandbox, alphasms: Alphasms, options: tuple[str, ...], says: str
) -> None:
    """One line says what would be right, exit 2."""
    plan(alphasms)
    assert says in only_line(run(alphasms, *options))
    assert not sandbox.calls()


def test_taken_port_calls_nobody(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """A port that somebody has is seen before the first call, and before a list is planned."""
    with taken_port() as port:
        ran = dial(alphasms, "phone\n0501234567", "--listen", str(port))
    assert f"port {port}: it is in use" in only_line(ran)
    assert names(alphasms) == []


@pytest.mark.parametrize("option", ["--hook-url", "--listen"])
def test_missing_secret_calls_nobody(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """What nobody could prove is not begun."""
    plan(alphasms)
    monkeypatch.delenv("ALPHASMS_WEBHOOK_SECRET")
    value = {"--hook-url": HOOK_URL, "--listen": "0"}[option]
    assert "ALPHASMS_WEBHOOK_SECRET" in only_line(run(alphasms, option, value))
    assert not sandbox.calls()


def test_ctrl_c_at_the_question_leaves_at_once(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while it listens already: exit 130, one word, and nobody is called."""

    def interrupted() -> str:
        raise KeyboardInterrupt

    plan(alphasms)
    monkeypatch.setattr("alphasms_async.cli.terminal.asks", lambda: True)
    monkeypatch.setattr("builtins.input", interrupted)
    ran = alphasms("campaign", "run", NAME, "--listen", "0")
    assert (ran.code, ran.err.splitlines()[-1]) == (130, "Dial 3 phones? [y/N] interrupted")
    assert not sandbox.calls()


@pytest.mark.parametrize("heard", ["audio", "text"])
def test_text_without_a_hook_is_told(sandbox: Sandbox, alphasms: Alphasms, heard: str) -> None:
    """Where the gateway documents no hook, the account's is recommended."""
    words = {"audio": ("--audio", AUDIO), "text": ("--say", "Вітаємо", "--dtmf")}[heard]
    alphasms("campaign", "plan", listed(phones(1)), *words, "--name", NAME)
    ran = run(alphasms, "--hook-url", HOOK_URL)
    assert ("documents no hook" in ran.err) == (heard == "text")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Desk]:
    """A folder with a list, a recording and a gateway that tells nothing, for other processes."""
    monkeypatch.chdir(tmp_path)
    with Desk.at(tmp_path, Switchboard(seconds=0), phones(4)) as desk:
        for name, value in desk.environment.items():
            monkeypatch.setenv(name, value)
        yield desk


def test_ctrl_c_ends_the_waiting(desk: Desk, alphasms: Alphasms) -> None:
    """It says how many outcomes it waits for, and ends at the first signal with what is known."""
    assert alphasms(*PLAN, NAME).code == 0
    with desk.start(*RUN, "--listen", "0") as command:
        command.hear("4 accepted; waiting for 4 outcomes")
        command.send(signal.SIGINT)
        code, said = command.end()
    assert (code, states(alphasms)) == (0, {"accepted": 4})
    assert said.splitlines()[0] == "stopping: 4 outcomes not waited for"
    *_, left, silence = said.splitlines()
    assert left == f"4 recipients without an outcome yet: alphasms campaign poll {NAME}"
    assert silence.startswith("no event came: does the account's hook reach http://127.0.0.1:")
