"""The pages of a checklist's version: written in the browser or without scripts, read, compared, cloned."""

import io
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from werkzeug.datastructures import MultiDict

from models import Assessment, AuditEntry, ChecklistStep, ChecklistVersion, Company, Draft, Scoring, db
from policy import acting_as, system_session
from services.checklists.outline import GroupOutline, ItemOutline, Outline
from services.checklists.versions import clone, new_template, outline_of, publish
from tests.conftest import signed_in
from tests.form_fields import fields_of
from tests.test_checklist_versions import WHOLE
from tests.world import World


def make_version(published: bool = False, outline: Outline = WHOLE) -> tuple[int, int]:
    """The key of a new version, and its version for optimistic locking."""
    with system_session("demo") as session, acting_as(session.info["actor"]):
        made = new_template(session, "支部标准化", outline)
        if published:
            publish(session, made)
        session.commit()
        return made.id, made.version


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The city administrator's browser."""
    return signed_in(app, "city_admin")


def stored(app: Flask, key: int) -> Outline:
    with app.app_context(), system_session("demo", readonly=True) as session:
        return outline_of(session, session.get(ChecklistVersion, key))


def posted(page: str) -> list[tuple[str, str]]:
    """What a browser would post of the editor's form, untouched."""
    return [(name, value) for name, value in fields_of(page, "checklist-editor") if name != "csrf_token"]


def post(client: FlaskClient, key: int, fields: list[tuple[str, str]], **more: str) -> Any:
    return client.post(f"/checklist/?id={key}", data=MultiDict([*fields, *more.items()]))


def replaced(fields: list[tuple[str, str]], name: str, value: str) -> list[tuple[str, str]]:
    return [(one, value if one.startswith(name) else old) for one, old in fields]


def test_the_form_left_as_it_is_changes_nothing(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, version = make_version()
    fields = posted(client.get(f"/checklist/?id={key}").get_data(as_text=True))
    assert post(client, key, fields, do="save").status_code == 302
    assert stored(app, key) == WHOLE
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert session.get(ChecklistVersion, key).version == version


def test_what_is_written_is_saved_and_logged(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version()
    page = client.get(f"/checklist/?id={key}").get_data(as_text=True)
    fields = posted(page)
    first = next(name for name, value in fields if name.startswith("text-") and value == "按期开展主题党日")
    assert post(client, key, replaced(fields, first, "按月开展主题党日"), do="save").status_code == 302
    assert next(stored(app, key).items()).text == "按月开展主题党日"
    with app.app_context(), system_session("demo", readonly=True) as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.resource == "checklist_item").order_by(AuditEntry.id.desc())
        ).first()
        assert "按月开展主题党日" in str(entry.changes)


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version()
    fields = posted(client.get(f"/checklist/?id={key}").get_data(as_text=True))
    wrong = replaced(fields, "points-", "很多")
    answer = post(client, key, replaced(wrong, "steps-", "好"), do="save")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "请填写数字，最多两位小数" in page and "看不明白" in page and "很多" in page
    assert stored(app, key) == WHOLE


