"""Previews: a letter as one contact would get it, without tracking and with links that do nothing."""

import re
from dataclasses import dataclass

from sqlalchemy.orm import Session

from campaigns.contacts import finding
from campaigns.contacts.filters import Filters
from campaigns.contacts.models import Contact
from campaigns.errors import BadInput
from campaigns.mail import designs
from campaigns.mailings import composing, merging, rendering
from campaigns.mailings.composing import Draft
from campaigns.mailings.models import Campaign
from campaigns.mailings.rendering import Content, Letterer

_FOUND = 8
_ALWAYS, _NEVER = "(min-width: 0px)", "(max-width: 0px)"
_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
_LIGHT = re.compile(r"\(\s*prefers-color-scheme\s*:\s*light\s*\)", re.IGNORECASE)


@dataclass(frozen=True)
class Preview:
    """One letter, and what is worth knowing about it."""

    subject: str
    html: str
    text: str
    size: int  # bytes of HTML
    clipped: bool  # larger than Gmail shows
    empty: tuple[str, ...]  # fields that leave a hole for this contact
    unknown: tuple[str, ...]  # fields that nobody has

    def seen(self, view: str) -> str:
        """The HTML as a mail program in light or dark mode shows it, whatever the reader's own screen is."""
        if view == "dark":
            forced = _LIGHT.sub(_NEVER, _DARK.sub(_ALWAYS, self.html))
            return (
                '<meta name="color-scheme" content="dark"><style>:root{background:#121212}</style>' + forced
            )
        return (
            _DARK.sub(_NEVER, _LIGHT.sub(_ALWAYS, self.html))
            + "<style>:root{color-scheme:only light}</style>"
        )


def of_draft(session: Session, draft: Draft, contact_id: int | None = None) -> Preview:
    """What is being written, as this contact (or nobody in particular) would get it.

    Raises TemplateProblem or DesignProblem, naming line and field.
    """
    return of_content(session, composing.compose(session, draft), contact_id)


def of_content(session: Session, content: Content, contact_id: int | None = None) -> Preview:
    """A composed letter as this contact would get it."""
    letterer = rendering.letterer(content.subject, content.html, content.text, content.links)
    return _filled(session, letterer, contact_id, content.bare)


def of_campaign(session: Session, campaign: Campaign, contact_id: int | None = None) -> Preview:
    """A campaign's letter: as frozen once it was launched, else as its template is now."""
    if campaign.revision_id is not None and campaign.status != "draft":
        letterer = rendering.thaw(session, campaign.revision_id)
        return _filled(session, letterer, contact_id, letterer.bare)
    return of_draft(session, composing.of(campaign.template), contact_id)


def find_contacts(session: Session, words: str, chosen: int | None = None) -> list[Contact]:
    """A few contacts by name or address; the newest when nothing is asked for. The chosen one stays."""
    asked = Filters(q=words.strip())
    found = finding.find(session, asked, sort="name" if asked.q else "new", limit=_FOUND)
    kept = session.get(Contact, chosen) if chosen else None
    return found if kept is None or kept in found else [kept, *found]


def values_for(session: Session, contact_id: int | None) -> merging.Values:
    """What a preview is filled in with: the contact's data, else the sample's; links that lead nowhere."""
    contact = merging.of_contacts(session, [contact_id]).get(contact_id) if contact_id else None
    links = {"unsubscribe_url": "#unsubscribe", "preferences_url": "#preferences"}
    return merging.values(contact or merging.sample(), merging.of_firm(session), links)


def _filled(
    session: Session, letterer: Letterer, contact_id: int | None, bare: frozenset[str] | set[str]
) -> Preview:
    values = values_for(session, contact_id)
    subject, html, text = rendering.render(letterer, values)
    size = designs.weight(html)
    return Preview(
        subject=subject,
        html=html,
        text=text,
        size=size,
        clipped=size > designs.CLIPPED_AT,
        empty=tuple(sorted(letterer.missing(values) & bare)),
        unknown=tuple(sorted(name for name in letterer.names if not _known(name))),
    )


def _known(name: str) -> bool:
    return merging.known(name) or re.fullmatch(r"link_\d+", name) is not None


def or_problem(
    session: Session, draft: Draft, contact_id: int | None
) -> tuple[Preview | None, BadInput | None]:
    """The preview, or what is wrong with the draft."""
    try:
        return of_draft(session, draft, contact_id), None
    except BadInput as problem:
        return None, problem
