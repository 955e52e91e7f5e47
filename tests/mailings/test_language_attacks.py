"""Attacks on the template language: published ones, bombs, and whatever hypothesis thinks of."""

import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.mailings import language
from campaigns.mailings.language import TemplateProblem

PUBLISHED = [
    line.replace("\\n", "\n")
    for line in (Path(__file__).parent / "attacks.txt").read_text().splitlines()
    if line and not line.startswith("# ")
]
VALUES = {
    "contact": {"first_name": "Ann", "tags": ["a", "b"]},
    "a": "xyz",
    "x": "2026-01-01",
    "c": ["1"] * 50,
}

_long_list = "{% set x = [" + ",".join(["1"] * 2000) + "] %}"
BOMBS = {
    "outputs": "{{ a }}" * 100_000,
    "outputs, fewer": "{{a}}" * 1_900,
    "plus": "{{" + "+".join(["a"] * 3_000) + "}}",
    "plus, fewer": "{{" + "+".join(["a"] * 1_300) + "}}",
    "tilde": "{{" + "~".join(["a"] * 3_900) + "}}",
    "and": "{{" + " and ".join(["a"] * 1_900) + "}}",
    "doubling": "{% set x = 'a' %}" + "{% set x = x ~ x %}" * 400,
    "doubling lists": "{% set x = [1] %}" + "{% set x = [x, x] %}" * 300 + "{{ x }}",
    "long texts": "{% set x = 'a' * 49000 %}" + "{% set y = x|upper %}" * 600,
    "long titles": "{% set x = 'a ' * 24000 %}" + "{% set y = x|title %}" * 600,
    "long replacing": "{% set x = 'a' * 49000 %}" + "{% set y = x|replace('a', '') %}" * 500,
    "long escaping": "{% set x = '<' * 49000 %}" + "{{ x|escape }}" * 600,
    "long seeking": "{% set x = 'a' * 49000 %}{% set y = 'a' * 3000 ~ 'b' %}" + "{{ y in x }}" * 500,
    "loops": _long_list + "{% for a in x %}" * 3 + "." + "{% endfor %}" * 3,
    "silent loops": _long_list + "{% for a in x %}" * 3 + "{% endfor %}" * 3,
    "loops of filters": _long_list + "{% for a in x %}" * 2 + "{{ 2 in x }}" + "{% endfor %}" * 2,
    "loops of values": "{% for a in c %}" * 8 + "." + "{% endfor %}" * 8,
    "deep loops": "{% for a in c %}" * 30 + "." + "{% endfor %}" * 30,
    "deep loops, unclosed": "{% for a in b %}" * 1_000,
    "deep ifs": "{% if a %}" * 500 + "{% endif %}" * 500,
    "many ifs": "{% if a %}x{% endif %}" * 900,
    "many elifs": "{% if a %}" + "{% elif a %}" * 900 + "{% endif %}",
    "nots": "{{" + "not " * 3_500 + "a}}",
    "minuses": "{{" + "-" * 5_000 + "a}}",
    "choices": "{{" + "a if b else " * 700 + "c}}",
    "filters": "{{a" + "|upper" * 2_500 + "}}",
    "points": "{{a" + ".b" * 2_500 + "}}",
    "round brackets": "{{" + "(" * 5_000 + "a}}",
    "square brackets": "{{" + "[" * 5_000 + "a}}",
    "few brackets": "{{" + "(" * 19 + "a" + ")" * 19 + "}}",
    "braces": "{" * 100_000,
    "double braces": "{{" * 50_000,
    "closing braces": "}}" * 50_000,
    "tags": "{%" * 50_000,
    "comments": "{#" * 50_000,
    "closed comments": "{# a #}" * 1_500,
    "raw": "{% raw %}" * 10_000,
    "cut blanks": "{{-" * 20_000,
    "blanks": "{{" + " " * 400_000,
    "new lines": "{%-" + "\n" * 400_000,
    "a long name": "{{" + "a" * 400_000 + "}}",
    "a long name of marks": "{{" + "ě" * 400_000 + "}}",
    "a long text": "{{ '" + "a" * 400_000 + "' }}",
    "a long number": "{{ " + "9" * 100_000 + " }}",
    "a long hex number": "{{ 0x" + "f" * 100_000 + " }}",
    "a long fraction": "{{ 0." + "9" * 100_000 + " }}",
    "many values": "{{ a|replace(" + ",".join(["a"] * 2_500) + ") }}",
    "too much": "a" * 600_000,
    "much": ("x" * 40 + "\n") * 12_000,
    "output": "{% set x = 'a' * 49000 %}" + "{{ x }}" * 600,
    "date pattern": "{{ x|date('" + "y" * 60 + "') }}" * 300,
}  # fmt: skip


