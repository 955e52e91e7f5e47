"""What a rule is once it is understood: a typed tree of conditions, and the fields they may ask about."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from campaigns.database import now


class Op(StrEnum):
    """How a condition compares."""

    IS = ":"
    IS_NOT = "!="
    HAS = "~"
    BEFORE = "<"
    AFTER = ">"
    UNTIL = "<="
    SINCE = ">="
    IN = "in"
    EMPTY = "is empty"
    FILLED = "is not empty"


class Kind(StrEnum):
    """What sort of thing a field holds; it decides which comparisons make sense."""

    LABEL = "label"  # categories and tags: a contact has any number
    TEXT = "text"
    DAY = "day"
    BIRTHDAY = "birthday"  # a day of the year
    STATE = "state"  # one of a few words


_NAMED = (Op.IS, Op.IS_NOT, Op.HAS, Op.IN, Op.EMPTY, Op.FILLED)
_DATED = (Op.IS, Op.IS_NOT, Op.BEFORE, Op.AFTER, Op.UNTIL, Op.SINCE, Op.EMPTY, Op.FILLED)
OPS: dict[Kind, tuple[Op, ...]] = {
    Kind.LABEL: _NAMED,
    Kind.TEXT: _NAMED,
    Kind.DAY: _DATED,
    Kind.BIRTHDAY: _DATED,
    Kind.STATE: (Op.IS, Op.IS_NOT, Op.IN),
}

STATES = ("granted", "confirmed", "unconfirmed", "declined", "withdrawn", "objected", "expired", "none")
CUSTOM = "fields"  # written `fields."Shoe size"`: a column of an import that we have no place for

FIELDS: dict[str, Kind] = {
    "category": Kind.LABEL,
    "tag": Kind.LABEL,
    "email": Kind.TEXT,
    "domain": Kind.TEXT,
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "phone": Kind.TEXT,
    "language": Kind.TEXT,
    "country": Kind.TEXT,
    "city": Kind.TEXT,
    "timezone": Kind.TEXT,
    "company": Kind.TEXT,
    "position": Kind.TEXT,
    "note": Kind.TEXT,
    "source": Kind.TEXT,
    "owner": Kind.TEXT,
    "birthday": Kind.BIRTHDAY,
    "created": Kind.DAY,
    "last_contact": Kind.DAY,
    "next_step": Kind.DAY,
    "consent": Kind.STATE,
    "tracking": Kind.STATE,
    CUSTOM: Kind.TEXT,
}


@dataclass(frozen=True, slots=True)
class Relative:
    """A day counted from today: -90 is ninety days ago."""

    days: int

    def on(self, today: date) -> date:
        """The day itself."""
        return today + timedelta(days=self.days)

    def __str__(self) -> str:
        return f"{self.days:+d}d" if self.days else "today"


Value = str | date | Relative


@dataclass(frozen=True, slots=True)
class Everybody:
    """Everyone there is."""


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of one field; `key` names the column when the field is `fields`."""

    field: str
    op: Op
    values: tuple[Value, ...] = ()
    key: str = ""

    __test__ = False  # the name means a condition, not a test of the code

    @property
    def kind(self) -> Kind:
        """What sort of field it asks about."""
        return FIELDS[self.field]


@dataclass(frozen=True, slots=True)
class Not:
    """Those whom the condition leaves out."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """Those whom every condition fits."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Those whom at least one condition fits."""

    nodes: tuple["Node", ...]


Node = Everybody | Test | Not | And | Or


def tests(node: Node) -> list[Test]:
    """Every comparison in the tree, in order."""
    if isinstance(node, Test):
        return [node]
    if isinstance(node, Not):
        return tests(node.node)
    if isinstance(node, And | Or):
        return [test for part in node.nodes for test in tests(part)]
    return []


def today() -> date:
    """The day that relative days count from, in UTC."""
    return now().date()
