"""The queue of details that nobody confirmed for long, and confirming with one click."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user

from campaigns.accounts import audit
from campaigns.contacts import verifying, visibility
from campaigns.database import moment, reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("verifying", __name__, url_prefix="/contacts")


@pages.get("/to-confirm")
@guards.signed_in
def index() -> str:
    """Those whose details are the oldest."""
    days = request.args.get("days", verifying.STALE, type=int)
    days = days if days in verifying.CHOICES else verifying.STALE
    with reading() as session:
        rows = verifying.stale(session, days, visibility.limits(current_user), _after())
        page = paging.page(rows, verifying.key)
        return render_template(
            "pages/contacts/to_confirm.html",
            page=page,
            days=days,
            choices=verifying.CHOICES,
            ways=verifying.ways,
        )


def _after() -> tuple[Any, int] | None:
    given = paging.after(str, int)
    if not given:
        return None
    try:
        return moment(given[0]), given[1]
    except ValueError as error:
        raise BadInput(_("This page of the list can't be found. Go back to the first one.")) from error


@pages.post("/<int:contact_id>/confirm")
@guards.signed_in
def confirm(contact_id: int) -> Any:
    """A colleague says that all of it is right."""
    with transaction() as session:
        contact = visibility.seen(session, current_user, contact_id, lock=True)
        verifying.confirm(session, contact)
        audit.note(session, "contact.confirm", f"contact:{contact_id}")
    flash(_("Confirmed: what is known of %(name)s is right.", name=contact.label), "success")
    if request.form.get("back") == "queue":
        return redirect(f"{url_for('verifying.index')}?{request.query_string.decode()}")
    return redirect(url_for("contacts.show", contact_id=contact_id))
