"""The language of rules: text into a tree, and a tree back into text.

    category:"Cutters" and (tag:"basic" or tag:"trial") and not tag:"vip"

    rule  = and-part { "or" and-part }
    and   = part { "and" part }
    part  = "not" part | "(" rule ")" | "all" | condition
    condition = field (":" | "!=" | "~" | "<" | ">" | "<=" | ">=") value
              | field "in" "(" value { "," value } ")"  |  field "is" ["not"] "empty"

Days are 2026-01-31, -90d, +2w or today. The empty rule is everybody.
"""

from collections.abc import Callable
from difflib import get_close_matches

from campaigns.audiences import values
from campaigns.audiences.lexing import Is, RuleProblem, Word, cut
from campaigns.audiences.nodes import (
    CUSTOM,
    FIELDS,
    OPS,
    And,
    Everybody,
    Kind,
    Node,
    Not,
    Op,
    Or,
    Test,
    Value,
)
from campaigns.words import _

DEEPEST = 25
MOST_CONDITIONS = 200
MOST_VALUES = 500


def parse(text: str) -> Node:
    """The tree that the rule's text means; raises RuleProblem, saying where and what is wrong."""
    return _Reader(cut(text)).rule()


def text(node: Node) -> str:
    """The rule as text; `parse` gives the same tree again."""
    match node:
        case Everybody():
            return "all"
        case Not(inner):
            return f"not {_part(inner)}"
        case And(nodes):
            return " and ".join(_part(inner) for inner in nodes)
        case Or(nodes):
            return " or ".join(_part(inner) for inner in nodes)
        case Test():
            return _condition(node)


def _part(node: Node) -> str:
    return f"({text(node)})" if isinstance(node, And | Or) else text(node)


def _condition(test: Test) -> str:
    field = f"{test.field}.{quoted(test.key)}" if test.field == CUSTOM else test.field
    given = [quoted(value) if isinstance(value, str) else str(value) for value in test.values]
    if test.op in (Op.EMPTY, Op.FILLED):
        return f"{field} {test.op}"
    if test.op == Op.IN:
        return f"{field} in ({', '.join(given)})"
    return f"{field}{test.op}{given[0]}" if test.op == Op.IS else f"{field} {test.op} {given[0]}"


