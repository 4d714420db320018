"""How an item is scored is told from the words about it."""

from typing import Any

import pytest

from models import Scoring
from services.checklists.outline import GroupOutline, ItemOutline, Outline, StepOutline, faults_of, steps_in_words
from tests.office_sheets import NO, office_sheet, said_of


@pytest.mark.parametrize(
    ("words", "each", "most", "counts"),
    [
        ("每缺一次扣0.5分，扣完为止", 50, None, "次"),
        ("每少1次扣2分，最多扣6分", 200, 600, "次"),
        ("查阅台账。每发现一处不规范，扣1分，扣完本项分为止。", 100, None, "处"),
        ("未按月缴纳党费的，每人次扣０．５分，累计扣分不超过５分", 50, 500, "人次"),
        ("每降低1个百分点扣0.1分", 10, None, "个百分点"),
        ("每季度少一次扣2分，扣完6分为止", 200, 600, "次"),
        ("三会一课每缺一次扣1分，主题党日每缺一次扣1分", 100, None, "次"),
    ],
)
def test_a_deduction_is_told_from_the_words(words: str, each: int, most: int | None, counts: str) -> None:
    item = one_item(words)
    assert (item.scoring, item.off_each, item.off_at_most, item.counts) == (Scoring.DEDUCTION, each, most, counts)
    assert item.how_checked == words


@pytest.mark.parametrize(
    "words",
    [
        "每缺一次扣1分，记录不全每处扣0.5分",
        "未开展扣5分，每缺一次扣1分",
        "酌情扣分",
        "每次扣1-2分",
        "每缺2次扣1分",
        "每缺两次扣1分",
        "每开展一次得2分，最高10分",
        "制度健全得5分，执行到位得5分",
        "好8-10分，较好5-7分",
        "开展一次得5分，开展两次得10分",
        "实地查看",
    ],
)
def test_what_is_not_plain_is_left_to_a_person(words: str) -> None:
    item = one_item(words)
    assert (item.scoring, item.steps, item.off_each, item.how_checked) == (Scoring.GRADED, (), None, words)


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        ("好…10分、较好…8分…", ""),
        ("好10分、较好8分、一般6分、差0分", "好=100%；较好=80%；一般=60%；差=0%"),
        ("按落实情况评定：优秀（10分）、良好（7分）、合格（5分）、不合格（不得分）", "优秀=100%；良好=70%；合格=50%；不合格=0%"),
        ("完成好的得满分，完成较好的得6.5分，没有完成的不得分。", "完成好=100%；完成较好=65%；没有完成=0%"),
    ],
)  # fmt: skip
def test_grades_are_told_from_the_words(words: str, steps: str) -> None:
    assert steps_in_words(one_item(words).steps) == steps


@pytest.mark.parametrize(
    ("group", "text", "points", "words", "scoring"),
    [
        ("一票否决", "发生案件", 5, "出现即否决", Scoring.VETO),
        ("作风", "发生案件（一票否决）", NO, NO, Scoring.VETO),
        ("作风", "发生案件", NO, "实行一票否决", Scoring.VETO),
        ("作风", "落实一票否决制", 5, "看记录", Scoring.GRADED),
        ("作风", "遵守纪律", 5, "每发现一起扣1分，情节严重的一票否决", Scoring.DEDUCTION),
        ("加分项", "表彰", 5, "市级加2分", Scoring.BONUS),
        ("附加", "表彰加分", NO, "最多加5分", Scoring.BONUS),
        ("加减分项", "通报批评", 5, "每次扣1分", Scoring.DEDUCTION),
        ("活动", "参加分组讨论", 5, "看记录", Scoring.GRADED),
    ],
)
def test_vetoes_and_bonuses_are_told_from_group_text_and_words(
    group: str, text: str, points: Any, words: Any, scoring: Scoring
) -> None:
    read = office_sheet(
        [["项目", "考核内容", "分值", "评分标准"], ["其他", "有场所", 10, "看"], [group, text, points, words]]
    )
    item = read.outline.groups[1].items[0]
    assert (item.scoring, read.faults) == (scoring, [])
    assert item.points == (0 if scoring is Scoring.VETO else 500)


def test_names_of_grades_that_would_fall_apart_in_a_line_are_refused() -> None:
    item = ItemOutline("1", "项", steps=(StepOutline("好；差", 10_000),))
    assert "不要用分号" in faults_of(Outline("版", (GroupOutline("组", (item,)),)))[0].message


def one_item(words: str) -> ItemOutline:
    """An item of 10 points that is scored by these words."""
    read = office_sheet(
        [["项目", "考核内容", "分值", "评分标准"], ["组", "内容甲", 10, words], ["组", "内容乙", 10, "看"]]
    )
    assert read.faults == []
    return said_of(read, "内容甲")
