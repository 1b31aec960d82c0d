"""A journal in SQLite: one process writes it, and whoever comes later takes it over."""

from alphasms_async.campaigns.journal import Planned
from alphasms_async.campaigns.records import Claimed
from alphasms_async.campaigns.shares import Share
from alphasms_async.campaigns.sql.claiming import Claim
from alphasms_async.campaigns.sql.connection import Connection
from alphasms_async.campaigns.sql.journal import SqlJournal
from alphasms_async.campaigns.sql.moves import forget_old_early, sweep
from alphasms_async.campaigns.sql.planning import NewCampaign, add_campaign
from alphasms_async.campaigns.sql.settling import Settling
from alphasms_async.campaigns.sql.taking import shorten_rests
from alphasms_async.campaigns.sql.writer import SharedWork
from alphasms_async.campaigns.sqlite.claiming import claim
from alphasms_async.campaigns.sqlite.connection import FAILURES, SqliteConnection, journal_error
from alphasms_async.campaigns.sqlite.guard import Guard
from alphasms_async.campaigns.sqlite.planning import Listing
from alphasms_async.campaigns.sqlite.settling import settle
from alphasms_async.campaigns.states import RowState
from alphasms_async.clock import Clock, utc_now
from alphasms_async.errors import JournalError, JournalLocked

__all__ = ["OneWriterJournal"]

_COMMITS_IN_LOG = 250


class OneWriterJournal(SqlJournal):
    """A journal whose newest owner alone begins anything in it."""

    def __init__(self, name: str, clock: Clock = utc_now) -> None:
        super().__init__(name, clock)
        self._guard = Guard(name)
        self._statements: SqliteConnection | None = None
        self._commits = 0

    @property
    def _claiming(self) -> SharedWork[Claim, Claimed | None]:
        return claim

    @property
    def _settling(self) -> SharedWork[Settling, RowState]:
        return settle

    def _take_up(self, connection: Connection, campaign: int, now: float) -> Share | None:
        sweep(connection, now, campaign)
        shorten_rests(connection, [campaign], now)
        return None

    def _plan(self, connection: Connection, new: NewCampaign, now: float) -> Planned:
        return add_campaign(connection, new, now, Listing())

    def _begin(self, connection: SqliteConnection, host: str, pid: int) -> None:
        """Become the owner, and make uncertain what an earlier one left behind.

        Raises:
            JournalError: The database cannot be written.
        """
        now = self._now()
        try:
            connection.begin()
            (self._owner,) = connection.execute(
                "add_owner", {"host": host, "pid": pid, "now": now}
            ).fetchone()
            sweep(connection, now)
            forget_old_early(connection, now)
            connection.commit()
        except FAILURES as error:
            raise journal_error(error, self._name) from error
        self._statements = connection

    def _fence(self) -> JournalError | None:
        assert self._statements is not None  # noqa: S101 - whoever writes has begun
        (newest,) = self._statements.execute("newest_owner").fetchone()
        if newest != self._owner:
            return JournalLocked(
                f"another process has taken over the journal {self._name}: "
                "this one dials nobody more"
            )
        return self._guard.failure(writing=True)

    def _committed(self) -> None:
        """Now and then, bring what was committed from the log into the file itself."""
        self._commits += 1
        if self._commits >= _COMMITS_IN_LOG and self._guard.failure(writing=True) is None:
            self._commits = 0
            assert self._statements is not None  # noqa: S101 - likewise
            self._statements.bring_home()
            self._guard.written()
