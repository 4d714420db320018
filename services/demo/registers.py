"""The other registers, grown to the figures that the article gives for three branches and the companies."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Branch,
    BranchPairing,
    CareCampaign,
    CareVisit,
    Company,
    Coverage,
    CoverageKind,
    DevelopmentStep,
    HealthNote,
    Honour,
    JointActivity,
    LiaisonOfficer,
    MassOrganisation,
    MassOrganisationKind,
    MemberWork,
    OneToOnePairing,
    PairingContact,
    PartyClass,
    Person,
    Regulation,
    Stage,
    StudyPlan,
    StudySession,
    Subscription,
    Suggestion,
    SuggestionKind,
    UnregisteredMember,
    Venue,
    VenueEquipment,
    VenueRoom,
    VolunteerService,
    VolunteerTeam,
)
from models.clock import today
from models.column_types import PartialDate
from services import care, suggestions, unregistered_members
from services.demo.programme import EXAMPLES, POLITICAL_COMPANIES, WITH_VENUE

Branches = dict[str, Branch]
Companies = dict[str, Company]
Names = Iterator[tuple[str, str]]

POLITICAL_MEMBERS, PREFECTURE_LEVEL = 44, 23
REGULATIONS = [
    "党员学习制度", "组织生活会制度", "民主评议党员制度", "“三会一课”制度", "主题党日制度", "党费收缴制度", "谈心谈话制度",
    "请示报告制度", "联系服务党员制度", "走访慰问制度", "外出请假制度", "档案管理制度", "阵地管理制度", "志愿服务制度",
    "调查研究制度", "建言献策制度", "支部结对制度", "联络员工作制度", "考核评价制度", "换届选举制度",
]  # fmt: skip
SUGGESTIONS, RESEARCH_REPORTS = 52, 22
HONOURS = [
    (2010, "全省离退休干部先进党支部", "province"), (2015, "全市离退休干部先进集体", "city"),
    (2019, "先进离退休干部党支部", "city"), (2020, "先进离退休干部党支部", "city"),
    (2020, "全省离退休干部先进党支部", "province"),
]  # fmt: skip
TAX_AWARD = "全市党支部建设标准化先进党支部观摩评比 机关单位组第一名"
GUIDANCE, VOLUNTEER, JOINT = 21, 41, 21
POLICE_MEMBERS, PAIRS = 16, 8
SUBJECTS = ["城市绿化", "老旧小区改造", "养老服务", "文明出行", "营商环境", "非公企业党建", "青少年教育", "社区文化"]
SESSIONS = ["党章和党内法规", "党史故事", "最新会议精神", "身边的榜样", "本市发展情况", "健康与安全知识"]


def add_registers(session: Session, branches: Branches, companies: Companies, names: Names) -> None:
    """Everything beside the main job."""
    _add_political_branch(session, branches["political"], names)
    _add_police_branch(session, branches["police"], names)
    _add_tax_branch(session, branches["tax"], names)
    _add_companies_registers(session, companies, names)
    _add_pairings(session, branches, companies)
    _add_open_care(session, branches["retired1"])
    session.flush()


def _add_members(session: Session, branch: Branch, names: Names, count: int, prefecture: int = 0) -> list[Person]:
    """Retired members of a branch; the first ``prefecture`` of them were of prefecture level."""
    made = []
    for number in range(count):
        name, sex = next(names)
        born = today().year - 66 - number % 14
        person = Person(
            name=name, sex=sex, ethnic_group="01", branch=branch, born_on=PartialDate(f"{born}-{number % 12 + 1:02d}"),
            former_rank="prefecture" if number < prefecture else ("county", "section")[number % 2],
        )  # fmt: skip
        person.steps = [DevelopmentStep(stage=Stage.FULL, entered_on=PartialDate(str(born + 25 + number % 8)))]
        session.add(person)
        made.append(person)
    session.flush()
    return made


def _day(number: int, back: int = 30) -> date:
    """A day of the past that depends on a number, the smaller the later."""
    return today() - timedelta(days=7 + number * back % 2400)


def _month(number: int) -> PartialDate:
    return PartialDate(_day(number, 37).isoformat()[:7])


def _add_political_branch(session: Session, branch: Branch, names: Names) -> None:
    advisers = session.scalars(select(Person).where(Person.branch_id == branch.id)).all()
    members = _add_members(session, branch, names, POLITICAL_MEMBERS - len(advisers), PREFECTURE_LEVEL)
    this_year = PartialDate(str(today().year))
    for number, name in enumerate(REGULATIONS):
        adopted = PartialDate(str(2010 + number % 8))
        session.add(Regulation(branch=branch, name=name, adopted_on=adopted, reviewed_on=this_year))
    for kind, count, word in (
        (SuggestionKind.SUGGESTION, SUGGESTIONS, "建议"), (SuggestionKind.RESEARCH_REPORT, RESEARCH_REPORTS, "调研报告"),
    ):  # fmt: skip
        for number in range(count):
            subject = f"示例：关于{SUBJECTS[number % len(SUBJECTS)]}的{word}（{number + 1}）"
            row = Suggestion(branch=branch, kind=kind, subject=subject, made_on=_month(number), made_to="有关部门")
            session.add(row)
            if number % 3 == 0:
                suggestions.adopt(session, row, today(), "示例：已被有关部门采纳。")
    for year, name, level in HONOURS:
        session.add(Honour(branch=branch, name=name, level=level, awarded_on=PartialDate(str(year))))
    session.add(MemberWork(person=members[0], name="示例文集", kind="book", published_on=PartialDate("2018")))
    team = VolunteerTeam(branch=branch, name="示例志愿服务队", leader=members[1].name, members=12)
    session.add(team)
    for number, (kind, subject) in enumerate(
        [("youth", "给青少年讲党史"), ("web", "网上宣传好故事"), ("policy", "宣讲政策")]
    ):
        session.add(
            VolunteerService(
                branch=branch, volunteer_team=team, kind=kind, subject=subject, held_on=_day(number), volunteers=6
            )
        )
    _add_study(session, branch)


def _add_study(session: Session, branch: Branch) -> None:
    """The year's plan, and a session for each month so far."""
    plan = StudyPlan(branch=branch, year=today().year, name="全年学习计划", planned=12)
    session.add(plan)
    for month in range(1, today().month + 1):
        held_on = min(date(today().year, month, 10), today())
        session.add(
            StudySession(study_plan=plan, held_on=held_on, topic=SESSIONS[month % len(SESSIONS)], attendance=20)
        )
    session.add(Subscription(branch=branch, year=today().year, name="示例党报", copies=5))


