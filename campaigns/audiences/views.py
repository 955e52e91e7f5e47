"""Pages of audiences: the list, the editor with its live count, the people, and why somebody is in it."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_security import current_user

from campaigns.accounts.models import Role
from campaigns.audiences import exporting, previewing, sampling, saving, starters
from campaigns.audiences.fields import FIELDS, OPS, STATES
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience
from campaigns.consent import gate
from campaigns.consent.reasons import words
from campaigns.contacts.models import Category, Contact, Tag
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict, NotFound, PersonError
from campaigns.web import guards, paging
from campaigns.words import LANGUAGES, _

pages = Blueprint("audiences", __name__, url_prefix="/audiences")
_MAKERS = (Role.MARKETER,)


@pages.get("/")
@guards.role(*_MAKERS)
def index() -> str:
    """All audiences by name."""
    query = sa.select(Audience).order_by(Audience.name, Audience.id)
    after = paging.after(str, int)
    if after:
        query = query.where(sa.tuple_(Audience.name, Audience.id) > sa.tuple_(*after))
    with reading() as session:
        rows = session.scalars(query.limit(paging.SIZE + 1)).all()
        page = paging.page(rows, lambda audience: [audience.name, audience.id])
        return render_template("pages/audiences/index.html", page=page)


@pages.get("/new")
@guards.role(*_MAKERS)
def new() -> str:
    """An empty editor, or one that begins with `?rule=`."""
    return _editor(None, {"rule": request.args.get("rule", ""), "name": request.args.get("name", "")}, {})


@pages.post("/new")
@guards.role(*_MAKERS)
def create() -> Any:
    """Keep a new audience."""
    form = request.form
    try:
        with transaction() as session:
            made = saving.create(session, form["name"], form["rule"], form.get("note", ""), current_user.id)
    except (BadInput, Conflict) as error:
        return _editor(None, form, _place(error)), error.status
    return redirect(url_for("audiences.show", audience_id=made.id))


@pages.get("/<int:audience_id>/edit")
@guards.role(*_MAKERS)
def edit(audience_id: int) -> str:
    """The editor of a kept audience."""
    with reading() as session:
        audience = saving.one(session, audience_id)
    return _editor(audience, {"name": audience.name, "rule": audience.rule, "note": audience.note}, {})


@pages.post("/<int:audience_id>/edit")
@guards.role(*_MAKERS)
def change(audience_id: int) -> Any:
    """Keep what was changed."""
    form = request.form
    try:
        with transaction() as session:
            audience = saving.one(session, audience_id)
            saving.change(session, audience, form["name"], form["rule"], form.get("note", ""))
    except (BadInput, Conflict) as error:
        with reading() as session:
            audience = saving.one(session, audience_id)
        return _editor(audience, form, _place(error)), error.status
    flash(_("The audience is kept."), "success")
    return redirect(url_for("audiences.show", audience_id=audience_id))


def _place(error: PersonError) -> dict[str, str]:
    """Beside which field the error stands; a conflict is one of names."""
    return {error.field if isinstance(error, BadInput) else "name": error.message}


def _editor(audience: Audience | None, form: Any, errors: dict[str, str]) -> str:
    with reading() as session:
        return render_template(
            "pages/audiences/edit.html",
            audience=audience,
            form=form,
            errors=errors,
            starters=starters.starters(session) if audience is None else [],
            categories=session.scalars(sa.select(Category.name).order_by(Category.name).limit(500)).all(),
            tags=session.scalars(sa.select(Tag.name).order_by(Tag.name).limit(500)).all(),
            fields={name: [str(op) for op in OPS[kind]] for name, kind in FIELDS.items() if name != "fields"},
            states=STATES,
            language_names=LANGUAGES,
        )


@pages.route("/preview", methods=["POST"])
@guards.role(*_MAKERS)
def preview() -> Any:
    """Who a rule fits, while it is being written; a rule that can't be understood is answered with where."""
    rule = request.form.get("rule", "")
    try:
        with reading() as session:
            return _preview(session, rule)
    except RuleProblem as problem:
        return render_template(
            "pages/audiences/_problem.html", problem=problem, pointed=problem.pointed(rule)
        )


