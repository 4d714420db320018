"""Jobs in the background: done as the person who asked, with his rights of that moment, once, and seen by nobody else."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

import commands
from admin import background
from app import create_app
from models import Account, AuditEntry, Company, Grant, Job, JobStatus, db
from models.clock import now
from models.database import current_actor
from policy import Refused, acting_as, system_session
from policy.audit import Origin, current_origin
from services import jobs
from services.jobs import JobQueue, Work
from services.jobs.ask import KEPT, MOST_UNFINISHED
from services.jobs.kinds import KINDS
from services.jobs.run import BROKEN_OFF_WORDS, FAILED_WORDS
from tests.drills.loaded import server_with_demo
from tests.drills.server import Server
from tests.matrix import actor_of
from tests.world import World

Handler = Callable[[Work], dict[str, Any]]


@pytest.fixture
def queue(app: Flask) -> Iterator[JobQueue]:
    """The app's queue. Jobs wait in it until ``work_off``, as they do for the worker."""
    found = app.extensions["jobs"]
    app.config["JOBS_IMMEDIATE"] = False
    found.huey.flush()
    with app.app_context():
        yield found
    app.config["JOBS_IMMEDIATE"] = True


@pytest.fixture
def handled_by() -> Iterator[Callable[..., str]]:
    """Makes a kind of job out of a function."""
    made: list[str] = []

    def make(handler: Handler, *needs: str) -> str:
        code = f"test-{len(made)}"
        made.append(code)
        jobs.register_kind(code, handler, needs)
        return code

    yield make
    for code in made:
        del KINDS[code]


def ask(
    kind: str, about: dict[str, Any] | None = None, who: str = "city_admin", identity: str = "", **more: Any
) -> int:
    """The key of a job that somebody asked for."""
    db.session.remove()  # as at the beginning of a request
    with acting_as(actor_of(who, identity)):
        return background.start(kind, "试一试", {**(about or {}), **more}).id


def work_off(queue: JobQueue) -> None:
    """Do what is in the queue, as the worker does."""
    while task := queue.huey.dequeue():
        queue.huey.execute(task)


def stored(key: int) -> Job:
    with system_session("demo", readonly=True) as session:
        return session.get(Job, key)


def note_of(world: World) -> str | None:
    with system_session("demo", readonly=True) as session:
        return session.get(Company, world.rows["company", "甲"]).note


def write_note(work: Work) -> dict[str, Any]:
    """Give the company a new note."""
    with work.session() as session:
        session.get(Company, work.about["company"]).note = "后台写的"
        session.flush()
        work.finish_in(session, {"url": "/company/"})
        session.commit()
    return {"url": "/company/"}


def take_grants_away(world: World, who: str) -> None:
    with system_session("demo") as session:
        for grant in session.scalars(select(Grant).where(Grant.account_id == world.accounts[who])):
            session.delete(grant)
        session.commit()


def close_account(world: World, who: str) -> None:
    with system_session("demo") as session:
        session.get(Account, world.accounts[who]).active = False
        session.commit()


# Doing it


def test_a_job_is_done_as_the_person_who_asked_and_is_logged_so(
    queue: JobQueue, world: World, handled_by: Callable[..., str]
) -> None:
    key = ask(handled_by(write_note, "company:update"), company=world.rows["company", "甲"])
    assert stored(key).status is JobStatus.WAITING and queue.waiting() == {key}
    work_off(queue)
    job = stored(key)
    assert (job.status, job.starts, note_of(world)) == (JobStatus.DONE, 1, "后台写的")
    with system_session("demo", readonly=True) as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.actor_name, entry.channel, entry.resource) == ("用户city_admin", "后台任务", "company")


def test_done_in_place_it_leaves_who_acts_and_from_where_as_it_was(
    app: Flask, world: World, handled_by: Callable[..., str]
) -> None:
    page, token = actor_of_app(app, "city_admin"), current_origin.set(Origin("网页"))
    kind = handled_by(write_note, "company:update")
    with app.app_context(), acting_as(page):
        job = background.start(kind, "试一试", {"company": world.rows["company", "甲"]})
        assert job.status is JobStatus.DONE
        assert current_actor.get() is page and current_origin.get() == Origin("网页")
    current_origin.reset(token)


def actor_of_app(app: Flask, who: str) -> Any:
    with app.app_context():
        return actor_of(who)


def test_what_a_job_is_about_and_what_came_of_it_is_unreadable_in_the_database(
    queue: JobQueue, world: World, handled_by: Callable[..., str], app: Flask
) -> None:
    key = ask(handled_by(lambda _work: {"words": "结果里的名字"}), words="条件里的名字")
    work_off(queue)
    path = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        about, result = connection.execute("SELECT about, result FROM job WHERE id = ?", (key,)).fetchone()
    assert "名字".encode() not in about + result and "名字".encode("ascii", "backslashreplace") not in about + result
    assert jobs.ask.result_of(stored(key)) == {"words": "结果里的名字"}


