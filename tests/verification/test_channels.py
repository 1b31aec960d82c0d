"""What brings a code: its text, in three languages or one's own."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from alphasms_async import InvalidRequest, InvalidText
from alphasms_async.verification import Language, TextSms, VoiceSms

LANGUAGES: list[Language] = ["uk", "ru", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_voice_reads_the_code_twice_with_pauses(language: Language) -> None:
    """Whoever had no pen ready hears it again."""
    assert VoiceSms(language=language).compose("0471").count("0, 4, 7, 1") == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_sms_of_ours_is_one_part(language: Language) -> None:
    """A text of ours is paid for once, in Cyrillic too, and has the code as it is typed."""
    text = TextSms(sender="MyShop", language=language).compose("0471")
    assert "0471" in text
    assert len(text) <= 70


def test_languages_differ() -> None:
    """Each language has its own words, and Ukrainian is the one that is meant."""
    assert len({VoiceSms(language=one).compose("1234") for one in LANGUAGES}) == 3
    assert VoiceSms() == VoiceSms(language="uk")


@pytest.mark.parametrize(
    ("channel", "text"),
    [
        (VoiceSms(text="Код {code}, {code}"), "Код 1, 2, 3, 4, 1, 2, 3, 4"),
        (TextSms(sender="MyShop", text="{code}"), "1234"),
        (TextSms(sender="MyShop", text="{code} {name} {0} {"), "1234 {name} {0} {"),
    ],
    ids=["voice", "sms", "braces"],
)
def test_text_of_ones_own_has_the_code_for_its_blank(channel: VoiceSms, text: str) -> None:
    """`{code}` is the only blank; nothing else in braces means anything."""
    assert channel.compose("1234") == text


@pytest.mark.parametrize("text", ["Ваш код", "{CODE}", "", "{code}\x00"])
@pytest.mark.parametrize(
    "make", [VoiceSms, partial(TextSms, sender="MyShop")], ids=["voice", "sms"]
)
def test_text_that_cannot_bring_a_code_is_refused(make: Callable[..., Any], text: str) -> None:
    """A text without a place for the code is told when it is written, not when it is sent."""
    with pytest.raises(InvalidText):
        make(text=text)


def test_sender_is_an_alpha_name() -> None:
    """A sender that the gateway would refuse is told at once."""
    with pytest.raises(InvalidRequest, match="alpha name"):
        TextSms(sender="My Shop")


def test_other_languages_are_told_which_there_are() -> None:
    """A language without a text of ours is named with those that have one."""
    with pytest.raises(InvalidRequest, match="uk, ru, en"):
        VoiceSms(language="de")  # type: ignore[arg-type]  # so meant
