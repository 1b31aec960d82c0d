"""What is held against each other when many machines are through: promises, and what happened."""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from math import ceil

import anyio
from attrs import frozen

from alphasms_async.campaigns.postgres import PostgresJournal
from alphasms_async.campaigns.records import CampaignRecord, Money, RowRecord
from alphasms_async.campaigns.states import RowState
from tests.postgresql import connected
from tests.torture.workloads import NAME

__all__ = [
    "Audit",
    "Grant",
    "audited",
    "busiest_second",
    "keep_grants",
    "over",
    "overlaps",
    "too_early",
]

_ALL = 1_000_000
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 120
_ROUNDING_SECONDS = 1e-3
_ROUNDING = 0.1

_KEEP_GRANTS = """
create table public.granted(
  id integer generated always as identity primary key,
  before double precision not null,
  after double precision not null,
  per_second double precision not null
);
create function public.keep_grant() returns trigger language plpgsql as $$
begin
  insert into public.granted(before, after, per_second)
  values (
    extract(epoch from greatest(old.next_slot, new.slots_at)),
    extract(epoch from new.next_slot),
    new.per_second
  );
  return null;
end $$;
create trigger keep_grant after update of next_slot on alphasms.campaign
for each row when (new.next_slot is distinct from old.next_slot)
execute function public.keep_grant();
"""
_LEFT_UNKNOWN = """
select coalesce(max(left_unknown), 0)
from (
  select count(*) as left_unknown
  from alphasms.recipient
  join alphasms.attempt on attempt.recipient = recipient.id and attempt.n = recipient.attempts
  where recipient.state = 'uncertain'
  group by attempt.owner
) as owners
"""


@frozen
class Grant:
    """Starts of calls that the database gave to one machine, in seconds of one clock."""

    before: float
    """From when on they could be given: the end of those before them, or the moment itself."""
    after: float
    """From when on the next may be given."""
    per_second: float

    @property
    def slots(self) -> list[float]:
        """When each of them is."""
        # The moment is noted a little later than the first start was taken from it.
        count = ceil((self.after - self.before) * self.per_second - _ROUNDING)
        return [self.after - left / self.per_second for left in range(count, 0, -1)]


@frozen
class Audit:
    """What a journal says once nobody is at work on it."""

    record: CampaignRecord
    rows: Sequence[RowRecord]
    money: Money
    grants: Sequence[Grant]
    most_unknown: int
    """How many outcomes became unknown with one dialer, at most."""

    def among(self, *states: RowState) -> set[str | None]:
        """Return the phones of those in these states."""
        return {row.phone for row in self.rows if row.state in states}


def keep_grants(dsn: str) -> None:
    """Have the database note each start that it gives out from now on."""
    with connected(dsn) as connection:
        connection.execute(_KEEP_GRANTS)


async def over(dsn: str) -> None:
    """Wait until the campaign is over, or halted."""
    async with PostgresJournal(dsn) as journal:
        with anyio.fail_after(_PATIENCE_SECONDS):
            while (record := await journal.campaign(NAME)).halted is None:
                if record.state.is_over:
                    return
                await anyio.sleep(_LOOK_SECONDS)


async def audited(dsn: str) -> Audit:
    """Wait until whoever is gone is known to be gone, and read all there is."""
    async with PostgresJournal(dsn) as journal:
        id = (await journal.campaign(NAME)).id
        with anyio.fail_after(_PATIENCE_SECONDS):
            while (await journal.tally(id)).states[RowState.DIALING]:
                await anyio.sleep(_LOOK_SECONDS)
                await journal.drain()
        with connected(dsn) as connection:
            granted = connection.execute(
                "select before, after, per_second from granted order by id"
            )
            grants = [Grant(*row) for row in granted]
            unknown = connection.execute(_LEFT_UNKNOWN).fetchall()
        return Audit(
            record=await journal.campaign(NAME),
            rows=await journal.rows(id, limit=_ALL),
            money=await journal.money(id),
            grants=grants,
            most_unknown=unknown[0][0],
        )


def overlaps(grants: Sequence[Grant]) -> int:
    """Return how often a start was given out that was too near one given out before."""
    slots = [(slot, 1 / grant.per_second) for grant in grants for slot in grant.slots]
    return sum(
        later - earlier < gap - _ROUNDING_SECONDS for (earlier, gap), (later, _) in pairwise(slots)
    )


def too_early(begun: Iterable[float], grants: Iterable[Grant]) -> int:
    """Return how many calls began before there was a start for them.

    Args:
        begun: When each call began.
        grants: What was given out.
    """
    starts = sorted(slot for grant in grants for slot in grant.slots)
    moments = sorted(begun)
    early = sum(
        moment < start - _ROUNDING_SECONDS for moment, start in zip(moments, starts, strict=False)
    )
    return early + max(0, len(moments) - len(starts))


def busiest_second(moments: Collection[float]) -> int:
    """Return the most of some moments that lie within one second."""
    ordered = sorted(moments)
    most = first = 0
    for number, moment in enumerate(ordered, start=1):
        while moment - ordered[first] >= 1:
            first += 1
        most = max(most, number - first)
    return most
