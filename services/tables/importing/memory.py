"""Imports keep hundreds of thousands of objects, all of them in use: looking for garbage among them takes time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_USUAL = gc.get_threshold()
_SELDOM = (200_000, 20, 100)


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Let the interpreter look for unreachable cycles seldom within the block, in all threads.

    Two imports at once do no harm: the one that ends first brings the usual pace back.
    """
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*_USUAL)
