"""Confirming a sign-up by the link in the letter: only now is there a contact, and does consent count."""

from collections.abc import Mapping
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from campaigns import tokens
from campaigns.accounts import audit
from campaigns.consent import leaving, ledger, wordings
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Basis
from campaigns.consent.standing import Method
from campaigns.contacts import companies, field_renaming, fields, identity, names, origins, tagging
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.crm import logging
from campaigns.crm.models import Kind
from campaigns.database import now
from campaigns.errors import NotFound
from campaigns.signup import building, entering, filling, letters, referring, rewards
from campaigns.signup.entering import Visit
from campaigns.signup.filling import Filled
from campaigns.signup.models import Form, FormRevision, LetterKind, SignUp
from campaigns.tokens import BadToken, Purpose
from campaigns.words import _

_COLUMNS = ("first_name", "last_name", "phone", "position", "city", "country")


def waiting(session: Session, token: str) -> SignUp:
    """The sign-up that the link is for, confirmed or not. Raises NotFound."""
    try:
        number = tokens.read(Purpose.CONFIRM, token)[0]
    except (BadToken, ValueError) as error:
        raise NotFound(
            _("This link is not complete. Open it again from the letter, without copying it.")
        ) from error
    found = session.get(SignUp, number)
    if found is None:
        raise NotFound(_("This link has expired. Please fill in the form once more."))
    return found


def confirm(session: Session, sign_up: SignUp, visit: Visit) -> bool:
    """Their address has answered: make or complete the contact; False when it was confirmed before."""
    session.refresh(sign_up, with_for_update=True)  # the same link may be followed twice at once
    if sign_up.confirmed_at is not None:
        return False
    form = session.get_one(Form, sign_up.form_id)
    contact, new = _met(session, form, sign_up)
    _complete(session, contact, sign_up)
    _label(session, contact, form)
    _agree(session, contact, sign_up, visit)
    _ended(session, form, sign_up, contact)
    _reward(session, form, sign_up, contact, new=new)
    return True


def enter_known(session: Session, form: Form, filled: Filled, contact: Contact, visit: Visit) -> SignUp:
    """Take a form from somebody who came by the signed link of a fresh letter: the link is their proof.

    The contact's company must be loaded.
    """
    sign_up = entering.made(form, filled, visit)
    session.add(sign_up)
    session.flush()
    _complete(session, contact, sign_up)
    _label(session, contact, form)
    evidence = asdict(visit)
    leaving.agree(
        session, contact, _words(session, sign_up), _source(sign_up), Method.PAGE, Act.GRANTED, **evidence
    )
    _ended(session, form, sign_up, contact)
    _reward(session, form, sign_up, contact, new=False)
    return sign_up


def _ended(session: Session, form: Form, sign_up: SignUp, contact: Contact) -> None:
    """What they filled in and from where is with the contact and in the ledger now, and goes from here."""
    sign_up.confirmed_at, sign_up.contact_id = now(), contact.id
    sign_up.answers, sign_up.ip, sign_up.user_agent = {}, "", ""
    logging.log(session, contact.id, Kind.SIGN_UP, summary=form.name, once=f"sign_up:{sign_up.id}")
    audit.note(session, "contact.sign_up", f"contact:{contact.id}", by="person", form=form.id)


def _met(session: Session, form: Form, sign_up: SignUp) -> tuple[Contact, bool]:
    """The contact with this address, and whether it was made just now."""
    known = _known(session, sign_up.email)
    if known is not None:
        return known, False
    try:
        with session.begin_nested():
            return _new(session, sign_up, form), True
    except IntegrityError:  # at this very moment they came by another form, or a colleague's hand
        known = _known(session, sign_up.email)
        if known is None:
            raise
        return known, False


def _known(session: Session, email: str) -> Contact | None:
    """Locked, so that what they say by another form at this moment is added to, and not written over."""
    locked = sa.select(Contact).options(selectinload(Contact.company)).with_for_update(key_share=True)
    locked = locked.execution_options(populate_existing=True)
    contact = session.scalar(locked.where(Contact.email == email))
    if contact is None:
        owner = identity.owners(session, [email]).get(email)
        contact = session.scalar(locked.where(Contact.id == owner.id)) if owner else None
    return contact


