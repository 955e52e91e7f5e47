"""The language of rules: text into a tree, and a tree back into text.

    category:"Cutters" and (tag:"basic" or bought("Glue", since -1y, sum > 100)) and not tag:"vip"

    rule  = and-part { "or" and-part }
    and   = part { "and" part }
    part  = "not" part | "(" rule ")" | "all" | condition
    condition = field (":" | "!=" | "~" | "~~" | "<" | ">" | "<=" | ">=") value
              | field "in" "(" value { "," value } ")"  |  field "is" ["not"] "empty"
              | deed [ "(" detail { "," detail } ")" ]
    detail = name | "~" name | ("since" | "after" | "until" | "before") day | "last" number ["campaigns"]
           | ("times" | "first" | "last" | "quantity" | "sum") comparison value

Days are 2026-01-31, -90d, +2w, -6m, -1y or today. The empty rule is everybody. What each field holds is
said in fields.py; docs/audiences.md tells people.
"""

from campaigns.audiences.lexing import RuleProblem, cut
from campaigns.audiences.nodes import Node
from campaigns.audiences.reading import WIDE, Reader
from campaigns.audiences.writing import quoted, text

__all__ = ["RuleProblem", "parse", "parse_frozen", "quoted", "text"]

_LONGEST_FROZEN = 5_000_000


def parse(text: str) -> Node:
    """The tree that the rule's text means; raises RuleProblem, saying where and what is wrong."""
    return Reader(cut(text)).rule()


def parse_frozen(text: str) -> Node:
    """The tree of a rule that we wrote ourselves from several, so that it may be longer than people's."""
    return Reader(cut(text, _LONGEST_FROZEN), WIDE).rule()
