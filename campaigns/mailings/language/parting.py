"""Takes a checked template apart: what is text for everybody, and what waits for the recipient."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Template, nodes, pass_context
from markupsafe import escape as to_markup

from campaigns.mail.spelling import Spelling
from campaigns.mailings.language import budget as limits
from campaigns.mailings.language import compiling, looking
from campaigns.mailings.language.budget import Budget
from campaigns.mailings.language.compiling import Compiled, Language, LetterContext

Values = dict[str, Any]
_SPELL = "_spell"
_BY_READER = ("date", "money")  # filters that ask for the contact's language


class NotPressable(Exception):
    """This template has only its plain form."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place for something that is filled in as it is, such as a token."""

    name: str


@dataclass(frozen=True)
class Press:
    """What is known before the first recipient.

    `constants` are values that are the same for all; `split` are fields that consist of a fixed text and
    a mark; `inserts` are pieces of the template's own text that stand for others, at most once each.
    """

    constants: Mapping[str, Any]
    split: Mapping[str, tuple[str, Mark]]
    inserts: Mapping[str, Sequence[str | Mark]]


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """A field, looked up and spelt."""

    look: looking.Look
    spelling: Spelling

    def __call__(self, values: Values) -> str:
        return self.spelling.value(looking.shown(self.look(values)))


@dataclass(frozen=True, eq=False, slots=True)
class Island:
    """A part with ifs, loops or filters, run by the template engine."""

    template: Template

    def __call__(self, values: Values, budget: Budget) -> str:
        context = compiling.new_context(self.template, values, budget)
        return "".join(self.template.root_render_func(context))


Step = str | Mark | Value | Island


