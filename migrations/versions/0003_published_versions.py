"""A published checklist version never changes, and an assessment stays with its version

Revision: 0003, after 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PUBLISHED = "a published checklist version never changes"
TIED = "an assessment stays with its checklist version"
GROUP = "SELECT 1 FROM checklist_version v WHERE v.id = {row}.checklist_version_id AND v.status = 'published'"
ITEM = (
    "SELECT 1 FROM checklist_group g JOIN checklist_version v ON v.id = g.checklist_version_id "
    "WHERE g.id = {row}.group_id AND v.status = 'published'"
)


def rules() -> list[tuple[str, str, str, str]]:
    """Table, event, condition and message of each rule."""
    found = [
        ("checklist_version", "UPDATE", "OLD.status = 'published'", PUBLISHED),
        ("checklist_version", "DELETE", "OLD.status = 'published'", PUBLISHED),
        ("assessment", "UPDATE", "OLD.checklist_version_id <> NEW.checklist_version_id", TIED),
    ]
    for table, query in (("checklist_group", GROUP), ("checklist_item", ITEM)):
        old, new = (f"EXISTS ({query.format(row=row)})" for row in ("OLD", "NEW"))
        found += [
            (table, "INSERT", new, PUBLISHED),
            (table, "UPDATE", f"{old} OR {new}", PUBLISHED),
            (table, "DELETE", old, PUBLISHED),
        ]
    return found


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, event, condition, message in rules():
        name = f"{table}_frozen_{event.lower()}"
        if sqlite:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
            )
            continue
        row = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
            f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF; RETURN {row}; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, event, _condition, _message in rules():
        name = f"{table}_frozen_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}()")
