"""What the template parser complains about, said in plain words; and sizes checked before parsing."""

import re

from jinja2 import Environment, TemplateSyntaxError

from campaigns.mailings.language.budget import MAX_BRACKETS, MAX_SOURCE, MAX_TOKENS
from campaigns.mailings.language.problem import TemplateProblem
from campaigns.words import _

_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")


def check_size(language: Environment, source: str) -> None:
    """Refuse what would take long to parse: too long, too many parts, too many brackets open at once."""
    if len(source) > MAX_SOURCE:
        raise TemplateProblem(_("The template is longer than %(max)s KB.", max=MAX_SOURCE // 1024))
    if half := re.search("[\ud800-\udfff]", source):
        raise TemplateProblem(_("This text holds half a character."), source.count("\n", 0, half.start()) + 1)
    brackets = 0
    try:
        for count, (line, kind, value) in enumerate(language.lexer.tokeniter(source, None), 1):
            if count > MAX_TOKENS:
                raise TemplateProblem(_("The template has too many parts up to here. Make it shorter."), line)
            if kind in ("integer", "float") and len(value) > 20:
                raise TemplateProblem(_("This number is too large."), line)
            if kind == "operator":
                brackets += (value in _OPENING) - (value in _CLOSING)
            elif kind == "variable_begin":
                brackets = 0
            if brackets > MAX_BRACKETS:
                raise TemplateProblem(_("Too many brackets are open here."), line)
    except TemplateSyntaxError as error:
        raise problem(error) from error


def problem(error: TemplateSyntaxError) -> TemplateProblem:
    """The same complaint for a person who has never heard of tokens."""
    message = error.message or ""
    for pattern, sentence in _sentences():
        if found := re.match(pattern, message):
            return TemplateProblem(sentence % found.groupdict(), error.lineno)
    return TemplateProblem(_("This can't be understood: %(message)s", message=message), error.lineno)


def _sentences() -> list[tuple[str, str]]:
    return [
        (
            r"Encountered unknown tag '(?P<tag>.{1,60}?)'",
            _("“{%% %(tag)s %%}” can't be used. There are if, elif, else, endif, for, endfor, set, raw."),
        ),
        (
            r"Unexpected end of template.*innermost block that needs to be closed is '(?P<tag>\w+)'",
            _("“{%% %(tag)s %%}” is opened and never closed. Add “{%% end%(tag)s %%}”."),
        ),
        (r"Missing end of comment tag", _("A comment “{#” is opened and never closed. Add “#}”.")),
        (
            r"Missing end of raw directive",
            _("“{%% raw %%}” is opened and never closed. Add “{%% endraw %%}”."),
        ),
        (
            r"unexpected '?end of template|expected token '.*', got 'end of template'",
            _("Something that was opened with “{{” or “{%%” is not closed."),
        ),
        (r"tag name expected", _("After “{%%” comes one of if, elif, else, endif, for, endfor, set or raw.")),
        (r"unexpected '(?P<sign>[^']{1,20})'(?:, expected.*)?$", _("There is a “%(sign)s” too many here.")),
        (r"unexpected char '(?P<sign>.{1,20})' at", _("“%(sign)s” can't stand between the braces.")),
        (
            r"Expected an expression, got 'end of print statement'",
            _("There is nothing between “{{” and “}}”."),
        ),
        (
            r"expected token 'end of (?:print statement|statement block)', got '(?P<sign>[^']{1,60})'",
            _("“%(sign)s” is not expected here. Is a quote, a “|” or the closing brace missing?"),
        ),
    ]
