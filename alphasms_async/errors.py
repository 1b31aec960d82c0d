"""Every error this package raises, and the two questions each answers by type.

*Did it happen?* A request that may ring a phone ends in one of three ways:
an answer, `NotSent` (proven not to have left) or `OutcomeUnknown`.
*Whose fault is it?* The gateway's own refusals carry a `scope`.

    AlphaSMSError
    ├── ConfigurationError        the client cannot be set up like this
    ├── ClientClosed              the client was used after it was closed
    ├── InvalidRequest            refused here, nothing left
    │   ├── InvalidPhoneNumber
    │   ├── InvalidRecording
    │   └── InvalidText
    ├── NotSent                   proven not to have left; safe to repeat
    ├── OutcomeUnknown            it left, and no readable answer came back
    │   └── UnexpectedAnswer      an answer came back that nobody can read
    ├── GatewayUnavailable        a read failed, its repeats included
    ├── JournalError              a campaign's journal cannot be used or written
    │   └── JournalLocked         another process writes it
    ├── WebhookError              a hook request that is not taken; nothing is changed by it
    │   ├── HookNotProven         no token of ours, an altered one, or one that has expired
    │   └── HookUnreadable        proven, and yet no event that anybody can read
    ├── VerificationError         a phone verification does not go on
    │   ├── LimitReached          too many for this phone, its range, or in all; see retry_after
    │   ├── StoreError            what is known of verifications cannot be read or written
    │   └── VerificationOver      unknown, expired, used, cancelled, or all is sent
    └── GatewayError              the gateway answered "no"
        ├── AuthenticationError   ApiKeyMissing, WrongApiKey, AccessDenied
        ├── AccountError          AccountBanned, ApiDisabled, IpDenied, InsufficientFunds
        ├── RequestRejected       the gateway did not understand the request
        ├── RecipientError        PhoneMissing, OperatorNotSupported
        ├── RecordingError        SoundFileMissing, UploadFailed, FileTooBig, InvalidFileFormat,
        │                         UnsupportedAudioFormat, InvalidAudioDuration
        ├── RateLimited
        ├── DuplicateId
        ├── SenderError
        └── UnknownGatewayError   a text nobody documented
"""

from typing import Any, ClassVar, Literal, Self

__all__ = [
    "AccessDenied",
    "AccountBanned",
    "AccountError",
    "AlphaSMSError",
    "ApiDisabled",
    "ApiKeyMissing",
    "AuthenticationError",
    "ClientClosed",
    "ConfigurationError",
    "DuplicateId",
    "FileTooBig",
    "GatewayError",
    "GatewayUnavailable",
    "HookNotProven",
    "HookUnreadable",
    "InsufficientFunds",
    "InvalidAudioDuration",
    "InvalidFileFormat",
    "InvalidPhoneNumber",
    "InvalidRecording",
    "InvalidRequest",
    "InvalidText",
    "IpDenied",
    "JournalError",
    "JournalLocked",
    "LimitReached",
    "NotSent",
    "OperatorNotSupported",
    "OutcomeUnknown",
    "PhoneMissing",
    "RateLimited",
    "RecipientError",
    "RecordingError",
    "RequestRejected",
    "Scope",
    "SenderError",
    "SoundFileMissing",
    "StoreError",
    "UnexpectedAnswer",
    "UnknownGatewayError",
    "UnsupportedAudioFormat",
    "UploadFailed",
    "VerificationError",
    "VerificationOver",
    "WebhookError",
    "WrongApiKey",
]

Scope = Literal["account", "message", "recipient", "unknown"]
"""What a refusal is about: the whole account, this message whoever gets it, this one
recipient, or something the gateway did not say in a documented way."""