def _add_police_branch(session: Session, branch: Branch, names: Names) -> None:
    members = _add_members(session, branch, names, POLICE_MEMBERS)
    for kind, count, subject in (("guidance", GUIDANCE, "指导青年民警"), ("service", VOLUNTEER, "参加志愿服务")):
        for number in range(count):
            session.add(
                VolunteerService(branch=branch, kind=kind, subject=subject, held_on=_day(number, 45), volunteers=5)
            )
    for number in range(JOINT):
        session.add(
            JointActivity(
                branch=branch, theme="共建活动", together_with="示例社区", held_on=_day(number, 60), attendance=15
            )
        )
    for person, (colleague, _sex) in zip(members[:PAIRS], names, strict=False):
        pairing = OneToOnePairing(
            person=person, colleague=colleague, colleague_unit="示例大队", started_on=date(2020, 1, 10)
        )
        session.add(pairing)
        for months in range(3):
            day = (today().replace(day=1) - timedelta(days=months * 30)).replace(day=1)
            session.add(
                PairingContact(one_to_one_pairing=pairing, contacted_on=day, way="phone", state_of_mind="情况良好。")
            )
    year = today().year - 1
    for occasion, starts_on in (
        ("spring", date(year, 1, 15)),
        ("july", date(year, 6, 20)),
        ("double_ninth", date(year, 10, 15)),
    ):
        campaign = CareCampaign(branch=branch, occasion=occasion, year=year, starts_on=starts_on)
        session.add(campaign)
        session.flush()
        care.fix_list(session, campaign)
        session.flush()
        for number, visit in enumerate(_visits(session, campaign)):
            visited_on = starts_on + timedelta(days=number % 6)
            care.record_visit(session, visit, visited_on, "示例·支部委员", "送温暖、送问候、送关怀")
        session.flush()
        care.close_campaign(session, campaign)


def _visits(session: Session, campaign: CareCampaign) -> list[CareVisit]:
    found = select(CareVisit).where(CareVisit.care_campaign_id == campaign.id).order_by(CareVisit.id)
    return list(session.scalars(found))


