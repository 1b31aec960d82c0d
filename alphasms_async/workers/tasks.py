"""`CampaignTasks`: work on campaigns as tasks of any procrastinate app, yours too.

    async with app.open_async(), AlphaSMS() as alphasms:
        CampaignTasks(Work(dsn=DSN, alphasms=alphasms)).add_to(app)
        await app.run_worker_async(shutdown_graceful_timeout=30)

Whoever has no such app takes `CampaignWorker`, or the command `alphasms worker`.
"""

from attrs import Factory, define, field
from procrastinate import App, Blueprint, JobContext
from procrastinate.exceptions import ProcrastinateException

from alphasms_async.checks import check_count
from alphasms_async.errors import InvalidRequest, JournalError
from alphasms_async.workers.jobs import NAMESPACE, QUEUE, WATCH_QUEUE
from alphasms_async.workers.runner import Runner, Work
from alphasms_async.workers.watch import watch

__all__ = ["CampaignTasks"]

_URGENT = 100
_LONGEST_WATCH = 59


@define(eq=False)
class CampaignTasks:
    """Two tasks: one works on a campaign, the other watches that each campaign has its runners.

    Neither is ever repeated by the engine. A job ends when nobody is left, and also where a runner
    would have to wait long: the campaign is paused, its window is closed, all that are left rest.
    The watch, which the engine starts every few seconds, asks for runners again when it is time.

    A worker that is to stop cancels its jobs after its `shutdown_graceful_timeout`; a runner then
    dials nobody more, and ends when the calls in flight have their answers.
    """

    work: Work
    """What the runners work with."""
    watch_seconds: int = field(default=5, kw_only=True)
    """How often the watch looks, 1 to 59 seconds."""
    stalled_seconds: float = field(default=30.0, kw_only=True)
    """After how many seconds of silence a worker is taken for gone."""
    _blueprint: Blueprint = field(init=False)
    latest_job: int | None = field(default=None, init=False)
    """The id of the job that was begun last. `None` before the first."""
    _said: str | None = field(default=None, init=False)
    _runners: list[Runner] = field(default=Factory(list[Runner]), init=False)

    def __attrs_post_init__(self) -> None:
        seconds = check_count("watch_seconds", self.watch_seconds)
        if seconds > _LONGEST_WATCH:
            raise InvalidRequest(f"watch_seconds is 1 to {_LONGEST_WATCH}, not {seconds}")
        self._blueprint = Blueprint()
        run = self._blueprint.task(name="run_campaign", queue=QUEUE, retry=False, pass_context=True)
        run(self._run)
        look = self._blueprint.task(
            name="watch_campaigns",
            queue=WATCH_QUEUE,
            retry=False,
            pass_context=True,
            # One of them waits at most. None is kept from beginning by another that never ends.
            queueing_lock="alphasms:watch",
            priority=_URGENT,
        )
        self._blueprint.periodic(cron=f"* * * * * */{seconds}")(look(self._watch))

    def add_to(self, app: App) -> None:
        """Put the tasks into an app, once, before its worker begins.

        Their queues are `QUEUE` and `WATCH_QUEUE`, for a worker that does not take all there are.
        """
        app.add_tasks_from(self._blueprint, namespace=NAMESPACE)

    @property
    def are_at_work(self) -> bool:
        """Whether a runner is at work on a campaign."""
        return bool(self._runners)

    def stop(self) -> None:
        """Have all runners dial nobody more; what is in flight goes on."""
        for runner in self._runners:
            runner.stop()

    def cut_off(self) -> None:
        """Have no runner wait for anybody any more: what had begun to leave is uncertain."""
        for runner in self._runners:
            runner.cut_off()

    async def _run(self, context: JobContext, name: str) -> None:
        self.latest_job = context.job.id
        runner = Runner(name, self.work)
        self._runners.append(runner)
        try:
            await runner.run()
        except JournalError as error:
            # Without what it came from: the database quotes values in it.
            raise type(error)(str(error)) from None
        finally:
            self._runners.remove(runner)

    async def _watch(self, context: JobContext, timestamp: int) -> None:  # noqa: ARG002 - the engine hands over when it was due
        try:
            await watch(
                context.app.job_manager,
                self.work.journal,
                stalled_seconds=self.stalled_seconds,
                clock=self.work.now,
            )
        except (JournalError, ProcrastinateException) as error:
            self._tell_once(f"the watch failed: {error}")
            # Without what it came from: the database quotes values in it.
            raise JournalError(str(error)) from None
        self._said = None

    def _tell_once(self, line: str) -> None:
        """Tell what may be so again every few seconds."""
        if line != self._said:
            self._said = line
            self.work.tell(line)
