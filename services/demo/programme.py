"""The programme: branches, companies, advisers with their postings and visits, people who count up to the totals."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import (
    Account,
    Adviser,
    Appointment,
    Branch,
    BranchKind,
    Company,
    DevelopmentStep,
    Grant,
    KeyPost,
    MonthlyReport,
    Person,
    Posting,
    Problem,
    ProblemStatus,
    ReportStatus,
    Role,
    Stage,
    Visit,
)
from models.clock import today
from models.column_types import PartialDate
from services import accounts

NAMED = [
    "远东实业",
    "东方百盛",
    "华通市场",
    "康安物业",
    "河西市场",
    "汽车运输公司",
    "明珠药业",
    "启迪环境科技公司",
    "开通商贸",
    "西部天地",
    "川渝",
    "兴业建筑",
    "宏业劳务",
    "市政工程公司",
]
EXAMPLES = [f"示例企业{number}" for number in range(15, 21)]
# The political consultative branch sends its four advisers to these; the first has the account "adviser".
POLITICAL_COMPANIES = ("远东实业", "东方百盛", "示例企业15", "示例企业16")
WITH_VENUE = {"远东实业": 120, "东方百盛": 90, "华通市场": 150}
"""The venues built to 两栏四有四上墙, with example areas in square metres."""
NOT_VISITED = EXAMPLES[2:]
ADMITTED, ACTIVISTS, KEY_POSTS = 11, 25, 47
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = [
    "德海",
    "秀兰",
    "建国",
    "桂芳",
    "志强",
    "玉梅",
    "国庆",
    "淑珍",
    "永生",
    "凤英",
    "长明",
    "春花",
    "卫东",
    "丽华",
    "学文",
    "金凤",
    "振华",
    "美玲",
    "立新",
    "晓燕",
]
# What the adviser came for and saw; nothing unfavourable, since any company may draw any of them.
VISITS = [
    ("meeting", "与支部书记商量本月组织生活安排，查看学习记录。"),
    ("study", "和党员一起学习，讲了一次党课。"),
    ("members", "与入党积极分子谈话，了解思想和工作情况。"),
    ("policy", "向企业负责人宣讲近期政策，回答了几个问题。"),
]
PEOPLE = 70
EARLIER_POSTS = range(11, 17)
"""Who held a key post before the programme began, which doesn't count."""
POSTS = ["总经理", "车间主任", "财务主管", "项目经理", "安全主管", "人事主管", "门店经理"]
SIGN_INS = {
    "city_admin": ("city_admin", "root"), "branch_admin": ("branch_admin", "political"), "liaison": ("liaison", "political"),
    "adviser": (None, "political"), "company_clerk": ("company_clerk", "远东实业"), "inspector": ("inspector", "root"),
    "system_admin": ("system_admin", "root"), "security_admin": ("security_admin", "root"), "auditor": ("auditor", "root"),
}  # fmt: skip


def add_branches(session: Session) -> dict[str, Branch]:
    """The tree: the city's committee, the advisers' home branches, an alliance, the companies' branches."""
    root = Branch(name="市非公经济组织党委（示例）", kind=BranchKind.COMMITTEE)
    session.add(root)
    session.flush()
    branches = {"root": root}

    def add(key: str, name: str, kind: BranchKind = BranchKind.BRANCH, parent: str = "root") -> None:
        branches[key] = Branch(name=name, kind=kind, parent=branches[parent])
        session.add(branches[key])

    add("political", "市政协离退休干部党支部")
    branches["political"].founded_on = PartialDate("2010")
    branches["political"].contact_name, branches["political"].contact_phone = "示例·支部联络员", "0937-6000100"
    add("police", "市公安局离退休干部党支部")
    add("tax", "市税务局离退休干部党支部")
    branches["tax"].brand = "书香支部"
    add("committee", "市直机关工委", BranchKind.COMMITTEE)
    for number in range(1, 7):
        add(f"retired{number}", f"示例离退休干部第{'一二三四五六'[number - 1]}党支部", parent="committee")
    add("alliance", "示例支部联盟", BranchKind.ALLIANCE)
    for name in [*NAMED, *EXAMPLES]:
        if name in ("示例企业17", "示例企业18"):
            if "joint" not in branches:
                add("joint", "示例联合党支部", BranchKind.JOINT_BRANCH)
            branches[name] = branches["joint"]
        elif name == "示例企业20":
            add(name, "示例企业20（未建党组织）", BranchKind.UNORGANISED)
        else:
            add(name, f"{name}党支部")
    session.flush()
    return branches


