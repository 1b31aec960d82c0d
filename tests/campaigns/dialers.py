"""A campaign that is planned and can be dialled: what the tests of the dialer begin with."""

import json
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import anyio
import httpx
from attrs import define, field

from alphasms_async import AlphaSMS, Recording
from alphasms_async.campaigns.campaign import Campaign
from alphasms_async.campaigns.commands import Command
from alphasms_async.campaigns.dialer import Dialer
from alphasms_async.campaigns.journal import Journal
from alphasms_async.campaigns.kinds import PlayRecording
from alphasms_async.campaigns.records import AttemptRecord, CampaignRecord, PlannedRow, RowRecord
from alphasms_async.campaigns.run import Run
from alphasms_async.campaigns.sqlite import MemoryJournal
from alphasms_async.clock import Clock
from tests.campaigns.journals import NAME, NOON, listed
from tests.doubles import KEY, Answer, FakeGateway, accepted, phone_of, phones
from tests.sounds import wav

RECORDING = Recording.from_bytes(wav(seconds=0.05))
OTHER_RECORDING = Recording.from_bytes(wav(seconds=0.06))
PRICE = Decimal("0.40")
NOTHING = Decimal(0)
HOOK = "https://app.example/hooks/alphasms?token=b6589fc6ab0dc82c"

# Of the loop's own clock: a run that is stuck on a clock that jumps ends at once.
_PATIENCE_SECONDS = 3 * 3600


def unreachable(request: httpx.Request) -> httpx.Response:
    """Refuse the connection: nobody begins to read the request."""
    raise httpx.ConnectError("told")


def lost(request: httpx.Request) -> httpx.Response:
    """Break off when the whole request is there: nobody knows what became of it."""
    raise httpx.ReadError("told")


def limited(seconds: float | None = None) -> Answer:
    """Return an answer that there are too many requests."""
    headers = {} if seconds is None else {"Retry-After": f"{seconds:.0f}"}
    return lambda _: httpx.Response(429, headers=headers)


def priced(price: str, id: int = 100500) -> Answer:
    """Return an answer that a call is queued and costs so much."""
    return lambda _: httpx.Response(200, json={"id": id, "price": price})


def numbered(request: httpx.Request) -> httpx.Response:
    """Accept a call under an id that its phone tells: its last seven digits."""
    return priced("0.40", int(phone_of(request.content)[-7:]))(request)


def spoken(parts: int = 1) -> Answer:
    """Return an answer of json.php that a text is queued and has so many parts."""

    def answer(request: httpx.Request) -> httpx.Response:
        (asked,) = json.loads(request.content)["data"]
        told = {"id": asked["id"], "msg_id": 100500, "parts": parts}
        return httpx.Response(
            200, json={"success": True, "data": [{"success": True, "data": told}]}
        )

    return answer


def by_phone(answers: Mapping[str, Answer], otherwise: Answer = accepted) -> Answer:
    """Return what answers some phones in their own way."""
    return lambda request: answers.get(phone_of(request.content), otherwise)(request)


