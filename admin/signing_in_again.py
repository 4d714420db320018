"""Signing in again in the middle of a form: on the same page with script, on the page that keeps what was typed without.

Only the account whose session has ended can do so: what one person typed is never sent by another.
"""

from typing import Any

from flask import current_app, jsonify, redirect, render_template, request, session, url_for
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from admin.auth import KEY, blueprint, login_manager, safe_next, start_session
from policy import system_session
from services import accounts

KEPT_NAME, KEPT_VALUE = "kept_name", "kept_value"


class AgainForm(FlaskForm):
    """The password; whose it is, the ended session says."""

    password = PasswordField("密码", [InputRequired("请填写密码。"), Length(max=128, message="密码最多 128 个字符。")])


def former_account() -> Any:
    """Whose session this browser's is, running or ended, as ``id``, ``username`` and ``name``; None when it has none."""
    key = session.get(KEY)
    if not key:
        return None
    with system_session("sign_in", readonly=True) as reading:
        return accounts.account_of_key(reading, key)


@blueprint.route("/sign-in-again", methods=["GET", "POST"])
def sign_in_again() -> Any:
    """GET: who is signed in and the token of his forms, for script. POST: sign the same account in again."""
    if request.method == "GET":
        return _state()
    account, form = former_account(), AgainForm()
    if account is None:
        return redirect(url_for("auth.sign_in"))
    if form.validate():
        with system_session("sign_in") as writing:
            lifetime = current_app.config["SETTINGS"].sign_in_lifetime
            found = accounts.sign_in(writing, account.username, form.password.data, lifetime)
            writing.commit()
        if found is not None:
            start_session(found[1])
            return _state(account.id) if by_script() else _go_on(kept_fields(), request.args.get("next"))
        form.password.errors = [accounts.WRONG]
    message = " ".join(form.password.errors)
    if by_script():
        return jsonify(message=message), 422
    return again_page(account, kept_fields(), request.args.get("next"), message), 422


def by_script() -> bool:
    """Whether a script asked, which reads JSON and no page."""
    return request.accept_mimetypes.best == "application/json"


def _state(signed_in: int | None = None) -> Any:
    """Whose session it is and whether it runs; the forms of a page that stayed open need the new token."""
    if signed_in is None:
        running = login_manager._load_user_from_request(request)
        signed_in = running.actor.account_id if running is not None else None
    former = former_account() if signed_in is None else None
    whose = signed_in if former is None else former.id
    return jsonify(account=whose, signed_in=signed_in is not None, token=generate_csrf())


def kept_fields() -> list[tuple[str, str]]:
    """What was typed before the session was found to have ended."""
    return list(zip(request.form.getlist(KEPT_NAME), request.form.getlist(KEPT_VALUE), strict=False))


def again_page(account: Any, kept: list[tuple[str, str]], target: str | None, message: str = "") -> str:
    """The page that asks for the password and keeps what was typed."""
    action = url_for("auth.sign_in_again", next=safe_next(target))
    return render_template("auth/sign_in_again.html", account=account, kept=kept, action=action, message=message)


def _go_on(kept: list[tuple[str, str]], target: str | None) -> Any:
    """What was typed, to be sent to where it was going."""
    return render_template("auth/go_on.html", kept=kept, target=safe_next(target))
