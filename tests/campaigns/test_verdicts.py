"""What each error means for its row: the whole tree of errors, so that a new one is decided."""

from collections.abc import Iterator
from typing import Any

import pytest

from alphasms_async import errors
from alphasms_async.campaigns.states import Verdict
from alphasms_async.campaigns.verdicts import verdict_of
from alphasms_async.errors import AlphaSMSError, GatewayError, LimitReached

NOT_SENT, PUT_BACK, REFUSED, UNCERTAIN = (
    Verdict.NOT_SENT,
    Verdict.PUT_BACK,
    Verdict.REFUSED,
    Verdict.UNCERTAIN,
)

EXPECTED: dict[type[AlphaSMSError], Verdict] = {
    errors.NotSent: NOT_SENT,
    errors.OutcomeUnknown: UNCERTAIN,
    errors.UnexpectedAnswer: UNCERTAIN,
    # Nobody can tell what else these would mean for a call, so they say nothing of it.
    errors.AlphaSMSError: UNCERTAIN,
    errors.GatewayUnavailable: UNCERTAIN,
    errors.JournalError: UNCERTAIN,
    errors.JournalLocked: UNCERTAIN,
    # No call ends in these.
    errors.WebhookError: UNCERTAIN,
    errors.HookNotProven: UNCERTAIN,
    errors.HookUnreadable: UNCERTAIN,
    errors.VerificationError: UNCERTAIN,
    errors.VerificationOver: UNCERTAIN,
    errors.StoreError: UNCERTAIN,
    errors.LimitReached: UNCERTAIN,
    # Something with this id was accepted before.
    errors.DuplicateId: UNCERTAIN,
    # Of this recipient alone.
    errors.PhoneMissing: REFUSED,
    errors.OperatorNotSupported: REFUSED,
    errors.RecipientError: REFUSED,
    errors.UnknownGatewayError: REFUSED,
    errors.GatewayError: REFUSED,
    errors.InvalidRequest: REFUSED,
    errors.InvalidPhoneNumber: REFUSED,
    errors.InvalidText: REFUSED,
    errors.InvalidRecording: REFUSED,
    # Of everybody: nothing rang, and the row is dialled again when all is well.
    errors.RateLimited: PUT_BACK,
    errors.ClientClosed: PUT_BACK,
    errors.ConfigurationError: PUT_BACK,
    errors.AuthenticationError: PUT_BACK,
    errors.ApiKeyMissing: PUT_BACK,
    errors.WrongApiKey: PUT_BACK,
    errors.AccessDenied: PUT_BACK,
    errors.AccountError: PUT_BACK,
    errors.AccountBanned: PUT_BACK,
    errors.ApiDisabled: PUT_BACK,
    errors.IpDenied: PUT_BACK,
    errors.InsufficientFunds: PUT_BACK,
    errors.RequestRejected: PUT_BACK,
    errors.RecordingError: PUT_BACK,
    errors.SoundFileMissing: PUT_BACK,
    errors.UploadFailed: PUT_BACK,
    errors.FileTooBig: PUT_BACK,
    errors.InvalidFileFormat: PUT_BACK,
    errors.UnsupportedAudioFormat: PUT_BACK,
    errors.InvalidAudioDuration: PUT_BACK,
    errors.SenderError: PUT_BACK,
}


def kinds(root: type[AlphaSMSError] = AlphaSMSError) -> Iterator[type[AlphaSMSError]]:
    """Give a class and all below it that this package has."""
    if root.__module__ == errors.__name__:
        yield root
    for one in root.__subclasses__():
        yield from kinds(one)


def made(kind: Any) -> AlphaSMSError:
    error: AlphaSMSError
    if issubclass(kind, GatewayError):
        error = kind("a call", ("told",))
    elif issubclass(kind, LimitReached):
        error = kind("told", retry_after=1.0)
    else:
        error = kind("told")
    return error


@pytest.mark.parametrize("kind", EXPECTED, ids=lambda kind: kind.__name__)
def test_each_error_has_its_verdict(kind: type[AlphaSMSError]) -> None:
    """The row goes where what is proven allows, and nowhere else."""
    assert verdict_of(made(kind)) is EXPECTED[kind]


def test_every_error_is_decided_here() -> None:
    """An error that is new must be put into the table above."""
    assert set(kinds()) == set(EXPECTED)


def test_nothing_that_may_have_rung_goes_back() -> None:
    """Only what is proven not to have rung is dialled again by itself."""
    proven = (errors.NotSent, errors.GatewayError, errors.ClientClosed, errors.ConfigurationError)
    back = [kind for kind, verdict in EXPECTED.items() if verdict in {NOT_SENT, PUT_BACK}]
    assert all(issubclass(kind, proven) for kind in back)
    assert not any(issubclass(kind, errors.OutcomeUnknown | errors.DuplicateId) for kind in back)
