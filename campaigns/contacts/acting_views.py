"""Acting on contacts: on those ticked in a list, or on all that are chosen; and labels on one contact."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user

from campaigns.accounts import audit
from campaigns.contacts import (
    bulk,
    bulk_fields,
    bulk_running,
    choosing,
    conditions,
    filters,
    listing,
    tagging,
    visibility,
)
from campaigns.contacts.change_models import BulkEdit
from campaigns.contacts.choosing import Choice
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("contacts_acts", __name__, url_prefix="/contacts")
_COUNTED = 10_000  # when the page opens; an act counts all it would change
_KINDS: dict[str, Any] = {"category": Category, "tag": Tag}


@pages.get("/all")
@guards.signed_in
def everything() -> str:
    """What can be done with all contacts that match, or that `?chosen=` names, and how many those are."""
    return _page({})


def _page(errors: dict[str, str], counted: bulk.Count | None = None) -> str:
    asked, sort = filters.read(request.args.to_dict(flat=False)), listing.sort_of(request.args.get("sort"))
    choice = addressed()
    with reading() as session:
        chosen = choosing.numbers(session, choice, current_user)
        return render_template(
            "pages/contacts/all.html",
            number=conditions.count_up_to(session, chosen, _COUNTED + 1),
            most=_COUNTED,
            of=choosing.words(session, choice),
            narrowed="filters" in choice,
            counted=counted,
            background=bulk_running.AT_ONCE,
            errors=errors,
            form=request.form,
            here=request.query_string.decode(),
            **listing.around(session, asked, sort, current_user),
            **listing.suggestions(session),
        )


def addressed() -> Choice:
    """Whom the address means: `?chosen=audience:3`, or the filters of the list."""
    if named := request.args.get("chosen"):
        return choosing.addressed(named)
    asked, sort = filters.read(request.args.to_dict(flat=False)), listing.sort_of(request.args.get("sort"))
    return {"filters": listing.query(asked, sort)}


@pages.post("/all")
@guards.signed_in
def act_on_everything() -> Any:
    """Do it with all of them, or with `look` say only how many would change."""
    try:
        if request.form.get("look"):
            return _page({}, _count(addressed()))
        edit = _start(addressed())
    except BadInput as error:
        return _page({error.field: error.message}), error.status
    return _through(edit, request.query_string.decode())


@pages.post("/ticked")
@guards.signed_in
def act_on_ticked() -> Any:
    """Do it with the contacts ticked in the list; those one may not see are passed over."""
    return _through(_start(ticked()), request.query_string.decode())


def ticked() -> Choice:
    """Those whose numbers the form has as `id`; raises BadInput for none."""
    numbers = [int(text) for text in request.form.getlist("id") if text.isdecimal() and len(text) < 16]
    if not numbers:
        raise BadInput(_("Tick some contacts first."), field="id")
    return {"ids": numbers[: choosing.MOST_TICKED]}


@pages.post("/all/count")
@guards.signed_in
def count_everything() -> str:
    """How many of all would change, as a line beside the button."""
    return _counted(addressed)


@pages.post("/ticked/count")
@guards.signed_in
def count_ticked() -> str:
    """How many of the ticked ones would change, as a line beside the button."""
    return _counted(ticked)


def _counted(choice: Any) -> str:
    try:
        counted, hint = _count(choice()), ""
    except BadInput as error:
        counted, hint = None, error.message
    return render_template(
        "pages/contacts/_bulk_count.html", counted=counted, hint=hint, background=bulk_running.AT_ONCE
    )


@pages.get("/all/field")
@guards.signed_in
def field_value() -> str:
    """Where the value of the field that was chosen is typed or chosen."""
    with reading() as session:
        name = request.args.get("set_field", "")
        options = bulk_fields.choices(session, name) if name else None
        return render_template("pages/contacts/_bulk_value.html", options=options, value="")


def _count(choice: Choice) -> bulk.Count:
    with reading() as session:
        return bulk_running.count(session, request.form.get("act", ""), request.form, choice, current_user)


def _start(choice: Choice) -> BulkEdit:
    """Start it; a small one is done when this returns."""
    with transaction() as session:
        act = request.form.get("act", "")
        edit = bulk_running.start(session, act, request.form, choice, current_user)
        audit.note(
            session,
            f"contacts.{act}",
            f"edit:{edit.id}",
            said=edit.title,
            chosen=choosing.words(session, choice),
            contacts=edit.matching,
        )
    if edit.matching <= bulk_running.AT_ONCE:
        bulk_running.run(edit.id)
    with reading() as session:
        return session.get_one(BulkEdit, edit.id)


def _through(edit: BulkEdit, query: str) -> Any:
    """Back to the list with what came of it; of a large one, to the page that watches it."""
    address = url_for("contact_edits.show", edit_id=edit.id)
    if edit.moving or edit.error:
        return redirect(address)
    flash({"text": bulk_running.said(edit), "href": address, "label": _("Look at it or undo it")}, "success")  # type: ignore[arg-type]
    chosen = "filters" not in edit.chosen and "ids" not in edit.chosen
    return redirect(address if chosen else f"{url_for('contacts.index')}?{query}")


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
