"""Reading a form that somebody filled in: every answer cleaned, every mistake named at its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel import Locale
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from campaigns.consent import topics, wordings
from campaigns.consent.gate import YOUNGEST
from campaigns.consent.models import Purpose, Topic
from campaigns.contacts import field_forms, fields, phones
from campaigns.contacts.addresses import Address, AddressProblem, canonical
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Contact
from campaigns.contacts.names import tidy
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.signup.content import Content, Item, asked
from campaigns.words import _, language, speaking

_SHORT = {"first_name": 200, "last_name": 200, "company": 200, "position": 120, "city": 120}
_OLDEST = 1900


@dataclass(frozen=True)
class Filled:
    """What somebody filled in: their address, clean answers by item, and the purposes that they ticked."""

    address: Address
    language: str
    answers: dict[str, Any]
    chosen: list[str]


def offered_topics(session: Session, content: Content) -> list[Topic]:
    """The topics that the form has boxes for, as far as they are still offered."""
    return [topic for topic in topics.listed(session, offered=True) if topic.id in content.topics]


def read(
    session: Session, content: Content, given: MultiDict[str, str], who: Contact | None = None
) -> Filled:
    """What was filled in; of `who`, whom we know, only what is still open was asked. Raises Mistakes."""
    mistakes: dict[str, str] = {}
    address = None
    try:
        address = canonical(who.email if who else given.get("email", ""))
    except AddressProblem as problem:
        mistakes["email"] = problem.message
    items = asked(content, known_of(who) if who else ())
    answers = _answers(session, items, given, mistakes)
    for item in items:
        if item.required and not answers.get(item.key) and item.key not in mistakes:
            mistakes[item.key] = _("This is needed.")
    chosen = _chosen(session, content, given)
    if content.must_agree and not any(one.startswith(Purpose.MAIL) for one in chosen):
        mistakes["mail"] = _("Tick this, or there is nothing to sign up for.")
    if mistakes or address is None:
        raise Mistakes(mistakes)
    return Filled(address, language(), {key: value for key, value in answers.items() if value}, chosen)


def known_of(contact: Contact) -> set[str]:
    """Which questions this contact has answered already; the company must be loaded."""
    found = {name for name in (*_SHORT, "country", "phone") if name != "company" and getattr(contact, name)}
    found |= {"email"} | {f"fields.{key}" for key in contact.fields or {}}
    return found | ({"company"} if contact.company else set()) | ({"born"} if contact.birth_year else set())


def _answers(
    session: Session, items: Sequence[Item], given: MultiDict[str, str], mistakes: dict[str, str]
) -> dict[str, Any]:
    wanted = {item.key for item in items}
    answers: dict[str, Any] = {
        key: tidy(given.get(key, ""), longest) for key, longest in _SHORT.items() if key in wanted
    }
    for key, reader in (("country", _country), ("phone", _phone), ("born", _born)):
        if key in wanted:
            try:
                answers |= reader(given.get(key, "").strip(), answers)
            except BadInput as error:
                mistakes[key] = error.message
    own = {key: one for key, one in fields.known(session).items() if f"fields.{key}" in wanted}
    values, wrong = field_forms.read(given, own, answers.get("country", ""))
    mistakes |= wrong
    return answers | {f"fields.{key}": value for key, value in values.items()}


def _country(given: str, _answers: Mapping[str, Any]) -> dict[str, Any]:
    code = given.upper()
    if code and (len(code) != 2 or code not in Locale("en").territories):
        raise BadInput(_("Choose a country of the list."), field="country")
    return {"country": code}


def _phone(given: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    number = phones.normal(given, answers.get("country", ""))
    if number and not number.startswith("+"):
        raise BadInput(
            _("Write the phone number with its country code, such as +420 777 123 456."), field="phone"
        )
    return {"phone": number}


def _born(given: str, _answers: Mapping[str, Any]) -> dict[str, Any]:
    """The day of birth (ISO); nobody under 16 (GDPR Art. 8(1))."""
    if not given:
        return {}
    try:
        day = date.fromisoformat(given)
    except ValueError as error:
        raise BadInput(_("That is not a day. Choose one from the calendar."), field="born") from error
    today = now().date()
    if not _OLDEST <= day.year <= today.year:
        raise BadInput(_("That is not a day. Choose one from the calendar."), field="born")
    if today.year - day.year - ((today.month, today.day) < (day.month, day.day)) < YOUNGEST:
        raise BadInput(
            _("You can sign up once you are %(age)s years old. Nothing was kept.", age=YOUNGEST),
            field="born",
        )
    return {"born": day.isoformat()}


def _chosen(session: Session, content: Content, given: MultiDict[str, str]) -> list[str]:
    """The purposes whose boxes were ticked, of those that the form has."""
    boxes = [Purpose.MAIL.value] if content.letters else []
    boxes += [topic.purpose for topic in offered_topics(session, content)]
    boxes += [Purpose.TRACKING.value] if content.tracking else []
    return [purpose for purpose in boxes if given.get(purpose)]


def said_yes_to(session: Session, content: Content, spoken: str, purpose: str) -> str:
    """The exact words beside the box for that purpose, in the language of the page."""
    if purpose == Purpose.TRACKING:
        with speaking(spoken):
            return wordings.tracking()
    letters = content.said(spoken).letters
    for topic in topics.listed(session):
        if topic.purpose == purpose:
            return "\n".join(part for part in (letters, topic.called(spoken), topic.told(spoken)) if part)
    return letters
