"""What people do themselves, by the link that was sent to their own address: take a copy, be erased.

Nobody signs in here and no cookie is set: the signed link is the proof, so the forms need no other token.
"""

from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.preferences import details, details_views, requesting
from campaigns.preferences.details import Guest
from campaigns.rights import erasing, gathering
from campaigns.rights.models import Why
from campaigns.rights.views import handed_out
from campaigns.web import guards
from campaigns.web.protection import csrf
from campaigns.words import _

pages = Blueprint("own", __name__)


@pages.post("/d/<token>/copy")
@csrf.exempt
@guards.public
def copy(token: str) -> Any:
    """All that is known of them, packed."""
    with transaction() as session:
        who = _fresh(session, token)
        found = gathering.copy(session, who.contact)
        audit.note(session, "contact.copy", f"contact:{who.contact.id}", by="person")
    return handed_out(found)


@pages.post("/d/<token>/erase")
@csrf.exempt
@guards.public
def erase(token: str) -> Any:
    """Everything goes, once they said that they are sure."""
    if not request.form.get("sure"):
        with reading() as session:
            who = details_views.guest(session, token)
            missing = {"sure": _("Tick this to be erased.")}
            return details_views.page(session, who, token, details.form(who), missing), 422
    with transaction() as session:
        who = _fresh(session, token)
        firm = details_views.firm(session)
        erasing.erase(session, who.contact, Why.OWN_PAGE)
        return render_template("public/erased.html", **firm)


@pages.post("/d/<token>/again")
@csrf.exempt
@guards.public
def again(token: str) -> Any:
    """A new link, to their own address."""
    with transaction() as session:
        who = details_views.guest(session, token)
        requesting.ask_for_own(session, who.contact)
        return render_template("public/own_data_sent.html", **details_views.firm(session))


@pages.errorhandler(NotFound)
@guards.public
def unknown(error: NotFound) -> Any:
    """The same page for every link that says nothing (any more)."""
    return details_views.unknown(error)


def _fresh(session: Session, token: str) -> Guest:
    who = details_views.guest(session, token)
    if not who.fresh:
        raise BadInput(_("This link has expired."))
    return who
