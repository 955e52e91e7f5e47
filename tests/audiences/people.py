"""A handful of contacts, each odd in some way, as rows and as plain dicts."""

import random
from datetime import UTC, datetime, time, timedelta

from campaigns.audiences.nodes import today
from campaigns.consent.models import Act, Purpose
from tests import factories
from tests.audiences.trees import WORDS

_TEXTS = (
    "first_name", "last_name", "phone", "language", "country", "city",
    "timezone", "position", "note", "source",
)  # fmt: skip
_SHORT = {"language": ["", "cs", "CS", "fil"], "country": ["", "CZ", "RO"], "phone": ["", "+420601123456"]}
_NAMES = [word for word in WORDS if word]


def make_people(session, count: int = 60, seed: int = 7) -> dict[int, dict]:
    """The contacts by id, each as a dict of what the fields of rules hold."""
    rng = random.Random(seed)
    users = [factories.make_user(session, email=f"sales{n}@example.com", name=_NAMES[n]) for n in range(2)]
    companies = {}
    for name in ("Cutters", "Žralok, s čárkou", "100%"):
        companies[name] = factories.make_company(session, name)
    return dict(_person(session, rng, number, users, companies) for number in range(count))


def _person(session, rng, number, users, companies) -> tuple[int, dict]:
    person: dict = {name: rng.choice(_SHORT.get(name, WORDS)) for name in _TEXTS}
    person["birthday"] = rng.choice(
        ["", "02-29", (today() + timedelta(days=rng.randrange(365))).strftime("%m-%d")]
    )
    person["fields"] = {key: rng.choice(WORDS) for key in rng.sample(["Size", "Shoe size", "naïve.key"], 2)}
    company, owner = rng.choice([None, *companies]), rng.choice([None, *users])
    moments = {key: _moment(rng) for key in ("created_at", "last_contact_at")}
    step = rng.choice([None, today() + timedelta(days=rng.randrange(-40, 40))])
    labels = {
        key: tuple(rng.sample(["Cutters", *WORDS[3:]], rng.randrange(3))) for key in ("categories", "tags")
    }
    contact = factories.make_contact(
        session,
        email=f"person{number}@{rng.choice(['example.com', 'pošta.example.com'])}",
        consented=False,
        company_id=companies[company].id if company else None,
        owner_id=owner.id if owner else None,
        last_contact_at=moments["last_contact_at"],
        created_at=moments["created_at"] or datetime(2020, 1, 1, tzinfo=UTC),
        next_step_on=step,
        **labels,
        **person,
    )
    said = {key: _consent(session, rng, contact, purpose) for key, purpose in _PURPOSES.items()}
    return contact.id, person | said | {
        "email": contact.email,
        "domain": contact.domain,
        "category": labels["categories"],
        "tag": labels["tags"],
        "company": company,
        "owner": [owner.email, owner.name] if owner else [],
        "created": contact.created_at.date(),
        "last_contact": contact.last_contact_at.date() if contact.last_contact_at else None,
        "next_step": step,
    }


_PURPOSES = {"consent": Purpose.MAIL, "tracking": Purpose.TRACKING}


def _consent(session, rng, contact, purpose) -> str:
    act = rng.choice([None, *Act])
    if act is not None:
        factories.grant_consent(session, contact, purpose, act)
    return act or "none"


def _moment(rng) -> datetime | None:
    hour = rng.choice([time(0, 0), time(12, 30), time(23, 59, 59, 999999)])
    day = today() + timedelta(days=rng.randrange(-40, 40))
    return rng.choice([None, datetime.combine(day, hour, UTC), datetime.combine(day, hour, UTC)])