def _revive(
    kind: type["AlphaSMSError"], args: tuple[Any, ...], facts: dict[str, Any]
) -> "AlphaSMSError":
    """Rebuild a pickled or copied error without running its constructor again."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class AlphaSMSError(Exception):
    """The root of every error of this package; its text is one line for a person."""

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the constructor with the message alone and lose every
        # keyword fact, so errors could not cross a process or a job queue.
        return _revive, (type(self), self.args, self.__dict__.copy())


class ConfigurationError(AlphaSMSError):
    """The client cannot be set up like this: no API key, a bad base URL, a missing extra."""


class ClientClosed(AlphaSMSError):
    """The client was used after `aclose()`. Nothing was sent."""


class InvalidRequest(AlphaSMSError):
    """The input was refused here, before anything was sent."""


class InvalidPhoneNumber(InvalidRequest):
    """The recipient is not a phone number that can be dialled."""


class InvalidRecording(InvalidRequest):
    """The audio is not a WAV recording that the gateway can play."""


class InvalidText(InvalidRequest):
    """The text is empty or holds characters that cannot be sent."""


class NotSent(AlphaSMSError):
    """The request is proven not to have left, its repeats included; sending again is safe."""


class OutcomeUnknown(AlphaSMSError):
    """A request that rings or writes left, and no readable answer came back.

    The phone may ring or may not; this package never repeats such a request by itself.
    """

    id: int | None
    """The gateway's id, when as much of the answer could be read. `None` when not."""
    client_id: int | None
    """The id of ours that the message carried, to ask `status.by_client_id` with.
    `None` for the requests that carry none."""

    def __init__(
        self, message: str, *, id: int | None = None, client_id: int | None = None
    ) -> None:
        super().__init__(message)
        self.id = id
        self.client_id = client_id


class UnexpectedAnswer(OutcomeUnknown):
    """An answer came back that is neither a documented success nor a documented refusal."""

    status_code: int | None
    """The HTTP status of that answer. `None` when the answer had none of its own, as for one
    message that is missing from the answer to many."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        id: int | None = None,
        client_id: int | None = None,
    ) -> None:
        super().__init__(message, id=id, client_id=client_id)
        self.status_code = status_code


class GatewayUnavailable(AlphaSMSError):
    """A read (status, balance, price, lookup) failed, and so did its repeats.

    Reads change nothing at the gateway, so asking again later is always safe.
    """


class JournalError(AlphaSMSError):
    """A campaign's journal cannot be used: not a journal, too new, locked, or the disk is full.

    From the moment a journal cannot be written, nothing is dialled any more.
    """


class JournalLocked(JournalError):
    """Another process writes this journal, and only one may; the text names it."""


class WebhookError(AlphaSMSError):
    """A request to a hook is not taken. It changed nothing."""


class HookNotProven(WebhookError):
    """The request carries no token of ours, an altered one, or one that has expired."""


class HookUnreadable(WebhookError):
    """The request is proven, and its body or query is no event that anybody can read."""


class VerificationError(AlphaSMSError):
    """A phone verification does not go on; the text says why."""


class LimitReached(VerificationError):
    """Too many codes were sent: to this phone, to its number range, or in all. Nothing was sent."""

    retry_after: float
    """Seconds until there is room again, above 0."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StoreError(VerificationError):
    """The store of verifications cannot be used: locked, unreachable, damaged, or the disk is full.

    What cannot be written there is not sent.
    """


class VerificationOver(VerificationError):
    """It is unknown, expired, used or cancelled, or has no more to send. Nothing was sent."""


class GatewayError(AlphaSMSError):
    """The gateway answered "no". Nothing rings, nothing is billed."""

    scope: ClassVar[Scope] = "unknown"
    """What the refusal is about."""
    advice: ClassVar[str] = "Ask the provider what it means."
    """What a person can do about it."""

    messages: tuple[str, ...]
    """The gateway's own texts, at least one; digits of phone numbers in them are masked."""
    status_code: int
    """The HTTP status the refusal came with; 200 for every documented one."""
    retry_after: float | None
    """Seconds the gateway asks to wait, 0 or more. `None` when it does not say."""

    def __init__(
        self,
        asked: str,
        messages: tuple[str, ...],
        *,
        status_code: int = 200,
        retry_after: float | None = None,
    ) -> None:
        said = ", ".join(f'"{message}"' for message in messages)
        super().__init__(f"{asked}: the gateway answered {said}. {self.advice}")
        self.messages = messages
        self.status_code = status_code
        self.retry_after = retry_after

    def about(self, asked: str) -> Self:
        """Return the same refusal, told of one message of the many it was the answer to."""
        return type(self)(
            asked, self.messages, status_code=self.status_code, retry_after=self.retry_after
        )


