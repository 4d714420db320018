"""The pages of one record: details, related records, history, explanation, unmasking, the question before deleting."""

from typing import Any

from flask import abort, request
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import IntegrityError
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from admin import cells
from admin.fields import LookupField, Shown, refuse_unreadable
from admin.forms import ScreenForm
from models import AuditEntry, db
from models.base import BranchScoped
from models.clock import local
from policy import audit, the_actor
from policy.actions import actions_on
from policy.explain import explain
from services.trash import owned_children

HISTORY_ROWS = 200
ACTIONS = {"create": "新增", "update": "修改", "delete": "删除", "unmask": "查看完整号码"}


def form_layout(screen: Any, form: Any) -> list[tuple[str, list[Any]]]:
    """The form's fields by group."""
    return [(group, [form[name] for name in names if name in form]) for group, names in screen.form_groups.items()]


def form_errors(_screen: Any, form: Any) -> list[tuple[Any, str]]:
    """Every field's errors, for the list on top; an error of the whole form stands at the first field."""
    return [(field, message) for field in form for message in field.errors]


def add_error(form: Any, name: str | None, message: str) -> None:
    """Put an error at a field of the form, or at the first one when the field isn't on it."""
    field = form[name] if name and name in form else next(iter(form))
    field.errors = [*field.errors, message]


def prefill(form: Any) -> None:
    """Choose related records named in the address, as "new visit" on a posting's page does."""
    for field in form:
        if isinstance(field, LookupField) and field.data is None and request.args.get(field.name):
            try:
                field.process_formdata([request.args[field.name]])
            except ValueError:
                field.data = None
    lookups = [field for field in form if isinstance(field, LookupField) and field.name == "branch"]
    for field in lookups:
        rows, all_there = field.offered()
        if field.data is None and all_there and len(rows) == 1:
            field.data = rows[0]


def reason_of(error: IntegrityError, model: type) -> tuple[str | None, str]:
    """The field and the Chinese words for a constraint that the database refused."""
    text = str(error.orig)
    table = model.__table__
    for constraint in [*table.constraints, *table.indexes]:
        columns = [column.key for column in getattr(constraint, "columns", [])]
        signature = ", ".join(f"{table.name}.{key}" for key in columns)
        if (constraint.name and str(constraint.name) in text) or (
            columns and f"UNIQUE constraint failed: {signature}" in text
        ):
            field = columns[-1] if columns else None
            for key in columns:
                if key not in ("id", "branch_id"):
                    field = key.removesuffix("_id")
                    break
            if "active" in str(constraint.name):
                return field, "已经有一个正在进行的派驻，请先结束它。"
            if str(constraint.name).startswith("uq"):
                return field, "已经有相同的记录，请检查是否重复登记。"
    if "CHECK" in text or "check" in text:
        return None, "几项内容互相矛盾（如结束早于开始、办结没有日期），请检查。"
    if "FOREIGN KEY" in text or "foreign key" in text:
        return None, "所选的几项不属于同一个党组织，或已被删除，请重新选择。"
    return None, "没有保存：与已有的记录冲突，请检查。"


