"""What may be given for an item, and what it is worth: a word, a grade or a number, as plain data for scoring."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models import Answer, AssessmentAnswer, ChecklistItem, ChecklistStep, Scoring
from models.hundredths import trimmed
from policy.errors import Refused
from services.checklists import scoring

SELF, REVIEW = "self", "review"
"""The two sides: the company's own answers, and the reviewer's."""
MOST = 9_999_900
"""The highest number that may be given, in hundredths."""
_COUNTED = {Scoring.NUMBER, Scoring.DEDUCTION, Scoring.BONUS}


@dataclass(frozen=True)
class Given:
    """What one side gives for an item: one of the three, or nothing.

    Attributes:
        step_id: the key of one of the item's grades.
        number: in hundredths: what was measured, how often points are taken off, or the points of a bonus.
    """

    answer: Answer | None = None
    step_id: int | None = None
    number: int | None = None

    def __bool__(self) -> bool:
        return (self.answer, self.step_id, self.number) != (None, None, None)


NOTHING = Given()


def given_by(side: str, row: AssessmentAnswer) -> Given:
    """What one side gave."""
    return Given(
        getattr(row, f"{side}_answer"), getattr(row, f"{side}_step_id"), getattr(row, f"{side}_number")
    )  # fmt: skip


def give(side: str, row: AssessmentAnswer, given: Given) -> None:
    """Note what one side gives."""
    for name, value in (("answer", given.answer), ("step_id", given.step_id), ("number", given.number)):
        setattr(row, f"{side}_{name}", value)


def takes_number(item: ChecklistItem) -> bool:
    """Whether the item is answered by a number."""
    return item.scoring in _COUNTED


def words_for(item: ChecklistItem) -> list[Answer]:
    """The words by which the item may be answered, besides its grades or a number."""
    words = [Answer.NOT_APPLICABLE] if item.can_be_left_out else []
    if takes_number(item) or (item.scoring is Scoring.GRADED and item.steps):
        return words
    if item.scoring is Scoring.GRADED:
        return [Answer.MET, Answer.PARTLY, Answer.NOT_MET, *words]
    return [Answer.MET, Answer.NOT_MET, *words]


def check_given(item: ChecklistItem, given: Given, stored: Given = NOTHING) -> None:
    """Raise Refused unless the item can be answered so; what is ``stored`` already may stay."""
    if not given or given == stored:
        return
    if given.answer is not None:
        fits = given.answer in words_for(item)
    elif given.step_id is not None:
        fits = item.scoring is Scoring.GRADED and given.step_id in {step.id for step in item.steps}
    else:
        fits = takes_number(item)
        _check_number(item, given.number or 0)
    if not fits:
        raise Refused(f"“{item.text}”不能这样回答，请刷新页面后重选。", answer_field(item.id))


def _check_number(item: ChecklistItem, number: int) -> None:
    if not 0 <= number <= MOST:
        raise Refused(f"“{item.text}”的数量要在 0 到 {trimmed(MOST)} 之间。", answer_field(item.id))
    if item.scoring is Scoring.DEDUCTION and number % scoring.HUNDREDTHS:
        raise Refused(f"“{item.text}”请填写次数，要整数，如 2。", answer_field(item.id))
    if item.scoring is Scoring.BONUS and number > item.points:
        raise Refused(f"“{item.text}”最多加 {trimmed(item.points)} 分。", answer_field(item.id))


def answer_field(item_id: int) -> str:
    """The name of the form field that holds what is given for an item."""
    return f"answer-{item_id}"


def mark_of(item: ChecklistItem, given: Given) -> scoring.Mark:
    """An item and what was given for it, as scoring takes it."""
    shares = {step.id: step.share for step in item.steps}
    return scoring.Mark(
        kind=item.scoring.value,
        points=item.points,
        answer=given.answer.value if given.answer else None,
        share=shares[given.step_id] if given.step_id is not None else None,
        number=given.number,
        steps=tuple(scoring.Step(step.share, step.starts_at) for step in item.steps),
        off_each=item.off_each or 0,
        off_at_most=item.off_at_most,
    )


def points_of(item: ChecklistItem, step: ChecklistStep) -> int:
    """What a step earns, in whole hundredths of a point: for people to read; scores are reckoned from its share."""
    return item.points * step.share // scoring.WHOLE


def falls_short(item: ChecklistItem, given: Given) -> bool:
    """Whether something has to be mended: an item in play that earned nothing, or a veto that wasn't met."""
    if not given or given.answer is Answer.NOT_APPLICABLE or item.scoring is Scoring.BONUS:
        return False
    if item.scoring is Scoring.VETO or item.points == 0:
        return given.answer is Answer.NOT_MET
    return scoring.earned(mark_of(item, given)) == 0


def state_of(item: ChecklistItem, given: Given) -> Answer | None:
    """How far an item is met, in one of the four words, whatever it was answered by; None for nothing given."""
    if not given or given.answer is not None:
        return given.answer
    earned = scoring.earned(mark_of(item, given))
    if earned == item.points or item.scoring is Scoring.BONUS:
        return Answer.MET
    return Answer.PARTLY if earned else Answer.NOT_MET


def outcome_of(
    items: Mapping[int, ChecklistItem], rows: Iterable[AssessmentAnswer], side: str, revision: int, bonus_percent: int
) -> scoring.Outcome:
    """What one side's answers come to, by the rules that the version names."""
    marks = [mark_of(items[row.item_id], given_by(side, row)) for row in rows]
    return scoring.REVISIONS[revision](marks, bonus_percent * scoring.HUNDREDTHS)


def in_words(item: ChecklistItem, given: Given) -> str:
    """What was given, as people read it; empty for nothing."""
    if given.answer is not None:
        return given.answer.label
    if given.step_id is not None:
        return next((step.name for step in item.steps if step.id == given.step_id), "")
    if given.number is None:
        return ""
    unit = {Scoring.DEDUCTION: item.counts or "次", Scoring.BONUS: "分"}.get(item.scoring, item.counts or "")
    sign = "加 " if item.scoring is Scoring.BONUS else ""
    return f"{sign}{trimmed(given.number)}{' ' if unit else ''}{unit}"
