"""``python -m benchmarks.weight``: what a list of 50 rows weighs in Chromium, and when it is there, beside the peers.

Written into weights.json, which docs/benchmarks.md shows.
"""

import gzip
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from werkzeug.serving import make_server

from benchmarks import report
from benchmarks.cases import ROLES, Facts
from benchmarks.command import DOCUMENT, RESULTS
from benchmarks.databases import SqliteFolder
from benchmarks.measure import build, peers_here
from benchmarks.workers import SPAWN
from models.encryption import new_key
from tests.site import DESK, new_page, running_chromium

ROWS = 2_000
PASSES = 15


@dataclass(frozen=True)
class Site:
    """A peer as a site.

    Attributes:
        make_app: its WSGI application, in a process of its own.
        sign_in: the page to sign in on; empty where nobody signs in.
        list: the page that is weighed.
        row: the name of the box before each row.
    """

    make_app: Callable[[Facts], Any]
    sign_in: str
    list: str
    row: str


@dataclass(frozen=True)
class Weight:
    """What one list page cost: bytes over the wire, headers included; milliseconds until the browser's load event.

    Attributes:
        cold: nothing of the site in the browser's cache.
        warm: the page was opened before.
        cold_gzipped: as ``cold``, had a proxy in front compressed what came uncompressed.
        warm_gzipped: as ``warm``, the same.
        requests: of the cold page.
    """

    peer: str
    cold: int
    warm: int
    cold_gzipped: int
    warm_gzipped: int
    requests: int
    cold_ms: float
    warm_ms: float


def _product(facts: Facts) -> Any:
    from benchmarks.peers.product import make_product

    return make_product(facts.address, facts.data_key)


def _django(facts: Facts) -> Any:
    from django.contrib.staticfiles.handlers import StaticFilesHandler

    from benchmarks.django_peer.project import start

    return StaticFilesHandler(start(facts.address))


def _flask_admin(facts: Facts) -> Any:
    from benchmarks.peers.plain_flask_admin import make_app

    return make_app(facts)


SITES = {
    "product": Site(_product, "/sign-in", "/assessment/", "rowid"),
    "django": Site(_django, "/admin/login/", "/admin/django_peer/assessment/", "_selected_action"),
    "flask_admin": Site(_flask_admin, "", "/city/", "rowid"),
}


@contextmanager
def served(name: str, facts: Facts) -> Iterator[str]:
    """The address of a peer, served from a process of its own; all by the same server."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(there, name, facts), daemon=True)
    process.start()
    there.close()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(there: Connection, name: str, facts: Facts) -> None:
    import logging

    logging.disable(logging.WARNING)
    server = make_server("127.0.0.1", 0, SITES[name].make_app(facts), threaded=True)
    there.send(server.server_port)
    server.serve_forever()


class Visitor:
    """Somebody's browser at one site, with what comes over its wire."""

    def __init__(self, chromium: Any, address: str, site: Site, password: str) -> None:
        self.page = new_page(chromium, DESK)
        self.list, self.row = address + site.list, site.row
        if site.sign_in:
            self.page.goto(address + site.sign_in)
            self.page.fill("[name=username]", ROLES["city"].username)
            self.page.fill("[name=password]", password)
            self.page.press("[name=password]", "Enter")
            self.page.wait_for_url(lambda url: site.sign_in not in url)
        self.wire = self.page.context.new_cdp_session(self.page)
        self.wire.send("Network.enable")
        self.wire.on("Network.loadingFinished", self._note_size)
        self.wire.on("Network.responseReceived", self._note_answer)
        self.sizes: dict[str, int] = {}
        self.answers: dict[str, dict[str, Any]] = {}

    def _note_size(self, event: dict[str, Any]) -> None:
        self.sizes[event["requestId"]] = int(event["encodedDataLength"])

    def _note_answer(self, event: dict[str, Any]) -> None:
        self.answers[event["requestId"]] = event["response"]

    def open(self, cold: bool) -> float:
        """Open the list; milliseconds until its load event. Raises ValueError when it isn't a list of 50 rows."""
        if cold:
            self.wire.send("Network.clearBrowserCache")
        self.sizes, self.answers = {}, {}
        self.page.goto(self.list, wait_until="networkidle")
        if self.page.locator(f"tbody [name={self.row}]").count() != 50:
            raise ValueError(f"{self.list} doesn't show 50 rows")
        found: float = self.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        return found

    def weight(self) -> int:
        """The bytes over the wire of the page opened last."""
        return sum(self.sizes.values())

    def gzipped(self) -> int:
        """The same, had everything been compressed."""
        saved = 0
        for key, answer in self.answers.items():
            compressed = "content-encoding" in {name.lower() for name in answer["headers"]}
            if not compressed and _is_text(answer["mimeType"]) and answer["url"].startswith("http"):
                address = quote(answer["url"], safe=":/?&=%")
                body = self.page.request.get(address, headers={"Accept-Encoding": "identity"}).body()
                if self.sizes[key] >= len(body):  # else it came out of the browser's cache
                    saved += len(body) - len(gzip.compress(body, 6))
        return self.weight() - saved


def _is_text(mime_type: str) -> bool:
    return mime_type.startswith("text/") or mime_type in ("application/javascript", "image/svg+xml")


def weigh(facts: Facts, passes: int = PASSES) -> list[Weight]:
    """What each peer's list costs; they take turns in one browser."""
    with ExitStack() as stack:
        chromium = stack.enter_context(running_chromium())
        names = [name for name in SITES if name in peers_here()]
        visitors = {
            name: Visitor(chromium, stack.enter_context(served(name, facts)), SITES[name], facts.password)
            for name in names
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for number in range(passes):
            start = number % len(names)
            for name in [*names[start:], *names[:start]]:
                times[name].append((visitors[name].open(cold=True), visitors[name].open(cold=False)))
        return [_weight(name, visitors[name], times[name]) for name in names]


def _weight(name: str, visitor: Visitor, times: list[tuple[float, float]]) -> Weight:
    """A peer's bytes, which are the same each time, beside the medians of its times."""
    visitor.open(cold=True)
    cold, cold_gzipped, requests = visitor.weight(), visitor.gzipped(), len(visitor.answers)
    visitor.open(cold=False)
    warm, warm_gzipped = visitor.weight(), visitor.gzipped()
    cold_ms, warm_ms = (median(one) for one in zip(*times, strict=True))
    return Weight(name, cold, warm, cold_gzipped, warm_gzipped, requests, cold_ms, warm_ms)


def main() -> None:
    """Weigh, and write what was found beside the other figures."""
    with tempfile.TemporaryDirectory(prefix="weight") as folder:
        weights = weigh(build(SqliteFolder(Path(folder)), ROWS, new_key()))
    lines = ",\n".join(json.dumps(asdict(one)) for one in weights)
    report.WEIGHTS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    report.write(report.read(RESULTS), DOCUMENT, RESULTS)
    print(report.weight_words())


if __name__ == "__main__":
    main()
