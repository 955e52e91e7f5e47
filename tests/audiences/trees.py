"""Makes rules at random, and says by plain Python whom they fit: what the SQL is held against."""

import string
from datetime import date, timedelta

from hypothesis import strategies as st

from campaigns.audiences.building import birthdays
from campaigns.audiences.nodes import (
    CUSTOM,
    FIELDS,
    OPS,
    STATES,
    And,
    Everybody,
    Kind,
    Not,
    Op,
    Or,
    Relative,
    Test,
    today,
)
from campaigns.contacts.names import fold

# Few values, so that rules often fit somebody; each with something that could go wrong.
WORDS = [
    "",
    "Cutters",
    "cutters",
    "Žralok, s čárkou",
    'quote "inside"',
    "100%",
    "a_b",
    "back\\slash",
    "'; --",
]
ANY_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=("Cs",)), max_size=30
)


def values(field: str, op: Op, text=None):
    """One value that may stand with the field."""
    kind = FIELDS[field]
    if kind == Kind.STATE:
        return st.sampled_from(STATES)
    if kind == Kind.BIRTHDAY:
        near = st.integers(-365, 365).map(Relative)
        days = st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda day: day.strftime("%m-%d"))
        return st.one_of(near, days) if op in (Op.IS, Op.IS_NOT) else near
    if kind == Kind.DAY:
        near = st.integers(-40, 40)
        return st.one_of(near.map(Relative), near.map(lambda n: today() + timedelta(days=n)))
    return st.sampled_from(WORDS) if text is None else text


@st.composite
def conditions(draw, fields=tuple(FIELDS), text=None) -> Test:
    """One comparison."""
    field = draw(st.sampled_from(fields))
    op = draw(st.sampled_from(OPS[FIELDS[field]]))
    key = draw(st.sampled_from(["Size", "Shoe size", "naïve.key"])) if field == CUSTOM else ""
    if op in (Op.EMPTY, Op.FILLED):
        return Test(field, op, (), key)
    several = st.lists(values(field, op, text), min_size=1, max_size=3) if op == Op.IN else None
    given = draw(several) if several is not None else [draw(values(field, op, text))]
    return Test(field, op, tuple(given), key)


def nodes(fields=tuple(FIELDS), text=None):
    """A rule's tree."""
    leaves = st.one_of(conditions(fields, text), st.just(Everybody()))

    def grown(children):
        several = st.lists(children, min_size=2, max_size=3).map(tuple)
        return st.one_of(children.map(Not), several.map(And), several.map(Or))

    return st.recursive(leaves, grown, max_leaves=8)


BARE = string.ascii_letters + string.digits + "-_.@/"


def fits(node, person: dict) -> bool:
    """Whether the rule fits, worked out the slow and obvious way."""
    match node:
        case Everybody():
            return True
        case Not(inner):
            return not fits(inner, person)
        case And(parts):
            return all(fits(inner, person) for inner in parts)
        case Or(parts):
            return any(fits(inner, person) for inner in parts)
    if node.op == Op.IS_NOT:
        return not fits(Test(node.field, Op.IS, node.values, node.key), person)
    if node.op == Op.FILLED:
        return not fits(Test(node.field, Op.EMPTY, (), node.key), person)
    has = person["fields"].get(node.key, "") if node.field == CUSTOM else person[node.field]
    return _KINDS[node.kind](node, has)


def _label(node, names) -> bool:
    if node.op == Op.EMPTY:
        return not names
    wanted = [fold(value) for value in node.values]
    if node.op == Op.HAS:
        return any(wanted[0] in fold(name) for name in names)
    return any(fold(name) in wanted for name in names)


def _text(node, has) -> bool:
    if node.op == Op.EMPTY:
        return has in ("", None, [])
    change = fold if node.field == "company" else str.lower
    if node.field == "owner":
        return any(_text(Test("email", node.op, node.values), one) for one in has)
    if has is None:
        return False
    wanted = [change(value) for value in node.values]
    return wanted[0] in change(has) if node.op == Op.HAS else change(has) in wanted


def _day(node, has) -> bool:
    if node.op == Op.EMPTY:
        return has is None
    if has is None:
        return False
    day = node.values[0].on(today()) if isinstance(node.values[0], Relative) else node.values[0]
    return {
        Op.IS: has == day, Op.BEFORE: has < day, Op.AFTER: has > day,
        Op.UNTIL: has <= day, Op.SINCE: has >= day,
    }[node.op]  # fmt: skip


def _birthday(node, has) -> bool:
    if node.op == Op.EMPTY:
        return has == ""
    if isinstance(node.values[0], str):
        return has == node.values[0]
    days, inside = birthdays(node.values[0], node.op)
    return bool(has) and (has in days) == inside


def _state(node, has) -> bool:
    wanted = set(node.values)
    return has in wanted or (has == "confirmed" and "granted" in wanted)


_KINDS = {
    Kind.LABEL: _label,
    Kind.TEXT: _text,
    Kind.DAY: _day,
    Kind.BIRTHDAY: _birthday,
    Kind.STATE: _state,
}
