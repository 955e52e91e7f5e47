"""The language of rules."""

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.audiences import rules, trees
from campaigns.audiences.lexing import RuleProblem
from campaigns.audiences.nodes import And, Detail, Everybody, Money, Not, Op, Or, Relative, Test
from tests.audiences.trees import ANY_TEXT, BARE, nodes


def test_the_example_of_the_manual():
    tree = rules.parse('category:"Cutters" and (tag:"basic" or tag:"trial") and not tag:"vip"')

    assert tree == And(
        (
            Test("category", Op.IS, ("Cutters",)),
            Or((Test("tag", Op.IS, ("basic",)), Test("tag", Op.IS, ("trial",)))),
            Not(Test("tag", Op.IS, ("vip",))),
        )
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'tag:"quote \"inside\""', 'quote "inside"'),
        ('tag:"quote ""inside"""', 'quote "inside"'),
        ('tag:"Žralok, s čárkou"', "Žralok, s čárkou"),
        ("tag:“curly”", "curly"),
        ("tag:„po česku“", "po česku"),
        ("tag = basic", "basic"),
        ("TAG:basic", "basic"),
        (r'tag:"C:\new"', r"C:\new"),
        ('tag:""', ""),
    ],
)
def test_values_and_their_quotes(text, value):
    assert rules.parse(text) == Test("tag", Op.IS, (value,))


@pytest.mark.parametrize("text", ["", "  ", "all", "ALL", "(all)"])
def test_everybody(text):
    assert rules.parse(text) == Everybody()


def test_and_binds_closer_than_or():
    assert rules.text(rules.parse("city:a or city:b and city:c")) == 'city:"a" or (city:"b" and city:"c")'


def test_days():
    assert rules.parse("last_contact < -90d") == Test("last_contact", Op.BEFORE, (Relative(-90),))
    assert rules.parse("birthday <= +1w") == Test("birthday", Op.UNTIL, (Relative(7),))
    assert rules.parse("created:today") == Test("created", Op.IS, (Relative(0),))


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ('citty:"x"', 0, "Did you mean “city”?"),
        ("city", 4, "a comparison is missing"),
        ("city:", 5, "A value is missing"),
        ('tag:a and city:"x', 15, "never closed"),
        ("(city:x", 0, "never closed"),
        ("city:x)", 6, "never opened"),
        ("city:x tag:y", 7, "“and” or “or”"),
        ("city > 5", 5, "compares days"),
        ("created:yesterday", 8, "2026-01-31"),
        ("created:2026-02-30", 8, "not a day"),
        ("created:0001-01-01", 8, "not a day"),
        ("created in (today)", 8, "is a day"),
        ("city:x and", 10, "missing at the end"),
        ("not", 3, "missing at the end"),
        ("consent:yes", 8, "granted"),
        ("consent ~ gran", 8, "compared with"),
        ("birthday > 05-17", 11, "day of the year"),
        ("city in x", 8, "parentheses"),
        ("city in (a b)", 11, "commas"),
        ("city is x", 8, "is empty"),
        ("city:x & tag:y", 7, "“and” or “or”"),
        ("!", 0, "means nothing"),
        ("fields.:x", 0, "name after the dot"),
        ("created < -99999d", 10, "hundred years"),
        ("not " * 40 + "all", 100, "deep"),
        ("(" * 40 + "all" + ")" * 40, 25, "deep"),
        ("a" * 10_001, 10_000, "10000 characters"),
        ("city:x or " * 200 + "city:x", 2004, "200 conditions"),
        ("city:a\x00b", 6, "no text can hold"),
        ("city:\ud800", 5, "no text can hold"),
        ("headcount > many", 12, "not a number"),
        ("headcount ~ 5", 10, "is a number"),
        ("role:boss", 5, "decides, influences"),
        ("email ~~ x", 6, "is compared with"),
        (" or ".join(["city ~~ x"] * 11), 135, "10 times"),
        ("bought(", 7, "names, quoted"),
        ('bought("Glue", sins -1y)', 15, "Did you mean “since”?"),
        ('bought("Glue" since -1y)', 14, "commas"),
        ("bought(sum > lots)", 13, "not a number"),
        ("bought(sum > 5 EUZ)", 15, "no currency"),
        ("bought(sum 5)", 11, "comparison is missing"),
        ("bought(times > 1.5)", 15, "whole number"),
        ("bought(last 3 campaigns)", 7, "nothing to do with campaigns"),
        ("bought(times > 1, times < 3)", 7, "said twice"),
        ('bought(~ "a", ~ "b")', 16, "one name only"),
        ("bought < 5", 7, "in brackets"),
        ("opened(quantity > 3)", 7, "purchases only"),
        ("opened(last 0)", 12, "from 1 to"),
        ('called:"x"', 6, "stands alone"),
        ('called("x")', 7, "stands alone"),
        ("opened(since yesterday)", 13, "not a day"),
        ("audience ~ x", 9, "compared with"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, position, says):
    with pytest.raises(RuleProblem) as caught:
        rules.parse(text)

    assert says in caught.value.message
    assert caught.value.position == position


