"""From what a marketer writes (HTML, MJML, Markdown) to one full HTML document, template tags untouched."""

import re
from enum import StrEnum
from functools import cache

from css_inline import CSSInliner, InlineError
from markdown_it import MarkdownIt
from mjml import mjml2html
from selectolax.lexbor import LexborHTMLParser

from campaigns import paths
from campaigns.mail import markup
from campaigns.mail.markup import DesignProblem
from campaigns.mail.placeholders import Placeholders, refuse_misplaced
from campaigns.words import _

CLIPPED_AT = 100 * 1024  # bytes; Gmail cuts letters a little above

_markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])


class Kind(StrEnum):
    """How a design is written."""

    HTML = "html"
    MJML = "mjml"
    MARKDOWN = "markdown"


def to_document(kind: Kind | str, source: str, language: str = "en") -> str:
    """The design as a full HTML document with its CSS inlined; once a campaign, before rendering.

    `{{ … }}` and `{% … %}` come out where and as they went in. Raises DesignProblem.
    """
    markup.refuse_extremes(source)
    hidden = Placeholders(source)
    match Kind(kind):
        case Kind.HTML:
            markup.refuse_unended(hidden.text)
            document = _inlined(hidden, hidden.text)
        case Kind.MJML:
            document = _from_mjml(hidden, language)
        case Kind.MARKDOWN:
            document = _inlined(hidden, _from_markdown(hidden, language))
    finished = hidden.back(document)
    refuse_misplaced(source, finished, may_repeat=kind == Kind.MJML)  # which says a title twice
    return finished


def framed(content: str, language: str = "en") -> str:
    """Finished HTML in the frame that Markdown designs get; for our own letters."""
    return _inlined_frame().replace("LANGUAGE", language).replace("CONTENT", content)


def weight(html: str) -> int:
    """The document's size in bytes; above CLIPPED_AT mail programs cut it."""
    return len(html.encode("utf-8", "replace"))


def images_without_alt(html: str) -> list[str]:
    """The addresses of images that say nothing to people who can't see them (an empty alt is allowed)."""
    hidden = Placeholders(html)
    images = LexborHTMLParser(hidden.for_html(hidden.text)).css("img:not([alt])")
    return [hidden.back(image.attributes.get("src") or "") for image in images]


def _from_markdown(hidden: Placeholders, language: str) -> str:
    content = _markdown.render(hidden.for_markdown(hidden.text))
    return _frame().replace("LANGUAGE", language).replace("CONTENT", content)


def _from_mjml(hidden: Placeholders, language: str) -> str:
    """MJML keeps its style sheets; only those marked `inline="inline"` go into the elements."""
    markup.refuse_bad_mjml(hidden.text)
    markup.refuse_unended(hidden.text)
    mjml, css = hidden.for_mjml(hidden.text)
    try:
        html = mjml2html(mjml, fonts={})
    except ValueError as error:
        raise _unreadable(hidden, mjml, str(error)) from error
    html = html.replace('lang="und"', f'lang="{language}"')
    return _inlined(hidden, html, css) if css else html


def _unreadable(hidden: Placeholders, mjml: str, reason: str) -> DesignProblem:
    place = re.search(r"at position (\d+):(\d+)", reason)
    if not place:
        return DesignProblem(_("The MJML can't be read: %(reason)s.", reason=reason))
    start, end = int(place[1]), int(place[2])
    near = hidden.back(mjml[start:end])[:60]
    return DesignProblem(_("This can't stand here: %(near)s", near=near), markup.line_at(mjml, start))


def _inlined(hidden: Placeholders, html: str, css: str | None = None) -> str:
    """The document with its style sheets (or only `css`) moved into the elements; @media and :hover stay."""
    inliner = CSSInliner(
        inline_style_tags=css is None,
        extra_css=css,
        keep_style_tags=True,
        remove_inlined_selectors=css is None,
        load_remote_stylesheets=False,
    )
    try:
        document = inliner.inline(hidden.for_html(html))
    except InlineError as error:
        raise DesignProblem(_("The styles can't be read: %(reason)s", reason=error)) from error
    return document if re.search("<!doctype", document, re.IGNORECASE) else "<!DOCTYPE html>\n" + document


@cache
def _frame() -> str:
    return (paths.TEMPLATES / "emails" / "_frame.html").read_text(encoding="utf-8")


@cache
def _inlined_frame() -> str:
    hidden = Placeholders(_frame())
    return hidden.back(_inlined(hidden, hidden.text))
