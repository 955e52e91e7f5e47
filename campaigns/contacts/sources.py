"""Where contacts come from, and the sources that nobody may bring them from."""

import re

from campaigns.contacts.names import tidy
from campaigns.errors import BadInput
from campaigns.words import _

LENGTH = 200
_GATHERED = r"(?:bought|purchased|rented|scraped|harvested|crawled)"
_REFUSED = re.compile(
    rf"^(?:{_GATHERED}|competitors?)\b|\b{_GATHERED}\s+(?:list|lists|addresses|contacts|data|database|emails)\b",
    re.IGNORECASE,
)


def accepted(source: str) -> str:
    """The source, tidied; raises BadInput when there is none or when it is one that is refused to all."""
    kept = tidy(source, LENGTH)
    if not kept:
        raise BadInput(
            _("Say where these contacts come from, such as “Trade fair in Brno, 2026”."), field="source"
        )
    if _REFUSED.search(kept):
        raise BadInput(
            _(
                "Addresses that were bought, scraped or taken from a competitor can't be used here by "
                "anybody: those people never agreed to hear from you."
            ),
            field="source",
        )
    return kept
