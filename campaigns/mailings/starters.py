"""Starter designs: letters to begin a template from; the files are in `templates/starters`."""

from dataclasses import dataclass

from campaigns import paths
from campaigns.errors import NotFound
from campaigns.mailings.composing import Draft
from campaigns.mailings.models import Source
from campaigns.words import _


@dataclass(frozen=True)
class Starter:
    """One design to begin from."""

    key: str
    title: str
    about: str
    subject: str
    preheader: str
    file: str

    @property
    def kind(self) -> Source:
        """What it is written in."""
        return Source.MARKDOWN if self.file.endswith(".md") else Source.MJML

    def draft(self, name: str) -> Draft:
        """A template's content under this name."""
        source = (paths.TEMPLATES / "starters" / self.file).read_text(encoding="utf-8")
        return Draft(name, self.subject, source, self.kind, self.preheader)


def listed() -> list[Starter]:
    """All starters, the most used first."""
    return [
        Starter(
            "newsletter",
            _("Newsletter"),
            _("One main story, two short ones, a signature."),
            "{{ firm.name }}: what is new this month",
            "One thing worth your time, and two short ones",
            "newsletter.mjml",
        ),
        Starter(
            "announcement",
            _("Announcement"),
            _("One piece of news with the facts: from when, for whom, at what price."),
            "New: say it in a few words",
            "What changes, and from when",
            "announcement.mjml",
        ),
        Starter(
            "personal",
            _("Personal note"),
            _("Plain text from one person to another. Gets more answers than any design."),
            "A question about {{ contact.company|default('your work') }}",
            "",
            "personal.md",
        ),
        Starter(
            "offer",
            _("Offer"),
            _("A price, until when, and one button."),
            "{{ contact.first_name|default('Hello') }}, a price for you until the end of the month",
            "What it is, what it costs, until when",
            "offer.mjml",
        ),
        Starter(
            "event",
            _("Event invitation"),
            _("When, where, what for, and a way to say yes."),
            "{{ contact.first_name|default('Hello') }}, will you come?",
            "When, where and what for",
            "event.mjml",
        ),
    ]


def get(key: str) -> Starter:
    """The starter; raises NotFound."""
    for starter in listed():
        if starter.key == key:
            return starter
    raise NotFound(_("There is no such starter."))