def attempt(source, *, escape=True):
    """What becomes of a template: its problem, or None."""
    try:
        language.compile(source, escape=escape).render(VALUES)
    except TemplateProblem as problem:
        return problem
    return None


@pytest.mark.parametrize("source", PUBLISHED)
def test_published_injections_are_refused_naming_the_line(source):
    problem = attempt("first line\n" + source)
    assert problem is not None
    assert problem.line == 2
    assert str(problem).startswith("Line 2: ")


@pytest.mark.parametrize("name", BOMBS)
def test_no_template_takes_long_or_much(name):
    language.compile("warm", escape=True)
    started = time.thread_time()
    problem = attempt(BOMBS[name])
    seconds = time.thread_time() - started
    tracemalloc.start()
    try:
        attempt(BOMBS[name])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert seconds <= 1
    assert peak <= 64 * 1024 * 1024
    if problem is not None and "longer than" not in str(problem):
        assert problem.line == 1


PIECES = [
    *[
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{{-",
        "-%}",
        "if",
        "else",
        "elif",
        "endif",
        "for",
        "in",
        "endfor",
        "set",
        "=",
        "raw",
        "endraw",
        "recursive",
        "macro",
        "block",
    ],
    *[
        "include",
        "import",
        "call",
        "filter",
        "with",
        "autoescape",
        "contact",
        ".",
        "first_name",
        "tags",
        "loop",
        "index",
        "|",
        "default",
        "upper",
    ],
    *[
        "join",
        "date",
        "round",
        "money",
        "replace",
        "length",
        "first",
        "escape",
        "attr",
        "format",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "'a'",
        "''",
        '"%s"',
    ],
    *[
        "1",
        "0",
        "-",
        "+",
        "*",
        "**",
        "/",
        "//",
        "%",
        "~",
        "==",
        "!=",
        "<",
        ">",
        "and",
        "or",
        "not",
        "is",
        "defined",
        "odd",
        "none",
        "true",
        "__class__",
        "_x",
        "1e9",
        "10",
        "999",
        "x",
        "c",
    ],
    *[" ", "\n", "ř", "\x00", "\u2028", "\\", "'"],
]
_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates(), st.datetimes()
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
SIGNS = ["+", "-", "*", "/", "//", "%", "~", "==", "<", ">=", "in", "not in", "and", "or"]
FILTERS = [
    *[
        "upper",
        "lower",
        "title",
        "trim",
        "length",
        "first",
        "last",
        "round",
        "round(2)",
        "date",
        "date('%d')",
        "date('y')",
        "money",
        "escape",
    ],
    *["join", "join('-')", "replace('a','b')", "replace(x,x)", "default(x)"],
]
ATOMS = ["contact.first_name", "contact.tags", "x", "c", "1", "0", "2.5", "'a'", "''", "none", "[1, x]"]
_expressions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(SIGNS), inner),
        st.builds("({}|{})".format, inner, st.sampled_from(FILTERS)),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} is {})".format, inner, st.sampled_from(["defined", "odd", "even", "none", "empty"])),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
    ),
    max_leaves=6,
)
_slow = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_slow
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.booleans())
@example("{{ [[]|first] }}", True)
def test_any_heap_of_pieces_is_filled_in_or_refused(source, escape):
    attempt(source, escape=escape)


@_slow
@given(st.text(max_size=200))
def test_any_text_is_filled_in_or_refused(source):
    attempt("{{ " + source)
    attempt(source)


@_slow
@given(_expressions, _values, _values, st.booleans())
def test_any_expression_over_any_values_is_filled_in_or_refused(expression, x, c, escape):
    values = {"contact": {"first_name": x, "tags": [x, c]}, "x": x, "c": c}
    source = (
        "{% for i in [1, x] %}{{ " + expression + " }}{% endfor %}{% if " + expression + " %}y{% endif %}"
    )
    try:
        filled = language.compile(source, escape=escape).render(values)
    except TemplateProblem:
        return
    filled.encode()
