"""Monthly reports (月报): handed in, returned with a reason, accepted; and who is missing."""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Company, MonthlyReport, ReportStatus
from policy.errors import Refused
from services.reports.programme import missing_in
from services.rights import require

REASON_LENGTH = 200
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Whether it is a month as reports are filed: 2026-11."""
    return _MONTH.fullmatch(text) is not None


def month_in_words(month: str) -> str:
    """2026年11月."""
    year, number = month.split("-")
    return f"{year}年{int(number)}月"


def submit(session: Session, report: MonthlyReport) -> None:
    """The company hands the report in, for the first time or again."""
    require(session, "monthly_report:submit", report)
    if not is_open(report):
        raise Refused("这份月报已经提交过，不用再交。")
    if not report.content.strip():
        raise Refused("月报还没有内容，请先填写“本月情况”。", "content")
    report.status, report.return_reason = ReportStatus.SUBMITTED, None


def return_report(session: Session, report: MonthlyReport, return_reason: str | None) -> None:
    """The office gives it back and says why."""
    require(session, "monthly_report:accept", report)
    reason = (return_reason or "").strip()
    if not is_handed_in(report):
        raise Refused("只有已提交的月报可以退回。")
    if not reason:
        raise Refused("请写明退回的原因，企业才知道怎么改。", "return_reason")
    if len(reason) > REASON_LENGTH:
        raise Refused(f"退回原因最多 {REASON_LENGTH} 个字，现在是 {len(reason)} 个字。", "return_reason")
    report.status, report.return_reason = ReportStatus.RETURNED, reason


def accept(session: Session, report: MonthlyReport) -> None:
    """The office takes it."""
    require(session, "monthly_report:accept", report)
    if not is_handed_in(report):
        raise Refused("只有已提交的月报可以接收。")
    report.status = ReportStatus.ACCEPTED


def is_open(report: MonthlyReport) -> bool:
    """The company may still write it."""
    return report.status in (ReportStatus.DRAFT, ReportStatus.RETURNED)


def is_handed_in(report: MonthlyReport) -> bool:
    """The office has it and hasn't decided."""
    return report.status is ReportStatus.SUBMITTED


def why_locked(report: MonthlyReport) -> str | None:
    """What was handed in stays as it is until it is returned."""
    return None if is_open(report) else "月报已经提交，不能再改；需要修改，请先退回。"


def missing_companies(session: Session, month: str) -> list[Company]:
    """The companies with an active posting whose report for the month isn't handed in."""
    if not is_month(month):
        raise Refused("月份应写成 2026-11 这样。", "month")
    return list(session.scalars(select(Company).where(missing_in(month)).order_by(Company.pinyin, Company.id)))


def reminder_text(companies: Iterable[Company], month: str, address: str) -> str:
    """A message to paste into the WeChat group, with the product's address; empty when nobody is missing."""
    names = [company.short_name for company in companies]
    if not names:
        return ""
    return (
        f"【月报提醒】{month_in_words(month)}党建工作月报，还有 {len(names)} 家企业没有交：\n"
        f"{'、'.join(names)}。\n"
        f"请各企业党务专干登录后台填写并提交：{address}\n"
        "有困难的，请联系本企业的党建指导员。谢谢！"
    )
