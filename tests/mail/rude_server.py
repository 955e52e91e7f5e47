"""A mail server that misbehaves exactly as told, on a real socket."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CLOSE, RESET, SILENT = "close", "reset", "silent"
POLITE = {
    "greeting": "220 rude.example ready",
    "EHLO": "250-rude.example\r\n250-8BITMIME\r\n250-SIZE 100000\r\n250 DSN",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "dot": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 bye",
    "body": "",
}


class HungUp(Exception):
    """The connection is over."""


@dataclass
class RudeServer:
    """`script` gives a step what happens instead, or a list of what happens each time (None: the polite way).

    A reply is sent as it is; `close`, `reset` and `silent` do that; a reply of bytes is sent a byte at a
    time, `drip` seconds apart. `body` happens in the middle of the letter.
    """

    script: dict[str, object] = field(default_factory=dict)
    drip: float = 0.05
    port: int = 0
    said: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    connections: int = 0
    aborted: list[bytes] = field(default_factory=list)

    def talk(self, client: socket.socket) -> None:
        """Serve one connection to its end."""
        self.connections += 1
        file = client.makefile("rb")
        with client, file, suppress(HungUp, OSError):
            self._answer(client, "greeting")
            while line := file.readline():
                self.said.append(line.decode("utf-8", "replace").rstrip("\r\n"))
                if self._answer(client, line[:4].decode("utf-8", "replace").upper()).startswith("354"):
                    self._take(client, file)

    def _take(self, client: socket.socket, file) -> None:
        lines: list[bytes] = []
        try:
            while (line := file.readline()) != b".\r\n":
                if not line:
                    raise HungUp
                lines.append(line[1:] if line.startswith(b".") else line)
                if len(lines) == 3:
                    self._answer(client, "body")
        except (HungUp, OSError):
            self.aborted.append(b"".join(lines))
            raise
        self.letters.append(b"".join(lines))
        self._answer(client, "dot")

    def _answer(self, client: socket.socket, step: str) -> str:
        """Do what the script says for this step; returns the reply that was sent."""
        act = self.script.get(step)
        if isinstance(act, list):
            act = act.pop(0) if act else None
        reply = POLITE.get(step, "500 what?") if act is None else act
        if reply in (CLOSE, RESET, SILENT):
            _hang_up(client, reply)
        pause = self.drip if isinstance(reply, bytes) else 0
        said = reply.decode() if isinstance(reply, bytes) else reply
        for piece in said + "\r\n" * bool(said) if pause else [said + "\r\n" * bool(said)]:
            client.sendall(piece.encode())
            time.sleep(pause)
        if said.startswith("421"):
            raise HungUp
        return said


def _hang_up(client: socket.socket, how: str) -> None:
    if how == RESET:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how == SILENT:
        with suppress(OSError):
            while client.recv(65536):
                pass
    raise HungUp


@contextmanager
def rude_server(**script: object) -> Iterator[RudeServer]:
    """A running server that follows the script."""
    server = RudeServer(script)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _address = listener.accept()
                    threading.Thread(target=server.talk, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
