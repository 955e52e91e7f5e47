"""The panel of next steps on a contact's page: set, finish, postpone, drop."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import get_timezone
from flask_security import current_user

from campaigns.contacts import visibility
from campaigns.crm import steps
from campaigns.crm.models import Kind
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards, panels
from campaigns.words import _

pages = Blueprint("steps", __name__, url_prefix="/crm")


@pages.get("/contacts/<int:contact_id>/next")
@guards.signed_in
def next_steps(contact_id: int) -> str:
    """What is planned for a contact, and what was done of late."""
    with reading() as session:
        visibility.seen(session, current_user, contact_id)
    return _shown(contact_id)


def _shown(contact_id: int, **more: Any) -> str:
    today = now().astimezone(get_timezone()).date()
    soon = [(1, _("Tomorrow")), (7, _("In a week")), (30, _("In a month"))]
    with reading() as session:
        return render_template(
            "pages/crm/_next.html",
            contact_id=contact_id,
            steps=steps.of(session, contact_id),
            soon=[(today + timedelta(days=days), label) for days, label in soon],
            **({"errors": {}, "form": {}, "asking": False} | more),
        )


@pages.post("/contacts/<int:contact_id>/next")
@guards.signed_in
def set_step(contact_id: int) -> Any:
    """Plan something."""
    form = request.form
    try:
        with transaction() as session:
            visibility.seen(session, current_user, contact_id)
            kind = Kind(form["kind"]) if form.get("kind") in steps.STEP_KINDS else Kind.CALL
            due_on = steps.due_day(form.get("due_on", ""))
            steps.set_step(session, contact_id, form.get("what", ""), due_on, current_user.id, kind)
    except BadInput as error:
        problem = {error.field: error.message}
        return panels.refused(
            "next",
            _page(contact_id),
            lambda: _shown(contact_id, errors=problem, form=form, asking=True),
            error,
        )
    return panels.kept("next", _page(contact_id), lambda: _shown(contact_id), _("The next step is set."))


@pages.post("/steps/<int:step_id>/<any(finish, postpone, drop):act>")
@guards.signed_in
def change(step_id: int, act: str) -> Any:
    """Finish, postpone or drop a step; after the last one it asks for the next at once."""
    form = request.form
    with transaction() as session:
        contact_id = steps.open_step(session, step_id).contact_id
        visibility.seen(session, current_user, contact_id)
        if act == "finish":
            took_place = form.get("took_place", "1") == "1"
            steps.finish(session, step_id, form.get("outcome", ""), current_user.id, took_place=took_place)
        elif act == "postpone":
            steps.postpone(session, step_id, steps.due_day(form.get("due_on", "")))
        else:
            steps.drop(session, step_id)
        asking = steps.first(session, contact_id) is None
    said = _("Done. What comes next?") if asking else _("Kept.")
    return panels.kept("next", _page(contact_id), lambda: _shown(contact_id, asking=asking), said)


def _page(contact_id: int) -> str:
    return url_for("contacts.show", contact_id=contact_id)
