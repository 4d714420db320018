"""Work in the background: asked for by somebody, done by the worker as that person, with what he may do meanwhile.

The table of jobs is the truth. The queue (services/jobs/queue.py) only wakes the worker, and carries what can't wait
for the database: how far the work is, and the wish to end it.
"""

from services.jobs.ask import ask_for, cancel, job_of, jobs_of, remove_old_jobs
from services.jobs.kinds import Kind, kind_of, register_kind
from services.jobs.queue import JobQueue, Progress
from services.jobs.run import recover, run_job
from services.jobs.work import Cancelled, HandedBack, NoLongerAllowed, Work

__all__ = [
    "Cancelled", "HandedBack", "JobQueue", "Kind", "NoLongerAllowed", "Progress", "Work", "ask_for", "cancel", "job_of",
    "jobs_of", "kind_of", "recover", "register_kind", "remove_old_jobs", "run_job",
]  # fmt: skip
