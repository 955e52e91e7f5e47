"""What people tell a colleague about letters: a no, a yes with its evidence, a pause, or how often."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from campaigns.consent import leaving, ledger, restricting
from campaigns.consent.models import Act, Basis, Purpose
from campaigns.consent.rhythm import Rhythm, stricter
from campaigns.consent.standing import NO, YES, Method
from campaigns.consent.wordings import wording
from campaigns.contacts import origins
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _

Form = Mapping[str, str]
Until = Callable[[str], datetime | None]
EVERYTHING = "everything"


def purposes_open(session: Session, contact_id: int) -> list[Purpose]:
    """What this contact could still agree to by a colleague's hand: nothing they refused or agreed to."""
    known = ledger.states(session, contact_id)
    settled = {purpose for purpose, standing in known.items() if standing.state in NO | YES}
    return [purpose for purpose in Purpose if purpose not in settled]


def withdraw(session: Session, contact: Contact, form: Form, user_id: int, _until: Until) -> str:
    """They do not want letters, or not to be followed, or an end to all of it."""
    purpose = form.get("purpose", "")
    evidence: dict[str, Any] = {"user_id": user_id, "evidence": _how(form)}
    source = f"user:{user_id}"
    if purpose == EVERYTHING:
        leaving.object_(session, contact.id, source, Method.STAFF, **evidence)
    elif purpose == Purpose.MAIL:
        leaving.unsubscribe(session, contact.id, source, Method.STAFF, **evidence)
    else:
        topic = purpose if purpose in ledger.states(session, contact.id) else _purpose(purpose)
        ledger.record(
            session, contact.id, topic, Act.WITHDRAWN, Basis.CONSENT, source, Method.STAFF, **evidence
        )
    return _("Written down. It holds from this moment.")


def agree(session: Session, contact: Contact, form: Form, user_id: int, _until: Until) -> str:
    """They agreed; the words, how they told us, and for customers the law's four facts are kept.

    Raises BadInput for what is missing, or when this person said no: then only they can say yes.
    """
    purpose = _purpose(form.get("purpose", ""))
    if purpose not in purposes_open(session, contact.id):
        raise BadInput(
            _("They have answered this already. After a no, only they can say yes, by a link in their mail."),
            field="purpose",
        )
    basis, how = _basis(form), _how(form)
    if not how:
        raise BadInput(_("Say how they told you, such as “signed the card at the fair”."), field="how")
    if basis == Basis.EXISTING_CUSTOMER:
        how = ledger.customer_evidence(form.get("bought", ""), form.get("products", ""), how)
    words = wording(
        session, purpose, form.get("language") or contact.language or "en", form.get("wording", "")
    )
    ledger.record(
        session,
        contact.id,
        purpose,
        Act.GRANTED,
        basis,
        f"user:{user_id}",
        Method.STAFF,
        words.id,
        user_id=user_id,
        evidence=how,
    )
    return _("Written down.")


def pause(_session: Session, contact: Contact, form: Form, _user_id: int, until: Until) -> str:
    """No letters until the end of that day; no day ends the pause."""
    ends = until(form.get("until", ""))
    if ends is not None and ends <= now():
        raise BadInput(_("Choose a day that is still to come."), field="until")
    contact.paused_until = ends
    return _("No letters until then.") if ends else _("The pause is over.")


def often(contact: Contact, form: Form, source: str) -> dict[str, str]:
    """How often they want letters; returns what was told, empty where it was so already.

    Less is taken as it is told. For more than they asked for before it must be said how they told us:
    raises BadInput without that, and for what is no such wish.
    """
    wish, before, how = form.get("rhythm", ""), contact.rhythm, tidy(form.get("told", ""), 300)
    if wish not in set(Rhythm):
        raise BadInput(_("Choose how often they want letters."), field="rhythm")
    if wish == before:
        return {}
    if stricter(wish, before) != wish and not how:
        raise BadInput(
            _("This is more often than they asked for. Write down how they told you."), field="rhythm"
        )
    contact.rhythm = wish
    origins.note(contact, ["rhythm"], source)
    return {"rhythm": wish, "before": before, "how": how}


def restrict(session: Session, contact: Contact, form: Form, user_id: int, _until: Until) -> str:
    """Their data are kept and not used (GDPR Art. 18). Raises BadInput without a reason."""
    restricting.restrict(session, contact, form, user_id)
    return _("Written down. Their data are kept, and used for nothing else from this moment.")


ACTS = {"withdraw": withdraw, "agree": agree, "pause": pause, "restrict": restrict}


def noted(form: Form) -> dict[str, str]:
    """What of the form belongs into the audit log."""
    return {name: form[name] for name in ("purpose", "basis", "until", "why") if form.get(name)}


def _how(form: Form) -> str:
    return tidy(form.get("how", ""), 300)


def _purpose(given: str) -> Purpose:
    try:
        return Purpose(given)
    except ValueError as error:
        raise BadInput(_("Choose what this is about."), field="purpose") from error


def _basis(form: Form) -> Basis:
    given = form.get("basis") or Basis.CONSENT
    if given not in (Basis.CONSENT, Basis.EXISTING_CUSTOMER):
        raise BadInput(_("Choose a legal ground of the list."), field="basis")
    return Basis(given)
