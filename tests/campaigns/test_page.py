"""The page of a report: one file that is right wherever it is opened, whatever is in it."""

import re
from collections import Counter
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import pytest

from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.commands import AddDoNotCall, Cancel, Pause
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.page import page_of
from alphasms_async.campaigns.records import PlannedRow
from alphasms_async.campaigns.report import report_of
from alphasms_async.campaigns.sqlite import MemoryJournal
from alphasms_async.campaigns.states import Verdict
from alphasms_async.models import CallOutcome
from alphasms_async.recording import Recording
from tests.campaigns.journals import NAME, PRICE, Stage, Time, staged
from tests.doubles import phones
from tests.sounds import wav

pytestmark = pytest.mark.anyio

BAD = "\"><script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}Їжак\x00\x1b &amp; ' ]]>--><!-- "
VOID = {"link", "meta"}


class Page(HTMLParser):
    """A page taken apart, which insists that every element is closed where it belongs."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.tags = Counter[str]()
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Insist that it ends what was begun last."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep what is to be read."""
        if self._open and self._open[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        """Insist that there is none: nobody wrote one."""
        raise AssertionError(data)

    @property
    def text(self) -> str:
        """All that is to be read, in one line."""
        return " ".join(" ".join(self.texts).split()).replace("\N{NARROW NO-BREAK SPACE}", " ")

    def values(self, tag: str, attribute: str) -> list[str]:
        """Return an attribute of all elements of a kind."""
        return [value for one, name, value in self.attributes if (one, name) == (tag, attribute)]


async def page(stage: Stage, name: str = NAME, **options: Any) -> Page:
    return Page(page_of(await report_of(stage.journal, name, clock=stage.time, **options)))


async def busy(journal: Journal, time: Time) -> Stage:
    """Return a campaign of twelve in which about everything has happened."""
    stage = await staged(journal, time, 12, budget="3.00")
    for outcome, digits in (("answered", "1"), ("answered", "7"), ("no_answer", None)):
        ref = await stage.attempt(Verdict.ACCEPTED, price=PRICE)
        await stage.event(CallOutcome(outcome), ref, digits=digits)
        time.forward(600)
    for verdict in (Verdict.ACCEPTED, Verdict.REFUSED, Verdict.UNCERTAIN, Verdict.NOT_SENT):
        await stage.attempt(verdict, price=PRICE if verdict is Verdict.ACCEPTED else None)
        time.forward(600)
    await stage.claim()
    return stage


async def test_page_asks_no_network_for_anything(journal: Journal, time: Time) -> None:
    """There is no script, and no address in it but the empty icon's."""
    seen = await page(await busy(journal, time))
    assert not seen.tags.keys() & {"script", "img", "iframe", "a", "form", "base", "object", "use"}
    addresses = [
        value
        for _, name, value in seen.attributes
        if name in {"src", "href", "action", "data", "srcset", "xlink:href", "poster"}
    ]
    assert addresses == ["data:,"]
    assert not re.search(r"url\(|@import|https?:|//", seen.html)
    assert not [name for _, name, _ in seen.attributes if name.startswith("on")]


async def test_page_forbids_itself_everything_else(stage: Stage) -> None:
    """The policy comes before anything it could be about."""
    seen = await page(stage)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert policy in seen.values("meta", "content")
    assert seen.html.index(policy) < seen.html.index("<title>") < seen.html.index("<style>")


async def test_page_says_what_came_of_it(journal: Journal, time: Time) -> None:
    """Name, dates, the verdict in words, and the numbers are there to be read."""
    text = (await page(await busy(journal, time))).text
    assert "4 of 12 accepted, 1 refused, 1 uncertain, 6 still to dial." in text
    assert "1 Jun 2026, 15:00–16:10 (Europe/Kyiv)" in text
    assert "Spent 1.60 of 3.00" in text
    assert "Answered 2 66.7 % of 3 outcomes" in text
    assert "Attempts 8 1 in the busiest minute Took 1 h 10 min" in text


async def test_page_tells_what_to_do(journal: Journal, time: Time) -> None:
    """Whoever has to decide about somebody finds the command for it."""
    text = (await page(await busy(journal, time))).text
    assert "1 person may or may not have been called" in text
    assert "alphasms campaign reconcile spring" in text
    assert "alphasms campaign run spring" in text


async def test_charts_are_described(journal: Journal, time: Time) -> None:
    """Each picture has a title and says in words what is to be seen, or is hidden."""
    seen = await page(await busy(journal, time))
    pictures = seen.values("svg", "role").count("img")
    assert pictures == seen.tags["desc"] == 3
    assert pictures + seen.values("svg", "aria-hidden").count("true") == seen.tags["svg"]
    for told in ("Recipients by state", "Attempts over time", "8 attempts, in steps of 1 min."):
        assert told in seen.text
    assert "Spent 1.60, of a budget of 3.00." in seen.text


async def test_tables_have_headers(journal: Journal, time: Time) -> None:
    """Every cell that heads others says which."""
    seen = await page(await busy(journal, time))
    assert seen.tags["th"] == len(seen.values("th", "scope")) > 10
    assert set(seen.values("th", "scope")) == {"row", "col"}


async def test_failures_stand_there_with_their_whole_phones(stage: Stage) -> None:
    """Who was not reached can be looked up: phone, state, reason, attempts and time."""
    error = 'voice call to 380*****0000: the gateway answered "No".'
    ref = await stage.attempt(Verdict.REFUSED, error=error)
    text = (await page(stage)).text
    phone = (await stage.row(ref)).phone
    assert 'refused the gateway answered "No". 1 recipient' in text
    assert f"+{phone} 1 1 Jun 2026, 15:00:00" in text


async def test_reason_stands_once_above_whom_it_befell(journal: Journal, time: Time) -> None:
    """Who has one reason in common is under it, each in a row; a long list of them is folded."""
    stage = await staged(journal, time, 12)
    refs = [await stage.attempt(Verdict.REFUSED, error=f"call to 380*****{n}: no") for n in "12"]
    many = [await stage.attempt(Verdict.UNCERTAIN, error="who knows") for _ in range(9)]
    seen = await page(stage)
    assert seen.text.count("who knows") == 1
    assert "uncertain who knows 9 recipients Who they are" in seen.text
    assert "refused no 2 recipients Phone" in seen.text
    for phone in [(await stage.row(ref)).phone for ref in (*refs, *many)]:
        assert seen.text.count(f"+{phone} 1 1 Jun") == 1
    # The other one is the attempts' numbers.
    assert seen.tags["details"] == 2


async def test_everybody_kept_stands_under_a_reason(
    journal: Journal, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reasons beyond those that are shown or told apart hide nobody who is in the report."""
    monkeypatch.setattr("alphasms_async.campaigns.report.troubles._MOST_GROUPS", 14)
    stage = await staged(journal, time, 20)
    refs = [await stage.attempt(Verdict.REFUSED, error=f"reason {n}.") for n in range(20)]
    text = (await page(stage)).text
    for ref in refs:
        assert f"+{(await stage.row(ref)).phone}" in text
    assert "refused other reasons 6 recipients" in text
    assert "and 12 reasons more" not in text
    assert "and 3 reasons more" in (await page(stage, failures=1)).text


async def test_failures_left_out_are_counted(stage: Stage) -> None:
    """A list that is cut short says so, and where the whole of it is to be had."""
    for _ in range(3):
        await stage.attempt(Verdict.REFUSED)
    text = (await page(stage, failures=1)).text
    assert "and 2 recipients more; everybody is in alphasms campaign export spring" in text
    assert "refused no reason was told 3 recipients" in text


async def test_page_without_failures_has_no_table_of_them(stage: Stage) -> None:
    """All went well: there is nothing that went wrong, and nothing to be done but go on."""
    await stage.attempt(Verdict.ACCEPTED)
    text = (await page(stage)).text
    assert "went wrong" not in text
    assert "not reached" not in text


async def test_keys_are_the_most_frequent_first(journal: Journal, time: Time) -> None:
    """Keys come by how often they were pressed, and beyond twelve together."""
    stage = await staged(journal, time, 20)
    for number in range(20):
        ref = await stage.attempt(Verdict.ACCEPTED)
        await stage.event(CallOutcome.ANSWERED, ref, digits=str(max(number, 4)))
    text = (await page(stage)).text
    assert "Calls by keys pressed 4 5 25.0 % 10 1 5.0 % 11 1 5.0 %" in text
    assert "others 4 20.0 %" in text


async def test_keys_are_shares_of_those_who_answered(journal: Journal, time: Time) -> None:
    """Whoever answered and pressed nothing is among them, and several keys count as a whole."""
    stage = await staged(journal, time, 5, opt_out="9")
    for digits in ("1", "19#", None, None):
        await stage.event(
            CallOutcome.ANSWERED, await stage.attempt(Verdict.ACCEPTED), digits=digits
        )
    await stage.event(CallOutcome.BUSY, await stage.attempt(Verdict.ACCEPTED))
    text = (await page(stage)).text
    assert "Calls by keys pressed 1 1 25.0 % 19# 1 25.0 % no key 2 50.0 %" in text
    assert "Opted out: 1, with the key 9." in text


async def test_nobody_opts_out_where_there_is_no_key(stage: Stage) -> None:
    """Then nothing is said of it."""
    ref = await stage.attempt(Verdict.ACCEPTED)
    await stage.event(CallOutcome.ANSWERED, ref, digits="9")
    assert "Opted out" not in (await page(stage)).text


async def test_every_text_is_escaped(journal: Journal, time: Time) -> None:
    """Whatever a list, a gateway or a name says stays text."""
    # But for what no name can have, for nothing of that name is ever found.
    name = f"{BAD}name".replace("\0", "")
    await journal.plan(
        name,
        {"kind": {"kind": "voice_sms", "text": BAD}},
        [PlannedRow(line, f"38050{line:07d}") for line in range(1, 4)],
    )
    stage = Stage(journal, time, (await journal.campaign(name)).id)
    await stage.attempt(Verdict.REFUSED, error=BAD)
    await stage.attempt(Verdict.UNCERTAIN, error=BAD * 100)
    ref = await stage.attempt(Verdict.ACCEPTED, price=Decimal("123456789.05"))
    await stage.event(CallOutcome.ANSWERED, ref, digits=BAD)
    await journal.halt(stage.campaign, BAD)
    seen = await page(stage, name)
    assert "script" not in seen.tags
    assert seen.text.count("<script>alert(1)</script>") > 7
    assert "\x00" not in seen.html
    assert "\x1b" not in seen.html


async def test_marks_of_direction_reach_nothing_around_them(stage: Stage) -> None:
    """A text that turns the writing around stands alone, and never in the title."""
    await stage.attempt(Verdict.REFUSED, error=BAD)
    await stage.journal.halt(stage.campaign, BAD)
    seen = await page(stage)
    bdis = re.findall(r"<bdi>[^<]*</bdi>", seen.html)
    override = "\N{RIGHT-TO-LEFT OVERRIDE}"
    assert seen.html.count(override) == sum(one.count(override) for one in bdis) == 2


async def test_long_texts_are_cut(stage: Stage) -> None:
    """An error of a megabyte makes no page of a megabyte."""
    await stage.attempt(Verdict.REFUSED, error="x" * 1_000_000)
    assert len((await page(stage)).html) < 60_000


async def test_page_of_a_large_campaign_is_small(time: Time) -> None:
    """Pages grow with what is shown, not with the campaign."""
    async with MemoryJournal(clock=time) as journal:
        stage = await staged(journal, time, 3000)
        for _ in range(3000):
            await stage.attempt(Verdict.ACCEPTED, price=PRICE)
            time.forward(1.5)
        seen = await page(stage)
    assert len(seen.html) < 100_000
    assert "3,000 of 3,000 accepted." in seen.text


async def test_empty_campaign_has_a_page(journal: Journal, time: Time) -> None:
    """Where there is nothing to be shown, that is said."""
    text = (await page(await staged(journal, time, 0))).text
    for told in (
        "The list is empty: there was nobody to call.",
        "There is nobody in the list who can be called.",
        "Nobody has been dialled yet.",
        "Nothing has been spent yet.",
        "planned 1 Jun 2026, 15:00:00, not dialled yet",
    ):
        assert told in text


async def test_list_of_skipped_alone_has_a_page(journal: Journal, time: Time) -> None:
    """A list without a number is no division by zero."""
    await journal.plan(NAME, {}, [PlannedRow(1, None, "nobody"), PlannedRow(2, None, "no one")])
    text = (await page(Stage(journal, time, (await journal.campaign(NAME)).id))).text
    assert "Everybody in the list was skipped: nobody was called." in text
    assert "Skipped: 2 invalid." in text


async def test_shares_are_all_of_whom_to_dial(journal: Journal, time: Time) -> None:
    """Who was skipped is told beside, and makes no share of those dialled a smaller one."""
    first, second = phones(2)
    await journal.apply(AddDoNotCall(("380671234567",)))
    rows = [PlannedRow(1, first), PlannedRow(2, second), PlannedRow(3, "380671234567")]
    await journal.plan(NAME, {}, [*rows, PlannedRow(4, None, "nobody")])
    stage = Stage(journal, time, (await journal.campaign(NAME)).id)
    await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    await stage.attempt(Verdict.REFUSED)
    text = (await page(stage)).text
    assert "1 of 2 accepted, 1 refused. 2 of the list's 4 lines were skipped." in text
    assert "50.0 % of 2 recipients" in text
    assert "accepted no outcome known 1 50.0 % refused nothing rang 1 50.0 %" in text
    assert "Skipped: 1 do-not-call, 1 invalid." in text
    assert "25.0 %" not in text


@pytest.mark.parametrize(
    ("definition", "shown", "hidden"),
    [
        ({}, ["Outcomes come by hook"], ["Answered", "Calls", "Keys pressed"]),
        ({"hook": "https://example.com"}, ["Answered 0", "told no outcome"], ["Keys", "by hook"]),
        ({"kind": {"kind": "voice_text", "dtmf": True}}, ["Nobody has pressed"], ["by hook"]),
    ],
)
async def test_what_nobody_can_tell_has_no_card(
    journal: Journal, time: Time, definition: Any, shown: list[str], hidden: list[str]
) -> None:
    """Outcomes and keys have a place where they were asked for, or some are known."""
    stage = await staged(journal, time, **definition)
    ref = await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    before = (await page(stage)).text
    assert all(told in before for told in shown)
    assert not [told for told in hidden if told in before]
    await stage.event(CallOutcome.ANSWERED, ref, digits="1")
    text = (await page(stage)).text
    assert "Answered 1 100 % of 1 outcome" in text
    assert "Calls by keys pressed 1 1 100 %" in text


async def test_price_that_was_not_told_is_no_zero(stage: Stage) -> None:
    """Calls without a price cost something that nobody knows."""
    assert "Spent 0.00" in (await page(stage)).text
    ref = await stage.attempt(Verdict.ACCEPTED)
    text = (await page(stage)).text
    assert "Spent not told no budget" in text
    assert "0.00" not in text
    assert "Nothing has been spent" not in text
    await stage.event(CallOutcome.ANSWERED, ref)
    await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    assert "Spent at least 0.40 no budget, 1 call without a told price" in (await page(stage)).text


async def test_sums_have_their_currency(journal: Journal, time: Time) -> None:
    """What was quoted in a currency is told in it."""
    stage = await staged(journal, time, budget="3.00")
    assert "sums in the account's currency" in (await page(stage)).text
    await journal.quote(NAME, PRICE, "UAH")
    await stage.claim(reserved=PRICE)
    await stage.attempt(Verdict.ACCEPTED, price=PRICE)
    text = (await page(stage)).text
    assert "Spent 0.40 UAH of 3.00, 0.40 held" in text
    assert "sums in UAH" in text
    assert "0.40 UAH, of a budget of 3.00" in text


async def test_paused_campaign_is_to_be_resumed(stage: Stage) -> None:
    """What a paused campaign needs is no run."""
    await stage.apply(Pause(NAME))
    text = (await page(stage)).text
    assert "alphasms campaign resume spring" in text
    assert "campaign run" not in text


async def test_cancelled_campaign_needs_nothing(stage: Stage) -> None:
    """Nobody is told to go on with what was ended."""
    await stage.apply(Cancel(NAME))
    assert "alphasms campaign" not in (await page(stage)).text


async def test_halt_is_told_first(stage: Stage) -> None:
    """Why a run stopped itself comes before all else there is to do."""
    await stage.journal.halt(stage.campaign, "the budget is used up: raise it")
    seen = await page(stage)
    told = "The last run stopped itself: the budget is used up: raise it"
    assert seen.text.index(told) < seen.text.index("still to be dialled")


@pytest.mark.parametrize(
    ("name", "shown"), [("two words", "run 'two words'"), ("--yes", "run -- --yes")]
)
async def test_commands_can_be_pasted(journal: Journal, time: Time, name: str, shown: str) -> None:
    """A name is quoted for the shell, and is never an option."""
    stage = await staged(journal, time, name=name)
    assert f"alphasms campaign {shown}" in (await page(stage, name)).text


async def test_recording_is_named_without_its_folders(journal: Journal, time: Time) -> None:
    """A page that is mailed tells nobody how somebody's folders are called."""
    kind = PlayRecording(Recording.from_bytes(wav(seconds=1)), source="/home/olena/june.wav")
    stage = await staged(journal, time, **Campaign(name=NAME, kind=kind).as_json())
    seen = await page(stage)
    assert "Recording june.wav, 1.0 s" in seen.text
    assert "olena" not in seen.html


@pytest.mark.parametrize("width", [1, 60, 3600, 86_400])
async def test_times_of_any_length_have_a_page(journal: Journal, time: Time, width: int) -> None:
    """From seconds to months, the axis has marks and the table has times."""
    stage = await staged(journal, time, 3)
    for _ in range(3):
        await stage.attempt(Verdict.ACCEPTED, price=PRICE)
        time.forward(width * 30)
    seen = await page(stage)
    assert seen.values("div", "class").count("times") == 2
    assert "1 Jun" in seen.text
