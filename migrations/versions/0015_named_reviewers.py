"""Who gives the second score of an assessment; a photo is found by what it shows in the whole city, too

Revision: 0015, after 0014
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SIGNED = "a signed assessment stays as it is"
TIED = "an assessment stays with its checklist version"
KEPT = ("company_id", "assessed_on", "self_score", "review_score", "vetoed", "result", "signed_on", "signed_by")
NAMED = ("reviewer_id", "reviewer_name")
OF_ANSWER = "EXISTS (SELECT 1 FROM assessment a WHERE a.id = {row}.assessment_id AND a.status = 'signed')"
OF_EVIDENCE = (
    "EXISTS (SELECT 1 FROM assessment_answer w JOIN assessment a ON a.id = w.assessment_id "
    "WHERE w.id = {row}.answer_id AND a.status = 'signed')"
)
KEPT_BY_AN_ANSWER = (
    "assessment_id", "item_id", "self_answer", "self_step_id", "self_number", "review_answer", "review_step_id",
    "review_number", "note", "reason", "self_by", "self_for", "review_by",
)  # fmt: skip
KEPT_WHOLE = "assessment_signed_update"


def differ(names: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in names) + ")"


def kept_whole(names: tuple[str, ...]) -> tuple[str, str, str, str, str]:
    return (
        KEPT_WHOLE, "assessment", "UPDATE", f"OLD.status = 'signed' AND NEW.status = 'signed' AND {differ(names)}", SIGNED
    )  # fmt: skip


def others() -> list[tuple[str, str, str, str, str]]:
    """Name, table, event, condition and message of the other rules that speak of an assessment."""
    changed = f"{differ(KEPT_BY_AN_ANSWER)} AND {OF_ANSWER.format(row='OLD')}"
    return [
        ("assessment_frozen_update", "assessment", "UPDATE", "OLD.checklist_version_id <> NEW.checklist_version_id", TIED),
        ("assessment_signed_delete", "assessment", "DELETE", "OLD.status = 'signed'", SIGNED),
        ("assessment_answer_signed_insert", "assessment_answer", "INSERT", OF_ANSWER.format(row="NEW"), SIGNED),
        ("assessment_answer_signed_update", "assessment_answer", "UPDATE", changed, SIGNED),
        ("assessment_answer_signed_delete", "assessment_answer", "DELETE", OF_ANSWER.format(row="OLD"), SIGNED),
        ("answer_evidence_signed_insert", "answer_evidence", "INSERT", OF_EVIDENCE.format(row="NEW"), SIGNED),
        ("answer_evidence_signed_delete", "answer_evidence", "DELETE", OF_EVIDENCE.format(row="OLD"), SIGNED),
    ]  # fmt: skip


def on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def make_rule(name: str, table: str, event: str, condition: str, message: str) -> None:
    if on_sqlite():
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
    op.execute(f"DROP TRIGGER {name}" if on_sqlite() else f"DROP TRIGGER {name} ON {table}")
    if not on_sqlite():
        op.execute(f"DROP FUNCTION {name}()")


@contextmanager
def rebuilt() -> Iterator["op.BatchOperations"]:
    """SQLite makes the table anew: no rule may speak of it meanwhile, and its keys are never reused all the same."""
    for name, table, *_rest in others() if on_sqlite() else []:
        drop_rule(name, table)
    find = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'assessment'")
    highest = op.get_bind().scalar(find) if on_sqlite() else None
    with op.batch_alter_table("assessment", table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if highest is not None:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'assessment'")
        keep = sa.text("INSERT INTO sqlite_sequence VALUES ('assessment', :seq)")
        op.execute(keep.bindparams(seq=highest))
    for rule in others() if on_sqlite() else []:
        make_rule(*rule)


def upgrade() -> None:
    drop_rule(KEPT_WHOLE, "assessment")
    with rebuilt() as batch:
        batch.add_column(sa.Column("reviewer_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("reviewer_name", sa.String(length=40), nullable=True))
        batch.create_foreign_key(op.f("fk_assessment_reviewer_id"), "account", ["reviewer_id"], ["id"])
        batch.create_check_constraint(
            op.f("ck_assessment_reviewer_shown"), "(reviewer_id IS NULL) = (reviewer_name IS NULL)"
        )
    op.create_index(op.f("ix_assessment_reviewer_id"), "assessment", ["reviewer_id"])
    op.drop_index(op.f("ix_attachment_branch_id_sha256"), "attachment")
    op.create_index(op.f("ix_attachment_sha256_branch_id"), "attachment", ["sha256", "branch_id"])
    make_rule(*kept_whole(KEPT + NAMED))


def downgrade() -> None:
    drop_rule(KEPT_WHOLE, "assessment")
    op.drop_index(op.f("ix_attachment_sha256_branch_id"), "attachment")
    op.create_index(op.f("ix_attachment_branch_id_sha256"), "attachment", ["branch_id", "sha256"])
    op.drop_index(op.f("ix_assessment_reviewer_id"), "assessment")
    with rebuilt() as batch:
        batch.drop_constraint(op.f("ck_assessment_reviewer_shown"), type_="check")
        batch.drop_constraint(op.f("fk_assessment_reviewer_id"), type_="foreignkey")
        for name in NAMED:
            batch.drop_column(name)
    make_rule(*kept_whole(KEPT))
