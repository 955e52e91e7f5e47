"""Rows about a further address of somebody are rows about that contact, not about a new one."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts import identity
from campaigns.contacts.addresses import Address
from campaigns.contacts.models import FurtherAddress
from campaigns.imports.mapping import Incoming, Refused, Will


def forwarded(session: Session, batch: Sequence[Incoming | Refused]) -> Sequence[Incoming | Refused]:
    """The batch, with such rows under the address that their contact has now.

    That a further address does not work is said of that address only.
    """
    if session.scalar(sa.select(FurtherAddress.email).limit(1)) is None:
        return batch
    emails = [row.address.email for row in batch if isinstance(row, Incoming)]
    owners = identity.owners(session, list(dict.fromkeys(emails)))
    if not owners:
        return batch
    found: list[Incoming | Refused] = []
    for row in batch:
        owner = owners.get(row.address.email) if isinstance(row, Incoming) else None
        if owner is not None and isinstance(row, Incoming):
            address_hash = row.hash if row.will == Will.BOUNCED else owner.address_hash
            row = replace(row, address=Address(owner.email, owner.domain), hash=address_hash)
        found.append(row)
    return found
