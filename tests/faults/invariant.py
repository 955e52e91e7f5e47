"""Who is to be mailed, and what must hold at the end whatever was killed."""

import random
from collections import Counter
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import tokens
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Purpose, Suppression
from campaigns.contacts.models import Contact
from campaigns.database import now, reading
from campaigns.delivery.models import Message
from campaigns.mailings.models import Campaign, Status
from tests.delivery import launching
from tests.faults.plant import Letter, Plant, wait_for
from tests.faults.results import Finding


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
    plant: Plant,
    campaign: Campaign,
    eligible: set[str],
    ineligible: set[str] = frozenset(),
    *,
    uncertain: int | None = None,
) -> Counter[str]:
    """The invariant; returns how many messages are in each state.

    Every eligible recipient is in the mail server's journal exactly once, or listed as uncertain and in
    it at most once; the ineligible are not; nothing was sent under two names; the equation holds. At most
    so many are uncertain: as many as connections were cut, unless said otherwise.
    """
    most = plant.cut if uncertain is None else uncertain
    with suppress(AssertionError):
        settled(plant, campaign, most=most)
    letters = letters_of(plant, campaign)
    times = Counter(letter.to for letter in letters)
    status, states = _states(campaign)
    twice = [address for address, number in times.items() if number > 1]
    lost = [a for a in eligible if times[a] != 1 and status.get(a) != "uncertain"]
    ended = plant.status(campaign) == Status.SENT
    Finding(campaign.id, len(status), len(lost), len(twice), states["uncertain"], plant.cut, ended).noted(
        plant.properties
    )
    assert not twice, f"mailed twice: {twice[:5]}"
    assert not ineligible & times.keys()
    assert {address for address in ineligible if status.get(address) != "skipped"} == set()
    assert not lost, f"neither mailed nor uncertain: {[(a, status.get(a)) for a in lost[:5]]}"
    wrong = [
        a for a in eligible if (status.get(a) == "sent") is not (times[a] == 1 and status[a] != "uncertain")
    ]
    assert not wrong, f"journal and database disagree: {[(a, status.get(a), times[a]) for a in wrong[:5]]}"
    assert len({letter.message_id for letter in letters}) == len(letters)
    account = launching.account(campaign)
    assert account.open == 0
    assert account.uncertain == states["uncertain"] <= most, f"{states['uncertain']} uncertain, {most} cut"
    return states


def settled(plant: Plant, campaign: Campaign, seconds: float = 20, most: int | None = None) -> None:
    """Wait until what dead or late workers wrote down was read, and whoever waited again for it is mailed."""
    most = plant.cut if most is None else most

    def over() -> bool:
        ended = plant.status(campaign) in (Status.SENT, Status.CANCELLED)
        return ended and _states(campaign)[1]["uncertain"] <= most

    wait_for(over, seconds, "word of the uncertain", lambda: f"{plant.state(campaign)}\n{plant.logs()}")


def letters_of(plant: Plant, campaign: Campaign) -> list[Letter]:
    """What the mail server accepted of this campaign; its own Message-ID tells to which row each belongs."""
    with reading() as session:
        found = session.execute(
            sa.select(Message.id, Message.address).where(Message.campaign_id == campaign.id)
        )
        addresses = {row.id: row.address for row in found}
    letters = []
    for letter in plant.journal():
        (message_id,) = tokens.read(tokens.Purpose.MESSAGE_ID, letter.message_id[1:].partition("@")[0])
        if message_id in addresses:
            letters.append(letter)
            assert addresses[message_id] == letter.to or addresses[message_id].startswith("erased:")
    return letters


def _states(campaign: Campaign) -> tuple[dict[str, str], Counter[str]]:
    """Where each address stands, and how many stand there."""
    with reading() as session:
        found = session.execute(
            sa.select(Message.address, Message.status).where(Message.campaign_id == campaign.id)
        )
        status = {row.address: row.status for row in found}
    return status, Counter(status.values())
