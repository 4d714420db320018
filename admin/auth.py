"""Signing in by password or card, signing out, passwords, care mode; and who acts in each request."""

import re
from contextlib import suppress
from typing import Any

from flask import Blueprint, Flask, abort, current_app, flash, g, redirect, render_template, request, session, url_for
from flask_login import LoginManager, UserMixin
from flask_wtf import FlaskForm
from sqlalchemy.orm.exc import StaleDataError
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from admin.identity import acting_actor
from admin.phones import describe_phone, in_wechat
from models import Account, db
from models.account import CARE_SIZES
from models.clock import now, today
from models.database import current_actor, set_request_only_reads
from policy import Refused, system_session
from policy.actor import Actor
from policy.audit import Origin, current_origin
from services import accounts, sign_in_cards

KEY, SEEN = "key", "seen"
NOTED_EVERY = 60
"""So many seconds apart it is noted that a browser is in use: a new cookie with every page would say no more."""
OPEN_ENDPOINTS = {"auth.sign_in", "auth.sign_in_again", "auth.card", "static", "health"}
FIRST_PASSWORD_ENDPOINTS = {
    "auth.card",
    "auth.care",
    "auth.password",
    "auth.sign_out",
    "auth.sign_out_everywhere",
    "static",
}
blueprint = Blueprint("auth", __name__)
login_manager = LoginManager()


class SignedIn(UserMixin):
    """Who is signed in, as Flask-Login knows it: the actor with all his roles, and what the sign-in pages need."""

    def __init__(self, actor: Actor, account: Any) -> None:
        self.id = actor.account_id
        self.actor = actor
        self.by_phone = account.device is not None
        self.must_change_password = account.must_change_password and not self.by_phone
        self.care_size = account.care_size
        self.sign_in_id = account.sign_in_id
        self.last_used_on = account.last_used_on
        self.days_left = (account.expires_at - now()).days


class SignInForm(FlaskForm):
    """User name and password."""

    username = StringField("用户名", [InputRequired("请填写用户名。"), Length(max=40, message="用户名最多 40 个字。")])
    password = PasswordField("密码", [InputRequired("请填写密码。"), Length(max=128, message="密码最多 128 个字符。")])


class PasswordForm(FlaskForm):
    """The present password and, twice, the new one."""

    password = PasswordField("现在的密码", [InputRequired("请填写现在的密码。"), Length(max=128)])
    new_password = PasswordField(
        "新密码", [InputRequired("请填写新密码。"), Length(max=128, message="最多 128 个字符。")]
    )
    repeated = PasswordField("再写一遍新密码", [EqualTo("new_password", "两次写的新密码不一样。")])


@login_manager.request_loader
def load_signed_in(_request: Any) -> SignedIn | None:
    """The account of the browser's session key, with its actor; None when it ended, expired or was idle too long.

    A remembered phone may be idle, but it is let in only as long as the account's roles allow cards.
    """
    key, seen = session.get(KEY), session.get(SEEN, 0)
    idle = now().timestamp() - seen > current_app.config["SETTINGS"].idle_end.total_seconds()
    if not key or (idle and not session.permanent):
        return None
    with system_session("sign_in", readonly=True) as reading:
        who = accounts.who_is_signed_in(reading, key, today())
    if who is None:
        return None
    found = SignedIn(*who)
    return None if found.by_phone and not sign_in_cards.may_be_let_in(found.actor) else found


def begin_request() -> Any:
    """Settle who acts before anything else happens; whoever isn't signed in sees the sign-in page only."""
    db.session.remove()
    set_request_only_reads(request.method in ("GET", "HEAD", "OPTIONS"))
    g.origin = current_origin.set(Origin("网页", request.remote_addr))
    if request.endpoint == "static":
        return None
    # Nobody yet: the error page asks who is signed in, and must come up when the database can't say.
    g._login_user = login_manager.anonymous_user()
    signed_in = login_manager._load_user_from_request(request)
    g._login_user = signed_in or g._login_user
    if signed_in is None:
        if request.endpoint in OPEN_ENDPOINTS:
            return None
        if request.method != "GET" or request.accept_mimetypes.best == "application/json":
            abort(401)
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    g.actor = current_actor.set(acting_actor(signed_in.actor))
    moment = int(now().timestamp())
    if moment - session.get(SEEN, 0) >= NOTED_EVERY:
        session[SEEN] = moment
    if request.method == "POST" and is_use_to_note(signed_in):
        _note_use(signed_in)
    if signed_in.must_change_password and request.endpoint not in FIRST_PASSWORD_ENDPOINTS:
        return redirect(url_for("auth.password"))
    return None


def is_use_to_note(signed_in: SignedIn) -> bool:
    """Whether a remembered phone is used for the first time on this day."""
    return signed_in.by_phone and signed_in.last_used_on != today()


def _note_use(signed_in: SignedIn) -> None:
    # Of two requests that come at once the other one notes the same day.
    with suppress(StaleDataError), system_session("sign_in") as writing:
        sign_in_cards.note_use(writing, signed_in.sign_in_id)
        writing.commit()


def end_request(_error: Any = None) -> None:
    """Nobody acts after the request."""
    for name, variable in (("actor", current_actor), ("origin", current_origin)):
        token = g.pop(name, None)
        if token is not None:
            variable.reset(token)
    set_request_only_reads(False)


