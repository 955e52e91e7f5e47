"""Acting on contacts from their list: on those ticked, or on all that match; and labels on one contact."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.contacts import bulk, conditions, filters, finding, listing, tagging, visibility
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("contacts_acts", __name__, url_prefix="/contacts")
_MOST_TICKED = 1000
_KINDS: dict[str, Any] = {"category": Category, "tag": Tag}


@pages.get("/all")
@guards.signed_in
def everything() -> str:
    """What can be done with all contacts that match, and how many those are."""
    return _page({})


def _page(errors: dict[str, str]) -> str:
    asked, sort = filters.read(request.args.to_dict(flat=False)), listing.sort_of(request.args.get("sort"))
    with reading() as session:
        chosen = finding.matching(session, asked, visibility.limits(current_user))
        number = conditions.count_up_to(session, chosen, tagging.AT_ONCE + 1)
        return render_template(
            "pages/contacts/all.html",
            number=number,
            most=tagging.AT_ONCE,
            errors=errors,
            form=request.form,
            **listing.around(session, asked, sort, current_user),
            **listing.suggestions(session),
        )


@pages.post("/all")
@guards.signed_in
def act_on_everything() -> Any:
    """Do it with all that match."""
    asked, sort = filters.read(request.args.to_dict(flat=False)), listing.sort_of(request.args.get("sort"))
    try:
        with transaction() as session:
            chosen = finding.matching(session, asked, visibility.limits(current_user))
            said = _do(session, chosen, filters=listing.query(asked, sort))
    except BadInput as error:
        return _page({error.field: error.message}), error.status
    flash(said, "success")
    return redirect(f"{url_for('contacts.index')}?{listing.query(asked, sort)}")


@pages.post("/ticked")
@guards.signed_in
def act_on_ticked() -> Any:
    """Do it with the contacts ticked in the list; those one may not see are passed over."""
    numbers = [int(text) for text in request.form.getlist("id") if text.isdecimal() and len(text) < 16]
    if not numbers:
        raise BadInput(_("Tick some contacts first."), field="id")
    with transaction() as session:
        ticked = Contact.id.in_(numbers[:_MOST_TICKED])
        chosen = sa.select(Contact.id).where(ticked, visibility.visible_to(current_user))
        flash(_do(session, chosen, ids=numbers[:_MOST_TICKED]), "success")
    return redirect(f"{url_for('contacts.index')}?{request.query_string.decode()}")


def _do(session: Session, chosen: sa.Select[Any], **which: Any) -> str:
    act = request.form.get("act", "")
    said = bulk.do(session, act, chosen, request.form, current_user)
    audit.note(session, f"contacts.{act}", said=said, **which)
    return said


@pages.post("/<int:contact_id>/labels")
@guards.signed_in
def label(contact_id: int) -> Any:
    """Put a category or tag on one contact, or take it off."""
    kind = _KINDS.get(request.form.get("kind", "tag"), Tag)
    with transaction() as session:
        visibility.seen(session, current_user, contact_id)
        chosen = sa.select(Contact.id).where(Contact.id == contact_id)
        if request.form.get("off"):
            tagging.take_off(session, tagging.one(session, kind, request.form.get("off", 0, int)), chosen)
        else:
            name = request.form.get("name", "")
            made = tagging.category(session, name) if kind is Category else tagging.tag(session, name)
            tagging.put_on(session, made, chosen)
    return redirect(url_for("contacts.show", contact_id=contact_id))
