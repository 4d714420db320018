"""党员队伍: people, their development and their key posts; the tree of Party organisations."""

from admin.screen import Screen
from models import Branch, DevelopmentStep, KeyPost, Person
from services.reports.programme import figures_of


class PersonScreen(Screen):
    model, area, order = Person, "党员队伍", "name"
    columns = ["name", "branch.name", "company.short_name", "sex", "stage", "education", "phone"]
    search = ["name", "company.short_name"]
    filters = ["stage", "sex", "education", "branch", "company"]
    form_groups = {
        "人员": ["name", "sex", "ethnic_group", "education", "born_on", "id_number", "phone"],
        "组织": ["branch", "company", "note"],
    }
    figures = figures_of("person")


class DevelopmentStepScreen(Screen):
    model, area, order = DevelopmentStep, "党员队伍", "-entered_on"
    columns = ["entered_on", "person.name", "stage", "branch.name", "note"]
    search = ["person.name", "note"]
    filters = ["stage", "entered_on", "branch", "person"]
    form_groups = {"发展经历": ["person", "stage", "entered_on", "note"]}


class KeyPostScreen(Screen):
    model, area, order = KeyPost, "党员队伍", "-since"
    columns = ["post", "person.name", "branch.name", "since", "until"]
    search = ["post", "person.name"]
    filters = ["since", "until", "branch", "person"]
    form_groups = {"关键岗位": ["person", "post", "since", "until", "note"]}


class BranchScreen(Screen):
    model, area, order = Branch, "党员队伍", "name"
    columns = ["name", "kind", "parent.name", "founded_on"]
    search = ["name"]
    filters = ["kind", "parent"]
    form_groups = {"党组织": ["name", "kind", "parent", "founded_on", "note"]}


SCREENS = [PersonScreen, DevelopmentStepScreen, KeyPostScreen, BranchScreen]
