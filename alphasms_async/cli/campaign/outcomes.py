"""How a run learns what became of its calls: signed hooks, a receiver beside it, and patience."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import SplitResult, urlsplit

from attrs import define, field, frozen
from cyclopts import Parameter

from alphasms_async import AlphaSMS, InvalidRequest
from alphasms_async.campaigns import (
    CallHooks,
    Campaign,
    Dialer,
    EventRecorder,
    Journal,
    SpeakText,
)
from alphasms_async.cli.receiving import DEFAULT_HOST, DEFAULT_PATH, Place, Reception, receiving
from alphasms_async.cli.terminal import Span, Url, notes, span
from alphasms_async.settings import is_loopback
from alphasms_async.webhooks import HookTokens, WebhookReceiver

__all__ = ["Awaited", "Hooked", "Outcomes", "outcomes_of", "received"]

_OUTCOMES_SECONDS = 300


@Parameter(name="*")
@define
class Hooked:
    """What becomes of the calls, as the gateway tells it."""

    hook_url: Url | None = None
    """URL by which the gateway reaches your receiver, such as
    https://app.example/hooks/alphasms, or http://127.0.0.1:8080/hooks to try it; each call gets
    its own signed hook there. It needs ALPHASMS_WEBHOOK_SECRET."""
    listen: int | None = None
    """Port on which the events are received here, beside the dialling, 0 for a free one; without
    --hook-url only a hook from `alphasms hook-url` brings any."""
    host: str = DEFAULT_HOST
    """Address for --listen; 0.0.0.0 takes requests from everywhere."""
    path: str | None = None
    """Path for --listen; that of --hook-url when it is not given."""
    outcomes_for: Span | None = None
    """How long to wait for outcomes after the last call or the last event, such as 5m; 0 does not
    wait. With --listen it is 5m, else 0."""


@frozen
class Outcomes:
    """How a run learns what became of its calls."""

    tokens: HookTokens | None = None
    """What proves the events that are received here. `None`: none are."""
    hooks: CallHooks | None = None
    """What signs the hook of each call. `None`: they have none of their own."""
    place: Place | None = None
    """Where events are received in this process. `None`: nowhere."""
    seconds: float = field(default=0.0, kw_only=True)
    """How long they are waited for."""

    @property
    def are_awaited(self) -> bool:
        """Whether the run waits for them."""
        return self.seconds > 0

    def dialer(
        self, client: AlphaSMS, journal: Journal, campaign: Campaign, *, wait: bool = True
    ) -> Dialer:
        """Return what dials a campaign, and learns its outcomes so."""
        return Dialer(
            client,
            journal,
            campaign,
            hooks=self.hooks,
            outcomes_seconds=self.seconds,
            wait=wait,
        )

    def check(self, campaign: Campaign) -> None:
        """Refuse a campaign that has a hook already, and say when none will be heeded.

        Raises:
            InvalidRequest: It has one, and each call would get another.
        """
        if self.hooks is not None and campaign.hook is not None:
            raise InvalidRequest(
                "choose one: --hook goes along as it stands, --hook-url is signed for each call"
            )
        if self.hooks is not None and isinstance(campaign.kind, SpeakText):
            notes.print(
                "the gateway documents no hook for a text in a chosen voice: have the events come "
                "to the account's, which `alphasms hook-url` prints",
                style="yellow",
            )

    def goes_astray(self) -> bool:
        """Return whether the hooks of the calls lead to another port of this machine."""
        if self.hooks is None or self.place is None or not self.place.port:
            return False
        leads_to = urlsplit(self.hooks.url)
        return is_loopback(leads_to.hostname or "") and _port_of(leads_to) != self.place.port


@frozen
class Awaited:
    """The outcomes that a run waits for, and where they come in."""

    outcomes: Outcomes
    """How the run learns of them."""
    reception: Reception | None
    """`None`: they come to another process."""

    def tell_silence(self) -> None:
        """Say so when nothing at all has come, neither an event nor anything that was refused."""
        place, reception = self.outcomes.place, self.reception
        if place is None or reception is None or reception.taken or reception.refused:
            return
        hooks = self.outcomes.hooks
        # Without its query, which the receiver may take for secret.
        which = "the account's hook" if hooks is None else hooks.url.partition("?")[0]
        notes.print(f"no event came: does {which} reach {reception.url}?", style="yellow")


def outcomes_of(hooked: Hooked | None) -> Outcomes:
    """Return what the options say, having seen that it can be used.

    Raises:
        InvalidRequest: An option cannot be used; the line says what would be right.
        ConfigurationError: There is no secret to sign with.
    """
    given = hooked or Hooked()
    if given.listen is None and (given.host != DEFAULT_HOST or given.path is not None):
        raise InvalidRequest("--host and --path say where to receive events: add --listen PORT")
    seconds = _seconds(given)
    if given.hook_url is None and given.listen is None:
        return Outcomes(seconds=seconds)
    tokens = HookTokens()
    hooks = None if given.hook_url is None else CallHooks(tokens, given.hook_url)
    return Outcomes(tokens, hooks, _place(given), seconds=seconds)


@asynccontextmanager
async def received(outcomes: Outcomes, journal: Journal) -> AsyncGenerator[Awaited | None]:
    """Receive events into a journal while the context is open, if they are to be received here.

    Yields:
        What a run waits for. `None`: it does not wait.

    Raises:
        InvalidRequest: The port is taken, or there is no such address here.
    """
    if outcomes.place is None or outcomes.tokens is None:
        yield Awaited(outcomes, None) if outcomes.are_awaited else None
        return
    receiver = WebhookReceiver(outcomes.tokens, EventRecorder(journal))
    async with receiving(receiver, outcomes.place) as reception:
        notes.print(f"listening at {reception.url}", soft_wrap=True)
        if outcomes.hooks is None:
            notes.print(
                "without --hook-url only a hook from `alphasms hook-url` brings events here"
            )
        if outcomes.goes_astray():
            notes.print(
                "--hook-url leads to another port of this machine than --listen "
                f"{outcomes.place.port}: no event comes here unless something there passes it on",
                style="yellow",
            )
        yield Awaited(outcomes, reception) if outcomes.are_awaited else None
    if reception.refused:
        notes.print(reception.refused_in_words(), style="yellow")


def _place(given: Hooked) -> Place | None:
    if given.listen is None:
        return None
    path = DEFAULT_PATH if given.hook_url is None else urlsplit(given.hook_url).path or "/"
    return Place(given.listen, given.host, given.path or path)


def _port_of(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _seconds(given: Hooked) -> float:
    if given.outcomes_for is None:
        return 0.0 if given.listen is None else _OUTCOMES_SECONDS
    return 0.0 if given.outcomes_for.strip() == "0" else span("--outcomes-for", given.outcomes_for)
