"""No English on any page but names and codes: every page that links and menus lead to, as every role, on the demo."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Account, Code, Role
from policy import system_session
from tests.site import PASSWORD, demo_app

ROLES = [
    "city_admin", "branch_admin", "liaison", "adviser", "company_clerk", "inspector",
    "system_admin", "security_admin", "auditor",
]  # fmt: skip
OFFICE_WORDS = {"Excel", "CSV", "XLSX", "PDF", "Word", "Ctrl", "Tab", "Enter", "Esc", "IP", "MB", "KB", "docx", "xlsx"}
"""Programs, kinds of files, keys and units; offices call them so."""
SHOWN = {"title", "placeholder", "aria-label", "alt"}
"""Attributes that a browser shows or reads out."""
LATIN = re.compile(r"[A-Za-z]{2,}")
UNSEEN = {"script", "style", "template"}
CODES = {"code", "kbd", "textarea"}
"""Elements that hold codes, keys of the keyboard, and what people typed."""


ALIKE = {"branch_admin", "liaison", "inspector"}
"""They see no kind of page that the city's administrator doesn't."""
FILES = (".export", ".import_template_view")
"""Routes that send files, which are no pages; making them takes most of a walk's time."""


class Words(HTMLParser):
    """What of a page people see or hear that is written in Latin letters."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in UNSEEN | CODES:
            self._skipped.append(tag)
        for name, value in given.items():
            if name in SHOWN or (tag == "input" and name == "value" and given.get("type") in ("submit", "button")):
                self._take(value or "")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and self._skipped[-1] == tag:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._take(data)

    def _take(self, text: str) -> None:
        self.found |= set(LATIN.findall(text))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The demo as ``make run`` loads it."""
    return demo_app(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def names(demo: Flask) -> dict[str, set[str]]:
    """What is stored as a name for signing in or for a role, and on the code tables' own pages the codes, word by word."""
    with demo.app_context(), system_session("demo", readonly=True) as session:
        everywhere = [*session.scalars(select(Account.username)), *session.scalars(select(Role.code))]
        codes = list(session.scalars(select(Code.code)))
    return {"": set(LATIN.findall(" ".join(everywhere))), "/code/": set(LATIN.findall(" ".join(codes)))}


def signed_in(app: Flask, username: str) -> FlaskClient:
    """A browser in which somebody has signed in."""
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    assert token
    client.post("/sign-in", data={"username": username, "password": PASSWORD, "csrf_token": token[1]})
    return client


def pages(app: Flask, client: FlaskClient) -> Iterator[tuple[str, str]]:
    """Every kind of page that links lead to from the home page: its address and its text; one for each set of arguments."""
    routes = app.url_map.bind("localhost")
    waiting, seen = ["/"], set()
    while waiting:
        address = waiting.pop(0)
        parts = urlsplit(address)
        if parts.netloc not in ("", "localhost"):
            continue
        endpoint, arguments = routes.match(parts.path) if routes.test(parts.path) else ("", {})
        key = endpoint, *sorted(parse_qs(parts.query)), *sorted(arguments.values() if endpoint != "static" else [])
        if not endpoint or endpoint == "static" or endpoint.endswith(FILES) or key in seen:
            continue
        seen.add(key)
        answer = client.get(address, buffered=True)
        if answer.mimetype == "text/html":
            page = answer.get_data(as_text=True)
            yield address, page
            waiting += [
                urljoin(address, link.replace("&amp;", "&")) for link in re.findall(r'<a [^>]*href="([^"#]+)', page)
            ]


@pytest.mark.matrix
@pytest.mark.parametrize(
    "role", [pytest.param(role, marks=pytest.mark.long) if role in ALIKE else role for role in ROLES]
)
def test_no_page_says_anything_in_english_to(role: str, demo: Flask, names: dict[str, set[str]]) -> None:
    found, count = {}, 0
    for address, page in pages(demo, signed_in(demo, role)):
        words, count = Words(), count + 1
        words.feed(page)
        known = OFFICE_WORDS.union(*(some for place, some in names.items() if address.startswith(place)))
        if english := words.found - known:
            found[address] = english
    assert count > 20
    assert found == {}
