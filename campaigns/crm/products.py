"""What is sold: names, groups, and how long a piece lasts."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.contacts import relabelling, tagging
from campaigns.contacts.field_renaming import Followed
from campaigns.contacts.models import Category
from campaigns.contacts.names import tidy
from campaigns.crm import runouts
from campaigns.crm.models import Product
from campaigns.errors import BadInput, Conflict, NotFound
from campaigns.words import _


def listed(session: Session, after: str = "", limit: int = 51) -> Sequence[tuple[Product, str | None]]:
    """Products by name, each with the name of its category, from the one after this name on."""
    found = sa.select(Product, Category.name).outerjoin(Category, Category.id == Product.category_id)
    rows = session.execute(found.where(Product.name > after).order_by(Product.name).limit(limit))
    return [(product, category) for product, category in rows]


def one(session: Session, product_id: int) -> Product:
    """The product of that number; raises NotFound."""
    found = session.get(Product, product_id)
    if found is None:
        raise NotFound(_("There is no such product."))
    return found


def known(session: Session, product: Product) -> dict[str, str]:
    """What `change` takes, as it is now."""
    group = session.get(Category, product.category_id) if product.category_id else None
    lasts = str(product.lasts_days or "")
    return {"name": product.name, "category": group.name if group else "", "lasts": lasts}


def add(session: Session, given: Mapping[str, str]) -> Product:
    """A new product: `name`, `category` (a name, or empty), `lasts` (days, or empty).

    Raises BadInput with the field that is wrong, or Conflict where there is one of that name.
    """
    product = Product(name=_name(session, given))
    session.add(product)
    session.flush()
    _describe(session, product, given)
    return product


def change(session: Session, product: Product, given: Mapping[str, str]) -> Followed:
    """Keep what was changed; the same as of a new one. What names the product follows."""
    before = product.name
    product.name = _name(session, given, product)
    _describe(session, product, given)
    return relabelling.follow(session, Product, before, product.name)


def _name(session: Session, given: Mapping[str, str], product: Product | None = None) -> str:
    name = tidy(given.get("name", ""))
    if not 1 <= len(name) <= 200:
        raise BadInput(_("A name has from 1 to 200 letters."), field="name")
    others = sa.select(Product.id).where(Product.name == name)
    if session.scalar(others.where(Product.id != product.id) if product else others) is not None:
        raise Conflict(_("There is a product “%(name)s” already.", name=name))
    return name


def _describe(session: Session, product: Product, given: Mapping[str, str]) -> None:
    days = given.get("lasts", "").strip()
    if days and not (days.isascii() and days.isdigit() and len(days) < 9):
        raise BadInput(_("Write whole days, such as 30; nothing if it isn't used up."), field="lasts")
    category = given.get("category", "").strip()
    product.category_id = tagging.category(session, category).id if category else None
    runouts.lasts(session, product, int(days) if days else None)
