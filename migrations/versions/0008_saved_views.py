"""Saved views of lists

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("uq_account_id_branch_id", "account", ["id", "branch_id"], unique=True)
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("asks", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name <> ''", name=op.f("ck_saved_view_has_a_name")),
        sa.ForeignKeyConstraint(
            ["account_id", "branch_id"],
            ["account.id", "account.branch_id"],
            name=op.f("fk_saved_view_account_id_branch_id"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("account_id", "resource", "name", name=op.f("uq_saved_view_account_id_resource_name")),
        sa.UniqueConstraint("key", name=op.f("uq_saved_view_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_saved_view_branch_id_resource", "saved_view", ["branch_id", "resource"])


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_index("uq_account_id_branch_id", "account")
