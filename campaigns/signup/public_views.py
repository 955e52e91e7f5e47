"""The pages of a form for those who fill it in: the form, “look into your mail”, and the confirming page.

Nobody signs in here, no cookie is set or needed (a form also stands in frames of other sites), and nothing
needs JavaScript. GET changes nothing, because scanners follow every link of a letter.
"""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session, selectinload
from werkzeug.datastructures import MultiDict

from campaigns import tokens
from campaigns.consent import ledger
from campaigns.consent.standing import YES
from campaigns.contacts.mistakes import Mistakes
from campaigns.contacts.models import Contact
from campaigns.database import reading, transaction
from campaigns.delivery import visiting
from campaigns.errors import NotFound, TooMany
from campaigns.signup import building, confirming, entering, filling, guarding, referring, rewards, showing
from campaigns.signup.content import Content
from campaigns.signup.entering import Visit
from campaigns.signup.models import Form, FormRevision
from campaigns.tokens import Purpose
from campaigns.web import guards, language
from campaigns.web.protection import csrf

pages = Blueprint("signup", __name__)
# As headers.py has it for all pages, but that other sites may show it in a frame.
_IN_FRAMES = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors *"
)


@pages.get("/f/<key>")
@guards.public
def show(key: str) -> Any:
    """The form, empty or with what the address brings along."""
    with reading() as session:
        form = entering.by_key(session, key)
        return _framed(_form(session, form, request.args, {}))


@pages.post("/f/<key>")
@csrf.exempt
@guards.public
def enter(key: str) -> Any:
    """Take what was filled in; what did not come from our own page is shown first, to be looked at."""
    given = request.form
    with reading() as session:
        form = entering.by_key(session, key)
        content = _content(session, form)
        language.speak(_language(content))
        if not form.open or given.get(guarding.TRAP):
            return _onward(form)  # to robots all went well
        if not guarding.is_fresh(form, given.get("token", "")):
            return _framed(_form(session, form, given, {}, once_more=True))
        try:
            filled = filling.read(session, content, given)
        except Mistakes as error:
            return _framed(_form(session, form, given, error.fields), 422)
    try:
        with transaction() as session:
            by = referring.read(form, given.get("by", ""))
            entering.enter(session, entering.by_key(session, key), filled, _visit(), by)
    except TooMany as error:
        with reading() as session:
            return _framed(_form(session, form, given, {"": error.message}), error.status)
    return _onward(form)


@pages.get("/f/<key>/sent")
@guards.public
def sent(key: str) -> Any:
    """That a letter is on its way; to everybody the same."""
    with reading() as session:
        form = entering.by_key(session, key)
        content = _content(session, form)
        spoken = _language(content)
        language.speak(spoken)
        page = render_template("public/form_sent.html", said=content.said(spoken), **showing.firm(session))
        return _framed(page)


@pages.get("/p/<token>/f/<key>")
@guards.public
def show_known(token: str, key: str) -> Any:
    """The form for who comes by the link of a letter: only what is still open is asked."""
    with reading() as session:
        form = entering.by_key(session, key)
        who = _who(session, token)
        if who is None:
            return redirect(url_for("signup.show", key=key))
        return _form(session, form, MultiDict(), {}, who=who, token=token)


@pages.post("/p/<token>/f/<key>")
@csrf.exempt
@guards.public
def enter_known(token: str, key: str) -> Any:
    """Take it at once: the link is the proof that a letter would be."""
    try:
        with transaction() as session:
            form = entering.by_key(session, key)
            who = _who(session, token)
            if who is None or not form.open:
                return redirect(url_for("signup.show", key=key), 303)
            content = _content(session, form)
            language.speak(content.speaks(who.language))
            filled = filling.read(session, content, request.form, who)
            sign_up = confirming.enter_known(session, form, filled, who, _visit())
            return redirect(url_for("signup.look", token=tokens.sign(Purpose.CONFIRM, sign_up.id)), 303)
    except Mistakes as error:
        with reading() as session:
            form, who = entering.by_key(session, key), _who(session, token)
            return _form(session, form, request.form, error.fields, who=who, token=token), 422


