"""The rest of an erasure: others' texts, files, letters in a worker's hands, and the list of erasures."""

import time

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import longwork
from campaigns.cleaning.models import CleaningRun, MailDomain
from campaigns.contacts.models import Contact
from campaigns.database import db_now, reading, transaction
from campaigns.delivery.models import OPEN_STATES, DomainPace, Message, Segment
from campaigns.exports.models import Export
from campaigns.longwork import Holder, WorkStatus
from campaigns.rights import erasing, forgetting, mentions, papers, remembering
from campaigns.rights import person as persons
from campaigns.rights.models import Erasure
from campaigns.rights.person import Person

_LONGEST_SEND = 600  # seconds that a letter may be in a worker's hands
_OVER = (WorkStatus.DONE, WorkStatus.CANCELLED)


def run(erasure_id: int) -> None:
    """Finish one erasure, or go on with it; safe to run twice."""
    longwork.run(Erasure, erasure_id, lambda _session, _erasure: False, _finish)


def _finish(holder: Holder) -> None:
    remembering.recall()
    with reading() as session:
        who = persons.unsealed(session.get_one(Erasure, holder.work_id).known)
        words = mentions.sought(session, who)
    found = mentions.blacken(words, holder.beat) | papers.blacken(who, holder.beat)
    _wait_for_letters(who, holder)
    with transaction() as session:
        kept = holder.keep(session)
        forgetting.leave_no_trace(session)
        erasing.forget(session, who)
        _forget_places(session)
        _forget_domains(session, who)
        kept.known, kept.elsewhere = "", found


def _wait_for_letters(who: Person, holder: Holder) -> None:
    """A letter that was in a worker's hands when its contact went is written down a moment later."""
    held = sa.select(
        sa.exists().where(
            Message.contact_id.in_(who.numbers),
            Message.status.in_(OPEN_STATES),
            Segment.campaign_id == Message.campaign_id,
            Segment.first_contact_id <= Message.contact_id,
            Segment.last_contact_id >= Message.contact_id,
            Segment.lease_until > db_now(),
        )
    )
    until = time.monotonic() + _LONGEST_SEND
    while time.monotonic() < until:
        with reading() as session:
            if not session.scalar(held):
                return
        holder.beat()
        time.sleep(1)


def _forget_places(session: Session) -> None:
    """Where work that is over went on from: names and addresses, of no more use."""
    for kind, empty in ((Export, {}), (CleaningRun, [])):
        session.execute(sa.update(kind).where(kind.status.in_(_OVER)).values(after=empty))


def _forget_domains(session: Session, who: Person) -> None:
    """What is known of domains that only this person had."""
    domains = {address.rpartition("@")[2] for address in who.addresses}
    used = set(session.scalars(sa.select(Contact.domain).where(Contact.domain.in_(domains)).distinct()))
    own = domains - used
    session.execute(sa.delete(MailDomain).where(MailDomain.domain.in_(own)))
    session.execute(
        sa.delete(DomainPace).where(DomainPace.domain.in_(own), DomainPace.chosen.is_(False))
    )  # fmt: skip
