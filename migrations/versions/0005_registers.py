"""The other registers: activities, care, contributions, coverage, study, venues; attachments of regulations

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COPIED_VENUES = (
    "INSERT INTO venue (branch_id, name, company_id, area, version, created_at, updated_at) "
    "SELECT branch_id, short_name || '阵地', id, venue_area, 1, created_at, updated_at FROM company "
    "WHERE venue_area IS NOT NULL"
)
FIXED = "SELECT 1 FROM care_campaign c WHERE c.id = {row}.care_campaign_id AND c.status <> 'planned'"


def rebuild(table: str) -> "op.batch_alter_table":
    """Change a table in ways that SQLite can only do by making it anew; its keys are never reused all the same."""
    return op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True})


def sequence_of(table: str) -> int | None:
    """The highest key that SQLite ever gave out in a table."""
    if op.get_bind().dialect.name != "sqlite":
        return None
    return op.get_bind().scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table})


def keep_sequence(table: str, highest: int | None) -> None:
    """Go on counting where the table was before it was made anew."""
    if highest is None:
        return
    op.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name").bindparams(name=table))
    op.execute(sa.text("INSERT INTO sqlite_sequence VALUES (:name, :seq)").bindparams(name=table, seq=highest))


def fix_lists() -> None:
    """Once a campaign's list is fixed, nobody is put on it or taken off."""
    for event, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
        name, condition = f"care_visit_fixed_{event.lower()}", f"EXISTS ({FIXED.format(row=row)})"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON care_visit WHEN {condition} "
                "BEGIN SELECT RAISE(ABORT, 'the list is fixed'); END"
            )
            continue
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
            f"RAISE EXCEPTION 'the list is fixed' USING ERRCODE = 'check_violation'; END IF; RETURN {row}; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON care_visit FOR EACH ROW EXECUTE FUNCTION {name}()")


