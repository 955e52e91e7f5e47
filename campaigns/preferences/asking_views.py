"""Asking for details from a contact's page and from the queue of those that nobody confirmed for long."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.consent import reasons
from campaigns.contacts import verifying, visibility
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.preferences import requesting
from campaigns.preferences.requesting import Asked
from campaigns.web import guards, panels
from campaigns.words import _, ngettext

pages = Blueprint("asking", __name__, url_prefix="/contacts")
_MOST = 100


def register(_app: Flask) -> None:
    """Offer the panel of a contact's page, and the letter to the queue of details."""
    panels.register(
        panels.Panel(
            page="contact",
            key="details",
            title=lambda: _("Asked to confirm"),
            url=lambda contact_id: url_for("asking.panel", contact_id=contact_id),
            place=60,
            side=True,
        )
    )
    verifying.offer(lambda: _("Ask by a letter"), "asking.ask")


@pages.get("/<int:contact_id>/asked")
@guards.signed_in
def panel(contact_id: int) -> str:
    """The letters that asked this person, and whether they answered."""
    with reading() as session:
        visibility.seen(session, current_user, contact_id)
        return render_template(
            "pages/contacts/_asked.html",
            contact_id=contact_id,
            requests=requesting.of_contact(session, contact_id),
            refusal_words=reasons.words,
        )


@pages.post("/ask-details")
@guards.signed_in
def ask() -> Any:
    """Ask those who are ticked, or the one whose page it is."""
    numbers = [int(text) for text in request.form.getlist("id") if text.isdecimal() and len(text) < 16]
    if not numbers:
        raise BadInput(_("Tick some contacts first."), field="id")
    with transaction() as session:
        seen = _seen(session, numbers[:_MOST])
        asked = requesting.ask(session, seen, current_user.id)
        audit.note(session, "contact.ask", _subject(seen), asked=asked.asked, refused=asked.refused)
    flash(_said(asked), "success" if asked.asked else "warning")
    if len(numbers) == 1 and request.form.get("back") == "contact":
        return redirect(url_for("contacts.show", contact_id=numbers[0]))
    return redirect(url_for("verifying.index"))


def _seen(session: Session, numbers: list[int]) -> list[int]:
    """Those of them whom this colleague may see."""
    mine = sa.select(Contact.id).where(Contact.id.in_(numbers), visibility.visible_to(current_user))
    return list(session.scalars(mine))


def _subject(seen: list[int]) -> str:
    return f"contact:{seen[0]}" if len(seen) == 1 else ""


def _said(asked: Asked) -> str:
    sentences = [ngettext("%(num)s letter is on its way.", "%(num)s letters are on their way.", asked.asked)]
    if asked.refused:
        sentences.append(
            ngettext("%(num)s may not be written to.", "%(num)s may not be written to.", asked.refused)
        )
    if asked.lately:
        sentences.append(
            ngettext("%(num)s was asked within a month.", "%(num)s were asked within a month.", asked.lately)
        )
    return " ".join(sentences)
