"""Pages about duplicates: the pairs, two of them side by side, merging, and taking a merge back."""

from typing import Any

from flask import Blueprint, Flask, flash, make_response, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns import jobs, longwork
from campaigns.accounts import audit
from campaigns.accounts.models import Role
from campaigns.cleaning import address_views, comparing, merging, proposing, running, showing, unmerging
from campaigns.cleaning.models import Duplicate, Scope, Verdict
from campaigns.consent import ledger
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.web import guards, paging
from campaigns.words import _, ngettext

pages = Blueprint("cleaning", __name__, url_prefix="/cleaning")
_MOST = 10_000  # pairs are counted no further on a page


def register(app: Flask) -> None:
    """Open the pages about addresses, which stand in a file of their own."""
    app.register_blueprint(address_views.pages)
    address_views.offer()
    app.jinja_env.globals.update(
        duplicate_reason=showing.reason, cleaning_tabs=tabs, address_flaw=showing.flaw
    )


def tabs(active: str) -> list[tuple[str, str, bool]]:
    """The pages of this room, as `ui.tabs` wants them."""
    return [
        (url_for("cleaning.index"), _("Duplicates"), active == "index"),
        (url_for("cleaning.index", status="not_same"), _("Different people"), active == "not_same"),
        (url_for("cleaning.merged"), _("Merged"), active == "merged"),
        (url_for("cleaning_addresses.index"), _("Addresses"), active == "addresses"),
    ]


@pages.get("/")
@guards.role(Role.MARKETER)
def index():
    """The pairs that look like one person, or those that somebody said are two."""
    status = Verdict.NOT_SAME if request.args.get("status") == Verdict.NOT_SAME else Verdict.PROPOSED
    after = paging.after(int, int)
    with reading() as session:
        rows = proposing.listed(session, status, (after[0], after[1]) if after else None)
        return render_template(
            "pages/cleaning/index.html",
            page=paging.page(rows, lambda pair: [pair.score, pair.id]),
            status=status,
            sure=proposing.count(session, _MOST, proposing.SURE),
            most=_MOST,
            **_run(session),
        )


def _run(session: Session) -> dict[str, Any]:
    run = running.under_way(session) or running.newest(session, *Scope)
    return {
        "run": run,
        "moving": bool(run and run.moving),
        "state": f"{run.id}-{run.status}" if run else "",
        "said": showing.said(run) if run else "",
        "percent": showing.percent(run) if run else 0,
    }


