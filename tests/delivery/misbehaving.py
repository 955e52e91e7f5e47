"""A mail server of few words that hangs up, falls silent or knows no extension, as a test wants it."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Server(socketserver.ThreadingTCPServer):
    """`hang_up` names where it closes the connection: connect, mail, data, body or dot; `replies` what it
    says instead of yes to a command. A change holds for the next command."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.hang_up = ""
        self.replies: dict[str, str] = {}
        self.extensions: list[str] = []
        self.accepted: list[str] = []
        self.seen: list[str] = []  # recipients whose letter was read to its end

    @property
    def port(self) -> int:
        return self.server_address[1]


class _Talk(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        try:
            self._talk()
        except ConnectionError:
            return

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def _talk(self) -> None:
        if self.server.hang_up == "connect":
            return
        self._say("220 ready")
        to = ""
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split(" ")[0].lower()
            if self.server.hang_up == verb:
                return
            if verb in self.server.replies:
                self._say(self.server.replies[verb])
                continue
            if verb == "ehlo":
                for extension in self.server.extensions:
                    self._say(f"250-{extension}")
            if verb == "rcpt":
                to = line.split("<")[1].rstrip(">")
            if verb == "data":
                self._say("354 go on")
                if not self._letter(to):
                    return
                continue
            self._say("221 bye" if verb == "quit" else "250 fine")

    def _letter(self, to: str) -> bool:
        if self.server.hang_up == "body":
            return False
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            pass
        if not line:
            return False
        self.server.seen.append(to)
        if self.server.hang_up == "dot":
            return False
        if "dot" in self.server.replies:
            self._say(self.server.replies["dot"])
            return True
        self.server.accepted.append(to)
        self._say("250 2.0.0 kept")
        return True


@contextmanager
def server() -> Iterator[Server]:
    """Such a server, listening."""
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield made
        made.shutdown()
