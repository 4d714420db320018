"""Editing in the list: one value at a time, through the same form, walls, version check and log as on the edit page."""

from typing import Any

from flask import Response, abort, jsonify, request
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from admin import record_pages
from admin.cells import column_of
from admin.fields import LookupField
from models import db
from policy import Refused

MAX_LENGTH = 20_000


def editable_names(screen: Any, names: list[str]) -> dict[str, str]:
    """Those of a list's columns that can be edited in it, each with its field of the form."""
    found = {}
    for name in names:
        field, _dot, rest = name.partition(".")
        if field not in screen.form_names or "." in rest or (field in screen.relations) != bool(rest):
            continue
        column = column_of(screen.model, field)
        if column is None or not column.info.keys() & {"mask", "personal"}:
            found[name] = field
    return found


def editors(screen: Any) -> Response:
    """The input of each column that can be edited, and for some rows the version and the present values.

    Look-ups with too many choices for a select box, and rows and values that the actor can't change, are left out.
    """
    screen.require_form("update")
    keys = request.args.getlist("id")
    rows = screen.get_many(keys) if 0 < len(keys) <= screen.page_size else abort(404)
    fields = {
        name: described
        for name, field in editable_names(screen, screen.columns).items()
        if (described := _input_of(screen._edit_form_class(), field)) is not None
    }
    shown = {row.id: _present(screen, row, list(fields)) for row in rows if screen.may_edit(row)}
    return jsonify(fields=fields, rows=shown)


def _input_of(form: Any, name: str) -> dict[str, Any] | None:
    """How a field is filled in; None for a look-up with too many choices."""
    field = form[name]
    described: dict[str, Any] = {"label": field.label.text, "kind": field.kind, "help": field.description or ""}
    if isinstance(field, LookupField):
        rows, all_there = field.offered()
        if not all_there:
            return None
        described["kind"], described["options"] = (
            "select",
            [("", "请选择"), *((row.id, field.titled(row)) for row in rows)],
        )
    elif field.kind == "select":
        described["options"] = [(value, text) for value, text, *_more in field.iter_choices()]
    return described


def _present(screen: Any, row: Any, names: list[str]) -> dict[str, Any]:
    """The version of a row, and what stands in its inputs."""
    form = screen._edit_form_class(obj=row)
    record_pages.hide_unseen(form, row)
    fields = {name: form[field] for name, field in editable_names(screen, names).items()}
    values = {name: _typed(field) for name, field in fields.items() if not field.hidden_value}
    return {"version": row.version, "values": values}


def _typed(field: Any) -> str:
    """What a browser would send of a field as it is."""
    if field.kind == "checkbox":
        return "y" if field.data else ""
    if isinstance(field, LookupField):
        return str(field.data.id) if field.data is not None else ""
    if field.kind == "select":
        return "" if field.data is None else str(getattr(field.data, "value", field.data))
    return field._value()


def save_cell(screen: Any) -> Any:
    """Save one value of one row; 409 when somebody saved the row since it was read, 422 with the reason when it can't be."""
    row = screen.get_one(screen._asked_id())
    key, name = row.id, request.form.get("name", "")
    try:
        screen.require_form("update", row)
        field = editable_names(screen, screen.columns).get(name) or abort(404)
        if request.form.get("version_seen") != str(row.version):
            return _changed_meanwhile(screen, key, name)
        form = _form_of_one(screen, row, field)
        if not form.validate() or not screen._save(form, row, False):
            return jsonify(message="".join(map(str, form[field].errors))), 422
    except Refused as reason:
        return jsonify(message=reason.message), 422
    except StaleDataError:
        db.session.rollback()
        return _changed_meanwhile(screen, key, name)
    return _as_it_is_now(screen, key)


def _form_of_one(screen: Any, row: Any, name: str) -> Any:
    """The edit form with one field, filled in as it was posted; everything else stays out of it, and so as it is."""
    posted = MultiDict({name: request.form.get("value", "")[: MAX_LENGTH + 1]})
    form = screen._edit_form_class(posted, obj=row)
    record_pages.hide_unseen(form, row)
    if form[name].hidden_value:
        raise Refused("这一项的内容您看不到，不能在这里改。")
    for other in [field.name for field in form if field.name != name]:
        del form[other]
    return form


def _as_it_is_now(screen: Any, key: int) -> Any:
    """The version of a row and what the list shows of it; where it has left the actor's sight, that."""
    row = screen.find(key)
    if row is None:
        return jsonify(message="已保存。这条记录归到了您看不到的党组织，不再列在这里。", gone=True)
    return jsonify(version=row.version, texts={name: screen.cell(row, name) or "" for name in screen.columns})


def _changed_meanwhile(screen: Any, key: int, name: str) -> Any:
    """What stands there now, and its version: with it one's own value can be saved over the other's, knowingly."""
    row = screen.get_one(key)
    now = _present(screen, row, [name])
    return jsonify(
        message=f"刚才有别人改过这条记录，现在是“{screen.cell(row, name) or '空'}”。",
        value=now["values"].get(name, ""),
        version=now["version"],
        texts={column: screen.cell(row, column) or "" for column in screen.columns},
    ), 409
