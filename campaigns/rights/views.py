"""Pages for colleagues: a copy of what is known of a person, erasing them, and what was erased."""

from io import BytesIO
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, redirect, render_template, request, send_file, url_for
from flask_security import current_user
from sqlalchemy.orm import Session, selectinload

from campaigns import jobs, longwork
from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import visibility
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.rights import erasing, gathering, wording
from campaigns.rights import person as persons
from campaigns.rights.models import Erasure, Why
from campaigns.rights.registry import HELD
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("rights", __name__, url_prefix="/rights")

_SIZE = 50
_CHOICES = (Why.ASKED, Why.MISTAKE)


def register(app: Flask) -> None:
    """Words that the pages use."""
    app.jinja_env.globals.update(erased_why=wording.why, erased_kind=wording.kind)


@pages.get("/contacts/<int:contact_id>")
@guards.role(Role.MARKETER)
def show(contact_id: int) -> str:
    """What a copy would hold, what an erasure would take away, and what would stay."""
    return _show(contact_id, {})


def _show(contact_id: int, errors: dict[str, str]) -> str:
    with reading() as session:
        contact = visibility.seen(session, current_user, contact_id)
        counted = erasing.rows(session, persons.of_contact(session, contact))
        return render_template(
            "pages/rights/show.html",
            contact=contact,
            rows=[(held, counted[held.table.name]) for held in HELD if held.table.name in counted],
            whys=[(why.value, wording.why(why)) for why in _CHOICES],
            errors=errors,
            form=request.form,
        )


@pages.post("/contacts/<int:contact_id>/copy")
@guards.role(Role.MARKETER)
def copy(contact_id: int) -> Any:
    """All of it, packed: for the person who asked for it."""
    with transaction() as session:
        contact = visibility.seen(session, current_user, contact_id)
        found = gathering.copy(session, contact)
        audit.note(session, "contact.copy", f"contact:{contact_id}")
    return handed_out(found)


def handed_out(found: dict[str, Any]) -> Any:
    """A copy as an attachment that nobody keeps on the way."""
    pack, name = BytesIO(gathering.packed(found)), f"{gathering.FILENAME}.zip"
    answer = send_file(pack, "application/zip", as_attachment=True, download_name=name, max_age=0)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@pages.post("/contacts/<int:contact_id>/erase")
@guards.role(Role.ADMIN)
def erase(contact_id: int) -> Any:
    """Erase this person, once their address was typed to be sure."""
    try:
        with transaction() as session:
            contact = visibility.seen(session, current_user, contact_id)  # letters are locked first
            _demand_sure(contact)
            done = erasing.erase(session, contact, _why(), current_user.id)
    except BadInput as error:
        return _show(contact_id, {error.field: error.message}), error.status
    return redirect(url_for("rights.erasure", erasure_id=done.id))


def _demand_sure(contact: Contact) -> None:
    if request.form.get("address", "").strip().lower() != contact.email.lower():
        raise BadInput(_("Type the address of the person whom you are about to erase."), field="address")


def _why() -> Why:
    given = request.form.get("why", "")
    if given not in _CHOICES:
        raise BadInput(_("Choose why they are erased."), field="why")
    return Why(given)


@pages.get("/erasures")
@guards.role(Role.ADMIN)
def erasures() -> str:
    """What was erased, the newest first; nobody is named."""
    after = paging.after(int)
    listed = sa.select(Erasure).options(selectinload(Erasure.user)).order_by(Erasure.id.desc())
    if after:
        listed = listed.where(Erasure.id < after[0])
    with reading() as session:
        rows = session.scalars(listed.limit(_SIZE + 1)).all()
        return render_template(
            "pages/rights/erasures.html", page=paging.page(rows, lambda row: [row.id], _SIZE)
        )


@pages.get("/erasures/<int:erasure_id>")
@guards.role(Role.ADMIN)
def erasure(erasure_id: int) -> str:
    """How far one is, and what it took away."""
    with reading() as session:
        return render_template("pages/rights/erasure.html", erasure=_one(session, erasure_id))


@pages.post("/erasures/<int:erasure_id>/resume")
@guards.role(Role.ADMIN)
def resume(erasure_id: int) -> Any:
    """Go on after a failure."""
    with transaction() as session:
        longwork.resume(session, _one(session, erasure_id), jobs.FINISH_ERASURE)
        audit.note(session, "erasure.resume", f"erasure:{erasure_id}")
    return redirect(url_for("rights.erasure", erasure_id=erasure_id))


def _one(session: Session, erasure_id: int) -> Erasure:
    found = session.get(Erasure, erasure_id, options=[selectinload(Erasure.user)])
    if found is None:
        raise NotFound(_("There is no such erasure."))
    return found
