"""Commands that only look."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.table import Table

from alphasms_async import InvalidRecording, Recording
from alphasms_async.cli.gateway import gateway
from alphasms_async.cli.terminal import ExitCode, Flag, answers, money, notes, print_json
from alphasms_async.gateway.states import name_of_xml_code

__all__ = ["balance", "check", "status"]


async def status(id: int, /, *more: int, by_client_id: Flag = False, json: Flag = False) -> None:
    """Tell what became of calls or messages.

    Parameters
    ----------
    id
        The id the gateway gave.
    more
        More ids; many are asked for at once.
    by_client_id
        The ids are our own, as of messages whose outcome is unknown.
    json
        Print a JSON object for each, a line each.
    """
    async with gateway() as alphasms:
        if by_client_id:
            found = await alphasms.status.by_client_id([id, *more])
        else:
            # Of one id too: the page that is asked for one alone tells the day, and no time.
            found = await alphasms.status.get_many([id, *more])
    if json:
        for one in found:
            print_json(
                {
                    "id": one.id,
                    "client_id": one.client_id,
                    "state": one.state,
                    "raw": one.raw,
                    "at": one.at and one.at.isoformat(),
                }
            )
        return
    # Kyiv's time, as the gateway tells it.
    table = Table("id", "state", "gateway's word", "at (Kyiv)")
    for one in found:
        at = f"{one.at.astimezone(ZoneInfo('Europe/Kyiv')):%Y-%m-%d %H:%M:%S}" if one.at else ""
        shown = one.client_id if by_client_id else one.id
        table.add_row(str(shown or ""), one.state, _word(one.raw), at)
    answers.print(table)


def _word(raw: str) -> str:
    """Return the gateway's word; a code with the name that the API pages give it."""
    name = name_of_xml_code(int(raw)) if re.fullmatch("[0-9]{1,3}", raw) else None
    return raw if name is None else f"{raw} {name}"


async def balance(*, json: Flag = False) -> None:
    """Tell the money on the account.

    Parameters
    ----------
    json
        Print the answer as JSON.
    """
    async with gateway() as alphasms:
        told = await alphasms.account.balance()
    if json:
        print_json({"amount": told.amount, "currency": told.currency})
    else:
        answers.print(f"{money(told.amount)} {told.currency or ''}".rstrip())


async def check(file: Path, /, *more: Path, json: Flag = False) -> ExitCode:
    """Check recordings: whether the gateway can play them, and how they will sound.

    Parameters
    ----------
    file
        A WAV file.
    more
        More files.
    json
        Print a JSON object for each, a line each.
    """
    worst = ExitCode.ACCEPTED
    for one in (file, *more):
        try:
            recording = await Recording.load(one)
        except InvalidRecording as error:
            worst = ExitCode.BAD_INPUT
            if json:
                print_json({"file": str(one), "ok": False, "error": str(error)})
            else:
                said = str(error)
                notes.print(said if str(one) in said else f"{one}: {said}")
            continue
        _print_recording(one, recording, json=json)
    return worst


def _print_recording(file: Path, recording: Recording, *, json: bool) -> None:
    wav = recording.wav
    if json:
        print_json(
            {
                "file": str(file),
                "ok": True,
                "codec": wav.codec,
                "sample_rate": wav.sample_rate,
                "channels": wav.channels,
                "bits": wav.bits,
                "seconds": round(wav.seconds, 3),
                "bytes": recording.size,
                "sha256": recording.sha256,
                "warnings": recording.warnings,
            }
        )
        return
    bits = f" {wav.bits}-bit" if wav.bits else ""
    channels = {1: "mono", 2: "stereo"}.get(wav.channels, f"{wav.channels} channels")
    verdict = "plays, but" if recording.warnings else "ready for the line"
    answers.print(
        f"{file}: {wav.codec}{bits}, {wav.sample_rate} Hz, {channels}, {wav.seconds:.1f} s, "
        f"{recording.size} bytes: {verdict}",
    )
    for warning in recording.warnings:
        answers.print(f"  - {warning}")
