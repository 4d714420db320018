"""A browser without a network: it calls a WSGI application, keeps its cookies and takes the application's time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from time import perf_counter
from typing import Any

from werkzeug.test import Client

Body = Iterable[bytes]


@dataclass
class Answer:
    """What came back.

    Attributes:
        seconds: from the call until the last byte; the browser's own work is left out.
        first_byte: from the call until the first byte.
        size: bytes of the body.
        queries: statements that read or wrote rows, filled in by the peer.
        body: the whole of it, except of a file.
    """

    status: int
    seconds: float
    first_byte: float
    size: int
    queries: int = 0
    body: str = ""
    location: str = ""


class Stopwatch:
    """A WSGI middleware that takes the time of the application alone."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.seconds = self.first_byte = 0.0
        self.size = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        self.size, self.first_byte = 0, 0.0
        started = perf_counter()
        body = self.app(environ, start_response)
        try:
            for chunk in body:
                self.first_byte = self.first_byte or perf_counter() - started
                self.size += len(chunk)
                yield chunk
        finally:
            if hasattr(body, "close"):
                body.close()
            self.seconds = perf_counter() - started


class Browser:
    """Somebody's browser at one application."""

    def __init__(self, app: Any) -> None:
        self.watch = Stopwatch(app)
        self.client = Client(self.watch)

    def get(self, address: str) -> Answer:
        """Fetch a page."""
        return self._open(address, keep=True)

    def post(self, address: str, fields: dict[str, str]) -> Answer:
        """Send a form; a redirect isn't followed."""
        return self._open(address, keep=True, method="POST", data=fields)

    def fetch(self, address: str, take: Callable[[bytes], Any], fields: dict[str, str] | None = None) -> Answer:
        """Fetch a file, piece by piece; nothing of it is kept."""
        sending = {"method": "POST", "data": fields} if fields is not None else {}
        return self._open(address, keep=False, take=take, **sending)

    def sign_in(self, address: str, **fields: str) -> None:
        """Send the form at this address; raises PermissionError when it is shown again."""
        answer = self.post(address, filled_form(self.get(address).body) | fields)
        if answer.status != 302:
            raise PermissionError(address)

    def _open(self, address: str, keep: bool, take: Callable[[bytes], Any] | None = None, **sending: Any) -> Answer:
        response = self.client.open(address, buffered=False, **sending)
        pieces = []
        for chunk in response.response:
            if keep:
                pieces.append(chunk)
            elif take is not None:
                take(chunk)
        response.close()
        return Answer(
            response.status_code, self.watch.seconds, self.watch.first_byte, self.watch.size,
            body=b"".join(pieces).decode(), location=response.headers.get("Location", ""),
        )  # fmt: skip


def filled_form(page: str) -> dict[str, str]:
    """What a browser would send of a page's fields as they stand."""
    reader = _FormReader()
    reader.feed(page)
    return reader.fields


class _FormReader(HTMLParser):
    """Collects the values of inputs, text areas and selects."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and name and given.get("type") not in ("checkbox", "radio", "submit", "file"):
            self.fields[name] = given.get("value") or ""
        elif tag == "textarea" and name:
            self._area, self.fields[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            # A text area drops the line break that follows its start tag.
            self.fields[self._area] = self.fields[self._area].removeprefix("\r\n").removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""
