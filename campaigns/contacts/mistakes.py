"""All that is wrong with a form, each at its field."""

from campaigns.errors import BadInput
from campaigns.words import _


class Mistakes(BadInput):
    """What is wrong with a form: `fields` holds a sentence for each field."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(_("Some of this can't be kept yet."), problems=list(fields.values()))
        self.fields = fields
