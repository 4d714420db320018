"""The user guide stands inside the product, and every page leads to what explains it."""

import re
from urllib.parse import unquote

import pytest
from flask import Flask

from admin.guide import PICTURES, chapters
from admin.menu import AREAS
from tests.attempts import one_to_each_route
from tests.conftest import as_new, signed_in
from tests.databases import Office
from tests.matrix import all_attempts

PICTURE_BYTES = 400_000


def leads_somewhere(address: str) -> bool:
    """Whether an address of the guide names a chapter that there is, and in it a heading."""
    path, _, heading = address.partition("#")
    name = path.removeprefix("/help/") or "README"
    return name in chapters() and (not heading or heading in chapters()[name].headings)


def test_every_area_of_the_menu_is_explained() -> None:
    assert set(AREAS) <= set(chapters()["areas"].headings)


def test_every_link_of_the_guide_leads_to_a_heading_and_every_picture_is_there() -> None:
    for chapter in chapters().values():
        links = re.findall(r'href="([^"]+)"', chapter.html)
        assert [link for link in links if not leads_somewhere(link)] == [], chapter.name
        pictures = re.findall(r'src="/help/pictures/([^"]+)"', chapter.html)
        assert [name for name in pictures if not (PICTURES / name).is_file()] == [], chapter.name


def test_no_picture_lies_there_unused_or_is_too_heavy_for_a_phone() -> None:
    shown = {name for chapter in chapters().values() for name in re.findall(r'pictures/([^"]+)"', chapter.html)}
    assert {path.name for path in PICTURES.iterdir()} == shown
    assert [path.name for path in PICTURES.iterdir() if path.stat().st_size > PICTURE_BYTES] == []


@pytest.mark.matrix
@pytest.mark.parametrize("role", ["city_admin", "branch_admin", "adviser", "company_clerk", "auditor"])
def test_every_page_leads_to_its_place_in_the_guide(role: str, on_sqlite: Office) -> None:
    tried = [one for one in all_attempts(as_new(on_sqlite)) if one.method == "GET" and one.twin is None]
    client = signed_in(on_sqlite.app, role)
    without = []
    for one in one_to_each_route(tried):
        answer = client.get(one.address, buffered=True)
        page = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
        if 'aria-label="主菜单"' not in page or answer.status_code != 200 or one.address.startswith("/help"):
            continue
        found = re.search(r'<div class="guide-links">(.*?)</div>', page, re.DOTALL)
        links = re.findall(r'href="([^"]+)"', found.group(1)) if found else []
        if not links or not all(leads_somewhere(unquote(link)) for link in links):
            without.append(one.address)
    assert without == []


def test_the_guide_is_read_by_everybody_who_is_signed_in_and_by_nobody_else(app: Flask) -> None:
    assert app.test_client().get("/help/lists").status_code == 302
    client = signed_in(app, "adviser")
    assert "写走访" in client.get("/help/adviser").get_data(as_text=True)
    assert client.get("/help/nothing").status_code == 404
    assert client.get("/help/pictures/..%2Fadviser.md").status_code == 404
