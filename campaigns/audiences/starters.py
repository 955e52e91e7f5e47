"""Rules to begin with, so that nobody faces an empty field."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.audiences.writing import quoted
from campaigns.contacts.models import Category
from campaigns.crm.models import Product, Purchase
from campaigns.words import _

_LATELY = 5_000  # purchases that are looked at


@dataclass(frozen=True)
class Starter:
    """A rule with a name and what it is good for."""

    name: str
    rule: str
    use: str


def starters(session: Session) -> list[Starter]:
    """A handful that make sense here; those of a category or product name ones that there are."""
    return [*_everybody(session), *_times(), *_letters(), *_purchases(session)]


def _everybody(session: Session) -> list[Starter]:
    found = [Starter(_("Everybody"), "all", _("All who may be written to."))]
    first = session.scalar(sa.select(Category.name).order_by(Category.name).limit(1))
    if first is not None:
        rule = f"category:{quoted(first)}"
        found.append(Starter(_("All of “%(name)s”", name=first), rule, _("One whole category.")))
    return found


def _times() -> list[Starter]:
    return [
        Starter(
            _("Cooling: not spoken to for 90 days"),
            "last_contact < -90d or last_contact is empty",
            _("Those who are about to forget you."),
        ),
        Starter(_("Without a next step"), "next_step is empty", _("Nobody has planned anything with them.")),
        Starter(
            _("With an overdue next step"), "next_step < today", _("Somebody promised something; it is late.")
        ),
        Starter(_("Birthdays of the next week"), "birthday <= +7d", _("A reason to say hello.")),
        Starter(_("New this month"), "created >= -30d", _("Welcome them.")),
    ]


def _letters() -> list[Starter]:
    return [
        Starter(
            _("Never opened a letter"),
            "sent(times >= 3) and not opened and not clicked",
            _("Three letters or more, and no sign of interest that may be seen. Ask, or let them rest."),
        ),
        Starter(
            _("Clicked lately"), "clicked(since -30d)", _("They showed interest within a month: call them.")
        ),
    ]


def _purchases(session: Session) -> list[Starter]:
    """What to offer to those who bought something; which products, is seen from the latest purchases."""
    found = [
        Starter(
            _("Bought before, but not this year"),
            "bought(last < -1y)",
            _("They were customers once; ask what changed."),
        )
    ]
    sold = _sold(session)
    if len(sold) > 1:
        first, second = sold[0], sold[1]
        found.append(
            Starter(
                _("Cross-sell: has “%(first)s”, not “%(second)s”", first=first, second=second),
                f"bought:{quoted(first)} and not bought:{quoted(second)}",
                _("Your two best sellers: offer the one to who has the other."),
            )
        )
    found += _bigger(session)
    return [*found, *_running_out(session, sold)]


def _running_out(session: Session, sold: list[str]) -> list[Starter]:
    if session.scalar(sa.select(Product.id).where(Product.lasts_days.is_not(None)).limit(1)):
        rule = "runs_out(since -7d, until +14d)"
        return [Starter(_("Running out within two weeks"), rule, _("What they bought is nearly used up."))]
    return [
        Starter(
            _("Running out: “%(name)s” half a year ago", name=name),
            f"bought({quoted(name)}, last <= -6m)",
            _("They may soon need it again. Settings, Products says how long a piece lasts."),
        )
        for name in sold[:1]
    ]


def _lately() -> sa.Subquery:
    newest = sa.select(Purchase.product_id, Purchase.amount, Purchase.quantity).order_by(Purchase.id.desc())
    return newest.limit(_LATELY).subquery()


def _sold(session: Session) -> list[str]:
    """The names of the products that were bought most often lately."""
    bought = _lately()
    query = sa.select(Product.name).join(bought, bought.c.product_id == Product.id)
    most = query.group_by(Product.id, Product.name).order_by(sa.func.count().desc(), Product.name)
    return list(session.scalars(most.limit(2)))


def _bigger(session: Session) -> list[Starter]:
    """Up-sell: within one category of products, who has the cheapest and none of the others."""
    bought = _lately()
    price = sa.func.min(bought.c.amount / bought.c.quantity)
    priced = sa.select(Product.category_id, Product.name, price.label("price"))
    priced = priced.join(bought, bought.c.product_id == Product.id).where(Product.category_id.is_not(None))
    rows = session.execute(
        priced.group_by(Product.category_id, Product.id, Product.name).order_by(
            Product.category_id, price, Product.name
        )
    )
    variants: dict[int | None, list[str]] = {}
    for category, name, _price in rows:
        variants.setdefault(category, []).append(name)
    for smallest, *others in variants.values():
        if others:
            listed = ", ".join(quoted(name) for name in others[:20])
            return [
                Starter(
                    _("Up-sell: has the smallest, “%(name)s”", name=smallest),
                    f"bought:{quoted(smallest)} and not bought in ({listed})",
                    _("The cheapest of its kind, and none of the larger ones."),
                )
            ]
    return []
