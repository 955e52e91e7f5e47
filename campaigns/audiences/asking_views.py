"""Pages that ask about people and audiences: why somebody is in one, which hold somebody, what two share."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, render_template, request, url_for
from flask_security import current_user

from campaigns.accounts.models import Role
from campaigns.audiences import explaining, overlapping, saving
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience
from campaigns.consent import gate
from campaigns.consent.reasons import words
from campaigns.contacts import finding, visibility
from campaigns.contacts.filters import Filters
from campaigns.contacts.models import Contact
from campaigns.database import reading
from campaigns.web import guards, paging, panels
from campaigns.words import _

pages = Blueprint("audience_asking", __name__, url_prefix="/audiences")
_MAKERS = (Role.MARKETER,)
_FOUND = 10


def register(_app: Flask) -> None:
    """Show on a contact's page which audiences hold them."""
    panels.register(
        panels.Panel(
            page="contact",
            key="audiences",
            title=lambda: _("Audiences"),
            url=lambda contact_id: url_for("audience_asking.of_contact", contact_id=contact_id),
            place=80,
            side=True,
            roles=_MAKERS,
        )
    )


@pages.get("/<int:audience_id>/why")
@guards.role(*_MAKERS)
def why(audience_id: int) -> str:
    """Why `?contact=` is in the audience, or isn't; `?q=` looks somebody up by name or address."""
    asked, number = request.args.get("q", "").strip(), request.args.get("contact", type=int)
    with reading() as session:
        audience = saving.one(session, audience_id)
        contact, others = _somebody(session, asked, number)
        problem, lines = None, []
        if contact:
            try:
                lines = explaining.of_audience(session, audience, contact.id)
            except RuleProblem as error:
                problem = error.message
        refusal = gate.refusals(session, [contact.id]).get(contact.id) if contact else None
        return render_template(
            "pages/audiences/why.html",
            audience=audience,
            q=asked,
            contact=contact,
            others=others,
            lines=lines,
            problem=problem,
            refusal=words(refusal) if refusal else "",
        )


def _somebody(session: Any, asked: str, number: int | None) -> tuple[Contact | None, list[Contact]]:
    """The one who is meant, or those among whom to choose."""
    if number:
        return visibility.seen(session, current_user, number), []
    if not asked:
        return None, []
    by_address = session.scalar(sa.select(Contact).where(Contact.email == asked.lower()))
    if by_address:
        return by_address, []
    some = finding.find(session, Filters(q=asked[:200]), visibility.limits(current_user), limit=_FOUND)
    return (some[0], []) if len(some) == 1 else (None, some)


@pages.get("/of/<int:contact_id>")
@guards.role(*_MAKERS)
def of_contact(contact_id: int) -> str:
    """Part of a contact's page: the audiences, whether each holds this person, and the way to the reason."""
    with reading() as session:
        visibility.seen(session, current_user, contact_id)
        return render_template(
            "pages/audiences/_of_contact.html",
            contact_id=contact_id,
            audiences=explaining.audiences_of(session, contact_id),
        )


@pages.get("/overlap")
@guards.role(*_MAKERS)
def overlap() -> str:
    """What two audiences (`?a=`, `?b=`) share: in both, only in one, only in the other."""
    one, other = request.args.get("a", type=int), request.args.get("b", type=int)
    with reading() as session:
        listed = sa.select(Audience.id, Audience.name).order_by(Audience.name).limit(500)
        choices = [(number, name) for number, name in session.execute(listed)]
        both = [saving.one(session, number) for number in (one, other) if number]
        shared, problem = None, None
        if len(both) == 2:
            try:
                shared = overlapping.overlap(session, *both)
            except RuleProblem as error:
                problem = error.message
        return render_template(
            "pages/audiences/overlap.html", choices=choices, both=both, shared=shared, problem=problem
        )


@pages.get("/<int:audience_id>/overlap/<int:other_id>/<part>")
@guards.role(*_MAKERS)
def shared(audience_id: int, other_id: int, part: str) -> str:
    """The people of one part of an overlap: `both`, or `only`, those of the first alone."""
    after = paging.after(int)
    with reading() as session:
        one, other = saving.one(session, audience_id), saving.one(session, other_id)
        start = after[0] if after else 0
        rows = overlapping.people(session, one, other, part == "both", start, paging.SIZE + 1)
        return render_template(
            "pages/audiences/shared.html",
            one=one,
            other=other,
            both=part == "both",
            page=paging.page(rows, lambda contact: [contact.id]),
        )
