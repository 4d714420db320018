"""Each order of a list has its indexes, so that its pages cost the same wherever they begin

Revision: 0006, after 0004
"""

from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

ORDERS = {
    "adviser": ("name", "trained_on"),
    "appointment": ("ends_on", "starts_on"),
    "assessment": ("assessed_on", "review_score", "self_score"),
    "attachment": ("size",),
    "audit_entry": ("at",),
    "branch": ("founded_on", "pinyin"),
    "company": ("employees", "organised_on", "pinyin", "venue_area"),
    "development_step": ("entered_on",),
    "key_post": ("since", "until"),
    "monthly_report": ("month",),
    "person": ("pinyin",),
    "posting": ("ended_on", "started_on"),
    "problem": ("closed_on", "found_on"),
    "rectification": ("closed_on", "done_on", "due_on"),
    "visit": ("visited_on",),
    "work_log": ("ended_on", "started_on"),
}
SCOPED = (
    "adviser", "appointment", "assessment", "assessment_answer", "attachment", "company", "development_step", "key_post",
    "monthly_report", "person", "posting", "problem", "rectification", "trash", "visit", "work_log",
)  # fmt: skip

# What the new ones make superfluous.
FORMER = {f"ix_{table}_branch_id": (table, ["branch_id"]) for table in SCOPED} | {
    "ix_audit_entry_at": ("audit_entry", ["at"]),
    "ix_development_step_entered_on": ("development_step", ["entered_on"]),
    "ix_monthly_report_month": ("monthly_report", ["month"]),
    "ix_rectification_due_on": ("rectification", ["due_on"]),
    "ix_visit_branch_visited": ("visit", ["branch_id", "visited_on", "id"]),
    "ix_visit_visited_on": ("visit", ["visited_on"]),
}


def indexes() -> list[tuple[str, str, list[str]]]:
    """Name, table and columns of each new index."""
    found = [(f"ix_{table}_branch_id_id", table, ["branch_id", "id"]) for table in SCOPED]
    for table, names in ORDERS.items():
        for name in names:
            found.append((f"ix_{table}_{name}_id", table, [name, "id"]))
            if table in SCOPED:
                found.append((f"ix_{table}_branch_id_{name}_id", table, ["branch_id", name, "id"]))
    return found


def upgrade() -> None:
    for name, table, columns in indexes():
        op.create_index(name, table, columns)
    for name, (table, _columns) in FORMER.items():
        op.drop_index(name, table)


def downgrade() -> None:
    for name, (table, columns) in FORMER.items():
        op.create_index(name, table, columns)
    for name, table, _columns in indexes():
        op.drop_index(name, table)
