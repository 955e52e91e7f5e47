"""Which contacts a person may see: all of them, or for a salesperson their own and those nobody owns."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role, User
from campaigns.contacts import conditions
from campaigns.contacts.conditions import Condition
from campaigns.contacts.models import Contact
from campaigns.errors import NotFound
from campaigns.words import _


def limits(user: User) -> Condition | None:
    """What keeps this user from seeing all contacts, for long lists; None for those who see all."""
    return None if user.may(Role.MARKETER) else conditions.owned([user.id, None])


def visible_to(user: User) -> sa.ColumnElement[bool]:
    """The condition on Contact under which this user sees it."""
    limited = limits(user)
    return limited.where if limited else sa.true()


def seen(session: Session, user: User, contact_id: int, *load: Any, lock: bool = False) -> Contact:
    """The contact, if this user may see it; raises NotFound otherwise, as if there were none."""
    if limits(user) is None and not lock:
        contact = session.get(Contact, contact_id, options=load)
    else:
        found = sa.select(Contact).where(Contact.id == contact_id, visible_to(user)).options(*load)
        contact = session.scalar(found.with_for_update(key_share=True, of=Contact) if lock else found)
    if contact is None:
        raise NotFound(_("There is no such contact, or it is a colleague's."))
    return contact
