"""Limits as tests set them, and letters as they take them."""

from campaigns.database import transaction
from campaigns.delivery import buckets, limits
from campaigns.delivery.models import DomainPace, SenderPace


def limit(sender=None, domain=None, **values):
    """Set a limit as it is kept, with a full bucket."""
    row = (
        SenderPace(sender_id=sender, **values) if sender else DomainPace(domain=domain, chosen=True, **values)
    )
    with transaction() as session:
        session.merge(row)
    limits.forget()


def take(sender, **domains):
    """Take for `gmail=3` letters to gmail.example."""
    with transaction() as session:
        grant = buckets.take(session, sender, {f"{name}.example": n for name, n in domains.items()})
    return {name.partition(".")[0]: n for name, n in grant.of_domain.items()}, grant.again_in