def _preview(session: Any, rule: str) -> str:
    return render_template("pages/audiences/_preview.html", audience=None, rule=rule, **_found(session, rule))


def _found(session: Any, rule: str, known: previewing.Count | None = None) -> dict[str, Any]:
    """How many fit, who is left out, some of them, and what the rule names in vain."""
    return {
        "found": known or sampling.count(session, rule),
        "sample": sampling.people(session, rule, limit=6),
        "unknown": previewing.unknown(session, rule),
        "words": words,
    }


@pages.post("/shares")
@guards.role(*_MAKERS)
def shares() -> str:
    """How those who may be mailed divide by category and language; fetched after the count."""
    rule = request.form.get("rule", "")
    own = get_locale().languages if get_locale() else {}
    with reading() as session:
        return render_template(
            "pages/audiences/_shares.html",
            about=sampling.sample(session) is not None,
            categories=sampling.by_category(session, rule),
            languages=[
                (LANGUAGES.get(code) or own.get(code, code) or _("Unknown"), number)
                for code, number in sampling.by_language(session, rule)
            ],
        )


@pages.get("/<int:audience_id>")
@guards.role(*_MAKERS)
def show(audience_id: int) -> str:
    """One audience: how many, who is left out and why, some of its people."""
    with reading() as session:
        audience = saving.one(session, audience_id)
        return render_template(
            "pages/audiences/show.html",
            audience=audience,
            rule=audience.rule,
            **_found(session, audience.rule, sampling.known(session, audience)),
        )


@pages.get("/<int:audience_id>/people")
@guards.role(*_MAKERS)
def people(audience_id: int) -> str:
    """Those who may be mailed, or those left out for `?reason=`."""
    reason = request.args.get("reason", previewing.IN)
    after = paging.after(int)
    with reading() as session:
        audience = saving.one(session, audience_id)
        rows = previewing.people(
            session,
            audience.rule,
            reason,
            after[0] if after else 0,
            paging.SIZE + 1,
            of_each=sampling.fits_many(session, audience.rule),
        )
        page = paging.page(rows, lambda contact: [contact.id])
        return render_template(
            "pages/audiences/people.html", audience=audience, page=page, reason=reason, why=words(reason)
        )


@pages.get("/<int:audience_id>/why")
@guards.role(*_MAKERS)
def why(audience_id: int) -> str:
    """Why somebody is in the audience, or isn't: each part of the rule, and what the gate says."""
    email = request.args.get("email", "").strip()
    with reading() as session:
        audience = saving.one(session, audience_id)
        contact = _somebody(session, email) if email else None
        lines = previewing.explain(session, audience.rule, contact.id) if contact else []
        refusal = gate.refusals(session, [contact.id]).get(contact.id) if contact else None
        return render_template(
            "pages/audiences/why.html",
            audience=audience,
            email=email,
            contact=contact,
            lines=lines,
            refusal=words(refusal) if refusal else "",
        )


def _somebody(session: Any, email: str) -> Contact:
    contact = session.scalar(sa.select(Contact).where(Contact.email == email.lower()))
    if contact is None:
        raise NotFound(_("There is no contact with the address “%(email)s”.", email=email[:200]))
    return contact


@pages.post("/<int:audience_id>/export")
@guards.role(*_MAKERS)
def export(audience_id: int) -> Any:
    """All who may be mailed, as a CSV file."""
    with transaction() as session:
        audience = saving.one(session, audience_id)
        exporting.note(session, audience)
    name = f"audience-{audience_id}.csv"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(exporting.lines(audience.rule), mimetype="text/csv; charset=utf-8", headers=headers)


@pages.post("/<int:audience_id>/remove")
@guards.role(*_MAKERS)
def remove(audience_id: int) -> Any:
    """Forget the audience."""
    with transaction() as session:
        audience = saving.one(session, audience_id)
        try:
            saving.remove(session, audience)
        except PersonError as error:
            flash(error.message, "error")
            return redirect(url_for("audiences.show", audience_id=audience_id))
    flash(_("“%(name)s” is gone; its contacts stay.", name=audience.name), "success")
    return redirect(url_for("audiences.index"))
