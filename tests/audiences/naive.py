"""Says by plain Python whom a rule fits, the slow and obvious way: what the SQL is held against."""

from datetime import date, datetime, timedelta

from campaigns.audiences.fields import COMPANY_CUSTOM, Kind, kind
from campaigns.audiences.nodes import And, Everybody, Money, Not, Op, Or, Relative, Test, today
from campaigns.contacts.field_models import FieldKind
from campaigns.contacts.names import fold, plain
from tests.audiences.trees import MADE

OPPOSITE = {Op.IS_NOT: Op.IS, Op.FILLED: Op.EMPTY}
SMALLEST = {"EUR": 100, "CZK": 100, "JPY": 1}


def fits(node, person: dict, crowd) -> bool:
    """Whether the rule fits this person; `crowd` knows the audiences and the order of the campaigns."""
    match node:
        case Everybody():
            return True
        case Not(inner):
            return not fits(inner, person, crowd)
        case And(parts):
            return all(fits(inner, person, crowd) for inner in parts)
        case Or(parts):
            return any(fits(inner, person, crowd) for inner in parts)
    of = kind(node.field)
    if node.op in OPPOSITE and not (of == Kind.DEED and node.op == Op.FILLED):
        opposite = Test(node.field, OPPOSITE[node.op], node.values, node.key)
        return not fits(opposite, person, crowd)
    if of == Kind.AUDIENCE:
        return any(crowd.is_in(name, person) for name in node.values)
    if of == Kind.DEED:
        return _did(node, [deed for deed in person["deeds"] if deed["what"] == node.field], crowd)
    if of == Kind.CUSTOM:
        return _own(node, person["company"] if node.field == COMPANY_CUSTOM else person)
    return _KINDS[of](node, _held(node.field, person))


def _held(field: str, person: dict):
    company = person["company"]
    if field == "company":
        return company and company["name"]
    if field == "parent":
        return company and company["parent"]
    if field in ("industry", "legal_form", "headcount"):
        return company and company[field]
    if field == "company_country":
        return company and company["country"]
    return person[field]


# ---- text ---------------------------------------------------------------


def _label(node, names) -> bool:
    if node.op == Op.EMPTY:
        return not names
    return any(_folded(node, name) for name in names)


def _folded(node, name) -> bool:
    if node.op == Op.LIKE:
        return alike(fold(node.values[0]), fold(name))
    wanted = [fold(value) for value in node.values]
    return wanted[0] in fold(name) if node.op == Op.HAS else fold(name) in wanted


def _text(node, has) -> bool:
    if node.op == Op.EMPTY:
        return has in ("", None, [])
    if node.field == "owner":
        return any(_line(node, one) for one in has)
    if has is None:
        return False
    return _folded(node, has) if node.field in ("company", "parent") else _line(node, has)


def _line(node, has: str) -> bool:
    if node.op == Op.LIKE:
        return bool(has) and alike(node.values[0], has)
    wanted = [value.lower() for value in node.values]
    return wanted[0] in has.lower() if node.op == Op.HAS else has.lower() in wanted


def alike(one: str, other: str) -> bool:
    """Whether few enough letters are wrong, missing, too many or swapped."""
    one, other = plain(one), plain(other)
    most = 0 if len(one) < 4 else 1 if len(one) < 8 else 2
    return bool(one) and distance(one, other) <= most


def distance(one: str, other: str) -> int:
    """Letters to change, add, leave out, or neighbours to swap once, until one text is the other."""
    before, row = [], list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]


# ---- days and numbers ---------------------------------------------------


def _compared(op: Op, has, value) -> bool:
    return {
        Op.IS: has == value, Op.IS_NOT: has != value, Op.BEFORE: has < value,
        Op.AFTER: has > value, Op.UNTIL: has <= value, Op.SINCE: has >= value,
    }[op]  # fmt: skip


def _meant(value) -> date:
    if not isinstance(value, Relative):
        return value
    day = today()
    for _month in range(abs(value.months)):  # one by one, keeping the day of the month in mind
        first = day.replace(day=1)
        day = (first + timedelta(days=31)).replace(day=1) if value.months > 0 else first - timedelta(days=1)
    if value.months:
        while True:
            try:
                day = day.replace(day=today().day)
                break
            except ValueError:  # the month is too short: its last day
                day = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
                break
    return day + timedelta(days=value.days)


def _day(node, has) -> bool:
    if node.op == Op.EMPTY or has is None:
        return node.op == Op.EMPTY and has is None
    return _compared(node.op, has, _meant(node.values[0]))


def _number(node, has) -> bool:
    if node.op == Op.EMPTY or has is None:
        return node.op == Op.EMPTY and has is None
    return _compared(node.op, float(has), float(node.values[0]))


