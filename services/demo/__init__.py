"""The demo: the article's programme with fictional people. Deterministic, idempotent, refused beside other data.

Nothing unfavourable is said of a company or branch that the article names: what failed, is overdue or open belongs to
示例企业15 to 20 and to example branches.
"""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Branch, Setting
from policy.errors import Refused
from services.demo import assessments, programme, registers, rounds


def is_demo(session: Session) -> bool:
    """Whether this database holds the demo."""
    return session.scalar(select(Setting.value).where(Setting.key == "demo")) == "是"


def refuse_foreign_data(session: Session) -> None:
    """Raise Refused when the database holds anything but the demo."""
    if session.scalar(select(Branch.id).limit(1)) is not None and not is_demo(session):
        raise Refused("数据库里已有别的数据，不能载入演示数据。")


def load_demo(session: Session, password_for: Callable[[str], str]) -> dict[str, str]:
    """Add the demo; the passwords made, by user name. A second call changes nothing and returns none."""
    refuse_foreign_data(session)
    if is_demo(session):
        return {}
    session.add(Setting(key="demo", value="是", meaning="这是演示数据"))
    branches = programme.add_branches(session)
    companies = programme.add_companies(session, branches)
    advisers = programme.add_advisers(session, branches)
    postings = programme.post(session, advisers, companies)
    session.flush()
    names = programme.names()
    programme.add_people(session, companies, names)
    programme.add_work(session, companies, postings)
    assessments.assess_venues(session, companies, branches["root"])
    rounds.add_rounds(session, branches, companies)
    session.flush()
    registers.add_registers(session, branches, companies, names)
    passwords = programme.add_accounts(session, branches, advisers[0].person, password_for)
    rounds.name_posted_advisers(session, postings)
    return passwords
