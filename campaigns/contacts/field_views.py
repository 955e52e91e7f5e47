"""The pages of fields: which there are, in which order and sections, and columns that could be fields."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.contacts import adopting, field_defining, field_renaming, fields
from campaigns.contacts.field_models import About, Field
from campaigns.contacts.field_words import KINDS
from campaigns.database import reading, transaction
from campaigns.errors import BadInput, Conflict
from campaigns.web import guards
from campaigns.words import _

pages = Blueprint("fields", __name__, url_prefix="/fields")


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """The fields of contacts or of companies, and columns of earlier imports that are none yet."""
    about = _about(request.args.get("about", ""))
    with reading() as session:
        every = list(fields.known(session, about, archived=True).values())
        in_use = [field for field in every if field.archived_at is None]
        return render_template(
            "pages/contacts/fields.html",
            about=about,
            fields=in_use,
            archived=[field for field in every if field.archived_at is not None],
            taking=adopting.newest(session, [field.id for field in in_use]),
            renaming=field_renaming.newest(session, [field.id for field in every]),
            columns=adopting.columns(session) if about == About.CONTACT else [],
            kinds=KINDS,
        )


@pages.get("/new")
@guards.role(Role.MARKETER)
def new() -> str:
    """An empty form, or one filled with what is known of a column."""
    given = request.args.to_dict()
    if given.get("column"):
        with reading() as session:
            named = [one for one in adopting.columns(session) if one.name == given["column"]]
        for column in named:
            given |= {"name": column.name, "kind": column.kind, "options": "\n".join(column.options)}
    return _form_page(None, given, {})


@pages.post("/new")
@guards.role(Role.MARKETER)
def create() -> Any:
    """Keep a new field, and take in what columns of that name hold."""
    about = _about(request.form.get("about", ""))
    try:
        with transaction() as session:
            field = field_defining.add(session, request.form)
            if about == About.CONTACT:
                adopting.start(session, field)
            audit.note(session, "field.create", f"field:{field.id}", name=field.name, kind=field.kind)
    except (BadInput, Conflict) as error:
        return _form_page(None, request.form, {getattr(error, "field", "name"): error.message}), 422
    flash(_("“%(name)s” stands in the form from now on.", name=field.name), "success")
    return redirect(url_for("fields.index", about=about))


@pages.get("/<int:field_id>/edit")
@guards.role(Role.MARKETER)
def edit(field_id: int) -> str:
    """The form with what is known."""
    with reading() as session:
        field = fields.one(session, field_id)
        return _form_page(field, _known(field), {})


@pages.post("/<int:field_id>/edit")
@guards.role(Role.MARKETER)
def change(field_id: int) -> Any:
    """Keep what was changed."""
    try:
        with transaction() as session:
            field = fields.one(session, field_id)
            field_defining.change(session, field, request.form)
            audit.note(session, "field.change", f"field:{field_id}", name=field.name)
    except (BadInput, Conflict) as error:
        with reading() as session:
            field = fields.one(session, field_id)
            problem = {getattr(error, "field", "name"): error.message}
            return _form_page(field, request.form, problem), 422
    flash(_("Kept."), "success")
    return redirect(url_for("fields.index", about=field.about))


@pages.post("/<int:field_id>/move")
@guards.role(Role.MARKETER)
def move(field_id: int) -> Any:
    """One place up or down."""
    steps = 1 if request.form.get("steps") == "1" else -1
    with transaction() as session:
        field = fields.one(session, field_id)
        field_defining.move(session, field, steps)
    return redirect(url_for("fields.index", about=field.about, moved=field_id))


@pages.post("/<int:field_id>/archive")
@guards.role(Role.MARKETER)
def archive(field_id: int) -> Any:
    """Ask for it no more."""
    return _switched(field_id, field_defining.archive, "field.archive")


@pages.post("/<int:field_id>/take-back")
@guards.role(Role.MARKETER)
def take_back(field_id: int) -> Any:
    """Use it again."""
    return _switched(field_id, field_defining.take_back, "field.take_back")


@pages.post("/<int:field_id>/again")
@guards.role(Role.MARKETER)
def take_in(field_id: int) -> Any:
    """Take columns of its name in once more, after what does not fit was mended or choices were added."""
    with transaction() as session:
        field = fields.one(session, field_id)
        adopting.start(session, field)
        audit.note(session, "field.take_in", f"field:{field_id}", name=field.name)
    return redirect(url_for("fields.index", about=field.about))


@pages.post("/<int:field_id>/rename-option")
@guards.role(Role.MARKETER)
def rename_option(field_id: int) -> Any:
    """Give one of its choices another name; who has it keeps it under that name."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        with transaction() as session:
            field = fields.one(session, field_id)
            work, told = field_renaming.start(session, field, old, new, merge=bool(request.form.get("merge")))
            audit.note(
                session,
                "field.rename_option",
                f"field:{field_id}",
                before=work.old,
                after=work.new,
                audiences=list(told.followed),
            )
    except (BadInput, Conflict) as error:
        name = getattr(error, "field", "new")
        with reading() as session:
            field = fields.one(session, field_id)
            return _form_page(field, _known(field), {name: error.message}), error.status
    if work.matching <= field_renaming.AT_ONCE:
        field_renaming.run(work.id)
    flash(told.told(_("“%(old)s” is called “%(new)s” from now on.", old=work.old, new=work.new)), "success")
    return redirect(url_for("fields.edit", field_id=field_id))


def _switched(field_id: int, verb: Any, act: str) -> Any:
    with transaction() as session:
        field = fields.one(session, field_id)
        verb(session, field)
        audit.note(session, act, f"field:{field_id}", name=field.name)
    return redirect(url_for("fields.index", about=field.about))


def _about(given: str) -> About:
    return About.COMPANY if given == About.COMPANY else About.CONTACT


def _known(field: Field) -> dict[str, Any]:
    return vars(field) | {"options": "\n".join(field.options)}


def _form_page(field: Field | None, form: Any, errors: dict[str, str]) -> str:
    about = _about(field.about if field else form.get("about", ""))
    with reading() as session:
        return render_template(
            "pages/contacts/field_edit.html",
            field=field,
            form=form,
            errors=errors,
            about=about,
            kinds=KINDS,
            sections=_sections(session, about),
            left=field_renaming.left(session, field) if field and field.options else [],
            renaming=field_renaming.newest(session, [field.id]).get(field.id) if field else None,
        )


def _sections(session: Session, about: About) -> list[str]:
    found = [field.section for field in fields.known(session, about, archived=True).values()]
    return list(dict.fromkeys(section for section in found if section))
