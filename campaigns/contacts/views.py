"""Pages of contacts: the list, one contact with all that is known of them, and the form."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask import session as visit
from flask_babel import get_locale, get_timezone
from flask_security import current_user
from sqlalchemy.orm import Session, selectinload
from werkzeug.datastructures import MultiDict

from campaigns.accounts import audit
from campaigns.accounts.models import Role, User
from campaigns.contacts import (
    acting_views,
    editing,
    field_forms,
    field_words,
    fields,
    filters,
    finding,
    handles,
    listing,
    origins,
    parts,
    phones,
    showing,
    visibility,
)
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Contact
from campaigns.database import now, reading, together, transaction
from campaigns.errors import BadInput
from campaigns.web import guards, paging, panels
from campaigns.words import _

pages = Blueprint("contacts", __name__, url_prefix="/contacts")
_REMEMBERED = "contacts"
_WHOLE = (
    selectinload(Contact.company),
    selectinload(Contact.owner),
    selectinload(Contact.categories),
    selectinload(Contact.tags),
)


def register(app: Flask) -> None:
    """Open the pages that stand in a file of their own, and let pages write phone numbers in groups."""
    app.register_blueprint(acting_views.pages)
    app.jinja_env.filters["phone"] = phones.shown
    app.jinja_env.globals.update(
        today=today,
        kind_word=showing.kind_word,
        language_name=lambda code: showing.language_name(code, str(get_locale())),
        country_name=lambda code: showing.country_name(code, str(get_locale())),
        birthday_words=lambda day, year: showing.birthday(day, year, str(get_locale())),
        time_there=lambda zone: showing.time_there(zone, str(get_locale())),
        field_value=lambda field, value: field_words.said(field, value, str(get_locale())),
        role_word=lambda role: dict(showing.decision_roles()).get(role, role),
        channel_word=lambda channel: dict(showing.channels()).get(channel, channel),
        handle_service=handles.service,
        handle_link=handles.link,
    )


def today() -> date:
    """The day it is where this person is."""
    return now().astimezone(get_timezone()).date()


@pages.get("/")
@guards.signed_in
def index():
    """The list; without a query, as this person left it."""
    if not request.args and visit.get(_REMEMBERED):
        return redirect(f"{url_for('contacts.index')}?{visit[_REMEMBERED]}")
    asked, sort = filters.read(request.args.to_dict(flat=False)), listing.sort_of(request.args.get("sort"))
    visit[_REMEMBERED] = listing.query(asked, sort, q="")
    with reading() as session:
        rows = finding.find(session, asked, visibility.limits(current_user), sort, paging.after())
        page = paging.page(rows, lambda contact: finding.key(contact, sort))
        empty = not rows and not asked and not request.args.get("after")
        shown = listing.around(session, asked, sort, current_user)
        return render_template("pages/contacts/index.html", page=page, nothing=empty, **shown)


@pages.get("/<int:contact_id>")
@guards.signed_in
def show(contact_id: int):
    with reading() as session, together(session):
        contact = visibility.seen(session, current_user, contact_id, *_WHOLE)
        offered = [
            panel for panel in panels.of("contact") if not panel.roles or current_user.may(*panel.roles)
        ]
        return render_template(
            "pages/contacts/show.html",
            contact=contact,
            heads=[panels.content(panel, contact_id) for panel in panels.of("contact-head")],
            panels=[(panel, panels.content(panel, contact_id)) for panel in offered],
            known=fields.known(session, archived=True),
            field_sections=_known_sections(session, contact),
            origins=showing.origins_of(session, contact),
            may_own=contact.owner_id is None and current_user.role == Role.SALESPERSON,
        )


@pages.get("/new")
@guards.signed_in
def new():
    return _form_page(None, {"company": request.args.get("company", "")}, {})


@pages.post("/new")
@guards.signed_in
def create():
    form = request.form
    owner_id = current_user.id if current_user.role == Role.SALESPERSON else None
    try:
        with transaction() as session:
            contact = editing.create(session, form, owner_id)
            for part in parts.offered.values():
                part.check(session, contact)
                part.keep(session, contact, form)
            audit.note(session, "contact.create", f"contact:{contact.id}")
    except BadInput as error:
        return _form_page(None, form, _errors(error)), 422
    flash(_("%(name)s is in the list now.", name=contact.label), "success")
    return redirect(url_for("contacts.show", contact_id=contact.id))


@pages.get("/<int:contact_id>/edit")
@guards.signed_in
def edit(contact_id: int):
    with reading() as session:
        contact = visibility.seen(session, current_user, contact_id, *_WHOLE)
        form = {column.key: getattr(contact, column.key) for column in sa.inspect(Contact).columns}
        form["company"] = contact.company.name if contact.company else ""
        form["categories"] = "\n".join(label.name for label in contact.categories)
        form["tags"] = "\n".join(label.name for label in contact.tags)
        form["handles"] = handles.written(contact.handles or [])
        form |= field_forms.shown(contact.fields, fields.known(session))
        return _form_page(contact, form, {})


@pages.post("/<int:contact_id>/edit")
@guards.signed_in
def change(contact_id: int):
    try:
        with transaction() as session:
            contact = visibility.seen(session, current_user, contact_id, *_WHOLE, lock=True)
            editing.change(session, contact, request.form, origins.of_user(current_user))
            for part in parts.offered.values():
                part.check(session, contact)
            audit.note(session, "contact.change", f"contact:{contact.id}")
    except BadInput as error:
        with reading() as session:
            contact = visibility.seen(session, current_user, contact_id)
            return _form_page(contact, request.form, _errors(error)), 422
    flash(_("Kept."), "success")
    return redirect(url_for("contacts.show", contact_id=contact_id))


@pages.post("/<int:contact_id>/take")
@guards.signed_in
def take(contact_id: int):
    """A salesperson takes a contact that nobody owns; a marketer gives it to anybody."""
    with transaction() as session:
        contact = visibility.seen(session, current_user, contact_id, lock=True)
        if current_user.may(Role.MARKETER):
            owner = session.get(User, request.form.get("owner_id", 0, type=int))
            contact.owner_id = owner.id if owner and owner.active else None
        elif contact.owner_id is None:
            contact.owner_id = current_user.id
        audit.note(session, "contact.owner", f"contact:{contact.id}", owner=contact.owner_id)
    return redirect(url_for("contacts.show", contact_id=contact_id))


def _known_sections(session: Session, contact: Contact) -> list[field_forms.Section]:
    """The fields of which something is known, by section."""
    known = fields.known(session)
    return field_forms.sections(field for field in known.values() if field.key in contact.fields)


def _errors(error: BadInput) -> dict[str, str]:
    return error.fields if isinstance(error, Mistakes) else {error.field: error.message}


def _form_page(contact: Contact | None, form: Any, errors: dict[str, str]) -> str:
    with reading() as session:
        return render_template(
            "pages/contacts/edit.html",
            contact=contact,
            form=form if isinstance(form, MultiDict) else MultiDict(form),
            errors=errors,
            parts=[] if contact else [part.template for part in parts.offered.values()],
            sections=field_forms.sections(fields.known(session).values()),
            **_choices(session),
        )


def _choices(session: Session) -> dict[str, Any]:
    return {
        "languages": listing.languages(),
        "countries": listing.countries(),
        "timezones": listing.timezones(),
        "decision_roles": showing.decision_roles(),
        "channels": showing.channels(),
        **listing.suggestions(session),
    }
