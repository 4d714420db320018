"""Pinyin and initials of Chinese names, stored beside them so that "ydsy" finds 远东实业."""

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypinyin.core import Pinyin

# As surnames these are read otherwise than as words; the library takes the commoner reading.
SURNAMES = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "任": "ren", "查": "zha", "盖": "ge", "朴": "piao", "区": "ou",
    "乐": "yue", "尉": "yu", "冼": "xian", "缪": "miao", "翟": "zhai", "覃": "qin", "华": "hua", "燕": "yan", "宁": "ning",
    "重": "chong", "种": "chong", "召": "shao", "黑": "he", "员": "yun", "应": "ying", "令狐": "ling hu", "尉迟": "yu chi",
    "万俟": "mo qi", "单于": "chan yu", "长孙": "zhang sun", "折": "she", "牟": "mu", "洗": "xian", "晟": "cheng",
}  # fmt: skip


@cache
def _speller() -> "Pinyin":
    """The library. Its dictionary takes a quarter of a second to load, which most commands do without."""
    from pypinyin.converter import UltimateConverter
    from pypinyin.core import Pinyin

    return Pinyin(UltimateConverter())


def load_dictionary() -> None:
    """Load the dictionary now: for a server, before it forks the processes that all need it."""
    _speller()


@lru_cache(maxsize=20_000)
def _spoken(word: str) -> tuple[str, ...]:
    """The syllables of one word of the library's dictionary, or of what isn't Chinese: most come again and again."""
    from pypinyin import Style

    return tuple(_speller().lazy_pinyin([word], style=Style.NORMAL, errors=list))


@lru_cache(maxsize=4096)
def syllables(text: str, person: bool = False) -> tuple[str, ...]:
    """The syllables of ``text``; latin letters and digits stay as they are. ``person`` reads the surname as a surname."""
    if person:
        head, _mark, rest = text.rpartition("·")
        for length in (2, 1):
            surname = rest[:length]
            if len(rest) > length and surname in SURNAMES:
                return (*syllables(head), *SURNAMES[surname].split(), *syllables(rest[length:]))
    spoken = (syllable for word in _speller().seg(text) for syllable in _spoken(word))
    return tuple(syllable.lower() for syllable in spoken if syllable.isalnum())


def pinyin(text: str, person: bool = False) -> str:
    """All syllables in one word: 远东实业 gives ``yuandongshiye``."""
    return "".join(syllables(text, person))


def initials(text: str, person: bool = False) -> str:
    """The first letter of each syllable: 远东实业 gives ``ydsy``; digits stay whole."""
    return "".join(syllable[0] for syllable in syllables(text, person))
