"""`alphasms dial`: one recording to every phone of a list."""

from pathlib import Path

from attrs import frozen

from alphasms_async import AlphaSMS, AlphaSMSError, Recording
from alphasms_async.cli.progress import dial_with_progress
from alphasms_async.cli.recipients import Recipient, RecipientList, read_recipients
from alphasms_async.cli.results import (
    ResultFile,
    open_results,
    print_summary,
    refuse_existing,
    summary_as_json,
)
from alphasms_async.cli.terminal import (
    ExitCode,
    Flag,
    answers,
    asks,
    confirm,
    counted,
    money,
    notes,
    print_json,
)
from alphasms_async.dialing import Dialing
from alphasms_async.errors import InvalidPhoneNumber, InvalidRequest, NotSent
from alphasms_async.outcomes import DialOutcome, DialResult
from alphasms_async.phone import parse_phone

__all__ = ["dial"]


_OPERATOR_DIGITS = 5
_PRICES_ASKED = 8


@frozen
class _Plan:
    """What a list comes to before anybody is dialled."""

    phones: tuple[str, ...]
    """The different numbers that can be dialled."""
    duplicates: int
    invalid: int

    @classmethod
    def of(cls, recipients: list[Recipient]) -> "_Plan":
        phones: dict[str, None] = {}
        invalid = 0
        for recipient in recipients:
            try:
                phones[parse_phone(recipient)] = None
            except InvalidPhoneNumber:
                invalid += 1
        return cls(tuple(phones), len(recipients) - invalid - len(phones), invalid)


async def dial(
    list: Path,  # noqa: A002 - the word on the command line
    /,
    *,
    audio: Path,
    concurrency: int = 32,
    per_second: float | None = None,
    output: Path | None = None,
    column: str | None = None,
    hook: str | None = None,
    dtmf: Flag = False,
    yes: Flag = False,
    json: Flag = False,
) -> ExitCode:
    """Play a recording to every phone of a list, each once.

    Asks before it dials. Each result is written as it comes; Ctrl-C stops taking numbers and
    waits for the calls in flight. To go on later, dial the lines of the results whose outcome is
    not_sent: they never left. Look before dialling an uncertain one again, for it may have rung.

    Exit codes: 0 all accepted, 3 some were not, 4 the account or the recording was refused.

    Parameters
    ----------
    list
        CSV file with the phone numbers, with or without a header.
    audio
        A WAV file of at most 5 MB; best 8000 Hz, mono, 16-bit PCM.
    concurrency
        How many calls are placed at once.
    per_second
        How many calls are begun a second at most, such as 20 or 0.5.
    output
        CSV file for the results, which must not be there yet; for clients.csv it is
        clients.results.csv.
    column
        Header of the phone column, when it is not called phone, number, mobile, телефон or номер.
    hook
        URL that gets each call's outcome.
    dtmf
        Wait for a key press; the hook tells which.
    yes
        Do not ask.
    json
        Print the summary as JSON.
    """
    with notes.status(f"reading {list}"):
        listed = read_recipients(list, column)
        plan = _Plan.of(listed.recipients)
    target = _target(list, output)
    if not plan.phones:
        raise InvalidRequest(f"{list}: none of its {listed.described} is a phone number")
    recording = await Recording.load(audio)
    async with AlphaSMS() as alphasms:
        dialing = alphasms.dial(
            listed.recipients,
            recording,
            concurrency=concurrency,
            per_second=per_second,
            hook=hook,
            dtmf=dtmf,
        )
        if not yes:
            _show(listed, plan, recording, per_second)
            notes.print(await _cost(alphasms, plan.phones))
            if not confirm(f"Dial {counted(len(plan.phones), 'phone')}?"):
                notes.print("nothing was dialled")
                return ExitCode.INTERRUPTED
        with open_results(target) as file:
            code = await _run(dialing, listed.recipients, file)
    untried = len(listed.recipients) - dialing.summary.total
    if json:
        print_json(summary_as_json(dialing.summary, untried) | {"results": str(target)})
    else:
        print_summary(dialing.summary, untried)
        answers.print(f"results: {target}", markup=False)
    return code


def _target(list: Path, output: Path | None) -> Path:  # noqa: A002 - as above
    """Return where the results go, and refuse it when something is there."""
    if output is None and not list.is_file():
        raise InvalidRequest(f"{list} is no file to put results beside: name them with --output")
    target = output or list.with_name(f"{list.stem}.results.csv")
    refuse_existing(target)
    return target


async def _run(dialing: Dialing, recipients: list[Recipient], file: ResultFile) -> ExitCode:
    """Dial, and write a line for every recipient, those never taken included."""

    def keep(result: DialResult) -> None:
        file.write(result)
        if file.error is not None:
            dialing.stop()

    try:
        code = await dial_with_progress(dialing, len(recipients), keep)
    finally:
        for recipient in recipients[dialing.summary.total :]:
            file.write(_untried(recipient))
    if file.error is not None:
        notes.print(f"the results file cannot be written: {file.error.strerror}", style="red")
        return ExitCode.FAULT
    return code


def _untried(recipient: Recipient) -> DialResult:
    reason = NotSent("not dialled: the run ended before its turn")
    try:
        phone = parse_phone(recipient)
    except InvalidPhoneNumber as error:
        return DialResult(recipient, None, DialOutcome.INVALID, error=error)
    return DialResult(recipient, phone, DialOutcome.NOT_SENT, error=reason)


def _show(
    listed: RecipientList, plan: _Plan, recording: Recording, per_second: float | None
) -> None:
    """Show a person what is about to happen."""
    if not asks():
        raise InvalidRequest(
            f"{counted(len(plan.phones), 'phone')} would ring, and nobody is there to be asked: "
            "add --yes"
        )
    notes.print(f"list: {listed.described}", markup=False)
    notes.print(
        f"{counted(len(plan.phones), 'phone')} to dial, "
        f"{counted(plan.duplicates, 'duplicate')}, {plan.invalid} invalid"
    )
    notes.print(f"recording: {recording.seconds:.1f} s, {recording.size} bytes")
    for warning in recording.warnings:
        notes.print(f"  - {warning}", markup=False)
    if per_second:
        notes.print(f"takes about {len(plan.phones) / per_second / 60:.1f} minutes")


async def _cost(alphasms: AlphaSMS, phones: tuple[str, ...]) -> str:
    """Tell what the list may cost, from the price of one number of each operator."""
    one_each = {phone[:_OPERATOR_DIGITS]: phone for phone in phones}
    asked = tuple(one_each.values())[:_PRICES_ASKED]
    try:
        prices = [await alphasms.account.price(phone) for phone in asked]
    except AlphaSMSError as error:
        return f"cost: not known ({error})"
    if not prices:
        return "cost: nothing"
    low, high = (money(pick(one.amount for one in prices) * len(phones)) for pick in (min, max))
    currency = prices[0].currency or ""
    return f"cost: about {low if low == high else f'{low} to {high}'} {currency}".rstrip()
