"""People: finding records of the same person in different branches, and making one of them."""

from collections import defaultdict

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from models import Account, Adviser, Person
from policy.errors import NotAllowed, Refused
from services.trash import move_to_trash

GROUPS = 100
FILLED = ("sex", "ethnic_group", "education", "born_on", "id_number", "phone", "note")
"""What the kept record takes over where it has nothing."""


def possible_doubles(session: Session) -> list[list[Person]]:
    """Records that may be one person: the same ID number, or the same name and the same birth date."""
    same_number = select(Person.id_number_hash).where(Person.id_number_hash.is_not(None))
    same_number = same_number.group_by(Person.id_number_hash).having(func.count() > 1).limit(GROUPS)
    same_birth = select(Person.name, Person.born_on).where(Person.born_on.is_not(None))
    same_birth = same_birth.group_by(Person.name, Person.born_on).having(func.count() > 1).limit(GROUPS)
    numbers = list(session.scalars(same_number))
    births = [tuple(row) for row in session.execute(same_birth)]
    groups: dict[object, dict[int, Person]] = defaultdict(dict)
    if numbers:
        for person in session.scalars(_people().where(Person.id_number_hash.in_(numbers))):
            groups[person.id_number_hash][person.id] = person
    if births:
        for person in session.scalars(_people().where(tuple_(Person.name, Person.born_on).in_(births))):
            groups[person.name, person.born_on][person.id] = person
    found = {frozenset(group): list(group.values()) for group in groups.values()}
    return [group for group in found.values() if not _are_different(group)]


def _people() -> Select[tuple[Person]]:
    return select(Person).options(joinedload(Person.branch)).order_by(Person.id)


def _are_different(group: list[Person]) -> bool:
    """Everybody's ID number is known and no two are alike."""
    return len({person.id_number_hash for person in group} - {None}) == len(group)


def merge_people(session: Session, kept: Person, double: Person) -> None:
    """Give the kept record what the other one has and lacks here, and put the other one into the trash."""
    for person in (kept, double):
        if not session.info["actor"].permits("person:merge", person.branch_id):
            raise NotAllowed("您没有做这件事的权限。")
    if kept.id == double.id:
        raise Refused("请选择两条不同的记录。")
    if kept.id_number and double.id_number and kept.id_number != double.id_number:
        raise Refused("两条记录的身份证号不同，不是同一个人，不能合并。")
    if session.scalar(select(Account.id).where(Account.person_id == double.id)) is not None:
        raise Refused("要并掉的这条记录对应着一个登录账号，请留下这一条，或先请系统管理员改账号的“对应人员”。")
    _move_adviser(session, kept, double)
    stages = {step.stage for step in kept.steps}
    for step in [step for step in double.steps if step.stage not in stages]:
        step.person = kept
    for post in list(double.key_posts):
        post.person = kept
    taken = {key: getattr(double, key) for key in FILLED if not getattr(kept, key)}
    session.flush()
    session.expire(double, ["steps", "key_posts"])
    move_to_trash(session, double)
    for key, value in taken.items():
        setattr(kept, key, value)
    session.flush()


def _move_adviser(session: Session, kept: Person, double: Person) -> None:
    found = {row.person_id: row for row in session.scalars(
        select(Adviser).where(Adviser.person_id.in_([kept.id, double.id])))}  # fmt: skip
    if len(found) == 2:
        raise Refused("两条记录都登记了指导员，请先处理其中一个指导员。")
    if double.id in found:
        found[double.id].person = kept
