"""Rules in plain words: how fields, comparisons and values read to people."""

from datetime import date
from decimal import Decimal

from babel.dates import format_date
from flask_babel import get_locale

from campaigns.audiences.fields import COMPANY_CUSTOM, CUSTOM, Kind, kind
from campaigns.audiences.nodes import Detail, Money, Op, Relative, Test, Value, plain
from campaigns.words import _, ngettext


def field(name: str, key: str = "") -> str:
    """The name of a field."""
    if name == CUSTOM:
        return key or _("another field")
    if name == COMPANY_CUSTOM:
        return _("%(field)s of the company", field=key) if key else _("another field of the company")
    return fields().get(name, name)


def fields() -> dict[str, str]:
    """The name of each field, in the person's language."""
    return _of_people() | _of_companies() | _of_dates() | _of_consent() | _of_deeds()


def groups() -> list[tuple[str, list[str]]]:
    """The fields in groups, as a list to choose from shows them."""
    return [
        (_("Groups"), ["category", "tag", "audience", "import", "owner"]),
        (_("Person"), [name for name in _of_people() if name not in ("category", "tag", "audience", "import")
                       and name != "owner"]),
        (_("Company"), list(_of_companies())),
        (_("Days"), list(_of_dates())),
        (_("What they bought and did"), list(_of_deeds())),
        (_("Agreement"), list(_of_consent())),
    ]  # fmt: skip


def _of_people() -> dict[str, str]:
    return {
        "category": _("category"), "tag": _("tag"), "audience": _("audience"), "import": _("import"),
        "owner": _("salesperson"), "first_name": _("first name"), "last_name": _("last name"),
        "email": _("address"), "domain": _("mail domain"), "phone": _("phone"), "language": _("language"),
        "country": _("country"), "city": _("city"), "timezone": _("time zone"), "position": _("position"),
        "role": _("role in the decision"), "channel": _("preferred channel"), "source": _("source"),
        "note": _("note"),
    }  # fmt: skip


def _of_companies() -> dict[str, str]:
    return {
        "company": _("company"), "industry": _("industry"), "legal_form": _("legal form"),
        "headcount": _("number of people in the company"), "company_country": _("country of the company"),
        "parent": _("parent company"),
    }  # fmt: skip


def _of_dates() -> dict[str, str]:
    return {
        "last_contact": _("last contact"), "next_step": _("next step"), "birthday": _("birthday"),
        "created": _("arrival"), "verified": _("last confirmed"),
    }  # fmt: skip


def _of_consent() -> dict[str, str]:
    return {
        "consent": _("agreement to mail"), "tracking": _("agreement to be followed"),
        "profiling": _("agreement to profiling"), "ad_platforms": _("agreement to ad platforms"),
    }  # fmt: skip


def _of_deeds() -> dict[str, str]:
    return {
        "bought": _("has bought"), "sent": _("was sent a letter"), "opened": _("has opened a letter"),
        "clicked": _("has clicked in a letter"), "replied": _("has replied"), "called": _("was called"),
        "met": _("was met"), "noted": _("was noted about"), "wrote": _("was written to personally"),
        "signed_up": _("has signed up"),
    }  # fmt: skip


def op(name: str, of: Kind) -> str:
    """How a comparison reads beside such a field."""
    dated = of in (Kind.DAY, Kind.BIRTHDAY)
    return {
        Op.IS: _("is"),
        Op.IS_NOT: _("is not"),
        Op.HAS: _("has in it"),
        Op.LIKE: _("is similar to"),
        Op.BEFORE: _("before") if dated else _("less than"),
        Op.AFTER: _("after") if dated else _("more than"),
        Op.UNTIL: _("until") if dated else _("at most"),
        Op.SINCE: _("since") if dated else _("at least"),
        Op.IN: _("is one of"),
        Op.EMPTY: _("is empty"),
        Op.FILLED: _("is filled in"),
    }[Op(name)]


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
