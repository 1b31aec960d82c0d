"""Why a run stops itself, with everybody not dialled still planned."""

import re
from enum import StrEnum

from attrs import define, frozen

from alphasms_async.campaigns.states import Verdict
from alphasms_async.errors import (
    AlphaSMSError,
    ClientClosed,
    ConfigurationError,
    GatewayError,
    RateLimited,
    UnexpectedAnswer,
    UnknownGatewayError,
)

__all__ = ["Halt", "HaltReason", "Halts"]

_SAME_TEXTS = 5


class HaltReason(StrEnum):
    """What made a run stop itself."""

    ACCOUNT = "account"
    """The gateway refuses the account."""
    MESSAGE = "message"
    """The gateway refuses the recording, the sender or the text."""
    REDIRECT = "redirect"
    """The gateway points to another place."""
    UNCERTAIN = "uncertain"
    """Too many unknown outcomes in a row."""
    SAME_TEXT = "same_text"
    """The gateway refuses one after another in words nobody documented."""
    BUDGET = "budget"
    """The budget is spent or held."""
    UNPRICED = "unpriced"
    """The budget is held by an unknown outcome, and no price tells how much of it that may cost."""
    PRICE = "price"
    """A call cost more than was reckoned with."""
    CLIENT = "client"
    """The client cannot send."""
    WAITING = "waiting"
    """It would have to wait, and was told not to."""
    ELSEWHERE = "elsewhere"
    """Another dialer of the campaign has stopped it, for a reason that holds for all."""


@frozen
class Halt:
    """Why a run stopped itself."""

    reason: HaltReason
    text: str
    """One line: why, and what to do."""

    def __str__(self) -> str:
        return self.text


@define
class Halts:
    """Watches how attempts end, and says when it is time to stop."""

    most_uncertain: int
    _uncertain: int = 0
    _text: tuple[str, ...] = ()
    _texts: int = 0

    def judge(self, verdict: Verdict, error: AlphaSMSError | None) -> Halt | None:
        """Return why to stop after one more attempt ended like this. `None`: go on."""
        self._count(verdict, error)
        if error is not None:
            halt = _of_error(error)
            if halt is not None:
                return halt
        if self._uncertain >= self.most_uncertain:
            count = self._uncertain
            many = "1 outcome is" if count == 1 else f"{count} outcomes in a row are"
            return Halt(
                HaltReason.UNCERTAIN,
                f"{many} unknown (last: {_unended(error)}): "
                "see what the gateway has, with reconcile, before going on",
            )
        if self._texts >= _SAME_TEXTS:
            return Halt(
                HaltReason.SAME_TEXT,
                f"{self._texts} recipients in a row were refused with the same words: {error}",
            )
        return None

    def _count(self, verdict: Verdict, error: AlphaSMSError | None) -> None:
        # What never left, or was put back, says nothing of how the gateway answers.
        if verdict in {Verdict.NOT_SENT, Verdict.PUT_BACK}:
            return
        self._uncertain = self._uncertain + 1 if verdict is Verdict.UNCERTAIN else 0
        text = _words(error.messages) if isinstance(error, UnknownGatewayError) else ()
        self._texts = self._texts + 1 if text and text == self._text else int(bool(text))
        self._text = text


def _words(messages: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is said but for phones, masked ones too, ids and tickets: they always differ."""
    return tuple(re.sub(r"[\d*]+", "", message) for message in messages)


def _unended(error: AlphaSMSError | None) -> str:
    """Return what an error says, without a full stop at its end, to go on in a sentence."""
    return str(error).removesuffix(".")


def _of_error(error: AlphaSMSError) -> Halt | None:
    match error:
        case RateLimited():
            return None
        case GatewayError(scope="account"):
            return Halt(HaltReason.ACCOUNT, str(error))
        case GatewayError(scope="message"):
            return Halt(HaltReason.MESSAGE, str(error))
        case UnexpectedAnswer(status_code=int(status)) if 300 <= status < 400:
            return Halt(
                HaltReason.REDIRECT,
                f"{_unended(error)}. Put the gateway's new address into the base URL; this one "
                "call is uncertain",
            )
        case ClientClosed() | ConfigurationError():
            return Halt(HaltReason.CLIENT, str(error))
        case _:
            return None