def test_a_refusal_ends_a_job_with_its_words_and_a_mistake_of_the_program_with_plain_ones(
    queue: JobQueue, handled_by: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_work: Work) -> dict[str, Any]:
        raise Refused("第 3 行的日期看不懂。")

    refused, failed = ask(handled_by(refuse)), ask(handled_by(lambda work: work.about["nothing"]))
    work_off(queue)
    assert (stored(refused).status, stored(refused).message) == (JobStatus.FAILED, "第 3 行的日期看不懂。")
    assert (stored(failed).status, stored(failed).message) == (JobStatus.FAILED, FAILED_WORDS)
    assert "KeyError" in caplog.text


def test_a_passing_trouble_of_the_database_is_waited_for(queue: JobQueue, handled_by: Callable[..., str]) -> None:
    tries: list[int] = []

    def stumble(_work: Work) -> dict[str, Any]:
        tries.append(1)
        if len(tries) == 1:
            busy = sqlite3.OperationalError("database is locked")
            busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise OperationalError("SELECT", {}, busy)
        return {}

    key = ask(handled_by(stumble))
    work_off(queue)
    assert stored(key).status is JobStatus.DONE and len(tries) == 2


# Rights


@pytest.mark.parametrize(
    ("lose", "words"), [(take_grants_away, "没有“企业·修改”的权限"), (close_account, "账号已停用")]
)
def test_rights_that_ended_before_it_began_stop_a_job(
    queue: JobQueue, world: World, handled_by: Callable[..., str], lose: Any, words: str
) -> None:
    before = note_of(world)
    key = ask(handled_by(write_note, "company:update"), company=world.rows["company", "甲"])
    lose(world, "city_admin")
    work_off(queue)
    assert stored(key).status is JobStatus.FAILED and words in stored(key).message
    assert note_of(world) == before


@pytest.mark.parametrize(("lose", "words"), [(take_grants_away, "权限已经改变"), (close_account, "账号已停用")])
def test_rights_that_end_while_it_runs_stop_a_job_before_anything_is_saved(
    queue: JobQueue, world: World, handled_by: Callable[..., str], lose: Any, words: str
) -> None:
    def lose_rights_and_write(work: Work) -> dict[str, Any]:
        lose(world, "city_admin")
        return write_note(work)

    before = note_of(world)
    key = ask(handled_by(lose_rights_and_write, "company:update"), company=world.rows["company", "甲"])
    work_off(queue)
    assert stored(key).status is JobStatus.FAILED and words in stored(key).message
    assert note_of(world) == before


def test_a_job_holds_no_more_than_the_identity_that_it_was_asked_for_in(
    queue: JobQueue, handled_by: Callable[..., str]
) -> None:
    identity = actor_of("city_admin").identities[0].key
    seen: list[Any] = []
    kind = handled_by(lambda work: seen.append(work.actor.identity.key) or {})
    ask(kind, identity=identity)
    work_off(queue)
    assert seen == [identity]


# Progress, cancelling


def test_its_page_tells_how_far_a_job_is(
    queue: JobQueue, handled_by: Callable[..., str], sign_in: Callable[[str], FlaskClient]
) -> None:
    client, seen = sign_in("city_admin"), []

    def advance(work: Work) -> dict[str, Any]:
        work.progress(3, 10, "已写")
        seen.append(client.get(f"/jobs/{work.job_id}/state/").get_json())
        seen.append(client.get("/jobs/").get_data(as_text=True))
        return {"url": "/company/", "message": "都写好了。"}

    key = ask(handled_by(advance))
    work_off(queue)
    state, page = seen
    assert state == {"ended": False, "percent": 30, "words": "已写 3 / 10", "status": "进行中", "url": None}
    assert 'value="30"' in page
    done = client.get(f"/jobs/{key}/state/").get_json()
    assert done == {"ended": True, "percent": None, "words": "都写好了。", "status": "完成", "url": "/company/"}


def test_a_job_that_waits_is_cancelled_at_once_and_not_done_later(
    queue: JobQueue, world: World, handled_by: Callable[..., str], sign_in: Callable[[str], FlaskClient]
) -> None:
    before = note_of(world)
    key = ask(handled_by(write_note), company=world.rows["company", "甲"])
    assert sign_in("city_admin").post(f"/jobs/{key}/cancel/").status_code == 302
    assert stored(key).status is JobStatus.CANCELLED
    work_off(queue)
    assert stored(key).status is JobStatus.CANCELLED and note_of(world) == before


def test_a_job_that_runs_is_cancelled_at_its_next_step_and_saves_nothing(
    queue: JobQueue, world: World, handled_by: Callable[..., str], sign_in: Callable[[str], FlaskClient]
) -> None:
    client, before = sign_in("city_admin"), note_of(world)

    def be_cancelled(work: Work) -> dict[str, Any]:
        client.post(f"/jobs/{work.job_id}/cancel/")
        return write_note(work)

    key = ask(handled_by(be_cancelled), company=world.rows["company", "甲"])
    work_off(queue)
    assert stored(key).status is JobStatus.CANCELLED and note_of(world) == before


