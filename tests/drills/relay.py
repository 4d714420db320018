"""A relay before PostgreSQL that can lose the answer to a commit, as a network does at the wrong moment."""

import socket
import threading
from contextlib import suppress
from typing import Self

from sqlalchemy import make_url


class Relay:
    """Passes everything on to the server of ``url``. Once told to, it lets one commit of what was written through and drops
    the answer."""

    def __init__(self, url: str) -> None:
        parts = make_url(url)
        host, port = parts.query.get("host") or parts.host, int(parts.query.get("port") or parts.port or 5432)
        self._server = f"{host}/.s.PGSQL.{port}" if str(host).startswith("/") else (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = parts.set(host="127.0.0.1", port=self._listener.getsockname()[1], query={}).render_as_string(False)
        self.lose_next_commit = False
        self._unheard: socket.socket | None = None
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):  # the listener is closed at the end
            while True:
                client, _address = self._listener.accept()
                server = socket.socket(socket.AF_UNIX if isinstance(self._server, str) else socket.AF_INET)
                server.connect(self._server)
                threading.Thread(target=self._relay, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server), daemon=True).start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            reads = False  # such a transaction ends by a commit too (models/database.py)
            while data := client.recv(65536):
                if b"BEGIN" in data:
                    reads = b"READ ONLY" in data
                if self.lose_next_commit and b"COMMIT" in data and not reads:
                    self.lose_next_commit = False
                    self._unheard = client
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if client is self._unheard:
                    break  # the server has committed, and its answer reaches nobody
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
