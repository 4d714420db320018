"""Eight processes save the same record at the same time: nobody's save may undo another's."""

import json
import subprocess
import sys

from sqlalchemy import select

from models import AuditEntry, Company, db
from policy import system_session
from tests.drills.browser import Browser, form_with
from tests.drills.kills import Report, app_of
from tests.drills.server import PASSWORD, ROOT, Server

PROCESSES = 8
KEY = 1
"""The company that all of them save."""


def save_together(server: Server, saves: int) -> Report:
    """``saves`` shared out among the processes; see tests/drills/saver.py for what each does."""
    server.start()
    _begin_at_zero(server)
    arguments = [str(server.port), PASSWORD, "{}", str(saves // PROCESSES), str(KEY)]
    command = [sys.executable, "-m", "tests.drills.saver", *arguments]
    processes = [
        subprocess.Popen([part.format(number) for part in command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for number in range(PROCESSES)
    ]
    told = [json.loads(process.communicate()[0] or "{}") for process in processes]
    server.stop()
    wrong = [words for one in told for words in one.get("wrong", ["a process broke down"])]
    saved = [(token, read) for one in told for token, read in one.get("saved", ())]
    refused = sum(one.get("refused", 0) for one in told)
    return Report(f"{len(saved)} saved, {refused} refused with both versions shown", wrong + _faults(server, saved))


def _begin_at_zero(server: Server) -> None:
    person, address = Browser(server.port), f"/company/edit/?id={KEY}"
    person.sign_in("city_admin", PASSWORD)
    form = form_with(person.get(address).text, "version_seen")
    person.post(address, form.filled(employees="0", note="begin"))


def _faults(server: Server, saved: list[tuple[str, int]]) -> list[str]:
    """What doesn't add up between what was saved, the record and the log."""
    with app_of(server).app_context():
        with system_session("demo", readonly=True) as session:
            company = session.get(Company, KEY)
            about = select(AuditEntry.changes).where(
                AuditEntry.resource == "company", AuditEntry.record_id == KEY, AuditEntry.action == "update"
            )
            changes = list(session.scalars(about.order_by(AuditEntry.id)))[1:]  # the first one set the number to 0
            counted, version = company.employees, company.version
        db.engine.dispose()
    found = []
    if counted != len(saved) or version != len(saved) + 2:
        found.append(f"{len(saved)} saved, but counted {counted} in version {version}")
    if [change["employees"] for change in changes] != [[number, number + 1] for number in range(len(saved))]:
        found.append("the log doesn't count up by one")
    if {(change["note"][1], change["employees"][0]) for change in changes} != set(saved) or len(changes) != len(saved):
        found.append("the log tells of other saves than the people were told of")
    return found
