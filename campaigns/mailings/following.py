"""Rules that were frozen for campaigns follow when what they name gets another name.

Until everybody is planned the frozen rule is still asked, days after it was frozen for one that is scheduled:
it would find nobody, or not leave out whom it leaves out.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import following, rules
from campaigns.audiences.lexing import RuleProblem
from campaigns.contacts import relabelling
from campaigns.contacts.field_renaming import Followed
from campaigns.mailings.models import Campaign, Status

_AHEAD = (Status.SCHEDULED, Status.SENDING, Status.PAUSED)


def of_thing(session: Session, kind: type[Any], old: str, new: str) -> Followed:
    """Write the new name into rules of campaigns that are not planned yet; tells of those that are left."""
    renamed, left = following.thing(kind, old, new), []
    asking = sa.select(Campaign).where(Campaign.status.in_(_AHEAD), Campaign.planned_at.is_(None))
    for campaign in session.scalars(asking.order_by(Campaign.id).with_for_update()):
        try:
            text, like = following.rewritten(rules.parse_frozen(campaign.rule), renamed)
        except RuleProblem:
            continue  # planning says what is wrong with it
        if text:
            campaign.rule = text
        elif like:
            left.append(campaign.name)
    session.flush()
    return Followed(left=tuple(left))


relabelling.offer(of_thing)
