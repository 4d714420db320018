"""The user guide: the chapters in docs/guide as pages, and the place in it that explains each page of the product."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from flask import url_for
from markdown_it import MarkdownIt
from markdown_it.token import Token

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "guide"
PICTURES = FOLDER / "pictures"
CONTENTS = "README"

PLACES = {
    "create_view": ("records", "填写"),
    "edit_view": ("records", "填写"),
    "details_view": ("records", "看一条记录"),
    "step_view": ("records", "看一条记录"),
    "history_view": ("records", "历史"),
    "explain_view": ("records", "谁能看"),
    "unmask_view": ("records", "完整的号码"),
    "find_view": ("lists", "查找"),
    "import_view": ("excel", "导入"),
    "export_page": ("excel", "导出"),
    "delete_view": ("records", "删除和找回"),
    "action_view": ("lists", "一次办理几条"),
    "password": ("start", "登录"),
}
"""What explains a page, by the last part of its endpoint, as chapter and heading."""


@dataclass(frozen=True)
class Chapter:
    """One page of the guide: its title, its HTML, and the headings that can be linked to."""

    name: str
    title: str
    html: str
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A place in the guide, with the words of the link to it."""

    text: str
    url: str


@cache
def chapters() -> dict[str, Chapter]:
    """All chapters by name, the table of contents first; read once, they come with the program."""
    names = sorted(path.stem for path in FOLDER.glob("*.md"))
    return {name: _read(name) for name in sorted(names, key=lambda name: name != CONTENTS)}


def _read(name: str) -> Chapter:
    markdown = MarkdownIt("commonmark", {"html": False})
    tokens = markdown.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    title, headings = name, []
    # The title is the page's own h1 already.
    body = tokens[3:] if tokens and tokens[0].tag == "h1" else tokens
    if body is not tokens:
        title = tokens[1].content
    for opening, inline in pairwise(body):
        if opening.type == "heading_open":
            opening.attrSet("id", inline.content)
            headings.append(inline.content)
        for child in opening.children or []:
            _lead_to_the_product(child)
    return Chapter(name, title, markdown.renderer.render(body, markdown.options, {}), tuple(headings))


def _lead_to_the_product(token: Token) -> None:
    """A link between the files of the guide becomes one between the pages of the product."""
    for key in ("href", "src"):
        target = str(token.attrGet(key) or "")
        if target.startswith("pictures/"):
            token.attrSet(key, f"/help/{target}")
        elif ".md" in target and "://" not in target:
            name, _, heading = target.partition("#")
            chapter = name.removesuffix(".md")
            token.attrSet(key, "/help/" + ("" if chapter == CONTENTS else chapter) + (heading and f"#{heading}"))


def links_of(view: Any, endpoint: str | None) -> list[Link]:
    """What explains a page of the product: its view's own ``guide_places``, or what its kind of page has."""
    own = getattr(view, "guide_places", None)
    if own is not None:
        places = own()
    elif (endpoint or "").endswith(".index_view"):
        places = [("lists", "查找"), ("areas", view.category)]
    else:
        places = [PLACES.get((endpoint or "").rpartition(".")[2], (CONTENTS, None))]
    return [_link(*place) for place in places]


def _link(chapter: str, heading: str | None) -> Link:
    if chapter == CONTENTS:
        return Link("使用说明", url_for("help.index"))
    text = {"areas": f"“{heading}”记什么", "lists": "列表怎么用", "excel": "怎样用 Excel"}.get(chapter, "怎么办理")
    return Link(text, url_for("help.chapter", key=chapter, _anchor=heading))