def safe_next(target: str | None) -> str:
    """A path of this site, or the home page: never another host."""
    # Tabs and line ends are dropped on the way to the browser: "/\t/evil.com" would arrive as "//evil.com".
    return target if target and re.fullmatch(r"/(?!/)[^\\\x00-\x20]*", target) else "/"


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    """The sign-in page. One answer for a wrong name, a wrong password and a locked name."""
    form = SignInForm()
    if request.method == "POST" and form.validate():
        with system_session("sign_in") as writing:
            lifetime = current_app.config["SETTINGS"].sign_in_lifetime
            found = accounts.sign_in(writing, form.username.data.strip(), form.password.data, lifetime)
            writing.commit()
        if found is not None:
            start_session(found[1])
            return redirect(safe_next(request.args.get("next")))
        form.password.errors = [accounts.WRONG]
    return render_template("auth/sign_in.html", form=form, notice=None), 200 if request.method == "GET" else 422


def start_session(key: str) -> None:
    """Let this browser carry the key of a session that has just begun, and nothing from before."""
    session.clear()
    g.pop("csrf_token", None)  # Flask-WTF's for the former session: forms on this answer need one of the new
    session[KEY], session[SEEN] = key, int(now().timestamp())


@blueprint.route("/sign-in/card", methods=["GET", "POST"])
def card() -> Any:
    """What a card's code opens: one button, which uses the card up. WeChat fetches links beforehand; that costs nothing.

    One answer for a card that is spent, expired, revoked or none at all.
    """
    key, target = request.values.get("key", "")[:100], safe_next(request.values.get("next"))
    if request.method == "POST":
        made = _enter_by_card(key)
        if made is not None:
            start_session(made)
            session.permanent = True
            return redirect(target)
        return render_template("auth/card_refused.html"), 404
    with system_session("sign_in", readonly=True) as reading:
        found = sign_in_cards.find_card(reading, key)
        if found is None:
            return render_template("auth/card_refused.html"), 404
        # Made in WeChat to go on in the phone's own browser, which opens this very address.
        carried = in_wechat() and target != "/" and current_actor.get() is not None
        days = found.remembered_days
        return render_template(
            "auth/card.html", name=found.account.name, key=key, target=target, days=days, carried=carried
        )


def _enter_by_card(key: str) -> str | None:
    """The key of the phone's new session; the browser's former one ends. None when the card lets nobody in."""
    with system_session("sign_in") as writing:
        try:
            entered = sign_in_cards.enter_by_card(writing, key, describe_phone())
            if entered is not None:
                accounts.sign_out(writing, session.get(KEY, ""))
            writing.commit()
        except StaleDataError:
            return None
    return entered[1] if entered else None


@blueprint.route("/phone-used", methods=["POST"])
def phone_used() -> str:
    """Asked by a remembered phone's page once a day; a look at a page alone would write nothing (``begin_request``)."""
    return ""


@blueprint.route("/care", methods=["POST"])
def care() -> Any:
    """Care mode (关怀版) on with a size of text, or off; kept for the account, wherever it signs in."""
    given = request.form.get("size", "")
    size = int(given) if given in {str(one) for one in CARE_SIZES} else None
    accounts.show_larger(db.session, db.session.get(Account, current_actor.get().account_id), size)
    db.session.commit()
    return redirect(safe_next(request.form.get("back")))


@blueprint.route("/sign-out", methods=["POST"])
def sign_out() -> Any:
    """End this browser's session."""
    return _end(everywhere=False)


@blueprint.route("/sign-out-everywhere", methods=["POST"])
def sign_out_everywhere() -> Any:
    """End all sessions of the account, on every device."""
    return _end(everywhere=True)


def _end(everywhere: bool) -> Any:
    with system_session("sign_in") as writing:
        accounts.sign_out(writing, session.get(KEY, ""), everywhere)
        writing.commit()
    session.clear()
    flash("已退出。", "success")
    return redirect(url_for("auth.sign_in"))


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> Any:
    """Change one's own password; forced when somebody else made it."""
    form = PasswordForm()
    if request.method == "POST" and form.validate():
        account = db.session.get(Account, current_actor.get().account_id)
        try:
            if not accounts.check_password(account, form.password.data):
                raise Refused("现在的密码不对。", "password")
            accounts.set_password(db.session, account, form.new_password.data)
            db.session.commit()
        except Refused as reason:
            db.session.rollback()
            form[reason.field or "new_password"].errors = [reason.message]
        else:
            flash("密码已修改。", "success")
            return redirect("/")
    forced = g._login_user.must_change_password
    return render_template("auth/password.html", form=form, forced=forced), 422 if form.errors else 200


def look() -> dict[str, Any]:
    """What every template may ask about whoever is signed in: how large his pages are, which phone he holds."""
    signed_in = getattr(g, "_login_user", None)
    known = isinstance(signed_in, SignedIn)
    return {
        "care_size": signed_in.care_size if known else None,
        "care_sizes": CARE_SIZES,
        "phone": signed_in if known and signed_in.by_phone else None,
        "use_to_note": known and is_use_to_note(signed_in),
        "in_wechat": in_wechat(),
    }


def register(app: Flask) -> None:
    """Wire sign-in into the app."""
    login_manager.init_app(app)
    app.context_processor(look)
    app.register_blueprint(blueprint)
    app.before_request(begin_request)
    app.teardown_request(end_request)
