"""Makes rules at random: any field, any comparison, nested any way."""

import string
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from campaigns.audiences import fields
from campaigns.audiences.custom import FITTING
from campaigns.audiences.fields import CHOICES, COMPANY_CUSTOM, CUSTOM, FIELDS, MEMBERS, STATES, Kind, kind
from campaigns.audiences.nodes import (
    And,
    Detail,
    Everybody,
    Money,
    Not,
    Op,
    Or,
    Relative,
    Test,
    today,
)
from campaigns.contacts.field_models import FieldKind

# Few values, so that rules often fit somebody; each with something that could go wrong.
WORDS = [
    "",
    "Cutters",
    "cutters",
    "Cuters",
    "Žralok, s čárkou",
    'quote "inside"',
    "100%",
    "a_b",
    "back\\slash",
    "'; --",
]
PRODUCTS = ["Glue 100 ml", "Glue 1 l", "Tape, 'wide'", "100% Oil"]
CAMPAIGNS = ["Autumn news", "Spring % offer", "News"]
AUDIENCES = ["Living", "Kept members", "Others but Cutters"]
FILES = ["list.csv", "Fair 2026.xlsx"]
ANY_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)), max_size=30
)

# The fields that the firm made, by key, and columns of imports that nobody made a field.
MADE = {f"own_{one}": one for one in FieldKind}
UNMADE = ["Size", "naïve.key"]
OPTIONS = ["Small", "Large", "Žralok, s čárkou"]

numbers = st.sampled_from([Decimal(one) for one in ("0", "1", "2", "3", "12.5", "-3", "250", "99.99")])
days_away = st.integers(-40, 40)
days = st.one_of(
    days_away.map(Relative),
    st.integers(-3, 3).map(lambda many: Relative(months=many)),
    days_away.map(lambda many: today() + timedelta(days=many)),
)
days_of_year = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: day.strftime("%m-%d"))


def birthdays(op: Op):
    near = st.integers(-365, 365).map(Relative)
    return st.one_of(near, days_of_year) if op in (Op.IS, Op.IS_NOT) else near


def values(field: str, op: Op, text=None):
    """One value that may stand with the field."""
    of_kind = {
        Kind.STATE: st.sampled_from(STATES),
        Kind.CHOICE: st.sampled_from(CHOICES.get(field, [""])),
        Kind.BIRTHDAY: birthdays(op),
        Kind.DAY: days,
        Kind.NUMBER: numbers,
        Kind.BATCH: st.sampled_from(["1", "2", "77", *FILES]),
        Kind.AUDIENCE: st.sampled_from(AUDIENCES),
    }
    if kind(field) == Kind.DEED:
        return (
            st.sampled_from(PRODUCTS if field in fields.OF_PRODUCTS else CAMPAIGNS) if text is None else text
        )
    plain = st.sampled_from(WORDS) if text is None else text
    return of_kind.get(kind(field), plain)


def own_values(of: FieldKind | None, op: Op):
    """One value as it is written beside a field that the firm made."""
    if op in (Op.HAS, Op.LIKE):
        return st.sampled_from([word for word in WORDS if word])
    if of in (FieldKind.NUMBER, FieldKind.MONEY):
        return numbers.map(str)
    if of == FieldKind.DATE:
        return days.map(lambda day: day.isoformat() if isinstance(day, date) else str(day))
    if of == FieldKind.DAY:
        return birthdays(op).map(str)
    if of == FieldKind.YES_NO:
        return st.sampled_from(["yes", "no", "Yes"])
    if of in (FieldKind.CHOICE, FieldKind.CHOICES):
        return st.sampled_from([*OPTIONS, "small"])
    return st.sampled_from(["+420601123456", "https://example.com/a", *WORDS])


