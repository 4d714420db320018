"""What a browser would post of a form that nobody touched."""

from html.parser import HTMLParser


def fields_of(page: str, css_class: str) -> list[tuple[str, str]]:
    """Names and values of the one form with this class, in the page's order; buttons are left out."""
    reader = _Form(css_class)
    reader.feed(page)
    return reader.fields


class _Form(HTMLParser):
    def __init__(self, css_class: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._class, self._inside, self._select, self._text = css_class, False, "", ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = self._class in given.get("class", "").split()
        if not self._inside:
            return
        if tag == "input" and given.get("name"):
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked and given.get("type") != "submit":
                self.fields.append((given["name"], given.get("value", "")))
        if tag == "textarea":
            self._area, self._text = given["name"], ""
        if tag == "select":
            self._select = given["name"]
        if tag == "option" and "selected" in given:
            self.fields.append((self._select, given.get("value", "")))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._inside:
            self.fields.append((self._area, self._text))
        if tag == "form":
            self._inside = False
