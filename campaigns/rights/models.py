"""Erasures: who asked for one is gone; what is left is that there was one, and what became of it."""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from campaigns.accounts.models import User
from campaigns.database import Base, BigId
from campaigns.longwork import Work


class Why(StrEnum):
    """What an erasure was for."""

    ASKED = "asked"  # they asked a colleague (GDPR Art. 17)
    OWN_PAGE = "own_page"  # they did it themselves
    MISTAKE = "mistake"  # never ought to have been here: the address may come again
    SILENT = "silent"  # nothing was heard of them for long
    RESTORED = "restored"  # a backup from before an erasure was put back


class Erasure(Work, Base):
    """One erasure. The contact's row is gone at once; going through texts and files is the work of minutes.

    `known` names the person as long as that lasts, sealed, and is emptied by its last step.
    """

    __tablename__ = "erasure"

    gone_id: Mapped[int] = mapped_column(BigId, index=True)  # the contact's number
    why: Mapped[str] = mapped_column(sa.String(12))
    known: Mapped[str] = mapped_column(sa.Text, default="")
    gone: Mapped[dict[str, Any]] = mapped_column(default=dict)  # table → rows
    elsewhere: Mapped[dict[str, Any]] = mapped_column(default=dict)  # table or kind of file → places
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))

    user: Mapped[User | None] = relationship(lazy="raise")
