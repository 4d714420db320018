"""Each order of a list has its indexes, so that its pages cost the same wherever they begin

Revision: 0006, after 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ORDERS = {
    "adviser": ("name", "trained_on"),
    "appointment": ("ends_on", "starts_on"),
    "assessment": ("assessed_on", "review_score", "self_score"),
    "attachment": ("size",),
    "audit_entry": ("at",),
    "branch": ("founded_on", "pinyin"),
    "branch_pairing": ("ended_on", "started_on"),
    "care_campaign": ("ends_on", "starts_on", "year"),
    "care_visit": ("visited_on",),
    "company": ("employees", "organised_on", "pinyin"),
    "coverage": ("covered_on",),
    "development_step": ("entered_on",),
    "health_note": ("noted_on",),
    "honour": ("awarded_on", "name"),
    "joint_activity": ("attendance", "held_on"),
    "key_post": ("since", "until"),
    "liaison_officer": ("since", "until"),
    "mass_organisation": ("founded_on", "members"),
    "member_work": ("name", "published_on"),
    "monthly_report": ("month",),
    "one_to_one_pairing": ("ended_on", "started_on"),
    "pairing_contact": ("contacted_on",),
    "party_class": ("attendance", "held_on"),
    "person": ("pinyin",),
    "posting": ("ended_on", "started_on"),
    "problem": ("closed_on", "found_on"),
    "rectification": ("closed_on", "done_on", "due_on"),
    "regulation": ("adopted_on", "name", "reviewed_on", "revised_on"),
    "study_plan": ("name", "planned", "year"),
    "study_session": ("attendance", "held_on"),
    "subscription": ("copies", "name", "year"),
    "suggestion": ("adopted_on", "made_on"),
    "unregistered_member": ("closed_on", "contacted_on", "found_on", "transferred_on"),
    "venue": ("area", "name", "opened_on"),
    "venue_equipment": ("name", "quantity"),
    "venue_room": ("area",),
    "visit": ("visited_on",),
    "volunteer_service": ("held_on", "served", "volunteers"),
    "volunteer_team": ("founded_on", "members", "name"),
    "work_log": ("ended_on", "started_on"),
}

SCOPED = (
    "adviser", "appointment", "assessment", "assessment_answer", "attachment", "branch_pairing", "care_campaign",
    "care_visit", "company", "coverage", "development_step", "health_note", "honour", "joint_activity", "key_post",
    "liaison_officer", "mass_organisation", "member_work", "monthly_report", "one_to_one_pairing",
    "pairing_contact", "party_class", "person", "posting", "problem", "rectification", "regulation", "study_plan",
    "study_session", "subscription", "suggestion", "trash", "unregistered_member", "venue", "venue_equipment",
    "venue_room", "visit", "volunteer_service", "volunteer_team", "work_log",
)  # fmt: skip

# What the new ones make superfluous.
FORMER = {f"ix_{table}_branch_id": (table, ["branch_id"]) for table in SCOPED} | {
    "ix_audit_entry_at": ("audit_entry", ["at"]),
    "ix_development_step_entered_on": ("development_step", ["entered_on"]),
    "ix_joint_activity_held_on": ("joint_activity", ["held_on"]),
    "ix_monthly_report_month": ("monthly_report", ["month"]),
    "ix_pairing_contact_contacted_on": ("pairing_contact", ["contacted_on"]),
    "ix_party_class_held_on": ("party_class", ["held_on"]),
    "ix_rectification_due_on": ("rectification", ["due_on"]),
    "ix_study_session_held_on": ("study_session", ["held_on"]),
    "ix_visit_branch_visited": ("visit", ["branch_id", "visited_on", "id"]),
    "ix_visit_visited_on": ("visit", ["visited_on"]),
    "ix_volunteer_service_held_on": ("volunteer_service", ["held_on"]),
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
