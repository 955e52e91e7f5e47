"""Users: making them, giving them a role, closing their account."""

import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from campaigns.accounts.models import Organisation, Role, RoleRow, User
from campaigns.errors import BadInput, Conflict
from campaigns.words import _

SHORTEST_PASSWORD = 10


def organisation(session: Session) -> Organisation | None:
    """The one organisation; None before the first run."""
    return session.scalar(sa.select(Organisation).order_by(Organisation.id).limit(1))


def role_row(session: Session, role: Role) -> RoleRow:
    """The row of a role, made when it is first given."""
    row = session.scalar(sa.select(RoleRow).where(RoleRow.name == role))
    if row is None:
        row = RoleRow(name=role)
        session.add(row)
    return row


def add(session: Session, email: str, name: str, role: Role, password: str | None = None) -> User:
    """A new user; without a password they set one by “Forgot password”. Needs the application's context.

    Raises BadInput for a bad address or short password, Conflict when the address has an account.
    """
    from flask_security import hash_password  # here, as no worker has it: see `signing_in`

    email = checked_email(email)
    if session.scalar(sa.select(User.id).where(User.email == email)):
        raise Conflict(_("%(email)s has an account already.", email=email))
    user = User(
        email=email,
        name=name.strip()[:200],
        password=hash_password(checked_password(password)) if password is not None else None,
        fs_uniquifier=uuid.uuid4().hex,
        roles=[role_row(session, role)],
    )
    session.add(user)
    session.flush()
    return user


def checked_email(email: str) -> str:
    """The address in the form it is kept in; raises BadInput."""
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise BadInput(
            _("“%(email)s” is not an address: %(why)s", email=email[:100], why=str(error)), field="email"
        ) from error


def checked_password(password: str) -> str:
    """The password; raises BadInput when it is too short or too long to be hashed safely."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(
            _("A password needs at least %(n)s characters.", n=SHORTEST_PASSWORD), field="password"
        )
    if len(password) > 1000:
        raise BadInput(_("A password may have at most 1000 characters."), field="password")
    return password


def change_role(session: Session, user: User, role: Role) -> None:
    """Give another role; open sessions of that person end. Raises Conflict for the last admin."""
    if user.role == Role.ADMIN and role != Role.ADMIN:
        _keep_one_admin(session, user)
    user.roles = [role_row(session, role)]
    user.fs_uniquifier = uuid.uuid4().hex


def close(session: Session, user: User) -> None:
    """Nobody signs in with this account any more; what it did stays. Raises Conflict for the last admin."""
    _keep_one_admin(session, user)
    user.active = False
    user.fs_uniquifier = uuid.uuid4().hex


def reopen(session: Session, user: User) -> None:
    """The account may sign in again."""
    user.active = True


def _keep_one_admin(session: Session, leaving: User) -> None:
    others = sa.select(User.id).where(
        User.active, User.id != leaving.id, User.roles.any(RoleRow.name == Role.ADMIN)
    )
    if leaving.role == Role.ADMIN and session.scalar(others.limit(1)) is None:
        raise Conflict(_("This is the last administrator. Make somebody else one first."))
