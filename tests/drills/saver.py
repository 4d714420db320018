"""One process that saves a company again and again: ``python -m tests.drills.saver PORT PASSWORD NAME SAVES KEY``.

It imports nothing of the product's, and prints as JSON what it was told.
"""

import json
import re
import sys
from typing import Any

from tests.drills.browser import Browser, form_with, shows_both

CHANGED_FIELDS = 2
"""The number of employees and the note: a page of conflict must not call anything else different."""


def save(port: int, password: str, name: str, saves: int, key: int) -> dict[str, Any]:
    """Each save adds one to the number of employees that was read; whoever is refused reads again and tries again."""
    saved: list[tuple[str, int]] = []
    wrong: list[str] = []
    refused = 0
    person, address = Browser(port), f"/company/edit/?id={key}"
    person.sign_in("city_admin", password)
    while len(saved) < saves and not wrong:
        form = form_with(person.get(address).text, "version_seen")
        token, read = f"{name}-{len(saved)}", int(form.value("employees"))
        answer = person.post(address, form.filled(employees=str(read + 1), note=token))
        if answer.status == 302:
            saved.append((token, read))
        elif answer.status == 409 and shows_both(answer.text, token) and differing(answer.text) <= CHANGED_FIELDS:
            refused += 1
        else:
            wrong.append(f"{answer.status}: {answer.text[:300]}")
    return {"saved": saved, "refused": refused, "wrong": wrong}


def differing(page: str) -> int:
    """In how many fields a page of conflict says that the two versions differ."""
    return len(re.findall("（不同）", page))


if __name__ == "__main__":
    _, port, password, name, saves, key = sys.argv
    print(json.dumps(save(int(port), password, name, int(saves), int(key))))
