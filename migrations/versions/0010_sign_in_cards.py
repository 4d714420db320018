"""Cards that let a phone in, remembered phones, care mode, and how a branch is reached

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


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


def upgrade() -> None:
    op.add_column("branch", sa.Column("contact_name", sa.String(length=40), nullable=True))
    op.add_column("branch", sa.Column("contact_phone", sa.String(length=20), nullable=True))
    highest = sequence_of("account")
    with rebuild("account") as batch:
        batch.add_column(sa.Column("care_size", sa.Integer(), nullable=True))
        batch.create_check_constraint(op.f("ck_account_care_size_is_offered"), "care_size IN (18, 22, 26, 30)")
    keep_sequence("account", highest)
    op.add_column("sign_in", sa.Column("branch_id", sa.Integer(), nullable=True))
    op.execute("UPDATE sign_in SET branch_id = (SELECT branch_id FROM account WHERE account.id = sign_in.account_id)")
    highest = sequence_of("sign_in")
    with rebuild("sign_in") as batch:
        batch.add_column(sa.Column("device", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("last_used_on", sa.Date(), nullable=True))
        batch.alter_column("branch_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_constraint(op.f("fk_sign_in_account_id"), type_="foreignkey")
        batch.create_foreign_key(
            op.f("fk_sign_in_account_id_branch_id"), "account", ["account_id", "branch_id"], ["id", "branch_id"],
            onupdate="CASCADE", ondelete="RESTRICT",
        )  # fmt: skip
        batch.create_check_constraint(
            op.f("ck_sign_in_phone_with_last_use"), "(device IS NULL) = (last_used_on IS NULL)"
        )
        batch.create_index(op.f("ix_sign_in_branch_id"), ["branch_id"])
    keep_sequence("sign_in", highest)
    op.create_table(
        "sign_in_card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=60), nullable=False),
        sa.Column("remembered_days", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name=op.f("ck_sign_in_card_used_or_revoked")),
        sa.CheckConstraint(
            "remembered_days BETWEEN 1 AND 90", name=op.f("ck_sign_in_card_remembered_for_a_while")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "branch_id"], ["account.id", "account.branch_id"],
            name=op.f("fk_sign_in_card_account_id_branch_id"), onupdate="CASCADE", ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_card")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_sign_in_card_key_hash")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index(op.f("ix_sign_in_card_account_id"), "sign_in_card", ["account_id"])
    op.create_index(op.f("ix_sign_in_card_branch_id"), "sign_in_card", ["branch_id"])


def downgrade() -> None:
    op.drop_table("sign_in_card")
    # An older release would let a phone be idle for half an hour only: it signs in anew.
    op.execute("UPDATE sign_in SET ended_at = updated_at WHERE device IS NOT NULL AND ended_at IS NULL")
    highest = sequence_of("sign_in")
    with rebuild("sign_in") as batch:
        batch.drop_index(op.f("ix_sign_in_branch_id"))
        batch.drop_constraint(op.f("ck_sign_in_phone_with_last_use"), type_="check")
        batch.drop_constraint(op.f("fk_sign_in_account_id_branch_id"), type_="foreignkey")
        batch.create_foreign_key(op.f("fk_sign_in_account_id"), "account", ["account_id"], ["id"])
        for name in ("branch_id", "device", "last_used_on"):
            batch.drop_column(name)
    keep_sequence("sign_in", highest)
    highest = sequence_of("account")
    with rebuild("account") as batch:
        batch.drop_constraint(op.f("ck_account_care_size_is_offered"), type_="check")
        batch.drop_column("care_size")
    keep_sequence("account", highest)
    op.drop_column("branch", "contact_phone")
    op.drop_column("branch", "contact_name")
