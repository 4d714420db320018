"""All settings, read from the environment in one place."""

import os
import secrets
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from models.encryption import new_key

VERSION = "0.3"
"""Of the product; backups tell it."""
ROOT = Path(__file__).parent
WEAK_SECRETS = {"", "secret", "dev", "changeme", "password"}
MIN_SECRET_LENGTH = 32


class BadSettings(RuntimeError):
    """The environment asks for something unsafe or impossible."""


def _kept_secret(path: Path, make: object) -> str:
    """A secret from a file that only its owner can read (mode 600); made when it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(make())  # type: ignore[operator]
    return path.read_text().strip()


@dataclass(frozen=True)
class Settings:
    """What an installation can choose; ``from_environment`` fills it."""

    database_url: str
    secret_key: str = field(repr=False)
    data_key: str = field(repr=False)
    files_dir: Path
    production: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    trusted_hosts: tuple[str, ...] = ()
    proxy_count: int = 0
    demo_password: str | None = field(default=None, repr=False)
    idle_end: timedelta = timedelta(minutes=30)
    sign_in_lifetime: timedelta = timedelta(hours=12)
    secure_cookies: bool = False

    @property
    def jobs_file(self) -> Path:
        """The queue of the background jobs, beside the folder of the files."""
        return self.files_dir.with_name("jobs.db")

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the environment; raises BadSettings with a plain reason."""
        read = os.environ.get
        instance = Path(read("INSTANCE_DIR") or ROOT / "instance")
        production = read("APP_ENV", "development") == "production"
        if production and not read("SECRET_KEY"):
            raise BadSettings("APP_ENV=production needs SECRET_KEY (32 random characters or more)")
        hosts = tuple(host.strip() for host in read("TRUSTED_HOSTS", "").split(",") if host.strip())
        if production and not hosts:
            raise BadSettings("APP_ENV=production needs TRUSTED_HOSTS, such as djb.example.gov.cn")
        settings = cls(
            database_url=_with_driver(read("DATABASE_URL") or f"sqlite:///{instance / 'office.db'}"),
            secret_key=read("SECRET_KEY") or _kept_secret(instance / "secret.key", lambda: secrets.token_urlsafe(48)),
            data_key=read("DATA_KEY") or _kept_secret(instance / "data.key", new_key),
            files_dir=instance / "files",
            production=production,
            host=read("HOST", "127.0.0.1"),
            port=int(read("PORT", "8000")),
            public_url=read("PUBLIC_URL", "").rstrip("/"),
            trusted_hosts=hosts,
            proxy_count=int(read("PROXY_COUNT", "0")),
            demo_password=read("DEMO_PASSWORD") or None,
            secure_cookies=production,
        )
        if settings.secret_key.lower() in WEAK_SECRETS or len(settings.secret_key) < MIN_SECRET_LENGTH:
            raise BadSettings("SECRET_KEY is too weak: use 32 random characters or more")
        if settings.database_url.startswith("sqlite:///"):
            Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return settings


def _with_driver(url: str) -> str:
    """The URL with the driver that is installed: postgresql:// means psycopg 3."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def complain(error: BadSettings) -> None:
    """Say what is wrong with the settings and end the program."""
    sys.exit(f"settings: {error}")
