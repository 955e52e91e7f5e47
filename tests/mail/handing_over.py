"""One letter, and impatient connections to hand it over on."""

from campaigns.mail import compile
from campaigns.mail.smtp import Relay, SmtpConnection
from tests.mail.letters import letter

RAW = compile.build(letter(html="<p>.dots</p>\n.\n..two\n", text="." * 200))


def connection(server, **changes) -> SmtpConnection:
    quick = {"tls": "none", "connect_timeout": 1, "command_timeout": 0.4, "dot_timeout": 0.6}
    return SmtpConnection(Relay("127.0.0.1", server.port, **{**quick, **changes}))


def send(smtp: SmtpConnection, to: str = "ann@example.org", **options):
    return smtp.send("b+1@example.com", to, RAW, **options)
