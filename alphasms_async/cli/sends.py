"""Commands that send one thing to one phone."""

from pathlib import Path
from typing import Literal

from attrs import define
from cyclopts import Parameter

from alphasms_async import Message, Voice, mask_phone
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.terminal import Flag, answers, money, print_json

__all__ = ["call", "otp", "say", "sms"]


@Parameter(name="*")
@define
class Speaker:
    """The voice of `alphasms say --voice`."""

    gender: Literal["female", "male"] = "female"
    """Whether a woman or a man speaks; goes with --voice."""
    language: str = "uk-UA"
    """What the voice speaks: uk-UA, ru-RU, en-US; goes with --voice."""
    voice_name: str = "uk-UA-Standard-A"
    """The voice's own name at the gateway; goes with --voice."""


async def call(
    phone: str, audio: Path, /, *, hook: str | None = None, dtmf: Flag = False, json: Flag = False
) -> None:
    """Call one phone and play a recording.

    Parameters
    ----------
    phone
        The number, such as +380501234567 or 0501234567.
    audio
        A WAV file of at most 5 MB; best 8000 Hz, mono, 16-bit PCM.
    hook
        URL that gets the outcome.
    dtmf
        Wait for a key press; the hook tells which.
    json
        Print the answer as JSON.
    """
    async with gateway() as alphasms:
        made = await alphasms.voice.call(phone, audio, hook=hook, dtmf=dtmf)
    if json:
        print_json({"id": made.id, "price": made.price, "phone": mask_phone(made.phone)})
    else:
        answers.print(f"accepted: call {made.id} to {mask_phone(made.phone)}, {money(made.price)}")


async def otp(phone: str, /, *, hook: str | None = None, json: Flag = False) -> None:
    """Call one phone from a number that ends in a code, and print the code.

    Parameters
    ----------
    phone
        The number, such as +380501234567 or 0501234567.
    hook
        URL that gets the outcome.
    json
        Print the answer as JSON.
    """
    async with gateway() as alphasms:
        made = await alphasms.otp.call(phone, hook=hook)
    if json:
        print_json({"id": made.id, "code": made.code, "phone": mask_phone(made.phone)})
    else:
        answers.print(f"accepted: call {made.id} to {mask_phone(made.phone)}, code {made.code}")


async def say(
    phone: str,
    text: str,
    /,
    *,
    voice: Flag = False,
    speaker: Speaker | None = None,
    dtmf: Flag = False,
    hook: str | None = None,
    json: Flag = False,
) -> None:
    """Call one phone and read a text aloud.

    Parameters
    ----------
    phone
        The number, such as +380501234567 or 0501234567.
    text
        What is read, in Ukrainian, Russian or English.
    voice
        Choose the voice; without it the gateway picks one by the text's language.
    dtmf
        Wait for a key press; goes with --voice.
    hook
        URL that gets the outcome.
    json
        Print the answer as JSON.
    """
    async with gateway() as alphasms:
        if voice or speaker is not None or dtmf:
            by = speaker or Speaker()
            chosen = Voice(by.gender, by.language, by.voice_name)
            made = await alphasms.voice.say(phone, text, voice=chosen, dtmf=dtmf, hook=hook)
        else:
            made = await alphasms.voice_sms.send(phone, text, hook=hook)
    _print_message(made, json=json)


async def sms(
    phone: str, text: str, /, *, sender: str, hook: str | None = None, json: Flag = False
) -> None:
    """Send one SMS.

    Parameters
    ----------
    phone
        The number, such as +380501234567 or 0501234567.
    text
        The text.
    sender
        An alpha name of the account: 3 to 11 Latin letters and digits.
    hook
        URL that gets the delivery status.
    json
        Print the answer as JSON.
    """
    async with gateway() as alphasms:
        made = await alphasms.sms.send(phone, text, sender=sender, hook=hook)
    _print_message(made, json=json)


def _print_message(made: Message, *, json: bool) -> None:
    phone = mask_phone(made.phone)
    if json:
        print_json(
            {"id": made.id, "client_id": made.client_id, "parts": made.parts, "phone": phone}
        )
    else:
        answers.print(f"accepted: message {made.id} to {phone}, our id {made.client_id}")
