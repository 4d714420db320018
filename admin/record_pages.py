"""The pages of one record: details, related records, history, explanation, unmasking, the question before deleting."""

from typing import Any

from flask import abort, request
from sqlalchemy import false, func, inspect, or_, select
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from admin import cells
from admin.fields import LookupField, Shown, refuse_unreadable
from admin.forms import ScreenForm
from admin.history import entries_about, entries_shown
from models import Account, db
from models.base import BranchScoped
from models.clock import today
from models.encryption import look_up_hash
from models.personal import CHECKS
from policy import audit, system_session, the_actor
from policy.actions import actions_on
from policy.actor import load_actor
from policy.explain import explain
from services.drafts import Place
from services.tables.columns import OUT_OF_SIGHT
from services.trash import owned_children

FOUND_ROWS = 20
USERNAME_LENGTH = 40


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


def hide_unseen(form: Any, row: Any) -> None:
    """Mark the look-ups whose present record is out of the actor's sight: they are neither shown nor changed."""
    for field in form:
        if isinstance(field, LookupField):
            field.hidden_value = getattr(row, f"{field.name}_id") is not None and getattr(row, field.name) is None


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


def details_layout(screen: Any, row: Any) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Labels and values (None for nothing) by group: how it stands now, what the form holds, and whose it is."""
    groups: list[tuple[str, list[tuple[str, Any]]]] = []
    model = type(row)
    used = set()
    for group, names in screen.form_groups.items():
        values = []
        for name in names:
            used.add(name)
            values.append((cells.label_of(model, name), _called(screen, row, name)))
        groups.append((group, values))
    rest = [
        column.key
        for column in inspect(model).columns
        if column.key not in used
        and column.key.removesuffix("_id") not in used
        and not column.info.get("internal")
        and not _is_key(column)
        and column.key != "id"
    ]
    seen = {label for _group, values in groups for label, _value in values}
    state = [(cells.label_of(model, key), cells.shown(row, key)) for key in rest]
    state = [(label, value) for label, value in state if label not in seen]
    if state:
        groups.insert(0, ("现状" if groups else "内容", state))
    more: list[tuple[str, Any]] = []
    if isinstance(row, BranchScoped) and "branch" not in used and type(row).__tablename__ != "branch":
        more.append(("所属党组织", cells.shown(row, "branch.title")))
    more.append(("最近更新", cells.shown(row, "updated_at")))
    groups.append(("其他", more))
    return groups


def _called(screen: Any, row: Any, name: str) -> str | None:
    """What is stored under the name of a form's field; a related record is called as among choices."""
    found = stored(row, name)
    if name not in screen.relations or getattr(row, name) is None:
        return found
    return str(screen.screen_of(screen.relations[name].mapper.class_).choice_title(getattr(row, name)))


def _is_key(column: Any) -> bool:
    """Whether a column holds another record's key; what it copies of another record is shown as its own."""
    return any(key.column.name in ("id", "branch_id") for key in column.foreign_keys)


def masked_columns(screen: Any) -> list[Any]:
    """The columns that are shown masked."""
    return [column for column in inspect(screen.model).columns if "mask" in column.info]


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
        for column in masked_columns(screen)
        if getattr(row, column.key)
    ]


def related(screen: Any, row: Any) -> list[dict[str, Any]]:
    """The records that point at this one, kind by kind, as far as the actor sees them."""
    shown = []
    for other in sorted(screen.admin._views, key=lambda view: not getattr(view, "related_first", False)):
        model = getattr(other, "model", None)
        if model is None or other.inner or not _points_at(model, screen.resource) or not other.is_accessible():
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


def _points_at(model: type, resource: str) -> bool:
    """Whether a scoped model has the key of the resource. What a branch owns is too much for one page."""
    return issubclass(model, BranchScoped) and resource != "branch" and f"{resource}_id" in inspect(model).columns


def tabs(screen: Any, row: Any) -> list[dict[str, Any]]:
    """The pages of the record."""
    pages = [("概况", ".details_view"), ("编辑", ".edit_view"), ("历史", ".history_view"), ("谁能看", ".explain_view")]
    here = request.endpoint.rsplit(".", 1)[-1] if request.endpoint else ""
    return [
        {"title": title, "url": screen.get_url(endpoint, id=row.id), "active": endpoint[1:] == here, "badge": None}
        for title, endpoint in pages
        if endpoint != ".edit_view" or screen.may_edit(row)
    ]


