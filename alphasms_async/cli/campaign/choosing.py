"""Which campaign a `dial` command is about: a new one, or the one that it began before."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path

from attrs import evolve, frozen

from alphasms_async import InvalidRequest
from alphasms_async.campaigns import Campaign, CampaignRecord, Journal, Plan, RecipientList
from alphasms_async.cli.journals import command_line

__all__ = ["Chosen", "choose", "refuse_called_lately"]

_LONGEST_STEM = 60
_DIGEST_DIGITS = 8
_MARK = f"[0-9a-f]{{{_DIGEST_DIGITS}}}(-[0-9]+)?"


@frozen
class Chosen:
    """The campaign a command is about."""

    campaign: Campaign
    older: tuple[CampaignRecord, ...]
    """The campaigns before it that are named after a list of this name."""
    is_there: bool
    """Whether an earlier command has begun it."""


async def choose(
    journal: Journal, described: Campaign, listed: RecipientList, *, again: bool
) -> Chosen:
    """Return the campaign the command is about, the one it began when it was given before.

    Args:
        journal: The journal, entered.
        described: The campaign as the options describe it, under any name.
        listed: Its list.
        again: Whether everybody may be called once more.

    Raises:
        InvalidRequest: It was dialled to its end, and is not to be called again.
    """
    stem = _name_after(listed.path)
    base = f"{stem}-{_digest(described, listed)}"
    records = {record.name: record for record in await journal.campaigns()}
    number = 1
    if again:
        while _is_over(records.get(_numbered(base, number))):
            number += 1
    elif base not in records:
        _refuse_the_same_list(described, records.values(), journal.place)
    name = _numbered(base, number)
    if _is_over(records.get(name)):
        raise InvalidRequest(_already(name))
    older = takewhile(lambda one: one.name != name, records.values())
    alike = tuple(one for one in older if re.fullmatch(f"{re.escape(stem)}-{_MARK}", one.name))
    return Chosen(evolve(described, name=name), alike, name in records)


def _refuse_the_same_list(
    described: Campaign, records: Iterable[CampaignRecord], journal: Path | str
) -> None:
    """Keep a changed option from ringing everybody of a list once more."""
    for record in records:
        if record.definition.get("list_sha256") != described.list_sha256:
            continue
        changed = described.changed(record.definition)
        if _is_over(record):
            options = ", ".join(map(_option, changed)) or "--column"
            raise InvalidRequest(_already(record.name, f" with another {options}"))
        told = " and ".join(_difference(described, record, key) for key in changed)
        # What is the same now may have been set since, by `campaign budget`.
        told = told or "another --column, or limits that were changed since"
        raise InvalidRequest(
            f"this list is already being dialled as {record.name} with {told}: "
            f"{_harmless(described, record.name, changed, journal)}; "
            "`--again` starts a new campaign, which calls everybody anew"
        )


def _difference(described: Campaign, record: CampaignRecord, key: str) -> str:
    """Return in words how a campaign was planned, and how it is described now."""
    before, now = record.definition.get(key), described.as_json().get(key)
    if key == "budget":
        return f"a budget of {before}, not {now}" if before and now else "another --budget"
    if key == "per_second":
        return f"{before:g} a second, not {now:g}" if before and now else "another --per-second"
    return f"another {_option(key)}"


def _harmless(described: Campaign, name: str, changed: Sequence[str], journal: Path | str) -> str:
    """Return the commands that change what may be changed, and call nobody twice."""
    commands: dict[str, tuple[str, ...]] = {"per_second": ("pace", "--unlimited")}
    if described.per_second is not None:
        commands["per_second"] = ("pace", "--per-second", f"{described.per_second:g}")
    if described.budget is not None:
        commands["budget"] = ("budget", f"{described.budget:f}")
    run = f"`{command_line('run', name, journal)}`"
    if not commands.keys() >= {*changed} or not changed:
        return f"{run} goes on with it as it is"
    steps = (commands[key] for key in changed)
    told = " and ".join(f"`{command_line(one[0], name, journal, *one[1:])}`" for one in steps)
    return f"{told} changes that, and {run} goes on with it"


def refuse_called_lately(chosen: Chosen, journal: Path | str, plan: Plan) -> None:
    """Keep a line more in a list from ringing all the others once more.

    Args:
        chosen: The campaign that is planned.
        journal: Where the journal is.
        plan: What the list comes to.

    Raises:
        InvalidRequest: Another campaign called some of its phones a short time ago.
    """
    if not plan.recently_called:
        return
    left = [one.name for one in chosen.older if not _is_over(one)]
    goes_on = f" ({command_line('run', left[-1], journal)} goes on with it)" if left else ""
    raise InvalidRequest(
        f"another campaign called {plan.recently_called} of these phones in the last "
        f"{plan.recent_hours:g} hours: take them out of the list, or `--again` calls them again"
        f"{goes_on}"
    )


def _name_after(path: Path) -> str:
    """Return a list's name as far as a campaign may begin with it."""
    stem = "".join(one if one.isprintable() else " " for one in path.stem)
    return stem[:_LONGEST_STEM].strip(" -") or "list"


def _option(key: str) -> str:
    """Return the option that a part of a campaign's definition comes from."""
    return "--audio or --say" if key == "kind" else f"--{key.replace('_', '-')}"


def _already(name: str, how: str = "") -> str:
    return (
        f"already dialled{how}; `--again` starts a new campaign "
        f"(alphasms campaign report {name} tells how that one went)"
    )


def _is_over(record: CampaignRecord | None) -> bool:
    return record is not None and record.state.is_over


def _digest(described: Campaign, listed: RecipientList) -> str:
    """Return what tells a campaign from others of the same list's name: list, sound, options."""
    told = described.as_json()
    told["kind"].pop("source", None)
    facts = json.dumps([listed.sha256, listed.column, told], sort_keys=True)
    return hashlib.sha256(facts.encode()).hexdigest()[:_DIGEST_DIGITS]


def _numbered(base: str, number: int) -> str:
    return base if number == 1 else f"{base}-{number}"
