"""Rules that mean harm, or are odd or huge: a clear answer with its place, never an error of the database."""

import contextlib

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaigns.audiences import building, expanding, rules, saving
from campaigns.audiences.fields import FIELDS, MEMBERS, ops
from campaigns.audiences.lexing import RuleProblem
from campaigns.contacts.models import Contact
from tests import factories
from tests.audiences.people import make_crowd

SIGNS = "()\",:=!~<>“”„ \\%_'; \x00\ud800\u202e\U0001f600ﬃİßAndNotOrInIsEmpty-+0129dwmy."
EVIL = [
    "'; DROP TABLE contact; --",
    "' or 1=1 --",
    '" or ""="',
    "%",
    "_" * 500,
    "\\",
    "{}",
    "${jndi:ldap://x}",
    "%(name)s",
    ":name",
    "\u202eevil",
    "İ" * 300,
    "ﬃ" * 300,
    "😀" * 300,
    "\N{COMBINING ACUTE ACCENT}" * 300,
    "9" * 900,
    "-99999y",
    "+99999m",
    "2026-13-45",
    "٣",
    "1e999",
    "NaN",
]


def _asked(session, rule: str) -> set[int] | RuleProblem:
    try:
        return set(session.scalars(building.contact_ids(session, rule)))
    except RuleProblem as caught:
        problem = caught
    assert problem.message
    assert 0 <= problem.position <= len(rule)
    return problem


@pytest.mark.parametrize("value", EVIL)
def test_no_value_is_more_than_a_value(session, value):
    factories.make_contact(session, "a@example.com", fields={"Size": "9"})
    keyed = value.replace('"', "'")
    for field in FIELDS:
        for op in ops(field):
            name = f'{field}."Size"' if "fields" in field else field
            written = f"({rules.quoted(value)})" if op == "in" else rules.quoted(value)
            _asked(session, f"{name} {op} {'' if 'empty' in op else written}")
    _asked(session, f'fields."{keyed}":"x" or company_fields."{keyed}" ~ "x"')
    _asked(session, f"bought({rules.quoted(value)}, since {value}) or opened(last {value})")
    _asked(session, f"bought(sum > {value} {value}, times >= {value})")

    assert session.scalar(sa.select(sa.func.count()).select_from(Contact)) == 1


def test_the_largest_rules_that_may_be_written_are_answered(session):
    make_crowd(session, 30)
    labels = [factories.make_tag(session, f"many {number}").name for number in range(600)]
    assert labels
    for rule in (
        " or ".join(['tag ~ "many"'] * 200),
        " and ".join(['bought("x", sum > 1) or opened(last 3)'] * 100),
        "not (" * 12 + "tag:x" + ")" * 12,
        "(" * 24 + "all" + ")" * 24,
        f"tag in ({', '.join(['x'] * 500)})",
        " or ".join(f"city in ({', '.join(['x'] * 100)})" for _n in range(30)),
        " or ".join(["city ~~ cutters"] * 10),
        " or ".join(["fields.own_text ~ a"] * 200),
        " or ".join(["company ~ a"] * 200),
    ):
        assert not isinstance(_asked(session, rule), RuleProblem), rule[:60]


def test_audiences_within_audiences_end_somewhere(session):
    saving.create(session, "A0", "city:x")
    for number in range(1, 11):
        with contextlib.suppress(RuleProblem):
            saving.create(session, f"A{number}", f'audience:"A{number - 1}" or tag:x')
    with pytest.raises(RuleProblem) as caught:
        saving.create(session, "Last", 'tag:x or audience:"A9"')

    assert "more than 10 deep" in caught.value.message
    assert caught.value.position == 9


def test_together_they_may_not_be_too_large(session):
    saving.create(session, "Large", " or ".join(["city:x"] * 200))

    with pytest.raises(RuleProblem) as caught:
        building.condition(session, 'tag:a or audience:"Large" or audience:"Large" or audience:"Large"')

    assert "too large" in caught.value.message
    assert caught.value.position == 9


def test_any_text_is_answered(session):
    factories.make_contact(session, "a@example.com")

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @example(text="2.0", field="members")
    @given(st.text(alphabet=SIGNS, max_size=60), st.sampled_from([*FIELDS, "fields.x"]))
    def check(text, field):
        _asked(session, text)
        _asked(session, f"{field}{text}")
        _asked(session, f'{field}:"{text}"')

    check()


def test_a_frozen_rule_of_many_is_read_again(session):
    for name in ("One", "Two"):
        saving.create(session, name, " or ".join([f'city:"{"x" * 30}"'] * 190))
    both = saving.create(session, "Both", 'audience:"One" and not audience:"Two"')
    frozen = expanding.frozen(session, both)

    assert len(frozen) > 10_000
    assert rules.parse_frozen(frozen) == expanding.whole(session, both)
    assert session.scalars(sa.select(Contact.id).where(building.of_frozen(session, frozen))).all() == []
    assert MEMBERS not in frozen
