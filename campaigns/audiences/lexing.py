"""Cuts the text of a rule into words, each knowing its place."""

import re
from dataclasses import dataclass
from enum import StrEnum

from campaigns.errors import BadInput
from campaigns.words import _

LONGEST = 10_000

_OPERATOR = re.compile(r"!=|>=|<=|~~|[:=~<>]")
_BARE = re.compile(r"[^\s()\",:=!~<>“”„]+")
_PLACE = re.compile(r"[\w.]+|\"[^\"]{0,60}\"?|\S")  # what is wrong, as far as it is worth marking
_UNFIT = re.compile("[\x00\ud800-\udfff]")  # what a database takes no text with
_AROUND = 60
_CLOSING = {'"': '"', "“": "”", "„": "“”"}


class RuleProblem(BadInput):
    """A rule that can't be understood; `position` is the place in its text, counted from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message, field="rule")
        self.position = position

    def pointed(self, text: str) -> str:
        """The line of the rule with a mark under the place, for the command line."""
        start = text.rfind("\n", 0, self.position) + 1
        line = text[start:].split("\n", 1)[0].replace("\t", " ")
        return f"{line}\n{' ' * (self.position - start)}^"

    def excerpt(self, text: str) -> tuple[str, str, str]:
        """What stands before the place, the word there, and what follows, each short enough to be shown."""
        found = _PLACE.match(text, self.position)
        end = found.end() if found else self.position + 1
        before, after = text[: self.position], text[end:]
        return (
            before if len(before) <= _AROUND else f"…{before[-_AROUND:]}",
            text[self.position : end],
            after if len(after) <= _AROUND else f"{after[:_AROUND]}…",
        )


class Is(StrEnum):
    """What a word of a rule can be."""

    WORD = "word"
    QUOTED = "quoted"
    OPERATOR = "operator"
    OPEN = "("
    CLOSE = ")"
    COMMA = ","
    END = "end"


@dataclass(frozen=True, slots=True)
class Word:
    """One piece of the rule's text, from `start` up to `end`."""

    what: Is
    text: str
    start: int
    end: int

    def means(self, keyword: str) -> bool:
        """Whether this is the unquoted keyword, in any case."""
        return self.what == Is.WORD and self.text.lower() == keyword


def cut(text: str, longest: int = LONGEST) -> list[Word]:
    """All words of the text, and an END; raises RuleProblem for an open quote or a stray sign."""
    if len(text) > longest:
        raise RuleProblem(_("A rule may have at most %(n)s characters.", n=longest), longest)
    if unfit := _UNFIT.search(text):
        raise RuleProblem(_("Here stands a sign that no text can hold. Take it out."), unfit.start())
    words, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        word = _next(text, at)
        words.append(word)
        at = word.end
    return [*words, Word(Is.END, "", len(text), len(text))]


def _next(text: str, at: int) -> Word:
    char = text[at]
    if char in "(),":
        return Word(Is(char), char, at, at + 1)
    if char in _CLOSING:
        return _quoted(text, at)
    if found := _OPERATOR.match(text, at):
        sign = ":" if found[0] == "=" else found[0]
        return Word(Is.OPERATOR, sign, at, found.end())
    if found := _BARE.match(text, at):
        return Word(Is.WORD, found[0], at, found.end())
    raise RuleProblem(_("The sign “%(sign)s” means nothing here.", sign=char), at)


def _quoted(text: str, start: int) -> Word:
    """A value in quotation marks; inside, a mark is written `\\"` or twice."""
    closing = _CLOSING[text[start]]
    value, at = [], start + 1
    while at < len(text):
        char = text[at]
        following = text[at + 1 : at + 2]
        if char == "\\" and following and (following in closing or following in '\\"'):
            value.append(following)
            at += 2
        elif char in closing and not (char == '"' and following == '"'):
            return Word(Is.QUOTED, "".join(value), start, at + 1)
        else:
            value.append(char)
            at += 2 if char in closing else 1
    raise RuleProblem(_("This quotation mark is never closed."), start)
