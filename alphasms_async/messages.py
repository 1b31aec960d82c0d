"""What can be sent besides a recording: texts, voices and the steps of a pipeline."""

import re
from typing import Literal

from attrs import field, frozen

from alphasms_async.checks import check_hook, check_lifetime, check_sender, check_text
from alphasms_async.errors import InvalidRequest, InvalidText
from alphasms_async.phone import mask_phone

__all__ = [
    "RcsStep",
    "Sms",
    "SmsStep",
    "Step",
    "TelegramStep",
    "ViberStep",
    "Voice",
    "VoiceStep",
]

_TELEGRAM_CODE = re.compile(r"[0-9]{4,8}")


@frozen
class Voice:
    """The voice that reads a text aloud."""

    gender: Literal["female", "male"] = "female"
    """`female` or `male`."""
    language: str = field(default="uk-UA", converter=check_text)
    """A language tag, such as `uk-UA`, `ru-RU` or `en-US`."""
    name: str = field(default="uk-UA-Standard-A", converter=check_text)
    """The voice's own name at the gateway."""

    def __attrs_post_init__(self) -> None:
        if self.gender not in ("female", "male"):
            raise InvalidRequest(f"a voice is 'female' or 'male', not {self.gender!r}")


def _optional_text(text: str | None) -> str | None:
    return None if text is None else check_text(text)


def _masked(phone: object) -> str:
    return mask_phone(str(phone))


@frozen
class Sms:
    """One text message of `sms.send_many`."""

    phone: str = field(repr=_masked)
    """The recipient, in any form `sms.send` takes; checked when it is sent."""
    text: str = field(converter=check_text, repr=False)
    """The text; kept out of reprs, for it may hold a code."""
    sender: str = field(converter=check_sender)
    """An alpha name registered for the account; `Voice` has the text read aloud."""
    client_id: int | None = None
    """Our id, 1 to 2**53 - 1. `None`: a new one is made."""
    hook: str | None = field(default=None, converter=check_hook, repr=False)
    """The URL that gets the delivery status. `None`: the account's own setting."""
    lifetime: int | None = field(default=None, converter=check_lifetime)
    """How long the gateway tries, 3600 to 259200 seconds. `None`: its default of 172800."""
    short_link: str | None = field(default=None, converter=_optional_text, repr=False)
    """The `short_link` field, as the gateway's panel describes it. `None`: not sent."""
    unsubscribe_link: str | None = field(default=None, converter=_optional_text, repr=False)
    """The `unsubscribe_link` field, as the gateway's panel describes it. `None`: not sent."""


@frozen
class VoiceStep:
    """A pipeline step: a call that reads the text aloud."""

    text: str = field(converter=check_text, repr=False)
    voice: Voice = field(factory=Voice)
    dtmf: bool = False
    """Whether to wait for a key press."""


def _telegram_code(code: str) -> str:
    if not _TELEGRAM_CODE.fullmatch(check_text(code)):
        raise InvalidText("a Telegram step carries a code of 4 to 8 digits, like '4821'")
    return code


@frozen
class TelegramStep:
    """A pipeline step: a confirmation code in Telegram."""

    code: str = field(converter=_telegram_code, repr=False)
    """4 to 8 digits."""


@frozen
class ViberStep:
    """A pipeline step: a Viber message."""

    text: str = field(converter=check_text, repr=False)
    sender: str = field(converter=check_text)
    """The Viber signature registered for the account."""
    type: str = field(default="text", converter=check_text)
    """The gateway's `type` of the Viber message."""


@frozen
class RcsStep:
    """A pipeline step: an RCS message."""

    text: str = field(converter=check_text, repr=False)
    sender: str = field(converter=check_text)
    """The RCS signature registered for the account."""


@frozen
class SmsStep:
    """A pipeline step: an SMS."""

    text: str = field(converter=check_text, repr=False)
    sender: str = field(converter=check_sender)
    """An alpha name registered for the account."""


Step = VoiceStep | TelegramStep | ViberStep | RcsStep | SmsStep
"""One channel of a pipeline, tried in the order given."""
