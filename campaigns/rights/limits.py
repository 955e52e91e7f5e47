"""How long things are kept (GDPR Art. 5(1)(e)): the organisation's limits, and what is over by them now."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaigns.accounts import audit, people
from campaigns.accounts.models import Organisation
from campaigns.consent import expiring
from campaigns.consent.models import Consent
from campaigns.contacts.conditions import count_up_to
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.rights import inactive
from campaigns.rights.months import before
from campaigns.tracking import forgetting
from campaigns.words import _

HITS_MONTHS = (3, 6, 13, 25, 36)
CONSENT_MONTHS = (0, 12, 24, 36, 60)  # 0: never
MOST = 10_000  # counted no further: a page must not go through a million rows
_BATCHES = 200  # of FORGET_HITS at one go; the clock rings again


@dataclass(frozen=True)
class Over:
    """What is over its time now; MOST means so many or more."""

    keep_hits: int  # months
    review_after: int  # months
    consent_expires: int  # months; 0: never
    hits: int
    inactive: int


def over(session: Session) -> Over:
    """What would go by now, and who would be looked at; changes nothing."""
    ours = _organisation(session)
    moment = now()
    return Over(
        ours.keep_hits,
        ours.review_after,
        ours.consent_expires,
        count_up_to(session, forgetting.due(before(moment, ours.keep_hits)), MOST),
        count_up_to(session, inactive.numbers(ours.review_after), MOST),
    )


def change(session: Session, given: Mapping[str, str]) -> None:
    """Set the limits; raises BadInput for what is not among the choices."""
    ours = _organisation(session)
    wanted = {}
    choices_of = {
        "keep_hits": HITS_MONTHS, "review_after": inactive.MONTHS, "consent_expires": CONSENT_MONTHS
    }  # fmt: skip
    for name, choices in choices_of.items():
        text = given.get(name, "0" if name == "consent_expires" else "")
        if text not in map(str, choices):
            raise BadInput(_("Choose one of the times of the list."), field=name)
        wanted[name] = int(text)
    changed = {name: months for name, months in wanted.items() if months != getattr(ours, name)}
    for name, months in changed.items():
        setattr(ours, name, months)
    if changed:
        audit.note(session, "retention.change", "", **changed)


def keep() -> int:
    """Let go what is over, a part of it at a time; how many opens and clicks went. Safe to run twice."""
    with reading() as session:
        ours = people.organisation(session)
    if ours is None:
        return 0
    since = before(now(), ours.keep_hits)
    gone = forgetting.forget(since, _BATCHES)
    if gone:
        with transaction() as session:
            audit.note(session, "retention.hits", number=gone, before=since.isoformat())
    return gone


def expire_consent() -> int:
    """Let each yes to letters run out that is over its time; how many did. Safe to run twice."""
    with reading() as session:
        ours = people.organisation(session)
    if ours is None or not ours.consent_expires:
        return 0
    ran_out = expiring.expire(before(now(), ours.consent_expires))
    if ran_out:
        with transaction() as session:
            audit.note(session, "retention.consent", number=ran_out)
    return ran_out


def running_out(session: Session) -> int:
    """How many would run out now, counted up to MOST; looks through all consent where few would."""
    months = _organisation(session).consent_expires
    if not months:
        return 0
    due = expiring.due(before(now(), months)).with_only_columns(Consent.contact_id)
    return count_up_to(session, due, MOST)


def _organisation(session: Session) -> Organisation:
    ours = people.organisation(session)
    if ours is None:
        raise NotFound(_("This installation has not been set up yet."))
    return ours
