"""The first page after signing in."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask_security import current_user

from campaigns.accounts.models import Role
from campaigns.contacts.visibility import visible_to
from campaigns.crm import steps
from campaigns.crm.models import Kind
from campaigns.database import now, reading
from campaigns.today import gathering
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("today", __name__, url_prefix="/today")
_BEYOND = 2**62  # past every number of a row


def register(app: Flask) -> None:
    """Let the bare address lead here."""
    app.add_url_rule("/", "home", home)


@guards.signed_in
def home() -> Any:
    """The first page."""
    return redirect(url_for("today.index"))


@pages.get("/")
@guards.signed_in
def index() -> str:
    """What is due, who engaged, who lies fallow: mine, or everybody's whom I may see."""
    whose = _whose()
    theirs = gathering.mine(current_user, whose)
    today = now().astimezone(ZoneInfo(g.get("timezone") or "UTC")).date()
    with reading() as session:
        people, further = gathering.engaged(session, theirs)
        user_id = current_user.id if whose == "mine" else None
        visible = visible_to(current_user)
        return render_template(
            "pages/today/index.html",
            whose=whose,
            today=today,
            soon=today + timedelta(days=7),
            due=steps.due(session, today, visible, user_id, limit=12),
            coming=_coming(session, today, visible, user_id),
            people=people,
            further=further,
            numbers=gathering.numbers(session, theirs, today),
            fallow=gathering.without_step(session, theirs),
            birthdays=gathering.birthdays_this_week(session, theirs),
            empty=gathering.is_empty(session),
            sure=_sure(),
        )


def _coming(session: Any, today: Any, visible: Any, user_id: int | None) -> Any:
    """Steps of the coming week, beyond today."""
    return steps.due(session, today + timedelta(days=7), visible, user_id, after=(today, _BEYOND), limit=6)


@pages.get("/engaged")
@guards.signed_in
def engaged() -> str:
    """Everybody who engaged lately, page by page."""
    after = paging.after()
    with reading() as session:
        people, further = gathering.engaged(
            session,
            gathering.mine(current_user, _whose()),
            (datetime.fromisoformat(after[0]), int(after[1])) if after else None,
            most=40,
        )
        page = paging.Page(people, paging.further(further) if further else None, paging.first())
        return render_template("pages/today/engaged.html", page=page, whose=_whose(), sure=_sure())


def _whose() -> str:
    """`mine` or `all`, as chosen here or last time; salespeople begin with their own."""
    chosen = request.args.get("whose")
    if chosen in ("mine", "all"):
        cookie["whose"] = chosen
    usual = "all" if current_user.may(Role.MARKETER) else "mine"
    return str(cookie.get("whose", usual))


def _sure() -> dict[str, tuple[str, str]]:
    """How sure each sign is: words and colour."""
    return {
        Kind.REPLY: (_("replied"), "green"),
        Kind.CLICK: (_("clicked"), "teal"),
        Kind.OPEN: (_("probably opened"), "gray"),
    }
