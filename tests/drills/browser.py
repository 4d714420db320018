"""A browser without a screen: it keeps cookies, reads forms from pages and sends them filled in."""

import http.client
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

ANSWER_SECONDS = 60
"""Longer than every time-out of the product's own: an answer that takes longer never comes."""


@dataclass
class Form:
    """A form as it stands on a page, with what each field would send."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """The values offered by boxes and buttons to tick; they send nothing until one is."""

    def filled(self, **values: str) -> list[tuple[str, str]]:
        """What is sent when these fields are changed; raises KeyError when the form lacks one."""
        missing = set(values) - {name for name, _ in self.fields}
        if missing:
            raise KeyError(f"the form has no {missing}, but {[name for name, _ in self.fields]}")
        return [(name, values.get(name, value)) for name, value in self.fields]

    def value(self, name: str) -> str:
        """What a field would send."""
        return dict(self.fields)[name]


class _Reader(HTMLParser):
    """Collects the forms of a page. A select sends its chosen option, or its first one."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        attributes = dict(found)
        name = attributes.get("name") or ""
        if tag == "form":
            self._open = Form(attributes.get("action") or "")
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "input" and name:
            ticked = attributes.get("type") in ("checkbox", "radio")
            if ticked:
                self._open.choices.setdefault(name, []).append(attributes.get("value") or "on")
            if not ticked or "checked" in attributes:
                self._open.fields.append((name, attributes.get("value") or ""))
        elif tag == "select" and name:
            self._select = (name, [])
        elif tag == "option" and self._select:
            self._select[1].append((attributes.get("value") or "", "selected" in attributes))
        elif tag == "textarea" and name:
            self._area = (name, [])

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select" and self._select and self._open:
            name, options = self._select
            chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
            self._open.fields += [(name, value) for value in chosen]
            self._select = None
        elif tag == "textarea" and self._area and self._open:
            # HTML drops the line break that follows the tag.
            self._open.fields.append((self._area[0], re.sub(r"\A\r?\n", "", "".join(self._area[1]))))
            self._area = None


def forms_of(page: str) -> list[Form]:
    """The forms of a page, in order."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_with(page: str, name: str) -> Form:
    """The form of a page that has a field of this name; raises LookupError when none has."""
    found = next((form for form in forms_of(page) if name in dict(form.fields)), None)
    if found is None:
        raise LookupError(f"no form with {name} on the page: {page[:400]}")
    return found


def shows_both(page: str, mine: str) -> bool:
    """Whether a page of conflict shows this note beside somebody else's."""
    stored = re.search(r'data-label="项目" class="main">备注</td><td data-label="现在保存的">(.*?)</td>', page)
    return (
        f'<span class="new">{mine}</span>（不同）' in page and stored is not None and stored[1] not in ("", "—", mine)
    )


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def target(self) -> str:
        """The path that a redirect leads to."""
        return urlsplit(self.headers.get("location", "")).path


class Browser:
    """One person's browser. Redirects aren't followed; a connection that breaks raises OSError or HTTPException."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, fields: list[tuple[str, str]]) -> Answer:
        """Send a form."""
        return self._ask("POST", path, urlencode(fields))

    def sign_in(self, username: str, password: str) -> None:
        """Sign in through the sign-in page; raises RuntimeError when that fails."""
        form = form_with(self.get("/sign-in").text, "password")
        answer = self.post("/sign-in", form.filled(username=username, password=password))
        if answer.status != 302:
            raise RuntimeError(f"{username} could not sign in: {answer.status}")

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for cookie in response.msg.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)
