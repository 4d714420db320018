"""Heads as offices write them, made alike, so that what means the same reads the same."""

import re
import unicodedata
from functools import lru_cache

from models.pinyin import initials, pinyin

# Signs, blanks and line breaks say nothing in a head.
_SIGNS = re.compile(r"[\W_]+")
_BRACKETS = re.compile(r"[（(\[【〔<《]([^（）()\[\]【】〔〕<>《》]*)[）)\]】〕>》]")
_OPEN_BRACKET = re.compile(r"[（(\[【〔<].*$")
# What is put into brackets behind a name and only helps in filling it in.
_HINT = re.compile(
    r"^(必填|选填|可不填|如|例|例如|格式|填|按|以|精确到|yyyy|年月日|年月|年/月|可选|下拉|单位|\d|"
    r"人|元|万元|份|次|年|月|日|个|名|分|岁|%|％|平方米|㎡|m2|盖章|签字|全部|本人|中国|公历|阳历)"
)
# Read from left to right: the longer before what it holds.
_SAME = (
    ("身份证件号码", "身份证"), ("公民身份号码", "身份证"), ("身份证号码", "身份证"), ("身份证号", "身份证"), ("身份号码", "身份证"),
    ("证件号码", "身份证"), ("手机号码", "手机"), ("手机号", "手机"), ("移动电话", "手机"), ("电话号码", "电话"),
    ("年月日", "时间"), ("日期", "时间"), ("年月", "时间"), ("名字", "姓名"), ("标题", "题目"), ("公司", "企业"),
    ("职工数", "职工人数"), ("员工", "职工"), ("人数", "数"), ("手机", "电话"), ("类型", "类别"), ("种类", "类别"),
    ("联系电话", "电话"), ("年份", "年度"), ("备注说明", "备注"), ("党支部", "支部"), ("党组织", "支部"), ("的", ""),
)  # fmt: skip
_ENGLISH = {
    "name": "姓名", "fullname": "姓名", "sex": "性别", "gender": "性别", "nation": "民族", "ethnicity": "民族", "ethnicgroup": "民族",
    "education": "学历", "birthday": "出生日期", "birthdate": "出生日期", "dateofbirth": "出生日期", "dob": "出生日期", "born": "出生日期",
    "id": "编号", "idcard": "身份证号", "idnumber": "身份证号", "idno": "身份证号", "cardno": "身份证号", "idcardno": "身份证号",
    "phone": "电话", "tel": "电话", "mobile": "手机", "mobilephone": "手机", "cellphone": "手机", "phonenumber": "电话",
    "telephone": "电话", "company": "企业名称", "companyname": "企业名称", "branch": "党支部", "partybranch": "党支部",
    "address": "地址", "industry": "行业", "employees": "职工人数", "staff": "职工人数", "contact": "联系人", "date": "日期",
    "title": "题目", "topic": "题目", "subject": "题目", "speaker": "主讲人", "attendance": "参加人数", "note": "备注",
    "notes": "备注", "remark": "备注", "remarks": "备注", "status": "状态", "creditcode": "统一社会信用代码", "uscc": "统一社会信用代码",
}  # fmt: skip

NUMBER_HEADS = frozenset(
    ("序号", "序", "no", "号", "项次", "行号", "顺序号", "num", "number", "xh", "xuhao", "index", "№")
)
_MEANINGLESS = re.compile(r"(列|栏|字段|项目|column|col|field|unnamed|f|x)?\d*")


def plain(text: str) -> str:
    """A text without blanks and signs, wide letters narrowed, in small letters; what stands in brackets stays."""
    text = unicodedata.normalize("NFKC", text)
    return (text if text.isalnum() else _SIGNS.sub("", text)).lower()


def head_key(text: str) -> str:
    """The head as a branch's mapping remembers it: blanks, signs, line breaks and wide letters make no difference."""
    return plain(text)


def means_nothing(text: str) -> bool:
    """Whether a head is none: empty, a sign, or what a program puts where there was none, such as 列3."""
    return _MEANINGLESS.fullmatch(plain(text)) is not None


@lru_cache(maxsize=20_000)
def readings(text: str) -> tuple[str, ...]:
    """What a head may be called, the nearest to what is written first: with brackets, without, with hints dropped."""
    text = unicodedata.normalize("NFKC", text)
    hints = [inner for inner in _BRACKETS.findall(text) if not _HINT.match(inner.strip().lower())]
    bare = _OPEN_BRACKET.sub("", _BRACKETS.sub("", text))
    keys = list(map(plain, (text, bare + "".join(hints), bare)))
    for ending in ("姓名", "名称"):
        # 联系人姓名 is what a form calls 联系人.
        if len(keys[-1]) > len(ending) + 1 and keys[-1].endswith(ending):
            keys.append(keys[-1].removesuffix(ending))
    for owner in ("本人", "党员", "个人"):
        if len(keys[2]) > len(owner) + 1 and keys[2].startswith(owner):
            keys.append(keys[2].removeprefix(owner))
    return tuple(dict.fromkeys(key for key in keys if key))


@lru_cache(maxsize=20_000)
def alike(key: str) -> str:
    """A reading with words that mean the same in heads made one: 走访日期 and 走访时间 come out alike."""
    for word, instead in _SAME:
        key = key.replace(word, instead)
    return key


def english(key: str) -> str | None:
    """The Chinese head that an English one stands for."""
    return _ENGLISH.get(key)


@lru_cache(maxsize=5_000)
def spelt(key: str) -> tuple[str, str]:
    """The pinyin and the initials of a head, with ü as v and as u told alike."""
    return pinyin(key).replace("ü", "v"), initials(key)
