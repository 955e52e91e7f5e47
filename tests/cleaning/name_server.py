"""A real name server on a loopback socket, so that nothing here asks the network."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset


class NameServer:
    """Answers from `records`: name → kind → texts; else NXDOMAIN. `silent` names get nothing."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, list[str]]] = {}
        self.silent: set[str] = set()
        self.broken: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                asked, client = self._socket.recvfrom(4096)
            except OSError:
                return
            question = dns.message.from_wire(asked)
            name = question.question[0].name.to_text().rstrip(".")
            self.asked.append(name)
            if name not in self.silent:
                self._socket.sendto(self._answer(question, name).to_wire(), client)

    def _answer(self, question: dns.message.Message, name: str) -> dns.message.Message:
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        if name in self.broken:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.records:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif kind in self.records[name]:
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *self.records[name][kind]))
        return answer

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """Asks this server and no other."""
        made = dns.resolver.Resolver(configure=False)
        made.nameservers = ["127.0.0.1"]
        made.port = self._socket.getsockname()[1]
        made.timeout = 0.5
        return made

    def close(self) -> None:
        """Let the thread end."""
        self._socket.close()


@contextmanager
def name_server() -> Iterator[NameServer]:
    """A server for one test."""
    made = NameServer()
    yield made
    made.close()
