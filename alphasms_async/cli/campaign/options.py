"""The options that `plan` and `dial` share: what is heard, and within which limits."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from attrs import define
from cyclopts import Parameter

from alphasms_async import InvalidRequest, Voice
from alphasms_async.campaigns import (
    Campaign,
    Kind,
    PlayRecording,
    RedialPolicy,
    SpeakSms,
    SpeakText,
    Template,
    Window,
)
from alphasms_async.checks import check_sum
from alphasms_async.cli.campaign.stored import load
from alphasms_async.cli.sends import Speaker
from alphasms_async.cli.terminal import Flag, Sum

__all__ = ["Heard", "Limits", "make_campaign"]

_WHOLE_DAY = "00:00-24:00"
_LONGEST_SHOWN = 40


@Parameter(name="*")
@define
class Heard:
    """What every recipient hears: a recording, or a text."""

    audio: Path | None = None
    """WAV file of at most 5 MB to play; best 8000 Hz, mono, 16-bit PCM."""
    say: str | None = None
    """Text to read aloud in place of a recording; {column} is filled in from the list."""
    voice: Flag = False
    """Choose the voice of --say; without it the gateway picks one by the text's language."""
    speaker: Speaker | None = None
    dtmf: Flag = False
    """Wait for a key press; the hook's events tell which."""
    opt_out_key: str | None = None
    """Key by which people ask to be called no more, such as 9: whoever presses it goes on the
    do-not-call list. It goes with --dtmf."""


@Parameter(name="*")
@define
class Limits:
    """How fast, when, and for how much."""

    concurrency: int = 32
    """How many calls are placed at once."""
    per_second: float | None = None
    """How many calls are begun a second at most, such as 20 or 0.5; else no limit."""
    budget: Sum | None = None
    """What all calls may cost together, such as 500.00; it stops before that is passed."""
    max_price: Sum | None = None
    """What one call, or one part of a text, may cost; a text with a budget needs it."""
    window: str | None = None
    """Hours in which phones may ring, such as 09:00-20:00; else at any time, at night too."""
    days: str | None = None
    """Days on which phones may ring, such as mon-fri or mon,wed,sat; else every day."""
    tz: str = "Europe/Kyiv"
    """Time zone of --window, --days, --starts-at and --expires-at."""
    starts_at: str | None = None
    """First moment to dial, such as "2026-12-01 09:00"."""
    expires_at: str | None = None
    """Moment after which whoever was not dialled is skipped, such as "2026-12-01 18:00"."""
    redial: str | None = None
    """Call those again who did not answer or were busy, such as "2 after 30m"; it needs the hook's
    events to know them."""
    hook: str | None = None
    """URL that gets each call's outcome, as it stands; else the one that is set in the account.
    --hook-url of `run` signs one for each call instead."""


async def make_campaign(name: str, heard: Heard | None, limits: Limits | None) -> Campaign:
    """Return the campaign that the options describe.

    Raises:
        InvalidRequest: An option cannot be used; the line says what would be right.
    """
    heard, limits = heard or Heard(), limits or Limits()
    if heard.opt_out_key is not None and not heard.dtmf:
        raise InvalidRequest("--opt-out-key goes with --dtmf: without it no key is waited for")
    # Read in any case, for it knows whether there is such a time zone.
    window = Window.parse(limits.window or _WHOLE_DAY, limits.days, limits.tz)
    if heard.say is not None and limits.budget is not None and limits.max_price is None:
        raise InvalidRequest(
            "the gateway does not tell what a text costs: with --budget say what one part of it "
            "may cost at most, such as --max-price 0.50"
        )
    is_limited = limits.window is not None or limits.days is not None
    return Campaign(
        name=name,
        kind=await _kind(heard),
        concurrency=limits.concurrency,
        per_second=limits.per_second,
        budget=None if limits.budget is None else check_sum("--budget", limits.budget),
        max_price=None if limits.max_price is None else check_sum("--max-price", limits.max_price),
        window=window if is_limited else None,
        starts_at=_moment("--starts-at", limits.starts_at, limits.tz),
        expires_at=_moment("--expires-at", limits.expires_at, limits.tz),
        redial=None if limits.redial is None else RedialPolicy.parse(limits.redial),
        hook=limits.hook,
        opt_out=heard.opt_out_key,
    )


async def _kind(heard: Heard) -> Kind:
    if (heard.audio is None) == (heard.say is None):
        raise InvalidRequest("give what is heard: --audio FILE, or --say TEXT, and not both")
    if heard.audio is not None:
        if heard.voice or heard.speaker is not None:
            given = "--voice" if heard.voice else "a voice (--gender, --language, --voice-name)"
            raise InvalidRequest(f"{given} goes with --say: a recording has its own voice")
        recording = await load(heard.audio)
        return PlayRecording(recording, heard.dtmf, str(heard.audio.absolute()))
    template = Template(heard.say or "")
    if not (heard.voice or heard.speaker is not None or heard.dtmf):
        return SpeakSms(template)
    by = heard.speaker or Speaker()
    return SpeakText(template, Voice(by.gender, by.language, by.voice_name), heard.dtmf)


def _moment(option: str, text: str | None, zone: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise InvalidRequest(
            f'{option} is a moment such as "2026-12-01 09:00", not {text[:_LONGEST_SHOWN]!r}'
        ) from None
