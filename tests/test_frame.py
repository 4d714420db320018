"""What stands around every page: where one is, what the page is called, who acts."""

import html
import re
from itertools import chain

import pytest
from flask import Flask
from flask.testing import FlaskClient

from admin.theme import OfficeTheme
from tests.conftest import signed_in
from tests.typed_forms import screens_of
from tests.world import ROLES, World

CRUMBS = re.compile(r'<nav class="crumbs".*?</nav>', re.S)


def page_at(client: FlaskClient, address: str) -> str:
    """The page of an address."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(answer.get_data(as_text=True))


def crumbs_of(page: str) -> list[str]:
    """The words of a page's breadcrumbs."""
    found = CRUMBS.search(page)
    assert found
    return [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<li.*?</li>", found[0], re.S)]


def title_of(page: str) -> str:
    """What the browser calls a page."""
    found = re.search(r"<title>(.*?)</title>", page)
    assert found
    return found[1]


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    """The city administrator's browser."""
    return signed_in(app, "city_admin")


def test_each_page_of_a_record_says_where_it_is(desk: FlaskClient, world: World) -> None:
    key = world.rows["company", "甲"]
    name = "秘company甲short_name"
    expected = {
        "/company/": ["非公企业", "企业"],
        "/company/new/": ["非公企业", "企业", "新增企业"],
        f"/company/details/?id={key}": ["非公企业", "企业", name],
        f"/company/edit/?id={key}": ["非公企业", "企业", name, "编辑企业"],
        f"/company/history/?id={key}": ["非公企业", "企业", name, "历史"],
        f"/company/explain/?id={key}": ["非公企业", "企业", name, "谁能看"],
        f"/company/delete/?id={key}": ["非公企业", "企业", "删除企业"],
        "/views/?list=company": ["非公企业", "企业", "企业的视图"],
        "/help/adviser": ["使用说明", "党建指导员"],
    }
    assert {address: crumbs_of(page_at(desk, address)) for address in expected} == expected


def test_the_title_names_the_page_its_record_and_its_list(desk: FlaskClient, world: World) -> None:
    key, name = world.rows["company", "甲"], "秘company甲short_name"
    assert title_of(page_at(desk, "/company/")) == "企业 · 党建指导员后台"
    assert title_of(page_at(desk, f"/company/details/?id={key}")) == f"{name} · 企业 · 党建指导员后台"
    assert title_of(page_at(desk, f"/company/history/?id={key}")) == f"历史 · {name} · 企业 · 党建指导员后台"
    assert title_of(page_at(desk, "/password")) == "修改密码 · 党建指导员后台"


@pytest.mark.slow
def test_every_crumb_that_is_a_link_opens(desk: FlaskClient, app: Flask, world: World) -> None:
    for resource, screen in screens_of(app).items():
        key = next((key for (of, _label), key in world.rows.items() if of == resource), None)
        for address in (f"/{resource}/", *([f"/{resource}/history/?id={key}"] if key else [])):
            if desk.get(address).status_code != 200:
                continue
            crumbs = CRUMBS.search(page_at(desk, address))
            assert crumbs and screen.area in crumbs[0]
            for link in re.findall(r'href="([^"]+)"', crumbs[0]):
                assert desk.get(link).status_code == 200, (address, link)


@pytest.mark.parametrize("role", ROLES)
def test_every_page_says_who_acts_and_as_what(role: str, app: Flask, world: World) -> None:
    page = page_at(signed_in(app, role), "/")
    who = re.search(r'<div class="who">.*?</div>', page, re.S)
    assert who and f"用户{role}" in who[0]
    assert "暂无角色" not in who[0]


def test_a_page_loads_the_files_of_the_widgets_in_it_and_no_others() -> None:
    theme = OfficeTheme()
    assert theme.files_for("<p>") == ([theme.foundation, theme.style], [theme.palette, theme.script])
    styles, scripts = theme.files_for("<select data-lookup>")
    assert any("tom-select" in file for file in styles)
    assert any("tom-select" in file for file in scripts)
    assert styles[-1] == theme.style


def test_every_file_of_the_theme_is_there(app: Flask) -> None:
    theme = OfficeTheme()
    client = app.test_client()
    everything = " ".join(mark for marks, _files in theme.widgets for mark in marks)
    for file in chain(*theme.files_for(everything)):
        assert client.get(f"/static/{file}").status_code == 200, file