def explain_page(screen: Any, row: Any) -> str:
    """What the signed-in person, or an account in sight, may do with the record, and why."""
    may_ask = the_actor().may("account:read")
    username = request.args.get("username", "").strip()[:USERNAME_LENGTH] if may_ask else ""
    account = db.session.scalar(select(Account).where(Account.username == username)) if username else None
    actor = the_actor()
    if account is not None:
        with system_session("explain", readonly=True) as session:
            actor = load_actor(session, session.get(Account, account.id), today())
    return screen.render(
        "admin/model/explain.html",
        model=row,
        decisions=[] if username and account is None else explain(actor, row, the_actor()),
        username=username,
        account=account,
        may_ask=may_ask,
    )


class NumberField(Shown, StringField):
    """A whole number to look up."""


class NumberForm(ScreenForm):
    """A personal number as a whole; part of one finds nothing, or masking would be an oracle."""

    number = NumberField(
        "完整号码", [InputRequired("请填写完整的号码。"), Length(max=40, message="号码太长。"), refuse_unreadable]
    )


def find_by_number(screen: Any) -> Any:
    """The records in sight that carry exactly this number. Posted, so that it stands in no address and no log."""
    columns = masked_columns(screen)
    if not columns:
        abort(404)
    form = NumberForm(request.form)
    found = None
    if request.method == "POST" and form.validate():
        wanted = select(screen.model).where(
            or_(*(_equals(screen.model, column, form.number.data) for column in columns))
        )
        found = list(db.session.scalars(wanted.order_by(screen.model.id).limit(FOUND_ROWS)))
    kinds = "、".join(column.info["label"] for column in columns)
    return screen.render("admin/model/find.html", form=form, found=found, kinds=kinds)


def _equals(model: Any, column: Any, number: str) -> Any:
    """The condition that a masked column holds this number; an encrypted one is found by its keyed hash."""
    try:
        number = CHECKS[column.info["check"]](number)
    except ValueError:
        return false()
    hashed = getattr(model, f"{column.key}_hash", None)
    return getattr(model, column.key) == number if hashed is None else hashed == look_up_hash(number)


class ReasonField(Shown, StringField):
    """Why a personal number must be seen whole."""


REASON_RULES = (Length(min=2, max=200, message="请写 2 到 200 个字。"), refuse_unreadable)


class UnmaskForm(ScreenForm):
    """The question before a personal number is shown."""

    reason = ReasonField(
        "查看原因",
        [InputRequired("请写明查看原因。"), *REASON_RULES],
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


def conflict(screen: Any, row: Any, form_class: type, names: list[str], target: str, place: Place) -> str:
    """Both versions side by side: what is stored now, and what was typed into the form at ``target``."""
    newest = next(iter(entries_shown(entries_about(screen.resource, row.id, at_most=1))), None)
    posted = [
        (key, value) for key, value in request.form.items(multi=True) if key not in ("csrf_token", "version_seen")
    ]
    return screen.render(
        "admin/model/conflict.html",
        model=row,
        rows=stored_and_typed(screen.model, form_class(request.form, obj=row), names, row),
        newest=newest,
        form_items=[*posted, ("version_seen", row.version)],
        target=target,
        discard_url=screen.get_url(".discard_draft_view", form=place.form, id=row.id),
    )


def stored_and_typed(model: type, form: Any, names: list[str], row: Any) -> list[dict[str, Any]]:
    """What is stored of a record (nothing of a new one) and what was typed, field by field."""
    if row is not None:
        hide_unseen(form, row)
    form.validate()
    rows = []
    for name in names:
        field = form[name]
        theirs = (row is not None and stored(row, name)) or "—"
        untouched = field.hidden_value or (field.kind == "masked" and not field.data)
        mine = theirs if untouched else _typed(field, cells.column_of(model, name)) or "—"
        rows.append({"label": field.label.text, "theirs": theirs, "mine": mine, "changed": theirs != mine})
    return rows


def stored(row: Any, name: str) -> str | None:
    """What is stored of a record under the name of a form's field, as people read it."""
    found = cells.shown(row, f"{name}.title" if name in inspect(type(row)).relationships else name)
    copied = f"{name}_name"
    # A posting keeps the names of its two sides, for whoever may not open their records.
    return cells.shown(row, copied) if found == OUT_OF_SIGHT and copied in inspect(type(row)).columns else found


def _typed(field: Any, column: Any) -> str:
    """What somebody put into a field, in the words in which the saved value is shown."""
    if field.kind == "masked":
        return "（已填写新号码）"
    if field.data is None or field.data == "":
        return "" if field.kind in ("lookup", "select") or not field.raw_data else str(field.raw_data[0])
    return str(field.data.title) if column is None else cells.in_words(column, field.data)
