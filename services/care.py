"""Care visits: the list of those to be visited is fixed at the start, and everybody on it is to be reached."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import CampaignStatus, CareCampaign, CareVisit, Person, Stage
from models.clock import today
from policy.errors import Refused

MEMBERS = (Stage.PROBATIONARY, Stage.FULL)


def is_planned(campaign: CareCampaign) -> bool:
    """The list isn't fixed yet."""
    return campaign.status is CampaignStatus.PLANNED


def is_running(campaign: CareCampaign) -> bool:
    """The list is fixed and visits are made."""
    return campaign.status is CampaignStatus.FIXED


def why_locked(campaign: CareCampaign) -> str | None:
    """Once the list is fixed, the campaign stays as it was planned."""
    return None if is_planned(campaign) else "名单已经确定，慰问活动不能再改或删除。"


def fix_list(session: Session, campaign: CareCampaign) -> str:
    """Put every member of the branch on the list; from now on nobody is added or taken off (the database sees to it)."""
    if reason := why_locked(campaign):
        raise Refused(reason)
    members = session.scalars(
        select(Person).where(Person.branch_id == campaign.branch_id, Person.stage.in_(MEMBERS)).order_by(Person.id)
    ).all()
    if not members:
        raise Refused("这个党组织还没有登记党员，不能确定名单。")
    session.add_all(CareVisit(care_campaign=campaign, person=person) for person in members)
    session.flush()
    campaign.status = CampaignStatus.FIXED
    return f"名单已确定，共 {len(members)} 人。"


def is_missing(visit: CareVisit) -> bool:
    """Nobody has been there yet."""
    return visit.visited_on is None


def record_visit(
    session: Session, visit: CareVisit, visited_on: date, visitor: str, brought: str | None = None
) -> None:
    """Somebody was there."""
    if visited_on > today() or visited_on < visit.care_campaign.starts_on:
        raise Refused("慰问日期不能早于慰问活动开始，也不能在今天之后。", "visited_on")
    visit.visited_on, visit.visitor, visit.brought = visited_on, visitor, brought


def close_campaign(session: Session, campaign: CareCampaign) -> None:
    """Everybody was reached; whoever is missing is named."""
    missing = session.scalars(
        select(CareVisit.person_name).where(CareVisit.care_campaign_id == campaign.id, CareVisit.visited_on.is_(None))
    ).all()
    if missing:
        names = "、".join(missing[:10])
        raise Refused(f"还有 {len(missing)} 人没有慰问到：{names}{'等' if len(missing) > 10 else ''}。")
    campaign.status, campaign.ends_on = CampaignStatus.CLOSED, campaign.ends_on or today()
