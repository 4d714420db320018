"""An import that is killed at any moment is there whole or not at all; ``make drill`` kills fifty on each database."""

from pathlib import Path

import pytest

from tests.drills.imports import kill_while_importing
from tests.drills.loaded import server_with_demo
from tests.drills.server import Server

pytestmark = pytest.mark.drill
SEED = 620200


def test_a_killed_import_is_whole_or_not_there_and_the_queue_goes_on(tmp_path: Path) -> None:
    report = kill_while_importing(server_with_demo(tmp_path), 3, SEED)
    assert report.faults == []


@pytest.mark.postgres
def test_so_it_is_on_postgres(tmp_path: Path) -> None:
    from tests.drills.postgres import Postgres

    with Postgres() as postgres:
        report = kill_while_importing(Server(tmp_path, postgres.url), 1, SEED)
    assert report.faults == []
