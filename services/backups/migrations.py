"""The migrations, as backups need them: which there are, and bringing a database that is put together to one of them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine

from policy.errors import Refused

_FOLDER = Path(__file__).resolve().parent.parent.parent / "migrations"


def newest() -> str:
    """The migration that this program needs."""
    return _scripts().get_current_head() or ""


def require_known(revision: str) -> None:
    """Raise Refused when a backup stands at a migration that this program doesn't have."""
    try:
        _scripts().get_revision(revision)
    except CommandError:
        raise Refused(
            f"备份来自另一个版本的程序（数据库版本 {revision}），本程序不认识。请把程序升级到制作备份时的版本或更新的版本。"
        ) from None


def migrate(engine: Engine, revision: str) -> None:
    """Bring a database, empty or older, to a migration; needs the app's context."""
    with engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config
