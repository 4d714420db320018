"""Screen: a record's model becomes its list, form, details, history, look-ups, exports and place in the menu.

A screen is a declaration of at most 15 lines. It never filters rows and never asks who is signed in: the guards of
policy/ stand at the session, beneath everything here.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import Response, abort, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.base import ViewArgs
from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.exc import StaleDataError

from admin import bulk, cells, drafts, exports, import_sheets, inline_edit, listing, record_pages, sheets
from admin.filters import RelationFilter, make_filters
from admin.forms import Offer, choices_of, make_form
from admin.history import entries_about, entries_shown
from admin.imports import takes_imports, target_of
from admin.steps import Step, offered_steps, take_step
from models import db
from models.base import BranchScoped, sort_names
from policy import Changed, NotAllowed, Refused, the_actor
from policy.actions import resource_of
from services import saved_views, trash
from services.constraints import reason_of
from services.drafts import discard_draft
from services.imports import may_import
from services.tables.columns import ListColumns, ListRow
from services.tables.keyset import COUNT_CAP, Listing, Order
from services.tables.search import is_spelt

LOOKUP_ROWS = 20
ROWS_AT_ONCE = 500


class Screen(ModelView):
    """The screen of one kind of record; subclasses declare, they don't program.

    Attributes:
        model: the mapped class.
        area: the menu area it stands in (admin/menu.py).
        columns: what the list shows; dotted names reach related records.
        reads: dotted names that a cell is made of besides its column's own; exports offer them as columns.
        search: the text columns that the search box looks into, dotted where they are related.
        filters: column or relationship names.
        form_groups: the form, group by group; without it the record can't be edited.
        offered: what narrows the choices of a look-up in the form, by its name; filters and the saved rows keep all.
        named_with: the related record without which a title says too little where it stands alone, as among choices.
        order: the default sort, a column name, with "-" in front for newest first.
        figures: sets of rows that a total on the home page opens (services/reports).
        steps: what can be done with a record besides editing it (admin/steps.py).
        locked: why a row can't be edited or deleted in its present state, in Chinese; None while it can.
        can_add: whether people add and delete such records; some are only ever made by a step or by the program.
        inner: whether its rows are parts of another record and read there: no place in the menu, no card beside the owner.
        related_template: how its rows look on their owner's page, and related_rows how many of them.
        related_first: whether they stand there above all others.
        notices: what stands on top of a record's page, each with the place on it where that is mended.
        delete_note: what the question before deleting says of getting a row back.
    """

    model: ClassVar[type]
    area: ClassVar[str]
    columns: ClassVar[list[str]]
    reads: ClassVar[list[str]] = []
    search: ClassVar[list[str]] = []
    filters: ClassVar[list[str]] = []
    form_groups: ClassVar[dict[str, list[str]]] = {}
    offered: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    named_with: ClassVar[str] = ""
    order: ClassVar[str] = "id"
    figures: ClassVar[dict[str, Any]] = {}
    steps: ClassVar[list[Step]] = []
    locked: ClassVar[Callable[[Any], str | None]] = staticmethod(lambda _row: None)
    can_add: ClassVar[bool] = True
    inner: ClassVar[bool] = False
    related_template: ClassVar[str] = "admin/model/related.html"
    related_rows: ClassVar[int] = 5
    related_first: ClassVar[bool] = False
    notices: ClassVar[Callable[[Any], list[tuple[str, str]]]] = staticmethod(lambda _row: [])
    delete_note: ClassVar[str] = "有归属党组织的记录删除后可以在回收站里找回。"

    list_template = "admin/model/list.html"
    create_template = "admin/model/create.html"
    edit_template = "admin/model/edit.html"
    details_template = "admin/model/details.html"
    can_view_details = True
    simple_list_pager = True
    named_filter_urls = True
    page_size = 50
    export_types: ClassVar[list[str]] = ["csv", "xlsx"]
    can_set_page_size = False
    most_at_once = bulk.MOST_AT_ONCE

    def __init__(self) -> None:
        self.resource = resource_of(self.model)
        self.title = self.model.record_name
        self.relations = inspect(self.model).relationships
        self.column_list = self.columns
        self.column_labels = {name: cells.label_of(self.model, name) for name in self.columns}
        self.list_columns = ListColumns(self.model, [*self.columns, *self.reads], whole=True)
        self._cells = {name: cells.list_cell(self.list_columns, name) for name in [*self.columns, *self.reads]}
        self.column_details_list = self.columns
        self.column_export_list = self.columns
        super().__init__(self.model, db, name=self.title, category=self.area, endpoint=self.resource,
                         url=f"/{self.resource}")  # fmt: skip

    @classmethod
    def _sorted_by(cls, name: str) -> str:
        """The column that puts a column in order: Chinese names go by their pinyin."""
        return "pinyin" if name == getattr(cls.model, "__pinyin_of__", None) else name

    def get_sortable_columns(self) -> dict[str, Any]:
        return {name: getattr(self.model, self._sorted_by(name)) for name in self.columns if self.orders_by(name)}

    @classmethod
    def orders_by(cls, name: str) -> bool:
        """Whether the list can be put in order by a column: long tables only by what is indexed for it."""
        column = None if "." in name else cells.column_of(cls.model, name)
        if column is None or column.info.keys() & {"mask", "personal", "multiline"}:
            return False
        indexed = sort_names(cls.model)
        return indexed is None or cls._sorted_by(name) in (*indexed, "id")

    # Permissions: properties, because one view object serves all threads.

    def may(self, action_name: str, row: Any = None) -> bool:
        """Whether the actor may do this to the row, or to any row at all."""
        permission = f"{self.resource}:{action_name}"
        if row is None:
            return the_actor().may(permission)
        column = self.model.scope_column().key if issubclass(self.model, BranchScoped) else "branch_id"
        return the_actor().permits(permission, getattr(row, column, None))

    def require(self, action_name: str, row: Any = None) -> None:
        """Raise NotAllowed unless the actor may."""
        if not self.may(action_name, row):
            raise NotAllowed("您没有做这件事的权限。")

    def is_visible(self) -> bool:
        return not self.inner

    def is_accessible(self) -> bool:
        return self.may("read")

    @property
    def can_create(self) -> bool:  # type: ignore[override]
        return self.can_add and bool(self.form_groups) and self.may("create")

    @property
    def new_url(self) -> str | None:
        """Where a new record is begun; None where the actor can't begin one."""
        return url_for(f"{self.endpoint}.create_view") if self.can_create else None

    @property
    def new_words(self) -> str:
        """What beginning a new record is called."""
        return f"新增{self.title}"

    @property
    def can_edit(self) -> bool:  # type: ignore[override]
        return bool(self.form_groups) and self.may("update")

    @property
    def can_delete(self) -> bool:  # type: ignore[override]
        return self.can_add and self.may("delete")

    @property
    def can_export(self) -> bool:  # type: ignore[override]
        return self.may("export")

    @property
    def can_import(self) -> bool:
        """Whether the actor may hand in a sheet of such records."""
        return takes_imports(self) and may_import(the_actor(), target_of(self))

    def require_import(self) -> None:
        """Raise NotAllowed unless the actor may hand in a sheet of such records."""
        if not self.can_import:
            raise NotAllowed("您没有做这件事的权限。")

    def may_edit(self, row: Any) -> bool:
        """Whether this row can be edited by the actor."""
        return bool(self.form_groups) and self.may("update", row) and self.locked(row) is None

    def may_delete(self, row: Any) -> bool:
        """Whether this row can be deleted by the actor."""
        return self.can_delete and self.may("delete", row) and self.locked(row) is None

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin calls a page again after a TypeError, which would hide the first one.
        return fn(self, *args, **kwargs)

    # Rows

    @property
    def figure_key(self) -> str | None:
        """The total that this list was opened from, if any."""
        key = request.args.get("figure")
        if key is not None and key not in self.figures:
            abort(404)
        return key

    @property
    def figure(self) -> dict[str, str] | None:
        """The total's title and the way back to the whole list."""
        key = self.figure_key
        return {"title": self.figures[key].title, "clear_url": self.get_url(".index_view")} if key else None

    def get_one(self, id: Any) -> Any:
        row = self.find(id)
        return row if row is not None else abort(404)

    def find(self, key: Any) -> Any:
        """The row of this key with what the list shows of it; None when it isn't in sight."""
        text, row = str(key), None
        if text.isascii() and text.isdigit() and len(text) < 16:
            statement = listing.with_related(select(self.model), self.model, [*self.columns, *self.reads])
            row = db.session.scalar(statement.where(self.model.id == int(text)))
        return row

    def _asked_id(self) -> str:
        """The id that the request asks for, wherever it stands."""
        return request.values.get("id", "")

    def get_many(self, ids: list[str]) -> list[Any]:
        """The rows of these ids; 404 unless all of them are in sight."""
        if len(ids) > COUNT_CAP:
            abort(400)
        if not all(one.isascii() and one.isdigit() and len(one) < 16 for one in ids):
            abort(404)
        keys = list(dict.fromkeys(map(int, ids)))
        found = {}
        for start in range(0, len(keys), ROWS_AT_ONCE):
            some = select(self.model).where(self.model.id.in_(keys[start : start + ROWS_AT_ONCE]))
            rows = db.session.scalars(listing.with_related(some, self.model, [*self.columns, *self.reads]))
            found |= {row.id: row for row in rows}
        return [found[key] for key in keys] if len(found) == len(keys) else abort(404)

    def init_search(self) -> bool:
        return bool(self.search)

    def search_placeholder(self) -> str:
        labels = dict.fromkeys(cells.label_of(self.model, name) for name in self.search)
        spelt = any(is_spelt(self.model, name) for name in self.search)
        return "、".join(labels) + ("或拼音首字母" if spelt else "")

    def get_list(self, page: Any, sort_column: Any, sort_desc: Any, search: Any, filters: Any,
                 execute: bool = True, page_size: Any = None) -> Any:  # fmt: skip
        """The page that the address asks for; unexecuted, the whole listing. The page itself knows the count."""
        conditions = [self.figures[self.figure_key].criterion()] if self.figure_key else []
        conditions += listing.search_conditions(db.session, self.model, self.search, search or "")
        filtered = select(self.model.id)
        for index, _name, value in filters or []:
            filtered = self._filters[index].apply(filtered, value)
        conditions += [filtered.whereclause] if filtered.whereclause is not None else []
        found = Listing(self.model, self._order_by_name(sort_column, sort_desc), conditions)
        return None, listing.read_page(self, found, self.page_size) if execute else found

    def _order_by_name(self, name: str | None, descending: bool) -> Order:
        if name not in self._sortable_columns:
            name, descending = self.order.removeprefix("-"), self.order.startswith("-")
        return Order(getattr(self.model, self._sorted_by(name)), self.model.id, descending)

    def show_rows(self, rows: list[Any]) -> list[listing.Shown]:
        """The rows of a list, as the database gives them, as they are shown."""
        main, *others = listing.shown_columns(self)
        labels = [(self.column_labels[name], name) for name in others]
        shown = []
        for values in rows:
            row = self.list_columns.row(db.session, values)
            texts = [(label, self.cell(row, name)) for label, name in labels]
            shown.append(listing.Shown(row.id, self.row_title(row), self.cell(row, main), texts, self.may_edit(row)))
        return shown

    def whole_listing(self) -> Listing:
        """All rows of the list that the address asks for."""
        asked = self._get_list_extra_args()
        sort = self._get_column_by_idx(asked.sort)
        return self.get_list(None, sort[0] if sort else None, asked.sort_desc, asked.search, asked.filters, False)[1]

    def _get_list_filter_args(self) -> Any:
        found = []
        for index, one, value in listing.asked_filters(self):
            if one.validate(value):
                found.append((index, one.name, value))
            else:
                flash(f"筛选“{one.name}”的内容看不懂，没有用它。请重新选择。", "error")
        return found

    def _get_filters(self, filters: Any) -> dict[str, str]:
        # Flask-Admin counts on, and the second filter's name would then be another one than its control's.
        return {f"flt0_{self._filters[index].key}": value for index, _name, value in filters or []}

    def _get_list_extra_args(self) -> ViewArgs:
        arguments = super()._get_list_extra_args()
        arguments.page = arguments.page_size = None
        if arguments.sort is not None and not 0 <= arguments.sort < len(self._list_columns):
            arguments.sort = None
        kept = ("figure", "cols", "view")
        arguments.extra_args = {key: value for key, value in listing.arguments().items() if key in kept}
        return arguments

    def is_sortable(self, name: str) -> bool:
        return name in self._sortable_columns

    def get_filters(self) -> list[Any]:
        found = []
        for name in self.filters:
            found += make_filters(self.model, name, cells.label_of(self.model, name))
        for one in found:
            if isinstance(one, RelationFilter):
                one.titled = self._titles_of(one.target)
        return found

    def get_filter_arg(self, index: int, flt: Any) -> str:
        return flt.key

    # What templates ask

    def cell(self, row: Any, name: str) -> Any:
        """What is shown of a list's row, or of a record, under a name; None where there is nothing."""
        return self._cells[name](row) if isinstance(row, ListRow) and name in self._cells else cells.shown(row, name)

    def row_title(self, row: Any) -> str:
        """What a person calls the row."""
        return row.title

    def filter_controls(self) -> list[Any]:
        """The filters with their present values."""
        return listing.filter_controls(self)

    def active_chips(self) -> list[dict[str, str]]:
        """What narrows the list now."""
        return listing.chips(self)

    def offered_columns(self) -> list[tuple[int, str, str, bool]]:
        """Every column with its number, name, label and whether it is shown now."""
        shown = listing.shown_columns(self)
        return [(place, name, self.column_labels[name], name in shown) for place, name in enumerate(self.columns)]

    def list_arguments(self, *but: str) -> dict[str, str]:
        """What the list is asked for now, for a form or a link that changes some of it."""
        return listing.arguments(but)

    def list_url(self, *but: str) -> str:
        """The list as it is asked for now, or without some of it."""
        return self.list_url_of(listing.arguments(but))

    def list_url_of(self, asked: dict[str, str]) -> str:
        """The list, asked for this."""
        return listing.address(url_for(f"{self.endpoint}.index_view"), asked)

    def whole_list_url(self) -> str:
        """The list without search and filters, in the order and with the columns that it has now."""
        return self.list_url_of({name: value for name, value in listing.arguments().items()
                                 if name in ("sort", "desc", "cols")})  # fmt: skip

    def export_url(self, kind: str) -> str:
        """The address that exports what the list shows now."""
        return listing.address(self.get_url(".export", export_type=kind), listing.arguments(("view",)))

    def export_page_url(self) -> str:
        """The page where somebody chooses how to export what the list shows now."""
        return listing.address(self.get_url(".export_page"), listing.arguments(("view",)))

    def views_url(self) -> str:
        """The page of the saved views of this list."""
        return listing.address(url_for("saved_views.index"), {"list": self.resource, **listing.arguments()})

    def shown_view(self) -> Any:
        """The saved view that the list was opened by; None when there is none or it isn't in sight."""
        return saved_views.view_of_key(db.session, request.args["view"]) if "view" in request.args else None

    def url_for_action(self) -> str:
        """Where bulk actions are posted; the address tells which list they are about."""
        return listing.address(self.get_url(".action_view"), listing.arguments())

    def offers_all(self, page: listing.Page) -> bool:
        """Whether what is done with chosen rows may be done with all of the list, beyond this page."""
        return bulk.offers_all(page)

    def can_edit_in_list(self) -> bool:
        """Whether some column that is shown can be edited in the list."""
        return self.can_edit and bool(inline_edit.editable_names(self, listing.shown_columns(self)))

    form_layout = record_pages.form_layout
    form_errors = record_pages.form_errors
    details_layout = record_pages.details_layout
    masked_fields = record_pages.masked_fields
    masked_columns = record_pages.masked_columns
    related = record_pages.related
    tabs = record_pages.tabs

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        """What can be done next with the row."""
        return offered_steps(self, row)

    # What Flask-Admin's own list template needs and this one doesn't.

    def get_list_row_actions(self) -> list[Any]:
        return []

    def delete_form(self) -> None:
        return None

    def action_form(self, obj: Any = None) -> Any:
        return super().action_form(obj) if request.method == "POST" else None

    # Forms

    @property
    def form_names(self) -> list[str]:
        """The fields of the form, in order."""
        return [name for names in self.form_groups.values() for name in names]

    def scaffold_form(self) -> Any:
        return make_form(self.model, self.form_names, self.lookup_url, offer_of=self.offer_of)

    def offer_of(self, name: str) -> Offer:
        """What the look-up of this name offers in the form."""
        target, choices = self.relations[name].mapper.class_, choices_of(self.model, name)
        narrowed = self.offered.get(name, lambda found: found)
        return Offer(lambda: self.screen_of(target).with_names(narrowed(choices())), self._titles_of(target))

    def _titles_of(self, target: type) -> Callable[[Any], str]:
        # The other screen may not be there yet.
        return lambda row: self.screen_of(target).choice_title(row)

    def with_names(self, statement: Any) -> Any:
        """Load with rows of this screen what ``choice_title`` reads of others."""
        named_with = self.named_with
        return statement.options(joinedload(getattr(self.model, named_with))) if named_with else statement

    def choice_title(self, row: Any) -> str:
        """What a row is called where it stands alone: with the name of what it belongs to, no name twice."""
        of = getattr(row, self.named_with) if self.named_with else None
        return row.title if of is None or of.title in row.title else f"{of.title} · {row.title}"

    def lookup_url(self, name: str) -> str:
        """Where a form's look-up searches."""
        return url_for(f"{self.resource}.ajax_lookup", name=name)

    def create_form(self, obj: Any = None) -> Any:
        form = drafts.open_form(self._create_form_class, drafts.place_for(self))
        if request.method == "GET" and form.draft is None:
            record_pages.prefill(form)
        return form

    def edit_form(self, obj: Any = None) -> Any:
        form = drafts.open_form(self._edit_form_class, drafts.place_for(self, obj), obj)
        if request.method == "GET" and form.draft is None:
            form.version_seen.data = obj.version
        return form

    @expose("/new/", methods=("GET", "POST"))
    def create_view(self) -> Any:
        self.require_form("create")
        place = drafts.place_for(self)
        return drafts.offer_draft(self, self._create_form_class, place, self.form_names) or super().create_view()

    @expose("/edit/", methods=("GET", "POST"))
    def edit_view(self) -> Any:
        # In the address and nowhere else: without it there, Flask-Admin leads to wherever "url" says.
        row = self.get_one(request.args.get("id", ""))
        self.require_form("update", row)
        place = drafts.place_for(self, row)
        if offer := drafts.offer_draft(self, self._edit_form_class, place, self.form_names, row):
            return offer
        try:
            return super().edit_view()
        except (Changed, StaleDataError):
            db.session.rollback()
            row = self.get_one(row.id)
            target = self.get_url(".edit_view", id=row.id)
            return record_pages.conflict(self, row, self._edit_form_class, self.form_names, target, place), 409

    def require_form(self, action_name: str, row: Any = None) -> None:
        """Raise NotAllowed unless the actor may fill in the form, Refused while the row is locked."""
        if not self.form_groups or (action_name == "create" and not self.can_add):
            raise NotAllowed("这类记录不在这里填写。")
        self.require(action_name, row)
        self._require_unlocked(row)

    def _require_unlocked(self, row: Any) -> None:
        if row is not None and (reason := self.locked(row)):
            raise Refused(reason)

    def create_model(self, form: Any) -> Any:
        return self._save(form, self.build_new_instance(), True)

    def update_model(self, form: Any, model: Any) -> Any:
        if str(form.version_seen.data) != str(model.version):
            raise Changed
        return self._save(form, model, False)

    def _save(self, form: Any, row: Any, is_new: bool) -> Any:
        """Write the form and commit, or put the reason at its field and keep what was typed."""
        try:
            form.populate_obj(row)
            self.on_model_change(form, row, is_new)
            if is_new:
                db.session.add(row)
            if form.place is not None:
                discard_draft(db.session, form.place)
            db.session.commit()
        except Refused as reason:
            db.session.rollback()
            record_pages.add_error(form, reason.field, reason.message)
            return False
        except IntegrityError as error:
            db.session.rollback()
            record_pages.add_error(form, *reason_of(error, self.model))
            return False
        return row

    def get_save_return_url(self, model: Any, is_created: bool = False) -> str:
        return self.get_url(".details_view", id=model.id)

    @expose("/draft/", methods=("POST",))
    def draft_view(self) -> Any:
        """Keep what is in a form while somebody types."""
        return drafts.save_draft(self)

    @expose("/draft/discard/", methods=("POST",))
    def discard_draft_view(self) -> Any:
        return drafts.throw_away(self)

    # Pages beside the list and the form

    @expose("/details/")
    def details_view(self) -> Any:
        row = self.get_one(self._asked_id())
        return self.render(self.details_template, model=row, return_url=self.get_url(".index_view"))

    @expose("/step/<step>/", methods=("GET", "POST"))
    def step_view(self, step: str) -> Any:
        chosen = next((one for one in self.steps if one.key == step), None) or abort(404)
        return take_step(self, chosen, self.get_one(self._asked_id()))

    @expose("/history/")
    def history_view(self) -> Any:
        row = self.get_one(self._asked_id())
        entries = entries_shown(entries_about(self.resource, row.id))
        return self.render("admin/model/history.html", model=row, entries=entries)

    @expose("/explain/")
    def explain_view(self) -> Any:
        return record_pages.explain_page(self, self.get_one(self._asked_id()))

    @expose("/unmask/", methods=("GET", "POST"))
    def unmask_view(self) -> Any:
        row = self.get_one(self._asked_id())
        return record_pages.unmask(self, row, request.args.get("field", ""))

    @expose("/find/", methods=("GET", "POST"))
    def find_view(self) -> Any:
        return record_pages.find_by_number(self)

    @expose("/delete/", methods=("GET", "POST"))
    def delete_view(self) -> Any:
        row = self.get_one(self._asked_id())
        self._require_deletion(row)
        if request.method == "GET":
            return record_pages.ask_before_delete(self, [row], self.get_url(".delete_view"), [("id", row.id)])
        return self._delete([row])

    @action("delete", "删除")
    def action_delete(self, ids: list[str]) -> Any:
        rows = self.get_many(ids)
        for row in rows:
            self._require_deletion(row)
        if request.form.get("confirmed") != "yes":
            hidden = [("action", "delete"), ("confirmed", "yes"), *(("rowid", row.id) for row in rows)]
            return record_pages.ask_before_delete(self, rows, self.url_for_action(), hidden)
        return self._delete(rows)

    def _require_deletion(self, row: Any) -> None:
        if not self.can_add:
            raise NotAllowed("这类记录不能删除。")
        self.require("delete", row)
        self._require_unlocked(row)

    def is_action_allowed(self, name: str) -> bool:
        return self.can_delete if name == "delete" else super().is_action_allowed(name)

    def _delete(self, rows: list[Any]) -> Any:
        target, title = self.url_after_delete(rows), ""
        try:
            for row in rows:
                title = self.row_title(row)
                trash.move_to_trash(db.session, row)
            db.session.commit()
        except Refused as reason:
            db.session.rollback()
            flash(reason.message if len(rows) == 1 else f"都没有删除。{title}：{reason.message}", "error")
        else:
            flash(f"已删除 {len(rows)} 条，可以在回收站里找回。", "success")
        return redirect(target)

    def url_after_delete(self, rows: list[Any]) -> str:
        """Where to go once these rows are deleted."""
        return self.list_url()

    @expose("/action/", methods=("POST",))
    def action_view(self) -> Any:
        name, keys = request.form.get("action", ""), request.form.getlist("rowid")
        if "all" not in request.form and not keys:
            flash("请先勾选要处理的记录。", "error")
            return redirect(self.list_url())
        if not self.is_action_allowed(name) or name not in self._actions_data:
            raise NotAllowed("您没有做这件事的权限。")
        if "all" in request.form:
            return bulk.act_on_all(self, name)
        return self.act_on(name, keys)

    def act_on(self, name: str, keys: list[str]) -> Any:
        """Do a bulk action with the rows of these keys, and answer."""
        act = self._actions_data[name][0]
        return act(keys) or redirect(self.list_url())

    @expose("/export/<export_type>/")
    def export(self, export_type: str) -> Any:
        self.require("export")
        if export_type not in self.export_types:
            abort(404)
        return sheets.send(sheets.Sheet(self, self.whole_listing(), listing.shown_columns(self), export_type))

    @expose("/export/", methods=("GET", "POST"))
    def export_page(self) -> Any:
        """Exporting with a choice of format and columns."""
        return exports.export_page(self)

    @expose("/import/", methods=("GET", "POST"))
    def import_view(self) -> Any:
        """Where a sheet of such records is handed in."""
        self.require_import()
        return import_sheets.upload_page(self) if request.method == "GET" else import_sheets.take_sheet(self)

    @expose("/import/template/")
    def import_template_view(self) -> Any:
        """The empty sheet to fill in."""
        self.require_import()
        return import_sheets.template_file(self)

    @expose("/ajax/lookup/")
    def ajax_lookup(self) -> Response:
        """Rows that a form's look-up, or a filter, may choose, found by their own screen's search fields."""
        name = request.args.get("name", "")
        if request.args.get("for") == "filter":
            target = next(
                (f.target for f in self._filters or [] if isinstance(f, RelationFilter) and f.key == name), None
            )
            choices = self.screen_of(target).with_names(select(target)) if target is not None else None
        elif name in self.form_names and name in self.relations:
            self.require_form("update" if not self.can_create else "create")
            target, choices = self.relations[name].mapper.class_, self.offer_of(name).choices()
        else:
            choices = None
        if choices is None:
            abort(404)
        screen = self.screen_of(target)
        wanted = listing.search_conditions(db.session, target, screen.search, request.args.get("query", ""))
        found = choices.where(*wanted).order_by(target.id)
        return jsonify([[row.id, screen.choice_title(row)] for row in db.session.scalars(found.limit(LOOKUP_ROWS))])

    @expose("/ajax/update/", methods=("GET", "POST"))
    def ajax_update(self) -> Any:
        """Editing in the list: what the inputs of some rows are; posted, one value is saved."""
        return inline_edit.editors(self) if request.method == "GET" else inline_edit.save_cell(self)

    def screen_of(self, model: type) -> Any:
        """The screen of another model."""
        return next(view for view in self.admin._views if getattr(view, "model", None) is model)
