"""Rules that name a label, a product, or an option of a field, follow when it gets another name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences import rules
from campaigns.audiences.fields import COMPANY_CUSTOM, CUSTOM, OF_PRODUCTS
from campaigns.audiences.lexing import LONGEST, RuleProblem
from campaigns.audiences.models import Audience
from campaigns.audiences.nodes import Node, Op, Test, mapped, tests
from campaigns.contacts import field_index, field_renaming, fields, relabelling
from campaigns.contacts.field_models import About, Field
from campaigns.contacts.field_renaming import Followed
from campaigns.contacts.models import Category, Tag
from campaigns.contacts.names import fold
from campaigns.crm.models import Product

_ABOUT = {CUSTOM: About.CONTACT, COMPANY_CUSTOM: About.COMPANY}
_WHOLE = (Op.IS, Op.IS_NOT, Op.IN)
_NAMED: dict[type[Any], tuple[Sequence[str], Callable[[str], str]]] = {
    Category: (("category",), fold),
    Tag: (("tag",), fold),
    Product: (OF_PRODUCTS, str.lower),
}  # in which fields rules name a thing of this kind, and how names are compared there


@dataclass(frozen=True)
class Renamed:
    """One thing that rules name, under its old and its new name."""

    old: str
    new: str
    asks: Callable[[Test], bool]  # whether a test is about things of its kind
    word: Callable[[str], str]  # a name as names are compared

    def named(self, test: Test) -> bool:
        """Whether the test asks for it by its old name."""
        if not self.asks(test) or test.op not in _WHOLE:
            return False
        return self.word(self.old) in {self.word(str(one)) for one in test.values}

    def in_part(self, test: Test) -> bool:
        """Whether the test asks for something that is like the old name, or stands in it."""
        if not self.asks(test):
            return False
        text = field_index.folded(self.old)
        return test.op == Op.LIKE or (
            test.op == Op.HAS and any(field_index.folded(str(one)) in text for one in test.values)
        )

    def followed(self, test: Test) -> Test:
        """The test with the new name."""
        if not self.named(test):
            return test
        word = self.word(self.old)
        values = [self.new if self.word(str(one)) == word else one for one in test.values]
        different = {self.word(str(one)): one for one in reversed(values)}
        return replace(test, values=tuple(reversed(different.values())))


def of_option(session: Session, field: Field, old: str, new: str) -> Followed:
    """Write the new name of an option into rules.

    What was frozen for campaigns stays: there the old name means the new one (field_renaming.py).
    """

    def asks(test: Test) -> bool:
        if _ABOUT.get(test.field) != field.about:
            return False
        meant = fields.named(session, test.key, About(field.about))
        return meant is not None and meant.id == field.id

    return _follow(session, Renamed(old, new, asks, lambda name: field_index.word(field, name)))


def of_thing(session: Session, kind: type[Any], old: str, new: str) -> Followed:
    """Write the new name of a category, tag or product into rules."""
    return _follow(session, thing(kind, old, new))


def thing(kind: type[Any], old: str, new: str) -> Renamed:
    """A category, tag or product under its old and its new name."""
    asking, word = _NAMED[kind]
    return Renamed(old, new, lambda test: test.field in asking, word)


def rewritten(node: Node, renamed: Renamed) -> tuple[str, bool]:
    """The rule with the new name, empty where it has no old one; whether it asks for something like it."""
    here = list(tests(node))
    if any(renamed.named(test) for test in here):
        return rules.text(mapped(node, renamed.followed)), False
    return "", any(renamed.in_part(test) for test in here)


def _follow(session: Session, renamed: Renamed) -> Followed:
    """Rules take the new name; one that asks for a part of the old name is left."""
    followed: list[str] = []
    left: list[str] = []
    for audience in session.scalars(sa.select(Audience).order_by(Audience.name)):
        try:
            text, like = rewritten(rules.parse(audience.rule), renamed)
        except RuleProblem:
            continue
        if text and len(text) <= LONGEST:
            audience.rule = text
            followed.append(audience.name)
        elif text or like:
            left.append(audience.name)
    session.flush()
    return Followed(tuple(followed), tuple(left))


field_renaming.offer(of_option)
relabelling.offer(of_thing)
