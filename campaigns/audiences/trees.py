"""A rule as a tree for programs: what the builder page shows, and the same nodes as the text.

{"all": […]}, {"any": […]} and {"none": […]} hold others; {"everybody": true} is all there are;
{"field": "city", "op": ":", "values": ["Brno"]} compares; `key` names a field that the firm made, and
`details` say more of deeds: [{"what": "since", "value": "-1y"}, {"what": "sum", "op": ">", "value": "100"}].
"""

from collections.abc import Callable
from typing import Any

from campaigns.audiences import deed_reading, rules, values, writing
from campaigns.audiences import fields as known
from campaigns.audiences.fields import FIELDS, PERIOD, Kind, kind
from campaigns.audiences.lexing import LONGEST, Is, RuleProblem, Word, cut
from campaigns.audiences.nodes import And, Detail, Everybody, Node, Not, Op, Or, Test, Value
from campaigns.audiences.reading import MOST_VALUES, Limits, sound_key, unfit, unknown
from campaigns.audiences.walking import Walk
from campaigns.words import _

Tree = dict[str, Any]
_GROUPS = ("all", "any", "none")
_PERIODS = {op: word for word, op in PERIOD.items()}


class TreeProblem(RuleProblem):
    """What is wrong in a tree; `path` leads there: which part of the first group, which part of that …"""

    def __init__(self, message: str, path: tuple[int, ...]) -> None:
        super().__init__(message, 0)
        self.path = path


def written(node: Node) -> Tree:
    """The rule as a tree; `read` gives the same nodes again."""
    match node:
        case Everybody():
            return {"everybody": True}
        case Not(Or(nodes)):
            return {"none": [written(part) for part in nodes]}
        case Not(part):
            return {"none": [written(part)]}
        case And(nodes):
            return {"all": [written(part) for part in nodes]}
        case Or(nodes):
            return {"any": [written(part) for part in nodes]}
        case Test():
            return _test(node)


def _test(test: Test) -> Tree:
    tree: Tree = {"field": test.field, "op": str(test.op), "values": [_plain(one) for one in test.values]}
    if test.key:
        tree["key"] = test.key
    if test.details:
        tree["details"] = [_detail(one) for one in test.details]
    return tree


def _detail(detail: Detail) -> Tree:
    if detail.what == "on":
        return {"what": _PERIODS[detail.op], "value": _plain(detail.value)}
    if detail.what == "of_last":
        return {"what": "of_last", "value": _plain(detail.value)}
    return {"what": detail.what, "op": str(detail.op), "value": _plain(detail.value)}


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else writing.value(value)


def read(tree: Any) -> Node:
    """The nodes of a tree; raises TreeProblem, saying which part is wrong and how."""
    node = _Reading().node(tree, ())
    text = rules.text(node)
    if len(text) > LONGEST:
        raise TreeProblem(_("A rule may have at most %(n)s characters.", n=LONGEST), ())
    return rules.parse(text)


class _Reading:
    def __init__(self) -> None:
        self._limits, self._conditions = Limits(), 0

    def node(self, tree: Any, path: tuple[int, ...]) -> Node:
        """One part and all below it."""
        if len(path) >= self._limits.deepest:
            raise TreeProblem(_("This is nested more than %(n)s deep.", n=self._limits.deepest), path)
        if not isinstance(tree, dict):
            raise TreeProblem(_("Here something is missing."), path)
        for name in _GROUPS:
            if isinstance(tree.get(name), list):
                return self._group(name, tree[name], path)
        if tree.get("everybody"):
            return Everybody()
        self._conditions += 1
        if self._conditions > self._limits.conditions:
            most = self._limits.conditions
            raise TreeProblem(_("A rule may have at most %(n)s conditions.", n=most), path)
        try:
            return _condition(tree)
        except RuleProblem as problem:
            raise TreeProblem(problem.message, path) from problem

    def _group(self, name: str, parts: list[Any], path: tuple[int, ...]) -> Node:
        nodes = tuple(self.node(part, (*path, place)) for place, part in enumerate(parts))
        if not nodes:
            return Everybody()
        joined: Callable[[tuple[Node, ...]], Node] = And if name == "all" else Or
        node = nodes[0] if len(nodes) == 1 else joined(nodes)
        return Not(node) if name == "none" else node


def _condition(tree: Tree) -> Test:
    field, key = str(tree.get("field", "")), str(tree.get("key", ""))
    if field not in FIELDS:
        raise RuleProblem(unknown(field), 0)
    if kind(field) == Kind.CUSTOM and not sound_key(key):
        raise RuleProblem(_('Write the field’s name after the dot: fields."Shoe size".'), 0)
    op = _op(tree.get("op", ""))
    if op not in known.ops(field):
        raise RuleProblem(unfit(field, op, kind(field)), 0)
    given = tree.get("values") or []
    many = 0 if op in (Op.EMPTY, Op.FILLED) else 1 if op != Op.IN else MOST_VALUES
    if not isinstance(given, list) or len(given) > many or (many and not given):
        raise RuleProblem(_("A value is missing after “%(op)s”.", op=op), 0)
    typed = tuple(values.typed(_word(one), field, op) for one in given)
    if kind(field) != Kind.DEED:
        return Test(field, op, typed, key if kind(field) == Kind.CUSTOM else "")
    if op == Op.IN and len(typed) == 1 and tree.get("details"):
        op = Op.IS  # one name in brackets
    test = Test(
        field, op, typed, details=tuple(_read_detail(field, one) for one in tree.get("details") or [])
    )
    deed_reading.check(test, 0)
    return test


def _op(given: Any) -> Op:
    try:
        return Op(str(given))
    except ValueError as error:
        raise RuleProblem(_("There is no comparison “%(op)s”.", op=str(given)[:20]), 0) from error


def _word(value: Any) -> Word:
    text = str(value)
    cut(rules.quoted(text))  # nothing that a text can't hold
    return Word(Is.QUOTED, text, 0, len(text))


def _read_detail(field: str, tree: Any) -> Detail:
    """As it would be read from text, of which a value is one word, or an amount and its currency."""
    tree = tree if isinstance(tree, dict) else {}
    what, value = str(tree.get("what", "")), str(tree.get("value", "")).strip()
    words = ["last", value] if what == "of_last" else [what, value]
    if what not in PERIOD and what != "of_last":
        words.insert(1, str(_op(tree.get("op", ":"))))
    found = deed_reading.deed(Walk(cut(f"({' '.join(words)})")), field, 0)
    if found is None or len(found.details) != 1:
        raise RuleProblem(_("“%(word)s” is not understood here.", word=value[:50]), 0)
    return found.details[0]
