import pytest

from .accepted import ACCEPTED, run


def test_what_a_test_sets_is_unset_after_it(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes first, a test's own patches and the gateway's leave nothing to the next."""
    monkeypatch.setenv("ALPHASMS_API_KEY", "the machine's")
    text = """
import os

def test_one(monkeypatch, sandbox):
    monkeypatch.setenv("ALPHASMS_API_KEY", "wrong")
    monkeypatch.setenv("ALPHASMS_BASE_URL", sandbox.url + "/x")

def test_other(sandbox, monkeypatch):
    monkeypatch.setenv("ALPHASMS_API_KEY", "wrong")
    monkeypatch.setenv("ALPHASMS_TIMEOUT", "1")

def test_undone(sandbox, monkeypatch):
    monkeypatch.undo()
    from alphasms_async.exchange import Exchange
    assert Exchange.check_open.__name__ == "check_open_and_here"

def test_afterwards():
    ours = {name: value for name, value in os.environ.items() if name.startswith("ALPHASMS_")}
    assert ours == {"ALPHASMS_API_KEY": "the machine's"}
"""
    run(project, text).assert_outcomes(passed=4)


@pytest.mark.parametrize("style", ["auto", "long", "long --showlocals"])
def test_failures_show_no_hook_and_no_phone(project: pytest.Pytester, style: str) -> None:
    """Whatever frames pytest shows, and their arguments too, our own tell neither."""
    project.makepyfile(
        whom='HOOK = "http://127.0.0.1:9/hooks?t=" + "s3cret"\nPHONE = "38067765" + "4321"\n'
    )
    text = """
from whom import HOOK, PHONE

@pytest.mark.parametrize("act", [
    lambda sandbox, call: (call.hang_up(), call.hang_up()),
    lambda sandbox, call: (call.hang_up(), call.press("1")),
    lambda sandbox, call: call.press("x"),
    lambda sandbox, call: sandbox.desk.end(call.id, "NONSENSE"),
    lambda sandbox, call: sandbox.desk.resend(call.id),
    lambda sandbox, call: sandbox.wait_for_call(to=PHONE, timeout=0),
    lambda sandbox, call: sandbox.calls(to="+" + PHONE),
    lambda sandbox, call: sandbox.rings("+" + PHONE),
    lambda sandbox, call: sandbox.script("+" + PHONE),
    lambda sandbox, call: sandbox.assert_rang_once(to=PHONE[:-1] + "8"),
    lambda sandbox, call: sandbox.no_such_thing(repr(sandbox.lines), repr(sandbox.desk)),
    lambda sandbox, call: pytest.fail(repr(sandbox.lines) + repr(sandbox.desk)),
])
def test_it(sandbox, act):
    sandbox.script(PHONE, None)
    sandbox.script("38050" + PHONE[5:], None)
    called(sandbox, PHONE, HOOK)
    act(sandbox, sandbox.wait_for_call())
"""
    project.makepyfile(ACCEPTED + text)
    result = project.runpytest_inprocess("--tb", *style.split())
    result.assert_outcomes(failed=12)
    shown = result.stdout.str()
    assert not {word for word in ("s3cret", "7654321", "7654328") if word in shown}