def test_so_many_may_wait_and_no_more(queue: JobQueue, handled_by: Callable[..., str]) -> None:
    kind = handled_by(lambda _work: {})
    for _ in range(MOST_UNFINISHED):
        ask(kind)
    with pytest.raises(Refused, match="后台任务没有完成"):
        ask(kind)


# Surviving


def test_a_job_left_by_a_worker_that_died_is_done_once_more_and_then_given_up(
    queue: JobQueue, world: World, handled_by: Callable[..., str]
) -> None:
    kind = handled_by(write_note)
    once, twice = (ask(kind, company=world.rows["company", "甲"]) for _ in range(2))
    queue.huey.flush()
    with system_session("demo") as session:
        for key, starts in ((once, 1), (twice, 2)):
            job = session.get(Job, key)
            job.status, job.started_at, job.starts = JobStatus.RUNNING, now(), starts
        session.commit()
    jobs.recover(queue)
    work_off(queue)
    assert stored(once).status is JobStatus.DONE
    assert (stored(twice).status, stored(twice).message) == (JobStatus.FAILED, BROKEN_OFF_WORDS)


def test_a_job_that_the_queue_lost_is_found_in_the_table(queue: JobQueue, handled_by: Callable[..., str]) -> None:
    key = ask(handled_by(lambda _work: {}))
    queue.huey.flush()
    jobs.recover(queue)
    jobs.recover(queue)
    assert [task.args for task in queue.huey.pending() if task.args[0] == key] == [(key,)]


def test_a_worker_that_must_stop_hands_its_job_back(queue: JobQueue, handled_by: Callable[..., str]) -> None:
    def be_stopped(work: Work) -> dict[str, Any]:
        queue.stopping.set()
        work.progress(1, 2)
        return {}

    key = ask(handled_by(be_stopped))
    work_off(queue)
    queue.stopping.clear()
    assert (stored(key).status, stored(key).starts) == (JobStatus.WAITING, 0)


def test_a_job_is_done_by_one_worker_only(queue: JobQueue, handled_by: Callable[..., str]) -> None:
    done: list[int] = []
    key = ask(handled_by(lambda work: done.append(work.job_id) or {}))
    queue.enqueue(key)
    work_off(queue)
    assert done == [key]


# Whose it is, how long it is kept


@pytest.mark.parametrize("label", ["甲", "甲等", "乙"])
def test_anothers_job_is_not_found(world: World, sign_in: Callable[[str], FlaskClient], label: str) -> None:
    key = world.rows["job", label]
    for name in ("city_admin", "security_admin", "branch_admin"):
        client = sign_in(name)
        assert client.get(f"/jobs/{key}/").status_code == client.get(f"/jobs/{key}/state/").status_code == 404
        assert client.post(f"/jobs/{key}/cancel/").status_code == 404
        assert "秘job" not in client.get("/jobs/").get_data(as_text=True).replace("秘job甲己", "")


def test_a_job_is_removed_a_week_after_its_end(queue: JobQueue, world: World) -> None:
    with system_session("demo") as session:
        session.get(Job, world.rows["job", "甲"]).finished_at = now() - KEPT - timedelta(minutes=1)
        session.get(Job, world.rows["job", "乙"]).finished_at = now() - KEPT + timedelta(minutes=1)
        session.commit()
    assert commands.remove_what_is_old() == 1
    assert stored(world.rows["job", "甲"]) is None and stored(world.rows["job", "乙"]) is not None


# A real worker beside a real server


def until(looks: Callable[[], bool], server: Server) -> None:
    """Wait until something is so; when that never comes, show what the server said."""
    pause = threading.Event()
    assert any(looks() or pause.wait(0.1) for _ in range(6_000)), "\n".join(server.output)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A real server, with the demo."""
    started = server_with_demo(tmp_path)
    started.start()
    yield started
    if started.running:
        started.kill()


def is_done(key: int) -> bool:
    return stored(key).status is JobStatus.DONE


def lives(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.drill
def test_a_killed_worker_is_replaced_and_its_job_done_again_and_none_outlives_its_server(server: Server) -> None:
    app = create_app(server.settings())
    about = {"resource": "company", "asked": {}, "names": ["short_name"], "kind": "csv", "whole": False}
    with app.app_context():
        queue = app.extensions["jobs"]
        until(lambda: (server.folder / "jobs.lock").exists(), server)
        first = ask("export", about)
        until(lambda: is_done(first), server)
        killed = server.job_worker()
        os.kill(killed, signal.SIGSTOP)
        second = ask("export", about)
        with system_session("demo") as session:
            job = session.get(Job, second)
            job.status, job.started_at, job.starts = JobStatus.RUNNING, now(), 1
            session.commit()
        queue.huey.flush()
        os.kill(killed, signal.SIGKILL)
        until(lambda: is_done(second), server)
        assert stored(second).starts == 2
        replacement = server.job_worker()
        assert replacement not in (None, killed) and server.running
        server.signal(signal.SIGKILL)
        until(lambda: not lives(replacement), server)
        server.wait()
        db.engine.dispose()
