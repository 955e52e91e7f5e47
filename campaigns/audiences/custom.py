"""Conditions on fields that the firm made for itself: what each may be asked depends on its kind.

Columns of an import that nobody made a field are text, found in the contact's row.
"""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from campaigns.audiences import moments, similar, values
from campaigns.audiences.fields import COMPANY_CUSTOM
from campaigns.audiences.firms import measured
from campaigns.audiences.leaves import Asked, Condition, Leaf, Listed
from campaigns.audiences.lexing import Is, RuleProblem, Word
from campaigns.audiences.nodes import Op, Relative, Test
from campaigns.audiences.own import compare
from campaigns.contacts import field_index, field_renaming
from campaigns.contacts import fields as made
from campaigns.contacts.field_models import About, Field, FieldKind, company_value, contact_value
from campaigns.contacts.models import Company, Contact
from campaigns.words import _

_NUMBERS = (FieldKind.NUMBER, FieldKind.MONEY)
_BEGINNING = 100  # letters of a long text that stand in the index
_WORDS = (Op.IS, Op.IN, Op.HAS, Op.LIKE)
_MEASURED = (Op.IS, Op.BEFORE, Op.AFTER, Op.UNTIL, Op.SINCE)
FITTING: dict[FieldKind, tuple[Op, ...]] = {
    FieldKind.TEXT: _WORDS,
    FieldKind.LINK: _WORDS,
    FieldKind.PHONE: _WORDS,
    FieldKind.CHOICE: _WORDS,
    FieldKind.CHOICES: _WORDS,
    FieldKind.YES_NO: (Op.IS,),
    FieldKind.NUMBER: _MEASURED,
    FieldKind.MONEY: _MEASURED,
    FieldKind.DATE: _MEASURED,
    FieldKind.DAY: _MEASURED,
}


def of_field(session: Session, test: Test) -> tuple[Leaf, bool]:
    """The condition on one such field; raises RuleProblem where its kind does not know the comparison."""
    about = About.COMPANY if test.field == COMPANY_CUSTOM else About.CONTACT
    field = made.named(session, test.key, about)
    if field is None:
        return _unmade(test, about), True
    table = company_value if about == About.COMPANY else contact_value
    holder = table.c.company_id if about == About.COMPANY else table.c.contact_id
    rows = sa.select(holder).where(table.c.field_id == field.id)
    once = field.kind != FieldKind.CHOICES  # whoever chose several stands there several times
    if test.op == Op.EMPTY:
        return _of_contacts(about, holder, rows, once), False
    if test.op not in FITTING[FieldKind(field.kind)]:
        raise RuleProblem(
            _("“%(op)s” does not go with “%(field)s”, which holds another kind of value.",
              op=test.op, field=field.name), test.at,
        )  # fmt: skip
    chosen = rows.where(_fits(session, table, field, test))
    return _of_contacts(about, holder, chosen, once), True


def _of_contacts(about: About, holder: Any, rows: sa.Select[Any], once: bool) -> Leaf:
    if about == About.CONTACT:
        return Listed(holder, rows, once)
    works = Contact.company_id
    return Asked(sa.and_(works.is_not(None), works.in_(rows)))


def _unmade(test: Test, about: About) -> Asked:
    """A column of an import that has no field of its own: text under that very name."""
    if test.op not in (*_WORDS[:3], Op.EMPTY):
        raise RuleProblem(
            _("There is no field “%(field)s”, so it can be compared as text only: with :, !=, ~ or “in (…)”.",
              field=test.key), test.at,
        )  # fmt: skip
    if about == About.CONTACT:
        return Asked(compare(_kept(Contact.fields, test.key), test))
    fits = compare(_kept(Company.fields, test.key), test)
    works = Contact.company_id
    listed = sa.and_(works.is_not(None), works.in_(sa.select(Company.id).where(fits)))
    return Asked(sa.or_(works.is_(None), listed) if test.op == Op.EMPTY else listed)


def _kept(column: Any, key: str) -> Any:
    return sa.func.coalesce(column[key].as_string(), "")


def _fits(session: Session, table: sa.Table, field: Field, test: Test) -> Condition:
    kind, word, number = FieldKind(field.kind), table.c.word, table.c.number
    if kind in _NUMBERS:
        return measured(number, Test("number", test.op, (values.number(_word(test)),)))
    if kind == FieldKind.DATE:
        day = moments.on(values.day(_word(test))).toordinal()
        return measured(number, Test("number", test.op, (Decimal(day),)))
    if kind == FieldKind.DAY:
        return _day_of_year(word, test)
    if kind == FieldKind.YES_NO:
        return word == _yes_or_no(test)
    if test.op == Op.HAS:
        return _has(table, field, str(test.values[0]))
    if test.op == Op.LIKE:
        return similar.to(session, word, str(test.values[0]), table.c.field_id == field.id)
    return word.in_(field_renaming.meant(session, field, map(str, test.values)))


def _has(table: sa.Table, field: Field, value: str) -> Condition:
    """A part of the text; of a long one the index holds the beginning only, so it is read where it stands."""
    of_company = table is company_value
    holder: Any = Company if of_company else Contact
    row = table.c.company_id if of_company else table.c.contact_id
    there = aliased(holder)
    whole = sa.select(sa.func.lower(there.fields[field.key].as_string())).where(there.id == row)
    long = whole.scalar_subquery().contains(value.lower(), autoescape=True)
    short = table.c.word.contains(field_index.folded(value), autoescape=True)
    return sa.case((sa.func.length(table.c.word) > _BEGINNING, long), else_=short)


def _day_of_year(word: Any, test: Test) -> Condition:
    value = values.birthday(_word(test), test.op)
    if not isinstance(value, Relative):
        return word == value
    days, inside = moments.birthdays(value, test.op)
    return word.in_(days) if inside else word.not_in(days)


def _yes_or_no(test: Test) -> str:
    said = str(test.values[0]).lower()
    if said not in ("yes", "no"):
        raise RuleProblem(_("“%(field)s” is yes or no.", field=test.key), test.at)
    return said


def _word(test: Test) -> Word:
    """The value as it stood in the text, to be read once its field's kind is known."""
    text = str(test.values[0])
    return Word(Is.QUOTED, text, test.at, test.at + len(text))
