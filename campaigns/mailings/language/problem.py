"""What is wrong with a template, in plain words, and on which line."""

from campaigns.errors import BadInput
from campaigns.words import _


class TemplateProblem(BadInput):
    """A template that can't be used as it stands; `line` counts from 1 (0: no single line)."""

    def __init__(self, message: str, line: int = 0, *, field: str = "source") -> None:
        self.line = line
        self.sentence = message
        super().__init__(
            _("Line %(line)s: %(message)s", line=line, message=message) if line else message, field=field
        )


class Refused(Exception):
    """Something refused while a template runs; becomes a TemplateProblem once its line is known."""
