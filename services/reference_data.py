"""What every installation begins with: code tables, settings, the seed checklists, the default roles. Idempotent.

Once loaded it is the administrators' own. A release that brings more raises VERSION; what is new is then added once.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ChecklistTemplate, Code, Holiday, Role, RolePermission, Setting
from policy.roles import default_roles
from services.checklists import versions
from services.checklists.seeds import SEEDS

# GB/T 2261.1 (sex), GB/T 3304 (ethnic group), GB/T 4658 (education): national codes. The others are the office's own.
CODES = {
    "code_table": {
        "code_table": "代码表", "sex": "性别", "ethnic_group": "民族", "education": "学历", "industry": "行业",
        "visit_purpose": "走访事由", "posting_end_reason": "派驻结束原因", "cadre_rank": "离退休前职级",
        "volunteer_kind": "志愿服务类型", "coverage_way": "覆盖方式", "room_kind": "房间用途", "honour_level": "荣誉级别",
        "work_kind": "作品类别", "contact_way": "联系方式", "care_occasion": "慰问时节",
    },
    "sex": {"1": "男", "2": "女", "9": "未说明"},
    "ethnic_group": dict(
        enumerate(
            ["汉", "蒙古", "回", "藏", "维吾尔", "苗", "彝", "壮", "布依", "朝鲜", "满", "侗", "瑶", "白", "土家", "哈尼", "哈萨克", "傣", "黎", "傈僳", "佤", "畲", "高山", "拉祜", "水", "东乡", "纳西", "景颇", "柯尔克孜", "土", "达斡尔", "仫佬", "羌", "布朗", "撒拉", "毛南", "仡佬", "锡伯", "阿昌", "普米", "塔吉克", "怒", "乌孜别克", "俄罗斯", "鄂温克", "德昂", "保安", "裕固", "京", "塔塔尔", "独龙", "鄂伦春", "赫哲", "门巴", "珞巴", "基诺"],
            start=1,
        )
    ),
    "education": {"10": "研究生", "20": "大学本科", "30": "大学专科", "40": "中专", "60": "高中", "70": "初中", "80": "小学", "90": "其他"},
    "industry": {
        "trade": "批发零售", "building": "建筑", "transport": "交通运输", "property": "物业服务", "medicine": "医药",
        "environment": "环保", "labour": "劳务服务", "market": "市场经营", "catering": "住宿餐饮", "other": "其他",
    },
    "visit_purpose": {
        "routine": "日常走访", "study": "指导学习", "meeting": "指导组织生活", "members": "发展党员", "venue": "阵地建设", "problem": "解决难题",
        "policy": "宣讲政策", "other": "其他",
    },
    "cadre_rank": {"prefecture": "地级", "county": "县级", "section": "科级", "other": "其他"},
    "volunteer_kind": {
        "service": "便民服务", "guidance": "指导活动", "youth": "关心下一代", "policy": "政策宣讲", "web": "网络宣传",
        "environment": "环境保护", "other": "其他",
    },
    "coverage_way": {"single": "单独组建", "joint": "联合组建", "adviser": "派驻指导员", "other": "其他"},
    "room_kind": {
        "party": "党建室", "meeting": "会议室", "activity": "活动室", "sports": "体育活动室", "reading": "图书阅览室", "other": "其他",
    },
    "honour_level": {"state": "国家级", "province": "省级", "city": "市级", "county": "县区级", "other": "其他"},
    "work_kind": {"book": "书籍", "article": "文章", "painting": "书画", "photo": "摄影", "other": "其他"},
    "contact_way": {"phone": "电话", "visit": "上门", "wechat": "微信", "other": "其他"},
    "care_occasion": {"july": "七一", "double_ninth": "重阳", "spring": "春节", "illness": "生病住院", "other": "其他"},
    "posting_end_reason": {
        "term": "聘期届满", "health": "身体原因", "moved": "调整派驻", "company": "企业停业或注销", "other": "其他",
    },
}  # fmt: skip

# Codes that came to a table after it was first shipped.
LATER_CODES = {"visit_purpose": ("routine",)}

# Permissions that came to a kind of record after roles were first given those on it, by the version that brought them.
LATER_PERMISSIONS = {
    5: {
        "assessment:sign", "assessment:reopen", "assessment:review", "assessment:self_assess", "assessment:update",
        "assessment_answer:create", "assessment_answer:update", "attachment:create", "rectification:close",
    },
}  # fmt: skip

SETTINGS = {
    "visit_overdue_days": ("30", "超过多少天没有走访，算作久未走访"),
    "visits_per_month": ("1", "每月计划走访次数"),
    "rectification_days": ("15", "整改期限（工作日）"),
    "regulation_review_years": ("3", "制度多少年没有检查，算作需要检查"),
}

# Days off that are certain by the national rule; moved weekends are announced each autumn and entered by the office.
HOLIDAYS = {
    "元旦": [date(2026, 1, 1), date(2027, 1, 1)],
    "春节": [date(2027, 2, 5), date(2027, 2, 6), date(2027, 2, 7), date(2027, 2, 8)],
    "劳动节": [date(2026, 5, 1), date(2026, 5, 2), date(2027, 5, 1), date(2027, 5, 2)],
    "国庆节": [*(date(2026, 10, day) for day in (1, 2, 3)), *(date(2027, 10, day) for day in (1, 2, 3))],
}


VERSION = 5
_VERSION_KEY = "reference_data"


def load_reference_data(session: Session) -> None:
    """Fill an installation that has no roles yet; afterwards it is the administrators' and stays as it is."""
    if session.scalar(select(Role.id).limit(1)) is not None:
        return
    _add_codes(session)
    for key, (value, meaning) in SETTINGS.items():
        session.add(Setting(key=key, value=value, meaning=meaning))
    for name, days in HOLIDAYS.items():
        session.add_all(Holiday(day=day, name=name) for day in days)
    _add_checklists(session)
    _add_roles(session)
    session.add(Setting(key=_VERSION_KEY, value=str(VERSION), meaning="基础资料的版本，随程序更新"))
    session.flush()


