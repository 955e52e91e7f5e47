"""Rules to begin with, so that nobody faces an empty field."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import rules
from campaigns.contacts.models import Category
from campaigns.words import _


@dataclass(frozen=True)
class Starter:
    """A rule with a name and what it is good for."""

    name: str
    rule: str
    use: str


def starters(session: Session) -> list[Starter]:
    """A handful that make sense here; those of a category name the first one there is."""
    found = [
        Starter(_("Everybody"), "all", _("All who may be written to.")),
        Starter(
            _("Not spoken to for 90 days"),
            "last_contact < -90d or last_contact is empty",
            _("Those who are about to forget you."),
        ),
        Starter(_("Without a next step"), "next_step is empty", _("Nobody has planned anything with them.")),
        Starter(_("Birthdays of the next week"), "birthday <= +7d", _("A reason to say hello.")),
        Starter(_("New this month"), "created >= -30d", _("Welcome them.")),
    ]
    first = session.scalar(sa.select(Category.name).order_by(Category.name).limit(1))
    if first is not None:
        rule = f"category:{rules.quoted(first)}"
        found.insert(1, Starter(_("All of “%(name)s”", name=first), rule, _("One whole category.")))
    return found
