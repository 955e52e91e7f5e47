"""Buckets: how many letters may go now, asked before each batch by workers on all machines.

There is one bucket a sender and one a domain, in the database, by its clock; so a restart forgets
nothing. They are locked until the caller commits: ask once in a transaction, and do not keep it open.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaigns.delivery import bucket_rows, limits
from campaigns.delivery.bucket_rows import Bucket
from campaigns.delivery.sharing import share

# Seconds after which those who got some letters ask for more; the least and the most for those who got none.
_SOON, _LATER, _LATEST = 5, 5, 60


@dataclass(frozen=True)
class Grant:
    """How many letters to each domain may go now, and the seconds until it is worth asking for the rest."""

    of_domain: dict[str, int]
    again_in: float


def take(session: Session, sender_id: int, domains: Mapping[str, int]) -> Grant:
    """Take letters out of the buckets, as many as may go of those wanted to each domain.

    What the sender may send is cut over the domains by what each wants and may get.
    """
    known = limits.current(session)
    if known.nothing:
        return Grant(dict(domains), 0.0)
    bound = sorted(domain for domain in domains if known.of(domain).binds)
    sender = bucket_rows.sender(session, sender_id, known.zone) if sender_id in known.senders else None
    if sender is None and not bound:
        return Grant(dict(domains), 0.0)
    buckets = bucket_rows.domains(session, bound if sender is None or sender.held else [], known)
    room = {
        domain: min(wanted, buckets[domain].held) if domain in buckets else wanted
        for domain, wanted in domains.items()
    }
    granted = share(room, sender.held) if sender else room
    for domain, bucket in buckets.items():
        bucket.take(granted[domain])
    if sender:
        sender.take(sum(granted.values()))
    bucket_rows.keep(session, sender_id, sender, buckets.items())
    return Grant(granted, _again_in(domains, granted, sender, buckets))


def give_back(session: Session, sender_id: int, domains: Mapping[str, int]) -> None:
    """Put back what was taken and not used."""
    known = limits.current(session)
    bound = sorted(domain for domain, number in domains.items() if number and known.of(domain).rate)
    sender = bucket_rows.sender(session, sender_id, known.zone) if sender_id in known.senders else None
    buckets = bucket_rows.domains(session, bound, known)
    for domain, bucket in buckets.items():
        bucket.take(-domains[domain])
    if sender:
        sender.take(-sum(domains.values()))
    bucket_rows.keep(session, sender_id, sender, buckets.items())


def _again_in(
    wanted: Mapping[str, int],
    granted: Mapping[str, int],
    sender: Bucket | None,
    buckets: Mapping[str, Bucket],
) -> float:
    """When the sender may send more, and the first of those domains that are not served yet may get more."""
    left = {domain: number - granted[domain] for domain, number in wanted.items() if number > granted[domain]}
    if not left:
        return 0.0
    of_sender = _wait(sender, sum(left.values()), sum(granted.values()))
    return max(of_sender, min(_wait(buckets.get(name), left[name], granted[name]) for name in left))


def _wait(bucket: Bucket | None, left: int, granted: int) -> float:
    """Not so short that a letter at a time is sent, not so long that a full bucket overflows.

    Whoever got nothing shares the bucket with others, and need not look at each drop that falls.
    """
    if bucket is None or bucket.held:
        return 0.0
    if granted:
        useful = min(bucket.wait(left), _SOON)
    else:
        useful = min(max(bucket.all_in(left), _LATER), _LATEST)
    return max(useful, bucket.wait(1))
