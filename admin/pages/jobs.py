"""The background jobs of whoever is signed in: /jobs/, one at /jobs/KEY/, which goes on by itself once it is done."""

from typing import Any

from flask import abort, current_app, flash, jsonify, redirect, url_for
from flask_admin import BaseView, expose
from sqlalchemy import select

from admin import sheets
from admin.auth import safe_next
from admin.background import job_queue
from admin.pages.common import one_row
from admin.phones import in_wechat, open_in_browser
from models import ExportFile, Job, JobStatus, db
from models.clock import local
from policy import the_actor
from policy.actor import Actor
from services import export_files, jobs
from services.attachments import FileMissing
from services.jobs.ask import about_of, result_of

STYLES = {JobStatus.FAILED: "text-danger", JobStatus.CANCELLED: "text-secondary"}


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
        told = {name: job[name] for name in ("ended", "percent", "words", "status", "url")}
        # A file is no page to go on to: the job's own page comes anew, with the link to it.
        return jsonify(told | {"url": None if job["stays"] else job["url"]})

    @expose("/<key>/file/")
    def file_view(self, key: str) -> Any:
        """The file that a job made, while all that stands in it may still be seen."""
        job = _job(key)
        file = db.session.scalar(select(ExportFile).where(ExportFile.job_id == job.id)) or abort(404)
        if in_wechat():
            return open_in_browser(self, url_for("jobs.job_view", key=job.id))
        try:
            export_files.check_fetch(the_actor(), file, _reading)
            content = export_files.read_file(current_app.config["SETTINGS"].files_dir, file)
        except export_files.MayNotFetch as reason:
            return self.render("admin/pages/export_gone.html", reason=str(reason)), 403
        except FileMissing:
            reason = "文件已经不在了，请重新导出。"
            return self.render("admin/pages/export_gone.html", reason=reason), 404
        kind = file.file_name.rpartition(".")[2]
        return sheets.as_download(content, kind, file.file_name, content.close)

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


def _reading(actor: Actor) -> Any:
    return db.session.session_factory(actor=actor, readonly=True)


def _job(key: str) -> Job:
    own = select(Job).where(Job.account_id == the_actor().account_id)
    return one_row(own, Job, key)


def described(job: Job) -> dict[str, Any]:
    """A job as its page shows it."""
    progress = job_queue().progress_of(job.id) if job.status is JobStatus.RUNNING else None
    result = result_of(job)
    if job.ended and not result:
        # Where it was asked for, so that whoever reads why it failed gets back there.
        result = {"url": about_of(job).get("back"), "url_words": "返回", "stay": True}
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
        "stays": bool(result.get("stay")),
        "url_words": result.get("url_words", "查看结果"),
    }


def _words_of(progress: jobs.Progress | None) -> str:
    if progress is None:
        return "已经开始。"
    of_how_many = f"{progress.done} / {progress.total}" if progress.total else f"{progress.done}"
    return f"{progress.words or '已处理'} {of_how_many}"
