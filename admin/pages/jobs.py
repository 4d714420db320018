"""The background jobs of whoever is signed in: /jobs/, one at /jobs/KEY/, which goes on by itself once it is done."""

from typing import Any

from flask import flash, jsonify, redirect, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin.auth import safe_next
from admin.background import job_queue
from admin.pages.common import one_row
from models import Job, JobStatus, db
from models.clock import local
from policy import the_actor
from services import jobs
from services.jobs.ask import result_of

STYLES = {
    JobStatus.DONE: "text-success", JobStatus.FAILED: "text-danger", JobStatus.CANCELLED: "text-secondary",
}  # fmt: skip


class JobsPage(BaseView):
    """One's own jobs, and nobody else's: another's is not found."""

    def __init__(self) -> None:
        super().__init__(name="后台任务", endpoint="jobs", url="/jobs")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return the_actor().account_id is not None

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("lists", "后台任务")]

    @expose("/")
    def index(self) -> str:
        """The newest ones."""
        return self.render("admin/pages/jobs.html", jobs=[described(job) for job in jobs.jobs_of(db.session())])

    @expose("/<key>/")
    def job_view(self, key: str) -> str:
        """How one of them stands."""
        return self.render("admin/pages/job.html", job=described(_job(key)))

    @expose("/<key>/state/")
    def state_view(self, key: str) -> Any:
        """The same for the page's script."""
        job = described(_job(key))
        return jsonify({name: job[name] for name in ("ended", "percent", "words", "status", "url")})

    @expose("/<key>/cancel/", methods=("POST",))
    def cancel_view(self, key: str) -> Any:
        """End one of them before its time."""
        job = _job(key)
        target = url_for("jobs.job_view", key=job.id)
        if job.ended:
            flash("这个任务已经结束，不用取消。", "error")
        else:
            jobs.cancel(db.session(), job_queue(), job)
            flash("已取消，正在停下来的任务很快就会结束。", "success")
        return redirect(target)


def _job(key: str) -> Job:
    own = select(Job).where(Job.account_id == the_actor().account_id)
    return one_row(own, Job, key)


def described(job: Job) -> dict[str, Any]:
    """A job as its page shows it."""
    progress = job_queue().progress_of(job.id) if job.status is JobStatus.RUNNING else None
    result = result_of(job)
    words = job.message
    if job.status is JobStatus.WAITING:
        words = "正在排队，轮到后会自动开始。您可以关掉本页，回头再来看。"
    elif job.status is JobStatus.RUNNING:
        words = _words_of(progress)
    return {
        "id": job.id,
        "title": job.title,
        "status": job.status.label,
        "style": STYLES.get(job.status, ""),
        "ended": job.ended,
        "running": job.status is JobStatus.RUNNING,
        "done": job.status is JobStatus.DONE,
        "percent": progress.percent if progress else None,
        "words": words,
        "asked_at": local(job.created_at).strftime("%Y-%m-%d %H:%M"),
        "finished_at": local(job.finished_at).strftime("%Y-%m-%d %H:%M") if job.finished_at else "",
        "url": safe_next(result["url"]) if result.get("url") else None,
        "url_words": result.get("url_words", "查看结果"),
    }


def _words_of(progress: jobs.Progress | None) -> str:
    if progress is None:
        return "已经开始。"
    of_how_many = f"{progress.done} / {progress.total}" if progress.total else f"{progress.done}"
    return f"{progress.words or '已处理'} {of_how_many}"
