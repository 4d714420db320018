"""Where a request's time goes: the profiler's own times, summed by library."""

import sys
from collections import Counter
from collections.abc import Callable
from cProfile import Profile
from pathlib import Path
from pstats import Stats
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUILT_IN = "~"
DRIVERS = ("sqlite3.", "psycopg")


def profile(request: Callable[[int], Any], requests: int) -> dict[str, float]:
    """Milliseconds of one request by library, the largest first; what is built in counts for its callers."""
    request(0)

    def every() -> None:
        for turn in range(requests):
            request(turn)

    return {name: spent / requests for name, spent in profile_once(every).items()}


def profile_once(work: Callable[[], Any]) -> dict[str, float]:
    """Milliseconds of some work by library, the largest first; what is built in counts for its callers."""
    profiler = Profile()
    profiler.enable()
    work()
    profiler.disable()
    spent: Counter[str] = Counter()
    for (file, _line, name), (_calls, _all, own, _total, callers) in Stats(profiler).stats.items():  # type: ignore[attr-defined]
        if file != BUILT_IN or any(driver in name for driver in DRIVERS):
            spent[library_of(file, name)] += own
            continue
        for (caller, _caller_line, caller_name), (*_counts, share, _total_of_call) in callers.items():
            spent[library_of(caller, caller_name)] += share
    return {name: 1000 * seconds for name, seconds in spent.most_common()}


def library_of(file: str, name: str) -> str:
    """Who a function belongs to: a library, a folder of the product, its templates, the database's driver."""
    if file == BUILT_IN:
        return "database and its driver" if any(driver in name for driver in DRIVERS) else "Python"
    path = Path(file)
    if "site-packages" in path.parts:
        name = path.parts[path.parts.index("site-packages") + 1]
        return "database and its driver" if name.startswith("psycopg") else name
    if file.startswith("<") or path.is_relative_to(sys.base_prefix):
        return "jinja2" if file == "<template>" else "Python"
    if not path.is_relative_to(ROOT):
        return "Python"
    folder = path.relative_to(ROOT).parts[0]
    return "the benchmark itself" if folder == "benchmarks" else f"{folder} (product)"