@st.composite
def own(draw, field: str) -> Test:
    """A comparison of a field that the firm made, of a kind that it knows; or of a plain column."""
    key = draw(st.sampled_from([*MADE, *UNMADE]))
    fitting = FITTING[MADE[key]] if key in MADE else (Op.IS, Op.IN, Op.HAS)
    ops = [*fitting, Op.EMPTY, Op.FILLED, *([Op.IS_NOT] if Op.IS in fitting else [])]
    op = draw(st.sampled_from(ops))
    if op in (Op.EMPTY, Op.FILLED):
        return Test(field, op, (), key)
    one = own_values(MADE.get(key), op)
    given = draw(st.lists(one, min_size=1, max_size=3)) if op == Op.IN else [draw(one)]
    return Test(field, op, tuple(given), key)


_COMPARED = st.sampled_from([Op.IS, Op.IS_NOT, Op.BEFORE, Op.AFTER, Op.UNTIL, Op.SINCE])
_SUMS = st.builds(Money, st.sampled_from([Decimal("0"), Decimal("49"), Decimal("98"), Decimal("0.005")]),
                  st.sampled_from(["EUR", "CZK", "JPY"]))  # fmt: skip


def _measures(field: str):
    known = fields.measures(field)
    return st.lists(st.sampled_from(known), max_size=2, unique=True) if known else st.just([])


@st.composite
def details(draw, field: str) -> tuple[Detail, ...]:
    """What may stand between the brackets of a deed."""
    periods = st.sampled_from([Op.SINCE, Op.AFTER, Op.UNTIL, Op.BEFORE])
    some = [Detail("on", op, draw(days)) for op in draw(st.lists(periods, max_size=2, unique=True))]
    for what in draw(_measures(field)):
        value = {"first": days, "last": days, "sum": _SUMS}.get(what, st.integers(0, 4).map(Decimal))
        some.append(Detail(what, draw(_COMPARED), draw(value)))
    if field in fields.LETTERS and draw(st.booleans()):
        some.append(Detail("of_last", Op.IS, Decimal(draw(st.integers(1, 3)))))
    return tuple(some)


@st.composite
def deeds(draw, field: str, text=None) -> Test:
    """A deed, perhaps with names and details."""
    asked = draw(details(field))
    known = [Op.FILLED, *([] if asked else [Op.EMPTY])]
    if field in fields.WITH_NAMES:
        known += [Op.IS, Op.IN, Op.HAS, *([] if asked else [Op.IS_NOT])]
    op = draw(st.sampled_from(known))
    if op in (Op.EMPTY, Op.FILLED):
        return Test(field, op, details=asked)
    several = 2 if asked else 1  # one name in brackets is `:`
    many = st.lists(values(field, op, text), min_size=several, max_size=3)
    given = draw(many) if op == Op.IN else [draw(values(field, op, text))]
    return Test(field, op, tuple(given), details=asked)


@st.composite
def conditions(draw, of=tuple(FIELDS), text=None) -> Test:
    """One comparison."""
    field = draw(st.sampled_from([name for name in of if name != MEMBERS]))
    if field in (CUSTOM, COMPANY_CUSTOM):
        return draw(own(field))
    if kind(field) == Kind.DEED:
        return draw(deeds(field, text))
    op = draw(st.sampled_from(fields.ops(field)))
    if op in (Op.EMPTY, Op.FILLED):
        return Test(field, op)
    several = st.lists(values(field, op, text), min_size=1, max_size=3) if op == Op.IN else None
    given = draw(several) if several is not None else [draw(values(field, op, text))]
    return Test(field, op, tuple(given))


def nodes(of=tuple(FIELDS), text=None):
    """A rule's tree."""
    leaves = st.one_of(conditions(of, text), st.just(Everybody()))

    def grown(children):
        several = st.lists(children, min_size=2, max_size=3).map(tuple)
        return st.one_of(children.map(Not), several.map(And), several.map(Or))

    return st.recursive(leaves, grown, max_leaves=8)


BARE = string.ascii_letters + string.digits + "-_.@/"
