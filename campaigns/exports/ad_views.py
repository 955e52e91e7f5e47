"""Lists for ad platforms: who will be in one and who has not agreed, the file, and the file of removals."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.consent.reasons import words
from campaigns.contacts import choosing
from campaigns.contacts.choosing import Choice
from campaigns.database import reading, transaction
from campaigns.errors import PersonError
from campaigns.exports import ad_layouts, ads, views
from campaigns.exports.asking import Wish
from campaigns.exports.models import Format, Subject
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("ads", __name__, url_prefix="/exports/ads")
_MAKERS = (Role.MARKETER,)


@pages.get("/new")
@guards.role(*_MAKERS)
def new() -> str:
    """What will be in the file: how many have agreed, and why the others are left out."""
    return _form({})


def _form(errors: dict[str, str]) -> str:
    choice = _choice()
    with reading() as session:
        by_reason, about = ads.counted(session, choice, current_user)
        agreed = by_reason.pop("", 0)
        return render_template(
            "pages/exports/ads.html",
            of=choosing.words(session, choice),
            agreed=agreed,
            about=about,
            left_out=sorted(((words(reason), n) for reason, n in by_reason.items()), key=lambda one: -one[1]),
            headings=ad_layouts.HEADINGS,
            given={layout: ads.remembered(session, layout, choice) for layout in ad_layouts.HEADINGS},
            formats=[
                (Format.GOOGLE.value, _("Google Ads: Customer Match")),
                (Format.META.value, _("Meta: customer list")),
            ],
            wanted=request.form.get("format", Format.GOOGLE.value),
            errors=errors,
            here=request.query_string.decode(),
        )


def _choice() -> Choice:
    return (
        choosing.addressed(request.args["chosen"]) if request.args.get("chosen") else {"filters": "sort=name"}
    )


@pages.post("/new")
@guards.role(*_MAKERS)
def create() -> Any:
    """Start the file with those who agreed, and the file of those who are to be taken back."""
    try:
        made = views.start(Subject.ADS, _choice(), Wish(request.form.get("format", "")))
    except PersonError as error:
        return _form({"format": error.message}), error.status
    return redirect(url_for("exports.show", export_id=made.id))


@pages.get("/<int:export_id>/removal")
@guards.role(*_MAKERS)
def fetch_removal(export_id: int) -> Any:
    """Those whom the platform is to forget."""
    return views.send(export_id, removed=True)


@pages.post("/<int:export_id>/removal")
@guards.role(*_MAKERS)
def confirm_removal(export_id: int) -> Any:
    """The platform has the removal file: what was remembered of those in it is forgotten."""
    with transaction() as session:
        export = views.one(session, export_id)
        number = ads.confirm_removal(session, export)
        audit.note(session, "ads.removed", f"export:{export_id}", people=number)
    flash(_("Noted. Nothing is remembered of them any more."), "success")
    return redirect(url_for("exports.show", export_id=export_id))
