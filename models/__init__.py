"""What is recorded. Importing this package maps every model."""

from models.account import Account, Duty, Grant, Role, RolePermission, SignIn, SignInCard, SignInLock
from models.activity import BranchPairing, JointActivity, PartyClass, VolunteerService, VolunteerTeam
from models.adviser import Adviser, AdviserStatus, Appointment
from models.assessment import (
    Answer,
    Assessment,
    AssessmentAnswer,
    AssessmentMove,
    AssessmentRound,
    AssessmentStatus,
    MoveKind,
    Result,
    RoundStatus,
)
from models.attachment import AnswerEvidence, Attachment, AttachmentKind
from models.audit import AuditEntry, AuditSeal, Trash
from models.branch import Branch, BranchKind
from models.care import CampaignStatus, CareCampaign, CareVisit, HealthNote, OneToOnePairing, PairingContact
from models.checklist import (
    ChecklistAudience,
    ChecklistGroup,
    ChecklistItem,
    ChecklistItemOrigin,
    ChecklistStep,
    ChecklistTemplate,
    ChecklistVersion,
    Scoring,
    VersionStatus,
)
from models.company import Company, CompanyStatus
from models.contribution import Honour, MemberWork, Regulation, Suggestion, SuggestionKind
from models.coverage import (
    Coverage,
    CoverageKind,
    MassOrganisation,
    MassOrganisationKind,
    RegistrationStatus,
    UnregisteredMember,
)
from models.database import Base, GuardedSession, db
from models.draft import Draft
from models.import_batch import ImportBatch, ImportMapping, ImportStatus
from models.job import ExportFile, Job, JobStatus
from models.liaison_officer import LiaisonOfficer
from models.monthly_report import MonthlyReport, ReportStatus
from models.person import DevelopmentStep, KeyPost, Person, Stage
from models.posting import Posting, Problem, ProblemStatus, Visit, WorkLog
from models.print_seal import PrintSeal
from models.rectification import Rectification, RectificationStatus
from models.reference import Code, Holiday, Setting
from models.saved_view import SavedView
from models.study import StudyPlan, StudySession, Subscription
from models.venue import Venue, VenueEquipment, VenueRoom

# Keys are never reused: an audit entry or a link must not come to mean another row.
for _table in Base.metadata.tables.values():
    _table.dialect_options["sqlite"]["autoincrement"] = True

__all__ = [
    "Account", "Adviser", "AdviserStatus", "Answer", "AnswerEvidence", "Appointment", "Assessment",
    "AssessmentAnswer", "AssessmentMove", "AssessmentRound", "AssessmentStatus", "Attachment", "AttachmentKind",
    "AuditEntry", "AuditSeal", "Base", "Branch", "BranchKind", "BranchPairing", "CampaignStatus", "CareCampaign",
    "CareVisit", "ChecklistAudience", "ChecklistGroup", "ChecklistItem", "ChecklistItemOrigin", "ChecklistStep",
    "ChecklistTemplate", "ChecklistVersion", "Code", "Company", "CompanyStatus", "Coverage", "CoverageKind",
    "DevelopmentStep", "Draft", "Duty", "ExportFile", "Grant", "GuardedSession", "HealthNote", "Holiday", "Honour",
    "ImportBatch", "ImportMapping", "ImportStatus", "Job", "JobStatus", "JointActivity", "KeyPost", "LiaisonOfficer",
    "MassOrganisation", "MassOrganisationKind", "MemberWork", "MonthlyReport", "MoveKind", "OneToOnePairing",
    "PairingContact", "PartyClass", "Person", "Posting", "PrintSeal", "Problem", "ProblemStatus", "Rectification",
    "RectificationStatus", "RegistrationStatus", "Regulation", "ReportStatus", "Result", "Role", "RolePermission",
    "RoundStatus", "SavedView", "Scoring", "Setting", "SignIn", "SignInCard", "SignInLock", "Stage", "StudyPlan",
    "StudySession", "Subscription", "Suggestion", "SuggestionKind", "Trash", "UnregisteredMember", "Venue",
    "VenueEquipment", "VenueRoom", "VersionStatus", "Visit", "VolunteerService", "VolunteerTeam", "WorkLog", "db",
]  # fmt: skip
