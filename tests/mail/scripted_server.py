"""A mail server that answers each step as it is told, offers PIPELINING or not, and remembers who came."""

import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CLOSE, RESET, SILENT, STUCK = "close", "reset", "silent", "stuck"
POLITE = {
    "GREETING": "220 scripted.example ready",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go on",
    "DOT": "250 2.0.0 queued",
    "RSET": "250 2.0.0 ok",
    "QUIT": "221 bye",
}
EVERYTHING = ("PIPELINING", "8BITMIME", "SIZE 1000000", "SMTPUTF8", "DSN")


class HungUp(Exception):
    """The connection is over."""


@dataclass(frozen=True)
class Moment:
    """What a script may look at: the step, whose turn, on which connection, and how often it came to pass."""

    step: str  # GREETING EHLO MAIL RCPT DATA TEXT DOT RSET QUIT; TEXT: the letter has begun to come
    to: str
    connection: int  # 1 is the first
    time: int  # of this step on all connections; 1 is the first


Script = Callable[[Moment], str | None]


def steps(**acts: object) -> Script:
    """A script from what happens at a step: always the same, or a list of what happens each time."""

    def script(moment: Moment) -> str | None:
        act = acts.get(moment.step)
        if isinstance(act, list):
            return act[moment.time - 1] if moment.time <= len(act) else None
        return act  # type: ignore[return-value]

    return script


