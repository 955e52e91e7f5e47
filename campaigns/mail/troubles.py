"""Says in one sentence why a mail server can't be used, and what to look at."""

import smtplib
import socket
import ssl

from campaigns.words import _


def sentence(error: OSError, host: str, port: int) -> str:
    """What to tell a person about an error met while talking to this server."""
    where = f"{host}:{port}"
    match error:
        case socket.gaierror():
            return _("The mail server “%(host)s” was not found: check its name.", host=host)
        case ssl.SSLCertVerificationError():
            return _(
                "The certificate of the mail server %(where)s can't be trusted: %(reason)s.",
                where=where,
                reason=error.verify_message,
            )
        case ssl.SSLError():
            return _("The mail server %(where)s does not speak TLS here: check port and TLS.", where=where)
        case smtplib.SMTPAuthenticationError():
            reason = f"{error.smtp_code} {readable(error.smtp_error)}"
            return _(
                "The mail server %(where)s does not accept the user name or password: %(reason)s",
                where=where,
                reason=reason,
            )
        case smtplib.SMTPNotSupportedError():
            return _(
                "The mail server %(where)s does not offer what is set: %(reason)s", where=where, reason=error
            )
        case smtplib.SMTPResponseException():
            reason = f"{error.smtp_code} {readable(error.smtp_error)}"
            return _("The mail server %(where)s says: %(reason)s", where=where, reason=reason)
        case TimeoutError():
            return _("The mail server %(where)s does not answer.", where=where)
        case ConnectionRefusedError():
            return _("The mail server %(where)s refuses connections: is it running?", where=where)
        case smtplib.SMTPServerDisconnected() | ConnectionError():
            return _("The mail server %(where)s closed the connection.", where=where)
        case _other:
            return _("The mail server %(where)s can't be used: %(reason)s", where=where, reason=error)


def readable(text: bytes | str) -> str:
    """A server's words, in one line, without control characters, and not too many."""
    decoded = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if not decoded.isprintable():
        decoded = "".join(char if char.isprintable() else " " for char in decoded)
    return decoded[:500].strip()
