"""What is offered on the page that prepares an import: grounds, encodings, delimiters."""

from datetime import date

from babel.dates import format_skeleton

from campaigns.consent.models import Basis
from campaigns.imports import encodings
from campaigns.imports.reading import DELIMITERS
from campaigns.words import _, language


def grounds() -> list[tuple[str, str, str]]:
    """Each ground with its label and what it means."""
    return [
        (
            Basis.CONSENT,
            _("They agreed"),
            _("On a form, on paper, at a fair: they asked for letters from you."),
        ),
        (
            Basis.EXISTING_CUSTOMER,
            _("They are customers"),
            _("They bought from you, were told that they may say no, and did not."),
        ),
        (
            Basis.CONTRACT,
            _("A contract needs it"),
            _("Orders, invoices, service. They are kept, but get no advertising."),
        ),
        (
            Basis.LEGITIMATE_INTEREST,
            _("Legitimate interest"),
            _("They are kept, but get no advertising until they agree."),
        ),
    ]


def encodings_offered(own: str) -> list[tuple[str, str]]:
    """The encodings, the file's own first."""
    return [(name, name.upper()) for name in dict.fromkeys([own, *encodings.CHOICES])]


def delimiters_offered(own: str) -> list[tuple[str, str]]:
    """The signs between columns, the file's own first."""
    words = {",": _("comma ,"), ";": _("semicolon ;"), "\t": _("tab"), "|": _("bar |")}
    return [(sign, words.get(sign, sign)) for sign in dict.fromkeys([own, *DELIMITERS])]


def day_of_year(day: str) -> str:
    """MM-DD as people write it."""
    shown = date.fromisoformat(f"2000-{day}")
    return str(format_skeleton("MMMMd", shown, locale=language()))
