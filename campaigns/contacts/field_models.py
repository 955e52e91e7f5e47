"""Fields that a firm adds for itself, and the index by which audiences find their values.

The values stand in `Contact.fields` and `Company.fields` under the field's key, so that a letter and a
page read one row. `contact_value` and `company_value` follow from them; fields.py alone writes both.
"""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.database import UTC, Base, BigId, HasId, exact, now
from campaigns.longwork import Work

KEY_LENGTH = 60
WORD_LENGTH = 120


class About(StrEnum):
    """What a field says something of."""

    CONTACT = "contact"
    COMPANY = "company"


class FieldKind(StrEnum):
    """What a field holds, and how it is kept in JSON."""

    TEXT = "text"  # one line, up to 1,000 characters
    NUMBER = "number"  # decimal text, "-12.5"
    MONEY = "money"  # decimal text with two places, in the currency that `unit` names
    DATE = "date"  # "2026-03-31"
    DAY = "day"  # a day of the year, "03-31"
    CHOICE = "choice"  # one of `options`, as it is written there
    CHOICES = "choices"  # a list of them, in their order
    YES_NO = "yes_no"  # true or false
    PHONE = "phone"  # E.164
    LINK = "link"  # http or https


class Field(HasId, Base):
    """Something more to know of every contact or company. `key` never changes: letters and rules use it."""

    __tablename__ = "field"
    __table_args__ = (sa.UniqueConstraint("about", "key"),)

    about: Mapped[str] = mapped_column(sa.String(8))
    key: Mapped[str] = mapped_column(exact(KEY_LENGTH))
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(8))
    section: Mapped[str] = mapped_column(sa.String(100), default="")
    position: Mapped[int] = mapped_column(default=0)
    options: Mapped[list[str]] = mapped_column(default=list)
    unit: Mapped[str] = mapped_column(sa.String(20), default="")  # of a number; the currency of money (ISO)
    shared: Mapped[bool] = mapped_column(default=False)  # the person may see and correct it
    created_at: Mapped[datetime] = mapped_column(UTC, default=now)
    archived_at: Mapped[datetime | None] = mapped_column(UTC)


def _value_table(of: str) -> sa.Table:
    """What `word` and `number` hold is said in field_index.py."""
    number = sa.text("number IS NOT NULL")
    return sa.Table(
        f"{of}_value",
        Base.metadata,
        sa.Column("field_id", BigId, sa.ForeignKey("field.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("word", exact(WORD_LENGTH), primary_key=True),
        sa.Column(f"{of}_id", BigId, sa.ForeignKey(f"{of}.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Double),
        sa.Index(f"ix_{of}_value_{of}_id_field_id", f"{of}_id", "field_id"),
        sa.Index(
            f"ix_{of}_value_field_id_number_{of}_id",
            "field_id",
            "number",
            f"{of}_id",
            sqlite_where=number,
            postgresql_where=number,
        ),
        sqlite_with_rowid=False,
    )


contact_value = _value_table("contact")
company_value = _value_table("company")


class Adoption(Work, Base):
    """The work of taking what columns of earlier imports hold into a field of the same name."""

    __tablename__ = "field_adoption"

    field_id: Mapped[int] = mapped_column(sa.ForeignKey("field.id", ondelete="CASCADE"), index=True)
    after: Mapped[int] = mapped_column(default=0)  # done up to this contact
    looked_at: Mapped[int] = mapped_column(default=0)
    taken: Mapped[int] = mapped_column(default=0)
    unfit: Mapped[int] = mapped_column(default=0)  # contacts whose value stays as it was
    examples: Mapped[list[str]] = mapped_column(default=list)  # of what does not fit


class Renaming(Work, Base):
    """The work of giving an option of a field another name; it stays, for rules that know the old one."""

    __tablename__ = "option_renaming"

    field_id: Mapped[int] = mapped_column(sa.ForeignKey("field.id", ondelete="CASCADE"), index=True)
    old: Mapped[str] = mapped_column(sa.String(100))
    new: Mapped[str] = mapped_column(sa.String(100))
    matching: Mapped[int] = mapped_column(default=0)  # who had the old one, counted before
    after: Mapped[int] = mapped_column(default=0)  # done up to this contact or company
    changed: Mapped[int] = mapped_column(default=0)
    changed_before: Mapped[int] = mapped_column(default=0)  # when this pass began
