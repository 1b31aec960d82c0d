"""Many machines on one campaign: workers that procrastinate starts, over a journal in PostgreSQL.

    worker = CampaignWorker("postgresql://user@host/database", concurrency=64)
    await worker.run()                                     # on each machine

    await start_runners("postgresql://user@host/database", "spring", 4)        # once, anywhere

A job is no more than "work on this campaign"; the journal says who is called by whom. So a job
that is delivered twice, a worker that is killed and one that was only frozen ring nobody twice.
"""

from alphasms_async.workers.engine import JOBS_SCHEMA, count_workers
from alphasms_async.workers.jobs import QUEUE, WATCH_QUEUE
from alphasms_async.workers.recordings import Recordings
from alphasms_async.workers.runner import Work
from alphasms_async.workers.starting import start_runners
from alphasms_async.workers.tasks import CampaignTasks
from alphasms_async.workers.worker import CampaignWorker

__all__ = [
    "JOBS_SCHEMA",
    "QUEUE",
    "WATCH_QUEUE",
    "CampaignTasks",
    "CampaignWorker",
    "Recordings",
    "Work",
    "count_workers",
    "start_runners",
]
