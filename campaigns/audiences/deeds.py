"""Deeds that a rule can ask about: where they are written down, and what each is done with.

Rooms above offer what they alone know: which campaigns there are, and what was sent to whom.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from babel.numbers import get_currency_precision
from sqlalchemy.orm import Session

from campaigns.audiences import moments
from campaigns.audiences.fields import OF_PRODUCTS, kind
from campaigns.audiences.fields import Kind as AskedKind
from campaigns.audiences.leaves import Condition, Listed, one_of
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.nodes import Detail, Money, Op, Test
from campaigns.audiences.own import bound, compare
from campaigns.crm.models import Activity, Kind, Product, Purchase, RunOut
from campaigns.words import _

_COMPARED: dict[Op, Callable[[Any, Any], Any]] = {
    Op.IS: lambda column, value: column == value,
    Op.IS_NOT: lambda column, value: column != value,
    Op.BEFORE: lambda column, value: column < value,
    Op.SINCE: lambda column, value: column >= value,
    Op.UNTIL: lambda column, value: column <= value,
    Op.AFTER: lambda column, value: column > value,
}


@dataclass(frozen=True)
class Deed:
    """Where one kind of deed is written down; `with_` says which rows belong to these numbers."""

    contact: Any
    at: Any
    where: tuple[Condition, ...] = ()
    with_: Callable[[Session, list[int]], Condition] | None = None
    by_day: bool = False  # `at` is a day, not a moment


@dataclass
class Campaigns:
    """The campaigns that there are, as the room above knows them."""

    number: Any = None
    name: Any = None
    started_at: Any = None
    planned_at: Any = None
    of_sent: list[Deed] = field(default_factory=list)


_campaigns = Campaigns()


def offer_campaigns(number: Any, name: Any, started_at: Any, planned_at: Any) -> None:
    """Let rules name campaigns; the last ones are those of all planned ones that were started last.

    A campaign that is being planned by such a rule is not one of them yet.
    """
    _campaigns.number, _campaigns.name = number, name
    _campaigns.started_at, _campaigns.planned_at = started_at, planned_at


def offer_sent(contact: Any, at: Any, campaign: Any) -> None:
    """Let rules ask what was sent; `at` is NULL of what was not."""
    _campaigns.of_sent[:] = [Deed(contact, at, (at.is_not(None),), _numbered(campaign))]


def _numbered(column: Any) -> Callable[[Session, list[int]], Condition]:
    return lambda session, numbers: one_of(session, column, numbers)


def _engaged(kind: Kind) -> Deed:
    def of_campaigns(session: Session, numbers: list[int]) -> Condition:
        named = one_of(session, Activity.source, [f"campaign:{number}" for number in numbers])
        return sa.and_(Activity.source != "", named)  # as the index says

    return Deed(Activity.contact_id, Activity.at, (Activity.kind == kind,), of_campaigns)


_DEEDS: dict[str, Deed] = {
    "bought": Deed(Purchase.contact_id, Purchase.at, (), _numbered(Purchase.product_id)),
    "runs_out": Deed(RunOut.contact_id, RunOut.day, (), _numbered(RunOut.product_id), by_day=True),
    "opened": _engaged(Kind.OPEN),
    "clicked": _engaged(Kind.CLICK),
    "replied": _engaged(Kind.REPLY),
    "called": _engaged(Kind.CALL),
    "met": _engaged(Kind.MEETING),
    "noted": _engaged(Kind.NOTE),
    "wrote": _engaged(Kind.LETTER),
    "signed_up": _engaged(Kind.SIGN_UP),
}


def of_deed(session: Session, test: Test) -> tuple[Listed, bool]:
    """Who did it, as often and as much as the rule says; raises RuleProblem."""
    known = _known(test.field)
    if known is None:
        raise RuleProblem(_("Nothing is known here of what was sent."), test.at)
    rows = sa.select(known.contact).where(*known.where)
    if test.op == Op.EMPTY:
        return Listed(known.contact, rows), False
    for numbers in _meant(session, test):
        assert known.with_ is not None
        rows = rows.where(known.with_(session, numbers))
    on = [one for one in test.details if one.what == "on"]
    rows = rows.where(*(moments.compared(known.at, one.op, one.value, by_day=known.by_day) for one in on))
    counted = [one for one in test.details if one.what not in ("on", "of_last")]
    if counted:
        having = [_counted(known, one) for one in counted]
        rows = rows.group_by(known.contact).having(sa.and_(*having))
    return Listed(known.contact, rows, once=bool(counted), grouped=bool(counted)), True


def of_one(session: Session, field: str, contact_id: int) -> tuple[int, datetime | None]:
    """How often one contact did it, and when last."""
    known = _known(field)
    if known is None:
        return 0, None
    mine = sa.select(sa.func.count(), sa.func.max(known.at)).where(known.contact == contact_id, *known.where)
    many, last = session.execute(mine).one()
    return many, last


def _known(field: str) -> Deed | None:
    return _DEEDS.get(field) or next(iter(_campaigns.of_sent), None)


def _meant(session: Session, test: Test) -> list[list[int]]:
    """Numbers of the products or campaigns that it must have been done with; of each list, one."""
    found = []
    if test.values:
        number, name = (
            (Product.id, Product.name) if test.field in OF_PRODUCTS else (_campaigns.number, _campaigns.name)
        )
        named = Test("name", test.op, test.values)
        found.append(list(session.scalars(sa.select(number).where(compare(name, named)).order_by(number))))
    for one in test.details:
        if one.what == "of_last":
            found.append(_last(session, int(str(one.value))))
    return found


def _last(session: Session, many: int) -> list[int]:
    """The campaigns that were started last."""
    started = sa.select(_campaigns.number).where(_campaigns.planned_at.is_not(None))
    order = (_campaigns.started_at.desc(), _campaigns.number.desc())
    return list(session.scalars(started.order_by(*order).limit(many)))


def _counted(known: Deed, detail: Detail) -> Condition:
    if detail.what in ("first", "last"):
        found = sa.func.min(known.at) if detail.what == "first" else sa.func.max(known.at)
        return moments.compared(found, detail.op, detail.value)
    if detail.what == "sum":
        assert isinstance(detail.value, Money)
        own = sa.case((Purchase.currency == detail.value.currency, Purchase.amount), else_=0)
        return _COMPARED[detail.op](sa.func.sum(own), _smallest(detail.value))
    many = sa.func.sum(Purchase.quantity) if detail.what == "quantity" else sa.func.count()
    return _COMPARED[detail.op](many, int(str(detail.value)))


def _smallest(money: Money) -> int | float:
    """The amount in the currency's smallest unit; a part of one stays a part."""
    return bound(money.amount.scaleb(get_currency_precision(money.currency)))


def unknown(session: Session, asked: Sequence[Test]) -> list[tuple[str, str]]:
    """The deed and the name, for each that is neither a product nor a campaign."""
    found = []
    for test in asked:
        if kind(test.field) != AskedKind.DEED or test.op not in (Op.IS, Op.IS_NOT, Op.IN):
            continue
        for value in dict.fromkeys(test.values):
            one = Test(test.field, Op.IS, (value,))
            if _meant(session, one) == [[]]:
                found.append((test.field, str(value)))
    return found


def names(session: Session, field: str, limit: int = 300) -> list[str]:
    """What deeds are done with, for lists to choose from; the newest campaigns first."""
    if field in OF_PRODUCTS:
        return list(session.scalars(sa.select(Product.name).order_by(Product.name).limit(limit)))
    if _campaigns.number is None:
        return []
    newest = sa.select(_campaigns.name).where(_campaigns.started_at.is_not(None))
    return list(dict.fromkeys(session.scalars(newest.order_by(_campaigns.number.desc()).limit(limit))))
