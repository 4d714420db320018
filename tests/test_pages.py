"""Every page is fetched once and looked through: its HTML, its labels, its addresses, its headers."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.attempts import one_to_each_route
from tests.conftest import as_new, signed_in
from tests.databases import Office
from tests.matrix import EVERYONE, all_attempts
from tests.page_lint import problems_of
from tests.typed_forms import screens_of

NO_PAGE = {"/health"}


@pytest.fixture(scope="module")
def pages(on_sqlite: Office) -> dict[str, TestResponse]:
    """The answers to a GET of every route, about rows in sight, by address."""
    tried = [one for one in all_attempts(as_new(on_sqlite)) if one.method == "GET" and one.twin is None]
    client = signed_in(on_sqlite.app, "city_admin")
    return {one.address: client.get(one.address, buffered=True) for one in one_to_each_route(tried)}


@pytest.mark.matrix
def test_every_page_is_well_formed_labelled_and_free_of_inline_code(app: Flask, pages: dict[str, TestResponse]) -> None:
    html = {
        address: answer.get_data(as_text=True)
        for address, answer in pages.items()
        if answer.mimetype == "text/html" and answer.status_code == 200 and address not in NO_PAGE
    }
    assert {address: problems for address, page in html.items() if (problems := problems_of(page))} == {}
    assert len(html) > 5 * len(screens_of(app))


@pytest.mark.matrix
def test_every_answer_carries_the_headers_that_keep_it_safe(pages: dict[str, TestResponse]) -> None:
    for address, answer in pages.items():
        headers = answer.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"], address
        assert "unsafe" not in headers["Content-Security-Policy"], address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert headers["X-Frame-Options"] == "DENY", address
        assert headers["Cache-Control"] == "no-store", address


@pytest.mark.parametrize("role", EVERYONE, ids=str)
def test_the_home_page_of_everybody_and_the_error_pages_are_too(role: str | None, app: Flask) -> None:
    client = app.test_client() if role is None else signed_in(app, role)
    for address in ("/", "/sign-in", "/password", "/nowhere", "/role/", "/company/", "/audit-seals/?check=yes"):
        answer = client.get(address, follow_redirects=True)
        assert problems_of(answer.get_data(as_text=True)) == [], address


@pytest.mark.slow
def test_a_refused_form_says_so_at_its_fields(app: Flask) -> None:
    client = signed_in(app, "city_admin")
    for resource, screen in screens_of(app).items():
        answer = client.post(f"/{resource}/new/", data={})
        page = answer.get_data(as_text=True)
        assert problems_of(page) == [], resource
        if answer.status_code == 200:
            assert 'aria-invalid="true"' in page and "-error" in page, screen.title


GOOD = (
    '<!doctype html><html lang="zh-CN"><head><title>页</title></head><body>'
    '<a href="#page-content">跳到正文</a><nav><a href="/">首页</a></nav><main id="page-content"><h1>页</h1>{}</main></body></html>'
)
FLAWS = {
    "a click handler": '<a href="/" onclick="go()">去</a>',
    "a script link": '<a href="javascript:go()">去</a>',
    "a script in the page": "<script>go()</script>",
    "a style": '<p style="color:red">红</p>',
    "a field without a label": '<input name="x">',
    "a label of nothing": '<label for="x">项</label>',
    "a form to elsewhere": '<form action="https://example.com/"><button>去</button></form>',
    "a posted form without a token": '<form method="post"><button>去</button></form>',
    "an id twice": '<p id="x">一</p><p id="x">二</p>',
    "an element never closed": "<div><p>一</p>",
    "a second h1": "<h1>二</h1>",
    "an empty link": '<a href="/"></a>',
    "a picture without words": '<img src="/x.png">',
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_looking_through_a_page_finds(flaw: str) -> None:
    assert problems_of(GOOD.format("")) == []
    assert problems_of(GOOD.format(FLAWS[flaw])) != []
