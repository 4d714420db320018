"""A sheet comes in, is looked at, put right, applied and taken back: through the walls, all of it or nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, inspect, select

from admin.imports import takes_imports, target_of
from models import (
    Account,
    AuditEntry,
    Branch,
    Company,
    DevelopmentStep,
    Grant,
    ImportBatch,
    ImportMapping,
    ImportStatus,
    Job,
    Person,
    Posting,
    Role,
    Stage,
    Visit,
    db,
)
from models.clock import today
from models.column_types import PartialDate
from policy import NotAllowed, Refused, acting_as, system_session
from policy.actions import models_by_resource
from services import imports
from services.tables.importing.related import GUESSED
from services.tables.importing.undo import NotTakenBack
from tests.conftest import signed_in
from tests.matrix import actor_of
from tests.sheets_made import notes_in, rows_of, workbook
from tests.typed_forms import screens_of
from tests.world import World, employ

ASIDE = {"audit_entry", "audit_seal", "import_batch", "import_mapping", "job", "export_file", "sign_in", "draft"}
"""Tables that imports don't import into: the log, the imports themselves, and who is signed in."""
HOUSEKEEPING = {"version", "updated_at"}
SHEETS = Path(__file__).parent / "sheets"
HEADS = ["序号", "企业简称", "所属党组织", "职工人数", "地址"]


def screen_of(app: Flask, resource: str) -> Any:
    return screens_of(app)[resource]


@contextmanager
def importing(app: Flask, role: str, resource: str) -> Iterator[tuple[Any, Any]]:
    """A session of a role, and what sheets of this kind of record are imported into."""
    with app.test_request_context():
        target = target_of(screen_of(app, resource))
    actor = actor_of(role)
    with acting_as(actor), db.session.session_factory(actor=actor) as session:
        yield session, target


def hand_in(session: Any, target: Any, book: bytes, name: str = "表.xlsx", **choices: Any) -> ImportBatch:
    """Hand in a sheet and have it checked."""
    batch = imports.open_batch(session, target.resource, name, book)
    session.commit()
    if choices:
        imports.choose(batch, {**imports.choices_of(batch), **choices})
        session.commit()
    imports.check_batch(session, target, batch)
    session.commit()
    return batch


def rows_in(batch: ImportBatch, outcome: str = "") -> list[dict[str, Any]]:
    """The lines of a preview, or those of one outcome."""
    return [row for row in json.loads(batch.preview)["rows"] if not outcome or row["outcome"] == outcome]


def reasons_in(batch: ImportBatch) -> list[tuple[int, str, str]]:
    """What is wrong in a preview: line, field, reason."""
    return [(row["line"], fault["name"], fault["reason"]) for row in rows_in(batch) for fault in row["faults"]]


def do(session: Any, target: Any, batch: ImportBatch) -> ImportBatch:
    """Apply an import."""
    imports.apply_batch(session, target, batch)
    session.commit()
    return batch


def business_tables() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table besides those ASIDE, without versions and update times."""
    found = {}
    with db.engine.execution_options(readonly=True).connect() as connection:
        for resource, model in sorted(models_by_resource().items()):
            if resource in ASIDE:
                continue
            columns = [column for column in model.__table__.columns if column.key not in HOUSEKEEPING]
            rows = connection.execute(select(*columns).order_by(model.__table__.c.id)).all()
            found[resource] = [tuple(row) for row in rows]
    return found


def branch_name(world: World, place: str) -> str:
    with system_session("explain", readonly=True) as session:
        return session.get(Branch, world.branches[place]).name


def newest_entries(resource: str, count: int) -> list[AuditEntry]:
    with system_session("demo", readonly=True) as session:
        wanted = select(AuditEntry).where(AuditEntry.resource == resource).order_by(AuditEntry.id.desc()).limit(count)
        return list(session.scalars(wanted))


def company_sheet(world: World, *rows: tuple[Any, ...]) -> bytes:
    """Companies of one's own branch: short name, employees, address."""
    desk = branch_name(world, "desk甲")
    return workbook(HEADS, *([number, name, desk, *more] for number, (name, *more) in enumerate(rows, 1)))


