"""The exact words people agreed to, each kept once and never changed."""

import hashlib
import unicodedata

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from campaigns.consent.models import Wording
from campaigns.database import now
from campaigns.errors import BadInput
from campaigns.words import _


def wording(session: Session, purpose: str, language: str, text: str) -> Wording:
    """The wording of exactly this text, kept from now on if it is new; raises BadInput for no text."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())
    if not text:
        raise BadInput(_("Write down the words that people agreed to."), field="wording")
    values = {"purpose": purpose, "language": language, "text": text}
    version = hashlib.sha256("\x00".join(values.values()).encode()).hexdigest()
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(Wording)
        .values(**values, version=version, created_at=now())
        .on_conflict_do_nothing(index_elements=["version"])
    )
    return session.scalars(sa.select(Wording).where(Wording.version == version)).one()


def tracking() -> str:
    """What somebody agrees to by letting their opens and clicks be followed, in the language being spoken."""
    return _("You may see whether I open your letters and which links in them I follow.")
