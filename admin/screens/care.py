"""关怀: one-to-one pairing and contact, care campaigns and visits, notes on health, liaison officers."""

from admin.screen import Screen
from admin.steps import Step
from models import CareCampaign, CareVisit, HealthNote, LiaisonOfficer, OneToOnePairing, PairingContact
from services import care
from services.reports.programme import figures_of


class OneToOnePairingScreen(Screen):
    model, area, order = OneToOnePairing, "关怀", "-started_on"
    columns = ["colleague", "person.name", "colleague_unit", "started_on", "ended_on", "branch.name"]
    search = ["colleague", "person.name"]
    filters = ["branch", "started_on", "ended_on"]
    form_groups = {"一对一结对": ["person", "colleague", "colleague_unit", "started_on", "ended_on"]}
    figures = figures_of("one_to_one_pairing")


class PairingContactScreen(Screen):
    model, area, order = PairingContact, "关怀", "-contacted_on"
    columns = ["contacted_on", "one_to_one_pairing.colleague", "way", "state_of_mind", "branch.name"]
    search = ["one_to_one_pairing.colleague", "state_of_mind"]
    filters = ["contacted_on", "way", "branch", "one_to_one_pairing"]
    form_groups = {"结对联系": ["one_to_one_pairing", "contacted_on", "way", "state_of_mind"]}


class CareCampaignScreen(Screen):
    model, area, order = CareCampaign, "关怀", "-starts_on"
    columns = ["starts_on", "occasion", "year", "branch.name", "status", "ends_on"]
    search = ["note"]
    filters = ["occasion", "year", "status", "branch"]
    form_groups = {"慰问活动": ["branch", "occasion", "year", "starts_on", "ends_on", "note"]}
    locked = staticmethod(care.why_locked)
    steps = [
        Step("fix", "确定慰问名单", care.fix_list, when=care.is_planned, primary=True),
        Step("close", "结束慰问", care.close_campaign, when=care.is_running, done="慰问活动已结束。"),
    ]


class CareVisitScreen(Screen):
    model, area, order, can_add = CareVisit, "关怀", "-id", False
    columns = ["person_name", "care_campaign.occasion", "care_campaign.year", "visited_on", "visitor", "branch.name"]
    search = ["person_name", "visitor", "person.name"]
    filters = ["care_campaign", "visited_on", "branch"]
    figures = figures_of("care_visit")
    steps = [
        Step("visit", "登记慰问", care.record_visit, asks=("visited_on", "visitor", "brought"),
             needs=("visited_on", "visitor"), primary=True, done="已登记。"),
    ]  # fmt: skip


class HealthNoteScreen(Screen):
    model, area, order = HealthNote, "关怀", "-noted_on"
    columns = ["noted_on", "person.name", "branch.name"]
    search = ["person.name"]
    filters = ["noted_on", "branch", "person"]
    form_groups = {"健康记录": ["person", "noted_on", "note"]}


class LiaisonOfficerScreen(Screen):
    model, area, order = LiaisonOfficer, "关怀", "-since"
    columns = ["person.name", "branch.name", "since", "until", "duties"]
    search = ["person.name", "duties"]
    filters = ["branch", "since", "until"]
    form_groups = {"联络员": ["person", "since", "until", "duties"]}


SCREENS = [
    OneToOnePairingScreen, PairingContactScreen, CareCampaignScreen, CareVisitScreen, HealthNoteScreen,
    LiaisonOfficerScreen,
]  # fmt: skip
