"""Pages about how fast letters may go: the limits of senders and of receiving domains."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Flask, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role
from campaigns.database import now, reading, transaction
from campaigns.delivery import destinations, holding, limiting, limits, needing, pace_words
from campaigns.delivery.limiting import Wish
from campaigns.delivery.models import DomainPace
from campaigns.delivery.pace_words import Preset
from campaigns.errors import BadInput
from campaigns.mailings import preparing, senders
from campaigns.web import guards, panels
from campaigns.words import _

pages = Blueprint("pace", __name__, url_prefix="/settings/pace")


def register(_app: Flask) -> None:
    """Say on a campaign's page how long limits will make it take."""
    panels.register(
        panels.Panel(
            page="campaign",
            key="pace",
            title=lambda: _("Sending speed"),
            url=lambda campaign_id: url_for("pace.campaign", campaign_id=campaign_id),
            place=20,
        )
    )


@pages.get("/")
@guards.role(Role.ADMIN)
def index() -> str:
    """Everything that is limited."""
    with reading() as session:
        return render_template(
            "pages/delivery/pace.html",
            senders=limiting.senders_listed(session),
            domains=limiting.domains_listed(session),
            others=DomainPace.OTHERS,
            words=pace_words,
            now=now(),
        )


@pages.get("/senders/<int:sender_id>")
@guards.role(Role.ADMIN)
def sender(sender_id: int) -> str:
    """What one sender is held to."""
    with reading() as session:
        senders.get(session, sender_id)
        row = limiting.of_sender(session, sender_id)
        form = _preset(session, pace_words.SENDER_PRESETS) or (vars(row) if row else {})
    return _sender_page(sender_id, form, {})


@pages.post("/senders/<int:sender_id>")
@guards.role(Role.ADMIN)
def limit_sender(sender_id: int) -> Any:
    """Keep what was chosen."""
    try:
        with transaction() as session:
            limiting.limit_sender(session, sender_id, _wish())
    except BadInput as error:
        return _sender_page(sender_id, request.form, {error.field: error.message}), error.status
    flash(_("Kept. It holds from now on."), "success")
    return redirect(url_for("pace.index"))


def _sender_page(sender_id: int, form: Mapping[str, Any], errors: dict[str, str]) -> str:
    with reading() as session:
        return render_template(
            "pages/delivery/pace_sender.html",
            sender=senders.get(session, sender_id),
            form=form,
            errors=errors,
            words=pace_words,
        )


@pages.get("/domain")
@guards.role(Role.ADMIN)
def domain() -> str:
    """What letters to one domain, or to all others, are held to; without a name a new one."""
    name = request.args.get("name", "")[:253]
    with reading() as session:
        row = limiting.of_domain(session, name)
        form = _preset(session, pace_words.DOMAIN_PRESETS) or (vars(row) if row else {})
    return _domain_page({**form, "domain": name}, {})


@pages.post("/domain")
@guards.role(Role.ADMIN)
def limit_domain() -> Any:
    """Keep what was chosen."""
    try:
        with transaction() as session:
            limiting.limit_domain(session, request.form.get("domain", ""), _wish())
    except BadInput as error:
        return _domain_page(request.form, {error.field: error.message}), error.status
    flash(_("Kept. It holds from now on."), "success")
    return redirect(url_for("pace.index"))


def _domain_page(form: Mapping[str, Any], errors: dict[str, str]) -> str:
    return render_template(
        "pages/delivery/pace_domain.html",
        form=form,
        errors=errors,
        words=pace_words,
        others=DomainPace.OTHERS,
    )


@pages.post("/domain/free")
@guards.role(Role.ADMIN)
def free_domain() -> Any:
    """Forget what was set for a domain."""
    with transaction() as session:
        limiting.free_domain(session, request.form.get("domain", ""))
    flash(_("Nothing is set for this domain any more."), "success")
    return redirect(url_for("pace.index"))


@pages.post("/domain/go-on")
@guards.role(Role.ADMIN)
def go_on() -> Any:
    """Send to a domain again that was left alone."""
    with transaction() as session:
        destinations.let_go(session, request.form.get("domain", ""))
    flash(_("Letters go there again."), "success")
    return redirect(url_for("pace.index"))


@pages.get("/campaigns/<int:campaign_id>")
@guards.role(Role.MARKETER)
def campaign(campaign_id: int) -> Any:
    """The panel of a campaign that waits: how long limits will make it take; nothing where none does."""
    with reading() as session:
        needed = needing.of_draft(session, campaign_id)
    answer = make_response(render_template("pages/delivery/_needed.html", needed=needed) if needed else "")
    if not needed:
        answer.headers["HX-Reswap"] = "delete"
    return answer


@pages.get("/campaigns/<int:campaign_id>/holding")
@guards.role(Role.MARKETER)
def held(campaign_id: int) -> str:
    """The fragment that says why a campaign goes slowly on purpose; empty when it does not."""
    with reading() as session:
        found = holding.holding(session, preparing.get(session, campaign_id))
    return render_template("pages/delivery/_holding.html", held=found, now=now())


def _wish() -> Wish:
    form = request.form
    return Wish(
        letters=_number("letters"),
        per=form.get("per", 60, type=int),
        burst=_number("burst"),
        at_once=_number("at_once"),
        warm_from=_day(form.get("warm_from", "")),
    )


def _number(name: str) -> int | None:
    given = request.form.get(name, "").strip()
    if not given:
        return None
    try:
        return int(given)
    except ValueError as error:
        raise BadInput(_("Write a whole number, or leave it empty."), field=name) from error


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given) if given.strip() else None
    except ValueError as error:
        raise BadInput(_("Write a day, such as 2027-03-01, or leave it empty."), field="warm_from") from error


def _preset(session: Session, offered: Mapping[str, Preset]) -> dict[str, Any]:
    """The values of the ready-made choice that was asked for, if any."""
    chosen = offered.get(request.args.get("preset", ""))
    today = now().astimezone(limits.read(session).zone).date()
    return vars(chosen.wish(today)) if chosen else {}
