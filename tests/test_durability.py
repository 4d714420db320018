"""What is saved stays saved, and whoever has to wait or to try again is told so in words."""

import contextvars
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import pytest
from flask import Flask, request_finished
from sqlalchemy import Engine, create_engine, event, inspect, select, text
from sqlalchemy.exc import InternalError, OperationalError
from werkzeug.datastructures import MultiDict

from models import Attachment, AuditEntry, Company, db
from models.database import SQLITE_BUSY_SECONDS, engine_options
from policy import system_session
from services.attachments import open_attachment
from tests.conftest import build_app
from tests.drills.browser import Browser, form_with, forms_of
from tests.drills.contention import save_together
from tests.drills.kills import kill_again_and_again
from tests.drills.load import back_up_under_load
from tests.drills.loaded import server_with_demo
from tests.drills.relay import Relay
from tests.drills.server import PASSWORD as DRILL_PASSWORD
from tests.drills.server import ROOT, Server
from tests.world import PASSWORD, World

# The recipe


@pytest.fixture
def file_engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine on a file of its own, with one row to count in."""
    url = f"sqlite:///{tmp_path / 'count.db'}"
    engine = create_engine(url, **engine_options(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE tally (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO tally VALUES (1, 0)"))
    yield engine
    engine.dispose()


def test_sqlite_writes_ahead_to_the_disk_minds_its_keys_and_waits_for_its_turn(file_engine: Engine) -> None:
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    with file_engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
        assert connection.connection.driver_connection.isolation_level is None
    full, on = 2, 1
    assert found == ["wal", full, on, SQLITE_BUSY_SECONDS * 1000]


def test_a_writer_holds_the_lock_from_its_first_statement_and_readers_go_on(file_engine: Engine) -> None:
    reading = file_engine.execution_options(readonly=True)
    with file_engine.connect() as writer:
        writer.execute(text("SELECT n FROM tally"))
        with reading.connect() as reader:
            assert reader.scalar(text("SELECT n FROM tally")) == 0
        with without_patience(file_engine), pytest.raises(OperationalError, match="database is locked"):
            file_engine.connect().execute(text("SELECT n FROM tally"))


def test_a_reader_sees_one_moment_while_others_write(file_engine: Engine) -> None:
    with file_engine.execution_options(readonly=True).connect() as reader:
        assert reader.scalar(text("SELECT n FROM tally")) == 0
        with file_engine.begin() as writer:
            writer.execute(text("UPDATE tally SET n = 1"))
        assert reader.scalar(text("SELECT n FROM tally")) == 0


def test_a_plain_begin_that_turns_into_a_write_fails_at_once_which_is_why_writers_do_not_use_it(
    file_engine: Engine,
) -> None:
    with file_engine.execution_options(readonly=True).connect() as late:
        late.execute(text("SELECT n FROM tally"))
        with file_engine.begin() as writer:
            writer.execute(text("UPDATE tally SET n = 1"))
        with pytest.raises(OperationalError, match="database is locked"):
            late.execute(text("UPDATE tally SET n = 2"))


@contextmanager
def without_patience(engine: Engine) -> Iterator[None]:
    """Let connections made within the block give up waiting for a lock at once."""

    def hurry(connection: Any, _record: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA busy_timeout = 0")
        else:
            connection.execute("SET lock_timeout = '1ms'")
            connection.commit()

    engine.dispose()
    event.listen(engine, "connect", hurry)
    yield
    event.remove(engine, "connect", hurry)
    engine.dispose()


@pytest.mark.postgres
def test_postgres_ends_what_takes_too_long(postgres_url: str) -> None:
    engine = create_engine(postgres_url, **engine_options(postgres_url))
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    with engine.connect() as connection:
        assert [connection.scalar(text(f"SHOW {name}")) for name in names] == ["30s", "15s", "1min"]
        assert connection.connection.driver_connection.info.get_parameters()["connect_timeout"] == "5"
    engine.dispose()


def read_again_and_again(server: Engine, times: int) -> int:
    """Read in transactions that are rolled back; how many statements the server has prepared for it by then."""
    for turn in range(times):
        with server.connect() as connection:
            connection.execute(text("SELECT :turn + 1"), {"turn": turn})
    with server.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM pg_prepared_statements")) or 0


@pytest.mark.postgres
def test_postgres_keeps_what_it_prepared_for_reading_and_a_rollback_still_takes_back(postgres_url: str) -> None:
    engine = create_engine(postgres_url, **engine_options(postgres_url))
    reading = engine.execution_options(readonly=True, postgresql_readonly=True)
    assert read_again_and_again(engine, 9) == 0
    assert read_again_and_again(reading, 9) > 0
    with reading.connect() as connection, pytest.raises(InternalError, match="read-only"):
        connection.execute(text("CREATE TABLE never (id integer)"))
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE never (id integer)"))
        connection.rollback()
        assert not inspect(connection).has_table("never")
    engine.dispose()


# What people see


class Person:
    """Somebody at a person. Each request has a context of its own, as on a server; forms need their tokens."""

    guarded: ClassVar[list[Flask]] = []

    def __init__(self, app: Flask) -> None:
        app.config["WTF_CSRF_ENABLED"] = True
        self.guarded.append(app)
        self._client = app.test_client()

    def get(self, path: str) -> Any:
        return contextvars.Context().run(self._client.get, path)

    def post(self, path: str, fields: list[tuple[str, Any]]) -> Any:
        return contextvars.Context().run(self._client.post, path, data=MultiDict(fields))


@pytest.fixture(autouse=True)
def apps_are_left_as_they_were() -> Iterator[None]:
    """Other tests use the same apps and post without tokens."""
    yield
    while Person.guarded:
        Person.guarded.pop().config["WTF_CSRF_ENABLED"] = False


def signed_in(app: Flask) -> Person:
    """The city administrator at a browser."""
    person = Person(app)
    form = form_with(person.get("/sign-in").text, "password")
    assert person.post("/sign-in", form.filled(username="city_admin", password=PASSWORD)).status_code == 302
    return person


@pytest.fixture
def person(office: tuple[Flask, World]) -> Person:
    """The city administrator, signed in."""
    return signed_in(office[0])


def edit_address(world: World) -> str:
    return f"/company/edit/?id={world.rows['company', '甲']}"


def typed(person: Person, world: World, note: str) -> list[tuple[str, str]]:
    """The company's edit form with a new note."""
    page = person.get(edit_address(world)).text
    return form_with(page, "version_seen").filled(note=note)