def test_a_sheet_in_and_taken_back_leaves_every_table_as_it_was(office: tuple[Flask, World]) -> None:
    app, world = office
    before = business_tables()
    with importing(app, "city_admin", "company") as (session, target):
        known = session.get(Company, world.rows["company", "甲"])
        rows = [(f"示例新企业{number}", number, "示例路") for number in range(30)]
        batch = hand_in(session, target, company_sheet(world, (known.short_name, 77, "改过的地址"), *rows))
        assert (batch.new_rows, batch.changed_rows, batch.wrong_rows) == (30, 1, 0)
        assert business_tables() == before
        do(session, target, batch)
        assert len(business_tables()["company"]) == len(before["company"]) + 30
        assert session.get(Company, known.id, populate_existing=True).employees == 77
        imports.undo_batch(session, target, batch)
        session.commit()
    assert business_tables() == before


def test_what_follows_from_imported_rows_is_taken_back_too(office: tuple[Flask, World]) -> None:
    app, world = office
    before = business_tables()
    with importing(app, "branch_admin", "development_step") as (session, target):
        person = session.get(Person, world.rows["person", "甲"])
        stage = person.stage
        book = workbook(["姓名", "阶段", "时间"], [person.name, "正式党员", "2019年5月"])
        batch = hand_in(session, target, book)
        assert reasons_in(batch) == []
        do(session, target, batch)
        session.expire_all()
        assert person.stage.value == "full_member" != stage
        imports.undo_batch(session, target, batch)
        session.commit()
    assert business_tables() == before


def test_each_row_has_one_entry_in_the_log_that_says_it_came_by_import(app: Flask, world: World) -> None:
    client = signed_in(app, "city_admin")
    with app.app_context():
        book = company_sheet(world, *((f"示例新企业{number}", 5) for number in range(7)))
    page = send_sheet(client, "company", book)
    applied = client.post(f"{page}apply/", follow_redirects=True)
    assert "已经导入：新增 7 条" in applied.text
    with app.app_context():
        entries = newest_entries("company", 7)
        assert {entry.channel for entry in entries} == {"导入"}
        assert {entry.actor_name for entry in entries} == {"用户city_admin"}
        assert len({entry.record_id for entry in entries}) == 7