def test_whoever_comes_second_keeps_what_he_wrote_and_is_told(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version()
    fields = posted(client.get(f"/checklist/?id={key}").get_data(as_text=True))
    assert post(client, key, replaced(fields, "group-", ""), do="save").status_code == 422
    first = next(name for name, value in fields if name.startswith("text-"))
    assert post(client, key, replaced(fields, first, "先到的"), do="save").status_code == 302
    late = post(client, key, replaced(fields, first, "后到的"), do="save")
    assert late.status_code == 409 and "后到的" in late.get_data(as_text=True)
    assert next(stored(app, key).items()).text == "先到的"


def test_rows_are_added_moved_and_left_out_without_scripts(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version()
    page = client.get(f"/checklist/?id={key}").get_data(as_text=True)
    rows = [value for name, value in posted(page) if name == "row"]
    for verb, place in (("up", 2), ("drop", 3), ("down", 0), ("add-item", 0)):
        answer = post(client, key, posted(page), do=f"{verb}:{rows[place].replace(':', '')}")
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200
    assert [value for name, value in posted(page) if name == "row"] == [
        *rows[4:], rows[0], rows[2], rows[1], "i:n1",
    ]  # fmt: skip
    fields = replaced(replaced(posted(page), "text-n1", "新的一项"), "code-n1", "9")
    assert post(client, key, fields, do="save").status_code == 302
    assert [item.code for item in stored(app, key).items()] == ["2.1", "2.2", "2.3", "1.2", "1.1", "9"]


def test_a_draft_of_the_editor_is_kept_and_offered(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version()
    fields = posted(client.get(f"/checklist/?id={key}").get_data(as_text=True))
    written = [*replaced(fields, "group-", "写了一半"), ("strange", "x")]
    assert client.post(f"/checklist/draft/?id={key}", data=MultiDict(written)).status_code == 200
    offered = client.get(f"/checklist/?id={key}").get_data(as_text=True)
    assert "这里有一份没有保存的内容" in offered and "6 项" in offered
    assert "写了一半" in client.get(f"/checklist/?id={key}&draft=1").get_data(as_text=True)
    with app.app_context(), system_session("demo", readonly=True) as session:
        assert "strange" not in session.scalars(select(Draft.contents)).all()[-1]
    assert client.post(f"/checklist/draft/discard/?id={key}").status_code == 302
    assert "写了一半" not in client.get(f"/checklist/?id={key}").get_data(as_text=True)


def test_a_published_version_is_read_and_not_written(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, version = make_version(published=True)
    page = client.get(f"/checklist/?id={key}").get_data(as_text=True)
    assert "checklist-editor" not in page and "0=0%；6=60%；12=100%" in page and "最多加 5 分" in page
    assert client.post(f"/checklist/?id={key}", data={"version_seen": version}).status_code == 403
    assert stored(app, key) == WHOLE


def test_a_new_year_is_begun_by_a_form_and_compared_on_a_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version(published=True)
    assert client.post(f"/checklist/clone/?id={key}", data={"name": ""}).status_code == 422
    taken = client.post(f"/checklist/clone/?id={key}", data={"name": "2026 版"})
    assert taken.status_code == 422 and "换一个名称" in taken.get_data(as_text=True)
    made = client.post(f"/checklist/clone/?id={key}", data={"name": "2027 版"})
    assert made.status_code == 302
    editor = client.get(made.headers["Location"]).get_data(as_text=True)
    assert "沿用 1.1" in editor
    compared = client.get(made.headers["Location"].replace("/checklist/?", "/checklist/compare/?"))
    assert "<b>6</b> 项沿用" in compared.get_data(as_text=True)


@pytest.mark.parametrize("role", ["branch_admin", "adviser", "company_clerk", "inspector"])
def test_who_may_not_write_checklists_reads_them(role: str, app: Flask) -> None:
    with app.app_context():
        key, version = make_version()
    client = signed_in(app, role)
    page = client.get(f"/checklist/?id={key}")
    assert page.status_code == 200 and "checklist-editor" not in page.get_data(as_text=True)
    for address in ("", "draft/", "clone/"):
        sent = client.post(f"/checklist/{address}?id={key}", data={"version_seen": version, "name": "偷改"})
        assert sent.status_code == 403, address
    assert stored(app, key) == WHOLE


def test_the_pages_take_as_many_statements_for_few_items_as_for_many(app: Flask, world: World) -> None:
    many = replace(WHOLE, name="很长", groups=tuple(
        GroupOutline(f"组{n}", tuple(ItemOutline(f"{n}.{m}", "项") for m in range(20))) for n in range(5)
    ))  # fmt: skip
    with app.app_context():
        keys = [make_version()[0], make_version(outline=many)[0]]
        with system_session("demo") as session, acting_as(session.info["actor"]):
            publish(session, session.get(ChecklistVersion, keys[1]))
            keys.append(clone(session, session.get(ChecklistVersion, keys[1]), "更长").id)
            session.commit()
    client, found = signed_in(app, "city_admin"), []
    for key in keys[:1] + keys[2:]:
        count: list[int] = []
        with app.app_context():
            engine = db.engine

        def note(*_all: Any, count: list[int] = count) -> None:
            count.append(1)

        client.get(f"/checklist/?id={key}")
        event.listen(engine, "before_cursor_execute", note)
        assert client.get(f"/checklist/?id={key}").status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        found.append(len(count))
    assert max(found) - min(found) <= 1 and max(found) < 25  # one more for where items come from


def hand_in(client: FlaskClient, key: int, contents: bytes, name: str = "清单.xlsx") -> Any:
    data = {"sheet": (io.BytesIO(contents), name)}
    return client.post(f"/checklist/workbook/?id={key}", data=data, content_type="multipart/form-data")


def test_a_workbook_that_is_fetched_and_read_again_changes_nothing(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version()
    before = client.get(f"/checklist/?id={key}").get_data(as_text=True)
    fetched = client.get(f"/checklist/workbook/?id={key}")
    assert fetched.mimetype.endswith("spreadsheetml.sheet")
    answer = hand_in(client, key, fetched.get_data())
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "已从 Excel 读入 6 项" in page
    assert sorted(posted(page)) == sorted(posted(before))
    assert stored(app, key) == WHOLE


def test_an_offices_own_sheet_is_looked_at_and_then_saved(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version(outline=Outline("2026 版"))
    sheet = "\n".join((
        "党支部标准化建设考评表,,,,,", "项目,序号,考核内容,分值,考评办法,自评分,考评分",
        "组织生活,1,按期召开支部党员大会,60,每缺一次扣5分，扣完为止,,", ",2,党课按季度开展,40,查看记录,,", "合计,,,100,,,",
    ))  # fmt: skip
    page = hand_in(client, key, sheet.encode("gbk"), "考评表.csv").get_data(as_text=True)
    assert "已从 Excel 读入 2 项" in page and stored(app, key).groups == ()
    assert post(client, key, posted(page), do="save").status_code == 302
    first, second = stored(app, key).items()
    assert (first.scoring, first.off_each, first.points, second.points) == (Scoring.DEDUCTION, 500, 6_000, 4_000)


def test_what_can_not_be_read_is_refused_and_the_checklist_stays(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version()
    for contents, name in ((b"", "空.xlsx"), (b"PK\x03\x04 nonsense", "坏.xlsx"), ("姓名\n张三".encode(), "名单.csv")):
        answer = hand_in(client, key, contents, name)
        assert answer.status_code == 422 and "checklist-editor" in answer.get_data(as_text=True), name
    assert stored(app, key) == WHOLE


def test_an_assessment_is_filled_in_by_words_grades_and_numbers(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        key, _version = make_version(published=True)
        with system_session("demo") as session, acting_as(session.info["actor"]):
            company = session.scalars(select(Company).order_by(Company.id)).first()
            made = Assessment(company=company, checklist_version_id=key, assessed_on=date(2026, 3, 2))
            session.add(made)
            session.commit()
            assessment = made.id
            one, two, three, four, five, six = outline_of(session, session.get(ChecklistVersion, key)).items()
            grade = session.scalar(
                select(ChecklistStep.id).where(ChecklistStep.item_id == two.key, ChecklistStep.name == "较好")
            )
    address = f"/assess/?id={assessment}"
    page = client.get(address).get_data(as_text=True)
    assert "6 次起：得 12 分" in page and "每次扣 0.5 分，最多扣 5 分" in page
    seen = {"version_seen": dict(fields_of(page, "record-form"))["version_seen"]}
    wrong = client.post(address, data=seen | {f"number-{one.key}": "许多"})
    assert wrong.status_code == 422 and "许多" in wrong.get_data(as_text=True)
    given = {
        f"number-{one.key}": "7", f"answer-{two.key}": f"step-{grade}", f"number-{three.key}": "4",
        f"number-{four.key}": "1.5", f"answer-{five.key}": "met", f"answer-{six.key}": "met",
    }  # fmt: skip
    assert client.post(address, data=seen | given).status_code == 302
    with app.app_context(), system_session("demo", readonly=True) as session:
        # 12 + 8.4 + 8 + 10 of 50.5 points, and 1.5 on top.
        assert session.get(Assessment, assessment).review_score == 7_901
