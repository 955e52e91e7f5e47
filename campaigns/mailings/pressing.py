"""A letter's fast form: subject and body for one recipient after another, spelt for the wire.

It says the same as `rendering.render`, which stays the road for single letters, and for every letter
that this form raises anything for.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from campaigns.mail import compile
from campaigns.mail.spelling import based, needs_base64
from campaigns.mailings.language import Compiled, compiling
from campaigns.mailings.language.budget import MAX_OUTPUT
from campaigns.mailings.language.looking import TooMuch
from campaigns.mailings.language.pressing import BARE, QUOTED, Mark, NotPressable, Press, Pressed
from campaigns.mailings.rendering import Letterer

__all__ = ["Mark", "NotPressable", "Press", "PressedLetter"]


class PressedLetter:
    """A frozen letter with everything spelt that is the same for all."""

    def __init__(self, letterer: Letterer, press: Press, marks: Sequence[str]) -> None:
        """`marks` are the names of what `fill` is given for marks; raises NotPressable."""
        without = replace(press, inserts={})
        self.subject = Pressed(letterer.subject, without, BARE[False], marks)
        self._line = None if self.subject.has_slots else self._said([], {})
        self.text = Part("plain", letterer.text, without, marks)
        self.html = Part("html", letterer.html, press, marks)
        parts = (self.subject, self.text.pressed, self.html.pressed)
        self.whole = frozenset().union(*(part.whole for part in parts))

    def fill(self, marks: list[str], values: dict[str, Any]) -> tuple[str, bytes]:
        """Subject and body for one recipient, whose values are built-in types and hold all of `whole`.

        No line of the body begins with a dot or ends with a blank, and nothing comes after its last.
        """
        subject = self._line if self._line is not None else self._said(marks, values)
        body = "".join([*self.text.fill(marks, values), *self.html.fill(marks, values), compile.END])
        if len(body) > MAX_OUTPUT:
            raise TooMuch
        return subject, body.encode("ascii")

    def _said(self, marks: list[str], values: dict[str, Any]) -> str:
        return compiling.one_line("".join(self.subject.fill(marks, values)))


class Part:
    """One of the two bodies, in the encoding that fits its fixed text."""

    def __init__(self, subtype: str, template: Compiled, press: Press, marks: Sequence[str]) -> None:
        self._whole = needs_base64(template.source)
        spelling = (BARE if self._whole else QUOTED)[template.escape]
        self.pressed = Pressed(template, press, spelling, marks)
        self._head = compile.part_head(subtype, "base64" if self._whole else "quoted-printable")

    def fill(self, marks: list[str], values: dict[str, Any]) -> list[str]:
        """The body for one recipient in pieces, from its own header to its last line."""
        said = self.pressed.fill(marks, values)
        if self._whole:
            said = [based("".join(said))]
        return [self._head, *said, "\r\n"]
