"""Whatever names a contact follows when that contact is merged into another."""

import importlib
import pkgutil

import sqlalchemy as sa

import campaigns
from campaigns.contacts import moving
from campaigns.tables import Base


def _names_a_contact(table: sa.Table) -> bool:
    points = any(key.column.table.name == "contact" for key in table.foreign_keys)
    return points or "contact_id" in table.c


def _moved() -> set[str]:
    for module in pkgutil.walk_packages(campaigns.__path__, "campaigns."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {name for mover in moving.movers.values() for name in mover.tables}


def test_every_table_that_names_a_contact_has_a_mover():
    naming = {name for name, table in Base.metadata.tables.items() if _names_a_contact(table)}

    missing = sorted(naming - _moved())
    assert not missing, f"Say in contacts.moving.register() how rows of {missing} follow a merged contact."


def test_every_mover_is_about_a_table_that_is_there():
    assert _moved() <= set(Base.metadata.tables)
