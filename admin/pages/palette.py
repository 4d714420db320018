"""搜索: records, screens and actions by Chinese words, pinyin or initials, as far as the actor sees them and may do them.

Records are found by what their screens declare as searched; nothing masked is among that (admin/checks.py).
"""

from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from flask import jsonify, request, url_for
from flask_admin import BaseView, expose
from sqlalchemy import and_

from admin.identity import identities
from admin.menu import open_views, url_of
from admin.pages.common import readable
from admin.screen import Screen
from models import AuditEntry, db
from models.base import PinyinNamed
from models.pinyin import initials, pinyin
from policy import the_actor
from services.tables.search import Search, is_hopeless, long_tables, tables_holding

MOST_TEXT, MOST_WORDS = 60, 5
LONG_TABLE = 20_000
"""A table of which somebody sees more rows isn't read through for each letter that he types."""

POINTED_AT = 100
"""Of how many found companies or people the visits, reports … are looked for."""

SHOWN, LISTED = 4, 10
"""How many of a kind the list under the box shows, and how many the page of results."""

MOST_ACTIONS = 6
NOTED = 3
"""How many of a list's first columns are told of each record."""

NOT_SEARCHED = {AuditEntry}
"""The log is looked through on its own page: it tells of the records, and every one of them would be found twice."""


@dataclass(frozen=True)
class Hit:
    """Something found, with where it leads and, of records, a few words more."""

    title: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Group:
    """What was found of one kind."""

    title: str
    hits: list[Hit]


class SearchPage(BaseView):
    """/search/?q=…, and what the box on every page asks for as one types."""

    def __init__(self) -> None:
        super().__init__(name="搜索", endpoint="search", url="/search")

    def is_visible(self) -> bool:
        return False

    def is_accessible(self) -> bool:
        return bool(the_actor().holdings)

    def guide_places(self) -> list[tuple[str, str]]:
        """What explains this page."""
        return [("lists", "查找")]

    @expose("/")
    def index(self) -> Any:
        text = asked()
        return self.render("admin/pages/search.html", text=text, groups=find(text, LISTED))

    @expose("/found/")
    def found(self) -> Any:
        return jsonify([asdict(group) for group in find(asked(), SHOWN)])


def asked() -> str:
    """What the address asks for."""
    return " ".join(readable(request.args.get("q", "")[:MOST_TEXT]).split()[:MOST_WORDS])


def find(text: str, at_most: int) -> list[Group]:
    """Screens and actions, then records kind by kind, named ones first; ``at_most`` of each kind of record."""
    words = text.split()
    if not words:
        return []
    groups = [Group("功能", find_functions(words)), *find_records(text, at_most)]
    return [group for group in groups if group.hits]


# Screens and actions


def find_functions(words: list[str]) -> list[Hit]:
    """The screens, pages and actions whose names hold every word, the closest first."""
    ranked = [(rank, hit) for hit in functions() if (rank := closeness(hit.title, words)) is not None]
    return [hit for _rank, hit in sorted(ranked, key=lambda pair: pair[0])[:MOST_ACTIONS]]


def functions() -> list[Hit]:
    """All that the actor may open or do from the menu."""
    views = open_views()
    screens = [view for view in views if isinstance(view, Screen)]
    found = [Hit(view.name, url_of(view)) for view in views]
    found += [Hit(view.new_words, view.new_url) for view in screens if view.new_url]
    found += [
        Hit(f"导出{view.title}", address_of(view, "export", export_type="xlsx")) for view in screens if view.can_export
    ]
    found += [Hit("切换身份", url_for("identity.switch"))] if len(identities()) > 1 else []
    return [*found, Hit("修改密码", url_for("auth.password"))]


def address_of(screen: Any, page: str, **arguments: Any) -> str:
    """Where a page of a screen stands."""
    return url_for(f"{screen.endpoint}.{page}", **arguments)


def closeness(title: str, words: list[str]) -> int | None:
    """How well a title fits, 0 the best; None when a word isn't in it, nor in its pinyin or initials."""
    spellings = (title, *_spelt(title))
    ranks = []
    for word in words:
        found = [spelling.find(word.lower()) for spelling in spellings]
        if max(found) < 0:
            return None
        ranks.append(min(place for place in found if place >= 0))
    return sum(ranks) + len(title)


@lru_cache(maxsize=1024)
def _spelt(title: str) -> tuple[str, str]:
    return pinyin(title), initials(title)


# Records


def find_records(text: str, at_most: int) -> list[Group]:
    """The records in sight that hold every word, with a way to the list of all; one query for each kind that has some."""
    screens = searched_screens()
    long = long_tables(db.session(), [screen.model for screen in screens], LONG_TABLE)
    search = Search(db.session(), long, some=POINTED_AT)
    wanted = [(screen, and_(*search.conditions(screen.model, screen.search, text))) for screen in screens]
    possible = [(screen, condition) for screen, condition in wanted if not is_hopeless(condition)]
    holding = tables_holding(db.session(), [(screen.model, condition) for screen, condition in possible])
    return [
        records_of(screen, condition, text, at_most)
        for (screen, condition), holds in zip(possible, holding, strict=True)
        if holds
    ]


def searched_screens() -> list[Any]:
    """The screens whose records are found, those of named records first."""
    screens = [view for view in open_views() if isinstance(view, Screen) and view.search]
    screens = [screen for screen in screens if screen.model not in NOT_SEARCHED]
    return sorted(screens, key=lambda screen: not issubclass(screen.model, PinyinNamed))


def records_of(screen: Any, condition: Any, text: str, at_most: int) -> Group:
    """The newest records of one screen that the condition holds for."""
    wanted = screen.list_columns.statement.where(condition).order_by(screen.model.id.desc())
    rows = [screen.list_columns.row(db.session, row) for row in db.session.execute(wanted.limit(at_most + 1))]
    hits = [
        Hit(row.title, address_of(screen, "details_view", id=row.id), note_on(screen, row)) for row in rows[:at_most]
    ]
    if len(rows) > at_most:
        hits.append(Hit(f"在“{screen.title}”里看全部找到的", address_of(screen, "index_view", search=text)))
    return Group(screen.title, hits)


def note_on(screen: Any, row: Any) -> str:
    """What the first columns of the list tell of a row besides its title."""
    told = (screen.cell(row, name) for name in screen.columns[:NOTED])
    return " · ".join(text for text in told if text and text not in row.title)
