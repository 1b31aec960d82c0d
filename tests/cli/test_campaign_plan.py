"""`alphasms campaign plan`: what a list comes to, and nobody is called."""

import importlib
import json
import re
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from alphasms_async import UnexpectedAnswer
from alphasms_async.campaigns import Plan, Quotes
from alphasms_async.cli.terminal import answers, notes
from alphasms_async.sandbox import Sandbox
from tests.cli.campaigns import AUDIO, LIST, NAME, listed, names, only_line, plan, states
from tests.cli.conftest import Alphasms, Ran
from tests.doubles import phones

PLAN = ("campaign", "plan", LIST, "--audio", AUDIO, "--name", NAME)
SAY = ("campaign", "plan", LIST, "--name", NAME, "--say")
MINE = "380671112233"
# It has no types that a type checker could go by.
xlsxwriter: Any = importlib.import_module("xlsxwriter")


def of_list(ran: Ran) -> dict[str, Any]:
    """Return a plan that was printed as JSON."""
    told: dict[str, Any] = json.loads(ran.out)
    return told


def test_everybody_is_planned_and_nobody_called(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The plan shows counts, cost and time, names the next command, and no phone rings."""
    ran = plan(alphasms, "--per-second", "2", count=20)
    assert "20 phones" in ran.out
    assert "about 8.00 UAH" in ran.out
    assert "about 10 s at 2 a second, 32 at once" in ran.out
    assert f"next: alphasms campaign run {NAME}\n" in ran.err
    assert states(alphasms) == {"planned": 20}
    assert not sandbox.calls()


def test_ctrl_c_while_prices_are_asked_for_leaves_no_campaign(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was told that it was interrupted finds the name free."""

    async def ask(_plan: Plan) -> Quotes:
        signal.raise_signal(signal.SIGINT)
        await anyio.sleep_forever()
        raise AssertionError

    with monkeypatch.context() as patch:
        # By its name the package has the command, not the module.
        patch.setattr(importlib.import_module("alphasms_async.cli.campaign.plan"), "_quotes", ask)
        listed(phones(3))
        assert alphasms(*PLAN).code == 130
    assert alphasms(*PLAN).code == 0
    assert states(alphasms) == {"planned": 3}


def test_next_command_can_be_copied(folder: Path, alphasms: Alphasms) -> None:
    """A name with a blank and another journal are in the command that comes next, quoted."""
    ran = plan(alphasms, "--journal", "my calls.journal", name="big sale")
    assert "next: alphasms campaign run 'big sale' --journal 'my calls.journal'\n" in ran.err


def test_plan_counts_who_cannot_be_called(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Invalid lines are named by number with the phone masked, the others are counted."""
    first, second, third = phones(3)
    alphasms("dnc", "add", third)
    listed([first, second, f"+{first}", "+380 50 12", third])
    ran = alphasms(*PLAN)
    assert ran.code == 0
    for told in ("2 phones", "1 twice in the list", "1 on the do-not-call list", "1 no phone"):
        assert told in ran.out
    assert "  line 5 cannot be called: the phone is too short" in ran.err
    assert not [phone for phone in phones(3) if phone in ran.out + ran.err]


def test_lines_with_the_same_wrong_are_told_together(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """One line for each reason, with the numbers of the first ten lines, and how many more."""
    listed([*phones(1), "112", *["nobody"] * 13, "103"])
    said = alphasms(*PLAN).err.splitlines()
    assert said[0].startswith("  line 3 cannot be called: the phone is a short code")
    numbers = ", ".join(str(line) for line in range(4, 13))
    assert said[1].startswith(f"  9 lines cannot be called ({numbers}): the phone has letters")
    assert said[2] == "  and 5 more that cannot be called"


def test_lines_break_at_blanks(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal of 80 columns no word is broken, and the next command is in one piece."""
    monkeypatch.setenv("COLUMNS", "80")
    for console in (answers, notes):
        monkeypatch.setattr(console, "_force_terminal", True)
    listed([*phones(1), *["+380 50 12"] * 8])
    options = ("--window", "20:00-09:00", "--days", "mon,wed,fri", "--per-second", "20")
    long = ("--journal", f"{'long-' * 20}.journal", "--budget", "567.45")
    ran = alphasms(*PLAN, *options, *long)
    # Without what moves the cursor.
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "\n", ran.out + ran.err).splitlines()
    assert f"next: alphasms campaign run {NAME} --journal {long[1]}" in lines
    assert max(len(line) for line in lines if "--journal" not in line) <= 80
    words = " ".join(lines).split()
    assert {"20:00-09:00", "567.45", "Europe/Kyiv,", "international"} <= {*words}


def test_plan_comes_as_json(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--json` prints the plan alone on standard output, sums as text."""
    listed([*phones(3), "112", phones(1)[0]])
    told = of_list(alphasms(*PLAN, "--per-second", "4", "--json"))
    counts = {key: told[key] for key in ("lines", "to_dial", "duplicates", "invalid")}
    assert counts == {"lines": 5, "to_dial": 3, "duplicates": 1, "invalid": 1}
    assert (told["cost_low"], told["cost_high"], told["currency"]) == ("1.20", "1.20", "UAH")
    assert [one["line"] for one in told["invalid_lines"]] == [5]
    assert told["seconds"] == 0.75


def test_warnings_are_what_a_person_forgot(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """No window, no budget and phones called lately are warned of, and only then."""
    forgotten = of_list(plan(alphasms, "--json"))["warnings"]
    assert [one.split(":")[0] for one in forgotten] == ["no window is set", "no budget is set"]
    alphasms("campaign", "run", NAME, "--yes")
    told = of_list(plan(alphasms, "--window", "9-20", "--budget", "9", "--json", name="summer"))
    (warning,) = told["warnings"]
    assert warning.startswith("3 of these phones were called by another campaign")
    assert told["recently_called"] == 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--window", "9-20"), None),
        (("--days", "mon-fri"), "phones may ring at night: the window is the whole day"),
        (("--window", "20:00-09:00"), "dials at night, from 20:00 to 09:00 of the next day"),
        (
            ("--redial", "2 after 30m"),
            "outcomes come by hook (run --hook-url URL) or by `campaign poll`",
        ),
        (("--redial", "2", "--hook", "https://app.example/h"), None),
        (("--budget", "1"), "the budget is enough for about 2 of 3 (--budget)"),
        (("--budget", "1.20"), None),
        (("--max-price", "0.39"), "every call costs more than --max-price: the first would stop"),
        (("--max-price", "0.40"), None),
    ],
)
def test_what_will_surprise_is_warned_of(
    sandbox: Sandbox, alphasms: Alphasms, options: tuple[str, ...], says: str | None
) -> None:
    """Nights, money that does not suffice, and redials that nothing sets off; else nothing."""
    told = of_list(plan(alphasms, *options, "--json"))["warnings"]
    usual = ("no window is set", "no budget is set")
    unusual = [one for one in told if not one.startswith(usual)]
    assert [one[: len(says or "")] for one in unusual] == ([] if says is None else [says])


@pytest.mark.parametrize(
    ("balance", "options", "says"),
    [
        ("1.19", (), ["the account has 1.19, and this may cost 1.20"]),
        ("1.19", ("--budget", "1.19"), []),
        ("1.20", (), []),
    ],
)
def test_account_that_is_too_poor_is_warned_of(
    sandbox: Sandbox, alphasms: Alphasms, balance: str, options: tuple[str, ...], says: list[str]
) -> None:
    """When the money on the account is less than what it may cost, the plan says so."""
    sandbox.balance = Decimal(balance)
    told = of_list(plan(alphasms, *options, "--json"))["warnings"]
    assert [one for one in told if one.startswith("the account")] == says


def test_account_that_tells_no_balance_is_planned_all_the_same(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prices are there, and nothing is said of the money on the account."""

    def untold(*_: object) -> None:
        raise UnexpectedAnswer("the answer cannot be read")

    monkeypatch.setattr("alphasms_async.gateway.json_php.read_balance", untold)
    told = of_list(plan(alphasms, "--json"))
    assert told["cost_high"] == "1.20"
    assert not [one for one in told["warnings"] if one.startswith("the account")]


def test_all_that_was_asked_for_is_shown(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """Moments in the window's zone, redials, the key press, and of the hook its host alone."""
    hook = ("--hook", "https://app.example/h?token=s3cret", "--dtmf", "--redial", "2 after 30m")
    moments = ("--starts-at", "2100-01-01 09:00", "--expires-at", "2100-01-02 09:00")
    said = plan(alphasms, *hook, *moments, "--budget", "2", "--opt-out-key", "9").out
    assert "s3cret" not in said
    shown = [" ".join(line.split()) for line in said.splitlines()]
    for line in (
        "cost about 1.20 UAH, at most 2.00 UAH",
        "time as fast as the gateway answers, 32 at once",
        "starts at 2100-01-01 09:00 Europe/Kyiv",
        "expires at 2100-01-02 09:00 Europe/Kyiv",
        "redial 2 more calls at most, 30 min after busy or no answer",
        "hook app.example",
        "key press is waited for; the hook's events tell which",
        "opt out who presses 9 is called no more",
    ):
        assert line in shown


def test_gateway_that_tells_no_price_does_not_stop_a_plan(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planning works without the gateway, and without a key; the cost is not known then."""
    monkeypatch.setenv("ALPHASMS_BASE_URL", "http://127.0.0.1:1")
    assert "not known (" in plan(alphasms).out
    monkeypatch.delenv("ALPHASMS_API_KEY")
    assert of_list(plan(alphasms, "--json", name="summer"))["cost_high"] is None


@pytest.mark.parametrize("form", ["jsonl", "xlsx"])
def test_other_forms_of_lists(sandbox: Sandbox, alphasms: Alphasms, form: str) -> None:
    """JSON Lines and workbooks are read like CSV, and their columns fill the text in."""
    rows = [(phone, f"Ім'я {place}") for place, phone in enumerate(phones(3))]
    if form == "jsonl":
        told = [json.dumps({"телефон": phone, "name": name}) for phone, name in rows]
        Path("people.jsonl").write_text("\n".join(told), "utf-8")
    else:
        with xlsxwriter.Workbook("people.xlsx") as book:
            sheet = book.add_worksheet("Клієнти")
            for place, row in enumerate([("Телефон", "name"), *rows]):
                sheet.write_row(place, 0, row)
    ran = alphasms("campaign", "plan", f"people.{form}", "--name", NAME, "--say", "Вітаю, {name}!")
    assert ran.code == 0, ran.err
    assert "Вітаю, {name}!" in ran.out
    assert alphasms("campaign", "run", NAME, "--yes").code == 0
    heard = {(call.phone, call.text) for call in sandbox.calls()}
    assert heard == {(phone, f"Вітаю, {name}!") for phone, name in rows}


def test_chosen_voice_reads_the_text(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--voice` and `--dtmf` make it a text in a chosen voice, without them it is a voice SMS."""
    listed(phones(1))
    for name, options in (("plain", ()), ("voiced", ("--gender", "male")), ("keys", ("--dtmf",))):
        alphasms("campaign", "plan", LIST, "--name", name, "--say", "Вітаємо", *options)
        assert alphasms("campaign", "run", name, "--yes").code == 0
    plain, voiced, keys = sandbox.calls()
    assert (plain.kind, voiced.kind, keys.kind) == ("voice_sms", "say", "say")
    assert (voiced.voice["gender"], voiced.dtmf, keys.dtmf) == ("male", False, True)


def test_dry_run_keeps_nothing(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """It shows the same plan, makes no journal, and leaves no campaign in one that is there."""
    listed(phones(3))
    ran = alphasms(*PLAN, "--dry-run")
    assert (ran.code, "3 phones" in ran.out) == (0, True)
    assert "nothing was kept" in ran.err
    assert not [*Path().glob("*.journal*")]
    plan(alphasms, name="summer")
    assert alphasms(*PLAN, "--dry-run").code == 0
    assert names(alphasms) == ["summer"]


def test_own_phone_is_called_first(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """`--test-to` rings one's own phone once, shows it masked, and keeps what sounds right."""
    listed(phones(3))
    ran = alphasms(*PLAN, "--test-to", "067 111 22 33", "--yes")
    assert ran.code == 0, ran.err
    (call,) = sandbox.calls()
    assert (call.phone, call.audio) == (MINE, Path(AUDIO).read_bytes())
    assert "380*****2233" in ran.err
    assert MINE not in ran.out + ran.err
    assert states(alphasms) == {"planned": 3}


def test_trial_reads_a_text_as_it_will_sound(sandbox: Sandbox, alphasms: Alphasms) -> None:
    """The blanks are filled in from the first recipient that can be called."""
    first, second = phones(2)
    Path(LIST).write_text(f"phone,name\n{first},\n{second},Олена\n", "utf-8")
    ran = alphasms(*SAY, "Вітаю, {name}!", "--test-to", MINE, "--yes")
    assert ran.code == 0, ran.err
    assert [call.text for call in sandbox.calls(to=MINE)] == ["Вітаю, Олена!"]


@pytest.mark.parametrize("how", ["no", "refused", "left"])
def test_trial_that_fails_keeps_nothing(
    sandbox: Sandbox, alphasms: Alphasms, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A "no", a refusal by the gateway and Ctrl-C take the campaign out: its name is free again."""

    def answer() -> str:
        if how == "left":
            raise KeyboardInterrupt
        return "no"

    monkeypatch.setattr("alphasms_async.cli.terminal.asks", lambda: True)
    monkeypatch.setattr("builtins.input", answer)
    sandbox.banned = how == "refused"
    listed(phones(3))
    ran = alphasms(*PLAN, "--test-to", MINE)
    assert ran.code == {"no": 130, "refused": 3, "left": 130}[how]
    assert "nothing was kept" in ran.err
    sandbox.banned = False
    assert plan(alphasms).code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("phone\n", "is empty but for its header"),
        ("phone\n112\nnobody\n", "none of the list's 2 lines is a phone number"),
        ("name,city\nOlena,Kyiv\n", "no phone column"),
        ('name,phone\n"a,0501234567\n"c",0671112233\n', "line 2"),
        ("<html><table>", "is a web page or XML"),
        ('[{"phone": "380501234567"}]', "is a JSON array"),
    ],
)
def test_list_that_cannot_be_read_is_one_line(
    folder: Path, alphasms: Alphasms, text: str, says: str
) -> None:
    """Whatever is wrong with a list, one line says what, and no campaign is made."""
    Path(LIST).write_text(text, "utf-8")
    assert says in only_line(alphasms(*PLAN))
    listed(phones(1))
    assert alphasms(*PLAN).code == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--column", "cell"), "no column 'cell'"),
        (("--concurrency", "0"), "concurrency"),
        (("--concurrency", "x"), "--concurrency"),
        (("--per-second", "0"), "per_second"),
        (("--per-second", "nan"), "per_second"),
        (("--per-second", "1e-320"), "per_second is 0.00001 or more, not 1e-320"),
        (("--budget", "lots"), "--budget is a sum above 0, such as 500.00, not 'lots'"),
        (("--budget", "-1"), "--budget"),
        (("--max-price", "0"), "--max-price"),
        (("--max-price", "1e-999999999"), "--max-price is a sum above 0"),
        (("--budget", "0." + "1" * 99), "--budget is a sum above 0"),
        (("--budget", "1", "--max-price", "2"), "above the whole budget"),
        (("--window", "9to5"), "the hours cannot be read"),
        (("--window", "9-20", "--tz", "Mars/Base"), "unknown time zone 'Mars/Base'"),
        (("--days", "someday"), "someday"),
        (("--starts-at", "tomorrow"), "--starts-at is a moment"),
        (("--tz", "Mars/Base"), "unknown time zone 'Mars/Base'"),
        (("--expires-at", "2030-01-01 09:00", "--tz", "../etc"), "unknown time zone '../etc'"),
        (("--expires-at", "2020-01-01 09:00"), "--expires-at is over already"),
        (("--starts-at", "0001-01-01"), "a moment is in the years 1 to 9999, in UTC too"),
        (
            ("--expires-at", "9999-12-31 23:00", "--tz", "America/New_York"),
            "a moment is in the years 1 to 9999, in UTC too",
        ),
        (("--starts-at", "soon " * 99), "--starts-at is a moment"),
        (("--starts-at", "2030-01-01", "--tz", "Mars/" * 99), "unknown time zone"),
        (
            ("--starts-at", "2031-01-01 09:00", "--expires-at", "2030-01-01 09:00"),
            "expires before it starts",
        ),
        (("--redial", "soon"), "the redial policy cannot be read: 'soon'"),
        (("--hook", "nonsense"), "the hook"),
        (("--recent-hours", "0"), "recent_hours"),
        (("--recent-hours", "nan"), "recent_hours"),
        (("--recent-hours", "1e300"), "recent_hours"),
        (("--test-to", "112"), "the phone 112 is a short code"),
        (("--say", "Hello"), "--audio FILE, or --say TEXT, and not both"),
        (("--voice",), "--voice goes with --say"),
        (("--opt-out-key", "9"), "--opt-out-key goes with --dtmf: without it no key is waited for"),
        (("--dtmf", "--opt-out-key", "10"), "the key to opt out with is one of 0-9 * #, not '10'"),
        (("--gender", "male"), "a voice (--gender, --language, --voice-name) goes with --say"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_option_that_cannot_be_used_is_one_line(
    folder: Path, alphasms: Alphasms, options: tuple[str, ...], says: str
) -> None:
    """It is named with what would be right, exit 2, and no campaign is made."""
    listed(phones(3))
    said = only_line(alphasms(*PLAN, *options))
    assert says in said
    assert len(said) < 250
    assert plan(alphasms).code == 0


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("Вітаю, {surname}!", (), "the text needs the column 'surname', the list has: phone"),
        ("Вітаю, {", (), "{"),
        (" ", (), "the text is empty"),
        (
            "Вітаю",
            ("--budget", "5"),
            "with --budget say what one part of it may cost at most, such as --max-price 0.50",
        ),
    ],
)
def test_text_that_cannot_be_read_aloud_is_one_line(
    folder: Path, alphasms: Alphasms, text: str, options: tuple[str, ...], says: str
) -> None:
    """A blank without a column, no text, and a budget without a maximum price fail the plan."""
    listed(phones(3))
    assert says in only_line(alphasms(*SAY, text, *options))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere.csv", "--audio", AUDIO), "nowhere.csv"),
        ((LIST, "--audio", "nowhere.wav"), "nowhere.wav"),
        ((LIST, "--audio", LIST), f"{LIST}: this is text, not a WAV"),
        ((LIST,), "--audio FILE, or --say TEXT"),
        ((".", "--audio", AUDIO), "is a folder"),
    ],
)
def test_file_that_is_none_is_named(
    folder: Path, alphasms: Alphasms, words: tuple[str, ...], says: str
) -> None:
    """A list or a recording that is missing, or is something else, is named in the line."""
    listed(phones(1))
    assert says in only_line(alphasms("campaign", "plan", *words, "--name", NAME))


@pytest.mark.parametrize("name", ["", " spring", "two\nlines", "x" * 101, "-spring"])
def test_name_is_one_line(folder: Path, alphasms: Alphasms, name: str) -> None:
    """A name that would spoil a line or a table, or be taken for an option, is refused."""
    listed(phones(1))
    ran = alphasms("campaign", "plan", LIST, "--audio", AUDIO, f"--name={name}")
    assert "a campaign's name is" in only_line(ran)


def test_name_is_used_once(folder: Path, alphasms: Alphasms) -> None:
    """A second campaign of the same name is refused, and the first one stays as it was."""
    plan(alphasms, count=2)
    listed(phones(5))
    assert f"there is a campaign '{NAME}' already" in only_line(alphasms(*PLAN))
    assert states(alphasms) == {"planned": 2}


def test_list_of_nobody_to_call_is_refused(folder: Path, alphasms: Alphasms) -> None:
    """When everybody is on the do-not-call list there is nothing to plan."""
    alphasms("dnc", "add", *phones(3))
    listed(phones(3))
    assert "on the do-not-call list" in only_line(alphasms(*PLAN))
