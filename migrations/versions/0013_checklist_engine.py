"""Checklists that count, deduct, add and veto; their steps, their audience, and where items come from

Revision: 0013, after 0012
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PUBLISHED = "a published checklist version never changes"
TIED = "an assessment stays with its checklist version"
GROUP = "SELECT 1 FROM checklist_version v WHERE v.id = {row}.checklist_version_id AND v.status {locked}"
ITEM = (
    "SELECT 1 FROM checklist_group g JOIN checklist_version v ON v.id = g.checklist_version_id "
    "WHERE g.id = {row}.group_id AND v.status {locked}"
)
OF_ITEM = (
    "SELECT 1 FROM checklist_item i JOIN checklist_group g ON g.id = i.group_id "
    "JOIN checklist_version v ON v.id = g.checklist_version_id WHERE i.id = {row}.item_id AND v.status {locked}"
)
BEFORE = {"checklist_group": GROUP, "checklist_item": ITEM}
SINCE = {**BEFORE, "checklist_audience": GROUP, "checklist_step": OF_ITEM, "checklist_item_origin": OF_ITEM}
KEPT_BY_A_VERSION = (
    "template_id", "name", "passed_percent", "nearly_percent", "bonus_percent", "scoring_revision", "based_on_id",
    "published_on",
)  # fmt: skip
STATUSES = {False: ["draft", "published"], True: ["draft", "published", "retired"]}
SCORINGS = {False: ["pass_fail", "graded"], True: ["pass_fail", "graded", "number", "deduction", "bonus", "veto"]}


def rules(since: bool) -> list[tuple[str, str, str, str]]:
    """Table, event, condition and message of each rule, before this migration and since."""
    locked = "<> 'draft'" if since else "= 'published'"
    if since:
        # What is published may be retired, and nothing else; IS DISTINCT FROM is known to both databases.
        differs = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in KEPT_BY_A_VERSION)
        retires = "OLD.status = 'published' AND NEW.status IN ('published', 'retired')"
        changed = f"OLD.status <> 'draft' AND (NOT ({retires}) OR {differs})"
    else:
        changed = "OLD.status = 'published'"
    found = [
        ("checklist_version", "UPDATE", changed, PUBLISHED),
        ("checklist_version", "DELETE", f"OLD.status {locked}", PUBLISHED),
        ("assessment", "UPDATE", "OLD.checklist_version_id <> NEW.checklist_version_id", TIED),
    ]
    for table, query in (SINCE if since else BEFORE).items():
        old, new = (f"EXISTS ({query.format(row=row, locked=locked)})" for row in ("OLD", "NEW"))
        found += [
            (table, "INSERT", new, PUBLISHED),
            (table, "UPDATE", f"{old} OR {new}", PUBLISHED),
            (table, "DELETE", old, PUBLISHED),
        ]
    return found


def make_rules(since: bool) -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, event, condition, message in rules(since):
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


def drop_rules(since: bool) -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, event, _condition, _message in rules(since):
        name = f"{table}_frozen_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
        if not sqlite:
            op.execute(f"DROP FUNCTION {name}()")


@contextmanager
def rebuilt(table: str) -> Iterator["op.BatchOperations"]:
    """Change a table in ways that SQLite can only do by making it anew; its keys are never reused all the same."""
    sqlite, highest = op.get_bind().dialect.name == "sqlite", None
    if sqlite:
        highest = op.get_bind().scalar(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table})
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if highest is not None:
        op.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :name").bindparams(name=table))
        op.execute(sa.text("INSERT INTO sqlite_sequence VALUES (:name, :seq)").bindparams(name=table, seq=highest))


def one_of(side: str) -> str:
    one, two, three = f"{side}_answer", f"{side}_step_id", f"{side}_number"
    pairs = ((one, two), (one, three), (two, three))
    return " AND ".join(f"({a} IS NULL OR {b} IS NULL)" for a, b in pairs)


def among(column: str, values: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def housekeeping() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]


def upgrade() -> None:
    drop_rules(since=False)
    op.execute("UPDATE checklist_item SET points = points * 100")
    with rebuilt("checklist_version") as batch:
        batch.drop_constraint(op.f("ck_checklist_version_version_status"), type_="check")
        batch.add_column(sa.Column("bonus_percent", sa.Integer(), server_default="10", nullable=False))
        batch.add_column(sa.Column("scoring_revision", sa.Integer(), server_default="1", nullable=False))
        batch.add_column(sa.Column("based_on_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("published_on", sa.Date(), nullable=True))
        batch.create_check_constraint(op.f("ck_checklist_version_version_status"), among("status", STATUSES[True]))
        batch.create_check_constraint(
            op.f("ck_checklist_version_bonus_percent_range"), "bonus_percent BETWEEN 0 AND 100"
        )
        batch.create_foreign_key(op.f("fk_checklist_version_based_on_id"), "checklist_version", ["based_on_id"], ["id"])
    with rebuilt("checklist_item") as batch:
        batch.drop_constraint(op.f("ck_checklist_item_scoring"), type_="check")
        batch.alter_column(
            "text", type_=sa.String(length=500), existing_type=sa.String(length=200), existing_nullable=False
        )
        batch.alter_column("how_checked", type_=sa.String(length=500), existing_type=sa.String(length=200))
        batch.add_column(sa.Column("off_each", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("off_at_most", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("counts", sa.String(length=10), nullable=True))
        batch.add_column(sa.Column("can_be_left_out", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch.create_check_constraint(op.f("ck_checklist_item_scoring"), among("scoring", SCORINGS[True]))
        batch.create_check_constraint(op.f("ck_checklist_item_off_each_positive"), "off_each > 0")
        batch.create_check_constraint(op.f("ck_checklist_item_off_at_most_positive"), "off_at_most > 0")
        batch.create_check_constraint(
            op.f("ck_checklist_item_deduction_says_how_much"), "scoring <> 'deduction' OR off_each IS NOT NULL"
        )
    make_tables()
    with rebuilt("assessment") as batch:
        for side in ("self", "review"):
            name = op.f(f"ck_assessment_{side}_score_range")
            batch.drop_constraint(name, type_="check")
            batch.create_check_constraint(name, f"{side}_score BETWEEN 0 AND 20000")
        batch.add_column(sa.Column("vetoed", sa.Boolean(), server_default=sa.false(), nullable=False))
    with rebuilt("assessment_answer") as batch:
        batch.add_column(sa.Column("note", sa.String(length=500), nullable=True))
        for side in ("self", "review"):
            batch.add_column(sa.Column(f"{side}_step_id", sa.Integer(), nullable=True))
            batch.add_column(sa.Column(f"{side}_number", sa.Integer(), nullable=True))
            batch.create_foreign_key(
                op.f(f"fk_assessment_answer_{side}_step_id"), "checklist_step", [f"{side}_step_id"], ["id"]
            )
            batch.create_check_constraint(op.f(f"ck_assessment_answer_one_{side}_answer"), one_of(side))
            batch.create_check_constraint(
                op.f(f"ck_assessment_answer_{side}_number_not_negative"), f"{side}_number >= 0"
            )
    make_rules(since=True)


def make_tables() -> None:
    kinds = ["committee", "general_branch", "branch", "joint_branch", "alliance", "unorganised"]
    op.create_table(
        "checklist_audience",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checklist_version_id", sa.Integer(), nullable=False),
        sa.Column(
            "branch_kind",
            sa.Enum(*kinds, name="branch_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        *housekeeping(),
        sa.ForeignKeyConstraint(
            ["checklist_version_id"], ["checklist_version.id"], name=op.f("fk_checklist_audience_checklist_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_audience")),
        sa.UniqueConstraint(
            "checklist_version_id", "branch_kind", name=op.f("uq_checklist_audience_checklist_version_id_branch_kind")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_checklist_audience_checklist_version_id"), "checklist_audience", ["checklist_version_id"])
    op.create_table(
        "checklist_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.Integer(), nullable=True),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *housekeeping(),
        sa.CheckConstraint("share BETWEEN 0 AND 10000", name=op.f("ck_checklist_step_share_range")),
        sa.CheckConstraint("starts_at >= 0", name=op.f("ck_checklist_step_starts_at_not_negative")),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_checklist_step_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_step")),
        sa.UniqueConstraint("item_id", "name", name=op.f("uq_checklist_step_item_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_checklist_step_item_id"), "checklist_step", ["item_id"])
    op.create_table(
        "checklist_item_origin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("origin_id", sa.Integer(), nullable=False),
        *housekeeping(),
        sa.CheckConstraint("item_id <> origin_id", name=op.f("ck_checklist_item_origin_not_its_own_origin")),
        sa.ForeignKeyConstraint(["item_id"], ["checklist_item.id"], name=op.f("fk_checklist_item_origin_item_id")),
        sa.ForeignKeyConstraint(["origin_id"], ["checklist_item.id"], name=op.f("fk_checklist_item_origin_origin_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklist_item_origin")),
        sa.UniqueConstraint("item_id", "origin_id", name=op.f("uq_checklist_item_origin_item_id_origin_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_checklist_item_origin_item_id"), "checklist_item_origin", ["item_id"])
    op.create_index(op.f("ix_checklist_item_origin_origin_id"), "checklist_item_origin", ["origin_id"])


def downgrade() -> None:
    drop_rules(since=True)
    # An older release knows neither grades nor numbers, and nothing above a hundred percent.
    with rebuilt("assessment_answer") as batch:
        for side in ("self", "review"):
            batch.drop_constraint(op.f(f"ck_assessment_answer_{side}_number_not_negative"), type_="check")
            batch.drop_constraint(op.f(f"ck_assessment_answer_one_{side}_answer"), type_="check")
            batch.drop_constraint(op.f(f"fk_assessment_answer_{side}_step_id"), type_="foreignkey")
            batch.drop_column(f"{side}_step_id")
            batch.drop_column(f"{side}_number")
        batch.drop_column("note")
    for table in ("checklist_item_origin", "checklist_step", "checklist_audience"):
        op.drop_table(table)
    op.execute("UPDATE assessment SET self_score = 10000 WHERE self_score > 10000")
    op.execute("UPDATE assessment SET review_score = 10000 WHERE review_score > 10000")
    with rebuilt("assessment") as batch:
        for side in ("self", "review"):
            name = op.f(f"ck_assessment_{side}_score_range")
            batch.drop_constraint(name, type_="check")
            batch.create_check_constraint(name, f"{side}_score BETWEEN 0 AND 10000")
        batch.drop_column("vetoed")
    op.execute("UPDATE checklist_item SET points = points / 100, text = substr(text, 1, 200)")
    op.execute("UPDATE checklist_item SET how_checked = substr(how_checked, 1, 200) WHERE how_checked IS NOT NULL")
    with rebuilt("checklist_item") as batch:
        for name in ("deduction_says_how_much", "off_at_most_positive", "off_each_positive", "scoring"):
            batch.drop_constraint(op.f(f"ck_checklist_item_{name}"), type_="check")
        for name in ("off_each", "off_at_most", "counts", "can_be_left_out"):
            batch.drop_column(name)
        batch.alter_column(
            "text", type_=sa.String(length=200), existing_type=sa.String(length=500), existing_nullable=False
        )
        batch.alter_column("how_checked", type_=sa.String(length=200), existing_type=sa.String(length=500))
    op.execute("UPDATE checklist_item SET scoring = 'graded' WHERE scoring NOT IN ('pass_fail', 'graded')")
    with rebuilt("checklist_item") as batch:
        batch.create_check_constraint(op.f("ck_checklist_item_scoring"), among("scoring", SCORINGS[False]))
    with rebuilt("checklist_version") as batch:
        for name in ("bonus_percent_range", "version_status"):
            batch.drop_constraint(op.f(f"ck_checklist_version_{name}"), type_="check")
        batch.drop_constraint(op.f("fk_checklist_version_based_on_id"), type_="foreignkey")
        for name in ("bonus_percent", "scoring_revision", "based_on_id", "published_on"):
            batch.drop_column(name)
    op.execute("UPDATE checklist_version SET status = 'published' WHERE status = 'retired'")
    with rebuilt("checklist_version") as batch:
        batch.create_check_constraint(op.f("ck_checklist_version_version_status"), among("status", STATUSES[False]))
    make_rules(since=False)