@pages.get("/progress")
@guards.role(Role.MARKETER)
def progress():
    """The moving part of the page; asks for the whole page when the run has ended."""
    with reading() as session:
        state = _run(session)
        answer = make_response(render_template("pages/cleaning/_progress.html", **state))
    if state["state"] != request.args.get("state"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@pages.post("/look")
@guards.role(Role.MARKETER)
def look():
    """Go through all contacts now."""
    with transaction() as session:
        run = running.start(session, Scope.ALL, current_user.id)
        audit.note(session, "contacts.look_for_duplicates", f"run:{run.id}")
    return redirect(url_for("cleaning.index"))


@pages.post("/run/<any(pause, resume, cancel):act>")
@guards.role(Role.MARKETER)
def steer(act: str):
    """Let the run rest, go on, or stop for good."""
    with transaction() as session:
        run = running.under_way(session) or running.newest(session, *Scope)
        if run is None:
            raise BadInput(_("Nothing is under way."))
        if act == "resume":
            longwork.resume(session, run, jobs.RUN_CLEANING)
        else:
            {"pause": longwork.pause, "cancel": longwork.cancel}[act](session, run)
        audit.note(session, f"cleaning.{act}", f"run:{run.id}")
    return redirect(url_for("cleaning.index"))


@pages.get("/sure")
@guards.role(Role.MARKETER)
def sure():
    """Which pairs would be merged at once, and how many."""
    with reading() as session:
        rows = [pair for pair in proposing.listed(session) if pair.score >= proposing.SURE]
        number = proposing.count(session, _MOST, proposing.SURE)
        return render_template(
            "pages/cleaning/sure.html", pairs=rows[: paging.SIZE], number=number, most=_MOST
        )


@pages.post("/sure")
@guards.role(Role.MARKETER)
def merge_sure():
    """Merge all pairs that are sure, in the background."""
    with transaction() as session:
        run = running.start(session, Scope.SURE, current_user.id)
        audit.note(session, "contacts.merge_sure", f"run:{run.id}", number=run.total)
    return redirect(url_for("cleaning.index"))


def _two() -> tuple[int, int]:
    a_id, b_id = (request.values.get(name, type=int) for name in ("a", "b"))
    if not a_id or not b_id:
        raise BadInput(_("Choose two contacts."))
    return a_id, b_id


@pages.get("/merge")
@guards.role(Role.MARKETER)
def compare():
    """Two contacts side by side, the better value of each datum chosen."""
    if not request.args:
        return redirect(url_for("cleaning.index"))
    with reading() as session:
        a, b = comparing.both(session, *_two())
        return render_template(
            "pages/cleaning/merge.html",
            both=(a, b),
            obstacle=merging.obstacle(a, b),
            data=comparing.compare(session, a, b),
            consents={contact.id: ledger.states(session, contact.id) for contact in (a, b)},
            pair=proposing.between(session, a.id, b.id),
        )


@pages.post("/merge")
@guards.role(Role.MARKETER)
def merge():
    """Make the two one, with the values that were chosen."""
    chosen = {
        name.removeprefix("datum:"): int(value)
        for name, value in request.form.items()
        if name.startswith("datum:") and value.isdecimal()
    }
    with transaction() as session:
        made = merging.merge(session, *_two(), chosen, current_user.id)
    flash(_("The two are one contact now."), "success")
    return redirect(url_for("contacts.show", contact_id=made.contact_id))


@pages.post("/different")
@guards.role(Role.MARKETER)
def different():
    """The two are different people."""
    with transaction() as session:
        a, b = comparing.both(session, *_two())
        proposing.not_the_same(session, a.id, b.id, current_user.id)
        audit.note(session, "contact.not_same", f"contact:{a.id}", other=b.id)
    flash(_("They are not proposed again."), "success")
    return redirect(url_for("cleaning.index"))


@pages.post("/pairs/<int:duplicate_id>/again")
@guards.role(Role.MARKETER)
def again(duplicate_id: int):
    """Propose the two again after all."""
    with transaction() as session:
        pair: Duplicate = proposing.propose_again(session, duplicate_id)
        audit.note(session, "contact.maybe_same", f"contact:{pair.a_id}", other=pair.b_id)
    return redirect(url_for("cleaning.index", status=Verdict.NOT_SAME))


@pages.get("/merged")
@guards.role(Role.MARKETER)
def merged():
    """What was merged, the newest first."""
    after = paging.after(int)
    with reading() as session:
        rows = unmerging.listed(session, after[0] if after else None)
        page = paging.page(rows, lambda merge: [merge.id])
        return render_template("pages/cleaning/merged.html", page=page)


@pages.get("/merged/<int:merge_id>")
@guards.role(Role.MARKETER)
def show_merge(merge_id: int):
    """One merge: what came with the other contact, and what taking it back would leave."""
    with reading() as session:
        made = unmerging.find(session, merge_id)
        return render_template(
            "pages/cleaning/merge_show.html",
            merge=made,
            contact=made.contact,
            obstacle=unmerging.obstacle(session, made),
            came=showing.came(made),
            left=showing.left(made.left if made.undone_at else unmerging.would_leave(session, made)),
        )


@pages.post("/merged/<int:merge_id>/undo")
@guards.role(Role.MARKETER)
def undo(merge_id: int):
    """Make two contacts of one again."""
    with transaction() as session:
        made = unmerging.unmerge(session, merge_id, current_user.id)
    left = len(made.left["columns"]) + len(made.left["since"])
    flash(_("They are two contacts again."), "success")
    if left:
        one, many = (
            "%(num)s thing stays as it is now; see below.",
            "%(num)s things stay as they are now; see below.",
        )
        flash(ngettext(one, many, left), "info")
    return redirect(url_for("cleaning.show_merge", merge_id=merge_id))
