"""The register of panels: rooms offer a part of somebody else's page, at their own address.

A contact's page gathers what many rooms know, and must not import them: each room says here, when
the application is made, which panel it offers; the page loads each from the room's own address.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

from campaigns.errors import NotFound


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
