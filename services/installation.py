"""Setting up an installation for real work: the tree's root and the three administrators, each with a first password."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, Branch, BranchKind, Grant, Role
from policy.errors import Refused
from services import accounts, reference_data

ADMINISTRATORS = ("system_admin", "security_admin", "auditor")


def set_up(session: Session, name: str) -> dict[str, str]:
    """Make the root organisation of that name and the three separated administrators (三员).

    Returns their first passwords by user name; each must be changed at the first sign-in. Raises Refused when the
    database isn't empty.
    """
    if session.scalar(select(Branch.id).limit(1)) is not None:
        raise Refused("数据库里已有数据，不能再次初始化。")
    reference_data.load_reference_data(session)
    root = Branch(name=name, kind=BranchKind.COMMITTEE)
    session.add(root)
    session.flush()
    made = {}
    for code in ADMINISTRATORS:
        role = session.scalars(select(Role).where(Role.code == code)).one()
        account = Account(username=code, name=role.name, branch=root)
        session.add(account)
        made[code] = accounts.reset_password(session, account)
        session.add(Grant(account=account, role=role, duty=role.duty, branch=root))
    session.flush()
    return made
