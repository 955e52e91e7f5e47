"""Lists for the printer: the chosen columns of contacts or companies, five hundred rows a page."""

from typing import Any

from flask import Blueprint, render_template, request
from flask_security import current_user

from campaigns.database import now, reading
from campaigns.errors import BadInput
from campaigns.exports import asking, columns, gathering, walking
from campaigns.exports.models import Export, Subject
from campaigns.exports.views import asked, here
from campaigns.web import guards, paging
from campaigns.words import _

pages = Blueprint("printing", __name__, url_prefix="/exports/print")
_SIZE = 500
_MOST_COLUMNS = 8


@pages.get("/")
@guards.signed_in
def show() -> str:
    """One page of the list, as `?column=` says; further ones follow by key."""
    subject, choice, query = asked()
    wanted = Export(subject=subject, chosen=dict(choice), options={}, after=_place(subject))
    with reading() as session:
        keys = request.args.getlist("column") or columns.USUAL[subject][:6]
        shown = columns.chosen(session, subject, keys[:_MOST_COLUMNS])
        found = walking.further(session, wanted, current_user, _SIZE + 1)
        page = paging.page(found, lambda place: next(iter(place.after.items())), _SIZE)
        rows = gathering.rows(session, subject, shown, [place.number for place in page.items])
        return render_template(
            "pages/exports/print.html",
            of=asking.name(session, subject, choice),
            shown=shown,
            rows=rows,
            page=page,
            here=here(query),
            now=now(),
        )


def _place(subject: Subject) -> dict[str, Any]:
    """From where the page begins, as the one before said; raises BadInput for what none said."""
    match paging.after():
        case None:
            return {}
        case ["id", int(number)] if subject == Subject.CONTACTS:
            return {"id": number}
        case ["key", [str() | None as value, int(number)]] if (
            subject == Subject.CONTACTS or value is not None
        ):
            return {"key": [value, number]}
    raise BadInput(_("This page of the list can't be found. Go back to the first one."))
