"""Numbers and months as people write them: how they are checked, and how the personal ones are masked."""

import re
from datetime import date

from stdnum.cn import uscc

from models.clock import today

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK = "10X98765432"
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(?:0\d{2,3}-?)?\d{7,8}(?:-\d{1,6})?")


def check_id_number(text: str) -> str:
    """The ID number in capitals; raises ValueError with the reason in Chinese.

    GB 11643: 17 digits and a check digit, with the birth date inside. The region prefix is never a reason to refuse:
    the published lists lack most of 6202xx.
    """
    number = text.strip().upper()
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise ValueError(f"身份证号应为 18 位，现在是 {len(number)} 位。请对照身份证。")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        raise ValueError("身份证号里的出生日期不存在。请对照身份证。") from None
    if born > today():
        raise ValueError("身份证号里的出生日期在今天之后。请对照身份证。")
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, number[:17], strict=True))
    if _ID_CHECK[total % 11] != number[17]:
        raise ValueError("身份证号的校验位不对，可能有一位写错了。请对照身份证。")
    return number


def check_phone(text: str) -> str:
    """The phone number without blanks; a mobile or a landline. Raises ValueError with the reason in Chinese."""
    number = re.sub(r"[\s()（）]", "", text)
    if not (_MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number)):
        raise ValueError("电话号码不对。手机是 11 位数字，座机如 0937-6221234。")
    return number


def check_credit_code(text: str) -> str:
    """统一社会信用代码 in capitals (GB 32100-2015). Raises ValueError with the reason in Chinese."""
    code = re.sub(r"[\s-]", "", text).upper()
    if len(code) != 18:
        raise ValueError(f"应为 18 位，现在是 {len(code)} 位。请对照营业执照；暂时没有可以留空。")
    if not uscc.is_valid(code):
        raise ValueError("统一社会信用代码的校验位不对，可能有一位写错了。请对照营业执照；暂时没有可以留空。")
    return code


def check_month(text: str) -> str:
    """A month as 2026-11. Raises ValueError with the reason in Chinese."""
    found = re.fullmatch(r"(20\d\d)\s*[-./年]\s*(\d{1,2})\s*月?", text.strip())
    if not found or not 1 <= int(found.group(2)) <= 12:
        raise ValueError("月份不对。请写成 2026-11 这样的年和月。")
    return f"{found.group(1)}-{int(found.group(2)):02d}"


def mask_id_number(number: str) -> str:
    """620200********1234."""
    return f"{number[:6]}{'*' * 8}{number[-4:]}"


def mask_phone(number: str) -> str:
    """138****5678; of a shorter number all but the last four digits are hidden."""
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 11 else f"****{number[-4:]}"


MASKS = {"id_number": mask_id_number, "phone": mask_phone}
CHECKS = {"id_number": check_id_number, "phone": check_phone, "credit_code": check_credit_code, "month": check_month}