def _birthday(node, has: str) -> bool:
    if node.op == Op.EMPTY or not has:
        return node.op == Op.EMPTY and not has
    value = node.values[0]
    if isinstance(value, str):
        return has == value
    far = value.days
    if node.op == Op.IS:
        return _kept_on(has, far)
    if far > 0:
        near = far if node.op in (Op.UNTIL, Op.AFTER) else far - 1
        ahead = any(_kept_on(has, days) for days in range(near + 1))
        return ahead == (node.op in (Op.UNTIL, Op.BEFORE))
    if far < 0:
        near = -far if node.op in (Op.SINCE, Op.BEFORE) else -far - 1
        back = any(_kept_on(has, -days) for days in range(near + 1))
        return back == (node.op in (Op.SINCE, Op.AFTER))
    return node.op in (Op.UNTIL, Op.SINCE) and _kept_on(has, 0)


def _kept_on(birthday: str, days: int) -> bool:
    """Whether the birthday is kept so many days from today."""
    day = today() + timedelta(days=days)
    if birthday == "02-29" and day.strftime("%m-%d") == "02-28":
        return (day + timedelta(days=1)).day == 1
    return day.strftime("%m-%d") == birthday


# ---- words --------------------------------------------------------------


def _state(node, has) -> bool:
    wanted = set(node.values)
    return has in wanted or (has == "confirmed" and "granted" in wanted)


def _choice(node, has) -> bool:
    return not has if node.op == Op.EMPTY else has in node.values


def _batch(node, has) -> bool:
    if node.op == Op.EMPTY or has is None:
        return node.op == Op.EMPTY and has is None
    number, file = has
    return any(value in (str(number), file) or value.lower() == file.lower() for value in node.values)


_KINDS = {
    Kind.LABEL: _label,
    Kind.TEXT: _text,
    Kind.DAY: _day,
    Kind.NUMBER: _number,
    Kind.BIRTHDAY: _birthday,
    Kind.STATE: _state,
    Kind.CHOICE: _choice,
    Kind.BATCH: _batch,
}


# ---- deeds --------------------------------------------------------------


def _did(node, done: list[dict], crowd) -> bool:
    if node.op == Op.EMPTY:
        return not done
    if node.values:
        wanted = [value.lower() for value in node.values]
        if node.op == Op.HAS:
            done = [deed for deed in done if wanted[0] in (deed["name"] or "").lower()]
        else:
            done = [deed for deed in done if (deed["name"] or "").lower() in wanted]
        done = [deed for deed in done if deed["name"] is not None]
    for detail in node.details:
        if detail.what == "on":
            done = [deed for deed in done if _compared(detail.op, _day_of(deed["at"]), _meant(detail.value))]
        if detail.what == "of_last":
            done = [deed for deed in done if deed["number"] in crowd.campaigns[: int(detail.value)]]
    return bool(done) and all(_measure(detail, done) for detail in node.details)


def _day_of(at) -> date:
    return at.date() if isinstance(at, datetime) else at


def _measure(detail, done: list[dict]) -> bool:
    if detail.what in ("on", "of_last"):
        return True
    if detail.what in ("first", "last"):
        found = (min if detail.what == "first" else max)(deed["at"] for deed in done)
        return _compared(detail.op, found.date(), _meant(detail.value))
    if detail.what == "sum":
        assert isinstance(detail.value, Money)
        code = detail.value.currency
        total = sum(deed["amount"] for deed in done if deed["currency"] == code)
        return _compared(detail.op, total, detail.value.amount * SMALLEST[code])
    number = len(done) if detail.what == "times" else sum(deed["quantity"] for deed in done)
    return _compared(detail.op, number, int(detail.value))


# ---- fields that the firm made ------------------------------------------


def _own(node, holder: dict | None) -> bool:
    has = holder["fields"].get(node.key) if holder else None
    of = MADE.get(node.key)
    if of is None:  # a column of an import
        if node.op == Op.EMPTY:
            return has in (None, "")
        return (holder is not None) and _line(node, has or "")
    if node.op == Op.EMPTY or has is None:
        return node.op == Op.EMPTY and has is None
    return _of_kind(of, node, has)


def _of_kind(of: FieldKind, node, has) -> bool:
    value = node.values[0]
    if of in (FieldKind.NUMBER, FieldKind.MONEY):
        return _compared(node.op, float(has), float(value))
    if of == FieldKind.DATE:
        return _compared(node.op, date.fromisoformat(has), _meant(_read(value)))
    if of == FieldKind.DAY:
        return _birthday(Test("birthday", node.op, (_read(value),)), has)
    if of == FieldKind.YES_NO:
        return has == (value.lower() == "yes")
    several = has if isinstance(has, list) else [has]
    if of == FieldKind.PHONE and node.op in (Op.IS, Op.IN):
        return has in node.values
    return any(_words(node, one) for one in several)


def _words(node, has: str) -> bool:
    if node.op == Op.LIKE:
        return alike(node.values[0], has)
    wanted = [" ".join(value.casefold().split()) for value in node.values]
    return wanted[0] in has.casefold() if node.op == Op.HAS else has.casefold() in wanted


def _read(written: str):
    """A day as it was written."""
    if written == "today":
        return Relative()
    if written[0] in "+-":
        many, unit = int(written[:-1]), written[-1]
        return Relative(days=many) if unit == "d" else Relative(months=many * (12 if unit == "y" else 1))
    return written if len(written) == 5 else date.fromisoformat(written)
