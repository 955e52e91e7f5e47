"""Settings → How long we keep things: the limits, and what is over by them now."""

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for

from campaigns import settings
from campaigns.accounts.models import Role
from campaigns.contacts import filters
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.rights import inactive, limits
from campaigns.web import guards
from campaigns.words import _, ngettext

pages = Blueprint("limits", __name__, url_prefix="/settings/keeping")


def register(app: Flask) -> None:
    """Let lists of contacts be narrowed to those who have been silent for long."""
    filters.offer(inactive.offered_filter())


@pages.get("/")
@guards.role(Role.ADMIN)
def show() -> str:
    """What is kept for how long, and a dry run of it."""
    return _show({}, {})


def _show(form: dict[str, str], errors: dict[str, str]) -> str:
    with reading() as session:
        over = limits.over(session)
    return render_template(
        "pages/rights/limits.html",
        over=over,
        most=limits.MOST,
        form=form,
        errors=errors,
        hits_months=_choices(limits.HITS_MONTHS),
        inactive_months=_choices(inactive.MONTHS),
        consent_months=[("0", _("For ever")), *_choices(limits.CONSENT_MONTHS[1:])],
        keep=settings.current().keep,
    )


def _choices(months: tuple[int, ...]) -> list[tuple[str, str]]:
    return [(str(one), ngettext("%(num)s month", "%(num)s months", one)) for one in months]


@pages.post("/")
@guards.role(Role.ADMIN)
def change() -> Any:
    """Set the limits; nothing goes before the clock comes by."""
    form = request.form.to_dict()
    try:
        with transaction() as session:
            limits.change(session, form)
    except BadInput as error:
        return _show(form, {error.field: error.message}), error.status
    flash(_("Kept."), "success")
    return redirect(url_for("limits.show"))