def add_companies(session: Session, branches: dict[str, Branch]) -> dict[str, Company]:
    companies = {}
    for number, name in enumerate([*NAMED, *EXAMPLES]):
        company = Company(short_name=name, branch=branches[name])
        if name in EXAMPLES:
            company.industry, company.employees = "other", 20 + number
        companies[name] = company
        session.add(company)
    session.flush()
    return companies


def add_advisers(session: Session, branches: dict[str, Branch]) -> list[Adviser]:
    """20 advisers with their persons: four of the political consultative branch, the others of example branches."""
    homes = ["political"] * 4 + [f"retired{1 + number % 6}" for number in range(16)]
    day, advisers = today(), []
    for number, home in enumerate(homes):
        # Old enough to have been retired when the programme began.
        born = day.year - 68 - number % 7
        person = Person(
            name=f"示例·{SURNAMES[number]}{GIVEN[number]}", branch=branches[home], sex=_sex(number),
            ethnic_group="01", born_on=PartialDate(f"{born}-{number % 12 + 1:02d}"),
        )  # fmt: skip
        person.steps = [DevelopmentStep(stage=Stage.FULL, entered_on=PartialDate(str(born + 24 + number % 9)))]
        adviser = Adviser(
            person=person, work_phone=f"0937-60000{number + 1:02d}", trained_on=PartialDate("2019-05"),
            training="党建指导员岗前培训", former_post="离退休干部",
        )  # fmt: skip
        starts = [date(2019, 5, 1), date(2022, 5, 1), date(2025, 5, 1)]
        ends = [date(2022, 4, 30), date(2025, 4, 30), date(day.year + 2, 4, 30)]
        adviser.appointments = [Appointment(starts_on=a, ends_on=b) for a, b in zip(starts, ends, strict=True)]
        session.add(adviser)
        advisers.append(adviser)
    session.flush()
    return advisers


def post(session: Session, advisers: list[Adviser], companies: dict[str, Company]) -> dict[str, Posting]:
    order = [*POLITICAL_COMPANIES, *(name for name in companies if name not in POLITICAL_COMPANIES)]
    postings = {}
    for adviser, name in zip(advisers, order, strict=True):
        postings[name] = Posting(company=companies[name], adviser=adviser, started_on=date(2019, 5, 20))
        session.add(postings[name])
    return postings


def add_people(session: Session, companies: dict[str, Company], drawn: Iterator[tuple[str, str]]) -> None:
    """People whose events since 2019-05 count up to the article's totals, and some with earlier events only."""
    places = list(companies.values())
    for number in range(PEOPLE):
        company = places[number % len(places)]
        name, sex = next(drawn)
        person = Person(
            name=name, branch=company.branch, company=company, sex=sex, ethnic_group=("01", "01", "03", "01", "26")[number % 5],
            education=("20", "30", "40")[number % 3], born_on=PartialDate(str(1970 + number % 14)),
        )  # fmt: skip
        steps = _steps(number)
        person.steps = [DevelopmentStep(stage=stage, entered_on=PartialDate(day)) for stage, day in steps.items()]
        if number >= PEOPLE - KEY_POSTS:
            since = PartialDate(f"{2019 + number % 6}-08")
            person.key_posts = [KeyPost(post=POSTS[number % len(POSTS)], since=since)]
        elif number in EARLIER_POSTS:
            since, until = PartialDate("2015-03"), PartialDate("2018-12")
            person.key_posts = [KeyPost(post=POSTS[number % len(POSTS)], since=since, until=until)]
        session.add(person)
    session.flush()


