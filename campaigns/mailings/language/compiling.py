"""From a template's text to a function that fills it in, with every limit of the language in force."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NoReturn

from jinja2 import ChainableUndefined, Template, TemplateSyntaxError, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from campaigns.mail.spelling import one_break
from campaigns.mailings.language import budget as limits
from campaigns.mailings.language import checking, operations, syntax
from campaigns.mailings.language.budget import Budget, plain
from campaigns.mailings.language.checking import Checker
from campaigns.mailings.language.filters import FILTERS, TESTS, budget_of, empty, items, scalar, text
from campaigns.mailings.language.problem import Refused, TemplateProblem
from campaigns.words import _

# Control characters and every line separator that some mail library may take for a line's end.
_BREAKS = re.compile("[\x00-\x20\x7f\x85\u2028\u2029]+")


class LetterContext(Context):
    """A rendering's values, and what it may still spend."""

    budget: Budget


class Language(ImmutableSandboxedEnvironment):
    """Jinja without anything: no globals, no calls, no attributes; only looking up in plain dicts."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])
    intercepted_unops = frozenset(["+", "-"])
    context_class = LetterContext

    def __init__(self, *, escape: bool, spell: dict[str, Callable[..., str]] | None = None) -> None:
        """With `spell`, outputs are left to these filters, which the caller writes into its templates."""
        super().__init__(
            autoescape=escape,
            undefined=ChainableUndefined,
            optimized=False,  # the optimizer would run operations while compiling
            keep_trailing_newline=True,
            cache_size=0,
            finalize=None if spell else shown,
        )
        self.globals = {}
        self.filters = {**FILTERS, **_INSERTED, **(spell or {})}
        self.tests = dict(TESTS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, dict):
            return obj[argument] if argument in obj else self.undefined(name=str(argument))
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        if isinstance(obj, LoopContext) and argument in checking.LOOP_FIELDS:
            return getattr(obj, argument)
        return self.undefined(name=str(argument))

    def call(self, *_arguments: Any, **_named: Any) -> NoReturn:
        raise SecurityError("nothing can be called")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        return operations.binary(context, operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:
        return operations.unary(context, operator, arg)


@pass_context
def shown(context: Context, value: Any) -> Any:
    """What an output shows: nothing for nothing, a list as its parts, each line break as one."""
    if isinstance(value, list):
        value = FILTERS["join"](context, value)
    found = one_break(text(value))
    budget_of(context).spend(1 + len(found) // 64)
    return found


@pass_context
def _loop(context: Context, value: Any) -> list[Any]:
    found = items(value)
    budget_of(context).spend(1 + len(found))
    return found


@pass_context
def _list(context: Context, value: list[Any]) -> list[Any]:
    budget_of(context).spend(1 + len(value))
    return [scalar(item) for item in value]  # lists within lists could be doubled without end


_INSERTED: dict[str, Callable[..., Any]] = {
    checking.LOOP: _loop,
    checking.LIST: _list,
    checking.JOIN_TEXTS: pass_context(operations.concat),
    checking.COMPARE: pass_context(operations.compare),
}


@cache
def language(escape: bool) -> Language:
    """The language for HTML, or for text."""
    return Language(escape=escape)


class Compiled:
    """A checked template, ready to be filled in for one contact after another."""

    def __init__(self, source: str, *, escape: bool, one_line: bool = False, field: str = "source") -> None:
        self._one_line = one_line
        self._field = field
        self.source = source
        self.escape = escape
        try:
            tree, checker = parsed(source, escape=escape)
            self._template = runnable(language(escape), tree)
        except TemplateProblem as problem:
            raise TemplateProblem(problem.sentence, problem.line, field=field) from problem
        except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError) as error:
            raise TemplateProblem(_("This template is too complicated."), field=field) from error
        self._names, self._bare = checker.names, checker.bare

    @property
    def names(self) -> set[str]:
        """The merge fields that the template uses, such as `contact.first_name`."""
        return set(self._names)

    @property
    def bare(self) -> set[str]:
        """Those of them that are shown somewhere without a fallback or an `if` round them."""
        return set(self._bare)

    def line_of(self, name: str) -> int:
        """The line on which a merge field first stands; 0 when it does not."""
        return self._names.get(name, 0)

    def missing(self, values: Mapping[str, Any]) -> set[str]:
        """The fields that would leave a hole in this letter: shown without a fallback, and empty here."""
        return {name for name in self._bare if empty(_look_up(values, name))}

    def render(self, values: Mapping[str, Any]) -> str:
        """The template filled in with plain values; raises TemplateProblem when it goes beyond its limits."""
        context = new_context(self._template, plain(values), Budget())
        try:
            parts = list(self._bounded_parts(context))
        except Refused as refused:
            raise TemplateProblem(str(refused), self._line_of(refused), field=self._field) from refused
        except TemplateProblem:
            raise
        except Exception as error:  # whatever a combination nobody thought of raises: one clear sentence
            raise TemplateProblem(
                _("This can't be worked out."), self._line_of(error), field=self._field
            ) from error
        whole = "".join(parts)
        return one_line(whole) if self._one_line else whole.encode("utf-8", "replace").decode("utf-8")

    def _bounded_parts(self, context: Context) -> Iterator[str]:
        stream: Any = self._template.root_render_func(context)
        length = 0
        for part in stream:
            yield part
            length += len(part)
            if length > limits.MAX_OUTPUT:
                line = self._template.get_corresponding_lineno(stream.gi_frame.f_lineno)
                size = limits.MAX_OUTPUT // 1024
                raise TemplateProblem(
                    _("Here the letter exceeds %(max)s KB.", max=size), line, field=self._field
                )

    def _line_of(self, error: Exception) -> int:
        at, line = error.__traceback__, 0
        while at is not None:
            if at.tb_frame.f_code.co_filename == "letter":
                line = self._template.get_corresponding_lineno(at.tb_lineno)
            at = at.tb_next
        return line


def compile(source: str, *, escape: bool, one_line: bool = False, field: str = "source") -> Compiled:
    """Check and compile a template; `escape` for HTML, `one_line` for what goes into a header.

    Raises TemplateProblem, naming the line.
    """
    return Compiled(source, escape=escape, one_line=one_line, field=field)


def parsed(source: str, *, escape: bool) -> tuple[nodes.Template, Checker]:
    """The checked tree of a template, and what was learnt of it; raises TemplateProblem."""
    checker, tree = Checker(), _parse(language(escape), source)
    checker.check(tree)
    return tree, checker


def runnable(language: Language, tree: nodes.Template) -> Template:
    """A checked tree as something that runs."""
    code = language.compile(tree, "letter", "letter")
    return language.template_class.from_code(language, code, {})


def new_context(template: Template, values: dict[str, Any], budget: Budget) -> LetterContext:
    """What one rendering starts from: built-in values, and what it may spend."""
    context: Any = template.new_context(values, shared=True)
    context.budget = budget
    made: LetterContext = context
    return made


def one_line(text: str) -> str:
    """What goes into a header: without line breaks and control characters."""
    return _BREAKS.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).strip()


def _parse(language: Language, source: str) -> nodes.Template:
    syntax.check_size(language, source)
    try:
        parser = Parser(language, source)
    except TemplateSyntaxError as error:
        raise syntax.problem(error) from error
    try:
        return parser.parse()
    except TemplateSyntaxError as error:
        raise syntax.problem(error) from error
    except RecursionError as error:
        raise TemplateProblem(_("This is nested too deeply."), parser.stream.current.lineno) from error


def _look_up(values: Any, name: str) -> Any:
    for part in name.split("."):
        if isinstance(values, list) and part.isdigit() and int(part) < len(values):
            values = values[int(part)]
        elif isinstance(values, dict) and part in values:
            values = values[part]
        else:
            return Undefined(name=name)
    return values
