"""Lists on their way into a campaign: what the tests of planning begin with."""

from typing import Any

import pytest
from attrs import evolve

from alphasms_async import InvalidRequest
from alphasms_async.campaigns import (
    Campaign,
    Journal,
    ListedRecipient,
    Plan,
    SpeakSms,
    Template,
    plan_campaign,
)
from tests.campaigns.dialers import defined
from tests.campaigns.journals import NAME
from tests.doubles import phones

GREETING = SpeakSms(Template("Вітаємо, {name}!"))


def campaign(name: str = NAME, **facts: Any) -> Campaign:
    """Return a definition with a recording, but for what is said."""
    return evolve(defined(**facts), name=name)


async def planned(journal: Journal, recipients: Any, **facts: Any) -> Plan:
    """Plan a list for a recording, but for what is said."""
    return await plan_campaign(journal, campaign(**facts), recipients)


async def refused(journal: Journal, recipients: Any, **facts: Any) -> str:
    """Plan a list that cannot be planned; return why, in one line, when nothing is left of it."""
    with pytest.raises(InvalidRequest) as caught:
        await planned(journal, recipients, **facts)
    assert await journal.campaigns() == []
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


async def kept(journal: Journal) -> list[tuple[int, str | None, str | None, str]]:
    """Return all recipients: line, phone, what the list says, state."""
    rows = await journal.rows((await journal.campaign(NAME)).id)
    return [(row.line, row.phone, row.given, str(row.state)) for row in rows]


def named(*names: str) -> list[ListedRecipient]:
    """Return recipients with these names."""
    pairs = zip(phones(len(names)), names, strict=True)
    return [
        ListedRecipient(line, phone, {"name": name})
        for line, (phone, name) in enumerate(pairs, start=2)
    ]