def stored(world: World) -> tuple[str, int, int]:
    """The company's note and version, and how many audit entries tell of it."""
    key = world.rows["company", "甲"]
    with system_session("demo", readonly=True) as session:
        company = session.get(Company, key)
        about = select(AuditEntry.id).where(AuditEntry.resource == "company", AuditEntry.record_id == key)
        return company.note, company.version, len(session.scalars(about).all())


@contextmanager
def locked(world: World) -> Iterator[Any]:
    """Somebody else is in the middle of changing the company."""
    with db.engine.connect() as connection:
        connection.execute(text("UPDATE company SET note = 'x' WHERE id = :id"), {"id": world.rows["company", "甲"]})
        yield connection
        connection.rollback()


def test_whoever_waits_too_long_for_a_lock_is_asked_to_try_again_and_keeps_what_was_typed(
    office: tuple[Flask, World], person: Person
) -> None:
    _app, world = office
    fields, before = typed(person, world, "第一次写的备注"), stored(world)
    with without_patience(db.engine), locked(world):
        answer = person.post(edit_address(world), fields)
    page = answer.text
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"
    assert "系统正忙" in page and "没有保存任何内容" in page
    assert "locked" not in page and "UPDATE" not in page
    assert stored(world) == before
    again = form_with(page, "version_seen")
    assert again.value("note") == "第一次写的备注"
    assert person.post(again.action, again.fields).status_code == 302
    assert stored(world) == ("第一次写的备注", before[1] + 1, before[2] + 1)


def test_what_comes_from_another_site_is_not_kept(office: tuple[Flask, World], person: Person) -> None:
    _app, world = office
    fields = typed(person, world, "别处来的")
    forged = [(name, "forged" if name == "csrf_token" else value) for name, value in fields]
    with without_patience(db.engine), broken(db.engine):
        answer = person.post(edit_address(world), forged)
    page = answer.text
    assert answer.status_code == 503 and forms_of(page) == [] and "别处来的" not in page


