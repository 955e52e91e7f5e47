"""Pages of senders: who letters come from, and the records that their domains need."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from campaigns.accounts.models import Role
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.mailings import dns_records, senders
from campaigns.mailings.models import Sender
from campaigns.mailings.senders import Identity
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("senders", __name__, url_prefix="/campaigns/senders")


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """All senders."""
    with reading() as session:
        return render_template("pages/mailings/senders.html", senders=senders.listed(session))


@pages.get("/new")
@guards.role(Role.MARKETER)
def new() -> str:
    """The empty form."""
    return _page(None, {}, {})


@pages.post("/")
@guards.role(Role.MARKETER)
def create() -> Any:
    """Keep a new sender; its key is made at once."""
    try:
        with transaction() as session:
            made = senders.create(session, _identity())
    except BadInput as problem:
        return _page(None, request.form, {problem.field: problem.message}), problem.status
    flash(_("The sender and its key are there. Add the records below to DNS."), "success")
    return redirect(url_for("senders.show", sender_id=made.id))


@pages.get("/<int:sender_id>")
@guards.role(Role.MARKETER)
def show(sender_id: int) -> str:
    """One sender, its records and its key."""
    with reading() as session:
        sender = senders.get(session, sender_id)
    return _page(sender, vars(sender), {})


@pages.post("/<int:sender_id>")
@guards.role(Role.MARKETER)
def change(sender_id: int) -> Any:
    """Keep what was changed."""
    with reading() as session:
        sender = senders.get(session, sender_id)
    try:
        with transaction() as session:
            senders.change(session, senders.get(session, sender_id), _identity())
    except BadInput as problem:
        return _page(sender, request.form, {problem.field: problem.message}), problem.status
    flash(_("The sender is kept."), "success")
    return redirect(url_for("senders.show", sender_id=sender_id))


@pages.get("/<int:sender_id>/checks")
@guards.role(Role.MARKETER)
def checks(sender_id: int) -> str:
    """What DNS says now; may take seconds."""
    with reading() as session:
        sender = senders.get(session, sender_id)
    return render_template("pages/mailings/_checks.html", checks=dns_records.check(sender), brief=False)


@pages.post("/<int:sender_id>/key")
@guards.role(Role.MARKETER)
def new_key(sender_id: int) -> Any:
    """Make a new key."""
    with transaction() as session:
        senders.new_key(session, senders.get(session, sender_id))
    flash(_("The new key signs from now on. Add its record to DNS."), "success")
    return redirect(url_for("senders.show", sender_id=sender_id))


@pages.post("/<int:sender_id>/second-key")
@guards.role(Role.MARKETER)
def new_second_key(sender_id: int) -> Any:
    """Make a second key, or a new one instead of it."""
    with transaction() as session:
        senders.new_second_key(session, senders.get(session, sender_id))
    flash(_("Letters get two signatures from now on. Add the second key's record to DNS."), "success")
    return redirect(url_for("senders.show", sender_id=sender_id))


@pages.post("/<int:sender_id>/second-key/remove")
@guards.role(Role.MARKETER)
def remove_second_key(sender_id: int) -> Any:
    """Sign with the first key only."""
    with transaction() as session:
        senders.remove_second_key(session, senders.get(session, sender_id))
    flash(_("The second key is gone. Its record may leave DNS in a week."), "success")
    return redirect(url_for("senders.show", sender_id=sender_id))


@pages.post("/<int:sender_id>/default")
@guards.role(Role.MARKETER)
def make_default(sender_id: int) -> Any:
    """Let new campaigns start with this one."""
    with transaction() as session:
        senders.make_default(session, senders.get(session, sender_id))
    return redirect(url_for("senders.index"))


@pages.post("/<int:sender_id>/remove")
@guards.role(Role.MARKETER)
def remove(sender_id: int) -> Any:
    """Take a sender away that no campaign came from."""
    with transaction() as session:
        sender = senders.get(session, sender_id)
        senders.remove(session, sender)
    flash(_("“%(name)s” is gone.", name=sender.name), "success")
    return redirect(url_for("senders.index"))


def _identity() -> Identity:
    form = request.form
    return Identity(
        name=form.get("name", ""),
        address=form.get("address", ""),
        reply_to=form.get("reply_to", ""),
        bounce_domain=form.get("bounce_domain", ""),
    )


def _page(sender: Sender | None, form: Any, errors: dict[str, str]) -> str:
    return render_template(
        "pages/mailings/sender.html",
        sender=sender,
        form=form,
        errors=errors,
        records=dns_records.wanted(sender) if sender else [],
    )
