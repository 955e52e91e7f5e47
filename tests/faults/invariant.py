"""Who is to be mailed, and what must hold at the end whatever was killed."""

import random
from collections import Counter

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Purpose, Suppression
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.delivery.models import Message
from campaigns.mailings.models import Campaign
from tests.delivery import launching
from tests.faults.plant import Plant


def fill(session: Session, number: int, *, refused: int = 0) -> tuple[set[str], set[str]]:
    """So many contacts who may be mailed, and some who may not; their addresses."""
    said = now()
    people = [f"p{n}@example.com" for n in range(number + refused)]
    session.execute(
        sa.insert(Contact),
        [
            {"email": email, "address_hash": tokens.address_hash(email), "domain": "example.com",
             "first_name": f"Person {n}"}
            for n, email in enumerate(people)
        ],
    )  # fmt: skip
    ids = {email: id_ for id_, email in session.execute(sa.select(Contact.id, Contact.email))}
    # Every seventh or so among the others, refused for one of two reasons.
    chosen = set(random.Random(1).sample(people, refused))
    unasked = {email for email in chosen if ids[email] % 2}
    asked = [email for email in people if email not in unasked]
    event = {"purpose": Purpose.MAIL, "act": Act.GRANTED, "basis": Basis.CONSENT, "source": "test",
             "method": "form", "at": said}  # fmt: skip
    session.execute(sa.insert(ConsentEvent), [{**event, "contact_id": ids[email]} for email in asked])
    written = session.execute(sa.select(ConsentEvent.contact_id, ConsentEvent.id))
    events = {row.contact_id: row.id for row in written}
    session.execute(
        sa.insert(Consent),
        [
            {"contact_id": ids[email], "purpose": Purpose.MAIL, "state": Act.GRANTED, "basis": Basis.CONSENT,
             "at": said, "event_id": events[ids[email]]}
            for email in asked
        ],
    )  # fmt: skip
    for email in chosen - unasked:
        session.add(
            Suppression(address_hash=tokens.address_hash(email), reason="unsubscribed", source="test")
        )
    session.commit()
    return set(people) - chosen, chosen


def holds(
    plant: Plant, campaign: Campaign, eligible: set[str], ineligible: set[str] = frozenset()
) -> Counter[str]:
    """The invariant; returns how many messages are in each state.

    Every eligible recipient is in the mail server's journal exactly once, or listed as uncertain and in
    it at most once; the ineligible are not; nothing was sent under two names; the equation holds.
    """
    times = Counter(letter.to for letter in plant.journal())
    with reading() as session:
        found = session.execute(
            sa.select(Message.address, Message.status).where(Message.campaign_id == campaign.id)
        )
        status = {row.address: row.status for row in found}
    twice = [address for address, number in times.items() if number > 1]
    assert not twice, f"mailed twice: {twice[:5]}"
    assert not ineligible & times.keys()
    assert {address for address in ineligible if status.get(address) != "skipped"} == set()
    lost = [a for a in eligible if times[a] != 1 and status.get(a) != "uncertain"]
    assert not lost, f"neither mailed nor uncertain: {[(a, status.get(a)) for a in lost[:5]]}"
    wrong = [
        a for a in eligible if (status.get(a) == "sent") is not (times[a] == 1 and status[a] != "uncertain")
    ]
    assert not wrong, f"journal and database disagree: {[(a, status.get(a), times[a]) for a in wrong[:5]]}"
    assert len({letter.message_id for letter in plant.journal()}) == len(plant.journal())
    account = launching.account(campaign)
    assert account.open == 0
    return Counter(status.values())