@contextmanager
def broken(engine: Engine) -> Iterator[None]:
    """No connection can be made."""

    def refuse(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        if engine.dialect.name == "sqlite":
            arguments[0] = "/nonexistent/folder/office.db"
        else:
            options["host"], options["port"] = "127.0.0.1", "1"

    engine.dispose()
    event.listen(engine, "do_connect", refuse)
    yield
    event.remove(engine, "do_connect", refuse)
    engine.dispose()


def test_while_the_database_is_away_the_page_says_to_look_first_and_afterwards_all_is_well(
    office: tuple[Flask, World], person: Person
) -> None:
    _app, world = office
    fields, before = typed(person, world, "断开时写的"), stored(world)
    with broken(db.engine):
        got = person.get("/company/")
        posted = person.post(edit_address(world), fields)
    for answer in (got, posted):
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "15"
        assert "先看看内容是否已经保存" in answer.text
    assert stored(world) == before
    again = form_with(posted.text, "version_seen")
    assert person.post(again.action, again.fields).status_code == 302
    assert stored(world)[0] == "断开时写的"


def test_a_sign_in_page_that_fails_repeats_no_password(office: tuple[Flask, World]) -> None:
    person = Person(office[0])
    form = form_with(person.get("/sign-in").text, "password")
    with broken(db.engine):
        answer = person.post("/sign-in", form.filled(username="city_admin", password=PASSWORD))
    assert answer.status_code == 503 and PASSWORD not in answer.text


STATES = {
    "could not serialize": ("40001", "系统正忙"),
    "a deadlock": ("40P01", "系统正忙"),
    "a lock time-out": ("55P03", "系统正忙"),
    "a statement time-out": ("57014", "系统正忙"),
    "too many connections": ("53300", "系统正忙"),
    "the disk is full": ("53100", "暂时连不上"),
    "the server is shutting down": ("57P01", "暂时连不上"),
    "the connection failed": ("08006", "暂时连不上"),
    "a standby server that only reads": ("25006", "暂时连不上"),
}


on_postgres = pytest.mark.parametrize("office", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)


@on_postgres
@pytest.mark.parametrize("what", STATES)
def test_postgres_says(what: str, office: tuple[Flask, World], person: Person) -> None:
    _app, world = office
    state, words = STATES[what]
    with fails_with(state):
        answer = person.post(edit_address(world), typed(person, world, "写不进去"))
    assert answer.status_code == 503 and words in answer.text


@on_postgres
def test_a_mistake_of_the_programs_is_still_an_error(office: tuple[Flask, World], person: Person) -> None:
    with fails_with("22012"):
        answer = person.post(edit_address(office[1]), typed(person, office[1], "写不进去"))
    assert answer.status_code == 500 and "系统出错了" in answer.text


@contextmanager
def fails_with(state: str) -> Iterator[None]:
    """Every change of a company fails with this SQLSTATE."""
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"
            )
        )
        connection.execute(text("CREATE TRIGGER fail BEFORE UPDATE ON company EXECUTE FUNCTION fail()"))
    yield


END_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@on_postgres
def test_connections_lost_between_requests_are_made_anew_unseen(office: tuple[Flask, World], person: Person) -> None:
    app, world = office
    outside = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with outside.begin() as connection:
        ended = connection.execute(END_OTHERS).all()
    outside.dispose()
    assert ended
    assert person.get(edit_address(world)).status_code == 200


@on_postgres
def test_a_connection_lost_in_the_middle_of_a_save_leaves_nothing_half_there(
    office: tuple[Flask, World], person: Person
) -> None:
    app, world = office
    fields, before = typed(person, world, "保存到一半"), stored(world)
    outside = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    answers = []
    with outside.connect() as other:
        other.execute(text("SELECT id FROM company FOR UPDATE"))
        saving = threading.Thread(target=lambda: answers.append(person.post(edit_address(world), fields)))
        saving.start()
        with outside.connect().execution_options(isolation_level="AUTOCOMMIT") as watcher:
            waiting = text("SELECT pid FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0")
            while (pid := watcher.scalar(waiting)) is None:
                assert saving.is_alive()
            watcher.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        saving.join()
    outside.dispose()
    assert answers[0].status_code == 503 and "暂时连不上" in answers[0].text
    assert stored(world) == before
    assert person.get(edit_address(world)).status_code == 200