@dataclass
class ScriptedServer:
    """What a script returns is sent as the reply; None is the polite one.

    `close`, `reset`, `silent` and `stuck` (reads no more) do that, also after a reply: “250 ok close”;
    “kept close” at the dot keeps the letter and hangs up. 421 closes too. `drip` sends each reply a byte at
    a time, `slow_drip` seconds apart; `late` waits that many seconds before the replies to what came
    together; `trusting` says 354 whatever came before; `lingers` reads what still comes before it closes, so
    that the kernel does not drop its last reply.
    """

    script: Script
    offers: tuple[str, ...] = EVERYTHING
    helo_only: bool = False
    drip: bool = False
    slow_drip: float = 0
    late: float = 0
    trusting: bool = False
    lingers: bool = False
    serving: ssl.SSLContext | None = None
    starttls: bool = False
    most: int = 1000  # connections at the same time; one more is refused
    port: int = 0
    letters: list[tuple[str, bytes]] = field(default_factory=list)
    said: list[tuple[int, str]] = field(default_factory=list)  # connection, command
    rounds: int = 0  # how often the client waited for replies
    connections: int = 0
    open_now: int = 0
    times: Counter = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: threading.Event = field(default_factory=threading.Event)
    sockets: list[socket.socket] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """Whose letters were accepted, in order."""
        return [to for to, _raw in self.letters]

    def serve(self, sock: socket.socket) -> None:
        """Talk on one connection to its end."""
        with self.lock:
            self.connections += 1
            self.open_now += 1
            number, full = self.connections, self.open_now > self.most
        talk = _Talk(self, sock, number)
        with suppress(HungUp, OSError, ValueError):
            if self.serving and not self.starttls:
                talk.encrypt()
            talk.run("421 4.7.0 too many connections" if full else None)
        with self.lock:
            self.open_now -= 1
        if self.lingers:
            with suppress(OSError):
                talk.sock.shutdown(socket.SHUT_WR)
                talk.sock.settimeout(1)
                while talk.sock.recv(65536):
                    pass
        with suppress(OSError):
            talk.sock.close()

    def hang_up(self) -> None:
        """Close all connections, as a server that is restarted does."""
        for sock in self.sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Talk:
    def __init__(self, server: ScriptedServer, sock: socket.socket, number: int) -> None:
        self.server, self.sock, self.number = server, sock, number
        self.unread = bytearray()
        self.due = b""
        self.begun, self.to = False, ""

    def encrypt(self) -> None:
        assert self.server.serving
        self.sock = self.server.serving.wrap_socket(self.sock, server_side=True)

    def run(self, refusal: str | None) -> None:
        if refusal:
            self.say(refusal)
        self.act("GREETING")
        while True:
            line = self.line().decode("utf-8", "replace").rstrip("\r\n")
            self.server.said.append((self.number, line))
            self.command(line[:4].upper(), line)

    def command(self, verb: str, line: str) -> None:
        """Obey one command."""
        obey = getattr(self, {"STAR": "starttls"}.get(verb, verb.lower()), None)
        if obey:
            obey(line)
        else:
            self.say("500 what?")

    def ehlo(self, _line: str) -> None:
        if self.server.helo_only:
            self.say("502 what?")
            return
        starttls = ("STARTTLS",) * (self.server.starttls and not isinstance(self.sock, ssl.SSLSocket))
        offers = ("scripted.example", *self.server.offers, *starttls)
        self.act("EHLO", "".join(f"250-{name}\r\n" for name in offers[:-1]) + f"250 {offers[-1]}")

    def helo(self, _line: str) -> None:
        self.say("250 scripted.example")

    def starttls(self, _line: str) -> None:
        self.say("220 go on")
        self.flush()
        self.encrypt()

    def mail(self, _line: str) -> None:
        if self.begun:
            self.say("503 5.5.1 nested MAIL")
        else:
            self.begun = self.act("MAIL").startswith("250")

    def rcpt(self, line: str) -> None:
        address = line.partition("<")[2].partition(">")[0]
        if not self.begun:
            self.say("503 5.5.1 MAIL first")
        elif self.act("RCPT", to=address).startswith("250"):
            self.to = address

    def rset(self, _line: str) -> None:
        self.begun, self.to = False, ""
        self.act("RSET")

    def quit(self, _line: str) -> None:
        self.act("QUIT")
        self.flush()
        raise HungUp

    def data(self, _line: str) -> None:
        if not self.to and not self.server.trusting:
            self.say("503 5.5.1 RCPT first")
            return
        if not self.act("DATA", to=self.to).startswith("354"):
            return
        text = bytearray(self.line())
        if text != b".\r\n":
            self.act("TEXT", "", self.to)
        while not text.endswith(b"\r\n.\r\n") and text != b".\r\n":
            text += self.line()
        to, self.begun, self.to = self.to, False, ""
        if not to:
            self.say("554 5.5.1 no valid recipients")
            return
        reply = self.act("DOT", to=to, raw=bytes(text[:-3]))
        if reply.startswith("2"):
            self.keep(to, bytes(text[:-3]))

    def keep(self, to: str, raw: bytes) -> None:
        self.server.letters.append((to, raw))

    def act(self, step: str, polite: str = "", to: str = "", raw: bytes = b"") -> str:
        """Do what the script says for this step; returns what was said."""
        with self.server.lock:
            self.server.times[step] += 1
            moment = Moment(step, to, self.number, self.server.times[step])
        act = self.server.script(moment)
        reply = (polite or POLITE.get(step, "")) if act is None else act
        words = reply.rsplit(" ", 1)
        how = words[-1] if words[-1] in (CLOSE, RESET, SILENT, STUCK) else ""
        said = reply.removesuffix(how).rstrip(" ")
        closing = how or said.rpartition("\n")[2].startswith("421")
        if step == "DOT" and (said.startswith("2") or said == "kept") and closing:
            self.keep(to, raw)
        if said and said != "kept":
            self.say(said)
        if closing:
            self.flush()
            self.end(how)
        return said

    def end(self, how: str) -> None:
        if how == RESET:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how == STUCK:
            self.server.over.wait(30)
        if how == SILENT:
            with suppress(OSError):
                while self.sock.recv(65536):
                    pass
        raise HungUp

    def line(self) -> bytes:
        while (end := self.unread.find(b"\n")) < 0:
            self.flush()
            more = self.sock.recv(65536)
            if not more:
                raise HungUp
            self.unread += more
        line = bytes(self.unread[: end + 1])
        del self.unread[: end + 1]
        return line

    def say(self, reply: str) -> None:
        self.due += reply.encode() + b"\r\n"

    def flush(self) -> None:
        if not self.due:
            return
        self.server.rounds += 1
        time.sleep(self.server.late)
        due, self.due = self.due, b""
        for piece in [due[at : at + 1] for at in range(len(due))] if self.server.drip else [due]:
            self.sock.sendall(piece)
            time.sleep(self.server.slow_drip)


@contextmanager
def scripted(script: Script | None = None, **how: object) -> Iterator[ScriptedServer]:
    """A running server; see ScriptedServer."""
    server = ScriptedServer(script or steps(), **how)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def accept() -> None:
            with suppress(OSError):
                while True:
                    sock, _address = listener.accept()
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    server.sockets.append(sock)
                    threading.Thread(target=server.serve, args=(sock,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        server.hang_up()
