"""Seals of prints (打印封存): what a page on paper said, so that the record can tell when it says something else."""

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from models.assessment import Assessment, AssessmentRound
from models.base import BranchScoped, Record, label, one_of, owned_by
from models.rectification import Rectification


class PrintSeal(BranchScoped, Record):
    """One print of a record. Its random key stands in the page's QR code and opens the record to whoever may see it."""

    record_name = "打印记录"
    __owner__ = ("assessment", "rectification", "assessment_round")
    __sorts__ = ()

    assessment_id: Mapped[int | None] = mapped_column(index=True, info=label("考核"))
    rectification_id: Mapped[int | None] = mapped_column(index=True, info=label("整改"))
    assessment_round_id: Mapped[int | None] = mapped_column(index=True, info=label("考核批次"))
    key: Mapped[str] = mapped_column(String(32), unique=True, info=label("二维码编号", internal=True))
    digest: Mapped[str] = mapped_column(String(64), info=label("校验值", internal=True))
    sealed_by: Mapped[str] = mapped_column(String(40), info=label("打印人", computed=True))

    assessment: Mapped[Assessment | None] = relationship(
        primaryjoin="PrintSeal.assessment_id == Assessment.id", foreign_keys="PrintSeal.assessment_id"
    )
    rectification: Mapped[Rectification | None] = relationship(
        primaryjoin="PrintSeal.rectification_id == Rectification.id", foreign_keys="PrintSeal.rectification_id"
    )
    assessment_round: Mapped[AssessmentRound | None] = relationship(
        primaryjoin="PrintSeal.assessment_round_id == AssessmentRound.id", foreign_keys="PrintSeal.assessment_round_id"
    )

    __table_args__ = (
        owned_by("assessment", required=False),
        owned_by("rectification", required=False),
        owned_by("assessment_round", required=False),
        one_of("assessment_id", "rectification_id", "assessment_round_id"),
    )

    @validates("assessment", "rectification", "assessment_round")
    def _take_branch(self, _key: str, owner: Any) -> Any:
        if owner is not None:
            self.branch_id = owner.branch_id
        return owner

    @property
    def short(self) -> str:
        """The part of the digest that is printed, in three groups of four."""
        return " ".join(self.digest[at : at + 4] for at in (0, 4, 8))
