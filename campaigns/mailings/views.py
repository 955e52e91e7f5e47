"""Pages of campaigns: the list, the form, and each campaign with its parts."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.accounts.models import Role
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.mailings import (
    dns_records,
    forms,
    frames,
    preflight,
    preparing,
    previewing,
    scheduling,
    trying,
)
from campaigns.mailings import following as _following  # noqa: F401 - frozen rules follow renamed labels
from campaigns.mailings.models import Campaign, Status
from campaigns.mailings.templates_views import VIEWS
from campaigns.web import guards, paging, panels
from campaigns.words import _

pages = Blueprint("mailings", __name__, url_prefix="/campaigns")


@pages.get("/")
@guards.role(Role.MARKETER)
def index():
    """Campaigns, newest first, by status and name."""
    status, words = request.args.get("status", ""), request.args.get("q", "").strip()
    after = paging.after(int)
    with reading() as session:
        rows = preparing.listed(
            session,
            status=status if status in set(Status) else "",
            words=words,
            after=after[0] if after else None,
            most=paging.SIZE + 1,
        )
        return render_template(
            "pages/mailings/index.html",
            page=paging.page(rows, lambda campaign: [campaign.id]),
            counts=preparing.counts(session),
            statuses=list(Status),
            status=status,
            words=words,
            progress_url=_progress_url,
        )


@pages.get("/new")
@guards.role(Role.MARKETER)
def new():
    """The form, perhaps with a template or an audience chosen."""
    with reading() as session:
        chosen = {name: request.args.get(name, type=int) for name in ("template_id", "audience_id")}
        return _form(session, forms.blank(session, **chosen), {})


@pages.post("/")
@guards.role(Role.MARKETER)
def create():
    with reading() as session:
        clock = forms.timezone(session)
    try:
        with transaction() as session:
            made = preparing.create(session, forms.read(request.form, clock), current_user.id)
    except BadInput as problem:
        with reading() as session:
            return _form(session, request.form, {problem.field: problem.message}), problem.status
    return redirect(url_for("mailings.show", campaign_id=made.id))


@pages.get("/<int:campaign_id>/edit")
@guards.role(Role.MARKETER)
def edit(campaign_id: int):
    with reading() as session:
        campaign = preparing.get(session, campaign_id)
        return _form(session, forms.of(campaign, forms.timezone(session)), {}, campaign)


@pages.post("/<int:campaign_id>/edit")
@guards.role(Role.MARKETER)
def change(campaign_id: int):
    with reading() as session:
        campaign, clock = preparing.get(session, campaign_id), forms.timezone(session)
    try:
        with transaction() as session:
            preparing.change(session, campaign_id, forms.read(request.form, clock))
    except BadInput as problem:
        with reading() as session:
            errors = {problem.field: problem.message}
            return _form(session, request.form, errors, campaign), problem.status
    flash(_("The campaign is kept."), "success")
    return redirect(url_for("mailings.show", campaign_id=campaign_id))


def _form(session: Session, form: Any, errors: dict[str, str], campaign: Campaign | None = None) -> str:
    return render_template(
        "pages/mailings/form.html",
        form=form,
        errors=errors,
        campaign=campaign,
        choices=forms.choices(session),
    )


@pages.get("/<int:campaign_id>")
@guards.role(Role.MARKETER)
def show(campaign_id: int):
    """Overview: before the launch what is to be done, after it how far it is."""
    with reading() as session:
        clock, about = forms.timezone(session), dict(forms.about(session))
        return _page(session, campaign_id, "overview", clock=clock, local=forms.local, about=about)


@pages.get("/<int:campaign_id>/content")
@guards.role(Role.MARKETER)
def content(campaign_id: int):
    """The letter as a contact gets it."""
    contact_id, view = request.args.get("contact_id", type=int), request.args.get("view", "")
    with reading() as session:
        campaign = preparing.get(session, campaign_id)
        preview, problem = None, None
        try:
            preview = previewing.of_campaign(session, campaign, contact_id)
        except BadInput as found:
            problem = found
        return _page(
            session,
            campaign_id,
            "content",
            preview=preview,
            problem=problem,
            contact_id=contact_id,
            view=view if view in VIEWS else "desktop",
            words=request.args.get("as", ""),
            contacts=previewing.find_contacts(session, request.args.get("as", "")),
        )


@pages.get("/<int:campaign_id>/letter")
@guards.role(Role.MARKETER)
def letter(campaign_id: int):
    """The letter alone, for the frame."""
    with reading() as session:
        campaign = preparing.get(session, campaign_id)
        preview = previewing.of_campaign(session, campaign, request.args.get("contact_id", type=int))
    return frames.letter(preview.seen(request.args.get("view", "")))


@pages.get("/<int:campaign_id>/preflight")
@guards.role(Role.MARKETER)
def checks(campaign_id: int):
    """Pre-flight; as a fragment for the overview, or a page of its own."""
    with reading() as session:
        campaign = preparing.get(session, campaign_id)
        found = preflight.run(session, campaign)
        if request.headers.get("HX-Request"):
            return render_template("pages/mailings/_checks.html", campaign=campaign, checks=found, brief=True)
        return _page(session, campaign_id, "preflight", checks=found)


@pages.get("/<int:campaign_id>/preflight/dns")
@guards.role(Role.MARKETER)
def checks_dns(campaign_id: int):
    """What DNS says; asked on its own because it may take seconds."""
    with reading() as session:
        campaign = preparing.get(session, campaign_id)
    found = dns_records.check(campaign.sender)
    return render_template("pages/mailings/_checks.html", campaign=campaign, checks=found, brief=False)


@pages.get("/<int:campaign_id>/status")
@guards.role(Role.MARKETER)
def status(campaign_id: int):
    """The badge beside the name, while it may change."""
    with reading() as session:
        campaign = preparing.get(session, campaign_id)
        return render_template("pages/mailings/_status.html", campaign=campaign, asked=True)


def _page(session: Session, campaign_id: int, part: str, **values: Any) -> str:
    campaign = preparing.get(session, campaign_id)
    return render_template(
        f"pages/mailings/{part}.html",
        campaign=campaign,
        part=part,
        tabs=_tabs(campaign, part),
        never_began=scheduling.never_began(campaign),
        progress_url=_progress_url(campaign_id),
        report_url=_there("analytics.show", campaign_id),
        panels=panels.of("campaign"),
        **values,
    )


def _tabs(campaign: Campaign, part: str) -> list[tuple[str, str, bool]]:
    tabs = [(url_for("mailings.show", campaign_id=campaign.id), _("Overview"), part == "overview")]
    tabs.append((url_for("mailings.content", campaign_id=campaign.id), _("Letter"), part == "content"))
    if campaign.status in (Status.DRAFT, Status.SCHEDULED):
        checks_url = url_for("mailings.checks", campaign_id=campaign.id)
        tabs.append((checks_url, _("Pre-flight"), part == "preflight"))
    elif people_url := _there("delivery.messages", campaign.id):
        tabs.append((people_url, _("People"), False))
    return tabs


def _progress_url(campaign_id: int) -> str:
    return _there("delivery.progress", campaign_id)


def _there(endpoint: str, campaign_id: int) -> str:
    """The address of another room's page about the campaign; empty when that room is not there."""
    return url_for(endpoint, campaign_id=campaign_id) if endpoint in current_app.view_functions else ""


@pages.post("/<int:campaign_id>/test")
@guards.role(Role.MARKETER)
def test(campaign_id: int):
    """One test letter to whoever asks."""
    with reading() as session:
        campaign = preparing.get(session, campaign_id)
        written = trying.write(
            session, campaign, current_user.email, request.form.get("contact_id", type=int)
        )
    trying.send(*written)
    flash(_("A test letter went to %(email)s.", email=current_user.email), "success")
    return redirect(url_for("mailings.show", campaign_id=campaign_id))


@pages.post("/<int:campaign_id>/send")
@guards.role(Role.MARKETER)
def send(campaign_id: int):
    with transaction() as session:
        campaign = preparing.get(session, campaign_id)
        if scheduling.send_now(session, campaign):
            flash(_("“%(name)s” is on its way.", name=campaign.name), "success")
    return redirect(url_for("mailings.show", campaign_id=campaign_id))


@pages.post("/<int:campaign_id>/schedule")
@guards.role(Role.MARKETER)
def schedule(campaign_id: int):
    with transaction() as session:
        campaign = preparing.get(session, campaign_id)
        at = scheduling.moment(request.form.get("scheduled_at", ""), forms.timezone(session))
        scheduling.schedule(session, campaign, at)
    flash(_("“%(name)s” is scheduled.", name=campaign.name), "success")
    return redirect(url_for("mailings.show", campaign_id=campaign_id))


@pages.post("/<int:campaign_id>/unschedule")
@guards.role(Role.MARKETER)
def unschedule(campaign_id: int):
    return _steer(campaign_id, scheduling.unschedule)


@pages.post("/<int:campaign_id>/pause")
@guards.role(Role.MARKETER)
def pause(campaign_id: int):
    return _steer(campaign_id, scheduling.pause)


@pages.post("/<int:campaign_id>/resume")
@guards.role(Role.MARKETER)
def resume(campaign_id: int):
    return _steer(campaign_id, scheduling.resume)


@pages.post("/<int:campaign_id>/cancel")
@guards.role(Role.MARKETER)
def cancel(campaign_id: int):
    return _steer(campaign_id, scheduling.cancel)


def _steer(campaign_id: int, verb: Callable[[Session, Campaign], None]) -> Any:
    with transaction() as session:
        verb(session, preparing.get(session, campaign_id))
    return redirect(url_for("mailings.show", campaign_id=campaign_id))


@pages.post("/<int:campaign_id>/duplicate")
@guards.role(Role.MARKETER)
def duplicate(campaign_id: int):
    with transaction() as session:
        made = preparing.duplicate(session, preparing.get(session, campaign_id), current_user.id)
    flash(_("This is the copy. Change what shall differ, then send it."), "success")
    return redirect(url_for("mailings.edit", campaign_id=made.id))
