"""The pages on which colleagues make forms, look at them, and take their address, frame and picture."""

import io
from typing import Any

import qrcode
import qrcode.image.svg
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_security import current_user
from markupsafe import escape
from werkzeug.datastructures import MultiDict

from campaigns import settings
from campaigns.accounts import audit, people
from campaigns.accounts.models import Role
from campaigns.consent import topics
from campaigns.contacts import fields
from campaigns.contacts.mistakes import Mistakes
from campaigns.database import reading, transaction
from campaigns.errors import NotReady
from campaigns.signup import building, counting, rewards
from campaigns.signup.content import MOST_STEPS, labels
from campaigns.signup.models import Form
from campaigns.web import guards
from campaigns.words import LANGUAGES, _

# To be copied into other sites.
_FRAME = '<iframe src="{address}?framed=1" title="{title}" style="width:100%;height:640px;border:0"></iframe>'
_PLAIN = """<form method="post" action="{address}">
  <label>{email} <input name="email" type="email" required></label>
  <button>{button}</button>
</form>"""

pages = Blueprint("forms", __name__, url_prefix="/forms")


@pages.get("/")
@guards.role(Role.MARKETER)
def index() -> str:
    """All forms, and how many signed up by each lately."""
    with reading() as session:
        forms = building.listed(session)
        return render_template(
            "pages/signup/forms.html", forms=[(form, counting.of(session, form)) for form in forms]
        )


@pages.get("/new")
@guards.role(Role.MARKETER)
def new() -> str:
    """An empty form, asking for the name and offering letters."""
    with reading() as session:
        ours = people.organisation(session)
    spoken = ours.language if ours else "en"
    given = MultiDict({"languages": spoken, "letters": "1", "step.first_name": "1", "step.last_name": "1"})
    return _builder(None, given, {})


@pages.post("/new")
@guards.role(Role.MARKETER)
def create() -> Any:
    """Keep a new form."""
    try:
        with transaction() as session:
            form = building.create(session, request.form, current_user.id)
            audit.note(session, "form.create", f"form:{form.id}", name=form.name)
    except Mistakes as error:
        return _builder(None, request.form, error.fields), 422
    flash(_("Kept. Look at it, then open it."), "success")
    return redirect(url_for("forms.show", form_id=form.id))


@pages.get("/<int:form_id>")
@guards.role(Role.MARKETER)
def show(form_id: int) -> str:
    """The form's address, how to put it on other pages, and what came of it."""
    with reading() as session:
        form = building.one(session, form_id)
        return render_template(
            "pages/signup/form.html",
            form=form,
            revision=building.current(session, form),
            content=building.content_of(building.current(session, form)),
            counts=counting.of(session, form),
            latest=counting.latest(session, form),
            address=_address(form),
            frame=_FRAME.format(address=_address(form), title=escape(form.name)),
            plain=_PLAIN.format(address=_address(form), email=_("Email address"), button=_("Sign up")),
        )


@pages.get("/<int:form_id>/edit")
@guards.role(Role.MARKETER)
def edit(form_id: int) -> str:
    """The builder with what the form is now."""
    with reading() as session:
        form = building.one(session, form_id)
        return _builder(form, building.filled_in(session, form), {})


@pages.post("/<int:form_id>/edit")
@guards.role(Role.MARKETER)
def change(form_id: int) -> Any:
    """Keep what was changed; it counts for whoever opens the form from now on."""
    try:
        with transaction() as session:
            form = building.one(session, form_id)
            building.change(session, form, request.form, current_user.id)
            audit.note(session, "form.change", f"form:{form_id}", name=form.name)
    except Mistakes as error:
        with reading() as session:
            return _builder(building.one(session, form_id), request.form, error.fields), 422
    flash(_("Kept."), "success")
    return redirect(url_for("forms.show", form_id=form_id))


@pages.post("/<int:form_id>/<any(open, close):act>")
@guards.role(Role.MARKETER)
def switch(form_id: int, act: str) -> Any:
    """Let people fill it in, or no more."""
    try:
        with transaction() as session:
            form = building.one(session, form_id)
            if act == "open":
                building.open_(session, form)
            else:
                building.close(form)
            audit.note(session, f"form.{act}", f"form:{form_id}")
    except NotReady as error:
        flash(error.message, "error")
    return redirect(url_for("forms.show", form_id=form_id))


@pages.get("/<int:form_id>/code.svg")
@guards.role(Role.MARKETER)
def code(form_id: int) -> Response:
    """The form's address as a QR code (ISO/IEC 18004), to be printed."""
    with reading() as session:
        address = _address(building.one(session, form_id))
    drawn = qrcode.make(
        address, image_factory=qrcode.image.svg.SvgPathImage, error_correction=qrcode.ERROR_CORRECT_M
    )
    picture = io.BytesIO()
    drawn.save(picture)
    return Response(picture.getvalue(), mimetype="image/svg+xml")


def _address(form: Form) -> str:
    return f"{settings.current().base_url}/f/{form.key}"


def _builder(form: Form | None, given: Any, errors: dict[str, str]) -> str:
    with reading() as session:
        return render_template(
            "pages/signup/builder.html",
            form=form,
            given=given,
            errors=errors,
            names=labels(fields.known(session)),
            topics=topics.listed(session, offered=True),
            pools=[("", "–"), *((pool.id, pool.name) for pool in rewards.pools(session))],
            languages=LANGUAGES,
            steps=[str(number) for number in range(1, MOST_STEPS + 1)],
        )
