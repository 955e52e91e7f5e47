"""What contacts decide for themselves: leave, pause, how far they are followed, in which language."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.consent import leaving, ledger, wordings
from campaigns.consent.models import Act, Basis, ConsentEvent, Purpose, Suppression
from campaigns.consent.rhythm import Rhythm, stricter
from campaigns.consent.standing import NO, YES, fold
from campaigns.contacts import origins
from campaigns.crm import logging
from campaigns.crm.models import Kind
from campaigns.database import now
from campaigns.delivery.models import Message
from campaigns.delivery.visiting import UNDO, Visitor
from campaigns.errors import BadInput
from campaigns.mailings.models import Campaign
from campaigns.words import LANGUAGES, _, language

PAUSE = timedelta(days=91)  # three months
LONGEST_PAUSE = timedelta(days=731)


@dataclass(frozen=True)
class Evidence:
    """How it reached us."""

    method: str
    ip: str = ""
    user_agent: str = ""
    page_url: str = ""


@dataclass(frozen=True)
class Choices:
    """What a contact has chosen so far, as the page shows it."""

    mailed: bool
    paused_until: datetime | None
    tracking: bool | None  # None: never asked
    language: str
    rhythm: str = ""


def choices(session: Session, who: Visitor) -> Choices:
    """What this contact has chosen so far; those who were erased look like anybody who left."""
    if who.contact is None:
        return Choices(False, None, None, "")
    states = ledger.states(session, who.contact.id)
    listed = session.scalar(
        sa.select(Suppression.id).where(Suppression.address_hash == who.contact.address_hash)
    )
    mail, tracking = states.get(Purpose.MAIL), states.get(Purpose.TRACKING)
    paused = who.contact.paused_until
    return Choices(
        mailed=listed is None and (mail is None or mail.state not in NO),
        paused_until=paused if paused and paused > now() else None,
        tracking=None if tracking is None else tracking.state in YES,
        language=who.contact.language,
        rhythm=who.contact.rhythm,
    )


def receipt(session: Session, who: Visitor) -> list[ConsentEvent]:
    """All that this contact agreed to and refused, newest first, each with its words."""
    return ledger.evidence(session, who.contact_id)


def unsubscribe(session: Session, who: Visitor, how: Evidence) -> None:
    """No letters any more, from this moment; saying it again changes nothing."""
    campaign = left_by(session, who)
    if leaving.unsubscribe(session, who.contact_id, **said(who, how)):
        note(session, who, "unsubscribe", how=how.method)
    if who.contact is not None and campaign is not None:
        once = f"unsubscribe:{who.message_id}"
        logging.log(session, who.contact_id, Kind.UNSUBSCRIBE, summary=campaign, once=once)


def left_by(session: Session, who: Visitor) -> str | None:
    """Let the letter count as one by which they left, once; gives its campaign's name.

    To be called before the contact is locked: in this order hits lock them too. None without a letter.
    """
    never = letter_of(who), Message.unsubscribed_at.is_(None)
    session.execute(sa.update(Message).where(*never).values(unsubscribed_at=now()))
    return session.scalar(sa.select(Campaign.name).join(Message).where(letter_of(who)))


def just_left(session: Session, who: Visitor) -> bool:
    """Whether this very link ended a yes within the hour: that, and no more, may be taken back by it.

    So an old link can't bring back who left long ago, nor make a yes where there was none.
    """
    said_so = [one for one in ledger.evidence(session, who.contact_id) if one.purpose == Purpose.MAIL]
    if not said_so or (said_so[0].act, said_so[0].source) != (Act.WITHDRAWN, who.source):
        return False
    before = fold(said_so[:0:-1])
    return said_so[0].at > now() - UNDO and before is not None and before.state in YES


def pause_instead(session: Session, who: Visitor, how: Evidence) -> datetime | None:
    """Take the unsubscribing just done back, and write nothing for three months; returns until when."""
    if who.contact is None:
        return None
    words = wordings.wording(session, Purpose.MAIL, language(), pause_wording())
    came = leaving.come_back(
        session,
        who.contact_id,
        act=Act.GRANTED,
        wording_id=words.id,
        **said(who, how),
    )
    if not came:
        return None
    who.contact.paused_until = max(now() + PAUSE, who.contact.paused_until or now())
    session.execute(sa.update(Message).where(letter_of(who)).values(unsubscribed_at=_left_a_topic(who)))
    note(session, who, "come_back")
    return who.contact.paused_until


def _left_a_topic(who: Visitor) -> sa.ScalarSelect[datetime]:
    """When they left a topic by this letter: that they did not take back."""
    topic = ConsentEvent.purpose.startswith(f"{Purpose.MAIL}:"), ConsentEvent.act == Act.WITHDRAWN
    mine = ConsentEvent.contact_id == who.contact_id, ConsentEvent.source == who.source
    return sa.select(sa.func.min(ConsentEvent.at)).where(*mine, *topic).scalar_subquery()


def follow(session: Session, who: Visitor, yes: bool, how: Evidence) -> None:
    """Note whether opens and clicks may be followed. Raises BadInput for a yes by an old link."""
    if who.contact is None:
        return
    now_at = ledger.state(session, who.contact_id, Purpose.TRACKING)
    if now_at is not None and (now_at.state in YES) == yes and now_at.state in (YES | NO):
        return
    if yes and not who.fresh:
        raise BadInput(
            _("This letter is too old to agree by. Use the link in a newer one."), field="tracking"
        )
    wording = wordings.wording(session, Purpose.TRACKING, language(), wordings.tracking())
    ledger.record(
        session,
        who.contact_id,
        Purpose.TRACKING,
        Act.GRANTED if yes else Act.WITHDRAWN,
        Basis.CONSENT,
        wording_id=wording.id,
        **said(who, how),
    )
    note(session, who, "tracking")


def pause(session: Session, who: Visitor, until: str) -> None:
    """Write nothing to this contact until that day (ISO); empty ends the pause.

    Raises BadInput for no day, and for a shorter pause by an old link.
    """
    if who.contact is None:
        return
    kept, after = who.contact.paused_until, _moment(until) if until else None
    before = kept if kept and kept > now() else None
    if before is not None and (after is None or after < before) and not who.fresh:
        raise BadInput(_("This letter is too old to agree by. Use the link in a newer one."), field="until")
    who.contact.paused_until = after
    if after != before:
        note(session, who, "pause")


def often(session: Session, who: Visitor, wish: str) -> None:
    """Write to this contact that often; raises BadInput for a wish for more by an old link."""
    if who.contact is None or wish not in set(Rhythm) or wish == who.contact.rhythm:
        return
    if stricter(wish, who.contact.rhythm) != wish and not who.fresh:
        raise BadInput(_("This letter is too old to agree by. Use the link in a newer one."), field="rhythm")
    who.contact.rhythm = wish
    origins.note(who.contact, ["rhythm"], origins.PERSON)
    note(session, who, "rhythm")


def speak(session: Session, who: Visitor, code: str) -> None:
    """Write to this contact in that language, one of ours; anything else changes nothing."""
    if who.contact is not None and code in LANGUAGES and code != who.contact.language:
        who.contact.language = code
        note(session, who, "language")


def pause_wording() -> str:
    """What a contact agrees to by choosing a pause instead of leaving."""
    return _("Do not unsubscribe me. Write to me again after a pause of three months.")


def note(session: Session, who: Visitor, act: str, **detail: str) -> None:
    """Have the audit log say that the person did this themselves; what they said stands in the ledger."""
    audit.note(session, f"contact.{act}", f"contact:{who.contact_id}", by="person", **detail)


def said(who: Visitor, how: Evidence) -> dict[str, Any]:
    """Where it comes from and how it reached us, as the ledger takes it."""
    return {"source": who.source, **asdict(how)}


def letter_of(who: Visitor) -> sa.ColumnElement[bool]:
    """Which message the link stood in; one of theirs."""
    return sa.and_(Message.id == who.message_id, Message.contact_id.in_(who.numbers))


def _moment(day: str) -> datetime:
    try:
        chosen = date.fromisoformat(day)
    except ValueError as error:
        raise BadInput(_("That is not a day. Choose one from the calendar."), field="until") from error
    today = now().date()
    if not today < chosen <= today + LONGEST_PAUSE:
        raise BadInput(_("Choose a day from tomorrow on, within two years."), field="until")
    return datetime.combine(chosen, time(), UTC)
