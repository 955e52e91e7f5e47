"""Hides template tags from parsers that would move or escape them, and puts them back.

An HTML5 parser moves `{% for %}` out of a table, a CSS inliner drops `{% if %}` from a style, XML
chokes on quotes within quotes. So each tag is swapped for a word made of letters and digits, or for
a comment holding that word, which every parser leaves where it is.
"""

import re
from collections import Counter
from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError

from campaigns.mail import markup
from campaigns.mail.markup import DesignProblem
from campaigns.words import _

_jinja = Environment(keep_trailing_newline=True)  # nosec B701: only its lexer is used
_OURS = re.compile("z9q", re.IGNORECASE)
_WORD = re.compile(r"z9q(\d+)([bv])q9z")
_SHOWN = re.compile(
    r"<!--z9q(?P<comment>\d+)[bv]q9z-->"
    r"|z9q(?P<style>\d+)vq9z:\s*z9q(?P=style)vq9z"
    r'|z9q(?P<bare>\d+)[bv]q9z(?:="")?'
)
_MARKUP = re.compile(
    rf"(?P<comment>{markup.COMMENT})"
    r"|(?P<raw><(?P<name>style|title|script|textarea|mj-style|mj-title|mj-preview)\b[^>]*>.*?(?:</(?P=name)\s*>|\Z))"
    rf"|(?P<tag>{markup.TAG})"
    r"|(?P<word>z9q\d+[bv]q9z)",
    re.DOTALL | re.IGNORECASE,
)
_ROWS = re.compile(r"(<table\b[^>]*>)((?:\s*+<!--z9q\d+bq9z-->)++\s*+)(?=<tr\b)", re.IGNORECASE)
_STYLE = re.compile(r"""(\sstyle\s*=\s*)(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_VALUE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_HARMLESS = re.compile(r'[^\\"\x7f-\U0010ffff]*')
_INLINE = re.compile(r"""\sinline\s*=\s*["']inline["']""", re.IGNORECASE)
_QUOTED_OR_BLOCK = re.compile(r""""[^"]*"|'[^']*'|(?P<block>z9q\d+bq9z)""")


class Placeholders:
    """A source with its template tags swapped for words: `text`, then `back` on what became of it."""

    def __init__(self, source: str) -> None:
        self._hidden: list[str] = []
        self.text = "".join(
            _OURS.sub(lambda found: self._hide(found[0], "v"), piece)
            if kind == "data"
            else self._hide(piece, "v" if kind == "variable" else "b")
            for kind, piece in _pieces(source)
        )

    def for_html(self, text: str) -> str:
        """The text for an HTML5 parser and a CSS inliner; inline styles are hidden whole."""
        return _ROWS.sub(r"\1<tbody>\2", _MARKUP.sub(self._html, text))

    def for_mjml(self, text: str) -> tuple[str, str]:
        """The text for an MJML parser, `{% … %}` between elements as comments, and the CSS to inline."""
        css: list[str] = []
        return _MARKUP.sub(lambda found: self._mjml(found, css), text), "\n".join(css)

    def for_markdown(self, text: str) -> str:
        """The text for a Markdown parser: lines of nothing but `{% … %}` stand outside of paragraphs."""
        return re.sub(r"^[ \t]*+((?:z9q\d+bq9z[ \t]*+)++)$", r"<!--\1-->", text, flags=re.MULTILINE)

    def back(self, text: str) -> str:
        """The text with every tag where it was."""
        return _SHOWN.sub(lambda found: self.back(self._hidden[int(found[found.lastindex or 0])]), text)

    def _hide(self, original: str, kind: str) -> str:
        self._hidden.append(original)
        return f"z9q{len(self._hidden) - 1}{kind}q9z"

    def _html(self, found: re.Match[str]) -> str:
        whole = found[0]
        if found["word"]:
            return f"<!--{whole}-->"
        if found["raw"] and found["name"].lower() == "style" and _has_block(whole):
            return f"<!--{self._hide(whole, 'b')}-->"
        if found["tag"]:
            return _STYLE.sub(self._style, self._attributes(whole))
        return whole

    def _mjml(self, found: re.Match[str], css: list[str]) -> str:
        whole = found[0]
        if found["word"] and _has_block(whole):
            return f"<!--{whole}-->"
        if found["tag"]:
            return _VALUE.sub(self._value, whole)
        if found["raw"] and found["name"].lower() == "mj-style":
            opening, _bracket, rest = whole.partition(">")
            if _INLINE.search(opening):
                css.append(rest.rpartition("</")[0])
                return "\n" * whole.count("\n")
        return whole

    def _attributes(self, tag: str) -> str:
        """A tag whose attributes depend on `{% … %}`: from the first to the last becomes one word."""
        blocks = [found for found in _QUOTED_OR_BLOCK.finditer(tag) if found["block"]]
        if not blocks:
            return tag
        start, end = blocks[0].start(), blocks[-1].end()
        before = tag[:start].rstrip()
        if before.endswith("="):
            start = len(before) - len(before[:-1].split()[-1]) - 1
        return f"{tag[:start]} {self._hide(tag[start:end], 'b')} {tag[end:]}"

    def _value(self, found: re.Match[str]) -> str:
        """An attribute's value as the MJML parser returns it unharmed: it writes `\\n` for a line break."""
        value = found[1] if found[2] is None else found[2].replace('"', "&quot;")
        plain = " ".join(value.split())
        return f'="{plain if _HARMLESS.fullmatch(plain) else self._hide(value, "v")}"'

    def _style(self, found: re.Match[str]) -> str:
        """A style attribute as one declaration that no rule can override, and no inliner can dislike."""
        value = found[2] if found[3] is None else found[3].replace('"', "&quot;")
        word = self._hide(value, "v")
        return f'{found[1]}"{word}:{word}"'


def refuse_misplaced(source: str, document: str, may_repeat: bool) -> None:
    """Raise DesignProblem when a `{% … %}` stood where HTML drops it, as in a stray cell, or repeats it."""
    before, after = _blocks(source), _blocks(document)
    for tag in (before - after) or (not may_repeat and after - before) or ():
        line = markup.line_at(source, source.find(tag))
        raise DesignProblem(_("%(tag)s stands where HTML can't keep it.", tag=tag[:60]), line)


def _blocks(text: str) -> Counter[str]:
    return Counter(piece for kind, piece in _pieces(text) if kind not in ("data", "variable"))


def _has_block(text: str) -> bool:
    return any(found[2] == "b" for found in _WORD.finditer(text))


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """The source in order, cut by Jinja's own lexer into data, variable, block and comment."""
    kind, piece, line = "data", "", 1
    try:
        for line_now, token, value in _jinja.lexer.tokeniter(source, None):
            if kind == "data" and token == "data":
                yield "data", value
            elif token in ("variable_begin", "block_begin", "comment_begin", "raw_begin"):
                kind, piece, line = token.removesuffix("_begin"), value, line_now
            elif token.endswith("_end"):
                yield kind, piece + value
                kind, piece = "data", ""
            else:
                piece += value
    except TemplateSyntaxError as error:
        raise DesignProblem(
            _("The template can't be read: %(reason)s", reason=error.message), error.lineno
        ) from error
    if kind != "data":
        raise DesignProblem(_("A tag begins here and never ends: %(start)s", start=piece[:40]), line)
