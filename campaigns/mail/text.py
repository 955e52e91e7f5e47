"""The text part: what an HTML letter says, for people and programs that read plain text."""

import re

import lxml.html
from inscriptis import Inscriptis
from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.model.config import ParserConfig
from lxml.etree import ParserError
from lxml.html import HtmlElement

from campaigns.mail.placeholders import Placeholders

_LOOKS = ParserConfig(css=STRICT_CSS_PROFILE)
_LINE_ENDS = re.compile(r"[ \t]+$", re.MULTILINE)
_GAPS = re.compile(r"\n{3,}")
_PADDING = re.compile(r"(?:[\u200c\u034f\u00ad\ufeff]\s*){3,}")  # fills the preview line of mail programs


def from_html(html: str) -> str:
    """The document as readable text with the addresses of its links; works before and after rendering.

    `{{ … }}` and `{% … %}` in text and link addresses stay where they are. Tables become lines, for
    columns of plain text don't survive a narrow screen.
    """
    hidden = Placeholders(html)
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True)
    try:
        tree = lxml.html.document_fromstring(hidden.text.encode("utf-8", "replace"), parser=parser)
    except ParserError:  # nothing in it
        return ""
    for tag, rewrite in _REWRITE.items():
        for element in list(tree.iter(tag)):
            rewrite(element)
    return tidy(hidden.back(Inscriptis(tree, _LOOKS).get_text()))


def tidy(text: str) -> str:
    """The text without blanks at line ends and with single empty lines; good after rendering too."""
    text = _LINE_ENDS.sub("", _PADDING.sub("", text).replace("\xa0", " "))
    return _GAPS.sub("\n\n", text).strip("\n") + "\n"


def _image(image: HtmlElement) -> None:
    _say(image, image.get("alt", ""))


def _link(link: HtmlElement) -> None:
    """Say the address behind the words, unless the words are the address."""
    address = link.get("href", "").strip()
    said = "".join(link.itertext()).strip()
    if address and not address.startswith("#") and _bare(said) != _bare(address):
        _say(link, f"{' ' if said else ''}<{address.removeprefix('mailto:')}>")


def _bare(address: str) -> str:
    return re.sub(r"^(?:mailto:|https?://)", "", address).rstrip("/")


def _table(table: HtmlElement) -> None:
    """Tables that lay out become blocks; in those with headings a row is a line."""
    is_data = table.find(".//th") is not None and table.find(".//table") is None
    for cell in list(table.iter("td", "th")):
        cell.tag = "span" if is_data else "div"
        if is_data and cell.getnext() is not None:
            cell.tail = " · " + (cell.tail or "")
    for part in list(table.iter("table", "tbody", "thead", "tfoot", "tr")):
        part.tag = "div"


def _rule(rule: HtmlElement) -> None:
    rule.tag = "div"
    _say(rule, "-" * 20)


def _say(element: HtmlElement, words: str) -> None:
    """Append words to what an element says."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + words
    else:
        element.text = (element.text or "") + words


_REWRITE = {"img": _image, "a": _link, "table": _table, "hr": _rule}
