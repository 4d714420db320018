"""The list of a screen: its order, search and filters, its rows, what its template asks, and what is done with chosen rows."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_admin.model.base import ViewArgs
from sqlalchemy import select

from admin import bulk, cells, inline_edit, listing
from admin.filters import RelationFilter, make_filters
from models import db
from models.base import sort_names
from policy import NotAllowed
from services import saved_views
from services.tables.keyset import Listing, Order
from services.tables.search import is_spelt


class ListPage:
    """A part of Screen: the list page; what it is made of stands in admin/listing.py."""

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

    def is_sortable(self, name: str) -> bool:
        return name in self._sortable_columns

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

    def init_search(self) -> bool:
        return bool(self.search)

    def search_placeholder(self) -> str:
        labels = dict.fromkeys(cells.label_of(self.model, name) for name in self.search)
        spelt = any(is_spelt(self.model, name) for name in self.search)
        return "、".join(labels) + ("或拼音首字母" if spelt else "")

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
        names = listing.shown_columns(self)
        cells = [self.cell_under(name) for name in names]
        labels = listing.in_html([self.column_labels[name] for name in names[1:]])
        read = [self.list_columns.row(db.session, values) for values in rows]
        texts = iter(
            listing.in_html(
                [text or "" for row in read for text in (self.row_title(row), *(cell(row) for cell in cells))]
            )
        )
        return [
            listing.Shown(
                row.id, next(texts), next(texts), [(label, next(texts)) for label in labels], self.may_edit(row)
            )
            for row in read
        ]

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

    def views_url(self) -> str:
        """The page of the saved views of this list."""
        return listing.address(url_for("saved_views.index"), {"list": self.resource, **listing.arguments()})

    def shown_view(self) -> Any:
        """The saved view that the list was opened by; None when there is none or it isn't in sight."""
        return saved_views.view_of_key(db.session, request.args["view"]) if "view" in request.args else None

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

    def url_for_action(self) -> str:
        """Where bulk actions are posted; the address tells which list they are about."""
        return listing.address(self.get_url(".action_view"), listing.arguments())

    def act_on(self, name: str, keys: list[str]) -> Any:
        """Do a bulk action with the rows of these keys, and answer."""
        act = self._actions_data[name][0]
        return act(keys) or redirect(self.list_url())

    def offers_all(self, page: listing.Page) -> bool:
        """Whether what is done with chosen rows may be done with all of the list, beyond this page."""
        return bulk.offers_all(page)

    def can_edit_in_list(self) -> bool:
        """Whether some column that is shown can be edited in the list."""
        return self.can_edit and bool(inline_edit.editable_names(self, listing.shown_columns(self)))

    @expose("/ajax/update/", methods=("GET", "POST"))
    def ajax_update(self) -> Any:
        """Editing in the list: what the inputs of some rows are; posted, one value is saved."""
        return inline_edit.editors(self) if request.method == "GET" else inline_edit.save_cell(self)

    # What Flask-Admin's own list template needs and this one doesn't.

    def get_list_row_actions(self) -> list[Any]:
        return []

    def delete_form(self) -> None:
        return None

    def action_form(self, obj: Any = None) -> Any:
        return super().action_form(obj) if request.method == "POST" else None
