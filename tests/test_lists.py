"""Long lists: every row once, whatever the order; the same rows however they are read; nothing hidden by the way."""

import csv
import io
import random
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from string import ascii_uppercase
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import Select, select

from models import Account, Assessment, Branch, Company, Grant, Role, RolePermission, db
from models.column_types import PartialDate
from policy import acting_as, system_session
from policy.actor import Holding, make_actor
from policy.system import system_actor
from services.tables.columns import ListColumns
from services.tables.export import csv_stream, xlsx_stream
from services.tables.keyset import FEW, SPREAD, Cursor, Listing, Order
from tests.conftest import signed_in
from tests.test_screens import counted
from tests.world import World, canary

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
COLUMNS = ListColumns(Company, ["short_name", "branch.name"], whole=False)


def add_companies(many: int, branches: list[int], start: int = 0, seed: int = 1) -> list[int]:
    """So many companies, with few different values and many blanks in the columns that lists are sorted by."""
    chance = random.Random(seed)
    with system_session("demo") as session:
        made = [
            Company(
                short_name=f"企业{start + number}", branch_id=chance.choice(branches),
                employees=chance.choice([None, None, 5, 5, 7, 90]),
                organised_on=chance.choice([None, PartialDate("2019"), PartialDate("2019-05"), PartialDate("2020-01-02")]),
            )
            for number in range(many)
        ]  # fmt: skip
        session.add_all(made)
        session.commit()
        return [company.id for company in made]


def rows_of(page: str) -> list[int]:
    return [int(key) for key in re.findall(r'/details/\?id=(\d+)">', page)]


def link(page: str, rel: str) -> str | None:
    found = re.search(rf'href="([^"]*)" rel="{rel}"', page)
    return unescape(found[1]) if found else None