def _add_tax_branch(session: Session, branch: Branch, names: Names) -> None:
    venue = Venue(branch=branch, name="离退休干部活动阵地", area=210)
    for kind in ("party", "meeting", "sports", "reading"):
        venue.rooms.append(VenueRoom(kind=kind))
    for name, quantity in (("投影仪", 1), ("图书", 800), ("党报党刊", 10)):
        venue.equipment.append(VenueEquipment(name=name, quantity=quantity))
    session.add(venue)
    session.add(Honour(branch=branch, name=TAX_AWARD, level="city", awarded_on=PartialDate("2020")))
    for number in range(2):
        name, sex = next(names)
        officer = Person(name=name, sex=sex, branch=branch, born_on=PartialDate(str(today().year - 38 - number)))
        officer.steps = [DevelopmentStep(stage=Stage.FULL, entered_on=PartialDate(str(today().year - 12)))]
        session.add(officer)
        session.add(
            LiaisonOfficer(person=officer, since=PartialDate("2019"), duties=("学习和组织生活", "台账和资料")[number])
        )
    _add_members(session, branch, names, 10)
    _add_study(session, branch)


def _add_companies_registers(session: Session, companies: Companies, names: Names) -> None:
    for name, company in companies.items():
        kind, way = (CoverageKind.ORGANISATION, "single")
        if name == "示例企业20":
            kind, way = CoverageKind.WORK, "adviser"
        elif name in ("示例企业17", "示例企业18"):
            way = "joint"
        session.add(Coverage(company=company, kind=kind, way=way))
        if area := WITH_VENUE.get(name):
            venue = Venue(branch=company.branch, company=company, name=f"{name}党员活动阵地", area=area)
            venue.rooms.append(VenueRoom(kind="activity"))
            for what, quantity in (("投影仪", 1), ("书籍", 200), ("党报党刊", 4)):
                venue.equipment.append(VenueEquipment(name=what, quantity=quantity))
            session.add(venue)
    for number, name in enumerate(POLITICAL_COMPANIES):
        company = companies[name]
        session.add(
            PartyClass(branch=company.branch, company=company, topic="示例党课：不忘初心", speaker="示例·指导员",
                       held_on=_day(number, 20), attendance=12)
        )  # fmt: skip
    for name, kinds in (("示例企业15", list(MassOrganisationKind)), ("示例企业16", [MassOrganisationKind.TRADE_UNION])):
        for kind in kinds:
            session.add(
                MassOrganisation(company=companies[name], kind=kind, founded_on=PartialDate("2020"), members=15)
            )
    session.flush()
    _add_unregistered(session, companies, names)


def _add_unregistered(session: Session, companies: Companies, names: Names) -> None:
    """One found, one contacted, one closed; all of example companies."""
    for number, name in enumerate(EXAMPLES[1:4]):
        company, (person_name, sex) = companies[name], next(names)
        person = Person(name=person_name, sex=sex, branch=company.branch, company=company, born_on=PartialDate("1985"))
        person.steps = [DevelopmentStep(stage=Stage.FULL, entered_on=PartialDate("2010"))]
        row: Any = UnregisteredMember(
            person=person, found_on=today() - timedelta(days=60), registered_at="示例街道党支部"
        )
        session.add(row)
        session.flush()
        if number != 1:
            unregistered_members.contact(session, row, today() - timedelta(days=40))
        if number == 0:
            unregistered_members.transfer(session, row, today() - timedelta(days=20), "组织关系已转入企业党支部。")
            unregistered_members.close(session, row, today() - timedelta(days=15), "组织关系已转入企业党支部。")


def _add_pairings(session: Session, branches: Branches, companies: Companies) -> None:
    """The political consultative branch is paired with the branches of its advisers' companies."""
    session.flush()
    for number, name in enumerate(POLITICAL_COMPANIES):
        partner = companies[name].branch
        pairing = BranchPairing(branch=branches["political"], partner=partner, started_on=PartialDate("2019-06"))
        session.add(pairing)
        session.flush()
        session.add(
            JointActivity(branch=branches["political"], branch_pairing=pairing, theme="支部结对学习",
                          held_on=_day(number, 25), attendance=18)
        )  # fmt: skip


def _add_open_care(session: Session, branch: Branch) -> None:
    """What is still open, at an example branch: visits to be made, a contact that is missing, a rule to look through."""
    people = session.scalars(select(Person).where(Person.branch_id == branch.id).order_by(Person.id)).all()
    campaign = CareCampaign(branch=branch, occasion="other", year=today().year, starts_on=today() - timedelta(days=10))
    session.add(campaign)
    session.flush()
    care.fix_list(session, campaign)
    session.flush()
    care.record_visit(session, _visits(session, campaign)[0], today() - timedelta(days=5), "示例·支部书记", "送问候")
    session.add(OneToOnePairing(person=people[0], colleague="示例·在职干部", started_on=date(2021, 3, 1)))
    session.add(Regulation(branch=branch, name="示例学习制度", adopted_on=PartialDate("2012")))
    session.add(HealthNote(person=people[0], noted_on=today() - timedelta(days=30), note="示例：血压稳定，按时复查。"))
