"""活动与学习: Party classes, pairings and joint activities, volunteer service, study, subscriptions."""

from admin.screen import Screen
from models import (
    BranchPairing,
    JointActivity,
    PartyClass,
    StudyPlan,
    StudySession,
    Subscription,
    VolunteerService,
    VolunteerTeam,
)
from services.reports.programme import figures_of


class PartyClassScreen(Screen):
    model, area, order = PartyClass, "活动与学习", "-held_on"
    columns = ["topic", "held_on", "speaker", "branch.name", "company.short_name", "attendance"]
    search = ["topic", "speaker", "company.short_name"]
    filters = ["held_on", "branch", "company"]
    form_groups = {"党课": ["branch", "company", "held_on", "topic", "speaker", "attendance", "summary"]}
    figures = figures_of("party_class")


class JointActivityScreen(Screen):
    model, area, order = JointActivity, "活动与学习", "-held_on"
    columns = ["theme", "held_on", "branch.name", "branch_pairing.partner_name", "together_with", "attendance"]
    search = ["theme", "together_with", "branch_pairing.partner_name"]
    filters = ["held_on", "branch", "branch_pairing"]
    form_groups = {
        "共建活动": ["branch", "branch_pairing", "together_with", "held_on", "theme", "place", "attendance", "summary"]
    }


class BranchPairingScreen(Screen):
    model, area, order = BranchPairing, "活动与学习", "-started_on"
    columns = ["partner_name", "branch.name", "started_on", "ended_on"]
    search = ["partner_name", "branch.name"]
    filters = ["branch", "partner", "started_on"]
    form_groups = {"结对": ["branch", "partner", "started_on", "ended_on", "agreement"]}


class VolunteerServiceScreen(Screen):
    model, area, order = VolunteerService, "活动与学习", "-held_on"
    columns = ["subject", "kind", "held_on", "branch.name", "volunteer_team.name", "volunteers", "served"]
    search = ["subject", "volunteer_team.name"]
    filters = ["kind", "held_on", "branch", "volunteer_team"]
    form_groups = {
        "志愿服务": ["branch", "volunteer_team", "kind", "held_on", "subject", "volunteers", "served", "summary"]
    }


class VolunteerTeamScreen(Screen):
    model, area, order = VolunteerTeam, "活动与学习", "name"
    columns = ["name", "branch.name", "leader", "members", "founded_on"]
    search = ["name", "leader"]
    filters = ["branch"]
    form_groups = {"志愿服务队": ["branch", "name", "leader", "members", "founded_on"]}


class StudyPlanScreen(Screen):
    model, area, order = StudyPlan, "活动与学习", "-year"
    columns = ["name", "year", "branch.name", "planned"]
    search = ["name"]
    filters = ["year", "branch"]
    form_groups = {"学习计划": ["branch", "year", "name", "planned", "text"]}


class StudySessionScreen(Screen):
    model, area, order = StudySession, "活动与学习", "-held_on"
    columns = ["topic", "held_on", "study_plan.name", "branch.name", "attendance"]
    search = ["topic", "study_plan.name"]
    filters = ["held_on", "study_plan", "branch"]
    form_groups = {"集中学习": ["study_plan", "held_on", "topic", "attendance", "summary"]}


class SubscriptionScreen(Screen):
    model, area, order = Subscription, "活动与学习", "-year"
    columns = ["name", "year", "branch.name", "copies"]
    search = ["name"]
    filters = ["year", "branch"]
    form_groups = {"报刊订阅": ["branch", "year", "name", "copies"]}


SCREENS = [
    PartyClassScreen, JointActivityScreen, BranchPairingScreen, VolunteerServiceScreen, VolunteerTeamScreen,
    StudyPlanScreen, StudySessionScreen, SubscriptionScreen,
]  # fmt: skip
