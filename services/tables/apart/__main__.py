"""Read one file from standard input and write its sheets as JSON."""

import contextlib
import json
import sys

from services.tables.apart import limits
from services.tables.apart.limits import Unreadable
from services.tables.apart.sheets import sheets_of


def bound() -> None:
    """Let the system end this process when it takes too much; where it can't, the parent's clock does."""
    try:
        import resource
    except ImportError:
        return
    for what, at_most in (
        (resource.RLIMIT_AS, (limits.MEMORY_BYTES, limits.MEMORY_BYTES)),
        (resource.RLIMIT_CPU, (limits.SECONDS, limits.SECONDS + 1)),
        (resource.RLIMIT_CORE, (0, 0)),
    ):
        # A system may know a limit and not set it, or have set a lower one already.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, at_most)


def main() -> None:
    """Answer with ``{"sheets": …}`` or ``{"refused": …}``. Anything else is a crash, which the parent puts into words."""
    bound()
    try:
        answer = {"sheets": sheets_of(sys.stdin.buffer.read())}
    except Unreadable as reason:
        answer = {"refused": str(reason)}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
