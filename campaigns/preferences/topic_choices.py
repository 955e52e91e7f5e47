"""A yes or a no for each topic: what a contact gets letters about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.consent import gate, leaving, ledger, topics, wordings
from campaigns.consent.gate import Facts
from campaigns.consent.models import Act, Basis, Purpose, Suppression, Topic
from campaigns.consent.standing import NO, Standing
from campaigns.crm import logging
from campaigns.crm.models import Kind
from campaigns.delivery.models import Message
from campaigns.delivery.visiting import Visitor
from campaigns.errors import BadInput
from campaigns.mailings.models import Campaign
from campaigns.preferences.choosing import Evidence, left_by, letter_of, note, said
from campaigns.words import _, language


@dataclass(frozen=True)
class Choice:
    """One topic as the page shows it; `yes` is None while nothing was said that still counts."""

    topic: Topic
    yes: bool | None

    @property
    def field(self) -> str:
        """The name of its question."""
        return f"topic.{self.topic.id}"

    @property
    def shown(self) -> str:
        """The name of what the page showed when it was opened."""
        return f"shown.{self.topic.id}"


def choices(session: Session, who: Visitor) -> list[Choice]:
    """All offered topics, and whether this contact gets letters about them."""
    return _choices(session, who, topics.listed(session, offered=True))


def _choices(session: Session, who: Visitor, some: Sequence[Topic]) -> list[Choice]:
    if who.contact is None:
        return [Choice(topic, False) for topic in some]
    states = ledger.states(session, who.contact_id)
    address = Suppression.address_hash == who.contact.address_hash
    if session.scalar(sa.select(Suppression.id).where(address)) is not None:
        return [Choice(topic, False) for topic in some]
    return [Choice(topic, _answer(states, topic.purpose)) for topic in some]


def _answer(states: Mapping[str, Standing], purpose: str) -> bool | None:
    own, mail = states.get(purpose), states.get(Purpose.MAIL)
    facts = Facts(
        state=own.state if own else None,
        basis=own.basis if own else None,
        mail_state=mail.state if mail else None,
        mail_basis=mail.basis if mail else None,
    )
    refused = gate.decide(facts, purpose)
    if refused is None:
        return True
    return False if refused.value in NO else None


def choose(session: Session, who: Visitor, given: Mapping[str, str], how: Evidence) -> None:
    """Write down the answers that changed. A no counts always; raises BadInput for a yes by an old link.

    A yes that the page showed already is none: they may have left on another page meanwhile.
    """
    if who.contact is None:
        return
    asked = choices(session, who)
    noes = [one for one in asked if one.yes is not False and given.get(one.field) == "no"]
    _refuse(session, who, noes, how)
    yeses = [
        one
        for one in asked
        if not one.yes and given.get(one.field) == "yes" and given.get(one.shown) != "yes"
    ]
    if yeses and not who.fresh:
        raise BadInput(
            _("This letter is too old to agree by. Use the link in a newer one."), field=yeses[0].field
        )
    if noes or yeses:
        note(session, who, "topics")
    if yeses:
        words = {one.topic.purpose: _wording(session, one.topic) for one in yeses}
        leaving.agree(session, who.contact, words, act=Act.GRANTED, **said(who, how))


def of_letter(session: Session, who: Visitor) -> Topic | None:
    """The topic that the letter was about; None for a letter in general."""
    purpose = session.scalar(sa.select(Campaign.purpose).join(Message).where(letter_of(who)))
    return next((topic for topic in topics.listed(session) if topic.purpose == purpose), None)


def leave(session: Session, who: Visitor, topic: Topic, how: Evidence) -> None:
    """No more letters about this; saying it again changes nothing."""
    if who.contact is None:
        return
    standing = ledger.state(session, who.contact_id, topic.purpose)
    if standing is None or standing.state not in NO:
        _refuse(session, who, _choices(session, who, [topic]), how)
        note(session, who, "topics")


def agreement() -> str:
    """What a contact says by a yes to a topic, above its name, in the language being spoken."""
    return _("You may write to me about this, until I say otherwise:")


def _refuse(session: Session, who: Visitor, noes: Sequence[Choice], how: Evidence) -> None:
    """Write the noes down; of those who got letters about it, also that they left by this letter."""
    campaign = left_by(session, who) if any(one.yes for one in noes) else None
    for one in noes:
        standing = ledger.record(
            session, who.contact_id, one.topic.purpose, Act.WITHDRAWN, Basis.CONSENT, **said(who, how)
        )
        if one.yes and standing is not None:
            logging.log(
                session,
                who.contact_id,
                Kind.LEAVE_TOPIC,
                summary=one.topic.name,
                detail=campaign or "",
                once=f"leave_topic:{standing.event_id}",
            )


def _wording(session: Session, topic: Topic) -> int:
    spoken = language()
    text = "\n".join(part for part in (agreement(), topic.called(spoken), topic.told(spoken)) if part)
    return wordings.wording(session, topic.purpose, spoken, text).id
