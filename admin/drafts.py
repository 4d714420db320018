"""Drafts of record forms: kept while somebody types, offered when the form is opened again.

A draft is looked up through the walls of its form: only for a record that is in sight and may be changed now.
"""

from collections.abc import Callable
from typing import Any

from flask import abort, jsonify, redirect, request
from flask_admin.helpers import get_form_data
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict

from admin import record_pages
from admin.listing import address
from models import Draft, db
from models.clock import local
from policy import Refused
from services.drafts import NEW, Fields, Place, discard_draft, find_draft, keep_draft, typed_fields

EDIT, STEP = "edit", "step/"
GO_ON = "draft"
"""In the address of a form: fill in what was typed before."""


def place_for(screen: Any, row: Any = None, step: Any = None) -> Place:
    """The form for a new record, for a record, or for a step of it."""
    if row is None:
        return Place(screen.resource, NEW)
    return Place(screen.resource, EDIT if step is None else STEP + step.key, row.id)


def open_form(form_class: type, place: Place, row: Any = None) -> Any:
    """The form with what was posted, with what was typed before where the address says so, or with what is stored.

    It carries its ``place`` and the ``draft`` that it was filled from.
    """
    draft = find_draft(db.session, place) if request.method == "GET" and GO_ON in request.args else None
    form = form_class(get_form_data() if draft is None else MultiDict(typed_fields(draft)), obj=row)
    form.place, form.draft = place, draft
    if row is not None:
        record_pages.hide_unseen(form, row)
    return form


def offer_draft(screen: Any, form_class: type, place: Place, names: list[str], row: Any = None) -> str | None:
    """The page that asks whether to go on with what was typed; None when there is nothing to ask."""
    if request.method != "GET" or GO_ON in request.args:
        return None
    draft = find_draft(db.session, place)
    if draft is None:
        return None
    form = form_class(MultiDict(typed_fields(draft)), obj=row)
    return screen.render(
        "admin/model/draft.html",
        model=row,
        draft=draft,
        rows=[one for one in record_pages.stored_and_typed(screen.model, form, names, row) if one["changed"]],
        changed_since=row is not None and str(form.version_seen.data) != str(row.version),
        go_on_url=go_on_url(),
        discard_url=address(screen.get_url(".discard_draft_view"), {**request.args, "form": place.form}),
    )


def go_on_url() -> str:
    """The address of the form that was asked for, filled in with its draft."""
    return address(request.path, {**request.args, GO_ON: "1"})


def save_draft(screen: Any) -> Any:
    """Keep what is in the form of a screen that the address names."""
    place, names = _asked(screen)
    return keep_posted(place, names.__contains__)


def keep_posted(place: Place, belongs: Callable[[str], bool]) -> Any:
    """Keep the posted fields whose names belong to a form, and say when they were kept."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if belongs(name)]
    try:
        draft = _keep(place, fields)
    except Refused as reason:
        db.session.rollback()
        return jsonify(message=reason.message), 413
    return jsonify(saved=local(draft.updated_at).strftime("%H:%M"))


def _keep(place: Place, fields: Fields) -> Draft:
    """The draft, committed; tried again when another window of the same person was faster."""
    try:
        return _keep_once(place, fields)
    except (IntegrityError, StaleDataError):
        db.session.rollback()
        return _keep_once(place, fields)


def _keep_once(place: Place, fields: Fields) -> Draft:
    draft = keep_draft(db.session, place, fields)
    db.session.commit()
    return draft


def throw_away(screen: Any) -> Any:
    """Forget what was typed, and open the form as it is stored."""
    place, _names = _asked(screen)
    discard_draft(db.session, place)
    db.session.commit()
    arguments = {key: value for key, value in request.args.items() if key not in ("form", GO_ON)}
    if place.form.startswith(STEP):
        form_url = screen.get_url(".step_view", step=place.form.removeprefix(STEP))
    else:
        form_url = screen.get_url(".create_view" if place.form == NEW else ".edit_view")
    return redirect(address(form_url, arguments))


def _asked(screen: Any) -> tuple[Place, set[str]]:
    """The form that the address names and the names of its fields; refused wherever that form would be."""
    wanted = request.args.get("form", EDIT)
    if wanted == NEW:
        screen.require_form("create")
        return place_for(screen), {*screen.form_names, "version_seen"}
    row = screen.get_one(request.args.get("id", ""))
    if wanted == EDIT:
        screen.require_form("update", row)
        return place_for(screen, row), {*screen.form_names, "version_seen"}
    step = next((one for one in screen.steps if STEP + one.key == wanted), None) or abort(404)
    screen.require(step.permission, row)
    return place_for(screen, row, step), {*step.asks, "version_seen"}
