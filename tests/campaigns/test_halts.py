"""When it is time to stop: what one error says, and what many in a row do."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphasms_async import errors
from alphasms_async.campaigns.halts import Halt, HaltReason, Halts
from alphasms_async.campaigns.states import Verdict
from alphasms_async.campaigns.verdicts import verdict_of
from alphasms_async.errors import AlphaSMSError, OutcomeUnknown, UnexpectedAnswer

ACCEPTED = None
LOST = OutcomeUnknown("lost")
NOT_SENT = errors.NotSent("not sent")
LIMITED = errors.RateLimited("a call", ("ERR_THROTTLE",))
REFUSED = errors.OperatorNotSupported("a call", ("Operator not supported",))


def strange(*words: str) -> AlphaSMSError:
    return errors.UnknownGatewayError("a call", words or ("Tariff closed",))


def judged(halts: Halts, error: AlphaSMSError | None) -> Halt | None:
    """Tell how one more attempt ended."""
    verdict = Verdict.ACCEPTED if error is None else verdict_of(error)
    return halts.judge(verdict, error)


def after(ends: Sequence[AlphaSMSError | None], most_uncertain: int = 3) -> HaltReason | None:
    """Return why to stop after the last of these; after none before it may there be a reason."""
    halts = Halts(most_uncertain)
    assert [judged(halts, end) for end in ends[:-1]] == [None] * (len(ends) - 1)
    halt = judged(halts, ends[-1])
    return None if halt is None else halt.reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.WrongApiKey("a call", ("Wrong API key",)), HaltReason.ACCOUNT),
        (errors.InsufficientFunds("a call", ("Insufficient funds",)), HaltReason.ACCOUNT),
        (errors.RequestRejected("a call", ("HTTP 404",)), HaltReason.ACCOUNT),
        (errors.FileTooBig("a call", ("File is too big",)), HaltReason.MESSAGE),
        (errors.SenderError("a call", ("Error in Alpha-name",)), HaltReason.MESSAGE),
        (UnexpectedAnswer("a call", status_code=301), HaltReason.REDIRECT),
        (UnexpectedAnswer("a call", status_code=307), HaltReason.REDIRECT),
        (UnexpectedAnswer("a call", status_code=399), HaltReason.REDIRECT),
        (errors.ClientClosed("closed"), HaltReason.CLIENT),
        (errors.ConfigurationError("no key"), HaltReason.CLIENT),
    ],
)
def test_one_error_may_be_enough(error: AlphaSMSError, reason: HaltReason) -> None:
    """What would meet every other recipient too, and what says that we ask at a wrong place."""
    assert after([error]) is reason


@pytest.mark.parametrize(
    "error",
    [
        ACCEPTED,
        LOST,
        NOT_SENT,
        LIMITED,
        REFUSED,
        strange(),
        UnexpectedAnswer("a call", status_code=299),
        UnexpectedAnswer("a call", status_code=400),
        UnexpectedAnswer("a call", status_code=502),
        UnexpectedAnswer("a call"),
        errors.DuplicateId("a call", ("ERR_DUPLICATE",)),
        errors.InvalidText("the text is empty"),
    ],
)
def test_one_of_others_is_not(error: AlphaSMSError | None) -> None:
    """It says something of one recipient, or nothing."""
    assert after([error]) is None


def test_unknown_outcomes_in_a_row_are() -> None:
    """As many as the campaign says."""
    assert after([LOST] * 3) is HaltReason.UNCERTAIN
    assert after([LOST] * 7, most_uncertain=7) is HaltReason.UNCERTAIN
    assert after([LOST], most_uncertain=1) is HaltReason.UNCERTAIN


@pytest.mark.parametrize("between", [ACCEPTED, REFUSED, strange()])
def test_an_answer_ends_the_row(between: AlphaSMSError | None) -> None:
    """It is counted anew from there."""
    assert after([LOST, LOST, between, LOST, LOST]) is None
    assert after([LOST, LOST, between, LOST, LOST, LOST]) is HaltReason.UNCERTAIN


@pytest.mark.parametrize("between", [NOT_SENT, LIMITED])
def test_what_says_nothing_of_the_gateways_answers_does_not(between: AlphaSMSError) -> None:
    """Neither what never left, nor what is to be dialled later."""
    assert after([LOST, between, LOST, between, LOST]) is HaltReason.UNCERTAIN
    assert after([strange(), between] * 4 + [strange()]) is HaltReason.SAME_TEXT


def test_the_same_unknown_words_five_times_are() -> None:
    """All the words of an answer count."""
    assert after([strange()] * 5) is HaltReason.SAME_TEXT
    assert after([strange("One", "Two")] * 5) is HaltReason.SAME_TEXT
    assert after([strange("One", "Two")] * 4 + [strange("One")]) is None


def test_words_that_name_the_recipient_are_the_same_words() -> None:
    """A phone, an id or a ticket in them differs each time, and makes no other refusal."""
    told = [
        strange(f"Number +380*****{ticket % 10_000:04d} is barred, ticket {ticket}")
        for ticket in (7, 123, 45678, 9, 10)
    ]
    assert after(told) is HaltReason.SAME_TEXT
    assert after([*told[:4], strange("Number +380*****0007 is closed, ticket 11")]) is None
    assert after([strange(str(code)) for code in range(5)]) is HaltReason.SAME_TEXT


@pytest.mark.parametrize("between", [ACCEPTED, REFUSED, LOST, strange("Another")])
def test_any_other_answer_ends_the_row_of_words(between: AlphaSMSError | None) -> None:
    """Four before it and four after it are no five in a row."""
    assert after([strange()] * 4 + [between] + [strange()] * 4) is None


def test_a_line_says_why_and_what_to_do() -> None:
    """The last error stands in it."""
    halts = Halts(1)
    halt = judged(halts, OutcomeUnknown("voice call to 380*****0001: lost"))
    assert str(halt) == (
        "1 outcome is unknown (last: voice call to 380*****0001: lost): "
        "see what the gateway has, with reconcile, before going on"
    )


@pytest.mark.parametrize(("status", "reason"), [(307, HaltReason.REDIRECT), (503, None)])
def test_a_line_has_no_full_stop_in_the_middle_of_it(
    status: int, reason: HaltReason | None
) -> None:
    """The last error ends with one of its own."""
    lost = UnexpectedAnswer("a call: it may have arrived. Look first.", status_code=status)
    halt = judged(Halts(1), lost)
    assert halt is not None
    assert halt.reason is (reason or HaltReason.UNCERTAIN)
    assert ".." not in str(halt)
    assert ".)" not in str(halt)


ENDS = st.sampled_from([ACCEPTED, LOST, NOT_SENT, LIMITED, REFUSED, strange(), strange("Another")])


@given(st.lists(ENDS, max_size=40))
def test_a_run_stops_exactly_when_a_row_is_full(ends: list[AlphaSMSError | None]) -> None:
    """Whatever the order, as counting over all answers so far says."""
    halts, answers = Halts(4), list[AlphaSMSError | None]()
    for end in ends:
        answers += [] if end in {NOT_SENT, LIMITED} else [end]
        unknown = answers[-4:] == [LOST] * 4
        words = len(answers) >= 5 and len(set(answers[-5:])) == 1 and "Tariff" in str(answers[-1])
        others = len(answers) >= 5 and len(set(answers[-5:])) == 1 and "Another" in str(answers[-1])
        assert (judged(halts, end) is not None) is (unknown or words or others)
