"""Pages, scripts and style sheets are sent compressed: the files compressed once, pages with a random length added."""

import secrets
from typing import Any

from flask import Flask, Request, request
from flask_compress import Compress

MIMETYPES = ["text/html", "text/css", "text/javascript", "application/json", "image/svg+xml"]
"""What is compressed. Exports aren't in it: a stream that is compressed keeps its first rows back."""
ALGORITHMS = ["br", "gzip"]
MOST_PADDING = 128


class FileCache:
    """The compressed files by name, as Flask-Compress asks for them; pages are not kept."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """What was kept; keys are ``br;/static/app.css``, those of pages end with the semicolon."""
        return self._files.get(key)

    def set(self, key: str, compressed: bytes) -> None:
        """Keep a file: there are only so many."""
        if not key.endswith(";"):
            self._files[key] = compressed


def _cache_key(asked: Request) -> str:
    return asked.path if asked.endpoint == "static" else ""


def register(app: Flask) -> None:
    """Compress the answers of this app, for browsers that ask for it."""
    app.config.update(
        COMPRESS_MIMETYPES=MIMETYPES,
        COMPRESS_ALGORITHM=ALGORITHMS,
        COMPRESS_BR_LEVEL=5,
        COMPRESS_STREAMS=False,
        COMPRESS_CACHE_BACKEND=FileCache,
        COMPRESS_CACHE_KEY=_cache_key,
    )
    Compress(app)
    # What is registered later comes earlier.
    app.after_request(_make_whole)


def _make_whole(response: Any) -> Any:
    """Ready an answer for compression: a file is read from its stream, a page gets its random length."""
    if "Accept-Encoding" not in request.headers or response.mimetype not in MIMETYPES or response.status_code != 200:
        return response
    if request.endpoint == "static":
        response.direct_passthrough = False
        response.get_data()
    elif response.mimetype == "text/html" and not response.is_streamed:
        # Compressed, a page's length tells whether what an address made it repeat stands elsewhere on it as well
        # (BREACH). Words that don't compress, of a random length, hide that, and the form tokens with it.
        noise = secrets.token_hex(secrets.randbelow(MOST_PADDING) + 1)
        response.set_data(response.get_data() + f"<!-- {noise} -->\n".encode())
    return response
