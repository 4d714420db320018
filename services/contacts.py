"""How people reach the branch that their account belongs to."""

from typing import Any

from sqlalchemy import select

from models import Branch
from policy.actor import Actor
from policy.system import system_session


def home_branch_contact(actor: Actor) -> dict[str, Any] | None:
    """Name, person and telephone of the actor's own branch; None when it gave no telephone.

    An adviser's roles hold at the company's branch only, so the guards don't show him his own; of it he knows the name
    (``Actor.branch_name``) and how to reach it, and nothing else.
    """
    with system_session("sign_in", readonly=True) as reading:
        found = reading.execute(
            select(Branch.name, Branch.contact_name, Branch.contact_phone).where(
                Branch.id == actor.branch_id, Branch.contact_phone.is_not(None)
            )
        ).one_or_none()
    return None if found is None else {"name": found[0], "person": found[1], "phone": found[2]}
