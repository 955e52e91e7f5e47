"""Rules that name an option of a field follow when it gets another name."""

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import rules
from campaigns.audiences.fields import COMPANY_CUSTOM, CUSTOM
from campaigns.audiences.lexing import LONGEST, RuleProblem
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import Op, Test, mapped, tests
from campaigns.contacts import field_index, field_renaming, fields
from campaigns.contacts.field_models import About, Field
from campaigns.contacts.field_renaming import Followed

_ABOUT = {CUSTOM: About.CONTACT, COMPANY_CUSTOM: About.COMPANY}
_WHOLE = (Op.IS, Op.IS_NOT, Op.IN)


def follow(session: Session, field: Field, old: str, new: str) -> Followed:
    """Write the new name into rules of audiences; one that asks for a part of the old name is left as it is.

    What was frozen for campaigns stays: there the old name means the new one (field_renaming.py).
    """
    followed: list[str] = []
    left: list[str] = []
    asking = sa.select(Audience).where(sa.func.lower(Audience.rule).contains("fields."))
    for audience in session.scalars(asking.order_by(Audience.name)):
        try:
            node = rules.parse(audience.rule)
        except RuleProblem:
            continue
        here = [test for test in tests(node) if _asks(session, field, test)]
        if any(_names(field, test, old) for test in here):
            text = rules.text(mapped(node, lambda test: _renamed(session, field, test, old, new)))
            if len(text) <= LONGEST:
                audience.rule = text
            (followed if len(text) <= LONGEST else left).append(audience.name)
        elif any(_asks_for_a_part(test, old) for test in here):
            left.append(audience.name)
    session.flush()
    return Followed(tuple(followed), tuple(left))


def _asks(session: Session, field: Field, test: Test) -> bool:
    if _ABOUT.get(test.field) != field.about:
        return False
    meant = fields.named(session, test.key, About(field.about))
    return meant is not None and meant.id == field.id


def _names(field: Field, test: Test, option: str) -> bool:
    word = field_index.word(field, option)
    return test.op in _WHOLE and any(field_index.word(field, str(one)) == word for one in test.values)


def _asks_for_a_part(test: Test, option: str) -> bool:
    text = field_index.folded(option)
    return test.op == Op.LIKE or (
        test.op == Op.HAS and any(field_index.folded(str(one)) in text for one in test.values)
    )


def _renamed(session: Session, field: Field, test: Test, old: str, new: str) -> Test:
    if not (_asks(session, field, test) and _names(field, test, old)):
        return test
    word = field_index.word(field, old)
    values = [new if field_index.word(field, str(one)) == word else one for one in test.values]
    return replace(test, values=tuple(dict.fromkeys(values)))


field_renaming.offer(follow)
