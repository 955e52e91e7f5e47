"""Every column that may say something of a person is in the copy they get, and goes when they are erased."""

import sqlalchemy as sa

from campaigns import tables
from campaigns.contacts.models import Contact
from campaigns.rights import mentions
from campaigns.rights.registry import HELD

_NAMES_A_CONTACT = {"contact_id", "into_id", "gone_id", "message_id", "address_hash", "email_mark"}
BY_TABLE = {held.table.name: held for held in HELD}


def _names_contacts(table: sa.Table) -> bool:
    return any(
        column.name in _NAMES_A_CONTACT
        or any(key.column.table.name == "contact" for key in column.foreign_keys)
        for column in table.c
    )


def test_every_table_that_names_contacts_is_registered():
    naming = {table.name for table in tables.Base.metadata.sorted_tables if _names_contacts(table)}

    assert naming - BY_TABLE.keys() == set()


def test_every_column_is_handed_out_or_kept_back_for_a_reason():
    for held in HELD:
        named = [*held.shown, *held.kept_back]

        assert sorted(named) == sorted(column.name for column in held.table.c), held.table.name
        assert set(held.named) <= set(held.shown)
        assert all(held.kept_back.values())


def test_whatever_is_handed_out_has_a_title():
    assert [held.table.name for held in HELD if held.shown and held.title is None] == []


def test_every_row_goes_with_the_contact_or_is_taken_away_or_says_why_it_stays():
    for held in HELD:
        cascades = any(
            key.column.table.name == "contact" and key.ondelete == "CASCADE"
            for column in held.table.c
            for key in column.foreign_keys
        )
        ways = [held.kind is Contact, cascades, held.forget is not None, bool(held.stays)]
        assert any(ways), held.table.name


def test_texts_are_gone_through_in_every_table_unless_it_says_why_not():
    written = {
        f"{table.name}.{column.name}": table.name
        for table in tables.Base.metadata.sorted_tables
        for column in table.c
        if isinstance(column.type, sa.String | sa.JSON)
    }
    searched = {f"{table.name}.{column.name}" for table, columns in mentions.columns() for column in columns}
    short = {
        name
        for name, table in written.items()
        if 0
        < (getattr(tables.Base.metadata.tables[table].c[name.partition(".")[2]].type, "length", 0) or 0)
        < 100
    }

    assert {
        name for name, table in written.items() if table not in mentions.LEFT_ALONE
    } - searched - short - mentions.LEFT_ALONE.keys() == set()
    assert {name for name in mentions.LEFT_ALONE if "." in name} <= written.keys()
    assert {name for name in mentions.LEFT_ALONE if "." not in name} <= set(tables.Base.metadata.tables)
