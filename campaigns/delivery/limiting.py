"""Limiting: what an administrator sets for senders and receiving domains."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.contacts import addresses
from campaigns.database import now
from campaigns.delivery import limits
from campaigns.delivery.models import DomainPace, HasRate, SenderPace
from campaigns.errors import BadInput, NotFound
from campaigns.mailings import senders
from campaigns.mailings.models import Sender
from campaigns.words import _

PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
MOST_LETTERS, MOST_AT_ONCE = 1_000_000, 1000
_WORTH = 10  # seconds: what a bucket holds unless told otherwise, so that none is lost between two looks
_FARTHEST = timedelta(days=3660)


@dataclass(frozen=True)
class Wish:
    """What is to hold: `letters` in each `per` seconds (None: no limit), `burst` at one go (None: usual).

    `warm_from` is for senders, `at_once` for domains.
    """

    letters: int | None = None
    per: int = 60
    burst: int | None = None
    at_once: int | None = None
    warm_from: date | None = None


def usual_burst(letters: int, per: int) -> int:
    """Ten seconds' worth of letters, one at least."""
    return max(-(-letters * _WORTH // per), 1)


def limit_sender(session: Session, sender_id: int, wish: Wish) -> None:
    """Hold a sender to these limits from now on; what went already counts. Raises BadInput, NotFound."""
    _check(wish)
    sender = senders.get(session, sender_id)
    row = session.get(SenderPace, sender_id)
    if row is None:
        row = SenderPace(sender_id=sender_id)
        session.add(row)
    _give(row, wish)
    row.warm_from = wish.warm_from
    session.flush()
    limits.forget()
    audit.note(session, "pace.change", f"sender:{sender_id}", address=sender.address, **_told(wish))


def limit_domain(session: Session, domain: str, wish: Wish) -> str:
    """Hold letters to a domain, or to `DomainPace.OTHERS`, to these limits; gives the name it is kept by.

    A domain for which nothing is set is free of what holds for all others. Raises BadInput.
    """
    _check(wish)
    name = named(domain)
    row = session.get(DomainPace, name, with_for_update=True)
    if row is None:
        row = DomainPace(domain=name)
        session.add(row)
    _give(row, wish)
    row.chosen, row.at_once = True, wish.at_once
    session.flush()
    limits.forget()
    audit.note(session, "pace.change", f"domain:{name}"[:60], **_told(wish))
    return name


def free_domain(session: Session, domain: str) -> None:
    """Let the domain be like all others again. Raises NotFound."""
    row = of_domain(session, domain)
    if row is None:
        raise NotFound(_("Nothing is set for this domain."))
    row.chosen, row.letters, row.at_once, row.empty_at = False, None, None, None
    session.flush()
    limits.forget()
    audit.note(session, "pace.free", f"domain:{row.domain}"[:60])


def of_sender(session: Session, sender_id: int) -> SenderPace | None:
    """What holds for the sender."""
    return session.get(SenderPace, sender_id)


def of_domain(session: Session, domain: str) -> DomainPace | None:
    """What was set for the domain."""
    row = session.get(DomainPace, domain)
    return row if row is not None and row.chosen else None


def senders_listed(session: Session) -> Sequence[tuple[Sender, SenderPace | None]]:
    """All senders, each with what holds for it."""
    paces = {pace.sender_id: pace for pace in session.scalars(sa.select(SenderPace))}
    return [(sender, paces.get(sender.id)) for sender in senders.listed(session)]


def domains_listed(session: Session) -> Sequence[DomainPace]:
    """The domains that something is set for, all others first, and those that are left alone now."""
    rows = sa.select(DomainPace).where(sa.or_(DomainPace.chosen, limits.HELD))
    return session.scalars(rows.order_by(DomainPace.domain != DomainPace.OTHERS, DomainPace.domain)).all()


def named(domain: str) -> str:
    """The name by which a domain is kept, as it stands in addresses. Raises BadInput."""
    given = domain.strip().lower().removeprefix("@").rstrip(".")
    if given == DomainPace.OTHERS:
        return given
    try:
        return addresses.canonical(f"a@{given}").domain
    except BadInput as error:
        raise BadInput(_("Write a domain, such as gmail.com."), field="domain") from error


def _give(row: HasRate, wish: Wish) -> None:
    if wish.letters is None:
        row.letters, row.per, row.burst, row.empty_at = None, 60, 1, None
        return
    row.letters, row.per = wish.letters, wish.per
    row.burst = wish.burst or usual_burst(wish.letters, wish.per)


def _check(wish: Wish) -> None:
    numbers = {"letters": MOST_LETTERS, "burst": MOST_LETTERS, "at_once": MOST_AT_ONCE}
    for field, most in numbers.items():
        value = getattr(wish, field)
        if value is not None and not 1 <= value <= most:
            raise BadInput(_("Write a number from 1 to %(most)s, or leave it empty.", most=most), field=field)
    if wish.per not in PERIODS.values():
        raise BadInput(_("Choose a second, a minute, an hour or a day."), field="per")
    if wish.warm_from is not None and abs(wish.warm_from - now().date()) > _FARTHEST:
        raise BadInput(_("Choose a day within ten years."), field="warm_from")


def _told(wish: Wish) -> dict[str, str | int]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in vars(wish).items()
        if value is not None
    }
