"""Fills an installation with sample data: contacts and all that would have come of a good year."""

import random
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts import people as accounts
from campaigns.accounts.models import Role, User
from campaigns.audiences.models import Audience
from campaigns.consent import ledger, wordings
from campaigns.consent.ledger import Said
from campaigns.consent.models import Act, Basis, Purpose
from campaigns.contacts import names
from campaigns.contacts.addresses import canonical
from campaigns.contacts.models import (
    Category,
    Company,
    Contact,
    Tag,
    contact_category,
    contact_tag,
)
from campaigns.crm import runouts
from campaigns.crm.models import Product
from campaigns.database import now
from campaigns.demo import history, letters
from campaigns.demo.people import Person, people
from campaigns.errors import Conflict
from campaigns.words import _

SOURCE = "Sample data"
CATEGORIES = ("Cutters", "Grinders", "Band saws", "Resellers")
TAGS = ("basic", "trial", "premium", "vip", "fair 2026", "newsletter")
PRODUCTS = (  # name, category, for how many days one lasts
    ("Cutter set, small", "Cutters", None),
    ("Cutter set, large", "Cutters", None),
    ("Bench grinder 200", "Grinders", None),
    ("Grinding discs, box of 10", "Grinders", 60),
    ("Band saw 350", "Band saws", None),
    ("Saw bands, pack of 5", "Band saws", 120),
)
AUDIENCES = (
    ("Everybody who may be written to", "all"),
    ("Cutters without VIPs", 'category:"Cutters" and not tag:"vip"'),
    ("Grinders on trial", 'category:"Grinders" and tag:"trial"'),
    ("Not spoken to for 90 days", "last_contact < -90d or last_contact is empty"),
)
_WORDING = (
    "I agree that news and offers about tools are sent to my address by email. "
    "I can withdraw this at any time by the link in every letter."
)


def fill(session: Session, count: int = 2000, seed: int = 2026) -> dict[str, int]:
    """Write the sample data; returns how many of what. Raises Conflict when it is there already."""
    if session.scalar(sa.select(Contact.id).where(Contact.source == SOURCE).limit(1)):
        raise Conflict(_("The sample data is there already."))
    rng = random.Random(seed)
    team = _team(session)
    ids = _contacts(session, people(count, rng), team, rng)
    _label(session, ids, rng)
    _agree(session, ids, rng)
    products = _products(session)
    made = {"contacts": len(ids)}
    made |= history.write(session, ids, team, products, rng)
    audiences = [Audience(name=name, rule=rule) for name, rule in AUDIENCES]
    session.add_all(audiences)
    session.flush()
    made |= letters.send_two(session, audiences, rng)
    return made


def _team(session: Session) -> list[User]:
    """Two sample salespeople, who can't sign in until they choose a password, and who is there already."""
    team = list(session.scalars(sa.select(User).order_by(User.id)))
    for name, email in (
        ("Eva Sample", "eva@sample.example.com"),
        ("Marek Sample", "marek@sample.example.com"),
    ):
        known = next((user for user in team if user.email == email), None)
        if known is None:
            team.append(accounts.add(session, email, name, Role.SALESPERSON))
    return team


def _contacts(session: Session, crowd: list[Person], team: list[User], rng: random.Random) -> list[int]:
    companies = _companies(
        session, sorted({(person.firm, person.land.country) for person in crowd if person.firm})
    )
    rows = [_row(person, companies, team, rng) for person in crowd]
    found = session.scalars(sa.insert(Contact).returning(Contact.id, sort_by_parameter_order=True), rows)
    return list(found)


def _companies(session: Session, firms: list[tuple[str, str]]) -> dict[str, int]:
    known = dict(session.execute(sa.select(Company.key, Company.id)).all())
    for name, country in firms:
        if names.fold(name) not in known:
            company = Company(name=name, key=names.fold(name), country=country, industry="Woodworking")
            session.add(company)
            session.flush()
            known[company.key] = company.id
    return known


def _row(
    person: Person, companies: dict[str, int], team: list[User], rng: random.Random
) -> dict[str, object]:
    address = canonical(person.email)
    return {
        "email": address.email,
        "address_hash": address.hash,
        "domain": address.domain,
        "first_name": person.first_name,
        "last_name": person.last_name,
        **names.keys(person.first_name, person.last_name, address.email),
        "phone": person.phone,
        "position": person.position,
        "language": person.land.language,
        "timezone": person.land.timezone,
        "country": person.land.country,
        "city": person.city,
        "birthday": person.birthday,
        "note": person.note,
        "source": SOURCE,
        "company_id": companies.get(names.fold(person.firm)) if person.firm else None,
        "owner_id": rng.choice(team).id if rng.random() < 0.8 else None,
        "fields": {},
        "created_at": now() - timedelta(days=rng.randrange(30, 900)),
    }


def _label(session: Session, ids: list[int], rng: random.Random) -> None:
    """Put everybody into one or two categories and give them up to three tags."""
    categories = [_named(session, Category, name) for name in CATEGORIES]
    tags = [_named(session, Tag, name) for name in TAGS]
    groups, kinds = [], []
    for number in ids:
        chosen = {rng.choices(categories, (40, 30, 22, 8))[0]}
        if rng.random() < 0.3:
            chosen.add(rng.choice(categories))
        groups += [{"contact_id": number, "category_id": category} for category in sorted(chosen)]
        some = rng.sample(tags, rng.choices((0, 1, 2, 3), (1, 4, 3, 2))[0])
        kinds += [{"contact_id": number, "tag_id": tag} for tag in some]
    session.execute(sa.insert(contact_category), groups)
    session.execute(sa.insert(contact_tag), kinds)


def _named(session: Session, table: type[Category] | type[Tag], name: str) -> int:
    found = session.scalar(sa.select(table.id).where(table.key == names.fold(name)))
    if found is None:
        row = table(name=name, key=names.fold(name))
        session.add(row)
        session.flush()
        found = row.id
    return found


def _agree(session: Session, ids: list[int], rng: random.Random) -> None:
    """Most said yes to letters, many to being followed, some changed their minds, some were never asked."""
    wording = wordings.wording(session, Purpose.MAIL, "en", _WORDING)
    entries = []
    for number in ids:
        at = now() - timedelta(days=rng.randrange(60, 700), minutes=rng.randrange(1440))
        answer = rng.choices((Act.CONFIRMED, Act.GRANTED, Act.DECLINED, None), (60, 30, 3, 7))[0]
        if answer is not None:
            entries.append(_said(number, Purpose.MAIL, answer, at, wording.id))
            if rng.random() < 0.03:
                entries.append(_said(number, Purpose.MAIL, Act.WITHDRAWN, at + timedelta(days=30), None))
        followed = rng.choices((Act.GRANTED, Act.DECLINED, None), (60, 10, 30))[0]
        if followed is not None:
            entries.append(_said(number, Purpose.TRACKING, followed, at, None))
    ledger.record_many(session, entries)


def _said(contact_id: int, purpose: str, act: Act, at: datetime, wording_id: int | None) -> Said:
    return Said(
        contact_id,
        purpose,
        act,
        Basis.CONSENT,
        source="Stand at the wood fair",
        method="form",
        at=at,
        wording_id=wording_id,
    )


def _products(session: Session) -> list[Product]:
    products = []
    for name, category, lasts in PRODUCTS:
        product = session.scalar(sa.select(Product).where(Product.name == name))
        if product is None:
            product = Product(name=name, category_id=_named(session, Category, category))
            session.add(product)
            session.flush()
            runouts.lasts(session, product, lasts)
        products.append(product)
    return products