class AuthenticationError(GatewayError):
    """The gateway does not accept the API key."""

    scope: ClassVar[Scope] = "account"
    advice: ClassVar[str] = "Check the API key in the account's settings."


class ApiKeyMissing(AuthenticationError):
    """`API key missing`: the request carried no key."""


class WrongApiKey(AuthenticationError):
    """`Wrong API key`: the gateway does not know this key."""


class AccessDenied(AuthenticationError):
    """`Access denied`: what json.php says of a key it does not accept."""


class AccountError(GatewayError):
    """The account may not send now, whoever the recipient is."""

    scope: ClassVar[Scope] = "account"
    advice: ClassVar[str] = "Look at the account in the provider's panel."


class AccountBanned(AccountError):
    """`Banned`: the account is blocked."""

    advice: ClassVar[str] = "Ask the provider why the account is blocked."


class ApiDisabled(AccountError):
    """`API disabled`: the account's API access is switched off."""

    advice: ClassVar[str] = "Switch the API on in the account's settings."


class IpDenied(AccountError):
    """`IP denied`: this machine's address is not on the account's list."""

    advice: ClassVar[str] = "Add this machine's address to the account's settings."


class InsufficientFunds(AccountError):
    """`Insufficient funds`: the balance does not cover the price."""

    advice: ClassVar[str] = "Top up the account."


class RequestRejected(GatewayError):
    """The gateway did not understand the request at all: a wrong base URL, or a changed gateway."""

    scope: ClassVar[Scope] = "account"
    advice: ClassVar[str] = "Check the base URL; if it is right, the gateway has changed."


class RecipientError(GatewayError):
    """The gateway refuses this one recipient."""

    scope: ClassVar[Scope] = "recipient"
    advice: ClassVar[str] = "Check the number."


class PhoneMissing(RecipientError):
    """`Param "phone" is missing`: the gateway saw no phone number."""


class OperatorNotSupported(RecipientError):
    """`Operator not supported`: the recipient's operator cannot be called this way."""

    advice: ClassVar[str] = "Reach this recipient in another way."


class RecordingError(GatewayError):
    """The gateway refuses the recording, whoever the recipient is."""

    scope: ClassVar[Scope] = "message"
    advice: ClassVar[str] = "Send a WAV with 8000 Hz, mono, 16-bit PCM."


class SoundFileMissing(RecordingError):
    """`No sound file`: the gateway saw no recording in the request."""


class UploadFailed(RecordingError):
    """`Error uploading file`: the recording did not reach the gateway whole."""

    advice: ClassVar[str] = "Try again."


class FileTooBig(RecordingError):
    """`File is too big`: the recording is over the gateway's limit."""

    advice: ClassVar[str] = "Shorten the recording or lower its sample rate to 8000 Hz."


class InvalidFileFormat(RecordingError):
    """`Invalid file format`: the recording is not a WAV."""


class UnsupportedAudioFormat(RecordingError):
    """`Unsupported audio format`: a WAV with a codec the gateway does not play."""


class InvalidAudioDuration(RecordingError):
    """`Invalid audio duration`: the recording is too short or too long."""

    advice: ClassVar[str] = "Shorten the recording, or check that there is sound in it."


class RateLimited(GatewayError):
    """Too many requests; see `retry_after`."""

    scope: ClassVar[Scope] = "account"
    advice: ClassVar[str] = "Wait, then send more slowly."


class DuplicateId(GatewayError):
    """The client's id was used before: an earlier request with it may have been accepted."""

    advice: ClassVar[str] = "Ask for the status of that id before sending again."


class SenderError(GatewayError):
    """`Error in Alpha-name`: the sender is not one the account may use."""

    scope: ClassVar[Scope] = "message"
    advice: ClassVar[str] = "Use an alpha name that is registered for the account."


class UnknownGatewayError(GatewayError):
    """A refusal whose text nobody documented; `messages` keeps it."""