def _new(session: Session, sign_up: SignUp, form: Form) -> Contact:
    address = canonical(sign_up.email)
    contact = Contact(
        email=address.email,
        domain=address.domain,
        address_hash=address.hash,
        first_name="",
        last_name="",
        language=sign_up.language,
        fields={},
        origins={},
        company=None,
        source=f"form:{form.id} {form.name}",
        **names.keys("", "", address.email),
    )
    session.add(contact)
    session.flush()
    return contact


def _complete(session: Session, contact: Contact, sign_up: SignUp) -> None:
    """What they said of themselves takes the place of what was known; what they did not say stays."""
    answers, before = sign_up.answers, origins.snapshot(contact)
    for key in _COLUMNS:
        if answers.get(key):
            setattr(contact, key, answers[key])
    if born := answers.get("born"):
        contact.birth_year, contact.birthday = int(born[:4]), born[5:]
    if answers.get("company"):
        contact.company = companies.company(session, answers["company"])
    contact.language = contact.language or sign_up.language
    for name, key in names.keys(contact.first_name, contact.last_name, contact.email).items():
        setattr(contact, name, key)
    own = {key.removeprefix("fields."): value for key, value in answers.items() if key.startswith("fields.")}
    there = fields.known(session)
    named = {
        key: field_renaming.current(session, there[key], value) for key, value in own.items() if key in there
    }
    fields.keep(session, contact, named)
    origins.note(contact, origins.differing(before, origins.snapshot(contact)), origins.PERSON)
    session.flush()


def _label(session: Session, contact: Contact, form: Form) -> None:
    mine = sa.select(Contact.id).where(Contact.id == contact.id)
    labels: list[tagging.Label] = [
        *session.scalars(sa.select(Category).where(Category.id.in_(form.categories))),
        *session.scalars(sa.select(Tag).where(Tag.id.in_(form.tags))),
    ]
    for label in labels:
        tagging.put_on(session, label, mine)


def _agree(session: Session, contact: Contact, sign_up: SignUp, visit: Visit) -> None:
    """Both halves of the double opt-in: what was ticked then, and that the address says so now."""
    words = _words(session, sign_up)
    source = _source(sign_up)
    ledger.record_many(
        session,
        [
            Said(
                contact.id, purpose, Act.GRANTED, Basis.CONSENT, source, Method.DOUBLE_OPT_IN, sign_up.at,
                wording_id, sign_up.page_url, sign_up.ip, sign_up.user_agent,
            )
            for purpose, wording_id in words.items()
        ],
    )  # fmt: skip
    leaving.agree(session, contact, words, source, Method.CONFIRMATION, Act.CONFIRMED, **asdict(visit))


def _source(sign_up: SignUp) -> str:
    return f"form:{sign_up.form_id} revision:{sign_up.revision_id}"


def _reward(session: Session, form: Form, sign_up: SignUp, contact: Contact, *, new: bool) -> None:
    """What the form promises: to them, and to who brought them if they were not known here."""
    rewards.for_signing_up(session, form, contact)
    if form.pool_id or form.gives_card or form.referral_pool_id:
        letters.ask(session, sign_up, LetterKind.REWARD, contact.address_hash)
    by = referring.referrer(session, sign_up)
    if by is None or by.id == contact.id or not new:
        return
    sign_up.brought = True
    if rewards.for_bringing(session, form, by, contact):
        letters.ask(session, sign_up, LetterKind.THANKS, by.address_hash)


def _words(session: Session, sign_up: SignUp) -> Mapping[str, int]:
    """The wording of each box that was ticked, by purpose."""
    content = building.content_of(session.get_one(FormRevision, sign_up.revision_id))
    spoken = sign_up.language
    return {
        purpose: wordings.wording(
            session, purpose, spoken, filling.said_yes_to(session, content, spoken, purpose)
        ).id
        for purpose in sign_up.chosen
    }