class Gateway(FakeGateway):
    """A gateway that plays a script, and notes when each request came.

    Args:
        script: The answers to the first requests, in the order in which they come.
        then: The answer to all after those.
        seconds: How long it takes from a request to its answer.
        connect_seconds: How long it takes to find out that the gateway is `unreachable`.
    """

    asked: int

    def __init__(
        self,
        *script: Answer,
        then: Answer = accepted,
        seconds: float = 0,
        connect_seconds: float = 0,
    ) -> None:
        super().__init__(lambda request: request.extensions["answer"](request))
        self.at: list[float] = []
        """When each request came, in seconds of the loop's clock."""
        self.then = then
        self.seconds = seconds
        self.connect_seconds = connect_seconds
        self._script = iter(script)

    @property
    def gaps(self) -> list[float]:
        """The seconds between one request and the next."""
        return [round(later - earlier, 6) for earlier, later in pairwise(self.at)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Read the request and answer it."""
        self.at.append(anyio.current_time())
        request.extensions["answer"] = answer = next(self._script, self.then)
        if answer is unreachable:
            self.asked += 1
            await anyio.sleep(self.connect_seconds)
            return unreachable(request)
        return await super().handle_async_request(request)

    async def _read(self, request: httpx.Request) -> httpx.Request:
        whole = await super()._read(request)
        await anyio.sleep(self.seconds)
        return whole


class Wall:
    """A clock on the wall that goes as the loop's does, and may be set.

    It stands still until `start`, for a journal is opened in a thread that knows no loop.
    """

    def __init__(self, begin: datetime = NOON) -> None:
        self._begin = begin
        self._started: float | None = None

    def __call__(self) -> datetime:
        """Return the time of day."""
        return self._begin if self._started is None else self.when(anyio.current_time())

    def start(self) -> None:
        """Let it go from here on."""
        self._started = anyio.current_time()

    def when(self, seconds: float) -> datetime:
        """Return what it shows at a moment of the loop's clock."""
        return self._begin + timedelta(seconds=round(seconds - (self._started or 0), 6))

    def jump(self, **by: float) -> None:
        """Set it forward or back, as `timedelta` takes it."""
        self._begin += timedelta(**by)


@define
class Desk:
    """A campaign in a journal, a gateway, and short ways to dial and to look."""

    journal: Journal
    campaign: Campaign
    gateway: httpx.AsyncBaseTransport
    clock: Clock
    id: int
    """The campaign's, in the journal."""
    dialers: list[Dialer] = field(factory=list[Dialer])
    """Whoever has dialled, the newest last."""

    async def dial(
        self,
        gateway: httpx.AsyncBaseTransport | None = None,
        campaign: Campaign | None = None,
        **options: Any,
    ) -> Run:
        """Run the campaign to its end."""
        transport = gateway or self.gateway
        async with AlphaSMS(KEY, transport=transport, max_retries=0) as alphasms:
            dialer = Dialer(
                alphasms, self.journal, campaign or self.campaign, clock=self.clock, **options
            )
            self.dialers.append(dialer)
            with anyio.fail_after(_PATIENCE_SECONDS):
                return await dialer.run()

    async def tell(self, command: Command) -> None:
        """Ask the journal for something, as another process would."""
        await self.journal.apply(command)

    async def rows(self) -> list[RowRecord]:
        """Return all recipients in the list's order."""
        return await self.journal.rows(self.id)

    async def states(self) -> list[str]:
        """Return where each recipient stands, in the list's order."""
        return [str(row.state) for row in await self.rows()]

    async def counts(self) -> dict[str, int]:
        """Return how many recipients stand where."""
        return dict(Counter(await self.states()))

    async def ledger(self) -> list[AttemptRecord]:
        """Return all attempts there were."""
        return await self.journal.attempts(self.id)

    async def record(self) -> CampaignRecord:
        """Return the campaign as the journal has it."""
        return await self.journal.campaign(self.campaign.name)


def defined(**limits: Any) -> Campaign:
    """Return the definition of a campaign that plays a recording, unless a kind is given."""
    facts: dict[str, Any] = {"kind": PlayRecording(RECORDING), **limits}
    return Campaign(name=NAME, **facts)


async def planned(
    journal: Journal,
    rows: int | Iterable[PlannedRow] = 5,
    gateway: httpx.AsyncBaseTransport | None = None,
    clock: Clock | None = None,
    quoted: Decimal | None = None,
    **limits: Any,
) -> Desk:
    """Plan a campaign in an open journal.

    Args:
        journal: The journal, entered.
        rows: How many recipients there are, or the recipients.
        gateway: What answers. `None`: a gateway that accepts every call.
        clock: Returns the time of day. `None`: one that stands still at noon.
        quoted: The price that the gateway told before. `None`: not asked.
        limits: What else the campaign is to be.
    """
    campaign = defined(**limits)
    listing = listed(phones(rows)) if isinstance(rows, int) else rows
    await journal.plan(
        campaign.name,
        campaign.as_json(),
        listing,
        per_second=campaign.per_second,
        quoted=quoted,
    )
    record = await journal.campaign(campaign.name)
    return Desk(journal, campaign, gateway or Gateway(), clock or (lambda: NOON), record.id)


@asynccontextmanager
async def desk(
    rows: int | Iterable[PlannedRow] = 5,
    gateway: httpx.AsyncBaseTransport | None = None,
    wall: Wall | None = None,
    quoted: Decimal | None = None,
    **limits: Any,
) -> AsyncGenerator[Desk]:
    """Plan a campaign in a journal in memory, where the clock on the wall goes from now on."""
    wall = wall or Wall()
    async with MemoryJournal(clock=wall) as journal:
        ready = await planned(journal, rows, gateway, wall, quoted, **limits)
        wall.start()
        yield ready
