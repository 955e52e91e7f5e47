"""Letters that lead people to what is known of them: to confirm it, or because they asked for it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.contacts import moving
from campaigns.database import UTC, Base, HasId
from campaigns.delivery.single import SingleLetter


class DetailsRequest(SingleLetter, HasId, Base):
    """One letter with a link to one person's details, and whether they confirmed them."""

    __tablename__ = "details_request"
    __table_args__ = (
        sa.Index("ix_details_request_status_id", "status", "id"),
        {"sqlite_autoincrement": True},  # links in letters name it: no other ever gets the number
    )

    contact_id: Mapped[int] = mapped_column(sa.ForeignKey("contact.id", ondelete="CASCADE"), index=True)
    own_wish: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # they asked us
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None] = mapped_column(UTC)


moving.register("details_request", moving.rows(DetailsRequest))
