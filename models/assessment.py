"""Assessments (考核) of a company, or of a branch itself, against one version of a checklist; the rounds they are made in."""

from datetime import date
from itertools import combinations
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import BranchScoped, Record, label, owned_by, owner_key
from models.checklist import ChecklistItem, ChecklistStep, ChecklistVersion
from models.column_types import LabelledEnum, choice
from models.company import Company


class Answer(LabelledEnum):
    """What was found for an item."""

    MET = "met", "达到"
    PARTLY = "partly", "部分达到"
    NOT_MET = "not_met", "未达到"
    NOT_APPLICABLE = "not_applicable", "不适用"


class Result(LabelledEnum):
    """The band that a score falls into; the bands' limits belong to the checklist's version."""

    PASSED = "passed", "达标"
    NEARLY = "nearly", "基本达标"
    FAILED = "failed", "不达标"


class AssessmentStatus(LabelledEnum):
    """Self-assessed, then reviewed, then signed off: from then on only a reasoned reopening changes it."""

    DRAFT = "draft", "填写中"
    SUBMITTED = "submitted", "已自评"
    REVIEWED = "reviewed", "已考评"
    SIGNED = "signed", "已确认"


class RoundStatus(LabelledEnum):
    """A round that is over is corrected only by a marked correction."""

    OPEN = "open", "进行中"
    CLOSED = "closed", "已结束"


class AssessmentRound(BranchScoped, Record):
    """One version, the companies or branches that are held against it, and the day by which that is done."""

    record_name = "考核批次"

    name: Mapped[str] = mapped_column(String(60), info=label("批次名称", "如“2026 年下半年考核”。"))
    checklist_version_id: Mapped[int] = mapped_column(
        ForeignKey("checklist_version.id"), index=True, info=label("清单版本", computed=True)
    )
    due_on: Mapped[date] = mapped_column(info=label("截止日期"))
    status: Mapped[RoundStatus] = mapped_column(
        choice(RoundStatus), default=RoundStatus.OPEN, info=label("状态", computed=True)
    )
    closed_on: Mapped[date | None] = mapped_column(info=label("结束日期", computed=True))
    note: Mapped[str | None] = mapped_column(String(500), info=label("说明", multiline=True))

    checklist_version: Mapped[ChecklistVersion] = relationship()

    __table_args__ = (
        owner_key(),
        UniqueConstraint("branch_id", "name"),
        # What its assessments show of it; their readers may not see the round itself.
        Index("uq_assessment_round_shown", "id", "name", "due_on", "status", unique=True),
        CheckConstraint("(status = 'closed') = (closed_on IS NOT NULL)", name="closed_with_date"),
    )

    @property
    def title(self) -> str:
        return self.name


_OF_BRANCH: dict[str, Any] = {
    "sqlite_where": text("company_id IS NULL"),
    "postgresql_where": text("company_id IS NULL"),
}


