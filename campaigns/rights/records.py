"""Records of processing activities (GDPR Art. 30): what the product itself knows, and what the firm adds."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import settings
from campaigns.accounts import audit, people
from campaigns.accounts.models import Organisation, User
from campaigns.consent import proof, topics
from campaigns.consent.models import Purpose
from campaigns.contacts.field_models import Field
from campaigns.contacts.models import Category
from campaigns.database import now
from campaigns.errors import BadInput, NotFound
from campaigns.exports.models import AdGiven, Format
from campaigns.rights import grounds, records_words
from campaigns.rights.registry import HELD
from campaigns.words import language

FIELDS = ("officer", "representative", "joint", "relations", "recipients", "transfers", "measures")
LONGEST = 2_000
_MOST_NAMES = 100


def gathered(session: Session) -> dict[str, Any]:
    """The whole record as data, in the reader's language; reads kept counts and short lists only."""
    ours = _organisation(session)
    added = {name: ours.records.get(name, "") for name in FIELDS}
    counted_at, _numbers = grounds.kept(session)
    return {
        "as_of": now().isoformat(),
        "controller": {
            "name": ours.name,
            "postal_address": ours.postal_address,
            **{name: added[name] for name in ("officer", "representative", "joint")},
        },
        "counted_at": counted_at.isoformat() if counted_at else None,
        "purposes": _purposes(session),
        "relations": added["relations"],
        "people": _people(session),
        "data": _data(session),
        "recipients": _recipients(session, added["recipients"]),
        "transfers": added["transfers"],
        "time_limits": records_words.time_limits(ours.keep_hits, ours.review_after, settings.current().keep),
        "measures": [*records_words.measures(_facts(session)), *_lines(added["measures"])],
    }


def own_words(session: Session) -> dict[str, str]:
    """What the firm has added, by FIELDS."""
    ours = _organisation(session)
    return {name: str(ours.records.get(name, "")) for name in FIELDS}


def change(session: Session, given: Mapping[str, str]) -> None:
    """Keep what only the firm can know; raises BadInput for what is too long."""
    ours = _organisation(session)
    wanted = {name: given.get(name, "").replace("\r\n", "\n").replace("\x00", "").strip() for name in FIELDS}
    for name, text in wanted.items():
        if len(text) > LONGEST:
            raise BadInput(records_words.too_long(LONGEST), field=name)
    changed = [name for name, text in wanted.items() if text != ours.records.get(name, "")]
    if changed:
        ours.records = wanted
        audit.note(session, "records.change", changed=changed)


def _purposes(session: Session) -> list[dict[str, Any]]:
    """Each purpose with the grounds on which anybody stands; those nobody agreed to yet as well."""
    _at, numbers = grounds.kept(session)
    names = list(dict.fromkeys([*Purpose, *(purpose for purpose, _basis, _number in numbers)]))
    called = topics.names(session, language())
    return [
        {
            "purpose": str(name),
            "name": proof.purpose_word(name, called),
            "what_for": records_words.what_for(name),
            "grounds": [
                {"ground": basis, "name": records_words.ground(basis), "people": number}
                for purpose, basis, number in numbers
                if purpose == name
            ],
        }
        for name in names
    ]


def _people(session: Session) -> list[str]:
    """The kinds of people: contacts, with the categories that the firm made, and colleagues."""
    asked = sa.select(Category.name).order_by(Category.name).limit(_MOST_NAMES)
    return records_words.kinds_of_people(session.scalars(asked).all())


def _data(session: Session) -> list[dict[str, Any]]:
    """The kinds of data, from the register that copies and erasures go by, and the firm's own fields."""
    kinds = [
        {"name": held.title(), "table": held.table.name, "columns": list(held.shown)}
        for held in HELD
        if held.title is not None
    ]
    asked = sa.select(Field.name).order_by(Field.name).limit(_MOST_NAMES)
    own = list(session.scalars(asked))
    return [*kinds, {"name": records_words.own_fields(), "table": "field", "columns": own}] if own else kinds


def _recipients(session: Session, added: str) -> list[str]:
    found = [records_words.mail_server(settings.current().smtp.host)]
    for layout in (Format.GOOGLE, Format.META):
        given = sa.select(AdGiven.email_mark).where(
            AdGiven.list_key >= f"{layout}:", AdGiven.list_key < f"{layout};"
        )
        if session.scalar(given.limit(1)) is not None:
            found.append(records_words.platform(layout))
    return [*found, *_lines(added)]


def _facts(session: Session) -> dict[str, Any]:
    """What the measures depend on here."""
    active = sa.select(sa.func.count(), sa.func.count(User.tf_primary_method)).where(User.active)
    colleagues, two_steps = session.execute(active).one()
    ours = settings.current()
    return {
        "colleagues": colleagues,
        "two_steps": two_steps,
        "tls": ours.smtp.host != "" and ours.smtp.tls != "none",
        "https": ours.base_url.startswith("https://"),
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _organisation(session: Session) -> Organisation:
    ours = people.organisation(session)
    if ours is None:
        raise NotFound(records_words.not_set_up())
    return ours
