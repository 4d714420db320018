"""The roles shipped as defaults. In the product they are rows that a security administrator edits."""

from dataclasses import dataclass

from models import Duty
from models.base import BranchScoped, Reference
from policy.actions import all_permissions, models_by_resource

# Making cards for the own people, and forgetting their phones.
_PHONES = {"sign_in_card:read", "sign_in_card:create", "sign_in:read", "sign_in:forget"}

# Whose every role holds this may be let in by a card. Who has strong rights (the three administrators, the city's, those
# who see whole numbers) signs in with a password.
_BY_CARD = {"sign_in_card:enter"}

# What a company's own branch keeps besides, and its adviser reads.
_COMPANY_REGISTERS = {
    "party_class", "joint_activity", "branch_pairing", "unregistered_member", "mass_organisation", "coverage", "venue",
    "venue_room", "venue_equipment", "honour", "regulation", "study_plan", "study_session", "subscription",
    "volunteer_service", "volunteer_team",
}  # fmt: skip


@dataclass(frozen=True)
class DefaultRole:
    """A role as it is first written to the database."""

    code: str
    name: str
    permissions: frozenset[str]
    duty: Duty | None = None
    follows_as: str | None = None


def _all_of(resources: set[str], *actions: str) -> set[str]:
    return {
        p
        for p in all_permissions()
        if p.split(":")[0] in resources and p.split(":")[1] in (actions or (p.split(":")[1],))
    }


def default_roles() -> list[DefaultRole]:
    """City administrator, branch administrator, liaison officer, adviser, company clerk, inspector and the three duties."""
    business = {r for r, model in models_by_resource().items() if issubclass(model, BranchScoped) and r != "trash"}
    reference = {r for r, model in models_by_resource().items() if issubclass(model, Reference)}
    # Notes on health have a permission of their own: not for who sees the whole city, and in no export by default.
    business -= {"health_note"}
    own = business - {"branch", "posting", "work_log"}
    branch_work = (
        _all_of(own, "create", "read", "update", "export", "import") | _all_of(own - {"adviser", "company"}, "delete")
        | _all_of({"branch", "posting", "work_log"}, "read", "export") | {"branch:update", "trash:read"}
        | _all_of({"health_note"}, "create", "read", "update")
    )  # fmt: skip
    company_work = _all_of(
        {"company", "person", "development_step", "key_post", "problem", "monthly_report", "assessment", "rectification",
         "assessment_answer", "assessment_move", "answer_evidence", "attachment", "print_seal", *_COMPANY_REGISTERS},
        "read", "create", "update", "export",
    ) - {"company:create"} | {"attachment:delete", "answer_evidence:delete"}  # fmt: skip
    visiting = (
        _all_of({"visit", "problem", "rectification", "attachment", "party_class", "joint_activity",
                 "unregistered_member"}, "read", "create", "update")
        | _all_of({"assessment", "assessment_answer"}, "read", "update")
        | _all_of({"assessment_answer", "assessment_move", "answer_evidence", "print_seal"}, "read", "create")
        | {"attachment:delete", "answer_evidence:delete", "assessment:review"}
        | _all_of({"company", "posting", "branch", "person", "development_step", "key_post", "monthly_report",
                   *_COMPANY_REGISTERS}, "read")
    )  # fmt: skip
    sending = _all_of({"company", "posting", "branch", "visit", "problem", "assessment", "assessment_answer",
                       "assessment_move", "rectification", "monthly_report", "attachment", "answer_evidence",
                       "party_class", "joint_activity", "coverage",
                       "mass_organisation", "venue"}, "read", "export") | _all_of({"visit"}, "create", "update")  # fmt: skip
    return [
        DefaultRole(
            "city_admin", "市级管理员",
            frozenset(_all_of(business | reference | {"trash"}) | _PHONES | {"account:read", "account:reset"}),
        ),
        DefaultRole(
            "branch_admin", "支部管理员",
            frozenset(branch_work | _PHONES | {"person:unmask", "adviser:unmask", "adviser:renew", "assessment:review",
                                     "assessment:self_assess", "assessment:sign",
                                     "assessment:reopen", "assessment_round:close", "rectification:close", "monthly_report:accept", "monthly_report:submit",
                                     "account:read", "account:reset"}),
            follows_as="sending_branch",
        ),
        DefaultRole(
            "liaison", "支部联络员", frozenset((branch_work - _all_of(own, "delete")) | _BY_CARD | {"attachment:delete", "assessment:self_assess"}),
            follows_as="sending_branch",
        ),
        DefaultRole("adviser", "党建指导员", frozenset(visiting | _BY_CARD | {"assessment:self_assess"})),
        DefaultRole("sending_branch", "派出支部", frozenset(sending | _BY_CARD)),
        DefaultRole(
            "company_clerk", "企业党务专干",
            frozenset(company_work | _all_of({"posting", "visit", "branch"}, "read")
                      | _BY_CARD | {"assessment:self_assess", "monthly_report:submit"}),
        ),
        DefaultRole(
            "inspector", "督查员",
            frozenset(
                _all_of(business, "read", "export") | {"rectification:create", "rectification:update"}
                # The second score is the adviser's or the inspector's.
                | {"assessment:update", "assessment:review", "rectification:close"}
                | _all_of({"assessment_answer"}, "create", "update")
                | _all_of({"assessment_move", "print_seal", "attachment", "answer_evidence"}, "create")
            ),
        ),
        DefaultRole(
            "system_admin", "系统管理员",
            frozenset(_all_of({"account"}, "read", "create", "update", "reset", "export") | {"branch:read"}
                      | {"sign_in:read", "sign_in:forget"}
                      | _all_of({"setting"}, "update", "create")),
            duty=Duty.SYSTEM,
        ),
        DefaultRole(
            "security_admin", "安全管理员",
            frozenset(_all_of({"grant", "role", "role_permission"}) | {"account:read", "branch:read"}),
            duty=Duty.SECURITY,
        ),
        DefaultRole("auditor", "审计员", frozenset({"audit_entry:read", "audit_entry:export", "audit_seal:read", "audit_seal:create", "branch:read"}), duty=Duty.AUDIT),
    ]  # fmt: skip
