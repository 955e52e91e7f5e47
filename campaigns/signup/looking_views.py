"""A look at a form as people will see it, open or not: by whoever builds it, and nothing is kept."""

from flask import Blueprint, Response, make_response, render_template, request, url_for
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role
from campaigns.database import reading
from campaigns.signup import building, showing
from campaigns.signup.content import Content
from campaigns.signup.models import Form
from campaigns.web import guards, language
from campaigns.words import LANGUAGES, _

pages = Blueprint("form_looks", __name__, url_prefix="/forms/<int:form_id>/look")

# No script runs in it. It keeps our origin: else the browser sends no cookie with what is filled in there.
_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
_SENT, _CONFIRM, _CONFIRMED = "sent", "confirm", "confirmed"
_AFTER = {_CONFIRM: _CONFIRMED}  # by what is sent


@pages.get("/")
@guards.role(Role.MARKETER)
def show(form_id: int) -> str:
    """The page around the look: which step or page of it, and in which language."""
    with reading() as session:
        form = building.one(session, form_id)
        content = _content(session, form)
        parts, spoken = _parts(session, form), content.speaks(request.args.get("lang"))
        part = _part(parts)
        return render_template(
            "pages/signup/look.html",
            form=form,
            tabs=[
                (url_for(".show", form_id=form_id, part=key, lang=spoken), _called(key, parts), key == part)
                for key in parts
            ],
            part=part,
            spoken=spoken,
            spoken_in=[(code, LANGUAGES[code]) for code in content.languages],
        )


@pages.get("/page")
@guards.role(Role.MARKETER)
def page(form_id: int) -> Response:
    """What stands in the frame."""
    with reading() as session:
        form = building.one(session, form_id)
        content = _content(session, form)
        part = _part(_parts(session, form))
        spoken = content.speaks(request.args.get("lang"))
        language.speak(spoken)
        look = {"form_id": form_id, "lang": spoken}
        if part == _SENT:
            said = content.said(spoken)
            return _framed(
                render_template("public/form_sent.html", said=said, look=look, **showing.firm(session))
            )
        if part in (_CONFIRM, _CONFIRMED):
            filled = showing.as_if_filled_in(session, form, content, spoken, part == _CONFIRMED)
            return _framed(render_template("public/form_confirm.html", look=look, **filled))
        return _framed(
            render_template(
                "public/form.html",
                is_open=True,
                look=look,
                only=int(part),
                form={},
                errors={},
                agreed=(),
                **showing.questions(session, form, content, spoken),
            )
        )


@pages.post("/page")
@guards.role(Role.MARKETER)
def try_out(form_id: int) -> Response:
    """Say that nothing was sent, and what people would see now."""
    with reading() as session:
        form = building.one(session, form_id)
        spoken = _content(session, form).speaks(request.form.get("lang"))
        language.speak(spoken)
        look = {"form_id": form_id, "lang": spoken}
        after = _AFTER.get(request.form.get("part", ""), _SENT)
        return _framed(
            render_template("public/form_tried.html", look=look, after=after, **showing.firm(session))
        )


def _content(session: Session, form: Form) -> Content:
    return building.content_of(building.current(session, form))


def _parts(session: Session, form: Form) -> list[str]:
    """What there is to look at: each step, and what comes after it."""
    steps = range(1, showing.number_of_steps(session, form) + 1)
    return [*map(str, steps), _SENT, _CONFIRM, _CONFIRMED]


def _called(part: str, parts: list[str]) -> str:
    if part.isdecimal():
        return _("Step %(number)s", number=part) if "2" in parts else _("The form")
    after = {
        _SENT: _("After sending"),
        _CONFIRM: _("By the letter’s link"),
        _CONFIRMED: _("After confirming"),
    }
    return after[part]


def _part(parts: list[str]) -> str:
    asked = request.args.get("part", "")
    return asked if asked in parts else parts[0]


def _framed(html: str) -> Response:
    answer = make_response(html)
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer
