"""Pages: how far a campaign is, who stands behind each number, and one contact's letters."""

import io
import os
import time
from typing import IO, Any

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_security import current_user

from campaigns.accounts.models import Role
from campaigns.contacts import visibility
from campaigns.database import reading, transaction
from campaigns.delivery import accounting, explaining, listing, pacing, resolving
from campaigns.delivery import relay_log as relay_logs
from campaigns.errors import BadInput, NotFound, TooLarge
from campaigns.mailings.models import Campaign
from campaigns.web import guards, paging, panels, protection
from campaigns.words import _, ngettext

pages = Blueprint("delivery", __name__, url_prefix="/delivery")

_LONGEST_ID = 18  # digits that every database takes


def register(_app: Flask) -> None:
    """Offer the letters of a contact to their page."""
    panels.register(
        panels.Panel(
            page="contact",
            key="messages",
            title=lambda: _("Letters"),
            url=lambda contact_id: url_for("delivery.letters", contact_id=contact_id),
            place=60,
        )
    )


@pages.get("/campaigns/<int:campaign_id>/progress")
@guards.role(Role.MARKETER)
def progress(campaign_id: int):
    """The fragment that asks for its figures again while the campaign is moving.

    `was` is the status that the page shows: only when it has changed are the buttons changed too.
    """
    was = request.args.get("was", "")
    with reading() as session:
        campaign = _campaign(session, campaign_id)
        account = accounting.lately(session, campaign_id)
        part = "_figures" if was == campaign.status else "_progress"
        answer = make_response(
            render_template(
                f"pages/delivery/{part}.html",
                campaign=campaign,
                account=account,
                pace=pacing.pace(account.done, account.open, request.args.get("seen", ""), time.time()),
                actions=_actions(campaign),
                words=explaining,
            )
        )
    if was and part == "_progress":
        answer.headers.update({"HX-Retarget": "#progress", "HX-Reswap": "outerHTML"})
    return answer


def _actions(campaign: Campaign) -> list[tuple[str, str, str, str]]:
    """What can be done with the campaign now: address, label, kind, question."""
    stop = _("Those who have not been mailed yet will not be. This can't be undone.")
    offered = {
        "sending": [("pause", _("Pause"), "", ""), ("cancel", _("Cancel"), "danger", stop)],
        "paused": [("resume", _("Resume"), "primary", ""), ("cancel", _("Cancel"), "danger", stop)],
    }.get(campaign.status, [])
    return [
        (url_for(f"mailings.{act}", campaign_id=campaign.id), label, kind, question)
        for act, label, kind, question in offered
        if f"mailings.{act}" in current_app.view_functions
    ]


@pages.get("/campaigns/<int:campaign_id>/messages")
@guards.role(Role.MARKETER)
def messages(campaign_id: int):
    """The people behind a number of the campaign."""
    group = request.args.get("status", "all")
    if group not in listing.GROUPS:
        raise NotFound(_("There is no such list of messages."))
    reason = request.args.get("reason", "")
    after = paging.after(int) or [0]
    with reading() as session:
        campaign = _campaign(session, campaign_id)
        lines = listing.of_campaign(session, campaign_id, group, reason, after[0], paging.SIZE + 1)
        return render_template(
            "pages/delivery/messages.html",
            campaign=campaign,
            account=accounting.lately(session, campaign_id),
            page=paging.page(lines, lambda line: [line.message.id], paging.SIZE),
            group=group,
            reason=reason,
            campaign_url=url_for("mailings.show", campaign_id=campaign_id),
            words=explaining,
        )


@pages.post("/campaigns/<int:campaign_id>/send-again")
@guards.role(Role.MARKETER)
def send_again(campaign_id: int):
    with transaction() as session:
        _campaign(session, campaign_id)
        number = resolving.send_again(session, campaign_id, _message_id())
    flash(_sent_again(number))
    return redirect(url_for("delivery.messages", campaign_id=campaign_id, status="uncertain"))


@pages.post("/campaigns/<int:campaign_id>/count-as-sent")
@guards.role(Role.MARKETER)
def count_as_sent(campaign_id: int):
    with transaction() as session:
        _campaign(session, campaign_id)
        number = resolving.count_as_sent(session, campaign_id, _message_id())
    flash(_counted(number))
    return redirect(url_for("delivery.messages", campaign_id=campaign_id, status="uncertain"))