def upgrade() -> None:
    op.add_column("branch", sa.Column("brand", sa.String(length=40), nullable=True))
    op.create_index("uq_branch_id_name", "branch", ["id", "name"], unique=True)
    op.add_column("person", sa.Column("former_rank", sa.String(length=20), nullable=True))
    op.create_index("uq_person_id_name", "person", ["id", "name"], unique=True)

    op.create_table(
        "branch_pairing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("partner_name", sa.String(length=60), nullable=False),
        sa.Column("started_on", sa.String(length=10), nullable=False),
        sa.Column("ended_on", sa.String(length=10), nullable=True),
        sa.Column("agreement", sa.String(length=1000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ended_on IS NULL OR started_on IS NULL OR started_on <= ended_on",
            name=op.f("ck_branch_pairing_started_before_ended"),
        ),
        sa.CheckConstraint("partner_id <> branch_id", name=op.f("ck_branch_pairing_not_with_itself")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_branch_pairing_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["partner_id", "partner_name"],
            ["branch.id", "branch.name"],
            name=op.f("fk_branch_pairing_partner_id_partner_name"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["branch.id"], name=op.f("fk_branch_pairing_partner_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branch_pairing")),
        sa.UniqueConstraint(
            "branch_id", "partner_id", "started_on", name=op.f("uq_branch_pairing_branch_id_partner_id_started_on")
        ),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_branch_pairing_id_branch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_branch_pairing_branch_id"), "branch_pairing", ["branch_id"], unique=False)
    op.create_index(op.f("ix_branch_pairing_partner_id"), "branch_pairing", ["partner_id"], unique=False)

    op.create_table(
        "care_campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "planned",
                "fixed",
                "closed",
                name="campaign_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on IS NULL OR starts_on <= ends_on",
            name=op.f("ck_care_campaign_starts_before_ends"),
        ),
        sa.CheckConstraint("year BETWEEN 1949 AND 2100", name=op.f("ck_care_campaign_year_plausible")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_care_campaign_branch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_campaign")),
        sa.UniqueConstraint("branch_id", "occasion", "year", name=op.f("uq_care_campaign_branch_id_occasion_year")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_care_campaign_id_branch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_care_campaign_branch_id"), "care_campaign", ["branch_id"], unique=False)

    op.create_table(
        "regulation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("adopted_on", sa.String(length=10), nullable=False),
        sa.Column("revised_on", sa.String(length=10), nullable=True),
        sa.Column("reviewed_on", sa.String(length=10), nullable=True),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(length=20000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "revised_on IS NULL OR adopted_on IS NULL OR adopted_on <= revised_on",
            name=op.f("ck_regulation_adopted_before_revised"),
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_regulation_branch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regulation")),
        sa.UniqueConstraint("branch_id", "name", name=op.f("uq_regulation_branch_id_name")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_regulation_id_branch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_regulation_branch_id"), "regulation", ["branch_id"], unique=False)

    op.create_table(
        "study_plan",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(length=4000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("planned >= 0", name=op.f("ck_study_plan_planned_not_negative")),
        sa.CheckConstraint("year BETWEEN 1949 AND 2100", name=op.f("ck_study_plan_year_plausible")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_study_plan_branch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_plan")),
        sa.UniqueConstraint("branch_id", "year", "name", name=op.f("uq_study_plan_branch_id_year_name")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_study_plan_id_branch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_study_plan_branch_id"), "study_plan", ["branch_id"], unique=False)

    op.create_table(
        "subscription",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("copies > 0", name=op.f("ck_subscription_copies_positive")),
        sa.CheckConstraint("year BETWEEN 1949 AND 2100", name=op.f("ck_subscription_year_plausible")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_subscription_branch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("branch_id", "year", "name", name=op.f("uq_subscription_branch_id_year_name")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_subscription_branch_id"), "subscription", ["branch_id"], unique=False)

    op.create_table(
        "suggestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "suggestion",
                "research_report",
                name="suggestion_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("made_on", sa.String(length=10), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=True),
        sa.Column("made_to", sa.String(length=80), nullable=True),
        sa.Column("text", sa.String(length=20000), nullable=True),
        sa.Column("adopted_on", sa.Date(), nullable=True),
        sa.Column("adopted_text", sa.String(length=2000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "adopted_on IS NULL OR adopted_text IS NOT NULL", name=op.f("ck_suggestion_adopted_with_text")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_suggestion_branch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_suggestion_branch_id"), "suggestion", ["branch_id"], unique=False)

    op.create_table(
        "volunteer_team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("founded_on", sa.String(length=10), nullable=True),
        sa.Column("leader", sa.String(length=40), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("members >= 0", name=op.f("ck_volunteer_team_members_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_volunteer_team_branch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteer_team")),
        sa.UniqueConstraint("branch_id", "name", name=op.f("uq_volunteer_team_branch_id_name")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_volunteer_team_id_branch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_volunteer_team_branch_id"), "volunteer_team", ["branch_id"], unique=False)

    op.create_table(
        "coverage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("organisation", "work", name="coverage_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("covered_on", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_coverage_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["company_id", "branch_id"],
            ["company.id", "company.branch_id"],
            name=op.f("fk_coverage_company_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
        sa.UniqueConstraint("branch_id", "company_id", "kind", name=op.f("uq_coverage_branch_id_company_id_kind")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_coverage_branch_id"), "coverage", ["branch_id"], unique=False)
    op.create_index(op.f("ix_coverage_company_id"), "coverage", ["company_id"], unique=False)

    op.create_table(
        "joint_activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("branch_pairing_id", sa.Integer(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("theme", sa.String(length=100), nullable=False),
        sa.Column("together_with", sa.String(length=100), nullable=True),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("attendance", sa.Integer(), nullable=True),
        sa.Column("summary", sa.String(length=2000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("attendance >= 0", name=op.f("ck_joint_activity_attendance_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_joint_activity_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["branch_pairing_id", "branch_id"],
            ["branch_pairing.id", "branch_pairing.branch_id"],
            name=op.f("fk_joint_activity_branch_pairing_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_activity")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_joint_activity_branch_id"), "joint_activity", ["branch_id"], unique=False)
    op.create_index(op.f("ix_joint_activity_branch_pairing_id"), "joint_activity", ["branch_pairing_id"], unique=False)
    op.create_index(op.f("ix_joint_activity_held_on"), "joint_activity", ["held_on"], unique=False)

    op.create_table(
        "mass_organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "trade_union",
                "youth_league",
                "womens_group",
                name="mass_organisation_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("founded_on", sa.String(length=10), nullable=True),
        sa.Column("leader", sa.String(length=40), nullable=True),
        sa.Column("members", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("members >= 0", name=op.f("ck_mass_organisation_members_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_mass_organisation_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "branch_id"],
            ["company.id", "company.branch_id"],
            name=op.f("fk_mass_organisation_company_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mass_organisation")),
        sa.UniqueConstraint(
            "branch_id", "company_id", "kind", name=op.f("uq_mass_organisation_branch_id_company_id_kind")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mass_organisation_branch_id"), "mass_organisation", ["branch_id"], unique=False)
    op.create_index(op.f("ix_mass_organisation_company_id"), "mass_organisation", ["company_id"], unique=False)

    op.create_table(
        "party_class",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("speaker", sa.String(length=40), nullable=False),
        sa.Column("attendance", sa.Integer(), nullable=True),
        sa.Column("summary", sa.String(length=2000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("attendance >= 0", name=op.f("ck_party_class_attendance_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_party_class_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "branch_id"],
            ["company.id", "company.branch_id"],
            name=op.f("fk_party_class_company_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_party_class")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_party_class_branch_id"), "party_class", ["branch_id"], unique=False)
    op.create_index(op.f("ix_party_class_company_id"), "party_class", ["company_id"], unique=False)
    op.create_index(op.f("ix_party_class_held_on"), "party_class", ["held_on"], unique=False)

    op.create_table(
        "study_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("study_plan_id", sa.Integer(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("attendance", sa.Integer(), nullable=True),
        sa.Column("summary", sa.String(length=2000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("attendance >= 0", name=op.f("ck_study_session_attendance_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_study_session_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["study_plan_id", "branch_id"],
            ["study_plan.id", "study_plan.branch_id"],
            name=op.f("fk_study_session_study_plan_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_session")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_study_session_branch_id"), "study_session", ["branch_id"], unique=False)
    op.create_index(op.f("ix_study_session_held_on"), "study_session", ["held_on"], unique=False)
    op.create_index(op.f("ix_study_session_study_plan_id"), "study_session", ["study_plan_id"], unique=False)

    op.create_table(
        "venue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("area", sa.Integer(), nullable=True),
        sa.Column("opened_on", sa.String(length=10), nullable=True),
        sa.Column("address", sa.String(length=120), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("area >= 0", name=op.f("ck_venue_area_not_negative")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_venue_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["company_id", "branch_id"],
            ["company.id", "company.branch_id"],
            name=op.f("fk_venue_company_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
        sa.UniqueConstraint("branch_id", "name", name=op.f("uq_venue_branch_id_name")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_venue_id_branch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_venue_branch_id"), "venue", ["branch_id"], unique=False)
    op.create_index(op.f("ix_venue_company_id"), "venue", ["company_id"], unique=False)

    op.create_table(
        "volunteer_service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("volunteer_team_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("volunteers", sa.Integer(), nullable=True),
        sa.Column("served", sa.Integer(), nullable=True),
        sa.Column("summary", sa.String(length=2000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("volunteers >= 0 AND served >= 0", name=op.f("ck_volunteer_service_people_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_volunteer_service_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["volunteer_team_id", "branch_id"],
            ["volunteer_team.id", "volunteer_team.branch_id"],
            name=op.f("fk_volunteer_service_volunteer_team_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteer_service")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_volunteer_service_branch_id"), "volunteer_service", ["branch_id"], unique=False)
    op.create_index(op.f("ix_volunteer_service_held_on"), "volunteer_service", ["held_on"], unique=False)
    op.create_index(
        op.f("ix_volunteer_service_volunteer_team_id"), "volunteer_service", ["volunteer_team_id"], unique=False
    )

    op.create_table(
        "care_visit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("care_campaign_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("person_name", sa.String(length=40), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=True),
        sa.Column("visitor", sa.String(length=40), nullable=True),
        sa.Column("brought", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(visited_on IS NULL) = (visitor IS NULL)", name=op.f("ck_care_visit_visited_by_somebody")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_care_visit_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["care_campaign_id", "branch_id"],
            ["care_campaign.id", "care_campaign.branch_id"],
            name=op.f("fk_care_visit_care_campaign_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "person_name"],
            ["person.id", "person.name"],
            name=op.f("fk_care_visit_person_id_person_name"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_care_visit_person_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_visit")),
        sa.UniqueConstraint(
            "branch_id",
            "care_campaign_id",
            "person_id",
            name=op.f("uq_care_visit_branch_id_care_campaign_id_person_id"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_care_visit_branch_id"), "care_visit", ["branch_id"], unique=False)
    op.create_index(op.f("ix_care_visit_care_campaign_id"), "care_visit", ["care_campaign_id"], unique=False)
    op.create_index(op.f("ix_care_visit_person_id"), "care_visit", ["person_id"], unique=False)

    op.create_table(
        "health_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("noted_on", sa.Date(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_health_note_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "branch_id"],
            ["person.id", "person.branch_id"],
            name=op.f("fk_health_note_person_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_health_note")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_health_note_branch_id"), "health_note", ["branch_id"], unique=False)
    op.create_index(op.f("ix_health_note_person_id"), "health_note", ["person_id"], unique=False)

    op.create_table(
        "honour",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("body", sa.String(length=80), nullable=True),
        sa.Column("awarded_on", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("person_name", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_honour_branch_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["person_id", "person_name"],
            ["person.id", "person.name"],
            name=op.f("fk_honour_person_id_person_name"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_honour_person_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_honour")),
        sa.UniqueConstraint(
            "branch_id", "name", "awarded_on", "person_id", name=op.f("uq_honour_branch_id_name_awarded_on_person_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_honour_branch_id"), "honour", ["branch_id"], unique=False)
    op.create_index(op.f("ix_honour_person_id"), "honour", ["person_id"], unique=False)

    op.create_table(
        "liaison_officer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=True),
        sa.Column("duties", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "until IS NULL OR since IS NULL OR since <= until", name=op.f("ck_liaison_officer_since_before_until")
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_liaison_officer_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "branch_id"],
            ["person.id", "person.branch_id"],
            name=op.f("fk_liaison_officer_person_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liaison_officer")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_liaison_officer_branch_id"), "liaison_officer", ["branch_id"], unique=False)
    op.create_index(op.f("ix_liaison_officer_person_id"), "liaison_officer", ["person_id"], unique=False)

    op.create_table(
        "member_work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("published_on", sa.String(length=10), nullable=True),
        sa.Column("publisher", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_member_work_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "branch_id"],
            ["person.id", "person.branch_id"],
            name=op.f("fk_member_work_person_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_work")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_member_work_branch_id"), "member_work", ["branch_id"], unique=False)
    op.create_index(op.f("ix_member_work_person_id"), "member_work", ["person_id"], unique=False)

    op.create_table(
        "one_to_one_pairing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("colleague", sa.String(length=40), nullable=False),
        sa.Column("colleague_unit", sa.String(length=80), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ended_on IS NULL OR started_on IS NULL OR started_on <= ended_on",
            name=op.f("ck_one_to_one_pairing_started_before_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_one_to_one_pairing_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "branch_id"],
            ["person.id", "person.branch_id"],
            name=op.f("fk_one_to_one_pairing_person_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_to_one_pairing")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_one_to_one_pairing_id_branch_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_one_to_one_pairing_branch_id"), "one_to_one_pairing", ["branch_id"], unique=False)
    op.create_index(op.f("ix_one_to_one_pairing_person_id"), "one_to_one_pairing", ["person_id"], unique=False)
    op.create_index(
        "uq_one_to_one_pairing_active",
        "one_to_one_pairing",
        ["branch_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("ended_on IS NULL"),
        postgresql_where=sa.text("ended_on IS NULL"),
    )

    op.create_table(
        "unregistered_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("registered_at", sa.String(length=100), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "found",
                "contacted",
                "transferred",
                "closed",
                name="registration_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("contacted_on", sa.Date(), nullable=True),
        sa.Column("transferred_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(length=500), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_on IS NOT NULL)", name=op.f("ck_unregistered_member_closed_with_date")
        ),
        sa.CheckConstraint(
            "closed_on IS NULL OR found_on IS NULL OR found_on <= closed_on",
            name=op.f("ck_unregistered_member_found_before_closed"),
        ),
        sa.CheckConstraint(
            "contacted_on IS NULL OR found_on IS NULL OR found_on <= contacted_on",
            name=op.f("ck_unregistered_member_found_before_contacted"),
        ),
        sa.CheckConstraint(
            "transferred_on IS NULL OR contacted_on IS NULL OR contacted_on <= transferred_on",
            name=op.f("ck_unregistered_member_contacted_before_transferred"),
        ),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_unregistered_member_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id", "branch_id"],
            ["person.id", "person.branch_id"],
            name=op.f("fk_unregistered_member_person_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unregistered_member")),
        sa.UniqueConstraint(
            "branch_id", "person_id", "found_on", name=op.f("uq_unregistered_member_branch_id_person_id_found_on")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_unregistered_member_branch_id"), "unregistered_member", ["branch_id"], unique=False)
    op.create_index(op.f("ix_unregistered_member_person_id"), "unregistered_member", ["person_id"], unique=False)

    op.create_table(
        "venue_equipment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_venue_equipment_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_venue_equipment_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["venue_id", "branch_id"],
            ["venue.id", "venue.branch_id"],
            name=op.f("fk_venue_equipment_venue_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_equipment")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_venue_equipment_branch_id"), "venue_equipment", ["branch_id"], unique=False)
    op.create_index(op.f("ix_venue_equipment_venue_id"), "venue_equipment", ["venue_id"], unique=False)

    op.create_table(
        "venue_room",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("area", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("area >= 0", name=op.f("ck_venue_room_area_not_negative")),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_venue_room_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["venue_id", "branch_id"],
            ["venue.id", "venue.branch_id"],
            name=op.f("fk_venue_room_venue_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue_room")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_venue_room_branch_id"), "venue_room", ["branch_id"], unique=False)
    op.create_index(op.f("ix_venue_room_venue_id"), "venue_room", ["venue_id"], unique=False)

    op.create_table(
        "pairing_contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("one_to_one_pairing_id", sa.Integer(), nullable=False),
        sa.Column("contacted_on", sa.Date(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("state_of_mind", sa.String(length=500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_pairing_contact_branch_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["one_to_one_pairing_id", "branch_id"],
            ["one_to_one_pairing.id", "one_to_one_pairing.branch_id"],
            name=op.f("fk_pairing_contact_one_to_one_pairing_id_branch_id"),
            onupdate="CASCADE",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairing_contact")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_pairing_contact_branch_id"), "pairing_contact", ["branch_id"], unique=False)
    op.create_index(op.f("ix_pairing_contact_contacted_on"), "pairing_contact", ["contacted_on"], unique=False)
    op.create_index(
        op.f("ix_pairing_contact_one_to_one_pairing_id"), "pairing_contact", ["one_to_one_pairing_id"], unique=False
    )

    fix_lists()
    op.execute(COPIED_VENUES)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come takes no index
    highest = sequence_of("company")
    with rebuild("company") as batch:
        batch.drop_constraint(op.f("ck_company_venue_area_not_negative"), type_="check")
        batch.drop_column("venue_area")
    keep_sequence("company", highest)
    highest = sequence_of("attachment")
    with rebuild("attachment") as batch:
        batch.add_column(sa.Column("regulation_id", sa.Integer(), nullable=True))
        batch.alter_column("rectification_id", existing_type=sa.Integer(), nullable=True)
        batch.drop_constraint(op.f("fk_attachment_rectification_id_branch_id"), type_="foreignkey")
        for owner in ("rectification", "regulation"):
            batch.create_foreign_key(
                op.f(f"fk_attachment_{owner}_id_branch_id"), owner, [f"{owner}_id", "branch_id"], ["id", "branch_id"],
                onupdate="CASCADE", ondelete="RESTRICT", initially="DEFERRED", deferrable=True,
            )  # fmt: skip
        batch.create_check_constraint(
            op.f("ck_attachment_one_owner"), "(rectification_id IS NULL) <> (regulation_id IS NULL)"
        )
        batch.create_index(op.f("ix_attachment_regulation_id"), ["regulation_id"])
    keep_sequence("attachment", highest)


def downgrade() -> None:
    op.execute("DELETE FROM attachment WHERE rectification_id IS NULL")
    with rebuild("attachment") as batch:
        batch.drop_index(op.f("ix_attachment_regulation_id"))
        batch.drop_constraint(op.f("ck_attachment_one_owner"), type_="check")
        for owner in ("rectification", "regulation"):
            batch.drop_constraint(op.f(f"fk_attachment_{owner}_id_branch_id"), type_="foreignkey")
        batch.create_foreign_key(
            op.f("fk_attachment_rectification_id_branch_id"), "rectification", ["rectification_id", "branch_id"],
            ["id", "branch_id"], onupdate="CASCADE", ondelete="RESTRICT",
        )  # fmt: skip
        batch.alter_column("rectification_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_column("regulation_id")
    with rebuild("company") as batch:
        batch.add_column(sa.Column("venue_area", sa.Integer(), nullable=True))
        batch.create_check_constraint(op.f("ck_company_venue_area_not_negative"), "venue_area >= 0")
    op.execute("UPDATE company SET venue_area = (SELECT max(area) FROM venue WHERE venue.company_id = company.id)")
    for table in (
        "pairing_contact",
        "venue_room",
        "venue_equipment",
        "unregistered_member",
        "one_to_one_pairing",
        "member_work",
        "liaison_officer",
        "honour",
        "health_note",
        "care_visit",
        "volunteer_service",
        "venue",
        "study_session",
        "party_class",
        "mass_organisation",
        "joint_activity",
        "coverage",
        "volunteer_team",
        "suggestion",
        "subscription",
        "study_plan",
        "regulation",
        "care_campaign",
        "branch_pairing",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for event in ("insert", "delete"):
            op.execute(f"DROP FUNCTION care_visit_fixed_{event}()")
    op.drop_index("uq_person_id_name", "person")
    op.drop_column("person", "former_rank")
    op.drop_index("uq_branch_id_name", "branch")
    op.drop_column("branch", "brand")
