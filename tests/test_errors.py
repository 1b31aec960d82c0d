import copy
import inspect
import pickle
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from alphasms_async import errors
from alphasms_async.errors import (
    AlphaSMSError,
    FileTooBig,
    GatewayError,
    LimitReached,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Scope,
    UnexpectedAnswer,
)

E = TypeVar("E", bound=AlphaSMSError)

CLASSES: list[type[AlphaSMSError]] = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, AlphaSMSError)
]

SCOPES: dict[str, Scope] = {
    "AuthenticationError": "account",
    "ApiKeyMissing": "account",
    "WrongApiKey": "account",
    "AccessDenied": "account",
    "AccountError": "account",
    "AccountBanned": "account",
    "ApiDisabled": "account",
    "IpDenied": "account",
    "InsufficientFunds": "account",
    "RequestRejected": "account",
    "RateLimited": "account",
    "RecipientError": "recipient",
    "PhoneMissing": "recipient",
    "OperatorNotSupported": "recipient",
    "RecordingError": "message",
    "SoundFileMissing": "message",
    "UploadFailed": "message",
    "FileTooBig": "message",
    "InvalidFileFormat": "message",
    "UnsupportedAudioFormat": "message",
    "InvalidAudioDuration": "message",
    "SenderError": "message",
    "DuplicateId": "unknown",
    "UnknownGatewayError": "unknown",
    "GatewayError": "unknown",
}

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    *(
        # The protocol is bound now: the loop has moved on when the copy is made.
        lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))  # noqa: S301
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
]


def example(kind: type[E]) -> E:
    """Make an error of the class, with every fact the class can hold."""
    if issubclass(kind, GatewayError):
        return kind("call to 380*****4567", ("Banned", "No"), status_code=403, retry_after=2.5)
    if issubclass(kind, UnexpectedAnswer):
        return kind("call: unreadable", status_code=502, id=100500, client_id=7)
    if issubclass(kind, OutcomeUnknown):
        return kind("call: outcome unknown", id=100500, client_id=7)
    if issubclass(kind, LimitReached):
        return kind("verification: too many", retry_after=2.5)
    return kind("call: what went wrong")


class Odd(NotSent):
    """A subclass whose constructor takes no message."""

    def __init__(self, *, left: str, right: str) -> None:
        super().__init__(f"{left} and {right}")
        self.sides = (left, right)


def drawn_edges(docstring: str) -> Iterator[tuple[str, str]]:
    """Yield (parent, child) for each class in a drawing made of `├──` and lists of names."""
    above = ["AlphaSMSError"]
    for line in docstring.partition("    AlphaSMSError\n")[2].splitlines():
        drawn = line[4:]
        branch = re.search("[├└]── ", drawn)
        if branch:
            name, _, rest = drawn[branch.end() :].partition(" ")
            above[branch.start() // 4 + 1 :] = [name]
            yield above[-2], name
        else:
            rest = drawn.strip("│ ")
        if re.fullmatch(r"[A-Z]\w+(, [A-Z]\w+)*,?", rest.strip()):
            yield from ((above[-1], child) for child in re.findall(r"\w+", rest))


def test_the_drawing_of_the_tree_equals_the_classes() -> None:
    """The tree in the module's docstring shows every error class under its real parent."""
    real = {(kind.__base__.__name__, kind.__name__) for kind in CLASSES if kind.__base__}
    assert real - {("Exception", "AlphaSMSError")} == set(drawn_edges(errors.__doc__ or ""))


def test_every_public_name_of_the_module_is_in_the_tree() -> None:
    """The module exports its classes and `Scope`, and nothing else."""
    assert sorted([*(kind.__name__ for kind in CLASSES), "Scope"]) == sorted(errors.__all__)


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("kind", CLASSES)
def test_a_copy_keeps_class_text_and_facts(
    kind: type[AlphaSMSError], copied: Callable[[AlphaSMSError], AlphaSMSError]
) -> None:
    """Every error survives copying and every pickle protocol with all that it knows."""
    error = example(kind)
    error.add_note("seen in the second worker")
    twin = copied(error)
    assert (type(error), str(error), error.args) == (type(twin), str(twin), twin.args)
    assert vars(error) == vars(twin)


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_can_be_raised_and_caught_by_its_parents(
    copied: Callable[[AlphaSMSError], AlphaSMSError],
) -> None:
    """A copied error is as good an exception as the first."""
    with pytest.raises(OutcomeUnknown, match="call: unreadable"):
        raise copied(example(UnexpectedAnswer))


def test_a_subclass_with_its_own_constructor_pickles() -> None:
    """A caller's subclass needs no `__reduce__` of its own."""
    error = Odd(left="3", right="4")
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (str(twin), vars(twin)) == ("3 and 4", {"sides": ("3", "4")})


def test_a_group_of_errors_pickles() -> None:
    """Errors cross a process inside an `ExceptionGroup` as well."""
    group = ExceptionGroup("two calls", [example(RateLimited), example(OutcomeUnknown)])
    twin = pickle.loads(pickle.dumps(group))  # noqa: S301 - our own bytes
    assert [vars(error) for error in group.exceptions] == [vars(one) for one in twin.exceptions]


@pytest.mark.parametrize("kind", CLASSES)
def test_the_text_of_an_error_is_one_line(kind: type[AlphaSMSError]) -> None:
    """An error's text is one line for a person."""
    assert [str(example(kind))] == str(example(kind)).splitlines()


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if issubclass(kind, GatewayError)])
def test_a_refusal_has_the_scope_of_its_class(kind: type[GatewayError]) -> None:
    """Every class of refusal says whom it concerns, as the table tells."""
    assert SCOPES[kind.__name__] == example(kind).scope


def test_a_refusal_tells_what_was_asked_what_came_back_and_what_to_do() -> None:
    """A refusal's text has the request, the gateway's words and the advice in it."""
    error = FileTooBig("voice call to 380*****4567", ("File is too big",))
    assert str(error) == (
        'voice call to 380*****4567: the gateway answered "File is too big". '
        "Shorten the recording or lower its sample rate to 8000 Hz."
    )


def test_a_refusal_is_told_anew_of_one_message() -> None:
    """`about` keeps class and facts, and says another thing was asked."""
    error = example(RateLimited).about("SMS to 380*****0000")
    assert "SMS to 380*****0000: the gateway answered" in str(error)
    assert (RateLimited, ("Banned", "No"), 403, 2.5) == (
        type(error),
        error.messages,
        error.status_code,
        error.retry_after,
    )


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_class_says_what_it_means(kind: type[AlphaSMSError]) -> None:
    """Every error class has a docstring of its own."""
    assert kind.__doc__
