"""Rules in plain words: how fields, comparisons and values read to people."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from flask_babel import get_locale

from campaigns.audiences.fields import COMPANY_CUSTOM, CUSTOM, Kind, kind
from campaigns.audiences.nodes import Detail, Money, Op, Relative, Test, Value, plain
from campaigns.words import _, lazy, ngettext

# Said in the person's language when they are read: a page asks for hundreds of them.
_OF_PEOPLE = {
    "category": lazy("category"), "tag": lazy("tag"), "audience": lazy("audience"), "import": lazy("import"),
    "owner": lazy("salesperson"), "first_name": lazy("first name"), "last_name": lazy("last name"),
    "email": lazy("address"), "domain": lazy("mail domain"), "phone": lazy("phone"),
    "language": lazy("language"), "country": lazy("country"), "city": lazy("city"),
    "timezone": lazy("time zone"), "position": lazy("position"), "role": lazy("role in the decision"),
    "channel": lazy("preferred channel"), "source": lazy("source"), "note": lazy("note"),
}  # fmt: skip
_OF_COMPANIES = {
    "company": lazy("company"), "industry": lazy("industry"), "legal_form": lazy("legal form"),
    "headcount": lazy("number of people in the company"), "company_country": lazy("country of the company"),
    "parent": lazy("parent company"),
}  # fmt: skip
_OF_DATES = {
    "last_contact": lazy("last contact"), "next_step": lazy("next step"), "birthday": lazy("birthday"),
    "created": lazy("arrival"), "verified": lazy("last confirmed"),
}  # fmt: skip
_OF_CONSENT = {
    "consent": lazy("agreement to mail"), "tracking": lazy("agreement to be followed"),
    "profiling": lazy("agreement to profiling"), "ad_platforms": lazy("agreement to ad platforms"),
}  # fmt: skip
_OF_DEEDS = {
    "bought": lazy("has bought"), "runs_out": lazy("runs out of a product"),
    "sent": lazy("was sent a letter"), "opened": lazy("has opened a letter"),
    "clicked": lazy("has clicked in a letter"), "replied": lazy("has replied"), "called": lazy("was called"),
    "met": lazy("was met"), "noted": lazy("was noted about"), "wrote": lazy("was written to personally"),
    "signed_up": lazy("has signed up"),
}  # fmt: skip
_FIELDS = _OF_PEOPLE | _OF_COMPANIES | _OF_DATES | _OF_CONSENT | _OF_DEEDS
_OPS = {
    Op.IS: lazy("is"), Op.IS_NOT: lazy("is not"), Op.HAS: lazy("has in it"), Op.LIKE: lazy("is similar to"),
    Op.IN: lazy("is one of"), Op.EMPTY: lazy("is empty"), Op.FILLED: lazy("is filled in"),
}  # fmt: skip
_OPS_OF_DAYS = _OPS | {
    Op.BEFORE: lazy("before"), Op.AFTER: lazy("after"), Op.UNTIL: lazy("until"), Op.SINCE: lazy("since"),
}  # fmt: skip
_OPS_OF_NUMBERS = _OPS | {
    Op.BEFORE: lazy("less than"), Op.AFTER: lazy("more than"), Op.UNTIL: lazy("at most"),
    Op.SINCE: lazy("at least"),
}  # fmt: skip


def field(name: str, key: str = "") -> str:
    """The name of a field."""
    if name == CUSTOM:
        return key or _("another field")
    if name == COMPANY_CUSTOM:
        return _("%(field)s of the company", field=key) if key else _("another field of the company")
    return str(_FIELDS.get(name, name))


def groups() -> list[tuple[str, list[str]]]:
    """The fields in groups, as a list to choose from shows them."""
    return [
        (_("Groups"), ["category", "tag", "audience", "import", "owner"]),
        (_("Person"), [name for name in _OF_PEOPLE if name not in ("category", "tag", "audience", "import")
                       and name != "owner"]),
        (_("Company"), list(_OF_COMPANIES)),
        (_("Days"), list(_OF_DATES)),
        (_("What they bought and did"), list(_OF_DEEDS)),
        (_("Agreement"), list(_OF_CONSENT)),
    ]  # fmt: skip


def op(name: str, of: Kind) -> str:
    """How a comparison reads beside such a field."""
    dated = of in (Kind.DAY, Kind.BIRTHDAY)
    return str((_OPS_OF_DAYS if dated else _OPS_OF_NUMBERS)[Op(name)])


def value(given: Value) -> str:
    """A value as people say it."""
    if isinstance(given, Relative):
        return _relative(given)
    if isinstance(given, Money):
        return f"{plain(given.amount)} {given.currency}"
    if isinstance(given, Decimal):
        return plain(given)
    return day(given) if isinstance(given, date) else f"“{given}”"


def day(given: date) -> str:
    """A day of the calendar."""
    return format_date(given, locale=get_locale() or "en")


def _relative(given: Relative) -> str:
    many = abs(given.months or given.days)
    if not many:
        return _("today")
    if given.months:
        span = ngettext("%(num)s month", "%(num)s months", many)
    else:
        span = ngettext("%(num)s day", "%(num)s days", many)
    if (given.months or given.days) < 0:
        return _("%(span)s ago", span=span)
    return _("in %(span)s", span=span)


def said(test: Test) -> str:
    """A whole condition in words."""
    of = kind(test.field)
    given = ", ".join(value(one) for one in test.values)
    if of == Kind.DEED:
        return _deed(test, given)
    return " ".join(part for part in (field(test.field, test.key), op(test.op, of), given) if part)


def _deed(test: Test, given: str) -> str:
    told = field(test.field)
    if test.op == Op.EMPTY:
        return _("never: %(deed)s", deed=told)
    if test.op == Op.IS_NOT:
        return _("not: %(deed)s %(what)s", deed=told, what=given)
    with_ = _("something with %(name)s in its name", name=given) if test.op == Op.HAS else given
    more = [detail(one) for one in test.details]
    return ", ".join([" ".join(part for part in (told, with_) if part), *more])


def detail(one: Detail) -> str:
    """What more is asked of a deed."""
    if one.what == "of_last":
        many = int(str(one.value))
        return ngettext("of the last campaign", "of the last %(num)s campaigns", many)
    if one.what == "on":
        return f"{op(one.op, Kind.DAY)} {value(one.value)}"
    dated = Kind.DAY if one.what in ("first", "last") else Kind.NUMBER
    return f"{measures()[one.what]} {op(one.op, dated)} {value(one.value)}"


def measures() -> dict[str, str]:
    """What can be counted of deeds, in words."""
    return {
        "times": _("how often"), "first": _("for the first time"), "last": _("for the last time"),
        "quantity": _("how many pieces"), "sum": _("for how much money"),
    }  # fmt: skip
