"""The first page after signing in, and what is done right there: log a call, set or finish a next step."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import get_timezone
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.contacts import visibility
from campaigns.contacts.models import Contact
from campaigns.crm import logging, steps
from campaigns.crm.models import Kind
from campaigns.database import moment, now, reading, transaction
from campaigns.errors import BadInput
from campaigns.today import engaged, gathering
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("today", __name__, url_prefix="/today")
_BEYOND = 2**62  # past every number of a row
_SOON = timedelta(days=7)


def register(app: Flask) -> None:
    """Let the bare address lead here."""
    app.add_url_rule("/", "home", home)


@guards.signed_in
def home() -> Any:
    return redirect(url_for("today.index"))


@pages.get("/")
@guards.signed_in
def index():
    whose, today = _whose(), _today()
    theirs, visible = _theirs(whose), visibility.visible_to(current_user)
    user_id = current_user.id if whose == "mine" else None
    with reading() as session:
        first, among = gathering.first_steps(session), gathering.chosen(session, theirs)
        return render_template(
            "pages/today/index.html",
            whose=whose,
            today=today,
            tomorrow=today + timedelta(days=1),
            first=first,
            due=steps.due(session, today, visible, user_id, limit=8),
            coming=steps.due(session, today + _SOON, visible, user_id, after=(today, _BEYOND), limit=6),
            people=engaged.lately(session, among, size=11),
            numbers=gathering.numbers(session, theirs, today),
            counted=gathering.COUNTED,
            unplanned=gathering.without_step(session, among),
            cooling=gathering.cooling(session, among),
            birthdays=gathering.birthdays(session, among, today),
            sure=_sure(),
        )


@pages.get("/engaged")
@guards.signed_in
def everybody_engaged():
    after = _after(moment)
    with reading() as session:
        among = gathering.chosen(session, _theirs(_whose()))
        people = engaged.lately(session, among, after, paging.SIZE + 1)
        page = paging.page(people, lambda one: one.key)
        return render_template("pages/today/engaged.html", page=page, whose=_whose(), sure=_sure())


@pages.get("/due")
@guards.signed_in
def everything_due():
    after, today = _after(date.fromisoformat), _today()
    user_id = current_user.id if _whose() == "mine" else None
    visible = visibility.visible_to(current_user)
    with reading() as session:
        found = steps.due(session, today, visible, user_id, after, paging.SIZE + 1)
        page = paging.page(found, lambda step: (step.due_on, step.id))
        return render_template("pages/today/due.html", page=page, today=today, whose=_whose())


@pages.post("/contacts/<int:contact_id>/call")
@guards.signed_in
def log_call(contact_id: int):
    note = request.form.get("note", "")
    with transaction() as session:
        contact = visibility.seen(session, current_user, contact_id)
        logging.log(session, contact.id, Kind.CALL, user_id=current_user.id, summary=note)
        _plan(session, contact)
    flash(_("The call with %(name)s is written down.", name=contact.label), "success")
    return redirect(url_for("today.index"))


@pages.post("/contacts/<int:contact_id>/step")
@guards.signed_in
def set_step(contact_id: int):
    with transaction() as session:
        contact = visibility.seen(session, current_user, contact_id)
        if not _plan(session, contact):
            raise BadInput(_("Choose when it is to be done."), field="days")
    flash(_("Planned for %(name)s.", name=contact.label), "success")
    return redirect(url_for("today.index"))


@pages.post("/steps/<int:step_id>/done")
@guards.signed_in
def finish_step(step_id: int):
    with transaction() as session:
        contact = visibility.seen(session, current_user, steps.open_step(session, step_id).contact_id)
        steps.finish(session, step_id, request.form.get("outcome", ""), current_user.id)
        _plan(session, contact)
    flash(_("Done. %(name)s has moved on.", name=contact.label), "success")
    return redirect(url_for("today.index"))


def _plan(session: Session, contact: Contact) -> bool:
    """Set the next step that the form asks for, if it asks for one."""
    days = request.form.get("days", "")
    if days not in ("0", "1", "7", "14", "30", "90"):
        return False
    what = request.form.get("what", "").strip() or _("Call")
    steps.set_step(session, contact.id, what, _today() + timedelta(days=int(days)), current_user.id)
    return True


def _whose() -> str:
    """`mine` or `all` (that this person may see), as chosen here or last time."""
    chosen = request.args.get("whose")
    if chosen in ("mine", "all"):
        cookie["whose"] = chosen
    return "mine" if cookie.get("whose") == "mine" else "all"


def _theirs(whose: str) -> sa.ColumnElement[bool]:
    mine: sa.ColumnElement[bool] = Contact.owner_id == current_user.id
    return mine if whose == "mine" else visibility.visible_to(current_user)


def _today() -> date:
    return now().astimezone(get_timezone()).date()


def _after(read: Callable[[str], Any]) -> tuple[Any, int] | None:
    """Where this page of a list starts. Raises BadInput for an address that was not made here."""
    after = paging.after()
    if after is None:
        return None
    try:
        return read(after[0]), int(after[1])
    except (ValueError, TypeError, IndexError) as error:
        raise BadInput(_("This page of the list can't be found. Go back to the first one.")) from error


def _sure() -> dict[str, tuple[str, str]]:
    """How sure each sign is: words and colour, surest first."""
    return {
        Kind.REPLY: (_("Replied"), "green"),
        Kind.CLICK: (_("Clicked"), "teal"),
        Kind.OPEN: (_("Probably opened"), "gray"),
    }
