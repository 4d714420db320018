"""What Flask-Admin lets through by itself, and this product must not. What is tried on every route stands in the matrix."""

import csv
import html
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_admin import BaseView
from sqlalchemy import Boolean, Interval, func, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from admin import checks
from admin.fields import MAX_CHOICES
from admin.forms import make_form
from admin.screen_forms import LOOKUP_ROWS
from admin.screens import all_screens
from admin.screens.checklists import AttachmentScreen
from admin.screens.companies import CompanyScreen, ProblemScreen
from models import (
    Account,
    Appointment,
    Base,
    Branch,
    Company,
    DevelopmentStep,
    Person,
    Posting,
    Problem,
    Trash,
    db,
)
from models.clock import today
from policy import system_session
from tests.conftest import build_app, signed_in
from tests.page_lint import problems_of
from tests.typed_forms import forms_and_numbers, screens_of
from tests.world import ID_NUMBERS, World, canary, employ

SignInAs = Callable[[str], FlaskClient]
NAME_OF_OWN, NAME_OF_FOREIGN = (canary("company", side) + "short_name" for side in ("甲", "乙"))


def stored(app: Flask, model: Any, key: int) -> Any:
    """The record as it is in the database."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        row = session.get(model, key)
        session.expunge_all()
        return row


def count_of(app: Flask, model: Any) -> int:
    """How many rows of a model there are."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        return session.scalar(select(func.count(model.id)))


def form_of(app: Flask, world: World, resource: str, label: str, **changes: Any) -> dict[str, Any]:
    """The form of a record as a browser would post it."""
    forms, _numbers = forms_and_numbers(app, world)
    return forms[resource, world.rows[resource, label]] | changes


def add_companies(app: Flask, world: World, how_many: int) -> None:
    """Companies in the branch of side 甲's company, all in the same state."""
    with app.app_context(), system_session("demo") as session:
        desk = session.get(Branch, world.branches["desk甲"])
        session.add_all(Company(short_name=f"多余企业{number:04d}", branch=desk) for number in range(how_many))
        session.commit()


# Rows


def test_a_list_counts_only_the_rows_in_sight(sign_in: SignInAs) -> None:
    assert "共 1 条" in sign_in("company_clerk").get("/company/").get_data(as_text=True)
    assert "共 2 条" in sign_in("city_admin").get("/company/").get_data(as_text=True)


@pytest.mark.parametrize("key", ["hidden", "999999", "1,2", "甲", "-1", "", "9" * 30])
@pytest.mark.parametrize(
    ("method", "page"),
    [
        ("GET", "details"), ("GET", "edit"), ("POST", "edit"), ("GET", "delete"), ("POST", "delete"), ("GET", "history"),
        ("GET", "explain"), ("GET", "unmask"), ("POST", "unmask"),
    ],
)  # fmt: skip
def test_a_key_of_no_row_in_sight_is_not_found(
    method: str, page: str, key: str, world: World, sign_in: SignInAs
) -> None:
    asked = str(world.rows["company", "乙"]) if key == "hidden" else key
    query = {"id": asked, "field": "contact_phone"}
    answer = sign_in("company_clerk").open(f"/company/{page}/", method=method, query_string=query)
    assert answer.status_code == 404


def test_editing_in_the_list_is_off(app: Flask, world: World, sign_in: SignInAs) -> None:
    key = world.rows["company", "甲"]
    asked = {"list_form_pk": key, "short_name": "改名"}
    assert sign_in("city_admin").post("/company/ajax/update/", data=asked).status_code == 404
    assert stored(app, Company, key).short_name == NAME_OF_OWN


def test_a_look_up_gives_few_rows_whatever_is_asked(app: Flask, world: World, sign_in: SignInAs) -> None:
    add_companies(app, world, 200)
    client = sign_in("company_clerk")
    for asked in ("query=", "query=多余&limit=100000", "query=&offset=0&limit=0"):
        assert len(client.get(f"/problem/ajax/lookup/?name=company&{asked}").json) == LOOKUP_ROWS
    assert client.get("/problem/ajax/lookup/?name=company&query=%25").json == []
    assert client.get("/problem/ajax/lookup/?name=company&query=秘_ompany").json == []


