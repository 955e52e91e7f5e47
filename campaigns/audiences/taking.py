"""Taking: the members of a static audience, written down as they are at one moment."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import building
from campaigns.audiences.models import Audience, Member, Taking
from campaigns.contacts.models import Contact


def take(session: Session, audience: Audience) -> int:
    """Take whoever fits the rule now; how many. Earlier members stay for campaigns that were launched."""
    made = Taking(audience_id=audience.id, rule=audience.rule)
    session.add(made)
    session.flush()
    fits = building.condition(session, audience.rule)
    chosen = sa.select(sa.literal(made.id), Contact.id).where(fits).order_by(Contact.id)
    session.execute(sa.insert(Member).from_select(["taking_id", "contact_id"], chosen))
    of_it = sa.select(sa.func.count()).select_from(Member).where(Member.taking_id == made.id)
    made.members = session.scalar(of_it) or 0
    session.flush()
    return made.members


def newest(session: Session, audience: Audience) -> Taking | None:
    """When the members were taken last, by which rule, and how many."""
    query = sa.select(Taking).where(Taking.audience_id == audience.id).order_by(Taking.id.desc()).limit(1)
    return session.scalar(query)
