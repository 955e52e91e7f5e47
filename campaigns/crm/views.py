"""Panels on a contact's page: the last contact, what happened, what was bought; with their small forms."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import get_timezone
from flask_security import current_user

from campaigns.contacts import visibility
from campaigns.crm import (
    bulk_step,  # noqa: F401 - an act
    logging,
    product_views,
    purchases,
    runouts,
    step_views,
    steps,
)
from campaigns.crm.models import Kind
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards, panels
from campaigns.words import _

pages = Blueprint("crm", __name__, url_prefix="/crm")
_SHOWN = 15
_LOGGED = (Kind.CALL, Kind.MEETING, Kind.LETTER, Kind.NOTE)


def register(app: Flask) -> None:
    """Offer the panels to the contact's page."""
    app.register_blueprint(step_views.pages)
    app.register_blueprint(product_views.pages)
    _offer("contact-head", "touch", "crm.touch", lambda: _("Last contact"), 10)
    _offer("contact", "timeline", "crm.timeline", lambda: _("What happened"), 10)
    _offer("contact", "next", "steps.next_steps", lambda: _("Next steps"), 10, side=True)
    _offer("contact", "bought", "crm.bought", lambda: _("Purchases"), 70, side=True)


def _offer(page: str, key: str, endpoint: str, title: Any, place: int, *, side: bool = False) -> None:
    def address(contact_id: int) -> str:
        return url_for(endpoint, contact_id=contact_id)

    panels.register(panels.Panel(page=page, key=key, title=title, url=address, place=place, side=side))


@pages.get("/contacts/<int:contact_id>/touch")
@guards.signed_in
def touch(contact_id: int):
    """The newest two-way touch and the next step, a line each."""
    with reading() as session:
        contact = visibility.seen(session, current_user, contact_id)
        newest, step = logging.newest_touch(session, contact_id), steps.first(session, contact_id)
        return render_template("pages/crm/_touch.html", contact=contact, newest=newest, step=step)


@pages.get("/contacts/<int:contact_id>/timeline")
@guards.signed_in
def timeline(contact_id: int):
    with reading() as session:
        visibility.seen(session, current_user, contact_id)
    return _timeline(contact_id, {})


def _timeline(contact_id: int, errors: dict[str, str]) -> str:
    after = _beyond()
    with reading() as session:
        found = logging.timeline(session, contact_id, after, _SHOWN + 1)
        return render_template(
            "pages/crm/_activities.html" if after else "pages/crm/_timeline.html",
            contact_id=contact_id,
            activities=found[:_SHOWN],
            last=found[_SHOWN - 1] if len(found) > _SHOWN else None,
            errors=errors,
            form=request.form if errors else {},
        )


def _beyond() -> tuple[datetime, int] | None:
    moment, _between, number = request.args.get("beyond", "").partition("_")
    try:
        return datetime.fromtimestamp(int(moment) / 1_000_000, UTC), int(number)
    except (ValueError, OverflowError, OSError):
        return None


@pages.post("/contacts/<int:contact_id>/log")
@guards.signed_in
def log(contact_id: int):
    form = request.form
    try:
        with transaction() as session:
            visibility.seen(session, current_user, contact_id)
            kind, at = _kind(form.get("kind", "")), _moment(form.get("at", ""))
            logging.log(session, contact_id, kind, at, current_user.id, form.get("summary", ""))
    except BadInput as error:
        problem = {error.field: error.message}
        return panels.refused("timeline", _page(contact_id), lambda: _timeline(contact_id, problem), error)
    return panels.kept("timeline", _page(contact_id), lambda: timeline(contact_id), _("Written down."))


def _page(contact_id: int) -> str:
    return url_for("contacts.show", contact_id=contact_id)


def _kind(given: str) -> Kind:
    if given not in _LOGGED:
        raise BadInput(_("Choose what happened from the list."), field="kind")
    return Kind(given)


def _moment(given: str) -> datetime | None:
    """What a form's local time means; None for now."""
    if not given:
        return None
    try:
        local = datetime.fromisoformat(given)
    except ValueError as error:
        raise BadInput(_("Write the time as day and hour."), field="at") from error
    return local.replace(tzinfo=local.tzinfo or get_timezone()).astimezone(UTC)


@pages.get("/contacts/<int:contact_id>/bought")
@guards.signed_in
def bought(contact_id: int):
    with reading() as session:
        visibility.seen(session, current_user, contact_id)
    return _bought(contact_id, {})


def _bought(contact_id: int, errors: dict[str, str]) -> str:
    with reading() as session:
        return render_template(
            "pages/crm/_bought.html",
            contact_id=contact_id,
            purchases=purchases.of(session, contact_id),
            products=purchases.names(session),
            run_outs=runouts.of(session, contact_id),
            today=now().date(),
            money=purchases.money,
            errors=errors,
            form=request.form if errors else {},
        )


@pages.post("/contacts/<int:contact_id>/bought")
@guards.signed_in
def buy(contact_id: int):
    form = request.form
    try:
        with transaction() as session:
            visibility.seen(session, current_user, contact_id)
            what = purchases.product(session, form.get("product", ""))
            amount = purchases.smallest_unit(form.get("amount", ""))
            quantity = form.get("quantity", 0, type=int)
            purchases.add(session, contact_id, what, None, quantity, amount, user_id=current_user.id)
    except BadInput as error:
        problem = {error.field: error.message}
        return panels.refused("bought", _page(contact_id), lambda: _bought(contact_id, problem), error)
    return panels.kept("bought", _page(contact_id), lambda: bought(contact_id), _("Written down."))
