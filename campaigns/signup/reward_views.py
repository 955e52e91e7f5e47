"""The pages of coupons, the counter that redeems them, and what a contact got and whom they brought."""

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import visibility
from campaigns.contacts.models import Contact
from campaigns.crm import purchases
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict, NotFound, PersonError
from campaigns.signup import redeeming, referring, rewards
from campaigns.signup.redeeming import Shown
from campaigns.signup.reward_models import Codes
from campaigns.web import guards, panels
from campaigns.words import _

pages = Blueprint("rewards", __name__, url_prefix="/rewards")


def register(app: Flask) -> None:
    """Offer the panel on a contact's page."""
    panels.register(
        panels.Panel(
            page="contact",
            key="rewards",
            title=lambda: _("Coupons and friends"),
            url=lambda contact_id: url_for("rewards.panel", contact_id=contact_id),
            place=70,
            side=True,
        )
    )


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """All kinds of coupons."""
    return _index({}, {})


@pages.post("/")
@guards.role(Role.MARKETER)
def create() -> Any:
    """Keep a new kind of coupon."""
    given = request.form
    try:
        with transaction() as session:
            made = rewards.add_pool(
                session,
                given.get("name", ""),
                given.get("worth", ""),
                given.get("codes", ""),
                given.get("days", ""),
                current_user.id,
            )
            audit.note(session, "coupons.create", f"coupon_pool:{made.id}", name=made.name)
    except BadInput as error:
        return _index(given, {error.field: error.message}), 422
    return redirect(url_for("rewards.show", pool_id=made.id))


@pages.get("/<int:pool_id>")
@guards.role(Role.MARKETER)
def show(pool_id: int) -> str:
    """One kind of coupon: what came of it, and where codes are loaded."""
    return _show(pool_id, {})


@pages.post("/<int:pool_id>")
@guards.role(Role.MARKETER)
def load(pool_id: int) -> Any:
    """Take in codes that were brought along, a line each."""
    try:
        with transaction() as session:
            pool = rewards.pool(session, pool_id)
            added, known = rewards.load(session, pool, request.form.get("lines", "").splitlines())
            audit.note(session, "coupons.load", f"coupon_pool:{pool_id}", added=added)
    except BadInput as error:
        return _show(pool_id, {error.field: error.message}), 422
    flash(_("%(added)s codes taken in; %(known)s were here already.", added=added, known=known), "success")
    return redirect(url_for("rewards.show", pool_id=pool_id))


@pages.get("/counter")
@guards.signed_in
def counter() -> Any:
    """Where a code or a card's number is typed; `?code=` shows what stands behind it."""
    code = request.args.get("code", "")
    try:
        return _counter(code, {}, {})
    except NotFound as error:
        return _counter("", {}, {"code": error.message}), 404


@pages.post("/counter")
@guards.signed_in
def buy() -> Any:
    """Note the purchase, and redeem the coupon by it."""
    given, code = request.form, request.form.get("code", "")
    try:
        with transaction() as session:
            bought, _new = redeeming.buy(session, code, redeeming.as_typed(given), current_user.id)
            audit.note(session, "coupon.redeem", f"purchase:{bought.id}")
    except (BadInput, Conflict) as error:
        return _counter(code, given, {getattr(error, "field", "") or "code": error.message}), error.status
    except PersonError as error:
        return _counter("", {}, {"code": error.message}), error.status
    flash(_("Noted."), "success")
    return redirect(url_for("rewards.counter"))


@pages.get("/contacts/<int:contact_id>")
@guards.signed_in
def panel(contact_id: int) -> str:
    """What one contact got, who brought them, and whom they brought."""
    with reading() as session:
        visibility.seen(session, current_user, contact_id)
        through = referring.came_through(session, contact_id)
        brought = referring.brought_by(session, contact_id)
        return render_template(
            "pages/signup/_rewards.html",
            coupons=rewards.of_contact(session, contact_id),
            card=rewards.card_of(session, contact_id),
            spent=purchases.sums(session, contact_id),
            through=through if through and _may_see(session, through) else None,
            brought=[one for one in brought if _may_see(session, one)],
            hidden=sum(not _may_see(session, one) for one in brought),
        )


def _may_see(session: Session, contact: Contact) -> bool:
    try:
        visibility.seen(session, current_user, contact.id)
    except PersonError:
        return False
    return True


def _index(given: Any, errors: dict[str, str]) -> str:
    with reading() as session:
        kinds = [(pool, rewards.counts(session, pool)) for pool in rewards.pools(session)]
    choices = [
        (Codes.MADE.value, _("We make them"), _("As many as are needed.")),
        (Codes.LOADED.value, _("I bring them along"), _("From your shop's system, say; each is used once.")),
    ]
    return render_template(
        "pages/signup/pools.html", kinds=kinds, given=given, errors=errors, choices=choices
    )


def _show(pool_id: int, errors: dict[str, str]) -> str:
    with reading() as session:
        pool = rewards.pool(session, pool_id)
        return render_template(
            "pages/signup/pool.html",
            pool=pool,
            counts=rewards.counts(session, pool),
            loaded=pool.codes == Codes.LOADED,
            lines=request.form.get("lines", ""),
            errors=errors,
        )


def _counter(code: str, given: Any, errors: dict[str, str]) -> str:
    with reading() as session:
        shown: Shown | None = redeeming.look(session, code) if code else None
        person = shown.contact if shown and _may_see(session, shown.contact) else None
        return render_template(
            "pages/signup/counter.html",
            code=code,
            shown=shown,
            person=person,
            spent=purchases.sums(session, person.id) if person else [],
            given=given,
            errors=errors,
            products=purchases.names(session),
        )
