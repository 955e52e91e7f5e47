"""Keys of other programs: made, looked up by what they say, and taken back."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import ApiKey
from campaigns.database import now, reading, transaction
from campaigns.errors import BadInput, NotFound
from campaigns.words import _


class Scope(StrEnum):
    """What a key lets a program do; nothing else."""

    COUNTER = "counter"


def scopes() -> list[tuple[str, str, str]]:
    """What can be allowed: name, label, and what that means."""
    return [
        (
            Scope.COUNTER.value,
            _("At the counter"),
            _("Look at a coupon or card and whose it is, note a purchase, redeem the coupon."),
        )
    ]


def make(session: Session, name: str, allowed: Iterable[str], user_id: int | None) -> tuple[ApiKey, str]:
    """A new key, and what the program is to say: it is not kept, so it can be shown this once only.

    Raises BadInput without a name or a scope.
    """
    name, wanted = " ".join(name.split()), sorted(set(allowed))
    if not name:
        raise BadInput(_("Say which program it is for."), field="name")
    if len(name) > 120:
        raise BadInput(_("Write no more than %(most)s characters here.", most=120), field="name")
    if not wanted or not set(wanted) <= set(Scope):
        raise BadInput(_("Choose what the program may do."), field="scopes")
    said = f"ck_{secrets.token_urlsafe(32)}"
    key = ApiKey(name=name, hash=_hash(said), scopes=wanted, user_id=user_id)
    session.add(key)
    session.flush()
    return key, said


def find(said: str) -> ApiKey | None:
    """The key that says so, unless it was taken back; the day is noted, once."""
    today = now().date()
    wanted = sa.select(ApiKey).where(ApiKey.hash == _hash(said), ApiKey.revoked_at.is_(None))
    with reading() as session:
        key = session.scalar(wanted)
        if key is None or key.last_used_on == today:
            return key
    with transaction() as session:
        key = session.scalar(wanted)
        if key is not None:
            key.last_used_on = today
        return key


def everything(session: Session) -> Sequence[ApiKey]:
    """All keys, those that still open something first."""
    order = (ApiKey.revoked_at.is_not(None), ApiKey.id.desc())
    return session.scalars(sa.select(ApiKey).order_by(*order).limit(200)).all()


def revoke(session: Session, key_id: int) -> ApiKey:
    """Take a key back, at once and for good. Raises NotFound."""
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NotFound(_("There is no such key."))
    key.revoked_at = key.revoked_at or now()
    return key


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()