def details_layout(screen: Any, row: Any) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Labels and values by group; what is computed stands in a group of its own."""
    groups = []
    model = type(row)
    used = set()
    for group, names in screen.form_groups.items():
        values = []
        for name in names:
            used.add(name)
            relation = name in inspect(model).relationships
            label = cells.label_of(model, name)
            values.append((label, cells.shown(row, f"{name}.title" if relation else name) or "—"))
        groups.append((group, values))
    rest = [
        column.key
        for column in inspect(model).columns
        if column.key not in used
        and column.key.removesuffix("_id") not in used
        and not column.info.get("internal")
        and (column.key == "updated_at" or not column.foreign_keys)
        and column.key != "id"
    ]
    seen = {label for _group, values in groups for label, _value in values}
    more = [(cells.label_of(model, key), cells.shown(row, key) or "—") for key in rest]
    more = [(label, value) for label, value in more if label not in seen]
    if isinstance(row, BranchScoped) and "branch" not in used and type(row).__tablename__ != "branch":
        more.append(("所属党组织", cells.shown(row, "branch.title") or "—"))
    more.append(("最近更新", cells.shown(row, "updated_at") if hasattr(row, "updated_at") else "—"))
    groups.append(("其他", more))
    return groups


def masked_fields(screen: Any, row: Any) -> list[dict[str, str]]:
    """The masked values, each with the page that shows it whole, for who may."""
    if "unmask" not in actions_on(screen.resource) or not screen.may("unmask", row):
        return []
    return [
        {
            "label": column.info["label"],
            "masked": cells.shown(row, column.key),
            "unmask_url": screen.get_url(".unmask_view", id=row.id, field=column.key),
        }
        for column in inspect(type(row)).columns
        if "mask" in column.info and getattr(row, column.key)
    ]


def related(screen: Any, row: Any) -> list[dict[str, Any]]:
    """The records that this one owns, kind by kind, as far as the actor sees them."""
    shown = []
    for other in screen.admin._views:
        model = getattr(other, "model", None)
        if model is None or getattr(model, "__owner__", None) != screen.resource or not other.is_accessible():
            continue
        key = getattr(model, f"{screen.resource}_id")
        count = db.session.scalar(select(func.count(model.id)).where(key == row.id)) or 0
        newest = db.session.scalars(
            select(model).where(key == row.id).order_by(model.id.desc()).limit(other.related_rows)
        )
        can_add = bool(other.form_groups) and screen.resource in other.form_names and other.can_create
        shown.append(
            {
                "screen": other,
                "title": other.title,
                "count": count,
                "rows": [
                    {
                        "record": one,
                        "title": one.title,
                        "url": other.get_url(f"{other.resource}.details_view", id=one.id),
                    }
                    for one in newest
                ],
                "more_url": other.get_url(f"{other.resource}.index_view", **{f"flt0_{screen.resource}": row.id}),
                "new_url": other.get_url(f"{other.resource}.create_view", **{screen.resource: row.id})
                if can_add
                else None,
            }
        )
    return shown


def tabs(screen: Any, row: Any) -> list[dict[str, Any]]:
    """The pages of the record."""
    pages = [("概况", ".details_view"), ("编辑", ".edit_view"), ("历史", ".history_view"), ("谁能看", ".explain_view")]
    here = request.endpoint.rsplit(".", 1)[-1] if request.endpoint else ""
    return [
        {"title": title, "url": screen.get_url(endpoint, id=row.id), "active": endpoint[1:] == here, "badge": None}
        for title, endpoint in pages
        if endpoint != ".edit_view" or screen.may_edit(row)
    ]


def history(screen: Any, row: Any) -> list[dict[str, Any]]:
    """Who changed the record, newest first, with old and new side by side."""
    entries = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.resource == screen.resource, AuditEntry.record_id == row.id)
        .order_by(AuditEntry.id.desc())
        .limit(HISTORY_ROWS)
    )
    return [entry_shown(type(row), entry) for entry in entries]


def entry_shown(model: type, entry: AuditEntry) -> dict[str, Any]:
    """One audit entry as people read it."""
    columns = inspect(model).columns
    changes = []
    for key, change in entry.changes.items():
        label = columns[key].info["label"] if key in columns else {"reason": "原因", "field": "项目"}.get(key, key)
        old, new = change if isinstance(change, list) else ("", change)
        kind = columns.get(key, None)
        changes.append({"label": label, "old": _readable(kind, old), "new": _readable(kind, new)})
    return {
        "at": local(entry.at).strftime("%Y-%m-%d %H:%M:%S"),
        "who": entry.actor_name,
        "on_behalf": entry.on_behalf_of,
        "what": ACTIONS.get(entry.action, entry.action),
        "changes": changes,
        "where": " ".join(part for part in (entry.channel, entry.address) if part),
    }


def _readable(column: Any, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if column is not None:
        kind = getattr(column.type, "enum_class", None)
        if kind is not None and value in {member.value for member in kind}:
            return kind(value).label
        if "code" in column.info:
            return cells.code_labels().get((column.info["code"], value), str(value))
    return "是" if value is True else "否" if value is False else str(value)


def decisions(row: Any) -> list[Any]:
    """What the signed-in person may do with the record, and why."""
    return explain(the_actor(), row)


class ReasonField(Shown, StringField):
    """Why a personal number must be seen whole."""


class UnmaskForm(ScreenForm):
    """The question before a personal number is shown."""

    reason = ReasonField(
        "查看原因",
        [InputRequired("请写明查看原因。"), Length(min=2, max=200, message="请写 2 到 200 个字。"), refuse_unreadable],
        description="会记入审计记录。",
    )


def unmask(screen: Any, row: Any, key: str) -> Any:
    """Show a personal number whole, once, after a reason was given; the act is logged."""
    columns = inspect(type(row)).columns
    if key not in columns or "mask" not in columns[key].info or not getattr(row, key):
        abort(404)
    screen.require("unmask", row)
    form = UnmaskForm(request.form)
    value = None
    if request.method == "POST" and form.validate():
        value = getattr(row, key)
        audit.record_act(db.session, "unmask", row, field=columns[key].info["label"], reason=form.reason.data)
        db.session.commit()
    label = columns[key].info["label"]
    return screen.render("admin/model/unmask.html", model=row, form=form, value=value, label=label)


def ask_before_delete(screen: Any, rows: list[Any], target: str, hidden: list[tuple[str, Any]]) -> str:
    """The page that says what will be deleted."""
    children: dict[str, int] = {}
    for row in rows:
        for child in owned_children(row):
            children[child.record_name] = children.get(child.record_name, 0) + 1
    return screen.render(
        "admin/model/delete.html",
        titles=[row.title for row in rows[:20]],
        count=len(rows),
        children=[{"title": title, "count": count} for title, count in children.items()],
        target=target,
        hidden=hidden,
        return_url=screen.get_url(".index_view"),
    )


def conflict(screen: Any, row: Any) -> str:
    """Both versions side by side: what is stored now, and what was typed."""
    form = screen._edit_form_class(request.form, obj=row)
    form.validate()
    newest = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.resource == screen.resource, AuditEntry.record_id == row.id)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).first()
    rows = []
    for name in screen.form_names:
        field = form[name]
        relation = name in screen.relations
        theirs = cells.shown(row, f"{name}.title" if relation else name) or "—"
        mine = _typed(field) or "—"
        rows.append({"label": field.label.text, "theirs": theirs, "mine": mine, "changed": theirs != mine})
    posted = [
        (key, value) for key, value in request.form.items(multi=True) if key not in ("csrf_token", "version_seen")
    ]
    return screen.render(
        "admin/model/conflict.html",
        model=row,
        rows=rows,
        who=newest.actor_name if newest else "",
        at=local(newest.at).strftime("%Y-%m-%d %H:%M") if newest else "",
        form_items=[*posted, ("version_seen", row.version)],
        target=screen.get_url(".edit_view", id=row.id),
        reload_url=screen.get_url(".edit_view", id=row.id),
    )


def _typed(field: Any) -> str:
    """What somebody put into a field, in words."""
    if field.kind == "masked":
        return "（已填写新号码）" if field.data else "（不变）"
    value = field.data
    if value is None or value == "":
        return ""
    if hasattr(value, "title") and not isinstance(value, str):
        return str(value.title)
    if hasattr(value, "label"):
        return value.label
    if field.kind == "checkbox":
        return "是" if value else "否"
    if field.kind == "select":
        return {str(key): text for key, text, *_ in field.choices}.get(str(value), str(value))
    return str(value)
