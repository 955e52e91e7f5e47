"""A template's second form: all that is fixed is spelt for the wire once, and slots wait for the rest.

What is the same for all letters of a campaign is worked out when pressing. Of the rest, plain fields
are looked up, ifs and loops run as compiled by the template engine, and say spelt pieces. This form
says nothing else than the plain one and knows no errors of its own: whoever fills it turns to the
plain form whenever it raises anything.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter

from campaigns.mail.spelling import Bare, Quoted, Spelling
from campaigns.mailings.language import budget as limits
from campaigns.mailings.language import looking
from campaigns.mailings.language.budget import Budget, plain
from campaigns.mailings.language.compiling import Compiled
from campaigns.mailings.language.parting import (
    Island,
    Maker,
    Mark,
    NotPressable,
    Press,
    Step,
    Value,
    Values,
    merged,
    variable,
)

__all__ = ["BARE", "QUOTED", "Mark", "NotPressable", "Press", "Pressed"]


class Pressed:
    """A template whose slots are filled for one recipient after another; spelt as `spelling` says."""

    def __init__(self, template: Compiled, press: Press, spelling: Spelling, marks: Sequence[str]) -> None:
        """`marks` are the names of all that `fill` is given for marks, in its order.

        Raises NotPressable when there is only the plain form.
        """
        self._constants: Values = plain(dict(press.constants))
        self._marks = [variable(name) for name in marks]
        maker = Maker(template, press, spelling, self._constants)
        steps = list(merged(maker.steps(), spelling))
        self.whole = frozenset(maker.whole)  # split fields that must be among the values all the same
        self._arrange(steps, list(marks))
        slack = limits.MAX_OUTPUT // 64 + looking.MOST_PARTS * len(self._values)
        self._steps = limits.MAX_STEPS - maker.spent - slack

    @property
    def has_slots(self) -> bool:
        """Whether it says anything that is not the same for all."""
        return self._pick is not None

    def fill(self, marks: list[str], values: Values) -> list[str]:
        """The template in pieces, filled in with built-in values.

        Raises anything where only the plain form can tell; the caller holds the whole to MAX_OUTPUT.
        """
        if self._pick is None:
            return self._pieces
        known = {**self._constants, **values}
        row = [*marks, *[value(known) for value in self._values]]
        if self._islands:
            known.update(zip(self._marks, marks, strict=True))
            budget = Budget(self._steps)
            row += [island(known, budget) for island in self._islands]
        pieces = self._pieces.copy()
        pieces[1::2] = self._pick(row)
        return pieces

    def _arrange(self, steps: list[Step], marks: list[str]) -> None:
        """Fixed pieces at even places, slots between them; each slot knows its place in a row of fillings."""
        self._values = list(dict.fromkeys(step for step in steps if isinstance(step, Value)))
        self._islands = [step for step in steps if isinstance(step, Island)]
        row = [*map(Mark, marks), *self._values, *self._islands]
        self._pieces, places = [""], []
        for step in steps:
            if isinstance(step, str):
                self._pieces[-1] += step
            else:
                places.append(row.index(step))
                self._pieces += ["", ""]
        self._pick = _picker(places)


def _picker(places: list[int]) -> Callable[[list[str]], Sequence[str]] | None:
    if len(places) == 1:
        return lambda row: (row[places[0]],)
    return itemgetter(*places) if places else None


QUOTED = {in_html: Quoted(in_html=in_html) for in_html in (True, False)}
BARE = {in_html: Bare(in_html=in_html) for in_html in (True, False)}
