"""The product's own letters, such as a password reset: rendered, built and sent at once."""

import re
import secrets
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from campaigns import paths, settings
from campaigns.database import now
from campaigns.errors import NotReady
from campaigns.mail import compile, designs
from campaigns.mail import text as plain
from campaigns.mail.letter import Letter
from campaigns.mail.outcomes import NotSent
from campaigns.mail.transport import open_transport, public_host
from campaigns.words import _, ngettext

PRIVATE = ("Sensitivity", "Private")  # RFC 4021
_PATIENCE = 15  # seconds; a person is waiting for the page
_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True)
class Written:
    """One of our own letters, ready to be addressed."""

    subject: str
    html: str
    text: str


def written(letter: str, language: str, /, **values: object) -> Written:
    """The plain letter `templates/emails/<letter>`, filled with `values`, in the language being spoken."""
    text = _rendered(f"{letter}/body.txt", values)
    subject = " ".join(_rendered(f"{letter}/subject.txt", values).split())
    return Written(subject, designs.framed(_as_html(text), language), text)


def send(
    name: str, to: str, *, to_name: str = "", from_name: str = "", from_address: str = "", **values: object
) -> None:
    """Send the letter `templates/emails/<name>` to one address, filled with `values`.

    It needs `subject.txt` and one of `body.mjml`, `body.html` and `body.txt`; each of the two bodies is
    made from the other where only one is there. Raises NotReady when the letter can't be handed over.
    """
    subject = _rendered(f"{name}/subject.txt", values)
    html = _html_body(name, values)
    text = _rendered(f"{name}/body.txt", values) if _is_there(f"{name}/body.txt") else plain.from_html(html)
    _send(subject, to, text, html, to_name, from_name, from_address)


def send_plain(
    subject: str, to: str, text: str, html: str = "", *, from_name: str = "", from_address: str = ""
) -> None:
    """Send a letter about an account that somebody else rendered; without HTML its text is framed.

    It is marked as private, because its links may open the account. Raises NotReady when the letter
    can't be handed over.
    """
    _send(subject, to, text, html, "", from_name, from_address, (PRIVATE,))


def _send(
    subject: str,
    to: str,
    text: str,
    html: str,
    to_name: str,
    from_name: str,
    from_address: str,
    marks: tuple[tuple[str, str], ...] = (),
) -> None:
    sender = from_address or _own_address()
    letter = Letter(
        from_name=from_name or "Campaigns",
        from_address=sender,
        to_name=to_name,
        to_address=to,
        subject=subject.strip(),
        html=html or designs.framed(_as_html(text)),
        text=text,
        message_id=f"{secrets.token_hex(12)}@{sender.rpartition('@')[2]}",
        date=now(),
        headers=(("Auto-Submitted", "auto-generated"), *marks),
    )
    try:
        with open_transport(settings.current(), patience=_PATIENCE) as transport:
            transport.send(sender, to, compile.build(letter))
    except NotSent as error:
        raise NotReady(_("The letter to %(to)s was not sent. %(why)s", to=to, why=error.text)) from error


def _html_body(name: str, values: dict[str, object]) -> str:
    """The HTML part, or nothing where the text says it all."""
    for kind, ending in ((designs.Kind.MJML, "mjml"), (designs.Kind.HTML, "html")):
        path = f"{name}/body.{ending}"
        if _is_there(path):
            return _templates().from_string(_document(kind, path)).render(values)
    return ""


@cache
def _document(kind: designs.Kind, path: str) -> str:
    return designs.to_document(kind, (paths.TEMPLATES / "emails" / path).read_text(encoding="utf-8"))


def _rendered(path: str, values: dict[str, object]) -> str:
    return _templates().get_template(path).render(values)


def _is_there(path: str) -> bool:
    return (paths.TEMPLATES / "emails" / path).exists()


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(paths.TEMPLATES / "emails"),
        autoescape=select_autoescape(["html", "mjml"], default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(_=_, ngettext=ngettext)
    return environment


def _as_html(text: str) -> str:
    """Plain text as paragraphs, its web addresses as links."""
    linked = _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', str(escape(text.strip())))
    return "".join(f"<p>{part}</p>\n" for part in linked.replace("\n", "<br>").split("<br><br>"))


def _own_address() -> str:
    return f"no-reply@{public_host(settings.current().base_url) or 'localhost'}"
