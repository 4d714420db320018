"""Pages that aren't the screen of one record: the home page, the desk for reports, the assessment form, files."""

from typing import Any

from admin.identity import IdentityPage
from admin.pages.access import AccessPage
from admin.pages.answering import AnsweringPage
from admin.pages.assessment import AssessmentPage
from admin.pages.attachments import FilePage
from admin.pages.audit_seals import AuditSealPage
from admin.pages.checklists import ChecklistPage
from admin.pages.disagreements import DisagreementsPage
from admin.pages.doubles import DoublesPage
from admin.pages.evidence import EvidencePage
from admin.pages.guide import GuidePage
from admin.pages.imports import ImportPage
from admin.pages.jobs import JobsPage
from admin.pages.matrix import MatrixPage
from admin.pages.mending import MendingPage
from admin.pages.monthly_reports import ReportDesk
from admin.pages.palette import SearchPage
from admin.pages.prints import PrintedCodePage, PrintPage, SignedPagePage
from admin.pages.role_permissions import RolePermissionsPage
from admin.pages.rounds import RoundPage
from admin.pages.saved_views import SavedViewsPage

PAGES: list[Any] = [
    ReportDesk, MatrixPage, RoundPage, AssessmentPage, AnsweringPage, EvidencePage, MendingPage, DisagreementsPage,
    ChecklistPage, FilePage, PrintPage, PrintedCodePage, SignedPagePage, DoublesPage, RolePermissionsPage, AuditSealPage,
    SearchPage, IdentityPage, GuidePage, SavedViewsPage, AccessPage, JobsPage, ImportPage,
]  # fmt: skip
