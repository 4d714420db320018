"""Settings as ``startproject`` writes them, in Chinese, for production; and who may sign in."""

import django
from django.conf import settings
from sqlalchemy import make_url


def start(address, *more_apps):
    """Set Django up on this database, which ``prepare`` has been run on; the WSGI application."""
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": database(address)},
        DEBUG=False,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "import_export",
            "benchmarks.django_peer",
            *more_apps,
        ],
        LANGUAGE_CODE="zh-hans",
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        ROOT_URLCONF="benchmarks.django_peer.urls",
        SECRET_KEY="benchmark" * 6,
        STATIC_URL="/static/",
        # Without DEBUG the loaders of APP_DIRS keep compiled templates.
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        TIME_ZONE="Asia/Shanghai",
        USE_TZ=True,
    )
    django.setup()
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def database(address):
    """Django's words for SQLAlchemy's address; the connection is kept, as the product keeps its own."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": url.database, "CONN_MAX_AGE": None}
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": url.database, "USER": url.username,
        "PASSWORD": url.password or "", "HOST": url.query.get("host", url.host), "PORT": url.port or "",
        "CONN_MAX_AGE": None,
    }  # fmt: skip


def prepare(address, password, members, *more_apps):
    """Add Django's own tables, and for each user name a user with branches; without branches a superuser."""
    start(address, *more_apps)
    from django.contrib.auth.models import Permission, User
    from django.core.management import call_command

    from benchmarks.django_peer.models import Membership

    call_command("migrate", "auth", verbosity=0)
    call_command("migrate", run_syncdb=True, verbosity=0)
    for name, branches in members.items():
        user = User.objects.create_user(name, password=password, is_staff=True, is_superuser=not branches)
        user.user_permissions.set(Permission.objects.filter(content_type__app_label="django_peer"))
        Membership.objects.bulk_create(Membership(user=user, branch_id=branch) for branch in branches)
