"""The reports: all campaigns with their rates, one campaign taken apart, and the people behind a number."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import get_timezone
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns import sheets
from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.analytics import (
    behind,
    breakdown,
    charts,
    chosen,
    exporting,
    figures,
    tallying,
    timeline,
    wording,
)
from campaigns.consent import reasons
from campaigns.contacts import visibility
from campaigns.database import moment, reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("analytics", __name__, url_prefix="/reports")
_SIZE = 20


@pages.context_processor
def _words() -> dict[str, Any]:
    return {"percent": wording.percent, "spread": wording.spread, "opened_share": wording.opened_share}


@pages.get("/")
@guards.signed_in
def index():
    after, after_id = _after_campaign()
    with reading() as session:
        found = figures.newest(session, after, after_id, _SIZE + 1)
        page = paging.page(found, lambda one: one.key, _SIZE)
        return render_template("pages/analytics/index.html", page=page)


@pages.get("/<int:campaign_id>")
@guards.signed_in
def show(campaign_id: int):
    with reading() as session:
        numbers = figures.figures(session, campaign_id)
        times = timeline.timeline(session, numbers.campaign, get_timezone())
        named = wording.hour if times.by_hour else wording.day
        return render_template(
            "pages/analytics/show.html",
            numbers=numbers,
            campaign=numbers.campaign,
            timeline=times,
            over_time=charts.over_time(times, named),
            bucket_name=named,
            funnel=charts.funnel(numbers),
            links=breakdown.links(session, numbers.campaign),
            failures=breakdown.failures(session, campaign_id),
            why=reasons.words,
        )


@pages.get("/<int:campaign_id>/coverage")
@guards.signed_in
def coverage(campaign_id: int):
    with reading() as session:
        numbers = figures.figures(session, campaign_id)
        kept = tallying.kept(session, numbers)
        return render_template(
            "pages/analytics/_coverage.html",
            coverage=kept.coverage if kept else breakdown.coverage(session, numbers.campaign),
            counted_at=kept and kept.counted_at,
            numbers=numbers,
        )


@pages.get("/<int:campaign_id>/domains")
@guards.signed_in
def domains(campaign_id: int):
    with reading() as session:
        numbers = figures.figures(session, campaign_id)
        kept = tallying.kept(session, numbers)
        return render_template(
            "pages/analytics/_domains.html",
            domains=kept.domains if kept else breakdown.domains(session, campaign_id),
            counted_at=kept and kept.counted_at,
            numbers=numbers,
        )


@pages.get("/<int:campaign_id>/people")
@guards.signed_in
def people(campaign_id: int):
    what = _wanted(campaign_id)
    with reading() as session:
        numbers = figures.figures(session, campaign_id)
        chosen.check_named(numbers, what)
        mine = visibility.visible_to(current_user)
        found = behind.people(session, what, paging.after(), paging.SIZE + 1, mine)
        return render_template(
            "pages/analytics/people.html",
            numbers=numbers,
            campaign=numbers.campaign,
            what=what,
            chosen=f"report:{chosen.written(what)}",
            page=paging.page(found, lambda one: one.key),
            link=_link(session, numbers, what.position),
            forgotten=behind.forgotten(session, what, numbers.campaign.started_at),
            why=reasons.words,
        )


@pages.get("/<int:campaign_id>/<any(links, hours, domains, failures):table>.csv")
@guards.signed_in
def export(campaign_id: int, table: str):
    with reading() as session:
        numbers = figures.figures(session, campaign_id)
        heading, rows = exporting.TABLES[table](session, numbers, get_timezone())
        return _csv(f"campaign-{campaign_id}-{table}.csv", heading, rows)


@pages.get("/<int:campaign_id>/people.csv")
@guards.role(Role.MARKETER)
def export_people(campaign_id: int):
    what = _wanted(campaign_id)
    with transaction() as session:
        chosen.check_named(figures.figures(session, campaign_id), what)
        audit.note(session, "report.export", f"campaign:{campaign_id}", list=what.did)
    return _csv(f"campaign-{campaign_id}-{what.did}.csv", *exporting.people(what))


def _wanted(campaign_id: int) -> behind.Wanted:
    args = request.args
    return behind.wanted(campaign_id, args.get("did", ""), args.get("reason", ""), args.get("link", ""))


def _link(session: Session, numbers: figures.Figures, position: int) -> breakdown.LinkFigures | None:
    found = breakdown.links(session, numbers.campaign) if position else []
    return next((link for link in found if link.position == position), None)


def _after_campaign() -> tuple[datetime | None, int]:
    after = paging.after()
    if after is None:
        return None, 0
    try:
        return moment(after[0]), int(after[1])
    except (ValueError, TypeError, IndexError) as error:
        raise BadInput(_("This page of the list can't be found. Go back to the first one.")) from error


def _csv(name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    answer = Response(sheets.lines(heading, rows), mimetype="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
