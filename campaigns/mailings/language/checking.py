"""Looks at a parsed template before it is compiled: only what is on the lists may stay.

The same walk rewrites what Python would run unbounded (loops, ~, comparisons) into calls of ours.
"""

from typing import Any, NoReturn

from jinja2 import nodes

from campaigns.mailings.language.budget import MAX_BLOCKS, MAX_DEPTH, MAX_NUMBER, MAX_PARTS
from campaigns.mailings.language.filters import FILTERS, TESTS
from campaigns.mailings.language.problem import TemplateProblem
from campaigns.words import _

# Filters that only this module writes into a template; a person can't, they are on no list.
LOOP, JOIN_TEXTS, COMPARE, LIST = "_loop", "_join_texts", "_compare", "_list"
LOOP_FIELDS = ("index", "index0", "revindex", "revindex0", "first", "last", "length")

_STATEMENTS = (nodes.Output, nodes.If, nodes.For, nodes.Assign)
_SIGNS = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod)
_LOGIC = (nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos, nodes.CondExpr)
_RESERVED = ("loop", "self", "super", "caller", "varargs", "kwargs")


class Checker:
    """Checks one template; afterwards `names` are its merge fields, `bare` those shown without a fallback."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.bare: dict[str, int] = {}
        self.own: set[str] = set()  # names that the template itself sets
        self._covered: list[set[str]] = [set()]
        self._line = 1

    def check(self, tree: nodes.Template) -> None:
        """Refuse what is not allowed (TemplateProblem) and rewrite what must be bounded."""
        self._gather(tree.body)
        self._body(tree.body, 0)

    def _gather(self, body: list[nodes.Node]) -> None:
        for node in body:
            if isinstance(node, nodes.Assign | nodes.For) and isinstance(node.target, nodes.Name):
                self.own.add(node.target.name)
            for part in ("body", "elif_", "else_"):
                self._gather(getattr(node, part, None) or [])

    def _body(self, body: list[nodes.Node], depth: int) -> None:
        if depth > MAX_BLOCKS:
            self._refuse(_("More than %(max)s ifs and loops inside one another.", max=MAX_BLOCKS))
        for node in body:
            inner = [node, *getattr(node, "body", [])][:2]  # autoescape is wrapped in a node without a line
            self._line = next((part.lineno for part in inner if part.lineno), self._line)
            if not isinstance(node, _STATEMENTS):
                self._refuse(_("“%(what)s” can't be used in a letter.", what=_spoken(node)))
            getattr(self, f"_{type(node).__name__.lower()}")(node, depth)

    def _output(self, node: nodes.Output, depth: int) -> None:
        node.nodes = [
            part if isinstance(part, nodes.TemplateData) else self._expression(part) for part in node.nodes
        ]

    def _if(self, node: nodes.If, depth: int) -> None:
        node.test = self._condition(node.test)
        self._body(node.body, depth + 1)
        for branch in node.elif_:
            self._line = branch.lineno
            branch.test = self._condition(branch.test)
            self._body(branch.body, depth + 1)
            self._covered.pop()
        self._covered.pop()
        self._body(node.else_, depth + 1)

    def _for(self, node: nodes.For, depth: int) -> None:
        if node.recursive:
            self._refuse(_("A loop can't call itself."))
        self._target(node.target)
        node.iter = self._call(LOOP, self._covered_expression(node.iter))
        if node.test is not None:
            node.test = self._covered_expression(node.test)
        self._body(node.body, depth + 1)
        self._body(node.else_, depth + 1)

    def _assign(self, node: nodes.Assign, depth: int) -> None:
        self._target(node.target)
        node.node = self._expression(node.node)

    def _target(self, target: nodes.Node) -> None:
        if not isinstance(target, nodes.Name):
            self._refuse(_("Give one plain name here, such as “item”."))
        if target.name.startswith("_") or target.name in _RESERVED:
            self._refuse(_("“%(name)s” can't be used as a name.", name=_short(target.name)))

    def _condition(self, node: Any) -> nodes.Expr:
        """Check a test; the fields it asks about count as covered until the caller pops them."""
        before = dict(self.names)
        self.names = {}
        checked = self._covered_expression(node)
        self._covered.append(set(self.names))
        self.names = before | {name: before.get(name, line) for name, line in self.names.items()}
        return checked

    def _covered_expression(self, node: Any, depth: int = 0) -> nodes.Expr:
        """Check an expression whose fields may be missing without anybody seeing a hole."""
        bare = dict(self.bare)
        checked = self._expression(node, depth)
        self.bare = bare
        return checked

    def _expression(self, node: Any, depth: int = 0) -> nodes.Expr:
        self._line = node.lineno or self._line
        if depth > MAX_DEPTH:
            self._refuse(_("This is nested too deeply. Split it into smaller steps."))
        depth += 1
        match node:
            case nodes.Const():
                return self._const(node)
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                return self._path(node)
            case nodes.Filter():
                return self._apply(node, depth)
            case nodes.Test():
                return self._test(node, depth)
            case nodes.Compare():
                return self._compare(node, depth)
            case nodes.Concat():
                parts = nodes.List([self._expression(part, depth) for part in node.nodes])
                return self._call(JOIN_TEXTS, parts)
            case nodes.List():
                return self._call(LIST, nodes.List([self._expression(item, depth) for item in node.items]))
            case _:
                return self._operation(node, depth)

    def _const(self, node: nodes.Const) -> nodes.Const:
        value = node.value
        if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            self._refuse(_("This number is too large."))
        if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
            self._refuse(_("This text holds half a character."))
        return node

    def _path(self, node: Any) -> Any:
        """`name.part.part`: plain names and looking up in what they hold, nothing else."""
        parts: list[str] = []
        at = node
        while isinstance(at, nodes.Getattr | nodes.Getitem):
            parts.append(self._part(at))
            at = at.node
        if not isinstance(at, nodes.Name):
            self._refuse(_("A point or bracket can only follow a name, such as contact.first_name."))
        if len(parts) > MAX_PARTS:
            self._refuse(_("This merge field has too many points."))
        if at.name.startswith("_") or at.name in _RESERVED[1:]:
            self._refuse(_("“%(name)s” is no merge field.", name=_short(at.name)))
        if at.name == "loop":
            if len(parts) != 1 or parts[0] not in LOOP_FIELDS:
                self._refuse(_("Of “loop” only %(fields)s can be used.", fields=", ".join(LOOP_FIELDS)))
        elif at.name not in self.own:
            self._note(".".join([at.name, *reversed(parts)]))
        return node

    def _part(self, node: Any) -> str:
        if isinstance(node, nodes.Getattr):
            key: Any = node.attr
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str | int):
            key = node.arg.value
        else:
            self._refuse(_("Between the brackets, write a fixed name in quotes or a number."))
        if str(key).startswith("_") or len(str(key)) > 100:
            self._refuse(_("“%(name)s” is no merge field.", name=_short(str(key))))
        return str(key)

    def _note(self, name: str) -> None:
        self.names.setdefault(name, self._line)
        if not any(name in covered for covered in self._covered):
            self.bare.setdefault(name, self._line)

    def _apply(self, node: nodes.Filter, depth: int) -> nodes.Filter:
        if node.name not in FILTERS or node.node is None:
            self._refuse(
                _("“%(name)s” is no filter. There are %(all)s.", name=_short(node.name), all=_all(FILTERS))
            )
        check = self._covered_expression if node.name in ("default", "d") else self._expression
        node.node = check(node.node, depth)
        self._arguments(node, depth)
        return node

    def _test(self, node: nodes.Test, depth: int) -> nodes.Test:
        if node.name not in TESTS:
            self._refuse(
                _("“is %(name)s” can't be asked. There are %(all)s.", name=_short(node.name), all=_all(TESTS))
            )
        node.node = self._covered_expression(node.node, depth)
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            self._refuse(_("“is %(name)s” takes nothing more.", name=node.name))
        return node

    def _arguments(self, node: nodes.Filter, depth: int) -> None:
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > 2:
            self._refuse(_("Give “%(name)s” at most two values, without names or stars.", name=node.name))
        node.args = [self._expression(argument, depth) for argument in node.args]

    def _compare(self, node: nodes.Compare, depth: int) -> nodes.Filter:
        if len(node.ops) != 1:
            self._refuse(_("Compare two things at a time, and join the comparisons with “and”."))
        left, right = self._expression(node.expr, depth), self._expression(node.ops[0].expr, depth)
        return self._call(COMPARE, left, nodes.Const(node.ops[0].op), right)

    def _operation(self, node: Any, depth: int) -> nodes.Expr:
        if not isinstance(node, (*_SIGNS, *_LOGIC)):
            self._refuse(_("“%(what)s” can't be used in a letter.", what=_spoken(node)))
        if isinstance(node, nodes.CondExpr):
            node.test = self._condition(node.test)
            node.expr1 = self._expression(node.expr1, depth)
            self._covered.pop()
            node.expr2 = self._expression(node.expr2, depth) if node.expr2 is not None else None
            return node
        for side in node.fields:
            # In “a or b”, b is the fallback of a.
            covered = isinstance(node, nodes.Or) and side == "left"
            check = self._covered_expression if covered else self._expression
            setattr(node, side, check(getattr(node, side), depth))
        return node

    def _call(self, name: str, value: nodes.Expr, *arguments: nodes.Expr) -> nodes.Filter:
        return nodes.Filter(value, name, list(arguments), [], None, None, lineno=self._line)

    def _refuse(self, sentence: str) -> NoReturn:
        raise TemplateProblem(sentence, self._line)


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:40] + "…"


def _all(known: dict[str, Any]) -> str:
    return ", ".join(sorted(known))


def _spoken(node: Any) -> str:
    """What a person wrote to get this node."""
    return _WRITTEN.get(type(node).__name__, type(node).__name__.lower())


_WRITTEN = {
    "AssignBlock": "{% set … %} … {% endset %}", "Block": "block", "Call": "( … )", "CallBlock": "call",
    "Dict": "{ … }", "EvalContextModifier": "autoescape", "ExprStmt": "do", "Extends": "extends",
    "FilterBlock": "{% filter %}", "FromImport": "from … import", "Import": "import", "Include": "include",
    "Macro": "macro", "NSRef": "namespace", "Pow": "**", "ScopedEvalContextModifier": "autoescape",
    "Scope": "autoescape", "Slice": "[ : ]", "Tuple": "( , )", "With": "with",
}  # fmt: skip
