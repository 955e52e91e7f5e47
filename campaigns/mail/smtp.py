"""A plain SMTP client that knows the moment before the final dot."""

import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from campaigns.mail import answers, envelope, troubles
from campaigns.mail.outcomes import NotSent, Reply, Step, TransportTrouble, Unknown
from campaigns.mail.patience import PatientSMTP, PatientSMTPOverTLS
from campaigns.mail.roads import Transport

_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server and how to talk to it; times in seconds."""

    host: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Literal["none", "starttls", "tls"] = "starttls"
    own_name: str = "[127.0.0.1]"  # what we call ourselves in EHLO
    connect_timeout: float = 10
    command_timeout: float = 60
    dot_timeout: float = 120
    trust: ssl.SSLContext | None = field(default=None, repr=False)  # None: the system's authorities


class SmtpConnection(Transport):
    """One connection, opened by the first letter and kept for the next ones; for one thread.

    A connection that the server closed between two letters is opened again without a word.
    """

    name = "smtp"

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self._client: PatientSMTP | None = None
        self._half_done = False  # a transaction was begun and refused: RSET before the next

    def connect(self) -> PatientSMTP:
        """Connect, agree on TLS and sign in, unless that is done; raises TransportTrouble."""
        if self._client is None:
            try:
                self._client = opened(self.relay)
            except OSError as error:
                raise self._trouble(error, Step.CONNECT) from error
            self._half_done = False
        return self._client

    def send(
        self,
        envelope_from: str,
        to: str,
        raw: bytes,
        before_dot: Callable[[], None] = lambda: None,
        *,
        envelope_id: str = "",
    ) -> Reply:
        """Hand over one letter, as Transport says; connects first where needed."""
        sender = envelope.sender(envelope_from)
        recipient = envelope.recipient(to)
        try:
            client = self._begin(sender, recipient, raw, envelope_id)
            self._ask(client, Step.RCPT, envelope.rcpt_to(recipient))
            self._ask(client, Step.DATA, "DATA", expected=3)
            self._listen(client, lambda: client.push(stuffed(raw)))
        except NotSent:
            raise
        except BaseException:
            self._drop()
            raise
        try:
            before_dot()
        except BaseException:
            self._drop()  # without the dot, so that the server forgets the letter
            raise
        self._listen(client, client.unasked)
        return self._finish(client)

    def close(self) -> None:
        """Say goodbye."""
        if self._client is not None:
            self._client.patience = 2
            with suppress(OSError):
                self._client.quit()
            self._drop()

    def _begin(self, sender: str, recipient: str, raw: bytes, envelope_id: str) -> PatientSMTP:
        """Open a transaction; on a kept connection that turns out dead, once more on a new one."""
        kept = self._client is not None
        try:
            return self._mail(sender, recipient, raw, envelope_id)
        except TransportTrouble:
            if kept and self._client is None:
                return self._mail(sender, recipient, raw, envelope_id)
            raise

    def _mail(self, sender: str, recipient: str, raw: bytes, envelope_id: str) -> PatientSMTP:
        client = self._ready()
        offered = envelope.Offered.by(client)
        self._ask(client, Step.MAIL, envelope.mail_from(offered, sender, recipient, raw, envelope_id))
        return client

    def _ready(self) -> PatientSMTP:
        client = self.connect()
        if self._half_done:
            self._half_done = False
            with suppress(NotSent):
                self._ask(client, Step.MAIL, "RSET")
            if self._half_done:
                self._drop()
        return self.connect()

    def _ask(self, client: PatientSMTP, step: Step, command: str, expected: int = 2) -> None:
        """Say one thing and expect yes; the server's no is raised as what it means."""
        try:
            client.send(command.encode() + b"\r\n")
            code, text = client.getreply()
        except OSError as error:
            self._drop()
            raise self._trouble(error, step) from error
        if code // 100 != expected:
            self._half_done = True
            raise self._refusal(step, code, text)

    def _listen(self, client: PatientSMTP, do: Callable[[], tuple[int, bytes] | None]) -> None:
        """Do something before the dot, during which the server may say no without being asked."""
        try:
            early = do()
        except OSError as error:
            self._drop()
            raise self._trouble(error, Step.BODY) from error
        if early:
            self._drop()
            raise self._refusal(Step.BODY, *early)

    def _finish(self, client: PatientSMTP) -> Reply:
        """Send the dot; from here on only an answer tells what became of the letter."""
        try:
            client.patience = self.relay.dot_timeout
            client.send(b".\r\n")
            code, text = client.getreply()
            client.patience = self.relay.command_timeout
        except OSError as error:
            self._drop()
            raise Unknown(troubles.sentence(error, self.relay.host, self.relay.port), Step.DOT) from error
        except BaseException:
            self._drop()
            raise
        if code // 100 == 2:
            return Reply(code, troubles.readable(text))
        raise self._refusal(Step.DOT, code, text)

    def _refusal(self, step: Step, code: int, text: bytes) -> NotSent:
        """What an answer other than yes means; one that ends the talk closes the connection."""
        if answers.ends(code):
            self._drop()
        return answers.meaning(f"{self.relay.host}:{self.relay.port}", step, code, text)

    def _trouble(self, error: OSError, step: Step) -> TransportTrouble:
        return answers.unreachable(error, self.relay.host, self.relay.port, step)

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def stuffed(raw: bytes) -> bytes:
    """The letter as DATA carries it: each line ends in CRLF, a dot in front is doubled (RFC 5321, 4.5.2)."""
    ends = raw.count(b"\r\n")
    if raw.count(b"\r") != ends or raw.count(b"\n") != ends:
        raw = _BARE_LINE_END.sub(b"\r\n", raw)
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    return (b"." if raw.startswith(b".") else b"") + raw.replace(b"\r\n.", b"\r\n..")


def opened(relay: Relay) -> PatientSMTP:
    """A connection that is ready for letters; raises OSError, of which smtplib's own errors are kinds."""
    kind, extra = (
        (PatientSMTPOverTLS, {"context": _trust(relay)}) if relay.tls == "tls" else (PatientSMTP, {})
    )
    client: PatientSMTP = kind(
        relay.host,
        relay.port,
        local_hostname=relay.own_name,
        timeout=relay.connect_timeout,
        patience=relay.command_timeout,
        **extra,
    )
    try:
        client.ehlo_or_helo_if_needed()
        if relay.tls == "starttls":
            client.starttls(context=_trust(relay))
            client.ehlo_or_helo_if_needed()
        if relay.user:
            client.login(relay.user, relay.password)
    except BaseException:
        client.close()
        raise
    return client


def _trust(relay: Relay) -> ssl.SSLContext:
    return relay.trust or _authorities()


@cache
def _authorities() -> ssl.SSLContext:
    """Those whom the system trusts; read once, as that takes a tenth of a second."""
    return ssl.create_default_context()
