"""Asking many for their details: who would be asked and who would not, and having it done."""

from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask_security import current_user

from campaigns.accounts import audit
from campaigns.contacts import acting_views, bulk, bulk_running, choosing
from campaigns.contacts.bulk import Door
from campaigns.contacts.choosing import Choice
from campaigns.database import reading, transaction
from campaigns.preferences import asking_many
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("asking_many", __name__, url_prefix="/contacts/ask-many")


def register(_app: Flask) -> None:
    """Lead here from the list of contacts, and from all who are chosen."""
    bulk.offer_door(
        Door(
            lambda: _("Ask to confirm their details …"),
            "asking_many.look",
            "clipboard-check",
            asking_many.ROLES,
        )
    )


@pages.post("/look")
@guards.role(*asking_many.ROLES)
def look() -> str:
    """Who would be asked, and who would not and why; nothing is done yet."""
    choice = _choice()
    with reading() as session:
        found = asking_many.look(session, choice, current_user)
        return render_template(
            "pages/contacts/ask_many.html",
            found=found,
            left_out=[(asking_many.words(reason), number) for reason, number in found.left_out.items()],
            of=choosing.words(session, choice),
            numbers=choice.get("ids", []),
            here=request.query_string.decode(),
            background=bulk_running.AT_ONCE,
        )


@pages.post("/")
@guards.role(*asking_many.ROLES)
def ask() -> Any:
    """Have them asked who were looked at."""
    choice = _choice()
    with transaction() as session:
        edit = asking_many.start(session, choice, current_user)
        of = choosing.words(session, choice)
        audit.note(session, "contacts.ask_details", f"edit:{edit.id}", chosen=of, contacts=edit.matching)
    if edit.matching <= bulk_running.AT_ONCE:
        bulk_running.run(edit.id)
    return redirect(url_for("contact_edits.show", edit_id=edit.id))


def _choice() -> Choice:
    return acting_views.ticked() if request.args.get("ticked") else acting_views.addressed()
