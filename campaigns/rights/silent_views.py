"""Silent people: who they are, what erasing some or all of them would do, and having it done."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_security import current_user
from sqlalchemy.orm import Session

from campaigns.accounts import audit, people
from campaigns.accounts.models import Role
from campaigns.database import reading, transaction
from campaigns.errors import BadInput
from campaigns.rights import erasing_many, inactive
from campaigns.web import guards, paging

pages = Blueprint("silent", __name__, url_prefix="/rights/silent")


@pages.get("/")
@guards.role(Role.ADMIN)
def index() -> str:
    """Those of whom nothing was heard for so long, the longest first."""
    return _index({})


def _index(errors: dict[str, str]) -> str:
    after = paging.after(str, int)
    with reading() as session:
        months = _months(session)
        rows = erasing_many.listed(session, months, current_user, after, paging.SIZE + 1)
        return render_template(
            "pages/rights/silent.html",
            page=paging.page(rows, lambda row: [row[1].isoformat(), row[0].id]),
            months=months,
            tabs=[
                (url_for(".index", months=each), inactive.said(each), each == months)
                for each in inactive.MONTHS
            ],
            words=erasing_many.words,
            most=erasing_many.MOST,
            errors=errors,
        )


@pages.post("/look")
@guards.role(Role.ADMIN)
def look() -> Any:
    """How many would go, who is held back, and what stays; nothing is done yet."""
    try:
        with reading() as session:
            months = _months(session)
            if request.form.get("all"):
                numbers = erasing_many.longest(session, months, current_user)
            else:
                numbers = _numbers(request.form.getlist("id"))
            return _look(session, numbers, months, {})
    except BadInput as error:
        return _index({error.field: error.message}), error.status


def _look(session: Session, numbers: list[int], months: int, errors: dict[str, str]) -> str:
    found = erasing_many.look(session, numbers, months, current_user)
    return render_template(
        "pages/rights/silent_look.html",
        found=found,
        numbers=",".join(map(str, numbers)),
        held=[(erasing_many.words(reason), number) for reason, number in found.held.items()],
        months=months,
        said=inactive.said(months),
        errors=errors,
    )


@pages.post("/erase")
@guards.role(Role.ADMIN)
def erase() -> Any:
    """Have those erased who were looked at, once their number was typed to be sure."""
    numbers = _numbers(request.form.get("numbers", "").split(","))
    try:
        with transaction() as session:
            months = _months(session)
            edit = erasing_many.start(session, numbers, months, request.form.get("number", ""), current_user)
            audit.note(
                session, "contacts.erase_silent", f"edit:{edit.id}", months=months, contacts=edit.matching
            )
            address = url_for("contact_edits.show", edit_id=edit.id)
    except BadInput as error:
        if error.field == "id":
            return _index({error.field: error.message}), error.status
        with reading() as session:
            page = _look(session, numbers, _months(session), {error.field: error.message})
        return page, error.status
    return redirect(address)


def _numbers(given: list[str]) -> list[int]:
    return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) < 16]


def _months(session: Session) -> int:
    """What was asked for, else what the organisation reviews by."""
    given = request.values.get("months", "")
    if given in map(str, inactive.MONTHS):
        return int(given)
    ours = people.organisation(session)
    return ours.review_after if ours else inactive.MONTHS[2]
