"""The road out: captured mail until a mail server is set, then SMTP."""

from dataclasses import replace
from urllib.parse import urlsplit

from campaigns.mail.capture import CapturedMail
from campaigns.mail.roads import Transport
from campaigns.mail.smtp import Relay, SmtpConnection
from campaigns.settings import Settings

__all__ = ["Transport", "open_transport", "public_host", "relay", "transport_name"]


def transport_name(settings: Settings) -> str:
    """`smtp` when a mail server is set, else `capture`."""
    return "smtp" if settings.smtp.host else "capture"


def open_transport(settings: Settings, patience: float | None = None) -> Transport:
    """The transport these settings ask for; SMTP connects with the first letter.

    `patience` is how many seconds to wait for each answer, where a person is waiting.
    """
    if transport_name(settings) == "capture":
        return CapturedMail(settings.data_dir)
    server = relay(settings)
    if patience:
        server = replace(server, command_timeout=patience, dot_timeout=patience)
    return SmtpConnection(server)


def relay(settings: Settings) -> Relay:
    """The mail server these settings name."""
    smtp = settings.smtp
    return Relay(
        host=smtp.host,
        port=smtp.port,
        user=smtp.user,
        password=smtp.password.get_secret_value(),
        tls=smtp.tls,
        own_name=public_host(settings.base_url) or "[127.0.0.1]",
    )


def public_host(base_url: str) -> str:
    """The name under which the world knows us, where we have one."""
    host = urlsplit(base_url).hostname or ""
    return host if "." in host and not host.replace(".", "").isdigit() else ""
