"""Steps: what can be done with a record besides editing it, such as ending a posting. A screen only names them.

A step calls a verb of services/. It asks for the columns it needs on a page of its own, or is a plain button.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from admin import drafts, record_pages
from admin.forms import make_form
from models import db
from models.clock import today
from policy import Changed, Refused
from services.constraints import reason_of
from services.drafts import Place, discard_draft


def always(_row: Any) -> bool:
    """The step makes sense whatever state the record is in."""
    return True


@dataclass(frozen=True)
class Step:
    """One thing to do with a record.

    Attributes:
        key: its name in addresses.
        label: its name on buttons.
        act: ``act(session, row, **asked)``; raises Refused with the field's name where a rule says no.
        permission: the action on the record that it takes.
        asks: columns of the record that are filled in first.
        needs: those of ``asks`` that can't be left empty.
        when: whether it makes sense in the record's present state.
        done: what is said afterwards; ``act`` may give a text of its own instead.
        primary: whether its button is the page's main one.
    """

    key: str
    label: str
    act: Callable[..., Any]
    permission: str = "update"
    asks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    when: Callable[[Any], bool] = always
    done: str = "已办理。"
    primary: bool = False


def offered_steps(screen: Any, row: Any) -> list[dict[str, Any]]:
    """The steps that the actor can take with the row now, as buttons."""
    return [
        {
            "label": f"{step.label}…" if step.asks else step.label,
            "url": screen.get_url(".step_view", step=step.key, id=row.id),
            "method": "get" if step.asks else "post",
            "primary": step.primary,
            "version": row.version,
        }
        for step in screen.steps
        if screen.may(step.permission, row) and step.when(row)
    ]


def take_step(screen: Any, step: Step, row: Any) -> Any:
    """The page of a step; posted, it is done and committed, or refused with what was typed kept."""
    screen.require(step.permission, row)
    form_class = make_form(screen.model, list(step.asks), screen.lookup_url, step.needs)
    place = drafts.place_for(screen, row, step)
    if step.asks and (offer := drafts.offer_draft(screen, form_class, place, list(step.asks), row)):
        return offer
    form = _open_form(form_class, step, row, place)
    if request.method == "GET":
        return _page(screen, step, row, form)
    if request.form.get("version_seen") != str(row.version):
        return _conflict(screen, step, row, form_class, place)
    if not form.validate():
        return _page(screen, step, row, form), 422
    key = row.id
    try:
        said = step.act(db.session, row, **{name: form[name].data for name in step.asks})
        discard_draft(db.session, place)
        db.session.commit()
    except (Refused, IntegrityError) as error:
        db.session.rollback()
        return _refused(screen, step, screen.get_one(key), form, error)
    except StaleDataError:
        db.session.rollback()
        return _conflict(screen, step, screen.get_one(key), form_class, place)
    flash(said if isinstance(said, str) else step.done, "success")
    still_there = screen.find(key) is not None
    return redirect(screen.get_url(".details_view", id=key) if still_there else screen.get_url(".index_view"))


def _conflict(screen: Any, step: Step, row: Any, form_class: type, place: Place) -> Any:
    """What is stored now beside what was typed; a button without a form is pressed again on the record's page."""
    if not step.asks:
        raise Changed
    target = screen.get_url(".step_view", step=step.key, id=row.id)
    return record_pages.conflict(screen, row, form_class, list(step.asks), target, place), 409


def _open_form(form_class: type, step: Step, row: Any, place: Place) -> Any:
    form = drafts.open_form(form_class, place, row)
    form.version_seen.data = form.version_seen.data or str(row.version)
    if request.method == "GET" and form.draft is None:
        for name in step.needs:
            if form[name].kind == "date" and form[name].data is None:
                form[name].data = today()
    return form


def _refused(screen: Any, step: Step, row: Any, form: Any, error: Exception) -> Any:
    """Say at the field what is wrong; a button without a form says it on the record's page."""
    field, message = (
        (error.field, error.message) if isinstance(error, Refused) else reason_of(error, screen.model)  # type: ignore[arg-type]
    )
    if not step.asks:
        flash(message, "error")
        return redirect(screen.get_url(".details_view", id=row.id))
    record_pages.add_error(form, field, message)
    return _page(screen, step, row, form), 422


def _page(screen: Any, step: Step, row: Any, form: Any) -> str:
    return screen.render("admin/model/step.html", model=row, step=step, form=form)
