"""What docs/audiences.md tells people can be written is understood, and nothing that there is goes untold."""

import re
from pathlib import Path

import pytest

from campaigns.audiences import rules
from campaigns.audiences.fields import WRITTEN
from campaigns.audiences.nodes import Op

TEXT = (Path(__file__).parents[2] / "docs" / "audiences.md").read_text()
EXAMPLES = re.findall(r"```rule\n(.*?)```", TEXT, re.DOTALL)
IN_TABLES = re.findall(r"\| `((?!Index )[^`]+)` \|$", TEXT, re.MULTILINE)
IN_BRACKETS = [
    'bought("Glue", "Tape")', 'bought(~ "Glue")', "opened(times >= 2)", "bought(first < -1y, last < -90d)",
    "opened(last 5 campaigns)", "bought(sum > 2500 CZK)", "bought(quantity >= 10)",
]  # fmt: skip


@pytest.mark.parametrize("rule", [*EXAMPLES, *IN_TABLES, *IN_BRACKETS])
def test_the_examples_are_rules(rule):
    tree = rules.parse(rule)

    assert rules.parse(rules.text(tree)) == tree


def test_there_are_examples():
    assert len(EXAMPLES) >= 12
    assert len(IN_TABLES) >= 6


@pytest.mark.parametrize("name", [*WRITTEN, *(str(op) for op in Op if op not in (Op.IN, Op.FILLED))])
def test_each_field_and_comparison_is_told(name):
    assert f"`{name}`" in TEXT or f"`{name}` " in TEXT