def test_a_choice_of_hundreds_is_looked_up_and_not_sent_whole(app: Flask, world: World, sign_in: SignInAs) -> None:
    add_companies(app, world, 200)
    client = sign_in("city_admin")
    edited = f"/problem/edit/?id={world.rows['problem', '甲']}"
    for address in ("/problem/new/", edited, "/problem/"):
        selects = re.findall(r"(?s)<select[^>]*>.*?</select>", client.get(address).get_data(as_text=True))
        assert selects and max(one.count("<option") for one in selects) <= MAX_CHOICES + 1, address
    assert NAME_OF_OWN in client.get(edited).get_data(as_text=True)


@pytest.mark.parametrize("choice", ["hidden", "999999", "x", "1,2"])
def test_a_choice_out_of_sight_is_an_error_and_never_empties_the_field(
    choice: str, app: Flask, world: World, sign_in: SignInAs
) -> None:
    key = world.rows["person", "甲企"]
    company = world.rows["company", "乙"] if choice == "hidden" else choice
    form = form_of(app, world, "person", "甲企", company=company)
    page = sign_in("company_clerk").post(f"/person/edit/?id={key}", data=form).get_data(as_text=True)
    assert "所选的记录不存在，请重新选择。" in page
    assert stored(app, Person, key).company_id == world.rows["company", "甲"]


def test_a_form_offers_only_rows_in_sight(sign_in: SignInAs) -> None:
    page = sign_in("company_clerk").get("/problem/new/").get_data(as_text=True)
    assert NAME_OF_OWN in page and NAME_OF_FOREIGN not in page


def test_no_form_holds_the_children_of_a_record(app: Flask) -> None:
    for screen in screens_of(app).values():
        assert not screen.inline_models, screen
        for name in screen.form_names:
            relation = screen.relations.get(name)
            assert relation is None or relation.direction.name == "MANYTOONE", (screen, name)


def test_children_are_not_taken_from_another_record(app: Flask, world: World, sign_in: SignInAs) -> None:
    step = world.rows["development_step", "乙"]
    form = form_of(app, world, "person", "甲企", steps=step, key_posts=world.rows["key_post", "乙"])
    sign_in("company_clerk").post(f"/person/edit/?id={world.rows['person', '甲企']}", data=form)
    assert stored(app, DevelopmentStep, step).person_id == world.rows["person", "乙"]


def test_nothing_is_made_in_a_foreign_branch(app: Flask, world: World, sign_in: SignInAs) -> None:
    before = count_of(app, Person)
    form = {"name": "外人", "branch": world.branches["home乙"]}
    page = sign_in("branch_admin").post("/person/new/", data=form).get_data(as_text=True)
    assert "所选的记录不存在，请重新选择。" in page
    assert count_of(app, Person) == before


def test_nothing_is_made_for_an_owner_in_sight_where_it_is_not_ones_to_make(
    app: Flask, world: World, sign_in: SignInAs
) -> None:
    before = count_of(app, Problem)
    form = {"company": world.rows["company", "甲"], "found_on": "2026-01-02", "subject": "越界", "status": "open"}
    assert sign_in("liaison").post("/problem/new/", data=form).status_code == 403
    assert count_of(app, Problem) == before


def test_a_related_record_out_of_sight_is_not_named_and_not_lost_by_saving(
    app: Flask, world: World, sign_in: SignInAs
) -> None:
    posting = sign_in("company_clerk").get(f"/posting/details/?id={world.rows['posting', '甲']}").get_data(as_text=True)
    assert f"<dt>指导员</dt><dd>{canary('person', '甲')}name" in posting and canary("adviser", "甲") not in posting
    key, client = world.accounts["adviser"], sign_in("system_admin")
    assert "〔不可见〕" in client.get(f"/account/edit/?id={key}").get_data(as_text=True)
    form = {
        "username": "adviser",
        "name": "换了名字",
        "branch": world.branches["home甲"],
        "active": "y",
        "version_seen": 1,
    }
    assert client.post(f"/account/edit/?id={key}", data=form).status_code == 302
    account = stored(app, Account, key)
    assert (account.name, account.person_id) == ("换了名字", world.rows["person", "甲"])


def test_lists_are_filtered_by_nothing_but_what_is_declared(app: Flask, sign_in: SignInAs) -> None:
    for screen in screens_of(app).values():
        keys = {one.key.removesuffix("_from").removesuffix("_until") for one in screen._filters or []}
        assert keys == set(screen.filters), screen
    client = sign_in("system_admin")
    plain, asked = (
        client.get(f"/account/{query}").get_data(as_text=True)
        for query in ("", "?flt0_password_hash=x&flt0_account_password_hash=x&flt0_0=x")
    )
    assert re.findall(r"/account/details/\?id=\d+", asked) == re.findall(r"/account/details/\?id=\d+", plain)


def test_the_choices_of_a_filter_are_asked_for_anew_for_each_person(sign_in: SignInAs) -> None:
    city, clerk = sign_in("city_admin"), sign_in("company_clerk")
    foreign = canary("branch", "乙") + "企业支部"
    assert foreign in city.get("/company/").get_data(as_text=True)
    assert foreign not in clerk.get("/company/").get_data(as_text=True)
    assert foreign in city.get("/company/").get_data(as_text=True)


def test_that_a_number_is_taken_elsewhere_is_not_told(app: Flask, world: World, sign_in: SignInAs) -> None:
    client = sign_in("branch_admin")
    form = {"name": "新来的", "branch": world.branches["home甲"], "id_number": ID_NUMBERS["乙"]}
    assert client.post("/person/new/", data=form).status_code == 302
    page = client.post("/person/new/", data=form | {"id_number": ID_NUMBERS["甲"]}).get_data(as_text=True)
    assert "已经有相同的记录" in page


def test_an_action_takes_no_row_out_of_sight_nor_its_own_together_with_one(
    app: Flask, world: World, sign_in: SignInAs
) -> None:
    own, foreign = (world.rows["adviser", side] for side in ("甲", "乙"))
    before, client = count_of(app, Appointment), sign_in("branch_admin")
    for rows in ([foreign], [own, foreign]):
        assert client.post("/adviser/action/", data={"action": "renew", "rowid": rows}).status_code == 404
    assert client.post("/adviser/action/", data={"action": "explode", "rowid": [own]}).status_code == 403
    assert count_of(app, Appointment) == before
    assert client.post("/adviser/action/", data={"action": "renew", "rowid": [own]}).location == "/adviser/"
    assert count_of(app, Appointment) == before + 1


def test_deleting_many_goes_row_by_row(app: Flask, world: World, sign_in: SignInAs) -> None:
    assert not any(screen.fast_mass_delete for screen in screens_of(app).values())
    before, rows = count_of(app, Trash), [world.rows["key_post", label] for label in ("甲", "甲企")]
    form = {"action": "delete", "confirmed": "yes", "rowid": rows}
    sign_in("city_admin").post("/key_post/action/", data=form)
    assert count_of(app, Trash) == before + 2


def test_a_record_that_others_need_is_not_deleted_under_them(app: Flask, world: World, sign_in: SignInAs) -> None:
    client, key = sign_in("city_admin"), world.rows["company", "甲"]
    refused = client.post("/company/delete/", data={"id": key}, follow_redirects=True).get_data(as_text=True)
    assert "还有别的记录要用到它，不能删除" in refused
    assert stored(app, Company, key) is not None and stored(app, Posting, world.rows["posting", "甲"]) is not None


# Types


WRONG_SCREENS = {
    "S001": {"area": "别处"},
    "S002": {"columns": ["short_name", "no_such_column"]},
    "S003": {"filters": ["branch.name"]},
    "S004": {"search": ["contact_phone"]},
    "S006": {"form_groups": {"企业": [*CompanyScreen.form_groups["企业"], "pinyin"], "党建": ["branch"]}},
    "S007": {"form_groups": {"企业": ["short_name", "branch"]}},
}


