"""Reads what is asked of deeds: `bought("Glue", since -1y, sum > 100)`, `opened(last 5 campaigns)`."""

from difflib import get_close_matches

from campaigns.audiences import values
from campaigns.audiences.fields import LETTERS, MEASURES, OPS, PERIOD, WITH_NAMES, Kind, measures
from campaigns.audiences.lexing import Is, RuleProblem, Word
from campaigns.audiences.nodes import Detail, Op, Test, Value
from campaigns.audiences.walking import Walk, shown
from campaigns.words import _

MOST_NAMES = 100
MOST_CAMPAIGNS = 1000
_COMPARED = (Op.IS, Op.IS_NOT, Op.BEFORE, Op.AFTER, Op.UNTIL, Op.SINCE)
_KEYWORDS = (*PERIOD, *MEASURES)


def deed(walk: Walk, field: str, at: int) -> Test | None:
    """The deed with all that is asked of it; None where it is compared as any other field."""
    if walk.took_sign(Is.OPEN):
        return _Details(walk, field, at).read()
    word = walk.here
    if word.what == Is.OPERATOR or word.means("in") or word.means("is"):
        if not (word.means("is") or field in WITH_NAMES):
            raise RuleProblem(_nameless(field), word.start)
        return None
    return Test(field, Op.FILLED, at=at)


def check(test: Test, at: int) -> None:
    """Whether these names and details go together; raises RuleProblem at `at`."""
    if test.op not in OPS[Kind.DEED]:
        raise RuleProblem(_("A deed is not compared like this."), at)
    if test.values and test.field not in WITH_NAMES:
        raise RuleProblem(_nameless(test.field), at)
    if test.details and test.op in (Op.IS_NOT, Op.EMPTY):
        raise RuleProblem(_("Put “not” before it instead: not %(deed)s(…).", deed=test.field), at)
    said = [(one.what, one.op if one.what == "on" else "") for one in test.details]
    for one in test.details:
        _fits(test.field, one.what, at)
    if len(set(said)) < len(said):
        raise RuleProblem(_("The same is said twice within these parentheses."), at)


def _fits(field: str, what: str, at: int) -> None:
    if what == "of_last" and field not in LETTERS:
        raise RuleProblem(_("“%(deed)s” has nothing to do with campaigns.", deed=field), at)
    if what in MEASURES and what not in measures(field):
        raise RuleProblem(
            _("“%(what)s” is counted of purchases only, not of “%(deed)s”.", what=what, deed=field), at
        )


def _nameless(field: str) -> str:
    return _(
        "“%(deed)s” stands alone, or with more in parentheses: %(deed)s(since -90d, times >= 2).", deed=field
    )


class _Details:
    """What stands between the parentheses of one deed."""

    def __init__(self, walk: Walk, field: str, at: int) -> None:
        self._walk, self._field, self._at = walk, field, at
        self._names: list[str] = []
        self._op = Op.FILLED
        self._details: list[Detail] = []

    def read(self) -> Test:
        """All of it, up to the closing parenthesis."""
        opened = self._walk.here
        if not self._walk.took_sign(Is.CLOSE):
            self._one()
            while self._walk.took_sign(Is.COMMA):
                self._one()
            if not self._walk.took_sign(Is.CLOSE):
                raise RuleProblem(
                    _("Put commas between what is asked, and close the parenthesis."), self._walk.here.start
                )
        if len(self._names) > MOST_NAMES:
            raise RuleProblem(_("A list may have at most %(n)s values.", n=MOST_NAMES), opened.start)
        test = Test(self._field, self._op, tuple(self._names), details=tuple(self._details), at=self._at)
        check(test, opened.start)
        return test

    def _one(self) -> None:
        word = self._walk.here
        if word.what == Is.OPERATOR and word.text == Op.HAS:
            self._walk.take()
            self._name(self._walk.take(), Op.HAS)
        elif word.what == Is.QUOTED:
            self._name(self._walk.take(), Op.IN if self._names else Op.IS)
        elif word.what == Is.WORD and word.text.lower() in _KEYWORDS:
            self._details.append(self._detail(self._walk.take()))
        elif word.what == Is.WORD and self._walk.following.what in (Is.COMMA, Is.CLOSE):
            self._name(self._walk.take(), Op.IN if self._names else Op.IS)
        else:
            raise RuleProblem(self._unknown(word), word.start)

    def _name(self, word: Word, op: Op) -> None:
        if word.what not in (Is.WORD, Is.QUOTED):
            raise RuleProblem(_("A value is missing after “%(op)s”.", op=op), word.start)
        if self._field not in WITH_NAMES:
            raise RuleProblem(_nameless(self._field), word.start)
        if self._names and Op.HAS in (op, self._op):
            raise RuleProblem(_("With “~” there is one name only."), word.start)
        self._names.append(str(values.typed(word, self._field, op)))
        self._op = op

    def _detail(self, word: Word) -> Detail:
        what = word.text.lower()
        if what in PERIOD:
            return Detail("on", PERIOD[what], values.day(self._given(what)))
        if what == "last" and self._walk.here.what == Is.WORD:
            return self._of_last()
        _fits(self._field, what, word.start)
        sign = self._walk.take()
        if sign.what != Is.OPERATOR or sign.text not in _COMPARED:
            raise RuleProblem(
                _("After “%(field)s” a comparison is missing, as in: %(field)s %(example)s",
                  field=what, example="< -90d" if what in ("first", "last") else ">= 2"), sign.start,
            )  # fmt: skip
        return Detail(what, Op(sign.text), self._measured(what))

    def _of_last(self) -> Detail:
        number = self._walk.take()
        many = values.whole(number)
        if not 1 <= many <= MOST_CAMPAIGNS:
            raise RuleProblem(
                _("Write how many of the last campaigns are meant, from 1 to %(n)s.", n=MOST_CAMPAIGNS),
                number.start,
            )
        self._walk.took("campaigns", "campaign")
        return Detail("of_last", Op.IS, many)

    def _measured(self, what: str) -> Value:
        word = self._given(what)
        if what in ("first", "last"):
            return values.day(word)
        if what != "sum":
            return values.whole(word)
        return values.money(word, self._walk.take() if self._walk.here.what == Is.WORD else None)

    def _given(self, after: str) -> Word:
        word = self._walk.take()
        if word.what not in (Is.WORD, Is.QUOTED):
            raise RuleProblem(_("A value is missing after “%(op)s”.", op=after), word.start)
        return word

    def _unknown(self, word: Word) -> str:
        known = [*PERIOD, *measures(self._field)]
        close = get_close_matches(word.text.lower(), known, n=1)
        if close:
            return _("“%(word)s” is not understood here. Did you mean “%(close)s”?",
                     word=shown(word), close=close[0])  # fmt: skip
        return _(
            "“%(word)s” is not understood here. In the parentheses stand names, quoted, and: %(known)s.",
            word=shown(word), known=", ".join(known),
        )  # fmt: skip