def _steps(number: int) -> dict[Stage, str]:
    """The stages of one person of the companies, with their months."""
    year = 2019 + number % 6
    if number == ADMITTED - 1:  # on probation still, whenever the demo is loaded
        return {
            Stage.APPLICANT: _months_ago(44), Stage.ACTIVIST: _months_ago(36), Stage.CANDIDATE: _months_ago(12),
            Stage.PROBATIONARY: _months_ago(6),
        }  # fmt: skip
    if number < ADMITTED:
        steps = {
            Stage.APPLICANT: f"{year - 1}-09", Stage.ACTIVIST: f"{year}-06", Stage.CANDIDATE: f"{year + 1}-07",
            Stage.PROBATIONARY: f"{year + 1}-10", Stage.FULL: f"{year + 2}-10",
        }  # fmt: skip
        return {stage: month for stage, month in steps.items() if month <= _months_ago(0)}
    if number < ACTIVISTS:
        steps = {Stage.APPLICANT: f"{year}-05", Stage.ACTIVIST: f"{year}-12"}
        return {**steps, Stage.CANDIDATE: _months_ago(3)} if number < ADMITTED + 3 else steps
    return {Stage.ACTIVIST: "2008-03", Stage.CANDIDATE: "2009-09", Stage.PROBATIONARY: "2010-07", Stage.FULL: "2011-07"}


def _months_ago(count: int) -> str:
    """The month so many months before this one, as 2026-05."""
    year, month = divmod(today().year * 12 + today().month - 1 - count, 12)
    return f"{year}-{month + 1:02d}"


def names() -> Iterator[tuple[str, str]]:
    """Names with the sex that goes with them; the surnames are none of the advisers'."""
    surnames = SURNAMES[20:]
    for number in range(len(surnames) * len(GIVEN)):
        # Each surname meets every given name once: 22 surnames and one more step go through 20 given names.
        given = (number + number // len(surnames)) % len(GIVEN)
        yield f"示例·{surnames[number % len(surnames)]}{GIVEN[given]}", _sex(given)


def _sex(given: int) -> str:
    """GIVEN holds names of men and of women by turns."""
    return "2" if given % 2 else "1"


def add_work(session: Session, companies: dict[str, Company], postings: dict[str, Posting]) -> None:
    """Visits, problems and monthly reports."""
    day = today()
    last_month = (day.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    for number, (name, posting) in enumerate(postings.items()):
        first = 45 if name in NOT_VISITED else 2 + number % 18
        for turn, back in enumerate((first, first + 31, first + 62)):
            purpose, findings = VISITS[(number + turn) % len(VISITS)]
            visited_on = day - timedelta(days=back)
            session.add(Visit(posting=posting, visited_on=visited_on, purpose=purpose, findings=findings))
        company = companies[name]
        session.add(
            MonthlyReport(
                company=company, month=last_month, content="组织生活按计划开展。", status=ReportStatus.ACCEPTED
            )
        )
        if name == "示例企业17":
            session.add(
                MonthlyReport(
                    company=company,
                    month=day.strftime("%Y-%m"),
                    content="本月情况。",
                    status=ReportStatus.RETURNED,
                    return_reason="请补写主题党日情况。",
                )
            )
        elif name == "示例企业18":
            session.add(MonthlyReport(company=company, month=day.strftime("%Y-%m"), content="本月开展主题党日一次。"))
        elif name not in EXAMPLES[3:]:
            status = ReportStatus.ACCEPTED if number % 3 else ReportStatus.SUBMITTED
            session.add(
                MonthlyReport(
                    company=company, month=day.strftime("%Y-%m"), content="组织生活按计划开展。", status=status
                )
            )
        if name in NAMED[:6]:
            session.add(
                Problem(
                    company=company,
                    found_on=day - timedelta(days=200),
                    subject="帮助协调职工培训场地",
                    action="已联系落实。",
                    status=ProblemStatus.CLOSED,
                    closed_on=day - timedelta(days=150),
                )
            )
        elif name in EXAMPLES[:3]:
            session.add(Problem(company=company, found_on=day - timedelta(days=20), subject="活动场地还没有落实"))


def add_accounts(
    session: Session, branches: dict[str, Branch], adviser: Person, password_for: Callable[[str], str]
) -> dict[str, str]:
    made = {}
    shown = {"adviser": adviser.name}
    for username, (role_code, place) in SIGN_INS.items():
        made[username] = password_for(username)
        role = session.scalar(select(Role).where(Role.code == (role_code or username)))
        account = Account(
            username=username, name=shown.get(username, f"示例·{role.name}"), branch=branches[place], is_demo=True,
            must_change_password=False, password_hash=accounts.hash_password(made[username]),
            person=adviser if username == "adviser" else None,
        )  # fmt: skip
        session.add(account)
        session.flush()
        if role_code:
            session.add(Grant(account=account, role=role, duty=role.duty, branch=branches[place]))
    session.flush()
    return made
