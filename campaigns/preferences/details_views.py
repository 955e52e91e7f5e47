"""The page on which people see and correct what is known of them; its link stands in a letter.

Nobody signs in here and no cookie is set: the signed link is the proof, so the form needs no other token.
GET changes nothing, because scanners follow every link of a letter.
"""

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from campaigns.accounts import people
from campaigns.contacts import field_forms
from campaigns.contacts.mistakes import Mistakes
from campaigns.database import reading, transaction
from campaigns.errors import NotFound
from campaigns.preferences import details
from campaigns.preferences.details import Guest
from campaigns.web import guards, language
from campaigns.web.protection import csrf

pages = Blueprint("details", __name__)


@pages.get("/d/<token>")
@guards.public
def show(token: str) -> str:
    """What is known of them."""
    with reading() as session:
        who = guest(session, token)
        return page(session, who, token, details.form(who), {})


@pages.post("/d/<token>")
@csrf.exempt
@guards.public
def correct(token: str) -> Any:
    """Keep what they say."""
    try:
        with transaction() as session:
            details.correct(session, guest(session, token), request.form)
    except Mistakes as error:
        with reading() as session:
            return page(session, guest(session, token), token, request.form, error.fields), 422
    return redirect(url_for("details.show", token=token, saved=1), 303)


@pages.errorhandler(NotFound)
@guards.public
def unknown(error: NotFound) -> Any:
    """The same page for every link that says nothing (any more)."""
    with reading() as session:
        return render_template("public/link_too_old.html", why=error.message, **firm(session)), 404


def guest(session: Session, token: str) -> Guest:
    """Who came, with the page set to their language."""
    who = details.guest(session, token)
    ours = people.organisation(session)
    language.speak(who.contact.language or (ours.language if ours else ""))
    return who


def page(session: Session, who: Guest, token: str, form: Any, errors: dict[str, str]) -> str:
    """What is known of them, with what was wrong with their form."""
    return render_template(
        "public/details.html",
        who=who,
        token=token,
        form=form if isinstance(form, MultiDict) else MultiDict(form),
        errors=errors,
        saved="saved" in request.args,
        sections=field_forms.sections(who.fields.values()),
        **firm(session),
    )


def firm(session: Session) -> dict[str, Any]:
    """Who we are, as pages for contacts say it."""
    ours = people.organisation(session)
    if ours is not None:
        g.timezone = ours.timezone
    return {"organisation_name": ours.name if ours else "", "organisation": ours}
