"""Taking a filled-in form: it waits for the letter to its address to be answered.

Whatever the address is, the same is done, so that nobody learns who is known here.
"""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from campaigns import jobs
from campaigns.database import now
from campaigns.errors import NotFound
from campaigns.signup import guarding
from campaigns.signup.filling import Filled
from campaigns.signup.models import Form, LetterKind, SignUp, SignUpLetter
from campaigns.words import _

LETTER_AGAIN_AFTER = timedelta(days=1)  # to one address


@dataclass(frozen=True)
class Visit:
    """From where a form came, for the ledger."""

    ip: str = ""
    user_agent: str = ""
    page_url: str = ""


def by_key(session: Session, key: str) -> Form:
    """The form of that address, open or not; raises NotFound."""
    found = session.scalar(sa.select(Form).where(Form.key == key))
    if found is None:
        raise NotFound(_("There is no such form. Perhaps its address was not copied whole."))
    return found


def enter(session: Session, form: Form, filled: Filled, visit: Visit, referrer_id: int | None = None) -> None:
    """Take a filled-in form, and have a letter ask its address whether that is right.

    An address gets one such letter a day: what comes meanwhile is not kept. Raises TooMany for a network
    that sent too many.
    """
    guarding.check(session, guarding.network(visit.ip))
    if _asked_lately(session, filled.address.hash):
        return
    sign_up = made(form, filled, visit)
    sign_up.referrer_id = referrer_id
    if ask(session, sign_up, LetterKind.CONFIRM):
        jobs.ring(session, jobs.ASK_SIGN_UPS)


def made(form: Form, filled: Filled, visit: Visit) -> SignUp:
    """What somebody filled in, as it waits."""
    return SignUp(
        form_id=form.id,
        revision_id=form.revision_id,
        email=filled.address.email,
        address_hash=filled.address.hash,
        language=filled.language,
        answers=filled.answers,
        chosen=filled.chosen,
        network=guarding.network(visit.ip),
        ip=visit.ip[:64],
        user_agent=visit.user_agent[:500],
        page_url=visit.page_url[:500],
    )


def ask(session: Session, sign_up: SignUp, kind: LetterKind) -> bool:
    """Have a letter go; False where the address has had one today, and then nothing new is kept."""
    try:
        with session.begin_nested():
            session.add(sign_up)
            session.flush()
            session.add(
                SignUpLetter(
                    sign_up_id=sign_up.id,
                    kind=kind,
                    address_hash=sign_up.address_hash,
                    day=now().date(),
                )
            )
            session.flush()
    except IntegrityError:  # at this very moment somebody else sends the same
        return False
    return True


def _asked_lately(session: Session, address_hash: str) -> bool:
    lately = sa.select(SignUpLetter.id).where(
        SignUpLetter.address_hash == address_hash,
        SignUpLetter.day >= (now() - LETTER_AGAIN_AFTER).date(),
        SignUpLetter.asked_at > now() - LETTER_AGAIN_AFTER,
    )
    return session.scalar(lately.limit(1)) is not None
