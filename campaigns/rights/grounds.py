"""How many contacts stand on which legal ground, for each purpose: counted by the clock, read by pages."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import people
from campaigns.accounts.models import Organisation
from campaigns.consent.models import Consent
from campaigns.consent.standing import YES
from campaigns.database import moment, now


def count(session: Session) -> None:
    """Count them all anew and keep the numbers; goes through every state, so never for a page."""
    asked = (
        sa.select(Consent.purpose, Consent.basis, sa.func.count())
        .where(Consent.state.in_(YES))
        .group_by(Consent.purpose, Consent.basis)
        .order_by(Consent.purpose, Consent.basis)
    )
    found: list[list[Any]] = [list(row) for row in session.execute(asked)]
    session.execute(sa.update(Organisation).values(grounds={"at": now().isoformat(), "numbers": found}))


def kept(session: Session) -> tuple[datetime | None, list[tuple[str, str, int]]]:
    """When they were counted (None: not yet), and purpose, ground and number of each."""
    ours = people.organisation(session)
    if ours is None or not ours.grounds:
        return None, []
    return moment(ours.grounds["at"]), [tuple(row) for row in ours.grounds["numbers"]]
