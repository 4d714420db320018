"""What is recorded. Importing this package maps every model."""

from models.account import Account, Duty, Grant, Role, RolePermission, SignIn, SignInLock
from models.adviser import Adviser, AdviserStatus, Appointment
from models.assessment import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentStatus,
    Attachment,
    Rectification,
    RectificationStatus,
    Result,
)
from models.audit import AuditEntry, AuditSeal, Trash
from models.branch import Branch, BranchKind
from models.checklist import (
    ChecklistGroup,
    ChecklistItem,
    ChecklistTemplate,
    ChecklistVersion,
    Scoring,
    VersionStatus,
)
from models.company import Company, CompanyStatus
from models.database import Base, GuardedSession, db
from models.monthly_report import MonthlyReport, ReportStatus
from models.person import DevelopmentStep, KeyPost, Person, Stage
from models.posting import Posting, Problem, ProblemStatus, Visit, WorkLog
from models.reference import Code, Holiday, Setting

# Keys are never reused: an audit entry or a link must not come to mean another row.
for _table in Base.metadata.tables.values():
    _table.dialect_options["sqlite"]["autoincrement"] = True

__all__ = [
    "Account", "Adviser", "AdviserStatus", "Answer", "Appointment", "Assessment", "AssessmentAnswer",
    "AssessmentStatus", "Attachment", "AuditEntry", "AuditSeal", "Base", "Branch", "BranchKind", "ChecklistGroup", "ChecklistItem",
    "ChecklistTemplate", "ChecklistVersion", "Code", "Company", "CompanyStatus", "DevelopmentStep", "Duty", "Grant",
    "GuardedSession", "Holiday", "KeyPost", "MonthlyReport", "Person", "Posting", "Problem", "ProblemStatus",
    "Rectification", "RectificationStatus", "ReportStatus", "Result", "Role", "RolePermission", "Scoring", "Setting",
    "SignIn", "SignInLock", "Stage", "Trash", "VersionStatus", "Visit", "WorkLog", "db",
]  # fmt: skip
