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
from campaigns.mailings.language.pressing import BARE, QUOTED, Mark, NotPressable, Press, Pressed
from campaigns.mailings.rendering import Letterer

__all__ = ["Mark", "NotPressable", "Press", "PressedLetter"]


class PressedLetter:
    """A frozen letter with everything spelt that is the same for all."""

    def __init__(self, letterer: Letterer, press: Press, marks: Sequence[str]) -> None:
        """`marks` are the names of what `fill` is given for marks; raises NotPressable."""
        without = replace(press, inserts={})
        self._subject = Pressed(letterer.subject, without, BARE[False], marks)
        self._text = _Part("plain", letterer.text, without, marks)
        self._html = _Part("html", letterer.html, press, marks)
        parts = (self._subject, self._text.pressed, self._html.pressed)
        self.whole = frozenset().union(*(part.whole for part in parts))

    def fill(self, marks: list[str], values: dict[str, Any]) -> tuple[str, bytes]:
        """Subject and body for one recipient, whose values are built-in types and hold all of `whole`.

        No line of the body begins with a dot or ends with a blank, and nothing comes after its last.
        """
        subject = compiling.one_line(self._subject.fill(marks, values))
        body = (self._text.fill(marks, values), self._html.fill(marks, values), compile.END)
        return subject, "".join(body).encode("ascii")


class _Part:
    """One of the two bodies, in the encoding that fits its fixed text."""

    def __init__(self, subtype: str, template: Compiled, press: Press, marks: Sequence[str]) -> None:
        self._whole = needs_base64(template.source)
        spelling = (BARE if self._whole else QUOTED)[template.escape]
        self.pressed = Pressed(template, press, spelling, marks)
        self._head = compile.part_head(subtype, "base64" if self._whole else "quoted-printable")

    def fill(self, marks: list[str], values: dict[str, Any]) -> str:
        said = self.pressed.fill(marks, values)
        return f"{self._head}{based(said) if self._whole else said}\r\n"
