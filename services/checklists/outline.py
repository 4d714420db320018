"""A version of a checklist as plain data: what the editor posts, what a workbook holds, what is compared and cloned."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from models import BranchKind, Scoring
from models.hundredths import parse_hundredths, trimmed
from services.checklists.scoring import WHOLE

MOST_ITEMS, MOST_STEPS = 300, 12
LONGEST = {"code": 20, "text": 500, "how_checked": 500, "evidence": 200, "counts": 10, "group": 40, "step": 40}
"""How many characters the database takes."""
MOST_POINTS = 1_000_000
"""Of one item, in hundredths."""


@dataclass(frozen=True)
class StepOutline:
    """A grade, or the number from which on a share of the points is earned (both in hundredths)."""

    name: str
    share: int
    starts_at: int | None = None


@dataclass(frozen=True)
class ItemOutline:
    """One thing to be checked; see ``ChecklistItem``.

    Attributes:
        key: of the row that it stands for; None for a new one. Two outlines may differ in it and say the same.
        origins: the codes of the items of the version before that it comes from.
    """

    code: str
    text: str
    points: int = 1000
    scoring: Scoring = Scoring.GRADED
    steps: tuple[StepOutline, ...] = ()
    off_each: int | None = None
    off_at_most: int | None = None
    counts: str | None = None
    can_be_left_out: bool = True
    how_checked: str | None = None
    evidence: str | None = None
    origins: tuple[str, ...] = ()
    key: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class GroupOutline:
    """A heading with its items."""

    name: str
    items: tuple[ItemOutline, ...] = ()
    key: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Outline:
    """A whole version.

    Attributes:
        audiences: the kinds of Party organisation it is for; none: all.
    """

    name: str
    groups: tuple[GroupOutline, ...] = ()
    passed_percent: int = 90
    nearly_percent: int = 75
    bonus_percent: int = 10
    audiences: tuple[BranchKind, ...] = ()

    def items(self) -> Iterator[ItemOutline]:
        """All items in their order."""
        for group in self.groups:
            yield from group.items

    @property
    def points(self) -> int:
        """The full score in hundredths of a point: neither bonuses nor vetoes count."""
        return sum(item.points for item in self.items() if item.scoring not in (Scoring.BONUS, Scoring.VETO))


@dataclass(frozen=True)
class Fault:
    """What is wrong with an outline, and where.

    Attributes:
        group: the place of the group, counted from 0; None where it is about the version as a whole.
        item: the place of the item in its group; None where it is about the group.
        name: the field.
    """

    message: str
    name: str = ""
    group: int | None = None
    item: int | None = None


def faults_of(outline: Outline) -> list[Fault]:
    """Why an outline can't be saved, in the order of its places."""
    found = [*_of_version(outline)]
    codes = Counter(item.code for item in outline.items())
    names = Counter(group.name for group in outline.groups)
    for place, group in enumerate(outline.groups):
        if not group.name:
            found.append(Fault("请填写分组名称。", "name", place))
        elif len(group.name) > LONGEST["group"]:
            found.append(Fault(f"分组名称最多 {LONGEST['group']} 个字。", "name", place))
        elif names[group.name] > 1:
            found.append(Fault(f"分组“{group.name}”有两个，请改名或合在一起。", "name", place))
        for number, item in enumerate(group.items):
            found += [Fault(message, name, place, number) for name, message in _of_item(item, codes)]
    return found


def _of_version(outline: Outline) -> Iterator[Fault]:
    if not outline.name or len(outline.name) > 60:
        yield Fault("请填写版本名称，最多 60 个字。", "name")
    for name, label in (("passed_percent", "达标线"), ("nearly_percent", "基本达标线"), ("bonus_percent", "加分上限")):
        if not 0 <= getattr(outline, name) <= 100:
            yield Fault(f"{label}要在 0 到 100 之间。", name)
    if outline.nearly_percent > outline.passed_percent:
        yield Fault("基本达标线不能高于达标线。", "nearly_percent")
    if sum(1 for _item in outline.items()) > MOST_ITEMS:
        yield Fault(f"一个版本最多 {MOST_ITEMS} 项。")


