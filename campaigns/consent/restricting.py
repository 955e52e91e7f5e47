"""Keeping somebody's data without using them (GDPR Art. 18), and using them again."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy.orm import Session

from campaigns.accounts.models import User
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy
from campaigns.database import now
from campaigns.errors import BadInput, Conflict
from campaigns.words import _

_LONGEST = 300


class Why(StrEnum):
    """For what the law lets a person ask for it: the letters of Art. 18(1), in their order."""

    ACCURACY = "accuracy"
    UNLAWFUL = "unlawful"
    CLAIMS = "claims"
    OBJECTION = "objection"


def words(why: str) -> str:
    """The reason in a few words."""
    return {
        Why.ACCURACY: _("They say that something is not right, until that is looked into"),
        Why.UNLAWFUL: _("We should not have the data, and they don’t want them erased"),
        Why.CLAIMS: _("They need the data for a claim of theirs"),
        Why.OBJECTION: _("They objected, until it is decided whose interest weighs more"),
    }.get(why, why)  # type: ignore[call-overload]


def choices() -> list[tuple[str, str]]:
    """The reasons with their words, for a form."""
    return [(why.value, words(why)) for why in Why]


def restrict(session: Session, contact: Contact, form: Mapping[str, str], user_id: int | None) -> None:
    """From now on this contact is kept, and nothing else: not mailed, not followed, not handed on.

    Saying it again changes the reason and not the day. Raises BadInput without a reason.
    """
    given = form.get("why", "")
    if given not in set(Why):
        raise BadInput(_("Choose why their data are not to be used."), field="why")
    contact.restricted_at = contact.restricted_at or now()
    contact.restricted_why = given
    contact.restricted_note = tidy(form.get("note", ""), _LONGEST)
    contact.restricted_by = user_id
    session.flush()


def release(session: Session, contact: Contact, form: Mapping[str, str]) -> str:
    """Their data may be used again, as far as they agreed; returns how they were told (Art. 18(3)).

    Raises BadInput without that, Conflict when there is nothing to release.
    """
    if contact.restricted_at is None:
        raise Conflict(_("Their data may be used already."))
    told = tidy(form.get("told", ""), _LONGEST)
    if not told:
        raise BadInput(_("Tell them before their data are used again, and write down how."), field="told")
    contact.restricted_at, contact.restricted_by = None, None
    contact.restricted_why = contact.restricted_note = ""
    session.flush()
    return told


def by(session: Session, contact: Contact) -> User | None:
    """The colleague who wrote the restriction down; None for the command line."""
    return session.get(User, contact.restricted_by) if contact.restricted_by else None
