"""Conditions on what is linked to a contact: labels, what they agreed to, members of static audiences."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences.firms import folded
from campaigns.audiences.leaves import Listed, one_of
from campaigns.audiences.models import Member
from campaigns.audiences.nodes import Op, Test
from campaigns.consent.models import Act, Consent, Purpose
from campaigns.contacts.models import Category, Tag, contact_category, contact_tag

_LABELS: dict[str, tuple[Any, sa.Column[int], sa.Column[int]]] = {
    "category": (Category, contact_category.c.category_id, contact_category.c.contact_id),
    "tag": (Tag, contact_tag.c.tag_id, contact_tag.c.contact_id),
}
_PURPOSES = {
    "consent": Purpose.MAIL,
    "tracking": Purpose.TRACKING,
    "profiling": Purpose.PROFILING,
    "ad_platforms": Purpose.AD_PLATFORMS,
}
_MANY = 500


def of_label(session: Session, test: Test) -> tuple[Listed, bool]:
    """Categories or tags; the labels are looked up first, for the database plans better with numbers."""
    label, other, contact = _LABELS[test.field]
    if test.op == Op.EMPTY:
        return Listed(contact, sa.select(contact)), False
    meant = sa.select(label.id).where(folded(session, label.key, test))
    numbers = session.scalars(meant.limit(_MANY + 1)).all()
    chosen = other.in_(meant) if len(numbers) > _MANY else one_of(session, other, sorted(numbers))
    if len(numbers) == 1:
        chosen = other == numbers[0]
    return Listed(contact, sa.select(contact).where(chosen), once=len(numbers) < 2), True


def of_state(test: Test) -> tuple[Listed, bool]:
    """Where somebody stands on a purpose; `none`: they were never asked."""
    states = {str(value) for value in test.values}
    if Act.GRANTED in states:
        states.add(Act.CONFIRMED)  # who confirmed has agreed
    mine = sa.select(Consent.contact_id).where(Consent.purpose == _PURPOSES[test.field])
    if "none" not in states:
        said = mine.where(Consent.state.in_(sorted(states)))
        return Listed(Consent.contact_id, said, once=True), True
    others = mine.where(Consent.state.not_in(sorted(states))) if len(states) > 1 else mine
    return Listed(Consent.contact_id, others, once=True), False


def of_members(test: Test) -> Listed:
    """Those who were taken into a static audience at one moment."""
    [taking] = test.values
    chosen = sa.select(Member.contact_id).where(Member.taking_id == int(str(taking)))
    return Listed(Member.contact_id, chosen, once=True)