def _who(session: Session, token: str) -> Contact | None:
    """Who came by the link of a letter that is fresh enough to agree by."""
    visitor = visiting.visitor(session, Purpose.PREFERENCES, token)
    if visitor.contact is None or not visitor.fresh:
        return None
    return session.get(
        Contact, visitor.contact.id, options=[selectinload(Contact.company)], populate_existing=True
    )


@pages.get("/s/<token>")
@guards.public
def look(token: str) -> str:
    """What is about to be confirmed, and the button for it."""
    with reading() as session:
        return _confirming(session, token)


@pages.post("/s/<token>")
@csrf.exempt
@guards.public
def confirm(token: str) -> str:
    """From here on it counts; following the link again changes nothing."""
    with transaction() as session:
        confirming.confirm(session, confirming.waiting(session, token), _visit())
        session.flush()
        return _confirming(session, token)


@pages.errorhandler(NotFound)
@guards.public
def unknown(error: NotFound) -> Any:
    """The page for a form that is not there and for links that were not made here."""
    with reading() as session:
        return render_template(
            "public/form_unknown.html", message=error.message, **showing.firm(session)
        ), 404


def _form(
    session: Session,
    form: Form,
    given: MultiDict[str, str],
    errors: dict[str, str],
    once_more: bool = False,
    who: Contact | None = None,
    token: str = "",
) -> str:
    content = _content(session, form)
    spoken = content.speaks(who.language) if who else _language(content)
    language.speak(spoken)
    agreed = (
        {purpose for purpose, one in ledger.states(session, who.id).items() if one.state in YES}
        if who
        else ()
    )
    return render_template(
        "public/form.html",
        is_open=form.open,
        form=given if isinstance(given, MultiDict) else MultiDict(given),
        errors=errors,
        once_more=once_more,
        token=guarding.token(form),
        who=who,
        agreed=agreed,
        target=url_for("signup.enter_known", token=token, key=form.key)
        if who
        else url_for("signup.enter", key=form.key),
        by=given.get("by", ""),
        framed="framed" in request.values,
        **showing.questions(session, form, content, spoken, filling.known_of(who) if who else ()),
    )


def _confirming(session: Session, token: str) -> str:
    sign_up = confirming.waiting(session, token)
    content = building.content_of(session.get_one(FormRevision, sign_up.revision_id))
    language.speak(sign_up.language)
    agreed = [filling.said_yes_to(session, content, sign_up.language, purpose) for purpose in sign_up.chosen]
    form = session.get_one(Form, sign_up.form_id)
    contact = session.get(Contact, sign_up.contact_id) if sign_up.contact_id else None
    return render_template(
        "public/form_confirm.html",
        got=rewards.promised(session, form, contact) if contact else None,
        brings=referring.link(form, contact) if contact and form.referral_pool_id else "",
        token=token,
        sign_up=sign_up,
        said=content.said(sign_up.language),
        agreed=agreed,
        **showing.firm(session),
    )


def _content(session: Session, form: Form) -> Content:
    return building.content_of(building.current(session, form))


def _language(content: Content) -> str:
    """The language that the address or the page before asks for, else the browser's, else the form's own."""
    accepted = request.accept_languages.best_match(list(content.languages))
    return content.speaks(request.values.get("lang"), accepted)


def _onward(form: Form) -> Any:
    lang, framed = request.values.get("lang"), request.values.get("framed")
    return redirect(url_for("signup.sent", key=form.key, lang=lang, framed=framed), 303)


def _framed(page: str, status: int = 200) -> Response:
    """The page, which other sites may show in a frame."""
    answer = make_response(page, status)
    answer.headers["Content-Security-Policy"] = _IN_FRAMES
    return answer


def _visit() -> Visit:
    return Visit(
        ip=request.remote_addr or "",
        user_agent=request.user_agent.string,
        page_url=request.base_url if request.endpoint == "signup.enter" else request.host_url,
    )