@pytest.mark.parametrize("check", WRONG_SCREENS)
def test_a_wrongly_declared_screen_stops_the_start(check: str) -> None:
    wrong = type("WrongScreen", (CompanyScreen,), WRONG_SCREENS[check])
    with pytest.raises(checks.WrongDeclaration, match=check):
        checks.check_screens([*all_screens(), wrong])


class _OtherBase(DeclarativeBase):
    """Models that are not the product's."""


class _Lasting(_OtherBase):
    __tablename__ = "lasting"

    id: Mapped[int] = mapped_column(primary_key=True)
    lasts: Mapped[timedelta] = mapped_column(Interval, info={"label": "时长"})


def test_a_column_that_no_form_can_show_stops_the_start() -> None:
    with pytest.raises(TypeError, match=r"no form field for lasting\.lasts"):
        make_form(_Lasting, ["lasts"], str)


def test_a_box_to_tick_is_never_unknown() -> None:
    unknown = [
        column
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, Boolean) and column.nullable
    ]
    assert unknown == []


def test_what_is_computed_has_no_field(app: Flask) -> None:
    for screen in screens_of(app).values():
        columns = inspect(screen.model).columns
        untyped = {column.key for column in columns if column.info.keys() & {"computed", "internal"}}
        assert not untyped & set(screen.form_names), screen


def test_choices_are_shown_by_their_words(world: World, sign_in: SignInAs) -> None:
    client = sign_in("city_admin")
    for address in ("/company/", f"/company/details/?id={world.rows['company', '甲']}", "/company/export/csv/"):
        text = re.sub(r"<[^>]+>", " ", client.get(address).get_data(as_text=True))
        assert "正常经营" in text and "CompanyStatus" not in text and not re.search(r"\bopen\b|OPEN", text), address
    assert "正常经营" in client.get("/company/?flt0_status=open").get_data(as_text=True)


# Security


@pytest.mark.slow
def test_no_form_is_taken_without_its_token(app: Flask, tmp_path: Any) -> None:
    guarded = build_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path, WTF_CSRF_ENABLED=True)
    client = signed_in(guarded, "city_admin")
    for rule in guarded.url_map.iter_rules():
        if "POST" in rule.methods:
            path = re.sub(r"<[^>]+>", "1", rule.rule)
            assert client.post(path, data={"id": "1"}).status_code == 400, rule.rule
    page = client.get("/holiday/new/").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    form = {"csrf_token": token and token.group(1), "day": "2031-01-01", "name": "元旦"}
    assert client.post("/holiday/new/", data=form).status_code == 302
    with guarded.app_context():
        db.engine.dispose()


CLASHES: dict[str, tuple[str, Callable[[World], dict[str, Any]]]] = {
    "a name twice": (
        "company", lambda world: {"short_name": NAME_OF_OWN, "branch": world.branches["desk甲"], "status": "open"},
    ),
    "fewer than none": (
        "company", lambda world: {"short_name": "新", "branch": world.branches["desk甲"], "status": "open", "employees": "-1"},
    ),
    "closed without a date": (
        "problem",
        lambda world: {"company": world.rows["company", "甲"], "found_on": "2026-01-02", "subject": "难题", "status": "closed"},
    ),
    "an end before its beginning": (
        "key_post",
        lambda world: {"person": world.rows["person", "甲"], "post": "班长", "since": "2020", "until": "2019"},
    ),
    "a second posting": (
        "posting",
        lambda world: {"company": world.rows["company", "甲"], "adviser": world.rows["adviser", "乙"], "started_on": "2026-02-01"},
    ),
    "two branches at once": (
        "person",
        lambda world: {"name": "新人", "branch": world.branches["home甲"], "company": world.rows["company", "乙"]},
    ),
}  # fmt: skip
OF_THE_MACHINE = re.compile(r"INSERT|UPDATE |SELECT|sqlite|psycopg|constraint|UNIQUE|CHECK|SQL|Traceback|Error\b")


@pytest.mark.parametrize("clash", CLASHES)
def test_what_the_database_refuses_is_said_in_chinese_without_a_word_of_sql(
    clash: str, office: tuple[Flask, World]
) -> None:
    resource, form = CLASHES[clash]
    answer = signed_in(office[0], "city_admin").post(f"/{resource}/new/", data=form(office[1]))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "处需要改正" in page
    assert OF_THE_MACHINE.findall(page) == []


