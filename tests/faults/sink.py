"""An SMTP server as a process of its own: what it accepts is on disk before it says so.

    python tests/faults/sink.py PORT JOURNAL

The journal has one line a letter: seconds, recipient, Message-ID. When a file journal.trap appears, the
next letter that comes to the step it names is held there (rcpt; data: some of the body read; dot: before
the journal; kept: after it, before 250; done: after 250): the file becomes journal.trapped, and the
letter goes on when there is a journal.go.
"""

import argparse
import os
import re
import socketserver
import threading
import time
from pathlib import Path

MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^>]+>)", re.MULTILINE | re.IGNORECASE)


class Sink(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, journal: Path) -> None:
        super().__init__(("127.0.0.1", port), Talk)
        self.journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        self.path = journal
        self.lock = threading.Lock()

    def keep(self, recipient: str, message_id: bytes) -> None:
        """Write one line, on disk when this returns."""
        with self.lock:
            os.write(self.journal, f"{time.time():.3f}\t{recipient}\t{message_id.decode()}\n".encode())
            os.fsync(self.journal)

    def step(self, name: str) -> None:
        """Hold the letter that walks into the trap."""
        trap, trapped = self.path.with_suffix(".trap"), self.path.with_suffix(".trapped")
        try:
            if trap.read_text() != name:
                return
            trap.rename(trapped)
        except FileNotFoundError:  # none is set, or another letter was first
            return
        while not self.path.with_suffix(".go").exists():
            time.sleep(0.02)


class Talk(socketserver.StreamRequestHandler):
    server: Sink
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            self.talk()
        except ConnectionError:
            return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def talk(self) -> None:
        self.say("220 sink")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                self.server.step("rcpt")
            if verb == "DATA":
                self.say("354 go on")
                if not self.letter(recipient):
                    return
                continue
            self.say("221 bye" if verb == "QUIT" else "250-sink\r\n250 SIZE" if verb == "EHLO" else "250 ok")
            if verb == "QUIT":
                return

    def letter(self, recipient: str) -> bool:
        raw = self.rfile.read(200)
        self.server.step("data")
        ended = raw.endswith(b"\r\n")  # whether raw ends with a whole line
        while True:
            line = self.rfile.readline()
            if not line:
                return False
            if ended and line == b".\r\n":
                break
            ended = True
            raw += line
        self.server.step("dot")
        found = MESSAGE_ID.search(raw)
        self.server.keep(recipient, found[1] if found else b"-")
        self.server.step("kept")
        self.say("250 2.0.0 kept")
        self.server.step("done")
        return True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("journal", type=Path)
    given = parser.parse_args()
    Sink(given.port, given.journal).serve_forever()


if __name__ == "__main__":
    main()
