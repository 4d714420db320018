"""The command line: ``flask demo``, ``setup``, ``migrate``, ``user``, ``audit``, ``backup``, ``restore``, ``worker``,
``tidy``, ``explain`` and ``check``; and the start of the server.
"""

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from models import Account, db
from models.clock import today
from models.database import trouble_of
from models.pinyin import load_dictionary
from policy import Refused, system_session
from policy.actions import models_by_resource
from policy.actor import load_actor
from policy.audit import Origin, current_origin, record_event
from policy.explain import explain
from services import (
    accounts,
    audit_seals,
    backups,
    demo,
    drafts,
    export_files,
    imports,
    installation,
    jobs,
    reference_data,
)
from services.jobs import worker
from services.tables import scale
from services.tables.statistics import gather_statistics

GRACE_SECONDS = 30
user_commands = AppGroup("user", help="Accounts.")
audit_commands = AppGroup("audit", help="The audit log.")


def register(app: Flask) -> None:
    """Add the commands to the app."""
    app.cli.add_command(user_commands)
    app.cli.add_command(audit_commands)
    app.cli.add_command(load_demo)
    app.cli.add_command(set_up)
    app.cli.add_command(migrate)
    app.cli.add_command(take_backup)
    app.cli.add_command(restore_backup)
    app.cli.add_command(run_worker)
    app.cli.add_command(tidy)
    app.cli.add_command(explain_record)
    app.cli.add_command(check)


@click.command("demo")
@click.option("--scale", "count", type=int, metavar="N", help="Instead, N assessments to measure speed with.")
@with_appcontext
def load_demo(count: int | None) -> None:
    """Load the demo, or with --scale a large fictional city; refused on a database that holds anything else."""
    current_origin.set(Origin("命令行"))
    try:
        password = current_app.config["SETTINGS"].demo_password
        _print_sign_ins(fill_demo(None) if count is None else fill_scale(count, password))
    except Refused as reason:
        sys.exit(reason.message)


def fill_demo(password: str | None) -> dict[str, str]:
    """Load reference data and the demo; the passwords made, by user name (none when it was there already)."""
    with system_session("demo") as session:
        demo.refuse_foreign_data(session)
        reference_data.load_reference_data(session)
        made = demo.load_demo(session, lambda _name: password or accounts.new_password())
        session.commit()
    return made


def fill_scale(count: int, password: str | None) -> dict[str, str]:
    """Load reference data and so many assessments to measure on; the passwords made, by user name."""
    with system_session("demo") as session:
        reference_data.load_reference_data(session)
        made = scale.load_scale(session, count, lambda _name: password or accounts.new_password())
        session.commit()
    return made


def _print_sign_ins(made: dict[str, str]) -> None:
    if not made:
        click.echo("The demo is loaded already. Reset a password with: flask --app app user passwd NAME")
        return
    click.echo("Demo sign-ins (shown this once):")
    for name, password in made.items():
        click.echo(f"  {name:<16}{password}")


@click.command("setup")
@click.argument("name")
@with_appcontext
def set_up(name: str) -> None:
    """Set up an empty database for real work: NAME is the organisation on top, such as 某市非公经济组织党委."""
    current_origin.set(Origin("命令行"))
    upgrade()
    try:
        with system_session("demo") as session:
            made = installation.set_up(session, name)
            session.commit()
    except Refused as reason:
        sys.exit(reason.message)
    click.echo("First passwords, shown this once; each must be changed at the first sign-in:")
    for username, password in made.items():
        click.echo(f"  {username:<16}{password}")


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Bring the tables up to date and add the code tables and permissions that a release brings."""
    upgrade()
    add_what_is_new()
    learn_statistics()


def learn_statistics() -> None:
    """Let the database look at how its indexes spread the rows, now that it has its tables."""
    with system_session("migration") as session:
        gather_statistics(session)
        session.commit()


def add_what_is_new() -> None:
    """Add what came with this release to an older installation."""
    current_origin.set(Origin("命令行"))
    with system_session("migration") as session:
        if reference_data.add_what_is_new(session):
            session.commit()


@user_commands.command("passwd")
@click.argument("name")
def reset_password(name: str) -> None:
    """Give an account a new password and print it."""
    current_origin.set(Origin("命令行"))
    with system_session("command_line") as session:
        account = session.scalar(select(Account).where(Account.username == name))
        if account is None:
            sys.exit(f"no account {name}")
        password = accounts.new_password()
        accounts.set_password(session, account, password, must_change=not account.is_demo)
        session.commit()
    click.echo(f"{name}: {password}")


@audit_commands.command("seal")
def seal_audit() -> None:
    """Seal the entries that aren't yet; for a timer of the machine, such as once an hour."""
    current_origin.set(Origin("命令行"))
    with system_session("audit_seal") as session:
        made = audit_seals.seal_entries(session)
        said = f"sealed {made.entries} entries: {made.seal}" if made else "nothing to seal"
        session.commit()
    click.echo(said)