def quoted(value: str) -> str:
    """A value as it is written in a rule."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Reader:
    """Walks the words of one rule from left to right."""

    def __init__(self, words: list[Word]) -> None:
        self._words = words
        self._at = 0
        self._depth = 0
        self._conditions = 0

    @property
    def _here(self) -> Word:
        return self._words[self._at]

    def _take(self) -> Word:
        word = self._here
        self._at += 1
        return word

    def _took(self, keyword: str) -> bool:
        if self._here.means(keyword):
            self._at += 1
            return True
        return False

    def rule(self) -> Node:
        """The whole rule, up to its end."""
        if len(self._words) == 1:  # the END alone
            return Everybody()
        node = self._either()
        rest = self._here
        if rest.what == Is.END:
            return node
        if rest.what == Is.CLOSE:
            raise RuleProblem(_("This parenthesis was never opened."), rest.start)
        raise RuleProblem(
            _("Join two conditions with “and” or “or”; “%(word)s” follows the first without either.",
              word=_shown(rest)), rest.start,
        )  # fmt: skip

    def _either(self) -> Node:
        return self._joined("or", self._both, Or)

    def _both(self) -> Node:
        return self._joined("and", self._one, And)

    def _joined(self, keyword: str, part: Callable[[], Node], kind: type[And] | type[Or]) -> Node:
        nodes = [part()]
        while self._took(keyword):
            nodes.append(part())
        return nodes[0] if len(nodes) == 1 else kind(tuple(nodes))

    def _one(self) -> Node:
        start = self._here
        self._depth += 1
        if self._depth > DEEPEST:
            raise RuleProblem(_("This is nested more than %(n)s deep.", n=DEEPEST), start.start)
        node = self._inner(start)
        self._depth -= 1
        return node

    def _inner(self, start: Word) -> Node:
        if self._took("not"):
            return Not(self._one())
        if start.what == Is.OPEN:
            self._take()
            node = self._either()
            if self._here.what != Is.CLOSE:
                raise RuleProblem(_("This parenthesis is never closed."), start.start)
            self._take()
            return node
        if start.means("all") and self._words[self._at + 1].what != Is.OPERATOR:
            self._take()
            return Everybody()
        return self._test()

    def _test(self) -> Test:
        field, key = self._field()
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            raise RuleProblem(
                _("A rule may have at most %(n)s conditions.", n=MOST_CONDITIONS), self._here.start
            )
        name = f"{field}.{key}" if key else field
        at = self._here
        op = self._operator(name, FIELDS[field])
        if op not in OPS[FIELDS[field]]:
            raise RuleProblem(_unfit(name, op, FIELDS[field]), at.start)
        if op in (Op.EMPTY, Op.FILLED):
            return Test(field, op, (), key)
        given = self._several(field) if op == Op.IN else (self._value(field, op),)
        return Test(field, op, given, key)

    def _field(self) -> tuple[str, str]:
        word = self._take()
        if word.what == Is.END:
            raise RuleProblem(_("A condition is missing at the end."), word.start)
        if word.what != Is.WORD:
            raise RuleProblem(
                _("A condition starts with a field, such as category or city; here stands “%(word)s”.",
                  word=_shown(word)), word.start,
            )  # fmt: skip
        name = word.text.lower()
        if name.startswith(f"{CUSTOM}."):
            return CUSTOM, self._key(word)
        if name not in FIELDS or name == CUSTOM:
            raise RuleProblem(_unknown(word.text), word.start)
        return name, ""

    def _key(self, word: Word) -> str:
        key = word.text[len(CUSTOM) + 1 :]
        if not key and self._here.what == Is.QUOTED and self._here.start == word.end:
            key = self._take().text
        if not key or '"' in key or len(key) > 100:
            raise RuleProblem(_('Write the column’s name after the dot: fields."Shoe size".'), word.start)
        return key

    def _operator(self, name: str, kind: Kind) -> Op:
        word = self._take()
        if word.what == Is.OPERATOR:
            return Op(word.text)
        if word.means("in"):
            return Op.IN
        if word.means("is"):
            filled = self._took("not")
            if self._took("empty"):
                return Op.FILLED if filled else Op.EMPTY
            raise RuleProblem(_("Write “is empty” or “is not empty”."), self._here.start)
        example = "< -90d" if kind in (Kind.DAY, Kind.BIRTHDAY) else ': "…"'
        raise RuleProblem(
            _("After “%(field)s” a comparison is missing, as in: %(field)s %(example)s",
              field=name, example=example), word.start,
        )  # fmt: skip

    def _several(self, field: str) -> tuple[Value, ...]:
        opened = self._take()
        if opened.what != Is.OPEN:
            raise RuleProblem(_('After “in” the values stand in parentheses: in ("a", "b").'), opened.start)
        given = [self._value(field, Op.IN)]
        while self._here.what == Is.COMMA:
            self._take()
            given.append(self._value(field, Op.IN))
        if self._here.what != Is.CLOSE:
            raise RuleProblem(_("Put commas between the values and close the parenthesis."), self._here.start)
        self._take()
        if len(given) > MOST_VALUES:
            raise RuleProblem(_("A list may have at most %(n)s values.", n=MOST_VALUES), opened.start)
        return tuple(given)

    def _value(self, field: str, op: Op) -> Value:
        word = self._take()
        if word.what not in (Is.WORD, Is.QUOTED):
            raise RuleProblem(_("A value is missing after “%(op)s”.", op=op), word.start)
        return values.typed(word, field, op)


def _unknown(name: str) -> str:
    known = [field for field in FIELDS if field != CUSTOM]
    close = get_close_matches(name.lower(), known, n=1)
    if close:
        return _("There is no field “%(name)s”. Did you mean “%(close)s”?", name=name[:50], close=close[0])
    return _("There is no field “%(name)s”. There are: %(fields)s.", name=name[:50], fields=", ".join(known))


def _unfit(name: str, op: Op, kind: Kind) -> str:
    if kind in (Kind.DAY, Kind.BIRTHDAY):
        return _("“%(field)s” is a day: compare it with :, !=, <, >, <=, >= or “is empty”.", field=name)
    if kind == Kind.STATE:
        return _("“%(field)s” is compared with :, != or “in (…)”.", field=name)
    return _("“%(op)s” compares days; “%(field)s” is compared with :, !=, ~ or “in (…)”.", op=op, field=name)


def _shown(word: Word) -> str:
    return word.text[:50] if word.what != Is.END else "…"
