"""Columns of earlier imports made into fields: what fits moves, what does not stays where it is."""

import pytest

from campaigns import longwork
from campaigns.contacts import adopting, field_defining, field_index, fields
from campaigns.contacts.field_models import Adoption, FieldKind
from campaigns.contacts.models import Contact
from campaigns.database import reading
from tests import factories


def with_columns(session, *columns):
    return [factories.make_contact(session, fields=column).id for column in columns]


@pytest.mark.both_databases
def test_a_column_becomes_a_field_and_what_does_not_fit_is_told(session, monkeypatch):
    monkeypatch.setattr(adopting, "STEP", 2)
    factories.make_organisation(session, language="cs")
    ids = with_columns(
        session,
        {"Shoe size": "42,5", "Other": "x"},
        {"shoe_size": "43"},
        {},
        {"Shoe-Size": "big"},
        {"shoe_size": "?"},
        {"shoe_size": "44", "Shoe size": "1"},
    )
    size = field_defining.add(session, {"name": "Shoe size", "kind": "number"})
    work = adopting.start(session, size)
    session.commit()

    adopting.run(work.id)
    adopting.run(work.id)

    with reading() as seen:
        assert [seen.get(Contact, id_).fields for id_ in ids] == [
            {"Other": "x", "shoe_size": "42.5"},
            {"shoe_size": "43"},
            {},
            {"Shoe-Size": "big"},
            {"Shoe size (?)": "?"},
            {"shoe_size": "44", "Shoe size": "1"},
        ]
        done = seen.get(Adoption, work.id)
        assert (done.status, done.looked_at, done.taken, done.unfit) == (longwork.WorkStatus.DONE, 6, 3, 2)
        assert done.examples == ["big", "?"]
        assert adopting.newest(seen, [size.id]) == {size.id: done}
        assert list(field_index.differing(seen)) == []
        assert fields.number(size, "42.5") == 42.5


def test_columns_are_found_with_the_kind_that_fits_them(session):
    field_defining.add(session, {"name": "Known", "kind": "text"})
    with_columns(
        session,
        *(
            {"known": "a", "Size": str(n), "Colour": "red" if n % 2 else "Blue", "VIP": "yes", "Web": "https://a.cz"}
            for n in range(2, 8)
        ),
        {"Born": "2000-12-31", "Colour": "RED", "Motto": "Live"},
        {"Motto": "Laugh"},
    )  # fmt: skip

    found = {column.name: column for column in adopting.columns(session)}
    assert {name: column.kind for name, column in found.items()} == {
        "Size": FieldKind.NUMBER, "Colour": FieldKind.CHOICE, "VIP": FieldKind.YES_NO,
        "Web": FieldKind.LINK, "Born": FieldKind.DATE, "Motto": FieldKind.TEXT,
    }  # fmt: skip
    assert found["Colour"].options == ["Blue", "red"]
    assert found["Colour"].seen == 7


def test_columns_are_found_all_over_a_long_list(session, monkeypatch):
    monkeypatch.setattr(adopting, "_AT_EACH", 1)
    with_columns(session, *({f"column {n}": "x"} for n in range(40)))

    assert len(adopting.columns(session)) == 20
