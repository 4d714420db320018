"""What every page must be like: well formed, labelled, and without anything that a strict content policy would block."""

from collections import Counter
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNLABELLED = {"hidden", "submit", "button"}
ADDRESSES = {"href", "src", "action", "formaction"}
NAMED_BY_TEXT = {"a", "button", "h1", "title", "label", "th", "summary"}


class _Element:
    def __init__(self, tag: str, attributes: dict[str, str], within: tuple["_Element", ...]) -> None:
        self.tag, self.attributes, self.within = tag, attributes, within
        self.text = ""

    def __str__(self) -> str:
        shown = "".join(f' {name}="{value[:40]}"' for name, value in self.attributes.items())
        return f"<{self.tag}{shown}>"


class _Reader(HTMLParser):
    """The elements of a page in their order, with their text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[_Element] = []
        self.open: list[_Element] = []
        self.problems: list[str] = []
        self.doctype = ""

    def handle_decl(self, decl: str) -> None:
        self.doctype = decl

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        twice = [name for name, count in Counter(name for name, _value in attrs).items() if count > 1]
        element = _Element(tag, {name: value or "" for name, value in attrs}, tuple(self.open))
        if twice:
            self.problems.append(f"{element} has {twice} twice")
        self.elements.append(element)
        if tag == "img":
            self.handle_data(element.attributes.get("alt", ""))  # it names the link that it stands in
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1].tag != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1] if self.open else 'nothing'}")
        if tag in {element.tag for element in self.open}:
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data


def problems_of(html: str) -> list[str]:
    """What is wrong with a page; empty when nothing is."""
    page = _Reader()
    page.feed(html)
    page.close()
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    found = list(page.problems)
    found += [f"{element} is never closed" for element in page.open]
    found += [f"id {one} stands {count} times" for one, count in Counter(ids).items() if count > 1]
    found += _frame(page)
    for element in page.elements:
        found += [f"{element}: {problem}" for problem in _problems_of_element(element, page, set(ids))]
    return found


def _frame(page: _Reader) -> list[str]:
    """The page as a whole: its language, its title, its one heading, the way past the menu."""
    by_tag: dict[str, list[_Element]] = {}
    for element in page.elements:
        by_tag.setdefault(element.tag, []).append(element)
    main = by_tag.get("main", [])
    links = [one.attributes.get("href") for one in by_tag.get("a", [])]
    checks = {
        "no doctype": page.doctype.lower() == "doctype html",
        "not in Chinese": [one.attributes.get("lang") for one in by_tag.get("html", [])] == ["zh-CN"],
        "not one title": len(by_tag.get("title", [])) == 1,
        "not one h1": len(by_tag.get("h1", [])) == 1,
        "not one main part": len(main) == 1,
        "no way past the menu": "nav" not in by_tag or f"#{main[0].attributes.get('id')}" in links[:1],
    }
    return [problem for problem, right in checks.items() if not right]


def _problems_of_element(element: _Element, page: _Reader, ids: set[str]) -> list[str]:
    attributes = element.attributes
    problems = [f"inline {name}" for name in attributes if name.startswith("on") or name == "style"]
    if element.tag == "style" or (element.tag == "script" and not attributes.get("src")):
        problems.append("stands in the page itself")
    for name in ADDRESSES & attributes.keys():
        problems += _problems_of_address(element.tag, name, attributes[name])
    pointed = [attributes.get(name, "") for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls")]
    problems += [f"points at no id: {one}" for one in " ".join(pointed).split() if one not in ids]
    if element.tag in ("input", "select", "textarea") and not _is_labelled(element, page):
        problems.append("has no label")
    if element.tag == "img" and "alt" not in attributes:
        problems.append("has no alt")
    if element.tag in NAMED_BY_TEXT and not _has_name(element, page):
        problems.append("has no text")
    if element.tag == "form" and attributes.get("method", "get").lower() == "post" and not _has_token(element, page):
        problems.append("has no csrf_token")
    return problems


def _problems_of_address(tag: str, name: str, address: str) -> list[str]:
    if address.strip().lower().startswith(("javascript:", "vbscript:")):
        return [f"{name} runs a script"]
    own = address.startswith(("/", "#", "?")) and not address.startswith("//")
    calls = tag == "a" and address.startswith("tel:")
    harmless = address == "" or calls or (tag == "link" and address.startswith("data:"))
    return [] if own or harmless else [f"{name} leads elsewhere"]


def _has_name(element: _Element, page: _Reader) -> bool:
    """Whether it can be read out: by its text, by its label, or by the label of what stands in it."""
    inner = (one for one in page.elements if element in one.within)
    named = element.attributes.get("aria-label") or any(one.attributes.get("aria-label") for one in inner)
    return bool(element.text.strip() or named)


def _is_labelled(element: _Element, page: _Reader) -> bool:
    attributes = element.attributes
    if attributes.get("type") in UNLABELLED or attributes.get("aria-label") or attributes.get("aria-labelledby"):
        return True
    if any(outer.tag == "label" for outer in element.within):
        return True
    labels = (one for one in page.elements if one.tag == "label")
    return "id" in attributes and any(label.attributes.get("for") == attributes["id"] for label in labels)


def _has_token(form: _Element, page: _Reader) -> bool:
    inputs = (one for one in page.elements if one.tag == "input" and form in one.within)
    return any(one.attributes.get("name") == "csrf_token" and one.attributes.get("value") for one in inputs)