@on_postgres
def test_an_answer_that_is_ready_is_sent_though_the_connection_breaks_behind_it(
    office: tuple[Flask, World], person: Person
) -> None:
    app, world = office
    outside = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], isolation_level="AUTOCOMMIT")

    def break_connection(_app: Flask, **_more: Any) -> None:
        used = db.session.connection().connection.driver_connection.info.backend_pid
        with outside.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": used})

    with request_finished.connected_to(break_connection, app):
        assert person.get(edit_address(world)).status_code == 200
    outside.dispose()


@pytest.fixture
def relay(office: tuple[Flask, World]) -> Iterator[Relay]:
    """A relay between an app and the office's database."""
    with Relay(office[0].config["SQLALCHEMY_DATABASE_URI"]) as relay:
        yield relay


@pytest.fixture
def far_person(relay: Relay, tmp_path: Path) -> Iterator[Person]:
    """Somebody whose app reaches the database through the relay."""
    app = build_app(relay.url, tmp_path)
    yield signed_in(app)
    with app.app_context():
        db.engine.dispose()


@on_postgres
def test_a_save_whose_answer_was_lost_is_never_made_twice(
    office: tuple[Flask, World], relay: Relay, far_person: Person
) -> None:
    world = office[1]
    before = stored(world)
    fields = typed(far_person, world, "保存了，但没有人知道")
    relay.lose_next_commit = True
    answer = far_person.post(edit_address(world), fields)
    assert answer.status_code == 503 and "也可能刚好已经保存" in answer.text
    assert stored(world) == ("保存了，但没有人知道", before[1] + 1, before[2] + 1)
    again = form_with(answer.text, "version_seen")
    assert far_person.post(again.action, again.fields).status_code == 409
    assert stored(world)[1] == before[1] + 1


@on_postgres
def test_a_file_stays_when_nobody_knows_whether_its_row_was_saved(
    office: tuple[Flask, World], relay: Relay, far_person: Person, tmp_path: Path
) -> None:
    address = f"/file/upload/?id={office[1].rows['rectification', '甲']}"
    form = form_with(far_person.get(address).text, "csrf_token")
    relay.lose_next_commit = True
    answer = far_person.post(address, [*form.fields, ("files", (BytesIO(b"%PDF-1.7 page"), "page.pdf"))])
    assert answer.status_code == 503
    with system_session("demo", readonly=True) as session:
        kept = session.scalars(select(Attachment).where(Attachment.file_name == "page.pdf")).one()
        assert open_attachment(kept, tmp_path / "files").read_bytes() == b"%PDF-1.7 page"


