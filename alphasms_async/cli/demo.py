"""`alphasms demo`: a whole run, offline, on a gateway that lives in this process."""

import math
import random
import secrets
import struct
import tempfile
from array import array
from decimal import Decimal
from pathlib import Path

from alphasms_async import AlphaSMS, InvalidRequest, Recording
from alphasms_async.campaigns import (
    CallHooks,
    Campaign,
    EventRecorder,
    PlayRecording,
    SqliteJournal,
    plan_campaign,
)
from alphasms_async.checks import check_count, check_rate
from alphasms_async.cli.campaign.outcomes import Outcomes
from alphasms_async.cli.campaign.run import dial_campaign
from alphasms_async.cli.receiving import Place, receiving
from alphasms_async.cli.terminal import ExitCode, answers, counted, hint, notes
from alphasms_async.webhooks import HookTokens, WebhookReceiver

__all__ = ["demo"]

_MOST = 100_000
_RATE = 8000
_MELODY = ((523, 0.25), (659, 0.25), (784, 0.25), (1047, 0.5), (0, 0.25), (784, 0.25), (1047, 0.75))
_OPERATORS = ("50", "63", "66", "67", "68", "73", "93", "95", "96", "97", "98", "99")
_KEYS = {"1": "yes", "2": "no", "9": "no more calls"}
_OPT_OUT = "9"
# How long after it was accepted a call has its outcome, the soonest and the latest.
_RINGING_SECONDS = (0.2, 1.5)
_OUTCOMES_SECONDS = 10
_BROKEN = ("102", "050 12 34", "not a number", "+380 12", "05012345678901234")


async def demo(*, count: int = 200, per_second: float = 60, concurrency: int = 32) -> ExitCode:
    """Ask made-up numbers a question, on a gateway of its own, offline. Nobody's phone rings.

    A whole campaign: a list with broken lines, a recording, the dialer, and a receiver for the
    gateway's events, which tell who answered and which key was pressed: 1 yes, 2 no, 9 no more
    calls. Nothing of it is kept, and no key or address of yours is used.

    Parameters
    ----------
    count
        How many numbers the list has, with a few broken and repeated ones among them.
    per_second
        How many calls are begun a second at most.
    concurrency
        How many calls are placed at once.
    """
    # Late, for the other commands do without the extra that the sandbox needs.
    from alphasms_async.sandbox import Sandbox, mixed

    if check_count("count", count) > _MOST:
        raise InvalidRequest(f"count is at most {_MOST}, for a demo: not {count}")
    check_rate("per_second", per_second)
    numbers = _numbers(count)
    sandbox = Sandbox(balance=Decimal(count), fates=mixed(after_seconds=_RINGING_SECONDS))
    recording = Recording.from_bytes(_jingle())
    campaign = Campaign(
        name="demo",
        kind=PlayRecording(recording, dtmf=True),
        concurrency=concurrency,
        per_second=per_second,
        budget=Decimal(count),
        opt_out=_OPT_OUT,
    )
    with sandbox.serve() as url, tempfile.TemporaryDirectory(prefix="alphasms-") as folder:
        notes.print(f"a gateway of our own answers at {url}; nobody's phone rings")
        async with SqliteJournal(Path(folder, "demo.journal"), purpose="alphasms demo") as journal:
            plan = await plan_campaign(journal, campaign, numbers)
            notes.print(
                f"planned {plan.to_dial} of {plan.rows} made-up numbers, {plan.duplicates} stood "
                f"there twice, {plan.invalid} cannot be called; {recording.seconds:.1f} s of "
                f"sound, {per_second:g} a second"
            )
            # Both given: the demo never takes the real key or address from the environment.
            client = AlphaSMS(sandbox.api_key, base_url=url)
            code = await _ask(journal, campaign, client)
    rings = counted(len(sandbox.calls()), "ring")
    phones = counted(len({call.phone for call in sandbox.calls()}), "phone")
    answers.print(f"the gateway's own count: {rings} on {phones}")
    hint("next, with a list of yours", "alphasms campaign plan --help")
    # Broken numbers are part of the show, so they are no reason to fail.
    return ExitCode.ACCEPTED if code is ExitCode.SOME_NOT else code


async def _ask(journal: SqliteJournal, campaign: Campaign, client: AlphaSMS) -> ExitCode:
    """Dial, take what the gateway tells of the calls, and show it."""
    # One of its own, as the key is.
    tokens = HookTokens(secrets.token_urlsafe(32))
    receiver = WebhookReceiver(tokens, EventRecorder(journal))
    async with receiving(receiver, Place(0)) as reception:
        notes.print(
            f"the gateway posts what becomes of each call to {reception.url}, each hook signed"
        )
        told = ", ".join(f"{key} {meaning}" for key, meaning in _KEYS.items())
        notes.print(f"the recording asks for a key: {told}")
        outcomes = Outcomes(hooks=CallHooks(tokens, reception.url), seconds=_OUTCOMES_SECONDS)
        dialer = outcomes.dialer(client, journal, campaign)
        record = await journal.campaign(campaign.name)
        return await dial_campaign(journal, record, dialer, client, meanings=_KEYS, is_kept=False)


def _numbers(count: int) -> list[str]:
    """Make a list as lists are: mostly right, some broken, some twice, in many spellings."""
    chance = random.Random()  # noqa: S311 - made-up numbers guard nothing
    numbers: list[str] = [*_BROKEN[: count // 20]]
    while len(numbers) < count:
        if numbers and chance.random() < 0.05:
            numbers.append(chance.choice(numbers))
            continue
        digits = f"{chance.choice(_OPERATORS)}{chance.randrange(10**7):07d}"
        numbers.append(chance.choice(("+380{}", "380{}", "0{}", "80{}")).format(digits))
    chance.shuffle(numbers)
    return numbers


def _jingle() -> bytes:
    """Make a WAV as the line wants it: 8000 Hz, mono, 16-bit PCM."""
    samples = array("h")
    for pitch, seconds in _MELODY:
        length = int(seconds * _RATE)
        samples.extend(
            int(9000 * math.sin(2 * math.pi * pitch * at / _RATE) * (1 - at / length))
            for at in range(length)
        )
    body = struct.pack(f"<{len(samples)}h", *samples)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    data = struct.pack("<4sI", b"data", len(body)) + body
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data
