"""The pages of products: which there are, and how long a piece of each lasts."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import tagging
from campaigns.contacts.models import Category
from campaigns.crm import products
from campaigns.crm.models import Product
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("products", __name__, url_prefix="/products")
_SHOWN = 100


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """A page of products, by name."""
    after = paging.after(str)
    with reading() as session:
        found = products.listed(session, after[0] if after else "", _SHOWN + 1)
        page = paging.page(found, lambda row: [row[0].name], _SHOWN)
        return render_template("pages/crm/products.html", page=page)


@pages.get("/new")
@guards.role(Role.MARKETER)
def new() -> str:
    """An empty form."""
    return _form_page(None, {}, {})


@pages.post("/new")
@guards.role(Role.MARKETER)
def create() -> Any:
    """Keep a new product."""
    try:
        with transaction() as session:
            product = products.add(session, request.form)
            audit.note(session, "product.create", f"product:{product.id}", name=product.name)
    except (BadInput, Conflict) as error:
        return _form_page(None, request.form, {getattr(error, "field", "name"): error.message}), 422
    return redirect(url_for("products.index"))


@pages.get("/<int:product_id>")
@guards.role(Role.MARKETER)
def edit(product_id: int) -> str:
    """The form with what is known."""
    with reading() as session:
        product = products.one(session, product_id)
        return _form_page(product, products.known(session, product), {})


@pages.post("/<int:product_id>")
@guards.role(Role.MARKETER)
def change(product_id: int) -> Any:
    """Keep what was changed; whom it runs out for when is reckoned anew in the background."""
    try:
        with transaction() as session:
            product = products.one(session, product_id)
            told = products.change(session, product, request.form)
            days = product.lasts_days or 0
            audit.note(session, "product.change", f"product:{product_id}", name=product.name, lasts_days=days)
    except (BadInput, Conflict) as error:
        with reading() as session:
            product = products.one(session, product_id)
            problem = {getattr(error, "field", "name"): error.message}
            return _form_page(product, request.form, problem), 422
    flash(told.told(_("Kept.")), "success")
    return redirect(url_for("products.index"))


def _form_page(product: Product | None, form: Any, errors: dict[str, str]) -> str:
    with reading() as session:
        categories = [one.name for one in tagging.all_of(session, Category)]
    return render_template(
        "pages/crm/product.html", product=product, form=form, errors=errors, categories=categories
    )