def test_the_place_is_pointed_at():
    with pytest.raises(RuleProblem) as caught:
        rules.parse("tag:a\nand citty:b")

    assert caught.value.pointed("tag:a\nand citty:b") == "and citty:b\n    ^"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("tag:a and citty:b", ("tag:a and ", "citty", ":b")),
        ("tag:a and", ("tag:a and", "", "")),
        ('city:"open', ("city:", '"open', "")),
        ("(tag:a", ("", "(", "tag:a")),
        (f"{'tag:a or ' * 20}citty:b", (f"…{('tag:a or ' * 20)[-60:]}", "citty", ":b")),
    ],
)
def test_the_place_stands_out_from_its_surroundings(text, parts):
    with pytest.raises(RuleProblem) as caught:
        rules.parse(text)

    assert caught.value.excerpt(text) == parts


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("bought", Test("bought", Op.FILLED)),
        ("bought is empty", Test("bought", Op.EMPTY)),
        ('bought:"Glue"', Test("bought", Op.IS, ("Glue",))),
        ('bought("Glue")', Test("bought", Op.IS, ("Glue",))),
        ("bought(Glue, Tape)", Test("bought", Op.IN, ("Glue", "Tape"))),
        (
            'bought("Glue", since -1y, sum > 99.50 czk)',
            Test(
                "bought",
                Op.IS,
                ("Glue",),
                details=(
                    Detail("on", Op.SINCE, Relative(months=-12)),
                    Detail("sum", Op.AFTER, Money(Decimal("99.5"), "CZK")),
                ),
            ),
        ),
        ("opened(last 5)", Test("opened", details=(Detail("of_last", Op.IS, Decimal(5)),), op=Op.FILLED)),
        (
            "called(last < -6m)",
            Test("called", Op.FILLED, details=(Detail("last", Op.BEFORE, Relative(months=-6)),)),
        ),
        ("headcount >= 50", Test("headcount", Op.SINCE, (Decimal(50),))),
        ("city ~~ Prga", Test("city", Op.LIKE, ("Prga",))),
        ('company_fields."Turnover" > 5', Test("company_fields", Op.AFTER, ("5",), "Turnover")),
    ],
)
def test_deeds_numbers_and_the_like(text, tree):
    assert rules.parse(text) == tree
    assert rules.parse(rules.text(tree)) == tree


@settings(deadline=None)
@given(nodes(text=ANY_TEXT))
def test_text_and_back(tree):
    assert rules.parse(rules.text(tree)) == tree


@settings(deadline=None)
@given(st.text(alphabet=BARE, min_size=1))
def test_plain_words_need_no_quotes(word):
    assert rules.parse(f"tag:{word}") == Test("tag", Op.IS, (word,))


@settings(deadline=None)
@given(st.one_of(st.text(), st.text(alphabet='()",:!=~<>“”„ \\andortginoempy-+0129d')))
def test_any_text_is_a_rule_or_a_clear_no(text):
    problem = None
    try:
        tree = rules.parse(text)
    except RuleProblem as caught:
        problem = caught
    if problem is None:
        assert rules.parse(rules.text(tree)) == tree
    else:
        assert problem.message
        assert 0 <= problem.position <= len(text)
        assert problem.pointed(text)


@settings(deadline=None)
@given(nodes(text=ANY_TEXT))
def test_tree_and_back(tree):
    written = json.loads(json.dumps(trees.written(tree)))

    assert trees.read(written) == tree


@pytest.mark.parametrize(
    ("tree", "path", "says"),
    [
        ({"all": [{"field": "city", "op": ":", "values": ["x"]}, {"field": "citty"}]}, (1,), "“city”"),
        ({"any": [{"none": [{"field": "city", "op": "<", "values": ["x"]}]}]}, (0, 0), "compares days"),
        ({"all": [{"field": "city", "op": ":", "values": []}]}, (0,), "missing"),
        ({"all": [{"field": "created", "op": "<", "values": ["soon"]}]}, (0,), "not a day"),
        ({"all": [{"field": "city", "op": "like", "values": ["x"]}]}, (0,), "no comparison"),
        ({"all": [{"field": "city", "op": ":", "values": ["a\x00"]}]}, (0,), "no text can hold"),
        ({"all": ["x"]}, (0,), "missing"),
        ([], (), "missing"),
        ({"all": [{"field": "fields", "op": ":", "values": ["x"]}]}, (0,), "after the dot"),
        (
            {
                "all": [
                    {"field": "bought", "op": "is not empty", "details": [{"what": "since", "value": "x"}]}
                ]
            },
            (0,),
            "not a day",
        ),
        (
            {"all": [{"field": "called", "op": "is not empty", "details": [{"what": "sum", "value": "1"}]}]},
            (0,),
            "purchases only",
        ),
        (
            {"all": [{"field": "bought", "op": "is not empty", "details": [{"what": '"a"', "value": "b"}]}]},
            (0,),
            "commas",
        ),
    ],
)
def test_what_is_wrong_in_a_tree_is_said_with_its_place(tree, path, says):
    with pytest.raises(trees.TreeProblem) as caught:
        trees.read(tree)

    assert caught.value.path == path
    assert says in caught.value.message


def test_a_tree_too_deep_or_too_large_is_refused():
    deep = {"field": "city", "op": ":", "values": ["x"]}
    for _level in range(2000):
        deep = {"none": [deep]}
    for tree in (deep, {"all": [{"field": "city", "op": ":", "values": ["x"]}] * 300}):
        with pytest.raises(trees.TreeProblem):
            trees.read(tree)


KEYS = ["all", "any", "none", "field", "op", "values", "details", "what", "value"]
PARTS = ["city", ":", "bought", "since", "-1y", "is empty"]


def _odd_trees(inner):
    keyed = st.dictionaries(st.sampled_from(KEYS), inner | st.sampled_from(PARTS), max_size=5)
    return st.lists(inner, max_size=3) | keyed


@given(
    st.recursive(st.none() | st.booleans() | st.text(max_size=5) | st.integers(), _odd_trees, max_leaves=12)
)
def test_any_tree_is_a_rule_or_a_clear_no(tree):
    with contextlib.suppress(trees.TreeProblem):
        assert trees.read(trees.written(trees.read(tree))) == trees.read(tree)