def read(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def pages(client: FlaskClient, address: str, rel: str = "next") -> Iterator[tuple[str, list[int]]]:
    """The address and the rows of each page, following one kind of link to its end."""
    following: str | None = address
    while following:
        page = read(client, following)
        yield following, rows_of(page)
        following = link(page, rel)


@pytest.fixture
def branches(office: tuple[Flask, World]) -> list[int]:
    """Many branches, more than are read each by itself."""
    with system_session("demo") as session:
        root = office[1].branches["root"]
        made = [Branch(name=f"第{number}支部", kind="branch", parent_id=root) for number in range(SPREAD + 5)]
        session.add_all(made)
        session.commit()
        return [branch.id for branch in made]


@pytest.mark.parametrize("order", ["", "?sort=5", "?sort=5&desc=1"], ids=["by name", "blanks last", "falling"])
def test_walking_on_meets_every_row_once_while_rows_are_added(
    order: str, office: tuple[Flask, World], branches: list[int]
) -> None:
    app, world = office
    there = set(add_companies(130, branches)) | {world.rows["company", side] for side in ("甲", "乙")}
    client = signed_in(app, "city_admin")
    met: list[int] = []
    for number, (_address, rows) in enumerate(pages(client, f"/company/{order}")):
        met += rows
        add_companies(3, branches, start=1_000 + 3 * number, seed=number)
    assert len(met) == len(set(met))
    assert there <= set(met)


@pytest.mark.parametrize("order", ["", "?sort=5", "?sort=5&desc=1", "?search=企业"])
def test_walking_back_shows_the_same_pages(order: str, office: tuple[Flask, World], branches: list[int]) -> None:
    add_companies(130, branches)
    client = signed_in(office[0], "city_admin")
    forth = list(pages(client, f"/company/{order}"))
    back = list(pages(client, forth[-1][0], "prev"))
    assert [len(rows) for _address, rows in forth[:-1]] == [50, 50]
    assert [rows for _address, rows in back] == [rows for _address, rows in reversed(forth)]
    assert back[-1][0].rstrip("?").endswith(f"/company/{order}") or "after" not in back[-1][0]


def test_blanks_come_last_in_both_directions(office: tuple[Flask, World], branches: list[int]) -> None:
    add_companies(40, branches)
    client = signed_in(office[0], "city_admin")
    for direction, falling in (("", False), ("&desc=1", True)):
        page = read(client, f"/company/?sort=5{direction}")
        shown = re.findall(r'<td data-label="职工人数"[^>]*><div>([^<]*)</div>', page)
        numbers = [int(text.split()[0]) for text in shown if text != "—"]
        assert numbers == sorted(numbers, reverse=falling)
        assert shown == [text for text in shown if text != "—"] + ["—"] * (len(shown) - len(numbers))
        assert "—" in shown


@pytest.mark.parametrize(
    "place",
    ["x", "~", "5~", "~5", "99999999999999999999~1", "1~99999999999999999999", "1~2026-13-45", "1~%00", "-1", "1",
     "1~" + "9" * 900, "١~١", "1~1~1"],
)  # fmt: skip
@pytest.mark.slow
def test_a_place_that_makes_no_sense_is_the_first_page(
    place: str, office: tuple[Flask, World], branches: list[int]
) -> None:
    add_companies(60, branches)
    client = signed_in(office[0], "city_admin")
    for start in ("/assessment/?", "/company/?sort=5&", "/company/?"):
        for word in ("after", "before"):
            answer = client.get(f"{start}{word}={place}&page=7")
            assert answer.status_code == 200
            if not (start == "/company/?" or place in ("1", "-1")):
                assert rows_of(answer.get_data(as_text=True)) == rows_of(read(client, start))


def test_a_page_number_alone_is_the_first_page(office: tuple[Flask, World], branches: list[int]) -> None:
    add_companies(60, branches)
    client = signed_in(office[0], "city_admin")
    assert rows_of(read(client, "/company/?page=9000")) == rows_of(read(client, "/company/"))


def orders() -> list[Order]:
    names = ("pinyin", "employees", "organised_on", "id")
    return [Order(getattr(Company, name), Company.id, falling) for name in names for falling in (False, True)]


def in_plain_order(order: Order) -> Select[Any]:
    """All keys in sight, by one statement that any database reads alike."""
    by = [order.column.is_(None), order.column, order.key]
    return select(order.key).order_by(by[0], *(one.desc() if order.descending else one for one in by[1:]))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_several_branches_give_what_the_plain_statement_gives(
    seed: int, office: tuple[Flask, World], branches: list[int]
) -> None:
    chance = random.Random(seed)
    add_companies(150, branches, seed=seed)
    for order in orders():
        reach = frozenset(chance.sample(branches, chance.choice([1, 2, 3, 12, SPREAD, SPREAD + 2])))
        permissions = frozenset({"company:read", "branch:read"})
        actor = make_actor("谁", [Holding("角色", permissions, reach)])
        session = db.session.session_factory(actor=actor, readonly=True)
        everything = list(session.scalars(in_plain_order(order)))
        assert everything
        conditions = chance.choice([[], [Company.short_name.contains("1")]])
        kept = set(session.scalars(select(Company.id).where(*conditions)))
        plain = [key for key in everything if key in kept]
        listing = Listing(Company, order, conditions)
        for found in (listing, listing.counted(session)[0]):
            assert [row[0] for row in found.rows(session, COLUMNS.statement, None, False, 1_000)] == plain
            # The row that a page begins after may no longer be one of the list.
            for at in {0, len(everything) // 3, len(everything) - 1}:
                company = session.get(Company, everything[at])
                value = None if order.by_key else getattr(company, order.column.key)
                start = order.cursor(str(Cursor(value, company.id)))
                after = found.rows(session, COLUMNS.statement, start, False, 7)
                before = found.rows(session, COLUMNS.statement, start, True, 7)
                assert [row[0] for row in after] == [key for key in everything[at + 1 :] if key in kept][:7]
                assert [row[0] for row in before] == [key for key in everything[:at] if key in kept][-7:]
        if not conditions:
            rows, count = listing.rows_and_count(session, COLUMNS.statement, None, False, 7)
            assert ([row[0] for row in rows], count.seen) == (plain[:7], len(plain))
        streamed = [row[0] for rows in listing.stream(session, COLUMNS.statement, 20) for row in rows]
        assert streamed == plain
        session.close()


@pytest.mark.slow
def test_a_count_stops_where_it_says(office: tuple[Flask, World], branches: list[int]) -> None:
    add_companies(FEW + 1 - 2 + 50, branches)
    client = signed_in(office[0], "city_admin")
    assert f"共 {FEW + 51} 条" in read(client, "/company/")
    found = read(client, "/company/?search=企业")
    assert f"超过 {FEW} 条" in found and 'rel="next"' in found
    assert len(rows_of(found)) == 50
    assert "共 1 条" in read(client, "/company/?search=企业1049")


@pytest.fixture
def reader_of_assessments(office: tuple[Flask, World]) -> FlaskClient:
    """Somebody in the company's branch who may read its assessments, but not its company."""
    app, world = office
    with system_session("demo") as session:
        role = Role(code="reader", name="只看考核")
        session.add(role)
        for permission in ("assessment:read", "assessment:export"):
            session.add(RolePermission(role=role, permission=permission))
        account = session.get(Account, world.accounts["inspector"])
        for grant in session.scalars(select(Grant).where(Grant.account_id == account.id)):
            session.delete(grant)
        session.flush()
        session.add(Grant(account=account, role=role, branch_id=world.branches["desk甲"]))
        session.commit()
    return signed_in(app, "inspector")


def test_a_related_name_out_of_sight_drops_no_row_and_is_never_shown(
    office: tuple[Flask, World], reader_of_assessments: FlaskClient
) -> None:
    key = office[1].rows["assessment", "甲"]
    page = read(reader_of_assessments, "/assessment/")
    assert rows_of(page) == [key]
    assert "〔不可见〕" in page and "秘company" not in page
    assert rows_of(read(reader_of_assessments, f"/assessment/?search={canary('company', '甲')}")) == []
    table = read(reader_of_assessments, "/assessment/export/csv/")
    assert "〔不可见〕" in table and table.count("\n") == 2 and "秘company" not in table


def test_a_right_that_was_taken_is_gone_at_the_next_request(
    office: tuple[Flask, World], reader_of_assessments: FlaskClient
) -> None:
    assert reader_of_assessments.get("/assessment/").status_code == 200
    with system_session("demo") as session:
        taken = select(RolePermission).where(RolePermission.permission == "assessment:export").join(RolePermission.role)
        session.delete(session.scalars(taken.where(Role.code == "reader")).one())
        session.commit()
    assert reader_of_assessments.get("/assessment/").status_code == 200
    assert reader_of_assessments.get("/assessment/export/csv/").status_code == 403
    with system_session("demo") as session:
        session.delete(session.scalars(select(Grant).where(Grant.account_id == office[1].accounts["inspector"])).one())
        session.commit()
    assert reader_of_assessments.get("/assessment/").status_code == 403


def test_actors_of_one_pattern_share_a_statement_and_see_their_own(office: tuple[Flask, World]) -> None:
    for side in ("甲", "乙", "甲"):
        reach = frozenset({office[1].branches[f"desk{side}"]})
        actor = make_actor("谁", [Holding("角色", frozenset({"company:read"}), reach)])
        session = db.session.session_factory(actor=actor, readonly=True)
        own = [canary("company", side) + "short_name"]
        assert session.scalars(select(Company.short_name)).all() == own
        everything = {"sight_0": office[1].branches["desk乙"], "sight_account": 1}
        assert session.scalars(select(Company.short_name), everything).all() == own
        session.close()


@pytest.mark.slow
def test_a_row_of_a_list_shows_what_its_record_would(app: Flask, world: World) -> None:
    views = [view for view in app.extensions["admin"][0]._views if hasattr(view, "list_columns")]
    seen = 0
    for view in views:
        with app.test_request_context(f"/{view.resource}/"), acting_as(system_actor("demo")):
            for values in db.session.execute(view.list_columns.statement):
                row, record = view.list_columns.row(db.session, values), db.session.get(view.model, values[0])
                assert row.title == record.title
                assert view.may_edit(row) == view.may_edit(record)
                for name in view.columns:
                    assert view.cell(row, name) == view.cell(record, name), (view.resource, name)
                seen += 1
    assert seen > len(views)


@pytest.mark.parametrize("name", ["<script>alert('甲')</script>&\"", "<i>甲\x1f</i>"])
def test_what_people_typed_is_text_on_every_page_and_never_markup(name: str, app: Flask, world: World) -> None:
    key = world.rows["company", "甲"]
    with app.app_context(), system_session("demo") as session:
        session.get(Company, key).short_name = name
        session.commit()
    client = signed_in(app, "city_admin")
    for address in ("/company/", f"/company/details/?id={key}", f"/company/history/?id={key}", "/search/?q=甲", "/"):
        page = client.get(address).get_data(as_text=True)
        assert name not in page, address
        if address != "/":
            assert str(escape(name)) in page, address


def test_a_row_asked_for_what_its_list_leaves_out_reads_the_record(app: Flask, world: World) -> None:
    key = world.rows["assessment", "甲"]
    columns = ListColumns(Assessment, ["company.short_name"], whole=True)
    with app.app_context(), system_session("demo", readonly=True) as session:
        row = columns.row(session, session.execute(columns.statement.where(Assessment.id == key)).one())
        with counted() as statements:
            assert row.title and row.company.short_name and row.branch_id
        assert statements == []
        assert row.note == session.get(Assessment, key).note
        assert row.company.note == session.get(Company, row.company_id).note
        with pytest.raises(AttributeError):
            _ = row.nothing_of_the_kind


@pytest.mark.parametrize("order", ["", "?sort=5", "?sort=5&desc=1", "?flt0_status=open&sort=5"])
def test_an_export_has_the_rows_of_the_list_in_its_order(
    order: str, office: tuple[Flask, World], branches: list[int]
) -> None:
    add_companies(120, branches)
    client = signed_in(office[0], "city_admin")
    listed = []
    for address, _rows in pages(client, f"/company/{order}"):
        page = read(client, address)
        cells = [re.findall(r"<td data-label=.*?<div>(.*?)</div></td>", row) for row in page.split("<tr>")[2:]]
        listed += [[re.sub(r"<[^>]+>", "", cell) for cell in row] for row in cells]
    exported = list(csv.reader(io.StringIO(read(client, f"/company/export/csv/{order}").removeprefix("\ufeff"))))[1:]
    assert len(exported) == len(listed) == 122
    shown = [[cell.removesuffix(" 人").replace("—", "") for cell in row] for row in listed]
    assert shown == [row[:-1] for row in exported] and all(row[-1].isdecimal() for row in exported)
    (sheet,) = sheets_of(client.get(f"/company/export/xlsx/{order}").get_data())
    assert sheet[1:] == exported


def sheets_of(book: bytes) -> list[list[list[str]]]:
    """The cells of each sheet of a workbook, row by row, blanks as empty text."""
    found = []
    with zipfile.ZipFile(io.BytesIO(book)) as files:
        names = sorted(name for name in files.namelist() if name.startswith("xl/worksheets/sheet"))
        for name in names:
            rows = ElementTree.fromstring(files.read(name)).iter(f"{SHEET}row")
            filled = [{cell.get("r", "")[0]: "".join(cell.itertext()) for cell in row} for row in rows]
            width = max(map(len, filled))
            found.append([[row.get(column, "") for column in ascii_uppercase[:width]] for row in filled])
    return found


def test_what_doesnt_fit_one_sheet_goes_on_in_another() -> None:
    rows = [(f"行{number}", number) for number in range(5)]
    found = sheets_of(b"".join(xlsx_stream("一个很长很长的表格名字" * 4, ["名称", "数"], rows, sheet_rows=2)))
    assert [row for sheet in found for row in sheet[1:]] == [[name, str(number)] for name, number in rows]
    assert [len(sheet) for sheet in found] == [3, 3, 2] and all(sheet[0] == ["名称", "数"] for sheet in found)


def test_a_stream_sends_its_heads_before_it_reads_a_row_and_holds_few() -> None:
    held: list[int] = []

    def rows() -> Iterator[tuple[int, str]]:
        for number in range(5_000):
            held.append(number)
            yield number, "=1+1"

    stream = csv_stream(["数", "文"], rows())
    assert next(stream) == "\ufeff数,文\r\n" and held == []
    assert next(stream).startswith("0,'=1+1\r\n") and len(held) < 2_000


def test_a_grant_of_a_branch_reaches_all_below_it(office: tuple[Flask, World], branches: list[int]) -> None:
    app, world = office
    with system_session("demo") as session:
        for above, below in pairwise(branches[:4]):
            session.get(Branch, below).parent_id = above
        account = session.get(Account, world.accounts["inspector"])
        grant = session.scalars(select(Grant).where(Grant.account_id == account.id)).one()
        grant.branch_id = branches[1]
        session.commit()
    add_companies(30, branches[:5])
    keys = rows_of(read(signed_in(app, "inspector"), "/company/"))
    with system_session("demo", readonly=True) as session:
        wanted = select(Company.id).where(Company.branch_id.in_(branches[1:4]))
        assert keys and sorted(keys) == sorted(session.scalars(wanted))