def test_every_page_says_itself_who_may_open_it(app: Flask) -> None:
    for view in app.extensions["admin"][0]._views:
        assert type(view).is_accessible is not BaseView.is_accessible, view
        assert type(view).__module__.startswith("admin."), view


OF_EVERYBODY = {"jobs", "access", "help"}
"""Pages about one's own account, which everybody has, and the guide."""


def test_an_account_without_a_role_opens_its_home_and_nothing_else(app: Flask, world: World) -> None:
    with app.app_context():
        employ(world, "new")
    client = signed_in(app, "new")
    assert client.get("/").status_code == 200
    for view in app.extensions["admin"][0]._views[1:]:
        answer = client.get(f"{view.url}/")
        if answer.status_code == 405:
            answer = client.post(f"{view.url}/")
        assert answer.status_code == (200 if view.endpoint in OF_EVERYBODY else 403), view.url


ELSEWHERE = [
    "http:evil.com", "https:evil.com", "//evil.com", "/\\evil.com", "\\\\evil.com", "https://evil.com", "///evil.com",
    "javascript:alert(1)", "/%09/evil.com", "http:\\evil.com", " //evil.com", "/\t/evil.com",
]  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_to_this_site_only(target: str, app: Flask) -> None:
    client = app.test_client()
    form = {"username": "city_admin", "password": "correct-horse-9"}
    answer = client.post("/sign-in", query_string={"next": target}, data=form)
    assert answer.status_code == 302
    assert re.fullmatch(r"/|/[^/\\\s]\S*", answer.location), answer.location


@pytest.mark.slow
@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_page_leads_back_to_where_the_address_says(target: str, app: Flask, world: World, sign_in: SignInAs) -> None:
    client, company = sign_in("city_admin"), world.rows["company", "甲"]
    for page in ("", "new/", "edit/", "details/", "delete/"):
        answer = client.get(f"/company/{page}", query_string={"id": company, "url": target})
        assert problems_of(answer.get_data(as_text=True)) == [], page
    posts = [
        ("/company/edit/", company, form_of(app, world, "company", "甲", note="改过")),
        ("/holiday/new/", "", {"day": "2031-01-01", "name": "元旦"}),
        ("/company/action/", "", {"action": "delete"}),
        ("/key_post/delete/", world.rows["key_post", "甲"], {}),
    ]
    for address, key, form in posts:
        answer = client.post(address, query_string={"id": key, "url": target}, data=form | {"url": target})
        assert answer.status_code == 302 and re.fullmatch(r"/[^/\\\s]\S*", answer.location), address
        assert "evil" not in answer.location and "alert" not in answer.location, address
    refused = client.post("/company/edit/", query_string={"url": target}, data={"id": company, "url": target})
    assert refused.status_code == 404


def test_requests_leave_nothing_on_the_views_that_all_share(app: Flask, world: World, sign_in: SignInAs) -> None:
    key = world.rows["company", "甲"]
    addresses = ["", f"?flt0_branch={world.branches['desk甲']}", "new/", f"edit/?id={key}", f"details/?id={key}"]
    before = {name: dict(vars(screen)) for name, screen in screens_of(app).items()}
    for role in ("city_admin", "auditor", "company_clerk"):
        client = sign_in(role)
        for address in addresses:
            client.get(f"/company/{address}")
    assert {name: dict(vars(screen)) for name, screen in screens_of(app).items()} == before


@pytest.mark.parametrize("mark", ["%", "_", "%%", "甲_short", "\\"])
def test_marks_that_stand_for_anything_stand_for_themselves(mark: str, sign_in: SignInAs) -> None:
    client = sign_in("city_admin")
    found = client.get("/company/", query_string={"search": mark}).get_data(as_text=True)
    assert (NAME_OF_OWN in found) == (mark in NAME_OF_OWN)
    assert client.get("/problem/ajax/lookup/", query_string={"name": "company", "query": "%"}).json == []


# Lists and files


