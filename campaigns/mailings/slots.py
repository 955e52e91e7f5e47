"""Links of a letter become slots, so that each recipient's copy can carry tracked or plain ones.

Works on text, not on parsed HTML: a parser would move `{% for %}` out of tables.
"""

import html as entities
import re
from dataclasses import dataclass, field

# A quoted value or a tag may run to the end of the document and quantifiers are possessive, so that
# each character is looked at once, whatever the document is.
_TAG = re.compile(r"""<(?:a|area)\s(?:[^>"']|"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))*+(?:>|\Z)""", re.IGNORECASE)
_HREF = re.compile(r"""(\shref\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_RAW = re.compile(r"\{%[-+]?\s*raw\s*-?%\}.*?(?:\{%[-+]?\s*endraw\s*[-+]?%\}|\Z)", re.DOTALL)
_ALT = re.compile(r"""\salt\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^>]*+(?:>|\Z)")
_LONGEST_TEXT = 200


@dataclass(frozen=True)
class FoundLink:
    """One address that a letter links to, and what the reader sees of it."""

    position: int  # from 1
    url: str
    text: str


@dataclass
class Slotted:
    """A document whose links are slots, and the links."""

    html: str = ""
    links: list[FoundLink] = field(default_factory=list)


def slot(position: int) -> str:
    """The merge field that stands for the link."""
    return f"link_{position}"


def cut(document: str) -> Slotted:
    """Replace the address of each fixed http(s) link by a slot.

    Links that hold merge values, mailto:, anchors and the unsubscribe link stay as they are.
    """
    made, seen = Slotted(), dict[tuple[str, str], int]()
    raw = [found.span() for found in _RAW.finditer(document)]

    def replaced(tag: re.Match[str]) -> str:
        shown_raw = any(start <= tag.start() < end for start, end in raw)
        href = None if shown_raw or not tag[0].endswith(">") else _HREF.search(tag[0])
        url = address(href) if href else ""
        if href is None or not is_fixed(url):
            return tag[0]
        key = (url, _seen(document, tag))
        if key not in seen:
            seen[key] = len(made.links) + 1
            made.links.append(FoundLink(seen[key], *key))
        return f'{tag[0][: href.start()]}{href[1]}"{{{{ {slot(seen[key])} }}}}"{tag[0][href.end() :]}'

    made.html = _TAG.sub(replaced, document)
    return made


def addresses(document: str) -> list[str]:
    """Where all links of a document lead, slots and merge fields included, in order."""
    found = (_HREF.search(tag[0]) for tag in _TAG.finditer(document))
    return [address(href) for href in found if href]


def address(href: re.Match[str]) -> str:
    """The address in an href attribute, as a browser reads it."""
    return entities.unescape(href[2] or href[3] or href[4] or "").strip()


def is_fixed(url: str) -> bool:
    """Whether this is a web address that is the same for everybody."""
    return bool(re.match(r"https?://[^\s/?#]", url, re.IGNORECASE)) and "{{" not in url and "{%" not in url


def _seen(document: str, tag: re.Match[str]) -> str:
    """What the reader sees of the link that begins with this tag: its words, else its picture's alt text."""
    inside = tag[0]
    if not inside.lower().startswith("<area"):
        end = document.find("</a", tag.end(), tag.end() + 5_000)
        inside = document[tag.end() : end if end >= 0 else tag.end()]
    words = " ".join(entities.unescape(_ANY_TAG.sub(" ", inside)).split())
    alt = _ALT.search(inside)
    return (words or (entities.unescape(alt[1] or alt[2] or "") if alt else ""))[:_LONGEST_TEXT]
