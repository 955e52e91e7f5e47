"""Pages of audiences: the list, the editor, one audience with its people, and the file that leaves."""

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role
from campaigns.audiences import expanding, offering, previewing, sampling, saving, starters, taking
from campaigns.audiences import following as _following  # noqa: F401 - rules follow renamed options
from campaigns.audiences.builder_views import found
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.models import Audience, Exclusion
from campaigns.consent.reasons import words
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict, PersonError
from campaigns.web import guards, paging
from campaigns.words import _

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
    form = {"rule": request.args.get("rule", ""), "name": request.args.get("name", ""), "living": "1"}
    return _editor(None, form, {})


@pages.post("/new")
@guards.role(*_MAKERS)
def create() -> Any:
    """Keep a new audience."""
    form = request.form
    try:
        with transaction() as session:
            made = saving.create(
                session,
                form["name"],
                form["rule"],
                form.get("note", ""),
                current_user.id,
                living=form.get("living", "1") == "1",
                excluded=_excluded(form),
            )
    except (BadInput, Conflict) as error:
        return _editor(None, form, _place(error)), error.status
    return redirect(url_for("audiences.show", audience_id=made.id))


@pages.get("/<int:audience_id>/edit")
@guards.role(*_MAKERS)
def edit(audience_id: int) -> str:
    """The editor of a kept audience."""
    with reading() as session:
        audience = saving.one(session, audience_id)
    form = {"name": audience.name, "rule": audience.rule, "note": audience.note}
    return _editor(audience, form | {"living": "1" if audience.living else "0"}, {})


@pages.post("/<int:audience_id>/edit")
@guards.role(*_MAKERS)
def change(audience_id: int) -> Any:
    """Keep what was changed."""
    form = request.form
    try:
        with transaction() as session:
            audience = saving.one(session, audience_id)
            living = form["living"] == "1" if "living" in form else None
            excluded = _excluded(form) if "living" in form else None
            saving.change(
                session,
                audience,
                form["name"],
                form["rule"],
                form.get("note", ""),
                living=living,
                excluded=excluded,
            )
    except (BadInput, Conflict) as error:
        with reading() as session:
            audience = saving.one(session, audience_id)
        return _editor(audience, form, _place(error)), error.status
    flash(_("The audience is kept."), "success")
    return redirect(url_for("audiences.show", audience_id=audience_id))


def _excluded(form: Any) -> list[int]:
    return [int(one) for one in form.getlist("excluded") if one.isascii() and one.isdigit() and len(one) < 16]


def _place(error: PersonError) -> dict[str, str]:
    """Beside which field the error stands; a conflict is one of names."""
    return {error.field if isinstance(error, BadInput) else "name": error.message}


def _editor(audience: Audience | None, form: Any, errors: dict[str, str]) -> str:
    with reading() as session:
        others = sa.select(Audience.id, Audience.name).order_by(Audience.name).limit(500)
        if audience is not None:
            others = others.where(Audience.id != audience.id)
        return render_template(
            "pages/audiences/edit.html",
            audience=audience,
            form=form,
            errors=errors,
            starters=starters.starters(session) if audience is None else [],
            builder=offering.builder(session),
            others=[(number, name) for number, name in session.execute(others)],
            excluded=_excluded(form) if hasattr(form, "getlist") else _left_out(session, audience),
        )


def _left_out(session: Session, audience: Audience | None) -> list[int]:
    if audience is None:
        return []
    mine = sa.select(Exclusion.other_id).where(Exclusion.audience_id == audience.id)
    return list(session.scalars(mine))


@pages.get("/<int:audience_id>")
@guards.role(*_MAKERS)
def show(audience_id: int) -> str:
    """One audience: how many, who is left out and why, some of its people."""
    with reading() as session:
        audience = saving.one(session, audience_id)
        more: dict[str, Any] = {"problem": None}
        try:
            whole = expanding.frozen(session, audience)
            more |= found(session, expanding.whole(session, audience), sampling.known(session, audience))
        except RuleProblem as problem:
            whole, more["problem"] = "", problem.message
        return render_template(
            "pages/audiences/show.html",
            audience=audience,
            rule=whole,
            taking=None if audience.living else taking.newest(session, audience),
            excluded=expanding.exclusions(session, audience.id),
            **more,
        )


@pages.get("/<int:audience_id>/people")
@guards.role(*_MAKERS)
def people(audience_id: int) -> str:
    """Those who may be mailed, or those left out for `?reason=`."""
    reason = request.args.get("reason", previewing.IN)
    after = paging.after(int)
    with reading() as session:
        audience = saving.one(session, audience_id)
        whole = expanding.whole(session, audience)
        rows = sampling.page(session, whole, reason, after[0] if after else 0, paging.SIZE + 1)
        page = paging.page(rows, lambda contact: [contact.id])
        return render_template(
            "pages/audiences/people.html", audience=audience, page=page, reason=reason, why=words(reason)
        )


@pages.post("/<int:audience_id>/take")
@guards.role(*_MAKERS)
def take(audience_id: int) -> Any:
    """Take the members of a static audience again."""
    with transaction() as session:
        members = saving.take_again(session, saving.one(session, audience_id))
    flash(_("The members were taken again: %(n)s.", n=members), "success")
    return redirect(url_for("audiences.show", audience_id=audience_id))


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
