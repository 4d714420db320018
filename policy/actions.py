"""The permissions there are: ``resource:action``. An unknown name raises, so that a slip can't open or close a door."""

from functools import cache
from typing import Any

from models import Base
from models.base import BranchScoped, Protected, Reference

ACTIONS = {
    "read": "查看",
    "create": "新增",
    "update": "修改",
    "delete": "删除",
    "export": "导出",
    "import": "导入",
}

EXTRA_ACTIONS = {
    "person": {"merge": "合并重复的人"},
    "adviser": {"renew": "续聘"},
    "account": {"reset": "重置登录"},
    "sign_in": {"forget": "让手机退出"},
    "sign_in_card": {"enter": "凭卡登录"},
    "posting": {"end": "结束派驻"},
    "assessment": {"self_assess": "自评", "review": "考评", "sign": "签字确认", "reopen": "重新打开"},
    "assessment_round": {"close": "结束批次"},
    "rectification": {"close": "销号"},
    "monthly_report": {"submit": "提交", "accept": "接收或退回"},
    "role": {"give": "授予任何角色"},
}

OF_ONES_OWN = {"draft", "export_file", "import_batch", "job"}
"""Records that are seen by whoever made them and by nobody else: no role can be given them."""

DATABASE, DATABASE_WORD = "database", "数据库"
"""What the audit log calls the database as a whole; no permission is named after it."""
DATABASE_ACTIONS = {"backup": "备份", "restore": "从备份恢复"}


def resource_of(model: type) -> str:
    """The resource name of a model: its table's name."""
    return model.__tablename__


@cache
def models_by_resource() -> dict[str, type]:
    """All mapped classes by resource name."""
    return {resource_of(mapper.class_): mapper.class_ for mapper in Base.registry.mappers}


@cache
def actions_on(resource: str) -> dict[str, str]:
    """What can be done with a resource, with its Chinese words; unmasking only where something is masked."""
    masked = any("mask" in column.info for column in models_by_resource()[resource].__table__.columns)
    return ACTIONS | EXTRA_ACTIONS.get(resource, {}) | ({"unmask": "查看完整号码"} if masked else {})


@cache
def action_words() -> dict[str, str]:
    """Every action in Chinese: 修改, 销号."""
    words = ACTIONS | DATABASE_ACTIONS
    for resource in models_by_resource():
        words |= actions_on(resource)
    return words


@cache
def resource_words() -> dict[str, str]:
    """Every resource in Chinese: 企业, 走访."""
    return {resource: model.record_name for resource, model in models_by_resource().items()}


@cache
def permission_words() -> dict[str, str]:
    """Every permission in Chinese: 企业·修改."""
    return {permission: label_of(permission) for permission in sorted(all_permissions())}


def target_of(column: Any) -> type | None:
    """The model whose key this column holds; None when it holds none."""
    names = (key.column.table.name for key in column.foreign_keys if key.column.name == "id")
    return models_by_resource().get(next(names, ""))


@cache
def all_permissions() -> frozenset[str]:
    """Every permission there is."""
    return frozenset(f"{resource}:{action}" for resource in models_by_resource() for action in actions_on(resource))


def known(permission: str) -> str:
    """The permission itself; raises KeyError when there is none of that name."""
    if permission not in all_permissions():
        raise KeyError(f"unknown permission {permission!r}")
    return permission


def label_of(permission: str) -> str:
    """The permission in Chinese: 企业·修改."""
    resource, action = known(permission).split(":")
    return f"{models_by_resource()[resource].record_name}·{actions_on(resource)[action]}"


def scope_of(model: type) -> type:
    """BranchScoped, Reference or Protected; raises TypeError when the model doesn't say which."""
    kinds = [kind for kind in (BranchScoped, Reference, Protected) if issubclass(model, kind)]
    if len(kinds) != 1:
        raise TypeError(f"{model.__name__} must be exactly one of BranchScoped, Reference and Protected")
    return kinds[0]
