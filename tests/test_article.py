"""docs/article.md says where each fact of the article lives; each number in it is read from the screens."""

import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from models import Branch, Honour
from policy import system_session
from tests.site import PASSWORD, demo_app

DOCUMENT = (Path(__file__).parent.parent / "docs/article.md").read_text()
FACTS = re.findall(r"^\| ([^|]+) \| [^|]+ \| `([^`]+)` \| (more than )?(\d+) \|$", DOCUMENT, re.M)
BRANCHES = {
    "political": "市政协离退休干部党支部",
    "police": "市公安局离退休干部党支部",
    "tax": "市税务局离退休干部党支部",
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> tuple[FlaskClient, dict[str, int]]:
    """The city administrator's browser on the demo, and the keys of the three branches."""
    app = demo_app(tmp_path_factory.mktemp("article"), with_tokens=False)
    with app.app_context(), system_session("demo", readonly=True) as session:
        keys = {key: session.scalar(select(Branch.id).where(Branch.name == name)) for key, name in BRANCHES.items()}
    client = app.test_client()
    client.post("/sign-in", data={"username": "city_admin", "password": PASSWORD})
    return client, keys


@pytest.mark.parametrize(("fact", "address", "more", "number"), FACTS, ids=[fact[0] for fact in FACTS])
def test_the_screens_show(
    fact: str, address: str, more: str, number: str, office: tuple[FlaskClient, dict[str, int]]
) -> None:
    client, keys = office
    page = client.get(address.format(**keys)).get_data(as_text=True)
    found = re.search(r"共 (\d+) 条", page)
    assert found, page[:500]
    assert int(found[1]) > int(number) if more else int(found[1]) == int(number), fact


def test_the_document_covers_the_articles_figures() -> None:
    """The numbers of the article itself, so that the document can't drift away from them."""
    numbers = {fact: (bool(more), int(number)) for fact, _address, more, number in FACTS}
    assert numbers["advisers appointed since May 2019"] == (False, 20)
    assert numbers["advisers from the political consultative branch"] == (False, 4)
    assert [numbers[key][1] for key in ("members admitted", "activists brought on", "members in key posts")] == [
        11,
        25,
        47,
    ]
    assert (numbers["members"], numbers["of prefecture level"]) == ((False, 44), (False, 23))
    assert numbers["research reports"] == (True, 20) and numbers["suggestions"] == (True, 50)
    assert numbers["guidance activities"] == (True, 20) and numbers["volunteer activities"] == (True, 40)
    assert numbers["joint activities"] == (True, 20) and numbers["liaison officers"] == (False, 2)


def test_the_honours_are_those_of_the_article(office: tuple[FlaskClient, dict[str, int]]) -> None:
    client, keys = office
    page = client.get(f"/honour/?flt0_branch={keys['political']}").get_data(as_text=True)
    for year in (2010, 2015, 2019, 2020):
        assert str(year) in page
    assert "全市离退休干部先进集体" in page and Honour.record_name in page


def test_nothing_here_names_a_person_who_is_not_marked(office: tuple[FlaskClient, dict[str, int]]) -> None:
    client, _keys = office
    rows = client.get("/person/export/csv/").get_data(as_text=True).splitlines()[1:]
    assert rows and all(row.startswith("示例·") for row in rows), json.dumps(rows[:3], ensure_ascii=False)
