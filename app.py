"""The application: ordered wiring, nothing else. ``python app.py`` migrates, loads the demo and serves."""

# ruff: noqa: E402
import gc

# Nothing of what is loaded below is ever given back: looking for garbage in it takes a fifth of the start.
gc.disable()

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cache, wraps
from pathlib import Path
from typing import Any

from flask import Flask, request, url_for
from flask_babel import Babel
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.middleware.proxy_fix import ProxyFix

import commands
from admin import auth, checks, compression, errors
from admin.background import connect_jobs
from admin.export_command import export_list
from admin.guide import links_of
from admin.identity import identities
from admin.import_command import import_sheet
from admin.late_routes import LateRule
from admin.menu import breadcrumbs, menu
from admin.office import OfficeAdmin
from admin.pages import PAGES
from admin.pages.attachments import allow_uploads
from admin.pages.home import HomePage
from admin.pages.mending import mending_offer
from admin.pages.prints import seals_of
from admin.screens import all_screens
from admin.theme import OfficeTheme
from models import db
from models.clock import local, spoken
from models.database import current_actor, engine_options
from models.encryption import use_key
from policy import system_session
from services import demo
from services.sign_in_cards import REMEMBERED_DAYS
from settings import Settings

gc.freeze()
gc.enable()

PRODUCT_NAME = "党建指导员后台"
MAX_BODY = 12 * 1024 * 1024
MAX_FORM_FIELD = 1024 * 1024
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def without_collecting(make: Callable[..., Flask]) -> Callable[..., Flask]:
    """Make an app without looking for garbage meanwhile: all of it stays."""

    @wraps(make)
    def made(*arguments: Any) -> Flask:
        gc.disable()
        try:
            return make(*arguments)
        finally:
            gc.enable()

    return made


@without_collecting
def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application for these settings (those of the environment when none are given)."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__)
    app.url_rule_class = LateRule
    configure(app, settings)
    connect_database(app, settings)
    connect_jobs(app, settings)
    auth.register(app)
    # After the sign-in: of nobody a large body is read. Before the forms' tokens: looking for them reads the body.
    app.before_request(allow_uploads)
    CSRFProtect(app)
    Babel(app, default_locale="zh_CN", default_timezone="Asia/Shanghai")
    errors.register(app)
    add_admin(app)
    add_to_templates(app)
    app.after_request(secure)
    compression.register(app)
    app.add_url_rule("/health", "health", lambda: "ok")
    commands.register(app)
    app.cli.add_command(export_list)
    app.cli.add_command(import_sheet)
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Flask's own settings."""
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_FIELD,
        SESSION_COOKIE_NAME="office",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=REMEMBERED_DAYS),
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        WTF_CSRF_TIME_LIMIT=None,
        FLASK_ADMIN_RAISE_ON_VIEW_EXCEPTION=True,
        FLASK_ADMIN_RAISE_ON_INTEGRITY_ERROR=True,
    )
    if settings.proxy_count:
        count = settings.proxy_count
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def connect_database(app: Flask, settings: Settings) -> None:
    """The database, its migrations and the key of what is encrypted in it."""
    use_key(settings.data_key)
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.database_url)
    db.init_app(app)
    Migrate(app, db, directory=str(Path(__file__).parent / "migrations"), render_as_batch=True)


def add_admin(app: Flask) -> None:
    """Flask-Admin with every screen; a wrong declaration stops the start."""
    admin = OfficeAdmin(app, name=PRODUCT_NAME, theme=OfficeTheme(), index_view=HomePage(), url="/")
    checks.check_models()
    checks.check_screens(all_screens())
    for screen in all_screens():
        admin.add_view(screen())
    for page in PAGES:
        admin.add_view(page())


def add_to_templates(app: Flask) -> None:
    """What every template may ask for."""

    @cache
    def fingerprint(name: str) -> str:
        return hashlib.sha256((Path(app.root_path) / "static" / name).read_bytes()).hexdigest()[:12]

    @cache
    def asset_below(_root: str, name: str) -> str:
        return url_for("static", filename=name, v=fingerprint(name))

    def asset(name: str) -> str:
        return asset_below(request.script_root, name)

    demo_seen: list[bool] = []

    def demo_is_loaded() -> bool:
        if demo_seen:
            return demo_seen[0]
        found = False
        # The error page asks too, and must come up when the database doesn't.
        with suppress(SQLAlchemyError), system_session("sign_in", readonly=True) as session:
            found = demo.is_demo(session)
            # Where somebody can sign in there are records, and the demo is loaded beside none but its own.
            if found or current_actor.get() is not None:
                demo_seen.append(found)
        return found

    app.add_template_filter(lambda instant: local(instant).strftime("%Y-%m-%d %H:%M"), "instant")

    app.add_template_filter(spoken, "moment")

    @app.context_processor
    def common() -> dict[str, Any]:
        return {
            "asset": asset,
            "actor": current_actor.get(),
            "breadcrumbs": breadcrumbs,
            "identities": identities,
            "menu": menu,
            "mending_offer": mending_offer,
            "theme": app.extensions["admin"][0].theme,
            "guide_links": links_of,
            "product_name": PRODUCT_NAME,
            "seals_of": seals_of,
            "is_demo": demo_is_loaded(),
        }


def secure(response: Any) -> Any:
    """The headers of every answer; nothing signed in is stored anywhere, fingerprinted files for a year."""
    headers = response.headers
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["X-Frame-Options"] = "DENY"
    kept = request.endpoint == "static" and "v" in request.args
    headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-store"
    return response


if __name__ == "__main__":
    commands.start(create_app())