# Stopping and starting


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A running server with the demo, on SQLite."""
    server = server_with_demo(tmp_path)
    server.start()
    yield server
    if server.running:
        server.kill()


@pytest.mark.drill
def test_told_to_stop_it_finishes_what_runs_takes_nothing_new_and_closes_the_database(
    server: Server, tmp_path: Path
) -> None:
    browser = Browser(server.port)
    browser.sign_in("city_admin", DRILL_PASSWORD)
    form = form_with(browser.get("/company/edit/?id=1").text, "version_seen")
    body = urlencode(form.filled(note="停机前最后一次保存")).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        line.sendall(
            b"POST /company/edit/?id=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            + f"Content-Length: {len(body)}\r\nCookie: office={browser.cookies['office']}\r\n\r\n".encode()
        )
        assert line.recv(100).startswith(b"HTTP/1.1 100 Continue")
        server.signal(signal.SIGTERM)
        wait_until_refused(server)
        line.sendall(body)
        assert line.recv(100).startswith(b"HTTP/1.1 302")
    assert server.wait() == 0
    assert [path.name for path in tmp_path.glob("office.db*")] == ["office.db"]
    with sqlite3.connect(tmp_path / "office.db") as database:
        assert database.execute("SELECT note FROM company WHERE id = 1").fetchone() == ("停机前最后一次保存",)


def wait_until_refused(server: Server) -> None:
    """Until nobody can connect any more, though the server still runs."""
    while server.running:
        try:
            socket.create_connection(("127.0.0.1", server.port)).close()
        except ConnectionRefusedError:
            break
        except ConnectionResetError:  # the port was closed between the two halves of this very handshake
            continue
    assert server.running


@pytest.mark.drill
def test_a_killed_worker_is_replaced_and_people_are_served_on(server: Server) -> None:
    before = wait_for_workers(server, set())
    gone = before.pop()
    os.kill(gone, signal.SIGKILL)
    assert len(wait_for_workers(server, {gone}) - before) == 1
    browser = Browser(server.port)
    browser.sign_in("city_admin", DRILL_PASSWORD)
    assert [browser.get("/company/").status for _ in range(8)] == [200] * 8


def wait_for_workers(server: Server, gone: set[int]) -> set[int]:
    """The two workers that run, none of them ``gone``."""
    while len(workers := server.workers()) != 2 or workers & gone:
        assert server.running
    return workers


@pytest.mark.drill
def test_ctrl_c_ends_it_cleanly(server: Server) -> None:
    for worker in wait_for_workers(server, set()):
        while not listens_to_signals(worker):
            assert server.running
    server.signal(signal.SIGINT, whole_group=True)
    assert server.wait() == 0
    assert [line for line in server.output if "Traceback" in line or "ERROR" in line] == []


def listens_to_signals(worker: int) -> bool:
    """Whether a worker has put its own handlers in the place of those of the process it was forked from.

    One that is told to stop before that never hears of it (gunicorn 27), and is killed when its time is over. SIGABRT
    is the last that it takes, and the watching process has no handler of it.
    """
    status = Path(f"/proc/{worker}/status").read_text()
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGABRT - 1) & 1)


# Killed, and overrun; `make drill` does ten times as much

KILLS, SAVES, SEED = 20, 40, 20_190_501
Pair = tuple[Server, Any]
"""A server that isn't started yet, and the PostgreSQL beneath it that may be killed, where it isn't SQLite."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """On each database; on PostgreSQL the server loads the demo at its first start."""
    with ExitStack() as stack:
        postgres = None
        if request.param == "postgres":
            from tests.drills.postgres import Postgres

            postgres = stack.enter_context(Postgres())
        server = Server(tmp_path, postgres.url) if postgres else server_with_demo(tmp_path)
        yield server, postgres
        if server.running:
            server.kill()


UNFINISHED_ALIASES = """
import sys, app
from sqlalchemy import inspect
from sqlalchemy.orm.util import AliasedClass
for module in list(sys.modules.values()):
    if (getattr(module, "__name__", "").split(".")[0]) in ("models", "policy", "services", "admin"):
        for name, value in vars(module).items():
            if isinstance(value, AliasedClass) and "_columns" not in vars(inspect(value).selectable):
                print(module.__name__, name)
"""


@pytest.mark.slow
def test_no_alias_that_requests_share_is_left_for_the_first_ones_to_finish(tmp_path: Path) -> None:
    # An alias makes its columns when they are first named. The first requests after a start come all at once, each would
    # make its own, and one's statement would name another's: the drill has seen it.
    environment = {**os.environ, "INSTANCE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", UNFINISHED_ALIASES]
    assert subprocess.check_output(command, cwd=ROOT, env=environment, text=True) == ""


@pytest.mark.drill
def test_nothing_is_lost_or_half_there_when_the_server_is_killed_again_and_again(pair: Pair) -> None:
    server, postgres = pair
    report = kill_again_and_again(server, KILLS if postgres is None else KILLS // 2, SEED)
    assert report.faults == [], report.summary


@pytest.mark.drill
@pytest.mark.parametrize("pair", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_nothing_is_lost_or_half_there_when_the_database_is_killed_as_well(pair: Pair) -> None:
    server, postgres = pair
    report = kill_again_and_again(server, KILLS // 2, SEED, postgres)
    assert report.faults == [], report.summary


@pytest.mark.drill
def test_eight_who_save_one_record_at_once_lose_nothing_and_see_both_versions(pair: Pair) -> None:
    server, _postgres = pair
    report = save_together(server, SAVES)
    assert report.faults == [], report.summary
    assert report.summary.startswith(f"{SAVES} saved")


@pytest.mark.drill
def test_a_backup_taken_while_people_work_restores_to_exactly_its_moment(pair: Pair, tmp_path: Path) -> None:
    server, postgres = pair
    folders = [tmp_path / name for name in ("other", "backups")]
    for folder in folders:
        folder.mkdir()
    other = Server(folders[0], postgres and postgres.new_database("other"))
    report = back_up_under_load(server, other, folders[1], SEED)
    assert report.faults == [], report.summary
