"""Many rows at once: in order, whole, and settled where they meet others."""

import sqlalchemy as sa

from campaigns.bulk import among, insert_many, update_many
from campaigns.contacts.models import Contact, Tag
from campaigns.database import now
from tests.factories import make_contact


def tags(*names):
    return [{"name": name, "key": name.casefold()} for name in names]


def test_rows_keep_their_order_and_every_kind_of_value(session):
    moment = now()
    rows = [
        {
            "email": f"p{n}@example.com",
            "address_hash": str(n),
            "domain": "example.com",
            "first_name": 'Žofie "the \\ saw"\n',
            "last_name": "",
            "name_key": "",
            "first_key": "",
            "phone": "",
            "position": "",
            "language": "",
            "timezone": "",
            "country": "",
            "city": "",
            "birthday": "",
            "birth_year": n or None,
            "note": "",
            "fields": {"shoe size": n, "list": ["a"]},
            "source": "",
            "paused_until": moment,
            "next_step_on": moment.date(),
            "last_contact_how": "",
            "created_at": moment,
            "updated_at": moment,
        }
        for n in range(2000)
    ]
    insert_many(session, Contact, rows)

    people = session.scalars(sa.select(Contact).order_by(Contact.id)).all()
    assert [person.address_hash for person in people] == [row["address_hash"] for row in rows]
    person = people[7]
    assert (person.first_name, person.birth_year, person.fields) == (
        'Žofie "the \\ saw"\n',
        7,
        {"shoe size": 7, "list": ["a"]},
    )
    assert (person.paused_until, person.next_step_on, person.owner_id) == (moment, moment.date(), None)
    assert people[0].birth_year is None


def test_a_row_that_meets_another_gives_way_or_takes_its_place(session):
    insert_many(session, Tag, tags("Basic"))

    insert_many(session, Tag, tags("BASIC", "Trial"), conflict=["key"])
    assert session.scalars(sa.select(Tag.name).order_by(Tag.id)).all() == ["Basic", "Trial"]

    insert_many(session, Tag, tags("BASIC"), conflict=["key"], update=["name"])
    assert session.scalars(sa.select(Tag.name).order_by(Tag.id)).all() == ["BASIC", "Trial"]


def test_no_rows_are_no_work(session):
    insert_many(session, Tag, [])


def test_each_row_gets_its_own_new_values(session):
    insert_many(session, Tag, tags("a", "b", "c"))
    numbers = dict(session.execute(sa.select(Tag.key, Tag.id)).all())
    update_many(session, Tag, [{"id": numbers["a"], "name": "A'"}, {"id": numbers["c"], "name": "Č"}])
    update_many(session, Tag, [])
    assert session.scalars(sa.select(Tag.name).order_by(Tag.key)).all() == ["A'", "b", "Č"]


def test_moments_and_nothing_are_values_too(session):
    moment = now()
    contact = make_contact(session)
    update_many(session, Contact, [{"id": contact.id, "paused_until": moment}])
    session.expire_all()
    assert session.get(Contact, contact.id).paused_until == moment
    update_many(session, Contact, [{"id": contact.id, "paused_until": None}])
    session.expire_all()
    assert session.get(Contact, contact.id).paused_until is None


def test_a_thousand_values_are_found_among(session):
    insert_many(session, Tag, tags(*(f"t{n}" for n in range(2000))))
    wanted = [f"t{n}" for n in range(0, 2000, 2)]
    assert len(session.scalars(sa.select(Tag.id).where(among(session, Tag.key, wanted))).all()) == 1000
    assert session.scalars(sa.select(Tag.id).where(among(session, Tag.id, []))).all() == []
