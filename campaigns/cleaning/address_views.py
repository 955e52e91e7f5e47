"""Pages about addresses: what is the matter with how many, mistyped domains, and a hint at one contact."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user

from campaigns.accounts.models import Role
from campaigns.cleaning import correcting, merging, proposing, running, verdicts
from campaigns.cleaning.models import Scope
from campaigns.contacts import filters, identity, visibility
from campaigns.database import reading, transaction
from campaigns.longwork import WorkStatus
from campaigns.web import guards, paging, panels
from campaigns.web.panels import Panel
from campaigns.words import _, ngettext

pages = Blueprint("cleaning_addresses", __name__, url_prefix="/cleaning")


def offer() -> None:
    """Let lists of contacts be narrowed by flaws of addresses, and contacts' pages show a hint."""
    filters.offer(
        filters.Filter(
            "address",
            lambda: _("Address"),
            lambda: [("", _("Any")), *((flaw, verdicts.words(flaw)) for flaw in verdicts.ALL)],
            verdicts.where,
            verdicts.among,
        )
    )
    panels.register(
        Panel(
            page="contact-head",
            key="cleaning",
            title=lambda: _("Clean data"),
            url=lambda contact_id: url_for("cleaning_addresses.hint", contact_id=contact_id),
        )
    )


@pages.get("/addresses")
@guards.role(Role.MARKETER)
def index() -> str:
    """How many addresses each flaw is about, and the domains that are likely mistyped."""
    after = paging.after(int, str)
    with reading() as session:
        rows = correcting.mistyped(session, (after[0], after[1]) if after else None)
        last = running.newest(session, Scope.ALL, Scope.CHANGED, status=WorkStatus.DONE)
        return render_template(
            "pages/cleaning/addresses.html",
            page=paging.page(rows, lambda known: [known.contacts, known.domain]),
            last=last,
            flaws=[(flaw, (last.counts.get(flaw, 0) if last else 0)) for flaw in verdicts.ALL],
        )


@pages.post("/addresses/correct")
@guards.role(Role.MARKETER)
def correct_domain() -> Any:
    """Give all addresses of a mistyped domain the one that was meant."""
    with transaction() as session:
        done, left = correcting.correct_domain(session, request.form.get("domain", ""))
    one, many = "%(num)s address was corrected.", "%(num)s addresses were corrected."
    flash(ngettext(one, many, done), "success")
    if left:
        one = "%(num)s address was left: somebody has the right one already, or it is never mailed."
        many = "%(num)s addresses were left: somebody has the right one already, or it is never mailed."
        flash(ngettext(one, many, left), "info")
    return redirect(url_for("cleaning_addresses.index"))


@pages.post("/addresses/dismiss")
@guards.role(Role.MARKETER)
def dismiss() -> Any:
    """The domain is spelt as it should be."""
    with transaction() as session:
        correcting.dismiss(session, request.form.get("domain", ""))
    return redirect(url_for("cleaning_addresses.index"))


@pages.get("/contacts/<int:contact_id>")
@guards.signed_in
def hint(contact_id: int) -> str:
    """What is the matter with one contact's address, and who may be the same person."""
    with reading() as session:
        contact = visibility.seen(session, current_user, contact_id)
        makes = current_user.may(Role.MARKETER)
        return render_template(
            "pages/cleaning/_hint.html",
            contact=contact,
            hint=verdicts.of(session, contact.email),
            pairs=proposing.of_contact(session, contact_id) if makes else [],
            merges=merging.of_contact(session, contact_id) if makes else [],
            further=identity.addresses(session, contact_id),
        )


@pages.post("/contacts/<int:contact_id>/correct")
@guards.signed_in
def correct(contact_id: int) -> Any:
    """Give the contact the address that was likely meant."""
    with transaction() as session:
        visibility.seen(session, current_user, contact_id, lock=True)
        contact = correcting.correct(session, contact_id)
    flash(_("The address is %(address)s now.", address=contact.email), "success")
    return redirect(url_for("contacts.show", contact_id=contact_id))
