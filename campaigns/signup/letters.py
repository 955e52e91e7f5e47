"""The letters that ask people to confirm what they filled in, and bring them what they get for it.

They carry no advertising. One goes at once, the same once more some days later; after thirty days without
an answer all of it is deleted.
"""

from datetime import timedelta

import sqlalchemy as sa
from babel.dates import format_date
from sqlalchemy.orm import Session

from campaigns import jobs, settings, tokens
from campaigns.consent import suppression
from campaigns.consent.models import SuppressionReason
from campaigns.consent.reasons import Reason
from campaigns.contacts.models import Contact
from campaigns.database import now, transaction
from campaigns.delivery import single
from campaigns.delivery.single import LetterStatus, Ready
from campaigns.signup import building, entering, referring, rewards
from campaigns.signup.models import Form, FormRevision, LetterKind, SignUp, SignUpLetter

AGAIN_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
_AT_ONCE = 500
# What others than the person decided about the address. After their own no they may come back.
_NOT_TO = frozenset({SuppressionReason.COMPLAINED, SuppressionReason.BOUNCED, SuppressionReason.MANUAL})


def send_waiting() -> int:
    """Send what waits, so many an hour at most; returns how many went. Safe to run twice."""
    with transaction() as session:
        sent = sa.select(SignUpLetter.id).where(SignUpLetter.sent_at > now() - timedelta(hours=1))
        most = settings.current().signup.letters_an_hour
        went = session.scalar(sa.select(sa.func.count()).select_from(sent.limit(most).subquery())) or 0
    left = min(most - went, single.AT_ONCE)
    return single.send_waiting(SignUpLetter, _written, left) if left > 0 else 0


def ask(session: Session, sign_up: SignUp, kind: LetterKind, address_hash: str) -> None:
    """Have a letter about a reward go, soon after the commit."""
    session.add(SignUpLetter(sign_up_id=sign_up.id, kind=kind, address_hash=address_hash))
    jobs.ring(session, jobs.ASK_SIGN_UPS)


def _written(session: Session, letter: SignUpLetter) -> Ready | str:
    sign_up = session.get_one(SignUp, letter.sign_up_id)
    reasons = suppression.reasons(session, letter.address_hash)
    if letter.kind in (LetterKind.CONFIRM, LetterKind.AGAIN):
        if sign_up.confirmed_at is not None:
            return "confirmed"
        held = next((reason for reason in reasons if reason in _NOT_TO), None)
        return str(held) if held else _confirm(session, sign_up, letter)
    contact = session.get(Contact, sign_up.contact_id)
    thanks = letter.kind == LetterKind.THANKS
    to = referring.referrer(session, sign_up) if thanks else contact
    if reasons or to is None or contact is None:
        return str(next(iter(reasons), SuppressionReason.ERASED))
    if thanks and to.restricted_at is not None:  # who signs up themselves wants the answer
        return str(Reason.RESTRICTED)
    return _reward(session, sign_up, to, rewards.once_for(contact) if thanks else "", letter)


def _confirm(session: Session, sign_up: SignUp, letter: SignUpLetter) -> Ready:
    content = building.content_of(session.get_one(FormRevision, sign_up.revision_id))
    return single.written(
        session,
        "confirm",
        (sign_up.answers.get("first_name", ""), sign_up.email),
        [sign_up.language],
        tokens.sign(tokens.Purpose.CONFIRM, sign_up.id, letter.id),
        form=content.said(sign_up.language).title,
        again=letter.kind == LetterKind.AGAIN,
        link=link(sign_up),
        until=lambda language: format_date(sign_up.at + KEPT, "long", locale=language),
    )


def _reward(session: Session, sign_up: SignUp, to: Contact, once: str, letter: SignUpLetter) -> Ready:
    """What they get: with `once` for bringing somebody, else for signing up."""
    form = session.get_one(Form, sign_up.form_id)
    got = rewards.promised(session, form, to, once)
    return single.written(
        session,
        "reward",
        (to.name, to.email),
        [to.language],
        tokens.sign(tokens.Purpose.CONFIRM, sign_up.id, letter.id),
        brought=bool(once),
        worth=got.pool.worth if got.pool else "",
        code=got.coupon.code if got.coupon else "",
        until=lambda language: got.until(language),
        card="" if once or not got.card else got.card.number,
        link=referring.link(form, to) if form.referral_pool_id else "",
        both=got.for_bringing,
    )


def link(sign_up: SignUp) -> str:
    """The page on which this sign-up is confirmed."""
    return f"{settings.current().base_url}/s/{tokens.sign(tokens.Purpose.CONFIRM, sign_up.id)}"


def ask_again() -> int:
    """Have the letter go once more to those who have not answered for some days; returns to how many."""
    first, second = (sa.orm.aliased(SignUpLetter) for _kind in range(2))
    asked = 0
    with transaction() as session:
        silent = (
            sa.select(SignUp)
            .join(first, sa.and_(first.sign_up_id == SignUp.id, first.kind == LetterKind.CONFIRM))
            .outerjoin(second, sa.and_(second.sign_up_id == SignUp.id, second.kind == LetterKind.AGAIN))
            .where(
                SignUp.confirmed_at.is_(None),
                SignUp.at < now() - AGAIN_AFTER,
                SignUp.at > now() - KEPT,
                first.status == LetterStatus.SENT,
                second.id.is_(None),
            )
        )
        for sign_up in session.scalars(silent.order_by(SignUp.at).limit(_AT_ONCE)).all():
            asked += entering.ask(session, sign_up, LetterKind.AGAIN)
    return asked


def forget_unanswered() -> int:
    """Delete what was not confirmed within thirty days; returns how much. Safe to run twice."""
    gone = 0
    while True:
        with transaction() as session:
            old = sa.select(SignUp.id).where(SignUp.confirmed_at.is_(None), SignUp.at < now() - KEPT)
            numbers = session.scalars(old.limit(_AT_ONCE)).all()
            session.execute(sa.delete(SignUp).where(SignUp.id.in_(numbers)))
        gone += len(numbers)
        if len(numbers) < _AT_ONCE:
            return gone