def merged(steps: Iterator[Step], spelling: Spelling) -> Iterator[Step]:
    """The steps with neighbouring texts spelt as one piece."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            text += step
            continue
        if text:
            yield spelling.fixed(text)
        text = ""
        if isinstance(step, Mark):
            yield spelling.before_mark
        yield step
    if text:
        yield spelling.fixed(text)


class Maker:
    """Takes one checked tree apart."""

    def __init__(self, template: Compiled, press: Press, spelling: Spelling, constants: Values) -> None:
        self._tree, checker = compiling.parsed(template.source, escape=template.escape)
        self._escape = template.escape
        self._press = press
        self._spelling = spelling
        self._constants = constants
        self._language = _spelling_language(spelling)
        self.spent = 0  # steps, for what was worked out already
        self.whole: set[str] = set()
        if checker.own & {*constants, *press.split, "contact"}:
            raise NotPressable
        self._check_inserts()

    def steps(self) -> Iterator[Step]:
        """The template as texts and slots."""
        if self._tree.find(nodes.Assign):  # what is set in one place is seen in the next
            yield self._island(self._tree.body, in_loop=False)
        else:
            yield from self._straight(self._tree.body)

    def _check_inserts(self) -> None:
        """Refuse a template in which an inserted piece stands twice, or could come together from parts."""
        texts = [data.data for data in self._tree.find_all(nodes.TemplateData)]
        for piece in self._press.inserts:
            starts = tuple(piece[:length] for length in range(1, len(piece)))
            if sum(text.count(piece) for text in texts) > 1 or any(map(_ends(starts), texts)):
                raise NotPressable

    def _straight(self, body: list[nodes.Node]) -> Iterator[Step]:
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    yield from self._output(part)
                continue
            open_if, otherwise = self._undecided(node) if isinstance(node, nodes.If) else (node, [])
            if open_if is None:
                yield from self._straight(otherwise)
            else:
                yield self._island([open_if], in_loop=False)

    def _output(self, part: Any) -> Iterator[Step]:
        simple = self._simple(part)
        if simple is not None:
            yield from simple
            return
        self._note_whole(part)
        found = looking.look(part)
        if found is not None:
            yield Value(found, self._spelling)
        else:
            yield self._island([nodes.Output([part], lineno=part.lineno)], in_loop=False)

    def _simple(self, part: Any) -> list[str | Mark] | None:
        """An output that is text, or text and a mark, for everybody; else None."""
        if isinstance(part, nodes.TemplateData):
            return self._with_inserts(part.data)
        if self._is_constant(part):
            return [self._worked_out([nodes.Output([part], lineno=part.lineno)])]
        if isinstance(part, nodes.Name) and part.name in self._press.split:
            before, mark = self._press.split[part.name]
            return [str(to_markup(before)) if self._escape else before, mark]
        return None

    def _with_inserts(self, text: str) -> list[str | Mark]:
        for piece, instead in self._press.inserts.items():
            before, found, after = text.partition(piece)
            if found:
                return [before, *instead, after]
        return [text]

    def _undecided(self, node: nodes.If) -> tuple[nodes.If | None, list[nodes.Node]]:
        """What is left of an `if` when the tests that are the same for everybody are decided, and its end."""
        left: list[nodes.If] = []
        otherwise = node.else_
        for branch in (node, *node.elif_):
            if not self._is_constant(branch.test):
                left.append(branch)
            elif self._worked_out([_asking(branch.test)]):
                otherwise = branch.body
                break
        if not left:
            return None, otherwise
        first, *rest = (nodes.If(one.test, one.body, [], [], lineno=one.lineno) for one in left)
        first.elif_, first.else_ = rest, otherwise
        return first, otherwise

    def _is_constant(self, node: nodes.Node) -> bool:
        names = {node.name} if isinstance(node, nodes.Name) else set()
        names |= {name.name for name in node.find_all(nodes.Name)}
        filters = [node, *node.find_all(nodes.Filter)]
        by_reader = any(isinstance(one, nodes.Filter) and one.name in _BY_READER for one in filters)
        return names <= self._constants.keys() and not by_reader

    def _worked_out(self, body: list[nodes.Node]) -> str:
        """What this says to everybody."""
        template = compiling.runnable(compiling.language(self._escape), nodes.Template(body, lineno=1))
        budget = Budget()
        context = compiling.new_context(template, self._constants, budget)
        try:
            said = "".join(template.root_render_func(context))
        except Exception as error:  # the plain form says what is wrong with it
            raise NotPressable from error
        self.spent += limits.MAX_STEPS - budget.steps
        return said

    def _island(self, body: list[nodes.Node], *, in_loop: bool) -> Island:
        tree = nodes.Template(self._dressed(body, in_loop=in_loop), lineno=1)
        return Island(compiling.runnable(self._language, tree))

    def _dressed(self, body: list[nodes.Node], *, in_loop: bool) -> list[nodes.Node]:
        """The same statements, saying spelt pieces."""
        made: list[nodes.Node] = []
        for node in body:
            match node:
                case nodes.Output():
                    made.append(self._dressed_output(node, in_loop))
                case nodes.If():
                    made += self._dressed_if(node, in_loop)
                case nodes.For():
                    self._note_whole(node.iter, node.test)
                    node.body = self._dressed(node.body, in_loop=True)
                    node.else_ = self._dressed(node.else_, in_loop=in_loop)
                    made.append(node)
                case _:
                    self._note_whole(node)
                    made.append(node)
        return made

    def _dressed_if(self, node: nodes.If, in_loop: bool) -> list[nodes.Node]:
        open_if, otherwise = self._undecided(node)
        if open_if is None:
            return self._dressed(otherwise, in_loop=in_loop)
        for branch in (open_if, *open_if.elif_):
            self._note_whole(branch.test)
            branch.body = self._dressed(branch.body, in_loop=in_loop)
        open_if.else_ = self._dressed(otherwise, in_loop=in_loop)
        return [open_if]

    def _dressed_output(self, node: nodes.Output, in_loop: bool) -> nodes.Output:
        made: list[nodes.Expr] = []
        for part in node.nodes:
            simple = self._simple(part)
            if simple is None:
                self._note_whole(part)
                made.append(nodes.Filter(part, _SPELL, [], [], None, None, lineno=part.lineno))
                continue
            if in_loop and isinstance(part, nodes.TemplateData) and simple != [part.data]:
                raise NotPressable
            for step in merged(iter(simple), self._spelling):
                name = nodes.Name(variable(step.name), "load") if isinstance(step, Mark) else None
                made.append(name or nodes.TemplateData(step))
        return nodes.Output(made, lineno=node.lineno)

    def _note_whole(self, *asked: nodes.Node | None) -> None:
        """Remember split fields that an expression asks for."""
        for node in asked:
            if node is not None:
                names = [node, *node.find_all(nodes.Name)]
                self.whole.update(one.name for one in names if isinstance(one, nodes.Name))
        self.whole &= self._press.split.keys()


def _asking(test: Any) -> nodes.If:
    return nodes.If(test, [nodes.Output([nodes.TemplateData("yes")], lineno=1)], [], [], lineno=1)


def _ends(starts: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda text: text.endswith(starts)


def variable(mark: str) -> str:
    """A mark's name within a template, where no marketer can write it."""
    return f"_{mark}"


@cache
def _spelling_language(spelling: Spelling) -> Language:
    """The language whose outputs are spelt pieces."""

    @pass_context
    def spell(context: LetterContext, value: Any) -> str:
        return spelling.value(compiling.shown(context, value))

    return Language(escape=False, spell={_SPELL: spell})
