"""``flask export``: a list as a file, as somebody and through the same walls as on his pages."""

import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from admin import cells, exports, sheets
from admin.as_somebody import actor_called
from models import db
from policy import NotAllowed, Refused, acting_as
from policy.actor import Actor
from policy.audit import Origin, current_origin


@click.command("export")
@click.argument("resource")
@click.option("--as", "username", required=True, metavar="USER", help="Whose rights hold.")
@click.option("--to", "place", required=True, type=click.Path(path_type=Path), help="A new file, .xlsx or .csv.")
@click.option("--columns", metavar="a,b", help="Instead of the list's.")
@click.option("--search", default="", metavar="TEXT", help="As in the list's search box.")
@click.option(
    "--filter", "filters", multiple=True, metavar="NAME=VALUE", help="As in the list's address, without flt0_."
)
@with_appcontext
def export_list(
    resource: str, username: str, place: Path, columns: str | None, search: str, filters: tuple[str, ...]
) -> None:
    """Write the records of RESOURCE (such as company) that USER may export to a file; numbers stay masked."""
    current_origin.set(Origin("命令行"))
    try:
        with acting_as(actor_called(username)) as actor:
            count = _write(actor, resource, place, columns, search, filters)
    except (Refused, NotAllowed) as reason:
        sys.exit(getattr(reason, "message", str(reason)))
    click.echo(f"{place}: {count} rows")


def _write(actor: Actor, resource: str, place: Path, columns: str | None, search: str, filters: tuple[str, ...]) -> int:
    screen, kind = exports.screen_of(resource), place.suffix.removeprefix(".").lower()
    if screen is None:
        raise Refused(f"没有这种记录：{resource}")
    if kind not in sheets.KINDS:
        raise Refused("文件名要以 .xlsx 或 .csv 结尾。")
    names = _names(screen, columns)
    asked = {"search": search} if search else {}
    for given in filters:
        name, equals, value = given.partition("=")
        if not equals:
            raise Refused(f"筛选要写成 名称=内容：{given}")
        asked[f"flt0_{name}"] = value
    with exports.asking(screen, asked):
        sheet = sheets.Sheet(screen, exports.listed(screen, asked), names, kind)
    written: list[int] = []
    session = db.session.session_factory(actor=sheets.exporting(actor, resource), readonly=True)
    try:
        with place.open("xb") as file:
            for piece in sheet.chunks(session, lambda rows: written.append(len(rows))):
                file.write(piece.encode() if isinstance(piece, str) else piece)
    except FileExistsError:
        raise Refused(f"{place} 已经存在，没有覆盖。请换个文件名。") from None
    except OSError as error:
        raise Refused(f"文件写不下去：{error}") from None
    finally:
        session.close()
    return sum(written)


def _names(screen: Any, columns: str | None) -> list[str]:
    offered = exports.offered_names(screen)
    if columns is None:
        return list(screen.columns)
    names = [name.strip() for name in columns.split(",") if name.strip()]
    unknown = [name for name in names if name not in offered]
    if unknown or not names:
        labels = "、".join(f"{name}（{cells.label_of(screen.model, name)}）" for name in offered)
        raise Refused(f"没有这样的列：{'、'.join(unknown) or '空'}。可选的列：{labels}。")
    return names
