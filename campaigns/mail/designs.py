"""From what a marketer writes (HTML, MJML, Markdown) to one full HTML document, template tags untouched."""

from enum import StrEnum

from campaigns.errors import BadInput


class Kind(StrEnum):
    """How a design is written."""

    HTML = "html"
    MJML = "mjml"
    MARKDOWN = "markdown"


class DesignProblem(BadInput):
    """The design can't be turned into HTML; `line` (from 1; 0: unknown) says where."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message, field="source")
        self.line = line


CLIPPED_AT = 100 * 1024  # bytes; Gmail cuts letters a little above


def to_document(kind: Kind | str, source: str, language: str = "en") -> str:
    """The design as a full HTML document with its CSS inlined; once a campaign, before rendering.

    `{{ … }}` and `{% … %}` come out where and as they went in. Raises DesignProblem.
    """
    raise NotImplementedError


def weight(html: str) -> int:
    """The document's size in bytes; above CLIPPED_AT mail programs cut it."""
    return len(html.encode("utf-8", "replace"))


def images_without_alt(html: str) -> list[str]:
    """The addresses of images that say nothing to people who can't see them (an empty alt is allowed)."""
    raise NotImplementedError
