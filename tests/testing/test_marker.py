"""What a marker says of the gateway a test is given, and where it says it in vain."""

import re

import pytest

from .accepted import run

pytest_plugins = ["pytester"]


def test_marker_says_what_the_gateway_is_made_with(project: pytest.Pytester) -> None:
    """Money and fates may be texts; chaos too, or several; the closest marker is the strongest."""
    text = """
@pytest.mark.sandbox(balance="0.10", price=0.2, fates="busy 2s", chaos="http_503=20%")
class TestIt:
    def test_of_the_class(self, sandbox):
        assert (sandbox.balance, sandbox.price) == (Decimal("0.10"), Decimal("0.2"))
        assert (str(sandbox.fates), sandbox.chaos.on_count) == ("busy 2s", 1)

    @pytest.mark.sandbox(fates="mixed", seed=7, chaos=["http_503", "latency=@1ms"])
    def test_of_its_own(self, sandbox):
        assert sandbox.balance == Decimal("0.10")
        assert sandbox.fates == Autopilot("mixed", seed=7)
        assert sandbox.chaos.on_count == 2

@pytest.mark.sandbox(fates=None, balance=Decimal(5), keep=2, hook_timing="key")
def test_as_the_sandbox_takes_it(sandbox):
    assert (sandbox.fates, sandbox.balance, sandbox.keep) == (None, 5, 2)
"""
    run(project, text).assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "line"),
    [
        ("balnce=1", r"there is no balnce; there are .*balance, chaos, clock, .*"),
        ("5", r"what it says has a name, like fates='busy 2s'"),
        ("balance='much'", r"balance is an amount of money, like '0\.10', not 'much'"),
        ("price='NaN'", r"price is an amount of money, like '0\.10', not 'NaN'"),
        ("fates='bsy'", r"An autopilot is one of .*, not 'bsy'\."),
        ("chaos='htp_503'", r"chaos .*htp_503.*"),
        ("hook='shop/hook'", r"hook is a whole URL, .*"),
        ("keep=0", r"keep is a whole number from 1 up, or None, not 0\."),
        ("fates=3", r"fates is a function of the call, .*, not 3\."),
        ("hook_timing='later'", r"hook_timing is 'hang-up' or 'key', not 'later'\."),
        ("chaos=0.2", r'chaos 0\.2: a rule is a text, with its share in it: "http_503=20%"\.'),
        ("chaos=['http_503', 1.0]", r"chaos 1\.0: a rule is a text, .*"),
        ("chaos={'http_503': 1.0}", r"chaos \{'http_503': 1\.0\}: a rule is a text, .*"),
        ("chaos='hang=120%'", r"chaos 'hang=120%': a share is 100% at most\."),
    ],
)
def test_wrong_marker_is_refused_in_a_line(
    project: pytest.Pytester, marker: str, line: str
) -> None:
    """What is wrong, and what would be right, without a traceback."""
    result = run(project, f"@pytest.mark.sandbox({marker})\ndef test_it(sandbox):\n    pass\n")
    result.assert_outcomes(errors=1)
    told = [one for one in result.outlines if one.startswith("@pytest.mark.sandbox: ")]
    assert len(told) == 1
    assert re.fullmatch(f"@pytest.mark.sandbox: {line}", told[0])
    assert "alphasms_async/testing.py" not in result.stdout.str()


def test_marker_of_a_test_without_the_gateway_is_refused(project: pytest.Pytester) -> None:
    """It would say nothing to anybody: an error when the tests are collected, a line for each."""
    text = """
@pytest.mark.sandbox(balance="0.10")
def test_alone():
    pass

@pytest.mark.parametrize("turn", [1, pytest.param(2, marks=pytest.mark.sandbox(keep=5))])
def test_in_part(turn):
    pass

@pytest.fixture(autouse=True)
def around(request):
    pass
"""
    result = run(project, text)
    result.assert_outcomes(errors=1)
    # Under CI pytest tells each once more, in its summary.
    told = {one.partition("::")[2] for one in result.outlines if "mark.sandbox" in one}
    line = "@pytest.mark.sandbox is for the fixtures sandbox and alphasms: use one"
    assert told == {f"test_alone: {line}", f"test_in_part[2]: {line}"}


def test_marker_in_a_class_without_the_gateway_is_refused(project: pytest.Pytester) -> None:
    """There too, and the tests of other files are not run on."""
    project.makepyfile(test_others="def test_it():\n    pass\n")
    text = """
class TestIt:
    @pytest.mark.sandbox(fates="busy 2s")
    def test_of_a_class(self):
        pass
"""
    result = run(project, text)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*::TestIt::test_of_a_class: @pytest.mark.sandbox is for *"])


def test_marker_of_a_test_that_may_have_the_gateway_is_taken(project: pytest.Pytester) -> None:
    """By another fixture, by name, when it is asked for; and of many tests one that does will do.

    A marker that says nothing may be somebody else's.
    """
    text = """
@pytest.fixture
def shop(sandbox):
    return sandbox

@pytest.mark.sandbox(keep=5)
def test_by_another(shop):
    assert shop.keep == 5

@pytest.mark.sandbox(keep=5)
def test_by_the_client(alphasms):
    pass

@pytest.mark.sandbox(keep=5)
@pytest.mark.usefixtures("sandbox")
def test_by_name():
    pass

@pytest.mark.sandbox(keep=5)
def test_when_asked_for(request):
    assert request.getfixturevalue("sandbox").keep == 5

@pytest.mark.sandbox(keep=5)
class TestMany:
    def test_with(self, sandbox):
        assert sandbox.keep == 5

    def test_without(self):
        pass

@pytest.mark.sandbox
def test_of_somebody_else():
    pass
"""
    run(project, text).assert_outcomes(passed=7)


def test_marker_is_registered(project: pytest.Pytester) -> None:
    """`pytest --markers` tells of it."""
    project.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.sandbox(*): *"])
