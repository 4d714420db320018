"""The assessments made against one version are read in the order of their days

Revision: 0007, after 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = "ix_assessment_checklist_version_id_assessed_on_id"


def upgrade() -> None:
    op.create_index(NAME, "assessment", ["checklist_version_id", "assessed_on", "id"])


def downgrade() -> None:
    op.drop_index(NAME, "assessment")
