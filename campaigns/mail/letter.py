"""One email before it becomes bytes."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.errors import BadInput


class HeaderProblem(BadInput):
    """Something that was meant for a header can't stand in one; `field` names the header."""


@dataclass(frozen=True, slots=True)
class Letter:
    """All that one email says, as text; `compile.build` turns it into bytes.

    `message_id` is `opaque@sending-domain`, with or without its angle brackets. `date` is aware.
    `headers` are the further ones, such as List-Unsubscribe, in the order in which they shall stand.
    """

    from_name: str
    from_address: str
    to_name: str
    to_address: str
    subject: str
    html: str
    text: str
    message_id: str
    date: datetime
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
