"""Rounds, signing off, what was decided and why, photos that prove an item, branches that are assessed, seals of prints

Revision: 0014, after 0013
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SIGNED = "a signed assessment stays as it is"
OF_ANSWER = "SELECT 1 FROM assessment a WHERE a.id = {row}.assessment_id AND a.status = 'signed'"
OF_EVIDENCE = (
    "SELECT 1 FROM assessment_answer w JOIN assessment a ON a.id = w.assessment_id "
    "WHERE w.id = {row}.answer_id AND a.status = 'signed'"
)
KEPT_BY_AN_ASSESSMENT = (
    "company_id", "assessed_on", "self_score", "review_score", "vetoed", "result", "signed_on", "signed_by",
)  # fmt: skip
KEPT_BY_AN_ANSWER = (
    "assessment_id", "item_id", "self_answer", "self_step_id", "self_number", "review_answer", "review_step_id",
    "review_number", "note", "reason", "self_by", "self_for", "review_by",
)  # fmt: skip
TIED = "an assessment stays with its checklist version"
STATUSES = {False: ["draft", "submitted", "reviewed"], True: ["draft", "submitted", "reviewed", "signed"]}
ROUND_STATUSES = ["open", "closed"]
KINDS = ["file", "photo", "signed_page"]
MOVES = ["submitted", "returned", "reviewed", "signed", "reopened", "corrected"]
OF_BRANCH = {"sqlite_where": sa.text("company_id IS NULL"), "postgresql_where": sa.text("company_id IS NULL")}
SHOWN = ["name", "due_on", "status"]


def rules() -> list[tuple[str, str, str, str]]:
    """Table, event, condition and message of each rule."""

    def differ(names: tuple[str, ...]) -> str:
        return "(" + " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in names) + ")"

    def of(query: str, row: str) -> str:
        return f"EXISTS ({query.format(row=row)})"

    return [
        (
            "assessment", "UPDATE",
            f"OLD.status = 'signed' AND NEW.status = 'signed' AND {differ(KEPT_BY_AN_ASSESSMENT)}", SIGNED,
        ),
        ("assessment", "DELETE", "OLD.status = 'signed'", SIGNED),
        ("assessment_answer", "INSERT", of(OF_ANSWER, "NEW"), SIGNED),
        ("assessment_answer", "UPDATE", f"{differ(KEPT_BY_AN_ANSWER)} AND {of(OF_ANSWER, 'OLD')}", SIGNED),
        ("assessment_answer", "DELETE", of(OF_ANSWER, "OLD"), SIGNED),
        ("answer_evidence", "INSERT", of(OF_EVIDENCE, "NEW"), SIGNED),
        ("answer_evidence", "DELETE", of(OF_EVIDENCE, "OLD"), SIGNED),
    ]  # fmt: skip


def make_rule(name: str, table: str, event: str, condition: str, message: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    row = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} THEN "
        f"RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END IF; RETURN {row}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def drop_rule(name: str, table: str) -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER {name}" if sqlite else f"DROP TRIGGER {name} ON {table}")
    if not sqlite:
        op.execute(f"DROP FUNCTION {name}()")


@contextmanager
def without_tie() -> Iterator[None]:
    """SQLite makes the table anew, and what watches over the old one goes with it."""
    drop_rule("assessment_frozen_update", "assessment")
    yield
    make_rule(
        "assessment_frozen_update", "assessment", "UPDATE", "OLD.checklist_version_id <> NEW.checklist_version_id", TIED
    )


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


def among(column: str, values: list[str]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def word(name: str, values: list[str]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def bare_word() -> sa.String:
    """The type of a column of words whose check stands apart: a rebuilt table takes it by name."""
    return sa.String(length=32)


def housekeeping() -> list[sa.Column[object]]:
    return [
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]


def owned(table: str, owner: str, column: str | None = None, required: bool = True) -> sa.ForeignKeyConstraint:
    column = column or f"{owner}_id"
    late = {} if required else {"deferrable": True, "initially": "DEFERRED"}
    return sa.ForeignKeyConstraint(
        [column, "branch_id"], [f"{owner}.id", f"{owner}.branch_id"],
        name=op.f(f"fk_{table}_{column}_branch_id"), onupdate="CASCADE", ondelete="RESTRICT", **late,
    )  # fmt: skip


def scoped(table: str) -> list[sa.Column[object] | sa.Constraint]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f(f"fk_{table}_branch_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def exactly_one(table: str, columns: list[str]) -> sa.CheckConstraint:
    given = " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in columns)
    return sa.CheckConstraint(f"{given} = 1", name=op.f(f"ck_{table}_one_owner"))


def upgrade() -> None:
    make_rounds()
    with without_tie(), rebuilt("assessment") as batch:
        batch.alter_column("company_id", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("round_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("round_name", sa.String(length=60), nullable=True))
        batch.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("round_status", bare_word(), nullable=True))
        batch.add_column(sa.Column("signed_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("signed_by", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("corrected", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.create_foreign_key(
            "fk_assessment_round_shown", "assessment_round", ["round_id", "round_name", "due_on", "round_status"],
            ["id", *SHOWN], onupdate="CASCADE", ondelete="RESTRICT",
        )  # fmt: skip
        batch.drop_constraint(op.f("ck_assessment_assessment_status"), type_="check")
        batch.create_check_constraint(op.f("ck_assessment_assessment_status"), among("status", STATUSES[True]))
        batch.create_check_constraint(op.f("ck_assessment_round_status"), among("round_status", ROUND_STATUSES))
        batch.create_check_constraint(
            op.f("ck_assessment_signed_with_date"), "(status = 'signed') = (signed_on IS NOT NULL)"
        )
        batch.create_check_constraint(
            op.f("ck_assessment_round_shown"),
            "(round_id IS NULL) = (round_name IS NULL) AND (round_id IS NULL) = (due_on IS NULL) "
            "AND (round_id IS NULL) = (round_status IS NULL)",
        )
    index("assessment", "branch_id", "due_on", "id")
    index("assessment", "due_on", "id")
    index("assessment", "round_id")
    unique = {"table_name": "assessment", "unique": True}
    op.create_index(
        "uq_assessment_of_branch", columns=["branch_id", "checklist_version_id", "assessed_on"], **unique, **OF_BRANCH
    )
    op.create_index("uq_assessment_in_round_company", columns=["round_id", "company_id"], **unique)
    op.create_index("uq_assessment_in_round_branch", columns=["round_id", "branch_id"], **unique, **OF_BRANCH)
    with rebuilt("assessment_answer") as batch:
        for name in ("self_by", "self_for", "review_by"):
            batch.add_column(sa.Column(name, sa.String(length=40), nullable=True))
        batch.create_unique_constraint(op.f("uq_assessment_answer_id_branch_id"), ["id", "branch_id"])
    with rebuilt("rectification") as batch:
        batch.alter_column("company_id", existing_type=sa.Integer(), nullable=True)
        batch.add_column(sa.Column("return_reason", sa.String(length=200), nullable=True))
    with rebuilt("attachment") as batch:
        batch.add_column(sa.Column("assessment_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("kind", bare_word(), server_default="file", nullable=False))
        batch.add_column(sa.Column("upload_key", sa.String(length=36), nullable=True))
        batch.create_check_constraint(op.f("ck_attachment_attachment_kind"), among("kind", KINDS))
        batch.create_unique_constraint(op.f("uq_attachment_id_branch_id"), ["id", "branch_id"])
        batch.create_unique_constraint(op.f("uq_attachment_upload_key"), ["upload_key"])
        batch.create_foreign_key(
            op.f("fk_attachment_assessment_id_branch_id"), "assessment", ["assessment_id", "branch_id"],
            ["id", "branch_id"], onupdate="CASCADE", ondelete="RESTRICT", deferrable=True, initially="DEFERRED",
        )  # fmt: skip
        batch.drop_constraint(op.f("ck_attachment_one_owner"), type_="check")
        one_owner = exactly_one("attachment", ["assessment_id", "rectification_id", "regulation_id"])
        batch.create_check_constraint(one_owner.name, str(one_owner.sqltext))
    index("attachment", "assessment_id")
    index("attachment", "branch_id", "sha256")
    make_tables_of_an_assessment()
    for table, event, condition, message in rules():
        make_rule(f"{table}_signed_{event.lower()}", table, event, condition, message)


def make_rounds() -> None:
    op.create_table(
        "assessment_round",
        *scoped("assessment_round"),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("checklist_version_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("status", word("round_status", ROUND_STATUSES), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        *housekeeping(),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_on IS NOT NULL)", name=op.f("ck_assessment_round_closed_with_date")
        ),
        sa.ForeignKeyConstraint(
            ["checklist_version_id"], ["checklist_version.id"], name=op.f("fk_assessment_round_checklist_version_id")
        ),
        sa.UniqueConstraint("branch_id", "name", name=op.f("uq_assessment_round_branch_id_name")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_assessment_round_id_branch_id")),
        sqlite_autoincrement=True,
    )
    for column in ("closed_on", "due_on", "name"):
        index("assessment_round", "branch_id", column, "id")
        index("assessment_round", column, "id")
    index("assessment_round", "branch_id", "id")
    index("assessment_round", "checklist_version_id")
    op.create_index("uq_assessment_round_shown", "assessment_round", ["id", *SHOWN], unique=True)


def make_tables_of_an_assessment() -> None:
    op.create_table(
        "assessment_move",
        *scoped("assessment_move"),
        sa.Column("assessment_id", sa.Integer(), nullable=False),
        sa.Column("kind", word("move_kind", MOVES), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        *housekeeping(),
        sa.CheckConstraint(
            "kind NOT IN ('returned', 'reopened', 'corrected') OR reason IS NOT NULL",
            name=op.f("ck_assessment_move_with_reason"),
        ),
        owned("assessment_move", "assessment"),
        sqlite_autoincrement=True,
    )
    index("assessment_move", "assessment_id")
    index("assessment_move", "branch_id", "id")
    owners = ["assessment", "rectification", "assessment_round"]
    op.create_table(
        "print_seal",
        *scoped("print_seal"),
        *(sa.Column(f"{owner}_id", sa.Integer(), nullable=True) for owner in owners),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_by", sa.String(length=40), nullable=False),
        *housekeeping(),
        *(owned("print_seal", owner, required=False) for owner in owners),
        exactly_one("print_seal", [f"{owner}_id" for owner in owners]),
        sa.UniqueConstraint("key", name=op.f("uq_print_seal_key")),
        sqlite_autoincrement=True,
    )
    for owner in owners:
        index("print_seal", f"{owner}_id")
    index("print_seal", "branch_id", "id")
    op.create_table(
        "answer_evidence",
        *scoped("answer_evidence"),
        sa.Column("answer_id", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        *housekeeping(),
        owned("answer_evidence", "assessment_answer", "answer_id"),
        owned("answer_evidence", "attachment", required=False),
        sa.UniqueConstraint("answer_id", "attachment_id", name=op.f("uq_answer_evidence_answer_id_attachment_id")),
        sqlite_autoincrement=True,
    )
    index("answer_evidence", "answer_id")
    index("answer_evidence", "attachment_id")
    index("answer_evidence", "branch_id", "id")


def downgrade() -> None:
    for table, event, _condition, _message in rules():
        drop_rule(f"{table}_signed_{event.lower()}", table)
    # An older release knows no assessed branches, no files of assessments and no seals; what was signed was reviewed.
    for table in ("print_seal", "answer_evidence", "assessment_move"):
        op.drop_table(table)
    op.execute("DELETE FROM attachment WHERE assessment_id IS NOT NULL")
    of_branches = "SELECT id FROM assessment WHERE company_id IS NULL"
    op.execute(
        "DELETE FROM attachment WHERE rectification_id IN (SELECT id FROM rectification WHERE company_id IS NULL)"
    )
    op.execute("DELETE FROM rectification WHERE company_id IS NULL")
    op.execute(f"DELETE FROM assessment_answer WHERE assessment_id IN ({of_branches})")
    op.execute("DELETE FROM assessment WHERE company_id IS NULL")
    for name in ("ix_attachment_assessment_id", "ix_attachment_branch_id_sha256"):
        op.drop_index(op.f(name), "attachment")
    with rebuilt("attachment") as batch:
        batch.drop_constraint(op.f("ck_attachment_one_owner"), type_="check")
        batch.create_check_constraint(
            op.f("ck_attachment_one_owner"), "(rectification_id IS NULL) <> (regulation_id IS NULL)"
        )
        batch.drop_constraint(op.f("fk_attachment_assessment_id_branch_id"), type_="foreignkey")
        batch.drop_constraint(op.f("uq_attachment_upload_key"), type_="unique")
        batch.drop_constraint(op.f("uq_attachment_id_branch_id"), type_="unique")
        batch.drop_constraint(op.f("ck_attachment_attachment_kind"), type_="check")
        for name in ("assessment_id", "kind", "upload_key"):
            batch.drop_column(name)
    with rebuilt("rectification") as batch:
        batch.drop_column("return_reason")
        batch.alter_column("company_id", existing_type=sa.Integer(), nullable=False)
    with rebuilt("assessment_answer") as batch:
        batch.drop_constraint(op.f("uq_assessment_answer_id_branch_id"), type_="unique")
        for name in ("self_by", "self_for", "review_by"):
            batch.drop_column(name)
    for name in ("uq_assessment_of_branch", "uq_assessment_in_round_company", "uq_assessment_in_round_branch"):
        op.drop_index(name, "assessment")
    for name in ("branch_id_due_on_id", "due_on_id", "round_id"):
        op.drop_index(op.f(f"ix_assessment_{name}"), "assessment")
    with without_tie(), rebuilt("assessment") as batch:
        for name in ("signed_with_date", "round_shown", "round_status", "assessment_status"):
            batch.drop_constraint(op.f(f"ck_assessment_{name}"), type_="check")
        batch.drop_constraint("fk_assessment_round_shown", type_="foreignkey")
        for name in ("round_id", "round_name", "due_on", "round_status", "signed_on", "signed_by", "corrected"):
            batch.drop_column(name)
        batch.alter_column("company_id", existing_type=sa.Integer(), nullable=False)
    op.execute("UPDATE assessment SET status = 'reviewed' WHERE status = 'signed'")
    with without_tie(), rebuilt("assessment") as batch:
        batch.create_check_constraint(op.f("ck_assessment_assessment_status"), among("status", STATUSES[False]))
    op.drop_table("assessment_round")