@audit_commands.command("check")
def check_audit() -> None:
    """Compare the log with its seals; ends with 1 when something doesn't fit."""
    with system_session("audit_seal", readonly=True) as session:
        faults = audit_seals.check_seals(session)
        late = audit_seals.slipped_in(session)
    for fault in faults:
        click.echo(f"{fault.seal}: {fault.what}")
    if late:
        click.echo(f"entries under numbers that were empty when they were sealed: {late}")
    if faults or late:
        sys.exit(1)
    click.echo("the log fits its seals")


@click.command("backup")
@click.argument("place", type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Look whether PLACE is a whole backup; make none.")
@with_appcontext
def take_backup(place: Path, only_check: bool) -> None:
    """Write the database and the attachments to a new file PLACE, or into the folder PLACE, while people work."""
    with _plain_refusals():
        if only_check:
            _describe(backups.check(place))
            return
        with backups.new_backup(db.engine, current_app.config["SETTINGS"].files_dir, place) as made:
            current_origin.set(Origin("命令行"))
            with system_session("backup") as session:
                record_event(session, "backup", made.path.name, **made.details)
                session.commit()
        click.echo(f"backup: {made.path}")
        _describe(made.manifest)


def _describe(manifest: Any) -> None:
    members = len(manifest.files)
    click.echo(f"{manifest.rows} rows, {members} files of attachments, as of {manifest.taken_at}; whole")
    for name in manifest.lacking:
        click.echo(f"missing or damaged before the backup: attachment {name}")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Replace what the database holds.")
@with_appcontext
def restore_backup(file: Path, replace: bool) -> None:
    """Put the backup FILE in the place of the database and the attachments. Stop the server first."""
    current_origin.set(Origin("命令行"))
    with _plain_refusals():
        restored = backups.restore(db.engine, current_app.config["SETTINGS"].files_dir, file, replace, say=click.echo)
    _describe(restored.manifest)
    for fault in restored.seal_faults:
        click.echo(f"the audit log in the backup does not fit its seals: {fault.seal}: {fault.what}")


@contextmanager
def _plain_refusals() -> Iterator[None]:
    """End the program with a sentence where something stands in the way."""
    try:
        yield
    except Refused as reason:
        sys.exit(reason.message)
    except OSError as error:
        sys.exit(f"没有完成：{error}")
    except SQLAlchemyError as error:
        if trouble_of(error) is None:
            raise
        sys.exit(f"没有完成，数据库现在用不了：{str(error).splitlines()[0]}")


@click.command("worker")
@click.option("--with-parent", is_flag=True, help="Stop when the standard input ends.")
@with_appcontext
def run_worker(with_parent: bool) -> None:
    """Do the jobs that people let run in the background, until told to stop. The server keeps one running by itself."""
    _work(current_app, sys.stdin.fileno() if with_parent else None)


def _work(app: Flask, parent: int | None) -> None:
    """Do jobs until told to stop, or until ``parent`` comes to its end."""
    logging.basicConfig(level=logging.WARNING, format="worker: %(message)s")
    with app.app_context():
        worker.serve(app.extensions["jobs"], parent)
        db.engine.dispose()  # a forked process ends without closing anything by itself


@click.command("tidy")
@with_appcontext
def tidy() -> None:
    """Remove what is kept for a time only: drafts, imported sheets, jobs that ended and their files."""
    click.echo(f"removed {remove_what_is_old()} old drafts, sheets and jobs")


def remove_what_is_old() -> int:
    """Remove what was kept long enough; how many rows."""
    with system_session("tidy") as session:
        removed = drafts.remove_old_drafts(session) + imports.remove_old_batches(session)
        old_jobs = jobs.remove_old_jobs(session, current_app.config["SETTINGS"].files_dir)
        session.commit()
        export_files.sweep(session, current_app.config["SETTINGS"].files_dir)
    for key in old_jobs:
        current_app.extensions["jobs"].forget(key)
    return removed + len(old_jobs)


@click.command("explain")
@click.argument("user")
@click.argument("record")
@with_appcontext
def explain_record(user: str, record: str) -> None:
    """Why USER can or can't see or change RECORD, written like company:3."""
    resource, _, key = record.partition(":")
    model: Any = models_by_resource().get(resource)
    if model is None or not key.isdigit():
        sys.exit("write the record like company:3")
    with system_session("explain", readonly=True) as session:
        account = session.scalar(select(Account).where(Account.username == user))
        row = session.get(model, int(key))
        if account is None or row is None:
            sys.exit("no such account or record")
        for decision in explain(load_actor(session, account, today()), row):
            click.echo(f"{'可以' if decision.allowed else '不能'} {decision.label}")
            for reason in decision.reasons:
                click.echo(f"    {reason}")


@click.command("check")
@with_appcontext
def check() -> None:
    """Say that every declaration is right: a wrong one has stopped the start already."""
    click.echo("ok")


def start(app: Flask) -> None:
    """Migrate, load the demo into an empty database, print the sign-ins and serve."""
    settings = app.config["SETTINGS"]
    with app.app_context():
        upgrade()
        add_what_is_new()
        remove_what_is_old()
        with system_session("demo", readonly=True) as session:
            empty = session.scalar(select(Account.id).limit(1)) is None
        if empty and not settings.production:
            current_origin.set(Origin("命令行"))
            _print_sign_ins(fill_demo(settings.demo_password or None))
        elif not settings.production:
            _print_sign_ins({})
        learn_statistics()
        # The processes forked below must not inherit this one's connections.
        db.engine.dispose()
        app.extensions["jobs"].close()
    load_dictionary()
    gc.freeze()  # what is loaded now stays: collecting skips it, and the forked processes go on sharing its memory
    if sys.platform == "win32":
        worker.keep_spawning(["--app", "app", "worker", "--with-parent"], Path(app.root_path))
    else:
        worker.keep_running(lambda parent: _work(app, parent))
    click.echo(f"Serving on http://{settings.host}:{settings.port}")
    serve(app, settings.host, settings.port)


def serve(app: Flask, host: str, port: int) -> None:
    """A production WSGI server: gunicorn, or waitress where gunicorn can't run.

    Told to stop (SIGTERM), it takes no new connections and gives the requests that run ``GRACE_SECONDS`` to end.
    """
    if sys.platform == "win32":
        import waitress

        waitress.serve(app, host=host, port=port)
        return
    from gunicorn.app.base import BaseApplication
    from gunicorn.workers.gthread import ThreadWorker

    class Worker(ThreadWorker):
        def set_accept_enabled(self, enabled: bool) -> None:
            super().set_accept_enabled(enabled)
            if not self.alive:
                # Left open, a stopping worker's sockets would let people in who are never served.
                for listener in self.sockets:
                    listener.close()

    class Server(BaseApplication):
        def load_config(self) -> None:
            self.cfg.set("bind", f"{host}:{port}")
            self.cfg.set("workers", 2)
            self.cfg.set("threads", 4)
            self.cfg.set("worker_class", Worker)
            self.cfg.set("graceful_timeout", GRACE_SECONDS)
            self.cfg.set("control_socket_disable", True)
            self.cfg.set("accesslog", "-")
            # Query strings may carry names: they stay out of the log.
            self.cfg.set("access_log_format", '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s %(D)s')

        def load(self) -> Flask:
            return app

    Server().run()
