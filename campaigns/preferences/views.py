"""The contact's own pages: unsubscribe, pause, following, language, and what they agreed to.

Nobody signs in here and no cookie is set: the signed link in the letter is the proof, so these forms
need no other token. GET changes nothing, because scanners follow every link of a letter.
"""

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from campaigns import settings, tokens
from campaigns.accounts import people
from campaigns.consent import rhythm, topics, wordings
from campaigns.consent.standing import Method
from campaigns.database import now, reading, transaction
from campaigns.delivery import visiting
from campaigns.delivery.visiting import Visitor
from campaigns.errors import BadInput, NotFound
from campaigns.preferences import choosing, requesting, topic_choices
from campaigns.preferences.choosing import Evidence
from campaigns.tokens import Purpose
from campaigns.web import guards, language
from campaigns.web.protection import csrf
from campaigns.words import language as spoken

pages = Blueprint("preferences", __name__)


@pages.get("/u/<token>")
@guards.public
def leave_page(token: str):
    with reading() as session:
        who = _visitor(session, Purpose.UNSUBSCRIBE, token)
        topic = topic_choices.of_letter(session, who)
        return _page("unsubscribe", session, who, token=token, topic=topic.called(spoken()) if topic else "")


@pages.post("/u/<token>")
@csrf.exempt
@guards.public
def leave(token: str):
    """Both a mail program's one click (RFC 8058: 200, no redirect, no cookie) and a person's button."""
    one_click = request.form.get("List-Unsubscribe", "").casefold() == "one-click"
    with transaction() as session:
        who = _visitor(session, Purpose.UNSUBSCRIBE, token)
        choosing.unsubscribe(session, who, _evidence(Method.ONE_CLICK if one_click else Method.PAGE))
        if one_click:
            return "Unsubscribed.\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
        return _left(session, who, token)


@pages.post("/u/<token>/topic")
@csrf.exempt
@guards.public
def leave_topic(token: str):
    """No more letters about what this one was about; of a letter in general, no more at all."""
    with transaction() as session:
        who, how = _visitor(session, Purpose.UNSUBSCRIBE, token), _evidence(Method.PAGE)
        topic = topic_choices.of_letter(session, who)
        if topic is None:
            choosing.unsubscribe(session, who, how)
            return _left(session, who, token)
        topic_choices.leave(session, who, topic, how)
        name, link = topic.called(spoken()), _link(Purpose.PREFERENCES, who)
        return _page("left_topic", session, who, token=token, topic=name, preferences=link)


@pages.post("/u/<token>/pause")
@csrf.exempt
@guards.public
def pause_instead(token: str):
    with transaction() as session:
        who = _visitor(session, Purpose.UNSUBSCRIBE, token)
        if not (visiting.may_undo(who, request.form.get("proof", "")) and choosing.just_left(session, who)):
            return _left(session, who, token)
        until = choosing.pause_instead(session, who, _evidence(Method.PAGE))
        return _page("paused", session, who, until=until)


@pages.post("/u/<token>/alone")
@csrf.exempt
@guards.public
def stop_following(token: str):
    with transaction() as session:
        who = _visitor(session, Purpose.UNSUBSCRIBE, token)
        choosing.follow(session, who, False, _evidence(Method.PAGE))
        return _left(session, who, token, alone=True)


@pages.get("/p/<token>")
@guards.public
def show(token: str):
    with reading() as session:
        who = _visitor(session, Purpose.PREFERENCES, token)
        return _preferences(session, who, token)


@pages.post("/p/<token>")
@csrf.exempt
@guards.public
def choose(token: str):
    form = request.form
    try:
        with transaction() as session:
            who = _visitor(session, Purpose.PREFERENCES, token)
            if "until" in form:
                choosing.pause(session, who, form["until"])
            if "rhythm" in form:
                choosing.often(session, who, form["rhythm"])
            choosing.speak(session, who, form.get("language", ""))
            topic_choices.choose(session, who, form, _evidence(Method.PAGE))
            if form.get("tracking") in ("yes", "no"):
                choosing.follow(session, who, form["tracking"] == "yes", _evidence(Method.PAGE))
    except BadInput as error:
        with reading() as session:
            who = _visitor(session, Purpose.PREFERENCES, token)
            return _preferences(session, who, token, errors={error.field: error.message}), 422
    return redirect(url_for("preferences.show", token=token, saved=1), 303)


@pages.post("/p/<token>/own")
@csrf.exempt
@guards.public
def own_data(token: str):
    """Send them a link to what is known of them; to their address, as this link may have been passed on."""
    with transaction() as session:
        who = _visitor(session, Purpose.PREFERENCES, token)
        if who.contact is not None:
            requesting.ask_for_own(session, who.contact)
        return _page("own_data_sent", session, who)


@pages.errorhandler(NotFound)
@guards.public
def unknown(error: NotFound):
    """The same page for every link that was not made here."""
    if request.method == "POST" and "List-Unsubscribe" in request.form:
        return f"{error.message}\n", 404, {"Content-Type": "text/plain; charset=utf-8"}
    with reading() as session:
        return render_template("public/unknown_link.html", **_firm(session)), 404


def _visitor(session: Session, purpose: Purpose, token: str) -> Visitor:
    """Who came, with the page set to their language."""
    who = visiting.visitor(session, purpose, token)
    ours = people.organisation(session)
    language.speak(who.language or (ours.language if ours else ""))
    return who


def _evidence(method: str) -> Evidence:
    return Evidence(
        method=method,
        ip=request.remote_addr or "",
        user_agent=request.user_agent.string[:500],
        page_url=f"{settings.current().base_url}/{request.path.split('/')[1]}/",  # without the token
    )


def _firm(session: Session) -> dict[str, Any]:
    ours = people.organisation(session)
    if ours is not None:
        g.timezone = ours.timezone
    return {"organisation_name": ours.name if ours else "", "organisation": ours}


def _page(name: str, session: Session, who: Visitor, **values: Any) -> str:
    return render_template(f"public/{name}.html", who=who, **_firm(session), **values)


def _left(session: Session, who: Visitor, token: str, alone: bool = False) -> str:
    session.flush()
    return _page(
        "unsubscribed",
        session,
        who,
        token=token,
        alone=alone,
        choices=choosing.choices(session, who),
        proof=visiting.undo_token(who) if choosing.just_left(session, who) else "",
        preferences=_link(Purpose.PREFERENCES, who),
    )


def _preferences(session: Session, who: Visitor, token: str, errors: dict[str, str] | None = None) -> str:
    return _page(
        "preferences",
        session,
        who,
        token=token,
        errors=errors or {},
        form=request.form,
        saved="saved" in request.args,
        choices=choosing.choices(session, who),
        receipt=choosing.receipt(session, who),
        today=now().date(),
        wording=wordings.tracking(),
        asked=topic_choices.choices(session, who),
        rhythms=rhythm.choices(),
        agreement=topic_choices.agreement(),
        spoken=spoken(),
        topic_names=topics.names(session, spoken()),
        unsubscribe=tokens.sign(Purpose.UNSUBSCRIBE, who.contact_id, who.message_id),
    )


def _link(purpose: Purpose, who: Visitor) -> str:
    return tokens.sign(purpose, who.contact_id, who.message_id)
