"""Invented contacts with everything that a rule can ask about, as rows and as plain dicts."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import count

import sqlalchemy as sa

from campaigns import tokens
from campaigns.audiences import rules, saving
from campaigns.audiences.nodes import today
from campaigns.consent.models import Act, Basis, Consent, ConsentEvent, Purpose
from campaigns.contacts import field_defining, field_index, names
from campaigns.contacts.field_models import About, FieldKind
from campaigns.contacts.models import Contact, Import, contact_category, contact_tag
from campaigns.crm import runouts
from campaigns.crm.models import Activity, Kind, Product, Purchase
from campaigns.database import now
from campaigns.delivery.models import Message
from tests import factories
from tests.audiences import naive
from tests.audiences.trees import CAMPAIGNS, FILES, MADE, OPTIONS, PRODUCTS, WORDS

_TEXTS = (
    "first_name", "last_name", "phone", "language", "country", "city",
    "timezone", "position", "note", "source",
)  # fmt: skip
_SHORT = {"language": ["", "cs", "CS", "fil"], "country": ["", "CZ", "RO"], "phone": ["", "+420601123456"]}
LASTS = {PRODUCTS[0]: 7, PRODUCTS[1]: 20}  # days
_NAMES = [word for word in WORDS if word]
_DEEDS = {
    "opened": Kind.OPEN, "clicked": Kind.CLICK, "replied": Kind.REPLY, "called": Kind.CALL,
    "met": Kind.MEETING, "noted": Kind.NOTE, "wrote": Kind.LETTER, "signed_up": Kind.SIGN_UP,
}  # fmt: skip
_LINKS = {"category": contact_category, "tag": contact_tag}
_RULES = {
    "Living": ("tag:Cutters or last_contact < -10d", True, ()),
    "Kept members": ('language:cs or audience:"Living"', False, ()),
    "Others but Cutters": ("not tag is empty", True, ("Living", "Kept members")),
}


@dataclass
class Crowd:
    """The people by number, the campaigns newest first, and what the audiences say."""

    people: dict[int, dict] = field(default_factory=dict)
    campaigns: list[int] = field(default_factory=list)
    members: dict[str, set[int]] = field(default_factory=dict)

    def found(self, node) -> set[int]:
        """Whom the rule fits, by plain Python."""
        return {number for number, person in self.people.items() if naive.fits(node, person, self)}

    def is_in(self, name: str, person: dict) -> bool:
        rule, living, excluded = _RULES[name]
        if any(self.is_in(other, person) for other in excluded):
            return False
        if not living:
            return person["id"] in self.members[name]
        return naive.fits(rules.parse(rule), person, self)


def make_crowd(session, number: int = 60, seed: int = 7) -> Crowd:
    """So many people, and all that they have and did."""
    making = _Making(session, random.Random(seed))
    crowd = Crowd(campaigns=making.newest)
    for _one in range(number):
        person = making.person()
        crowd.people[person["id"]] = person
    making.write()
    made: dict[str, int] = {}
    for name, (rule, living, excluded) in _RULES.items():
        if not living:
            crowd.members[name] = crowd.found(rules.parse(rule))
        numbers = [made[other] for other in excluded]
        made[name] = saving.create(session, name, rule, living=living, excluded=numbers).id
    return crowd


class _Making:
    def __init__(self, session, rng: random.Random) -> None:
        self.session, self.rng, self.ids = session, rng, count(1)
        self.rows: dict = {}
        self.users = [
            factories.make_user(session, email=f"sales{n}@example.com", name=_NAMES[n]) for n in range(2)
        ]
        self.labels = {
            "category": {name: factories.make_category(session, name).id for name in ["Cutters", *WORDS[4:]]},
            "tag": {name: factories.make_tag(session, name).id for name in ["Cutters", *WORDS[4:]]},
        }
        self._products()
        self._campaigns()
        self.imports = [self._import(name) for name in FILES]
        for about in About:
            for key, of in MADE.items():
                field_defining.add(
                    session,
                    {"name": key, "kind": of, "about": about, "unit": "EUR" if of == FieldKind.MONEY else ""}
                    | ({"options": OPTIONS} if of in (FieldKind.CHOICE, FieldKind.CHOICES) else {}),
                )
        self.companies = [None, *self._companies()]

    def _products(self) -> None:
        made = [Product(name=name) for name in PRODUCTS]
        self.session.add_all(made)
        self.session.flush()
        for product in made:
            runouts.lasts(self.session, product, LASTS.get(product.name))
        self.products = [(product.id, product.name) for product in made]

    def _campaigns(self) -> None:
        """The newest first; one of them is planned by no means yet, so it is none of the last."""
        made = [
            factories.make_campaign(
                self.session, name=name, started_at=now() - timedelta(days=place),
                planned_at=None if place == 1 else now() - timedelta(days=place),
            )
            for place, name in enumerate([*CAMPAIGNS, CAMPAIGNS[0].upper()])
        ]  # fmt: skip
        self.campaigns = [(campaign.id, campaign.name) for campaign in made]
        self.newest = [campaign.id for campaign in made if campaign.planned_at]

    def _import(self, name: str) -> tuple[int, str]:
        made = Import(filename=name, path=f"imports/{name}")
        self.session.add(made)
        self.session.flush()
        return made.id, name

    def _companies(self) -> list[dict]:
        made: list[dict] = []
        for name in ("Cutters", "Žralok, s čárkou", "100%", "Alone"):
            values = {
                "industry": self.rng.choice(["Wood", "wood", "", "Metal % glass"]),
                "legal_form": self.rng.choice(["s.r.o.", "GmbH", ""]),
                "country": self.rng.choice(["CZ", "DE", ""]),
                "headcount": self.rng.choice([None, 1, 3, 250]),
                "fields": self._fields(),
            }
            mother = self.rng.choice(made) if made and name != "Alone" else None
            row = factories.make_company(self.session, name, parent_id=mother and mother["id"], **values)
            made.append(values | {"id": row.id, "name": name, "parent": mother and mother["name"]})
        field_index.refresh(self.session, [one["id"] for one in made], About.COMPANY)
        return made

    def person(self) -> dict:
        rng, number = self.rng, next(self.ids)
        person: dict = {name: rng.choice(_SHORT.get(name, WORDS)) for name in _TEXTS}
        company, owner = rng.choice(self.companies), rng.choice([None, *self.users])
        domain = rng.choice(["example.com", "pošta.example.com", "exmaple.com"])
        person |= {
            "id": number,
            "email": f"person{number}@{domain}",
            "domain": domain,
            "birthday": self._birthday(),
            "role": rng.choice(["", "decides", "guards"]),
            "channel": rng.choice(["", "email", "phone"]),
            "company": company,
            "owner": [owner.email, owner.name] if owner else [],
            "import": rng.choice([None, *self.imports]),
            "next_step": rng.choice([None, today() + timedelta(days=rng.randrange(-40, 40))]),
            "fields": self._fields()
            | {key: rng.choice(WORDS) for key in rng.sample(["Size", "naïve.key"], 1)},
        }
        moments = {key: self._moment() for key in ("created", "last_contact", "verified")}
        moments["created"] = moments["created"] or datetime(2020, 1, 1, tzinfo=UTC)
        self._contact(person, owner, moments)
        for kind in ("category", "tag"):
            person[kind] = tuple(rng.sample(list(self.labels[kind]), rng.randrange(3)))
            for name in person[kind]:
                self._row(_LINKS[kind], {"contact_id": number, f"{kind}_id": self.labels[kind][name]})
        person |= {key: self._said(number, purpose) for key, purpose in _PURPOSES.items()}
        person["deeds"] = [self._deed(number) for _one in range(rng.choice([0, 0, 1, 2, 4]))]
        person["deeds"] += _run_outs(person["deeds"])
        return person | {key: moment and moment.date() for key, moment in moments.items()}

    def _contact(self, person: dict, owner, moments: dict) -> None:
        columns = {name: person[name] for name in (*_TEXTS, "id", "email", "domain", "birthday", "fields")}
        columns |= names.keys(person["first_name"], person["last_name"], person["email"])
        columns |= {
            "address_hash": tokens.address_hash(person["email"]),
            "decision_role": person["role"],
            "channel": person["channel"],
            "company_id": person["company"] and person["company"]["id"],
            "owner_id": owner and owner.id,
            "import_id": person["import"] and person["import"][0],
            "next_step_on": person["next_step"],
            "created_at": moments["created"],
            "last_contact_at": moments["last_contact"],
            "verified_at": moments["verified"],
        }
        self._row(Contact, columns)

    def _row(self, table, values: dict) -> None:
        self.rows.setdefault(table, []).append(values)

    def write(self) -> None:
        for table in (
            Contact,
            ConsentEvent,
            *(one for one in self.rows if one not in (Contact, ConsentEvent)),
        ):
            if self.rows.get(table):
                self.session.execute(sa.insert(table), self.rows[table])
        ids = [row["id"] for row in self.rows[Contact]]
        field_index.refresh(self.session, ids)
        while runouts.renew_some(self.session):
            pass
        self.session.flush()

    def _birthday(self) -> str:
        day = (today() + timedelta(days=self.rng.randrange(365))).strftime("%m-%d")
        return self.rng.choice(["", "02-29", day, day])

    def _moment(self) -> datetime | None:
        hour = self.rng.choice([time(0, 0), time(12, 30), time(23, 59, 59, 999999)])
        moment = datetime.combine(today() + timedelta(days=self.rng.randrange(-40, 40)), hour, UTC)
        return self.rng.choice([None, moment, moment])

    def _fields(self) -> dict:
        """Values of some of the firm's own fields, as they are kept."""
        rng = self.rng
        day = today() + timedelta(days=rng.randrange(-40, 40))
        values = {
            FieldKind.TEXT: rng.choice([*_NAMES, "long " * 40 + rng.choice(_NAMES)]),
            FieldKind.NUMBER: rng.choice(["0", "1", "12.5", "-3", "250"]),
            FieldKind.MONEY: rng.choice(["0.00", "99.99", "250.00"]),
            FieldKind.DATE: day.isoformat(),
            FieldKind.DAY: rng.choice(["02-29", day.strftime("%m-%d")]),
            FieldKind.CHOICE: rng.choice(OPTIONS),
            FieldKind.CHOICES: [one for one in OPTIONS if rng.random() < 0.5] or OPTIONS[:1],
            FieldKind.YES_NO: rng.random() < 0.5,
            FieldKind.PHONE: "+420601123456",
            FieldKind.LINK: rng.choice(["https://example.com/a", "https://example.com/b"]),
        }
        return {f"own_{of}": value for of, value in values.items() if rng.random() < 0.6}

    def _said(self, number: int, purpose: str) -> str:
        act = self.rng.choice([None, *Act])
        if act is not None:
            said = {"contact_id": number, "purpose": purpose, "basis": Basis.CONSENT, "at": now()}
            event = len(self.rows.get(ConsentEvent, [])) + 1
            self._row(ConsentEvent, said | {"id": event, "act": act, "source": "test", "method": "form"})
            self._row(Consent, said | {"state": act, "event_id": event})
        return str(act) if act else "none"

    def _deed(self, number: int) -> dict:
        what = self.rng.choice(["bought", "bought", "sent", "opened", "opened", *_DEEDS])
        at = self._moment() or now()
        if what == "bought":
            product, name = self.rng.choice(self.products)
            bought = {
                "quantity": self.rng.randrange(1, 4),
                "amount": self.rng.choice([0, 4900, 9800, 99]),
                "currency": self.rng.choice(["EUR", "EUR", "CZK", "JPY"]),
            }
            self._row(Purchase, bought | {"contact_id": number, "product_id": product, "at": at})
            return bought | {"what": what, "at": at, "name": name}
        campaign, name = self.rng.choice(self.campaigns)
        deed = {"what": what, "at": at, "name": name, "number": campaign}
        if what == "sent":
            there = any(
                row["contact_id"] == number and row["campaign_id"] == campaign
                for row in self.rows.get(Message, [])[-8:]
            )
            if there:  # one letter each
                return deed | {"what": "nothing"}
            letter = {"campaign_id": campaign, "contact_id": number, "sent_at": at, "status": "sent"}
            self._row(Message, letter | {"address": f"person{number}@example.com"})
            return deed
        with_campaign = what in ("opened", "clicked", "replied")
        source = f"campaign:{campaign}" if with_campaign else ""
        self._row(Activity, {"contact_id": number, "kind": _DEEDS[what], "at": at, "source": source})
        return deed if with_campaign else deed | {"name": None, "number": None}


def _run_outs(deeds: list[dict]) -> list[dict]:
    """Of each product the day when the last piece is used up, counted day by day."""
    found = []
    for name, lasts in LASTS.items():
        bought = {}
        for deed in deeds:
            if deed["what"] == "bought" and deed["name"] == name:
                bought[deed["at"].date()] = bought.get(deed["at"].date(), 0) + deed["quantity"] * lasts
        if bought:
            day, left = min(bought), 0
            while left or day <= max(bought):
                left = max(left + bought.get(day, 0) - 1, 0)
                day += timedelta(days=1)
            found.append({"what": "runs_out", "at": day, "name": name})
    return found


_PURPOSES = {
    "consent": Purpose.MAIL,
    "tracking": Purpose.TRACKING,
    "profiling": Purpose.PROFILING,
    "ad_platforms": Purpose.AD_PLATFORMS,
}
