"""制度与成果: regulations, honours, suggestions and research reports, works, venues with rooms and equipment."""

from admin.screen import Screen
from admin.steps import Step
from models import Honour, MemberWork, Regulation, Suggestion, Venue, VenueEquipment, VenueRoom
from services import suggestions
from services.reports.programme import figures_of


class RegulationScreen(Screen):
    model, area, order = Regulation, "制度与成果", "name"
    columns = ["name", "branch.name", "adopted_on", "revised_on", "reviewed_on", "in_force"]
    search = ["name"]
    filters = ["in_force", "branch", "adopted_on", "reviewed_on"]
    form_groups = {"制度": ["branch", "name", "adopted_on", "revised_on", "reviewed_on", "in_force", "text"]}
    figures = figures_of("regulation")


class HonourScreen(Screen):
    model, area, order = Honour, "制度与成果", "-awarded_on"
    columns = ["name", "branch.name", "level", "body", "awarded_on", "person_name"]
    search = ["name", "body", "person_name"]
    filters = ["level", "branch", "awarded_on"]
    form_groups = {"荣誉": ["branch", "name", "level", "body", "awarded_on", "person"]}


class SuggestionScreen(Screen):
    model, area, order = Suggestion, "制度与成果", "-made_on"
    columns = ["subject", "kind", "branch.name", "made_on", "made_to", "adopted_on"]
    search = ["subject", "made_by", "made_to"]
    filters = ["kind", "branch", "made_on", "adopted_on"]
    form_groups = {"建言调研": ["branch", "kind", "subject", "made_on", "made_by", "made_to", "text"]}
    steps = [
        Step("adopt", "登记采纳", suggestions.adopt, asks=("adopted_on", "adopted_text"),
             needs=("adopted_on", "adopted_text"), when=suggestions.is_waiting, done="已登记采纳。"),
    ]  # fmt: skip


class MemberWorkScreen(Screen):
    model, area, order = MemberWork, "制度与成果", "-published_on"
    columns = ["name", "person.name", "kind", "published_on", "publisher", "branch.name"]
    search = ["name", "person.name", "publisher"]
    filters = ["kind", "branch", "published_on"]
    form_groups = {"党员作品": ["person", "name", "kind", "published_on", "publisher"]}


class VenueScreen(Screen):
    model, area, order = Venue, "制度与成果", "name"
    columns = ["name", "branch.name", "company.short_name", "area", "opened_on"]
    search = ["name", "address", "company.short_name"]
    filters = ["branch", "company", "area"]
    form_groups = {"阵地": ["branch", "company", "name", "area", "opened_on", "address", "note"]}


class VenueRoomScreen(Screen):
    model, area, order = VenueRoom, "制度与成果", "id"
    columns = ["venue.name", "kind", "area", "note", "branch.name"]
    search = ["venue.name", "note"]
    filters = ["kind", "venue", "branch"]
    form_groups = {"房间": ["venue", "kind", "area", "note"]}


class VenueEquipmentScreen(Screen):
    model, area, order = VenueEquipment, "制度与成果", "name"
    columns = ["name", "venue.name", "quantity", "branch.name"]
    search = ["name", "venue.name"]
    filters = ["venue", "branch"]
    form_groups = {"设备": ["venue", "name", "quantity"]}


SCREENS = [
    RegulationScreen, HonourScreen, SuggestionScreen, MemberWorkScreen, VenueScreen, VenueRoomScreen,
    VenueEquipmentScreen,
]  # fmt: skip
