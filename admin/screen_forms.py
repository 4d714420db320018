"""The form of a screen: what it offers, its drafts, and how a record is written."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort, jsonify, request, url_for
from flask_admin import expose
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from admin import drafts, listing, record_pages
from admin.filters import RelationFilter
from admin.forms import Offer, choices_of, make_form
from models import db
from policy import Changed, Refused
from services.constraints import reason_of
from services.drafts import discard_draft

LOOKUP_ROWS = 20


class FormPages:
    """A part of Screen: the pages on which a record is written; how a form is made of a model stands in admin/forms.py."""

    form_layout = record_pages.form_layout
    form_errors = record_pages.form_errors

    @property
    def new_url(self) -> str | None:
        """Where a new record is begun; None where the actor can't begin one."""
        return url_for(f"{self.endpoint}.create_view") if self.can_create else None

    @property
    def new_words(self) -> str:
        """What beginning a new record is called."""
        return f"新增{self.title}"

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
