"""The first run: makes the admin, the organisation and the first sender."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns import sealing, settings
from campaigns.accounts import audit, organising, people
from campaigns.accounts.models import Organisation, Role, Tracking, User
from campaigns.errors import BadInput, Conflict
from campaigns.mail import dkim
from campaigns.mailings.models import Sender
from campaigns.words import _


@dataclass(frozen=True)
class Founding:
    """All that the first run asks for."""

    admin_email: str
    admin_password: str
    admin_name: str = ""
    firm_name: str = ""
    postal_address: str = ""
    language: str = "en"
    timezone: str = "UTC"
    sender_name: str = ""
    sender_address: str = ""
    tracking: str = Tracking.ANONYMOUS
    tracking_reason: str = ""


def is_founded(session: Session) -> bool:
    """Whether somebody has set this installation up."""
    return session.scalar(sa.select(User.id).limit(1)) is not None


def found(session: Session, given: Founding) -> User:
    """Make the organisation, its admin and sender, in one go; needs the application's context.

    Raises Conflict when that was done before, BadInput (with `field`) for what is missing or wrong.
    """
    if is_founded(session):
        raise Conflict(_("This installation has been set up already. Sign in instead."))
    ours = {
        "name": given.firm_name.strip(),
        "postal_address": given.postal_address.strip(),
        "language": given.language,
        "timezone": given.timezone,
        "track_opens": given.tracking,
        "track_clicks": given.tracking,
        "tracking_reason": given.tracking_reason.strip(),
    }
    organising.check(ours)
    session.add(Organisation(**ours))
    for role in Role:
        people.role_row(session, role)
    admin = people.add(session, given.admin_email, given.admin_name, Role.ADMIN, given.admin_password)
    session.add(_sender(given, admin.email))
    audit.note(session, "installation.set_up", by=admin.id)
    return admin


def _sender(given: Founding, admin_email: str) -> Sender:
    try:
        address = people.checked_email(given.sender_address or admin_email)
    except BadInput as error:
        raise BadInput(error.message, field="sender_address") from error
    key, _record = dkim.new_key()
    return Sender(
        name=given.sender_name.strip() or given.firm_name.strip(),
        address=address,
        dkim_selector="campaigns",
        dkim_key=sealing.seal(key),
        is_default=True,
    )


def code_path() -> Path:
    """The file with the code that a stranger from another machine must know to do the first run."""
    return settings.current().data_dir / "setup-code"


def code() -> str:
    """That code; made once, gone after the first run."""
    path = code_path()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_hex(4))
        path.chmod(0o600)
    return path.read_text().strip()
