"""What it means to people when a constraint or a trigger of the database refuses a row."""

from sqlalchemy.exc import IntegrityError

# What the triggers of the migrations say, the field it belongs to, and how people are told.
TRIGGERS = [
    ("never changes", None, "这个清单版本已经发布，不能再改；需要修改，请另做一个新版本。"),
    ("stays with its", "checklist_version", "考核已经对应这个清单版本，不能换；请另做一次考核。"),
    ("a signed assessment", None, "考核已经签字确认，不能再改；确需更改，请先写明原因，重新打开。"),
    ("the list is fixed", None, "慰问名单已经确定，不能再增减。"),
]


def reason_of(error: IntegrityError, model: type) -> tuple[str | None, str]:
    """The field and the Chinese words for a constraint that the database refused."""
    text = str(error.orig)
    table = model.__table__
    for constraint in [*table.constraints, *table.indexes]:
        columns = [column.key for column in getattr(constraint, "columns", [])]
        signature = ", ".join(f"{table.name}.{key}" for key in columns)
        if (constraint.name and str(constraint.name) in text) or (
            columns and f"UNIQUE constraint failed: {signature}" in text
        ):
            field = columns[-1] if columns else None
            for key in columns:
                if key not in ("id", "branch_id"):
                    field = key.removesuffix("_id")
                    break
            if "active" in str(constraint.name):
                return field, "已经有一个正在进行的派驻，请先结束它。"
            if str(constraint.name).startswith("uq"):
                return field, "已经有相同的记录，请检查是否重复登记。"
    for rule, field, message in TRIGGERS:
        if rule in text:
            return field, message
    if "CHECK" in text or "check" in text:
        return None, "几项内容互相矛盾（如结束早于开始、办结没有日期），请检查。"
    if "FOREIGN KEY" in text or "foreign key" in text:
        return None, "所选的几项不属于同一个党组织，或已被删除，请重新选择。"
    return None, "没有保存：与已有的记录冲突，请检查。"