class Assessment(BranchScoped, Record):
    """A company held against one version, for ever; without a company it is the branch itself that is assessed.

    Scores are hundredths of a percent of the points in play. The round's name, day and status are kept up to date by
    the database: whoever fills in an assessment reads them, and may not see the round, which others own. The reviewer's
    name is what the account was called when it was named: whoever reads it may not see the account.
    """

    record_name = "考核"
    __owner__ = "company"
    __sorts__ = ("assessed_on", "self_score", "review_score", "due_on")

    company_id: Mapped[int | None] = mapped_column(
        index=True, info=label("企业", needed=True, also="企业名称 企业简称 单位名称")
    )
    checklist_version_id: Mapped[int] = mapped_column(
        ForeignKey("checklist_version.id"), info=label("清单版本", also="清单 考核清单 考核标准")
    )
    assessed_on: Mapped[date] = mapped_column(info=label("考核日期", also="考评时间 时间"))
    status: Mapped[AssessmentStatus] = mapped_column(
        choice(AssessmentStatus), default=AssessmentStatus.DRAFT, info=label("进展", computed=True)
    )
    round_id: Mapped[int | None] = mapped_column(index=True, info=label("考核批次", computed=True))
    round_name: Mapped[str | None] = mapped_column(String(60), info=label("考核批次", computed=True))
    due_on: Mapped[date | None] = mapped_column(info=label("截止日期", computed=True))
    round_status: Mapped[RoundStatus | None] = mapped_column(choice(RoundStatus), info=label("批次状态", computed=True))
    self_score: Mapped[int | None] = mapped_column(info=label("自评分", computed=True, hundredths=True))
    review_score: Mapped[int | None] = mapped_column(info=label("考评分", computed=True, hundredths=True))
    vetoed: Mapped[bool] = mapped_column(
        default=False, server_default=false(), info=label("一票否决", "有必须达到的一项没有达到。", computed=True)
    )
    result: Mapped[Result | None] = mapped_column(choice(Result), info=label("考评结果", computed=True))
    reviewer_id: Mapped[int | None] = mapped_column(
        ForeignKey("account.id"), index=True, info=label("考评人", computed=True, internal=True)
    )
    reviewer_name: Mapped[str | None] = mapped_column(String(40), info=label("考评人", computed=True))
    signed_on: Mapped[date | None] = mapped_column(info=label("确认日期", computed=True))
    signed_by: Mapped[str | None] = mapped_column(String(40), info=label("确认人", computed=True))
    corrected: Mapped[bool] = mapped_column(
        default=False, server_default=false(), info=label("更正过", "批次结束以后更正过。", computed=True)
    )
    note: Mapped[str | None] = mapped_column(
        String(500), info=label("备注", multiline=True, also="说明 附注 其他说明 需要说明的情况")
    )

    company: Mapped[Company | None] = relationship()
    checklist_version: Mapped[ChecklistVersion] = relationship()
    answers: Mapped[list["AssessmentAnswer"]] = relationship(back_populates="assessment", cascade="all, delete-orphan")
    moves: Mapped[list["AssessmentMove"]] = relationship(
        back_populates="assessment", order_by="AssessmentMove.id", cascade="all, delete-orphan"
    )
    attachments: Mapped[list["Attachment"]] = relationship(  # noqa: F821
        back_populates="assessment",
        cascade="all, delete-orphan",
        primaryjoin="Attachment.assessment_id == Assessment.id",
        foreign_keys="Attachment.assessment_id",
    )

    __table_args__ = (
        owner_key(),
        owned_by("company"),
        ForeignKeyConstraint(
            ["round_id", "round_name", "due_on", "round_status"],
            [f"assessment_round.{name}" for name in ("id", "name", "due_on", "status")],
            name="fk_assessment_round_shown",
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        UniqueConstraint("branch_id", "company_id", "checklist_version_id", "assessed_on"),
        Index("uq_assessment_of_branch", "branch_id", "checklist_version_id", "assessed_on", unique=True, **_OF_BRANCH),
        # In one round everybody is assessed once.
        Index("uq_assessment_in_round_company", "round_id", "company_id", unique=True),
        Index("uq_assessment_in_round_branch", "round_id", "branch_id", unique=True, **_OF_BRANCH),
        # All that were made against one version, in the list's own order: a year's result is read and exported so.
        Index(None, "checklist_version_id", "assessed_on", "id"),
        # With all that bonuses can bring at most.
        CheckConstraint("self_score BETWEEN 0 AND 20000", name="self_score_range"),
        CheckConstraint("review_score BETWEEN 0 AND 20000", name="review_score_range"),
        CheckConstraint("(status = 'signed') = (signed_on IS NOT NULL)", name="signed_with_date"),
        CheckConstraint("(reviewer_id IS NULL) = (reviewer_name IS NULL)", name="reviewer_shown"),
        CheckConstraint(
            "(round_id IS NULL) = (round_name IS NULL) AND (round_id IS NULL) = (due_on IS NULL) "
            "AND (round_id IS NULL) = (round_status IS NULL)",
            name="round_shown",
        ),
    )

    @property
    def title(self) -> str:
        return f"{self.assessed_on} 考核"

    @property
    def assessed_name(self) -> str:
        """Who is assessed: the company, or the branch itself; empty where that is out of sight."""
        return assessed_name(self)


def assessed_name(row: Any) -> str:
    """The short name of a row's company, or of its branch where there is none."""
    if row.company is not None:
        return row.company.short_name
    return row.branch.name if row.company_id is None and row.branch is not None else ""


class MoveKind(LabelledEnum):
    """What somebody decided about an assessment."""

    SUBMITTED = "submitted", "提交自评"
    RETURNED = "returned", "退回修改"
    REVIEWED = "reviewed", "完成考评"
    SIGNED = "signed", "签字确认"
    REOPENED = "reopened", "重新打开"
    CORRECTED = "corrected", "结束后更正"


NEED_REASONS = (MoveKind.RETURNED, MoveKind.REOPENED, MoveKind.CORRECTED)


class AssessmentMove(BranchScoped, Record):
    """One decision about an assessment: who made it, why, and what the score was then."""

    record_name = "考核过程"
    __owner__ = "assessment"
    __sorts__ = ()

    assessment_id: Mapped[int] = mapped_column(index=True, info=label("考核"))
    kind: Mapped[MoveKind] = mapped_column(choice(MoveKind), info=label("办理", computed=True))
    reason: Mapped[str | None] = mapped_column(String(200), info=label("原因", computed=True))
    made_by: Mapped[str] = mapped_column(String(40), info=label("办理人", computed=True))
    score: Mapped[int | None] = mapped_column(info=label("当时的考评分", computed=True, hundredths=True))

    assessment: Mapped[Assessment] = relationship(back_populates="moves")

    __table_args__ = (
        owned_by("assessment"),
        CheckConstraint(
            f"kind NOT IN ({', '.join(repr(kind.value) for kind in NEED_REASONS)}) OR reason IS NOT NULL",
            name="with_reason",
        ),
    )

    @property
    def title(self) -> str:
        return self.kind.label


def _one_of(side: str) -> str:
    """An item is answered by a word, by a grade or by a number."""
    some = (f"{side}_answer", f"{side}_step_id", f"{side}_number")
    pairs = (f"({one} IS NULL OR {other} IS NULL)" for one, other in combinations(some, 2))
    return " AND ".join(pairs)


class AssessmentAnswer(BranchScoped, Record):
    """The two answers for one item: the company's own and the reviewer's, with a reason where they differ.

    Each is one of the four words, or of the item's grades, or a number (in hundredths): what was measured, how often
    points are taken off, or the points of a bonus.
    """

    record_name = "考核答案"
    __owner__ = "assessment"
    __sorts__ = ()

    assessment_id: Mapped[int] = mapped_column(index=True, info=label("考核"))
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"), info=label("检查项"))
    self_answer: Mapped[Answer | None] = mapped_column(choice(Answer, "self_answer"), info=label("自评"))
    self_step_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_step.id"), info=label("自评档次"))
    self_number: Mapped[int | None] = mapped_column(info=label("自评数量", hundredths=True))
    review_answer: Mapped[Answer | None] = mapped_column(choice(Answer, "review_answer"), info=label("考评"))
    review_step_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_step.id"), info=label("考评档次"))
    review_number: Mapped[int | None] = mapped_column(info=label("考评数量", hundredths=True))
    self_by: Mapped[str | None] = mapped_column(String(40), info=label("自评填写人", computed=True))
    self_for: Mapped[str | None] = mapped_column(
        String(40), info=label("代谁填写", "替别人填的，写明替谁。", computed=True)
    )
    review_by: Mapped[str | None] = mapped_column(String(40), info=label("考评填写人", computed=True))
    note: Mapped[str | None] = mapped_column(String(500), info=label("说明", multiline=True))
    reason: Mapped[str | None] = mapped_column(String(200), info=label("不一致的原因"))

    assessment: Mapped[Assessment] = relationship(back_populates="answers")
    item: Mapped[ChecklistItem] = relationship()
    self_step: Mapped[ChecklistStep | None] = relationship(foreign_keys=[self_step_id])
    review_step: Mapped[ChecklistStep | None] = relationship(foreign_keys=[review_step_id])
    evidence: Mapped[list["AnswerEvidence"]] = relationship(  # noqa: F821
        back_populates="answer", order_by="AnswerEvidence.id", cascade="all, delete-orphan"
    )

    __table_args__ = (
        owner_key(),
        owned_by("assessment"),
        UniqueConstraint("branch_id", "assessment_id", "item_id"),
        CheckConstraint(_one_of("self"), name="one_self_answer"),
        CheckConstraint(_one_of("review"), name="one_review_answer"),
        CheckConstraint("self_number >= 0", name="self_number_not_negative"),
        CheckConstraint("review_number >= 0", name="review_number_not_negative"),
    )
