"""Which field a head names: by its label, a synonym, English, pinyin or initials."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from services.tables.importing.fields import Field
from services.tables.reading.words import alike, english, head_key, means_nothing, plain, readings, spelt

# What a head is worth by how it was understood. A reading further from what is written is worth a little less.
LABEL, SYNONYM, COLUMN, LIKE_LABEL, LIKE_SYNONYM, ENGLISH, PINYIN, INITIALS, NEARLY = (
    100, 92, 90, 86, 82, 78, 74, 66, 58,
)  # fmt: skip
_FURTHER = 2
_UPPER_LEFT_OUT = 8
# A head over others that says whose name or number it is: without it, 姓名 would be somebody else's.
_WHOSE = re.compile(
    r"(人|员|者|长|官|师|书记|干部|配偶|爱人|丈夫|妻子|父亲|母亲|父母|子女|家属|家庭|成员|亲属|监护|紧急|法人|代表|经理|单位|组织|支部|"
    r"党委|总支|企业|公司|对方|领导)$"
)
# A name that is nearly a head's: a word more or less within it, but the same end, which says what kind of thing it is.
_LIKENESS, _LEAD = 0.75, 0.06
_SAYS_LITTLE = re.compile(r"(?<=.{2})(信息|详情|情况说明|全称|情况)$")
# Words that make another thing of it: the spouse's, the planned, the former. Numbers have too many such words.
_ANOTHER = re.compile(
    r"家属|配偶|爱人|丈夫|妻子|父|母|子女|监护|紧急|法人|法定|代表|负责人|书记|介绍人|培养|联系人|经办|填报|填表|审核|推荐|成员|代理|对方|领导|"
    r"计划|预计|预定|拟|应|上次|下次|原|旧|前|新|其他|另|不|未|非|女|男|退|党员|派出|接收|变更|注册|开始|结束|第|入党|转正|是否|及|和|与"
)
_NOT_NEARLY = ("number", "score", "key", "yes_no", "choice", "code")
_GENERAL = re.compile(r"(信息|情况|资料|概况|基本|内容|明细|台账|登记)$")


@dataclass(frozen=True)
class Meaning:
    """A field that a head may stand for.

    Attributes:
        field: the field.
        worth: how sure it is; only compared.
        how: ``remembered``, ``name``, ``synonym`` or ``pinyin``.
        declared: a name or a synonym that the form gave this field on purpose, and not a label that was made alike.
    """

    field: Field
    worth: int
    how: str
    declared: bool = False


class Names:
    """All names of a form's fields.

    Args:
        fields: the form's fields; where two share a synonym, the one that stands first has the better right to it.
        remembered: by ``head_key``, the field that a branch chose for a head; an empty name: no field. Fields that
            the form no longer has are passed over.
    """

    def __init__(self, fields: Sequence[Field], remembered: Mapping[str, str] | None = None) -> None:
        self.fields = list(fields)
        by_name = {field.name: field for field in fields}
        self._remembered = {
            key: by_name.get(name) for key, name in (remembered or {}).items() if name == "" or name in by_name
        }
        self._known: dict[str, dict[str, Meaning]] = defaultdict(dict)
        self._cache: dict[tuple[str, ...], list[Meaning]] = {}
        for field in fields:
            self._learn(plain(field.label), field, LABEL, "name", LIKE_LABEL)
            self._learn(plain(field.name), field, COLUMN, "name", None)
            for other in field.also:
                self._learn(plain(other), field, SYNONYM, "synonym", LIKE_SYNONYM)
        self._drop_unsure()
        self._by_end: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for field in fields:
            if field.kind not in _NOT_NEARLY:
                for name in {alike(plain(name)) for name in (field.label, *field.also)}:
                    self._by_end[name[-2:]].append((field.name, name))

    def _learn(self, key: str, field: Field, worth: int, how: str, like: int | None) -> None:
        self._offer(key, Meaning(field, worth, how, declared=True))
        if like is not None:
            self._offer(alike(key), Meaning(field, like, "synonym", declared=how == "synonym"))
            whole, first_letters = spelt(key)
            self._offer(whole, Meaning(field, PINYIN - (how != "name"), "pinyin"))
            if len(first_letters) > 1:
                self._offer(first_letters, Meaning(field, INITIALS - (how != "name"), "pinyin"))

    def _offer(self, key: str, meaning: Meaning) -> None:
        known = self._known[key]
        if meaning.field.name not in known or known[meaning.field.name].worth < meaning.worth:
            known[meaning.field.name] = meaning

    def _drop_unsure(self) -> None:
        """Forget initials that fit several fields, but those of a label before those of synonyms."""
        for known in self._known.values():
            if len(known) > 1:
                labels = [name for name, meaning in known.items() if meaning.worth == INITIALS]
                sure = {name for name, meaning in known.items() if meaning.worth > INITIALS} or set(labels)
                for name in [name for name in known if name not in sure or (len(labels) > 1 and name in labels)]:
                    del known[name]

    def is_remembered(self, text: str) -> bool:
        """Whether a branch has said what this head is."""
        return bool(text) and head_key(text) in self._remembered

    def meanings(self, words: Sequence[str]) -> list[Meaning]:
        """The fields that a head may stand for, the surest first; ``words`` are its parts, from upper to lower."""
        words = tuple(words)
        if not words:
            return []
        if words not in self._cache:
            best: dict[str, Meaning] = {}
            for text, less in _phrases(words):
                for meaning in self._of_text(text, less):
                    if meaning.field.name not in best or best[meaning.field.name].worth < meaning.worth:
                        best[meaning.field.name] = meaning
            if not best:
                best = self._nearly(words)
            self._cache[words] = sorted(best.values(), key=lambda meaning: -meaning.worth)
        return self._cache[words]

    def remembered_field(self, text: str) -> Field | None:
        """What a branch chose for a head; None also where it chose nothing."""
        return self._remembered.get(head_key(text))

    def _nearly(self, words: tuple[str, ...]) -> dict[str, Meaning]:
        """The one field whose name is nearly this head; none where two are about as near."""
        spoken = readings("".join(words))
        if not spoken or spoken[-1].isascii():
            return {}
        key = alike(spoken[-1])
        near: dict[str, float] = defaultdict(float)
        for one in {key, _SAYS_LITTLE.sub("", key)}:
            for field_name, name in self._by_end.get(one[-2:], ()):
                near[field_name] = max(near[field_name], _likeness(one, name))
        first, second, *_rest = [*sorted(near.values(), reverse=True), 0, 0]
        if first < _LIKENESS or first - second < _LEAD:
            return {}
        field = next(field for field in self.fields if near.get(field.name) == first)
        return {field.name: Meaning(field, NEARLY, "synonym")}

    def _of_text(self, text: str, less: int) -> Iterable[Meaning]:
        for further, key in enumerate(readings(text)):
            for known_as, at_most in ((key, LABEL), (alike(key), LIKE_LABEL), (plain(english(key) or ""), ENGLISH)):
                for meaning in self._known.get(known_as, {}).values():
                    worth = min(meaning.worth, at_most) - further * _FURTHER - less
                    spoken = meaning.worth <= PINYIN and not known_as.isascii()
                    if known_as and not spoken:
                        yield Meaning(meaning.field, worth, meaning.how, meaning.declared)
            if (also := english(key)) is not None:
                for meaning in self._known.get(alike(plain(also)), {}).values():
                    yield Meaning(meaning.field, ENGLISH - 4 - less, "synonym")


def _likeness(key: str, name: str) -> float:
    if key == name and len(key) > 1:
        return 1
    # A shorter head says less than the name, and may mean something wider.
    if len(key) < 4 or len(key) + 1 < len(name):
        return 0
    if set(_ANOTHER.findall(key)) - set(_ANOTHER.findall(name)):
        return 0
    return SequenceMatcher(None, key, name, autojunk=False).ratio()


def _phrases(words: tuple[str, ...]) -> Iterable[tuple[str, int]]:
    """What the parts of a head say together, and how much less each way is worth."""
    if len(words) == 1:
        yield words[0], 0
        return
    *upper, lower = words
    spoken = [word for word in upper if not means_nothing(word)]
    bare = readings(lower)
    if not plain(re.sub(r"[（(\[【].*?[)）\]】]", "", lower)) and bare:
        # The lower part is nothing but a hint in brackets.
        yield from ((text + lower, less) for text, less in _phrases(tuple(upper)))
        return
    yield "".join([*spoken, lower]), 0
    if len(spoken) > 1:
        yield spoken[-1] + lower, 2
    nearest = plain(re.sub(r"[（(\[【].*?[)）\]】]", "", spoken[-1])) if spoken else ""
    whose = _WHOSE.search(nearest) and not _GENERAL.search(nearest)
    if not whose:
        yield lower, _UPPER_LEFT_OUT
    general = _GENERAL.sub("", nearest)
    if general and general != nearest:
        yield general + lower, 4
