"""The register of panels: rooms offer a part of somebody else's page, at their own address.

A contact's page gathers what many rooms know, and must not import them: each room says here, when
the application is made, which panel it offers; the page loads each from the room's own address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import current_app, flash, make_response, redirect, request
from markupsafe import Markup, escape

from campaigns.errors import NotFound, PersonError
from campaigns.words import _

log = structlog.get_logger()


@dataclass(frozen=True)
class Panel:
    """One part of a page: where it is fetched, and where it stands among the others."""

    page: str  # "contact", "campaign", …
    key: str
    title: Callable[[], str]  # called in a request, so that it speaks the person's language
    url: Callable[[int], str]  # the subject's id → the fragment's address
    place: int = 50  # small ones first
    side: bool = False  # in the narrow column
    roles: tuple[str, ...] = ()  # empty: everybody who may see the page


def register(panel: Panel) -> None:
    """Offer a panel; called while the application is being made."""
    current_app.extensions.setdefault("panels", []).append(panel)


def of(page: str) -> list[Panel]:
    """The panels offered to a page, in order."""
    offered: list[Panel] = current_app.extensions.get("panels", [])
    return sorted((panel for panel in offered if panel.page == page), key=lambda panel: panel.place)


def one(page: str, key: str) -> Panel:
    """One panel by its key; raises NotFound."""
    for panel in of(page):
        if panel.key == key:
            return panel
    raise NotFound(f"No panel “{key}”.")


def content(panel: Panel, subject_id: int) -> Markup:
    """What the panel shows now, asked of its room's view within this request.

    So the page is whole without JavaScript; a part that fails says so and leaves the rest standing.
    """
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    endpoint, values = adapter.match(urlsplit(panel.url(subject_id)).path, method="GET")
    try:
        shown = current_app.view_functions[endpoint](**values)  # an escaped template of that room's
        return Markup(shown)  # nosec B704
    except PersonError as error:
        return Markup("<p>{}</p>").format(escape(error.message))
    except Exception as error:  # whatever goes wrong in one room
        log.error("panel failed", panel=panel.key, exc_info=error)
        return Markup("<p>{}</p>").format(_("This part can't be shown just now. Load the page again."))


def kept(key: str, page_url: str, fragment: Callable[[], str], said: str) -> Any:
    """After a panel's form was taken: the panel again, and word to the others (`<key>Changed`).

    Without JavaScript, back to the page that the panel stands on.
    """
    if not request.headers.get("HX-Request"):
        flash(said, "success")
        return redirect(f"{page_url}#part-{key}")
    answer = make_response(fragment())
    answer.headers["HX-Trigger-After-Swap"] = f"{key}Changed"
    return answer


def refused(key: str, page_url: str, fragment: Callable[[], str], error: PersonError) -> Any:
    """After a panel's form was not taken: the panel, or the page, with what was wrong."""
    if not request.headers.get("HX-Request"):
        flash(error.message, "error")
        return redirect(f"{page_url}#part-{key}")
    return fragment(), error.status