def send_sheet(client: Any, resource: str, book: bytes, name: str = "表.xlsx") -> str:
    """Upload a sheet in the browser; the address of its preview."""
    answer = client.post(f"/{resource}/import/", data={"sheet": (BytesIO(book), name)})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that are sent within the block."""
    sent: list[str] = []

    def note(*call: Any) -> None:
        sent.append(call[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.slow
def test_many_rows_take_few_statements_new_changed_or_taken_back(office: tuple[Flask, World]) -> None:
    app, world = office
    names = [f"示例新企业{number}" for number in range(2_500)]
    with importing(app, "city_admin", "company") as (session, target):
        for counts, numbers in (((2_500, 0), range(0, 2_500)), ((0, 2_500), range(1, 2_501))):
            with statements() as sent:
                rows = (
                    (name, number, "示例路" if number % 2 else None)
                    for name, number in zip(names, numbers, strict=True)
                )
                batch = do(session, target, hand_in(session, target, company_sheet(world, *rows)))
            assert (batch.new_rows, batch.changed_rows) == counts and batch.status is ImportStatus.APPLIED
            assert len(sent) <= 60
        assert len({entry.record_id for entry in newest_entries("company", 2_500) if entry.action == "update"}) == 2_500
        with statements() as sent:
            imports.undo_batch(session, target, batch)
            session.commit()
        assert len(sent) <= 60
        employees = dict(session.execute(select(Company.short_name, Company.employees)).all())
        assert [employees[name] for name in names] == list(range(2_500))


def test_wrong_cells_are_named_and_nothing_is_applied(app: Flask, world: World) -> None:
    with app.app_context(), importing(app, "branch_admin", "person") as (session, target):
        book = workbook(
            ["人员名册"],
            ["序号", "姓名", "性别", "身份证号", "出生年月", "联系电话"],
            [1, "示例甲", "男", 620200196001010037, "1960.1", "13812345678"],
            [2, "示例乙", "纸", "620200196001010038", "六零年", "12"],
            ["合计", "2 人"],
        )
        batch = hand_in(session, target, book, branch=world.branches["home甲"])
        found = {(line, name): reason for line, name, reason in reasons_in(batch)}
        assert "截断" in found[3, "id_number"]
        assert "可以写：男、女" in found[4, "sex"]
        assert "校验位" in found[4, "id_number"]
        assert "日期不对" in found[4, "born_on"]
        assert "电话号码不对" in found[4, "phone"]
        with pytest.raises(Refused, match="还有 2 行有错"):
            do(session, target, batch)


def test_cells_mended_in_the_preview_and_in_the_red_sheet_go_on_from_there(app: Flask, world: World) -> None:
    client = signed_in(app, "branch_admin")
    with app.app_context():
        home = branch_name(world, "home甲")
    book = workbook(["姓名", "所属党组织", "出生年月"], ["示例甲", home, "六零年"], ["示例乙", home, "1961.13"])
    page = send_sheet(client, "person", book)
    assert "有 2 行有错" in client.get(page).text
    client.post(f"{page}mend/", data={"cell-2-2": "1960.1", "was-2-2": "六零年"})
    assert "有 1 行有错" in client.get(page).text
    red = client.get(f"{page}wrong/").data
    assert "日期不对" in notes_in(red)
    assert rows_of(red)[1:] == [["示例甲", home, "1960.1"], ["示例乙", home, "1961.13"]]
    mended = workbook(["姓名", "所属党组织", "出生年月"], *rows_of(red)[1:2], ["示例乙", home, "1961.12"])
    client.post(f"{page}replace/", data={"sheet": (BytesIO(mended), "改好.xlsx")})
    assert "导入：新增 2 条" in client.get(page).text
    assert "已经导入：新增 2 条" in client.post(f"{page}apply/", follow_redirects=True).text


def test_what_is_out_of_sight_can_neither_be_named_nor_changed(office: tuple[Flask, World]) -> None:
    app, world = office
    with importing(app, "branch_admin", "company") as (session, target):
        foreign = world.rows["company", "乙"]
        book = workbook(
            ["编号", "企业简称", "所属党组织"], [foreign, "抢来的", ""], [None, "示例新", branch_name(world, "desk乙")]
        )
        batch = hand_in(session, target, book)
        reasons = [(line, name, reason) for line, name, reason in reasons_in(batch)]
        assert (2, "id", "没有这个编号的记录；新增的请把编号空着。") in reasons
        assert any((line, name) == (3, "branch") and "没有找到" in reason for line, name, reason in reasons)
        assert "秘branch乙" not in batch.preview.decode().replace(branch_name(world, "desk乙"), "")


def test_rights_that_ended_end_the_import_and_hide_its_preview(app: Flask, world: World) -> None:
    with app.app_context():
        known = company_sheet(world, ("示例新企业", 3))
        with system_session("demo", readonly=True) as session:
            title = session.get(Company, world.rows["company", "甲"]).short_name
        changed = company_sheet(world, (title, 78))
        employ(world, "office_worker", [("liaison", "desk甲")])
    client = signed_in(app, "office_worker")
    page, other = send_sheet(client, "company", known), send_sheet(client, "company", changed)
    assert "78" in client.get(other).text
    with app.app_context(), system_session("demo") as session:
        account = session.scalar(select(Account).where(Account.username == "office_worker"))
        session.scalars(select(Grant).where(Grant.account_id == account.id)).one().valid_until = today() - timedelta(
            days=1
        )
        session.commit()
    assert client.get(page).status_code == 403
    assert client.get(f"{page}wrong/").status_code == 403
    assert client.post(f"{page}apply/").status_code == 403
    with app.app_context():
        employ_again(world, "office_worker", "liaison", "home甲")
    shown = client.get(other)
    assert "核对以后您的权限变了" in shown.text
    assert "78" not in shown.text
    assert client.post(f"{page}apply/", follow_redirects=True).status_code == 200
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.scalar(select(Company.id).where(Company.short_name == "示例新企业")) is None


def employ_again(world: World, username: str, role: str, place: str) -> None:
    """Give an account one more role."""
    with system_session("demo") as session:
        account = session.scalar(select(Account).where(Account.username == username))
        role_row = session.scalar(select(Role).where(Role.code == role))
        session.add(Grant(account=account, role=role_row, branch_id=world.branches[place]))
        session.commit()


def test_an_import_is_taken_back_whole_or_not_at_all_and_says_what_stands_in_the_way(
    office: tuple[Flask, World],
) -> None:
    app, world = office
    with importing(app, "city_admin", "company") as (session, target):
        batch = do(session, target, hand_in(session, target, company_sheet(world, ("示例新一", 1), ("示例新二", 2))))
        second = session.scalars(select(Company).where(Company.short_name == "示例新二")).one()
        second.employees = 99
        session.commit()
        with pytest.raises(NotTakenBack, match=r"示例新二.*已经有人改过"):
            imports.undo_batch(session, target, batch)
        session.rollback()
        assert session.scalar(select(Company.id).where(Company.short_name == "示例新一")) is not None
        second.employees = 2
        session.commit()
        with pytest.raises(NotTakenBack):
            imports.undo_batch(session, target, batch)


def test_a_new_record_that_others_lean_on_is_not_taken_away(office: tuple[Flask, World]) -> None:
    app, world = office
    with importing(app, "branch_admin", "person") as (session, target):
        book = workbook(["姓名", "所属党组织"], ["示例新人", branch_name(world, "home甲")])
        batch = do(session, target, hand_in(session, target, book))
        person = session.scalars(select(Person).where(Person.name == "示例新人")).one()
        session.add(DevelopmentStep(person=person, stage=Stage.APPLICANT, entered_on=PartialDate.parse("2020")))
        session.commit()
        with pytest.raises(NotTakenBack, match="示例新人"):
            imports.undo_batch(session, target, batch)
        session.rollback()
        assert session.scalars(select(Person).where(Person.name == "示例新人")).one().id == person.id


def test_taking_back_needs_the_right_to_import_and_not_that_to_delete(app: Flask, world: World) -> None:
    with app.app_context(), importing(app, "branch_admin", "company") as (session, target):
        assert not actor_of("branch_admin").may("company:delete")
        book = workbook(HEADS[1:3], ["示例新企业", branch_name(world, "home甲")])
        batch = do(session, target, hand_in(session, target, book))
        company = session.scalars(select(Company).where(Company.short_name == "示例新企业")).one()
        session.delete(company)
        with pytest.raises(NotAllowed):
            session.flush()
        session.rollback()
        imports.undo_batch(session, target, batch)
        session.commit()
        assert newest_entries("company", 1)[0].action == "delete"


def test_what_changed_between_preview_and_import_is_shown_again_first(app: Flask, world: World) -> None:
    client = signed_in(app, "city_admin")
    with app.app_context():
        with system_session("demo", readonly=True) as session:
            title = session.get(Company, world.rows["company", "甲"]).short_name
        page = send_sheet(client, "company", company_sheet(world, (title, 78)))
        with system_session("demo") as session:
            session.get(Company, world.rows["company", "甲"]).employees = 50
            session.commit()
    answer = client.post(f"{page}apply/", follow_redirects=True)
    assert "已经重新核对" in answer.text
    assert "50 人" in client.get(page).text or "50" in client.get(page).text
    assert "已经导入：新增 0 条，修改 1 条" in client.post(f"{page}apply/", follow_redirects=True).text


def test_empty_cells_keep_what_is_there_unless_they_shall_clear_it(app: Flask, world: World) -> None:
    with app.app_context(), importing(app, "city_admin", "company") as (session, target):
        company = session.get(Company, world.rows["company", "甲"])
        company.address = "原来的地址"
        session.commit()
        book = company_sheet(world, (company.short_name, company.employees, "—"))
        assert hand_in(session, target, book).unchanged_rows == 1
        batch = hand_in(session, target, book, blanks="clear")
        assert rows_in(batch)[0]["values"]["address"] == ["原来的地址", ""]


def test_lines_about_one_record_are_refused_and_so_are_doubles_in_the_sheet(app: Flask, world: World) -> None:
    with app.app_context(), importing(app, "city_admin", "company") as (session, target):
        batch = hand_in(session, target, company_sheet(world, ("示例新", 1), ("示例新", 2)))
        assert reasons_in(batch) == [(3, "", "和第 2 行是同一条记录，请只留一行。")]


def test_what_the_database_would_refuse_is_wrong_in_the_preview_already(office: tuple[Flask, World]) -> None:
    app, world = office
    with importing(app, "city_admin", "posting") as (session, target):
        posting = session.get(Posting, world.rows["posting", "甲"])
        book = workbook(["企业", "指导员", "派驻开始"], [posting.company_name, posting.adviser_name, "2026-03-01"])
        batch = hand_in(session, target, book)
        assert [reason for _line, _name, reason in reasons_in(batch)] == ["已经有一个正在进行的派驻，请先结束它。"]
        assert session.scalars(select(Posting.id).where(Posting.company_id == posting.company_id)).all() == [posting.id]


def test_a_head_chosen_by_hand_is_known_for_the_branch_from_then_on(app: Flask, world: World) -> None:
    client = signed_in(app, "branch_admin")
    with app.app_context():
        home = branch_name(world, "home甲")
    book = workbook(["姓名", "所属党组织", "杂七杂八"], ["示例甲", home, "说明"])
    page = send_sheet(client, "person", book)
    chosen = {
        "head": ["姓名", "所属党组织", "杂七杂八"],
        "was": ["name", "branch", ""],
        "field": ["name", "branch", "note"],
    }
    client.post(f"{page}choose/", data=chosen)
    client.post(f"{page}apply/")
    again = send_sheet(client, "person", workbook(["姓名", "所属党组织", "杂七杂八"], ["示例乙", home, "说明"]))
    with app.app_context(), system_session("demo", readonly=True) as session:
        kept = session.scalars(select(ImportMapping)).all()
        assert ("杂七杂八", "note") in {
            (one.head, one.field) for one in kept if one.branch_id == world.branches["home甲"]
        }
        batch = session.get(ImportBatch, int(again.rstrip("/").split("/")[-1]))
        assert [2, "杂七杂八", "note", "remembered"] in json.loads(batch.preview)["heads"]


def test_anothers_import_is_not_there(app: Flask, world: World) -> None:
    client = signed_in(app, "branch_admin")
    with app.app_context():
        page = send_sheet(client, "person", workbook(["姓名", "所属党组织"], ["示例甲", branch_name(world, "home甲")]))
    other = signed_in(app, "city_admin")
    assert other.get(page).status_code == 404
    assert other.get(f"{page}wrong/").status_code == 404
    assert {other.post(f"{page}{what}/").status_code for what in ("apply", "undo", "drop", "check", "mend")} == {404}


def test_a_visit_finds_its_posting_by_the_company_and_codes_by_their_words(app: Flask, world: World) -> None:
    with app.app_context(), importing(app, "city_admin", "visit") as (session, target):
        posting = session.get(Posting, world.rows["posting", "甲"])
        book = workbook(
            ["企业", "走访日期", "走访事由", "走访情况"],
            [posting.company_name, "2026年3月5日", "日常走访", "一切正常"],
        )  # fmt: skip
        batch = hand_in(session, target, book)
        assert reasons_in(batch) == []
        do(session, target, batch)
        made = session.scalars(select(Visit).where(Visit.findings == "一切正常")).one()
        assert (made.posting_id, made.visited_on.isoformat(), made.branch_id) == (
            posting.id,
            "2026-03-05",
            posting.branch_id,
        )


def test_the_template_filled_in_goes_in_and_its_example_row_does_not(app: Flask, world: World) -> None:
    client = signed_in(app, "city_admin")
    heads, example = rows_of(client.get("/company/import/template/").data)[:2]
    assert heads[:2] == ["序号", "企业简称*"]
    assert example[0] == "例"
    with app.app_context():
        filled = [None] * len(heads)
        filled[1], filled[heads.index("所属党组织*")] = "示例新企业", branch_name(world, "desk甲")
        page = send_sheet(client, "company", workbook(heads, example, filled))
    assert "导入：新增 1 条" in client.get(page).text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_exported_and_imported_again_is_unchanged_for_every_screen(app: Flask, world: World, kind: str) -> None:
    client = signed_in(app, "city_admin")
    walked = []
    with app.app_context():
        screens = [screen for screen in screens_of(app).values() if takes_imports(screen)]
        for screen in screens:
            if not actor_of("city_admin").may(f"{screen.resource}:import"):
                continue
            exported = client.get(f"/{screen.resource}/export/{kind}/").data
            with importing(app, "city_admin", screen.resource) as (session, target):
                batch = hand_in(session, target, exported, f"导出.{kind}")
                assert rows_in(batch), screen.resource
                assert [row for row in rows_in(batch) if row["outcome"] != "unchanged"] == [], screen.resource
            walked.append(screen.resource)
    assert len(walked) >= 35


def test_every_form_that_people_fill_in_takes_sheets(app: Flask) -> None:
    with app.app_context():
        without = {name for name, screen in screens_of(app).items() if screen.form_groups and not takes_imports(screen)}
    assert without == {"account", "assessment_round", "grant", "role", "setting"}


def test_a_sheet_leaves_no_trace_when_it_is_dropped(app: Flask, world: World) -> None:
    client = signed_in(app, "city_admin")
    with app.app_context():
        before = business_tables()
        page = send_sheet(client, "company", company_sheet(world, ("示例新企业", 3)))
        assert "已去掉这张表" in client.post(f"{page}drop/", follow_redirects=True).text
        assert business_tables() == before
    assert client.get(page).status_code == 404


def test_what_is_no_sheet_is_refused_on_the_page_in_plain_words(app: Flask) -> None:
    client = signed_in(app, "city_admin")
    before = sheets_kept(app)
    for name, contents in (
        ("照片.png", b"\x89PNG\r\n\x1a\n" + b"x" * 99),
        ("空.xlsx", b""),
        ("名单.docx", b"PK\x03\x04x"),
    ):
        answer = client.post("/company/import/", data={"sheet": (BytesIO(contents), name)})
        assert answer.status_code == 422
        assert "没有读成" in answer.text
    assert sheets_kept(app) == before


def sheets_kept(app: Flask) -> list[int]:
    """The keys of all imports."""
    with app.app_context(), system_session("demo", readonly=True) as session:
        return list(session.scalars(select(ImportBatch.id).order_by(ImportBatch.id)))


def test_the_work_of_an_import_is_its_accounts_own_job(app: Flask, world: World) -> None:
    client = signed_in(app, "city_admin")
    with app.app_context():
        page = send_sheet(client, "company", company_sheet(world, ("示例新企业", 3)))
        client.post(f"{page}apply/")
        with system_session("demo", readonly=True) as session:
            job = session.scalars(select(Job).order_by(Job.id.desc()).limit(1)).one()
            assert (job.kind, job.status.value, job.account_id) == (
                "apply_import",
                "done",
                world.accounts["city_admin"],
            )
            assert inspect(job).dict["title"] == "导入：表.xlsx"


def test_the_command_line_imports_as_somebody_and_he_can_take_it_back(app: Flask, world: World, tmp_path: Path) -> None:
    with app.app_context():
        book = company_sheet(world, ("示例新企业", 3))
        before = business_tables()
    file = tmp_path / "企业.xlsx"
    file.write_bytes(book)
    runner = app.test_cli_runner()
    tried = runner.invoke(args=["import", "company", str(file), "--as", "city_admin"])
    assert tried.output == "新增 1，修改 0，无变化 0，有错 0\n"
    with app.app_context():
        assert business_tables() == before
    done = runner.invoke(args=["import", "company", str(file), "--as", "city_admin", "--apply"])
    assert "已导入" in done.output
    with app.app_context():
        assert newest_entries("company", 1)[0].channel == "命令行导入"
    page = signed_in(app, "city_admin").get("/company/import/").text
    assert "企业.xlsx" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["company", "--as", "auditor"], "您没有导入企业的权限"),
        (["company", "--as", "nobody"], "没有这个账号"),
        (["audit_entry", "--as", "city_admin"], "没有这种记录，或不能导入"),
        (["company", "--as", "city_admin", "--match", "face"], "--match 可以是 auto"),
        (["company", "--as", "city_admin"], "第 2 行 职工人数：请填写整数"),
    ],
)
def test_the_command_line_says_what_is_wrong(
    app: Flask, world: World, tmp_path: Path, arguments: list[str], said: str
) -> None:
    with app.app_context():
        (tmp_path / "企业.xlsx").write_bytes(company_sheet(world, ("示例新企业", "三十")))
    place = str(tmp_path / "企业.xlsx")
    result = app.test_cli_runner().invoke(args=["import", arguments[0], place, *arguments[1:], "--apply"])
    assert result.exit_code != 0
    assert said in result.output + str(result.exception)


@pytest.mark.slow
def test_every_sheet_of_the_offices_is_checked_whole_and_each_cut_number_pointed_out(app: Flask, world: World) -> None:
    sheets = json.loads((SHEETS / "expected.json").read_text(encoding="utf-8"))
    pointed_out, cut = [], []
    with app.app_context():
        for expected in sheets:
            book = (SHEETS / expected["file"]).read_bytes()
            with importing(app, "city_admin", expected["resource"]) as (session, target):
                batch = hand_in(session, target, book, expected["file"])
                assert len(rows_in(batch)) == expected["lines"], expected["file"]
                found = [line for line, _name, reason in reasons_in(batch) if "截断" in reason]
            pointed_out += [(expected["file"], line) for line in found]
            cut += [(expected["file"], line) for line in expected["cut"]]
    assert len(sheets) >= 30
    assert pointed_out == cut


def test_of_very_many_unknown_names_the_first_ones_are_guessed_and_all_are_refused(app: Flask, world: World) -> None:
    with app.app_context(), importing(app, "city_admin", "company") as (session, target):
        desk = branch_name(world, "desk甲")
        rows = [(number, f"示例企业{number}", f"{desk}{number}") for number in range(1, GUESSED + 11)]
        batch = hand_in(session, target, workbook(HEADS[:3], *rows, (999, "示例末企业", f"{desk}1")))
        faults = [row["faults"][0] for row in rows_in(batch)]
        assert batch.wrong_rows == len(faults) == GUESSED + 11
        assert all(desk in fault["offers"] for fault in faults[:GUESSED])
        assert not any(fault["offers"] for fault in faults[GUESSED:-1])
        assert faults[-1]["offers"] == faults[0]["offers"]
