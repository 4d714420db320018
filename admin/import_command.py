"""``flask import``: a sheet into the records, as somebody and through the same walls as on his pages."""

import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from admin import imports as work
from admin.as_somebody import actor_called
from models import ImportBatch, db
from policy import NotAllowed, Refused, acting_as
from policy.actor import Actor
from policy.audit import Origin, current_origin
from services import imports
from services.tables.importing.apply import NotApplied
from services.tables.importing.plan import AUTO, CLEAR, KEEP
from services.tables.importing.target import ImportTarget


@click.command("import")
@click.argument("resource")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "username", required=True, metavar="USER", help="Whose rights hold.")
@click.option("--apply", "shall_apply", is_flag=True, help="Do it; without, only say what it would do.")
@click.option("--match", default=AUTO, metavar="NAME", help="By what lines find their records: auto, none, id, …")
@click.option("--clear-blanks", is_flag=True, help="An empty cell clears what is stored.")
@click.option("--branch", type=int, metavar="ID", help="Of new records whose line names none.")
@with_appcontext
def import_sheet(
    resource: str, file: Path, username: str, shall_apply: bool, match: str, clear_blanks: bool, branch: int | None
) -> None:
    """Import FILE into the records of RESOURCE (such as company); USER can take it back in the browser."""
    current_origin.set(Origin("命令行导入"))
    choices = {"match": match, "blanks": CLEAR if clear_blanks else KEEP, "branch": branch}
    try:
        with acting_as(actor_called(username)) as actor:
            _import(actor, resource, file, choices, shall_apply)
    except (Refused, NotAllowed) as reason:
        sys.exit(getattr(reason, "message", str(reason)))


def _import(actor: Actor, resource: str, file: Path, choices: dict[str, Any], shall_apply: bool) -> None:
    screen = work.screen_of(resource)
    if screen is None:
        raise Refused(f"没有这种记录，或不能导入：{resource}")
    target = work.target_of(screen)
    imports.require_import(actor, target)
    names = [one.name for one in target.matches]
    if choices["match"] not in (AUTO, "none", *names):
        raise Refused(f"--match 可以是 auto、none、{'、'.join(names)}。")
    with db.session.session_factory(actor=actor) as session:
        batch = imports.open_batch(session, resource, file.name, file.read_bytes())
        imports.choose(batch, {**imports.choices_of(batch), **choices})
        session.commit()
        try:
            _check_and_apply(session, target, batch, shall_apply)
        except (Refused, NotApplied):
            session.rollback()
            _forget(session, batch)
            raise


def _check_and_apply(session: Any, target: ImportTarget, batch: ImportBatch, shall_apply: bool) -> None:
    imports.check_batch(session, target, batch)
    session.commit()
    click.echo(
        f"新增 {batch.new_rows}，修改 {batch.changed_rows}，无变化 {batch.unchanged_rows}，有错 {batch.wrong_rows}"
    )
    for line, label, reason in imports.faults_of(session, target, batch):
        click.echo(f"  第 {line} 行{f' {label}' if label else ''}：{reason}")
    if batch.wrong_rows or not shall_apply:
        wrong = batch.wrong_rows
        _forget(session, batch)
        if wrong:
            raise SystemExit(1)
        return
    try:
        imports.apply_batch(session, target, batch)
    except NotApplied as refused:
        lines = "；".join(f"第 {line} 行 {fault.reason}" for line, fault in sorted(refused.faults.items()))
        raise Refused(f"没有导入：{lines}") from None
    session.commit()
    click.echo(f"已导入，编号 {batch.id}。")


def _forget(session: Any, batch: ImportBatch) -> None:
    session.delete(batch)
    session.commit()
