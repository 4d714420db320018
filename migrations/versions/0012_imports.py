"""Sheets that are imported, and how a branch's heads are read

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

RIGHTS = ("read", "create", "update", "delete")


def upgrade() -> None:
    op.create_table(
        "import_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "uploaded",
                "checked",
                "applied",
                "undone",
                name="import_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("contents", sa.LargeBinary(), nullable=False),
        sa.Column("choices", sa.LargeBinary(), nullable=False),
        sa.Column("preview", sa.LargeBinary(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("done", sa.LargeBinary(), nullable=True),
        sa.Column("new_rows", sa.Integer(), nullable=False),
        sa.Column("changed_rows", sa.Integer(), nullable=False),
        sa.Column("unchanged_rows", sa.Integer(), nullable=False),
        sa.Column("wrong_rows", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status NOT IN ('applied', 'undone') OR applied_at IS NOT NULL",
            name=op.f("ck_import_batch_applied_at_a_time"),
        ),
        sa.CheckConstraint(
            "(status = 'undone') = (undone_at IS NOT NULL)", name=op.f("ck_import_batch_undone_at_a_time")
        ),
        sa.CheckConstraint(
            "status <> 'applied' OR wrong_rows = 0", name=op.f("ck_import_batch_applied_without_wrong_rows")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_import_batch_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_import_batch_account_id"), "import_batch", ["account_id"])
    op.create_table(
        "import_mapping",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("branch_id", sa.Integer(), nullable=False),
        sa.Column("resource", sa.String(length=40), nullable=False),
        sa.Column("head", sa.String(length=80), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["branch_id"], ["branch.id"], name=op.f("fk_import_mapping_branch_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("branch_id", "resource", "head", name=op.f("uq_import_mapping_branch_id_resource_head")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_import_mapping_branch_id_id"), "import_mapping", ["branch_id", "id"])
    _give_to_who_imports()


def _give_to_who_imports() -> None:
    """Whoever may import may keep how the heads of his branch's sheets are read."""
    permission = sa.table(
        "role_permission",
        *(sa.column(name) for name in ("role_id", "permission", "version", "created_at", "updated_at")),
    )
    connection = op.get_bind()
    roles = connection.scalars(
        sa.select(permission.c.role_id).where(permission.c.permission.like("%:import")).distinct()
    ).all()
    now = sa.func.current_timestamp()
    for role in roles:
        for right in RIGHTS:
            connection.execute(
                permission.insert().values(
                    role_id=role, permission=f"import_mapping:{right}", version=1, created_at=now, updated_at=now
                )
            )


def downgrade() -> None:
    op.execute("DELETE FROM role_permission WHERE permission LIKE 'import_mapping:%'")
    op.drop_table("import_mapping")
    op.drop_table("import_batch")
