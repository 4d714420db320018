"""The screens, area by area: declarations only."""

from admin.screen import Screen
from admin.screens import activities, advisers, care, checklists, companies, people, results, security, system


def all_screens() -> list[type[Screen]]:
    """Every screen, in the order of the menu."""
    return [
        *advisers.SCREENS,
        *companies.SCREENS,
        *people.SCREENS,
        *checklists.SCREENS,
        *activities.SCREENS,
        *care.SCREENS,
        *results.SCREENS,
        *system.SCREENS,
        *security.SCREENS,
    ]