@pages.get("/campaigns/<int:campaign_id>/relay-log")
@guards.role(Role.MARKETER)
def relay_log(campaign_id: int):
    """Where the mail server's log is given."""
    return _log_page(campaign_id)


@pages.post("/campaigns/<int:campaign_id>/relay-log")
@guards.role(Role.MARKETER)
@protection.takes_files
def look_up(campaign_id: int):
    """What the log says of the uncertain letters; nothing is decided by it."""
    try:
        stream, name = _given_log()
        with reading() as session:
            _campaign(session, campaign_id)
            wanted = resolving.uncertain(session, campaign_id)
        log = relay_logs.read(stream, wanted)
    except (BadInput, TooLarge) as problem:
        return _log_page(campaign_id, error=problem.message), problem.status
    with reading() as session:
        findings = resolving.compare(session, log, wanted)
        shown = [*_first(findings.taken), *_first(findings.absent), *_first(findings.unclear)]
        addresses = resolving.addresses_of(session, shown)
    return _log_page(campaign_id, findings=findings, log_name=name, lines=log.lines, addresses=addresses)


@pages.post("/campaigns/<int:campaign_id>/relay-log/settle")
@guards.role(Role.MARKETER)
def settle(campaign_id: int):
    """Do what a person decided by the log."""
    log = request.form.get("log", "")[:100]
    decided = []
    with transaction() as session:
        _campaign(session, campaign_id)
        if "count" in request.form:
            number = resolving.count_as_sent(session, campaign_id, among=_ids("taken"), log=log)
            decided.append(_counted(number))
        if "again" in request.form:
            number = resolving.send_again(session, campaign_id, among=_ids("absent"), log=log)
            decided.append(_sent_again(number))
    if not decided:
        raise BadInput(_("Tick what is to be done."))
    for said in decided:
        flash(said)
    return redirect(url_for("delivery.messages", campaign_id=campaign_id, status="uncertain"))


@pages.get("/contacts/<int:contact_id>/messages")
@guards.signed_in
def letters(contact_id: int):
    """The panel on a contact's page."""
    with reading() as session:
        visibility.seen(session, current_user, contact_id)
        visibility.seen(session, current_user, contact_id)
        found = listing.of_contact(session, contact_id)
        return render_template("pages/delivery/_letters.html", letters=found, words=explaining)


def _given_log() -> tuple[IO[bytes], str]:
    """The log that was uploaded or pasted, and what to call it."""
    file = request.files.get("file")
    if file is not None and file.filename:
        if file.stream.seek(0, os.SEEK_END) > relay_logs.LARGEST:
            raise TooLarge(_("Logs may have up to 200 MB. Cut out the days around the send, or pack it."))
        file.stream.seek(0)
        return file.stream, file.filename[:100]
    pasted = request.form.get("text", "")
    if not pasted.strip():
        raise BadInput(_("Choose the log's file, or paste the lines."))
    return io.BytesIO(pasted.encode()), _("pasted lines")


def _log_page(campaign_id: int, **more: Any) -> str:
    with reading() as session:
        return render_template(
            "pages/delivery/relay_log.html",
            campaign=_campaign(session, campaign_id),
            number=len(resolving.uncertain(session, campaign_id)),
            most=resolving.MOST,
            first=_first,
            **more,
        )


def _first(found: dict[int, str]) -> list[int]:
    """The messages of a group that the page names."""
    return list(found)[: paging.SIZE]


def _ids(name: str) -> list[int]:
    """Messages that a form names; none of what is no number of one."""
    given = request.form.get(name, "").split()
    return [int(number) for number in given if number.isdecimal() and len(number) <= _LONGEST_ID]


def _sent_again(number: int) -> str:
    return ngettext("%(num)s letter will be sent again.", "%(num)s letters will be sent again.", number)


def _counted(number: int) -> str:
    return ngettext("%(num)s letter counts as sent now.", "%(num)s letters count as sent now.", number)


def _message_id() -> int | None:
    """Which one message was meant; None for all of the campaign."""
    return request.form.get("message_id", type=int)


def _campaign(session: Any, campaign_id: int) -> Campaign:
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise NotFound(_("This campaign does not exist any more."))
    return found
