"""From a design to the letter of one contact: compiled once a campaign, rendered once a recipient."""

import html as entities
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.mail import designs
from campaigns.mail import text as text_parts
from campaigns.mailings import footers, language, slots
from campaigns.mailings.language import Compiled, TemplateProblem
from campaigns.mailings.models import Link, Revision
from campaigns.mailings.slots import FoundLink
from campaigns.words import _

PIXEL = "<!--pixel-->"
_TAGS = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_BODY = re.compile(r"<body\b(?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+>", re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)
_PREHEADER = (
    '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;opacity:0">%s'
    + "&#847;&zwnj;&nbsp;" * 40  # so that nothing of the letter itself slips into the line
    + "</div>"
)


@dataclass(frozen=True)
class Content:
    """A letter ready to be frozen: templates with slots where links stood."""

    subject: str
    preheader: str
    html: str
    text: str
    links: tuple[FoundLink, ...]
    names: frozenset[str]  # merge fields used anywhere, before the footer was added
    bare: frozenset[str]  # those shown somewhere without a fallback


@dataclass(frozen=True)
class Letterer:
    """A frozen letter, compiled; `render` fills it in for one recipient after another."""

    subject: Compiled
    html: Compiled
    text: Compiled
    links: tuple[str, ...]  # by position, from 1: links[0] is the first

    @property
    def names(self) -> set[str]:
        """The merge fields used anywhere in the letter."""
        return self.subject.names | self.html.names | self.text.names

    @property
    def bare(self) -> set[str]:
        """Those of them that are shown somewhere without a fallback."""
        return self.subject.bare | self.html.bare

    def missing(self, values: Mapping[str, Any]) -> set[str]:
        """The fields that would leave a hole in this recipient's letter."""
        filled = {**values, **{slots.slot(place): url for place, url in enumerate(self.links, 1)}}
        return self.subject.missing(filled) | self.html.missing(filled)


def compose(kind: str, source: str, subject: str, preheader: str = "", speech: str = "en") -> Content:
    """Compile a design: CSS inlined, links cut into slots, footer and text part added.

    Raises TemplateProblem or DesignProblem, naming the line and the field.
    """
    parts = [
        language.compile(subject, escape=False, one_line=True, field="subject"),
        language.compile(preheader, escape=True, one_line=True, field="preheader"),
        language.compile(source, escape=True),
    ]
    names = frozenset().union(*(part.names for part in parts))
    document = designs.to_document(kind, source, speech or "en").replace(PIXEL, "")
    slotted = slots.cut(_before_end(document, footers.missing(names, speech or "en")))
    content = Content(
        subject=subject,
        preheader=preheader,
        html=_before_end(_after_start(slotted.html, preheader), PIXEL),
        text=text_parts.from_html(slotted.html),
        links=tuple(slotted.links),
        names=names,
        bare=frozenset().union(*(part.bare for part in parts)),
    )
    letterer(content.subject, content.html, content.text, content.links)  # so that a bad one is never frozen
    return content


def letterer(subject: str, html: str, text: str, links: Any) -> Letterer:
    """The compiled form of a letter with slots."""
    return Letterer(
        subject=language.compile(subject, escape=False, one_line=True, field="subject"),
        html=_inner(html, escape=True),
        text=_inner(text, escape=False),
        links=tuple(link.url for link in links),
    )


def freeze(session: Session, content: Content) -> Revision:
    """Write the content down as it is now; a campaign sends this, whatever is edited later."""
    revision = Revision(
        subject=content.subject, preheader=content.preheader, html=content.html, text=content.text
    )
    session.add(revision)
    session.flush()
    for link in content.links:
        session.add(Link(revision_id=revision.id, position=link.position, url=link.url, text=link.text))
    session.flush()
    return revision


def thaw(session: Session, revision_id: int) -> Letterer:
    """A frozen revision, compiled; cheap enough for once a segment, not for once a message."""
    revision = session.get_one(Revision, revision_id)
    links = session.scalars(sa.select(Link).where(Link.revision_id == revision_id).order_by(Link.position))
    return letterer(revision.subject, revision.html, revision.text, links)


def render(
    letterer: Letterer,
    values: Mapping[str, Any],
    link: Callable[[int], str] | None = None,
    pixel_html: str = "",
) -> tuple[str, str, str]:
    """Subject, HTML and text for one recipient.

    `link` gives the tracked address for a position; without it, and without a pixel, letters of two
    recipients differ in nothing but their merge values. Raises TemplateProblem for data that breaks a limit.
    """
    urls = {
        slots.slot(position): link(position) if link else url
        for position, url in enumerate(letterer.links, 1)
    }
    filled = {**values, **urls}
    html = letterer.html.render(filled).replace(PIXEL, pixel_html, 1)
    return letterer.subject.render(filled), html, letterer.text.render(filled)


def _inner(template: str, *, escape: bool) -> Compiled:
    """Compile what was made of a design; its lines are not the marketer's, so none is named."""
    try:
        return language.compile(template, escape=escape)
    except TemplateProblem as problem:
        raise TemplateProblem(
            _("The finished letter can't be compiled: %(reason)s", reason=problem.sentence)
        ) from problem


def _before_end(document: str, piece: str) -> str:
    ends = list(_END.finditer(document))
    at = ends[-1].start() if ends else len(document)
    return document[:at] + piece + document[at:]


def _after_start(document: str, preheader: str) -> str:
    if not preheader.strip():
        return document
    start = _BODY.search(document)
    at = start.end() if start else 0
    return document[:at] + _PREHEADER % "".join(_escaped(preheader)) + document[at:]


def _escaped(plain: str) -> Iterator[str]:
    """Plain text as HTML, its template tags untouched."""
    for place, piece in enumerate(_TAGS.split(plain)):
        yield piece if place % 2 else entities.escape(piece)
