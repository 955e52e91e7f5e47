"""Where a link of a letter leads: always what the database holds, never what the request says."""

from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from werkzeug.urls import iri_to_uri

from campaigns.database import reading
from campaigns.delivery.models import Message
from campaigns.mailings.models import Campaign, Link

_KEPT = 20_000
_BLOCK = 1000  # letters looked up at once: whoever clicks, many others of the same campaign do
_BLOCKS = 2000
Runs = tuple[tuple[int, int, int], ...]  # first and last id of letters in a row, and their revision
T = TypeVar("T")


class Links:
    """The addresses behind links, remembered: a revision's links never change."""

    def __init__(self) -> None:
        self._near = lru_cache(_BLOCKS)(_revisions)
        self._of_message = lru_cache(_KEPT)(_revision_of_message)
        self._of_campaign = lru_cache(_KEPT)(_revision_of_campaign)
        self._address = lru_cache(_KEPT)(_address)

    def of_message(self, message_id: int, position: int) -> str:
        """The address at that position of the letter. Raises LookupError when there is none."""
        return self._address(self._revision(message_id), position)

    def of_campaign(self, campaign_id: int, position: int) -> str:
        """The address at that position of the campaign's letters. Raises LookupError when there is none."""
        return self._address(self._of_campaign(campaign_id), position)

    def _revision(self, message_id: int) -> int:
        for first, last, revision_id in self._near(message_id // _BLOCK):
            if first <= message_id <= last:
                return revision_id
        return self._of_message(message_id)  # planned since that block was looked at, or not there


def _revisions(block: int) -> Runs:
    """The revisions of all letters that there are in the block."""
    query = (
        sa.select(Message.id, sa.func.coalesce(Campaign.revision_id, 0))
        .join(Campaign, Campaign.id == Message.campaign_id)
        .where(
            Message.id.between(block * _BLOCK, (block + 1) * _BLOCK - 1), Campaign.revision_id.is_not(None)
        )
        .order_by(Message.id)
    )
    runs: list[tuple[int, int, int]] = []
    with reading() as session:
        for message_id, revision_id in session.execute(query):
            first, last, before = runs[-1] if runs else (0, -1, 0)
            if (message_id, revision_id) == (last + 1, before):
                runs[-1] = (first, message_id, revision_id)
            else:
                runs.append((message_id, message_id, revision_id))
    return tuple(runs)


# Each raises LookupError for what is not there: an exception is not remembered, an answer would be.


def _revision_of_message(message_id: int) -> int:
    revision = sa.select(Campaign.revision_id).join(Message, Message.campaign_id == Campaign.id)
    with reading() as session:
        return _found(session.scalar(revision.where(Message.id == message_id)))


def _revision_of_campaign(campaign_id: int) -> int:
    with reading() as session:
        return _found(session.scalar(sa.select(Campaign.revision_id).where(Campaign.id == campaign_id)))


def _address(revision_id: int, position: int) -> str:
    link = sa.select(Link.url).where(Link.revision_id == revision_id, Link.position == position)
    with reading() as session:
        return safe_address(_found(session.scalar(link)))


def _found(value: T | None) -> T:
    if value is None:
        raise LookupError
    return value


def safe_address(url: str) -> str:
    """The address as it may stand in a Location header. Raises LookupError unless it is http or https."""
    try:
        parts = urlsplit(url.strip())
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise LookupError
        return iri_to_uri(url.strip())
    except ValueError as error:
        raise LookupError from error