def test_pages_of_equal_rows_repeat_and_leave_out_none(office: tuple[Flask, World]) -> None:
    app, world = office
    add_companies(app, world, 119)
    client = signed_in(app, "company_clerk")
    tied = CompanyScreen.columns.index("employees")
    for sort in ("", f"?sort={tied}", f"?sort={tied}&desc=1"):
        keys, address = [], f"/company/{sort}"
        while address:
            page = client.get(address).get_data(as_text=True)
            keys += re.findall(r'<a href="/company/details/\?id=(\d+)"', page)
            following = re.search(r'href="([^"]+)" rel="next"', page)
            address = html.unescape(following[1]) if following else ""
        assert len(keys) == len(set(keys)) == 120


def test_a_file_is_whole_though_the_request_is_over_before_it_is_sent(office: tuple[Flask, World]) -> None:
    app, world = office
    add_companies(app, world, 1200)
    text = signed_in(app, "company_clerk").get("/company/export/csv/").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 1202
    assert all(row[1] == canary("branch", "甲") + "企业支部" for row in rows[1:])


def test_a_file_has_its_chinese_name(sign_in: SignInAs) -> None:
    client = sign_in("city_admin")
    for kind in ("csv", "xlsx"):
        told = client.get(f"/company/export/{kind}/").headers["Content-Disposition"]
        assert unquote(told).endswith(f"{today()}_企业.{kind}")


def test_a_workbook_holds_text_as_text_and_days_and_numbers_as_such(
    app: Flask, world: World, sign_in: SignInAs
) -> None:
    with app.app_context(), system_session("demo") as session:
        session.get(Company, world.rows["company", "甲"]).short_name = '=HYPERLINK("http://evil.com","x")'
        session.commit()
    client = sign_in("company_clerk")
    company, problem, file = (
        dict(zip([*columns, "id"], cells_of(client.get(f"/{resource}/export/xlsx/").get_data()), strict=True))
        for resource, columns in (
            ("company", CompanyScreen.columns), ("problem", ProblemScreen.columns), ("attachment", AttachmentScreen.columns)
        )
    )  # fmt: skip
    assert company["short_name"] == Cell("inlineStr", '=HYPERLINK("http://evil.com","x")')
    assert problem["found_on"] == Cell("n", "46024")
    assert file["size"] == Cell("n", "1")
    assert company["id"] == Cell("n", str(world.rows["company", "甲"]))


@dataclass
class Cell:
    """A cell of a workbook: what it holds and as what."""

    kind: str
    text: str


def cells_of(book: bytes) -> list[Cell]:
    """The second row of a workbook's sheet; there must be no formula and no link in it."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    tags = {element.tag.rpartition("}")[2] for element in sheet.iter()}
    assert not tags & {"f", "hyperlink"}
    rows = [element for element in sheet.iter() if element.tag.endswith("}row")]
    row = rows[1]
    found = {re.sub(r"\d", "", cell.get("r", "")): Cell(cell.get("t", "n"), "".join(cell.itertext())) for cell in row}
    heads = [re.sub(r"\d", "", cell.get("r", "")) for cell in rows[0]]
    return [found.get(head, Cell("n", "")) for head in heads]


@pytest.mark.parametrize("born", ["1945", "1945.3", "1945-03-12", "19450312", "1945年3月12日"])
def test_elders_were_born_before_1970(born: str, app: Flask, world: World, sign_in: SignInAs) -> None:
    key = world.rows["person", "甲"]
    form = form_of(app, world, "person", "甲", born_on=born)
    assert sign_in("branch_admin").post(f"/person/edit/?id={key}", data=form).status_code == 302
    assert str(stored(app, Person, key).born_on).startswith("1945")


def test_a_day_before_1970_is_a_day(app: Flask, world: World, sign_in: SignInAs) -> None:
    form = {"adviser": world.rows["adviser", "甲"], "starts_on": "1949-10-01", "ends_on": "1969-12-31"}
    assert sign_in("branch_admin").post("/appointment/new/", data=form).status_code == 302
    page = sign_in("branch_admin").get("/appointment/").get_data(as_text=True)
    assert "1949-10-01" in page and "1969-12-31" in page