def add_what_is_new(session: Session) -> bool:
    """Give an older installation the code tables, settings, permissions and checklists that came since; whether any did.

    A table, a kind of record or a checklist that is there already stays as the administrators made it; a checklist that
    came with an earlier version and isn't there any more was renamed or thrown away, and doesn't come again.
    """
    version = session.scalar(select(Setting).where(Setting.key == _VERSION_KEY))
    if session.scalar(select(Role.id).limit(1)) is None or (version is not None and version.value == str(VERSION)):
        return False
    tables = set(session.scalars(select(Code.code_table).distinct()))
    listed = set(session.scalars(select(Code.code).where(Code.code_table == "code_table")))
    _add_codes(session, {table: entries for table, entries in CODES.items() if table not in tables})
    if listed:
        _add_codes(session, {"code_table": {k: v for k, v in CODES["code_table"].items() if k not in listed}})
    for table, codes in LATER_CODES.items():
        there = set(session.scalars(select(Code.code).where(Code.code_table == table)))
        _add_codes(session, {table: {code: CODES[table][code] for code in codes if code not in there}})
    keys = set(session.scalars(select(Setting.key)))
    for key, (value, meaning) in SETTINGS.items():
        if key not in keys:
            session.add(Setting(key=key, value=value, meaning=meaning))
    _add_permissions(session, since=_installed(version))
    _add_checklists(session, since=_installed(version))
    if version is None:
        version = Setting(key=_VERSION_KEY, value="", meaning="基础资料的版本，随程序更新")
        session.add(version)
    version.value = str(VERSION)
    session.flush()
    return True


def _installed(version: Setting | None) -> int:
    """The version that an installation has; 1 where none is noted, which is how the first release left it."""
    return int(version.value) if version is not None and version.value.isdecimal() else 1


def _add_permissions(session: Session, since: int) -> None:
    """The default permissions that no role could have been given yet, for the roles that are still there."""
    held = {(row.role_id, row.permission) for row in session.scalars(select(RolePermission))}
    known = {permission.split(":")[0] for _role, permission in held}
    later = set().union(*(permissions for version, permissions in LATER_PERMISSIONS.items() if version > since))
    roles = {role.code: role for role in session.scalars(select(Role))}
    for default in default_roles():
        for permission in sorted(default.permissions):
            new = permission in later or permission.split(":")[0] not in known
            if new and default.code in roles and (roles[default.code].id, permission) not in held:
                session.add(RolePermission(role=roles[default.code], permission=permission))


def _add_codes(session: Session, tables: Mapping[str, Mapping[Any, str]] = CODES) -> None:
    for table, entries in tables.items():
        for position, (code, text) in enumerate(entries.items(), start=1):
            written = f"{code:02d}" if isinstance(code, int) else code
            name = f"{text}族" if table == "ethnic_group" else text
            session.add(Code(code_table=table, code=written, text=name, position=position))


def _add_checklists(session: Session, since: int = 0) -> None:
    """The checklists that came after a version of the reference data; a name that is taken is left alone."""
    taken = set(session.scalars(select(ChecklistTemplate.name)))
    for seed in SEEDS:
        if seed.since <= since or seed.name in taken:
            continue
        version = versions.new_template(session, seed.name, seed.outline, seed.note)
        if seed.published:
            versions.publish(session, version)
    session.flush()


def _add_roles(session: Session) -> None:
    made: dict[str, Role] = {}
    for default in default_roles():
        role = Role(code=default.code, name=default.name, duty=default.duty)
        role.permissions = [RolePermission(permission=permission) for permission in sorted(default.permissions)]
        session.add(role)
        made[default.code] = role
    session.flush()
    for default in default_roles():
        if default.follows_as:
            made[default.code].follows_as = made[default.follows_as]
