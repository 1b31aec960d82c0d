"""The gateway's texts of refusal, each with the one error class it stands for."""

from collections.abc import Sequence
from email.utils import parsedate_to_datetime

from alphasms_async import errors
from alphasms_async.errors import GatewayError
from alphasms_async.gateway.wire import Answer
from alphasms_async.phone import mask_digits

__all__ = ["refusal", "refusal_of_status", "retry_after", "shown"]

# Instruction, sections 2 and 4: the 13 texts of voice.php, 7 of which otp.php shares.
_DOCUMENTED: dict[str, type[GatewayError]] = {
    "API key missing": errors.ApiKeyMissing,
    "Wrong API key": errors.WrongApiKey,
    "Banned": errors.AccountBanned,
    "API disabled": errors.ApiDisabled,
    "IP denied": errors.IpDenied,
    'Param "phone" is missing': errors.PhoneMissing,
    "No sound file": errors.SoundFileMissing,
    "Error uploading file": errors.UploadFailed,
    "File is too big": errors.FileTooBig,
    "Invalid file format": errors.InvalidFileFormat,
    "Unsupported audio format": errors.UnsupportedAudioFormat,
    "Invalid audio duration": errors.InvalidAudioDuration,
    "Insufficient funds": errors.InsufficientFunds,
    # API pages, json.php.
    "Access denied": errors.AccessDenied,
    "Error in Alpha-name": errors.SenderError,
    "Operator not supported": errors.OperatorNotSupported,
    # API pages, http.php.
    "Unknown command": errors.RequestRejected,
    # API pages, xml.php: the request's own errors and those of one message.
    "ERR_FORMAT": errors.RequestRejected,
    "ERR_AUTHORIZATION": errors.WrongApiKey,
    "ERR_USER_DISABLE": errors.AccountBanned,
    "ERR_API_DISABLE": errors.ApiDisabled,
    "ERR_IP_DENIED": errors.IpDenied,
    "ERR_THROTTLE": errors.RateLimited,
    "ERR_DUPLICATE": errors.DuplicateId,
    "ERR_SENDER": errors.SenderError,
    "ERR_RECIPIENT": errors.RecipientError,
    "ERR_BILLING": errors.InsufficientFunds,
}

# The gravest class of several is raised. A duplicate id comes first: it says that an earlier
# request may have been accepted, which no other refusal beside it takes back.
_GRAVEST_FIRST: tuple[type[GatewayError], ...] = (
    errors.DuplicateId,
    errors.AuthenticationError,
    errors.AccountError,
    errors.RequestRejected,
    errors.RateLimited,
    errors.RecordingError,
    errors.SenderError,
    errors.RecipientError,
    errors.UnknownGatewayError,
)

_BY_STATUS: dict[int, type[GatewayError]] = {
    401: errors.AuthenticationError,
    403: errors.AuthenticationError,
    413: errors.FileTooBig,
    429: errors.RateLimited,
}

_LONGEST_TEXT = 300


def _plain(text: str) -> str:
    return text.strip().removesuffix(".").rstrip().casefold()


_BY_TEXT = {_plain(text): kind for text, kind in _DOCUMENTED.items()}


def refusal(answer: Answer, texts: Sequence[str]) -> GatewayError:
    """Return the error for the texts the gateway refused with: the gravest class, all texts."""
    kinds = [_BY_TEXT.get(_plain(text), errors.UnknownGatewayError) for text in texts]
    gravest = min(kinds, key=_gravity)
    return gravest(
        answer.request.asked,
        tuple(shown(text, answer.request.api_key) for text in texts),
        status_code=answer.status,
        retry_after=retry_after(answer),
    )


def refusal_of_status(answer: Answer) -> GatewayError | None:
    """Return the error for a 4xx without a documented text; `None` for any other status.

    408 is none of these: a server says it of a request it may have read in part.
    """
    if not 400 <= answer.status < 500 or answer.status == 408:
        return None
    kind = _BY_STATUS.get(answer.status, errors.RequestRejected)
    return kind(
        answer.request.asked,
        (f"HTTP {answer.status}",),
        status_code=answer.status,
        retry_after=retry_after(answer),
    )


def retry_after(answer: Answer) -> float | None:
    """Return the seconds of a `Retry-After` header, `None` when there is none to be read.

    A date is measured against the answer's own `Date`, so no clock of ours is needed.
    """
    told = answer.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told[:9])
    try:
        until = parsedate_to_datetime(told)
        since = parsedate_to_datetime(answer.headers.get("date", ""))
        return max((until - since).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def shown(text: str, api_key: str) -> str:
    """Return a text of the gateway's as it may be shown: one line, without key and phone.

    An undocumented text may echo what we sent, and hold what a terminal would obey.
    """
    if api_key:
        text = text.replace(api_key, "***")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return mask_digits(printable.strip())[:_LONGEST_TEXT]


def _gravity(kind: type[GatewayError]) -> int:
    for rank, gravest in enumerate(_GRAVEST_FIRST):
        if issubclass(kind, gravest):
            return rank
    return len(_GRAVEST_FIRST)