def _of_item(item: ItemOutline, codes: Counter[str]) -> Iterator[tuple[str, str]]:
    """The fields of an item that are wrong, and why."""
    for name, label in (("code", "编码"), ("text", "内容")):
        if not getattr(item, name):
            yield name, f"请填写{label}。"
    for name, label in (
        ("code", "编码"),
        ("text", "内容"),
        ("how_checked", "检查方法"),
        ("evidence", "佐证材料"),
        ("counts", "数量单位"),
    ):
        if len(getattr(item, name) or "") > LONGEST[name]:
            yield name, f"{label}最多 {LONGEST[name]} 个字，请删短一些。"
    if item.code and codes[item.code] > 1:
        yield "code", f"编码“{item.code}”用了两次，请改成不同的编码。"
    if not 0 <= item.points <= MOST_POINTS:
        yield "points", f"分值要在 0 到 {trimmed(MOST_POINTS)} 之间。"
    elif item.scoring is Scoring.VETO and item.points:
        yield "points", "一票否决项不计分，分值请写 0。"
    elif item.scoring is Scoring.BONUS and not item.points:
        yield "points", "请填写最多加几分。"
    if item.scoring is Scoring.DEDUCTION and not item.off_each:
        yield "off_each", "按次扣分的，请填写每次扣几分。"
    for name, label in (("off_each", "每次扣"), ("off_at_most", "最多扣")):
        value = getattr(item, name)
        if value is not None and value <= 0:
            yield name, f"“{label}”要大于 0。"
    yield from _of_steps(item)


def _of_steps(item: ItemOutline) -> Iterator[tuple[str, str]]:
    names = [step.name for step in item.steps]
    if item.scoring is Scoring.NUMBER and not item.steps:
        yield "steps", "按数量得分的，请填写得分档，如：0=0%；1=60%；3=100%。"
    if item.steps and item.scoring not in (Scoring.NUMBER, Scoring.GRADED):
        yield "steps", "只有“分档得分”和“按数量得分”的项目才有得分档，请清空这一格。"
    if len(names) != len(set(names)) or len(names) > MOST_STEPS:
        yield "steps", f"得分档不能重复，最多 {MOST_STEPS} 档。"
    if any(not name or len(name) > LONGEST["step"] for name in names):
        yield "steps", f"档次的名称最多 {LONGEST['step']} 个字。"
    if any(step.starts_at is None and _BETWEEN_STEPS.search(step.name) for step in item.steps):
        yield "steps", "档次的名称里不要用分号，也不要换行。"
    if any(not 0 <= step.share <= WHOLE for step in item.steps):
        yield "steps", "得分比例要在 0% 到 100% 之间。"
    if item.scoring is Scoring.NUMBER and any(step.starts_at is None for step in item.steps):
        yield "steps", "按数量得分的，每一档要写从多少起，如：3=100%。"
    if item.scoring is Scoring.GRADED and any(step.starts_at is not None for step in item.steps):
        yield "steps", "分档得分的，每一档要写名称，如：好=100%；较好=80%。"


def with_keys(outline: Outline, stored: Outline) -> Outline:
    """An outline that was read, standing for the stored rows of the same codes and group names, so that they stay."""
    items, groups = (
        {item.code: item.key for item in stored.items()},
        {group.name: group.key for group in stored.groups},
    )
    return replace(
        outline,
        groups=tuple(
            replace(
                group,
                key=groups.pop(group.name, None),
                items=tuple(replace(item, key=items.pop(item.code, None)) for item in group.items),
            )
            for group in outline.groups
        ),
    )


# Steps as one line of text, as the editor and the workbook have them: 好=100%；较好=80% or 0=0%；1=60%；3=100%

_BETWEEN_STEPS = re.compile(r"[；;\n]")
_STEP = re.compile(r"(?P<name>.+?)\s*[=：:＝]\s*(?P<share>\d+(?:\.\d{1,2})?)\s*[%％]?")


def steps_in_words(steps: Iterable[StepOutline]) -> str:
    """Steps as one line that ``parse_steps`` reads again."""
    return "；".join(
        f"{step.name if step.starts_at is None else trimmed(step.starts_at)}={trimmed(step.share)}%" for step in steps
    )


def parse_steps(text: str, scoring: Scoring, counts: str | None = None) -> tuple[StepOutline, ...]:
    """The steps that somebody wrote; raises ValueError, in Chinese."""
    steps = []
    for part in _BETWEEN_STEPS.split(text):
        if not part.strip():
            continue
        found = _STEP.fullmatch(part.strip())
        if not found:
            example = "0=0%；1=60%；3=100%" if scoring is Scoring.NUMBER else "好=100%；较好=80%；差=0%"
            raise ValueError(f"“{part.strip()[:20]}”看不明白。请写成：{example}。")
        name, share = found["name"].strip(), parse_hundredths(found["share"])
        if scoring is not Scoring.NUMBER:
            steps.append(StepOutline(name, share))
            continue
        try:
            starts_at = parse_hundredths(re.sub(r"^[≥>]=?|(及)?以上$|起$", "", unicodedata.normalize("NFKC", name)))
        except ValueError:
            raise ValueError(f"“{name[:20]}”不是数字。请写成：0=0%；1=60%；3=100%。") from None
        steps.append(StepOutline(number_name(starts_at, counts), share, starts_at))
    return tuple(steps)


def number_name(starts_at: int, counts: str | None) -> str:
    """What a step of an item that counts is called."""
    return f"{trimmed(starts_at)}{f' {counts}' if counts else ''}起"
