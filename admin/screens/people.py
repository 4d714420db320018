"""党员队伍: people, their development and their key posts; the tree of Party organisations."""

from typing import Any

from admin.pages.matrix import history_links
from admin.screen import Screen
from admin.steps import Step
from models import Branch, DevelopmentStep, KeyPost, Person, UnregisteredMember
from services import unregistered_members as members
from services.reports.programme import figures_of


class PersonScreen(Screen):
    model, area, order = Person, "党员队伍", "name"
    columns = ["name", "branch.name", "company.short_name", "sex", "stage", "education", "phone"]
    search = ["name", "company.short_name"]
    filters = ["stage", "former_rank", "sex", "education", "branch", "company"]
    form_groups = {
        "人员": ["name", "sex", "ethnic_group", "education", "born_on", "id_number", "phone", "former_rank"],
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


class UnregisteredMemberScreen(Screen):
    model, area, order = UnregisteredMember, "党员队伍", "-found_on"
    columns = ["person.name", "found_on", "registered_at", "status", "closed_on", "branch.name"]
    search = ["person.name", "registered_at"]
    filters = ["status", "found_on", "branch", "person"]
    form_groups = {"口袋党员": ["person", "found_on", "registered_at", "note"]}
    figures = figures_of("unregistered_member")
    steps = [
        Step("contact", "已联系", members.contact, asks=("contacted_on",), when=members.is_found, primary=True),
        Step("transfer", "已转接", members.transfer, asks=("transferred_on", "result"), needs=("result",),
             when=members.is_contacted, primary=True),
        Step("close", "办结", members.close, asks=("closed_on", "result"), needs=("result",), when=members.is_open),
    ]  # fmt: skip


class BranchScreen(Screen):
    model, area, order = Branch, "党员队伍", "name"
    columns = ["name", "kind", "parent.name", "founded_on"]
    search = ["name"]
    filters = ["kind", "parent"]
    form_groups = {"党组织": ["name", "kind", "parent", "founded_on", "brand", "contact_name", "contact_phone", "note"]}

    def next_steps(self, row: Any) -> list[dict[str, Any]]:
        return super().next_steps(row) + history_links(None, row.id)


SCREENS = [PersonScreen, DevelopmentStepScreen, KeyPostScreen, UnregisteredMemberScreen, BranchScreen]
