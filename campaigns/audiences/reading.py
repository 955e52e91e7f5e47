"""Reads the words of a rule into its tree."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from campaigns.audiences import deed_reading, fields, values
from campaigns.audiences.fields import COMPANY_CUSTOM, CUSTOM, FIELDS, WRITTEN, Kind, kind
from campaigns.audiences.lexing import Is, RuleProblem, Word
from campaigns.audiences.nodes import And, Everybody, Node, Not, Op, Or, Test, Value
from campaigns.audiences.walking import Walk, shown
from campaigns.words import _

MOST_VALUES = 500
LONGEST_KEY = 100


@dataclass(frozen=True)
class Limits:
    """How large a rule may be, so that every database can answer it."""

    deepest: int = 25
    conditions: int = 200
    similar: int = 10  # conditions that look for similar text


WIDE = Limits(deepest=130, conditions=500, similar=50)
_DATED = (Kind.DAY, Kind.BIRTHDAY, Kind.NUMBER)


class Reader:
    """Reads one rule; raises RuleProblem at the first place that makes no sense."""

    def __init__(self, words: list[Word], limits: Limits = Limits()) -> None:
        self._walk, self._limits = Walk(words), limits
        self._depth = 0
        self._conditions = 0
        self._similar = 0

    def rule(self) -> Node:
        """The whole rule, up to its end."""
        if self._walk.empty:
            return Everybody()
        node = self._either()
        rest = self._walk.here
        if rest.what == Is.END:
            return node
        if rest.what == Is.CLOSE:
            raise RuleProblem(_("This parenthesis was never opened."), rest.start)
        raise RuleProblem(
            _("Join two conditions with “and” or “or”; “%(word)s” follows the first without either.",
              word=shown(rest)), rest.start,
        )  # fmt: skip

    def _either(self) -> Node:
        return self._joined("or", self._both, Or)

    def _both(self) -> Node:
        return self._joined("and", self._one, And)

    def _joined(self, keyword: str, part: Callable[[], Node], kind: type[And] | type[Or]) -> Node:
        nodes = [part()]
        while self._walk.took(keyword):
            nodes.append(part())
        return nodes[0] if len(nodes) == 1 else kind(tuple(nodes))

    def _one(self) -> Node:
        start = self._walk.here
        self._depth += 1
        if self._depth > self._limits.deepest:
            raise RuleProblem(_("This is nested more than %(n)s deep.", n=self._limits.deepest), start.start)
        node = self._inner(start)
        self._depth -= 1
        return node

    def _inner(self, start: Word) -> Node:
        if self._walk.took("not"):
            return Not(self._one())
        if self._walk.took_sign(Is.OPEN):
            node = self._either()
            if not self._walk.took_sign(Is.CLOSE):
                raise RuleProblem(_("This parenthesis is never closed."), start.start)
            return node
        if start.means("all") and self._walk.following.what != Is.OPERATOR:
            self._walk.take()
            return Everybody()
        return self._test()

    def _test(self) -> Test:
        at = self._walk.here.start
        field, key = self._field()
        self._conditions += 1
        if self._conditions > self._limits.conditions:
            most = self._limits.conditions
            raise RuleProblem(_("A rule may have at most %(n)s conditions.", n=most), self._walk.here.start)
        if kind(field) == Kind.DEED and (found := deed_reading.deed(self._walk, field, at)):
            return found
        name = f"{field}.{key}" if key else field
        place = self._walk.here
        op = self._operator(name, kind(field))
        if op not in fields.ops(field):
            raise RuleProblem(unfit(name, op, kind(field)), place.start)
        self._count_similar(op, place)
        if op in (Op.EMPTY, Op.FILLED):
            return Test(field, op, (), key, at=at)
        given = self._several(field) if op == Op.IN else (self._value(field, op),)
        return Test(field, op, given, key, at=at)

    def _count_similar(self, op: Op, place: Word) -> None:
        self._similar += op == Op.LIKE
        if self._similar > self._limits.similar:
            most = self._limits.similar
            raise RuleProblem(_("A rule may ask for similar text %(n)s times at most.", n=most), place.start)

    def _field(self) -> tuple[str, str]:
        word = self._walk.take()
        if word.what == Is.END:
            raise RuleProblem(_("A condition is missing at the end."), word.start)
        if word.what != Is.WORD:
            raise RuleProblem(
                _("A condition starts with a field, such as category or city; here stands “%(word)s”.",
                  word=shown(word)), word.start,
            )  # fmt: skip
        name = word.text.lower()
        for custom in (CUSTOM, COMPANY_CUSTOM):
            if name.startswith(f"{custom}."):
                return custom, self._key(word, len(custom) + 1)
        if name not in FIELDS or kind(name) == Kind.CUSTOM:
            raise RuleProblem(unknown(word.text), word.start)
        return name, ""

    def _key(self, word: Word, start: int) -> str:
        key = word.text[start:]
        if not key and self._walk.here.what == Is.QUOTED and self._walk.here.start == word.end:
            key = self._walk.take().text
        if not sound_key(key):
            raise RuleProblem(_('Write the field’s name after the dot: fields."Shoe size".'), word.start)
        return key

    def _operator(self, name: str, kind: Kind) -> Op:
        word = self._walk.take()
        if word.what == Is.OPERATOR:
            return Op(word.text)
        if word.means("in"):
            return Op.IN
        if word.means("is"):
            filled = self._walk.took("not")
            if self._walk.took("empty"):
                return Op.FILLED if filled else Op.EMPTY
            raise RuleProblem(_("Write “is empty” or “is not empty”."), self._walk.here.start)
        example = {Kind.NUMBER: "> 50"}.get(kind, "< -90d" if kind in _DATED else ': "…"')
        raise RuleProblem(
            _("After “%(field)s” a comparison is missing, as in: %(field)s %(example)s",
              field=name, example=example), word.start,
        )  # fmt: skip

    def _several(self, field: str) -> tuple[Value, ...]:
        opened = self._walk.take()
        if opened.what != Is.OPEN:
            raise RuleProblem(_('After “in” the values stand in parentheses: in ("a", "b").'), opened.start)
        given = [self._value(field, Op.IN)]
        while self._walk.took_sign(Is.COMMA):
            given.append(self._value(field, Op.IN))
        if not self._walk.took_sign(Is.CLOSE):
            raise RuleProblem(
                _("Put commas between the values and close the parenthesis."), self._walk.here.start
            )
        if len(given) > MOST_VALUES:
            raise RuleProblem(_("A list may have at most %(n)s values.", n=MOST_VALUES), opened.start)
        return tuple(given)

    def _value(self, field: str, op: Op) -> Value:
        word = self._walk.take()
        if word.what not in (Is.WORD, Is.QUOTED):
            raise RuleProblem(_("A value is missing after “%(op)s”.", op=op), word.start)
        return values.typed(word, field, op)


def sound_key(key: str) -> bool:
    """Whether a field that a firm made can be called so."""
    return bool(key) and '"' not in key and len(key) <= LONGEST_KEY


def unknown(name: str) -> str:
    """What to say of a field that there is not."""
    close = get_close_matches(name.lower(), WRITTEN, n=1)
    if close:
        return _("There is no field “%(name)s”. Did you mean “%(close)s”?", name=name[:50], close=close[0])
    return _(
        "There is no field “%(name)s”. There are: %(fields)s.", name=name[:50], fields=", ".join(WRITTEN)
    )


def unfit(name: str, op: Op, kind: Kind) -> str:
    """What to say of a comparison that the field does not know."""
    if kind in (Kind.DAY, Kind.BIRTHDAY):
        return _("“%(field)s” is a day: compare it with :, !=, <, >, <=, >= or “is empty”.", field=name)
    if kind == Kind.NUMBER:
        return _("“%(field)s” is a number: compare it with :, !=, <, >, <=, >= or “is empty”.", field=name)
    if kind in (Kind.STATE, Kind.CHOICE, Kind.BATCH, Kind.AUDIENCE, Kind.MEMBERS):
        return _("“%(field)s” is compared with :, != or “in (…)”.", field=name)
    if kind == Kind.DEED:
        return _(
            'After “%(field)s” stands a name (%(field)s:"…"), or more in brackets: %(field)s(since -90d).',
            field=name,
        )
    return _("“%(op)s” compares days; “%(field)s” is compared with :, !=, ~ or “in (…)”.", op=op, field=name)
