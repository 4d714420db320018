"""docs/adding-a-record.md is done to the letter, in a process of its own; docs/checks.md names every check."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

WHAT_IT_PROMISES = """
from pathlib import Path
from tempfile import mkdtemp
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship
from admin import screens
from admin.screen import Screen
from models import Company, db
from models.base import BranchScoped, Record, label, owned_by
from models.column_types import PartialDate, PartialDateType

{model}

{screen}

screens.companies.SCREENS.append(BulletinScreen)
from policy.write_guard import keep_history
from sqlalchemy import inspect
keep_history(inspect(Bulletin), Bulletin)
from tests.conftest import build_app, signed_in
from tests.databases import sqlite_office
from tests.matrix import all_attempts, walk

office = sqlite_office(Path(mkdtemp()), build_app, make_tables=db.create_all)
app, world = office.app, office.world
key, company = world.rows["bulletin", "甲"], world.rows["company", "甲"]
client = signed_in(app, "city_admin")
page = client.get("/").get_data(as_text=True)
assert 'href="/bulletin/"' in page
assert "简报标题" in client.get("/bulletin/?search=秘bulletin甲").get_data(as_text=True)
made = client.post("/bulletin/new/", data={{"company": company, "name": "先进", "issued_on": "2020.5"}})
assert made.status_code == 302, made.get_data(as_text=True)
assert "2020-05" in client.get("/bulletin/?search=先进").get_data(as_text=True)
assert "/bulletin/details/" in client.get("/search/?q=先进").get_data(as_text=True)
assert {{"/bulletin/", "/bulletin/new/", "/bulletin/export/xlsx/"}} <= {{
    hit["url"] for group in client.get("/search/found/?q=jianbao").json for hit in group["hits"]
}}
assert "请填写简报标题" in client.post("/bulletin/new/", data={{"company": company}}).get_data(as_text=True)
for address in ("details/", "edit/", "history/", "explain/", "delete/"):
    assert client.get(f"/bulletin/{{address}}?id={{key}}").status_code == 200, address
assert client.get("/bulletin/export/csv/").get_data(as_text=True).count("\\n") == 4
assert client.get("/bulletin/export/xlsx/").status_code == 200
assert "简报" in client.get(f"/company/details/?id={{company}}").get_data(as_text=True)
office.renew()
tried = [one for one in all_attempts(office) if one.path.startswith("/bulletin/")]
for role in ("company_clerk", "branch_admin", None):
    assert walk(office, role, tried).made > 20
assert client.post("/bulletin/delete/", data={{"id": key}}).status_code == 302
assert client.get(f"/bulletin/details/?id={{key}}").status_code == 404
print("all promises kept")
"""


@pytest.mark.matrix
def test_the_page_on_adding_a_record_keeps_its_promises() -> None:
    model, screen = re.findall(r"```python\n(.*?)```", (ROOT / "docs/adding-a-record.md").read_text(), re.S)
    assert len(screen.strip().splitlines()) <= 15
    script = WHAT_IT_PROMISES.format(model=model, screen=screen)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "all promises kept" in done.stdout, done.stdout + done.stderr


def test_every_screen_is_at_most_fifteen_lines_of_declaration() -> None:
    for file in (ROOT / "admin/screens").glob("*.py"):
        for body in re.findall(r"^class \w+Screen\(Screen\):\n(.*?)(?=^\S|\Z)", file.read_text(), re.S | re.M):
            declared = re.split(r"\n    (?:def|@)", body)[0]
            assert len(declared.strip().splitlines()) <= 15, (file.name, declared[:60])


def test_every_check_is_explained() -> None:
    used = set(re.findall(r'_stop\(\s*"([MS]\d+)"', (ROOT / "admin/checks.py").read_text()))
    explained = set(re.findall(r"^\| ([MS]\d+) \|", (ROOT / "docs/checks.md").read_text(), re.M))
    assert used == explained
