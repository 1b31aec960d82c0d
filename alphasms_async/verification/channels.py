"""What a code is sent by when the flash call does not reach the phone."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from attrs import field, frozen

from alphasms_async.checks import check_sender, check_text
from alphasms_async.client import AlphaSMS
from alphasms_async.errors import InvalidRequest, InvalidText
from alphasms_async.models import Message

__all__ = ["BLANK", "Fallback", "Language", "TextSms", "VoiceSms", "check_fallback"]

BLANK = "{code}"
"""What stands for the code in a text."""

Language = Literal["uk", "ru", "en"]
"""Ukrainian, Russian or English."""

_SPOKEN: Mapping[str, str] = MappingProxyType(
    {
        "uk": "Ваш код підтвердження: {code}. Повторюю: {code}.",
        "ru": "Ваш код подтверждения: {code}. Повторяю: {code}.",
        "en": "Your confirmation code is: {code}. Once more: {code}.",
    }
)
# Each fits one SMS, of which 70 characters are one where any of them is Cyrillic.
_WRITTEN: Mapping[str, str] = MappingProxyType(
    {
        "uk": "Ваш код: {code}. Нікому його не повідомляйте.",
        "ru": "Ваш код: {code}. Никому его не сообщайте.",
        "en": "Your code: {code}. Do not tell it to anyone.",
    }
)

# The least that the gateway takes: a code that comes a day later only startles.
_LIFETIME_SECONDS = 3600


def _template(text: str | None) -> str | None:
    if text is None:
        return None
    if BLANK not in check_text(text):
        raise InvalidText(f"the text has no {BLANK}, where the code is to stand")
    return text


def _language(language: Language) -> Language:
    if language not in _SPOKEN:
        raise InvalidRequest(f"language is one of {', '.join(_SPOKEN)}, not {language!r}")
    return language


class Fallback(ABC):
    """One way to send a code of our own; make a class of it for a way that is not here.

    A verifier calls `send` once for each code that it has written down, and never again for one
    that may have left.
    """

    @abstractmethod
    def compose(self, code: str) -> str:
        """Return the text that brings a code.

        Args:
            code: The code, 4 digits.
        """

    @abstractmethod
    async def send(self, client: AlphaSMS, phone: str, text: str, hook: str | None) -> Message:
        """Send a composed text by one request, which is not repeated unless it has not left.

        Args:
            client: What sends it.
            phone: The recipient, digits after a plus.
            text: What `compose` has returned.
            hook: The URL that gets the delivery status. `None`: the account's own setting.

        Returns:
            The queued message; its `id` is the gateway's.

        Raises:
            AlphaSMSError: As the client's method does; the class tells whether it has left.
        """


@frozen
class VoiceSms(Fallback):
    """A call that reads the code aloud, digit by digit.

    Raises:
        InvalidText: The text has no `{code}`, or cannot be sent.
        InvalidRequest: The language is none of the three.
    """

    text: str | None = field(default=None, converter=_template, kw_only=True)
    """What is read, with `{code}` where the code stands. `None`: a text of ours."""
    language: Language = field(default="uk", converter=_language, kw_only=True)
    """In which language our text is; a text of your own is in its own."""

    def compose(self, code: str) -> str:
        """Return the text with a pause after each digit: `1, 2, 3, 4`."""
        return (self.text or _SPOKEN[self.language]).replace(BLANK, ", ".join(code))

    async def send(self, client: AlphaSMS, phone: str, text: str, hook: str | None) -> Message:
        """Have the gateway call and read; the errors are those of `voice_sms.send`.

        Source: json.php, type `sms` with the sender `Voice` [instruction, section 3].
        """
        return await client.voice_sms.send(phone, text, hook=hook, lifetime=_LIFETIME_SECONDS)


@frozen
class TextSms(Fallback):
    """An SMS with the code; it is not called `Sms`, for that is a message of `sms.send_many`.

    Raises:
        InvalidText: The text has no `{code}`, or cannot be sent.
        InvalidRequest: The sender is no alpha name, or the language none of the three.
    """

    sender: str = field(converter=check_sender, kw_only=True)
    """An alpha name registered for the account, 3 to 11 Latin letters and digits."""
    text: str | None = field(default=None, converter=_template, kw_only=True)
    """The text, with `{code}` where the code stands. `None`: a text of ours."""
    language: Language = field(default="uk", converter=_language, kw_only=True)
    """In which language our text is; a text of your own is in its own."""

    def compose(self, code: str) -> str:
        """Return the text with the code as it is typed in: `1234`."""
        return (self.text or _WRITTEN[self.language]).replace(BLANK, code)

    async def send(self, client: AlphaSMS, phone: str, text: str, hook: str | None) -> Message:
        """Send the SMS; the errors are those of `sms.send`.

        Source: json.php, type `sms` [API pages].
        """
        return await client.sms.send(
            phone, text, sender=self.sender, hook=hook, lifetime=_LIFETIME_SECONDS
        )


def check_fallback(fallback: Sequence[Fallback]) -> tuple[Fallback, ...]:
    """Return the channels, or raise `InvalidRequest` when one of them is none."""
    listed = tuple(fallback) if isinstance(fallback, Sequence) else (fallback,)
    if not isinstance(fallback, Sequence) or not all(isinstance(one, Fallback) for one in listed):
        raise InvalidRequest("fallback is a list of channels, like [VoiceSms()]")
    return listed
