"""Reads the tags of a design, fast and forgiving, to refuse what parsers choke on and to say where."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from campaigns.errors import BadInput
from campaigns.words import _

# A tag after its name, as HTML5 reads it: a quoted value or the tag itself may run to the end of the
# source, so that each character is looked at once whatever the source is.
_REST = r"""(?:=\s*+"[^"]*+(?:"|\Z)|=\s*+'[^']*+(?:'|\Z)|[^>])*+(?:>|\Z)"""
TAG = rf"</?[a-zA-Z]{_REST}"
COMMENT = r"<!--.*?(?:-->|\Z)"

_LARGEST = 2_000_000  # characters
_DEEPEST = 200  # elements in elements: tables in tables reach 60; parsers crash at 10,000
_TAGS = re.compile(
    rf"{COMMENT}|(?P<tag></?(?P<name>[a-zA-Z][^\s/>]*+){_REST})|(?P<stray><(?!!))", re.DOTALL | re.IGNORECASE
)
_QUOTED = re.compile(r"""=\s*("[^"]*"|'[^']*')""")
_VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")
_ENDS_ITSELF = re.compile("p|li|t[dhr]|tbody|thead|tfoot|option|d[td]")  # where the next one begins
_MJML = re.compile(
    "mj-(?:all|attributes|body|breakpoint|button|class|column|divider|font|group|head|hero|image|preview|raw"
    "|section|selector|spacer|style|table|text|title|wrapper|html-attributes?|navbar(?:-link)?"
    "|social(?:-element)?|accordion(?:-element|-title|-text)?|carousel(?:-image)?)"
)


class DesignProblem(BadInput):
    """The design can't be turned into HTML; `line` (from 1; 0: unknown) says where."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message, field="source")
        self.line = line


class _Tag(NamedTuple):
    name: str  # empty: a “<” that begins no tag
    at: int
    text: str

    @property
    def closes(self) -> bool:
        return self.text.startswith("</")

    @property
    def opens(self) -> bool:
        return not self.closes and not self.text.endswith("/>") and not _VOID.fullmatch(self.name)


def refuse_extremes(source: str) -> None:
    """Raise DesignProblem for more, or more deeply nested, than parsers can follow."""
    if len(source) > _LARGEST:
        raise DesignProblem(_("This design is too large: it has more than two million characters."))
    depth = 0
    for tag in _tags(source):
        if not _ENDS_ITSELF.fullmatch(tag.name):
            depth += tag.opens - (tag.closes and depth > 0)
        if depth > _DEEPEST:
            raise DesignProblem(_("Too many elements stand inside each other here."), line_at(source, tag.at))


def refuse_unended(source: str) -> None:
    """Raise DesignProblem where a tag or comment runs to the end: all that follows would be lost."""
    for found in _TAGS.finditer(source):
        if not found[0].endswith(">") and not found["stray"]:
            start = found[0][:40]
            raise DesignProblem(
                _("This begins here and never ends: %(start)s", start=start), line_at(source, found.start())
            )


def refuse_bad_mjml(source: str) -> None:
    """Raise DesignProblem at the first tag that MJML can't take; its parser would not say where."""
    first = next(_tags(source), None)
    if first is None or first.name != "mjml":
        raise DesignProblem(
            _("An MJML design begins with <mjml>."), line_at(source, first.at if first else 0)
        )
    open_tags: list[_Tag] = []
    for tag in _tags(source):
        problem = _mjml_problem(tag)
        if problem:
            raise DesignProblem(problem, line_at(source, tag.at))
        if tag.opens:
            open_tags.append(tag)
        elif tag.closes and open_tags and open_tags[-1].name == tag.name:
            open_tags.pop()
        elif tag.closes and tag.name not in {other.name for other in open_tags}:
            raise DesignProblem(
                _("%(tag)s closes what was never opened.", tag=tag.text), line_at(source, tag.at)
            )
        elif tag.closes:
            break
    if open_tags:
        raise DesignProblem(
            _("<%(name)s> is never closed.", name=open_tags[-1].name), line_at(source, open_tags[-1].at)
        )


def line_at(source: str, place: int) -> int:
    """The line, from 1, of a place in the source."""
    return source.count("\n", 0, place) + 1


def _mjml_problem(tag: _Tag) -> str:
    if not tag.name:
        return _("This “<” begins no tag: write &lt; for it.")
    if tag.name == "mj-include":
        return _("Other files can't be included: put their content here.")
    if tag.name.startswith("mj-") and not _MJML.fullmatch(tag.name):
        return _("MJML has no <%(name)s>.", name=tag.name)
    if "=" in _QUOTED.sub("", tag.text):
        return _("In <%(name)s> an attribute has no quotes around its value.", name=tag.name)
    return ""


def _tags(source: str) -> Iterator[_Tag]:
    for found in _TAGS.finditer(source):
        if found["tag"] or found["stray"]:
            yield _Tag((found["name"] or "").lower(), found.start(), found[0])
